"""What people type into a deed: cleaned once, at the door, and never interpreted.

A deed is printed, read aloud and signed, so its text holds what a reader sees and nothing else:
no control characters, no right-to-left overrides that make a text read otherwise than it is
stored (Unicode TR 36, 'Trojan Source'), no invisible characters. Markup is text like any other.
"""

import re
import unicodedata
from typing import Final

from errors import N_, BadInput

_BIDI: Final = "\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069"
_INVISIBLE: Final = (
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u2060-\u2064\u206a-\u206f"
    "\u3164\ufeff\uffa0\ufff9-\uffff\ud800-\udfff"
)
_DROPPED = re.compile(f"[\u0000-\u0008\u000b-\u001f\u007f-\u009f{_BIDI}{_INVISIBLE}]")
_SPACES = re.compile(r"[^\S\n]+")
_BLANK_LINES = re.compile(r"\n{3,}")
MARKS_MOST: Final = 4
"""Combining marks on one letter; more is a picture that spills over the lines around it."""
_MARK: Final = "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]"
_HEAPED = re.compile(f"({_MARK}{{{MARKS_MOST}}}){_MARK}+")


def clean(value: str, most: int, *, lines: bool = False, field: str = "") -> str:
    """`value` in NFC without what a reader cannot see; lines are kept only where `lines`.

    Raises BadInput `deed.too_long` when more than `most` characters are left.
    """
    text = unicodedata.normalize("NFC", value[: most * 4 + 10_000]).replace("\r\n", "\n")
    text = text.replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    text = _HEAPED.sub(r"\1", _DROPPED.sub("", text))
    if not lines:
        text = text.replace("\n", " ")
    text = _BLANK_LINES.sub("\n\n", _SPACES.sub(" ", text))
    text = "\n".join(line.strip() for line in text.split("\n")).strip()
    if len(text) > most:
        raise BadInput(
            "deed.too_long",
            N_("This is too long: at most %(most)s characters."),
            field=field,
            most=most,
        )
    return text
