"""Every example does what its first line says, asked in the order of a working day."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from domain.sending import Doubtful
from domain.words import Network, Role
from resolvers.attachments import Upload
from tests.api.desk import Desk, Json, gid, heard
from tests.carrying import ANYTHING, carry
from tests.outbox import ended
from tests.world import Person

FOLDER = Path(__file__).parents[2] / "examples"
PASSWORD = "uma senha longa"
HOURS = {
    "name": "Loja",
    "timeZone": "America/Sao_Paulo",
    "holidayState": "SP",
    "intervals": [{"weekday": day, "opens": "09:00", "closes": "18:00"} for day in range(1, 6)],
    "exceptions": [{"date": "2026-12-24", "name": "Véspera", "opens": "09:00", "closes": "12:00"}],
}
WAITING = {"statuses": ["NEW", "OPEN", "ESCALATED"], "unassigned": True}


def document(name: str) -> str:
    return (FOLDER / f"{name}.graphql").read_text()


@dataclass
class Day:
    """A company, and those who ask. What was asked is remembered."""

    desk: Desk
    boss: Person
    ana: Person
    asked: set[str] = field(default_factory=set)

    async def ask(self, name: str, by: Person | str | None, **variables: Any) -> Any:
        self.asked.add(name)
        told = await self.desk.ask(document(name), by, **variables)
        assert not isinstance(told, dict) or not told.get("userErrors"), (name, told)
        return told

    async def setup(self) -> Json:
        """An account, a level that answers from it with Ana in it, its hours, what is watched."""
        form = {"network": "INSTAGRAM", "name": "Instagram", "handle": "@acme"}
        account = (await self.ask("save_account", self.boss, input=form))["account"]
        server = {"host": "smtp.acme.com.br", "user": "sac", "password": "segredo"}
        connection = json.dumps({"address": "sac@acme.com.br", "smtp": server})
        form = {"network": "EMAIL", "name": "SAC", "connection": connection}
        await self.ask("save_account_email", self.boss, input=form)
        calendar = (await self.ask("save_calendar", self.boss, input=HOURS))["calendar"]
        target = {"priority": "HIGH", "metric": "FIRST_RESPONSE", "seconds": 1_800}
        level = await self.ask(
            "save_level",
            self.boss,
            input={
                "name": "Atendimento",
                "calendarId": calendar["id"],
                "slaTargets": [target],
                "autoCloseAfterDays": 5,
                "accountIds": [account["id"]],
                "members": [{"userId": gid(self.ana.user), "capacity": 20}],
            },
        )
        watched = {"levelId": level["level"]["id"], "accountIds": [account["id"]]}
        await self.ask("save_monitoring", self.boss, input={"name": "Tudo", **watched})
        return {"account": account["id"], "level": level["level"]["id"]}


def posts(account: str) -> list[Json]:
    told: list[Json] = json.loads((FOLDER / "posts.json").read_text())["posts"]
    return [{"accountId": account, **post} for post in told]


@pytest.fixture
async def day(desk: Desk) -> Day:
    ana = await desk.world.person("Ana", password=PASSWORD)
    return Day(desk, await desk.world.person("Chefe", role=Role.ADMIN), ana)


async def test_the_examples_tell_a_working_day(day: Day) -> None:
    email = {"email": day.ana.user.email, "password": PASSWORD}
    signed_in = await day.ask("sign_in", None, input=email)
    names = await day.setup()
    key = (await day.ask("create_api_key", day.boss, input={"name": "CRM", "scopes": ["ingest"]}))[
        "secret"
    ]

    handed_in = posts(names["account"])
    await _tried_out(day, names["level"])
    first = await day.ask("receive_occurrence", day.boss, input=handed_in[0])
    rest = {"occurrences": handed_in}
    results = (await day.ask("receive_occurrences", day.boss, input=rest))["results"]

    assert signed_in["accessToken"]
    assert key.startswith("gk_")
    assert first["ticket"]["status"] == "NEW"
    assert [each["duplicate"] for each in results].count(True) == 1
    assert not [error for each in results for error in each["userErrors"]]
    await _handled(day, names)
    assert {f"{name}.graphql" for name in day.asked} | {"queue_changes.graphql"} >= {
        path.name for path in FOLDER.glob("*.graphql")
    }


async def _tried_out(day: Day, level_id: str) -> None:
    calendars = await day.ask("calendars", day.ana, year=2026, days=7)
    friday = {"levelId": level_id, "priority": "HIGH", "openedAt": "2026-09-04T17:45:00-03:00"}
    preview = await day.ask("sla_preview", day.ana, **friday)
    moved = await day.ask("recompute_sla", day.boss, input={"levelId": level_id})

    [shop] = [each for each in calendars if each["name"] == "Loja"]
    assert [each["name"] for each in shop["levels"]] == ["Atendimento"]
    assert shop["levels"][0]["openWindows"]
    # A quarter of an hour on Friday; Monday is a holiday, so the rest is Tuesday's.
    assert preview[0] == {"metric": "FIRST_RESPONSE", "dueAt": "2026-09-08T12:15:00Z"}
    assert moved["changed"] == 0


async def _handled(day: Day, names: Json) -> None:
    form = {"levelId": names["level"], "subject": "Troca", "comment": "Ligou às 9h"}
    by_hand = (await day.ask("open_ticket", day.ana, input=form))["ticket"]
    queue = await day.ask("queue", day.ana, filter=WAITING, first=20)
    assert by_hand["protocol"] in {each["protocol"] for each in queue["nodes"]}
    asked = {"protocol": by_hand["protocol"], "proof": "1111"}
    assert await day.ask("protocol_status", None, **asked) is None

    pulled = await day.ask("get_tickets", day.ana, input={"idempotencyKey": "pull-1"})
    assert len(pulled["tickets"]) == queue["totalCount"]

    one = {"ticketId": by_hand["id"]}
    started = (await day.ask("start_ticket", day.ana, input=one))["ticket"]
    change = {"priority": "HIGH", "addTags": ["troca"], "expectedVersion": started["version"]}
    await day.ask("update_ticket", day.ana, input={**one, **change})
    note = {"text": "Liguei, volta amanhã.", "visibility": "INTERNAL"}
    await day.ask("note", day.ana, input={**one, **note})
    file = {**one, "file": Upload("troca.txt", b"Pedido 42")}
    await day.ask("upload_attachment", day.ana, input=file)
    await _composed(day, by_hand)
    other, third = [each for each in pulled["tickets"] if each["id"] != by_hand["id"]][:2]
    triage = gid(day.desk.world.triage)
    carry(day.desk.world, {Network.INSTAGRAM: ANYTHING})
    answer = {"ticketId": other["id"], "text": "Já estamos vendo.", "visibility": "PUBLIC"}
    answered = await day.ask("reply", day.ana, input={**answer, "basedOn": queue["feedCursor"]})
    await ended(day.desk.world, Doubtful("network_no_answer"))
    again = await day.ask("retry_reply", day.ana, input={"replyId": answered["reply"]["id"]})
    said = {"ticketId": other["id"], "levelId": triage, "comment": "Precisa da logística"}
    escalated = await day.ask("escalate_ticket", day.ana, input=said)
    finish = {"ticketId": third["id"], "closeReason": "NO_REPLY_NEEDED", "comment": "Só um elogio"}
    finished = await day.ask("finish_ticket", day.ana, input=finish)
    whole = await day.ask("ticket", day.ana, protocol=by_hand["protocol"])
    due = await day.ask("deadlines", day.ana, filter={"risks": ["ON_TIME"]}, first=20)
    await _moderated(day, names)
    await _watched(day, by_hand["id"])
    await _mentioned(day, by_hand["id"])
    await _known(day, by_hand["id"], other["id"])
    await _followed(day, by_hand["id"])

    assert answered["reply"]["state"] == again["reply"]["state"] == "QUEUED"
    assert escalated["ticket"]["status"] == "ESCALATED"
    assert finished["ticket"]["status"] == "CLOSED"
    assert whole["priority"] == "HIGH"
    assert by_hand["protocol"] in {each["protocol"] for each in due["nodes"]}
    assert whole["history"]["totalCount"] == len(whole["history"]["nodes"])


async def _moderated(day: Day, names: Json) -> None:
    day.asked.add("approval_changes")
    level = {"id": names["level"], "name": "Atendimento", "moderated": True}
    await day.ask("save_level", day.boss, input=level)
    asked_again = {**posts(names["account"])[0], "externalId": "again", "threadId": "again"}
    received = await day.ask("receive_occurrence", day.boss, input=asked_again)
    waiting = await day.ask("approvals", day.boss, states=["SUBMITTED"])
    stream = day.desk.follow(document("approval_changes"), day.boss, after=waiting["feedCursor"])
    try:
        await heard(stream)
        answer = {
            "ticketId": received["ticket"]["id"],
            "text": "Já estamos vendo.",
            "visibility": "PRIVATE",
        }
        held = await day.ask("reply", day.ana, input=answer)
        asked = await heard(stream)
    finally:
        await stream.aclose()
    [one] = asked["approvals"]
    better = {"approvalId": one["id"], "decision": "EDIT_AND_SEND", "text": "Sai hoje."}
    decided = await day.ask("decide_approval", day.boss, input=better)
    listed = await day.ask("approvals", day.boss, states=["EDITED_APPROVED"])

    assert waiting["nodes"] == []
    assert held["reply"]["state"] == "HELD"
    assert (one["state"], one["reply"]["text"]) == ("SUBMITTED", "Já estamos vendo.")
    assert decided["approval"]["reply"]["originalText"] == "Já estamos vendo."
    assert [each["id"] for each in listed["nodes"]] == [one["id"]]


async def _known(day: Day, ticket_id: str, other_id: str) -> None:
    form = {"key": "fidelidade", "label": "Cartão", "kind": "TEXT", "pattern": "[A-Z][0-9]{3}"}
    await day.ask("save_publisher_field_definition", day.boss, input=form)
    asking = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Ticket { publisher { id } } } }"
    one, other = [
        each["publisher"]["id"]
        for each in await day.desk.ask(asking, day.boss, ids=[ticket_id, other_id])
    ]
    values = [{"key": "fidelidade", "value": "A123"}]
    told = {"publisherId": one, "cpf": "529.982.247-25", "fields": values}
    known = (await day.ask("update_publisher", day.ana, input=told))["publisher"]
    look = {"publisherId": one, "key": "cpf", "reason": "Segunda via do boleto"}
    seen = await day.ask("reveal_field", day.boss, input=look)
    united = await day.ask("merge_publishers", day.boss, input={"sourceId": other, "targetId": one})
    panel = await day.ask("publisher", day.ana, id=other, ticket=ticket_id)

    assert known["cpf"] == "***.982.247-**"
    assert known["fields"] == [{"key": "fidelidade", "value": "***"}]
    assert seen["value"] == "52998224725"
    assert united["publisher"]["id"] == panel["id"] == one
    assert panel["ticketCount"] >= 2


async def _watched(day: Day, ticket_id: str) -> None:
    day.asked |= {"presence", "follow_protocol"}
    stream = day.desk.follow(document("presence"), day.boss, id=ticket_id)
    try:
        nobody: Any = await heard(stream)
        looking = {"ticketId": ticket_id, "mode": "VIEWING"}
        told = await day.ask("touch_presence", day.ana, input=looking)
        somebody: Any = await heard(stream)
    finally:
        await stream.aclose()

    partner = await day.desk.key("protocol")
    asked = await day.ask("ticket", day.ana, id=ticket_id)
    protocol = day.desk.follow(document("follow_protocol"), partner, protocol=asked["protocol"])
    try:
        stage = (await heard(protocol))["stage"]
    finally:
        await protocol.aclose()

    assert stage in ("IN_ANALYSIS", "WAITING_FOR_YOU", "ANSWERED", "CLOSED")
    assert nobody == []
    assert [each["user"]["name"] for each in somebody] == ["Ana"]
    assert [each["mode"] for each in told["viewers"]] == ["VIEWING"]


async def _composed(day: Day, ticket: Json) -> None:
    form = {"title": "Troca", "text": "Protocolo {{protocol}}", "personal": True}
    kept = (await day.ask("save_canned_reply", day.ana, input=form))["cannedReply"]
    found = await day.ask("canned_replies", day.ana, search="troca")
    told = await day.ask("render_canned_reply", day.ana, id=kept["id"], ticketId=ticket["id"])
    await day.ask("delete_canned_reply", day.ana, input={"id": kept["id"]})
    text = "Veja https://loja.example/pedido"
    shorter = await day.ask("shorten_links", day.ana, input={"text": text})

    assert [each["title"] for each in found] == ["Troca"]
    assert told == f"Protocolo {ticket['protocol']}"
    assert shorter["text"] == f"Veja {shorter['links'][0]['shortUrl']}"


async def _mentioned(day: Day, ticket_id: str) -> None:
    day.asked.add("notifications")
    stream = day.desk.follow(document("notifications"), day.ana)
    try:
        stands = await heard(stream)
        note = {"ticketId": ticket_id, "text": "@Ana, e agora?", "visibility": "INTERNAL"}
        await day.ask("note", day.boss, input=note)
        told = await heard(stream)
    finally:
        await stream.aclose()

    assert [stands["kind"], told["kind"]] == ["HERE", "MENTIONED"]
    assert told["ticket"]["id"] == ticket_id


async def _followed(day: Day, ticket_id: str) -> None:
    day.asked.add("ticket_changes")
    stream = day.desk.follow(document("ticket_changes"), day.ana, id=ticket_id)
    try:
        stands = await heard(stream)
        closing = {"ticketId": ticket_id, "closeReason": "ANSWERED", "comment": "Trocado"}
        await day.ask("finish_ticket", day.ana, input=closing)
        moved = await heard(stream)
    finally:
        await stream.aclose()

    assert stands["entries"] == []
    assert [each["to"] for each in moved["entries"]] == ["CLOSED"]


async def test_a_message_enters_the_queue_that_is_followed(day: Day) -> None:
    names = await day.setup()
    queue = await day.ask("queue", day.ana, filter=WAITING)
    after = queue["feedCursor"]

    stream = day.desk.follow(document("queue_changes"), day.ana, filter=WAITING, after=after)
    try:
        stands = await heard(stream)
        await day.ask("receive_occurrence", day.boss, input=posts(names["account"])[0])
        moved = await heard(stream)
    finally:
        await stream.aclose()

    assert (stands["changes"], stands["resync"]) == ([], False)
    assert [each["kind"] for each in moved["changes"]] == ["ENTERED"]


async def test_a_retry_changes_nothing_twice(day: Day) -> None:
    names = await day.setup()
    handed_in = posts(names["account"])

    once = await day.ask("receive_occurrences", day.boss, input={"occurrences": handed_in})
    again = await day.ask("receive_occurrences", day.boss, input={"occurrences": handed_in})

    assert [each["duplicate"] for each in again["results"]] == [True] * len(handed_in)
    assert [each["occurrence"] for each in again["results"]] == [
        each["occurrence"] for each in once["results"]
    ]


async def test_an_overtaken_edit_tells_what_moved(day: Day) -> None:
    await day.setup()
    ticket = await day.desk.world.ticket(by=day.boss)
    old = {"ticketId": gid(ticket), "expectedVersion": ticket.version}
    await day.ask("update_ticket", day.boss, input={"ticketId": gid(ticket), "priority": "HIGH"})

    refused = await day.desk.ask(
        document("update_ticket"), day.boss, input={**old, "priority": "LOW"}
    )

    [error] = refused["userErrors"]
    assert error["code"] == "VERSION_CONFLICT"
    assert "priority" in error["changedFields"]
    assert error["current"]["priority"] == "HIGH"
