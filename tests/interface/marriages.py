"""Pages of a marriage with invented contents (tests/interface/sample.py)."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any

from auth.person import Person, Role
from errors import BadInput
from notary.history import Event
from notary.marriage import correcting, labels, papers, questions, web_panel, web_views, wizard
from notary.marriage.application import Interpreter, Part
from notary.marriage.application import Person as Named
from notary.marriage.contracting import Turn
from notary.marriage.file import Contact, Correction, File
from notary.marriage.interpreting import places
from notary.marriage.majlis import Majlis, Stage, begin
from notary.marriage.questions import Group
from notary.marriage.ratifying import NOTES
from notary.marriage.scene import Scene
from notary.marriage.store import Entry
from notary.marriage.track import tracks
from notary.marriage.web_contract import ACTIONS as CONTRACT_ACTIONS
from notary.marriage.web_contract import KINDS, STANDINGS, STATES
from notary.marriage.web_views import ACTIONS
from notary.marriage.workflow import FileState
from notary.marriage.writing import Line
from pages import Form
from sessions.phase import Phase
from sessions.seat import Seat, SeatRole
from sessions.sitting import Sitting
from signaling.sight import Sight
from tests.notary.marriage.sample import PACK, sharia

NOOR = Person("i1", Role.INTERPRETER, "نور الهدى صديقي", "Noor Ul Huda Siddiqui")
SITS = {
    Part.GROOM: SeatRole.GROOM,
    Part.BRIDE: SeatRole.BRIDE,
    Part.GUARDIAN: SeatRole.WALI,
    Part.WITNESS_1: SeatRole.CONTRACT_WITNESS,
    Part.WITNESS_2: SeatRole.CONTRACT_WITNESS,
    Part.INTERPRETER_1: SeatRole.INTERPRETER,
    Part.OFFICIANT: SeatRole.OFFICIANT,
}
TEMPLATES = {
    "sample/room_part.html": """{% extends "base.html" %}
{% block title %}{{ _("Marriage") }}{% endblock %}
{% block head %}<link rel="stylesheet" href="{{ static('css/room.css') }}">{% endblock %}
{% block main %}<h1 class="page-title">{{ _("Marriage") }}</h1>
<div class="side-body deed-host">{% include "marriage/session_part.html" %}</div>{% endblock %}"""
}
"""A page around a part that the room's page asks for by itself."""
NAMES = {Part.GROOM: ("سالم أحمد", "Salem Ahmed"), Part.BRIDE: ("مريم خالد", "Maryam Khalid")}


@dataclass(frozen=True)
class Later:
    """Of a page's context: made when the page is asked for, in its language."""

    made: Callable[[], Any]


def file(now: Any, state: FileState, **more: Any) -> File:
    app = sharia()
    people = {
        part: replace(one, name_ar=NAMES[part][0], name_en=NAMES[part][1]) if part in NAMES else one
        for part, one in app.persons.items()
    }
    people[Part.INTERPRETER_1] = Named(
        NOOR.name_ar, NOOR.name_en, document="passport", number="N1234567"
    )
    app = replace(
        app,
        persons=people,
        needs={Part.BRIDE: "ur", Part.GUARDIAN: "ur", Part.GROOM: "sgn"},
        interpreters={Part.INTERPRETER_1: Interpreter("ur", "T-12")},
    )
    return File(
        "ab34ac57c0ffee00", state, "a1", now, now, 7, application=app,
        seats={Part.GROOM: "a1", Part.BRIDE: "a2", Part.GUARDIAN: "a3"},
        contacts={Part.GROOM: Contact("salem@example.com", "ar")}, **more,
    )  # fmt: skip


