"""The administrator's page of detention rooms."""

from types import SimpleNamespace

from quart import Blueprint, Response, request

from auth.person import Role
from auth.web import accounts, current_person
from errors import N_, Refusal
from pages import Form, flash, redirect, render
from sessions.detention import DetentionRoom
from sessions.web_services import services

blueprint = Blueprint("rooms", __name__)


@blueprint.get("/admin/rooms")
async def rooms() -> Response:
    """All rooms with their officers, and a form for a new one."""
    return await _page(Form())


@blueprint.post("/admin/rooms")
async def add() -> Response:
    """Add a room."""
    form = Form(await request.form)
    facility = (form.value("facility_ar"), form.value("facility_en"))
    names = (form.value("name_ar"), form.value("name_en"))
    try:
        await services().rooms.add_in(current_person(), facility, names)
    except Refusal as refusal:
        return await _page(form.refuse(refusal), refusal.status)
    flash(N_("The room is there. Add its officers."))
    return redirect("rooms.rooms")


@blueprint.post("/admin/rooms/<room>/officers")
async def add_officer(room: str) -> Response:
    """One more officer operates the room."""
    officer = (await request.form).get("officer", "")
    await services().rooms.add_officer(current_person(), room, officer)
    flash(N_("The officer may open this room now."))
    return redirect("rooms.rooms")


async def _page(form: Form, status: int = 200) -> Response:
    person = current_person()
    found = await services().rooms.all(person)
    people = {one.id: one for one in await accounts().people(person)}
    officers = [one for one in people.values() if one.role is Role.FACILITY_OFFICER and one.active]
    rows = [
        SimpleNamespace(room=flat(room), officers=[people[id] for id in sorted(room.officers)])
        for room in found
    ]
    return await render("admin/rooms.html", status=status, rooms=rows, officers=officers, form=form)


def flat(room: DetentionRoom) -> SimpleNamespace:
    """A room as templates take it."""
    return SimpleNamespace(
        id=room.id,
        name_ar=room.name_ar,
        name_en=room.name_en,
        facility_ar=room.facility.name_ar,
        facility_en=room.facility.name_en,
    )
