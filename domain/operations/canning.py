"""Canned replies: kept for oneself, for a level or for everybody, and filled in for a ticket."""

from dataclasses import dataclass
from uuid import UUID

from domain.answers import Deleted
from domain.errors import Forbidden, Invalid, NotFound, VersionConflict
from domain.model.canned import CannedReply
from domain.model.level import Level
from domain.rules import checking, templates
from domain.rules.access import Permission
from domain.rules.wording import TEXT_LENGTH
from domain.work import Work


@dataclass(frozen=True, kw_only=True)
class CannedForm:
    """Whose it is, is said when it is made: a level's, one's own, or else everybody's."""

    title: str
    text: str
    id: UUID | None = None
    level_id: UUID | None = None
    personal: bool = False
    expected_version: int | None = None


async def save(work: Work, form: CannedForm) -> CannedReply:
    title = checking.name(form.title, ["title"])
    text = checking.text(form.text, ["text"], TEXT_LENGTH)
    templates.check(text)

    if form.id is not None:
        kept = await _mine_to_change(work, form.id, form.expected_version)
        if form.level_id not in (None, kept.level_id) or (form.personal and not kept.owner_id):
            raise Invalid("canned_reach_fixed", field=["levelId" if form.level_id else "personal"])
        kept.rewrite(title, text)
        return kept

    await _may_keep(work, form)
    made = CannedReply.of(
        title,
        text,
        workspace_id=work.actor.workspace_id,
        author_id=work.actor.user_id,
        level_id=form.level_id,
        personal=form.personal,
        now=work.now,
    )
    await work.canned_replies.put(made)
    return made


async def delete(work: Work, canned_id: UUID, expected_version: int | None = None) -> Deleted:
    kept = await _mine_to_change(work, canned_id, expected_version)
    await work.canned_replies.drop(kept)
    return Deleted("CannedReply", kept.id)


async def render(work: Work, canned_id: UUID, ticket_id: UUID) -> str | None:
    """The text as it would be sent on that ticket; None where one of the two is not there."""
    found = (await work.canned_replies.find([canned_id])).get(canned_id)
    ticket = (await work.tickets.find([ticket_id])).get(ticket_id)
    if found is None or ticket is None:
        return None
    publisher = (await work.publishers.find([ticket.publisher_id])).get(ticket.publisher_id)
    levels = await work.levels.find([ticket.level_id])
    level: Level | None = levels.get(ticket.level_id)
    workspace = await work.workspace()
    name = publisher.name if publisher else None
    return templates.fill(
        found.text,
        {
            "publisher.firstName": templates.first_name(name),
            "publisher.name": name,
            "protocol": ticket.protocol,
            "attendant.name": work.actor.name,
            "level.name": level.name if level else None,
            "company": workspace.name,
        },
    )


async def _may_keep(work: Work, form: CannedForm) -> None:
    """One's own always; for a level whoever answers there; for everybody who sets levels up."""
    if form.personal:
        if form.level_id is not None:
            raise Invalid("canned_one_reach", field=["personal"])
        if work.actor.user_id is None:
            raise Forbidden("people_only")
        return
    if form.level_id is None:
        if not work.actor.can(Permission.LEVELS_SAVE):
            raise Forbidden("canned_for_all", field=["levelId"])
        return
    if not work.actor.sees(form.level_id) or not await work.levels.find([form.level_id]):
        raise NotFound("not_found", field=["levelId"], thing="level")
    if not work.actor.handles(form.level_id):
        raise Forbidden("not_a_member", field=["levelId"])


async def _mine_to_change(work: Work, canned_id: UUID, expected_version: int | None) -> CannedReply:
    """Held. What a level or everybody has is changed by its author, or by who runs them."""
    kept = await work.canned_replies.take(canned_id)
    me = work.actor
    if kept.level_id is not None:
        author = kept.author_id == me.user_id and me.handles(kept.level_id)
        allowed = author or me.manages(kept.level_id)
    else:
        allowed = kept.owner_id is not None or me.can(Permission.LEVELS_SAVE)
    if not allowed:
        raise Forbidden("forbidden")
    if expected_version is not None and expected_version != kept.version:
        raise VersionConflict(current=kept, changed_fields=[])
    return kept
