"""The marriage inside the live room: a part of a page with the steps of the officiant and of
everybody (static/js/deed.js sends its forms), and the signing."""

from collections.abc import Sequence
from typing import Any

from quart import Blueprint, Response, render_template

from audit.leaf import JSON
from auth import policy
from auth.web import current_login, current_person
from errors import N_, BadInput
from notary.deeds.web_office import json_body, text, token
from notary.marriage import papers
from notary.marriage.application import Part
from notary.marriage.conducting import BRIDES, DOCUMENTS
from notary.marriage.core import context
from notary.marriage.file import File
from notary.marriage.helped import WRITING
from notary.marriage.majlis import Act, Stage
from notary.marriage.officiating import track_of
from notary.marriage.scene import Scene
from notary.marriage.web_services import court
from notary.marriage.workflow import FileState
from notary.marriage.writing import WORDS_MOST, Line, with_whom
from pages import formatter, language

blueprint = Blueprint("marriage_session", __name__)
STEPS = (
    ("gathering", N_("Identities and consent")),
    ("united", N_("All together, on record")),
    ("read", N_("Read aloud")),
    ("offered", N_("Offer")),
    ("accepted", N_("Acceptance")),
    ("confirmed", N_("Witnesses")),
    ("signed", N_("Signatures")),
)
VOIDS = {
    "majlis.void.dropped": N_("somebody dropped out"),
    "majlis.void.line": N_("a line was measured as too poor to hear"),
    "majlis.void.off_record": N_("the record stopped"),
    "majlis.void.consent": N_("a consent was withdrawn"),
    "majlis.void.cannot_hear": N_("somebody did not hear"),
    "majlis.void.device": N_("another device took a seat"),
    "majlis.void.suspended": N_("the sitting was suspended"),
}
READING = (
    ("status", N_("Status of both before this marriage")),
    ("impediments", N_("Impediments, one by one")),
    ("dower", N_("Dower: prompt, deferred, received")),
    ("conditions", N_("Conditions of both")),
)


@blueprint.get("/marriages/session/<sitting>")
async def part(sitting: str) -> Response:
    """The part for the room's page, as this person may see it."""
    person, services = current_person(), court()
    one, scene = await services.conducting.scene(person, sitting)
    one = await services.contracting.follow(one.id)
    turn = await services.contracting.turn(one)
    seen = await services.filing.see(person, one.id)
    me, majlis, track = one.part_of(person.id), one.majlis, track_of(services.core, one)
    officiant = bool(policy.decide(person, "marriage.conduct", context(person, one)))
    stage = majlis.stage.value if majlis else ""
    order = [code for code, _ in STEPS]
    other = with_whom(one, scene, me)
    lines = services.writing.lines(one, scene, me)
    body = await render_template(
        "marriage/session_part.html",
        one=one,
        track=track,
        state=one.state.value,
        stage=stage,
        open=one.state is FileState.IN_SESSION,
        steps=STEPS,
        at=order.index(stage) if stage in order else -1,
        officiant=officiant,
        me=me.value if me else "",
        majlis=majlis,
        people=_people(one, scene) if majlis else [],
        offeror=_named(one, majlis.offeror) if majlis else None,
        acceptor=_named(one, majlis.acceptor) if majlis else None,
        hearers=majlis.hearers if majlis else (),
        may_utter=_may_utter(one, me),
        writes=me is not None and one.application.needs.get(me) == WRITING,
        oaths_open=bool(majlis and set(majlis.helped.values()) - majlis.sworn),
        turn=turn,
        signing=[
            {"person": _named(one, part), "signed": part in turn.signed, "now": part is turn.next}
            for part in (majlis.signers if majlis else ())
        ],
        my_turn=me is not None and turn.next is me,
        questions=track.consent,
        documents=DOCUMENTS,
        reading=[item for item in READING if item[0] != "dower" or "R-MR-13" in track.gates],
        facts=papers.terms(one.application, track, services.core.zone) if majlis else [],
        voids=_voids(one, seen.history),
        united=bool(majlis and majlis.united),
        audible=bool(majlis and majlis.audible),
        brides=[part.value for part in BRIDES],
        private=track.private_consent,
        other=_named(one, other) if other else None,
        other_writes=one.application.needs.get(other or Part.OFFICIANT) == WRITING,
        lines=[
            {
                "mine": line.by is me,
                "who": _named(one, line.by)["name"],
                "words": line.words or track.consent[line.question][language()],
            }
            for line in lines
        ],
        words_most=WORDS_MOST,
        calls=_calls(one, me, my_turn=me is not None and turn.next is me, lines=lines),
    )
    response = Response(body, content_type="text/html; charset=utf-8")
    response.headers["Cache-Control"] = "no-store"
    return response


