"""Pages of a marriage with invented contents (tests/interface/sample.py)."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

from auth.person import Person, Role
from errors import BadInput
from notary.marriage import correcting, labels, papers, web_views, wizard
from notary.marriage.application import Interpreter, Part
from notary.marriage.application import Person as Named
from notary.marriage.file import Contact, Correction, File
from notary.marriage.interpreting import places
from notary.marriage.majlis import begin
from notary.marriage.ratifying import NOTES
from notary.marriage.store import Entry
from notary.marriage.track import tracks
from notary.marriage.web_contract import ACTIONS as CONTRACT_ACTIONS
from notary.marriage.web_contract import KINDS, STANDINGS, STATES
from notary.marriage.web_views import ACTIONS
from notary.marriage.workflow import FileState
from pages import Form
from tests.notary.marriage.sample import sharia

NOOR = Person("i1", Role.INTERPRETER, "نور الهدى صديقي", "Noor Ul Huda Siddiqui")
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


def _part(part: Part, joined: bool) -> Any:
    name = NAMES.get(part, ("اسم", "Name"))
    person = Named(*name)
    return SimpleNamespace(
        part=part, title=labels.PARTS[part], person=person, joined=joined, office=False
    )
