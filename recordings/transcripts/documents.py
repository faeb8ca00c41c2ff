"""A transcript as files for people: WebVTT, DOCX, and the data of the PDF. Pure; DOCX blocks."""

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Pt, RGBColor

from recordings.transcripts import webvtt

_ARABIC = re.compile(r"[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]")
_RUNS = re.compile(
    r"[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff][^A-Za-z0-9]*|[^\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]+"
)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\ufffe\uffff]")
FONT = "Amiri"


@dataclass(frozen=True, slots=True)
class Said:
    """A line as it reads in a document."""

    start_ms: int
    end_ms: int
    speaker: str
    text: str
    machine: bool


@dataclass(frozen=True, slots=True)
class Page:
    """A transcript as a document. All texts are in its language."""

    language: str
    title: str
    status: str
    """What it is: a draft, a certified transcript, a machine's draft."""
    warning: str
    """Empty, or what must be seen first: that a machine wrote it and nobody checked."""
    machine_mark: str
    """Stands beside each line of a machine."""
    facts: tuple[tuple[str, str], ...]
    lines: tuple[Said, ...]
    code: str
    """SHA-256 of the certified document; empty before."""


def vtt(page: Page) -> bytes:
    """WebVTT; the warning is its first note and stands in every line of a machine."""
    note = page.warning or page.status
    return webvtt.write(
        (
            (
                one.start_ms,
                one.end_ms,
                one.speaker,
                f"[{page.machine_mark}] {one.text}" if one.machine else one.text,
            )
            for one in page.lines
        ),
        note,
    )


def data(page: Page) -> dict[str, Any]:
    """For templates/documents/transcript.typ."""
    return {
        "language": page.language,
        "title": page.title,
        "status": page.status,
        "warning": page.warning,
        "facts": [{"name": name, "value": value} for name, value in page.facts],
        "lines": [
            {
                "time": clock(one.start_ms),
                "speaker": one.speaker,
                "text": one.text,
                "mark": page.machine_mark if one.machine else "",
            }
            for one in page.lines
        ],
        "code": page.code,
    }


def clock(ms: int) -> str:
    """`0:01:02`."""
    seconds = ms // 1000
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def docx(page: Page) -> bytes:
    """Word's format. Right-to-left paragraphs and runs are marked as such."""
    document: Any = Document()
    rtl = page.language == "ar"
    core = document.core_properties
    core.title, core.language = _CONTROL.sub("", page.title), page.language
    core.author = "Mahdar"
    style = document.styles["Normal"]
    style.font.name, style.font.size = FONT, Pt(12)
    style.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:cs"), FONT)
    _write(document.add_heading(level=1), page.title, rtl=rtl)
    if page.warning:
        _write(document.add_paragraph(), page.warning, rtl=rtl, bold=True, red=True)
    _write(document.add_paragraph(), page.status, rtl=rtl, bold=True)
    for name, value in page.facts:
        _write(document.add_paragraph(), f"{name}: {value}", rtl=rtl)
    table = document.add_table(rows=0, cols=3)
    table.style = "Table Grid"
    if rtl:
        table._tbl.tblPr.append(OxmlElement("w:bidiVisual"))
    for line in page.lines:
        cells = table.add_row().cells
        text = f"[{page.machine_mark}] {line.text}" if line.machine else line.text
        for cell, words in zip(cells, (clock(line.start_ms), line.speaker, text), strict=True):
            _write(cell.paragraphs[0], words, rtl=rtl)
    if page.code:
        _write(document.add_paragraph(), f"SHA-256 {page.code}", rtl=False)
    if page.warning:
        _write(document.sections[0].header.paragraphs[0], page.warning, rtl=rtl, red=True)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _write(paragraph: Any, text: str, *, rtl: bool, bold: bool = False, red: bool = False) -> None:
    if rtl:
        properties = paragraph._p.get_or_add_pPr()
        properties.append(OxmlElement("w:bidi"))
        # In a right-to-left paragraph 'left' is where the line begins (ECMA-376 17.3.1.13).
        paragraph.alignment = WD_ALIGN_PARAGRAPH.LEFT
    for piece in runs(text):
        run = paragraph.add_run(piece)
        run.bold = bold or None
        if red:
            run.font.color.rgb = RGBColor(0x9F, 0x1D, 0x1D)
        if _ARABIC.search(piece):
            run._r.get_or_add_rPr().append(OxmlElement("w:rtl"))


def runs(text: str) -> Sequence[str]:
    """The text in runs of one direction each; characters that XML cannot hold are left out."""
    return _RUNS.findall(_CONTROL.sub("", text))
