"""The wizard's questions: which page asks what, in which form.

A question's name is the dotted place that gates and marks use (`bride.born`, `dower.prompt`), so
that what a gate misses and what a judge marks is shown at the very field.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from errors import N_
from notary.marriage import labels
from notary.marriage.application import SPOUSES, WITNESSES, Part
from notary.marriage.helped import MAY_NEED
from sessions.rules import RulePack

PAGES: tuple[tuple[str, str], ...] = (
    ("track", N_("Track")),
    ("people", N_("Spouses and witnesses")),
    ("status", N_("Previous status")),
    ("guardian", N_("Guardian and agents")),
    ("terms", N_("Dower and conditions")),
    ("impediments", N_("Impediments")),
    ("papers", N_("Papers")),
)
"""In order; the last step is to check and send."""


@dataclass(frozen=True, slots=True)
class Question:
    """One field. `kind`: `text code choice country date money number yes_no flag lines`."""

    name: str
    kind: str
    label: str
    choices: Mapping[str, str] | None = None
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Questions that stand together. `fold`: closed while nothing is in it."""

    title: str
    questions: tuple[Question, ...]
    hint: str = ""
    fold: bool = False


def page(code: str, pack: RulePack, day: date) -> tuple[Group, ...]:
    """The groups of a page; what the rules list is taken from them."""
    return tuple(_BUILD[code](pack, day))


def names(groups: tuple[Group, ...]) -> tuple[str, ...]:
    """Every field of a page."""
    return tuple(question.name for group in groups for question in group.questions)


def _track(pack: RulePack, day: date) -> Iterator[Group]:
    q = Question
    for part in SPOUSES:
        yield Group(
            labels.PARTS[part],
            (
                q(f"{part}.religion", "choice", N_("Religion"), labels.RELIGIONS),
                q(f"{part}.nationality", "country", N_("Nationality")),
                q(f"{part}.resident", "yes_no", N_("Resides in the United Arab Emirates")),
            ),
        )
    yield Group(
        N_("Court"),
        (
            q("court", "choice", N_("Emirate of the court"), labels.EMIRATES,
              N_("Where groom, bride or guardian live or work")),
            q("circumstances.accepts_sharia", "flag",
              N_("We are not Muslims and accept a marriage under Sharia in writing")),
        ),
    )  # fmt: skip


def _identity(part: Part, *, everything: bool) -> Iterator[Question]:
    q = Question
    yield q(f"{part}.name_ar", "text", N_("Name in Arabic"), hint=N_("As the document says"))
    yield q(f"{part}.name_en", "text", N_("Name in English"))
    if everything:
        yield q(f"{part}.sex", "choice", N_("Sex"), labels.SEXES)
        yield q(f"{part}.religion", "choice", N_("Religion"), labels.RELIGIONS)
        yield q(f"{part}.nationality", "country", N_("Nationality"))
    yield q(f"{part}.born", "date", N_("Date of birth"))
    yield q(f"{part}.document", "choice", N_("Identity document"), labels.DOCUMENTS)
    yield q(f"{part}.number", "code", N_("Number of the document"))


def _capable(part: Part) -> Question:
    return Question(f"{part}.capable", "yes_no", N_("Of age and of sound mind"))


def _places(part: Part) -> Iterator[Question]:
    q = Question
    yield q(f"{part}.residence", "choice", N_("Emirate of residence"), labels.EMIRATES)
    yield q(f"{part}.work", "choice", N_("Emirate of work"), labels.EMIRATES)


def _people(pack: RulePack, day: date) -> Iterator[Group]:
    for part in SPOUSES:
        yield Group(
            labels.PARTS[part],
            (*_identity(part, everything=False), *_places(part), _capable(part)),
        )
    for part in WITNESSES:
        related = Question(
            f"{part}.relation_to_bride", "choice", N_("Relation to the bride"), labels.RELATIONS
        )
        yield Group(
            labels.PARTS[part],
            (*_identity(part, everything=True), _capable(part), related),
            N_("Not needed for a civil marriage"),
        )

    yield Group(
        N_("Interpreters"),
        tuple(
            Question(f"needs.{part}", "choice", labels.PARTS[part], labels.NEEDS)
            for part in MAY_NEED
        ),
        N_("Only for whoever does not follow the sitting in Arabic. The court names the "
           "interpreters; nobody brings an own one."),
        fold=True,
    )  # fmt: skip


def _status(pack: RulePack, day: date) -> Iterator[Group]:
    q = Question
    yield Group(
        labels.PARTS[Part.GROOM],
        (
            q("status.groom", "choice", N_("Previous status"), labels.GROOM_STATUS),
            q("existing_wives", "number", N_("How many wives he has now"),
              hint=N_("0 if none")),
            q("disclosed.groom", "flag",
              N_("I disclose my previous marriages and know of no marriage that forbids this one "
                 "(form 2 of a civil marriage; each ticks their own)")),
        ),
    )  # fmt: skip
    yield Group(
        labels.PARTS[Part.BRIDE],
        (
            q("status.bride", "choice", N_("Previous status"), labels.BRIDE_STATUS),
            q("earlier.bride.ended", "date", N_("When the earlier marriage ended"),
              hint=N_("Only after a divorce or as a widow")),
            q("earlier.bride.pregnant", "yes_no", N_("She is pregnant")),
            q("earlier.bride.revoked", "yes_no",
              N_("The divorce was revoked, or may still be")),
            q("disclosed.bride", "flag",
              N_("I disclose my previous marriages and know of no marriage that forbids this one "
                 "(form 2 of a civil marriage; each ticks their own)")),
        ),
    )  # fmt: skip


