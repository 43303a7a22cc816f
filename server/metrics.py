"""What this process tells Prometheus: figures of everything that happens, on a port of its own.

Nobody below knows of it. What happens is told here in a call that never fails and never waits;
what merely stands somewhere is looked at when it is asked for. Labels are closed lists of our own:
no name that a caller chooses makes a series.
"""

import asyncio
import functools
import platform
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from importlib.metadata import version
from time import perf_counter
from typing import ParamSpec, TypeVar

import structlog
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    start_http_server,
)

from feed.bell import Bell
from storage.work import Storage

log = structlog.get_logger(__name__)
P = ParamSpec("P")
M = TypeVar("M", Counter, Histogram)

QUICK = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
SLOW = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0)
COSTS = (1, 10, 50, 100, 250, 500, 1000, 2500, 5000)
STATEMENTS = (0, 1, 2, 3, 5, 8, 13, 21, 34)
ASKED_EVERY = 0.2
"""Seconds between two looks at how late the loop is."""
MOST_CODES = 64
"""Codes are a closed list; should that ever fail, the rest of them is one series."""


def harmless(tell: Callable[P, None]) -> Callable[P, None]:
    """Whatever goes wrong in the telling, what is told of goes on."""
    failed = False

    @functools.wraps(tell)
    def told(*args: P.args, **kwargs: P.kwargs) -> None:
        nonlocal failed
        try:
            tell(*args, **kwargs)
        except Exception as error:
            if not failed:
                log.warning("metrics.failed", what=tell.__name__, error=type(error).__qualname__)
            failed = True

    return told


@functools.lru_cache(2_000)
def _series(metric: M, *labels: str) -> M:
    """One series of a metric. The library looks for it under a lock, with every word checked."""
    found: M = metric.labels(*labels)
    return found


