"""Which level a message goes to."""

from uuid import UUID

from domain.rules import routing
from domain.rules.routing import Watch

TRIAGE, SALES, FINANCE = UUID(int=1), UUID(int=2), UUID(int=3)
EVERYTHING = Watch(UUID(int=11), SALES, ())
MONEY = Watch(UUID(int=12), FINANCE, ("fatura", "Cobrança"))
ALL = frozenset({TRIAGE, SALES, FINANCE})


def test_a_message_goes_where_one_of_its_words_is_watched() -> None:
    route = routing.route(
        "Minha FATURA veio errada", [EVERYTHING, MONEY], enabled=ALL, fallback=TRIAGE
    )

    assert (route.monitoring_id, route.level_id) == (MONEY.monitoring_id, FINANCE)


def test_words_are_found_without_regard_to_case_and_accents() -> None:
    assert routing.choose("que cobranca é essa", [MONEY]) is MONEY


def test_a_message_without_watched_words_goes_to_who_watches_everything() -> None:
    route = routing.route("Bom dia", [MONEY, EVERYTHING], enabled=ALL, fallback=TRIAGE)

    assert (route.monitoring_id, route.level_id) == (EVERYTHING.monitoring_id, SALES)


def test_the_first_of_two_that_speak_for_a_text_wins() -> None:
    other = Watch(UUID(int=13), SALES, ("fatura",))

    assert routing.choose("fatura", [MONEY, other]) is MONEY


def test_what_nobody_watches_falls_back() -> None:
    route = routing.route("Bom dia", [MONEY], enabled=ALL, fallback=TRIAGE)

    assert (route.monitoring_id, route.intended_level_id, route.level_id) == (None, TRIAGE, TRIAGE)


def test_a_level_that_takes_nothing_is_remembered_as_the_one_that_was_meant() -> None:
    route = routing.route("fatura", [MONEY], enabled=ALL - {FINANCE}, fallback=TRIAGE)

    assert (route.intended_level_id, route.level_id) == (FINANCE, TRIAGE)
