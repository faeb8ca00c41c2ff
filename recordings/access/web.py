"""Pages of records: what one keeps or may see, and the orders, holds and keys of one record."""

from datetime import UTC, datetime, timedelta
from datetime import time as Time
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from quart import Blueprint, Quart, Response, current_app

from auth.web import current_login, current_person
from auth.web_acting import Work, act
from errors import N_, BadInput
from pages import Form, formatter, render
from recordings.access.acts import Actor
from recordings.access.book import OrderBook, OrderDraft
from recordings.access.custody import Custody
from recordings.access.order import USES, Part, Use
from recordings.access.overview import STATES, Custodial, Overview
from sessions.kinds import KINDS
from sessions.seat import LABELS

blueprint = Blueprint("custody", __name__)
KEY = "recordings.custody"
PAGE = "/sittings/<sitting_id>/custody"


def init_app(
    app: Quart, overview: Overview, orders: OrderBook, custody: Custody, zone: str
) -> None:
    """Give the application these pages."""
    app.extensions[KEY] = (overview, orders, custody, ZoneInfo(zone))
    app.register_blueprint(blueprint)


def _overview() -> Overview:
    found: Overview = current_app.extensions[KEY][0]
    return found


def _orders() -> OrderBook:
    found: OrderBook = current_app.extensions[KEY][1]
    return found


def _custody() -> Custody:
    found: Custody = current_app.extensions[KEY][2]
    return found


def _zone() -> ZoneInfo:
    found: ZoneInfo = current_app.extensions[KEY][3]
    return found


@blueprint.get("/records")
async def listed() -> Response:
    """The records that one keeps, and those that one was given leave to see."""
    person = current_person()
    opened = await _overview().opened(person)
    return await render(
        "recordings/records.html",
        held=await _overview().held(person),
        opened=opened,
        states=STATES,
        uses=USES,
        kind_titles={kind.code: kind.title for kind in KINDS.values()},
    )


@blueprint.get(PAGE)
async def record(sitting_id: str) -> Response:
    """One record: its state, orders, seals, holds, and who saw it."""
    return await _page(sitting_id, Form())


async def _page(sitting_id: str, form: Form, status: int = 200) -> Response:
    found = await _overview().record(current_person(), sitting_id)
    return await render(
        "recordings/custody.html",
        status=status,
        found=found,
        sitting=found.held.sitting,
        form=form,
        states=STATES,
        uses=USES,
        kind_title=KINDS[found.held.sitting.kind].title,
        role_titles=LABELS,
        span=lambda part: _span(found, part),
    )


def _span(found: Custodial, part: Any) -> str:
    """A part's or seal's times as a person reads them; empty for no limit."""
    if found.row.epoch is None or (part.start_ms == 0 and part.end_ms is None):
        return ""
    clock = formatter().clock
    first = clock(found.row.epoch + timedelta(milliseconds=part.start_ms))
    if part.end_ms is None:
        return f"{first} –"
    return f"{first} – {clock(found.row.epoch + timedelta(milliseconds=part.end_ms))}"


# --- orders, grants, seals -----------------------------------------------------------------------


@blueprint.post(f"{PAGE}/orders")
async def enter_order(sitting_id: str) -> Response:
    """Fields: `reference authority uses seats from until ends`."""

    async def work(form: Form) -> None:
        start_ms, end_ms = await _times(sitting_id, form, "recording.order")
        uses = {use for use in Use if use.value in form.values("uses")}
        seats = frozenset(form.values("seats"))
        draft = OrderDraft(
            reference=form.value("reference"),
            authority=form.value("authority"),
            uses=frozenset(uses),
            part=Part(start_ms, end_ms, seats=seats),
            ends=_moment(form, "ends") if form.value("ends") else None,
        )
        await _orders().enter(current_person(), sitting_id, draft)

    return await _do(sitting_id, work, N_("The order is in the book."))


@blueprint.post(f"{PAGE}/orders/<order>/revoke")
async def revoke_order(sitting_id: str, order: str) -> Response:
    """The order counts no more."""

    async def work(_form: Form) -> None:
        await _orders().revoke(current_person(), sitting_id, order)

    return await _do(sitting_id, work, N_("The order is revoked. Nobody sees anything by it."))


@blueprint.post(f"{PAGE}/orders/<order>/grants")
async def give(sitting_id: str, order: str) -> Response:
    """Fields: `username grant_ends`."""

    async def work(form: Form) -> None:
        ends = _moment(form, "grant_ends")
        name = form.value("username")
        await _orders().give(current_person(), sitting_id, order, name, ends)

    return await _do(sitting_id, work, N_("Leave is given. It ends by itself."))


@blueprint.post(f"{PAGE}/grants/<grant>/revoke")
async def take_back(sitting_id: str, grant: str) -> Response:
    """The leave counts no more."""

    async def work(_form: Form) -> None:
        await _orders().take_back(current_person(), sitting_id, grant)

    return await _do(
        sitting_id, work, N_("The leave is taken back, also while the record is seen.")
    )


