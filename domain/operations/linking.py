"""Links made short, so that they fit where a network counts, and their clicks can be counted."""

from domain.answers import Shortened
from domain.errors import Invalid
from domain.model.shortlink import ShortLink
from domain.rules import checking, links
from domain.rules.wording import TEXT_LENGTH
from domain.work import Work


async def shorten(work: Work, text: str) -> Shortened:
    """The text with a short link for each link, the same one where a link comes twice.

    Short links that stand in it already stay. One that may not be made refuses the whole text.
    """
    if len(text) > TEXT_LENGTH:
        checking.text(text, ["text"], TEXT_LENGTH)
    checking.storable(text, ["text"])
    short = work.addresses.short
    if short is None:
        raise Invalid("no_short_address", field=["text"])
    found = [each for each in links.find(text) if not each.url.startswith(f"{short}/s/")]
    if len(found) > links.LINKS_MOST:
        raise Invalid("too_many", field=["text"], most=links.LINKS_MOST, count=len(found))

    made: dict[str, ShortLink] = {}
    for each in found:
        target = links.target(each.url)
        made.setdefault(
            target,
            ShortLink(
                workspace_id=work.actor.workspace_id,
                slug=links.slug(),
                target_url=target,
                created_by_id=work.actor.user_id,
                created_at=work.now,
            ),
        )

    await work.short_links.put(list(made.values()))
    shorter = links.replaced(
        text, found, lambda url: work.addresses.short_link(made[links.target(url)].slug)
    )
    return Shortened(shorter, list(made.values()))
