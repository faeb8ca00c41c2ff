"""Gates about who takes part: identity, court, age, guardian, agents, witnesses, officiant."""

from collections.abc import Iterator
from datetime import date

from errors import N_
from notary.marriage.application import (
    INTERPRETERS,
    SPOUSES,
    WITNESSES,
    Application,
    Part,
    Person,
)
from notary.marriage.dates import whole_years
from notary.marriage.finding import Finding, GateState
from sessions.rules import RulePack

_S = GateState


def identity(app: Application, pack: RulePack, day: date) -> Iterator[Finding]:
    """M1: documents of everybody, and nobody on two seats (R-MR-01)."""
    rule = "R-MR-01"
    accepted = pack.rule(rule, day).value["documents"]
    missing = tuple(
        f"{part}.{name}"
        for part, person in app.persons.items()
        if not _officer(part, person)
        for name in _unproved(person, accepted)
    )
    if missing:
        yield Finding(
            rule,
            _S.MISSING,
            N_("The identity of somebody is not complete."),
            N_("Give the document, its number and a copy."),
            missing,
        )
    seen: dict[tuple[str, str, str], Part] = {}
    for part, person in app.persons.items():
        if not person.number:
            continue
        if (other := seen.get(person.key)) is not None and {part, other} != _TO_HIMSELF:
            yield Finding(
                rule,
                _S.FAILED,
                N_("One person is named for two parts."),
                N_("Name another person for one of them: nobody takes two parts."),
                (f"{other}.number", f"{part}.number"),
            )
        seen[person.key] = part


def _officer(part: Part, person: Person) -> bool:
    """Whom the court itself names: the officiant, interpreters, a judge as guardian."""
    return part in (Part.OFFICIANT, *INTERPRETERS) or person.relation_to_bride == "judge"


_TO_HIMSELF = {Part.GROOM, Part.BRIDE_AGENT}
"""An agent who marries her to himself: whether he may is for R-MR-10."""


def _unproved(person: Person, accepted: list[str]) -> Iterator[str]:
    if not (person.name_ar or person.name_en):
        yield "name_ar"
    if person.document not in accepted:
        yield "document"
    if not person.number:
        yield "number"
    if not person.copy_kept:
        yield "copy_kept"


def venue(app: Application, pack: RulePack, day: date) -> Iterator[Finding]:
    """M2: the court of somebody's residence or work (R-MR-02)."""
    value = pack.rule("R-MR-02", day).value
    places = {
        getattr(app.person(Part(part)), how) for part in value["of"] for how in value["by"]
    } - {""}
    if not app.court or not places:
        yield Finding(
            "R-MR-02",
            _S.MISSING,
            N_("The court or the places of residence and work are not given."),
            N_("Give the emirates in which groom, bride and guardian live and work."),
            ("court", "groom.residence", "bride.residence"),
        )
    elif app.court not in places:
        yield Finding(
            "R-MR-02",
            _S.FAILED,
            N_("This court has no link with the place where somebody of you lives or works."),
            N_("Choose the court of an emirate in which groom, bride or guardian live or work."),
            ("court",),
        )


def age(app: Application, pack: RulePack, day: date) -> Iterator[Finding]:
    """M3: the age of marriage of the track (R-MR-03)."""
    value = pack.rule("R-MR-03", day).value
    least = value["years"].get(app.track, max(value["years"].values()))
    for part in SPOUSES:
        born = app.person(part).born
        if born is None or born > day:
            yield Finding(
                "R-MR-03",
                _S.MISSING,
                N_("A date of birth is not given, or lies ahead."),
                N_("Give the date of birth as the document states it."),
                (f"{part}.born",),
            )
        elif whole_years(born, day) < least and not app.leave("court_age"):
            possible = app.track in value["leave_possible"]
            yield Finding(
                "R-MR-03",
                _S.NEEDS_LEAVE if possible else _S.FAILED,
                N_("A spouse is younger than %(years)s years."),
                N_("The court's committee must give leave; ask for it with the medical report.")
                if possible
                else N_("This is not possible on this track before that age."),
                (f"{part}.born",),
                "court_age" if possible else "",
                {"years": least},
            )


