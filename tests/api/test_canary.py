"""Unmistakable words behind the wall, and an outsider who asks everything there is to ask."""

import asyncio
import json
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from graphql import get_named_type

from domain.model.account import Account
from domain.model.level import Level
from domain.model.ticket import Ticket
from domain.operations import (
    approving,
    attending,
    correcting,
    defining,
    handling,
    replying,
    revealing,
)
from domain.operations.approving import Verdict
from domain.operations.correcting import FieldForm, PublisherForm
from domain.operations.defining import DefinitionForm
from domain.operations.handling import TicketChange
from domain.operations.replying import ReplyForm
from domain.post import Author
from domain.rules.membership import TicketFilter
from domain.words import (
    CloseReason,
    FieldKind,
    HistoryKind,
    Network,
    OutsideView,
    PresenceMode,
    Priority,
    Role,
    Visibility,
)
from graph.schema import build
from tests.api.boards import HOUR, measured, noticed
from tests.api.composed import composed
from tests.api.desk import PATIENCE, Desk, Json, gid, heard, plain, unknown
from tests.api.documents import graph, least, question, selection
from tests.carrying import ANYTHING, carry
from tests.flows.visitor import Visitor
from tests.holding import EDIT, REJECT
from tests.world import FIRST_HUNDRED, Person, World

CANARY = "canário"
CPF, EMAIL, PHONE, FIELD = "52998224725", "canario@aviario.example", "+5571912345678", "PINTASSILGO"
WRONG_PROOF = "1111"
UNCOVERED = (CPF, "529.982.247-25", "canario@", PHONE, "912345678", "91234-5678", FIELD)
COVERED = ("***.982.247-**", "***@aviario", "+55 71 *****-5678")
GRAPH = graph(build())
QUERIES: Mapping[str, Any] = GRAPH.type_map["Query"].fields  # type: ignore[attr-defined]
MUTATIONS: Mapping[str, Any] = GRAPH.type_map["Mutation"].fields  # type: ignore[attr-defined]
CLOCKS = "sla { metric } nextDeadline { metric }"
DEEP, USUAL_DEPTH = 3, 2
MOVES_WITH_TIME = {"serverTime", "feedCursor", "ageSeconds"}
SOME = 3
HEADSET = "ticketCount"
SCOPES = ("ALL", "SAME_LEVEL", "OTHER_LEVELS", "ACTIVE")


