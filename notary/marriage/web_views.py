"""What this room's templates get of a file: rows, gates and facts, with labels."""

import datetime as dt
from collections.abc import Collection, Iterable
from types import SimpleNamespace

from babel import Locale

from auth import policy
from auth.person import Person
from errors import N_, BadInput
from i18n import translate
from notary.history import Event
from notary.marriage import labels, questions, store, wizard
from notary.marriage.application import OFFICE, SPOUSES, Part
from notary.marriage.attaching import TITLES
from notary.marriage.core import context
from notary.marriage.file import File
from notary.marriage.finding import Finding, GateState
from notary.marriage.gates import TITLES as GATES
from notary.marriage.gates import blocking, unacknowledged
from notary.marriage.questions import Group
from notary.marriage.track import required
from notary.marriage.web_services import court
from pages import Form, formatter, language

Gates = tuple[tuple[str, tuple[Finding, ...]], ...]

STATES: dict[GateState, tuple[str, str, str]] = {
    GateState.PASSED: (N_("In order"), "success", "check-circle"),
    GateState.NOT_NEEDED: (N_("Not needed"), "neutral", "minus"),
    GateState.WARNING: (N_("Warning"), "warning", "warning"),
    GateState.MISSING: (N_("Missing"), "info", "info"),
    GateState.NEEDS_LEAVE: (N_("Needs leave"), "warning", "gavel"),
    GateState.FAILED: (N_("Not possible"), "error", "warning-circle"),
}
"""Label, colour and icon of a gate's state."""
ORDER = tuple(STATES)
PAGE_OF = {
    "track": "track",
    "R-MR-01": "people",
    "R-MR-02": "people",
    "R-MR-03": "people",
    "R-MR-04": "people",
    "R-MR-05": "papers",
    "R-MR-06": "status",
    "R-MR-07": "status",
    "R-MR-08": "impediments",
    "R-MR-09": "guardian",
    "R-MR-10": "guardian",
    "R-MR-11": "guardian",
    "R-MR-12": "papers",
    "R-MR-13": "terms",
    "R-MR-14": "terms",
    "R-MR-15": "people",
    "R-MR-20": "status",
    "R-MR-21": "people",
}
"""Where in the wizard a gate is satisfied."""
ACTIONS = (
    *("read", "edit", "answer", "pay", "book"),
    *("queue", "check", "interpreter", "review", "approve", "leave", "refuse", "appeal", "conduct"),
)


def say(message: str, **params: object) -> str:
    """A message in the language of this request."""
    return translate(language(), message, **params)


def may(person: Person, one: File) -> set[str]:
    """What this person may do with the file, now or after a confirmation."""
    at = context(person, one)
    return {name for name in ACTIONS if policy.decide(person, f"marriage.{name}", at).possible}


def row(one: File, person: Person) -> SimpleNamespace:
    """A file in a list."""
    app = one.application
    track = court().core.track(one)
    part = one.part_of(person.id)
    return SimpleNamespace(
        file=one,
        state_title=labels.STATES[one.state],
        tone=labels.tone(one.state),
        track_title=track.title[language()] if track else "",
        part_title=labels.PARTS[part] if part else "",
        groom=app.person(Part.GROOM),
        bride=app.person(Part.BRIDE),
    )


def parts(one: File) -> list[SimpleNamespace]:
    """Who must take part, with who has taken the part."""
    core = court().core
    track = core.track(one)
    needed = required(track, one.application, core.pack.jurisdiction) if track else SPOUSES
    shown = list(dict.fromkeys([*needed, *one.seats]))
    return [
        SimpleNamespace(
            part=part,
            title=labels.PARTS[part],
            person=one.application.person(part),
            joined=part in one.seats,
            office=part in OFFICE,
        )
        for part in shown
        if part is not Part.OFFICIANT or part in one.seats
    ]


def countries() -> list[tuple[str, str]]:
    """Code and name of every country in the page's language, by name."""
    names = Locale(language()).territories
    known = [(code, name) for code, name in names.items() if len(code) == 2 and code.isalpha()]
    return sorted((pair for pair in known if pair[0] not in _NO_COUNTRY), key=lambda pair: pair[1])


_NO_COUNTRY = {"EU", "UN", "EZ", "QO", "ZZ", "XA", "XB"}


def page(one: File, code: str) -> tuple[list[SimpleNamespace], dict[str, str]]:
    """The groups of a page for its template, and its fields as they stand."""
    core = court().core
    groups = questions.page(code, core.pack, core.today())
    stands = wizard.shown(one.application, groups)
    return [shown_group(group, stands) for group in groups], stands


