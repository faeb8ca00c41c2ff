"""Pages of sittings: one's own, booking, one sitting with its changes.

`init_app` comes after `auth.web.init_app`.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from types import SimpleNamespace

from quart import Blueprint, Quart, Response, request

from auth import policy
from auth.invitation import Invitation
from auth.person import Person, Role
from auth.web import accounts, current_person, maybe_login, settings
from errors import N_, BadInput, Forbidden, Refusal
from pages import Form, flash, language, redirect, render
from sessions import web_guests, web_rooms
from sessions.booking import Invalid
from sessions.invitations import Invitations, Link
from sessions.kind import Recording
from sessions.kinds import KINDS
from sessions.phase import FINAL, Phase
from sessions.rooms import Rooms
from sessions.seat import LABELS
from sessions.service import Listed, Seen, Sittings
from sessions.sitting import OFFENCE_LABELS, Sitting
from sessions.standing import own_seat
from sessions.tasks import Tasks
from sessions.web_forms import booking, guest, length, merged, moment
from sessions.web_services import KEY, Services, services

blueprint = Blueprint("sessions", __name__)
_PEOPLE = (Role.PARTY, Role.WITNESS, Role.EXPERT, Role.INTERPRETER, Role.JUDGE)
"""Accounts offered in the rows of parties and others; judges sit on panels."""


def init_app(
    app: Quart, sittings: Sittings, invitations: Invitations, rooms: Rooms, tasks: Tasks
) -> None:
    """Give the application this room's pages."""
    app.extensions[KEY] = Services(sittings, invitations, rooms, tasks)
    app.register_blueprint(blueprint)
    app.register_blueprint(web_guests.blueprint)
    app.register_blueprint(web_rooms.blueprint)


def room_path(sitting: str) -> str:
    """The page of the live room, without the language."""
    return f"/sittings/{sitting}/room"


@blueprint.get("/")
async def home() -> Response:
    """What this is; a guest goes to the sitting of the invitation."""
    login = maybe_login()
    if login is not None and login.person.sitting:
        return redirect("sessions.detail", sitting_id=login.person.sitting)
    return await render("home.html")


# --- my sittings -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list, as the template takes it."""

    sitting: Sitting
    kind_title: str
    role_title: str
    enter: str
    officer: bool


@blueprint.get("/sittings")
async def mine() -> Response:
    """Everybody's own list. A guest has one sitting, and goes to it; an auditor has the log."""
    person = current_person()
    if person.guest:
        return redirect("sessions.detail", sitting_id=person.sitting)
    if not policy.decide(person, "sitting.list"):
        return redirect("audit_reading.log")
    found = await services().sittings.mine(person)
    return await render(
        "sessions/my_sittings.html",
        today=[_row(person, one) for one in found.today],
        upcoming=[_row(person, one) for one in found.upcoming],
        past=[_row(person, one) for one in found.past],
        tasks=await services().tasks.of(person, found),
    )


def _row(person: Person, one: Listed) -> Row:
    own = own_seat(person, one.sitting)
    return Row(
        one.sitting,
        KINDS[one.sitting.kind].title,
        LABELS[own.role] if own else "",
        room_path(one.sitting.id) if one.seats else "",
        own is None and bool(one.seats),
    )


# --- booking -----------------------------------------------------------------------------------


@blueprint.get("/sittings/book")
async def book_page() -> Response:
    """An empty booking form."""
    return await _book_page(Form())


@blueprint.post("/sittings/book")
async def book() -> Response:
    """Book, or show the form again with everything that is wrong."""
    person = current_person()
    form = Form(await request.form)
    if form.value("add"):
        return await _book_page(form)
    sittings = services().sittings
    draft, errors = booking(form, sittings.zone)
    try:
        if errors:
            await sittings.check(person, draft)
            raise Invalid(errors)
        booked = await sittings.book(person, draft, language=language())
    except Invalid as refusal:
        for error in merged(errors, refusal.errors):
            form.refuse(error)
        return await _book_page(form, refusal.status)
    except Refusal as refusal:
        return await _book_page(form.refuse(refusal), refusal.status)
    flash(N_("The sitting is booked."))
    for warning in booked.warnings:
        flash(warning.message, "warning", **warning.params)
    return redirect("sessions.detail", sitting_id=booked.sitting.id)


async def _book_page(form: Form, status: int = 200) -> Response:
    person = current_person()
    kinds = [
        kind
        for kind in KINDS.values()
        if policy.decide(person, "sitting.book", policy.Context(kind=kind.code, is_booker=True))
    ]
    if not kinds:
        policy.require(person, "sitting.book")
    everybody = await accounts().choices(person, ())
    by_role = {role: [one for one in everybody if one.role is role] for role in Role}
    return await render(
        "sessions/book.html",
        status=status,
        form=form,
        kinds=kinds,
        offences=list(OFFENCE_LABELS.items()),
        judges=by_role[Role.JUDGE],
        clerks=by_role[Role.CLERK],
        prosecutors=by_role[Role.PROSECUTOR],
        lawyers=by_role[Role.LAWYER],
        people=[one for role in _PEOPLE for one in by_role[role]],
        rooms=await services().rooms.all(person),
    )


# --- one sitting -------------------------------------------------------------------------------


@blueprint.get("/sittings/<sitting_id>")
async def detail(sitting_id: str) -> Response:
    """One sitting, as this person may see it."""
    return await _detail(sitting_id)


