"""What every request gets: who is asking, and the check against forged requests.

Views take the person with `current_person()`. In a WebSocket nothing of this applies: a socket
opens with a join ticket.
"""

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from quart import Quart, Response, current_app, g, request, websocket
from quart.ctx import has_request_context, has_websocket_context

from auth import csrf, known_browser, web_limits
from auth import session as sessions
from auth.person import Person
from auth.policy import AssuranceNeeded, Can
from auth.service import Accounts, SignedIn
from auth.session import Browser, Login
from errors import N_, Refusal
from pages import error_json, here, language, local_path, redirect, wants_json
from settings import Settings

VISITOR_DAYS = 30 * 24 * 3600
OPEN = ("/static/", "/favicon.ico")
"""Addresses that are the same for everybody."""
NO_FORMS = frozenset({"identity.backchannel_logout"})
"""Endpoints for other servers: they look at no cookie, and a signed token says who asks."""


class SignInNeeded(Exception):
    """A page for people who are signed in. Browsers go to the sign-in page and come back.

    No Refusal: a view that shows its form again with what was refused has nobody to show it to.
    """

    def __init__(self) -> None:
        super().__init__("policy.signed_out")
        self.refusal = Refusal("policy.signed_out", N_("Sign in first."), status=401)


def init_app(app: Quart, accounts: Accounts, settings: Settings) -> None:
    """Load the session of every request and refuse forged ones."""
    app.extensions["auth"] = accounts
    app.extensions["auth.settings"] = settings
    app.before_request(_load)
    web_limits.init_app(app, accounts.secret, _session_name)
    app.before_request(_check_csrf)
    app.after_request(_set_visitor)
    app.context_processor(_names)
    app.register_error_handler(SignInNeeded, _to_sign_in)
    app.register_error_handler(AssuranceNeeded, _to_step_up)


def accounts() -> Accounts:
    """The application's service."""
    found: Accounts = current_app.extensions["auth"]
    return found


def settings() -> Settings:
    """The application's settings."""
    found: Settings = current_app.extensions["auth.settings"]
    return found


# --- who is asking -----------------------------------------------------------------------------


def current_login() -> Login:
    """The session of this request. Raises SignInNeeded."""
    found = maybe_login()
    if found is None:
        raise SignInNeeded
    return found


def maybe_login() -> Login | None:
    """The session of this request, or None."""
    found: Login | None = g.get("login")
    return found


def current_person() -> Person:
    """Who is asking: an account or a guest. Raises SignInNeeded."""
    return current_login().person


def session_token() -> str:
    """The session cookie as it came, of a request or a WebSocket."""
    current = websocket if has_websocket_context() else request
    return current.cookies.get(_cookie(sessions.COOKIE), "")


def browser() -> Browser:
    """What is known of the browser of this request."""
    known = request.cookies.get(_cookie(known_browser.COOKIE), "")
    agent = request.headers.get("User-Agent", "")
    return Browser(request.remote_addr or "", agent, known, session_token())


def _cookie(name: str) -> str:
    return sessions.cookie_name(name, secure=settings().secure)


def _session_name() -> str:
    login = maybe_login()
    return login.person.id if login else ""


async def _load() -> None:
    g.login = None
    if not request.path.startswith(OPEN):
        g.login = await accounts().login(session_token())


def _to_sign_in(needed: SignInNeeded) -> Response | tuple[dict[str, Any], int]:
    if wants_json():
        return error_json(needed.refusal), needed.refusal.status
    return redirect("auth.login", next=here() if request.method == "GET" else "")


async def _to_step_up(refusal: AssuranceNeeded) -> Response | tuple[dict[str, Any], int]:
    """Remember where the person was, at the server, and lead to the step-up."""
    if wants_json() or refusal.code != "policy.assurance_needed":
        return error_json(refusal), refusal.status
    await accounts().come_back_to(current_login(), _was_at())
    return redirect("step_up.page", level=refusal.need.level.code)


def _was_at() -> str:
    """The page of this request; for a form, the page that it was on."""
    if request.method == "GET":
        return here()
    came_from = urlsplit(request.headers.get("Referer", ""))
    if came_from.netloc != request.host:
        return f"/{language()}/"
    query = f"?{came_from.query}" if came_from.query else ""
    return local_path(came_from.path + query, f"/{language()}/")


def set_session(response: Response, signed_in: SignedIn) -> Response:
    """Put a new session's token into the browser."""
    login = signed_in.login
    lasting = login.until - login.created_at if login.until else None
    # A guest's link works once, so closing the browser must not end the session.
    _set_cookie(response, sessions.COOKIE, signed_in.token, lasting)
    if not login.person.guest:
        known = request.cookies.get(_cookie(known_browser.COOKIE), "")
        value = known_browser.with_account(accounts().secret, known, login.person.id)
        _set_cookie(response, known_browser.COOKIE, value, known_browser.DAYS)
    return response


def drop_session(response: Response) -> Response:
    """Take the session's token out of the browser."""
    response.delete_cookie(
        _cookie(sessions.COOKIE), path="/", secure=settings().secure, httponly=True, samesite="Lax"
    )
    return response


def _set_cookie(
    response: Response, name: str, value: str, max_age: int | timedelta | None = None
) -> None:
    response.set_cookie(
        _cookie(name),
        value,
        max_age=max_age,
        httponly=True,
        samesite="Lax",
        secure=settings().secure,
        path="/",
    )


# --- forged requests ---------------------------------------------------------------------------


def csrf_token() -> str:
    """The token for forms and scripts of this browser; a stranger gets a visitor's cookie."""
    cookie = _csrf_cookie()
    if not cookie:
        cookie = g.new_visitor = sessions.new_token()
    return accounts().form_token(cookie)


def _csrf_cookie() -> str:
    if maybe_login() is not None:
        return session_token()
    known: str = g.get("new_visitor") or request.cookies.get(_cookie(csrf.COOKIE), "")
    return known if len(known) <= 100 else ""


async def _check_csrf() -> None:
    if request.method in csrf.SAFE or request.endpoint in NO_FORMS:
        return
    given = request.headers.get(csrf.HEADER, "")
    if not given and request.mimetype != "application/json":
        given = (await request.form).get(csrf.FIELD, "")
    csrf.check(
        accounts().form_secrets(),
        _csrf_cookie(),
        given,
        origin=request.headers.get("Origin", ""),
        ours=(request.host, settings().address.split("//", 1)[-1]),
    )


def _set_visitor(response: Response) -> Response:
    visitor = g.get("new_visitor")
    if visitor:
        _set_cookie(response, csrf.COOKIE, visitor, VISITOR_DAYS)
    return response


def _names() -> dict[str, Any]:
    login = maybe_login() if has_request_context() else None
    person = login.person if login else None
    return {"person": person, "csrf_token": csrf_token, "can": Can(person)}
