"""Pages of those who want to marry: their files, the wizard, papers, fee, officiant and day.

`init_app` comes after `auth.web.init_app`. In this room's addresses a file is `<marriage>`.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from quart import Blueprint, Quart, Response, request

from auth import policy
from auth.web import current_person
from errors import N_, BadInput, Forbidden, NotFound, Refusal
from notary.deeds.fee import StandInPayments
from notary.deeds.web_views import pdf
from notary.marriage import (
    questions,
    web_contract,
    web_interpreters,
    web_review,
    web_session,
    web_views,
)
from notary.marriage.application import Part
from notary.marriage.attaching import wanted
from notary.marriage.core import context
from notary.marriage.court import Court
from notary.marriage.filing import Seen
from notary.marriage.track import serves, tracks
from notary.marriage.web_file import done, show
from notary.marriage.web_services import KEY, court
from notary.marriage.workflow import EDITABLE
from pages import Form, flash, redirect, render
from recordings.papers.uploads import TYPES

blueprint = Blueprint("marriages", __name__)


def init_app(app: Quart, services: Court) -> None:
    """Give the application this room's pages."""
    app.extensions[KEY] = services
    app.register_blueprint(blueprint)
    app.register_blueprint(web_review.blueprint)
    app.register_blueprint(web_interpreters.blueprint)
    app.register_blueprint(web_session.blueprint)
    app.register_blueprint(web_contract.blueprint)


# --- my files ------------------------------------------------------------------------------------


@blueprint.get("/marriages")
async def mine() -> Response:
    """One's own files, and the way to begin one."""
    return await _mine(Form())


async def _mine(form: Form, status: int = 200) -> Response:
    person = current_person()
    found = await court().filing.mine(person)
    return await render(
        "notary/marriage/mine.html",
        status=status,
        form=form,
        files=[web_views.row(one, person) for one in found],
        may_begin=bool(policy.decide(person, "marriage.begin")),
    )


@blueprint.post("/marriages")
async def begin() -> Response:
    """A new application. Field: `part` (groom, bride)."""
    form = Form(await request.form)
    try:
        one = await court().filing.begin(current_person(), _part(form.value("part")))
    except Forbidden:
        raise
    except Refusal as refusal:
        return await _mine(form.refuse(refusal), refusal.status)
    return redirect("marriages.track", marriage=one.id)


def _part(text: str) -> Part:
    try:
        return Part(text)
    except ValueError:
        raise BadInput("marriage.part", N_("Choose from the list."), field="part") from None


@blueprint.get("/marriages/join/<token>")
async def joining(token: str) -> Response:
    """What a link is for, before it is followed. Looking uses nothing up."""
    person = current_person()
    return await render(
        "notary/marriage/join.html",
        token=token,
        form=Form(),
        may_join=bool(policy.decide(person, "marriage.join")),
    )


@blueprint.post("/marriages/join/<token>")
async def join(token: str) -> Response:
    """Take the part of the link."""
    try:
        one = await court().filing.join(current_person(), token)
    except Forbidden:
        raise
    except Refusal as refusal:
        return await render(
            "notary/marriage/join.html",
            status=refusal.status,
            token=token,
            form=Form().refuse(refusal),
            may_join=True,
        )
    flash(N_("You have taken your part in this marriage."))
    return redirect("marriages.detail", marriage=one.id)


@blueprint.get("/marriages/<marriage>")
async def detail(marriage: str) -> Response:
    """One file: where it is, what comes next, who takes part, what happened."""
    return await show(marriage, Form())


@blueprint.post("/marriages/<marriage>/invite")
async def invite(marriage: str) -> Response:
    """A link for a part; it is shown once, and sent where an address is given. Fields: `part`,
    `email`."""
    form = Form(await request.form)
    services = court()
    try:
        part = _part(form.value("part"))
        token = await services.filing.invite(current_person(), marriage, part, form.value("email"))
    except Refusal as refusal:
        return await show(marriage, form.mend(refusal), refusal.status)
    return await show(marriage, form, link=f"{services.address}/marriages/join/{token}")


@blueprint.post("/marriages/<marriage>/contact")
async def contact(marriage: str) -> Response:
    """Where this person is told by mail. Field: `email`."""
    form = Form(await request.form)
    work = court().filing.contact(current_person(), marriage, form.value("email"))
    return await done(marriage, work, N_("Saved."))


@blueprint.post("/marriages/<marriage>/release")
async def release(marriage: str) -> Response:
    """Give a part free. Field: `part`."""
    form = Form(await request.form)
    work = court().filing.release(current_person(), marriage, _part(form.value("part")))
    return await done(marriage, work, N_("Another person can take this part now."))