@blueprint.post(f"{PAGE}/seals")
async def seal(sitting_id: str) -> Response:
    """Fields: `from until reason`."""

    async def work(form: Form) -> None:
        start_ms, end_ms = await _times(sitting_id, form, "recording.seal", needed=True)
        reason = form.value("reason")
        await _orders().seal(current_person(), sitting_id, start_ms, end_ms or 0, reason)

    return await _do(sitting_id, work, N_("The stretch is sealed. Only the bench sees it."))


@blueprint.post(f"{PAGE}/seals/<seal>/lift")
async def unseal(sitting_id: str, seal: str) -> Response:
    """Open the stretch again."""

    async def work(_form: Form) -> None:
        await _orders().unseal(current_person(), sitting_id, seal)

    return await _do(sitting_id, work, N_("The stretch is open again."))


# --- holds and destruction -----------------------------------------------------------------------


@blueprint.post(f"{PAGE}/holds")
async def hold(sitting_id: str) -> Response:
    """Fields: `hold_authority hold_reason`."""

    async def work(form: Form) -> None:
        given = form.value("hold_reason"), form.value("hold_authority")
        await _custody().hold(current_person(), sitting_id, *given)

    return await _do(sitting_id, work, N_("The record is under a legal hold."))


@blueprint.post(f"{PAGE}/holds/<hold>/lift")
async def propose_lift(sitting_id: str, hold: str) -> Response:
    """Field: `lift_reason`."""

    async def work(form: Form) -> None:
        reason = form.value("lift_reason")
        await _custody().propose_lift(_actor(form), sitting_id, hold, reason)

    return await _do(sitting_id, work, N_("A second person must agree now."))


@blueprint.post(f"{PAGE}/holds/<hold>/decision")
async def decide_lift(sitting_id: str, hold: str) -> Response:
    """Field: `agree`."""

    async def work(form: Form) -> None:
        agree = form.value("agree") == "1"
        await _custody().decide_lift(_actor(form), sitting_id, hold, agree=agree)

    return await _do(sitting_id, work, N_("It is decided, and written into the audit log."))


@blueprint.post(f"{PAGE}/destruction")
async def propose_destruction(sitting_id: str) -> Response:
    """Field: `order`."""

    async def work(form: Form) -> None:
        order = form.value("order")
        await _custody().propose_destruction(_actor(form), sitting_id, order)

    return await _do(sitting_id, work, N_("A second person must agree now."))


@blueprint.post(f"{PAGE}/destruction/<destruction>")
async def decide_destruction(sitting_id: str, destruction: str) -> Response:
    """Field: `agree`; to agree also `sure`, since nothing brings the record back."""

    async def work(form: Form) -> None:
        agree = form.value("agree") == "1"
        if agree and form.value("sure") != "1":
            raise BadInput(
                "recording.not_sure",
                N_("Say that you know that this cannot be undone."),
                field="sure",
            )
        await _custody().decide_destruction(_actor(form), sitting_id, destruction, agree=agree)

    return await _do(sitting_id, work, N_("It is decided, and written into the audit log."))


# --- what they share -----------------------------------------------------------------------------


async def _do(sitting_id: str, work: Work, done: str) -> Response:
    return await act(work, partial(_page, sitting_id), done, f"/sittings/{sitting_id}/custody")


def _actor(form: Form) -> Actor:
    login = current_login()
    return Actor(login.person, login.id, form.value("authorisation"))


def _moment(form: Form, name: str) -> datetime:
    try:
        found = datetime.fromisoformat(form.value(name))
        if found.tzinfo is None:
            return found.replace(tzinfo=_zone()).astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise BadInput("booking.time", N_("Choose a date and a time."), field=name)


async def _times(
    sitting_id: str, form: Form, action: str, *, needed: bool = False
) -> tuple[int, int | None]:
    """`from` and `until`, times of the day of the record, on its clock in milliseconds."""
    first, last = form.value("from"), form.value("until")
    if not needed and not first and not last:
        return 0, None
    epoch = await _orders().epoch(current_person(), sitting_id, action)
    start = _on_clock(epoch, first, "from") if first or needed else 0
    return max(0, start), _on_clock(epoch, last, "until") if last or needed else None


def _on_clock(epoch: datetime, text: str, field: str) -> int:
    """A time of day is that of the record's day, or, well before its start, of the day after."""
    local = epoch.astimezone(_zone())
    try:
        time = Time.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        raise BadInput(
            "recording.bad_time", N_("Write a time like 10:02:30."), field=field
        ) from None
    moment = datetime.combine(local.date(), time, local.tzinfo)
    if moment < local - timedelta(hours=12):
        moment += timedelta(days=1)
    return (moment - local) // timedelta(milliseconds=1)
