"""What a network can carry, and whether a reply fits into it, asked before anything is queued."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

import regex

from domain.errors import Invalid, NotSupportedByNetwork, TooLarge, TooLong, TypeNotAllowed
from domain.words import Network, Visibility

MEBIBYTE = 1024 * 1024
FILE_SIZE = 10 * MEBIBYTE
FILES_MOST = 10
LETTER = regex.compile(r"\X")


class TextUnit(StrEnum):
    """How a network counts."""

    GRAPHEMES = "GRAPHEMES"
    """As people do: an emoji with its skin and its family is one."""
    CHARACTERS = "CHARACTERS"
    """Code points."""
    UTF16 = "UTF16"
    """What JavaScript and most phones count."""
    BYTES = "BYTES"


@dataclass(frozen=True, kw_only=True)
class Capability:
    """`sends` is empty where nothing can be sent."""

    sends: frozenset[Visibility] = frozenset()
    text_most: int = 40_000
    unit: TextUnit = TextUnit.GRAPHEMES
    files_most: int = 0
    file_size_most: int = FILE_SIZE
    files_size_most: int | None = None
    """Of all files together."""
    media_types: frozenset[str] | None = None
    """None: whatever may be uploaded at all."""
    at_most: int | None = None
    """How many replies an account sends within `within`; None: as many as there are."""
    within: timedelta = timedelta(minutes=1)

    def length(self, text: str) -> int:
        if self.unit is TextUnit.GRAPHEMES:
            return letters(text)
        if self.unit is TextUnit.UTF16:
            return len(text.encode("utf-16-le")) // 2
        return len(text) if self.unit is TextUnit.CHARACTERS else len(text.encode())


@dataclass(frozen=True, slots=True)
class FileShape:
    file_name: str
    media_type: str
    size: int


def letters(text: str) -> int:
    """How many characters a person sees."""
    return sum(1 for _ in LETTER.finditer(text))


def check(
    capability: Capability,
    network: Network,
    visibility: Visibility,
    text: str,
    files: Sequence[FileShape] = (),
) -> None:
    """Nothing where the network can carry it; the refusal names what cannot."""
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
        if file.size > capability.file_size_most:
            raise TooLarge(
                "file_too_large",
                field=["attachmentIds"],
                name=file.file_name,
                most=capability.file_size_most // MEBIBYTE,
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
