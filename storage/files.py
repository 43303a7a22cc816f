"""The file store: bytes under a key, on disk or in any store that speaks S3.

Rows say what a file is and who may see it; here lie only the bytes. A file is put before its row is
committed, so a row never names what is not there; what no row names is swept away later.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias
from urllib.parse import parse_qsl, urlsplit

from obstore.exceptions import BaseError, NotFoundError
from obstore.store import LocalStore, MemoryStore, S3Store

from domain.errors import Unavailable

Store: TypeAlias = LocalStore | MemoryStore | S3Store


class FileStore:
    """What `domain.work.Files` asks for."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @classmethod
    def at(cls, url: str, secrets: Mapping[str, str] | None = None) -> "FileStore":
        """`file:///folder`, `memory://`, or `s3://bucket/prefix?endpoint=https://…&region=…`.

        `secrets` are the store's `access_key_id` and `secret_access_key`.
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
                    client_options={"allow_http": insecure},
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

    async def drop(self, key: str) -> None:
        """Gone; dropping what is not there is fine."""
        try:
            await self._store.delete_async(key)
        except (NotFoundError, FileNotFoundError):
            return
        except (BaseError, OSError) as error:
            raise Unavailable from error
