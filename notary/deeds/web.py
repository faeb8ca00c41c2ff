"""Pages of people who need a notarial act: their requests, the wizard, papers, fee, time, deed.

`init_app` comes after `auth.web.init_app`.
"""

from datetime import datetime
from types import SimpleNamespace
from typing import Any

from quart import Blueprint, Quart, Response, request

from auth import policy
from auth.web import current_login, current_person
from errors import N_, BadInput, Forbidden, NotFound, Refusal
from notary.deeds import web_office, web_register, web_session, web_views
from notary.deeds.act import acts
from notary.deeds.applying import Seen
from notary.deeds.core import context
from notary.deeds.deciding import REASONS
from notary.deeds.fee import StandInPayments
from notary.deeds.party import HELPERS, PATHS, ROLE_LABELS
from notary.deeds.state import LABELS, State
from notary.deeds.web_services import KEY, office
from pages import Form, flash, language, redirect, redirect_to, render
from recordings.papers.uploads import TYPES
from recordings.papers.web_larger import LargerUploads

blueprint = Blueprint("deeds", __name__)
STEPS = (
    ("people", N_("People")),
    ("content", N_("Content")),
    ("papers", N_("Papers")),
    ("check", N_("Check and send")),
)


def init_app(app: Quart, services: Any) -> None:
    """Give the application this room's pages."""
    app.extensions[KEY] = services
    app.request_class = LargerUploads
    app.register_blueprint(blueprint)
    app.register_blueprint(web_office.blueprint)
    app.register_blueprint(web_session.blueprint)
    app.register_blueprint(web_register.blueprint)


# --- my requests ---------------------------------------------------------------------------------


@blueprint.get("/deeds")
async def mine() -> Response:
    """One's own requests, and the acts to choose from."""
    return await _mine(Form())


async def _mine(form: Form, status: int = 200) -> Response:
    person = current_person()
    found = await office().applying.mine(person)
    return await render(
        "notary/my_deeds.html",
        status=status,
        form=form,
        requests=[_row(one) for one in found],
        acts=list(acts().values()),
        may_apply=bool(policy.decide(person, "deed.apply")),
    )


def _row(one: Any) -> SimpleNamespace:
    return SimpleNamespace(
        request=one,
        act=acts().get(one.act),
        state_title=LABELS[one.state],
        tone=web_views.tone(one.state),
    )


@blueprint.post("/deeds")
async def begin() -> Response:
    """A new draft of the chosen act."""
    form = Form(await request.form)
    try:
        one = await office().applying.begin(current_person(), form.value("act"))
    except Forbidden:
        raise
    except Refusal as refusal:
        return await _mine(form.refuse(refusal), refusal.status)
    return redirect("deeds.people", id=one.id)


@blueprint.get("/deeds/<id>")
async def detail(id: str) -> Response:
    """One request: where it is, what comes next, what happened."""
    return await _detail(id)


async def _detail(id: str, form: Form | None = None, status: int = 200) -> Response:
    person, services = current_person(), office()
    seen = await services.applying.see(person, id)
    one = seen.request
    if one.state in (State.DRAFT, State.RETURNED) and one.applicant == person.id and not form:
        problems = await services.applying.problems(person, id)
    else:
        problems = []
    own = one.applicant == person.id
    slots, waiting = [], None
    if own and one.state in (State.PAID, State.APPROVED, State.QUEUED, State.SUSPENDED):
        slots = await services.scheduling.slots(person, id)
    if one.state is State.QUEUED:
        waiting = await services.scheduling.waiting(one)
    sitting = await services.sitting_of(one)
    return await render(
        "notary/deed.html",
        status=status,
        form=form or Form(),
        request_=one,
        act=seen.act,
        state_title=LABELS[one.state],
        tone=web_views.tone(one.state),
        facts=web_views.facts(seen),
        people=web_views.people(seen),
        # The deed itself is handed out in copies, each of which is noted.
        files=[web_views.file(file) for file in seen.files if file.attachment != "deed"],
        history=[web_views.event(one.id, event) for event in seen.history],
        marks=web_views.marks(seen),
        own=own,
        party=one.party_of(person.id) is not None or own,
        problems=problems,
        slots=slots,
        waiting=waiting,
        sitting=sitting,
        reasons=[REASONS[code] for code in one.content.reasons],
        **web_office.actions(person, seen),
    )


