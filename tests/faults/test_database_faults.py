"""PostgreSQL goes away and comes back: whoever asks is told to try again, and nothing is missed."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

import httpx
import pytest
import structlog
from sqlalchemy import select
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from domain.model.ticket import Ticket
from domain.words import Role
from storage import migrating
from storage.engine import open_database
from storage.work import SqlWork
from tests.api.desk import Json, gid
from tests.faults.processes import processes
from tests.faults.test_deadlines_faults import desk
from tests.faults.writing import Insistent, lost_and_doubled, whole, writers
from tests.flows.served import PROTOCOL, Caller, House
from tests.flows.test_two_processes import free_port
from tests.services import PostgresServer
from tests.transport.house import until

log = structlog.get_logger(__name__)
FOLLOW = (
    "subscription($a: String) { queueChanges(after: $a) { cursor resync"
    " changes { kind ticketId entry { sequence } ticket { level { name } publisher { name } } } } }"
)
SLOWEST, BACK_WITHIN = 10.0, 3.0
COMES_BACK = {1012, 1013}
A_FEW = 12


@pytest.fixture(scope="module")
def own_postgres() -> Iterator[PostgresServer]:
    with PostgresServer("fsync=off") as server:
        yield server


@dataclass
class Timed(Insistent):
    """One who also notes how long each answer took, and whether it says what to do."""

    slowest: float = 0.0
    unclear: list[Json] = field(default_factory=list)
    answered_at: float = 0.0

    async def _once(self, asked: Json) -> Json | None:
        began = monotonic()
        told = await super()._once(asked)
        self.slowest = max(self.slowest, monotonic() - began)
        if told is not None and not self._passing(told):
            self.answered_at = monotonic()
        for error in (told or {}).get("errors") or []:
            if error["extensions"] != {"code": "UNAVAILABLE", "retryable": True}:
                self.unclear.append(error)
        return told


@dataclass
class Returning:
    """A client that follows, and comes back with its cursor where it is told to."""

    caller: Caller
    sequences: dict[str, list[int]] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    resyncs: int = 0
    closes: list[int] = field(default_factory=list)
    torn: list[Any] = field(default_factory=list)
    cursor: str | None = None

    async def follow(self) -> None:
        while True:
            with suppress(OSError, ConnectionClosed):
                await self._once()
            await asyncio.sleep(0.1)

    async def _once(self) -> None:
        address = self.caller.url.replace("http", "ws") + "/graphql"
        async with connect(address, subprotocols=[PROTOCOL], compression=None) as socket:
            credentials = {"authorization": f"Bearer {self.caller.token}"}
            await socket.send(json.dumps({"type": "connection_init", "payload": credentials}))
            asked = {"query": FOLLOW, "variables": {"a": self.cursor}}
            try:
                async for frame in socket:
                    message = json.loads(frame)
                    match message["type"]:
                        case "connection_ack":
                            subscribing = {"id": "1", "type": "subscribe", "payload": asked}
                            await socket.send(json.dumps(subscribing))
                        case "ping":
                            await socket.send(json.dumps({"type": "pong"}))
                        case "next":
                            self._hear(message["payload"])
                        case "error":
                            # What clients are told to try again; anything else ends the test.
                            codes = {each["extensions"]["code"] for each in message["payload"]}
                            if codes != {"UNAVAILABLE"}:
                                self.torn.append(message)
                            return
            finally:
                if socket.close_code is not None:
                    self.closes.append(socket.close_code)

    def _hear(self, payload: Json) -> None:
        if payload.get("errors"):
            self.torn.append(payload)
            return
        told = payload["data"]["queueChanges"]
        self.cursor = told["cursor"]
        self.resyncs += told["resync"]
        for change in told["changes"]:
            if change["entry"]:
                numbers = self.sequences.setdefault(change["ticketId"], [])
                numbers.append(change["entry"]["sequence"])
            self.seen.add(change["ticketId"])


async def every(work: SqlWork) -> list[Ticket]:
    return list(await work.session.scalars(select(Ticket)))


async def while_away(house: House, ana: Caller, bia: Caller) -> None:
    """Every door says so in its own way, and in time; Bia is on no socket, and to be asked for."""
    async with httpx.AsyncClient(base_url=house.url, timeout=SLOWEST) as client:
        ready = await client.get("/readyz")
        assert ready.status_code == 503
        assert ready.json()["database"] == "away"
        assert (await client.get("/livez")).status_code == 200
        document = "mutation($i: SignInInput!) { signIn(input: $i) { userErrors { code } } }"
        given = {"i": {"email": "ana@example.com", "password": "uma senha qualquer"}}
        entering = await client.post("/graphql", json={"query": document, "variables": given})
        [error] = entering.json()["errors"]
        assert error["extensions"] == {"code": "UNAVAILABLE", "retryable": True}
        asked = await ana.client.post(
            "/graphql",
            json={"query": "{ me { user { name } } }"},
            headers={"authorization": f"Bearer {ana.token}"},
        )
        assert (asked.status_code, bool(asked.headers["retry-after"])) == (503, True)
        hook = await client.post(f"/hooks/{gid(house.world.triage)}", content=b"{}")
        assert (hook.status_code, hook.json()["error"]["code"]) == (503, "UNAVAILABLE")
        link = await client.get("/s/abcdefgh")
        file = await client.get("/files/QQ", headers={"authorization": f"Bearer {ana.token}"})
        assert link.status_code == 503
        assert file.status_code in (404, 503)
    async with connect(
        house.url.replace("http", "ws") + "/graphql", subprotocols=[PROTOCOL]
    ) as socket:
        payload = {"authorization": f"Bearer {bia.token}"}
        await socket.send(json.dumps({"type": "connection_init", "payload": payload}))
        with pytest.raises(ConnectionClosed):
            await asyncio.wait_for(socket.recv(), SLOWEST)
        assert socket.close_code in COMES_BACK


@pytest.mark.postgres
@pytest.mark.redis
async def test_whoever_asks_meanwhile_is_told_to_try_again_and_whoever_follows_misses_nothing(
    own_postgres: PostgresServer, redis_url: str, tmp_path: Path
) -> None:
    url = own_postgres.url
    async with open_database(url) as database:
        await migrating.migrate(database)
    async with desk(url, redis_url) as world:
        account = await world.account()
        await world.watch(account, world.triage)
        await world.arrange(world.triage, account_ids=[account.id])
        port = str(free_port())
        house = House(f"http://127.0.0.1:{port}", world)
        admins = [
            await world.person(f"P{number}", level=world.triage, role=Role.ADMIN)
            for number in range(5)
        ]
        ana, *callers = [await house.caller(each) for each in admins]
        with processes(url, redis_url, tmp_path) as started:
            server = started.start("serve", "--port", port)
            worker = started.start("work")
            await server.says("serving")
            await worker.says("working")
            following = Returning(ana)
            tokens = [each.token for each in callers]
            async with writers([house.url], tokens, world.triage, account) as writing:
                timed = [Timed(**vars(each)) for each in writing.insisting]
                writing.insisting = timed
                listening = asyncio.create_task(following.follow())
                await until(lambda: following.cursor is not None, 20)
                working = asyncio.create_task(writing.write())
                back: list[float] = []
                for strike in (own_postgres.kill, own_postgres.stop):
                    await writing.confirm(A_FEW)
                    strike()
                    await while_away(house, ana, callers[0])
                    own_postgres.restart()
                    returned = monotonic()
                    await until(lambda: any(each.answered_at > returned for each in timed), 20)  # noqa: B023
                    back.append(
                        min(t.answered_at for t in timed if t.answered_at > returned) - returned
                    )
                await writing.confirm(A_FEW)
                writing.over.set()
                await working
                slowest = max(each.slowest for each in timed)
                unclear = [error for each in timed for error in each.unclear]

            async with world.storage.reading(world.system) as work:
                stories = {gid(t): t.interactions_count for t in await every(work)}
            with suppress(TimeoutError):
                await until(
                    lambda: {k: v[-1] for k, v in following.sequences.items()} == stories, 20
                )
            missed = {k for k in stories if following.sequences.get(k, [0])[-1] != stories[k]}
            listening.cancel()
            again = sum(each.asked_again for each in timed)
            log.info("away", again=again, slowest=slowest, back=back, closes=following.closes)
            text = server.log.read_text() + worker.log.read_text()
        lost, doubled = await lost_and_doubled(world, writing.confirmed)
        await whole(world)
        await house.close()

    assert (lost, doubled, unclear, following.torn, missed) == (0, 0, [], [], set())
    assert following.resyncs == 0
    for numbers in following.sequences.values():
        assert numbers == sorted(set(numbers))
    assert set(following.closes) <= COMES_BACK
    assert slowest < SLOWEST
    assert max(back) < BACK_WITHIN
    assert "Traceback" not in text
    assert "graphql.fault" not in text
