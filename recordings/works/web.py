"""Pages of derived works: ask, watch the progress, cancel, take."""

from typing import Any

from quart import Blueprint, Quart, Response, current_app, jsonify, request

from auth.web import current_login, current_person
from errors import N_, Refusal
from pages import Form, flash, language, redirect, render
from recordings.access import check
from recordings.works.service import ACT, Works
from recordings.works.work import KINDS, STATES, Kind, State, Work, moment
from sessions.kinds import KINDS as SITTINGS

blueprint = Blueprint("works", __name__)
KEY = "recordings.works"
PROBLEMS = {
    "work.empty": N_("Nothing of this part was recorded, or your order does not cover it."),
    "recording.damaged": N_("This part of the record is damaged. Tell the administrator."),
    "work.failed": N_("It could not be made. Ask for it again, or tell the administrator."),
}
TYPES = {
    Kind.FILM: ("video/mp4", "mp4"),
    Kind.VOICES: ("application/zip", "zip"),
    Kind.BUNDLE: ("application/zip", "zip"),
}


def init_app(app: Quart, works: Works) -> None:
    """Give the application these pages."""
    app.extensions[KEY] = works
    app.register_blueprint(blueprint)


def _works() -> Works:
    found: Works = current_app.extensions[KEY]
    return found


@blueprint.get("/sittings/<sitting_id>/recording/works")
async def works(sitting_id: str) -> Response:
    """What was asked for, and the form to ask for more."""
    return await _page(sitting_id, Form())


@blueprint.post("/sittings/<sitting_id>/recording/works")
async def ask(sitting_id: str) -> Response:
    """Ask for a film or sound files."""
    form = Form(await request.form)
    try:
        await _works().ask(
            current_person(),
            sitting_id,
            kind=form.value("kind"),
            language=form.value("language"),
            order=form.value("order"),
            start_ms=moment(form.value("start"), "start"),
            end_ms=moment(form.value("end"), "end"),
            without_protected=form.value("without_protected") == "1",
        )
    except Refusal as refusal:
        return await _page(sitting_id, form.refuse(refusal), refusal.status)
    flash(N_("It is being made. You may leave this page."))
    return redirect("works.works", sitting_id=sitting_id)


@blueprint.post("/sittings/<sitting_id>/recording/works/<work>/cancel")
async def cancel(sitting_id: str, work: str) -> Response:
    """Give a work up."""
    await _works().cancel(current_person(), sitting_id, work)
    flash(N_("It is cancelled."))
    return redirect("works.works", sitting_id=sitting_id)


@blueprint.post("/sittings/<sitting_id>/recording/works/<work>/file")
async def take(sitting_id: str, work: str) -> Response:
    """The finished file, for who asked for it, confirmed."""
    form = Form(await request.form)
    found, pieces = await _works().take(
        current_login(), sitting_id, work, form.value("authorisation")
    )
    content_type, ending = TYPES[found.kind]
    response = Response(pieces, content_type=content_type)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Length"] = str(found.size)
    name = f"{found.kind.value}-{found.sitting}-{found.id}.{ending}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@blueprint.get("/api/recordings/<sitting_id>/works")
async def progress(sitting_id: str) -> Response:
    """How far the person's works are."""
    found = await _works().mine(current_person(), sitting_id)
    return jsonify({"works": [_body(work) for work in found]})


def _body(work: Work) -> dict[str, Any]:
    return {"id": work.id, "state": work.state.value, "percent": work.percent}


async def _page(sitting_id: str, form: Form, status: int = 200) -> Response:
    person = current_person()
    asking = await _works().may_ask(person, sitting_id)
    sitting = asking.sitting
    return await render(
        "recordings/works.html",
        status=status,
        form=form,
        sitting=sitting,
        bench=check.on_bench(person, sitting),
        protected=any(seat.screened_from for seat in sitting.seats),
        kind_title=SITTINGS[sitting.kind].title,
        needs_order=asking.needs_order,
        destroyed=asking.destroyed,
        kinds=[(kind, KINDS[kind]) for kind in asking.kinds],
        states=STATES,
        titles=KINDS,
        problems=PROBLEMS,
        works=await _works().mine(person, sitting_id),
        busy=(State.ASKED, State.RUNNING),
        made=State.MADE,
        act=ACT,
        own_language=language(),
    )
