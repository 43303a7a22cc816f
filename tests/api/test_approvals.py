"""Approvals as clients have them: decided with payloads and errors, followed, and behind walls."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from typing import Any

import pytest
from graphql import get_named_type, is_abstract_type, is_leaf_type, is_required_argument

from domain.model.approval import Approval
from domain.operations import handling, levelling, organizing
from domain.operations.handling import TicketChange
from domain.operations.levelling import LevelForm
from domain.operations.organizing import UserForm
from domain.words import LevelRole, OutsideView, Role, TicketStatus, Visibility
from graph.approver import FIELDS, WHOLE, OnlyForApprovers
from graph.schema import build
from tests.api.desk import Desk, Json, gid, heard, plain, unknown
from tests.api.documents import graph, question
from tests.api.test_canary import CANARY, Walled, silent
from tests.holding import APPROVE, EDIT, REJECT, WITHDRAW, WRITTEN, Moderated
from tests.world import Person, World

GRAPH = graph(build())
DECIDE = """
mutation($i: DecideApprovalInput!) { decideApproval(input: $i) {
  approval { id state version stale moderator { name } reply { state text originalText failure } }
  ticket { id status approval { id } }
  userErrors { __typename code message field
    ... on ApprovalConflict { current { id state version moderator { name } } }
    ... on StaleReply { cursor newEntries { kind occurrence { text } } } }
} }
"""
LIST = """
query($l: [ID!], $s: [ApprovalState!], $n: Boolean, $first: Int, $after: String) {
  approvals(levelIds: $l, states: $s, newestFirst: $n, first: $first, after: $after) {
    totalCount feedCursor serverTime pageInfo { hasNextPage endCursor }
    nodes { id version state stale allowedDecisions ticket { id level { id } } reply { text } }
  } }
"""
FOLLOW = """
subscription($l: [ID!], $a: String) { approvalChanges(levelIds: $l, after: $a) {
  cursor resync approvals { id version state stale allowedDecisions
    ticket { id level { id } } reply { text } } } }