def age_gap(app: Application, pack: RulePack, day: date) -> Iterator[Finding]:
    """M4: a great difference of age (R-MR-04)."""
    years = pack.rule("R-MR-04", day).value["years_more_than"]
    groom, bride = (app.person(part).born for part in SPOUSES)
    if groom is None or bride is None or app.leave("court_age_gap"):
        return
    older, younger = sorted((groom, bride))
    gap = whole_years(older, younger)
    exact = (older.month, older.day) == (younger.month, younger.day)
    if gap > years or (gap == years and not exact):
        yield Finding(
            "R-MR-04",
            _S.NEEDS_LEAVE,
            N_("The difference of age is more than %(years)s years."),
            N_("The court must approve it."),
            ("groom.born", "bride.born"),
            "court_age_gap",
            {"years": years},
        )


def guardian(app: Application, pack: RulePack, day: date) -> Iterator[Finding]:
    """M9: the guardian in marriage, in the order of the law (R-MR-09)."""
    value = pack.rule("R-MR-09", day).value
    bride, said = app.person(Part.BRIDE), app.guardianship
    if bride.religion not in value["needed_for"]:
        return
    if said.exempt_by_national_law and value["exempt_by_national_law"] and bride.nationality:
        if bride.nationality != pack.jurisdiction:
            return
        yield _wali(
            N_("A citizen bride is not exempt from a guardian."),
            N_("Name her guardian."),
            "guardianship.exempt_by_national_law",
        )
    if said.relation == "judge":
        if not app.leave("judge_leave.no_guardian"):
            yield Finding(
                "R-MR-09",
                _S.NEEDS_LEAVE,
                N_("The judge acts as guardian only by a decision."),
                N_("Ask the judge for leave; say why no guardian of the family acts."),
                ("guardianship.relation",),
                "judge_leave.no_guardian",
            )
        return
    if said.relation not in value["order"]:
        yield Finding(
            "R-MR-09",
            _S.MISSING,
            N_("The bride's guardian is not named."),
            N_("Name the nearest in this order: %(order)s. Without one, the judge."),
            ("guardianship.relation",),
            params={"order": ", ".join(value["order"])},
        )
        return
    yield from _order(app, value["order"])
    if said.consents is None:
        yield Finding(
            "R-MR-09",
            _S.MISSING,
            N_("The guardian has not answered yet."),
            N_("The guardian signs in and agrees, or refuses."),
            ("guardianship.consents",),
        )
    elif said.consents is False and not app.leave("judge_leave.guardian_refuses"):
        yield Finding(
            "R-MR-09",
            _S.NEEDS_LEAVE,
            N_("The guardian refuses."),
            N_("The court decides whether the refusal is just, and may pass the guardianship on."),
            ("guardianship.consents",),
            "judge_leave.guardian_refuses",
        )
    elif app.person(Part.GUARDIAN).sex != "male" or app.person(Part.GUARDIAN).capable is not True:
        yield _wali(
            N_("The guardian must be a man of sound mind."),
            N_("Name another guardian, or complete his data."),
            "guardian.capable",
        )


def _order(app: Application, order: list[str]) -> Iterator[Finding]:
    said = app.guardianship
    for nearer in order[: order.index(said.relation)]:
        why = said.passed_over.get(nearer, "")
        if not why:
            yield _wali(
                N_("A nearer relative (%(nearer)s) comes first as guardian."),
                N_("Name him, or say why he does not act."),
                f"guardianship.passed_over.{nearer}",
                nearer=nearer,
            )
        elif why in ("absent", "refuses") and not app.leave(f"judge_leave.{_case(why)}"):
            yield Finding(
                "R-MR-09",
                _S.NEEDS_LEAVE,
                N_("A nearer guardian is absent or refuses; passing him over needs leave."),
                N_("Ask the judge for leave to pass him over."),
                (f"guardianship.passed_over.{nearer}",),
                f"judge_leave.{_case(why)}",
            )


def _case(why: str) -> str:
    return "guardian_refuses" if why == "refuses" else "guardianship"


def _wali(reason: str, remedy: str, where: str, **params: str) -> Finding:
    return Finding("R-MR-09", _S.FAILED, reason, remedy, (where,), params=params)


