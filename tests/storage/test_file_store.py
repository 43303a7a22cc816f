"""Bytes under a key: on disk, in memory, and in a store that speaks S3."""

from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from moto.server import ThreadedMotoServer

from domain.errors import Unavailable
from storage.files import FileStore

A_DAY = timedelta(days=1)
BYTES = bytes(range(256)) * 1_000


KEYS = {"access_key_id": "chave", "secret_access_key": "segredo"}


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """A server that speaks S3, with one bucket."""
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    httpx.put(f"{endpoint}/balde").raise_for_status()
    yield f"s3://balde/pasta?endpoint={endpoint}"
    server.stop()


@pytest.fixture(params=["disk", "memory", "s3"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> FileStore:
    if request.param == "s3":
        return FileStore.at(request.getfixturevalue("s3"), KEYS)
    return FileStore.at("memory://" if request.param == "memory" else tmp_path.as_uri())


async def told(keys: AsyncIterator[Sequence[str]]) -> list[str]:
    return sorted([each async for some in keys for each in some])


async def test_what_was_put_is_found_whole_and_piece_by_piece(files: FileStore) -> None:
    await files.put("a/um", BYTES)

    opened = await files.open("a/um")

    assert opened is not None
    assert opened.size == len(BYTES)
    assert b"".join([each async for each in opened.pieces]) == BYTES
    assert await files.get("a/um") == BYTES


async def test_what_is_not_there_is_not_there(files: FileStore) -> None:
    await files.put("a/um", BYTES)
    await files.drop("a/um")
    await files.drop("a/um")

    assert await files.get("a/um") is None
    assert await files.open("a/um") is None


async def test_keys_are_told_by_age_and_beginning(files: FileStore) -> None:
    for key in ("a/x/um", "a/x/dois", "a/y/um"):
        await files.put(key, BYTES)
    now = datetime.now(UTC)

    assert await told(files.older("a/x/", now + A_DAY)) == ["a/x/dois", "a/x/um"]
    assert await told(files.older("a/x/", now - A_DAY)) == []
    assert await told(files.older("a/z/", now + A_DAY)) == []


async def test_a_store_that_does_not_answer_is_unavailable() -> None:
    nowhere = FileStore.at(
        "s3://balde?endpoint=http://127.0.0.1:9",
        KEYS,
        patience=timedelta(seconds=0.1),
    )

    for asked in (nowhere.get("a"), nowhere.put("a", b"x"), nowhere.open("a"), nowhere.drop("a")):
        with pytest.raises(Unavailable):
            await asked
