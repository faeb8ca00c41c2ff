"""Documents: a Typst template of `templates/documents` and data become a PDF.

PDF/A-3a with PDF/UA-1 (tags, language, title). Data is JSON and nothing else: a template never
evaluates it. The same template, data and time give the same bytes.
"""

import asyncio
import json
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import typst

from errors import N_, BadInput
from notary.documents.text import cleaned
from settings import ROOT

TEMPLATES: Final = ROOT / "templates" / "documents"
FONTS: Final = ROOT / "static" / "build" / "print-fonts"
FAMILIES: Final = frozenset({"Amiri"})
STANDARDS: Final[list[Any]] = ["ua-1", "a-3a"]
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,40}")
_POINTS: Final = re.compile(r"(-?[0-9.]+)pt")
_NO_GLYPH: Final = "could not be displayed with"


@dataclass(frozen=True, slots=True)
class Box:
    """A place that a template keeps for a signature. PDF coordinates: points from below left."""

    name: str
    page: int
    """From 0."""
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Rendered:
    """A document and the places in it that are to be signed, in their order."""

    pdf: bytes
    boxes: tuple[Box, ...]


class Documents:
    """Renders. One per process: the fonts are read once (about 10 ms), and each thread keeps the
    templates that it has parsed (2 ms a document)."""

    def __init__(self, templates: Path = TEMPLATES, fonts: Path = FONTS) -> None:
        """Raises RuntimeError when a font is missing (`make setup` copies them)."""
        self._templates = templates
        self._fonts = typst.Fonts(
            include_system_fonts=False, include_embedded_fonts=False, font_paths=[fonts]
        )
        missing = FAMILIES - set(self._fonts.families())
        if missing:
            raise RuntimeError(f"print fonts are missing in {fonts}: {', '.join(sorted(missing))}")
        self._own = threading.local()

    async def render(self, template: str, data: Mapping[str, Any], at: datetime) -> Rendered:
        """See `render_now`; in a thread. Typst lets the event loop run meanwhile."""
        return await asyncio.to_thread(self.render_now, template, data, at)

    def render_now(self, template: str, data: Mapping[str, Any], at: datetime) -> Rendered:
        """The document that `template` (a name without its ending) makes of `data` at `at`.

        Raises BadInput for text that is too long or has letters that no font of ours has.
        """
        compiler = self._compiler(template)
        pdf = self._compile(compiler, data, pdf_standards=STANDARDS, timestamp=_second(at))
        found = json.loads(compiler.query("<box>", field="value"))
        return Rendered(pdf, tuple(_box(one) for one in found))

    def drawing(self, template: str, data: Mapping[str, Any], at: datetime) -> bytes:
        """A PDF that becomes a part of another one (a stamp): without tags and standards."""
        compiler = self._compiler(template)
        return self._compile(compiler, data, timestamp=_second(at), pdf_tags=False)

    def _compiler(self, template: str) -> typst.Compiler:
        # One for each thread: a shared one raises "Already borrowed" in a second thread.
        if not _NAME.fullmatch(template):
            raise ValueError(f"{template!r} is not the name of a template")
        kept: dict[str, typst.Compiler] = self._own.__dict__
        if template not in kept:
            kept[template] = typst.Compiler(
                str(self._templates / f"{template}.typ"),
                root=str(self._templates),
                font_paths=self._fonts,
            )
        return kept[template]

    def _compile(self, compiler: typst.Compiler, data: Mapping[str, Any], **options: Any) -> bytes:
        """Always with data of its own: a kept compiler never prints what was printed before."""
        inputs = {"data": json.dumps(cleaned(data), ensure_ascii=False)}
        try:
            pdf, warnings = compiler.compile_with_warnings(
                format="pdf", sys_inputs=inputs, **options
            )
        except typst.TypstError as error:
            if _NO_GLYPH in str(error):
                raise BadInput(
                    "document.letters",
                    N_("The document has letters that we cannot print. Use Arabic or Latin ones."),
                ) from None
            raise
        if warnings:  # an unknown font is only a warning, and another one would be used
            raise RuntimeError("; ".join(one.message for one in warnings))
        if not isinstance(pdf, bytes):
            raise RuntimeError("the template gave no document")
        return pdf


def _second(at: datetime) -> int:
    return int(at.timestamp())


def _box(found: Mapping[str, Any]) -> Box:
    def points(name: str) -> float:
        match = _POINTS.fullmatch(str(found[name]))
        if match is None:
            raise ValueError(f"{name} of a box is not a length in points")
        return float(match.group(1))

    height, above = points("height"), points("y")
    return Box(
        name=str(found["name"]),
        page=int(found["page"]) - 1,
        x=points("x"),
        y=points("page-height") - above - height,
        width=points("width"),
        height=height,
    )
