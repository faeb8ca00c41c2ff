"""What a person typed and what was wrong with it."""

import re
from collections.abc import Mapping
from typing import Final

from werkzeug.datastructures import MultiDict

from errors import BadInput, Refusal

MOST_ROWS: Final = 30
"""More than any kind of sitting has seats for; a hostile index makes no endless page."""
_ROW = re.compile(r"([a-z]+)-(\d{1,2})-(\w+)")


class Form:
    """Keeps what was typed, so that nothing is lost on an error.

    Templates read it through the macros of `macros/forms.html`; a template that gets no form
    shows empty fields.
    """

    def __init__(self, values: Mapping[str, str] | None = None) -> None:
        """`values`: the request's form (repeated fields kept), or defaults by field name."""
        self.data: MultiDict[str, str] = MultiDict(values or {})
        self.errors: dict[str, Refusal] = {}
        self.refusal: Refusal | None = None

    def value(self, name: str, default: str = "") -> str:
        """What was typed into `name`, else `default`."""
        return self.data.get(name, default)

    def values(self, name: str) -> list[str]:
        """All values of a repeated field, in order."""
        return self.data.getlist(name)

    def rows(self, prefix: str) -> dict[int, dict[str, str]]:
        """Rows of fields named `<prefix>-<i>-<field>` in which something was typed, by index."""
        found: dict[int, dict[str, str]] = {}
        for name, value in self.data.items():
            match = _ROW.fullmatch(name)
            if match and match.group(1) == prefix:
                found.setdefault(int(match.group(2)), {})[match.group(3)] = value.strip()
        return {
            index: row
            for index, row in sorted(found.items())
            if any(value for field, value in row.items() if field != "role")
        }

    def row_count(self, prefix: str, least: int) -> int:
        """How many rows to show: those that came back, one more if one was asked for."""
        indexes = [
            int(match.group(2))
            for name in self.data
            if (match := _ROW.fullmatch(name)) and match.group(1) == prefix
        ]
        count = max(indexes) + 1 if indexes else least
        return min(count + (self.value("add") == prefix), MOST_ROWS)

    def refuse(self, refusal: Refusal) -> "Form":
        """Show `refusal` at its field if it names one, else above the form."""
        if isinstance(refusal, BadInput) and refusal.field:
            self.errors[refusal.field] = refusal
        else:
            self.refusal = refusal
        return self
