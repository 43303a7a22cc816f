"""Messages, one a row, put together by whom they answer."""

from collections.abc import Callable

from importing.conversation import ImportedConversation, RefusedRow

Item = ImportedConversation | RefusedRow
Reading = Callable[[str, str | bytes], list[Item]]

THREADS = """
format = "csv"
shape = "thread"
[conversation]
account = "{@company}"
[message]
id = "{id}"
parent = "{parent}"
text = "{text}"
at = "{at}"
kind = "MENTION"
inbound = { column = "in", values = ["y"], otherwise = ["n"] }
[consumer]
id = "{who}"
[company]
id = "{who}"
"""
BY_ID = THREADS.replace("[conversation]", '[conversation]\nid = "{parent}"\nsubject = "{text}"')


def read(reading: Reading, rows: str, mapping: str = THREADS) -> list[Item]:
    """Rows of `id parent who direction minute`; a dash is an empty cell."""
    table = ["id,parent,who,in,at,text"]
    for row in rows.split("\n"):
        if row.strip():
            cells = ["" if cell == "-" else cell for cell in row.split()]
            table.append(",".join([*cells[:4], f"2024-05-01T10:{cells[4]}Z", f"t{cells[0]}"]))
    return reading(mapping, "\n".join(table))


def told(items: list[Item]) -> list[tuple[str, str, str]]:
    return [
        (one.external_id, one.consumer.external_id, " ".join(m.external_id for m in one.messages))
        for one in items
        if isinstance(one, ImportedConversation)
    ]


def refusals(items: list[Item]) -> list[tuple[int, str]]:
    return [(item.line, item.reason) for item in items if isinstance(item, RefusedRow)]


def test_a_parent_may_come_later_in_the_file(reading: Reading) -> None:
    items = read(reading, "3 2 ana y 03\n2 1 acme n 02\n1 - ana y 01")

    assert told(items) == [("1", "ana", "1 2 3")]


def test_a_parent_that_is_not_in_the_file_is_the_root(reading: Reading) -> None:
    items = read(reading, "2 1 ana y 02\n3 2 acme n 03\n4 1 ana y 04")

    assert told(items) == [("1", "ana", "2 3 4")]


def test_each_consumer_of_a_thread_has_a_conversation_with_the_answers_to_him(
    reading: Reading,
) -> None:
    items = read(
        reading,
        """
        1 - ana  y 01
        2 1 acme n 02
        3 1 bia  y 03
        4 3 acme n 04
        5 4 acme n 05
        6 5 ana  y 06
        """,
    )

    assert told(items) == [("1", "ana", "1 2 6"), ("1", "bia", "3 4 5")]


def test_a_company_s_post_goes_to_the_first_who_answers_it(reading: Reading) -> None:
    items = read(
        reading,
        """
        1 - acme n 01
        2 1 acme n 02
        3 1 bia  y 04
        4 1 ana  y 03
        """,
    )

    assert told(items) == [("1", "ana", "1 2 4"), ("1", "bia", "3")]


def test_a_thread_where_only_the_company_writes_is_refused(reading: Reading) -> None:
    items = read(reading, "1 - acme n 01\n2 1 acme n 02\n3 - ana y 03")

    assert told(items) == [("3", "ana", "3")]
    assert [line for line, reason in refusals(items) if "only the company" in reason] == [2, 3]


def test_parents_that_run_in_a_circle_are_refused_with_all_that_hangs_on_them(
    reading: Reading,
) -> None:
    items = read(reading, "1 2 ana y 01\n2 1 acme n 02\n3 2 ana y 03\n4 4 ana y 04\n5 - ana y 05")

    assert told(items) == [("5", "ana", "5")]
    assert [line for line, reason in refusals(items) if "circle" in reason] == [2, 3, 4, 5]


def test_a_message_that_comes_twice_is_refused_once(reading: Reading) -> None:
    items = read(reading, "1 - ana y 01\n1 - ana y 01")

    assert told(items) == [("1", "ana", "1")]
    assert refusals(items) == [(3, "a message of line 2 has this id already")]


def test_an_answer_to_a_refused_row_is_kept(reading: Reading) -> None:
    items = read(reading, "1 - ana maybe 01\n2 1 ana y 02\n3 2 acme n 03")

    assert told(items) == [("1", "ana", "2 3")]
    assert [line for line, _ in refusals(items)] == [2]


def test_the_account_is_the_first_company_that_answers(reading: Reading) -> None:
    items = read(reading, "1 - ana y 01\n2 1 zeta n 03\n3 1 acme n 02\n4 - bia y 04")

    assert [one.account for one in items if isinstance(one, ImportedConversation)] == ["acme", None]


def test_rows_that_name_their_conversation_are_kept_together(reading: Reading) -> None:
    items = read(reading, "3 A ana y 03\n1 A acme n 01\n9 B acme n 02\n2 A bia y 02", BY_ID)

    assert told(items) == [("A", "bia", "1 2 3")]
    assert [one.subject for one in items if isinstance(one, ImportedConversation)] == ["t1"]
    assert [line for line, _ in refusals(items)] == [4]


def test_a_long_chain_is_one_conversation(reading: Reading) -> None:
    chain = "\n".join(
        f"{n} {n - 1 or '-'} {'ana y' if n % 2 else 'acme n'} 00" for n in range(1, 900)
    )

    (one,) = told(read(reading, chain))

    assert len(one[2].split()) == 899