def shown_group(group: Group, stands: dict[str, str], *, closed: bool = False) -> SimpleNamespace:
    """Questions that stand together, with labels and choices in the page's language. `closed`: a
    group that folds begins closed, whatever it holds."""
    asked = []
    for each in group.questions:
        choices: list[tuple[str, str]] = []
        if each.kind == "country":
            choices = countries()
        elif each.kind == "yes_no":
            choices = [("yes", say(N_("Yes"))), ("no", say(N_("No")))]
        elif each.choices:
            choices = [
                (code, say(label) if label else formatter().language_name(code))
                for code, label in each.choices.items()
            ]
        hint = say(each.hint) if each.hint else ""
        asked.append(
            SimpleNamespace(
                name=each.name, kind=each.kind, label=say(each.label), choices=choices, hint=hint
            )
        )
    return SimpleNamespace(
        title=say(group.title),
        hint=say(group.hint) if group.hint else "",
        questions=asked,
        fold=group.fold,
        filled=not closed and any(stands[each.name] for each in group.questions),
    )


def mark(form: Form, one: File, groups: Iterable[SimpleNamespace]) -> None:
    """What the judge marked, at the fields that they are about."""
    names = {each.name for group in groups for each in group.questions}
    for name in one.marks:
        if name in names and name not in form.errors:
            form.errors[name] = BadInput(
                "marriage.marked",
                N_("The judge asks you to correct this: %(reason)s"),
                field=name,
                reason=one.reason,
            )


def facts(one: File) -> list[SimpleNamespace]:
    """Everything that was filled in, page by page, as people read it."""
    found = []
    for code, title in questions.PAGES:
        groups, stands = page(one, code)
        for group in groups:
            rows = [
                (each.name, each.label, _value(each, stands[each.name]))
                for each in group.questions
                if stands[each.name]
            ]
            if rows:
                found.append(SimpleNamespace(page=say(title), title=group.title, rows=rows))
    return found


def _value(each: SimpleNamespace, value: str) -> str:
    if each.kind == "flag":
        return say(N_("Yes"))
    if each.kind == "date":
        return formatter().date(dt.date.fromisoformat(value), "medium")
    words: dict[str, str] = dict(each.choices)
    return words.get(value, value)


def gates(found: Gates) -> list[SimpleNamespace]:
    """Every gate: its worst state, and each finding with reason, remedy and source."""
    return [
        SimpleNamespace(
            rule=rule,
            title=say(GATES[rule]),
            source=_source(rule),
            page=PAGE_OF.get(rule, ""),
            state=max((each.state for each in findings), key=ORDER.index),
            findings=[_finding(each) for each in findings],
        )
        for rule, findings in found
    ]


def _source(rule: str) -> str:
    core = court().core
    found = next((one for one in core.pack.rules if one.id == rule), None)
    return found.source if found else ""


def _finding(one: Finding) -> SimpleNamespace:
    params = {name: _param(name, value) for name, value in one.params.items()}
    label, colour, sign = STATES[one.state]
    return SimpleNamespace(
        rule=one.rule,
        state=one.state,
        label=say(label),
        tone=colour,
        sign=sign,
        reason=say(one.reason, **params),
        remedy=say(one.remedy, **params) if one.remedy else "",
        leave=one.leave,
        leave_title=say(labels.PERMISSIONS[one.leave]) if one.leave in labels.PERMISSIONS else "",
        blocks=one.blocks,
    )


def _param(name: str, value: str | int) -> str | int:
    if name in ("order", "nearer") and isinstance(value, str):
        words = [say(labels.GUARDIANS.get(code, code)) for code in value.split(", ")]
        return ("، " if language() == "ar" else ", ").join(words)
    if name == "until" and isinstance(value, str):
        return formatter().date(dt.date.fromisoformat(value), "medium")
    return value


def ready(found: Gates, *, court: bool = False) -> bool:
    """Whether it may be sent to the judge; `court`: whether the judge may accept it."""
    stands = [each for each in blocking(found) if court or not each.leave]
    return bool(found) and not stands and (court or not unacknowledged(found))


def leaves(found: Gates, known: Collection[str]) -> list[tuple[str, str]]:
    """Permissions that gates ask for, among those of `known`."""
    asked = {each.leave for _, findings in found for each in findings if each.leave in known}
    return [(code, say(labels.PERMISSIONS[code])) for code in sorted(asked)]


def paper_title(what: str) -> str:
    """What a paper is."""
    if what.startswith("identity."):
        who = say(labels.PARTS[what.partition(".")[2]])
        return say(N_("Identity document: %(who)s"), who=who)
    return say(TITLES[what])


def papers(found: Iterable[store.Paper]) -> list[SimpleNamespace]:
    """Papers with the names that the applicants gave them."""
    return [
        SimpleNamespace(paper=one, title=paper_title(one.what), name=court().attaching.name_of(one))
        for one in found
    ]


def event(one: Event) -> SimpleNamespace:
    """An entry of the history."""
    what = str(one.data.get("part", ""))
    return SimpleNamespace(
        at=one.at,
        title=say(labels.EVENTS.get(one.type, one.type)),
        about=say(labels.PARTS[what]) if what in labels.PARTS else "",
    )
