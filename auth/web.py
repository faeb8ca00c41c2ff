"""Pages of this room: signing in and out, one's own account, the administrator's people.

`init_app` comes after `pages.init_app` and before other rooms' blueprints. Other rooms' views
take `current_person()` from here.
"""

from collections.abc import Sequence

from quart import Blueprint, Quart, Response, request

from auth import demo, policy, web_people, web_request, web_step_up
from auth.identity import web as identity_pages
from auth.person import LABELS
from auth.service import Accounts
from auth.web_request import (
    SignInNeeded,
    accounts,
    csrf_token,
    current_login,
    current_person,
    drop_session,
    maybe_login,
    session_token,
    set_session,
    settings,
)
from errors import N_, BadInput, Refusal
from i18n import LANGUAGES, translate
from pages import Form, flash, language, local_path, redirect, redirect_to, render
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
            form.value("username"),
            form.value("password"),
            address=request.remote_addr or "",
            old_token=session_token(),
        )
    except Refusal as refusal:
        return await _login_page(form.refuse(refusal), target, refusal.status)
    return set_session(redirect_to(target or f"/{language()}/sittings"), signed_in)


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
    return await _signed_out(address)


async def _signed_out(address: str) -> Response:
    if address:
        return await identity_pages.sign_out_page(address)
    return drop_session(redirect("auth.login"))


@blueprint.get("/account")
async def account() -> Response:
    """One's own account."""
    policy.require(current_person(), "account.own")
    return await render("auth/account.html", form=Form())


@blueprint.post("/account/language")
async def choose_language() -> Response:
    """The language of pages and notices."""
    form = Form(await request.form)
    chosen = form.value("language")
    try:
        await accounts().choose_language(current_person(), chosen)
    except Refusal as refusal:
        return await _account_page(form, refusal)
    flash(N_("Your language is saved."))
    return redirect_to(f"/{chosen if chosen in LANGUAGES else language()}/account")


@blueprint.post("/account/password")
async def change_password() -> Response:
    """A new password; every session of the account ends."""
    form = Form(await request.form)
    try:
        await accounts().change_password(
            current_person(),
            form.value("old_password"),
            form.value("new_password"),
            address=request.remote_addr or "",
        )
    except Refusal as refusal:
        return await _account_page(form, refusal)
    flash(N_("Your password is changed. Sign in with the new one."))
    return drop_session(redirect("auth.login"))


@blueprint.post("/account/sign-out-everywhere")
async def sign_out_everywhere() -> Response:
    """End every session of the account."""
    address = await identity_pages.end_session_address()
    await accounts().sign_out_everywhere(current_person())
    flash(N_("You are signed out on every device."))
    return await _signed_out(address)


async def _account_page(form: Form, refusal: Refusal) -> Response:
    if isinstance(refusal, BadInput) and refusal.field == "password":
        refusal = BadInput(refusal.code, refusal.message, field="new_password", **refusal.params)
    page = form.refuse(refusal)
    return await render("auth/account.html", status=refusal.status, form=page)
