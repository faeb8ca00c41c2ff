"""The marriage inside the live room: a part of a page with the steps of the officiant and of
everybody (static/js/deed.js sends its forms), and the signing."""

from typing import Any

from quart import Blueprint, Response, render_template

from audit.leaf import JSON
from auth import policy
from auth.web import current_login, current_person
from errors import N_, BadInput
from notary.deeds.web_office import json_body, text, token
from notary.marriage import web_panel
from notary.marriage.application import Part
from notary.marriage.core import context
from notary.marriage.file import File
from notary.marriage.majlis import Act
from notary.marriage.officiating import track_of
from notary.marriage.web_services import court

blueprint = Blueprint("marriage_session", __name__)


@blueprint.get("/marriages/session/<sitting>")
async def part(sitting: str) -> Response:
    """The part for the room's page, as this person may see it."""
    person, services = current_person(), court()
    one, scene = await services.conducting.scene(person, sitting)
    one = await services.contracting.follow(one.id)
    turn = await services.contracting.turn(one)
    seen = await services.filing.see(person, one.id)
    me = one.part_of(person.id)
    body = await render_template(
        "marriage/session_part.html",
        **web_panel.shown(
            one,
            track_of(services.core, one),
            services.core.zone,
            scene,
            turn,
            me,
            officiant=bool(policy.decide(person, "marriage.conduct", context(person, one))),
            lines=services.writing.lines(one, scene, me),
            history=seen.history,
        ),
    )
    response = Response(body, content_type="text/html; charset=utf-8")
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.post("/api/marriages/<marriage>/conduct")
async def conduct(marriage: str) -> dict[str, Any]:
    """A step of the officiant. JSON: `step` and what it takes. Answers state and version."""
    body, person = await json_body(), current_person()
    work, signing = court().conducting, court().contracting
    match body.get("step"):
        case "open":
            one = await work.open(person, marriage)
        case "verify":
            who, document = _part(body), text(body, "document")
            one = await work.verify(person, marriage, who, document, text(body, "last4"))
        case "consent":
            given = body.get("given") in (True, "1")
            one = await work.consent(person, marriage, _part(body), given, _ticked(body, "asked_"))
        case "unite":
            one = await work.unite(person, marriage)
        case "read":
            one = await work.read(person, marriage, _ticked(body, "item_"))
        case "offer" | "accept" as act:
            one = await work.utter(person, marriage, Act(act), text(body, "form") or "spoken")
        case "suspend":
            one = await work.suspend(person, marriage, text(body, "words"))
        case "resume":
            one = await work.resume(person, marriage)
        case "begin_signing":
            one = await signing.begin(person, marriage)
        case "break_off":
            one = await signing.break_off(person, marriage, text(body, "words"))
        case _:
            raise _unknown_step()
    return _answer(one)


@blueprint.post("/api/marriages/<marriage>/own")
async def own(marriage: str) -> dict[str, Any]:
    """What somebody says of oneself. JSON: `step`: heard, cannot_hear, or offer and accept in
    writing with `words`."""
    body, person = await json_body(), current_person()
    work = court().conducting
    match body.get("step"):
        case "heard":
            one = await work.heard(person, marriage)
        case "cannot_hear":
            one = await work.cannot_hear(person, marriage)
        case "offer" | "accept" as act:
            words = text(body, "words")
            one = await work.utter(person, marriage, Act(act), "written", words)
        case _:
            raise _unknown_step()
    return _answer(one)


@blueprint.post("/api/marriages/<marriage>/private")
async def private(marriage: str) -> dict[str, Any]:
    """Write to the other in the private room. JSON: `words`, or the officiant's `question`."""
    body = await json_body()
    work, question = court().writing, text(body, "question")
    await work.write(current_person(), marriage, text(body, "words"), question)
    return {}


@blueprint.post("/api/marriages/<marriage>/sign")
async def sign(marriage: str) -> dict[str, Any]:
    """One's own signature on the contract. JSON: `authorisation`."""
    body = await json_body()
    return _answer(await court().contracting.sign(current_login(), marriage, token(body)))


def _part(body: dict[str, Any]) -> Part:
    try:
        return Part(text(body, "part"))
    except ValueError:
        raise BadInput("marriage.who", N_("Choose a person from the list."), field="part") from None


def _ticked(body: dict[str, Any], prefix: str) -> list[str]:
    return [
        name.removeprefix(prefix)
        for name, value in body.items()
        if name.startswith(prefix) and value in (True, "1")
    ]


def _unknown_step() -> BadInput:
    return BadInput("marriage.step", N_("The page sent something we do not understand."))


def _answer(one: File) -> dict[str, JSON]:
    stage = one.majlis.stage.value if one.majlis else ""
    return {"state": one.state.value, "stage": stage, "version": one.version}