# --- the wizard ----------------------------------------------------------------------------------


@blueprint.get("/deeds/<id>/people")
async def people(id: str) -> Response:
    """Who takes part."""
    return await _people_page(id, None)


async def _people_page(id: str, form: Form | None, status: int = 200) -> Response:
    seen = await _open(id)
    parties = seen.request.content.parties
    if form is None:
        values = {"bilingual": "1"} if seen.request.content.bilingual else {}
        for each in parties:
            for name in _PARTY_FIELDS:
                values[f"party_{each.key}_{name}"] = str(getattr(each, name))
        form = _marked(Form(values), seen, "party_")
    keys = _row_keys(form, seen)
    return await render(
        "notary/people.html",
        status=status,
        form=form,
        request_=seen.request,
        act=seen.act,
        steps=STEPS,
        step="people",
        keys=keys,
        names={each.key: each.name("ar") or each.key for each in parties},
        roles=[(role.code, ROLE_LABELS[role.code]) for role in seen.act.roles]
        + [(code, ROLE_LABELS[code]) for code in HELPERS],
        paths=[(path.value, title) for path, title in PATHS.items()],
    )


_PARTY_FIELDS = (
    "role", "name_ar", "name_en", "identity_number", "nationality", "email", "language", "path",
    "helps",
)  # fmt: skip


def _row_keys(form: Form, seen: Seen) -> list[str]:
    known = list(form.rows("party")) or [each.key for each in seen.request.content.parties]
    least = sum(role.least for role in seen.act.roles)
    wanted = max(least, len(known) + (form.value("add") == "p"))
    fresh = (f"p{number}" for number in range(60))
    while len(known) < min(wanted, 30):
        known.append(next(key for key in fresh if key not in known))
    return known


@blueprint.post("/deeds/<id>/people")
async def save_people(id: str) -> Response:
    """Save the people as typed, and go on, or show what is wrong."""
    form = Form(await request.form)
    rows = {
        key: {**row, "role": form.value(f"party_{key}_role")}
        for key, row in form.rows("party").items()
        if any(row.get(name) for name in ("name_ar", "name_en", "identity_number", "email"))
    }
    try:
        _one, errors = await office().applying.save_people(
            current_person(), id, _version(form), rows, bool(form.value("bilingual"))
        )
    except Refusal as refusal:
        return await _people_page(id, form.mend(refusal), refusal.status)
    if form.value("add"):
        return await _people_page(id, _without_version(form, _one.version))
    if form.value("later"):
        flash(N_("Saved. You can go on here or on another device."))
        return redirect("deeds.mine")
    if errors:
        for error in errors:
            form.refuse(error)
        return await _people_page(id, _without_version(form, _one.version), 400)
    return redirect("deeds.content", id=id)


def _without_version(form: Form, version: int) -> Form:
    form.data["version"] = str(version)
    return form


def _version(form: Form) -> int:
    text = form.value("version")
    return int(text) if text.isdecimal() and len(text) < 10 else -1


@blueprint.get("/deeds/<id>/content")
async def content(id: str) -> Response:
    """The act's fields."""
    return await _content_page(id, None)


async def _content_page(id: str, form: Form | None, status: int = 200) -> Response:
    seen = await _open(id)
    if form is None:
        form = _marked(Form(dict(seen.request.content.typed)), seen, "field_")
    return await render(
        "notary/content.html",
        status=status,
        form=form,
        request_=seen.request,
        act=seen.act,
        steps=STEPS,
        step="content",
        text=office().auditing.text(seen.request),
    )


@blueprint.post("/deeds/<id>/content")
async def save_content(id: str) -> Response:
    """Save the fields as typed, and go on, or show what is wrong."""
    form = Form(await request.form)
    try:
        one, errors = await office().applying.save_content(
            current_person(), id, _version(form), dict(form.data)
        )
    except Refusal as refusal:
        return await _content_page(id, form.mend(refusal), refusal.status)
    if form.value("later"):
        flash(N_("Saved. You can go on here or on another device."))
        return redirect("deeds.mine")
    if errors:
        for error in errors:
            form.refuse(error)
        return await _content_page(id, _without_version(form, one.version), 400)
    return redirect("deeds.papers", id=id)


