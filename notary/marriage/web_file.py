"""The page of one marriage file, for whoever takes part in it."""

from typing import Any

from quart import Response, request

from auth import policy
from auth.web import current_person
from errors import Refusal
from notary.marriage import labels, web_views
from notary.marriage.application import SPOUSES
from notary.marriage.core import context
from notary.marriage.web_services import court
from notary.marriage.workflow import EDITABLE, FileState
from pages import Form, flash, redirect, render


async def show(marriage: str, form: Form, status: int = 200, link: str = "") -> Response:
    """The file's page. `link`: a link to a part, shown once."""
    person, services = current_person(), court()
    seen = await services.filing.see(person, marriage)
    one = seen.file
    at = context(person, one)
    reads = bool(policy.decide(person, "marriage.read", at))
    own = one.part_of(person.id) in SPOUSES
    slots = []
    if own and one.state in (FileState.PAID, FileState.SCHEDULED, FileState.RETURNED_BY_COURT):
        slots = await services.booking.slots(person, marriage)
    return await render(
        "notary/marriage/file.html",
        status=status,
        form=form,
        file=one,
        link=link,
        state_title=labels.STATES[one.state],
        tone=labels.tone(one.state),
        own=own,
        part=one.part_of(person.id),
        parts=web_views.parts(one),
        gates=web_views.gates(seen.gates) if reads else [],
        facts=web_views.facts(one) if reads else [],
        papers=web_views.papers(await services.attaching.listed(person, marriage)) if reads else [],
        history=[web_views.event(each) for each in seen.history],
        fee=services.booking.fee(one),
        slots=slots,
        deliveries=list(labels.DELIVERIES.items()),
        relations=list(labels.RELATIONS.items()),
        open_=one.state in EDITABLE,
        may=web_views.may(person, one),
    )


async def done(marriage: str, work: Any, message: str = "", to: str = "") -> Response:
    """After `work` was awaited: to the file's page, or to `to`; refused, the page says why."""
    try:
        await work
    except Refusal as refusal:
        form = Form(await request.form)
        return await show(marriage, form.mend(refusal), refusal.status)
    if message:
        flash(message)
    return redirect(to) if to else redirect("marriages.detail", marriage=marriage)
