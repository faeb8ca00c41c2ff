"""Pages of this room: signing in and out, one's own account, the administrator's people.

`init_app` comes after `pages.init_app` and before other rooms' blueprints. Other rooms' views
take `current_person()` from here.
"""

from collections.abc import Sequence

from quart import Blueprint, Quart, Response, request

from auth import demo, web_account, web_account_api, web_people, web_request, web_step_up
from auth.identity import web as identity_pages
from auth.person import LABELS
from auth.service import Accounts, SecondFactorNeeded
from auth.web_request import (
    SignInNeeded,
    accounts,
    browser,
    csrf_token,
    current_login,
    current_person,
    drop_session,
    maybe_login,
    session_token,
    set_session,
    settings,
)
from errors import BadInput, Refusal
from i18n import translate
from pages import Form, language, local_path, redirect_to, render
from settings import Settings

__all__ = [
    "SignInNeeded",
    "accounts",
    "csrf_token",
    "current_login",
    "current_person",
    "drop_session",
    "init_app",
    "maybe_login",
    "session_token",
    "set_session",
    "settings",
]

blueprint = Blueprint("auth", __name__)


def init_app(app: Quart, accounts: Accounts, settings: Settings) -> None:
    """Wire sessions, CSRF and this room's pages into the application."""
    web_request.init_app(app, accounts, settings)
    app.register_blueprint(blueprint)
    app.register_blueprint(web_account.blueprint)
    app.register_blueprint(web_account_api.blueprint)
    app.register_blueprint(web_people.blueprint)
    app.register_blueprint(web_step_up.blueprint)


@blueprint.get("/login")
async def login() -> Response:
    """The sign-in page; who is signed in goes on."""
    target = local_path(request.args.get("next", ""), "")
    if maybe_login() is not None and not current_person().guest:
        return redirect_to(target or f"/{language()}/sittings")
    return await _login_page(Form(), target)


@blueprint.post("/login")
async def sign_in() -> Response:
    """Check the password and start a session."""
    form = Form(await request.form)
    target = local_path(form.value("next"), "")
    try:
        signed_in = await accounts().sign_in(
            form.value("username"), form.value("password"), browser=browser()
        )
    except SecondFactorNeeded as needed:
        return await _code_page(Form(), needed.half, target)
    except Refusal as refusal:
        return await _login_page(form.refuse(refusal), target, refusal.status)
    return set_session(redirect_to(target or f"/{language()}/sittings"), signed_in)


@blueprint.post("/login/code")
async def sign_in_with_code() -> Response:
    """The second half: a code of the second factor."""
    form = Form(await request.form)
    target, half = local_path(form.value("next"), ""), form.value("half")
    try:
        signed_in = await accounts().sign_in_with_code(half, form.value("code"), browser())
    except BadInput as refusal:
        return await _code_page(form.refuse(refusal), half, target, refusal.status)
    except Refusal as refusal:
        if refusal.code == "sign_in.wait":
            return await _code_page(form.refuse(refusal), half, target, refusal.status)
        return await _login_page(Form().refuse(refusal), target, refusal.status)
    return set_session(redirect_to(target or f"/{language()}/sittings"), signed_in)


async def _code_page(form: Form, half: str, target: str, status: int = 200) -> Response:
    return await render("auth/second_factor.html", status=status, form=form, half=half, next=target)


async def _login_page(form: Form, target: str, status: int = 200) -> Response:
    return await render(
        "auth/login.html",
        status=status,
        form=form,
        next=target,
        demo_accounts=_demo_accounts() if settings().demo else [],
    )


def _demo_accounts() -> Sequence[dict[str, str]]:
    spoken = language()
    return [
        {
            "username": username,
            "password": demo.PASSWORD,
            "label": f"{translate(spoken, LABELS[role])} · {names[spoken == 'en']}",
        }
        for username, role, *names in demo.PEOPLE
    ]


@blueprint.post("/logout")
async def sign_out() -> Response:
    """End this browser's session, and the provider's if it began there."""
    address = await identity_pages.end_session_address()
    await accounts().sign_out(session_token())
    return await web_account.signed_out(address)
