"""What the player asks besides media: levels of sound, and the viewer's own notes. JSON."""

import msgspec
from quart import Blueprint, Quart, Response, current_app, jsonify, request
from quart_schema import document_request

from auth.web import current_person
from errors import N_, BadInput
from recordings.study.service import Study

blueprint = Blueprint("study", __name__, url_prefix="/api/recordings/<sitting_id>")
KEY = "recordings.study"


class _Mark(msgspec.Struct, forbid_unknown_fields=True):
    """A note; without words it is a bookmark."""

    at_ms: int = 0
    text: str = ""


def init_app(app: Quart, study: Study) -> None:
    """Give the application these addresses."""
    app.extensions[KEY] = study
    app.register_blueprint(blueprint)


def _study() -> Study:
    found: Study = current_app.extensions[KEY]
    return found


def _viewing() -> str:
    return request.args.get("viewing", "")


async def _body() -> _Mark:
    raw = await request.get_data(as_text=False)
    try:
        return msgspec.json.decode(raw, type=_Mark)
    except (msgspec.MsgspecError, RecursionError):
        raise BadInput(
            "request.malformed", N_("The page sent something we do not understand. Reload it.")
        ) from None


@blueprint.get("/levels")
async def levels(sitting_id: str) -> Response:
    """How loud every sound track was, and who spoke when."""
    return jsonify(await _study().levels(current_person(), sitting_id, _viewing()))


@blueprint.get("/marks")
async def marks(sitting_id: str) -> Response:
    """The viewer's own notes."""
    found = await _study().marks(current_person(), sitting_id, _viewing())
    return jsonify({"marks": [one.body() for one in found]})


@blueprint.post("/marks")
@document_request(_Mark)
async def mark(sitting_id: str) -> Response:
    """Note something at a moment."""
    body = await _body()
    made = await _study().mark(current_person(), sitting_id, _viewing(), body.at_ms, body.text)
    return jsonify(made.body())


@blueprint.put("/marks/<mark_id>")
@document_request(_Mark)
async def change(sitting_id: str, mark_id: str) -> Response:
    """Change a note's words."""
    body = await _body()
    made = await _study().change(current_person(), sitting_id, _viewing(), mark_id, body.text)
    return jsonify(made.body())


@blueprint.delete("/marks/<mark_id>")
async def remove(sitting_id: str, mark_id: str) -> Response:
    """Forget a note."""
    await _study().remove(current_person(), sitting_id, _viewing(), mark_id)
    return jsonify({})
