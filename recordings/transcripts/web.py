"""Pages of transcripts: the list, the draft against the player, files; and the editor's JSON."""

import msgspec
from quart import Blueprint, Quart, Response, current_app, jsonify, request
from quart_schema import document_request

from auth.web import current_login, current_person
from errors import N_, BadInput, Refusal
from pages import Form, flash, language, redirect, render
from recordings.playback import Playback
from recordings.transcripts.service import CERTIFY, ENDINGS, Transcripts
from recordings.transcripts.transcript import STATES, Line, State
from recordings.transcripts.webvtt import MOST_BYTES
from sessions.kinds import KINDS

blueprint = Blueprint("transcripts", __name__)
KEY, PLAYBACK = "recordings.transcripts", "recordings.playback"
TYPES = {
    "vtt": "text/vtt; charset=utf-8",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "pdf": "application/pdf",
}
_PAGE = "/sittings/<sitting_id>/transcripts/<transcript>"


class _Line(msgspec.Struct, forbid_unknown_fields=True):
    start_ms: int
    end_ms: int
    text: str
    seat: str = ""
    speaker: str = ""
    machine: bool = False


class _Save(msgspec.Struct, forbid_unknown_fields=True):
    """The words, over the revision that was read."""

    base: int
    lines: list[_Line]


def init_app(app: Quart, transcripts: Transcripts) -> None:
    """Give the application these pages."""
    app.extensions[KEY] = transcripts
    app.register_blueprint(blueprint)


def _transcripts() -> Transcripts:
    found: Transcripts = current_app.extensions[KEY]
    return found


def _playback() -> Playback:
    found: Playback = current_app.extensions[PLAYBACK]
    return found


# --- the list ------------------------------------------------------------------------------------


@blueprint.get("/sittings/<sitting_id>/transcripts")
async def transcripts(sitting_id: str) -> Response:
    """What was asked for, and the form to ask for one."""
    return await _list(sitting_id, Form())


@blueprint.post("/sittings/<sitting_id>/transcripts")
async def ask(sitting_id: str) -> Response:
    """Ask for a transcript."""
    form = Form(await request.form)
    try:
        await _transcripts().request(
            current_person(),
            sitting_id,
            language=form.value("language"),
            reason=form.value("reason"),
        )
    except Refusal as refusal:
        return await _list(sitting_id, form.refuse(refusal), refusal.status)
    flash(N_("The transcript is asked for. The presiding judge decides."))
    return redirect("transcripts.transcripts", sitting_id=sitting_id)


async def _list(sitting_id: str, form: Form, status: int = 200) -> Response:
    sitting, found, may_ask = await _transcripts().of_sitting(current_person(), sitting_id)
    return await render(
        "recordings/transcripts.html",
        status=status,
        form=form,
        sitting=sitting,
        kind_title=KINDS[sitting.kind].title,
        transcripts=found,
        states=STATES,
        may_ask=may_ask,
        own_language=language(),
    )


# --- one transcript ------------------------------------------------------------------------------


@blueprint.get(_PAGE)
async def transcript(sitting_id: str, transcript: str) -> Response:
    """The words; for who types it, the draft against the player."""
    return await _one(sitting_id, transcript, Form())


async def _one(sitting_id: str, id: str, form: Form, status: int = 200) -> Response:
    person = current_person()
    opened = await _transcripts().open(person, sitting_id, id, language())
    viewing, needs_order = request.args.get("viewing", ""), False
    if not viewing and opened.may & {"write", "approve"}:
        _, needs_order = await _playback().needs_order(person, sitting_id)
    return await render(
        "recordings/transcript.html",
        status=status,
        form=form,
        sitting=opened.sitting,
        kind_title=KINDS[opened.sitting.kind].title,
        transcript=opened.transcript,
        lines=[line.body() for line in opened.lines],
        names=opened.names,
        revisions=opened.revisions,
        may=opened.may,
        typists=opened.typists,
        states=STATES,
        endings=ENDINGS,
        certified=State.CERTIFIED,
        certify=CERTIFY,
        viewing=viewing,
        needs_order=needs_order,
        data_url=f"/api/recordings/{sitting_id}?viewing={viewing}",
        save_url=f"/api/sittings/{sitting_id}/transcripts/{id}",
    )


@blueprint.post(f"{_PAGE}/listen")
async def listen(sitting_id: str, transcript: str) -> Response:
    """Open the record beside the draft; the viewing is logged."""
    form = Form(await request.form)
    await _transcripts().open(current_person(), sitting_id, transcript, language())
    try:
        viewing = await _playback().view(current_person(), sitting_id, form.value("order"))
    except Refusal as refusal:
        return await _one(sitting_id, transcript, form.refuse(refusal), refusal.status)
    return redirect(
        "transcripts.transcript", sitting_id=sitting_id, transcript=transcript, viewing=viewing
    )


