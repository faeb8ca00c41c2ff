"""Gates about papers, status and terms: medical, earlier marriages, impediments, dower, leaves."""

from collections.abc import Iterator
from datetime import date, timedelta

from errors import N_
from notary.marriage.application import SPOUSES, Application, Earlier, Part, Status
from notary.marriage.dates import months_after
from notary.marriage.finding import Finding, GateState
from sessions.rules import RulePack

_S = GateState


def medical(app: Application, pack: RulePack, day: date) -> Iterator[Finding]:
    """M5: a certificate of each that is valid on `day`, the day of the contract (R-MR-05)."""
    value = pack.rule("R-MR-05", day).value
    for part in (Part(code) for code in value["of"]):
        found = app.medical.get(part)
        where = (f"medical.{part}",)
        if (
            found is None
            or not (found.number.strip() and found.original_kept)
            or found.issued is None
            or found.issued > day
        ):
            yield Finding(
                "R-MR-05",
                _S.MISSING,
                N_("The premarital medical certificate of a spouse is missing."),
                N_("Attach the certified original; its results take three to ten working days."),
                where,
            )
        elif day > months_after(found.issued, value["months"]):
            yield Finding(
                "R-MR-05",
                _S.FAILED,
                N_("A medical certificate is older than %(months)s months on the day."),
                N_("Bring a new certificate, or choose an earlier day."),
                where,
                params={"months": value["months"]},
            )
        elif found.outcome != "fit" and not app.leave("medical"):
            yield Finding(
                "R-MR-05",
                _S.NEEDS_LEAVE,
                N_("A medical certificate reports a finding."),
                N_("The judge speaks with both of you in private and decides."),
                where,
                "medical",
            )


def bride_status(app: Application, pack: RulePack, day: date) -> Iterator[Finding]:
    """M6: an earlier marriage is over, and the waiting period too (R-MR-06)."""
    value = pack.rule("R-MR-06", day).value
    status, earlier = app.status.get(Part.BRIDE), app.earlier.get(Part.BRIDE)
    rule = "R-MR-06"
    if status is None:
        yield Finding(
            rule,
            _S.MISSING,
            N_("The bride's previous status is not given."),
            N_("Say whether she was married before."),
            ("status.bride",),
        )
    elif status is Status.MARRIED:
        yield Finding(
            rule,
            _S.FAILED,
            N_("The bride is married."),
            N_("A new marriage is possible only after the present one ended."),
            ("status.bride",),
        )
    elif status is not Status.SINGLE:
        lacking = set(value["documents"][status]) - (earlier.documents if earlier else set())
        if earlier is None or earlier.ended is None or lacking:
            yield Finding(
                rule,
                _S.MISSING,
                N_("The papers about the end of the earlier marriage are not complete."),
                N_("Attach the divorce deed, the certificate of finality or of death."),
                ("earlier.bride",),
            )
        if earlier is not None:
            yield from _waiting(value["waiting_days"][status], earlier, day)


def _waiting(days: int, earlier: Earlier, day: date) -> Iterator[Finding]:
    if earlier.revoked:
        yield Finding(
            "R-MR-06",
            _S.FAILED,
            N_("The divorce was revoked, or can still be."),
            N_("Bring the document that ends the marriage for good."),
            ("earlier.bride.revoked",),
        )
    if earlier.pregnant and days:
        yield Finding(
            "R-MR-06",
            _S.FAILED,
            N_("The waiting period lasts until the birth."),
            N_("Choose a day after it."),
            ("earlier.bride.pregnant",),
        )
    elif earlier.ended is not None and day < earlier.ended + timedelta(days=days):
        over = earlier.ended + timedelta(days=days)
        yield Finding(
            "R-MR-06",
            _S.FAILED,
            N_("The bride is in her waiting period until %(until)s."),
            N_("Choose that day or a later one."),
            ("earlier.bride.ended",),
            params={"until": over.isoformat()},
        )