"""
NOT_FOUND = "There is no such approval, or you may not see it."


@pytest.fixture
async def house(desk: Desk) -> Moderated:
    return await Moderated.set_up(desk.world)


async def decide(
    desk: Desk, approval: Approval, by: Person | str, decision: Any = APPROVE, **said: Any
) -> Json:
    asked = {"approvalId": gid(approval), "decision": decision.value, **said}
    told: Json = await desk.ask(DECIDE, by, i=asked)
    return told


# ── deciding ───────────────────────────────────────────────────────────────────────────────────


async def test_edited_and_sent_both_texts_and_the_moderator_are_shown(
    desk: Desk, house: Moderated
) -> None:
    approval = await house.held(send_as=TicketStatus.RESOLVED)

    told = await decide(desk, approval, house.mara, EDIT, text="Sai hoje.")

    assert told["userErrors"] == []
    shown = told["approval"]
    assert (shown["state"], shown["version"]) == ("EDITED_APPROVED", 2)
    assert shown["moderator"] == {"name": "Mara"}
    assert shown["reply"] == {
        "state": "QUEUED",
        "text": "Sai hoje.",
        "originalText": WRITTEN,
        "failure": None,
    }
    assert told["ticket"]["status"] == "RESOLVED"
    assert told["ticket"]["approval"] == {"id": gid(approval)}


async def test_given_back_the_reply_says_why_it_was_not_sent_in_both_languages(
    desk: Desk, house: Moderated
) -> None:
    approval = await house.held()

    await decide(desk, approval, house.mara, REJECT, reason="Não")

    document = "query($id: ID!) { node(id: $id) { ... on Reply { failure } } }"
    reply_id = gid(approval.reply_id, "Reply")
    told = [
        (await desk.ask(document, house.ana, id=reply_id, language=each))["failure"]
        for each in ("en", "pt-BR")
    ]
    assert told[0].startswith("A moderator gave it back")
    assert told[1].startswith("Um moderador devolveu")


@pytest.mark.parametrize(
    ("decision", "said", "code", "field"),
    [
        (REJECT, {}, "REASON_REQUIRED", ["reason"]),
        (EDIT, {}, "INVALID", ["text"]),
        (EDIT, {"text": "x" * 40_001}, "TOO_LONG", ["text"]),
        (APPROVE, {"text": "Outra"}, "INVALID", ["text"]),
        (WITHDRAW, {}, "FORBIDDEN", None),
        (APPROVE, {"expectedVersion": 7}, "VERSION_CONFLICT", ["expectedVersion"]),
    ],
)
async def test_what_is_refused_says_why_and_where(
    desk: Desk, house: Moderated, decision: Any, said: Json, code: str, field: Any
) -> None:
    approval = await house.held()

    told = await decide(desk, approval, house.mara, decision, **said)

    [error] = told["userErrors"]
    assert (error["code"], error["field"]) == (code, field)
    assert (told["approval"], told["ticket"]) == (None, None)
    assert (await house.now(approval)).waits


async def test_the_loser_is_told_how_it_was_decided_and_by_whom(
    desk: Desk, house: Moderated
) -> None:
    approval = await house.held()
    nora = await house.world.person("Nora", level=house.level, role=Role.SUPERVISOR)

    both = await asyncio.gather(
        decide(desk, approval, house.mara, expectedVersion=1),
        decide(desk, approval, nora, REJECT, reason="Não", expectedVersion=1),
    )

    [lost] = [each for each in both if each["userErrors"]]
    [won] = [each for each in both if not each["userErrors"]]
    [error] = lost["userErrors"]
    assert (error["__typename"], error["code"]) == ("ApprovalConflict", "ALREADY_DECIDED")
    assert error["current"]["state"] == won["approval"]["state"]
    assert error["current"]["moderator"] == won["approval"]["moderator"]


async def test_what_came_meanwhile_is_shown_before_it_is_confirmed(
    desk: Desk, house: Moderated
) -> None:
    ticket = await house.world.heard(house.account, author="maria")
    approval = await house.held(ticket)
    await house.world.heard(house.account, author="maria", text="Deixa, já chegou!")

    refused = await decide(desk, approval, house.mara)
    confirmed = await decide(desk, approval, house.mara, acknowledgeStale=True)

    [error] = refused["userErrors"]
    assert (error["__typename"], error["code"]) == ("StaleReply", "STALE_REPLY")
    assert error["field"] == ["acknowledgeStale"]
    assert [each["occurrence"]["text"] for each in error["newEntries"]] == ["Deixa, já chegou!"]
    assert confirmed["approval"]["state"] == "APPROVED"


async def test_a_retry_is_answered_what_was_answered_and_nothing_happens_twice(
    desk: Desk, house: Moderated
) -> None:
    approval = await house.held()

    first = await decide(desk, approval, house.mara, idempotencyKey="k")
    again = await decide(desk, approval, house.mara, idempotencyKey="k")

    assert again == first
    story = await house.world.story(await house.ticket(approval))
    assert story.count("APPROVAL_DECIDED") == 1


async def test_who_may_decide_what_is_told_with_each(desk: Desk, house: Moderated) -> None:
    approval = await house.held()
    eva = await house.world.person("Eva", level=house.level, role=Role.SUPERVISOR)
    hers = await house.held(by=eva, text="De Eva")

    told = {
        who.name: {
            each["id"]: each["allowedDecisions"] for each in (await desk.ask(LIST, who))["nodes"]
        }
        for who in (house.mara, eva)
    }

    others = ["APPROVE", "EDIT_AND_SEND", "REJECT"]
    assert told["Mara"] == {gid(approval): others, gid(hers): others}
    assert told["Eva"] == {gid(approval): others, gid(hers): ["WITHDRAW"]}


async def test_its_author_sees_what_waits_at_the_ticket_and_at_the_reply(
    desk: Desk, house: Moderated
) -> None:
    approval = await house.held()
    document = (
        "query($id: ID!) { ticket(id: $id) { approval { id allowedDecisions }"
        " replies { nodes { approval { id } } } } }"
    )

    told = await desk.ask(document, house.ana, id=gid(approval.ticket_id, "Ticket"))
    refused = await desk.error(LIST, house.ana)

    assert told["approval"] == {"id": gid(approval), "allowedDecisions": ["WITHDRAW"]}
    assert told["replies"]["nodes"] == [{"approval": {"id": gid(approval)}}]
    assert refused["extensions"]["code"] == "FORBIDDEN"


# ── lists ──────────────────────────────────────────────────────────────────────────────────────


async def test_a_list_has_pages_an_order_and_what_to_go_on_from(
    desk: Desk, house: Moderated
) -> None:
    made = [await house.held(text=f"Resposta {number}") for number in range(3)]
    await house.decide(made[1])

    first = await desk.ask(LIST, house.mara, s=["SUBMITTED"], first=1)
    second = await desk.ask(
        LIST, house.mara, s=["SUBMITTED"], first=1, after=first["pageInfo"]["endCursor"]
    )
    newest = await desk.ask(LIST, house.mara, n=True)
    nowhere = await desk.ask(LIST, house.mara, l=[unknown("Ticket")])

    assert (first["totalCount"], first["pageInfo"]["hasNextPage"]) == (2, True)
    assert [each["id"] for each in first["nodes"] + second["nodes"]] == [
        gid(made[0]),
        gid(made[2]),
    ]
    assert not second["pageInfo"]["hasNextPage"]
    assert [each["id"] for each in newest["nodes"]] == [gid(each) for each in reversed(made)]
    assert (nowhere["totalCount"], nowhere["nodes"]) == (0, [])


# ── followed ───────────────────────────────────────────────────────────────────────────────────


class Screen:
    """A list as a moderator's screen keeps it: read once, then changed by what it is told."""

    def __init__(self, desk: Desk, by: Person, **asked: Any) -> None:
        self.desk, self.by, self.asked = desk, by, asked
        self.rows: dict[str, Json] = {}
        self.cursor = ""
        self.reads = 0

    async def read(self) -> None:
        page = await self.desk.ask(LIST, self.by, first=100, **self.asked)
        self.rows = {each["id"]: each for each in page["nodes"]}
        self.cursor = page["feedCursor"]
        self.reads += 1

    async def apply(self, message: Json) -> None:
        self.cursor = message["cursor"]
        if message["resync"]:
            await self.read()
            return
        for each in message["approvals"]:
            known = self.rows.get(each["id"])
            assert known is None or known["version"] <= each["version"]
            self.rows[each["id"]] = each

    async def catch_up(self) -> None:
        """Everything since the last cursor, up to a mark that is set now."""
        stream = self.desk.follow(FOLLOW, self.by, a=self.cursor, **self.asked)
        async with aclosing(stream) as messages:
            await self.apply(await heard(messages))
            true = await self.fresh()
            while self.rows != true:
                await self.apply(await heard(messages))

    async def fresh(self) -> dict[str, Json]:
        page = await self.desk.ask(LIST, self.by, first=100, **self.asked)
        return {each["id"]: each for each in page["nodes"]}


