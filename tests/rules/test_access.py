"""Who may do what, and what they may see."""

from uuid import UUID

import pytest

from domain.rules import access
from domain.rules.access import Actor, Permission, Scope
from domain.words import LevelRole, Role

FINANCE, PEOPLE, OPEN = UUID(int=1), UUID(int=2), UUID(int=3)
ME, HOUSE = UUID(int=8), UUID(int=9)


def person(role: Role, **levels: LevelRole) -> Actor:
    known = {"finance": FINANCE, "people": PEOPLE}
    return access.person(
        user_id=ME,
        workspace_id=HOUSE,
        name="Ana",
        role=role,
        memberships={known[name]: place for name, place in levels.items()},
        open_levels=frozenset({OPEN}),
    )


def test_every_role_and_scope_has_its_permissions() -> None:
    assert set(access.ROLE_PERMISSIONS) == set(Role)
    assert set(access.SCOPE_PERMISSIONS) == set(Scope)


def test_an_administrator_sees_and_does_everything_everywhere() -> None:
    ana = person(Role.ADMIN)

    assert {each for each in Permission if not ana.can(each)} == {Permission.PROTOCOLS_READ}
    assert ana.readable is None
    assert ana.sees(PEOPLE)
    assert ana.handles(PEOPLE)
    assert ana.manages(PEOPLE)


@pytest.mark.parametrize("role", [Role.SUPERVISOR, Role.ATTENDANT, Role.VIEWER])
def test_everybody_else_sees_their_levels_and_those_that_are_open(role: Role) -> None:
    ana = person(role, finance=LevelRole.ATTENDANT)

    assert ana.readable == frozenset({FINANCE, OPEN})
    assert not ana.sees(PEOPLE)


@pytest.mark.parametrize("role", [Role.SUPERVISOR, Role.ATTENDANT])
def test_tickets_are_changed_by_members_and_an_open_level_is_only_for_looking(role: Role) -> None:
    ana = person(role, finance=LevelRole.ATTENDANT)

    assert ana.handles(FINANCE)
    assert not ana.handles(OPEN)
    assert not ana.handles(PEOPLE)


def test_a_viewer_changes_nothing_whatever_they_are_in_a_level() -> None:
    ana = person(Role.VIEWER, finance=LevelRole.MANAGER)

    assert not ana.handles(FINANCE)
    assert not ana.manages(FINANCE)


@pytest.mark.parametrize(
    ("role", "place", "manages"),
    [
        (Role.ATTENDANT, LevelRole.ATTENDANT, False),
        (Role.ATTENDANT, LevelRole.MANAGER, True),
        (Role.SUPERVISOR, LevelRole.ATTENDANT, True),
    ],
)
def test_a_level_is_managed_by_its_managers_and_by_supervisors_in_it(
    role: Role, place: LevelRole, manages: bool
) -> None:
    ana = person(role, finance=place)

    assert ana.manages(FINANCE) is manages
    assert not ana.manages(PEOPLE)


def test_an_attendant_sets_nothing_up() -> None:
    ana = person(Role.ATTENDANT, finance=LevelRole.MANAGER)

    assert not ana.can(Permission.LEVELS_SAVE)
    assert not ana.can(Permission.WORKSPACE_SAVE)
    assert not ana.can(Permission.OCCURRENCES_RECEIVE)


@pytest.mark.parametrize(
    ("scopes", "permissions", "sees_all"),
    [
        ({Scope.INGEST}, {Permission.OCCURRENCES_RECEIVE}, False),
        ({Scope.READ}, access.READ, True),
        ({Scope.INGEST, Scope.READ}, access.READ | {Permission.OCCURRENCES_RECEIVE}, True),
    ],
)
def test_a_key_has_what_its_scopes_give(
    scopes: set[Scope], permissions: set[Permission], sees_all: bool
) -> None:
    key = access.api_key(key_id=ME, workspace_id=HOUSE, name="CRM", scopes=frozenset(scopes))

    assert key.permissions == permissions
    assert key.sees_all is sees_all
    assert key.user_id is None
    assert not key.handles(FINANCE)
    assert not key.manages(FINANCE)


def test_a_key_and_a_person_of_one_id_are_two_principals() -> None:
    key = access.api_key(key_id=ME, workspace_id=HOUSE, name="CRM", scopes=frozenset())

    assert key.principal != person(Role.ATTENDANT).principal


def test_the_software_itself_may_do_everything_and_is_nobody() -> None:
    system = access.system(HOUSE)

    assert system.handles(FINANCE)
    assert system.manages(FINANCE)
    assert system.user_id is None
