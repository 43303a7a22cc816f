"""Personal data, covered: enough to know it again, too little to use it.

What does not look as it should is covered whole, for nobody can say which part of it is safe.
"""

import re

import phonenumbers
from phonenumbers import NumberParseException

from domain.words import FieldKind, Network

COVER = "***"
LAST_SHOWN = 4
NUMBER = re.compile(r"\+?[\d ().\-/]{7,40}", re.ASCII)
ADDRESS = re.compile(r"[^\s<>()\"',;:]+@[^\s<>()\"',;:]+")
NATIONAL_MOST = 11
"""Digits of a Brazilian number without its country; so many could be of any country."""
CONTACTS = frozenset({Network.EMAIL, Network.PHONE, Network.WHATSAPP})
"""Networks on which who somebody is and how to reach them is one and the same."""


def cpf(value: str) -> str:
    """`***.456.789-**`"""
    if len(value) != 11 or not (value.isascii() and value.isdigit()):
        return COVER
    return f"{COVER}.{value[3:6]}.{value[6:9]}-**"


def email(value: str) -> str:
    """`f***@example.com`"""
    local, at, domain = value.rpartition("@")
    return f"{local[0]}{COVER}@{domain}" if at and local and domain else COVER


def phone(value: str) -> str:
    """`+55 11 *****-4321`; numbers of other countries keep their country and last digits."""
    try:
        number = phonenumbers.parse(value, None)
    except NumberParseException:
        return COVER
    digits = phonenumbers.national_significant_number(number)
    if len(digits) < 2 * LAST_SHOWN:
        return f"+{number.country_code} {COVER}"
    area = digits[:2] if number.country_code == 55 else ""
    hidden = "*" * (len(digits) - len(area) - LAST_SHOWN)
    return " ".join(
        part
        for part in (f"+{number.country_code}", area, f"{hidden}-{digits[-LAST_SHOWN:]}")
        if part
    )


def of_kind(kind: FieldKind, value: str) -> str:
    """A value of a field, covered as its kind is; of free text nothing is shown."""
    if kind is FieldKind.CPF:
        return cpf(value)
    if kind is FieldKind.EMAIL:
        return email(value)
    return phone(value) if kind is FieldKind.PHONE else COVER


def identity(network: Network, value: str) -> str:
    """Who somebody is on a network, or is called there, without what one could reach them by."""
    if network not in CONTACTS:
        return value
    if NUMBER.fullmatch(value):
        digits = "".join(letter for letter in value if letter.isdigit())
        whole = "+" in value or len(digits) > NATIONAL_MOST
        return phone(f"+{digits}") if whole else COVER
    return ADDRESS.sub(lambda found: email(found.group()), value)
