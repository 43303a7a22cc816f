"""HTTP as uvicorn reads it, from callers who get on with it.

Whoever opens a connection and then says little or nothing holds a place that others want.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

GRACE = 20.0
"""Seconds in which a request has to be here, head and body."""
RATE = 500
"""Bytes for which it gets another second; whoever sends this many in each may go on."""
TOO_SLOW = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class PatientHttp(HttpToolsProtocol):
    """One connection, which is closed when what it was opened for does not come."""

    grace = GRACE
    _timer: asyncio.TimerHandle | None = None
    _began = 0.0
    _received = 0

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._expect()

    def data_received(self, data: bytes) -> None:
        if self._timer is None:
            self._expect()
        self._received += len(data)
        super().data_received(data)

    def on_message_complete(self) -> None:
        self._rest()
        super().on_message_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._rest()
        super().connection_lost(exc)

    def _expect(self) -> None:
        self._began, self._received = self.loop.time(), 0
        self._timer = self.loop.call_later(self.grace, self._look)

    def _rest(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        if self.flow.read_paused:
            self._expect()  # it is we who do not get on with it
            return
        left = self._began + self.grace + self._received / RATE - self.loop.time()
        if left > 0:
            self._timer = self.loop.call_later(left, self._look)
            return
        self._timer = None
        cycle: Any = self.cycle  # none before the first request
        if cycle is None or cycle.response_complete or not cycle.response_started:
            self.transport.write(TOO_SLOW)
        self.transport.close()
