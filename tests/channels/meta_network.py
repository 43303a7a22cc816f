"""A double of Meta's Graph API, and the connection that it takes."""

from typing import Any

from tests.channels.doubles import Says, Told
from tests.rules.test_files import PNG

TOKEN = "EAAGm0PX4ZCpsBAKZC8ZD"
SECRETS = {"accessToken": TOKEN, "verifyToken": "combinado-2026"}


def answers(told: Told) -> Says:
    """What it says to each call as documented."""
    place = told.path.rpartition("/")[2]
    if place == "messages":
        return Says({"recipient_id": "987", "message_id": "m_NOSSA"})
    if place == "message_attachments":
        return Says({"attachment_id": "1857777774821032"})
    if place in ("comments", "replies", "mentions"):
        return Says({"id": "555_777"})
    if place == "file.png":
        return Says(PNG, headers={"Content-Type": "image/png"})
    return Says({"id": place, "name": "Loja", "username": "loja"})


def error(code: int, status: int = 400, **more: Any) -> Says:
    return Says({"error": {"message": "why", "code": code, **more}}, status)
