"""Pages of the office: the clerk's audit, the notary's desk, the director's grievances."""

from types import SimpleNamespace
from typing import Any

from quart import Blueprint, Response, request

from auth import policy
from auth.person import Person
from auth.web import current_login, current_person
from errors import N_, BadInput, Forbidden, Refusal
from notary.deeds import web_views
from notary.deeds.act import acts
from notary.deeds.applying import Seen
from notary.deeds.auditing import Auditing
from notary.deeds.core import context
from notary.deeds.deciding import REASONS
from notary.deeds.state import LABELS
from notary.deeds.web_services import office
from pages import Form, flash, redirect, render

blueprint = Blueprint("notary", __name__)


def actions(person: Person, seen: Seen) -> dict[str, Any]:
    """What a request's page offers to this person."""
    at = context(person, seen.request)
    names = ("audit", "conduct", "refuse", "decide", "order_copy", "copy", "grieve", "cancel")
    may = {name for name in names if policy.decide(person, f"deed.{name}", at).possible}
    return {"may": may, "refusal_reasons": list(REASONS.items())}


def _rows(found: list[Any]) -> list[SimpleNamespace]:
    return [
        SimpleNamespace(request=one, act=acts().get(one.act), state_title=LABELS[one.state])
        for one in found
    ]


@blueprint.get("/notary/audit")
async def audit_desk() -> Response:
    """What waits for an auditor."""
    found = await office().auditing.desk(current_person())
    return await render("notary/audit_desk.html", requests=_rows(found))


@blueprint.post("/deeds/<id>/take")
async def take(id: str) -> Response:
    """Begin the audit."""
    await office().auditing.take(current_person(), id)
    return redirect("notary.audit", id=id)


@blueprint.get("/deeds/<id>/audit")
async def audit(id: str) -> Response:
    """The request with everything that the auditor compares, and what may be done."""
    return await _audit(id, Form())


async def _audit(id: str, form: Form, status: int = 200) -> Response:
    person, services = current_person(), office()
    candidates = await services.auditing.candidates(person, id)
    seen = await services.applying.see(person, id)
    auditing: Auditing = services.auditing
    return await render(
        "notary/audit.html",
        status=status,
        form=form,
        request_=seen.request,
        act=seen.act,
        state_title=LABELS[seen.request.state],
        facts=web_views.facts(seen),
        people=web_views.people(seen),
        files=[web_views.file(file) for file in seen.files],
        candidates=candidates,
        papers=web_views.papers(seen.act),
        text=auditing.text(seen.request),
    )


@blueprint.post("/deeds/<id>/bind")
async def bind(id: str) -> Response:
    """Whose accounts the people are. Fields `person_<key>`."""
    form = Form(await request.form)
    chosen = {
        name.removeprefix("person_"): value
        for name, value in form.data.items()
        if name.startswith("person_")
    }
    return await _done(id, form, office().auditing.bind(current_person(), id, chosen), N_("Saved."))


@blueprint.post("/deeds/<id>/return")
async def give_back(id: str) -> Response:
    """Return it with marks. Fields `mark_<field>`, `words`."""
    form = Form(await request.form)
    marks = {
        name.removeprefix("mark_"): value
        for name, value in form.data.items()
        if name.startswith("mark_")
    }
    work = office().give_back(current_person(), id, marks, form.value("words"))
    return await _done(id, form, work, N_("The request was returned."), "notary.audit_desk")


@blueprint.post("/deeds/<id>/approve")
async def approve(id: str) -> Response:
    """It is in order. Field `waive`: government pays nothing."""
    form = Form(await request.form)
    work = office().approve(current_person(), id, waive=bool(form.value("waive")))
    return await _done(id, form, work, N_("The request was approved."), "notary.audit_desk")


async def _done(id: str, form: Form, work: Any, message: str, to: str = "") -> Response:
    try:
        await work
    except Refusal as refusal:
        return await _audit(id, form.mend(refusal), refusal.status)
    flash(message)
    return redirect(to) if to else redirect("notary.audit", id=id)


@blueprint.get("/notary/desk")
async def desk() -> Response:
    """The notary's own acts and the queue."""
    return await _desk(Form())


async def _desk(form: Form, status: int = 200) -> Response:
    person = current_person()
    queue, own = await office().scheduling.desk(person)
    return await render(
        "notary/desk.html", status=status, form=form, queue=_rows(queue), own=_rows(own)
    )


@blueprint.post("/notary/next")
async def take_next() -> Response:
    """The next of the queue, or the one named, as a session that begins now."""
    form = Form(await request.form)
    try:
        one = await office().take_next(current_person(), form.value("request"))
    except Forbidden:
        raise
    except Refusal as refusal:
        return await _desk(form.refuse(refusal), refusal.status)
    return redirect("sessions.detail", sitting_id=one.sitting)


@blueprint.get("/notary/grievances")
async def grievances() -> Response:
    """What waits for the director."""
    found = await office().deciding.desk(current_person())
    return await render("notary/grievances.html", requests=_rows(found))


@blueprint.post("/api/deeds/<id>/refuse")
async def refuse(id: str) -> dict[str, Any]:
    """Refuse with reasons. JSON: `reasons`, `words`, `authorisation`."""
    body = await json_body()
    reasons = body.get("reasons", [])
    reasons = [reasons] if isinstance(reasons, str) else reasons
    if not isinstance(reasons, list):
        raise BadInput("deed.reasons", N_("Choose at least one reason."), field="reasons")
    one = await office().refuse(
        current_login(), id, [str(code) for code in reasons], text(body, "words"), token(body)
    )
    return {"state": one.state.value, "version": one.version}


@blueprint.post("/api/deeds/<id>/decide")
async def decide(id: str) -> dict[str, Any]:
    """Decide a grievance. JSON: `decision` (upheld, overturned), `words`, `authorisation`."""
    body = await json_body()
    if body.get("decision") not in ("upheld", "overturned"):
        raise BadInput("deed.decision", N_("Choose from the list."), field="decision")
    overturn = body["decision"] == "overturned"
    one = await office().decide(current_login(), id, overturn, text(body, "words"), token(body))
    return {"state": one.state.value, "version": one.version}


async def json_body() -> dict[str, Any]:
    """The request's JSON object. Raises BadInput."""
    found = await request.get_json(silent=True)
    if not isinstance(found, dict):
        raise BadInput(
            "json.malformed", N_("The page sent something we do not understand. Reload it.")
        )
    return found


def text(body: dict[str, Any], name: str) -> str:
    """A text member; empty where it is missing or something else."""
    found = body.get(name, "")
    return found if isinstance(found, str) else ""


def token(body: dict[str, Any]) -> str:
    """The step-up's token."""
    return text(body, "authorisation")[:100]
