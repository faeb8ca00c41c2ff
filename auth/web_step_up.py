"""The step-up: somebody who is signed in proves once more, in a stronger way, who they are.

Where they go back to is remembered at the server (`Accounts.come_back_to`).
"""

from quart import Blueprint, Response, request

from auth.assurance import LEVELS, METHODS, Level, Method
from auth.web_request import accounts, current_login, set_session
from errors import Refusal
from pages import Form, language, redirect_to, render

blueprint = Blueprint("step_up", __name__)


@blueprint.get("/step-up")
async def page() -> Response:
    """What is needed, and the ways to prove it."""
    return await _page(Form(), _wanted(request.args.get("level", "")))


@blueprint.post("/step-up/password")
async def by_password() -> Response:
    """The password again."""
    form = Form(await request.form)
    try:
        signed_in, target = await accounts().step_up_by_password(
            current_login(), form.value("password"), address=request.remote_addr or ""
        )
    except Refusal as refusal:
        wanted = _wanted(form.value("level"))
        return await _page(form.refuse(refusal), wanted, refusal.status)
    return set_session(redirect_to(target or f"/{language()}/sittings"), signed_in)


@blueprint.post("/step-up/code")
async def by_code() -> Response:
    """A code of the second factor."""
    form = Form(await request.form)
    try:
        signed_in, target = await accounts().step_up_by_code(current_login(), form.value("code"))
    except Refusal as refusal:
        wanted = _wanted(form.value("level"))
        return await _page(form.refuse(refusal), wanted, refusal.status)
    return set_session(redirect_to(target or f"/{language()}/sittings"), signed_in)


def _wanted(code: str) -> Level:
    known = {level.code: level for level in Level}
    return known.get(code, Level.MEDIUM)


async def _page(form: Form, wanted: Level, status: int = 200) -> Response:
    login = current_login()
    ways = await accounts().ways(login, wanted)
    return await render(
        "auth/step_up.html",
        status=status,
        form=form,
        level=wanted.code,
        wanted=LEVELS[wanted],
        has=LEVELS[login.person.assurance.level],
        method=METHODS[login.method],
        by_passkey=Method.PASSKEY in ways,
        by_code=Method.TOTP in ways,
        by_password=Method.PASSWORD in ways,
    )