@blueprint.get("/deeds/<id>/papers")
async def papers(id: str) -> Response:
    """What is attached."""
    return await _papers_page(id, Form())


async def _papers_page(id: str, form: Form, status: int = 200) -> Response:
    seen = await _open(id)
    return await render(
        "notary/papers.html",
        status=status,
        form=_marked(form, seen, "attachment_"),
        request_=seen.request,
        act=seen.act,
        steps=STEPS,
        step="papers",
        files=[web_views.file(file) for file in seen.files],
        limits=office().applying.limits(),
    )


@blueprint.post("/deeds/<id>/papers")
async def upload(id: str) -> Response:
    """One file. Fields: `attachment`, `file`."""
    form = Form(await request.form)
    sent = (await request.files).get("file")
    data = sent.read() if sent else b""
    attachment = form.value("attachment")
    try:
        await office().applying.upload(
            current_person(), id, attachment, sent.filename or "" if sent else "", data
        )
    except Refusal as refusal:
        return await _papers_page(id, form.mend(refusal), refusal.status)
    flash(N_("The file was checked and kept, encrypted."))
    return redirect("deeds.papers", id=id)


@blueprint.post("/deeds/<id>/papers/<file>/remove")
async def take_back(id: str, file: str) -> Response:
    """Take a file back."""
    await office().applying.take_back(current_person(), id, file)
    return redirect("deeds.papers", id=id)


@blueprint.get("/deeds/<id>/papers/<file>")
async def paper(id: str, file: str) -> Response:
    """A file as it came, never shown inside a page of ours."""
    found, _name, data = await office().applying.paper(current_person(), id, file)
    return web_views.pdf(data, f"{found.id}.{found.type}", TYPES[found.type])


@blueprint.get("/deeds/<id>/check")
async def check(id: str) -> Response:
    """Everything once more, what is missing, and the draft in both languages."""
    return await _check_page(id, Form())


async def _check_page(id: str, form: Form, status: int = 200) -> Response:
    seen = await _open(id)
    problems = await office().applying.problems(current_person(), id)
    return await render(
        "notary/check.html",
        status=status,
        form=form,
        request_=seen.request,
        act=seen.act,
        steps=STEPS,
        step="check",
        problems=problems,
        facts=web_views.facts(seen),
        people=web_views.people(seen),
        files=[web_views.file(file) for file in seen.files],
        text=office().auditing.text(seen.request),
    )


@blueprint.post("/deeds/<id>/submit")
async def submit(id: str) -> Response:
    """Send it to the office."""
    form = Form(await request.form)
    try:
        await office().applying.submit(current_person(), id, _version(form))
    except Refusal as refusal:
        return await _check_page(id, form.mend(refusal), refusal.status)
    flash(N_("The request was sent. The office audits it and writes to you."))
    return redirect("deeds.detail", id=id)


async def _open(id: str) -> Seen:
    """A request that the applicant may still change. Raises Forbidden, NotFound."""
    person = current_person()
    seen = await office().applying.see(person, id)
    policy.require(person, "deed.edit", context(person, seen.request))
    if seen.request.state not in (State.DRAFT, State.RETURNED):
        raise Refusal("deed.not_open", N_("This request was sent and cannot be changed any more."))
    return seen


def _marked(form: Form, seen: Seen, about: str) -> Form:
    """The clerk's marks, at the fields that they are about; `about` begins their names."""
    for mark in seen.request.content.marks:
        if mark.field.startswith(about) and mark.field not in form.errors:
            words = mark.words.replace("%", "%%")
            form.errors[mark.field] = BadInput("deed.marked", words, field=mark.field)
    return form


# --- after the audit -----------------------------------------------------------------------------


@blueprint.post("/deeds/<id>/pay")
async def pay(id: str) -> Response:
    """To where the fee is paid."""
    charge = await office().scheduling.charge(current_person(), id, f"/deeds/{id}/paid")
    if charge.page.startswith("/"):
        return redirect_to(f"/{language()}{charge.page}?back=/deeds/{id}/paid")
    return Response(b"", status=303, headers={"Location": charge.page})


