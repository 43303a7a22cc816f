"""The people outside: who they are, where they write, and what."""

import random
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from domain.post import Author, Post
from domain.words import Network, OccurrenceKind
from server import demo_people, demo_texts

CROWD: Final = 60
# How often each kind of text is written, and each network used.
THEMES: Final = (
    (demo_texts.COMPLAINTS, 30),
    (demo_texts.DOUBTS, 22),
    (demo_texts.MONEY, 20),
    (demo_texts.PRAISE, 12),
    (demo_texts.STAFF, 9),
    (demo_texts.SPAM, 2),
)
NETWORKS: Final = {
    Network.INSTAGRAM: 30,
    Network.FACEBOOK: 20,
    Network.X: 15,
    Network.WHATSAPP: 18,
    Network.EMAIL: 10,
    Network.WEB: 7,
}
KINDS: Final = {
    Network.INSTAGRAM: (OccurrenceKind.COMMENT, OccurrenceKind.AD_COMMENT),
    Network.FACEBOOK: (OccurrenceKind.COMMENT, OccurrenceKind.POST),
    Network.X: (OccurrenceKind.MENTION,),
    Network.WHATSAPP: (OccurrenceKind.DIRECT_MESSAGE,),
    Network.EMAIL: (OccurrenceKind.EMAIL,),
    Network.WEB: (OccurrenceKind.REVIEW,),
}
ALONE: Final = frozenset({Network.WHATSAPP, Network.EMAIL, Network.WEB})
"""Here everybody writes in a thread of their own; elsewhere many write under one post."""
POSTS: Final = 12


@dataclass(frozen=True, slots=True)
class Voice:
    """Somebody on one network, and what they hang their messages on."""

    author: Author
    network: Network
    thread: str


class Crowd:
    """The same people and the same words for the same seed; ids are new in each run."""

    def __init__(self, chance: random.Random, accounts: Mapping[Network, UUID], run: str) -> None:
        self._chance = chance
        self._accounts = accounts
        self._run = run
        self._number = 0
        self._people = [self._person() for _ in range(CROWD)]
        self._unsaid: dict[int, list[str]] = {}

    def voice(self, *, alone: bool = False) -> Voice:
        """Somebody with something to say; in a thread of their own, when they are to be alone."""
        where, author = self._chance.choice(self._people)
        self._number += 1
        alone = alone or where in ALONE or self._chance.random() < 0.3
        place = self._number if alone else f"p{self._chance.randrange(POSTS)}"
        return Voice(author, where, f"{self._run}-{where.lower()}-{place}")

    def text(self, network: Network) -> str:
        """One text of a theme after the other, so that a queue does not repeat itself."""
        weights = [weight for _, weight in THEMES]
        place = self._chance.choices(range(len(THEMES)), weights)[0]
        texts: Sequence[str] = THEMES[place][0]
        if network is Network.WHATSAPP and self._chance.random() < 0.3:
            place, texts = -1, demo_texts.PRIVATE
        unsaid = self._unsaid.setdefault(place, [])
        if not unsaid:
            unsaid += self._chance.sample(texts, len(texts))
        return unsaid.pop()

    def post(self, voice: Voice, text: str, at: datetime) -> Post:
        self._number += 1
        return Post(
            account_id=self._accounts[voice.network],
            external_id=f"{self._run}-{self._number}",
            kind=self._chance.choice(KINDS[voice.network]),
            author=voice.author,
            text=text,
            occurred_at=at,
            thread_id=voice.thread,
        )

    def _person(self) -> tuple[Network, Author]:
        """Everybody has one network that they write from."""
        networks = [each for each in NETWORKS if each in self._accounts]
        weights = [NETWORKS[each] for each in networks]
        where = self._chance.choices(networks, weights)[0]
        first = self._chance.choice(demo_people.FIRST_NAMES)
        last = self._chance.choice(demo_people.SURNAMES)
        between = self._chance.choice(("", "_", ".", str(self._chance.randrange(70, 100))))
        handle = _plain(f"{first}{between}{last}")
        return where, self._on(where, Author(handle, f"{first} {last}", handle))

    def _on(self, network: Network, person: Author) -> Author:
        if network is Network.EMAIL:
            address = f"{person.handle}@correio.example"
            return replace(person, external_id=address, handle=address, email=address)
        if network in ALONE:
            return replace(person, handle=None)
        return replace(person, followers=sum(map(ord, person.external_id)) * 7 % 4_000)


def _plain(text: str) -> str:
    split = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in split if not unicodedata.combining(letter)).lower()