@blueprint.post(f"{_PAGE}/assign")
async def assign(sitting_id: str, transcript: str) -> Response:
    """Say who types it."""
    return await _moved(sitting_id, transcript, "assign")


@blueprint.post(f"{_PAGE}/<any(authorise,refuse,approve,return):step>")
async def move(sitting_id: str, transcript: str, step: str) -> Response:
    """A step of the presiding judge."""
    return await _moved(sitting_id, transcript, step)


async def _moved(sitting_id: str, transcript: str, step: str) -> Response:
    form, person, service = Form(await request.form), current_person(), _transcripts()
    try:
        match step:
            case "authorise":
                await service.authorise(person, sitting_id, transcript)
            case "refuse":
                await service.refuse(person, sitting_id, transcript, form.value("reason"))
            case "assign":
                await service.assign(person, sitting_id, transcript, form.value("typist"))
            case "approve":
                await service.approve(person, sitting_id, transcript)
            case _:
                await service.give_back(person, sitting_id, transcript)
    except Refusal as refusal:
        if refusal.status in (403, 404):
            raise
        return await _one(sitting_id, transcript, form.refuse(refusal), refusal.status)
    flash(N_("Done."))
    return redirect("transcripts.transcript", sitting_id=sitting_id, transcript=transcript)


@blueprint.post(f"{_PAGE}/certify")
async def certify(sitting_id: str, transcript: str) -> Response:
    """Certify it. A page's script sends the confirmation with it."""
    form = Form(await request.form)
    token = form.value("authorisation")
    await _transcripts().certify(current_login(), sitting_id, transcript, token)
    flash(N_("The transcript is certified. Nothing of it changes any more."))
    return redirect("transcripts.transcript", sitting_id=sitting_id, transcript=transcript)


@blueprint.get(f"{_PAGE}/certify/question")
async def question(sitting_id: str, transcript: str) -> Response:
    """What is to be confirmed to certify it; no digest where nothing is."""
    found = await _transcripts().question(current_person(), sitting_id, transcript)
    return jsonify({"act": CERTIFY, "object": transcript, "digest": found})


@blueprint.post(f"{_PAGE}/import")
async def take_in(sitting_id: str, transcript: str) -> Response:
    """A machine's WebVTT as the beginning of the draft."""
    form = Form(await request.form)
    file = (await request.files).get("file")
    data = file.read(MOST_BYTES + 1) if file else b""
    try:
        await _transcripts().take_in(current_person(), sitting_id, transcript, data)
    except Refusal as refusal:
        if refusal.status in (403, 404):
            raise
        return await _one(sitting_id, transcript, form.refuse(refusal), refusal.status)
    flash(N_("The machine's draft is taken in. Check every line."))
    return redirect(
        "transcripts.transcript",
        sitting_id=sitting_id,
        transcript=transcript,
        viewing=request.args.get("viewing") or None,
    )


@blueprint.get(f"{_PAGE}/file.<ending>")
async def file(sitting_id: str, transcript: str, ending: str) -> Response:
    """The transcript as a file."""
    data = await _transcripts().file(current_person(), sitting_id, transcript, ending)
    response = Response(data, content_type=TYPES[ending])
    response.headers["Cache-Control"] = "no-store"
    name = f"transcript-{transcript}.{ending}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


# --- JSON ----------------------------------------------------------------------------------------


@blueprint.put("/api/sittings/<sitting_id>/transcripts/<transcript>")
@document_request(_Save)
async def save(sitting_id: str, transcript: str) -> Response:
    """Save the draft; refused when somebody saved since it was read."""
    raw = await request.get_data(as_text=False)
    try:
        body = msgspec.json.decode(raw, type=_Save)
    except (msgspec.MsgspecError, RecursionError):
        raise BadInput(
            "request.malformed", N_("The page sent something we do not understand. Reload it.")
        ) from None
    lines = [
        Line(one.start_ms, one.end_ms, one.seat, one.speaker, one.text, one.machine)
        for one in body.lines
    ]
    number = await _transcripts().save(
        current_person(), sitting_id, transcript, base=body.base, lines=lines
    )
    return jsonify({"revision": number})


@blueprint.get("/api/recordings/<sitting_id>/captions")
async def captions(sitting_id: str) -> Response:
    """Certified transcripts as captions of a viewing."""
    viewing = request.args.get("viewing", "")
    found = await _transcripts().captions(current_person(), sitting_id, viewing, language())
    return jsonify({"captions": found})
