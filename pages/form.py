"""What a person typed and what was wrong with it."""

from collections.abc import Mapping

from werkzeug.datastructures import MultiDict

from errors import BadInput, Refusal


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

    def refuse(self, refusal: Refusal) -> "Form":
        """Show `refusal` at its field if it names one, else above the form."""
        if isinstance(refusal, BadInput) and refusal.field:
            self.errors[refusal.field] = refusal
        else:
            self.refusal = refusal
        return self
