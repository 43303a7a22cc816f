"""Rows that are whole conversations: with a list of messages, or one message and its answer."""

import json
from collections.abc import Callable
from datetime import UTC, datetime

from importing.conversation import ImportedConversation, RefusedRow

Item = ImportedConversation | RefusedRow
Reading = Callable[[str, str | bytes], list[Item]]

NESTED = """
format = "jsonl"
shape = "nested"
[time]
zone = "America/Sao_Paulo"
formats = ["iso", "epoch", "epoch_ms"]
[conversation]
id = "{id}"
account = "{shop}"
tags = ["{tags}"]
status = { column = "state", values = { "done" = "RESOLVED" } }
[message]
text = "{body.text}"
at = "{at}"
kind = "REVIEW"
[messages]
list = "replies"
text = ["{text}", "({stars} stars)"]
at = "{at}"
kind = "COMMENT"
inbound = { column = "by", values = ["us\u00e9r"], otherwise = ["shop"] }
[consumer]
id = "c-{@conversation}"
name = "Consumer {@conversation}"
[company]
id = "{@row.shop}"
"""
ROWS = """
format = "csv"
shape = "row"
[time]
zone = "America/Sao_Paulo"
formats = ["%d/%m/%Y"]
[conversation]
account = "{@company}"
[message]
text = "{what} - {where}"
at = "{opened}"
kind = "REVIEW"
[answer]
text = "Answered on {answered}"
at = "{answered}"
kind = "REVIEW"
[consumer]
id = "{@conversation}"
[company]
id = "{shop}"
"""


def line(**changed: object) -> str:
    row: dict[str, object] = {
        "id": 7,
        "shop": "acme",
        "body": {"text": "Where is it?"},
        "at": "2024-05-01T10:00:00",
        "replies": [
            {"by": "shop", "text": "Here.", "at": 1714571999},
            {"by": "us\u00e9r", "text": "Thanks.", "at": "2024-05-02T10:00:00Z"},
        ],
    }
    return json.dumps(row | changed)


def conversations(items: list[Item]) -> list[ImportedConversation]:
    return [item for item in items if isinstance(item, ImportedConversation)]


def refusals(items: list[Item]) -> list[tuple[int, str | None]]:
    return [(item.line, item.column) for item in items if isinstance(item, RefusedRow)]


def test_a_row_with_a_list_is_a_conversation_in_time_order(reading: Reading) -> None:
    (one,) = conversations(reading(NESTED, line(tags=["a", "b", "a"], state="done")))

    assert [(m.external_id, m.inbound, m.text) for m in one.messages] == [
        ("7", True, "Where is it?"),
        ("7/1", False, "Here."),
        ("7/2", True, "Thanks."),
    ]
    assert one.messages[0].at == datetime(2024, 5, 1, 13, tzinfo=UTC)
    assert one.messages[1].at == datetime(2024, 5, 1, 13, 59, 59, tzinfo=UTC)
    assert (one.account, one.status, one.tags) == ("acme", "RESOLVED", ("a", "b"))
    assert one.consumer.external_id == "c-7"
    assert one.messages[1].author.external_id == "acme"


def test_a_message_that_cannot_be_read_is_refused_alone(reading: Reading) -> None:
    replies = [
        {"by": "shop", "text": "a", "at": None},
        {"by": "nobody", "text": "b", "at": 1},
        {"by": "shop", "text": "", "at": 1, "stars": 4},
        {"by": "shop", "text": {}, "at": 1},
        "c",
    ]

    items = reading(NESTED, line(replies=replies))

    assert refusals(items) == [
        (1, "replies[0].at"),
        (1, "replies[1].by"),
        (1, "replies[3].text"),
        (1, "replies[4]"),
    ]
    (one,) = conversations(items)
    assert {message.text for message in one.messages} == {"Where is it?", "(4 stars)"}


def test_a_row_whose_own_message_cannot_be_read_is_refused_whole(reading: Reading) -> None:
    items = reading(NESTED, line(at="yesterday") + "\n" + line(id=8, replies="x"))

    assert refusals(items) == [(1, "at"), (2, "replies")]
    assert conversations(items) == []


def test_a_value_that_a_table_does_not_know_refuses_the_row(reading: Reading) -> None:
    assert refusals(reading(NESTED, line(state="odd"))) == [(1, "state")]


def test_a_conversation_where_only_the_company_writes_is_refused(reading: Reading) -> None:
    start, rest = NESTED.split("[message]\n")
    mapping = start + rest[rest.index("[messages]") :]
    reply = {"by": "shop", "text": "a", "at": 1}

    items = reading(mapping, line(replies=[reply]))

    assert conversations(items) == []
    assert [line for line, _ in refusals(items)] == [1]


def test_an_id_used_twice_is_refused_with_the_line_that_has_it(reading: Reading) -> None:
    items = reading(NESTED, line() + "\n" + line())

    assert len(conversations(items)) == 1
    (refused,) = [item for item in items if isinstance(item, RefusedRow)]
    assert (refused.line, refused.reason) == (2, "this id was used on line 1 before")


def test_a_row_without_an_answer_date_has_no_answer(reading: Reading) -> None:
    items = reading(
        ROWS, "what,where,opened,answered,shop\nlate,SP,01/05/2024,,a\nlate,RJ,1/5/2024,2/5/2024,b"
    )

    late, answered = conversations(items)
    assert [(m.inbound, m.text) for m in late.messages] == [(True, "late - SP")]
    assert [(m.inbound, m.text) for m in answered.messages] == [
        (True, "late - RJ"),
        (False, "Answered on 2/5/2024"),
    ]
    assert (late.account, answered.account) == (None, "b")


def test_an_answer_on_the_day_of_the_question_comes_after_it(reading: Reading) -> None:
    (one,) = conversations(
        reading(ROWS, "what,where,opened,answered,shop\nlate,SP,01/05/2024,01/05/2024,a")
    )

    assert [message.inbound for message in one.messages] == [True, False]


def test_midnight_that_the_clock_change_skipped_is_still_a_moment(reading: Reading) -> None:
    (one,) = conversations(reading(ROWS, "what,where,opened,answered,shop\nlate,SP,19/10/2014,,a"))

    assert one.messages[0].at == datetime(2014, 10, 19, 3, tzinfo=UTC)


def test_rows_without_an_id_are_told_apart_on_every_run_alike(reading: Reading) -> None:
    same, other = "late,SP,01/05/2024,,a\n", "late,RJ,01/05/2024,,a\n"
    header = "what,where,opened,answered,shop\n"

    first = [one.external_id for one in conversations(reading(ROWS, header + same + other + same))]
    again = [one.external_id for one in conversations(reading(ROWS, header + other + same + same))]

    assert len(set(first)) == 3
    assert set(first) == set(again)
    assert first[2] == f"{first[0]}-2"


def test_text_may_be_unescaped_and_numbers_made_whole(reading: Reading) -> None:
    mapping = 'unescape_html = true\nwhole_numbers = ["id"]\n' + NESTED

    items = reading(mapping, line(id=7.0, body={"text": "a &amp; b"}))

    (one,) = conversations(items)
    assert (one.external_id, one.messages[0].text) == ("7", "a & b")
