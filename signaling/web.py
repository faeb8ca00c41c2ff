"""Pages, ticket and sockets of the live room. The sockets only move text.

A socket opens only for pages of ours: the `Origin` header must be the settings' address, so that
another site cannot use a signed-in browser (RFC 6455 section 10.2).
"""

from typing import Any

import msgspec
from quart import Blueprint, Quart, Response, current_app, jsonify, request, websocket
from quart_schema import document_request

from auth.web import accounts, current_login, current_person, session_token
from errors import N_, BadInput
from pages import language, local_path, render
from sessions.web_services import services
from settings import Settings
from signaling import ice
from signaling.kit import KitChecks, KitSocket
from signaling.live_socket import LiveSocket
from signaling.messages import SeatId
from signaling.service import LiveRooms

blueprint = Blueprint("signaling", __name__)
KEY = "signaling"


class _Wired:
    def __init__(self, live: LiveRooms, settings: Settings) -> None:
        self.live = live
        self.settings = settings
        self.kit = KitChecks(live.engine)

    def ice(self, user: str) -> list[dict[str, Any]]:
        urls, secret = self.settings.turn_urls, self.settings.turn_secret
        return ice.servers(urls, secret, user, self.live.now())


def init_app(app: Quart, live: LiveRooms, settings: Settings) -> None:
    """Give the application this room's pages and sockets."""
    app.extensions[KEY] = _Wired(live, settings)
    app.register_blueprint(blueprint)


def _wired() -> _Wired:
    found: _Wired = current_app.extensions[KEY]
    return found


# --- pages ---------------------------------------------------------------------------------------


@blueprint.get("/sittings/<sitting>/room")
async def room(sitting: str) -> Response:
    """The live room. `?seat=` chooses, for an officer who operates several."""
    chosen = request.args.get("seat") or None
    found, seat = await services().sittings.seat_for(current_person(), sitting, chosen)
    return await render(
        "room/room.html",
        sitting=found,
        seat=seat.id,
        zone=_wired().settings.timezone,
        kit_url=f"/{language()}/kit",
        exit_url=f"/{language()}/sittings/{found.id}",
    )


@blueprint.get("/kit")
async def kit() -> Response:
    """The kit check. `?next=` is where the person goes afterwards."""
    current_person()
    back = local_path(request.args.get("next", ""), f"/{language()}/sittings")
    return await render("room/kit.html", back_url=back)


class _Ask(msgspec.Struct, forbid_unknown_fields=True):
    seat: SeatId | None = None


@blueprint.post("/api/live/<sitting>/ticket")
@document_request(_Ask)
async def ticket(sitting: str) -> Response:
    """A join ticket for one socket."""
    raw = await request.get_data(as_text=False)
    try:
        ask = msgspec.json.decode(raw or b"{}", type=_Ask)
    except msgspec.MsgspecError:
        raise BadInput(
            "ticket.malformed", N_("The page sent something we do not understand. Reload it.")
        ) from None
    wired = _wired()
    address = request.remote_addr or ""
    token, seat = await wired.live.ticket(current_login(), sitting, ask.seat, address=address)
    return jsonify({"ticket": token, "seat": seat, "ice": wired.ice(seat)})


# --- sockets -------------------------------------------------------------------------------------


def _is_ours() -> bool:
    return websocket.headers.get("Origin", "") == _wired().settings.address


@blueprint.websocket("/live/ws")
async def live_socket() -> Any:
    """A page in a sitting."""
    if not _is_ours():
        return "another origin", 403
    await websocket.accept()
    address = websocket.remote_addr or ""
    socket = LiveSocket(_wired().live, websocket.receive, websocket.send, address)
    await websocket.close(await socket.run())
    return None


@blueprint.websocket("/live/kit")
async def kit_socket() -> Any:
    """A kit check, for whoever is signed in or came by an invitation."""
    if not _is_ours():
        return "another origin", 403
    login = await accounts().login(session_token())
    if login is None:
        return "not signed in", 401
    await websocket.accept()
    wired = _wired()
    socket = KitSocket(wired.kit, wired.ice("kit"), websocket.receive, websocket.send)
    await websocket.close(await socket.run())
    return None