async def test_the_old_list_and_what_is_told_make_the_new_list(
    desk: Desk, house: Moderated
) -> None:
    world = house.world
    there = await world.level("N2")
    bo = await world.person("Bo", level=[house.level, there])
    boss = await world.person("Rui", level=house.level, level_role=LevelRole.MANAGER)
    maria = await world.heard(house.account, author="maria")
    waiting = [await house.held(maria, "À Maria")]
    waiting += [await house.held(text=f"Resposta {number}") for number in range(7)]
    here, all_of_them = Screen(desk, house.mara, l=[gid(house.level)]), Screen(desk, house.mara)
    screens = [here, all_of_them]
    for each in screens:
        await each.read()

    async def moved(approval: Approval, level: Any) -> None:
        change = TicketChange(level_id=level.id)
        await world.do(handling.update, approval.ticket_id, change, by=bo)

    acts: list[Callable[[], Awaitable[object]]] = [
        lambda: house.decide(waiting[1]),
        lambda: house.decide(waiting[2], EDIT, text="Outra"),
        lambda: house.decide(waiting[3], REJECT, reason="Não"),
        lambda: house.decide(waiting[4], WITHDRAW, by=house.ana),
        lambda: house.held(text="Nova"),
        lambda: world.heard(house.account, author="maria"),
        lambda: moved(waiting[5], there),
        lambda: moved(waiting[5], house.level),
        lambda: world.do(handling.remove, waiting[6].ticket_id, "Engano", by=boss),
        lambda: world.do(
            handling.merge, waiting[7].ticket_id, waiting[0].ticket_id, None, True, by=bo
        ),
    ]
    for act in acts:
        await act()
        for each in screens:
            await each.catch_up()

    for each in screens:
        assert each.rows == await each.fresh()
    # What left was told by reading again; everything else by what changed.
    assert here.reads == 3


