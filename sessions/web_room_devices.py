"""Pages and API of rooms' devices: the administrator's list, and what the device itself asks."""

import msgspec
from quart import Blueprint, Quart, Response, current_app, jsonify, request
from quart_schema import document_request

from auth.devices.device import CODE_LENGTH, CODE_LIVES
from auth.web import accounts, current_login, current_person, settings
from errors import N_, BadInput, Refusal
from pages import Form, flash, language, redirect, render
from pages.bodies import read_json
from sessions.room_devices import RoomDevices, fingerprint
from sessions.web_rooms import flat

blueprint = Blueprint("room_devices", __name__)
KEY = "room_devices"


def init_app(app: Quart, devices: RoomDevices) -> None:
    """Give the application these pages."""
    app.extensions[KEY] = devices
    app.register_blueprint(blueprint)


def _devices() -> RoomDevices:
    found: RoomDevices = current_app.extensions[KEY]
    return found


# --- the administrator ---------------------------------------------------------------------------


@blueprint.get("/admin/rooms/<room>/devices")
async def devices(room: str) -> Response:
    """A room's networks and devices, and a form for a new code."""
    return await _page(room, Form())


@blueprint.post("/admin/rooms/<room>/networks")
async def set_networks(room: str) -> Response:
    """Name the networks that the room's devices may come from."""
    form = Form(await request.form)
    try:
        await _devices().set_networks(current_person(), room, form.value("networks"))
    except BadInput as refusal:
        return await _page(room, form.refuse(refusal), refusal.status)
    flash(N_("The networks are saved. Sessions from elsewhere have ended."))
    return redirect("room_devices.devices", room=room)


@blueprint.post("/admin/rooms/<room>/devices")
async def make_code(room: str) -> Response:
    """Make an enrolment code and show it once."""
    form = Form(await request.form)
    try:
        code = await _devices().make_code(current_person(), room, form.value("name"))
    except Refusal as refusal:
        if refusal.status in (403, 404):
            raise
        return await _page(room, form.refuse(refusal), refusal.status)
    return await _page(room, Form(), code=code)


@blueprint.post("/admin/rooms/<room>/devices/<device>/name")
async def rename(room: str, device: str) -> Response:
    """Call a device something else."""
    name = (await request.form).get("name", "")
    await _devices().rename(current_person(), room, device, name)
    flash(N_("The device has its new name."))
    return redirect("room_devices.devices", room=room)


@blueprint.post("/admin/rooms/<room>/devices/<device>/revoke")
async def revoke(room: str, device: str) -> Response:
    """Revoke a device; pages on it end at once."""
    await _devices().revoke(current_person(), room, device)
    flash(N_("The device is revoked. Whoever was signed in on it is out."))
    return redirect("room_devices.devices", room=room)


async def _page(room: str, form: Form, status: int = 200, *, code: str = "") -> Response:
    found = await _devices().of_room(current_person(), room)
    response = await render(
        "admin/room_devices.html",
        status=status,
        room=flat(found.room),
        networks="\n".join(found.room.networks),
        devices=found.devices,
        fingerprint=fingerprint,
        form=form,
        code=f"{code[:4]} {code[4:]}" if code else "",
        minutes=int(CODE_LIVES.total_seconds() // 60),
        demanded=accounts().devices_demanded,
        address=f"{settings().address}/{language()}/device",
    )
    response.headers["Cache-Control"] = "no-store"
    return response


# --- the device ----------------------------------------------------------------------------------


@blueprint.get("/device")
async def this_device() -> Response:
    """Enrol the browser of this page as a room's device."""
    return await render("sessions/device.html", code_length=CODE_LENGTH)


class _Enrol(msgspec.Struct, forbid_unknown_fields=True):
    """A code, the public key in SubjectPublicKeyInfo, and a signature; both in base64url."""

    code: str
    key: str
    signature: str


class _Answer(msgspec.Struct, forbid_unknown_fields=True):
    """Which device answers a challenge, and its signature in base64url."""

    device: str
    signature: str


@blueprint.post("/api/room-device")
@document_request(_Enrol)
async def enrol() -> Response:
    """Enrol this browser with a code."""
    body = await read_json(_Enrol)
    found = await _devices().enrol(body.code, body.key, body.signature, request.remote_addr or "")
    room = flat(found.room)
    return jsonify(
        {
            "device": found.device.id,
            "name": found.device.name,
            "room_ar": room.name_ar or room.name_en,
            "room_en": room.name_en or room.name_ar,
            "fingerprint": fingerprint(found.device.key),
        }
    )


@blueprint.post("/api/room-device/challenge")
async def challenge() -> Response:
    """A challenge for the device on which an officer has signed in."""
    id, text = await _devices().question(current_login())
    return jsonify({"id": id, "challenge": text})


@blueprint.post("/api/room-device/challenge/<id>")
@document_request(_Answer)
async def answer(id: str) -> Response:
    """Bind this session to the device that answers."""
    body = await read_json(_Answer)
    found = await _devices().answer(
        current_login(), id, body.device, body.signature, request.remote_addr or ""
    )
    return jsonify({"device": found.id, "name": found.name})
