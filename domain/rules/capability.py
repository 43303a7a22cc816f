"""What a network can carry, and whether a reply fits into it, asked before anything is queued."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import regex

from domain.errors import Invalid, NotSupportedByNetwork, TooLarge, TooLong, TypeNotAllowed
from domain.rules import links
from domain.words import Network, OccurrenceKind, Visibility

MEBIBYTE = 1024 * 1024
FILE_SIZE = 10 * MEBIBYTE
FILES_MOST = 10
LETTER = regex.compile(r"\X")
EMOJI = regex.compile(r"\p{Extended_Pictographic}|\p{Regional_Indicator}|\u20e3")
LIGHT = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))
LINK_WEIGHT = 23


class TextUnit(StrEnum):
    """How a network counts."""

    GRAPHEMES = "GRAPHEMES"
    """As people do: an emoji with its skin and its family is one."""
    CHARACTERS = "CHARACTERS"
    """Code points."""
    UTF16 = "UTF16"
    """What JavaScript and most phones count."""
    BYTES = "BYTES"
    WEIGHTED = "WEIGHTED"
    """As X does: letters of Western scripts are one, all others and emoji two, a link 23."""


@dataclass(frozen=True, kw_only=True)
class Capability:
    """`sends` is empty where nothing can be sent."""

    sends: frozenset[Visibility] = frozenset()
    text_most: int = 40_000
    unit: TextUnit = TextUnit.GRAPHEMES
    files_most: int = 0
    file_size_most: int = FILE_SIZE
    sizes: Mapping[str, int] = field(default_factory=dict)
    """Of files of a type, where it is less."""
    files_size_most: int | None = None
    """Of all files together."""
    media_types: frozenset[str] | None = None
    """None: whatever may be uploaded at all."""
    needs_connection: bool = False
    """Whether nothing can be sent before it was saved how to reach the network."""
    private: "Capability | None" = None
    """What is other about a private reply, where anything is."""
    private_within: timedelta | None = None
    """How long after they last wrote in private a company may write to them in private."""
    private_longer: tuple[str, timedelta] | None = None
    """What a connection says with `true` to be let write for longer, and how long that is."""
    public_to: frozenset[OccurrenceKind] | None = None
    """What can be answered in public; None: whatever there is."""
    at_most: int | None = None
    """How many replies an account sends within `within`; None: as many as there are."""
    within: timedelta = timedelta(minutes=1)

    @property
    def is_particular(self) -> bool:
        """Whether it depends on what is answered, and when."""
        return self.private_within is not None or self.public_to is not None

    def by(self, connection: Mapping[str, Any]) -> "Capability":
        """What holds for an account that is connected so."""
        if self.private_longer is None or connection.get(self.private_longer[0]) is not True:
            return self
        return replace(self, private_within=self.private_longer[1])

    def toward(self, visibility: Visibility) -> "Capability":
        """What holds for replies of that kind."""
        return self.private if self.private and visibility is Visibility.PRIVATE else self

    def length(self, text: str) -> int:
        if self.unit is TextUnit.GRAPHEMES:
            return letters(text)
        if self.unit is TextUnit.UTF16:
            return len(text.encode("utf-16-le")) // 2
        if self.unit is TextUnit.WEIGHTED:
            return weighted(text)
        return len(text) if self.unit is TextUnit.CHARACTERS else len(text.encode())


@dataclass(frozen=True, slots=True)
class FileShape:
    file_name: str
    media_type: str
    size: int


def weighted(text: str) -> int:
    """Characters as X counts them (twitter-text, configuration v3)."""
    found = links.find(text)
    rest = links.replaced(text, found, lambda _url: "")
    return LINK_WEIGHT * len(found) + sum(_weight(each[0]) for each in LETTER.finditer(rest))


def _weight(letter: str) -> int:
    if EMOJI.search(letter):
        return 2
    return sum(1 if any(low <= ord(c) <= high for low, high in LIGHT) else 2 for c in letter)


def letters(text: str) -> int:
    """How many characters a person sees."""
    return sum(1 for _ in LETTER.finditer(text))


@dataclass(frozen=True, slots=True)
class Answered:
    """What is answered: what kind of message it was, and when its author last wrote in private."""

    kind: OccurrenceKind | None = None
    heard_at: datetime | None = None


def reach(
    capability: Capability,
    network: Network,
    visibility: Visibility,
    answered: Answered,
    now: datetime,
) -> None:
    """Nothing where the network lets that be answered at this moment; else why it does not."""
    if visibility is Visibility.PUBLIC:
        if capability.public_to is not None and answered.kind not in capability.public_to:
            raise NotSupportedByNetwork(
                "visibility_not_here", field=["visibility"], network=network.value
            )
        return
    within = capability.private_within
    if within is None:
        return
    # What was said in public is answered in private once, however long nobody wrote there.
    apart = answered.kind is not None and answered.kind is not OccurrenceKind.DIRECT_MESSAGE
    alone = apart or (answered.kind is None and answered.heard_at is None)
    if not alone and (answered.heard_at is None or now - answered.heard_at > within):
        hours = int(within.total_seconds() // 3600)
        raise NotSupportedByNetwork(
            "window_over", field=["visibility"], network=network.value, hours=hours
        )


def check(
    capability: Capability,
    network: Network,
    visibility: Visibility,
    text: str,
    files: Sequence[FileShape] = (),
) -> None:
    """Nothing where the network can carry it; the refusal names what cannot."""
    if visibility in capability.sends:
        capability = capability.toward(visibility)
    if not capability.sends:
        raise NotSupportedByNetwork("reply_not_connected", field=["visibility"])
    if visibility not in capability.sends:
        raise NotSupportedByNetwork(
            "visibility_not_on_network",
            field=["visibility"],
            visibility=visibility.value,
            network=network.value,
        )
    length = capability.length(text)
    if length > capability.text_most:
        raise TooLong(
            "too_long_for_network",
            field=["text"],
            most=capability.text_most,
            length=length,
            network=network.value,
        )
    if len(files) > capability.files_most:
        if capability.files_most == 0:
            raise NotSupportedByNetwork(
                "no_files_on_network", field=["attachmentIds"], network=network.value
            )
        raise Invalid(
            "too_many", field=["attachmentIds"], most=capability.files_most, count=len(files)
        )
    for file in files:
        most = min(
            capability.file_size_most,
            capability.sizes.get(file.media_type, capability.file_size_most),
        )
        if file.size > most:
            raise TooLarge(
                "file_too_large",
                field=["attachmentIds"],
                name=file.file_name,
                most=most // MEBIBYTE,
            )
        if capability.media_types is not None and file.media_type not in capability.media_types:
            raise TypeNotAllowed(
                "type_not_on_network",
                field=["attachmentIds"],
                name=file.file_name,
                type=file.media_type,
                network=network.value,
            )
    together = sum(file.size for file in files)
    if capability.files_size_most is not None and together > capability.files_size_most:
        raise TooLarge(
            "files_too_large",
            field=["attachmentIds"],
            most=capability.files_size_most // MEBIBYTE,
        )
