"""Contract and certificate of each track, signed by all in order with real signatures."""

import subprocess
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from auth.person import Person, Role
from auth.session import Login
from clock import utc_now
from database import Database
from notary.documents.render import Documents
from notary.marriage import papers
from notary.marriage.application import Agency, Application, Interpreter, Part
from notary.marriage.ratifying import signing
from notary.marriage.track import tracks
from notary.signing.ceremony import Signer, Sort
from notary.signing.engine import Engine
from tests.notary.house import SURE, House, open_house
from tests.notary.marriage.sample import change, civil, leave, sharia
from tests.notary.marriage.test_papers import AT, concluded, named

JUDGE = Person("p-judge", Role.JUDGE, "ناصر السويدي", "Nasser Al Suwaidi", assurance=SURE)


def full(track: str) -> Application:
    """Everything that a contract of this track can hold."""
    app = named(sharia() if track == "sharia_federal" else civil(track))
    if track == "sharia_federal":
        agent = replace(app.person(Part.WITNESS_1), name_ar="سالم راشد", name_en="Salem Rashid")
        agent = replace(agent, number="784-1980-7777777-7", born=date(1980, 1, 1))
        power = Agency("AD/2026/000771", True, True, True, "stands")
        app = replace(
            app,
            persons={**app.persons, Part.GROOM_AGENT: agent},
            agencies={Part.GROOM_AGENT: power},
        )
        app = leave(app, "judge_leave.not_resident")
    app = change(
        app, Part.INTERPRETER_1, name_ar="نور الهدى", name_en="Noor Ul Huda", religion="",
        document="passport", number="N1234567", relation_to_bride="none",
    )  # fmt: skip
    return replace(
        app, needs={Part.BRIDE: "ur"}, interpreters={Part.INTERPRETER_1: Interpreter("ur", "T-12")}
    )


async def signed(
    house: House, documents: Documents, template: str, data: dict[str, Any],
    signers: Sequence[Signer], closer: str,
) -> bytes:  # fmt: skip
    """All sign in order, the closer last; the seal follows."""
    made = await documents.render(template, data, AT)
    officer = replace(JUDGE, id=closer)
    found = await house.ceremonies.prepare(officer, "marriage1", made, signers)
    digest = found.sha256
    for one in signers:
        if one.sort is Sort.SEAL:
            continue
        person = Person(one.person, Role.PARTY, one.name_ar, one.name_en, assurance=SURE)
        last = one.person == closer
        act = "signing.close" if last else "signing.sign"
        login = Login(f"l-{one.person}", person, utc_now(), utc_now())
        token = f"{found.id}-{one.person}"
        house.confirmations.given[token] = (person.id, login.id, act, found.id, digest)
        work = house.ceremonies.close if last else house.ceremonies.sign
        digest = str(getattr(await work(login, found.id, token), "sha256", ""))
    return await house.ceremonies.content(
        found.id, (await house.ceremonies.of_subject("marriage1"))[-1].revision
    )


@pytest.mark.parametrize("track", sorted(tracks()))
async def test_all_sign_and_every_signature_stands(
    sqlite_database: Database, engine: Engine, documents: Documents, tmp_path: Path, track: str
) -> None:
    house = open_house(sqlite_database, engine, documents)
    app = full(track)
    done = concluded(app)
    rules = tracks()[track]
    people = []
    for place, part in enumerate(done.signers, 1):
        one, title = app.person(part), papers.title(part, rules)
        sort = Sort.OFFICIANT if part is Part.OFFICIANT else Sort.PARTY
        people.append(
            Signer(
                f"S{place}", part.value, sort, one.name_ar, one.name_en, title["ar"], title["en"]
            )
        )
    pdf = await signed(
        house,
        documents,
        "marriage_contract",
        papers.contract(app, rules, done),
        people,
        "officiant",
    )
    revision = papers.Revision(
        2, "DU/2026/000046", {"ar": JUDGE.name_ar, "en": JUDGE.name_en}, papers.JUDGE
    )
    signers = signing(JUDGE, papers.JUDGE, done.court)
    card = await signed(
        house, documents, "marriage_certificate",
        papers.certificate(app, rules, done, revision), signers, JUDGE.id,
    )  # fmt: skip
    for name, data, count in (("contract", pdf, len(people)), ("certificate", card, 2)):
        path = tmp_path / f"{name}.pdf"
        path.write_bytes(data)
        said = subprocess.run(["pdfsig", path], capture_output=True, text=True, check=False).stdout
        assert said.count("Signature is Valid") >= count, said
        if name == "certificate":  # hangs on a wall: one page, also when it was corrected
            assert len(pikepdf.open(path).pages) == 1
