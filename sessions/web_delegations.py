"""The page of delegations: who acts for whom, and why one may or may not do something.

Both pages need the names of kinds and seats, which `auth` does not know.
"""

from quart import Blueprint, Quart, Response, current_app, request

from auth import policy, policy_words
from auth.delegations import Delegations
from auth.person import Person
from auth.web import current_person
from errors import N_, BadInput, NotFound
from pages import Form, flash, formatter, redirect, render
from sessions.kinds import KINDS
from sessions.phase import FINAL
from sessions.seat import LABELS
from sessions.web_forms import instant
from sessions.web_services import services

blueprint = Blueprint("delegations", __name__)
KEY = "delegations"


def init_app(app: Quart, delegations: Delegations) -> None:
    """Give the application these pages."""
    app.extensions[KEY] = delegations
    app.register_blueprint(blueprint)


def _delegations() -> Delegations:
    found: Delegations = current_app.extensions[KEY]
    return found


@blueprint.get("/delegations")
async def delegations() -> Response:
    """What one gave and holds; for an administrator all. `?new=1`: whoever must first prove better
    who they are is led there before anything is written, not after."""
    person = current_person()
    decision = _delegations().granting(person)
    if request.args.get("new") and decision.need is not None:
        raise policy.refusal(decision, "delegation.grant")
    return await _page(Form())


@blueprint.post("/delegations")
async def grant() -> Response:
    """Let somebody act for somebody. Fields: `delegator delegate from until kind sitting
    reason`."""
    person = current_person()
    form = Form(await request.form)
    errors: list[BadInput] = []
    zone = services().sittings.zone
    starts_at = instant(form, "from", zone, errors)
    ends_at = instant(form, "until", zone, errors)
    kind, sitting = form.value("kind"), form.value("sitting").strip()
    if kind and kind not in KINDS:
        errors.append(BadInput("booking.kind", N_("Choose a kind of sitting."), field="kind"))
    try:
        if sitting:
            await services().sittings.get(person, sitting)  # only one that the person may see
        if errors:
            policy.require(person, "delegation.list")
            for error in errors:
                form.refuse(error)
            return await _page(form, 400)
        await _delegations().grant(
            person,
            form.value("delegator") or person.id,
            form.value("delegate"),
            starts_at,
            ends_at,
            kind=kind,
            sitting=sitting,
            reason=form.value("reason"),
        )
    except (BadInput, NotFound) as refusal:
        return await _page(form.refuse(refusal), refusal.status)
    flash(N_("The delegation is written down."))
    return redirect("delegations.delegations")


@blueprint.post("/delegations/<delegation>/withdraw")
async def withdraw(delegation: str) -> Response:
    """End it now."""
    await _delegations().withdraw(current_person(), delegation)
    flash(N_("The delegation is withdrawn; it counts no more."))
    return redirect("delegations.delegations")


async def _page(form: Form, status: int = 200) -> Response:
    person = current_person()
    return await render(
        "sessions/delegations.html",
        status=status,
        form=form,
        found=await _delegations().of(person),
        choices=await _delegations().choices(person),
        kinds=[(kind.code, kind.title) for kind in KINDS.values()],
        kind_titles={kind.code: kind.title for kind in KINDS.values()},
        own=person.role != "administrator",
        confirm_first=_delegations().granting(person).need is not None,
        sittings=await _sittings(person),
    )


async def _sittings(person: Person) -> list[tuple[str, str]]:
    """What is still to come of one's own, to choose one of: id, and time with case number."""
    mine = await services().sittings.mine(person)
    told = formatter()
    return [
        (one.sitting.id, f"{told.datetime(one.sitting.starts_at)} · {one.sitting.case_number}")
        for one in (*mine.today, *mine.upcoming)
        if one.sitting.phase not in FINAL
    ]


@blueprint.get("/why")
async def why() -> Response:
    """Which lines the policy has for an action, which condition failed, and whom to ask.

    `?action=` and `?code=` come from the refusal. The table of permissions is no secret.
    """
    action = request.args.get("action", "")
    if action not in policy.RULES:
        raise NotFound("policy.unknown_action", N_("There is no such permission."))
    found = policy_words.explain(action, request.args.get("code", ""))
    return await render("sessions/why.html", found=found, seat_titles=LABELS)
