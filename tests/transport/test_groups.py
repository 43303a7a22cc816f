"""Equal subscriptions are run once, and nobody notices but the server."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest
import strawberry
from websockets.asyncio.client import ClientConnection

from feed.standing import Together
from graph.sharing import sharing
from server.graphql_ws import Socket
from server.handshake import Handshake
from tests.transport.house import (
    KEY,
    PATIENCE,
    Errand,
    House,
    Open,
    Query,
    Session,
    hear,
    opened,
    say,
    subscribe,
    until,
)

NEWS = "subscription($of: String) { news(of: $of) { text } }"
ALONE = "subscription { news { text whose } }"
BULK = 60_000


@dataclass(frozen=True)
class Rights:
    """What somebody may, and nothing about them; of a person, only where it is asked for."""

    hall: "Hall"
    key: str

    @property
    def sight(self) -> str:
        return self.key

    def context(self, together: Together) -> "GuestErrand":
        return GuestErrand(self.hall, self.key)

    async def same(self, version: int | None) -> None:
        """They change when a test says so, and everybody hears of it at once."""


class Guest(Session):
    """Somebody with rights, which may be others from one moment to the next."""

    def __init__(self, house: "Hall", rights: str) -> None:
        super().__init__(house, asyncio.get_running_loop().create_future())
        self.hall = house
        self.rights = rights
        self.socket: Socket | None = None

    def operation(self) -> "GuestErrand":
        return GuestErrand(self.hall, self.rights)

    def audience(self, *, personal: bool) -> Rights:
        return Rights(self.hall, self.rights)

    def attend(self, socket: Socket) -> None:
        super().attend(socket)
        self.socket = socket

    def become(self, rights: str) -> None:
        self.rights = rights
        assert self.socket is not None
        self.socket.rights_changed()


class GuestErrand(Errand):
    def __init__(self, hall: "Hall", rights: str) -> None:
        super().__init__(hall)
        self.hall = hall
        self.rights = rights


@dataclass
class Hall(House):
    """A house in which something can be told to all who follow."""

    guests: list[Guest] = field(default_factory=list)
    queues: set["asyncio.Queue[str | None]"] = field(default_factory=set)
    runs: int = 0
    shown: int = 0
    """How often an answer was made."""

    async def websocket(self, handshake: Handshake, payload: Mapping[str, object]) -> Session:
        rights = payload.get("rights", "a")
        guest = Guest(self, str(rights))
        self.guests.append(guest)
        return guest

    def was_shown(self, times: int) -> bool:
        return self.shown == times

    def tell(self, text: str | None) -> None:
        """None: there is no more to tell."""
        for queue in self.queues:
            queue.put_nowait(text)


Info = strawberry.Info[GuestErrand, None]


@strawberry.type
class News:
    said: strawberry.Private[str]

    @strawberry.field
    def text(self, info: Info) -> str:
        info.context.hall.shown += 1
        return f"{info.context.rights}: {self.said}"

    @strawberry.field
    def whose(self, info: Info) -> int:
        return info.context.house.errands.index(info.context)


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def news(self, info: Info, of: str | None = None) -> AsyncGenerator[News, None]:
        hall, queue = info.context.hall, asyncio.Queue[str | None]()
        async with hall.stream():
            hall.runs += 1
            hall.queues.add(queue)
            try:
                yield News(said="begin")
                while (text := await queue.get()) is not None:
                    if text == "boom":
                        raise ValueError("the secret is 4242")
                    yield News(said=text)
            finally:
                hall.queues.discard(queue)


SCHEMA = strawberry.Schema(Query, subscription=Subscription)
FORM = sharing(SCHEMA)


@dataclass
class Room:
    """The hall with its door open."""

    hall: Hall
    door: Open

    @property
    def groups(self) -> list[Any]:
        return list(self.door.app.switchboard.groups)

    @asynccontextmanager
    async def guest(self, rights: str = "a") -> AsyncIterator[ClientConnection]:
        async with self.door.socket({**KEY, "rights": rights}) as socket:
            yield socket


@asynccontextmanager
async def hall_opened(**terms: Any) -> AsyncIterator[Room]:
    hall = Hall()
    terms.setdefault("form", lambda asked: None if "whose" in asked.text else FORM(asked))
    async with opened(house=hall, schema=SCHEMA, **terms) as door:
        yield Room(hall, door)
        await door.empty()
        await hall.quiet()
        assert list(door.app.switchboard.groups) == []


@pytest.fixture
async def room() -> AsyncIterator[Room]:
    async with hall_opened() as opened_room:
        yield opened_room


async def raw(socket: ClientConnection) -> str:
    async with asyncio.timeout(PATIENCE):
        return await socket.recv(decode=True)


async def text(socket: ClientConnection) -> str:
    message = await hear(socket)
    assert message["type"] == "next", message
    told: str = message["payload"]["data"]["news"]["text"]
    return told


# ── one for all ────────────────────────────────────────────────────────────────────────────────


async def test_fifty_equal_subscriptions_are_run_once_and_told_the_same_bytes(room: Room) -> None:
    async with AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(room.guest()) for _ in range(5)]
        for number, socket in enumerate(sockets):
            for each in range(10):
                await subscribe(socket, f"{number}.{each}", NEWS)
        first = [await raw(socket) for socket in sockets for _ in range(10)]
        await until(lambda: len(room.groups[0]) == 50)
        room.hall.tell("olá")
        second = [await raw(socket) for socket in sockets for _ in range(10)]

    for frames in (first, second):
        assert len({each.partition('"payload":')[2] for each in frames}) == 1
    own = {f"{number}.{each}" for number in range(5) for each in range(10)}
    assert {json.loads(each)["id"] for each in second} == own
    assert json.loads(second[0])["payload"] == {"data": {"news": {"text": "a: olá"}}}
    assert room.hall.runs == 1
    assert room.hall.shown == 2


async def test_the_order_in_which_variables_are_given_makes_no_difference(room: Room) -> None:
    document = "subscription($of: String, $no: Boolean!) { news(of: $of) { text @skip(if: $no) } }"
    async with room.guest() as one, room.guest() as other:
        await subscribe(one, "1", document, variables={"of": "x", "no": False})
        await text(one)
        await subscribe(other, "1", document, variables={"no": False, "of": "x"})
        await text(other)

        assert len(room.groups) == 1


@pytest.mark.parametrize(
    ("document", "variables", "rights"),
    [
        (NEWS, {"of": "y"}, "a"),
        (NEWS, {"of": None}, "a"),
        (NEWS + " ", {"of": "x"}, "a"),
        (NEWS, {"of": "x"}, "b"),
    ],
)
async def test_who_asks_for_something_else_or_is_another_is_not_of_the_group(
    room: Room, document: str, variables: dict[str, Any], rights: str
) -> None:
    async with room.guest() as one, room.guest(rights) as other:
        await subscribe(one, "1", NEWS, variables={"of": "x"})
        await subscribe(other, "1", document, variables=variables)

        assert await text(one) == "a: begin"
        assert await text(other) == f"{rights}: begin"
        assert [len(each) for each in room.groups] == [1, 1]
        assert room.hall.runs == 2


async def test_what_may_not_be_shared_is_run_for_each(room: Room) -> None:
    async with room.guest() as one, room.guest() as other:
        told = []
        for socket in (one, other):
            await subscribe(socket, "1", ALONE)
            told.append((await hear(socket))["payload"]["data"]["news"]["whose"])

        assert room.groups == []
    assert room.hall.runs == len(set(told)) == 2


# ── coming and going ───────────────────────────────────────────────────────────────────────────


async def test_one_who_comes_late_is_told_the_latest_at_once(room: Room) -> None:
    async with room.guest() as early, room.guest() as late:
        await subscribe(early, "1", NEWS)
        await text(early)
        room.hall.tell("olá")
        await text(early)

        await subscribe(late, "1", NEWS)

        assert await text(late) == "a: olá"
        room.hall.tell("até")
        assert [await text(early), await text(late)] == ["a: até"] * 2
    assert room.hall.runs == 1


@pytest.mark.parametrize("leaving", ["completes", "closes", "vanishes"])
async def test_the_first_to_come_may_leave_without_ending_it_for_the_others(
    room: Room, leaving: str
) -> None:
    async with room.guest() as first, room.guest() as second:
        for socket in (first, second):
            await subscribe(socket, "1", NEWS)
            await text(socket)

        match leaving:
            case "completes":
                await say(first, type="complete", id="1")
            case "closes":
                await first.close()
            case "vanishes":
                first.transport.abort()
        await until(lambda: len(room.groups[0]) == 1)
        room.hall.tell("olá")

        assert await text(second) == "a: olá"
    assert room.hall.runs == 1


async def test_one_who_left_is_told_nothing_more_and_may_come_again_by_the_same_id(
    room: Room,
) -> None:
    async with room.guest() as leaving, room.guest() as staying:
        for socket in (leaving, staying):
            await subscribe(socket, "1", NEWS)
            await text(socket)
        await say(leaving, type="complete", id="1")
        await until(lambda: len(room.groups[0]) == 1)
        room.hall.tell("unheard")
        await text(staying)
        room.hall.tell("latest")
        await text(staying)

        await subscribe(leaving, "1", NEWS)

        assert await text(leaving) == "a: latest"


async def test_the_last_to_leave_ends_it(room: Room) -> None:
    async with room.guest() as socket:
        await subscribe(socket, "1", NEWS)
        await text(socket)
        await say(socket, type="complete", id="1")

        await until(lambda: not room.groups)
        await room.hall.quiet()
        await subscribe(socket, "1", NEWS)
        assert await text(socket) == "a: begin"
    assert room.hall.runs == 2


async def test_members_that_come_and_go_at_any_moment_leave_nothing_behind(room: Room) -> None:
    async with room.guest() as staying, room.guest() as restless:
        reading = asyncio.create_task(drain(restless))
        await subscribe(staying, "1", NEWS)
        await text(staying)
        for number in range(100):
            await subscribe(restless, str(number), NEWS)
            if number % 3 == 0:
                await asyncio.sleep(0)
            await say(restless, type="complete", id=str(number))
            room.hall.tell(f"{number}")
        room.hall.tell("end")
        while await text(staying) != "a: end":
            pass

        await until(lambda: [len(each) for each in room.groups] == [1])
        reading.cancel()
    assert room.hall.runs == 1


async def drain(socket: ClientConnection) -> None:
    async for _ in socket:
        pass


async def test_one_who_does_not_read_holds_nobody_up() -> None:
    async with hall_opened(send_deadline=1.0) as room:
        async with room.guest() as slow, room.guest() as quick:
            slow.transport.pause_reading()
            for socket in (slow, quick):
                await subscribe(socket, "1", NEWS)
            await text(quick)
            await until(lambda: len(room.groups[0]) == 2)
            for number in range(200):
                room.hall.tell(str(number) + "x" * BULK)
                assert (await text(quick)).startswith(f"a: {number}x")
            # It was cut off by its own deadline, and by nothing else.
            await until(lambda: [len(each) for each in room.groups] == [1])
            room.hall.tell("olá")
            assert await text(quick) == "a: olá"
            slow.transport.abort()
        assert room.hall.runs == 1


# ── rights ─────────────────────────────────────────────────────────────────────────────────────


async def test_when_the_rights_of_one_change_he_goes_on_as_who_he_is_and_nobody_else_notices(
    room: Room,
) -> None:
    async with room.guest() as staying, room.guest() as changing:
        for socket in (staying, changing):
            await subscribe(socket, "1", NEWS)
            await text(socket)

        room.hall.guests[1].become("b")

        assert await text(changing) == "b: begin"
        assert [len(each) for each in room.groups] == [1, 1]
        room.hall.tell("olá")
        assert [await text(staying), await text(changing)] == ["a: olá", "b: olá"]
    assert room.hall.runs == 2


async def test_rights_that_are_others_before_anything_was_told_are_those_that_count(
    room: Room,
) -> None:
    async with room.guest() as socket:
        await subscribe(socket, "1", NEWS)
        await until(lambda: bool(room.groups))
        room.hall.guests[0].become("b")

        heard = [await text(socket)]
        while heard[-1] != "b: begin":
            heard.append(await text(socket))
        room.hall.tell("olá")
        heard.append(await text(socket))

    assert heard in (["b: begin", "b: olá"], ["a: begin", "b: begin", "b: olá"])


async def test_where_there_is_no_more_to_tell_all_are_told_that_it_ends(room: Room) -> None:
    async with room.guest() as one, room.guest() as other:
        for socket in (one, other):
            await subscribe(socket, "1", NEWS)
            await text(socket)

        room.hall.tell(None)

        for socket in (one, other):
            assert await hear(socket) == {"id": "1", "type": "complete"}
        assert room.groups == []
        await subscribe(one, "1", NEWS)
        assert await text(one) == "a: begin"


async def test_the_first_to_come_may_lose_everything_without_ending_it_for_the_others(
    room: Room,
) -> None:
    async with room.guest() as first, room.guest() as second:
        for socket in (first, second):
            await subscribe(socket, "1", NEWS)
            await text(socket)

        room.hall.guests[0].over.set_result((4403, "The session is over."))
        await until(lambda: len(room.groups[0]) == 1)
        room.hall.tell("olá")

        assert await text(second) == "a: olá"
    assert room.hall.runs == 1


# ── what goes wrong ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("document", "variables", "code"),
    [
        ("subscription { nothing { at all } }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { news", {}, "GRAPHQL_PARSE_FAILED"),
        (NEWS, {"of": ["a", "list"]}, "BAD_USER_INPUT"),
    ],
)
async def test_what_is_wrong_with_it_is_told_to_everybody_and_ends_nothing_else(
    room: Room, document: str, variables: dict[str, Any], code: str
) -> None:
    async with room.guest() as one, room.guest() as other:
        await subscribe(one, "good", NEWS)
        assert await text(one) == "a: begin"
        for socket in (one, other):
            await subscribe(socket, "bad", document, variables=variables)

        for socket in (one, other):
            message = await hear(socket)
            assert (message["id"], message["type"]) == ("bad", "error")
            assert message["payload"][0]["extensions"]["code"] == code
        room.hall.tell("olá")
        assert await text(one) == "a: olá"


async def test_variables_nested_however_deep_are_answered(room: Room) -> None:
    deep: Any = "x"
    for _ in range(400):
        deep = [deep]
    async with room.guest() as socket:
        await subscribe(socket, "1", NEWS, variables={"of": deep})

        message = await hear(socket)

    assert (message["id"], message["type"]) == ("1", "error")
    assert message["payload"][0]["extensions"]["code"] == "TOO_COMPLEX"


@pytest.mark.parametrize("known", [False, True])
async def test_extensions_nested_however_deep_change_nothing(room: Room, known: bool) -> None:
    asked = {"query": NEWS, "extensions": {"x": 0}}
    said = json.dumps({"id": "1", "type": "subscribe", "payload": asked})
    deep = said.replace('"x": 0', '"x": ' + "[" * 1_000 + "]" * 1_000)
    async with room.guest() as socket:
        if known:
            await subscribe(socket, "0", NEWS)
            await text(socket)
        await socket.send(deep)

        message = await hear(socket)

    assert (message["id"], message["type"]) == ("1", "next")


async def test_a_fault_of_ours_ends_it_for_everybody_and_tells_no_secret(room: Room) -> None:
    async with room.guest() as one, room.guest() as other:
        for socket in (one, other):
            await subscribe(socket, "1", NEWS)
            await text(socket)

        room.hall.tell("boom")

        for socket in (one, other):
            message = await hear(socket)
            assert message["type"] == "error"
            assert message["payload"][0]["extensions"]["code"] == "INTERNAL"
            assert "4242" not in json.dumps(message)


async def test_an_operation_of_a_group_counts_like_any_other() -> None:
    async with hall_opened(max_operations=2) as room:
        async with room.guest() as socket:
            for id in ("1", "2"):
                await subscribe(socket, id, NEWS)
                await text(socket)
            await subscribe(socket, "3", NEWS)

            message = await hear(socket)

        assert (message["id"], message["type"]) == ("3", "error")
        assert message["payload"][0]["extensions"]["code"] == "TOO_MANY_OPERATIONS"


async def test_a_server_that_goes_closes_them_all_and_nothing_runs_on() -> None:
    async with hall_opened() as room, room.guest() as one, room.guest() as other:
        for socket in (one, other):
            await subscribe(socket, "1", NEWS)
            await text(socket)

        await room.door.app.close_sockets(within=0.1)

        assert room.groups == []
        assert room.hall.streams == 0


async def test_what_one_socket_is_told_within_a_tick_leaves_in_one_write_and_in_order() -> None:
    async with hall_opened(tick=0.2) as room, room.guest() as socket:
        for each in ("x", "y", "z"):
            await subscribe(socket, each, NEWS, variables={"of": each})
            await text(socket)
        (served,) = room.door.app.switchboard.sockets
        written: list[bytes] = []
        network = served.wire.write

        def noted(frame: bytes) -> None:
            written.append(frame)
            network(frame)

        served.wire.write = noted
        for nth, each in enumerate(("one", "two", "three"), start=2):
            room.hall.tell(each)
            await until(partial(room.hall.was_shown, 3 * nth))
        await say(socket, type="ping")
        heard = [json.loads(await raw(socket)) for _ in range(10)]
        writes = len(written)

    assert writes == 2
    assert heard[-1] == {"type": "pong"}
    for each in ("x", "y", "z"):
        told = [one["payload"]["data"]["news"]["text"] for one in heard if one.get("id") == each]
        assert told == ["a: one", "a: two", "a: three"]