@dataclass
class Walled:
    """RH is walled. Ana handles Financeiro, where the same customer writes to the same account."""

    world: World
    mine: Level
    rh: Level
    account: Account
    ana: Person
    rita: Person
    """Of RH."""
    own: Ticket
    """What Ana may see of the customer."""
    tickets: list[Ticket]
    ids: dict[str, list[str]] = field(default_factory=dict)
    """What is behind the wall, by kind."""
    beside: dict[str, list[str]] = field(default_factory=dict)
    """What stands beside replies there."""

    @classmethod
    async def built(
        cls,
        world: World,
        role: Role = Role.ATTENDANT,
        outside: OutsideView = OutsideView.COUNT,
    ) -> "Walled":
        mine = await world.level("Financeiro", group_old_occurrences=True)
        account = await world.account()
        carry(world, {Network.SANDBOX: ANYTHING})
        held = {"moderated": True, "account_ids": [account.id]}
        rh = await world.level("RH", outside_view=outside, unmeasured=[], **held)
        await world.watch(account, mine)
        await world.watch(account, rh, ["salário"])
        ana = await world.person("Ana", level=mine, role=role)
        rita = await world.person("Rita", level=rh)
        boss = await world.person("Chefe", role=Role.ADMIN)

        # One who has only ever written to RH, and one whom Ana knows too.
        alone = await world.heard(account, author=stranger(), text=f"{CANARY} salário")
        known = await world.heard(account, thread="rh", text=f"{CANARY} salário, sou eu")
        await world.receive(
            world.post(account, text=f"{CANARY} salário antigo", historical=True, thread="velho"),
        )
        for ticket in (alone, known):
            for operation, asked in (
                (handling.start, ()),
                (handling.note, (f"{CANARY} entre nós",)),
                (handling.update, (retold(),)),
            ):
                await world.do(operation, ticket.id, *asked, by=rita)

        # One that was Ana's, went to RH, was closed there; and what the customer wrote next.
        gone = await world.heard(account, thread="f", text="O boleto venceu")
        await world.do(handling.escalate, gone.id, rh.id, "Para o RH", by=ana)
        await world.do(handling.note, gone.id, f"{CANARY} do RH", by=rita)
        await world.do(
            handling.finish, gone.id, CloseReason.NO_REPLY_NEEDED, f"{CANARY} fim", by=rita
        )
        own = await world.heard(account, thread="f", text="O boleto, de novo")
        # And one that was merged into a ticket of RH.
        merged = await world.heard(account, thread="g", text="Sobre o mesmo assunto")
        await world.do(handling.merge, merged.id, known.id, "É o mesmo", False, by=boss)

        # And one that Ana closed; what the customer wrote next went to RH.
        closed = await world.heard(account, thread="h", text="Até logo")
        await world.do(handling.finish, closed.id, CloseReason.ANSWERED, "Feito", by=boss)
        followed = await world.heard(account, thread="h", text="Voltei")
        await world.do(handling.escalate, followed.id, rh.id, "Para o RH", by=boss)
        await world.do(handling.note, followed.id, f"{CANARY} do RH", by=rita)

        # Of the one whom only RH knows, RH knows everything.
        form = DefinitionForm(key="ave", label="Ave", kind=FieldKind.TEXT)
        await world.do(defining.save_definition, form)
        await world.do(correcting.update, all_of(alone), by=rita)
        await world.do(revealing.reveal, alone.publisher_id, "cpf", f"{CANARY} preciso", by=rita)

        walled = cls(world, mine, rh, account, ana, rita, own, [alone, known, gone, followed])
        walled.beside = await composed(world, rh, alone, rita, CANARY)
        await walled.moderate()
        await walled.look_up()
        return walled

    async def moderate(self) -> None:
        """One reply was edited and sent, one given back, and one waits."""
        mora = await self.world.person("Mora", level=self.rh, role=Role.SUPERVISOR)
        alone, known = self.tickets[:2]
        for text, verdict in (
            (f"{CANARY} original", Verdict(decision=EDIT, text=f"{CANARY} editada")),
            (f"{CANARY} devolvida", Verdict(decision=REJECT, reason=f"{CANARY} motivo")),
        ):
            said = await self.world.do(replying.reply, publicly(alone, text), by=self.rita)
            assert said.approval is not None
            await self.world.do(approving.decide, said.approval.id, verdict, by=mora)
        await self.world.do(replying.reply, publicly(known, f"{CANARY} à espera"), by=self.rita)

    async def look_up(self) -> None:
        """Every id behind the wall."""
        ticket_ids = [each.id for each in self.tickets]
        alone = self.tickets[0].publisher_id
        async with self.world.storage.reading(self.world.system) as work:
            entries = await work.entries.pages(ticket_ids, FIRST_HUNDRED)
            replies = await work.replies.pages(ticket_ids, FIRST_HUNDRED)
            approvals = await work.approvals.page(FIRST_HUNDRED)
            said = await work.occurrences.pages_of_publishers(
                [each.publisher_id for each in self.tickets], FIRST_HUNDRED
            )
            audit = await work.publisher_entries.pages([alone], FIRST_HUNDRED)
        self.ids = {
            "Ticket": [gid(each) for each in self.tickets],
            "HistoryEntry": [gid(each) for page in entries.values() for each in page.nodes],
            "Approval": [gid(each) for each in approvals.nodes],
            "Reply": [gid(each) for page in replies.values() for each in page.nodes],
            "Occurrence": [
                gid(each)
                for page in said.values()
                for each in page.nodes
                if each.level_id == self.rh.id and CANARY in each.text
            ],
            "Publisher": [gid(alone, "Publisher")],
            "PublisherEntry": [gid(each) for each in audit[alone].nodes],
            **self.beside,
        }
        assert all(self.ids.values())

    @property
    def every_id(self) -> list[str]:
        return [each for ids in self.ids.values() for each in ids]

    async def goes_on(self) -> None:
        """What happens in RH: ten more tickets, some assigned, and more said in the old ones."""
        world = self.world
        for number in range(10):
            ticket = await world.heard(
                self.account, thread=f"mais{number}", text=f"{CANARY} salário {number}"
            )
            if number % 2:
                await world.do(handling.start, ticket.id, by=self.rita)
        await world.do(handling.note, self.tickets[0].id, f"{CANARY} de novo", by=self.rita)
        alone = PublisherForm(id=self.tickets[0].publisher_id, name=f"{CANARY} de Tal e Tal")
        await world.do(correcting.update, alone, by=self.rita)
        await world.do(revealing.reveal, alone.id, "ave", f"{CANARY} de novo", by=self.rita)


def publicly(ticket: Ticket, text: str) -> ReplyForm:
    return ReplyForm(ticket_id=ticket.id, text=text, visibility=Visibility.PUBLIC)


def stranger() -> Author:
    return Author(
        external_id=CANARY,
        name=f"{CANARY} de Tal",
        handle=CANARY,
        url=f"https://example.com/{CANARY}",
        email="canario@example.com",
        tags=(CANARY,),
    )


