"""Who is interpreted, into which language and by whom (R-MR-21).

One interpreter serves everybody who needs the same language. A mute party writes and needs none
(FL 28/2005 Art 41: writing, then intelligible signs).
"""

from collections.abc import Iterable

from notary.marriage.application import INTERPRETERS, Application, Part
from sessions.booking import LANGUAGES
from sessions.seat import SIGN

WRITING = "writing"
NEEDED = (*(code for code in LANGUAGES if code != "ar"), SIGN)
"""Languages into which somebody can be interpreted; the sitting is held in Arabic."""
MAY_NEED = (Part.GROOM, Part.BRIDE, Part.GUARDIAN, Part.GROOM_AGENT, Part.BRIDE_AGENT)
"""Witnesses understand offer and acceptance by themselves (R-MR-15)."""


def languages(app: Application) -> tuple[str, ...]:
    """Every language that needs an interpreter, once, of those who will be in the sitting."""
    stands_for = {Part.GROOM: Part.GROOM_AGENT, Part.BRIDE: Part.BRIDE_AGENT}
    wanted = (
        app.needs.get(part, "") for part in MAY_NEED if stands_for.get(part) not in app.persons
    )
    return tuple(dict.fromkeys(code for code in wanted if code in NEEDED))


def interpreters(app: Application) -> tuple[Part, ...]:
    """The parts of interpreters who are named and needed."""
    needed = languages(app)
    return tuple(
        part
        for part in INTERPRETERS
        if part in app.interpreters and app.interpreters[part].language in needed
    )


def helped(app: Application, present: Iterable[Part]) -> dict[Part, Part]:
    """Who is interpreted, to who interprets, among those who must be there."""
    by_language = {app.interpreters[part].language: part for part in interpreters(app)}
    found = {part: by_language.get(app.needs.get(part, "")) for part in present}
    return {part: one for part, one in found.items() if one is not None}
