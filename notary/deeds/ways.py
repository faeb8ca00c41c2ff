"""What the law asks of each way to take part, in a sentence for everybody in the session (FDL
20/2022 Art 8, R-NT-11)."""

from collections.abc import Mapping
from dataclasses import dataclass

from errors import N_
from notary.deeds.party import HELPERS, Party

IN_PERSON = "in_person"
OF_PARTIES: dict[str, str] = {
    "cannot_sign": N_("%(name)s signs instead, once you have seen that this is the person's wish."),
    "language": N_("%(name)s interprets everything and signs too."),
    "impaired": N_("%(name)s conveys everything both ways and signs too."),
}
OF_HELPERS: dict[str, str] = {
    "signs_for": N_("Signs in the place of %(name)s."),
    "interpreter": N_("Interprets for %(name)s and signs too."),
    "assistant": N_("Conveys what %(name)s says and is told, and signs too."),
    "curator": N_("Acts and signs for %(name)s, by the court's judgment."),
}
AT_THE_OFFICE = N_(
    "A thumbprint is needed, and none can be taken at a distance: the act is done at the office."
)


@dataclass(frozen=True, slots=True)
class Note:
    """A message id and the name in it."""

    message: str
    name_ar: str = ""
    name_en: str = ""
    stops: bool = False
    """The act cannot be signed in this session."""


def note(one: Party, parties: tuple[Party, ...], ways: Mapping[str, str]) -> Note | None:
    """What is said of somebody, or None. `ways`: the rule R-NT-11."""
    if one.path and ways.get(one.path) == IN_PERSON:
        return Note(AT_THE_OFFICE, stops=True)
    if one.role in HELPERS:
        other = next((each for each in parties if each.key == one.helps), None)
        message = OF_HELPERS[one.role]
    else:
        other = next((each for each in parties if each.helps == one.key), None)
        message = OF_PARTIES.get(one.path, "")
    if other is None or not message:
        return None
    return Note(message, other.name("ar"), other.name("en"))