def _guardian(pack: RulePack, day: date) -> Iterator[Group]:
    q = Question
    order = pack.rule("R-MR-09", day).value["order"]
    choices = {code: labels.GUARDIANS[code] for code in (*order, "judge")}
    yield Group(
        N_("Who acts as guardian"),
        (
            q("guardianship.relation", "choice", N_("The guardian is her"), choices),
            q("guardianship.exempt_by_national_law", "flag",
              N_("The bride is no citizen, and the law of her state needs no guardian")),
        ),
    )  # fmt: skip
    yield Group(
        N_("Nearer relatives who do not act"),
        tuple(
            q(f"guardianship.passed_over.{code}", "choice", labels.GUARDIANS[code],
              labels.PASSED_OVER)
            for code in order[:-1]
        ),
        N_("Only those who come before the guardian in this order. Absence and refusal need "
           "leave of the judge."),
        fold=True,
    )  # fmt: skip
    yield Group(
        labels.PARTS[Part.GUARDIAN],
        (
            *_identity(Part.GUARDIAN, everything=True),
            *_places(Part.GUARDIAN),
            q("guardian.resident", "yes_no", N_("Resides in the United Arab Emirates")),
            _capable(Part.GUARDIAN),
        ),
        N_("Leave it empty where the judge acts, or where no guardian is needed"),
    )
    for part in (Part.GROOM_AGENT, Part.BRIDE_AGENT):
        yield Group(
            labels.PARTS[part],
            (
                *_identity(part, everything=True),
                q(f"agencies.{part}.number", "code", N_("Number of the power of attorney")),
                q(f"agencies.{part}.special", "flag",
                  N_("It is for this marriage and names the spouse")),
                q(f"agencies.{part}.attested", "flag",
                  N_("It was drawn up here, or is attested for use here")),
                q(f"agencies.{part}.may_marry_self", "flag",
                  N_("It allows the agent to marry her to himself")),
            ),
            N_("Only where somebody comes in the place of a spouse"),
            fold=True,
        )  # fmt: skip


def _terms(pack: RulePack, day: date) -> Iterator[Group]:
    q = Question
    yield Group(
        N_("Dower"),
        (
            q("dower.prompt", "money", N_("Prompt dower"), hint=N_("In UAE dirhams")),
            q("dower.prompt_received", "yes_no", N_("The prompt dower was received")),
            q("dower.deferred", "money", N_("Deferred dower"), hint=N_("In UAE dirhams")),
            q("dower.due_event", "choice", N_("The deferred dower falls due"), labels.DUE),
        ),
    )
    for part in SPOUSES:
        yield Group(
            N_("Conditions of the groom") if part is Part.GROOM else N_("Conditions of the bride"),
            (
                q(f"conditions.{part}", "lines", N_("Conditions, one on each line")),
                q(f"conditions.{part}.none", "flag", N_("There are none")),
            ),
            N_("A condition holds only if it is written in the contract."),
        )


def _impediments(pack: RulePack, day: date) -> Iterator[Group]:
    value = pack.rule("R-MR-08", day).value
    titles = {"permanent": N_("Permanent impediments"), "temporary": N_("Temporary impediments")}
    for sort, title in titles.items():
        yield Group(
            title,
            tuple(
                Question(f"impediments.{code}", "yes_no", labels.IMPEDIMENTS.get(code, code))
                for code in value[sort]
            ),
        )


def _papers(pack: RulePack, day: date) -> Iterator[Group]:
    q = Question
    for part in SPOUSES:
        yield Group(
            N_("Medical certificate of the groom")
            if part is Part.GROOM
            else N_("Medical certificate of the bride"),
            (
                q(f"medical.{part}.number", "code", N_("Number of the certificate")),
                q(f"medical.{part}.issued", "date", N_("Day on which it was issued")),
                q(f"medical.{part}.outcome", "choice", N_("Outcome"), labels.OUTCOMES),
            ),
        )
    yield Group(
        N_("Permissions"),
        (
            q("circumstances.employer_must_approve", "flag",
              N_("An employer or authority must approve this marriage")),
            q("circumstances.embassy_must_consent", "flag",
              N_("An embassy must state that it has no objection")),
        ),
    )  # fmt: skip


_BUILD = {
    "track": _track,
    "people": _people,
    "status": _status,
    "guardian": _guardian,
    "terms": _terms,
    "impediments": _impediments,
    "papers": _papers,
}
