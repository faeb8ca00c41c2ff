"""The administrator's page of identities: who waits for an account, what is linked."""

from quart import Blueprint, Response, current_app, request

from auth.identity.linking import Linking
from auth.identity.service import DigitalIdentity
from auth.web_request import accounts, current_person
from errors import N_, Refusal
from pages import Form, flash, language, redirect, render

blueprint = Blueprint("identities", __name__)


def _linking() -> Linking:
    found: Linking = current_app.extensions["auth.linking"]
    return found


@blueprint.get("/admin/identities")
async def page() -> Response:
    """Who waits, what is linked, and a form for a person's number."""
    return await _page(Form())


@blueprint.post("/admin/identities/<waiting>/link")
async def link(waiting: str) -> Response:
    """Give an identity that waits to an account."""
    form = Form(await request.form)
    identity: DigitalIdentity = current_app.extensions["auth.identity"]
    try:
        await identity.link(
            current_person(), waiting, account=form.value("account"), code=form.value("code")
        )
    except Refusal as refusal:
        return await _page(form.refuse(refusal), refusal.status)
    flash(N_("The identity is linked. The person can sign in with it now."))
    return redirect("identities.page")


@blueprint.post("/admin/identities/<identity>/unlink")
async def unlink(identity: str) -> Response:
    """Take an identity from its account."""
    await _linking().unlink(current_person(), identity)
    flash(N_("The identity is no longer linked, and its account is signed out everywhere."))
    return redirect("identities.page")


@blueprint.post("/admin/identities/number")
async def number() -> Response:
    """Write down which Emirates ID number the person of an account has."""
    form = Form(await request.form)
    try:
        await _linking().give_number(current_person(), form.value("person"), form.value("number"))
    except Refusal as refusal:
        return await _page(form.refuse(refusal), refusal.status)
    flash(N_("The number is kept. The person can sign in with a digital identity that has it."))
    return redirect("identities.page")


async def _page(form: Form, status: int = 200) -> Response:
    overview = await _linking().overview(current_person())
    everybody = await accounts().people(current_person())
    names = {one.issuer: one for one in current_app.extensions["auth.identity"].providers}
    return await render(
        "admin/identities.html",
        status=status,
        form=form,
        overview=overview,
        people={one.id: one for one in everybody},
        choices=[
            (one.id, f"{one.name(language())} · {one.username}") for one in everybody if one.active
        ],
        providers=names,
    )
