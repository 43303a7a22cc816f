"""What is known of a person, sealed with a key of their own, and opened again."""

from uuid import UUID

from domain.model.publisher import CONTACT_KINDS, FieldDefinition, Publisher, PublisherField
from domain.post import Author
from domain.rules import contacts, masking
from domain.shelves.found import ProfileKey
from domain.words import FieldKind, Network
from domain.work import Secrets, Work


def told(secrets: Secrets, publisher: Publisher, kind: FieldKind) -> str | None:
    """The CPF, e-mail or telephone; ValueError where another SECRET_KEY sealed it."""
    sealed = publisher.sealed(kind)
    if sealed is None:
        return None
    if publisher.sealed_key is None:
        # From before there were keys for each: as it was told, and sealed with the house's key.
        value = secrets.unseal(sealed)
        return contacts.plain(kind, value) or value
    return secrets.unseal_for(publisher.id, publisher.sealed_key, kind.value, sealed)


def masked(secrets: Secrets, publisher: Publisher, kind: FieldKind) -> str | None:
    """The same, covered; covered whole where it cannot be opened."""
    try:
        value = told(secrets, publisher, kind)
    except ValueError:
        return masking.COVER
    return None if value is None else masking.of_kind(kind, value)


def keep(secrets: Secrets, publisher: Publisher, kind: FieldKind, value: str | None) -> None:
    """Seal it, and make it found; what is not of a known form is kept as told, and not found."""
    key = own_key(secrets, publisher)
    if value is None:
        publisher.keep(kind, None, None)
        return
    normal = contacts.plain(kind, value)
    publisher.keep(
        kind,
        secrets.seal_for(publisher.id, key, kind.value, normal or value),
        secrets.fingerprint(publisher.workspace_id, kind, normal) if normal else None,
    )


def own_key(secrets: Secrets, publisher: Publisher) -> bytes:
    """The person's own key; who has none gets one, and what is known of them is sealed anew."""
    if publisher.sealed_key is not None:
        return publisher.sealed_key
    known = {kind: told(secrets, publisher, kind) for kind in CONTACT_KINDS}
    key = secrets.new_key(publisher.id)
    publisher.own(key)
    for kind, value in known.items():
        if value is not None:
            keep(secrets, publisher, kind, value)
    return key


def reached(secrets: Secrets, publisher: Publisher, key: ProfileKey, author: Author) -> None:
    """Keep the first contact we were told; people correct it, posts do not."""
    for kind, given in ((FieldKind.EMAIL, author.email), (FieldKind.PHONE, author.phone)):
        if publisher.sealed(kind) is None:
            value = given or _itself(kind, key)
            if value:
                keep(secrets, publisher, kind, value)


def _itself(kind: FieldKind, key: ProfileKey) -> str | None:
    """Who one is on these networks is how to reach them."""
    network, name = key
    if kind is FieldKind.EMAIL:
        return contacts.plain(kind, name) if network is Network.EMAIL else None
    if network not in (Network.PHONE, Network.WHATSAPP):
        return None
    # WhatsApp leaves out the plus before the country.
    return contacts.plain(kind, f"+{name}") or contacts.plain(kind, name)


def known_by(secrets: Secrets, workspace_id: UUID, text: str) -> dict[FieldKind, str]:
    """What somebody would be looked up by, where the text is a whole CPF, e-mail or telephone."""
    return {
        kind: secrets.fingerprint(workspace_id, kind, value)
        for kind, value in contacts.recognised(text)
    }


def mailboxes(work: Work, keys: list[ProfileKey]) -> dict[ProfileKey, str]:
    """What each address would be known by, for those who write by e-mail."""
    found = {}
    for key in keys:
        network, address = key
        normal = contacts.plain(FieldKind.EMAIL, address) if network is Network.EMAIL else None
        if normal is not None:
            found[key] = work.secrets.fingerprint(work.actor.workspace_id, FieldKind.EMAIL, normal)
    return found


# ── custom fields ──────────────────────────────────────────────────────────────────────────────


def value_of(secrets: Secrets, publisher: Publisher, field: PublisherField) -> str:
    """ValueError where another SECRET_KEY sealed it."""
    if publisher.sealed_key is None:
        raise ValueError("a field without its publisher's key")
    name = field.definition_id.hex
    return secrets.unseal_for(publisher.id, publisher.sealed_key, name, field.sealed_value)


def shown(
    secrets: Secrets, publisher: Publisher, definition: FieldDefinition, field: PublisherField
) -> str:
    """What everybody who may see the publisher is shown of it."""
    try:
        value = value_of(secrets, publisher, field)
    except ValueError:
        return masking.COVER
    return masking.of_kind(definition.kind, value) if definition.masked else value


def field_with(
    secrets: Secrets, publisher: Publisher, definition: FieldDefinition, value: str
) -> PublisherField:
    """A field that holds it."""
    key = own_key(secrets, publisher)
    return PublisherField(
        workspace_id=publisher.workspace_id,
        publisher_id=publisher.id,
        definition_id=definition.id,
        sealed_value=secrets.seal_for(publisher.id, key, definition.id.hex, value),
        value_hash=secrets.fingerprint(publisher.workspace_id, definition.kind, value),
    )


async def seal_anew(work: Work, most: int) -> int:
    """How many had data from before there were keys for each, and have one of their own now."""
    sealed = 0
    for publisher in await work.publishers.take_unsealed(most):
        try:
            own_key(work.secrets, publisher)
        except ValueError:
            continue  # sealed with another SECRET_KEY: whoever has that one may still open it
        sealed += 1
    return sealed
