"""The page that an invitation opens.

The link holds the token in its path, since a person copies it from a letter. The first request
moves it into a short-lived cookie and goes to an address without it, so that it stays out of the
browser's history, of Referer headers and of what a page may log. Nothing is used up before the
person confirms, so a mail scanner that follows links does no harm.
"""

from quart import Blueprint, Response, request

from auth.web import maybe_login, session_token, set_session, settings
from errors import Refusal
from pages import language, redirect_to, render
from sessions.invitations import Opened
from sessions.kinds import KINDS
from sessions.seat import LABELS
from sessions.web_services import services

blueprint = Blueprint("guests", __name__)
COOKIE = "mahdar_invitation"
MINUTES = 60


@blueprint.get("/invitation/<token>")
async def follow(token: str) -> Response:
    """Take the token out of the address."""
    response = redirect_to(f"/{language()}/invitation")
    response.set_cookie(
        COOKIE,
        token[:100],
        max_age=MINUTES * 60,
        httponly=True,
        samesite="Lax",
        secure=settings().secure,
    )
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@blueprint.get("/invitation")
async def landing() -> Response:
    """What the invitation is for; a browser that confirmed before goes straight on."""
    try:
        opened = await services().invitations.open(_token(), maybe_login())
    except Refusal as refusal:
        return await _refused(refusal)
    if opened.confirmed:
        return _go_on(opened.sitting.id)
    return await _page(opened)


@blueprint.post("/invitation")
async def confirm() -> Response:
    """'It is me': the link is used up and this browser sits on the seat."""
    invitations = services().invitations
    try:
        opened = await invitations.open(_token(), maybe_login())
        signed_in = await invitations.confirm(
            _token(), language(), maybe_login(), old_token=session_token()
        )
    except Refusal as refusal:
        return await _refused(refusal)
    response = _go_on(opened.sitting.id)
    response.delete_cookie(COOKIE)
    return set_session(response, signed_in) if signed_in else response


def _token() -> str:
    return request.cookies.get(COOKIE, "")


def _go_on(sitting: str) -> Response:
    return redirect_to(f"/{language()}/sittings/{sitting}/room")


async def _page(opened: Opened) -> Response:
    return await render(
        "sessions/invitation.html",
        sitting=opened.sitting,
        kind_title=KINDS[opened.sitting.kind].title,
        seat=opened.seat,
        role_title=LABELS[opened.seat.role],
    )


async def _refused(refusal: Refusal) -> Response:
    return await render("sessions/invitation.html", status=refusal.status, refusal=refusal)