def all_of(ticket: Ticket) -> PublisherForm:
    """Everything there is to know of its publisher."""
    return PublisherForm(
        id=ticket.publisher_id,
        cpf=CPF,
        email=EMAIL,
        phone=PHONE,
        fields=[FieldForm(key="ave", value=FIELD)],
    )


def retold() -> TicketChange:
    return TicketChange(
        comment=f"{CANARY} por quê", subject=f"{CANARY} assunto", add_tags=(CANARY,)
    )


def silent(told: Any) -> bool:
    text = told if isinstance(told, str) else plain(told)
    words = (CANARY, "canario", *(each.lower() for each in (*UNCOVERED, *COVERED)))
    return not any(each in text.lower() for each in words)


async def everything(
    desk: Desk, walled: Walled, depth: int = USUAL_DEPTH, by: str | None = None
) -> dict[str, str]:
    """Every question there is, and what Ana is answered, or whoever has that token."""
    answers = {}

    async def put(name: str, document: str, variables: Json) -> None:
        response = await desk.send(document, by or walled.ana, **variables)
        answers[name] = response.text

    for name, query in QUERIES.items():
        kind = get_named_type(query.type)
        selected = selection(kind, depth if name.startswith("ticket") else USUAL_DEPTH, GRAPH)
        given = {"ID": gid(walled.own), "ids": walled.every_id}
        if name == "level":
            given["id"] = gid(walled.rh)
        if name == "slaPreview":
            given["levelId"] = gid(walled.rh)
        if name == "approval":
            given["id"] = walled.ids["Approval"][0]
        if name == "ticket":
            given["id"] = gid(walled.own)
        if name == "protocolStatus":
            given |= {"protocol": walled.tickets[0].protocol, "proof": WRONG_PROOF}
        if name == "publisher":
            given["id"] = gid(walled.own.publisher_id, "Publisher")
        await put(name, *question("query", name, query, selected, given))

    counts = QUERIES["ticketCounts"]
    page = QUERIES["tickets"]
    everything_of = {
        "tickets": selection(GRAPH.type_map["TicketConnection"], 1, GRAPH),
        "ticketCounts": selection(GRAPH.type_map["TicketCounts"], 1, GRAPH),
    }
    for name, asked in filters(walled).items():
        for root, query in (("tickets", page), ("ticketCounts", counts)):
            document, variables = question(
                "query", root, query, everything_of[root], {"filter": asked}
            )
            await put(f"{root} {name}", document, variables)
    for word in (CANARY, "canario", "de tal", CPF, "529.982.247-25", EMAIL, PHONE, FIELD):
        document = "query($s: String) { publishers(search: $s) { totalCount nodes { id name } } }"
        await put(f"publishers {word}", document, {"s": word})
    for asked in ({"l": gid(walled.rh)}, {"s": CANARY}, {"s": "canario"}):
        document = "query($l: ID, $s: String) { cannedReplies(levelId: $l, search: $s) { id } }"
        await put(f"cannedReplies {asked}", document, asked)
    for each in walled.ids["CannedReply"]:
        document = "query($c: ID!, $t: ID!) { renderCannedReply(id: $c, ticketId: $t) }"
        await put(f"renderCannedReply {each}", document, {"c": each, "t": gid(walled.own)})
    for scope in SCOPES:
        for excluding in (walled.ids["Ticket"][1], gid(walled.own), None):
            document = (
                "query($p: ID!, $s: TicketScope!, $e: ID) { publisher(id: $p) {"
                " tickets(scope: $s, excluding: $e) { totalCount nodes { id subject } } } }"
            )
            variables = {
                "p": gid(walled.own.publisher_id, "Publisher"),
                "s": scope,
                "e": excluding,
            }
            await put(f"publisher {scope} {excluding}", document, variables)
    return answers


def filters(walled: Walled) -> dict[str, Json]:
    return {
        "of the level": {"levelIds": [gid(walled.rh)]},
        "of both levels": {"levelIds": [gid(walled.rh), gid(walled.mine)]},
        "searched": {"search": CANARY},
        "searched plainly": {"search": "canario"},
        "tagged": {"tags": [CANARY]},
        "of the publisher": {"publisherId": walled.ids["Publisher"][0]},
        "of the known publisher": {"publisherId": gid(walled.own.publisher_id, "Publisher")},
        "by protocol": {"protocol": walled.tickets[0].protocol},
        "of Rita": {"assigneeIds": [gid(walled.rita.user)]},
        "assigned": {"unassigned": False},
        "closed": {"statuses": ["CLOSED"]},
        "at a risk": {"risks": ["ON_TIME", "AT_RISK", "BREACHED", "PAUSED"]},
    }


