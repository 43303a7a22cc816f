"""Calls to addresses that somebody else chose: to the open internet only, and never for long.

A host is looked up once and the connection made to what was found, so that it cannot mean another
place a moment later. Nothing is followed, little is read, and all of it takes so long at most.
"""

import asyncio
import ipaddress
import socket
import ssl
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import cache

import httpx

from domain.rules import links

PATIENCE = timedelta(seconds=10)
CONNECT_SECONDS = 4.0
"""After which another address of the host is tried."""
READ_MOST = 16 * 1024
"""Bytes of an answer, after which nobody wants to know more of it."""
TRIED_MOST = 3
"""Addresses of one host, as long as no connection is made."""
LOOKED_UP_AT_ONCE = 32
KEPT = 128
"""Hosts to which connections are kept open for a while."""
KEPT_FOR = 15.0
USUAL = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class Answered:
    """What it said, whether that is good or bad; of a number of seconds to wait, if it asks."""

    status: int
    wait: timedelta | None = None


class NotReached(Exception):
    """There was no answer; `sentence` names one of `domain.sentences`."""

    def __init__(self, sentence: str, detail: str | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.detail = detail


@cache
def _authorities() -> ssl.SSLContext:
    """Whom certificates are believed from; read once, for it takes a while."""
    return httpx.create_ssl_context(trust_env=False)


class Outside:
    """What one process calls; `loopback`: this machine, too, by http as well."""

    def __init__(self, *, loopback: bool = False, patience: timedelta = PATIENCE) -> None:
        self._loopback = loopback
        self.patience = patience
        # Threads of their own: a name server that does not answer takes none from anybody else.
        self._threads = ThreadPoolExecutor(LOOKED_UP_AT_ONCE, thread_name_prefix="look-up")
        self._looking: dict[tuple[str, int], asyncio.Task[Sequence[str]]] = {}
        self._lines: OrderedDict[str, httpx.AsyncClient] = OrderedDict()
        self._retiring: set[asyncio.Task[None]] = set()

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answered:
        """NotReached where it may not be called, or does not answer in time."""
        try:
            async with asyncio.timeout(self.patience.total_seconds()):
                return await self._post(httpx.URL(url), body, headers)
        except TimeoutError:
            raise NotReached("webhook_no_answer", "no answer in time") from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            raise NotReached("webhook_no_answer", type(error).__qualname__) from None

    async def close(self) -> None:
        for each in list(self._lines.values()):
            await each.aclose()
        self._lines.clear()
        left = [*self._looking.values(), *self._retiring]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _post(self, url: httpx.URL, body: bytes, headers: Mapping[str, str]) -> Answered:
        addresses = await self._allowed(url)
        for last, address in enumerate(addresses[:TRIED_MOST], 1 - len(addresses[:TRIED_MOST])):
            try:
                return await self._ask(url, address, body, headers)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                # Without a connection nothing can have been said: another of its addresses may do.
                if last == 0:
                    raise
        raise NotReached("webhook_unknown_host")

    async def _ask(
        self, url: httpx.URL, address: str, body: bytes, headers: Mapping[str, str]
    ) -> Answered:
        line = self._line(url)
        # The certificate has to be that of the name; only the way there is fixed.
        request = line.build_request(
            "POST",
            url.copy_with(host=address),
            content=body,
            headers={**headers, "Host": url.netloc.decode("ascii")},
            extensions={"sni_hostname": url.host},
        )
        answer = await line.send(request, stream=True)
        try:
            read = 0
            # As it comes: what a few bytes would unfold into is nobody's business.
            async for piece in answer.aiter_raw():
                read += len(piece)
                if read > READ_MOST:
                    break
            return Answered(answer.status_code, _wait(answer.headers.get("retry-after")))
        finally:
            await answer.aclose()

    def _line(self, url: httpx.URL) -> httpx.AsyncClient:
        """Connections of this host alone: another's certificate was looked at for another."""
        place = f"{url.scheme}://{url.netloc.decode('ascii')}"
        line = self._lines.get(place)
        if line is None:
            limits = httpx.Limits(max_keepalive_connections=8, keepalive_expiry=KEPT_FOR)
            transport = httpx.AsyncHTTPTransport(
                verify=_authorities(), trust_env=False, limits=limits
            )
            line = self._lines[place] = httpx.AsyncClient(
                transport=transport,
                timeout=httpx.Timeout(None, connect=CONNECT_SECONDS),
                trust_env=False,
                follow_redirects=False,
            )
            if len(self._lines) > KEPT:
                # Nothing new begins there, and what is under way ends before it is closed.
                retired = asyncio.create_task(self._retire(self._lines.popitem(last=False)[1]))
                self._retiring.add(retired)
                retired.add_done_callback(self._retiring.discard)
        self._lines.move_to_end(place)
        return line

    async def _retire(self, line: httpx.AsyncClient) -> None:
        try:
            await asyncio.sleep(self.patience.total_seconds())
        finally:
            await line.aclose()

    async def _allowed(self, url: httpx.URL) -> Sequence[str]:
        """Where the host is, if it may be called there."""
        addresses = await self._look_up(url.host, url.port or USUAL.get(url.scheme, 0))
        here = [ipaddress.ip_address(each.partition("%")[0]).is_loopback for each in addresses]
        if self._loopback and addresses and all(here):
            return addresses
        # One that is inside is enough: a name that means both is meant to be taken for the other.
        if not all(links.public(each) for each in addresses):
            raise NotReached("webhook_inside")
        if url.scheme != "https":
            raise NotReached("webhook_not_secure")
        return addresses

    async def _look_up(self, host: str, port: int) -> Sequence[str]:
        """One question for a host at a time, whoever wants to know."""
        key = host, port
        looking = self._looking.get(key)
        if looking is None:
            looking = self._looking[key] = asyncio.create_task(self._find(host, port))
            looking.add_done_callback(lambda task: self._found(key, task))
        return await asyncio.shield(looking)

    def _found(self, key: tuple[str, int], task: asyncio.Task[Sequence[str]]) -> None:
        self._looking.pop(key, None)
        if not task.cancelled():
            task.exception()  # whoever still waits is told

    async def _find(self, host: str, port: int) -> Sequence[str]:
        loop = asyncio.get_running_loop()
        try:
            found = await loop.run_in_executor(self._threads, _addresses, host, port)
        except OSError as error:
            raise NotReached("webhook_unknown_host", type(error).__qualname__) from None
        return list(dict.fromkeys(found))


def _addresses(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return [str(address[0]) for *_, address in found]


def _wait(told: str | None) -> timedelta | None:
    plain = told is not None and told.isascii() and told.isdigit() and len(told) <= 6
    return timedelta(seconds=int(told)) if plain and told else None
