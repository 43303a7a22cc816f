"""What was said in public: where anybody could read it, and so may a partner.

What somebody wrote to the company alone is between the two; a note is among colleagues.
"""

from domain.words import OccurrenceKind, Visibility

IN_PUBLIC = frozenset(
    {
        OccurrenceKind.POST,
        OccurrenceKind.COMMENT,
        OccurrenceKind.AD_COMMENT,
        OccurrenceKind.MENTION,
        OccurrenceKind.REVIEW,
    }
)


def of_theirs(kind: OccurrenceKind, *, automated: bool) -> bool:
    """Of what a publisher wrote; what a machine of theirs sent says nothing."""
    return kind in IN_PUBLIC and not automated


def of_ours(visibility: Visibility) -> bool:
    """Of what we answered."""
    return visibility is Visibility.PUBLIC
