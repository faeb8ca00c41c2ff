"""What a person typed and what was wrong with it."""

import re
from collections.abc import Mapping
from typing import Final

from werkzeug.datastructures import MultiDict

from errors import BadInput, Forbidden, NotFound, Refusal

MOST_ROWS: Final = 30
"""More than any kind of sitting has seats for; a hostile index makes no endless page."""
PRESET: Final = {"role", "represents"}
_ROW = re.compile(r"([a-z]+)_([a-z][a-z0-9]{0,11})_(\w+)")


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

    def rows(self, prefix: str) -> dict[str, dict[str, str]]:
        """Fields named `<prefix>_<key>_<field>` by key, in the order of the page.

        Rows in which nothing but hidden and preset fields came back are left out.
        """
        found: dict[str, dict[str, str]] = {}
        for name, value in self.data.items():
            if (match := _ROW.fullmatch(name)) and match.group(1) == prefix:
                found.setdefault(match.group(2), {})[match.group(3)] = value.strip()
        return {key: row for key, row in found.items() if any(map(row.get, row.keys() - PRESET))}

    def row_count(self, prefix: str, letter: str, least: int) -> int:
        """How many rows with keys `<letter>0`, `<letter>1`, ... to show: those that came back, and
        one more if the submit `add=<letter>` asked for it."""
        keys = (match.group(2) for name in self.data if (match := _ROW.fullmatch(name)))
        numbers = [int(key[1:]) for key in keys if key[0] == letter and key[1:].isdigit()]
        count = max(numbers) + 1 if numbers else least
        return min(count + (self.value("add") == letter), MOST_ROWS)

    def refuse(self, refusal: Refusal) -> "Form":
        """Show `refusal` at its field if it names one, else above the form."""
        if isinstance(refusal, BadInput) and refusal.field:
            self.errors[refusal.field] = refusal
        else:
            self.refusal = refusal
        return self

    def mend(self, refusal: Refusal) -> "Form":
        """The same for what the person can mend here. Forbidden and NotFound are raised on: the
        page of errors tells them."""
        if isinstance(refusal, Forbidden | NotFound):
            raise refusal
        return self.refuse(refusal)
