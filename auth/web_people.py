"""The administrator's page of accounts."""

from quart import Blueprint, Response, current_app, request

from auth.administration.service import Administration
from auth.password_links import Link
from auth.person import LABELS, Role
from auth.web_request import accounts, current_person, settings
from errors import N_, Forbidden, NotFound, Refusal
from pages import Form, flash, language, redirect, render

blueprint = Blueprint("people", __name__)


def administration() -> Administration:
    """The use cases of the administrator."""
    found: Administration = current_app.extensions["mahdar.administration"]
    return found


@blueprint.get("/admin/people")
async def people() -> Response:
    """All accounts, and a form for a new one."""
    return await _page(Form())


@blueprint.post("/admin/people")
async def create() -> Response:
    """Open an account."""
    form = Form(await request.form)
    names = ("username", "password", "role", "name_ar", "name_en", "language", "organisation")
    actor = current_person()
    try:
        given = {name: form.value(name) for name in names}
        made, waits = await administration().create(actor, **given)
    except Refusal as refusal:
        return await _page(form.refuse(refusal), refusal.status)
    flash(_WAITS if waits else N_("The account is open."))
    if not form.value("password") and not waits:
        return await _page(Form(), link=await administration().password_link(actor, made.id))
    return redirect("people.people")


@blueprint.post("/admin/people/<account>/link")
async def link(account: str) -> Response:
    """A link to set a password, shown this once."""
    try:
        made = await administration().password_link(current_person(), account)
    except (Forbidden, NotFound):
        raise
    except Refusal as refusal:
        return await _page(Form().refuse(refusal), refusal.status)
    if made is None:
        flash(_WAITS)
        return redirect("people.people")
    return await _page(Form(), link=made)


@blueprint.post("/admin/people/<account>/methods")
async def reset_methods(account: str) -> Response:
    """Take passkeys and second factor of somebody who lost them away."""
    try:
        waits = await administration().reset_methods(current_person(), account)
    except (Forbidden, NotFound):
        raise
    except Refusal as refusal:
        return await _page(Form().refuse(refusal), refusal.status)
    flash(_WAITS if waits else N_("Passkeys and second factor are taken away."))
    return redirect("people.people")


@blueprint.post("/admin/people/<account>/sign-out")
async def sign_out(account: str) -> Response:
    """End every session of an account."""
    await accounts().end_sessions_of(current_person(), account)
    flash(N_("This person is signed out on every device."))
    return redirect("people.people")


@blueprint.post("/admin/people/<account>/active")
async def set_active(account: str) -> Response:
    """Shut an account, or open it again."""
    active = (await request.form).get("active") == "1"
    waits = await administration().set_active(current_person(), account, active)
    done = N_("The account is open again.") if active else N_("The account is shut.")
    flash(_WAITS if waits else done)
    return redirect("people.people")


@blueprint.post("/admin/people/<account>/role")
async def set_role(account: str) -> Response:
    """Give an account another role."""
    form = Form(await request.form)
    try:
        waits = await administration().set_role(current_person(), account, form.value("role"))
    except Refusal as refusal:
        return await _page(Form().refuse(refusal), refusal.status)
    flash(_WAITS if waits else N_("The role is changed."))
    return redirect("people.people")


@blueprint.post("/admin/people/<account>/organisation")
async def move(account: str) -> Response:
    """Say where an account belongs."""
    form = Form(await request.form)
    try:
        await administration().move(current_person(), account, form.value("organisation"))
    except Refusal as refusal:
        return await _page(Form().refuse(refusal), refusal.status)
    flash(N_("The organisation is changed."))
    return redirect("people.people")


_WAITS = N_("This waits for another administrator to agree.")


async def _page(form: Form, status: int = 200, link: Link | None = None) -> Response:
    roles = [(role.value, LABELS[role]) for role in Role if role is not Role.GUEST]
    actor = current_person()
    everybody = await accounts().people(actor)
    return await render(
        "admin/people.html",
        status=status,
        people=everybody,
        roles=roles,
        form=form,
        organisations=await administration().organisations(actor),
        homes=await administration().homes(actor),
        link=link,
        link_url=f"{settings().address}/{language()}/p/{link.token}" if link else "",
    )
