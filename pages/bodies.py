"""What a request may carry: how long JSON is, how deep, and no NUL (PostgreSQL's text has none).

Forms are held to the application's MAX_CONTENT_LENGTH. JSON is for programs and short; nested
without end it would exhaust a parser's stack.
"""

import re
from typing import Any, Final

import msgspec
from quart import Quart, request
from werkzeug.exceptions import RequestEntityTooLarge

from errors import N_, BadInput

JSON_MOST: Final = 100_000
DEEPEST: Final = 32
_TOKEN: Final = re.compile(rb'"(?:[^"\\]|\\.)*"?|[\[\]{}]', re.DOTALL)


def depth(text: bytes) -> int:
    """How deep arrays and objects of a JSON text are nested."""
    deepest = at = 0
    for match in _TOKEN.finditer(text):
        token = match.group()
        if token in b"[{":
            at += 1
            deepest = max(deepest, at)
        elif token in b"]}":
            at -= 1
    return deepest


def init_app(app: Quart) -> None:
    """Refuse JSON that is too long (413) or too deep (400) before any view reads it."""
    app.before_request(_check)


async def _check() -> None:
    if "\x00" in request.path or b"%00" in request.query_string:
        raise _nul()
    if request.mimetype != "application/json":
        for name, value in (await request.form).items(multi=True):
            if "\x00" in name or "\x00" in value:
                raise _nul()
        return
    if (request.content_length or 0) > JSON_MOST:
        raise RequestEntityTooLarge
    raw: bytes = await request.get_data(as_text=False)  # type: ignore[assignment]
    if len(raw) > JSON_MOST:
        raise RequestEntityTooLarge
    if b"\\u0000" in raw:
        raise _nul()
    if depth(raw) > DEEPEST:
        raise BadInput(
            "json.too_deep", N_("The page sent something we do not understand. Reload it.")
        )


async def read_json(kind: type[Any]) -> Any:
    """The request's JSON as a msgspec struct. Raises BadInput `request.malformed`."""
    raw: bytes = await request.get_data(as_text=False)  # type: ignore[assignment]
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.MsgspecError, RecursionError):
        raise BadInput(
            "request.malformed", N_("The page sent something we do not understand. Reload it.")
        ) from None


def _nul() -> BadInput:
    return BadInput("request.nul", N_("The page sent something we do not understand. Reload it."))
