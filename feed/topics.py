"""What a bell is rung about. A ring says that there is news, never what."""

from uuid import UUID


def workspace(workspace_id: UUID) -> str:
    return f"workspace:{workspace_id}"


def presence(ticket_id: UUID) -> str:
    return f"presence:{ticket_id}"


WORKERS = "workers"
"""Rung with every workspace's own topic: something may have become due, or will sooner."""