async def test_a_merge_into_what_one_may_not_see_is_told_by_reading_again(
    desk: Desk, house: Moderated
) -> None:
    there = await house.world.level("N2")
    bo = await house.world.person("Bo", level=[house.level, there])
    approval, target = await house.held(), await house.world.ticket(there)
    async with aclosing(desk.follow(FOLLOW, house.mara)) as stream:
        await heard(stream)

        await house.world.do(handling.merge, approval.ticket_id, target.id, None, True, by=bo)
        told = await heard(stream)

    assert (told["resync"], told["approvals"]) == (True, [])
    assert (await desk.ask(LIST, house.mara))["nodes"] == []


async def test_a_change_of_an_approval_reaches_who_follows_the_ticket(
    desk: Desk, house: Moderated
) -> None:
    approval = await house.held()
    document = (
        "subscription($id: ID!) { ticketChanges(id: $id) { entries { kind to reply { text } }"
        " ticket { status approval { state } } } }"
    )
    ticket_id = gid(approval.ticket_id, "Ticket")
    async with aclosing(desk.follow(document, house.ana, id=ticket_id)) as stream:
        assert (await heard(stream))["ticket"]["approval"] == {"state": "SUBMITTED"}

        await house.decide(approval, EDIT, text="Outra")
        told = await heard(stream)

    assert [each["kind"] for each in told["entries"]] == ["APPROVAL_DECIDED", "STATUS_CHANGED"]
    assert told["entries"][0]["reply"] == {"text": "Outra"}
    assert told["ticket"]["approval"] == {"state": "EDITED_APPROVED"}


async def test_what_has_nothing_to_do_with_approvals_is_not_told(
    desk: Desk, house: Moderated
) -> None:
    approval = await house.held()
    async with aclosing(desk.follow(FOLLOW, house.mara)) as stream:
        await heard(stream)

        await house.world.do(handling.note, approval.ticket_id, "Entre nós", by=house.ana)
        await house.world.heard(house.account, author="outra")
        await house.decide(approval)
        told = await heard(stream)

    assert [each["state"] for each in told["approvals"]] == ["APPROVED"]


async def test_a_cursor_that_cannot_be_continued_says_read_again(
    desk: Desk, house: Moderated
) -> None:
    async with aclosing(desk.follow(FOLLOW, house.mara, a="kein Cursor")) as stream:
        assert (await heard(stream))["resync"] is True


async def test_the_stream_ends_with_the_right_to_moderate(desk: Desk, house: Moderated) -> None:
    bia = await house.world.person("Bia", level=house.level)
    await granted(house.world, bia, "replies.moderate")
    async with aclosing(desk.follow(FOLLOW, bia)) as stream:
        await heard(stream)

        await granted(house.world, bia)
        with pytest.raises(StopAsyncIteration):
            await heard(stream)


async def test_the_stream_ends_when_somebody_becomes_an_approver(
    desk: Desk, house: Moderated
) -> None:
    async with aclosing(desk.follow(FOLLOW, house.mara)) as stream:
        await heard(stream)

        await became(house.world, house.mara, Role.APPROVER)
        with pytest.raises(StopAsyncIteration):
            await heard(stream)


async def test_another_level_in_sight_or_out_of_it_says_read_again(
    desk: Desk, house: Moderated
) -> None:
    await house.held()
    form = LevelForm(id=house.level.id, name=house.level.name, members=[])
    async with aclosing(desk.follow(FOLLOW, house.mara)) as stream:
        await heard(stream)

        await house.world.do(levelling.save_level, form)
        told = await heard(stream)

    assert (told["resync"], told["approvals"]) == (True, [])


# ── rights ─────────────────────────────────────────────────────────────────────────────────────


