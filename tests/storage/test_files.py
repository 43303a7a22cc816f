"""Bytes under a key: on disk, in memory, and in a store that speaks S3."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from domain.errors import Unavailable
from storage.files import FileStore

A_DAY = timedelta(days=1)
BYTES = bytes(range(256)) * 1_000


@pytest.fixture(params=["disk", "memory"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> FileStore:
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
        {"access_key_id": "a", "secret_access_key": "b"},
        patience=timedelta(seconds=0.1),
    )

    for asked in (nowhere.get("a"), nowhere.put("a", b"x"), nowhere.open("a"), nowhere.drop("a")):
        with pytest.raises(Unavailable):
            await asked
