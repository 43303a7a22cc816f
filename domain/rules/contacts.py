"""CPF, e-mail and telephone in the one form in which each is kept and looked for."""

import re
from collections.abc import Iterator

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from phonenumbers import NumberParseException, PhoneNumberFormat
from stdnum.br import cpf as cadastro

from domain.errors import Invalid
from domain.rules.checking import Path
from domain.words import FieldKind

REGION = "BR"
"""Where a telephone number is from that does not say."""
LENGTH_MOST = 254
CPF_FORM = re.compile(r"\d{11}|\d{3}\.\d{3}\.\d{3}-\d{2}", re.ASCII)
PHONE_FORM = re.compile(r"\+?[\d ().\-/]{7,40}", re.ASCII)


def cpf(value: str, field: Path = ("cpf",)) -> str:
    """Eleven digits that check; INVALID otherwise, as are eleven times the same."""
    value = value.strip()
    repeated = len(set(value) & set("0123456789")) == 1
    if not CPF_FORM.fullmatch(value) or repeated or not cadastro.is_valid(value):
        raise Invalid("cpf_invalid", field=field)
    return str(cadastro.compact(value))


def email(value: str, field: Path = ("email",)) -> str:
    """The address in small letters; whether anybody reads it is not asked."""
    try:
        if len(value) > LENGTH_MOST:
            raise EmailNotValidError
        return validate_email(value.strip(), check_deliverability=False).normalized.lower()
    except EmailNotValidError:
        raise Invalid("email_invalid", field=field) from None


def phone(value: str, field: Path = ("phone",)) -> str:
    """`+5511987654321`: a number that can exist, of Brazil where no country is said."""
    value = value.strip()
    try:
        if not PHONE_FORM.fullmatch(value):
            raise NumberParseException(NumberParseException.NOT_A_NUMBER, "")
        number = phonenumbers.parse(value, REGION)
        if not phonenumbers.is_valid_number(number):
            raise NumberParseException(NumberParseException.NOT_A_NUMBER, "")
    except NumberParseException:
        raise Invalid("phone_invalid", field=field) from None
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


READERS = {FieldKind.CPF: cpf, FieldKind.EMAIL: email, FieldKind.PHONE: phone}


def recognised(text: str) -> Iterator[tuple[FieldKind, str]]:
    """What of these the text could be, each in the form in which it is kept."""
    for kind in READERS:
        normal = plain(kind, text)
        if normal is not None:
            yield kind, normal


def plain(kind: FieldKind, value: str) -> str | None:
    """The form in which it is looked for; None where it is none of that kind."""
    try:
        return READERS[kind](value)
    except Invalid:
        return None
