"""A transcript from the request to the bundle; machine drafts say what they are; bad files do not
come in."""

import asyncio
import contextlib
import hashlib
import io
import json
import subprocess
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from docx import Document
from docx.oxml.ns import qn
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

import app
from audit import leaf as leaves
from auth.person import OPERATOR
from auth.session import Login
from errors import BadInput, Forbidden, NotFound, Refusal
from recordings import verify
from recordings.store import RecordingRow
from recordings.transcripts import documents, transcript, webvtt
from recordings.transcripts.documents import Page, Said
from recordings.transcripts.store import RevisionRow
from recordings.transcripts.transcript import Line, State, Step
from tests.auth.house import Browser
from tests.recordings import test_playback as base
from tests.recordings.test_playback import World, record

world = base.world
ORDER = "order 7/2026"
GOOD = b"""\xef\xbb\xbfWEBVTT - made by a machine
Kind: captions

NOTE nothing
of this counts

1
00:00.500 --> 00:01.250 align:start
<v Salem>\xd8\xa7\xd9\x84\xd9\x82\xd8\xb6\xd9\x8a\xd8\xa9 &amp; the <i>file</i>

00:00:01.250 --> 00:00:02.000
second
line
"""


# --- files ---------------------------------------------------------------------------------------


def test_a_machine_s_file_is_read() -> None:
    first, second = webvtt.parse(GOOD)
    assert (first.start_ms, first.end_ms, first.speaker) == (500, 1250, "Salem")
    assert first.text == "القضية & the file"
    assert second.text == "second line"
    assert first.machine
    assert second.machine


BAD = {
    b"": 1,
    b"WEBVTTX\n\n00:00.000 --> 00:01.000\nx": 1,
    b"WEBVTT\n\n": 3,
    b"WEBVTT\n\n00:00.000 -> 00:01.000\nx": 4,
    b"WEBVTT\n\n0:00.000 --> 00:01.000\nx": 3,
    b"WEBVTT\n\n00:61.000 --> 00:62.000\nx": 3,
    b"WEBVTT\n\nid\n00:02.000 --> 00:01.000\nx": 4,
    b"WEBVTT\n\n00:02.000 --> 00:03.000\nx\n\n00:01.000 --> 00:04.000\ny": 6,
    b"WEBVTT\n\n00:02.000 --> 00:03.000\nx\n00:03.000 --> 00:04.000\ny": 4,
    b"WEBVTT\n\n00:02.000 --> 00:03.000\n<v A>x <v B>y": 4,
    b"WEBVTT\n\n00:02.000 --> 00:03.000\n<script>x": 4,
    b"WEBVTT\n\n00:02.000 --> 00:03.000\n": 3,
    b"WEBVTT\n\nalone": 3,
    b"WEBVTT\n\n00:02.000 --> 00:03.000\n\xff": 4,
    b"WEBVTT\n" + b"x" * 1_000_000: 1,
}


@pytest.mark.parametrize("data", BAD, ids=lambda data: data[:40].decode("latin-1"))
def test_a_bad_file_is_refused_with_its_line(data: bytes) -> None:
    with pytest.raises(BadInput) as refused:
        webvtt.parse(data)
    assert refused.value.code == "transcript.bad_vtt"
    assert refused.value.params["line"] == BAD[data]


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for one in (data, b"WEBVTT\n\n" + data):
        with contextlib.suppress(BadInput):
            assert webvtt.parse(one)