SAVE_USER = """
mutation($i: SaveUserInput!) { saveUser(input: $i) {
  user { grants } userErrors { code field message } } }
"""


async def test_grants_are_given_shown_and_taken_by_an_administrator(desk: Desk) -> None:
    boss = await desk.world.person("Chefe", role=Role.ADMIN)
    bia = await desk.world.person("Bia", level=desk.world.triage)
    form = {"id": gid(bia.user), "name": "Bia", "email": bia.user.email, "role": "ATTENDANT"}
    both = ["publishers.reveal", "replies.moderate"]

    given = await desk.ask(SAVE_USER, boss, i={**form, "grants": both})
    kept = await desk.ask(SAVE_USER, boss, i=form)
    mine = await desk.ask("{ me { permissions user { grants } } }", bia)
    others = await desk.ask("{ users { name grants } }", bia)
    taken = await desk.ask(SAVE_USER, boss, i={**form, "grants": []})

    assert given["user"] == kept["user"] == mine["user"] == {"grants": both}
    assert set(both) <= set(mine["permissions"])
    assert {each["name"]: each["grants"] for each in others} == {"Chefe": None, "Bia": both}
    assert taken["user"] == {"grants": []}


@pytest.mark.parametrize("grant", ["workspace.save", "tickets.manage", "", "replies"])
async def test_nothing_else_can_be_granted(desk: Desk, grant: str) -> None:
    boss = await desk.world.person("Chefe", role=Role.ADMIN)
    form = {"name": "Bia", "email": f"{unknown('User')}@example.com", "role": "VIEWER"}

    told = await desk.ask(
        SAVE_USER, boss, i={**form, "password": "uma senha longa", "grants": [grant]}
    )

    [error] = told["userErrors"]
    assert (error["code"], error["field"]) == ("INVALID", ["grants"])
    assert "publishers.reveal, replies.moderate" in error["message"]


async def test_an_exempt_member_stays_so_until_somebody_says_otherwise(
    desk: Desk, house: Moderated
) -> None:
    boss = await desk.world.person("Chefe", role=Role.ADMIN)
    document = """
        mutation($i: SaveLevelInput!) { saveLevel(input: $i) {
          level { members { exempt user { name } } } userErrors { code } } }
    """

    async def saved(**member: Any) -> bool:
        members = [{"userId": gid(house.ana.user), **member}]
        form = {"id": gid(house.level), "name": house.level.name, "members": members}
        told = await desk.ask(document, boss, i=form)
        exempt: bool = told["level"]["members"][0]["exempt"]
        return exempt

    assert [await saved(), await saved(exempt=True), await saved(), await saved(exempt=False)] == [
        False,
        True,
        True,
        False,
    ]


# ── those who only approve ─────────────────────────────────────────────────────────────────────


def listed(kind: Any, depth: int, apart: str = "") -> str:
    """Everything of a type that somebody who only approves may ask for, so many things deep."""
    if is_leaf_type(kind):
        return ""
    if is_abstract_type(kind):
        parts = [
            f"... on {each.name} {listed(each, depth, each.name)}"
            for each in GRAPH.get_possible_types(kind)
            if FIELDS.get(each.name) or each.name in WHOLE
        ]
        return "{ __typename " + " ".join(parts) + " }"
    parts = ["__typename"]
    for name, field in kind.fields.items():
        inner = get_named_type(field.type)
        needs = any(is_required_argument(each) for each in field.args.values())
        if needs or not OnlyForApprovers.allows(kind.name, name):
            continue
        alias = f"{apart}_{name}: " if apart else ""
        wrapper = inner.name.endswith(("Connection", "Edge", "PageInfo"))
        if is_leaf_type(inner):
            parts.append(f"{alias}{name}")
        elif depth - (not wrapper) >= 0:
            parts.append(f"{alias}{name} {listed(inner, depth - (not wrapper), '')}")
    return "{ " + " ".join(parts) + " }"


