"""Whose pages may ask with the visitor's cookies, and open sockets."""

from collections.abc import Sequence

from starlette.datastructures import Headers
from strawberry.http.websocket_origin import (
    is_same_origin,
    normalize_allowed_origins,
    normalize_origin,
)


class Origins:
    """Ours, and those that are named."""

    def __init__(self, allowed: Sequence[str]) -> None:
        self._allowed = normalize_allowed_origins(allowed)

    def welcome(self, headers: Headers) -> bool:
        """Whether it comes from no page, from one of ours, or from one that is named as allowed."""
        if headers.get("sec-fetch-site") == "same-origin":
            return True
        origins = headers.getlist("origin")
        if not origins:
            return True
        host = headers.get("host")
        return all(is_same_origin(each, host) or self._names(each) for each in origins)

    def _names(self, origin: str) -> bool:
        return "*" in self._allowed or normalize_origin(origin) in self._allowed
