"""The operators' page, and what Prometheus reads."""

import hmac
from ipaddress import ip_address

from quart import Blueprint, Quart, Response, current_app, request

from auth import policy
from auth.web import current_person
from errors import N_, Forbidden
from pages import render
from sessions.alarm import label
from sessions.kinds import KINDS
from sessions.seat import LABELS, SeatRole
from settings import Settings
from signaling import metrics
from signaling.service import LiveRooms

blueprint = Blueprint("operations", __name__)
KEY = "operations"
_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-IP", "Via")

ALARMS = {
    "worker_down": N_("A media worker is down. Its sittings go on in another one, or soon."),
    "worker_busy": N_("A media worker is at its limit. Nobody new is let in there."),
    "main_late": N_("The web process answers late. Look for what else this machine does."),
    "full": N_("A media worker is full. Only judges and clerks are let in there."),
}
WHY_REFUSED = {
    "full": N_("The people who are in need what the workers may carry."),
    "busy": N_("A worker was busy and late."),
    "down": N_("No worker was up."),
}
PROCESSES = {True: N_("Up"), False: N_("Down")}
GRADES = {
    "good": N_("Good line"),
    "poor": N_("Weak line"),
    "bad": N_("Bad line"),
    "": N_("Line not measured yet"),
}
REASONS = {
    "loss_up": N_("what they send is lost"),
    "loss_down": N_("what they should get is lost"),
    "delay": N_("long delay"),
    "jitter": N_("uneven delay"),
    "no_media": N_("nothing comes in"),
    "weak_device": N_("the device is too slow"),
    "freezes": N_("the picture freezes"),
}
RECORDS = {
    "off": N_("Not recording"),
    "starting": N_("Starting the record and proving it"),
    "recording": N_("Recording"),
    "suspended": N_("The record is suspended"),
    "interrupted": N_("The record was interrupted"),
    "forbidden": N_("This sitting is never recorded"),
}


def init_app(app: Quart, live: LiveRooms, settings: Settings) -> None:
    """Give the application the operators' pages."""
    app.extensions[KEY] = live, settings
    app.register_blueprint(blueprint)


def _wired() -> tuple[LiveRooms, Settings]:
    found: tuple[LiveRooms, Settings] = current_app.extensions[KEY]
    return found


@blueprint.get("/admin/operations")
async def operations() -> Response:
    """Sittings that are live, workers, seats and their line. `?part=1`: without the page around,
    for the page that refreshes itself."""
    policy.require(current_person(), "operations.see")
    live, _ = _wired()
    gate = live.gate
    workers = [] if gate is None else [*gate.workers()]
    usage = {} if gate is None else {item.worker: item for item in gate.usage()}
    return await render(
        "admin/operations_part.html" if request.args.get("part") else "admin/operations.html",
        main=None if gate is None else gate.main.load(),
        workers=workers,
        usage=usage,
        alarms=[] if gate is None else [(ALARMS[code], name) for code, name in gate.alarms()],
        refused=0 if gate is None else gate.refused,
        refusals=[] if gate is None else sorted(gate.refusals.items()),
        why_refused=WHY_REFUSED,
        sittings=live.figures(),
        kinds={code: kind.title for code, kind in KINDS.items()},
        roles={role.value: LABELS[role] for role in SeatRole},
        grades=GRADES,
        reasons=REASONS,
        records=RECORDS,
        record_alarm=label,
        processes=PROCESSES,
    )


@blueprint.get("/metrics")
async def prometheus() -> Response:
    """Figures for Prometheus: for who shows the token, or without one for this machine only."""
    live, settings = _wired()
    if not _may_read(settings.metrics_token):
        raise Forbidden("metrics.refused", N_("You are not allowed to do this."))
    if live.gate is None:
        raise Forbidden("metrics.refused", N_("You are not allowed to do this."))
    text = metrics.exposition(live.gate, live.figures())
    return Response(text, content_type="text/plain; version=0.0.4; charset=utf-8")


def _may_read(token: str) -> bool:
    if token:
        shown = request.headers.get("Authorization", "")
        return hmac.compare_digest(shown.encode(), f"Bearer {token}".encode())
    if any(name in request.headers for name in _FORWARDED):
        return False  # a proxy of ours passed on what came from elsewhere
    try:
        return ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False