async def test_no_question_of_an_outsider_brings_a_canary_back(desk: Desk) -> None:
    walled = await Walled.built(desk.world)

    answers = await everything(desk, walled, DEEP)
    inside = await desk.send(
        "query($s: String) { tickets(filter: {search: $s}) { nodes { subject } } }",
        walled.rita,
        s=CANARY,
    )

    assert {name: text for name, text in answers.items() if not silent(text)} == {}
    secrets = [*walled.every_id, *(each.protocol for each in walled.tickets)]
    assert {name for name, text in answers.items() for each in secrets if each in text} == set()
    assert {name for name, text in answers.items() if '"errors"' in text} == {
        "apiKeys",
        "approval",
        "approvals",
        "webhookDeliveries",
        "webhookEndpoints",
    }
    assert CANARY in inside.text


STATUS = "query($p: String!, $proof: String) {{ protocolStatus(protocol: $p, proof: $proof) {} }}"
NAMES = ("RH", "Rita", "Mora", "Chefe", "Ana")
OF_THE_HOUSE = (
    "entre nós",
    "por quê",
    f"{CANARY} assunto",
    "original",
    "devolvida",
    "motivo",
    "preciso",
)


async def test_by_its_protocol_a_ticket_is_told_without_the_house(desk: Desk) -> None:
    walled = await Walled.built(desk.world)
    document = STATUS.format(selection(GRAPH.type_map["ProtocolStatus"], 2, GRAPH))
    partner = await desk.key("protocol")
    of_mine = await desk.key("protocol", levels=[walled.mine])

    told, walled_off = [], []
    for each in walled.tickets:
        told.append(await desk.ask(document, partner, p=each.protocol))
        told.append(await desk.ask(document, p=each.protocol, proof=CPF[-4:]))
        walled_off.append(await desk.ask(document, of_mine, p=each.protocol))

    hers, [status] = [each for each in told[::2] if each], [each for each in told[1::2] if each]
    assert len(hers) == len(walled.tickets)
    assert walled_off == [None] * len(walled.tickets)
    assert [each["text"] for each in status["messages"]] == [f"{CANARY} salário"]
    for each in (*hers, status):
        words = (*NAMES, *OF_THE_HOUSE)
        assert not [word for word in words if word in plain(each)]
        assert silent({**each, "messages": []})
        assert not [id for id in walled.every_id if id in plain(each)]


async def test_the_page_of_a_protocol_shows_what_they_said_and_nothing_of_the_house(
    desk: Desk,
) -> None:
    walled = await Walled.built(desk.world)
    alone = walled.tickets[0]
    maria = Visitor(desk.client)

    await maria.show(alone.protocol, WRONG_PROOF)
    wrong = maria.page.text.replace(alone.protocol, "")
    await maria.show(alone.protocol, CPF[-4:])

    assert silent(wrong)
    assert f"{CANARY} salário" in maria.shown
    assert not [word for word in (*NAMES, *OF_THE_HOUSE) if word in maria.page.text]
    assert silent(maria.page.text.replace(f"{CANARY} salário", ""))
    assert not [id for id in walled.every_id if id in maria.page.text]


async def test_a_display_is_answered_nothing_but_its_wall(desk: Desk) -> None:
    walled = await Walled.built(desk.world)
    key = await desk.key("display", levels=[walled.mine])

    answers = await everything(desk, walled, by=key)
    wall = await desk.ask("{ wallboard { levels { level { name } } } }", key)

    refused = {name for name, text in answers.items() if '"code":"FORBIDDEN"' in text}
    assert refused == answers.keys()
    assert {name for name, text in answers.items() if not silent(text)} == set()
    assert wall == {"levels": [{"level": {"name": "Financeiro"}}]}


async def test_what_happens_behind_the_wall_moves_nothing_but_the_headset(desk: Desk) -> None:
    walled = await Walled.built(desk.world)
    before = await everything(desk, walled)

    await walled.goes_on()

    after = await everything(desk, walled)
    moved = {name for name in before if still(before[name]) != still(after[name])}
    assert moved == set()
    assert headsets(before["publisher"])[0] + 10 == headsets(after["publisher"])[0]


async def test_a_level_that_hides_even_the_count_moves_not_even_the_headset(desk: Desk) -> None:
    walled = await Walled.built(desk.world, outside=OutsideView.NONE)
    customer = gid(walled.own.publisher_id, "Publisher")
    before = await desk.ask(STANDING, walled.ana, p=customer)

    await walled.goes_on()

    assert await desk.ask(STANDING, walled.ana, p=customer) == before


def still(text: str) -> Any:
    """An answer without what moves with time, and without the headset."""

    def scrubbed(value: Any) -> Any:
        if isinstance(value, dict):
            hidden = MOVES_WITH_TIME | {HEADSET}
            return {name: scrubbed(part) for name, part in value.items() if name not in hidden}
        return [scrubbed(each) for each in value] if isinstance(value, list) else value

    return scrubbed(json.loads(text))


