"""Files that come with a message: which are kept, and what is said of those that are not.

What a stranger sends is never refused for its files: the message is there, and names what was left
out.
"""

from collections.abc import Sequence

from domain.errors import Refusal, TooLarge
from domain.post import IncomingFile
from domain.rules import files
from domain.rules.files import Examined
from domain.rules.wording import TEXT_LENGTH

FILES_MOST = 20
SIZE_MOST = 25 * 1024 * 1024
"""Of all together."""
NAMED_MOST = 30
"""How many of those left out are named."""
LEFT_OUT = "[Anexo não guardado: {name} ({reason})]"


def sorted_out(
    sent: Sequence[IncomingFile],
) -> tuple[Sequence[Examined], Sequence[tuple[str, str]]]:
    """The files that may be kept, and the others by name, each with the reason."""
    kept: list[Examined] = []
    left: list[tuple[str, str]] = []
    room = SIZE_MOST
    for file in sent:
        name = files.plain(file.file_name) or files.NAMELESS
        if len(kept) == FILES_MOST or len(file.data) > room:
            left.append((name, "anexos demais"))
            continue
        try:
            examined = files.examine(name, file.data)
        except TooLarge:
            left.append((name, "grande demais"))
        except Refusal:
            left.append((name, "tipo não aceito"))
        else:
            kept.append(examined)
            room -= examined.size
    return kept, left


def noted(text: str, left: Sequence[tuple[str, str]]) -> str:
    """The text, and under it a line for each file that was left out."""
    if not left:
        return text
    lines = [LEFT_OUT.format(name=name, reason=reason) for name, reason in left[:NAMED_MOST]]
    if len(left) > NAMED_MOST:
        lines.append(f"[Mais {len(left) - NAMED_MOST}]")
    note = "\n\n" + "\n".join(lines)
    return text[: TEXT_LENGTH - len(note)] + note