def samples(now: Any, sample: Any) -> dict[str, Any]:
    """Address to sample, as `tests.interface.sample.samples` has them."""
    base = "/marriages/ab34ac57c0ffee00"
    one = file(now, FileState.SUBMITTED)
    wrong = Form({"language": "sgn", "sgn.number": "7"}).refuse(
        BadInput("marriage.document", "Give the identity document and its number.",
                 field="sgn.number")
    )  # fmt: skip

    def interpreters(**more: Any) -> Any:
        context = {
            "form": Form(), "file": one, "link": "", "accounts": [NOOR], "open_": True,
            "places": [
                {"place": place, "language": name, "needed_by": ["Bride"]}
                for place, name in zip(places(one), ("Sign language", "Urdu"), strict=True)
            ],
            "documents": list(labels.DOCUMENTS.items()),
            "relations": list(labels.RELATIONS.items()), "booked": False, "back": "review",
        }  # fmt: skip
        return sample("notary/marriage/interpreters.html", {**context, **more})

    link = "http://localhost:8000/marriages/join/0pn2u3v4w5x6y7z8"
    return {
        f"{base}/interpreters": interpreters(link=link),
        f"{base}/interpreters-wrong": replace(interpreters(form=wrong), status=400),
        f"{base}/interpreters-booked": interpreters(booked=True, back=""),
        **_contracts(now, sample, base),
        **_panels(now, sample, base),
        **_wizard(now, sample, base),
        f"{base}": sample(
            "notary/marriage/file.html",
            {
                "form": Form(), "file": file(now, FileState.DRAFT), "link": "", "tone": "info",
                "state_title": labels.STATES[FileState.DRAFT], "own": True, "part": Part.GROOM,
                "parts": [
                    _part(part, joined)
                    for part, joined in ((Part.GROOM, True), (Part.WITNESS_1, False))
                ],
                "gates": [], "facts": [], "papers": [], "history": [], "fee": 10_000, "slots": [],
                "deliveries": list(labels.DELIVERIES.items()),
                "relations": list(labels.RELATIONS.items()), "open_": True, "may": {*ACTIONS},
            },
        ),
    }  # fmt: skip


def _contracts(now: Any, sample: Any, base: str) -> dict[str, Any]:
    """The contract before the ratification, with its form of correction, and while a corrected
    certificate waits."""
    track = tracks()["sharia_federal"]
    made = {
        "ceremony": "c1", "number": "MC-2026-000017", "contracted_at": now, "sitting": "s1",
        "majlis": replace(begin((), (), (), Part.GROOM, Part.GROOM, ()), restarts=1),
    }  # fmt: skip
    issued = {**made, "register": "DU/2026/000001", "ratified_at": now, "certificate": "c2"}
    changes = {"bride.name_en": "Maryam Khalid Al Naqbi"}

    def contract(state: FileState, more: dict[str, Any], *kinds: str) -> Any:
        one = file(now, state, **more)
        groups = correcting.asked(one)
        stands = wizard.shown(correcting.corrected(one), groups)
        before = "مريم أحمد" if one.corrections else ""
        entries = [
            Entry("DU", 2026, place, kind, one.id, "DU/2026/000001" if place > 1 else "", now, "j1")
            for place, kind in enumerate(kinds, 1)
        ]
        return sample(
            "marriage/contract.html",
            {
                "one": one, "track": track, "state": state.value, "state_title": STATES[state],
                "may": {*CONTRACT_ACTIONS}, "issued": bool(kinds), "copies": 2,
                "names": [
                    (labels.PARTS[part], NAMES[part][0], signed)
                    for part, signed in ((Part.GROOM, ""), (Part.BRIDE, before))
                ],
                "sections": papers.terms(one.application, track, "Asia/Dubai"),
                "entries": [SimpleNamespace(entry=each, title=KINDS[each.kind])
                            for each in entries],
                "standing": STANDINGS[one.standing],
                "notes": [(kind, KINDS[kind]) for kind in NOTES],
                "groups": Later(
                    lambda: [web_views.shown_group(one, stands, closed=True) for one in groups]
                ),
                "fields": Form(stands),
            },
        )  # fmt: skip

    due = {"corrections": (Correction("DU/2026/000002", changes),), "standing": "corrected"}
    done = {**due, "revision": 2}
    return {
        f"{base}/contract-waits": contract(FileState.CONTRACTED, made),
        f"{base}/contract": contract(FileState.CERTIFIED, issued, "marriage"),
        f"{base}/contract-due": contract(
            FileState.CERTIFIED, {**issued, **due}, "marriage", "correction"
        ),
        f"{base}/contract-corrected": contract(
            FileState.DELIVERED, {**issued, **done}, "marriage", "correction"
        ),
    }


def _groups(groups: tuple[Group, ...], stands: dict[str, str]) -> list[SimpleNamespace]:
    return [web_views.shown_group(each, stands) for each in groups]


def _wizard(now: Any, sample: Any, base: str) -> dict[str, Any]:
    """The wizard's pages of questions, one of them with a field that was marked."""
    one = file(now, FileState.DRAFT)
    made = {}
    for code in ("people", "status", "guardian", "terms", "impediments"):
        groups = questions.page(code, PACK, now.date())
        stands = wizard.shown(one.application, groups)
        form = Form(stands)
        if code == "people":
            form = form.refuse(BadInput("marriage.shape", "Write a date.", field="bride.born"))
        made[f"{base}/{code}"] = sample(
            "notary/marriage/page.html",
            {
                "file": one, "part": Part.GROOM, "pages": questions.PAGES, "page": code,
                "form": form, "before": "{}",
                "groups": Later(partial(_groups, groups, stands)),
            },
        )  # fmt: skip
    return made