@blueprint.post("/sittings/<sitting_id>/reschedule")
async def reschedule(sitting_id: str) -> Response:
    """Move it to another time."""
    form = Form(await request.form)
    sittings = services().sittings
    errors: list[BadInput] = []
    starts_at, duration = moment(form, sittings.zone, errors), length(form, errors)
    try:
        if errors:
            raise Invalid(errors)
        await sittings.reschedule(
            current_person(),
            sitting_id,
            starts_at,
            duration,
            form.value("reason"),
            language=language(),
        )
    except Forbidden:  # whoever may not has no form to see it in
        raise
    except Invalid as refusal:
        for error in refusal.errors:
            form.refuse(_renamed(error, {"starts_at": "date"}))
        return await _detail(sitting_id, form=form, status=refusal.status)
    except Refusal as refusal:
        return await _detail(sitting_id, form=form.refuse(refusal), status=refusal.status)
    flash(N_("The sitting has a new time."))
    return redirect("sessions.detail", sitting_id=sitting_id)


@blueprint.post("/sittings/<sitting_id>/cancel")
async def cancel(sitting_id: str) -> Response:
    """Cancel it with a reason."""
    form = Form(await request.form)
    try:
        await services().sittings.cancel(current_person(), sitting_id, form.value("reason"))
    except Forbidden:  # whoever may not has no form to see it in
        raise
    except Refusal as refusal:
        return await _detail(sitting_id, cancel_form=form.refuse(refusal), status=refusal.status)
    flash(N_("The sitting is cancelled."))
    return redirect("sessions.detail", sitting_id=sitting_id)


@blueprint.post("/sittings/<sitting_id>/invitations")
async def invite(sitting_id: str) -> Response:
    """A new link to a seat: shown on this answer, and never again."""
    seat = (await request.form).get("seat", "")
    link = await services().invitations.invite(current_person(), sitting_id, seat)
    response = await _detail(sitting_id, link=link)
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.post("/sittings/<sitting_id>/witnesses")
async def add_witness(sitting_id: str) -> Response:
    """One more witness or expert without an account, also while the sitting is going on.

    Fields: `role name_ar name_en identity_number`. The answer is the page with the new seat's link.
    """
    form = Form(await request.form)
    invitations = services().invitations
    try:
        seat = await invitations.add_witness(current_person(), sitting_id, guest(form))
    except Forbidden:  # whoever may not has no form to see it in
        raise
    except Invalid as refusal:
        for error in refusal.errors:
            form.refuse(_renamed(error, {"seat_new_name": "name_ar"}, drop="seat_new_"))
        return await _detail(sitting_id, witness_form=form, status=refusal.status)
    except Refusal as refusal:
        return await _detail(sitting_id, witness_form=form.refuse(refusal), status=refusal.status)
    link = await invitations.invite(current_person(), sitting_id, seat.id)
    response = await _detail(sitting_id, link=link)
    response.headers["Cache-Control"] = "no-store"
    return response


async def _detail(
    sitting_id: str,
    *,
    form: Form | None = None,
    cancel_form: Form | None = None,
    witness_form: Form | None = None,
    link: Link | None = None,
    status: int = 200,
) -> Response:
    person = current_person()
    seen = await services().sittings.get(person, sitting_id)
    links = await services().invitations.of(person, sitting_id)
    now = services().sittings.now()
    rows = [
        SimpleNamespace(
            seat=seat,
            role_title=LABELS[seat.role],
            counsel=[one for one in seen.visible if seat.id in one.represents],
            room=seen.rooms.get(seat.room or ""),
            invitation=_invitation_state(links.get(seat.id), now),
        )
        for seat in seen.visible
    ]
    return await render(
        "sessions/sitting.html",
        status=status,
        sitting=seen.sitting,
        kind=KINDS[seen.sitting.kind],
        seats=rows,
        enter=_enter(person, seen),
        playback=_playback(person, seen),
        exhibits=policy.decide(person, "exhibit.list", seen.context).possible,
        may=_may(person, seen),
        booked_by=seen.booked_by if "cancel" in _may(person, seen) else None,
        form=form or Form(),
        cancel_form=cancel_form or Form(),
        witness_form=witness_form or Form(),
        new_link=_shown(link),
    )


def _enter(person: Person, seen: Seen) -> str:
    allowed = seen.seats and policy.decide(person, "seat.enter", seen.context)
    return room_path(seen.sitting.id) if allowed else ""


def _playback(person: Person, seen: Seen) -> str:
    """The player asks for the order itself, so that it is not a reason to hide the way there."""
    held = seen.sitting.phase in FINAL - {Phase.CANCELLED}
    recorded = KINDS[seen.sitting.kind].recording is not Recording.FORBIDDEN
    asked = policy.decide(person, "recording.view", replace(seen.context, has_order=True))
    return f"/sittings/{seen.sitting.id}/recording" if held and recorded and asked else ""


def _may(person: Person, seen: Seen) -> set[str]:
    names = ("reschedule", "cancel", "invite", "add_witness")
    return {name for name in names if policy.decide(person, f"sitting.{name}", seen.context)}


def _invitation_state(found: Invitation | None, now: datetime) -> SimpleNamespace | None:
    if found is None:
        return None
    state = found.state
    if state == "open" and found.expires_at <= now:
        state = "expired"
    return SimpleNamespace(state=state, expires_at=found.expires_at)


def _shown(link: Link | None) -> SimpleNamespace | None:
    if link is None:
        return None
    url = f"{settings().address}{link.path}"
    return SimpleNamespace(seat=link.seat.id, url=url, expires_at=link.expires_at)


def _renamed(error: BadInput, names: dict[str, str], *, drop: str = "") -> BadInput:
    """The same error at the field by which this form knows it."""
    field = names.get(error.field, error.field.removeprefix(drop))
    return BadInput(error.code, error.message, field=field, **error.params)
