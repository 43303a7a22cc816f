"""What a person reads when something is refused, in English and in Brazilian Portuguese."""

from domain.catalogue import (
    access,
    channels,
    delivery,
    documents,
    inputs,
    partners,
    publishers,
    replies,
    tickets,
    workspace,
)
from domain.words import Locale

AREAS = (
    access,
    documents,
    inputs,
    tickets,
    replies,
    delivery,
    channels,
    workspace,
    publishers,
    partners,
)

SENTENCES: dict[str, dict[Locale, str]] = {
    name: told for area in AREAS for name, told in area.SENTENCES.items()
}