def groom_status(app: Application, pack: RulePack, day: date) -> Iterator[Finding]:
    """M7: fewer than four wives, and existing ones declared (R-MR-07)."""
    most = pack.rule("R-MR-07", day).value["most_existing"]
    status, wives = app.status.get(Part.GROOM), app.existing_wives
    if status is None or wives is None or (status is Status.MARRIED) != (wives > 0):
        yield Finding(
            "R-MR-07",
            _S.MISSING,
            N_("The groom's status and the number of his wives are not given, or differ."),
            N_("Say his status, and how many wives he has now; none is an answer."),
            ("status.groom", "existing_wives"),
        )
    elif wives > most:
        yield Finding(
            "R-MR-07",
            _S.FAILED,
            N_("The groom has %(wives)s wives: another marriage is not possible."),
            N_("The application is refused on this ground."),
            ("existing_wives",),
            params={"wives": wives},
        )


def impediments(app: Application, pack: RulePack, day: date) -> Iterator[Finding]:
    """M8: each impediment asked and answered; religion judged by the data (R-MR-08)."""
    value = pack.rule("R-MR-08", day).value
    asked = (*value["permanent"], *value["temporary"])
    unanswered = tuple(f"impediments.{code}" for code in asked if code not in app.impediments)
    if unanswered:
        yield Finding(
            "R-MR-08",
            _S.MISSING,
            N_("Not every impediment was asked."),
            N_("Answer each of them, one by one."),
            unanswered,
        )
    if found := tuple(f"impediments.{code}" for code in asked if app.impediments.get(code)):
        yield Finding(
            "R-MR-08",
            _S.FAILED,
            N_("There is an impediment to this marriage."),
            N_("A permanent one cannot be removed; for a temporary one, wait until it has ended."),
            found,
        )
    groom, bride = app.person(Part.GROOM).religion, app.person(Part.BRIDE).religion
    if bride == "muslim" and groom not in ("", "muslim"):
        yield _religion(N_("A Muslim woman cannot marry a man who is not Muslim on this track."))
    if bride and groom == "muslim" and bride not in value["bride_religions"]:
        yield _religion(N_("The bride's religion is an impediment on this track."))


def _religion(reason: str) -> Finding:
    return Finding(
        "R-MR-08",
        _S.FAILED,
        reason,
        N_("Ask the court which track is open to you."),
        ("groom.religion", "bride.religion"),
    )


def prior_leave(app: Application, pack: RulePack, day: date) -> Iterator[Finding]:
    """M11: cases in which the judge must give leave before (R-MR-11)."""
    for case in pack.rule("R-MR-11", day).value["cases"]:
        if _in_case(app, case, pack.jurisdiction) and not app.leave(f"judge_leave.{case}"):
            yield Finding(
                "R-MR-11",
                _S.NEEDS_LEAVE,
                LEAVE_CASES[case],
                N_("Ask the judge for leave; the request goes with this application."),
                (),
                f"judge_leave.{case}",
            )


LEAVE_CASES = {
    "not_resident": N_("Groom, bride or guardian does not reside in the State."),
    "outside_area": N_("Both spouses live outside the area of the court."),
    "guardian_refuses": N_("The guardian refuses."),
    "citizen_bride_foreign_groom": N_("The bride is a citizen and the groom is not."),
    "no_guardian": N_("The bride has no guardian."),
    "guardianship": N_("A nearer guardian is passed over."),
}


def _in_case(app: Application, case: str, state: str) -> bool:
    groom, bride = app.person(Part.GROOM), app.person(Part.BRIDE)
    said = app.guardianship
    match case:
        case "not_resident":
            parts = (groom, bride, app.person(Part.GUARDIAN))
            return any(person.resident is False for person in parts)
        case "outside_area":
            homes = {groom.residence, bride.residence} - {""}
            return bool(homes and app.court) and app.court not in homes
        case "guardian_refuses":
            return said.consents is False or "refuses" in said.passed_over.values()
        case "citizen_bride_foreign_groom":
            return bride.nationality == state and groom.nationality not in ("", state)
        case "no_guardian":
            return said.relation == "judge"
        case "guardianship":
            return "absent" in said.passed_over.values()
    raise ValueError(f"R-MR-11 names an unknown case: {case}")


