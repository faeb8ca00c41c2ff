"""What a person is told when something cannot be done.

An expected refusal is a `Refusal`: a stable code for programs, an HTTP status, and an English
sentence that says what to do next. The sentence is a gettext message id: mark it with `N_` where
it is raised, and the page that shows it translates it.
"""


def N_(message: str) -> str:
    """Mark `message` for extraction into the catalogues; it is translated where it is shown."""
    return message


class Refusal(Exception):
    """A request that is understood and refused. State is unchanged.

    `code` is stable and dotted (`booking.slot_taken`); `message` is a gettext message id with
    `%(name)s` places that `params` fill. Neither ever holds a secret.
    """

    def __init__(self, code: str, message: str, *, status: int = 409, **params: str | int) -> None:
        super().__init__(code)
        self.code = code
        self.message = message
        self.status = status
        self.params = params


class NotFound(Refusal):
    """The thing does not exist, or this person may not learn that it does."""

    def __init__(self, code: str = "not_found", message: str | None = None) -> None:
        super().__init__(code, message or N_("We could not find that page."), status=404)


class Forbidden(Refusal):
    """The policy answered no. `action` is what was asked for: a page explains it (`/why`)."""

    def __init__(
        self, code: str = "forbidden", message: str | None = None, *, action: str = ""
    ) -> None:
        super().__init__(
            code,
            message or N_("You are not allowed to do this. Ask the clerk if you think you should."),
            status=403,
        )
        self.action = action


class BadInput(Refusal):
    """The request itself is malformed. `field` names the part that is wrong, if one is."""

    def __init__(self, code: str, message: str, *, field: str = "", **params: str | int) -> None:
        super().__init__(code, message, status=400, **params)
        self.field = field