@blueprint.post("/deeds/<id>/paid")
async def paid(id: str) -> Response:
    """Back from there."""
    try:
        await office().settle(current_person(), id)
    except Refusal as refusal:
        return await _detail(id, Form().mend(refusal), refusal.status)
    flash(N_("The fee is paid."))
    return redirect("deeds.detail", id=id)


@blueprint.get("/payments/stand-in/<order>")
async def stand_in(order: str) -> Response:
    """The demo's page of payment."""
    _stand_in()
    one = await office().scheduling.payer(current_person(), order.split("-")[0])
    return await render(
        "notary/stand_in_payment.html", order=order, id=one.id, fee_fils=one.fee_fils
    )


@blueprint.post("/payments/stand-in/<order>")
async def stand_in_pay(order: str) -> Response:
    """The person pressed 'pay'. Nothing moves."""
    person, id = current_person(), order.split("-")[0]
    provider = _stand_in()
    await office().scheduling.payer(person, id)
    if not provider.pay(order):
        raise NotFound
    try:
        await office().settle(person, id)
    except Refusal as refusal:
        return await _detail(id, Form().refuse(refusal), refusal.status)
    flash(N_("The fee is paid."))
    return redirect("deeds.detail", id=id)


def _stand_in() -> StandInPayments:
    found = office().payments
    if not isinstance(found, StandInPayments):
        raise NotFound
    return found


@blueprint.post("/deeds/<id>/book")
async def book(id: str) -> Response:
    """A notary's slot. Field: `slot` = notary and time."""
    form = Form(await request.form)
    notary, _, moment = form.value("slot").partition(" ")
    try:
        starts_at = datetime.fromisoformat(moment)
        if starts_at.tzinfo is None:
            raise ValueError
    except ValueError:
        refused = BadInput("deed.slot", N_("Choose a time from the list."), field="slot")
        return await _detail(id, form.refuse(refused), 400)
    try:
        await office().book(current_person(), id, notary, starts_at)
    except Refusal as refusal:
        return await _detail(id, form.mend(refusal), refusal.status)
    flash(N_("The session is booked. A calendar file was sent by e-mail."))
    return redirect("deeds.detail", id=id)


@blueprint.post("/deeds/<id>/queue")
async def queue(id: str) -> Response:
    """Wait for the next notary."""
    await office().wait_for_next(current_person(), id)
    flash(N_("You are in the queue. Keep this page open: it says when it is your turn."))
    return redirect("deeds.detail", id=id)


@blueprint.post("/deeds/<id>/cancel")
async def cancel(id: str) -> Response:
    """The applicant does not want it any more."""
    form = Form(await request.form)
    await office().cancel(current_person(), id, form.value("words"))
    flash(N_("The request is cancelled."))
    return redirect("deeds.mine")


@blueprint.post("/deeds/<id>/grievance")
async def grievance(id: str) -> Response:
    """A grievance to the director."""
    form = Form(await request.form)
    try:
        await office().applying.grieve(current_person(), id, form.value("words"))
    except Refusal as refusal:
        return await _detail(id, form.mend(refusal), refusal.status)
    flash(N_("The grievance was filed. The director decides, and the decision is final."))
    return redirect("deeds.detail", id=id)


@blueprint.get("/deeds/<id>/document.pdf")
async def document(id: str) -> Response:
    """The document that is being signed."""
    return web_views.pdf(await office().closing.document(current_person(), id), "document.pdf")


@blueprint.post("/deeds/<id>/copy")
async def copy(id: str) -> Response:
    """A certified copy. Fields: `executory` (1), `order` (reference of a written order)."""
    form = Form(await request.form)
    services = office()
    issue = services.issuing.executory_copy if form.value("executory") else services.closing.copy
    try:
        deed, data = await issue(current_login().person, id, order=form.value("order"))
    except Refusal as refusal:
        return await _detail(id, form.mend(refusal), refusal.status)
    return web_views.pdf(data, f"{deed.replace('/', '-')}.pdf")
