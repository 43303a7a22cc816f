"""One call to a network over HTTP, and what can be said where it was not answered.

Nobody is followed anywhere else, no proxy of the machine is asked, and no more of an answer is read
than it may have. What a network only names, an address of a file, has to be of the open internet;
it is looked up once, and that is where the call goes.
"""

import asyncio
import ipaddress
import math
import socket
import ssl
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache, partial
from typing import Any

import httpx
import orjson

from channels.base import CARRIED, Fetched, Gone, Unfetched
from domain.errors import Refusal
from domain.rules import links
from domain.rules.capability import FILE_SIZE, MEBIBYTE
from domain.sending import Doubtful, NotSent

CONNECT_SECONDS = 5.0
FETCH_SECONDS = 30.0
ANSWER_MOST = MEBIBYTE
LONGEST_WAIT = timedelta(hours=6)
_threads = ThreadPoolExecutor(8, thread_name_prefix="look-up")
"""Of their own: a name server that does not answer takes none from whoever signs in."""
ABSENT = frozenset({401, 403, 404, 410})
"""It is not there for us, and will not be."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    """Names in small letters."""
    body: bytes

    def json(self) -> Any:
        """What it says; None where that is no JSON."""
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError:
            return None

    @property
    def wait(self) -> timedelta | None:
        """How long it asks us to wait, at most a few hours."""
        try:
            seconds = float(self.headers.get("retry-after", ""))
        except ValueError:
            return None
        if not math.isfinite(seconds) or seconds < 0:
            return None
        return min(timedelta(seconds=min(seconds, 1e6)), LONGEST_WAIT)


async def call(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    params: Mapping[str, str] | None = None,
    json: Any = None,
    data: Mapping[str, str] | None = None,
    content: bytes | None = None,
    files: Sequence[tuple[str, tuple[str, bytes, str]]] | None = None,
    ours: bool = True,
    loopback: bool = False,
) -> Answer | NotSent | Doubtful:
    """What was answered. NotSent where nothing can have been said, Doubtful where it may have been.

    How long all of it may take is the caller's to say. `ours`: the address was set here; one that
    somebody else chose is of the open internet, or with `loopback` of this machine.
    """
    place = Place(url) if ours else await _looked_up(url, loopback=loopback)
    if place is None:
        return NotSent("webhook_inside")
    try:
        async with (
            _client() as client,
            client.stream(
                method,
                place.url,
                headers={**CARRIED.get(), **(headers or {}), **place.headers},
                params=params,
                json=json,
                content=content,
                data=data,
                files=files,
                extensions=place.extensions,
            ) as answer,
        ):
            body = await _read(answer, ANSWER_MOST)
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        # Without a connection nothing can have been said.
        return NotSent("network_unreachable", type(error).__qualname__)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return Doubtful("network_no_answer", type(error).__qualname__)
    if body is None:
        return Doubtful("network_no_answer", "long answer")
    return Answer(answer.status_code, answer.headers, body)


async def fetch(
    url: str, *, headers: Mapping[str, str] | None = None, ours: bool = False
) -> Fetched | Gone:
    """A file. `ours`: its address was made here, and not named by anybody else.

    Unfetched where it may be had another time.
    """
    place = Place(url) if ours else await _looked_up(url)
    if place is None:
        return Gone("media_elsewhere")
    try:
        async with (
            asyncio.timeout(FETCH_SECONDS),
            _client() as client,
            client.stream(
                "GET",
                place.url,
                headers={**(headers or {}), **place.headers},
                extensions=place.extensions,
            ) as answer,
        ):
            if answer.status_code in ABSENT:
                return Gone("media_gone", str(answer.status_code))
            if answer.status_code != 200:
                raise Unfetched(str(answer.status_code))
            data = await _read(answer, FILE_SIZE)
    except httpx.InvalidURL:
        return Gone("media_gone", "no address")
    except (httpx.HTTPError, TimeoutError) as error:
        raise Unfetched(type(error).__qualname__) from error
    if data is None:
        return Gone("media_too_large")
    return Fetched(data, answer.headers.get("content-type", "").partition(";")[0].strip() or None)


def _client() -> httpx.AsyncClient:
    return httpx.AsyncClient(
        timeout=httpx.Timeout(None, connect=CONNECT_SECONDS),
        trust_env=False,
        verify=_authorities(),
    )


@cache
def _authorities() -> ssl.SSLContext:
    """Whom certificates are believed from; read once, for it takes a while."""
    return httpx.create_ssl_context(trust_env=False)


async def _read(answer: httpx.Response, most: int) -> bytes | None:
    """The whole body; None when there is more of it than that."""
    body = bytearray()
    async for piece in answer.aiter_bytes():
        body += piece
        if len(body) > most:
            return None
    return bytes(body)


@dataclass(frozen=True, slots=True)
class Place:
    """An address, and what says whom it means there."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    extensions: Mapping[str, str] = field(default_factory=dict)


async def _looked_up(url: str, *, loopback: bool = False) -> Place | None:
    """The same address by its number; None where it is not of the open internet."""
    try:
        whole = httpx.URL(links.called(url, loopback=True) if loopback else links.target(url))
    except (Refusal, httpx.InvalidURL):
        return None
    port = whole.port or (443 if whole.scheme == "https" else 80)
    try:
        found = await asyncio.get_running_loop().run_in_executor(
            _threads, partial(socket.getaddrinfo, whole.host, port, type=socket.SOCK_STREAM)
        )
    except OSError as error:
        raise Unfetched(type(error).__qualname__) from error
    places = [str(each[4][0]) for each in found]
    here = loopback and all(ipaddress.ip_address(each).is_loopback for each in places)
    if not places or not (here or all(map(links.public, places))):
        return None
    named = whole.netloc.decode("ascii")
    return Place(
        str(whole.copy_with(host=places[0])), {"Host": named}, {"sni_hostname": whole.host}
    )
