"""What helps to write a reply: texts that are kept ready, and links made short."""

from domain.model import canned, shortlink
from graph.fields import computed, fetched, shown, thing
from graph.node import Node
from graph.workspace import Level, User
from resolvers import composing


@thing(canned.CannedReply, description="A text to answer with, kept ready.")
class CannedReply(Node):
    title: str = shown("What colleagues find it by.")
    text: str = shown("The text, its gaps as they are; renderCannedReply fills them.")
    level = fetched(composing.level, Level | None, "The level whose it is; null for all others.")
    owner = fetched(composing.owner, User | None, "Whose own it is; null for all others.")
    uses: int = shown("How often a reply was made of it.")
    version: int = shown("Grows with every change; give it back as expectedVersion.")


@thing(shortlink.ShortLink, description="A short address of ours that leads to a longer one.")
class ShortLink(Node):
    slug: str = shown("Its last part, which nobody can guess.")
    short_url = computed(composing.short_url, str, "The whole short address.")
    target_url: str = shown("Where it leads.")
    clicks: int = shown("How often it was followed.")
