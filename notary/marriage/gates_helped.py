"""Gate about those who do not follow the sitting in Arabic: interpreters (R-MR-21)."""

from collections.abc import Iterator
from datetime import date

from errors import N_
from notary.marriage.application import INTERPRETERS, Application
from notary.marriage.finding import Finding, GateState
from notary.marriage.helped import languages
from sessions.rules import RulePack

RULE = "R-MR-21"
LEAVE = "interpreter"
"""What the court gives: it goes to the judge without, and is not accepted without."""


def interpreters(app: Application, pack: RulePack, day: date) -> Iterator[Finding]:
    """Whoever needs an interpreter has one, whom the court named and who is no relative."""
    value = pack.rule(RULE, day).value
    needed = languages(app)
    where = tuple(f"needs.{part}" for part in app.needs)
    if len(needed) > value["languages_most"]:
        yield Finding(
            RULE,
            GateState.FAILED,
            N_("At most %(count)s languages are interpreted in one sitting."),
            N_("Agree on fewer languages, or ask the court for a sitting in person."),
            where,
            params={"count": value["languages_most"]},
        )
    named = {app.interpreters[part].language for part in INTERPRETERS if part in app.interpreters}
    if set(needed) - named:
        yield Finding(
            RULE,
            GateState.NEEDS_LEAVE,
            N_("An interpreter is needed and not named yet."),
            N_("The court names the interpreter; nothing is asked of you."),
            where,
            LEAVE,
        )
    for part in INTERPRETERS:
        person = app.person(part)
        related = {person.relation_to_bride, person.relation_to_groom} - {"", "none"}
        if part in app.interpreters and related and not value["own_relatives"]:
            yield Finding(
                RULE,
                GateState.FAILED,
                N_("The interpreter is a relative of a spouse."),
                N_("The court names another interpreter."),
                (part.value,),
            )
