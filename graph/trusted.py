"""Documents that the client's build handed in: known by id, read at the start, kept for good.

The file is what the usual builds write: an object of id and text (GraphQL Code Generator, Relay),
or Apollo's manifest. Ids are the build's own; `sha256:` and the hash of the text names each of them
too, as https://graphql.github.io/graphql-over-http/draft has it for persisted documents.
"""

from collections.abc import Collection, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
from graphql import GraphQLError

from domain.sentences import SENTENCES
from domain.words import Locale
from graph.documents import Documents

SHA256 = "sha256:"
APOLLO = "apollo-persisted-query-manifest"


class BadFile(Exception):
    """A file that cannot be served from; the message names the document that is wrong."""


class Untrusted(GraphQLError):
    """A document that is not run for what it was asked by: a code that the usual clients know."""

    def __init__(self, code: str, sentence: str) -> None:
        self.sentence = sentence
        super().__init__(self.told(Locale.EN), extensions={"code": code})

    def told(self, locale: Locale) -> str:
        return SENTENCES[self.sentence][locale]


class Trusted:
    """The documents of one file, which others may be refused beside."""

    def __init__(
        self,
        texts: Mapping[str, str] | None = None,
        *,
        only: bool = False,
        ours: Collection[str] = (),
    ) -> None:
        """`ours` are what our own pages ask, by their text."""
        self._set_up = texts is not None
        self._texts = {_named(text): text for text in (texts or {}).values()} | dict(texts or {})
        self._all = frozenset((*self._texts.values(), *ours))
        self._only = only

    def text(self, request: Mapping[str, Any]) -> str | Untrusted:
        """The document that a request means, by its text, its id or both; or why it is not run.

        The request has either.
        """
        query, identity = request.get("query"), named_in(request)
        if identity is not None:
            if not self._set_up:
                return Untrusted("PERSISTED_QUERY_NOT_SUPPORTED", "documents_not_kept")
            known = self._texts.get(identity) or self._texts.get(SHA256 + identity)
            if known is None:
                return Untrusted("PERSISTED_QUERY_NOT_FOUND", "document_unknown")
            if query not in (None, known):
                return Untrusted("PERSISTED_QUERY_MISMATCH", "document_differs")
            return known
        if self._only and query not in self._all:
            return Untrusted("PERSISTED_QUERY_ONLY", "document_untrusted")
        return str(query)


def named_in(request: Mapping[str, Any]) -> str | None:
    """The id that a request names its document by: `documentId`, or what Apollo sends instead.

    Apollo's hash beside a whole document asks to have it remembered; it is passed over.
    """
    identity = request.get("documentId")
    if isinstance(identity, str):
        return identity
    if request.get("query") is None:
        extensions = request.get("extensions")
        told = extensions.get("persistedQuery") if isinstance(extensions, dict) else None
        hashed = told.get("sha256Hash") if isinstance(told, dict) else None
        return hashed if isinstance(hashed, str) else None
    return None


def load(path: Path, documents: Documents, *, only: bool, ours: Collection[str] = ()) -> Trusted:
    """Reads the file, and all that is in it; BadFile where one could not be run."""
    try:
        told = orjson.loads(path.read_bytes())
    except OSError as error:
        raise BadFile(f"{path} cannot be read: {error.strerror}") from None
    except orjson.JSONDecodeError as error:
        raise BadFile(f"{path} is not JSON in UTF-8: {error}") from None
    texts = _of_apollo(path, told) if _is_manifest(told) else _of_map(path, told)
    if not texts:
        raise BadFile(f"{path} holds no documents")
    for identity, text in texts.items():
        if identity.startswith(SHA256) and identity != _named(text):
            raise BadFile(f"{path}: {identity} is not the hash of its document")
        _check(path, identity, text, documents)
    return Trusted(texts, only=only, ours=ours)


def _is_manifest(told: object) -> bool:
    return isinstance(told, dict) and isinstance(told.get("operations"), list)


def _of_apollo(path: Path, told: dict[str, Any]) -> dict[str, str]:
    if told.get("format") != APOLLO:
        raise BadFile(f"{path}: a manifest has the format {APOLLO}")
    texts: dict[str, str] = {}
    for nth, each in enumerate(told["operations"]):
        identity, text = (each.get("id"), each.get("body")) if isinstance(each, dict) else (0, 0)
        if not isinstance(identity, str) or not isinstance(text, str) or not identity:
            raise BadFile(f"{path}: operation {nth + 1} needs an `id` and a `body`")
        if texts.setdefault(identity, text) != text:
            raise BadFile(f"{path}: {identity} stands for two documents")
    return texts


def _of_map(path: Path, told: object) -> dict[str, str]:
    if not isinstance(told, dict):
        raise BadFile(f"{path} is neither an object of ids and documents nor Apollo's manifest")
    for identity, text in told.items():
        if not identity or not isinstance(text, str):
            raise BadFile(f"{path}: {identity or 'an empty id'} has no document as its value")
    return told


def _check(path: Path, identity: str, text: str, documents: Documents) -> None:
    prepared = documents.keep(text)
    errors = list(prepared.errors)
    operations = prepared.operations()
    if not errors and not operations:
        raise BadFile(f"{path}: {identity} has no operation")
    for each in operations:
        # What variables make of it, every request is asked for.
        if not errors and not each.variable_definitions:
            errors += prepared.refusal(each.name.value if each.name else None, None)
    if errors:
        raise BadFile(f"{path}: {identity} cannot be run: {errors[0].message}")


def _named(text: str) -> str:
    return SHA256 + sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