@blueprint.get("/api/marriages/<marriage>/version")
async def version(marriage: str) -> dict[str, Any]:
    """Whether something changed on another device: `version`, `state`."""
    one = (await court().filing.see(current_person(), marriage)).file
    return {"version": one.version, "state": one.state.value}


# --- the wizard ----------------------------------------------------------------------------------


async def _open(marriage: str) -> Seen:
    """A file that its spouses may change now. Raises Forbidden, NotFound, Refusal."""
    person = current_person()
    seen = await court().filing.see(person, marriage)
    policy.require(person, "marriage.edit", context(person, seen.file))
    return seen


async def _page(
    marriage: str, code: str, form: Form | None = None, status: int = 200, **more: Any
) -> Response:
    seen = await _open(marriage)
    one = seen.file
    groups, stands = web_views.page(one, code)
    if form is None:
        form = Form(stands)
    web_views.mark(form, one, groups)
    if one.state not in EDITABLE:
        return redirect("marriages.detail", marriage=marriage)
    services = court()
    context_: dict[str, Any] = {}
    if code == "track":
        context_["tracks"] = [
            (each, serves(each, one.application, services.core.pack.jurisdiction))
            for each in tracks().values()
        ]
    if code == "papers":
        listed = web_views.papers(await services.attaching.listed(current_person(), marriage))
        chosen = services.core.track(one)
        gates = chosen.gates if chosen else ()
        today = services.core.today()
        asked = wanted(one.application, gates, services.core.pack, today)
        context_["places"] = [
            (what, web_views.paper_title(what), needed, [p for p in listed if p.paper.what == what])
            for what, needed in dict(asked).items()
        ]
        context_["limits"] = services.attaching.limits()
    template = {"track": "track", "papers": "papers"}.get(code, "page")
    return await render(
        f"notary/marriage/{template}.html",
        status=status,
        form=form,
        file=one,
        part=one.part_of(current_person().id),
        pages=questions.PAGES,
        page=code,
        groups=groups,
        before=json.dumps(stands, ensure_ascii=False),
        **context_,
        **more,
    )


async def _save(marriage: str, code: str) -> Response:
    form = Form(await request.form)
    filled = await court().filing.fill(
        current_person(), marriage, code, dict(form.data), _before(form)
    )
    wrong = {error.field: error for error in filled.errors}
    for name in filled.conflicts:
        wrong[name] = BadInput(
            "marriage.both",
            N_("The other device wrote something else here: %(theirs)s. Save again to keep yours."),
            field=name,
            theirs=filled.fields[name] or "-",
        )
    if code == "track" and form.value("track") and not wrong:
        try:
            await court().filing.choose_track(current_person(), marriage, form.value("track"))
        except BadInput as refusal:
            return await _page(marriage, code, form.refuse(refusal), refusal.status)
    if wrong:
        merged = Form({**filled.fields, **{name: form.value(name) for name in wrong}})
        for error in wrong.values():
            merged.refuse(error)
        return await _page(marriage, code, merged, 409 if filled.conflicts else 400)
    if form.value("later"):
        flash(N_("Saved. You can go on here or on another device."))
        return redirect("marriages.detail", marriage=marriage)
    if form.value("stay"):
        return redirect(f"marriages.{code}", marriage=marriage)
    codes = [known for known, _ in questions.PAGES]
    after = [*codes, "check"][codes.index(code) + 1]
    return redirect(f"marriages.{after}", marriage=marriage)


def _before(form: Form) -> Mapping[str, str]:
    try:
        found = json.loads(form.value("before") or "{}")
    except ValueError:
        return {}
    if not isinstance(found, dict):
        return {}
    return {str(name): value for name, value in found.items() if isinstance(value, str)}


@blueprint.get("/marriages/<marriage>/track")
async def track(marriage: str) -> Response:
    """Whom the marriage is of, and the track; who is sent elsewhere is told where."""
    return await _page(marriage, "track")


@blueprint.post("/marriages/<marriage>/track")
async def save_track(marriage: str) -> Response:
    """Save it. Fields: the page's questions, `before`, `track`."""
    return await _save(marriage, "track")


@blueprint.get("/marriages/<marriage>/people")
async def people(marriage: str) -> Response:
    """Spouses and witnesses."""
    return await _page(marriage, "people")


@blueprint.post("/marriages/<marriage>/people")
async def save_people(marriage: str) -> Response:
    """Save it. Fields: the page's questions, `before` (what was shown, JSON)."""
    return await _save(marriage, "people")