async def asked_all(desk: Desk, by: Person, approval_id: str) -> dict[str, str]:
    """All that an approver may ask, as deep as it goes, and what they are answered."""
    queries: Mapping[str, Any] = GRAPH.type_map["Query"].fields  # type: ignore[attr-defined]
    answers = {}
    for name in sorted(FIELDS["Query"]):
        selected = listed(get_named_type(queries[name].type), 4)
        document, variables = question("query", name, queries[name], selected, {"ID": approval_id})
        answers[name] = (await desk.send(document, by, **variables)).text
    mutation = GRAPH.type_map["Mutation"].fields["decideApproval"]  # type: ignore[attr-defined]
    for said in ({"decision": "APPROVE"}, {"decision": "REJECT", "reason": "Não"}):
        given = {"input": {"approvalId": approval_id, **said, "idempotencyKey": plain(said)}}
        selected = listed(get_named_type(mutation.type), 4)
        document, variables = question("mutation", "decideApproval", mutation, selected, given)
        answers[plain(said)] = (await desk.send(document, by, **variables)).text
        answers[f"{plain(said)} again"] = (await desk.send(document, by, **variables)).text
    return answers


def test_every_field_that_an_approver_may_ask_for_is_there() -> None:
    gone = [name for name in WHOLE if name not in GRAPH.type_map]
    gone += [
        f"{kind}.{name}"
        for kind, names in FIELDS.items()
        for name in names
        if name not in GRAPH.type_map[kind].fields  # type: ignore[attr-defined]
    ]

    assert gone == []


async def test_an_approver_decides_with_the_conversation_before_their_eyes_and_no_more(
    desk: Desk,
) -> None:
    walled = await Walled.built(desk.world)
    world = desk.world
    client = await world.person("Cliente", level=walled.rh, role=Role.APPROVER)
    [*_, waits] = walled.ids["Approval"]

    answers = await asked_all(desk, client, waits)

    told = " ".join(answers.values())
    assert not [each for each in answers.values() if '"errors"' in each]
    for said in ("salário", "original", "editada", "devolvida", "motivo", "à espera"):
        assert f"{CANARY} {said}" in told
    # Neither notes and comments of the staff, nor tickets of which nothing was to be approved.
    for unsaid in ("entre nós", "por quê", "do RH", "fim"):
        assert f"{CANARY} {unsaid}" not in told
    for ticket in walled.tickets[2:]:
        assert gid(ticket) not in told
        assert ticket.protocol not in told
    assert "@" not in told.replace(client.user.email, "")


async def test_an_approver_is_not_told_why_somebody_opened_a_case_by_hand(
    desk: Desk, house: Moderated
) -> None:
    client = await house.world.person("Cliente", level=house.level, role=Role.APPROVER)
    wrote = await house.world.heard(house.account)
    case = await house.world.ticket(
        house.level,
        publisher_id=wrote.publisher_id,
        subject="Pedido 42",
        comment=f"{CANARY} ligou aos gritos",
        by=house.ana,
    )
    approval = await house.held(case, visibility=Visibility.PRIVATE, account_id=house.account.id)

    answers = await asked_all(desk, client, gid(approval))

    told = " ".join(answers.values())
    assert "Pedido 42" in told
    assert CANARY not in told


async def test_an_approver_of_another_level_is_told_nothing_by_any_road(desk: Desk) -> None:
    walled = await Walled.built(desk.world)
    world = desk.world
    client = await world.person("Cliente", level=walled.mine, role=Role.APPROVER)
    loose = await world.person("Solto", role=Role.APPROVER)

    for who in (client, loose):
        nothing = await asked_all(desk, who, unknown("Approval"))
        for each in walled.ids["Approval"]:
            answers = await asked_all(desk, who, each)
            without = {name: moved(text) for name, text in answers.items()}
            assert without == {name: moved(text) for name, text in nothing.items()}
            assert silent(" ".join(answers.values()))


def moved(text: str) -> str:
    """An answer without what moves with time."""
    return "".join(
        part for part in text.split(",") if "serverTime" not in part and "feedCursor" not in part
    )