def _panels(now: Any, sample: Any, base: str) -> dict[str, Any]:
    """The part of the live room, for each person and step, with a mute bride and an interpreter."""
    track, parts = tracks()["sharia_federal"], [*SITS]
    app = replace(
        file(now, FileState.IN_SESSION).application,
        needs={Part.BRIDE: "writing", Part.GUARDIAN: "ur"},
    )
    others = {
        part: Named(f"اسم طويل جداً بن عبدالرحمن {part}", f"Featherstonehaugh Cholmondeley {part}")
        for part in parts
    }
    app = replace(app, persons={**others, **app.persons})
    sitting = Sitting(
        "s1", "marriage_contract", "M-AB34AC57", "", ("ar", "ur"), now, timedelta(minutes=60),
        Phase.ROLL_CALL, False,
        tuple(Seat(f"s-{part}", SITS[part], "", "", f"a-{part}") for part in parts),
    )  # fmt: skip
    ids = {part: f"s-{part}" for part in parts}
    begun = replace(
        begin(tuple(parts), (Part.WITNESS_1, Part.WITNESS_2), tuple(parts), Part.GUARDIAN,
              Part.GROOM, (Part.GROOM, Part.BRIDE), {Part.GUARDIAN: Part.INTERPRETER_1}),
        verified=frozenset({Part.OFFICIANT, Part.BRIDE, Part.GROOM}),
        present=frozenset({Part.OFFICIANT}), poor=frozenset({Part.WITNESS_2}),
    )  # fmt: skip
    full = replace(
        begun, verified=frozenset(parts), present=frozenset(parts), on_record=True, restarts=1,
        consents={Part.GROOM: True, Part.BRIDE: True}, sworn=frozenset({Part.INTERPRETER_1}),
        heard=frozenset({Part.WITNESS_1}),
    )  # fmt: skip
    asked = (
        Line(Part.OFFICIANT, question="free"),
        Line(Part.BRIDE, "نعم، برضاي.\nلا أحد."),
    )
    void = Event(now, "majlis.void.dropped", "room", {"part": "witness_2"})

    def panel(
        me: Part, majlis: Majlis, stage: str, *, together: tuple[Part, ...] = (), lines: Any = ()
    ) -> Any:
        ceremony = "c1" if stage == "confirmed" else ""
        one = replace(
            file(now, FileState.IN_SESSION, sitting="s1", ceremony=ceremony),
            application=app, majlis=replace(majlis, stage=Stage(stage)),
            seats={part: f"a-{part}" for part in parts},
        )  # fmt: skip
        here = frozenset(ids[part] for part in majlis.present)
        sight = Sight(
            "s1", "marriage_contract", Phase.ROLL_CALL, now, 0, here,
            frozenset(ids.values()) - here, {}, {}, frozenset(),
            (frozenset(ids[part] for part in together),) if together else (), {},
        )  # fmt: skip
        turn = Turn((Part.GROOM,), Part.BRIDE, "8d" * 32)
        made = Later(
            lambda: web_panel.shown(
                one, track, "Asia/Dubai", Scene(one, sitting, sight), turn, me,
                officiant=me is Part.OFFICIANT, lines=lines,
                history=(void,) if majlis.restarts else (),
            )
        )  # fmt: skip
        return sample("sample/room_part.html", {"all_of_it": made})

    officiant, two = Part.OFFICIANT, (Part.OFFICIANT, Part.BRIDE)
    return {
        f"{base}/room-verify": panel(officiant, begun, "gathering"),
        f"{base}/room-alone": panel(officiant, begun, "gathering", together=two, lines=asked),
        f"{base}/room-alone-bride": panel(
            Part.BRIDE, begun, "gathering", together=two, lines=asked
        ),
        f"{base}/room-read": panel(officiant, full, "united"),
        f"{base}/room-offer": panel(Part.GUARDIAN, full, "read"),
        f"{base}/room-offered": panel(officiant, full, "offered"),
        f"{base}/room-heard": panel(Part.WITNESS_2, full, "accepted"),
        f"{base}/room-sign": panel(Part.BRIDE, full, "confirmed"),
        f"{base}/room-interpreter": panel(Part.INTERPRETER_1, full, "confirmed"),
    }


def _part(part: Part, joined: bool) -> Any:
    name = NAMES.get(part, ("اسم", "Name"))
    person = Named(*name)
    return SimpleNamespace(
        part=part, title=labels.PARTS[part], person=person, joined=joined, office=False
    )
