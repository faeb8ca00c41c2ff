"""The public page 'Verify': a file or a hash goes in, plain words come out. Nothing is kept.

With JavaScript the file comes as the body of a request of its own (`/verify/upload`), which
`Uploads` takes off the wire piece by piece; without, small files come with the form.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

from quart import Blueprint, Quart, Response, current_app, jsonify, request

from errors import Refusal
from pages import Form, error_json, render
from recordings import verify
from recordings.checking import codes, words
from recordings.checking.codes import Answer
from recordings.checking.service import Checking, Outcome

blueprint = Blueprint("verify", __name__)
KEY = "recordings.checking"
PIECES = "mahdar.pieces"
PATH = "/verify/upload"
PROGRAM = Path(verify.__file__)

Asgi = Callable[[Any, Any, Any], Awaitable[None]]


def init_app(app: Quart, checking: Checking) -> None:
    """Give the application the page, and the way in for large files."""
    app.extensions[KEY] = checking
    app.register_blueprint(blueprint)
    app.before_serving(_prepare)
    app.asgi_app = Uploads(app.asgi_app)  # type: ignore[method-assign]


class Uploads:
    """ASGI middleware: keeps the body of an upload from Quart, which would hold it in memory."""

    def __init__(self, inner: Asgi) -> None:
        self.inner = inner

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        path = scope["path"] if scope["type"] == "http" and scope["method"] == "POST" else ""
        if not path.endswith(PATH) or path.count("/") > PATH.count("/") + 1:
            await self.inner(scope, receive, send)
            return
        # The sender goes at our pace: a piece is asked for when the one before is on disk. What
        # is left unread when the view has answered is of no interest.
        gone = asyncio.Event()
        shown = [item for item in scope["headers"] if item[0].lower() != b"content-length"]
        headers = [*shown, (b"content-length", b"0")]
        scope = {**scope, "headers": headers, PIECES: _pieces(receive, gone)}
        empty = iter([{"type": "http.request", "body": b"", "more_body": False}])

        async def nothing() -> Any:
            for message in empty:
                return message
            await gone.wait()
            return {"type": "http.disconnect"}

        await self.inner(scope, nothing, send)


async def _pieces(
    receive: Callable[[], Awaitable[Any]], gone: asyncio.Event
) -> AsyncIterator[bytes]:
    while True:
        message = await receive()
        if message["type"] != "http.request":
            gone.set()  # the browser left: the application cancels the view
            await asyncio.Event().wait()
        yield message.get("body", b"")
        if not message.get("more_body", False):
            return


def checking() -> Checking:
    """The application's service."""
    found: Checking = current_app.extensions[KEY]
    return found


async def _prepare() -> None:
    await asyncio.to_thread(checking().reception.prepare)


@blueprint.get("/verify")
async def page() -> Response:
    """The page; with `?code=` what stands of a document, with `?sha256=` what the log says."""
    if code := request.args.get("code", "").strip():
        return await _by_code(code)
    sha256 = request.args.get("sha256", "")
    if not sha256:
        return await _page(Form())
    form = Form({"hash": sha256})
    try:
        return await _page(form, outcome=await checking().look_up(sha256))
    except Refusal as refusal:
        return await _page(form.refuse(refusal), status=refusal.status)


@blueprint.get("/verify/verify.py")
async def program() -> Response:
    """The stand-alone verifier, for who checks a bundle on a machine of their own."""
    text = await asyncio.to_thread(PROGRAM.read_text, "utf-8")
    response = Response(text, content_type="text/x-python; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="verify.py"'
    return response


@blueprint.get("/verify/<code>")
async def by_code(code: str) -> Response:
    """What stands of the document that bears this code: its QR code leads here."""
    return await _by_code(code)


async def _by_code(code: str) -> Response:
    form = Form({"code": code[: codes.MAX_TYPED]})
    try:
        answer = await checking().look_up_code(_address(), code)
    except Refusal as refusal:
        return await _page(form.refuse(refusal), status=refusal.status)
    return await _page(form, 200 if answer.found else 404, answer=answer)


@blueprint.post("/verify")
async def small() -> Response:
    """A file that came with the form, or a hash."""
    form = Form(await request.form)
    uploaded = (await request.files).get("file")
    try:
        if uploaded is not None and uploaded.filename:
            data = await asyncio.to_thread(uploaded.stream.read)
            outcome = await checking().check(_address(), _once(data))
        else:
            outcome = await checking().look_up(form.value("hash"))
    except Refusal as refusal:
        return await _page(form.refuse(refusal), status=refusal.status)
    return await _page(form, outcome=outcome)


@blueprint.post(PATH)
async def upload() -> Response:
    """A file as the body; answers with the part of the page that tells what was found."""
    scope: dict[str, Any] = {**request.scope}
    try:
        outcome = await checking().check(_address(), scope[PIECES])
    except Refusal as refusal:
        response = jsonify(error_json(refusal))
        response.status_code = refusal.status
        return response
    return await render("verify/result.html", **_shown(outcome))


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data


def _address() -> str:
    return request.remote_addr or ""


async def _page(
    form: Form,
    status: int = 200,
    outcome: Outcome | None = None,
    answer: Answer | None = None,
) -> Response:
    return await render(
        "verify/page.html",
        status=status,
        form=form,
        most_bytes=checking().reception.most_bytes,
        kinds=[item.title for item in checking().kinds],
        answer=answer,
        **_shown(outcome),
    )


def _shown(outcome: Outcome | None) -> dict[str, Any]:
    return {
        "outcome": outcome,
        "vkey": checking().vkey,
        "steps": words.STEPS,
        "not_checked": words.NOT_CHECKED,
        "unusable": words.UNUSABLE,
        "compared": words.COMPARED,
        "verdicts": words.VERDICTS,
        "standings": words.STANDING,
        "withheld": words.WITHHELD,
        "withheld_exhibits": words.WITHHELD_EXHIBITS,
    }