@pytest.mark.parametrize("role", [Role.SUPERVISOR, Role.APPROVER])
async def test_an_outsider_is_told_of_no_approval_while_they_follow(desk: Desk, role: Role) -> None:
    walled = await Walled.built(desk.world)
    mora = await desk.world.person("Mora", level=walled.rh, role=Role.SUPERVISOR)
    outside = await desk.world.person("Oto", level=walled.mine, role=role)
    house = Moderated(desk.world, walled.rh, walled.account, walled.rita, mora)
    async with (
        aclosing(desk.follow(FOLLOW, outside)) as stream,
        aclosing(desk.follow(FOLLOW, outside, l=[gid(walled.rh)])) as aimed,
        aclosing(desk.follow(FOLLOW, mora)) as inside,
    ):
        messages = [await heard(stream), await heard(aimed)]
        await heard(inside)

        approval = await house.held(walled.tickets[0], f"{CANARY} outra")
        await house.decide(approval, EDIT, text=f"{CANARY} melhor")
        while (await heard(inside))["approvals"][0]["state"] != "EDITED_APPROVED":
            pass
        waiting = [asyncio.ensure_future(anext(each)) for each in (stream, aimed)]
        done, _ = await asyncio.wait(waiting, timeout=0.1)
        for each in waiting:
            each.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)

    assert done == set()
    assert silent(messages)


@pytest.mark.parametrize("role", [Role.SUPERVISOR, Role.APPROVER])
async def test_an_outsider_is_told_of_no_merge_while_they_follow(desk: Desk, role: Role) -> None:
    walled = await Walled.built(desk.world)
    mora = await desk.world.person("Mora", level=walled.rh, role=Role.SUPERVISOR)
    outside = await desk.world.person("Oto", level=walled.mine, role=role)
    decided, waits, *_ = walled.tickets
    async with (
        aclosing(desk.follow(FOLLOW, outside)) as stream,
        aclosing(desk.follow(FOLLOW, mora)) as inside,
    ):
        await heard(stream)
        await heard(inside)

        await desk.world.do(handling.merge, waits.id, decided.id, None, True, by=walled.rita)
        seen = await heard(inside)
        waiting = asyncio.ensure_future(anext(stream))
        done, _ = await asyncio.wait([waiting], timeout=0.1)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)

    assert sorted(each["id"] for each in seen["approvals"]) == sorted(walled.ids["Approval"])
    assert done == set()


@pytest.mark.parametrize("decision", [APPROVE, EDIT, REJECT, WITHDRAW])
@pytest.mark.parametrize("role", [Role.SUPERVISOR, Role.ATTENDANT, Role.APPROVER])
async def test_behind_the_wall_every_decision_is_answered_as_for_an_id_of_nothing(
    desk: Desk, house: Moderated, role: Role, decision: Any
) -> None:
    outside = await house.world.person("Oto", level=house.world.triage, role=role)
    waits, done = await house.held(), await house.held(text="Outra")
    await house.decide(done)
    said = {EDIT: {"text": "x"}, REJECT: {"reason": "x"}}.get(decision, {})

    def asked(approval_id: str) -> Json:
        return {
            "approvalId": approval_id,
            "decision": decision.value,
            **said,
            "expectedVersion": 9,
            "idempotencyKey": f"k{approval_id}",
        }

    answers = [
        (await desk.send(DECIDE, outside, i=asked(each))).content
        for each in (gid(waits), gid(done), unknown("Approval"), gid(waits), gid(done))
    ]

    assert len(set(answers)) == 1
    assert NOT_FOUND in answers[0].decode()
    assert (await house.now(waits)).waits


async def test_a_decision_that_went_out_of_sight_is_not_told_again(
    desk: Desk, house: Moderated
) -> None:
    approval = await house.held(text=f"{CANARY} resposta")
    first = await decide(desk, approval, house.mara, idempotencyKey="k")
    there = await house.world.level("N2")
    boss = await house.world.person("Chefe", role=Role.ADMIN)
    change = TicketChange(level_id=there.id)
    await house.world.do(handling.update, approval.ticket_id, change, by=boss)

    again = await decide(desk, approval, house.mara, idempotencyKey="k")

    assert first["approval"] is not None
    assert again == {"approval": None, "ticket": None, "userErrors": []}


