"""Going to an identity provider and coming back; what it says when nobody is signed in."""

import json
from typing import Any

from quart import Blueprint, Quart, Response, current_app, g, request

from auth import web_request
from auth.assurance import Level
from auth.identity import flow, web_admin
from auth.identity.linking import Linking
from auth.identity.provider import Provider
from auth.identity.refusals import IdentityRefused, NoAccount
from auth.identity.service import Answer, DigitalIdentity
from auth.web_request import drop_session, maybe_login, set_session, settings
from errors import N_
from i18n import LANGUAGES
from pages import error_json, flash, language, local_path, redirect, redirect_to, render, wants_json

COOKIE = "mahdar_identity"
"""A random value that binds a flow to the browser in which it began."""
LONGEST = 4096
"""Characters of a parameter that comes back; codes have some dozens."""

blueprint = Blueprint("identity", __name__)


def init_app(app: Quart, identity: DigitalIdentity, linking: Linking) -> None:
    """Wire the pages of digital identity into the application. Call it after `auth.web`."""
    app.extensions["auth.identity"] = identity
    app.extensions["auth.linking"] = linking
    app.register_blueprint(blueprint)
    app.register_blueprint(web_admin.blueprint)
    app.context_processor(lambda: {"identity_providers": identity.providers})


def identity() -> DigitalIdentity:
    """The application's service."""
    found: DigitalIdentity = current_app.extensions["auth.identity"]
    return found


def providers() -> list[Provider]:
    """Those that people may sign in with; none in an application without digital identity."""
    found: DigitalIdentity | None = current_app.extensions.get("auth.identity")
    return found.providers if found else []


@blueprint.get("/identity/<provider>/start")
async def start(provider: str) -> Response:
    """Send the browser to the provider: to sign in, or with `level` to step up and come back.

    A GET, since a form may not lead to another site (CSP form-action). It changes nothing but
    that a flow is remembered; a page of another site cannot begin one.
    """
    target = local_path(request.args.get("next", ""), "")
    if request.headers.get("Sec-Fetch-Site", "none") not in ("same-origin", "none"):
        return redirect("auth.login", next=target)
    login, wanted = maybe_login(), _level(request.args.get("level", ""))
    stepping_up = login is not None and not login.person.guest and wanted is not None
    browser = _browser()
    try:
        address = await identity().start(
            provider,
            browser=browser,
            language=language(),
            target=target,
            login=login if stepping_up else None,
            level=wanted or Level.LOW,
            anew="anew" in request.args,
        )
    except IdentityRefused as refusal:
        return await _refused(refusal, provider)
    response = Response(b"", status=303, headers={"Location": address})
    response.set_cookie(
        COOKIE,
        browser,
        max_age=int(flow.LIFETIME.total_seconds()),
        httponly=True,
        samesite="Lax",  # the way back begins at another site
        secure=settings().secure,
        path="/",
    )
    return response


def _browser() -> str:
    known = request.cookies.get(COOKIE, "")
    return known if 40 <= len(known) <= 100 else flow.random()


def _level(code: str) -> Level | None:
    return {level.code: level for level in Level if level}.get(code)


@blueprint.get("/identity/<provider>/callback")
async def callback(provider: str) -> Response:
    """The provider sends the browser back."""
    given = {name: request.args.get(name, "") for name in ("state", "code", "error", "iss")}
    if any(len(value) > LONGEST for value in given.values()):
        given = dict.fromkeys(given, "")
    answer = Answer(given["state"], given["code"], given["error"], given["iss"])
    try:
        signed_in, target = await identity().finish(
            provider,
            answer,
            browser=request.cookies.get(COOKIE, ""),
            login=maybe_login(),
            seen=web_request.browser(),
        )
    except IdentityRefused as refusal:
        return await _refused(refusal, provider)
    return set_session(redirect_to(target or f"/{language()}/sittings"), signed_in)


async def _refused(refusal: IdentityRefused, provider: str) -> Response:
    if wants_json():
        return _json(error_json(refusal), refusal.status)
    current = language()
    other = next(name for name in LANGUAGES if name != current)
    login = maybe_login()
    return await render(
        "auth/identity_refused.html",
        status=refusal.status,
        refusal=refusal,
        reference=refusal.reference if isinstance(refusal, NoAccount) else "",
        again=provider if any(one.id == provider for one in providers()) else "",
        signed_in=login is not None,
        # This address holds a state that is used up: the other language begins at the sign-in.
        other_language_url=f"/{other}/login",
    )


def _json(body: dict[str, Any], status: int) -> Response:
    return Response(json.dumps(body), status=status, content_type="application/json")


@blueprint.post("/identity/<provider>/backchannel-logout")
async def backchannel_logout(provider: str) -> Response:
    """The provider's server says that somebody signed out there (Back-Channel Logout 1.0).

    No session and no form token: the signed logout token proves who asks. Its section 2.8 asks
    for 400 where we refuse.
    """
    token = (await request.form).get("logout_token", "")
    try:
        await identity().signed_out_by_provider(provider, token)
    except IdentityRefused as refusal:
        body = {"error": "invalid_request", **error_json(refusal)}
        return _json(body, 400)
    return Response(b"", status=200)


@blueprint.get("/identity/signed-out")
async def signed_out() -> Response:
    """Back from the provider after signing out there."""
    flash(N_("You are signed out here and at your identity provider."))
    return redirect("auth.login")


async def end_session_address() -> str:
    """Where this browser must go to be signed out at its provider too; empty: nowhere.

    Ask before the session is ended.
    """
    found: DigitalIdentity | None = current_app.extensions.get("auth.identity")
    return await found.end_session_address(maybe_login()) if found else ""


async def sign_out_page(address: str) -> Response:
    """This browser is signed out here; go on to the provider, so that it signs out too."""
    g.login = None
    return drop_session(await render("auth/identity_sign_out.html", address=address))
