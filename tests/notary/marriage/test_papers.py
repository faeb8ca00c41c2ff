"""Contract and certificate as a reader sees them: every field, both calendars, numbers in order."""

import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest

from notary.documents.render import Documents
from notary.documents.text import clean
from notary.marriage.application import Application, Part
from notary.marriage.papers import Concluded, certificate, contract
from notary.marriage.track import signers, tracks
from tests.notary.marriage.sample import change, civil, leave, sharia

AT = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
NAMES = {
    Part.GROOM: ("سالم أحمد المنصوري", "Salem Ahmed Al Mansouri"),
    Part.BRIDE: ("مريم خالد الهاشمي", "Maryam Khalid Al Hashimi"),
}


@pytest.fixture(scope="module")
def documents() -> Documents:
    return Documents()


def named(app: Application) -> Application:
    for part, (ar, en) in NAMES.items():
        app = change(app, part, name_ar=ar, name_en=en)
    return app


def concluded(app: Application) -> Concluded:
    track = tracks()[app.track]
    return Concluded(
        number="DXB-M-2026-000045",
        court={"ar": "محكمة دبي للأحوال الشخصية", "en": "Dubai Personal Status Court"},
        zone="Asia/Dubai",
        at=AT,
        offeror=Part.GUARDIAN if Part.GUARDIAN in app.persons else Part.BRIDE,
        restarts=1,
        officiant_licence="M-1207",
        signers=signers(track, app, "AE"),
        code="7KQM-2XWD-P9RT",
        address="https://mahdar.example/verify/7KQM-2XWD-P9RT",
        register="2026/000045",
        judge={"ar": "ناصر السويدي", "en": "Nasser Al Suwaidi"},
        ratified_at=AT,
    )


def read(pdf: bytes, folder: Path) -> str:
    path = folder / "paper.pdf"
    path.write_bytes(pdf)
    found = subprocess.run(["pdftotext", "-layout", path, "-"], capture_output=True, check=True)
    return clean(found.stdout.decode())


def test_a_contract_has_every_field_and_a_place_for_every_signer(
    documents: Documents, tmp_path: Path
) -> None:
    app = leave(named(sharia()), "employer_approval")
    done = concluded(app)
    made = documents.render_now("marriage_contract", contract(app, tracks()[app.track], done), AT)
    assert [box.name for box in made.boxes] == [f"S{place}" for place in range(1, 7)]
    text = read(made.pdf, tmp_path)
    for found in (
        *(ar for ar, _ in NAMES.values()),
        *(person.number for part, person in app.persons.items() if part is not Part.OFFICIANT),
        "DXB-M-2026-000045",
        "10,000.00 AED",
        "عشرة آلاف درهم",
        "20,000.00 AED",
        "أقرب الأجلين",
        "إكمال الدراسة",
        "نوفمبر",
        "1448",
        "M-1207",
        "M-1",
        "2026/77",
        "مرة واحدة",
        "7KQM-2XWD-P9RT",
    ):
        assert found in text, found


@pytest.mark.parametrize("track", list(tracks()))
def test_a_certificate_is_one_page(documents: Documents, tmp_path: Path, track: str) -> None:
    app = named(sharia() if track == "sharia_federal" else civil(track))
    data = certificate(app, tracks()[track], concluded(app))
    made = documents.render_now("marriage_certificate", data, AT)
    assert {box.page for box in made.boxes} == {0}
    text = read(made.pdf, tmp_path)
    assert len(pikepdf.open(BytesIO(made.pdf)).pages) == 1
    assert NAMES[Part.BRIDE][0] in text
    assert (NAMES[Part.BRIDE][1] in text) is ("en" in tracks()[track].languages)
    assert "784-1997-2222222-2" in text
    assert "2026/000045" in text


def test_no_certificate_before_the_court_ratified() -> None:
    app = named(sharia())
    with pytest.raises(ValueError, match="ratification"):
        certificate(app, tracks()[app.track], replace(concluded(app), judge=None))


def test_what_people_typed_stays_text(documents: Documents, tmp_path: Path) -> None:
    app = change(named(sharia()), Part.GROOM, name_ar='سالم #panic("x") \u202e$x$ *', name_en="")
    data = contract(app, tracks()[app.track], concluded(app))
    text = read(documents.render_now("marriage_contract", data, AT).pdf, tmp_path)
    assert "panic" in text
    assert "\u202e" not in text
