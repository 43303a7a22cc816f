"""The file store: bytes under a key, on disk or in any store that speaks S3.

Rows say what a file is and who may see it; here lie only the bytes. A file is put before its row is
committed, so a row never names what is not there; what no row names is swept away later.
"""

from collections.abc import AsyncIterable, AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, urlsplit

from obstore.exceptions import BaseError, NotFoundError
from obstore.store import LocalStore, MemoryStore, S3Store

from domain.errors import Unavailable
from domain.work import OpenFile

PIECE = 64 * 1024
BATCH = 1_000
CONNECT = timedelta(seconds=3)
Store: TypeAlias = LocalStore | MemoryStore | S3Store


class FileStore:
    """What `domain.work.Files` asks for."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @classmethod
    def at(
        cls,
        url: str,
        secrets: Mapping[str, str] | None = None,
        patience: timedelta = timedelta(seconds=10),
    ) -> "FileStore":
        """`file:///folder`, `memory://`, or `s3://bucket/prefix?endpoint=https://…&region=…`.

        `secrets` are the store's `access_key_id` and `secret_access_key`; `patience` is how long
        one that does not answer is asked again.
        """
        parts = urlsplit(url)
        if parts.scheme == "memory":
            return cls(MemoryStore())
        if parts.scheme == "file":
            folder = Path(parts.netloc + parts.path)
            folder.mkdir(parents=True, exist_ok=True)
            return cls(LocalStore(folder.resolve()))
        if parts.scheme == "s3" and parts.netloc:
            options = dict(parse_qsl(parts.query))
            endpoint = options.get("endpoint")
            config: dict[str, str] = {
                "region": options.get("region", "us-east-1"),
                **({"endpoint": endpoint} if endpoint else {}),
                **(secrets or {}),
            }
            insecure = bool(endpoint and endpoint.startswith("http://"))
            return cls(
                S3Store(
                    parts.netloc,
                    prefix=parts.path.strip("/") or None,
                    client_options={"allow_http": insecure, "connect_timeout": CONNECT},
                    retry_config={"max_retries": 3, "retry_timeout": patience},
                    **config,  # type: ignore[arg-type]
                )
            )
        raise ValueError("write file:///folder, memory:// or s3://bucket/prefix?endpoint=…")

    async def put(self, key: str, data: bytes) -> None:
        try:
            await self._store.put_async(key, data)
        except (BaseError, OSError) as error:
            raise Unavailable from error

    async def get(self, key: str) -> bytes | None:
        """The bytes; None where there are none under that key."""
        try:
            found = await self._store.get_async(key)
            return bytes(await found.bytes_async())
        except (NotFoundError, FileNotFoundError):
            return None
        except (BaseError, OSError) as error:
            raise Unavailable from error

    async def open(self, key: str) -> OpenFile | None:
        """The file, read while it is sent on; None where there is none under that key."""
        try:
            found = await self._store.get_async(key)
        except (NotFoundError, FileNotFoundError):
            return None
        except (BaseError, OSError) as error:
            raise Unavailable from error
        return OpenFile(found.meta["size"], _pieces(found.stream(min_chunk_size=PIECE)))

    async def older(self, prefix: str, than: datetime) -> AsyncIterator[Sequence[str]]:
        """Keys that begin so and were put before that, some at a time."""
        try:
            async for batch in self._store.list(prefix, chunk_size=BATCH):
                yield [each["path"] for each in batch if each["last_modified"] < than]
        except (BaseError, OSError) as error:
            raise Unavailable from error

    async def drop(self, key: str) -> None:
        """Gone; dropping what is not there is fine."""
        try:
            await self._store.delete_async(key)
        except (NotFoundError, FileNotFoundError):
            return
        except (BaseError, OSError) as error:
            raise Unavailable from error


async def _pieces(stream: AsyncIterable[Any]) -> AsyncIterator[bytes]:
    async for piece in stream:
        yield bytes(piece)