def headsets(text: str) -> list[int]:
    found: list[int] = []

    def look(value: Any) -> None:
        if isinstance(value, dict):
            found.extend([value[HEADSET]] if HEADSET in value else [])
            for part in value.values():
                look(part)
        for each in value if isinstance(value, list) else ():
            look(each)

    look(json.loads(text))
    return found


# ── not allowed is not found ───────────────────────────────────────────────────────────────────


BY_ID = {
    "node": ("query($id: ID!) { node(id: $id) { __typename id } }", None),
    "nodes": ("query($id: ID!) { nodes(ids: [$id]) { __typename id } }", None),
    "ticket": ("query($id: ID!) { ticket(id: $id) { id } }", None),
    "approval": ("query($id: ID!) { approval(id: $id) { id } }", None),
    "publisher": (
        "query($id: ID!) { publisher(id: $id) { id cpf history { nodes { id } } } }",
        None,
    ),
    "filter": (
        "query($id: ID!) { tickets(filter: {publisherId: $id}) { totalCount nodes { id } } }",
        None,
    ),
    "counts": ("query($id: ID!) { ticketCounts(filter: {publisherId: $id}) { total } }", None),
}


async def test_what_may_not_be_seen_is_answered_byte_for_byte_like_what_is_not_there(
    desk: Desk,
) -> None:
    walled = await Walled.built(desk.world)
    differing = []

    for kind, ids in walled.ids.items():
        for name, (document, _) in BY_ID.items():
            nothing = await desk.send(document, walled.ana, id=unknown(kind))
            for each in ids[:SOME]:
                hidden = await desk.send(document, walled.ana, id=each)
                if (hidden.status_code, hidden.content) != (nothing.status_code, nothing.content):
                    differing.append((kind, name, hidden.text, nothing.text))

    assert differing == []


async def test_a_protocol_behind_the_wall_is_nobodys(desk: Desk) -> None:
    walled = await Walled.built(desk.world)
    document = "query($p: String!) { ticket(protocol: $p) { id } }"

    hidden = [await desk.send(document, walled.ana, p=each.protocol) for each in walled.tickets]
    nothing = await desk.send(document, walled.ana, p="20260914000000005")

    assert {each.content for each in hidden} == {nothing.content}


def inputs(walled: Walled) -> Json:
    """What a mutation is given where the test does not aim at anything."""
    return {
        "ticketId": gid(walled.own),
        "sourceId": gid(walled.own),
        "targetId": gid(walled.own),
        "levelId": gid(walled.mine),
        "accountId": gid(walled.account),
        "occurrenceId": unknown("Occurrence"),
        "publisherId": gid(walled.own.publisher_id, "Publisher"),
        "priority": "HIGH",
        "visibility": "INTERNAL",
        "closeReason": "SPAM",
        "email": "nova@example.com",
        "password": "uma senha longa",
        "acrossPublishers": True,
    }


AIMS = [
    (mutation, name, "Publisher" if mutation == "mergePublishers" else kind)
    for mutation, about in MUTATIONS.items()
    for name, kind in (
        ("ticketId", "Ticket"),
        ("approvalId", "Approval"),
        ("sourceId", "Ticket"),
        ("targetId", "Ticket"),
        ("occurrenceId", "Occurrence"),
        ("publisherId", "Publisher"),
        ("id", "CannedReply"),
    )
    if (name != "id" or "CannedReply" in mutation)
    and "input" in about.args
    and name in get_named_type(about.args["input"].type).fields
]


async def aimed(desk: Desk, walled: Walled, mutation: str, name: str, id: str) -> tuple[int, str]:
    """What Ana is answered when the mutation is given that id there."""
    about, usual = MUTATIONS[mutation], inputs(walled)
    if mutation == "mergePublishers":
        usual |= dict.fromkeys(("sourceId", "targetId"), usual["publisherId"])
    given = least(get_named_type(about.args["input"].type), {**usual, name: id})
    selected = selection(get_named_type(about.type), 1, GRAPH)
    document, variables = question("mutation", mutation, about, selected, {"input": given})
    response = await desk.send(document, walled.ana, **variables)
    return response.status_code, response.text


@pytest.mark.parametrize("role", [Role.ATTENDANT, Role.SUPERVISOR])
async def test_no_mutation_reaches_behind_the_wall(desk: Desk, role: Role) -> None:
    walled = await Walled.built(desk.world, role)
    before = [await desk.world.see(each) for each in walled.tickets]
    told = []

    for mutation, name, kind in AIMS:
        if mutation == "revealField" and role is Role.ATTENDANT:
            continue  # who may not look at all is refused before anything is asked
        nothing = await aimed(desk, walled, mutation, name, unknown(kind))
        for each in walled.ids[kind][:SOME]:
            hidden = await aimed(desk, walled, mutation, name, each)
            if hidden != nothing or not silent(hidden[1]) or '"errors"' in hidden[1]:
                told.append((mutation, name, hidden, nothing))

    assert told == []
    assert [await desk.world.see(each) for each in walled.tickets] == before
    assert len(AIMS) >= 10


