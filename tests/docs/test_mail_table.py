"""The table of e-mails in docs/channels.md says what becomes of each, as the channel reads it."""

import os
from pathlib import Path
from uuid import UUID

import pytest

from channels.base import Own
from channels.email import Email
from domain.post import Post
from domain.rules import enclosures
from tests.docs.test_tables import page, rows

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("GUICHE_DATA", ROOT.parent / "shared" / "data"))
MAILS = DATA / "webhooks" / "email"
BEGINNING = 24

pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif(not MAILS.is_dir(), reason="the folder of real input is not here"),
]


def told(file: Path) -> list[str]:
    """The row of one mail."""
    [post] = Email().read(file.read_bytes(), Own(UUID(int=7)), UUID)
    assert isinstance(post, Post)
    kept, left = enclosures.sorted_out(post.files)
    files = [each.file_name for each in kept] + [f"not kept: {name}" for name, _ in left]
    beginning = " ".join(post.text.split())[:BEGINNING].strip()
    return [
        f"`{file.name}`",
        post.author.external_id,
        post.subject or "",
        beginning.replace("|", "\\|"),
        ", ".join(files),
        becomes(post),
    ]


def becomes(post: Post) -> str:
    if post.undelivered is not None:
        return "a reply that failed"
    if post.automated:
        return "a machine's message"
    return "an answer, or a ticket" if post.references else "a ticket"


def test_every_mail_stands_in_the_table_as_it_is_read() -> None:
    wanted = [told(each) for each in sorted(MAILS.iterdir())]

    named = {row[0] for row in wanted}
    shown = [row for row in rows(page("channels")) if row[0] in named]

    assert shown == wanted
