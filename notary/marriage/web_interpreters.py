"""The page on which the court names interpreters: clerk and judge before the day, the officiant of
a booked marriage (R-MR-21)."""

from typing import Any

from quart import Blueprint, Response, request

from auth import policy
from auth.web import current_login, current_person
from errors import N_, BadInput, Forbidden, Refusal
from notary.deeds.web_office import json_body, text, token
from notary.marriage import labels, web_views
from notary.marriage.application import Part
from notary.marriage.core import context
from notary.marriage.interpreting import BY_COURT, Typed, places
from notary.marriage.web_services import court
from notary.marriage.workflow import FileState
from pages import Form, flash, formatter, redirect, render

blueprint = Blueprint("marriage_interpreters", __name__)
FIELDS = (
    *("account", "name_ar", "name_en", "document", "number", "licence"),
    *("relation_to_groom", "relation_to_bride", "email"),
)


@blueprint.get("/marriages/<marriage>/interpreters")
async def interpreters(marriage: str) -> Response:
    """Every language that somebody needs, and who interprets it."""
    return await _page(marriage, Form())


async def _page(marriage: str, form: Form, status: int = 200, link: str = "") -> Response:
    person, services = current_person(), court()
    one = (await services.filing.see(person, marriage)).file
    policy.require(person, "marriage.interpreter", context(person, one))
    known = await services.interpreting.known()
    at = context(person, one)
    replaces = policy.decide(person, "marriage.replace_interpreter", at).possible
    return await render(
        "notary/marriage/interpreters.html",
        status=status,
        form=form,
        file=one,
        link=link,
        places=[
            {
                "place": place,
                "language": formatter().language_name(place.language),
                "needed_by": [web_views.say(labels.PARTS[part]) for part in place.needed_by],
            }
            for place in places(one)
        ],
        accounts=known,
        documents=list(labels.DOCUMENTS.items()),
        relations=list(labels.RELATIONS.items()),
        open_=one.state in BY_COURT or (one.state is FileState.SCHEDULED and replaces),
        booked=one.state is FileState.SCHEDULED,
        back="review" if "queue" in web_views.may(person, one) else "",
    )


async def _answer(marriage: str, form: Form, work: Any, language: str = "") -> Response | str:
    try:
        return str(await work)
    except Forbidden:
        raise
    except Refusal as refusal:
        if isinstance(refusal, BadInput) and refusal.field in FIELDS:
            refusal.field = f"{language}.{refusal.field}"
        return await _page(marriage, form.mend(refusal), refusal.status)


@blueprint.post("/marriages/<marriage>/interpreters")
async def name(marriage: str) -> Response:
    """Name one. Fields: `language`, and with it as their prefix (`ur.number`): `account` or the
    names, `document`, `number`, `licence`, the relations to the spouses, `email`."""
    form = Form(await request.form)
    language = form.value("language")
    typed = Typed(**{field: form.value(f"{language}.{field}") for field in FIELDS})
    work = court().interpreting.name(current_person(), marriage, language, typed)
    done = await _answer(marriage, form, work, language)
    if isinstance(done, Response):
        return done
    flash(N_("The interpreter is named."))
    return redirect("marriage_interpreters.interpreters", marriage=marriage)


@blueprint.post("/api/marriages/<marriage>/interpreter")
async def replace(marriage: str) -> dict[str, Any]:
    """The officiant names another interpreter for a booked day. JSON: the fields of `name`, and
    `authorisation`."""
    body = await json_body()
    language = text(body, "language")
    typed = Typed(**{field: text(body, f"{language}.{field}") for field in FIELDS})
    work = court().interpreting
    one = await work.replace(current_login(), marriage, language, typed, token(body))
    flash(N_("The interpreter is replaced and the sitting booked anew. Both were written to."))
    return {"state": one.state.value, "sitting": one.sitting, "version": one.version}


@blueprint.post("/marriages/<marriage>/interpreters/link")
async def link(marriage: str) -> Response:
    """A link for an interpreter without an account of the court's; shown once. Field: `part`."""
    form = Form(await request.form)
    services = court()
    try:
        part = Part(form.value("part"))
    except ValueError:
        wrong = BadInput("marriage.part", N_("Choose from the list."), field="part")
        return await _page(marriage, form.refuse(wrong), 400)
    work = services.interpreting.link(current_person(), marriage, part)
    done = await _answer(marriage, form, work)
    if isinstance(done, Response):
        return done
    return await _page(marriage, form, link=f"{services.address}/marriages/join/{done}")
