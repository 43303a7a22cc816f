"""What a client may say over a socket, in the words of graphql-transport-ws."""

from graph.trusted import named_in

LONGEST_ID = 255
"""Characters of what a client calls an operation, which every message to it repeats."""


def breach(message: object) -> str | None:
    """How a message breaks the protocol, if it does."""
    if not isinstance(message, dict):
        return "A message must be an object"
    payload = message.get("payload")
    match message.get("type"):
        case "connection_init" | "ping" | "pong":
            if not isinstance(payload, dict | None):
                return "The payload must be an object"
        case "subscribe" | "complete" as kind:
            if not isinstance(message.get("id"), str) or not message["id"]:
                return "The id must be a string that is not empty"
            if len(message["id"]) > LONGEST_ID:
                return f"The id has at most {LONGEST_ID} characters"
            return _subscribe_breach(payload) if kind == "subscribe" else None
        case str():
            return "Unknown message type"
        case _:
            return "A message must have a type"
    return None


def _subscribe_breach(payload: object) -> str | None:
    if not isinstance(payload, dict):
        return "The payload must be an object"
    if not isinstance(payload.get("documentId"), str | None):
        return "The documentId must be a string"
    if not isinstance(payload.get("query"), str) and (
        payload.get("query") is not None or not named_in(payload)
    ):
        return "The query must be a string"
    if not isinstance(payload.get("operationName"), str | None):
        return "The operationName must be a string"
    for key in ("variables", "extensions"):
        if not isinstance(payload.get(key), dict | None):
            return f"The {key} must be an object"
    return None