async def test_bytes_behind_the_wall_are_those_of_no_file(desk: Desk) -> None:
    walled = await Walled.built(desk.world)
    tokens = [await desk.token(each) for each in (walled.ana, walled.rita)]
    shown = "query($id: ID!) { node(id: $id) { ... on Attachment { url } } }"
    draft = walled.ids["Attachment"][0]

    async def asked(path: str, token: str) -> tuple[int, bytes, str]:
        answer = await desk.client.get(path, headers={"authorization": f"Bearer {token}"})
        return answer.status_code, answer.content, str(answer.headers)

    nothing = await asked(f"/files/{unknown('Attachment')}", tokens[0])
    for each in walled.ids["Attachment"]:
        url = (await desk.ask(shown, walled.rita, id=each))["url"]
        assert await asked(f"/files/{each}", tokens[0]) == nothing
        assert await asked(url, tokens[0]) == nothing
        assert CANARY in (await asked(f"/files/{each}", tokens[1]))[1].decode()

    assert nothing[0] == 404
    # Not even an administrator looks into what somebody has not sent.
    boss = await desk.world.person("Direção", role=Role.ADMIN)
    assert await asked(f"/files/{draft}", await desk.token(boss)) == nothing


async def test_an_outsider_pulls_nothing_from_the_walled_level(desk: Desk) -> None:
    walled = await Walled.built(desk.world)
    document = (
        "mutation($i: GetTicketsInput!) { getTickets(input: $i) {"
        " tickets { id } waiting userErrors { code } } }"
    )

    told = await desk.ask(document, walled.ana, i={"levelIds": [gid(walled.rh)]})

    assert told["tickets"] == []
    assert told["waiting"] == 0


# ── live ───────────────────────────────────────────────────────────────────────────────────────


QUEUE = "subscription($l: [ID!], $f: TicketFilter) {{ queueChanges(levelIds: $l, filter: $f) {} }}"
ONE = "subscription($id: ID!) {{ ticketChanges(id: $id) {} }}"


async def test_a_live_list_tells_an_outsider_nothing_of_the_walled_level(desk: Desk) -> None:
    walled = await Walled.built(desk.world)
    queue = QUEUE.format(selection(GRAPH.type_map["QueueUpdate"], 3, GRAPH))
    one = ONE.format(selection(GRAPH.type_map["TicketUpdate"], 3, GRAPH))
    streams = [
        desk.follow(queue, walled.ana),
        desk.follow(queue, walled.ana, l=[gid(walled.rh), gid(walled.mine)]),
        desk.follow(queue, walled.ana, f={"search": CANARY}),
        desk.follow(one, walled.ana, id=walled.ids["Ticket"][0]),
    ]
    messages = [await heard(stream) for stream in streams]

    await walled.goes_on()
    await desk.world.do(handling.note, walled.own.id, "Agora é comigo", by=walled.ana)
    # The first two have something to tell; the others are still silent when these have spoken.
    messages += [await heard(stream) for stream in streams[:2]]
    waiting = [asyncio.ensure_future(anext(stream)) for stream in streams[2:]]
    done, _ = await asyncio.wait(waiting, timeout=0.1)
    for each in waiting:
        each.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    for stream in streams:
        await stream.aclose()

    assert done == set()
    assert silent(messages)
    assert [len(each["changes"]) for each in messages[4:]] == [1, 1]
    assert messages[3]["ticket"] is None
    assert not [each for each in walled.every_id if each in plain(messages)]


async def test_following_a_walled_ticket_is_like_following_none(desk: Desk) -> None:
    walled = await Walled.built(desk.world)
    document = ONE.format("{ resync ticket { id } entries { id } }")

    async with (
        aclosing(desk.follow(document, walled.ana, id=walled.ids["Ticket"][0])) as hidden,
        aclosing(desk.follow(document, walled.ana, id=unknown("Ticket"))) as nothing,
    ):
        assert plain(await heard(hidden)) == plain(await heard(nothing))


