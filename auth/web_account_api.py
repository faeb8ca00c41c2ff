"""What browsers' scripts ask of this room: passkeys, and the confirmation of an act. JSON.

Answers of authenticators come as `PublicKeyCredential.toJSON` writes them.
"""

from typing import Any

import msgspec
from quart import Blueprint, Response, jsonify, request
from quart_schema import document_request

from auth import policy
from auth.service import SignedIn
from auth.web_request import accounts, browser, current_login, set_session
from pages import language, local_path
from pages.bodies import read_json

blueprint = Blueprint("account_api", __name__, url_prefix="/api")


class _Answer(msgspec.Struct, forbid_unknown_fields=True):
    """An authenticator's answer."""

    answer: dict[str, Any]
    name: str = ""
    """Of a new key."""
    next: str = ""
    """Where to go after signing in."""


class _Ask(msgspec.Struct, forbid_unknown_fields=True):
    """The act that is to be confirmed."""

    act: str
    object: str
    digest: str


class _Confirm(msgspec.Struct, forbid_unknown_fields=True):
    """How it is confirmed."""

    method: str
    answer: dict[str, Any]


# --- passkeys ------------------------------------------------------------------------------------


@blueprint.post("/passkeys/sign-in")
async def begin_sign_in() -> Response:
    """Ask whoever is there for a passkey of this site."""
    return jsonify((await accounts().passkeys.begin("sign_in")).body())


@blueprint.post("/passkeys/sign-in/<id>")
@document_request(_Answer)
async def sign_in(id: str) -> Response:
    """Sign in whoever's key answered."""
    body = await read_json(_Answer)
    signed_in = await accounts().sign_in_by_passkey(id, body.answer, browser())
    return _goes_on(signed_in, local_path(body.next, ""))


@blueprint.post("/passkeys/step-up")
async def begin_step_up() -> Response:
    """Ask who is signed in for one of their own keys."""
    login = current_login()
    policy.require(login.person, "account.own")
    return jsonify((await accounts().passkeys.begin("step_up", login)).body())


@blueprint.post("/passkeys/step-up/<id>")
@document_request(_Answer)
async def step_up(id: str) -> Response:
    """The session is as sure as the key, and the person goes back to where they were."""
    body = await read_json(_Answer)
    signed_in, target = await accounts().step_up_by_passkey(current_login(), id, body.answer)
    return _goes_on(signed_in, target)


def _goes_on(signed_in: SignedIn, target: str) -> Response:
    return set_session(jsonify({"next": target or f"/{language()}/sittings"}), signed_in)


@blueprint.post("/passkeys")
async def begin_adding() -> Response:
    """Ask a device for a new key."""
    await accounts().require_methods(current_login())
    return jsonify((await accounts().passkeys.begin_adding(current_login())).body())


@blueprint.post("/passkeys/<id>")
@document_request(_Answer)
async def finish_adding(id: str) -> Response:
    """Store the new key."""
    body = await read_json(_Answer)
    login = current_login()
    await accounts().require_methods(login)
    key = await accounts().passkeys.finish_adding(login, id, body.answer, body.name)
    return jsonify({"passkey": key.id, "next": f"/{language()}/account"})


# --- the confirmation of an act ------------------------------------------------------------------


@blueprint.post("/authorise")
@document_request(_Ask)
async def ask() -> Response:
    """Begin the confirmation of one act: the ways that are enough, and a passkey's challenge."""
    body = await read_json(_Ask)
    question = await accounts().stepup.begin(current_login(), body.act, body.object, body.digest)
    return jsonify(question.body())


@blueprint.post("/authorise/<id>")
@document_request(_Confirm)
async def confirm(id: str) -> Response:
    """Confirm it: the token goes with the act, once, within two minutes."""
    body = await read_json(_Confirm)
    found = await accounts().stepup.finish(
        current_login(), id, body.method, body.answer, address=request.remote_addr or ""
    )
    return jsonify({"authorisation": found.token})
