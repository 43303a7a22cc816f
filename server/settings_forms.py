"""How the values of settings are written; a ValueError says what one of them needs."""

from urllib.parse import urlsplit

from storage.engine import parse

LOOPBACK = ("localhost", "127.0.0.1", "::1")
REDIS_SCHEMES = ("memory://", "redis://", "rediss://")


def database(url: str) -> str:
    try:
        parsed = parse(url)
    except Exception:
        # SQLAlchemy's own message repeats the address, and that may hold a password.
        raise ValueError("write sqlite:///path or postgresql://user:password@host/name") from None
    if parsed.get_backend_name() == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise ValueError("SQLite needs a file: sqlite:///./data/guiche.db")
    return url


def files(url: str) -> str:
    if url and not url.startswith(("file:///", "s3://")):
        raise ValueError("write file:///folder or s3://bucket/prefix?endpoint=https://…")
    return url


def redis(url: str) -> str:
    if not url.startswith(REDIS_SCHEMES):
        raise ValueError("write memory://, redis://host:6379/0 or rediss://host:6379/0")
    return url


def http(url: str) -> str:
    if url and not url.startswith(("http://", "https://")):
        raise ValueError("write http://host:port/sandbox")
    return url.rstrip("/")


def origins(value: str) -> str:
    for origin in listed(value):
        scheme, mark, host = origin.partition("://")
        if scheme not in ("http", "https") or not mark or not host or "/" in host or "*" in host:
            raise ValueError(
                "write full origins without a path, separated by commas, "
                "such as https://care.example.com"
            )
    return value


def address(value: str) -> str:
    parts = urlsplit(value)
    plain = not (parts.username or parts.password or parts.query or parts.fragment)
    if value and not (parts.scheme in ("http", "https") and parts.hostname and plain):
        raise ValueError("write a full address, such as https://care.example.com")
    return value.rstrip("/")


def level(value: str) -> str:
    levels = ("DEBUG", "INFO", "WARNING", "ERROR")
    if value.upper() not in levels:
        raise ValueError(f"write one of {', '.join(levels)}")
    return value.upper()


def confidential(address: str) -> str:
    """The address, if nobody on the way reads what goes there: https, or this same machine."""
    parts = urlsplit(address)
    alone = not (parts.username or parts.password or parts.fragment)
    secure = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    if not (alone and secure and parts.hostname):
        raise ValueError("write a full https address, such as https://login.example.com")
    return address


def listed(value: str) -> tuple[str, ...]:
    return tuple(part.strip().rstrip("/") for part in value.split(",") if part.strip())
