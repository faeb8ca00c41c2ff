"""Pages of a marriage with invented contents (tests/interface/sample.py)."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from auth.person import Person, Role
from errors import BadInput
from notary.marriage import labels
from notary.marriage.application import Interpreter, Part
from notary.marriage.application import Person as Named
from notary.marriage.file import Contact, File
from notary.marriage.interpreting import places
from notary.marriage.web_views import ACTIONS
from notary.marriage.workflow import FileState
from pages import Form
from tests.notary.marriage.sample import sharia

NOOR = Person("i1", Role.INTERPRETER, "نور الهدى صديقي", "Noor Ul Huda Siddiqui")
NAMES = {Part.GROOM: ("سالم أحمد", "Salem Ahmed"), Part.BRIDE: ("مريم خالد", "Maryam Khalid")}


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


def _part(part: Part, joined: bool) -> Any:
    name = NAMES.get(part, ("اسم", "Name"))
    person = Named(*name)
    return SimpleNamespace(
        part=part, title=labels.PARTS[part], person=person, joined=joined, office=False
    )