REFUSED = [
    "{ tickets { totalCount } }",
    "{ levels { name } }",
    "{ users { name } }",
    "{ publishers { totalCount } }",
    "{ wallboard { totals { waiting } } }",
    "{ approvals { nodes { ticket { publisher { ticketCount } } } } }",
    "{ approvals { nodes { ticket { publisher { profiles { handle } } } } } }",
    "{ approvals { nodes { ticket { level { members { user { name } } } } } } }",
    "{ approvals { nodes { ticket { level { queue { totalCount } } } } } }",
    "{ approvals { nodes { ticket { tags assignee { name } interactionsCount } } } }",
    "{ me { user { levels { activeTickets } } } }",
    "subscription { queueChanges { cursor } }",
    'mutation { startTicket(input: {ticketId: "x"}) { ticket { id } } }',
]


@pytest.mark.parametrize("document", REFUSED)
async def test_an_approvers_document_that_asks_for_more_is_refused_whole(
    desk: Desk, house: Moderated, document: str
) -> None:
    client = await house.world.person("Cliente", level=house.level, role=Role.APPROVER)
    await house.held()
    aimed = document.replace('"x"', f'"{unknown("Ticket")}"')

    told = await desk.answer(aimed, client)

    assert told.get("data") is None
    codes = {each.get("extensions", {}).get("code") for each in told["errors"]}
    assert "FORBIDDEN" in codes or document.startswith("subscription")


async def test_an_approver_signs_in_and_is_answered_no_more_than_is_theirs(
    desk: Desk, house: Moderated
) -> None:
    client = await house.world.person(
        "Cliente", level=house.level, role=Role.APPROVER, password="uma senha longa"
    )
    document = (
        "mutation($i: SignInInput!) {{ signIn(input: $i) {{ accessToken me {{ permissions user {{"
        " name email levels {{ role level {{ name {} }} }} }} }} userErrors {{ code }} }} }}"
    )
    asked = {"email": client.user.email, "password": "uma senha longa"}

    told = await desk.ask(document.format(""), None, i=asked)
    more = await desk.answer(document.format("members { user { name } }"), None, i=asked)
    listed = await desk.ask(LIST, told["accessToken"])

    assert told["me"]["permissions"] == ["replies.moderate"]
    assert told["me"]["user"]["email"] == client.user.email
    assert told["me"]["user"]["levels"] == [{"role": "ATTENDANT", "level": {"name": "Moderado"}}]
    assert more["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert "Ana" not in plain(more)
    assert listed["totalCount"] == 0


async def test_an_approver_sees_nothing_of_a_level_that_is_open_to_the_house(desk: Desk) -> None:
    house = await Moderated.set_up(desk.world, outside_view=OutsideView.FULL)
    client = await desk.world.person("Cliente", level=desk.world.triage, role=Role.APPROVER)
    approval = await house.held()

    told = await desk.ask(LIST, client)
    refused = await decide_as_approver(desk, approval, client)

    assert told["totalCount"] == 0
    assert [each["message"] for each in refused["userErrors"]] == [NOT_FOUND]


async def decide_as_approver(desk: Desk, approval: Approval, client: Person) -> Json:
    document = (
        "mutation($i: DecideApprovalInput!) { decideApproval(input: $i) {"
        " approval { state moderator { name } } userErrors { message } } }"
    )
    asked = {"approvalId": gid(approval), "decision": "APPROVE"}
    told: Json = await desk.ask(document, client, i=asked)
    return told


async def test_an_approver_approves_and_stands_in_the_history_with_their_name(
    desk: Desk, house: Moderated
) -> None:
    client = await house.world.person("Cliente", level=house.level, role=Role.APPROVER)
    approval = await house.held()

    told = await decide_as_approver(desk, approval, client)

    assert told["approval"] == {"state": "APPROVED", "moderator": {"name": "Cliente"}}
    assert (await house.last(approval))[0].actor_name == "Cliente"


# ── what the tests stand on ────────────────────────────────────────────────────────────────────


async def granted(world: World, person: Person, *grants: str) -> None:
    user = person.user
    form = UserForm(
        id=user.id, name=user.name, email=user.email, role=user.role, grants=list(grants)
    )
    await world.do(organizing.save_user, form)


async def became(world: World, person: Person, role: Role) -> None:
    user = person.user
    form = UserForm(id=user.id, name=user.name, email=user.email, role=role)
    await world.do(organizing.save_user, form)