def _named(one: File, part: Part) -> dict[str, Any]:
    person = one.application.person(part)
    name = person.name_ar or person.name_en
    if language() != "ar":
        name = person.name_en or person.name_ar
    return {"part": part.value, "title": papers.PARTS[part][language()], "name": name}


def _people(one: File, scene: Scene | None) -> list[dict[str, Any]]:
    """Everybody who must be there, with what is known and measured of each."""
    majlis = one.majlis
    assert majlis is not None  # noqa: S101
    waiting = scene.sight.waiting if scene else frozenset()
    seats = scene.seats if scene else {}
    alone = [room for room in scene.sight.private if scene] if scene else []
    given = one.application.interpreters
    interprets = {
        part: formatter().language_name(given[part].language)
        for part in majlis.helped.values()
        if part in given
    }
    found = []
    for part in majlis.required:
        seat = seats.get(part, "")
        found.append(
            _named(one, part)
            | {
                "verified": part in majlis.verified,
                "again": part in one.devices and part not in majlis.verified,
                "present": part in majlis.present,
                "waiting": seat in waiting,
                "private": any(seat in room for room in alone),
                "poor": part in majlis.poor,
                "consents": part in majlis.consenting,
                "consent": majlis.consents.get(part),
                "hears": part in majlis.hearers,
                "heard": part in majlis.heard,
                "interprets": interprets.get(part, ""),
                "sworn": part in majlis.sworn,
                "helped": majlis.helped.get(part, "") and majlis.helped[part].value,
                "writes": one.application.needs.get(part) == WRITING,
            }
        )
    return found


def _calls(one: File, me: Part | None, *, my_turn: bool, lines: Sequence[Line]) -> str:
    """What a telephone opens the panel for, once each: a thing to do now, or words to read."""
    majlis = one.majlis
    if majlis is None or me is None or me is Part.OFFICIANT:
        return ""
    if lines:
        read = [line for line in lines if line.by is not me]
        return f"written-{len(read)}" if read else ""
    if one.application.needs.get(me) == WRITING and (due := _may_utter(one, me)):
        return f"{due}-{majlis.restarts}"
    if majlis.stage is Stage.ACCEPTED and me in majlis.hearers and me not in majlis.heard:
        return f"heard-{majlis.restarts}"
    return "sign" if my_turn and majlis.stage is Stage.CONFIRMED and one.ceremony else ""


def _may_utter(one: File, me: Part | None) -> str:
    """`offer` or `accept` when it is this person's to utter now, in writing if need be."""
    majlis = one.majlis
    if majlis is None or me is None:
        return ""
    if majlis.stage is Stage.READ and majlis.offeror is me:
        return "offer"
    return "accept" if majlis.stage is Stage.OFFERED and majlis.acceptor is me else ""


def _voids(one: File, history: Any) -> list[dict[str, Any]]:
    """Why the pair was void, newest last, in this sitting."""
    found: list[dict[str, Any]] = []
    for event in history:
        if event.type == "open_session":
            found = []
        if event.type in VOIDS:
            part = event.data.get("part", "")
            found.append(
                {
                    "why": VOIDS[event.type],
                    "at": event.at,
                    "who": _named(one, Part(part))["name"] if part else "",
                }
            )
    return found


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