async def test_nobody_is_seen_at_a_walled_ticket_and_nothing_of_it_is_notified(desk: Desk) -> None:
    walled = await Walled.built(desk.world)
    world, hidden = desk.world, walled.tickets
    hers = await world.person(f"{CANARY} Souza", level=walled.rh)
    there = "subscription($id: ID!) {{ presence(ticketId: $id) {} }}".format(
        selection(GRAPH.type_map["Presence"], 2, GRAPH)
    )
    mine = "subscription {{ notifications {} }}".format(
        selection(GRAPH.type_map["Notification"], 3, GRAPH)
    )
    streams: list[Any] = [desk.follow(mine, walled.ana)]
    for each in (*walled.ids["Ticket"], unknown("Ticket")):
        streams.append(desk.follow(there, walled.ana, id=each))
    messages: list[Any] = [await heard(stream) for stream in streams]

    waiting = [asyncio.ensure_future(anext(stream)) for stream in streams]
    for ticket in hidden:
        await world.do(attending.touch, ticket.id, PresenceMode.VIEWING, by=hers)
    await world.do(handling.note, hidden[0].id, f"@Ana {CANARY}", by=walled.rita)
    # Once she may be told something, she has not been told anything of that.
    await world.do(handling.note, walled.own.id, "@Ana, e este?", by=walled.ana)
    boss = await world.person("Chefe", role=Role.ADMIN)
    await world.do(handling.note, walled.own.id, "@Ana, e este?", by=boss)
    async with asyncio.timeout(PATIENCE):
        messages.append(await waiting[0])
    # A sweep has passed over the others by then.
    await asyncio.wait(waiting[1:], timeout=1.2)
    told = [task.done() for task in waiting]
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    for stream in streams:
        await stream.aclose()

    assert told == [True] + [False] * (len(streams) - 1)
    assert messages[1:-1] == [[]] * (len(streams) - 1)
    assert messages[-1]["kind"] == "MENTIONED"
    assert messages[-1]["ticket"]["id"] == gid(walled.own)
    assert silent(messages)
    assert not [each for each in walled.every_id if each in plain(messages)]


async def test_a_ticket_that_goes_behind_the_wall_leaves_with_its_id_alone(desk: Desk) -> None:
    walled = await Walled.built(desk.world)
    document = QUEUE.format(selection(GRAPH.type_map["QueueUpdate"], 2, GRAPH))
    async with aclosing(desk.follow(document, walled.ana)) as stream:
        await heard(stream)

        await desk.world.do(
            handling.escalate, walled.own.id, walled.rh.id, f"{CANARY} segredo", by=walled.ana
        )
        message = await heard(stream)

    [change] = message["changes"]
    assert change["kind"] == "LEFT"
    assert change["ticketId"] == gid(walled.own)
    assert change["ticket"] is None
    assert change["entry"] is None
    assert silent(message)


# ── what outsiders see is set per level ────────────────────────────────────────────────────────


STANDING = (
    "query($p: ID!) { publisher(id: $p) { ticketCount tickets { totalCount nodes { id } }"
    " stubs { protocol levelName status } } }"
)


@pytest.mark.parametrize(
    ("outside", "counted", "listed", "stubs"),
    [
        (OutsideView.NONE, 1, 1, 0),
        (OutsideView.COUNT, 3, 1, 0),
        (OutsideView.STUB, 3, 1, 2),
        (OutsideView.FULL, 3, 3, 0),
    ],
)
async def test_a_level_decides_what_outsiders_see_of_it(
    desk: Desk, outside: OutsideView, counted: int, listed: int, stubs: int
) -> None:
    world = desk.world
    rh = await world.level("RH", outside_view=outside)
    ana = await world.person("Ana", level=world.triage)
    own = await world.ticket(world.triage, customer_email="maria@example.com")
    hidden = [
        await world.ticket(rh, publisher_id=own.publisher_id, subject=CANARY) for _ in range(2)
    ]

    told = await desk.ask(STANDING, ana, p=gid(own.publisher_id, "Publisher"))
    tickets = await desk.ask("{ tickets { totalCount nodes { subject permissions } } }", ana)

    assert told["ticketCount"] == counted
    assert told["tickets"]["totalCount"] == tickets["totalCount"] == listed
    assert sorted(each["protocol"] for each in told["stubs"]) == sorted(
        each.protocol for each in hidden[:stubs]
    )
    assert {each["levelName"] for each in told["stubs"]} <= {"RH"}
    foreign = [each for each in tickets["nodes"] if each["subject"] == CANARY]
    assert [each["permissions"] for each in foreign] == [[]] * (listed - 1)


