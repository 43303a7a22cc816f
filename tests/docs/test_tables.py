"""Tables in the documents that say what the code says, row by row."""

import re
from pathlib import Path

import pytest

from domain.errors import ErrorCode
from domain.rules import access, states
from domain.rules.access import Permission, Scope
from domain.words import ALIASES, LABELS, Role, TicketStatus
from importing.mapping import Mapping
from importing.sections import (
    AuthorMap,
    ConversationMap,
    Inbound,
    MessageMap,
    MessagesMap,
    Part,
    Table,
    TimeMap,
)
from server import settings

DOCS = Path(__file__).parents[2] / "docs"
SAID = {
    "START": "start",
    "CHANGE": "change",
    "INBOUND": "message",
    "WAKE": "wake",
    "ESCALATE": "escalate",
    "ACKNOWLEDGE": "acknowledge",
    "FINISH": "finish",
    "MERGE": "merge",
    "HOLD": "hold",
    "RELEASE": "release",
    "GIVE_BACK": "give back",
    "UNDELIVERED": "undelivered",
}
SECTIONS = {
    "Top level": Mapping,
    "Tables": Table,
    "Who wrote": Inbound,
    "`[time]`": TimeMap,
    "`[conversation]`": ConversationMap,
    "`[message]`": MessageMap,
    "`[consumer]` and `[company]`": AuthorMap,
}


def page(name: str) -> str:
    return (DOCS / f"{name}.md").read_text()


def rows(text: str) -> list[list[str]]:
    """The cells of every row of every table, in order."""
    found = re.findall(r"^\|(.+)\|$", text, re.M)
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", row)] for row in found]


def section(text: str, heading: str) -> str:
    """What stands under a heading, up to the next one."""
    return re.split(r"^#+ ", text.split(f"# {heading}\n", 1)[1], maxsplit=1, flags=re.M)[0]


def transitions() -> list[list[str]]:
    """The matrix of the rules, as docs/states.md shows it."""
    every = list(TicketStatus)
    table = [["from \\ to", *(f"`{status}`" for status in every)], ["---"] * (len(every) + 1)]
    for before in every:
        cells = [
            ", ".join(
                word for name, word in SAID.items() if states.allows(trigger(name), before, to)
            )
            for to in every
        ]
        table.append([f"`{before}`", *cells])
    return table


def trigger(name: str) -> states.Trigger:
    return states.Trigger(name)


def test_the_states_of_a_ticket_are_those_of_the_rules() -> None:
    assert set(SAID) == set(states.Trigger)
    assert rows(page("states"))[: len(TicketStatus) + 2] == transitions()


def test_the_states_say_what_waits_and_what_counts() -> None:
    told = {row[0]: row for row in rows(page("states")) if row[0].startswith("`") and len(row) == 4}

    for status in TicketStatus:
        row = told[f"`{status}` {LABELS[status]}"]
        assert row[2] == ("yes" if status in states.WAITING else "no"), status
        assert row[3] == ("yes" if status in states.ACTIVE else "no"), status


def test_every_setting_stands_in_the_operators_manual() -> None:
    assert settings.as_table() in page("operating")


def test_the_glossary_has_the_labels_and_the_other_names() -> None:
    told = {row[0]: row[1] for row in rows(page("glossary")) if len(row) == 2}

    for value, label in LABELS.items():
        assert told[f"`{value}`"].startswith(label), value
    for alias, value in ALIASES.items():
        assert f"*{alias}* is `{value}`" in page("glossary")


def test_every_code_of_a_refusal_is_explained() -> None:
    told = set(re.findall(r"`(\w+)`", " ".join(row[0] for row in rows(page("api")))))

    assert set(ErrorCode) <= told


def test_roles_have_the_permissions_that_are_told() -> None:
    told = {row[0]: row for row in rows(section(page("access"), "Roles"))}
    assert [cell.strip("`") for cell in told[""][1:]] == list(Role)

    for permission in Permission:
        row = told[f"`{permission}`"]
        ticked = {role for role, cell in zip(Role, row[1:], strict=True) if "✓" in cell}
        assert ticked == {r for r in Role if permission in access.ROLE_PERMISSIONS[r]}, permission


def test_scopes_have_the_permissions_that_are_told() -> None:
    told = {row[0]: row[1] for row in rows(section(page("access"), "API keys and scopes"))}

    for scope in Scope:
        granted = set(re.findall(r"`([\w.]+)`", told[f"`{scope}`"]))
        assert granted == access.SCOPE_PERMISSIONS[scope], scope


def plain(text: str) -> str:
    return re.sub(r"[`\\]", "", text)


@pytest.mark.parametrize(("heading", "part"), SECTIONS.items())
def test_every_key_of_a_map_is_described_as_the_code_describes_it(
    heading: str, part: type[Part]
) -> None:
    told = {plain(row[0]): plain(row[2]) for row in rows(section(page("importing"), heading))[2:]}

    described = {
        name: plain(field.description)
        for name, field in part.model_fields.items()
        if field.description
    }
    assert told == described


def test_messages_in_a_list_differ_as_told() -> None:
    own = {
        name: plain(field.description or "")
        for name, field in MessagesMap.model_fields.items()
        if name not in MessageMap.model_fields
        or field.description != MessageMap.model_fields[name].description
    }

    text = section(page("importing"), "`[messages]`")
    assert {plain(row[0]): plain(row[2]) for row in rows(text)[2:]} == own