def agents(app: Application, pack: RulePack, day: date) -> Iterator[Finding]:
    """M10: a power of attorney for marriage (R-MR-10)."""
    value = pack.rule("R-MR-10", day).value
    for part, principal in ((Part.GROOM_AGENT, Part.GROOM), (Part.BRIDE_AGENT, Part.BRIDE)):
        if part not in app.persons:
            continue
        agency = app.agencies.get(part)
        where = (f"agencies.{part}",)
        if agency is None or not agency.number.strip():
            yield Finding(
                "R-MR-10",
                _S.MISSING,
                N_("The agent's power of attorney is not given."),
                N_("Give its number and its original."),
                (f"agencies.{part}.number",),
            )
            continue
        if agency.standing == "unknown":
            yield Finding(
                "R-MR-10",
                _S.MISSING,
                N_("The agent's power of attorney was not looked up yet."),
                N_("The court's clerk looks it up in the register; nothing is asked of you."),
                where,
                "agency_check",
            )
        elif agency.standing != "stands":
            yield Finding(
                "R-MR-10",
                _S.FAILED,
                N_("The agent's power of attorney does not stand: revoked, or not in a register."),
                N_("The principal appears in person, or gives a new special power."),
                where,
            )
        if (value["special"] and not agency.special) or not agency.attested:
            yield Finding(
                "R-MR-10",
                _S.FAILED,
                N_("The power of attorney is not a special, attested one for this marriage."),
                N_("Bring a special power that names the spouse; foreign ones are attested."),
                where,
            )
        if value["original_kept"] and not agency.original_kept:
            yield Finding(
                "R-MR-10",
                _S.MISSING,
                N_("The original of the power of attorney is not kept with the file."),
                N_("Hand in the original."),
                where,
            )
        spouse = Part.GROOM if principal is Part.BRIDE else Part.BRIDE
        same = app.person(part).key == app.person(spouse).key and app.person(part).number
        if same and value["self_only_if_stated"] and not agency.may_marry_self:
            yield Finding(
                "R-MR-10",
                _S.FAILED,
                N_("The agent may not marry her to himself: the power does not say so."),
                N_("Name another agent, or bring a power that says so."),
                where,
            )


def witnesses(app: Application, pack: RulePack, day: date) -> Iterator[Finding]:
    """M15: two fit witnesses who are not parties (R-MR-15)."""
    value = pack.rule("R-MR-15", day).value
    named = [part for part in WITNESSES if part in app.persons]
    if len(named) < value["count"]:
        yield Finding(
            "R-MR-15",
            _S.MISSING,
            N_("%(count)s witnesses are needed."),
            N_("Name them."),
            tuple(f"{part}.name_ar" for part in WITNESSES if part not in app.persons),
            params={"count": value["count"]},
        )
    for part in named:
        yield from _witness(app, part, value, day)


def _witness(
    app: Application, part: Part, value: dict[str, object], day: date
) -> Iterator[Finding]:
    person = app.person(part)
    years = int(str(value["years"]))
    if not (person.sex and person.religion and person.born) or person.capable is None:
        yield Finding(
            "R-MR-15",
            _S.MISSING,
            N_("The data of a witness are not complete."),
            N_("Give sex, religion and date of birth, and that the witness is of sound mind."),
            (f"{part}.born",),
        )
    elif (
        (value["sex"] and person.sex != value["sex"])
        or (value["religion"] and person.religion != value["religion"])
        or whole_years(person.born, day) < years
        or not person.capable
    ):
        yield Finding(
            "R-MR-15",
            _S.FAILED,
            N_("A witness is not fit: an adult Muslim man of sound mind is needed."),
            N_("Name another witness."),
            (f"{part}.born",),
        )
    others = {Part.GUARDIAN, Part.GROOM, Part.BRIDE, Part.GROOM_AGENT, Part.BRIDE_AGENT}
    taken = {app.person(other).key for other in others if app.person(other).number}
    if person.number and person.key in taken:
        yield Finding(
            "R-MR-15",
            _S.FAILED,
            N_("A witness is also a party or the guardian."),
            N_("Name another witness."),
            (f"{part}.number",),
        )


def officiant(app: Application, pack: RulePack, day: date) -> Iterator[Finding]:
    """The officiant is no relative of the spouses (R-MR-17)."""
    person = app.persons.get(Part.OFFICIANT)
    if person is None or pack.rule("R-MR-17", day).value["own_relatives"]:
        return
    related = {person.relation_to_bride, person.relation_to_groom} - {"", "none"}
    if related:
        yield Finding(
            "R-MR-17",
            _S.FAILED,
            N_("The officiant is a relative of a spouse."),
            N_("Choose another officiant."),
            ("officiant",),
        )