DEADLINES = f"""
query($id: ID!, $entry: ID!, $level: ID!) {{
  ticket(id: $id) {{ {CLOCKS} }}
  node(id: $id) {{ ... on Ticket {{ {CLOCKS} }} }}
  nodes(ids: [$id, $entry]) {{ id ... on HistoryEntry {{ slaEvent {{ metric percent }} }} }}
  tickets(filter: {{risks: [BREACHED]}}) {{ totalCount nodes {{ id {CLOCKS} }} }}
  ticketCounts(filter: {{risks: [BREACHED]}}) {{ total }}
  level(id: $level) {{ queue {{ totalCount nodes {{ {CLOCKS} }} }} }}
  wallboard {{ levels {{ level {{ name }} breached }} totals {{ breached slaMetPercent }}
    nearest {{ dueAt ticket {{ id subject }} }} }}
}}
"""
TOLD_LATE = (
    "subscription { queueChanges(filter: {risks: [BREACHED]}) {"
    " changes { ticketId ticket { subject } entry { slaEvent { metric } } } } }"
)
TOLD_NEAREST = (
    "subscription { slaCountdown { running breached clocks { dueAt ticket { id subject } } } }"
)


@pytest.mark.parametrize("outside", OutsideView)
async def test_a_level_decides_what_outsiders_see_of_its_deadlines(
    desk: Desk, outside: OutsideView
) -> None:
    world = desk.world
    mine, rh = await measured(world), await measured(world, "RH", outside_view=outside)
    ana = await world.person("Ana", level=mine)
    own = await world.ticket(mine, priority=Priority.URGENT, customer_email="maria@example.com")
    hidden = await world.ticket(
        rh, priority=Priority.URGENT, publisher_id=own.publisher_id, subject=CANARY
    )
    async with (
        aclosing(desk.follow(TOLD_LATE, ana)) as late,
        aclosing(desk.follow(TOLD_NEAREST, ana)) as countdown,
    ):
        live = [await heard(late), await heard(countdown)]
        await noticed(world, HOUR)
        changes = (await heard(late))["changes"]
        while (nearest := await heard(countdown))["breached"] == 0:
            live.append(nearest)
    breach = (await world.history(hidden))[-1]
    names = {"id": gid(hidden), "entry": gid(breach), "level": gid(rh)}

    told = await desk.ask(DEADLINES, (await desk.session(ana))[0], **names)

    assert breach.kind is HistoryKind.SLA_BREACHED
    both = 1 + (outside is OutsideView.FULL)
    assert {each["ticketId"] for each in changes} == {gid(own), gid(hidden)} - (
        set() if both == 2 else {gid(hidden)}
    )
    assert (nearest["running"], nearest["breached"], len(nearest["clocks"])) == (both,) * 3
    assert told["tickets"]["totalCount"] == told["ticketCounts"]["total"] == both
    assert told["level"]["queue"]["totalCount"] == both - 1
    wall = told["wallboard"]
    assert (len(wall["levels"]), len(wall["nearest"]), wall["totals"]["breached"]) == (both,) * 3
    seen = [told["ticket"], told["node"], *told["nodes"]]
    assert [each is not None for each in seen] == [both == 2] * 4
    if outside is not OutsideView.FULL:
        assert silent([told, changes, nearest, *live])
        assert gid(hidden) not in plain([told, changes, nearest, *live])
    else:
        assert told["nodes"][1]["slaEvent"] == {"metric": "RESOLUTION", "percent": 100}
        assert told["ticket"]["nextDeadline"] == {"metric": "RESOLUTION"}


async def test_reading_another_level_is_not_changing_it(desk: Desk) -> None:
    world = desk.world
    rh = await world.level("RH", outside_view=OutsideView.FULL)
    ana = await world.person("Ana", level=world.triage)
    ticket = await world.ticket(rh)
    payload = "ticket { id } userErrors { code }"
    document = f"mutation($i: TicketInput!) {{ startTicket(input: $i) {{ {payload} }} }}"

    told = await desk.ask(document, ana, i={"ticketId": gid(ticket)})

    assert told == {"ticket": None, "userErrors": [{"code": "FORBIDDEN"}]}


async def test_another_workspace_is_nothing_at_all(desk: Desk) -> None:
    walled = await Walled.built(desk.world)
    other = await World.founded(desk.world.storage)
    boss = await other.person("Chefe", role=Role.ADMIN)
    elsewhere = replace(desk, world=other)
    kinds = {
        **walled.ids,
        "Workspace": [gid(desk.world.workspace)],
        "Level": [gid(walled.mine), gid(walled.rh)],
        "User": [gid(walled.ana.user)],
        "Account": [gid(walled.account)],
    }
    own = await elsewhere.ask("{ levels { id } users { id } accounts { id } }", boss)

    told = []
    for kind, ids in kinds.items():
        for name, (document, _) in BY_ID.items():
            nothing = await elsewhere.send(document, boss, id=unknown(kind))
            told += [
                (kind, name)
                for each in ids[:SOME]
                if (await elsewhere.send(document, boss, id=each)).content != nothing.content
            ]

    assert told == []
    assert not [each for ids in kinds.values() for each in ids if each in plain(own)]
    async with other.storage.reading(await other.actor(boss)) as work:
        assert (await work.tickets.counts(TicketFilter())).total == 0
