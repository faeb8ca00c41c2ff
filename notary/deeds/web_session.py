"""The act inside the live room: a part of a page with the deed and the notary's steps, and the
commands that its forms send (static/js/deed.js)."""

from typing import Any

from quart import Blueprint, Response, render_template

from auth import policy
from auth.web import current_login, current_person
from errors import N_, BadInput
from notary.deeds.conduct import DOCUMENTS, QUESTIONS, conducts
from notary.deeds.core import context
from notary.deeds.deciding import REASONS
from notary.deeds.party import PATHS, ROLE_LABELS, Path, is_found_capable
from notary.deeds.request import Request
from notary.deeds.state import IN_SESSION, LABELS, State
from notary.deeds.ways import Note, note
from notary.deeds.web_office import json_body, text, token
from notary.deeds.web_services import office

blueprint = Blueprint("deed_session", __name__)
ORDER = (
    State.LOBBY_ID,
    State.CAPACITY_CHECK,
    State.READING,
    State.OATH,
    State.CONSENT,
    State.PARTIES_SIGNING,
)
SHOWN = (*ORDER, State.SUSPENDED)
"""States in which everybody sees who signs, and in which order."""


@blueprint.get("/deeds/session/<sitting>")
async def part(sitting: str) -> Response:
    """The part for the room's page, as this person may see it."""
    person, services = current_person(), office()
    one = await services.of_sitting(person, sitting)
    stage = await services.conduct.stage(person, one.id)
    turn = await services.closing.turn(person, one.id)
    me = one.party_of(person.id)
    has_it = bool(policy.decide(person, "deed.conduct", context(person, one)))
    other = has_it and one.state in (*IN_SESSION, State.SUSPENDED) and conducts(one) != person.id
    notary = has_it and not (other and one.state in IN_SESSION)
    signs = one.state in IN_SESSION and (notary or me in one.signers(stage.act))
    unable = await services.able.unable(one, stage.act) if notary and signs else frozenset()
    order = [state for state in ORDER if state is not State.OATH or stage.act.oath]
    notes = _notes(one)
    my_turn = me is not None and turn.next == me.key
    body = await render_template(
        "notary/session_part.html",
        request_=one,
        act=stage.act,
        state=one.state.value,
        state_title=LABELS[one.state],
        order=[(state.value, LABELS[state]) for state in order],
        at=order.index(one.state) if one.state in order else -1,
        in_session=one.state in IN_SESSION,
        notary=notary,
        other_notary=other,
        me=me,
        turn=turn,
        my_turn=my_turn,
        calls=_calls(one, notary=notary, my_turn=my_turn, digest=turn.digest),
        signers=[
            {
                "party": each,
                "role_title": ROLE_LABELS[each.role],
                "note": notes.get(each.key),
                "signed": f"party_{each.key}" in turn.signed,
            }
            for each in one.signers(stage.act)
        ]
        if one.state in SHOWN
        else [],
        stops=any(found.stops for found in notes.values()),
        people=[
            {
                "party": each,
                "role_title": ROLE_LABELS[each.role],
                "path_title": PATHS[Path(each.path)] if each.path else "",
                "done": one.content.session.get("people", {}).get(each.key, {}),
                "note": notes.get(each.key),
                "questions": services.conduct.questions(stage.act, each),
                "judged": is_found_capable(each, stage.act),
                "unable": each.key in unable,
                "signed": f"party_{each.key}" in turn.signed,
            }
            for each in one.appearing(stage.act)
        ],
        questions=QUESTIONS,
        documents=DOCUMENTS,
        reasons=list(REASONS.items()),
        refused=[REASONS[code] for code in one.content.reasons if code in REASONS],
        oath=services.core.rule("R-NT-09"),
        text=one.content.text,
        pages_read=await services.conduct.pages_read(stage) if notary else frozenset(),
        cannot_sign=await services.able.why_not(person, notary=notary) if signs else None,
    )
    response = Response(body, content_type="text/html; charset=utf-8")
    response.headers["Cache-Control"] = "no-store"
    return response


