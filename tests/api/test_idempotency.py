"""The same key with the same input acts once: a retry is answered what was answered before."""

import asyncio
from collections.abc import Sequence
from datetime import time
from typing import Any

import pytest
from sqlalchemy import select

from domain.model.idempotency import Idempotency
from domain.operations import canning, handling, levelling, partnering, scheduling, signing
from domain.operations.canning import CannedForm
from domain.operations.partnering import EndpointForm
from domain.operations.scheduling import CalendarForm
from domain.rules.hours import WeeklyInterval
from domain.sending import Declined
from domain.words import Role, TicketStatus
from graph.schema import build
from resolvers.attachments import Upload
from storage.access import columns
from tests.api.desk import Desk, Json, gid, plain
from tests.api.documents import graph
from tests.api.office import CALENDAR, FIELD, MUTATIONS, POST, USER, Office, named
from tests.holding import Moderated
from tests.outbox import ended
from tests.world import Person

KEY = "uma-chave"
SHOWN = {
    "openTicket": "ticket { id protocol version }",
    "getTickets": "tickets { id version } waiting",
    "startTicket": "ticket { id version }",
    "updateTicket": "ticket { id version }",
    "escalateTicket": "ticket { id version }",
    "finishTicket": "ticket { id version }",
    "acknowledgeOccurrence": "ticket { id version }",
    "mergeTickets": "ticket { id version }",
    "removeTicket": "removedId",
    "uploadAttachment": "attachment { id fileName }",
    "saveCannedReply": "cannedReply { id version }",
    "deleteCannedReply": "deletedId",
    "shortenLinks": "text links { id }",
    "reply": "reply { id text } ticket { id version }",
    "decideApproval": "approval { id state version } ticket { id version }",
    "retryReply": "reply { id state } ticket { id version }",
    "updatePublisher": "publisher { id version }",
    "recordCall": "call { seconds } ticket { id version }",
    "requestHistory": "historyRequest { means dueAt }",
    "mergePublishers": "publisher { id version }",
    "savePublisherFieldDefinition": "fieldDefinition { id version }",
    "receiveOccurrence": "occurrence { id } ticket { id version } duplicate",
    "saveLevel": "level { id version }",
    "saveCalendar": "calendar { id version }",
    "saveAccount": "account { id }",
    "saveMonitoring": "monitoring { id }",
    "saveTicketType": "ticketType { id }",
    "saveUser": "user { id }",
    "deleteCalendar": "deletedId",
    "revokeApiKey": "deletedId",
    "saveWebhookEndpoint": "endpoint { id version }",
    "rotateWebhookSecret": "endpoint { id version }",
    "testWebhookEndpoint": "delivery { id kind }",
    "replayWebhookDeliveries": "endpoint { id version } replayed",
    "deleteWebhookEndpoint": "deletedId",
}
KINDS = {
    **MUTATIONS,
    "acknowledgeOccurrence": "AcknowledgeInput",
    "removeTicket": "RemoveTicketInput",
    "uploadAttachment": "UploadAttachmentInput",
    "saveCannedReply": "CannedReplyInput",
    "deleteCannedReply": "DeleteInput",
    "deleteCalendar": "DeleteInput",
    "revokeApiKey": "DeleteInput",
    "shortenLinks": "ShortenLinksInput",
    "recordCall": "RecordCallInput",
    "requestHistory": "RequestHistoryInput",
    "decideApproval": "DecideApprovalInput",
    "retryReply": "RetryReplyInput",
    "saveWebhookEndpoint": "SaveWebhookEndpointInput",
    "rotateWebhookSecret": "WebhookEndpointInput",
    "testWebhookEndpoint": "WebhookEndpointInput",
    "replayWebhookDeliveries": "ReplayWebhookDeliveriesInput",
    "deleteWebhookEndpoint": "DeleteInput",
}
ASKED: Sequence[tuple[str, Json, Json]] = [
    ("openTicket", {"levelId": "$level", "subject": "S", "comment": "C"}, {"subject": "T"}),
    ("getTickets", {"count": 1}, {"count": 2}),
    ("startTicket", {"ticketId": "$ticket"}, {"ticketId": "$other"}),
    ("updateTicket", {"ticketId": "$ticket", "priority": "LOW"}, {"priority": "URGENT"}),
    (
        "escalateTicket",
        {"ticketId": "$ticket", "levelId": "$second", "comment": "C"},
        {"comment": "D"},
    ),
    (
        "recordCall",
        {
            "ticketId": "$ticket",
            "direction": "OUTBOUND",
            "outcome": "ANSWERED",
            "seconds": 60,
            "text": "T",
        },
        {"text": "U"},
    ),
    ("requestHistory", {"ticketId": "$answered", "means": "CHANNEL"}, {"means": "EMAIL"}),
    (
        "finishTicket",
        {"ticketId": "$ticket", "closeReason": "SPAM", "comment": "C"},
        {"closeReason": "DUPLICATE"},
    ),
    (
        "acknowledgeOccurrence",
        {"ticketId": "$reopened", "occurrenceId": "$thanks"},
        {"ticketId": "$ticket"},
    ),
    (
        "mergeTickets",
        {"sourceId": "$ticket", "targetId": "$other", "acrossPublishers": True},
        {"targetId": "$reopened"},
    ),
    ("removeTicket", {"ticketId": "$ticket", "reason": "C"}, {"reason": "D"}),
    (
        "reply",
        {"ticketId": "$ticket", "text": "Nota", "visibility": "INTERNAL"},
        {"text": "Outra"},
    ),
    (
        "decideApproval",
        {"approvalId": "$approval", "decision": "REJECT", "reason": "Não"},
        {"reason": "Ainda não"},
    ),
    ("retryReply", {"replyId": "$stopped"}, {"decision": "ARRIVED"}),
    ("updatePublisher", {"publisherId": "$publisher", "name": "Outra"}, {"name": "Mais outra"}),
    (
        "mergePublishers",
        {"sourceId": "$stranger", "targetId": "$publisher"},
        {"sourceId": "$publisher", "targetId": "$stranger"},
    ),
    ("savePublisherFieldDefinition", FIELD, {"key": "outro"}),
    ("receiveOccurrence", POST, {"text": "Outro"}),
    ("saveLevel", {"name": "Novo"}, {"name": "Outro"}),
    ("saveCalendar", CALENDAR, {"name": "Outro"}),
    ("saveAccount", {"network": "X", "name": "nova"}, {"name": "outra"}),
    (
        "saveMonitoring",
        {"name": "m", "levelId": "$level", "accountIds": ["$account"]},
        {"name": "n"},
    ),
    ("saveCannedReply", {"title": "Novo", "text": "Oi"}, {"text": "Olá"}),
    ("deleteCannedReply", {"id": "$canned"}, {"expectedVersion": 7}),
    ("shortenLinks", {"text": "https://a.example"}, {"text": "https://b.example"}),
    (
        "uploadAttachment",
        {"ticketId": "$ticket", "file": Upload("a.txt", b"um")},
        {"file": Upload("a.txt", b"dois")},
    ),
    ("saveTicketType", {"name": "Novo"}, {"name": "Outro"}),
    ("saveUser", USER, {"name": "Outra"}),
    ("deleteCalendar", {"id": "$calendar"}, {"expectedVersion": 7}),
    ("revokeApiKey", {"id": "$key"}, {"expectedVersion": 7}),
    (
        "saveWebhookEndpoint",
        {"name": "novo", "url": "https://parceiro.example/a", "apiKeyId": "$partner"},
        {"url": "https://parceiro.example/b"},
    ),
    ("rotateWebhookSecret", {"endpointId": "$endpoint"}, {"expectedVersion": 7}),
    ("testWebhookEndpoint", {"endpointId": "$endpoint"}, {"expectedVersion": 7}),
    ("replayWebhookDeliveries", {"endpointId": "$endpoint"}, {"expectedVersion": 7}),
    ("deleteWebhookEndpoint", {"id": "$endpoint"}, {"expectedVersion": 7}),
]


