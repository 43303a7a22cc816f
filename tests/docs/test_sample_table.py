"""The table of samples in docs/channels.md says what becomes of each, as its channel reads it.

The samples are others' and lie beside the project; where they are not, nothing is compared.
"""

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest

from channels.base import Channel, Own
from channels.facebook import Facebook
from channels.instagram import Instagram
from channels.telegram import Telegram
from channels.whatsapp import WhatsApp
from channels.x import X
from domain.errors import Refusal
from domain.post import Deleted, Edited, Ignored, News, Post, Returned
from domain.sentences import SENTENCES
from domain.words import Locale
from tests.docs.test_tables import page, rows

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("GUICHE_DATA", ROOT.parent / "shared" / "data"))
SAMPLES = DATA / "webhooks"
NETWORKS: Mapping[str, Channel] = {
    "facebook": Facebook(),
    "instagram": Instagram(),
    "telegram": Telegram(),
    "whatsapp": WhatsApp(),
    "x": X(),
}
OWN = Own(UUID(int=7))
COUNTED = {
    "facebook/feed-comment-add-211.json": 0,
    "facebook/feed-two-entries-25.json": 0,
    "facebook/messaging-message-reply-1.json": 1,
    "facebook/ratings-rating-add-31.json": 1,
    "instagram/instagram-message.json": 0,
    "instagram/wh-comments-2021.json": 1,
    "telegram/message.json": 1,
    "telegram/message_with_photo.json": 1,
    "telegram/pre_checkout_query.json": 0,
    "whatsapp/pywa-flow_completion.json": 2,
    "whatsapp/pywa-message.json": 20,
    "whatsapp/pywa-message_status.json": 0,
    "whatsapp/webhook-incoming-message-ads.json": 1,
    "x/aaa-direct_message_events.json": 1,
    "x/xactivity-post_repost_create.json": 0,
    "x/zammad-webhook2_tweet.json": 1,
}
"""How many posts are in each, counted by reading them."""

pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif(not SAMPLES.is_dir(), reason="the folder of real input is not here"),
]


def bodies(file: Path) -> Iterator[bytes]:
    """What the network would have sent: some samples keep it beside its headers, some several."""
    told: Any = orjson.loads(file.read_bytes())
    if "params" in told:
        yield orjson.dumps(told["params"])
    elif all(isinstance(each, dict) and "entry" in each for each in told.values()):
        yield from map(orjson.dumps, told.values())
    else:
        yield file.read_bytes()


def read(name: str, file: Path) -> list[News | Refusal]:
    return [each for body in bodies(file) for each in NETWORKS[name].read(body, OWN, UUID)]


def becomes(told: News | Refusal) -> str:
    match told:
        case Post():
            kind = told.kind.value.lower().replace("_", " ")
            files = f" with {len(told.media)} file" if told.media else ""
            return kind + files + ("s" if len(told.media) > 1 else "")
        case Edited():
            return "a change of a message"
        case Deleted():
            return "a message taken back"
        case Returned():
            return "a reply that failed"
        case Ignored():
            return f"nothing: {SENTENCES[told.sentence][Locale.EN]}"
        case _:
            return f"refused: {told.message(Locale.EN)}"


def table() -> list[Sequence[str]]:
    found: list[Sequence[str]] = []
    for name in sorted(NETWORKS):
        for file in sorted((SAMPLES / name).iterdir()):
            counted = Counter(becomes(each) for each in read(name, file))
            said = [f"{what} ×{times}" if times > 1 else what for what, times in counted.items()]
            found.append((f"`{name}/{file.name}`", "; ".join(said)))
    return found


def test_every_sample_stands_in_the_table_as_it_is_read() -> None:
    wanted = [list(each) for each in table()]

    first = {f"`{name}/" for name in NETWORKS}
    shown = [
        row for row in rows(page("channels")) if any(row[0].startswith(each) for each in first)
    ]

    assert shown == wanted


@pytest.mark.parametrize(("sample", "posts"), sorted(COUNTED.items()))
def test_there_are_as_many_posts_as_somebody_counted(sample: str, posts: int) -> None:
    name, _, _ = sample.partition("/")

    found = [each for each in read(name, SAMPLES / sample) if isinstance(each, Post)]

    assert len(found) == posts
    assert f"`{sample}` {posts}" in page("channels")
