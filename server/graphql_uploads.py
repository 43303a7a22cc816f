"""A GraphQL request with files, read as it streams in: the multipart request specification.

https://github.com/jaydenseric/graphql-multipart-request-spec, in its order: `operations`, `map`,
then the files. No more is held than is allowed, and a file goes only where the map rightly says.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from domain.rules.files import FILE_MOST
from resolvers.attachments import Upload
from server.graphql_errors import Refused

MULTIPART = "multipart/form-data"
FILES_MOST = 10
HEADERS_MOST, HEADER_LENGTH = 8, 4 * 1024
DEEPEST = 20
MISSING = object()
PREFLIGHT = ("graphql-require-preflight", "apollo-require-preflight", "x-requested-with")
"""One of them says that a page of ours asks: a form of somebody else's cannot set a header."""


def is_multipart(request: Request) -> bool:
    media = request.headers.get("content-type", "").partition(";")[0]
    return request.method == "POST" and media.strip().lower() == MULTIPART


def require_preflight(request: Request) -> None:
    """Refused, unless the browser has asked first whether it may send this."""
    if not any(request.headers.get(name) for name in PREFLIGHT):
        raise _bad(
            "Send the header `GraphQL-Require-Preflight: 1` along with files, so that no page of "
            "others can send them."
        )


def most(limit: int) -> int:
    """How many bytes a body may have whose operations have so many at most."""
    return 2 * limit + FILES_MOST * (FILE_MOST + 64 * 1024)


def size(request: Request, limit: int) -> int:
    """As many as it says that it has; as many as it may have where it does not say."""
    declared = request.headers.get("content-length", "")
    return min(int(declared), most(limit)) if declared.isdecimal() else most(limit)


async def from_parts(request: Request, limit: int) -> object:
    """The operations with each file where the map says; `limit` is theirs and the map's."""
    allowed = most(limit)
    too_large = Refused(
        "TOO_LARGE", f"A body has at most {allowed} bytes.", 413, headers={"Connection": "close"}
    )
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > allowed:
        raise too_large
    reading = Reading(limit)
    try:
        parser = reading.parser(request.headers.get("content-type", ""))
        length = 0
        async for chunk in request.stream():
            length += len(chunk)
            if length > allowed:
                raise too_large
            parser.write(chunk)
    except FormParserError:
        raise _bad("The body is not well-formed multipart/form-data.") from None
    return reading.whole()


@dataclass
class Place:
    """Somewhere in the operations that waits for a file."""

    owner: Any
    step: Any

    def take(self, file: Upload) -> None:
        self.owner[self.step] = file