async def office_of(desk: Desk, asked: Json | None = None) -> Office:
    """An office with everything that the asked may name."""
    office = await Office.built(desk)
    if any(each in ("$approval", "$stopped") for each in (asked or {}).values()):
        office.names |= await moderation_of(desk)
    world = desk.world
    if "$answered" in (asked or {}).values():
        of_its_own = await world.account()
        level = await world.level("Com conta", account_ids=[of_its_own.id])
        await world.watch(of_its_own, level)
        office.names["answered"] = gid(await world.heard(of_its_own))
    second = await world.level("Segundo")
    account = await world.account()
    await world.watch(account, world.triage)
    ticket = await world.heard(account, author="grata", thread="g")
    change = handling.TicketChange(status=TicketStatus.RESOLVED)
    await world.do(handling.update, ticket.id, change)
    [received] = await world.receive(
        world.post(account, author="grata", thread="g", text="obrigada")
    )
    assert received.occurrence is not None
    hours = CalendarForm(
        name="Sábados",
        time_zone="America/Sao_Paulo",
        intervals=[WeeklyInterval(6, time(9), time(12))],
    )
    partner = (await world.do(signing.make_key, "parceiro", ["protocol"])).api_key
    told = EndpointForm(name="avisos", url="https://parceiro.example/", api_key_id=partner.id)
    office.names |= {
        "partner": gid(partner),
        "endpoint": gid((await world.do(partnering.save_endpoint, told)).endpoint),
        "calendar": gid(await world.do(scheduling.save_calendar, hours)),
        "key": gid((await world.do(signing.make_key, "chave", ["read"])).api_key),
        "second": gid(second),
        "canned": gid(await world.do(canning.save, CannedForm(title="Velho", text="Oi"))),
        "reopened": gid(ticket),
        "thanks": gid(received.occurrence),
    }
    # The administrator may do all there is, so one person will do for every mutation.
    members = [levelling.MemberForm(user_id=each.id) for each in (office.boss, office.ana)]
    await world.arrange(world.triage, members=members)
    return office


