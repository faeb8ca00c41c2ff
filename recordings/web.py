"""Pages and addresses of this room: the player, its time line, and the media it fetches."""

from quart import Blueprint, Quart, Response, current_app, jsonify, request

from auth.web import current_person
from errors import Refusal
from pages import Form, language, render
from pages.language import prefix
from recordings.account import account
from recordings.playback import Playback
from sessions.kinds import KINDS
from sessions.sitting import Sitting

blueprint = Blueprint("recordings", __name__)
KEY = "recordings.playback"


def init_app(app: Quart, playback: Playback) -> None:
    """Give the application this room's pages."""
    app.extensions[KEY] = playback
    app.register_blueprint(blueprint)


def _playback() -> Playback:
    found: Playback = current_app.extensions[KEY]
    return found


@blueprint.get("/sittings/<sitting_id>/recording")
async def player(sitting_id: str) -> Response:
    """The player; where an order is needed, the question for its reference."""
    sitting, needs_order = await _playback().needs_order(current_person(), sitting_id)
    if needs_order or not prefix():  # without a language render redirects: that is no viewing
        return await _page(sitting, Form(), asks=needs_order)
    viewing = await _playback().view(current_person(), sitting_id)
    return await _page(sitting, Form(), viewing=viewing)


@blueprint.post("/sittings/<sitting_id>/recording")
async def player_by_order(sitting_id: str) -> Response:
    """The player, for somebody who gave an order's reference."""
    form = Form(await request.form)
    sitting, _ = await _playback().needs_order(current_person(), sitting_id)
    try:
        viewing = await _playback().view(current_person(), sitting_id, form.value("order"))
    except Refusal as refusal:
        return await _page(sitting, form.refuse(refusal), asks=True, status=refusal.status)
    return await _page(sitting, form, viewing=viewing)


async def _page(
    sitting: Sitting, form: Form, *, viewing: str = "", asks: bool = False, status: int = 200
) -> Response:
    found = None
    if viewing:
        found = await account(_playback(), current_person(), sitting.id, viewing, language())
    return await render(
        "recordings/playback.html",
        status=status,
        sitting=sitting,
        kind_title=KINDS[sitting.kind].title,
        works_url=f"/sittings/{sitting.id}/recording/works",
        destroyed=await _playback().destroyed(sitting.id),
        data_url=f"/api/recordings/{sitting.id}?viewing={viewing}",
        needs_order=asks,
        account=found,
        form=form,
    )


@blueprint.get("/api/recordings/<sitting_id>")
async def timeline(sitting_id: str) -> Response:
    """The time line of a record, for a viewing that was granted."""
    viewing = request.args.get("viewing", "")
    return jsonify(await _playback().timeline(current_person(), sitting_id, viewing, language()))


@blueprint.get("/api/recordings/<sitting_id>/tracks/<track>/<int:seq>.webm")
async def segment(sitting_id: str, track: str, seq: int) -> Response:
    """One segment, decrypted on the way."""
    viewing = request.args.get("viewing", "")
    pieces = await _playback().segment(current_person(), sitting_id, viewing, track, seq)
    response = Response(pieces, content_type="video/webm")
    response.headers["Cache-Control"] = "no-store"
    return response
