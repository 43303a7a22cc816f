"""Personal data is covered so that one knows it again and cannot use it."""

import pytest

from domain.rules import masking
from domain.words import FieldKind, Network


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        (FieldKind.CPF, "12345678909", "***.456.789-**"),
        (FieldKind.CPF, "1234567890", "***"),
        (FieldKind.CPF, "123.456.789-09", "***"),
        (FieldKind.EMAIL, "fulano@example.com", "f***@example.com"),
        (FieldKind.EMAIL, "f@example.com", "f***@example.com"),
        (FieldKind.EMAIL, "fulano", "***"),
        (FieldKind.EMAIL, "@example.com", "***"),
        (FieldKind.PHONE, "+5511987654321", "+55 11 *****-4321"),
        (FieldKind.PHONE, "+551132654321", "+55 11 ****-4321"),
        (FieldKind.PHONE, "+12025550123", "+1 ******-0123"),
        (FieldKind.PHONE, "+2904321", "+290 ***"),
        (FieldKind.PHONE, "ligue já", "***"),
        (FieldKind.TEXT, "cliente ouro", "***"),
        (FieldKind.NUMBER, "42", "***"),
        (FieldKind.DATE, "1980-01-31", "***"),
    ],
)
def test_a_value_is_covered_as_its_kind_is(kind: FieldKind, value: str, shown: str) -> None:
    assert masking.of_kind(kind, value) == shown


@pytest.mark.parametrize(
    ("network", "value", "shown"),
    [
        (Network.EMAIL, "fulano@example.com", "f***@example.com"),
        (Network.EMAIL, "Fulano", "Fulano"),
        (Network.WHATSAPP, "5511987654321", "+55 11 *****-4321"),
        (Network.PHONE, "(11) 98765-4321", "***"),
        (Network.WHATSAPP, "+55 11 98765-4321", "+55 11 *****-4321"),
        (Network.WHATSAPP, "Fulano", "Fulano"),
        (Network.EMAIL, "Fulano <fulano@example.com>", "Fulano <f***@example.com>"),
        (Network.EMAIL, "Loja 123456", "Loja 123456"),
        (Network.WHATSAPP, "Fulano 2026", "Fulano 2026"),
        (Network.WHATSAPP, "5511987654321@c.us", "5***@c.us"),
        (Network.X, "12345678909", "12345678909"),
        (Network.INSTAGRAM, "fulano", "fulano"),
    ],
)
def test_who_one_is_on_a_network_is_covered_where_it_is_how_to_reach_them(
    network: Network, value: str, shown: str
) -> None:
    assert masking.identity(network, value) == shown
