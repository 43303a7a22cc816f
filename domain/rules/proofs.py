"""Proofs: what somebody shows to be told of a protocol, without signing in.

The last four digits of the CPF, or the e-mail, of whoever the ticket is about.
"""

import re

from domain.rules import contacts
from domain.words import FieldKind

LONGEST = 2_000
LAST = 4
DIGITS = re.compile(r"[\d.\- ]{4,9}", re.ASCII)


def last_of_cpf(proof: str) -> str | None:
    """Four digits, however they are set; None where it is none of that."""
    digits = "".join(each for each in proof if each.isdigit())
    return digits if DIGITS.fullmatch(proof.strip()) and len(digits) == LAST else None


def email(proof: str) -> str | None:
    """The address as it is looked for; None where it is none."""
    return contacts.plain(FieldKind.EMAIL, proof)