async def moderation_of(desk: Desk) -> Json:
    """A reply that waits, and one that was let go and did not arrive."""
    moderated = await Moderated.set_up(desk.world)
    approval, sent = await moderated.held(), await moderated.held(text="Outra")
    await moderated.decide(sent)
    await ended(desk.world, Declined("network_declined"))
    return {"approval": gid(approval), "stopped": gid(sent.reply_id, "Reply")}


def document(mutation: str) -> str:
    return (
        f"mutation($i: {KINDS[mutation]}!) {{ {mutation}(input: $i) {{ {SHOWN[mutation]}"
        " userErrors { code message field } } }"
    )


@pytest.mark.parametrize(("mutation", "given", "other"), ASKED, ids=[each[0] for each in ASKED])
async def test_a_retry_is_answered_the_same_and_nothing_is_done_twice(
    desk: Desk, mutation: str, given: Json, other: Json
) -> None:
    office = await office_of(desk, given)
    asked = named({**given, "idempotencyKey": KEY}, office.names)
    another = named({**given, **other, "idempotencyKey": KEY}, office.names)

    first = await desk.ask(document(mutation), office.boss, i=asked)
    rows = await office.rows()
    again = await desk.ask(document(mutation), office.boss, i=asked)
    differing = await desk.ask(document(mutation), office.boss, i=another)

    assert first["userErrors"] == []
    assert again == first
    assert [each["code"] for each in differing["userErrors"]] == ["INVALID"]
    assert differing["userErrors"][0]["field"] == ["idempotencyKey"]
    assert await office.rows() == rows


def test_every_mutation_that_takes_a_key_is_tried_here() -> None:
    mutations: Any = graph(build()).type_map["Mutation"]
    taking = {
        name
        for name, field in mutations.fields.items()
        for argument in field.args.values()
        if "idempotencyKey" in argument.type.of_type.fields
    }

    # What is revealed is told once, so its retry is not answered the same.
    assert taking == {each[0] for each in ASKED} | {"revealField"}


