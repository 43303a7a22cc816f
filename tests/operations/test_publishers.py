"""What is known of publishers: put right, told, looked at, and kept where nobody reads it."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from domain.errors import (
    Duplicate,
    Forbidden,
    Invalid,
    NotFound,
    ReasonRequired,
    TooLong,
    VersionConflict,
)
from domain.model.publisher import FieldDefinition, Publisher, PublisherEntry, PublisherField
from domain.model.ticket import Ticket
from domain.operations import (
    correcting,
    defining,
    delivering,
    handling,
    opening,
    revealing,
    sealing,
)
from domain.operations.correcting import FieldForm, PublisherForm
from domain.operations.defining import DefinitionForm
from domain.operations.opening import Opening
from domain.post import Author
from domain.rules.membership import TicketFilter
from domain.sending import Outgoing
from domain.words import (
    CloseReason,
    FieldKind,
    HistoryKind,
    Network,
    OrderDirection,
    Role,
    TicketOrderField,
)
from domain.work import Work
from storage.work import SqlWork
from tests import outbox
from tests.world import FIRST_HUNDRED, Person, World

CPF, EMAIL, PHONE = "52998224725", "fulano@example.com", "+5511987654321"


async def known(world: World, ticket: Ticket) -> Publisher:
    async with world.storage.reading(world.system) as work:
        return await work.publishers.get(ticket.publisher_id)


async def audit(world: World, publisher: Publisher) -> list[PublisherEntry]:
    async with world.storage.reading(world.system) as work:
        pages = await work.publisher_entries.pages([publisher.id], FIRST_HUNDRED)
        return list(pages[publisher.id].nodes)


async def field(world: World, key: str, kind: FieldKind, **more: Any) -> FieldDefinition:
    form = DefinitionForm(key=key, label=key.capitalize(), kind=kind, **more)
    return await world.do(defining.save_definition, form)


async def told(world: World, publisher: Publisher) -> dict[FieldKind, str | None]:
    secrets = world.storage.secrets
    return {
        kind: sealing.told(secrets, publisher, kind)
        for kind in (FieldKind.CPF, FieldKind.EMAIL, FieldKind.PHONE)
    }


async def cared_for(world: World) -> tuple[Ticket, Person]:
    """A ticket, and Ana who handles it."""
    account = await world.account()
    await world.watch(account, world.triage)
    ana = await world.person("Ana", level=world.triage)
    return await world.heard(account), ana


# ── put right ──────────────────────────────────────────────────────────────────────────────────


async def test_what_is_put_right_is_kept_in_one_form_sealed_with_their_own_key(
    world: World,
) -> None:
    ticket, ana = await cared_for(world)
    form = PublisherForm(
        id=ticket.publisher_id,
        cpf="529.982.247-25",
        email=" Fulano@Example.com",
        phone="11 98765-4321",
    )

    publisher = await world.do(correcting.update, form, by=ana)

    assert publisher.version == 2
    assert await told(world, publisher) == {
        FieldKind.CPF: CPF,
        FieldKind.EMAIL: EMAIL,
        FieldKind.PHONE: PHONE,
    }
    kept = [publisher.sealed_key, publisher.sealed_cpf, publisher.sealed_email]
    assert all(each is not None for each in kept)
    assert CPF.encode() not in b"".join(each or b"" for each in kept)
    with pytest.raises(ValueError, match="SECRET_KEY"):
        world.storage.secrets.unseal(publisher.sealed_cpf or b"")


async def test_every_open_ticket_tells_of_it_masked_and_a_closed_one_does_not(
    world: World,
) -> None:
    ticket, ana = await cared_for(world)
    other = await world.ticket(publisher_id=ticket.publisher_id)
    rh = await world.level("RH")
    walled = await world.ticket(rh, publisher_id=ticket.publisher_id)
    closed = await world.ticket(publisher_id=ticket.publisher_id)
    await world.do(handling.finish, closed.id, CloseReason.SPAM, "fim")
    form = PublisherForm(id=ticket.publisher_id, cpf=CPF, name="Maria Souza")

    await world.do(correcting.update, form, by=ana)

    for each in (ticket, other, walled):
        entries = [
            entry
            for entry in await world.history(each)
            if entry.kind is HistoryKind.PUBLISHER_CHANGED
        ]
        assert [(entry.was, entry.became) for entry in entries] == [
            ("name: Maria", "name: Maria Souza"),
            (None, "cpf: ***.982.247-**"),
        ]
        assert {entry.actor_name for entry in entries} == {"Ana"}
    assert "PUBLISHER_CHANGED" not in await world.story(closed)


async def test_a_ticket_is_found_by_the_new_name_and_no_longer_by_the_old(world: World) -> None:
    ticket, ana = await cared_for(world)

    await world.do(
        correcting.update, PublisherForm(id=ticket.publisher_id, name="Beltrana"), by=ana
    )

    seen = await world.see(ticket)
    assert "beltrana" in seen.search
    assert seen.face.search == seen.search
    async with world.storage.reading(world.system) as work:
        page = await work.publishers.page("beltrana", FIRST_HUNDRED)
        assert [each.id for each in page.nodes] == [ticket.publisher_id]
        found = await work.tickets.page(
            TicketFilter(search="beltrana"),
            TicketOrderField.URGENCY,
            OrderDirection.ASC,
            FIRST_HUNDRED,
        )
        assert [each.id for each in found.nodes] == [ticket.id]


async def test_an_empty_text_takes_a_value_away_and_what_is_not_given_stays(
    world: World,
) -> None:
    ticket, ana = await cared_for(world)
    await world.do(
        correcting.update,
        PublisherForm(id=ticket.publisher_id, cpf=CPF, email=EMAIL),
        by=ana,
    )

    publisher = await world.do(
        correcting.update, PublisherForm(id=ticket.publisher_id, email=""), by=ana
    )

    assert (publisher.sealed_email, publisher.email_hash) == (None, None)
    assert (await told(world, publisher))[FieldKind.CPF] == CPF
    last = (await audit(world, publisher))[-1]
    assert (last.field, last.was, last.became) == ("email", "f***@example.com", None)


async def test_the_same_again_changes_nothing_and_tells_nothing(world: World) -> None:
    ticket, ana = await cared_for(world)
    form = PublisherForm(id=ticket.publisher_id, cpf=CPF, name="Maria", tags=[])
    await world.do(correcting.update, form, by=ana)
    before = await known(world, ticket), await world.story(ticket)

    await world.do(correcting.update, form, by=ana)

    assert (await known(world, ticket), await world.story(ticket)) == before


async def test_fields_are_kept_by_their_definition(world: World) -> None:
    ticket, ana = await cared_for(world)
    loyalty = await field(world, "fidelidade", FieldKind.TEXT, pattern=r"[A-Z]\d{3}")
    await field(world, "nascimento", FieldKind.DATE)
    values = [
        FieldForm(key="fidelidade", value=" A123 "),
        FieldForm(key="nascimento", value="1980-01-31"),
    ]

    publisher = await world.do(
        correcting.update, PublisherForm(id=ticket.publisher_id, fields=values), by=ana
    )
    gone = [FieldForm(key="nascimento", value=None)]
    await world.do(correcting.update, PublisherForm(id=ticket.publisher_id, fields=gone), by=ana)

    async with world.storage.reading(world.system) as work:
        kept = (await work.publisher_fields.of_publishers([publisher.id]))[publisher.id]
    [only] = kept
    assert only.definition_id == loyalty.id
    assert sealing.value_of(world.storage.secrets, publisher, only) == "A123"
    assert [(each.field, each.was, each.became) for each in await audit(world, publisher)] == [
        ("fidelidade", None, "***"),
        ("nascimento", None, "***"),
        ("nascimento", "***", None),
    ]


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"key": "nada", "value": "1"}, ("fields", "0", "key")),
        ({"key": "antigo", "value": "1"}, ("fields", "0", "key")),
        ({"key": "fidelidade", "value": "a1"}, ("fields", "0", "value")),
        ({"key": "cpf", "value": CPF}, ("fields", "0", "key")),
    ],
)
async def test_a_field_that_is_not_kept_or_does_not_match_is_refused(
    world: World, given: dict[str, str], path: tuple[str, ...]
) -> None:
    ticket, ana = await cared_for(world)
    await field(world, "fidelidade", FieldKind.TEXT, pattern=r"[A-Z]\d{3}")
    await field(world, "antigo", FieldKind.TEXT, active=False)
    form = PublisherForm(id=ticket.publisher_id, cpf=CPF, fields=[FieldForm(**given)])

    with pytest.raises(Invalid) as refused:
        await world.do(correcting.update, form, by=ana)

    assert refused.value.field == path
    assert (await known(world, ticket)).sealed_cpf is None


async def test_who_looked_at_an_older_version_is_shown_what_it_is_now(world: World) -> None:
    ticket, ana = await cared_for(world)
    await world.do(correcting.update, PublisherForm(id=ticket.publisher_id, cpf=CPF), by=ana)

    with pytest.raises(VersionConflict) as refused:
        await world.do(
            correcting.update,
            PublisherForm(id=ticket.publisher_id, expected_version=1, cpf=""),
            by=ana,
        )

    assert refused.value.current.version == 2


async def test_whoever_handles_none_of_their_tickets_may_look_and_not_touch(world: World) -> None:
    ticket, _ = await cared_for(world)
    looker = await world.person("Vera", level=world.triage, role=Role.VIEWER)
    boss = await world.person("Chefe", role=Role.ADMIN)
    stranger = await world.person("Zeca", level=await world.level("RH"))
    form = PublisherForm(id=ticket.publisher_id, cpf=CPF)

    for person, refusal in ((looker, Forbidden), (stranger, NotFound)):
        with pytest.raises(refusal):
            await world.do(correcting.update, form, by=person)
    assert (await world.do(correcting.update, form, by=boss)).version == 2


async def test_two_who_correct_at_once_both_count(world: World) -> None:
    ticket, ana = await cared_for(world)
    bia = await world.person("Bia", level=world.triage)
    forms = [
        PublisherForm(id=ticket.publisher_id, cpf=CPF),
        PublisherForm(id=ticket.publisher_id, email=EMAIL),
    ]

    await asyncio.gather(
        *(
            world.do(correcting.update, form, by=by)
            for form, by in zip(forms, (ana, bia), strict=True)
        )
    )

    publisher = await known(world, ticket)
    assert publisher.version == 3
    assert (await told(world, publisher))[FieldKind.CPF] == CPF
    assert (await told(world, publisher))[FieldKind.EMAIL] == EMAIL
    assert sorted(each.sequence for each in await audit(world, publisher)) == [1, 2]


# ── definitions ────────────────────────────────────────────────────────────────────────────────


async def test_key_and_kind_of_a_field_stay_as_they_were_made(world: World) -> None:
    made = await field(world, "fidelidade", FieldKind.TEXT)
    forms = [
        DefinitionForm(id=made.id, key="outra", label="L", kind=FieldKind.TEXT),
        DefinitionForm(id=made.id, key="fidelidade", label="L", kind=FieldKind.DATE),
    ]

    for form in forms:
        with pytest.raises(Invalid):
            await world.do(defining.save_definition, form)
    with pytest.raises(Duplicate):
        await field(world, "fidelidade", FieldKind.DATE)
    stale = DefinitionForm(
        id=made.id, key="fidelidade", label="L", kind=FieldKind.TEXT, expected_version=7
    )
    with pytest.raises(VersionConflict):
        await world.do(defining.save_definition, stale)


async def test_a_pattern_stays_unless_another_or_none_is_asked_for(world: World) -> None:
    made = await field(world, "fidelidade", FieldKind.TEXT, pattern="a+")
    base = {"id": made.id, "key": "fidelidade", "label": "F", "kind": FieldKind.TEXT}

    kept = await world.do(defining.save_definition, DefinitionForm(**base, masked=False))  # type: ignore[arg-type]
    assert (kept.pattern, kept.masked, kept.version) == ("a+", False, 2)
    gone = await world.do(defining.save_definition, DefinitionForm(**base, pattern=""))  # type: ignore[arg-type]
    assert (gone.pattern, gone.masked, gone.version) == (None, False, 3)


async def test_there_are_no_more_fields_than_a_form_can_bear(world: World) -> None:
    for number in range(50):
        await field(world, f"campo{number}", FieldKind.TEXT)

    with pytest.raises(Invalid):
        await field(world, "demais", FieldKind.TEXT)


# ── looked at ──────────────────────────────────────────────────────────────────────────────────


async def test_what_is_revealed_is_told_and_who_looked_stays_on_record(world: World) -> None:
    ticket, ana = await cared_for(world)
    await world.do(correcting.update, PublisherForm(id=ticket.publisher_id, cpf=CPF), by=ana)
    version = (await world.see(ticket)).version

    answer = await world.do(
        revealing.reveal, ticket.publisher_id, "cpf", "Confirmar a compra", by=ana
    )

    assert answer.value == CPF
    last = (await world.history(ticket))[-1]
    assert (last.kind, last.became, last.comment) == (
        HistoryKind.REVEALED,
        "cpf",
        "Confirmar a compra",
    )
    assert (await world.see(ticket)).version == version
    entry = (await audit(world, await known(world, ticket)))[-1]
    assert (entry.kind, entry.field, entry.reason, entry.actor_id) == (
        HistoryKind.REVEALED,
        "cpf",
        "Confirmar a compra",
        ana.id,
    )


async def test_a_reason_is_said_and_is_a_reason(world: World) -> None:
    ticket, ana = await cared_for(world)

    for reason, refusal in (("  ", ReasonRequired), ("x" * 10_001, TooLong), ("\x00", Invalid)):
        with pytest.raises(refusal):
            await world.do(revealing.reveal, ticket.publisher_id, "cpf", reason, by=ana)
    with pytest.raises(Invalid):
        await world.do(revealing.reveal, ticket.publisher_id, "senha", "porque sim", by=ana)

    assert await audit(world, await known(world, ticket)) == []


async def test_the_record_is_told_on_the_newest_ticket_that_one_sees(world: World) -> None:
    ticket, ana = await cared_for(world)
    world.later(world.triage.lease)
    rh = await world.level("RH")
    walled = await world.ticket(rh, publisher_id=ticket.publisher_id)

    await world.do(revealing.reveal, ticket.publisher_id, "email", "Escrever a ela", by=ana)

    assert "REVEALED" in await world.story(ticket)
    assert "REVEALED" not in await world.story(walled)


@pytest.mark.parametrize(
    "verb", ["UPDATE publisher_entry SET reason = 'x'", "DELETE FROM publisher_entry"]
)
async def test_what_was_written_down_cannot_be_taken_back(world: World, verb: str) -> None:
    ticket, ana = await cared_for(world)
    await world.do(revealing.reveal, ticket.publisher_id, "cpf", "porque", by=ana)

    with pytest.raises(DBAPIError, match="append-only"):
        async with world.storage.database.writer.begin() as connection:
            await connection.execute(text(verb))


@pytest.mark.postgres
async def test_nor_emptied_at_once(world: World) -> None:
    with pytest.raises(DBAPIError, match="append-only"):
        async with world.storage.database.writer.begin() as connection:
            await connection.execute(text("TRUNCATE publisher_entry"))


# ── sealed ─────────────────────────────────────────────────────────────────────────────────────


async def test_the_first_contact_told_is_kept_and_found(world: World) -> None:
    account = await world.account()
    maria = Author(
        external_id="maria", name="Maria", email="Maria@Example.com", phone="11 98765-4321"
    )
    ticket = await world.heard(account, author=maria)
    await world.heard(
        account, author=Author(external_id="maria", name="Maria", email="outra@example.com")
    )

    publisher = await known(world, ticket)

    assert publisher.sealed_key is not None
    assert (await told(world, publisher))[FieldKind.EMAIL] == "maria@example.com"
    assert await searched(world, "MARIA@example.com") == [publisher.id]
    assert await searched(world, "(11) 98765-4321") == [publisher.id]
    assert await searched(world, "outra@example.com") == []


@pytest.mark.parametrize(
    ("network", "name", "kind", "kept"),
    [
        (Network.EMAIL, "Fulano@Example.com", FieldKind.EMAIL, EMAIL),
        (Network.WHATSAPP, "5511987654321", FieldKind.PHONE, PHONE),
        (Network.PHONE, "(11) 98765-4321", FieldKind.PHONE, PHONE),
        (Network.INSTAGRAM, "5511987654321", FieldKind.PHONE, None),
        (Network.WHATSAPP, "alguém", FieldKind.PHONE, None),
    ],
)
async def test_who_one_is_on_some_networks_is_how_to_reach_them(
    world: World, network: Network, name: str, kind: FieldKind, kept: str | None
) -> None:
    account = await world.account(network=network)

    ticket = await world.heard(account, author=Author(external_id=name, name="Fulano"))

    assert (await told(world, await known(world, ticket)))[kind] == kept


async def test_a_contact_that_is_none_is_kept_as_told_and_not_looked_for(world: World) -> None:
    account = await world.account()
    odd = Author(external_id="odd", name="Odd", phone="fundos, bater palma")

    publisher = await known(world, await world.heard(account, author=odd))

    assert (await told(world, publisher))[FieldKind.PHONE] == "fundos, bater palma"
    assert publisher.phone_hash is None
    assert sealing.masked(world.storage.secrets, publisher, FieldKind.PHONE) == "***"


async def searched(world: World, words: str) -> list[Any]:
    async with world.storage.reading(world.system) as work:
        known_by = sealing.known_by(work.secrets, world.workspace.id, words)
        page = await work.publishers.page_known_by(known_by, FIRST_HUNDRED)
        return [each.id for each in page.nodes]


async def sealed_before(world: World, ticket: Ticket, email: str, phone: str) -> None:
    """As they were kept before there were keys for each."""
    async with world.storage.work(world.system) as work:
        publisher = await work.publishers.take(ticket.publisher_id)
        publisher.keep(FieldKind.EMAIL, work.secrets.seal(email), None)
        publisher.keep(FieldKind.PHONE, work.secrets.seal(phone), None)


async def test_what_was_sealed_before_is_read_and_then_sealed_anew_and_found(
    world: World,
) -> None:
    ticket, _ = await cared_for(world)
    await sealed_before(world, ticket, "Fulano@Example.com", "11 98765-4321")
    before = await known(world, ticket)
    assert (await told(world, before))[FieldKind.PHONE] == PHONE
    assert await searched(world, EMAIL) == []

    assert await world.do(sealing.seal_anew, 10) >= 1

    after = await known(world, ticket)
    assert after.sealed_key is not None
    assert (await told(world, after))[FieldKind.EMAIL] == EMAIL
    assert await searched(world, EMAIL) == [after.id]
    assert await searched(world, PHONE) == [after.id]
    assert after.version == before.version
    assert await world.do(sealing.seal_anew, 10) == 0


async def test_what_another_key_sealed_is_left_alone_and_shown_covered(world: World) -> None:
    ticket, _ = await cared_for(world)
    async with world.storage.work(world.system) as work:
        publisher = await work.publishers.take(ticket.publisher_id)
        publisher.keep(FieldKind.EMAIL, b"\x01" + b"x" * 40, None)

    assert await world.do(sealing.seal_anew, 10) == 0

    publisher = await known(world, ticket)
    assert publisher.sealed_key is None
    assert sealing.masked(world.storage.secrets, publisher, FieldKind.EMAIL) == "***"


async def test_a_value_moved_to_another_person_or_place_does_not_open(world: World) -> None:
    ticket, _ = await cared_for(world)
    other = await world.ticket(customer_name="Outra")
    both = [
        await world.do(correcting.update, PublisherForm(id=each.publisher_id, email=EMAIL))
        for each in (ticket, other)
    ]
    secrets, (one, two) = world.storage.secrets, both
    assert one.sealed_key is not None
    assert one.sealed_email is not None
    assert two.sealed_key is not None

    assert secrets.unseal_for(one.id, one.sealed_key, "EMAIL", one.sealed_email) == EMAIL
    for owner, key, name in (
        (two.id, one.sealed_key, "EMAIL"),
        (two.id, two.sealed_key, "EMAIL"),
        (one.id, one.sealed_key, "PHONE"),
    ):
        with pytest.raises(ValueError, match="SECRET_KEY"):
            secrets.unseal_for(owner, key, name, one.sealed_email)
    # The same address, and still one does not see in the database that they are alike but by hash.
    assert one.email_hash == two.email_hash
    assert one.sealed_email != two.sealed_email


async def test_workspaces_do_not_share_what_a_value_is_looked_up_by(world: World) -> None:
    other = await World.founded(world.storage)

    hashes = {
        world.storage.secrets.fingerprint(each.workspace.id, kind, CPF)
        for each in (world, other)
        for kind in ("CPF", "PHONE")
    }

    assert len(hashes) == 4


# ── opened by hand ─────────────────────────────────────────────────────────────────────────────


def opened(level: Any, email: str = EMAIL, **more: Any) -> Opening:
    return Opening(level_id=level.id, subject="S", comment="C", customer_email=email, **more)


async def test_who_is_known_behind_the_wall_alone_is_nobody_to_whoever_opens_by_hand(
    world: World,
) -> None:
    rh = await world.level("RH")
    rita, ana = await world.person("Rita", level=rh), await world.person("Ana", level=world.triage)
    account = await world.account(network=Network.EMAIL)
    await world.watch(account, rh)
    author = Author(external_id=EMAIL, name="Fulano de Tal", handle=EMAIL)
    hidden = await world.heard(account, author=author)

    mine = await world.do(opening.open_ticket, opened(world.triage), by=ana)
    again = await world.do(opening.open_ticket, opened(world.triage, "FULANO@example.com"), by=ana)
    theirs = await world.do(opening.open_ticket, opened(rh), by=rita)

    assert mine.publisher_id != hidden.publisher_id
    assert again.publisher_id == mine.publisher_id
    assert theirs.publisher_id == hidden.publisher_id
    # Half of an address as a name, beside the other half, would be the whole.
    assert (await known(world, mine)).name == "f***@example.com"


async def test_nothing_about_a_new_customer_tells_whether_they_are_known_elsewhere(
    world: World,
) -> None:
    rh = await world.level("RH")
    ana = await world.person("Ana", level=world.triage)
    await world.ticket(rh, customer_email=EMAIL)

    there = await world.do(opening.open_ticket, opened(world.triage), by=ana)
    nowhere = await world.do(opening.open_ticket, opened(world.triage, "zeca@example.com"), by=ana)

    async with world.storage.reading(await world.actor(ana)) as work:
        ids = [there.publisher_id, nowhere.publisher_id]
        profiles = await work.publishers.profiles(ids)
        totals = await work.tickets.totals(ids)
    assert [profiles[each] for each in ids] == [[], []]
    assert [totals[each] for each in ids] == [1, 1]


async def test_who_writes_from_an_address_that_was_told_by_hand_is_that_person(
    world: World,
) -> None:
    by_hand = await world.ticket(customer_email=EMAIL, customer_name="Fulano")
    account = await world.account(network=Network.EMAIL)
    author = Author(external_id=EMAIL, name="F. de Tal", handle=EMAIL)

    written = await world.heard(account, author=author)
    again = await world.heard(account, author=author)

    assert written.publisher_id == again.publisher_id == by_hand.publisher_id


async def test_who_was_opened_by_hand_can_be_written_to_and_answers_as_themselves(
    world: World,
) -> None:
    account = await world.account(network=Network.EMAIL)
    ana = await world.person("Ana", level=world.triage)
    ticket = await world.do(opening.open_ticket, opened(world.triage), by=ana)
    reply = await world.do(outbox.let_go, ticket.id, "Bom dia", account_id=account.id, by=ana)
    [attempt] = await outbox.claimed(world)

    packed = await world.do(delivering.pack, attempt)

    assert attempt.reply_id == reply.id
    assert isinstance(packed, Outgoing)
    assert packed.to_external_id == EMAIL
    author = Author(external_id=EMAIL, name="Fulano", handle=EMAIL)
    back = await world.heard(account, author=author)
    assert back.publisher_id == ticket.publisher_id


async def test_an_address_is_not_kept_where_it_can_be_read(world: World) -> None:
    account = await world.account(network=Network.EMAIL)
    # Whose mail says no name is called by the address.
    author = Author(external_id=EMAIL, name=EMAIL, email=EMAIL)
    ticket = await world.heard(account, author=author, text="Bom dia")
    await world.do(correcting.update, PublisherForm(id=ticket.publisher_id, cpf=CPF, phone=PHONE))
    await world.do(revealing.reveal, ticket.publisher_id, "email", "preciso")

    found = await everywhere(world, EMAIL) | await everywhere(world, CPF)
    found |= await everywhere(world, PHONE)

    # The profile is how the network calls them: without it nothing could be sent.
    assert found == {"profile"}


async def everywhere(world: World, value: str) -> set[str]:
    """The tables in which the value stands as it is."""
    found = set()
    async with world.storage.reading(world.system) as work:
        session = work.session
        for table in Publisher.metadata.sorted_tables:
            if "workspace_id" not in table.c:
                continue
            rows = await session.execute(
                select(table).where(table.c.workspace_id == world.workspace.id)
            )
            if any(value in repr(tuple(row)) for row in rows):
                found.add(table.name)
    return found


async def test_a_field_is_one_value_however_many_write_it_at_once(world: World) -> None:
    ticket, ana = await cared_for(world)
    await field(world, "fidelidade", FieldKind.TEXT)

    await asyncio.gather(
        *(
            world.do(
                correcting.update,
                PublisherForm(
                    id=ticket.publisher_id, fields=[FieldForm(key="fidelidade", value=f"v{each}")]
                ),
                by=ana,
            )
            for each in range(4)
        )
    )

    async def count(work: Work) -> int:
        assert isinstance(work, SqlWork)
        rows = await work.session.scalars(
            select(PublisherField).where(
                PublisherField.publisher_id == ticket.publisher_id  # type: ignore[arg-type]
            )
        )
        return len(list(rows))

    assert await world.do(count) == 1
