"""A note speaks to those whose name stands behind an `@`, and to nobody else."""

from uuid import UUID, uuid4

import pytest

from domain.rules import mentions
from domain.rules.mentions import MOST, Named

ANA, ANA_LIMA, JOAO, CAIO, OTHER_CAIO = (uuid4() for _ in range(5))
TEAM = [
    Named(ANA, "Ana", "ana@acme.example"),
    Named(ANA_LIMA, "Ana Lima", "ana.lima@acme.example"),
    Named(JOAO, "João d'Ávila", "jd@acme.example"),
    Named(CAIO, "Caio", "caio1@acme.example"),
    Named(OTHER_CAIO, "Caio", "caio2@acme.example"),
]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("@Ana, veja isto", [ANA]),
        ("Veja isto, @ana", [ANA]),
        ("(@ANA)", [ANA]),
        ("Obrigado @Ana.", [ANA]),
        ("@Ana Lima, veja", [ANA_LIMA]),
        ("@ana.lima veja", [ANA_LIMA]),
        ("@Ana  \n Lima", [ANA_LIMA]),
        ("@joao d'avila e @Ana", [JOAO, ANA]),
        ("@JOÃO D'ÁVILA", [JOAO]),
        ("@jd: feito", [JOAO]),
        ("@Ana @Ana @ana", [ANA]),
        ("@Caio, os dois", [CAIO, OTHER_CAIO]),
        ("@caio2 só você", [OTHER_CAIO]),
        # Nobody:
        ("Ana, veja isto", []),
        ("@Anabela", []),
        ("@ana.souza", []),
        ("@ana_1", []),
        ("escreva a maria@ana", []),
        ("ana@acme.example", []),
        ("@ana@acme.example", []),
        ("@ Ana", []),
        ("@", []),
        ("", []),
    ],
)
def test_who_is_spoken_to(text: str, expected: list[UUID]) -> None:
    assert mentions.mentioned(text, TEAM) == expected


def test_a_text_full_of_signs_is_read_as_far_as_notes_go() -> None:
    text = "@" * 40_000 + " " + "@Ana " * (MOST + 1)

    assert mentions.mentioned(text, TEAM) == []
    assert mentions.mentioned("@Ana " * 1_000, TEAM) == [ANA]