@blueprint.get("/marriages/<marriage>/status")
async def status(marriage: str) -> Response:
    """Earlier marriages."""
    return await _page(marriage, "status")


@blueprint.post("/marriages/<marriage>/status")
async def save_status(marriage: str) -> Response:
    """Save it. Fields: the page's questions, `before`."""
    return await _save(marriage, "status")


@blueprint.get("/marriages/<marriage>/guardian")
async def guardian(marriage: str) -> Response:
    """The guardian in marriage, and agents."""
    return await _page(marriage, "guardian")


@blueprint.post("/marriages/<marriage>/guardian")
async def save_guardian(marriage: str) -> Response:
    """Save it. Fields: the page's questions, `before`."""
    return await _save(marriage, "guardian")


@blueprint.get("/marriages/<marriage>/terms")
async def terms(marriage: str) -> Response:
    """Dower and conditions."""
    return await _page(marriage, "terms")


@blueprint.post("/marriages/<marriage>/terms")
async def save_terms(marriage: str) -> Response:
    """Save it. Fields: the page's questions, `before`."""
    return await _save(marriage, "terms")


@blueprint.get("/marriages/<marriage>/impediments")
async def impediments(marriage: str) -> Response:
    """Every impediment, one by one."""
    return await _page(marriage, "impediments")


@blueprint.post("/marriages/<marriage>/impediments")
async def save_impediments(marriage: str) -> Response:
    """Save it. Fields: the page's questions, `before`."""
    return await _save(marriage, "impediments")


@blueprint.get("/marriages/<marriage>/papers")
async def papers(marriage: str) -> Response:
    """Medical certificates, permissions, and what is uploaded."""
    return await _page(marriage, "papers")


@blueprint.post("/marriages/<marriage>/papers")
async def save_papers(marriage: str) -> Response:
    """Save what was typed. Fields: the page's questions, `before`."""
    return await _save(marriage, "papers")


@blueprint.post("/marriages/<marriage>/uploads")
async def upload(marriage: str) -> Response:
    """One file. Fields: `what`, `file`."""
    form = Form(await request.form)
    sent = (await request.files).get("file")
    data = sent.read() if sent else b""
    name = sent.filename or "" if sent else ""
    try:
        await court().attaching.upload(
            current_person(), marriage, form.value("what")[:60], name, data
        )
    except Refusal as refusal:
        stands = web_views.page((await _open(marriage)).file, "papers")[1]
        return await _page(marriage, "papers", Form(stands).mend(refusal), refusal.status)
    flash(N_("The file was checked and kept, encrypted."))
    return redirect("marriages.papers", marriage=marriage)


@blueprint.post("/marriages/<marriage>/uploads/<paper>/remove")
async def take_back(marriage: str, paper: str) -> Response:
    """Take a paper back."""
    await court().attaching.take_back(current_person(), marriage, paper)
    return redirect("marriages.papers", marriage=marriage)


@blueprint.get("/marriages/<marriage>/uploads/<paper>")
async def paper(marriage: str, paper: str) -> Response:
    """A paper as it came, never shown inside a page of ours."""
    found, data = await court().attaching.read(current_person(), marriage, paper)
    return pdf(data, f"{found.id}.{found.type}", TYPES[found.type])


@blueprint.get("/marriages/<marriage>/check")
async def check(marriage: str) -> Response:
    """Every gate with its state, reason, source and remedy; and the way to the judge."""
    return await _check(marriage, Form())


async def _check(marriage: str, form: Form, status: int = 200) -> Response:
    seen = await _open(marriage)
    person = current_person()
    if seen.file.state not in EDITABLE:
        return redirect("marriages.detail", marriage=marriage)
    return await render(
        "notary/marriage/check.html",
        status=status,
        form=form,
        file=seen.file,
        pages=questions.PAGES,
        page="check",
        part=seen.file.part_of(person.id),
        gates=web_views.gates(seen.gates),
        ready=web_views.ready(seen.gates),
        acknowledged=seen.file.application.acknowledged,
        parts=web_views.parts(seen.file),
    )


@blueprint.post("/marriages/<marriage>/acknowledge")
async def acknowledge(marriage: str) -> Response:
    """A spouse read a warning. Field: `rule`."""
    form = Form(await request.form)
    try:
        await court().filing.acknowledge(current_person(), marriage, form.value("rule")[:20])
    except Refusal as refusal:
        return await _check(marriage, form.mend(refusal), refusal.status)
    return redirect("marriages.check", marriage=marriage)


