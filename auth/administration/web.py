"""The administrator's pages of organisations, imports and what waits for a second person."""

from quart import Blueprint, Quart, Response, request

from auth.administration.organisation import SORTS
from auth.administration.people_csv import COLUMNS, MOST_BYTES, text_of
from auth.administration.proposal import ACTS
from auth.administration.service import Administration
from auth.person import LABELS
from auth.web_people import administration
from auth.web_request import current_person
from errors import N_, BadInput, Refusal
from pages import Form, flash, redirect, render

blueprint = Blueprint("administration", __name__)


def init_app(app: Quart, administration: Administration) -> None:
    """Wire the pages into the application."""
    app.extensions["mahdar.administration"] = administration
    app.register_blueprint(blueprint)


@blueprint.get("/admin/organisations")
async def organisations() -> Response:
    """All organisations, and a form for a new one."""
    return await _organisations(Form())


@blueprint.post("/admin/organisations")
async def add_organisation() -> Response:
    """Register an organisation."""
    form = Form(await request.form)
    names = ("code", "sort", "name_ar", "name_en")
    try:
        given = {name: form.value(name) for name in names}
        await administration().add_organisation(current_person(), **given)
    except Refusal as refusal:
        return await _organisations(form.refuse(refusal), refusal.status)
    flash(N_("The organisation is registered."))
    return redirect("administration.organisations")


@blueprint.post("/admin/organisations/<organisation>/active")
async def set_active(organisation: str) -> Response:
    """Close an organisation, or open it again."""
    active = (await request.form).get("active") == "1"
    await administration().set_organisation_active(current_person(), organisation, active)
    flash(N_("The organisation is open again.") if active else N_("The organisation is closed."))
    return redirect("administration.organisations")


async def _organisations(form: Form, status: int = 200) -> Response:
    actor = current_person()
    homes = await administration().homes(actor)
    counts: dict[str, int] = {}
    for home in homes.values():
        counts[home.id] = counts.get(home.id, 0) + 1
    return await render(
        "admin/organisations.html",
        status=status,
        organisations=await administration().organisations(actor),
        counts=counts,
        sorts=[(sort.value, title) for sort, title in SORTS.items()],
        form=form,
    )


@blueprint.get("/admin/people/import")
async def import_people() -> Response:
    """Choose a file, or paste it."""
    await administration().organisations(current_person())  # asks the policy
    return await _import(Form())


@blueprint.post("/admin/people/import")
async def preview_import() -> Response:
    """Show what the file would do; with `confirm`, do it."""
    form = Form(await request.form)
    actor = current_person()
    try:
        text = await _text(form)
        if form.value("confirm") == "1":
            count = await administration().bring_in(actor, text)
            opened = N_("The accounts are open: %(count)s. Give each person a password link.")
            flash(opened, count=count)
            return redirect("people.people")
        preview = await administration().preview(actor, text)
    except Refusal as refusal:
        return await _import(form.refuse(refusal), refusal.status)
    status = 400 if preview.faults else 200
    return await _import(Form({"text": text}), status, preview=preview)


async def _text(form: Form) -> str:
    uploaded = (await request.files).get("file")
    if uploaded is not None and uploaded.filename:
        return text_of(uploaded.stream.read(MOST_BYTES + 1))
    text = form.value("text")
    if not text.strip():
        raise BadInput("import.nothing", N_("Choose a file, or paste its lines."), field="file")
    return text_of(text.encode())


async def _import(form: Form, status: int = 200, **found: object) -> Response:
    return await render(
        "admin/import.html",
        status=status,
        form=form,
        columns=COLUMNS,
        titles={role.value: title for role, title in LABELS.items()},
        **found,
    )


@blueprint.get("/admin/proposals")
async def proposals() -> Response:
    """What waits for a second administrator, and what was decided."""
    return await _proposals(Form())


@blueprint.post("/admin/proposals/<proposal>")
async def decide(proposal: str) -> Response:
    """Agree, or turn down."""
    agree = (await request.form).get("agree") == "1"
    try:
        await administration().decide(current_person(), proposal, agree=agree)
    except Refusal as refusal:
        return await _proposals(Form().refuse(refusal), refusal.status)
    flash(N_("You agreed. It is in force now.") if agree else N_("It is turned down."))
    return redirect("administration.proposals")


async def _proposals(form: Form, status: int = 200) -> Response:
    rows = await administration().proposals(current_person())
    acts = {act.value: title for act, title in ACTS.items()}
    return await render("admin/proposals.html", status=status, rows=rows, acts=acts, form=form)
