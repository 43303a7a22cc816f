"""What networks tell beside new messages: changed, taken back, ours that came back, nothing."""

from datetime import timedelta

from domain.answers import Received
from domain.operations import hearing
from domain.post import Deleted, Edited, Ignored, News
from domain.words import ApprovalState, HistoryKind
from tests.holding import Moderated
from tests.world import World

LATER = timedelta(minutes=5)


async def heard(world: World, *news: News) -> list[Received]:
    return [each for act in hearing.acts(news) for each in await world.do(hearing.hear, act)]


async def test_a_message_written_anew_keeps_what_it_said_before_in_the_history(
    world: World,
) -> None:
    account = await world.account()
    [received] = await world.receive(world.post(account, external_id="m1", text="Quero trocar"))
    at = world.later(LATER)

    [changed] = await heard(world, Edited(account.id, "m1", "Quero devolver", at))
    [again] = await heard(world, Edited(account.id, "m1", "Quero devolver", at))

    assert changed.occurrence is not None
    assert received.ticket is not None
    assert (changed.occurrence.text, changed.occurrence.edited_at) == ("Quero devolver", at)
    assert again.duplicate
    last = (await world.history(received.ticket))[-1]
    assert (last.kind, last.comment) == (HistoryKind.OCCURRENCE_EDITED, "Quero trocar")
    assert last.occurrence_id == changed.occurrence.id
    assert (await world.story(received.ticket)).count("OCCURRENCE_EDITED") == 1


async def test_what_was_told_late_does_not_undo_what_is_newer(world: World) -> None:
    account = await world.account()
    await world.receive(world.post(account, external_id="m1", text="um"))
    early = world.later(LATER)
    late = world.later(LATER)

    await heard(world, Edited(account.id, "m1", "três", late))
    [received] = await heard(world, Edited(account.id, "m1", "dois", early))

    assert received.duplicate
    assert received.occurrence is not None
    assert received.occurrence.text == "três"


async def test_a_message_taken_back_stays_here_and_says_so(world: World) -> None:
    account = await world.account()
    [received] = await world.receive(world.post(account, external_id="m1", text="Péssimo!"))
    at = world.later(LATER)

    [gone] = await heard(world, Deleted(account.id, "m1", at))
    [again] = await heard(world, Deleted(account.id, "m1", at))
    [edited] = await heard(world, Edited(account.id, "m1", "Ótimo!", at))

    assert gone.occurrence is not None
    assert received.ticket is not None
    assert (gone.occurrence.text, gone.occurrence.deleted_at) == ("Péssimo!", at)
    assert again.duplicate
    assert edited.duplicate
    assert (await world.story(received.ticket))[-1] == "OCCURRENCE_DELETED"


async def test_a_change_wakes_no_ticket_and_a_reply_waiting_for_approval_is_read_again(
    world: World,
) -> None:
    house = await Moderated.set_up(world)
    ticket = await world.heard(house.account, external_id="m1")
    approval = await house.held(ticket)
    before = await house.ticket(approval)

    await heard(world, Edited(house.account.id, "m1", "Era outro pedido", world.later(LATER)))

    after, waiting = await house.ticket(approval), await house.now(approval)
    assert (after.status, after.assignee_id) == (before.status, before.assignee_id)
    assert (waiting.state, waiting.stale) == (ApprovalState.SUBMITTED, True)


async def test_a_change_of_what_never_came_or_of_a_disabled_account_changes_nothing(
    world: World,
) -> None:
    account, other = await world.account(), await world.account()
    await world.receive(world.post(account, external_id="m1"))

    [unknown] = await heard(world, Edited(account.id, "m2", "oi"))
    [elsewhere] = await heard(world, Deleted(other.id, "m1"))

    assert unknown.refusal is not None
    assert unknown.refusal.sentence == "not_found"
    assert elsewhere.refusal is not None


async def test_messages_come_together_and_every_change_after_what_came_before_it(
    world: World,
) -> None:
    account = await world.account()
    news: list[News] = [
        world.post(account, external_id="m1", text="um"),
        world.post(account, external_id="m2", text="dois"),
        Edited(account.id, "m1", "uno", None),
        Ignored("feed.like", "ignored_reaction"),
        world.post(account, external_id="m3", text="três"),
    ]

    assert [len(act) for act in hearing.acts(news)] == [2, 1, 1, 1]
    received = await heard(world, *news)

    assert [each.refusal for each in received] == [None] * 5
    assert received[2].occurrence is not None
    assert received[2].occurrence.text == "uno"
    assert received[3].occurrence is None
    assert len({each.ticket.id for each in received if each.ticket}) == 3