def approvals(app: Application, pack: RulePack, day: date) -> Iterator[Finding]:
    """M12: approvals of employers and embassies (R-MR-12)."""
    value = pack.rule("R-MR-12", day).value
    for code, circumstance in value["asked_when"].items():
        if circumstance not in app.circumstances:
            continue
        leave = app.leave(code)
        if leave is None or (code in value["attested"] and not leave.attested):
            yield Finding(
                "R-MR-12",
                _S.MISSING,
                N_("An approval of an employer or an embassy is missing, or is not attested."),
                N_("Attach the original; an embassy's is attested by the foreign ministry."),
                (f"leaves.{code}",),
                code,
            )


def dower(app: Application, pack: RulePack, day: date) -> Iterator[Finding]:
    """M13: the dower is named; above the cap a warning that never blocks wrongly (R-MR-13)."""
    value = pack.rule("R-MR-13", day).value
    given = app.dower
    if given.prompt is None or given.prompt < 0 or given.deferred < 0:
        yield Finding(
            "R-MR-13",
            _S.MISSING,
            N_("The dower is not named."),
            N_("Give the prompt part, and the deferred one if there is one."),
            ("dower.prompt",),
        )
        return
    if given.prompt_received is None or (given.deferred and not given.due_event):
        yield Finding(
            "R-MR-13",
            _S.MISSING,
            N_("Whether the prompt dower was received, or when the deferred falls due, is open."),
            N_("Say both."),
            ("dower.prompt_received", "dower.due_event"),
        )
    above = given.prompt > value["cap_prompt_aed"] or given.deferred > value["cap_deferred_aed"]
    citizens = any(app.person(part).nationality == pack.jurisdiction for part in SPOUSES)
    if above and (citizens or not value["citizens_only"]) and "R-MR-13" not in app.acknowledged:
        yield Finding(
            "R-MR-13",
            _S.WARNING,
            N_("Above %(prompt)s (prompt) or %(deferred)s (deferred) dirhams no claim is heard."),
            N_("Both of you confirm that you were told, or lower the dower."),
            ("dower.prompt", "dower.deferred"),
            params={"prompt": value["cap_prompt_aed"], "deferred": value["cap_deferred_aed"]},
        )


def conditions(app: Application, pack: RulePack, day: date) -> Iterator[Finding]:
    """M14: both were asked for conditions (R-MR-14)."""
    silent = [code for code in pack.rule("R-MR-14", day).value["of"] if code not in app.conditions]
    if silent:
        yield Finding(
            "R-MR-14",
            _S.MISSING,
            N_("Not both spouses said whether they set conditions."),
            N_("Each writes the conditions, or says that there are none."),
            tuple(f"conditions.{code}" for code in silent),
        )


def disclosure(app: Application, pack: RulePack, day: date) -> Iterator[Finding]:
    """Civil tracks: form 2, previous marriages disclosed, none existing (R-MR-20)."""
    value = pack.rule("R-MR-20", day).value
    lacking = [code for code in value["of"] if Part(code) not in app.disclosed]
    if lacking:
        yield Finding(
            "R-MR-20",
            _S.MISSING,
            N_("The disclosure of previous marriages is not made by both."),
            N_("Each reads and signs form 2."),
            tuple(f"disclosed.{code}" for code in lacking),
        )
    if app.status.get(Part.BRIDE) is Status.MARRIED or (app.existing_wives or 0) > 0:
        yield Finding(
            "R-MR-20",
            _S.FAILED,
            N_("A spouse is married: a civil marriage is not possible."),
            N_("A new marriage is possible only after the present one ended."),
            ("status.bride", "existing_wives"),
        )
