"""What the part of a marriage in the live room shows, to each as their part in it is."""

from collections.abc import Sequence
from typing import Any

from errors import N_
from notary.history import Event
from notary.marriage import papers
from notary.marriage.application import Part
from notary.marriage.conducting import BRIDES, DOCUMENTS
from notary.marriage.contracting import Turn
from notary.marriage.file import File
from notary.marriage.helped import WRITING
from notary.marriage.majlis import Stage
from notary.marriage.scene import Scene
from notary.marriage.track import Track
from notary.marriage.workflow import FileState
from notary.marriage.writing import WORDS_MOST, Line, with_whom
from pages import formatter, language

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


def shown(
    one: File,
    track: Track,
    zone: str,
    scene: Scene | None,
    turn: Turn,
    me: Part | None,
    *,
    officiant: bool,
    lines: Sequence[Line] = (),
    history: Sequence[Event] = (),
) -> dict[str, Any]:
    """What `marriage/session_part.html` shows to whoever has the part `me`."""
    majlis = one.majlis
    stage = majlis.stage.value if majlis else ""
    order = [code for code, _ in STEPS]
    other = with_whom(one, scene, me)
    return {
        "one": one,
        "track": track,
        "state": one.state.value,
        "stage": stage,
        "open": one.state is FileState.IN_SESSION,
        "steps": STEPS,
        "at": order.index(stage) if stage in order else -1,
        "officiant": officiant,
        "me": me.value if me else "",
        "majlis": majlis,
        "people": _people(one, scene) if majlis else [],
        "offeror": _named(one, majlis.offeror) if majlis else None,
        "acceptor": _named(one, majlis.acceptor) if majlis else None,
        "hearers": majlis.hearers if majlis else (),
        "may_utter": _may_utter(one, me),
        "writes": me is not None and one.application.needs.get(me) == WRITING,
        "oaths_open": bool(majlis and set(majlis.helped.values()) - majlis.sworn),
        "turn": turn,
        "signing": [
            {"person": _named(one, part), "signed": part in turn.signed, "now": part is turn.next}
            for part in (majlis.signers if majlis else ())
        ],
        "my_turn": me is not None and turn.next is me,
        "questions": track.consent,
        "documents": DOCUMENTS,
        "reading": [item for item in READING if item[0] != "dower" or "R-MR-13" in track.gates],
        "facts": papers.terms(one.application, track, zone) if majlis else [],
        "voids": _voids(one, history),
        "united": bool(majlis and majlis.united),
        "audible": bool(majlis and majlis.audible),
        "brides": [part.value for part in BRIDES],
        "private": track.private_consent,
        "other": _named(one, other) if other else None,
        "other_writes": one.application.needs.get(other or Part.OFFICIANT) == WRITING,
        "lines": [
            {
                "mine": line.by is me,
                "who": _named(one, line.by)["name"],
                "words": line.words or track.consent[line.question][language()],
            }
            for line in lines
        ],
        "words_most": WORDS_MOST,
        "calls": _calls(one, me, my_turn=me is not None and turn.next is me, lines=lines),
    }


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
