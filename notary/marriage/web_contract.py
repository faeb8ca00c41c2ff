"""Pages after the sitting: the contract, its ratification, certificate, copies and the register."""

from types import SimpleNamespace
from typing import Any

from quart import Blueprint, Response

from auth import policy
from auth.web import current_login, current_person
from errors import N_
from notary.deeds.web_office import json_body, text, token
from notary.deeds.web_views import pdf
from notary.marriage import correcting, papers, web_views, wizard
from notary.marriage.application import SPOUSES, Application, Part
from notary.marriage.core import context
from notary.marriage.file import File
from notary.marriage.officiating import track_of
from notary.marriage.ratifying import ISSUED, NOTES
from notary.marriage.web_services import court
from notary.marriage.workflow import FileState
from pages import Form, flash, language, redirect, render

blueprint = Blueprint("marriage_contract", __name__)
ACTIONS = ("ratify", "return", "reject", "note", "deliver", "copy")
STATES = {
    FileState.CONTRACTED: N_("Waits for ratification"),
    FileState.RETURNED_BY_COURT: N_("Returned by the court"),
    FileState.RATIFIED: N_("Ratified; the certificate waits for the judge's signature"),
    FileState.CERTIFIED: N_("Certificate issued"),
    FileState.DELIVERED: N_("Certificate handed out"),
    FileState.REFUSED_FINALLY: N_("Refused"),
}
KINDS = {
    "marriage": N_("Marriage"),
    "correction": N_("Correction"),
    "divorce": N_("Divorce"),
    "annulment": N_("Annulment"),
}
STANDINGS = {
    "stands": N_("In force"),
    "corrected": N_("In force, corrected"),
    "divorced": N_("Ended by divorce"),
    "annulled": N_("Annulled"),
}


@blueprint.get("/marriages/contracts")
async def queue() -> Response:
    """What waits for the court after the sitting."""
    found = await court().ratifying.queue(current_person())
    rows = [
        SimpleNamespace(
            file=one,
            names=" · ".join(_name(one.application, part) for part in SPOUSES),
            state_title=STATES[one.state],
        )
        for one in found
    ]
    return await render("marriage/contracts.html", rows=rows)


def _named(one: File, part: Part) -> tuple[str, str, str]:
    """Title, name as it stands, and the name in the contract where a correction changed it."""
    signed = _name(one.application, part)
    stands = _name(correcting.corrected(one), part)
    return papers.PARTS[part][language()], stands, signed if signed != stands else ""


def _name(app: Application, part: Part) -> str:
    person = app.person(part)
    first, second = person.name_ar, person.name_en
    return (first or second) if language() == "ar" else (second or first)


@blueprint.get("/marriages/<marriage>/contract")
async def contract(marriage: str) -> Response:
    """The contract and what came of it, with what this person may do."""
    person, services = current_person(), court()
    seen = await services.filing.see(person, marriage)
    one, track = seen.file, track_of(services.core, seen.file)
    at = context(person, one)
    may = {name for name in ACTIONS if policy.decide(person, f"marriage.{name}", at).possible}
    entries = await services.ratifying.entries(person, marriage)
    groups = correcting.asked(one)
    stands = wizard.shown(correcting.corrected(one), groups)
    return await render(
        "marriage/contract.html",
        one=one,
        track=track,
        state=one.state.value,
        state_title=STATES.get(one.state, N_("In preparation")),
        may=may,
        issued=one.state in ISSUED,
        names=[_named(one, part) for part in SPOUSES],
        sections=papers.terms(one.application, track, services.core.zone),
        entries=[SimpleNamespace(entry=each, title=KINDS[each.kind]) for each in entries],
        standing=STANDINGS[one.standing],
        notes=[(kind, KINDS[kind]) for kind in NOTES],
        groups=[web_views.shown_group(group, stands, closed=True) for group in groups],
        fields=Form(stands),
        copies=sum(event.type == "copied" for event in seen.history),
    )


@blueprint.get("/marriages/<marriage>/contract.pdf")
async def contract_pdf(marriage: str) -> Response:
    """The contract as it is now."""
    data = await court().contracting.document(current_person(), marriage)
    return pdf(data, "contract.pdf")


@blueprint.post("/marriages/<marriage>/copy")
async def copy(marriage: str) -> Response:
    """A certified copy of the certificate."""
    number, data = await court().ratifying.copy(current_person(), marriage)
    return pdf(data, f"certificate-{number.replace('/', '-')}.pdf")


@blueprint.post("/marriages/<marriage>/deliver")
async def deliver(marriage: str) -> Response:
    """The certificate was handed out."""
    await court().ratifying.deliver(current_person(), marriage)
    flash(N_("Written down: the certificate was handed out."))
    return redirect("marriage_contract.contract", marriage=marriage)


@blueprint.post("/api/marriages/<marriage>/ratify")
async def ratify(marriage: str) -> dict[str, Any]:
    """The court's ratification. JSON: `authorisation`."""
    body = await json_body()
    return _answer(await court().ratifying.ratify(current_login(), marriage, token(body)))


@blueprint.post("/api/marriages/<marriage>/issue")
async def issue(marriage: str) -> dict[str, Any]:
    """The judge's signature on the certificate, and the seal. JSON: `authorisation`."""
    body = await json_body()
    return _answer(await court().ratifying.issue(current_login(), marriage, token(body)))


@blueprint.post("/api/marriages/<marriage>/return")
async def give_back(marriage: str) -> dict[str, Any]:
    """The court returns the contract. JSON: `words`."""
    body = await json_body()
    return _answer(
        await court().ratifying.give_back(current_person(), marriage, text(body, "words"))
    )


@blueprint.post("/api/marriages/<marriage>/reject")
async def reject(marriage: str) -> dict[str, Any]:
    """The court refuses to ratify. JSON: `words`, `authorisation`."""
    body = await json_body()
    work = court().ratifying
    return _answer(await work.reject(current_login(), marriage, text(body, "words"), token(body)))


@blueprint.post("/api/marriages/<marriage>/correct")
async def correct(marriage: str) -> dict[str, Any]:
    """A correction of the certificate. JSON: its fields as they are to stand, `words`,
    `authorisation`."""
    body = await json_body()
    fields = {name: value for name, value in body.items() if isinstance(value, str)}
    work = court().correcting
    return _answer(
        await work.correct(current_login(), marriage, fields, text(body, "words"), token(body))
    )


@blueprint.post("/api/marriages/<marriage>/reissue")
async def reissue(marriage: str) -> dict[str, Any]:
    """The judge's signature on the corrected certificate. JSON: `authorisation`."""
    body = await json_body()
    return _answer(await court().correcting.sign(current_login(), marriage, token(body)))


@blueprint.post("/api/marriages/<marriage>/note")
async def note(marriage: str) -> dict[str, Any]:
    """A note in the register. JSON: `kind`, `words`, `authorisation`."""
    body = await json_body()
    work, kind, words = court().ratifying, text(body, "kind"), text(body, "words")
    return _answer(await work.note(current_login(), marriage, kind, words, token(body)))


def _answer(one: File) -> dict[str, Any]:
    return {
        "state": one.state.value,
        "register": one.register,
        "standing": one.standing,
        "version": one.version,
    }
