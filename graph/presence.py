"""Who is at a ticket."""

from datetime import datetime

from domain.words import PresenceMode
from graph.fields import fetched, shown, value
from graph.workspace import User
from resolvers import attending


@value(description="Somebody who is at a ticket now. Nobody stands there twice.")
class Presence:
    user = fetched(attending.viewer_user, User, "Who.")
    mode: PresenceMode = shown("What they do.")
    since: datetime = shown("Since when they are there without a break.")
