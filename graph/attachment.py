"""Files that came with messages and go out with replies."""

from domain.model import attachment
from graph.fields import computed, shown, thing
from graph.node import Node
from resolvers import attachments


@thing(attachment.Attachment, description="A file that came with a message or goes with a reply.")
class Attachment(Node):
    file_name: str = shown("What it is called, with the ending of what it is.")
    media_type: str = shown("What it is, by what is in it.")
    size: int = shown("How many bytes it has.")
    url = computed(
        attachments.url,
        str,
        "Where its bytes are: for ten minutes, and for the caller alone, who has to see it still. "
        "A program sends its key along.",
        personal=True,
        reads=("id",),
    )