@blueprint.post("/marriages/<marriage>/submit")
async def submit(marriage: str) -> Response:
    """Send it to the judge."""
    form = Form(await request.form)
    try:
        await court().filing.submit(current_person(), marriage)
    except Refusal as refusal:
        return await _check(marriage, form.mend(refusal), refusal.status)
    flash(N_("The application was sent to the judge."))
    return redirect("marriages.detail", marriage=marriage)


# --- what follows --------------------------------------------------------------------------------


@blueprint.post("/marriages/<marriage>/answer")
async def answer(marriage: str) -> Response:
    """The guardian agrees or refuses. Field: `consents` (yes, no)."""
    form = Form(await request.form)
    said = form.value("consents")
    services = court()

    async def work() -> None:
        if said not in ("yes", "no"):
            raise BadInput("marriage.answer", N_("Choose yes or no."), field="consents")
        await services.filing.answer(current_person(), marriage, said == "yes")
        await services.booking.release_left(current_person(), marriage)

    return await done(marriage, work(), N_("Your answer was noted."))


@blueprint.post("/marriages/<marriage>/withdraw")
async def withdraw(marriage: str) -> Response:
    """The applicants do not go on."""
    services = court()

    async def work() -> None:
        await services.filing.withdraw(current_person(), marriage)
        await services.booking.release_left(current_person(), marriage)

    return await done(marriage, work(), N_("The application was withdrawn."), "marriages.mine")


@blueprint.post("/marriages/<marriage>/appeal")
async def appeal(marriage: str) -> Response:
    """Against a refusal, to the president of the court. Field: `words`."""
    form = Form(await request.form)
    work = court().reviewing.appeal(current_person(), marriage, form.value("words"))
    return await done(marriage, work, N_("The appeal was sent to the president of the court."))


@blueprint.post("/marriages/<marriage>/pay")
async def pay(marriage: str) -> Response:
    """To where the fee is paid. Field: `delivery`."""
    form = Form(await request.form)
    try:
        charge = await court().booking.charge(current_person(), marriage, form.value("delivery"))
    except Refusal as refusal:
        return await show(marriage, form.mend(refusal), refusal.status)
    if charge.page.startswith("/"):
        return redirect("marriages.stand_in", marriage=marriage)
    return Response(b"", status=303, headers={"Location": charge.page})


@blueprint.get("/marriages/<marriage>/stand-in")
async def stand_in(marriage: str) -> Response:
    """The demo's page of payment."""
    _stand_in()
    seen = await court().filing.see(current_person(), marriage)
    policy.require(current_person(), "marriage.pay", context(current_person(), seen.file))
    return await render(
        "notary/marriage/stand_in.html", file=seen.file, fee=court().booking.fee(seen.file)
    )


@blueprint.post("/marriages/<marriage>/stand-in")
async def stand_in_pay(marriage: str) -> Response:
    """The person pressed 'pay'. Nothing moves."""
    provider, booking = _stand_in(), court().booking
    seen = await court().filing.see(current_person(), marriage)
    policy.require(current_person(), "marriage.pay", context(current_person(), seen.file))
    if not provider.pay(f"{marriage}-{booking.fee(seen.file)}"):
        raise NotFound
    return await done(marriage, booking.settle(current_person(), marriage), N_("The fee is paid."))


def _stand_in() -> StandInPayments:
    found = court().booking.payments
    if not isinstance(found, StandInPayments):
        raise NotFound
    return found


@blueprint.post("/marriages/<marriage>/paid")
async def paid(marriage: str) -> Response:
    """Back from the provider."""
    work = court().booking.settle(current_person(), marriage)
    return await done(marriage, work, N_("The fee is paid."))


@blueprint.post("/marriages/<marriage>/book")
async def book(marriage: str) -> Response:
    """An officiant's hour. Fields: `slot` (officiant and time), `relation_to_groom`,
    `relation_to_bride`."""
    form = Form(await request.form)
    officiant, _, moment = form.value("slot").partition(" ")
    try:
        starts_at = datetime.fromisoformat(moment)
        if starts_at.tzinfo is None:
            raise ValueError
    except ValueError:
        refused = BadInput("marriage.slot", N_("Choose a time from the list."), field="slot")
        return await show(marriage, form.refuse(refused), 400)
    work = court().booking.book(
        current_person(),
        marriage,
        officiant,
        starts_at,
        relation_to_groom=form.value("relation_to_groom"),
        relation_to_bride=form.value("relation_to_bride"),
    )
    return await done(marriage, work, N_("The officiant and the hour are booked."))
