"""The language somebody is answered in: the one they ask for that we speak best."""

from domain.words import Locale

SPOKEN = {"pt": Locale.PT_BR, "en": Locale.EN}
LONGEST = 500


def preferred(accept_language: str | None, otherwise: Locale = Locale.PT_BR) -> Locale:
    """What an `Accept-Language` header asks for first, of the languages that we speak."""
    wishes: list[tuple[float, Locale]] = []
    for part in (accept_language or "")[:LONGEST].split(","):
        tag, _, parameters = part.partition(";")
        locale = SPOKEN.get(tag.strip().lower().partition("-")[0])
        weight = _weight(parameters)
        if locale is not None and weight > 0:
            wishes.append((weight, locale))
    return max(wishes, key=lambda wish: wish[0])[1] if wishes else otherwise


def _weight(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