@given(
    st.lists(
        st.tuples(
            st.integers(0, 10_000_000),
            st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp"))),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_what_is_written_is_read_again(said: list[tuple[int, str]]) -> None:
    lines = [(at, at + 900, "A <b> & c", f"x {text}") for at, text in sorted(said)]
    found = webvtt.parse(webvtt.write(lines, "a --> note"))
    assert [line.text for line in found] == [" ".join(text.split()) for _, _, _, text in lines]
    assert [line.start_ms for line in found] == [start for start, *_ in lines]


def page(language: str = "ar", warning: str = "مسودة آلية غير مراجَعة") -> Page:
    said = Said(62_000, 65_000, "القاضي سالم", "رقم القضية 118/2026 ثم file A", bool(warning))
    return Page(language, "محضر", "مسودة", warning, "آلي", (("الرقم", "118"),), (said,), "")


def test_word_has_right_to_left_runs() -> None:
    made = Document(io.BytesIO(documents.docx(page())))
    text = "\n".join(paragraph.text for paragraph in made.paragraphs)
    assert "مسودة آلية غير مراجَعة" in text
    assert "مسودة آلية غير مراجَعة" in made.sections[0].header.paragraphs[0].text
    cell = made.tables[0].rows[0].cells[2].paragraphs[0]
    assert cell.text.startswith("[آلي] رقم القضية 118/2026")
    assert cell._p.pPr.find(qn("w:bidi")) is not None
    marked = [
        run.text
        for run in cell.runs
        if run._r.rPr is not None and run._r.rPr.find(qn("w:rtl")) is not None
    ]
    assert any("القضية" in text for text in marked)
    assert not any("file" in text for text in marked)
    assert made.tables[0]._tbl.tblPr.find(qn("w:bidiVisual")) is not None
    plain = Document(io.BytesIO(documents.docx(replace(page("en", ""), title="bad \x00\x0b x"))))
    assert plain.paragraphs[0].text == "bad  x"


# --- the table -----------------------------------------------------------------------------------


def test_the_table_of_states() -> None:
    way = [Step.AUTHORISE, Step.ASSIGN, Step.WRITE, Step.APPROVE, Step.CERTIFY]
    state = State.REQUESTED
    for step in way:
        state = transcript.after(state, step)
    assert state is State.CERTIFIED
    assert not transcript.steps(State.CERTIFIED)
    assert not transcript.steps(State.REFUSED)
    for state in State:
        for step in set(Step) - transcript.steps(state):
            with pytest.raises(Refusal):
                transcript.after(state, step)


def test_lines_are_checked() -> None:
    seats = frozenset({"s1"})
    good = Line(100, 200, "s1", "ignored", " a\n b ")
    [kept] = transcript.checked([good], seats, last_ms=1000)
    assert (kept.text, kept.speaker) == ("a b", "")
    for bad in (
        replace(good, seat="s9"),
        replace(good, start_ms=300),
        replace(good, start_ms=-1),
        replace(good, start_ms=2000, end_ms=3000),
        replace(good, text="x" * 2001),
    ):
        with pytest.raises(BadInput) as refused:
            transcript.checked([good, bad], seats, last_ms=1000)
        assert refused.value.params["line"] == 2


# --- the workflow --------------------------------------------------------------------------------


async def test_from_the_request_to_the_bundle(world: World, tmp_path: Path) -> None:
    house, sitting = world.house, world.sittings["criminal_hearing"]
    await record(world, sitting)
    judge, clerk, lawyer = (world.people[name] for name in ("judge", "clerk", "lawyer"))
    service = house.transcripts
    with pytest.raises(BadInput):
        await service.request(lawyer, sitting.id, language="ar", reason=" ")
    with pytest.raises((Forbidden, NotFound)):
        await service.request(world.people["admin"], sitting.id, language="ar", reason="x")
    made = await service.request(lawyer, sitting.id, language="ar", reason="For the appeal")
    id = made.id
    with pytest.raises(Forbidden):
        await service.authorise(clerk, sitting.id, id)
    with pytest.raises(Refusal):
        await service.assign(clerk, sitting.id, id, clerk.id)  # not authorised yet
    await service.authorise(judge, sitting.id, id)
    with pytest.raises(BadInput):
        await service.assign(clerk, sitting.id, id, lawyer.id)
    await service.assign(clerk, sitting.id, id, clerk.id)

    with pytest.raises(Forbidden) as refused:
        await service.save(judge, sitting.id, id, base=0, lines=[])
    assert refused.value.code == "transcript.not_assigned"
    with pytest.raises(BadInput):
        await service.take_in(clerk, sitting.id, id, b"WEBVTT\n\nbad")
    assert await service.take_in(clerk, sitting.id, id, GOOD) == 2
    with pytest.raises(Refusal):
        await service.take_in(clerk, sitting.id, id, GOOD)
    for ending, sign in (("vtt", b"WEBVTT"), ("docx", b"PK"), ("pdf", b"%PDF")):
        data = await service.file(clerk, sitting.id, id, ending)
        assert data.startswith(sign)
        assert await asyncio.to_thread(says_machine, data, ending, tmp_path), ending
    with pytest.raises(Refusal) as unchecked:
        await service.approve(judge, sitting.id, id)
    assert unchecked.value.code == "transcript.unchecked"

    opened = await service.open(clerk, sitting.id, id, "en")
    assert opened.transcript.is_machine
    seat = next(seat for seat in sitting.seats if seat.person == judge.id)
    lines = [replace(line, machine=False, seat=seat.id) for line in opened.lines]
    assert await service.save(clerk, sitting.id, id, base=1, lines=lines) == 2
    with pytest.raises(Refusal) as changed:  # another page of the same draft
        await service.save(clerk, sitting.id, id, base=1, lines=[])
    assert changed.value.code == "transcript.changed"
    assert len((await service.open(clerk, sitting.id, id, "en")).lines) == 2
    with pytest.raises((Forbidden, NotFound)):
        await service.open(world.people["prosecutor"], sitting.id, id, "en")
    await service.approve(judge, sitting.id, id)
    with pytest.raises(Refusal):
        await service.save(clerk, sitting.id, id, base=2, lines=[])

    login = Login(id="l", person=judge, created_at=house.clock(), seen_at=house.clock())
    with pytest.raises(Forbidden) as confirm:
        await service.certify(login, sitting.id, id)
    assert confirm.value.code == "policy.confirmation_needed"
    assert (await service.open(judge, sitting.id, id, "en")).transcript.state is State.APPROVED
    await over_http(world, sitting.id, id)
    opened = await service.open(judge, sitting.id, id, "en")
    assert opened.transcript.state is State.CERTIFIED
    assert not opened.may
    with pytest.raises(Refusal):
        await service.give_back(judge, sitting.id, id)
    data = await service.file(judge, sitting.id, id, "pdf")
    assert not await asyncio.to_thread(says_machine, data, "pdf", tmp_path)

    viewing = await house.playback.view(judge, sitting.id, ORDER)
    [track] = await service.captions(judge, sitting.id, viewing, "ar")
    assert [line["text"] for line in track["lines"]] == [line.text for line in lines]
    assert track["lines"][0]["speaker"] == seat.name_ar
    await in_the_bundle(world, sitting.id, id, tmp_path)
    await at_rest(world, id, lines[1].text)


async def at_rest(world: World, id: str, words: str) -> None:
    """Nowhere in the clear; what an older house left is sealed at the start; shredded with the
    sitting's key."""
    house, sitting = world.house, world.sittings["criminal_hearing"]
    judge = world.people["judge"]
    before = (await house.transcripts.open(judge, sitting.id, id, "en")).lines
    async with house.database.unit(write=False) as session:
        rows = list(await session.scalars(select(RevisionRow)))
    assert [row.lines for row in rows] == [None, None]
    assert not [row for row in rows if words.encode() in (row.sealed or b"")]
    async with house.database.unit() as session:
        old = update(RevisionRow).where(RevisionRow.number == 2)
        await session.execute(old.values(sealed=None, lines=[line.body() for line in before]))
    assert await house.transcripts.seal_old() == 1
    assert await house.transcripts.seal_old() == 0
    assert (await house.transcripts.open(judge, sitting.id, id, "en")).lines == before
    async with house.database.unit() as session:
        gone = update(RecordingRow).where(RecordingRow.sitting == sitting.id)
        await session.execute(gone.values(wrapped_key=None))
    with pytest.raises(Refusal) as erased:
        await house.transcripts.open(judge, sitting.id, id, "en")
    assert erased.value.code == "recording.erased"
    async with house.database.unit() as session:
        assert await house.transcripts.files(session, sitting) == {}


def says_machine(data: bytes, ending: str, folder: Path) -> bool:
    """Whether a file says that a machine wrote it."""
    words = "مسودة آلية غير مراجَعة"
    if ending == "vtt":
        return words in data.decode()
    if ending == "docx":
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            return words in file.read("word/document.xml").decode()
    with pikepdf.open(io.BytesIO(data)) as pdf:
        assert pdf.Root.MarkInfo.Marked
        assert str(pdf.Root.Lang).startswith("ar")
    path = folder / "t.pdf"
    path.write_bytes(data)
    told = subprocess.run(["pdftotext", str(path), "-"], capture_output=True, check=True)
    return "مسودة آلية" in told.stdout.decode()


async def over_http(world: World, sitting: str, id: str) -> None:
    """The judge certifies on the page; others and rubbish are refused."""
    quart = app.create_app(world.house)
    browser = Browser(quart)
    await browser.sign_in("judge")
    page = f"/en/sittings/{sitting}/transcripts/{id}"
    assert "data-asks-first" in await browser.sees(page)
    listed = await browser.sees(f"/en/sittings/{sitting}/transcripts")
    assert "For the appeal" in listed
    answer = await browser.client.get(f"{page}/certify/question")
    assert (await answer.get_json())["object"] == id
    headers = {"X-CSRF-Token": browser.token, "Accept": "application/json"}
    wrong: tuple[object, ...] = (
        {"base": "x", "lines": []},
        {"base": 1},
        [],
        {"base": 1, "lines": [{"text": 1}]},
    )
    for body in wrong:
        answer = await browser.client.put(
            page[3:].replace("/sit", "/api/sit"), json=body, headers=headers
        )
        assert answer.status_code == 400, body
    answer = await browser.post(f"{page}/certify", {"authorisation": ""})
    assert answer.status_code == 303
    answer = await browser.client.get(f"{page}/file.docx")
    assert answer.headers["Content-Disposition"].endswith('.docx"')
    assert (await browser.client.get(f"{page}/file.exe")).status_code == 404
    other = Browser(quart)
    await other.sign_in("prosecutor")
    assert (await other.client.get(f"{page}/file.pdf")).status_code in (403, 404)


async def in_the_bundle(world: World, sitting: str, id: str, folder: Path) -> None:
    """The bundle holds the document whose hash the leaf has, and verifies."""
    out = folder / "bundle.zip"
    report = await world.house.playback.export(OPERATOR, sitting, out, order=ORDER)
    assert report.valid
    again = await asyncio.to_thread(verify.verify, out, world.house.log.vkey)
    assert again.status == verify.VALID
    with zipfile.ZipFile(out) as bundle:
        names = [name for name in bundle.namelist() if name.startswith("minutes/")]
        data = bundle.read(f"minutes/transcript-{id}.json")
    assert sorted(name.rpartition(".")[2] for name in names) == ["json", "pdf", "vtt"]
    found = [leaves.decode(item.entry) for item in await world.house.log.leaves(sitting)]
    leaf: dict[str, Any] = next(
        dict(one.data) for one in found if one.type == "transcript.certified"
    )
    assert leaf["sha256"] == hashlib.sha256(data).hexdigest()
    assert [line["text"] for line in json.loads(data)["lines"]][1] == "second line"
    types = [one.type for one in found if one.type.startswith("transcript.")]
    assert types[:4] == [
        "transcript.requested",
        "transcript.authorised",
        "transcript.assigned",
        "transcript.begun",
    ]
    entries = b"".join(item.entry for item in await world.house.log.leaves(sitting))
    assert b"appeal" not in entries
