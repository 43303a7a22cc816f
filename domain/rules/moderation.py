"""Whether a reply waits for a moderator before it leaves the house."""

from domain.words import Visibility


def holds(*, moderated: bool, exempt: bool, visibility: Visibility, automated: bool) -> bool:
    """Whatever a person writes to a publisher waits where the level is moderated.

    A role exempts nobody: only the level says who answers there without asking. What the software
    sends was approved when it was set up, and a note leaves nobody's hands.
    """
    return moderated and not exempt and not automated and visibility is not Visibility.INTERNAL
