"""A ring reaches whoever hears the topic, whatever becomes of Redis meanwhile."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack

import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from feed.bell import Bell
from tests.services import RedisServer

TOPIC = "workspace:0198c0de-0000-7000-8000-000000000001"
OTHER = "workspace:0198c0de-0000-7000-8000-000000000002"
SOON = 2.0
WITHIN_FIVE_SECONDS = 5.0
A_MOMENT = 0.1
AT_ONCE = 0.05


@pytest.fixture
def server() -> Iterator[RedisServer]:
    with RedisServer() as server:
        yield server


@pytest.fixture(params=["memory", pytest.param("redis", marks=pytest.mark.redis)])
def url(request: pytest.FixtureRequest) -> str:
    if request.param == "memory":
        return "memory://"
    server: RedisServer = request.getfixturevalue("server")
    return server.url


@pytest.fixture(autouse=True)
async def _nothing_leaks() -> AsyncIterator[None]:
    def others() -> set[asyncio.Task[object]]:
        return asyncio.all_tasks() - {asyncio.current_task()}

    before = others()
    yield
    assert others() <= before


async def until_connected(bell: Bell, connected: bool = True) -> None:
    async with asyncio.timeout(10 * SOON):
        while bell.connected is not connected:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_a_ring_reaches_an_ear(url: str) -> None:
    async with Bell.open(url) as bell, bell.hear(TOPIC) as ear:
        bell.ring(TOPIC)

        assert await ear.wait(SOON)


async def test_an_ear_waits_in_vain_when_another_topic_is_rung(url: str) -> None:
    async with Bell.open(url) as bell, bell.hear(TOPIC) as ear, bell.hear(OTHER) as other:
        bell.ring(OTHER)

        assert await other.wait(SOON)
        assert not await ear.wait(A_MOMENT)


async def test_a_ring_before_the_wait_is_not_lost(url: str) -> None:
    async with Bell.open(url) as bell, bell.hear(TOPIC) as early, bell.hear(TOPIC) as late:
        bell.ring(TOPIC)
        assert await early.wait(SOON)

        assert await late.wait(0)


async def test_many_rings_are_heard_as_one(url: str) -> None:
    async with Bell.open(url) as bell, bell.hear(TOPIC) as ear:
        for _ in range(1000):
            bell.ring(TOPIC)

        assert await ear.wait(SOON)
        assert not await ear.wait(A_MOMENT)


async def test_two_ears_hear_the_same_ring(url: str) -> None:
    async with Bell.open(url) as bell, bell.hear(TOPIC) as one, bell.hear(TOPIC) as two:
        bell.ring(TOPIC)

        assert all(await asyncio.gather(one.wait(SOON), two.wait(SOON)))


async def test_ears_given_at_the_same_time_all_hear(url: str) -> None:
    async with Bell.open(url) as bell, AsyncExitStack() as leaving:
        hearing = [leaving.enter_async_context(bell.hear(TOPIC)) for _ in range(50)]
        ears = await asyncio.gather(*hearing)

        bell.ring(TOPIC)

        assert all(await asyncio.gather(*(ear.wait(SOON) for ear in ears)))


async def test_who_comes_and_goes_all_the_time_hears_every_ring(url: str) -> None:
    async def come_and_go(bell: Bell) -> bool:
        heard = True
        for _ in range(20):
            async with bell.hear(TOPIC) as ear:
                bell.ring(TOPIC)
                heard &= await ear.wait(SOON)
        return heard

    async with Bell.open(url) as bell:
        assert all(await asyncio.gather(*(come_and_go(bell) for _ in range(10))))


async def test_one_who_gives_up_while_coming_leaves_the_others_hearing(url: str) -> None:
    async def come(bell: Bell) -> None:
        async with bell.hear(TOPIC):
            await asyncio.Event().wait()

    async with Bell.open(url) as bell:
        hasty = asyncio.create_task(come(bell))
        await asyncio.sleep(0)
        hasty.cancel()
        async with bell.hear(TOPIC) as ear:
            bell.ring(TOPIC)

            assert await ear.wait(SOON)
        await asyncio.wait([hasty])


async def test_a_bell_closed_under_its_ears_ends_quietly(url: str) -> None:
    async with AsyncExitStack() as leaving:
        async with Bell.open(url) as bell:
            ear = await leaving.enter_async_context(bell.hear(TOPIC))

        bell.ring(TOPIC)

        assert not await ear.wait(0)


async def test_a_bell_of_another_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="kafka"):
        await Bell.open("kafka://localhost").__aenter__()


@pytest.mark.redis
async def test_processes_hear_one_another(server: RedisServer) -> None:
    async with (
        Bell.open(server.url) as here,
        Bell.open(server.url) as there,
        here.hear(TOPIC) as mine,
        there.hear(TOPIC) as theirs,
    ):
        here.ring(TOPIC)
        assert await theirs.wait(SOON)
        assert await mine.wait(SOON)

        there.ring(TOPIC)
        assert await mine.wait(SOON)


@pytest.mark.redis
async def test_an_own_ring_does_not_come_back_over_redis(server: RedisServer) -> None:
    async with (
        Bell.open(server.url) as here,
        Bell.open(server.url) as there,
        here.hear(TOPIC) as mine,
        there.hear(TOPIC) as theirs,
    ):
        here.ring(TOPIC)
        assert await mine.wait(SOON)
        assert await theirs.wait(SOON)

        assert not await mine.wait(A_MOMENT)


@pytest.mark.redis
async def test_who_left_and_came_again_hears_the_other_process(server: RedisServer) -> None:
    async with Bell.open(server.url) as here, Bell.open(server.url) as there:
        for _ in range(20):
            async with there.hear(TOPIC) as ear:
                here.ring(TOPIC)

                assert await ear.wait(SOON)


@pytest.mark.redis
async def test_a_ring_just_before_the_end_is_still_sent(server: RedisServer) -> None:
    async with Bell.open(server.url) as there, there.hear(TOPIC) as ear:
        async with Bell.open(server.url) as here:
            here.ring(TOPIC)

        assert await ear.wait(SOON)


@pytest.mark.redis
async def test_a_redis_that_comes_back_is_heard_again(server: RedisServer) -> None:
    async with (
        Bell.open(server.url) as here,
        Bell.open(server.url) as there,
        there.hear(TOPIC) as ear,
    ):
        server.kill()
        await until_connected(there, False)
        server.restart()
        began = time.monotonic()

        # The gap: nobody rang, but somebody might have.
        assert await ear.wait(WITHIN_FIVE_SECONDS)
        here.ring(TOPIC)
        assert await ear.wait(WITHIN_FIVE_SECONDS)
        assert time.monotonic() - began < WITHIN_FIVE_SECONDS


@pytest.mark.redis
async def test_a_ring_while_redis_is_dead_is_sent_when_it_is_back(server: RedisServer) -> None:
    async with (
        Bell.open(server.url) as here,
        Bell.open(server.url) as there,
        there.hear(TOPIC) as ear,
    ):
        server.kill()
        await until_connected(here, False)
        here.ring(TOPIC)
        assert not await ear.wait(A_MOMENT)

        server.restart()

        assert await ear.wait(WITHIN_FIVE_SECONDS)


@pytest.mark.redis
async def test_a_dead_redis_is_told_once_and_its_return_once(server: RedisServer) -> None:
    with capture_logs() as lines:
        async with Bell.open(server.url) as bell, bell.hear(TOPIC):
            server.kill()
            await until_connected(bell, False)
            for _ in range(10):
                bell.ring(TOPIC)
                await asyncio.sleep(A_MOMENT)
            server.restart()
            await until_connected(bell)

    assert [line["event"] for line in lines] == ["bell.disconnected", "bell.reconnected"]


@pytest.mark.redis
async def test_a_redis_that_is_not_there_yet_is_waited_for(server: RedisServer) -> None:
    server.kill()
    began = time.monotonic()
    async with (
        Bell.open(server.url) as here,
        Bell.open(server.url) as there,
        there.hear(TOPIC) as ear,
    ):
        assert time.monotonic() - began < SOON
        assert not there.connected
        there.ring(TOPIC)
        assert await ear.wait(SOON)

        server.restart()
        assert await ear.wait(WITHIN_FIVE_SECONDS)
        here.ring(TOPIC)
        assert await ear.wait(WITHIN_FIVE_SECONDS)


@pytest.mark.redis
async def test_a_frozen_redis_holds_nobody_up(server: RedisServer) -> None:
    async with (
        Bell.open(server.url) as here,
        Bell.open(server.url) as there,
        here.hear(TOPIC) as mine,
        there.hear(TOPIC) as theirs,
    ):
        server.stop()
        began = time.monotonic()
        for _ in range(1000):
            here.ring(TOPIC)
        assert await mine.wait(AT_ONCE)
        assert time.monotonic() - began < AT_ONCE

        async with here.hear(OTHER) as new:
            here.ring(OTHER)
            assert await new.wait(AT_ONCE)
        assert time.monotonic() - began < 2 * SOON

        server.cont()
        assert await theirs.wait(WITHIN_FIVE_SECONDS)


@pytest.mark.redis
async def test_a_redis_frozen_for_long_counts_as_gone(server: RedisServer) -> None:
    async with Bell.open(server.url) as bell, bell.hear(TOPIC) as ear:
        server.stop()
        await until_connected(bell, False)
        server.cont()

        assert await ear.wait(WITHIN_FIVE_SECONDS)
        await until_connected(bell)


@pytest.mark.redis
async def test_a_process_ends_in_spite_of_a_frozen_redis(server: RedisServer) -> None:
    async with Bell.open(server.url) as bell:
        async with bell.hear(TOPIC):
            server.stop()
            bell.ring(TOPIC)
        began = time.monotonic()

    assert time.monotonic() - began < SOON


@pytest.mark.redis
async def test_a_payload_that_is_no_text_is_a_ring_like_any_other(server: RedisServer) -> None:
    async with (
        Bell.open(server.url) as here,
        Bell.open(server.url) as there,
        there.hear(TOPIC) as ear,
    ):
        async with Redis.from_url(server.url) as stranger:
            await stranger.publish(TOPIC, b"\xff\xfe\x00\x80")
        assert await ear.wait(SOON)

        here.ring(TOPIC)
        assert await ear.wait(SOON)


@pytest.mark.redis
async def test_a_process_subscribes_a_topic_once_and_lets_go_of_it(server: RedisServer) -> None:
    async def subscribers(redis: Redis) -> int:
        return int((await redis.pubsub_numsub(TOPIC))[0][1])

    async with Redis.from_url(server.url) as redis, Bell.open(server.url) as bell:
        async with bell.hear(TOPIC), bell.hear(TOPIC):
            assert await subscribers(redis) == 1

        async with asyncio.timeout(SOON):
            while await subscribers(redis):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
