"""Which conversation a message belongs to."""

from uuid import UUID

from domain.rules import grouping
from domain.words import GroupingMode

LEVEL, OTHER_LEVEL = UUID(int=1), UUID(int=2)
ACCOUNT, OTHER_ACCOUNT = UUID(int=3), UUID(int=4)
MARIA, JOSE = UUID(int=5), UUID(int=6)


def key(
    mode: GroupingMode,
    *,
    level: UUID = LEVEL,
    account: UUID = ACCOUNT,
    thread: str = "p1",
    publisher: UUID = MARIA,
) -> str:
    return grouping.key(
        mode, level_id=level, account_id=account, thread=thread, publisher_id=publisher
    )


def test_in_hierarchy_a_conversation_is_one_person_under_one_post_of_one_account() -> None:
    mode = GroupingMode.HIERARCHY

    assert key(mode) == key(mode, level=OTHER_LEVEL)
    others = {key(mode, thread="p2"), key(mode, account=OTHER_ACCOUNT), key(mode, publisher=JOSE)}
    assert len({key(mode), *others}) == 4


def test_by_publisher_a_conversation_is_one_person_in_one_level() -> None:
    mode = GroupingMode.PUBLISHER

    assert key(mode) == key(mode, thread="p2") == key(mode, account=OTHER_ACCOUNT)
    assert len({key(mode), key(mode, level=OTHER_LEVEL), key(mode, publisher=JOSE)}) == 3


def test_a_message_looks_for_both_keys_and_prefers_todays() -> None:
    for mode in GroupingMode:
        [first, second] = grouping.keys(
            mode, level_id=LEVEL, account_id=ACCOUNT, thread="p1", publisher_id=MARIA
        )

        assert first == key(mode)
        assert {first, second} == {key(each) for each in GroupingMode}


def test_the_longest_thread_still_makes_a_key_that_fits_its_column() -> None:
    assert len(key(GroupingMode.HIERARCHY, thread="x" * 200)) <= 300


def test_a_key_goes_over_with_its_publisher_and_keeps_the_rest() -> None:
    level, account, ana, bia = (UUID(int=number) for number in range(1, 5))
    asked = {"level_id": level, "account_id": account, "thread": f"a:{ana}:b"}

    for mode in GroupingMode:
        key = grouping.key(mode, **asked, publisher_id=ana)  # type: ignore[arg-type]
        there = grouping.key(mode, **asked, publisher_id=bia)  # type: ignore[arg-type]

        assert grouping.handed_over(key, ana, bia) == there
        assert grouping.handed_over(there, ana, bia) == there
