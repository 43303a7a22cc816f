"""Files of other systems, read with the example maps and counted against the files themselves."""

import csv
import gzip
import json
import os
from collections import Counter
from pathlib import Path

import pytest

from importing.conversation import ImportedConversation, ImportedMessage, RefusedRow
from importing.mapping import load_mapping
from importing.reading import read

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("GUICHE_DATA", ROOT.parent / "shared" / "data"))
Item = ImportedConversation | RefusedRow

pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif(not DATA.is_dir(), reason="the folder of real input is not here"),
]


def imported(name: str, example: str) -> tuple[list[ImportedConversation], list[RefusedRow]]:
    mapping = load_mapping(ROOT / "examples" / "import" / f"{example}.toml")
    items = list(read(DATA / name, mapping))
    assert items == list(read(DATA / name, mapping))
    return (
        [item for item in items if isinstance(item, ImportedConversation)],
        [item for item in items if isinstance(item, RefusedRow)],
    )


def messages(found: list[ImportedConversation]) -> list[ImportedMessage]:
    told = [message for conversation in found for message in conversation.messages]
    assert len({message.external_id for message in told}) == len(told)
    for conversation in found:
        assert any(message.inbound for message in conversation.messages)
        times = [message.at for message in conversation.messages]
        assert times == sorted(times)
    return told


def of_json(name: str) -> list[dict[str, object]]:
    with gzip.open(DATA / name, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def listed(row: dict[str, object], name: str) -> list[dict[str, object]]:
    value = row[name]
    assert isinstance(value, list)
    return value


def of_csv(name: str, delimiter: str) -> list[dict[str, str]]:
    with gzip.open(DATA / name, "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter=delimiter))


def test_complaints_with_their_whole_conversation() -> None:
    raw = of_json("reclameaqui_threads.jsonl.gz")
    authors = Counter(said["author"] for row in raw for said in listed(row, "interactions"))

    found, refused = imported("reclameaqui_threads.jsonl.gz", "reclameaqui_threads")

    told = messages(found)
    assert refused == []
    assert len(found) == len(raw) == 3_000
    assert len(told) == len(raw) + authors.total() == 9_968
    assert sum(message.inbound for message in told) == len(raw) + authors["consumer"]
    assert sum(not message.inbound for message in told) == authors["company"]
    assert {message.external_id for message in told} == {
        *(str(row["id"]) for row in raw),
        *(str(said["id"]) for row in raw for said in listed(row, "interactions")),
    }
    reasons = Counter(conversation.close_reason for conversation in found)
    outcomes = Counter(row["status"] for row in raw)
    assert reasons["CONFIRMED_BY_CUSTOMER"] == outcomes["Resolvido"] == 2_335
    assert reasons["ANSWERED"] == outcomes["Não resolvido"] == 665
    companies = Counter(conversation.account for conversation in found)
    assert companies == Counter(row["publisher"] for row in raw)


def test_tweets_put_together_into_threads() -> None:
    raw = {row["tweet_id"]: row for row in of_csv("twcs_sample.csv.gz", ",")}
    alone = without_customers(raw)

    found, refused = imported("twcs_sample.csv.gz", "twcs_sample")

    told = messages(found)
    assert {message.external_id for message in told} | alone == set(raw)
    assert sorted(refusal.value for refusal in refused) == sorted(alone)
    assert len(told) + len(refused) == 3_501
    assert sum(message.inbound for message in told) == 1_893
    assert sum(not message.inbound for message in told) == 1_608 - len(alone)
    assert len(found) == len(threads_and_customers(raw))
    for conversation in found:
        customers = {one.author.external_id for one in conversation.messages if one.inbound}
        assert len(customers) == 1
    home = {one.external_id: c for c in found for one in c.messages}
    for message in told:
        parent = home.get(message.parent_external_id or "")
        if parent and not message.inbound:
            assert home[message.external_id] is parent


def without_customers(raw: dict[str, dict[str, str]]) -> set[str]:
    """Tweets that no chain of answers, up or down, joins to a customer's."""
    joined = {name for name, row in raw.items() if row["inbound"] == "True"}
    size = 0
    while size < len(joined):
        size = len(joined)
        for name, row in raw.items():
            parent = row["in_response_to_tweet_id"]
            if parent in raw and (name in joined or parent in joined):
                joined |= {name, parent}
    return set(raw) - joined


def threads_and_customers(raw: dict[str, dict[str, str]]) -> set[tuple[str, str]]:
    """Climbed parent by parent, the slow way."""
    found = set[tuple[str, str]]()
    for name, row in raw.items():
        if row["inbound"] == "True":
            root = name
            while parent := raw.get(root, {}).get("in_response_to_tweet_id"):
                root = parent
            found.add((root, row["author_id"]))
    return found


def test_conversations_in_a_list_of_tweets() -> None:
    raw = of_json("twitter_care_conversations.jsonl.gz")
    tweets = [tweet for row in raw for tweet in listed(row, "messages")]
    undated = [tweet for tweet in tweets if tweet["created_at"] is None]

    found, refused = imported("twitter_care_conversations.jsonl.gz", "twitter_care_conversations")

    told = messages(found)
    assert len(found) == len(raw) == 725
    assert len(told) + len(refused) == len(tweets) == 1_677
    assert len(refused) == len(undated) == 36
    assert all(refusal.reason == "the date is missing" for refusal in refused)
    for inbound, author in ((True, "client"), (False, "agent")):
        dated = [tweet for tweet in tweets if tweet["author"] == author and tweet["created_at"]]
        assert sum(message.inbound is inbound for message in told) == len(dated)


def test_a_government_file_without_a_header() -> None:
    lines = (DATA / "consumidor_gov_raw_cp1252.csv").read_bytes().decode("cp1252").split("\r\n")
    raw = [line.split(";") for line in lines if line]

    found, refused = imported("consumidor_gov_raw_cp1252.csv", "consumidor_gov")

    told = messages(found)
    assert refused == []
    assert len(found) == sum(message.inbound for message in told) == len(raw) == 150
    assert sum(not message.inbound for message in told) == sum(bool(row[8]) for row in raw)
    assert [conversation.account for conversation in found] == [row[11].strip() for row in raw]
    assert [conversation.subject for conversation in found] == [row[16].strip() for row in raw]


def test_a_government_file_with_a_header_and_a_year_of_months() -> None:
    raw = of_csv("consumidor_gov.csv.gz", ";")

    found, refused = imported("consumidor_gov.csv.gz", "consumidor_gov_open")

    told = messages(found)
    assert refused == []
    assert len(found) == sum(message.inbound for message in told) == len(raw) == 32_138
    answered = sum(bool(row["Data Resposta"]) for row in raw)
    assert sum(not message.inbound for message in told) == answered == 31_983
    assert len({conversation.external_id for conversation in found}) == len(raw)
