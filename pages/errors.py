"""Refusals and HTTP errors as a page for people or as JSON for programs."""

import json
from collections.abc import Mapping
from typing import Any, Final

from quart import Quart, Response, current_app, render_template
from werkzeug.exceptions import HTTPException

import i18n
from errors import N_, BadInput, Forbidden, Refusal
from pages.language import language, wants_json
from pages.template import defaults

TITLES: Final = {
    400: N_("Something in this request is wrong"),
    401: N_("Please sign in"),
    403: N_("You may not open this"),
    404: N_("Page not found"),
    405: N_("This address does not take that action"),
    409: N_("This could not be done"),
    410: N_("This is no longer available"),
    413: N_("That is too large"),
    429: N_("Too many attempts"),
    500: N_("Something went wrong on our side"),
}
ADVICE: Final = {
    400: N_("Go back, check what you entered and send it again."),
    401: N_("Sign in and open this page again."),
    403: N_("You are not allowed to do this. Ask the clerk if you think you should."),
    404: N_("We could not find that page. Check the address, or start from your sittings."),
    405: N_("Go back and use the buttons of the page."),
    413: N_("Send something smaller."),
    429: N_("Wait a minute and try again."),
    500: N_("Nothing you sent was half done. Try again; if it happens again, tell the clerk."),
}


def init_app(app: Quart) -> None:
    """Show refusals, HTTP errors and unexpected exceptions of `app`."""
    app.register_error_handler(Refusal, _refused)
    app.register_error_handler(HTTPException, _http_error)


def error_json(refusal: Refusal) -> dict[str, Any]:
    """A refusal for programs. `message` is for people, in the request's language; `source` and
    `params` let a page translate it again when its language changes; `why` is where it is
    explained, for what the policy refused."""
    action = refusal.action if isinstance(refusal, Forbidden) else ""
    return {
        "code": refusal.code,
        "message": i18n.refusal_text(language(), refusal),
        "source": refusal.message,
        "params": refusal.params,
        "field": refusal.field if isinstance(refusal, BadInput) else "",
        "why": f"/why?action={action}&code={refusal.code}" if action else "",
    }


async def _refused(refusal: Refusal) -> Response:
    if wants_json():
        return _json(error_json(refusal), refusal.status)
    action = refusal.action if isinstance(refusal, Forbidden) else ""
    text = i18n.refusal_text(language(), refusal)
    return await _page(refusal.status, text, refusal.code, action)


async def _http_error(error: HTTPException) -> Response:
    status = error.code or 500
    if status < 400:
        return error.get_response()  # type: ignore[return-value]  # routing's own redirects
    advice = ADVICE.get(status, ADVICE[400 if status < 500 else 500])
    if wants_json():
        response = _json(error_json(Refusal(f"http.{status}", advice)), status)
    else:
        response = await _page(status, i18n.translate(language(), advice))
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After"):
            response.headers[name] = value
    return response


async def _page(status: int, advice: str, code: str = "", action: str = "") -> Response:
    title = TITLES.get(status, TITLES[400 if status < 500 else 500])
    context = {
        "status": status,
        "title": title,
        "advice": advice,
        "code": code or f"http.{status}",
        "action": action,
    }
    if status >= 500:  # no context processor: what broke may be what they need
        page = current_app.jinja_env.get_template("errors/error.html")
        body = await page.render_async(defaults() | context)
    else:
        body = await render_template("errors/error.html", **context)
    return Response(body, status=status, content_type="text/html; charset=utf-8")


def _json(body: Mapping[str, Any], status: int) -> Response:
    text = json.dumps(body, ensure_ascii=False)
    return Response(text, status=status, content_type="application/json")
