"""Which replies wait for a moderator."""

from itertools import product

import pytest

from domain.rules import moderation
from domain.words import Visibility

TO_THE_PUBLISHER = [Visibility.PUBLIC, Visibility.PRIVATE]


@pytest.mark.parametrize("visibility", TO_THE_PUBLISHER)
def test_in_a_moderated_level_what_goes_to_the_publisher_waits(visibility: Visibility) -> None:
    assert moderation.holds(moderated=True, exempt=False, visibility=visibility, automated=False)


@pytest.mark.parametrize("visibility", TO_THE_PUBLISHER)
def test_whoever_the_level_exempts_answers_at_once(visibility: Visibility) -> None:
    assert not moderation.holds(moderated=True, exempt=True, visibility=visibility, automated=False)


@pytest.mark.parametrize("visibility", TO_THE_PUBLISHER)
def test_what_the_software_sends_waits_for_nobody(visibility: Visibility) -> None:
    assert not moderation.holds(moderated=True, exempt=False, visibility=visibility, automated=True)


@pytest.mark.parametrize(
    ("moderated", "exempt", "automated"), list(product([True, False], repeat=3))
)
def test_a_note_never_waits(moderated: bool, exempt: bool, automated: bool) -> None:
    assert not moderation.holds(
        moderated=moderated, exempt=exempt, visibility=Visibility.INTERNAL, automated=automated
    )


@pytest.mark.parametrize(("exempt", "visibility"), list(product([True, False], Visibility)))
def test_nothing_waits_where_nobody_moderates(exempt: bool, visibility: Visibility) -> None:
    assert not moderation.holds(
        moderated=False, exempt=exempt, visibility=visibility, automated=False
    )