def _notes(one: Request) -> dict[str, Note]:
    ways, parties = office().core.rule("R-NT-11"), one.content.parties
    found: dict[str, Note | None] = {each.key: note(each, parties, ways) for each in parties}
    return {key: said for key, said in found.items() if said is not None}


def _calls(one: Request, *, notary: bool, my_turn: bool, digest: str) -> str:
    """Something that this person must look at now: a telephone opens the deed for it, once."""
    if my_turn:
        return f"sign-{digest[:16]}"
    text = one.content.text
    if one.state is State.READING and text is not None and not notary:
        return f"read-{text.digest[:16]}"
    if one.state in (State.SUSPENDED, State.IN_PERSON, State.REFUSED):
        return f"{one.state.value}-{one.version}"
    return ""


@blueprint.post("/api/deeds/<id>/conduct")
async def conduct(id: str) -> dict[str, Any]:
    """A step of the notary. JSON: `step` and what it takes. Answers state and version."""
    body, person = await json_body(), current_person()
    work, closing = office().conduct, office().closing
    key = text(body, "key")
    match body.get("step"):
        case "open":
            one = await work.open(person, id, body.get("no_interest") in (True, "1"))
        case "identify":
            of_age = body.get("of_age") in (True, "1")
            one = await work.identify(
                person, id, key, text(body, "document"), text(body, "last4"), of_age
            )
        case "ask":
            one = await work.ask(
                person, id, key, text(body, "question"), text(body, "words"), text(body, "answer")
            )
        case "judge":
            capable, free = (body.get(name) in (True, "1") for name in ("capable", "free"))
            one = await work.judge(person, id, key, capable, free)
        case "go_on":
            one = await work.go_on(person, id)
        case "read":
            one = await work.read(person, id, body.get("explained") in (True, "1"))
        case "change":
            one = await work.change(person, id, _paragraphs(body), text(body, "why"))
        case "swear":
            one = await work.swear(person, id, key, text(body, "form"), text(body, "words"))
        case "consent":
            one = await work.consent(person, id, key, text(body, "words"))
        case "begin_signing":
            one = await closing.begin_signing(person, id)
        case "prepare_again":
            one = await closing.prepare_again(person, id)
        case "suspend":
            one = await office().suspend(person, id, text(body, "words"))
        case "resume":
            one = await work.resume(person, id, body.get("no_interest") in (True, "1"))
        case "convert":
            one = await office().convert(person, id, text(body, "words"))
        case _:
            raise BadInput("deed.step", N_("The page sent something we do not understand."))
    return {"state": one.state.value, "version": one.version}


def _paragraphs(body: dict[str, Any]) -> list[dict[str, str]]:
    """Fields `ar_<n>` and `en_<n>` in order."""
    numbers = sorted(
        {
            int(name[3:])
            for name in body
            if name[:3] in ("ar_", "en_") and name[3:].isdecimal() and len(name) < 7
        }
    )
    return [{"ar": text(body, f"ar_{n}"), "en": text(body, f"en_{n}")} for n in numbers]


@blueprint.post("/api/deeds/<id>/sign")
async def sign(id: str) -> dict[str, Any]:
    """One's own signature. JSON: `authorisation`."""
    body = await json_body()
    turn = await office().closing.sign(current_login(), id, token(body))
    return {"signed": list(turn.signed), "all_signed": turn.all_signed}


@blueprint.post("/api/deeds/<id>/seal")
async def seal(id: str) -> dict[str, Any]:
    """The notary's signature and the seal; the deed is registered. JSON: `authorisation`."""
    body = await json_body()
    one = await office().closing.seal(current_login(), id, token(body))
    return {"state": one.state.value, "deed": one.deed, "version": one.version}