class Reading:
    """What has come so far, part by part."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.operations: object = None
        self.places: dict[str, list[Place]] | None = None
        self.parts = 0
        self.ended = False
        self._header, self._value = bytearray(), bytearray()
        self._name, self._file_name = "", ""
        self._data = bytearray()

    def parser(self, content_type: str) -> MultipartParser:
        _, options = parse_options_header(content_type)
        boundary = options.get(b"boundary")
        if not boundary:
            raise _bad("The multipart body names no boundary.")
        callbacks: dict[str, Callable[..., None]] = {
            "on_part_begin": self._begin,
            "on_header_field": self._field,
            "on_header_value": self._content,
            "on_header_end": self._header_ended,
            "on_headers_finished": self._named,
            "on_part_data": self._more,
            "on_part_end": self._part_ended,
            "on_end": self._all_ended,
        }
        return MultipartParser(
            boundary,
            callbacks,  # type: ignore[arg-type]
            max_header_count=HEADERS_MOST,
            max_header_size=HEADER_LENGTH,
        )

    def whole(self) -> object:
        if not self.ended or self.places is None:
            raise _bad("The body ends before its parts do.")
        if any(self.places.values()):
            raise _bad("A file that the map names did not come.")
        return self.operations

    # ── as the parser meets it ───────────────────────────────────────────────────────────────

    def _begin(self) -> None:
        self.parts += 1
        self._name = self._file_name = ""
        self._data = bytearray()

    def _field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _content(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_ended(self) -> None:
        if bytes(self._header).lower() == b"content-disposition":
            _, options = parse_options_header(bytes(self._value))
            self._name = options.get(b"name", b"").decode("utf-8", "replace")
            self._file_name = options.get(b"filename", b"").decode("utf-8", "replace")
        self._header, self._value = bytearray(), bytearray()

    def _named(self) -> None:
        """The next part is the one that has to come now."""
        if self.parts <= 2:
            wanted = ("operations", "map")[self.parts - 1]
            if self._name != wanted:
                raise _bad("The parts come in this order: `operations`, `map`, then the files.")
        elif not (self.places or {}).get(self._name):
            raise _bad("A file came that the map does not name, or that came before.")

    def _more(self, data: bytes, start: int, end: int) -> None:
        if self.parts <= 2:
            if len(self._data) + end - start > self.limit:
                raise Refused(
                    "TOO_LARGE",
                    f"`{self._name}` has at most {self.limit} bytes.",
                    413,
                    headers={"Connection": "close"},
                )
            self._data += data[start:end]
            return
        # A byte more than may be kept is enough to know that there are too many.
        room = FILE_MOST + 1 - len(self._data)
        self._data += data[start : min(end, start + room)]

    def _part_ended(self) -> None:
        if self.parts == 1:
            self.operations = _decoded(bytes(self._data), "operations")
        elif self.parts == 2:
            self.places = _places(self.operations, _decoded(bytes(self._data), "map"))
        elif self.places is not None:
            file = Upload(self._file_name, bytes(self._data))
            for place in self.places[self._name]:
                place.take(file)
            self.places[self._name] = []
        self._data = bytearray()

    def _all_ended(self) -> None:
        self.ended = True


def _decoded(data: bytes, what: str) -> object:
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        raise _bad(f"`{what}` is not JSON in UTF-8.") from None


def _places(operations: object, told: object) -> dict[str, list[Place]]:
    """Where each file goes: a `null` in the variables, each for one file alone."""
    if told == {}:
        raise _bad("`map` names no file. Without files, send the operation as application/json.")
    if not isinstance(told, Mapping):
        raise _bad("`map` is an object: the name of each file part, with the paths it goes to.")
    found: dict[str, list[Place]] = {}
    taken: set[tuple[int, Any]] = set()
    for name, each in told.items():
        if not isinstance(each, list) or not each or not all(isinstance(p, str) for p in each):
            raise _bad("`map` has, for each file, a list of paths such as `variables.input.file`.")
        if len(taken) + len(each) > FILES_MOST:
            raise _bad(f"At most {FILES_MOST} files come with a request.")
        found[name] = [_place(operations, path) for path in each]
        for place in found[name]:
            # However it is written: `list.0` is `list.00`.
            if (there := (id(place.owner), place.step)) in taken:
                raise _bad("`map` sends two files to one place.")
            taken.add(there)
    return found


def _place(operations: object, path: str) -> Place:
    steps = path.split(".")
    owner: Any = None
    value: Any = operations
    step: Any = None
    for step in steps if steps[0] == "variables" and len(steps) <= DEEPEST else ():
        owner = value
        if isinstance(owner, list) and step.isascii() and step.isdigit() and len(step) < 6:
            step = int(step)
            there = step < len(owner)
        else:
            there = isinstance(owner, dict) and step in owner
        value = owner[step] if there else MISSING
    if owner is None or value is not None or step == "variables":
        raise _bad("A path of `map` leads nowhere: it has to lead to a `null` in the variables.")
    return Place(owner, step)


def _bad(message: str) -> Refused:
    # The connection ends with the answer, so that the rest of the body need not be read.
    return Refused("BAD_REQUEST", message, 400, headers={"Connection": "close"})
