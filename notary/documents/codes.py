"""Short codes by which a stranger finds a document, and their QR codes."""

import re
import secrets
from typing import Final

import segno

ALPHABET: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Without 0, O, 1 and I, which people mistake. 32 letters: five bits each."""
LENGTH: Final = 12
"""60 bits: guessing one of a million documents takes a million million tries."""
_GROUP: Final = 4


def new_code() -> str:
    """A random code as it is printed: `7KQM-2XWD-P9RT`."""
    return group("".join(secrets.choice(ALPHABET) for _ in range(LENGTH)))


def group(code: str) -> str:
    """In groups of four."""
    return "-".join(code[at : at + _GROUP] for at in range(0, len(code), _GROUP))


def parse_code(typed: str) -> str | None:
    """The printed form of what somebody typed, whatever the case and the dashes; None if it is
    not a code."""
    plain = re.sub(r"[\s-]", "", typed[:64]).upper()
    if len(plain) != LENGTH or any(letter not in ALPHABET for letter in plain):
        return None
    return group(plain)


def qr_svg(text: str) -> str:
    """An SVG image of the QR code of `text`, error correction M."""
    return segno.make(text, error="m", micro=False).svg_inline(omitsize=True, border=2)
