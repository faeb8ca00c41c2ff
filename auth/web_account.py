"""'My account': name, language, password, passkeys, second factor, sessions.

Whatever changes how somebody proves who they are asks first for as much (`require_methods`), by
the step-up and back to here.
"""

import segno
from markupsafe import Markup
from quart import Blueprint, Response, request

from auth import policy
from auth.assurance import LEVELS, METHODS
from auth.identity import web as identity_pages
from auth.web_request import (
    accounts,
    browser,
    current_login,
    current_person,
    drop_session,
    settings,
)
from errors import N_, BadInput, Refusal
from i18n import LANGUAGES
from pages import Form, flash, language, redirect, redirect_to, render

blueprint = Blueprint("account", __name__)


@blueprint.get("/account")
async def page() -> Response:
    """One's own account."""
    policy.require(current_person(), "account.own")
    return await _page(Form())


@blueprint.post("/account/language")
async def choose_language() -> Response:
    """The language of pages and notices."""
    form = Form(await request.form)
    chosen = form.value("language")
    try:
        await accounts().choose_language(current_person(), chosen)
    except Refusal as refusal:
        return await _page(form.refuse(refusal), refusal.status)
    flash(N_("Your language is saved."))
    return redirect_to(f"/{chosen if chosen in LANGUAGES else language()}/account")


@blueprint.post("/account/password")
async def change_password() -> Response:
    """A new password; every other session of the account ends."""
    form = Form(await request.form)
    login = current_login()
    try:
        await accounts().change_password(
            login.person,
            form.value("old_password"),
            form.value("new_password"),
            address=request.remote_addr or "",
            keep=login.id,
        )
    except Refusal as refusal:
        if isinstance(refusal, BadInput) and refusal.field == "password":
            code, message = refusal.code, refusal.message
            refusal = BadInput(code, message, field="new_password", **refusal.params)
        return await _page(form.refuse(refusal), refusal.status)
    flash(N_("Your password is changed. You are signed out everywhere else."))
    return redirect("account.page")


# --- sessions ------------------------------------------------------------------------------------


@blueprint.post("/account/sessions/<id>/end")
async def end_session(id: str) -> Response:
    """Sign one device out."""
    login = current_login()
    await accounts().end_session(login, id)
    if id == login.id:
        return drop_session(redirect("auth.login"))
    flash(N_("That device is signed out."))
    return redirect("account.page")


@blueprint.post("/account/sign-out-everywhere")
async def sign_out_everywhere() -> Response:
    """End every session of the account, and the provider's if this one began there."""
    address = await identity_pages.end_session_address()
    await accounts().sign_out_everywhere(current_person())
    flash(N_("You are signed out on every device."))
    return await signed_out(address)


async def signed_out(address: str) -> Response:
    """This browser is signed out; `address` is where the provider signs out too, if it must."""
    if address:
        return await identity_pages.sign_out_page(address)
    return drop_session(redirect("auth.login"))


# --- passkeys ------------------------------------------------------------------------------------


@blueprint.get("/account/passkeys/new")
async def new_passkey() -> Response:
    """The page that asks the device for a new key."""
    await accounts().require_methods(current_login())
    return await render("auth/passkey_new.html")


@blueprint.post("/account/passkeys/<id>/remove")
async def remove_passkey(id: str) -> Response:
    """Take a key away."""
    await accounts().require_methods(current_login())
    await accounts().passkeys.remove(current_person(), id)
    flash(N_("The passkey is removed. It signs nobody in any more."))
    return redirect("account.page")


# --- the second factor ---------------------------------------------------------------------------


@blueprint.post("/account/second-factor/begin")
async def begin_second_factor() -> Response:
    """A new secret for an authenticator application."""
    await accounts().require_methods(current_login())
    await accounts().second_factors.begin(current_person())
    return redirect("account.second_factor")


@blueprint.get("/account/second-factor")
async def second_factor() -> Response:
    """The secret as a picture, and the question for its first code."""
    await accounts().require_methods(current_login())
    return await _second_factor(Form())


@blueprint.post("/account/second-factor")
async def confirm_second_factor() -> Response:
    """The first code; the recovery codes are shown this once."""
    await accounts().require_methods(current_login())
    form = Form(await request.form)
    try:
        codes = await accounts().second_factors.confirm(current_person(), form.value("code"))
    except Refusal as refusal:
        return await _second_factor(form.refuse(refusal), refusal.status)
    return await render("auth/recovery_codes.html", codes=codes)


@blueprint.post("/account/second-factor/codes")
async def new_codes() -> Response:
    """New recovery codes, shown this once."""
    await accounts().require_methods(current_login())
    codes = await accounts().second_factors.new_codes(current_person())
    return await render("auth/recovery_codes.html", codes=codes)


@blueprint.post("/account/second-factor/remove")
async def remove_second_factor() -> Response:
    """Sign in with the password alone again."""
    await accounts().require_methods(current_login())
    await accounts().second_factors.remove(current_person())
    flash(N_("The second factor is removed."))
    return redirect("account.page")


async def _second_factor(form: Form, status: int = 200) -> Response:
    found = await accounts().second_factors.pending(current_person())
    if found is None:
        return redirect("account.page")
    drawing = segno.make(found.address, error="m", micro=False)
    return await render(
        "auth/second_factor_new.html",
        status=status,
        form=form,
        qr=Markup(drawing.svg_inline(border=4, light="white", omitsize=True)),  # noqa: S704  # no text
        secret=" ".join(found.secret[at : at + 4] for at in range(0, len(found.secret), 4)),
    )


# --- a link to set a password --------------------------------------------------------------------

LINK = "password_link"


@blueprint.get("/p/<token>")
async def open_link(token: str) -> Response:
    """Move the token from the address into a cookie, so that no other page sees it."""
    response = redirect("account.set_password")
    response.set_cookie(
        LINK,
        token[:100],
        max_age=1800,
        httponly=True,
        samesite="Lax",
        path="/",
        secure=settings().secure,
    )
    return response


@blueprint.get("/set-password")
async def set_password() -> Response:
    """The form of a link."""
    return await _set_password(Form())


@blueprint.post("/set-password")
async def use_link() -> Response:
    """Set the password and go to the sign-in page."""
    form = Form(await request.form)
    token = request.cookies.get(LINK, "")
    if form.value("password") != form.value("again"):
        differs = BadInput("password.differs", N_("The two passwords differ."), field="again")
        return await _set_password(form.refuse(differs), 400)
    try:
        await accounts().password_links.use(token, form.value("password"))
    except Refusal as refusal:
        return await _set_password(form.refuse(refusal), refusal.status)
    flash(N_("Your password is set. Sign in with it."))
    response = drop_session(redirect("auth.login"))
    response.delete_cookie(LINK, path="/")
    return response


async def _set_password(form: Form, status: int = 200) -> Response:
    try:
        person = await accounts().password_links.see(request.cookies.get(LINK, ""))
    except Refusal as refusal:
        over = Form().refuse(refusal)
        return await render("auth/set_password.html", status=410, form=over, who=None)
    return await render("auth/set_password.html", status=status, form=form, who=person)


# --- the page ------------------------------------------------------------------------------------


async def _page(form: Form, status: int = 200) -> Response:
    login, who = current_login(), accounts()
    return await render(
        "auth/account.html",
        status=status,
        form=form,
        login=login,
        level=LEVELS[login.person.assurance.level],
        methods=METHODS,
        has_password=await who.has_password(login.person),
        passkeys=await who.passkeys.of(login.person),
        factor=await who.second_factors.status(login.person),
        sessions=await who.sessions(login),
        network=who.network(browser().address),
    )
