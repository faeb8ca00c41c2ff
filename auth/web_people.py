"""The administrator's page of accounts."""

from quart import Blueprint, Response, request

from auth.password_links import Link
from auth.person import LABELS, Role
from auth.web_request import accounts, current_person, settings
from errors import N_, Refusal
from pages import Form, flash, language, redirect, render

blueprint = Blueprint("people", __name__)


@blueprint.get("/admin/people")
async def people() -> Response:
    """All accounts, and a form for a new one."""
    return await _page(Form())


@blueprint.post("/admin/people")
async def create() -> Response:
    """Open an account."""
    form = Form(await request.form)
    names = ("username", "password", "role", "name_ar", "name_en", "language")
    actor = current_person()
    try:
        made = await accounts().create(actor, **{name: form.value(name) for name in names})
    except Refusal as refusal:
        return await _page(form.refuse(refusal), refusal.status)
    flash(N_("The account is open."))
    if not form.value("password"):
        return await _page(Form(), link=await accounts().password_links.issue(actor, made.id))
    return redirect("people.people")


@blueprint.post("/admin/people/<account>/link")
async def link(account: str) -> Response:
    """A link to set a password, shown this once."""
    made = await accounts().password_links.issue(current_person(), account)
    return await _page(Form(), link=made)


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
    await accounts().set_active(current_person(), account, active)
    flash(N_("The account is open again.") if active else N_("The account is shut."))
    return redirect("people.people")


async def _page(form: Form, status: int = 200, link: Link | None = None) -> Response:
    roles = [(role.value, LABELS[role]) for role in Role if role is not Role.GUEST]
    everybody = await accounts().people(current_person())
    return await render(
        "admin/people.html",
        status=status,
        people=everybody,
        roles=roles,
        form=form,
        link=link,
        link_url=f"{settings().address}/{language()}/p/{link.token}" if link else "",
    )
