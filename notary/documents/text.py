"""Strings on their way into a document: what a person typed cannot reorder or break the page.

Strings reach a template as JSON data, never as markup, so markup prints as it was typed. What is
left to stop is invisible: characters that turn the direction of what follows (UAX 9) and control
characters. Numbers and Latin words inside Arabic are isolated by the templates (`base.typ`).
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from errors import N_, BadInput

MAX_CHARS: Final = 20_000
"""In one field: about eight pages."""
LONG_WORD: Final = 48
"""A longer unbroken word may be broken anywhere, so that it stays on the page."""

# Overrides, embeddings, isolates and marks of direction; zero-width characters but the joiners of
# Arabic and Indic scripts; C0 and C1 controls but tab and line feed.
_HIDDEN: Final = re.compile(
    "[\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\uffff"
    "\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]"
)
_UNBROKEN: Final = re.compile(rf"\S{{{LONG_WORD}}}(?=\S)")


def clean(text: str, field: str = "") -> str:
    """`text` without hidden characters. Raises BadInput when it is too long."""
    if len(text) > MAX_CHARS:
        raise BadInput(
            "document.too_long",
            N_("One part of the document is too long. Write at most %(most)s characters."),
            field=field,
            most=MAX_CHARS,
        )
    return _UNBROKEN.sub("\\g<0>\u200b", _HIDDEN.sub("", text))


def cleaned(value: Any, field: str = "") -> Any:
    """JSON data with every string cleaned. Raises BadInput naming the field, TypeError."""
    if isinstance(value, str):
        return clean(value, field)
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {str(key): cleaned(item, f"{field}.{key}".strip(".")) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [cleaned(item, f"{field}.{place}") for place, item in enumerate(value)]
    raise TypeError(f"{field}: {type(value).__name__} is not data of a document")
