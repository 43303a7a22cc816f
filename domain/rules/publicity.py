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
"""What publishers write there."""
ANSWERED_IN_PUBLIC = Visibility.PUBLIC
"""What is answered there."""