class Metrics:
    """The figures of one process."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self._codes: set[str] = set()

        def counter(name: str, told: str, *labels: str) -> Counter:
            return Counter(f"guiche_{name}", told, labels, registry=registry)

        def gauge(name: str, told: str, *labels: str) -> Gauge:
            return Gauge(f"guiche_{name}", told, labels, registry=registry)

        def timing(
            name: str, told: str, *labels: str, buckets: Sequence[float] = QUICK
        ) -> Histogram:
            return Histogram(f"guiche_{name}", told, labels, registry=registry, buckets=buckets)

        built = gauge("build_info", "Which Guichê this is; always 1.", "version", "python")
        built.labels(version("guiche"), platform.python_version()).set(1)
        self.draining = gauge("draining", "1 from the moment the process is told to stop.")

        self._requests = counter("requests", "Requests over HTTP.", "route", "status")
        self._request_seconds = timing("request_seconds", "How long they took.", "route")
        self._operations = counter(
            "operations", "GraphQL operations that ended.", "kind", "over", "outcome"
        )
        self._operation_seconds = timing(
            "operation_seconds", "How long queries and mutations took.", "kind"
        )
        self._statements = timing(
            "operation_statements", "Statements of one operation.", "kind", buckets=STATEMENTS
        )
        self._cost = timing("operation_cost", "What operations cost.", buckets=COSTS)
        self._kept = counter(
            "kept_answers", "Questions whose answer may have been kept, by what it was.", "outcome"
        )
        self.kept_bytes = gauge("kept_bytes", "Room that kept answers take.")
        self._refusals = counter("refusals", "What was refused or failed, by its code.", "code")
        self._posts = counter("webhook_posts", "Posts that came in by webhook.", "outcome")

        self.sockets = gauge("sockets", "Websockets that are open.", "state")
        self._closed = counter("sockets_closed", "Websockets that ended.", "code", "by")
        self.subscriptions = gauge("subscriptions", "Subscriptions that run.")
        self._messages = counter("subscription_messages", "Messages of subscriptions that ended.")
        self.groups = gauge("subscription_groups", "Groups of equal subscriptions.")
        self.members = gauge("subscription_members", "Subscriptions that are in a group.")
        self.largest = gauge("subscription_group_largest", "Members of the largest group.")

        self._entries = counter("feed_entries", "Entries of the feed that were handed out.")
        self._feed_lag = timing(
            "feed_lag_seconds", "From when a change was recorded to when it was handed out here."
        )
        self._feed_failures = counter("feed_failures", "Times that the feed could not be read.")
        self.tails = gauge("feed_tails", "Workspaces whose feed is followed here.")
        self.bell = gauge("bell_connected", "1 while rings go from process to process.")
        self._bell_events = counter("bell_events", "What happened to the bell.", "event")

        self._turns = counter("worker_turns", "Turns of a worker's loop.", "loop", "outcome")
        self._turn_seconds = timing("worker_turn_seconds", "How long they took.", "loop")
        self._last_turn = gauge(
            "worker_last_turn_timestamp_seconds", "When a loop's last turn went well.", "loop"
        )
        self._deadline_lag = timing(
            "deadline_lag_seconds",
            "From when a deadline passed to when it was noticed.",
            buckets=SLOW,
        )
        self._deliveries = counter(
            "deliveries", "Replies handed to networks, by how it ended.", "network", "outcome"
        )
        self._delivery_lag = timing(
            "delivery_lag_seconds",
            "From when a reply was queued to when it was sent.",
            "network",
            buckets=SLOW,
        )
        self._informed = counter(
            "partner_deliveries", "Events told to partners, by how it ended.", "outcome"
        )
        self._partner_lag = timing(
            "partner_lag_seconds",
            "From when something happened to when the partner had it.",
            buckets=SLOW,
        )
        self._chores = counter(
            "chores_done", "Tickets that housekeeping did something to.", "chore"
        )

        self.pool = gauge("pool_connections", "Connections to the database.", "state")
        self.pool_waiting = gauge("pool_waiting", "Those who wait for a connection.")
        self.pool_limit = gauge("pool_limit", "Connections that there may be at most.")
        self._loop_lag = timing(
            "loop_lag_seconds", "How late the event loop was, asked several times a second."
        )

    # ── requests ─────────────────────────────────────────────────────────────────────────────

    @harmless
    def request(self, route: str, status: int, seconds: float) -> None:
        _series(self._requests, route, str(status)).inc()
        _series(self._request_seconds, route).observe(seconds)

    @harmless
    def operation(
        self,
        kind: str,
        over: str,
        outcome: str,
        seconds: float,
        statements: int,
        cost: float | None,
        codes: Sequence[str],
    ) -> None:
        _series(self._operations, kind, over, outcome).inc()
        if kind != "subscription":
            _series(self._operation_seconds, kind).observe(seconds)
            _series(self._statements, kind).observe(statements)
        if cost is not None:
            self._cost.observe(cost)
        for code in codes:
            self.refused(code)

    @harmless
    def kept(self, outcome: str) -> None:
        _series(self._kept, outcome).inc()

    @harmless
    def refused(self, code: str) -> None:
        if code not in self._codes:
            code = code if len(self._codes) < MOST_CODES else "OTHER"
            self._codes.add(code)
        self._refusals.labels(code).inc()

    @harmless
    def posts(self, outcome: str, count: int) -> None:
        self._posts.labels(outcome).inc(count)

    @harmless
    def closed(self, code: int, by: str) -> None:
        # Peers close with whatever they like.
        known = 1000 <= code <= 1015 or 4400 <= code <= 4500
        self._closed.labels(str(code) if known else "other", by).inc()

    @harmless
    def message(self, count: int = 1) -> None:
        self._messages.inc(count)

    # ── the feed, the bell and the workers ───────────────────────────────────────────────────

    @harmless
    def handed_out(self, entries: int, lag: float) -> None:
        self._entries.inc(entries)
        self._feed_lag.observe(max(lag, 0.0))

    @harmless
    def unread(self) -> None:
        self._feed_failures.inc()

    @harmless
    def bell_event(self, event: str) -> None:
        self._bell_events.labels(event).inc()

    @harmless
    def turn(self, loop: str, seconds: float, well: bool) -> None:
        self._turns.labels(loop, "ok" if well else "failed").inc()
        self._turn_seconds.labels(loop).observe(seconds)
        if well:
            self._last_turn.labels(loop).set_to_current_time()

    @harmless
    def noticed(self, late: float) -> None:
        self._deadline_lag.observe(late)

    @harmless
    def delivered(self, network: str, outcome: str, lag: float | None) -> None:
        self._deliveries.labels(network, outcome).inc()
        if lag is not None:
            self._delivery_lag.labels(network).observe(max(lag, 0.0))

    @harmless
    def informed(self, outcome: str, late: float | None) -> None:
        self._informed.labels(outcome).inc()
        if late is not None:
            self._partner_lag.observe(max(late, 0.0))

    @harmless
    def chore(self, name: str, done: int) -> None:
        self._chores.labels(name).inc(done)

    @harmless
    def looped(self, late: float) -> None:
        self._loop_lag.observe(max(late, 0.0))

    # ── served ───────────────────────────────────────────────────────────────────────────────

    @contextmanager
    def served(self, host: str, port: int | None) -> Iterator[None]:
        """On a port of its own, from a thread: told even while the loop is held up.

        OSError where the port cannot be had.
        """
        if port is None:
            yield
            return
        server, thread = start_http_server(port, host, self.registry)
        try:
            yield
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


@asynccontextmanager
async def watched(metrics: Metrics, storage: Storage, bell: Bell) -> AsyncIterator[None]:
    """What every process has is looked at: the loop, the pool, the bell."""
    database = storage.database
    metrics.bell.set_function(lambda: bell.connected)
    metrics.pool.labels("in_use").set_function(lambda: database.pooled().in_use)
    metrics.pool.labels("idle").set_function(lambda: database.pooled().idle)
    metrics.pool_waiting.set_function(lambda: database.pooled().waiting)
    metrics.pool_limit.set_function(lambda: database.pooled().limit)
    asking = asyncio.create_task(_ask_the_loop(metrics), name="loop lag")
    try:
        yield
    finally:
        asking.cancel()
        await asyncio.wait([asking])


async def _ask_the_loop(metrics: Metrics) -> None:
    while True:
        began = perf_counter()
        await asyncio.sleep(ASKED_EVERY)
        metrics.looped(perf_counter() - began - ASKED_EVERY)
