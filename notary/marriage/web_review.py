"""Pages of the court before the sitting: the judge's review, the clerk's checks, the officiant's
own marriages. Legal acts are JSON addresses that ask for a confirmation.
"""

from typing import Any

from quart import Blueprint, Response, request

from auth import policy
from auth.web import current_login, current_person
from errors import N_, BadInput, Refusal
from notary.deeds.web_office import json_body, text, token
from notary.marriage import labels, questions, web_views
from notary.marriage.application import Part
from notary.marriage.core import context
from notary.marriage.reviewing import APPROVALS, LEAVES, STANDINGS
from notary.marriage.web_file import show
from notary.marriage.web_services import court
from notary.marriage.workflow import FileState
from pages import Form, flash, redirect, render

blueprint = Blueprint("marriage_court", __name__)


@blueprint.get("/court/marriages")
async def queue() -> Response:
    """What waits for the court, the longest waiting first."""
    person = current_person()
    found = await court().reviewing.queue(person)
    return await render(
        "notary/marriage/queue.html", files=[web_views.row(one, person) for one in found]
    )


@blueprint.get("/officiant/marriages")
async def desk() -> Response:
    """The marriages of which one is the officiant, by their hour."""
    person = current_person()
    found = await court().booking.desk(person)
    return await render(
        "notary/marriage/desk.html", files=[web_views.row(one, person) for one in found]
    )


@blueprint.get("/marriages/<marriage>/review")
async def review(marriage: str) -> Response:
    """The application with its papers and gates, and what the court may do."""
    return await _review(marriage, Form())


async def _review(marriage: str, form: Form, status: int = 200) -> Response:
    person, services = current_person(), court()
    policy.require(person, "marriage.queue")
    seen = await services.filing.see(person, marriage)
    one = seen.file
    groups = [
        (title, web_views.page(one, code)[0]) for code, title in questions.PAGES if code != "track"
    ]
    return await render(
        "notary/marriage/review.html",
        status=status,
        form=form,
        file=one,
        state_title=labels.STATES[one.state],
        tone=labels.tone(one.state),
        gates=web_views.gates(seen.gates),
        ready=web_views.ready(seen.gates, court=True),
        facts=web_views.facts(one),
        parts=web_views.parts(one),
        papers=web_views.papers(await services.attaching.listed(person, marriage)),
        history=[web_views.event(each) for each in seen.history],
        questions=groups,
        leaves=web_views.leaves(seen.gates, LEAVES),
        approvals=web_views.leaves(seen.gates, APPROVALS),
        standings=[(code, labels.STANDINGS[code]) for code in sorted(STANDINGS)],
        agents=[(part, labels.PARTS[part]) for part in one.application.agencies],
        open_=one.state in (FileState.SUBMITTED, FileState.POSTPONED),
        decided=context(person, one).has_decided,
        may=web_views.may(person, one),
    )


async def _done(marriage: str, work: Any, message: str, to: str = "") -> Response:
    try:
        await work
    except Refusal as refusal:
        form = Form(await request.form)
        return await _review(marriage, form.mend(refusal), refusal.status)
    flash(message)
    return redirect(to) if to else redirect("marriage_court.review", marriage=marriage)


@blueprint.post("/marriages/<marriage>/return")
async def give_back(marriage: str) -> Response:
    """Return it with marked fields. Fields: `words`, `mark` (repeated)."""
    form = Form(await request.form)
    work = court().reviewing.return_(
        current_person(), marriage, form.value("words"), form.values("mark")
    )
    return await _done(marriage, work, N_("The application was returned."), "marriage_court.queue")


@blueprint.post("/marriages/<marriage>/postpone")
async def postpone(marriage: str) -> Response:
    """Leave it open until something is known. Field: `words`."""
    form = Form(await request.form)
    work = court().reviewing.postpone(current_person(), marriage, form.value("words"))
    return await _done(marriage, work, N_("The application was postponed."))


@blueprint.post("/marriages/<marriage>/agency")
async def agency(marriage: str) -> Response:
    """What the register says of an agent's power. Fields: `part`, `standing`."""
    form = Form(await request.form)
    services = court()

    async def work() -> None:
        try:
            part = Part(form.value("part"))
        except ValueError:
            raise BadInput("marriage.part", N_("Choose from the list."), field="part") from None
        await services.reviewing.checked_agency(
            current_person(), marriage, part, form.value("standing")
        )

    return await _done(marriage, work(), N_("Saved."))


@blueprint.post("/marriages/<marriage>/approval")
async def approval(marriage: str) -> Response:
    """An approval was seen in the original. Fields: `code`, `reference`, `attested`."""
    form = Form(await request.form)
    work = court().reviewing.saw_approval(
        current_person(),
        marriage,
        form.value("code"),
        form.value("reference"),
        attested=bool(form.value("attested")),
    )
    return await _done(marriage, work, N_("Saved."))


@blueprint.post("/marriages/<marriage>/decline")
async def decline(marriage: str) -> Response:
    """The officiant cannot come, or is a relative. Fields: `words`, `relative`, `of`."""
    form = Form(await request.form)
    services = court()
    try:
        await services.booking.decline(
            current_person(),
            marriage,
            form.value("words"),
            relative=form.value("relative", "none"),
            of=form.value("of", "bride"),
        )
    except Refusal as refusal:
        return await show(marriage, form.mend(refusal), refusal.status)
    flash(N_("You declined. The spouses choose another officiant."))
    return redirect("marriage_court.desk")


# --- legal acts ----------------------------------------------------------------------------------


@blueprint.post("/api/marriages/<marriage>/approve")
async def approve(marriage: str) -> dict[str, Any]:
    """Accept. JSON: `authorisation`."""
    body = await json_body()
    one = await court().reviewing.approve(current_login(), marriage, token(body))
    return {"state": one.state.value, "version": one.version}


@blueprint.post("/api/marriages/<marriage>/refuse")
async def refuse(marriage: str) -> dict[str, Any]:
    """Refuse with reasons. JSON: `words`, `authorisation`."""
    body = await json_body()
    one = await court().reviewing.refuse(
        current_login(), marriage, text(body, "words"), token(body)
    )
    return {"state": one.state.value, "version": one.version}


@blueprint.post("/api/marriages/<marriage>/leave")
async def leave(marriage: str) -> dict[str, Any]:
    """Give leave. JSON: `code`, `reference`, `authorisation`."""
    body = await json_body()
    one = await court().reviewing.give_leave(
        current_login(), marriage, text(body, "code"), text(body, "reference"), token(body)
    )
    return {"state": one.state.value, "version": one.version}


@blueprint.post("/api/marriages/<marriage>/appeal")
async def decide_appeal(marriage: str) -> dict[str, Any]:
    """Decide an appeal. JSON: `decision` (upheld, overturned), `words`, `authorisation`."""
    body = await json_body()
    if body.get("decision") not in ("upheld", "overturned"):
        raise BadInput("marriage.decision", N_("Choose from the list."), field="decision")
    one = await court().reviewing.decide_appeal(
        current_login(),
        marriage,
        uphold=body["decision"] == "upheld",
        reason=text(body, "words"),
        token=token(body),
    )
    return {"state": one.state.value, "version": one.version}
