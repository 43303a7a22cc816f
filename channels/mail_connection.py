"""How a mail account is reached, checked so that only the servers can still refuse it."""

import ipaddress
from collections.abc import Mapping
from typing import Any

from email_validator import EmailNotValidError, validate_email

from channels.generic import Fields, Odd
from domain.errors import Invalid

TLS, STARTTLS, NONE = SECURITY = ("tls", "starttls", "none")
PORTS = {
    "smtp": {TLS: 465, STARTTLS: 587, NONE: 25},
    "imap": {TLS: 993, STARTTLS: 143, NONE: 143},
}
LONGEST = 1_000
NAME_LENGTH = 120


def checked(told: Mapping[str, Any]) -> dict[str, Any]:
    """The whole of it, with ports where they go without saying; the refusal names the field."""
    fields = Fields(told, ("connection",))
    whole = {
        "address": fields.must("address", _address),
        "fromName": fields.may("fromName", _name) or "",
        "smtp": _server("smtp", fields.must("smtp", _any)),
    }
    imap = fields.may("imap", _any)
    if imap is not None:
        whole["imap"] = _server("imap", imap)
    fields.no_others()
    return whole


def _server(name: str, told: Any) -> dict[str, Any]:
    path = ("connection", name)
    fields = Fields(told, path)
    host = fields.must("host", _host)
    security = fields.may("security", _security) or TLS
    server: dict[str, Any] = {
        "host": host,
        "port": fields.may("port", _port) or PORTS[name][security],
        "security": security,
    }
    user, password = fields.may("user", _line), fields.may("password", _line)
    if name == "imap":
        server["folder"] = fields.may("folder", _line) or "INBOX"
    fields.no_others()
    if (user is None) != (password is None) or (name == "imap" and user is None):
        missing = "password" if user else "user"
        raise Invalid("required", field=[*path, missing], name=missing)
    if security == NONE and not is_loopback(host):
        raise Invalid("mail_needs_tls", field=[*path, "security"])
    if user is not None:
        server |= {"user": user, "password": password}
    return server


def is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _any(value: Any) -> Any:
    return value


def _line(value: Any) -> str:
    """Text on one line: whatever is put into a protocol of lines must not begin another."""
    if not isinstance(value, str):
        raise Odd("must_be_text")
    if not 1 <= len(value) <= LONGEST or not value.isprintable():
        raise Odd("mail_line", most=LONGEST)
    return value


def _name(value: Any) -> str:
    return _line(value)[:NAME_LENGTH].strip() if value != "" else ""


def _host(value: Any) -> str:
    host = _line(value).strip().lower()
    plain = host.replace("-", "").replace(".", "").replace(":", "").replace("_", "")
    if not plain.isalnum() or len(host) > 253:
        raise Odd("mail_host")
    return host


def _port(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 65_535:
        raise Odd("must_be_count", most=65_535)
    return value


def _security(value: Any) -> str:
    if value not in SECURITY:
        raise Odd("must_be_one_of", known=", ".join(SECURITY))
    return str(value)


def _address(value: Any) -> str:
    try:
        return validate_email(
            _line(value), check_deliverability=False, test_environment=True
        ).normalized.lower()
    except EmailNotValidError:
        raise Odd("mail_address") from None