@pytest.mark.parametrize("mutation", ["openTicket", "reply", "getTickets", "receiveOccurrence"])
async def test_two_at_the_same_time_act_once(desk: Desk, mutation: str) -> None:
    office = await office_of(desk)
    given = next(each[1] for each in ASKED if each[0] == mutation)
    asked = named({**given, "idempotencyKey": KEY}, office.names)
    before = await office.rows()

    answers = await asyncio.gather(
        *(desk.ask(document(mutation), office.boss, i=asked) for _ in range(4))
    )

    after = await office.rows()
    assert len({plain(each) for each in answers}) == 1
    assert answers[0]["userErrors"] == []
    assert after["idempotency"] == before["idempotency"] + 1
    assert after["ticket"] - before["ticket"] == (mutation in ("openTicket", "receiveOccurrence"))
    assert after["reply"] - before["reply"] == (mutation == "reply")


async def test_a_key_belongs_to_who_uses_it(desk: Desk) -> None:
    office = await office_of(desk)
    asked = named({**ASKED[0][1], "idempotencyKey": KEY}, office.names)

    one = await desk.ask(document("openTicket"), office.boss, i=asked)
    other = await desk.ask(document("openTicket"), office.ana, i=asked)

    assert one["ticket"]["id"] != other["ticket"]["id"]


async def test_what_was_refused_leaves_its_key_free(desk: Desk) -> None:
    office = await office_of(desk)
    refused = named({**ASKED[0][1], "subject": "", "idempotencyKey": KEY}, office.names)
    asked = named({**ASKED[0][1], "idempotencyKey": KEY}, office.names)

    assert (await desk.ask(document("openTicket"), office.boss, i=refused))["ticket"] is None

    assert (await desk.ask(document("openTicket"), office.boss, i=asked))["userErrors"] == []


async def test_a_secret_is_told_once_and_kept_nowhere(desk: Desk) -> None:
    office = await office_of(desk)
    account = (
        "mutation($i: SaveAccountInput!) { saveAccount(input: $i) {"
        " account { id } webhookSecret userErrors { code } } }"
    )
    user = "mutation($i: SaveUserInput!) { saveUser(input: $i) { user { id } } }"
    asked = {"network": "X", "name": "nova", "idempotencyKey": KEY}

    first = await desk.ask(account, office.boss, i=asked)
    again = await desk.ask(account, office.boss, i=asked)
    await desk.ask(user, office.boss, i=named({**USER, "idempotencyKey": "outra"}, office.names))

    assert first["webhookSecret"].startswith("whsec_")
    assert again == {**first, "webhookSecret": None}
    kept = plain(await stored(desk, office.boss))
    assert first["webhookSecret"] not in kept
    assert USER["password"] not in kept
    assert office.names["address"] not in kept


async def stored(desk: Desk, person: Person) -> list[Any]:
    """All that is kept with the keys of a workspace."""
    table = columns(Idempotency)
    async with desk.world.storage.reading(desk.world.system) as work:
        rows = await work.session.execute(
            select(table.key, table.request_hash, table.answer).where(
                table.workspace_id == person.user.workspace_id
            )
        )
        return [list(row) for row in rows]


async def test_a_retry_shows_nothing_that_has_gone_behind_the_wall_since(desk: Desk) -> None:
    office = await office_of(desk)
    asked = named({"ticketId": "$ticket", "idempotencyKey": KEY}, office.names)
    first = await desk.ask(document("startTicket"), office.ana, i=asked)
    member = await desk.world.person("Rita", role=Role.ADMIN)
    escalated = {"ticketId": office.names["ticket"], "levelId": office.names["second"]}
    await desk.ask(document("escalateTicket"), member, i={**escalated, "comment": "Segredo"})

    again = await desk.ask(document("startTicket"), office.ana, i=asked)

    assert first["ticket"]["id"] == office.names["ticket"]
    assert again["ticket"] is None


async def test_what_was_removed_is_named_by_its_own_id(desk: Desk) -> None:
    office = await office_of(desk)
    asked = named({"ticketId": "$ticket", "reason": "Engano"}, office.names)

    told = await desk.ask(document("removeTicket"), office.boss, i=asked)

    assert told["removedId"] == office.names["ticket"]
