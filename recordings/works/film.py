"""Draws and encodes one chunk of a film. Runs in a process of its own.

    data = render(job, chunk)        # an MP4 with one H.264 track, in memory

All chunks of a film are encoded alike, so that their packets stand in one track behind each other.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

import av
from PIL import Image

from recordings.manifest import Span
from recordings.works import lettering
from recordings.works.canvas import BAR, BLACK, SPEAKS, STAGE, Box, Canvas, Picture
from recordings.works.grid import Layout, TileBox, captioned, fitted, halves, layout
from recordings.works.program import FPS, Chunk, Sheet, inside
from recordings.works.reading import Pictures, TrackJob, readers

WIDTH, HEIGHT = 1280, 720
CODEC = {"preset": "superfast", "crf": "26", "bf": "0", "threads": "1", "keyint": str(4 * FPS)}
CLOCK_SIZE = 20
NOT_SHOWN = "exhibit"
"""Of FilmJob.plates: what stands in place of a page that cannot be drawn."""

Pages: TypeAlias = Mapping[tuple[str, int], bytes]
"""Pages of exhibits as pictures (PNG, JPEG), by exhibit and page; empty: it cannot be drawn."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a tile has no picture in a stretch of time, in the film's language."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class TileJob:
    """One person of the film."""

    name: str
    role: str
    camera: TrackJob | None
    speech: tuple[Span, ...] = ()
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FilmJob:
    """Everything that a process needs. Texts are in the film's language already."""

    sitting: str
    key: bytes = field(repr=False)
    tiles: tuple[TileJob, ...]
    screens: tuple[TrackJob, ...]
    sheets: tuple[Sheet, ...] = ()
    """Pages of exhibits that were shown, with what is written below them."""
    epoch: datetime
    zone: str
    title: str
    mark: str
    plates: dict[str, str]
    """What a plate says, by the reason of its scene; `""` for a person without a picture."""
    rtl: bool
    width: int = WIDTH
    height: int = HEIGHT

    def pages(self, chunk: Chunk) -> set[tuple[str, int]]:
        """The pages of exhibits that a chunk needs."""
        span = chunk.span
        return {
            (one.exhibit, one.page)
            for one in self.sheets
            if not chunk.scene.reason
            and one.span.start_ms < span.end_ms
            and span.start_ms < one.span.end_ms
        }


def render(job: FilmJob, chunk: Chunk, pages: Pages | None = None) -> bytes:
    """One chunk as an MP4. Raises SegmentRefused, KeyRefused, OSError, FFmpegError."""
    painter = _Plate(job, chunk) if chunk.scene.reason else _Scene(job, chunk, pages or {})
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as container:
        stream: Any = container.add_stream("libx264", rate=FPS, options=dict(CODEC))
        stream.width, stream.height, stream.pix_fmt = job.width, job.height, "yuv420p"
        stream.codec_context.color_range = 1  # limited; BT.601 as the cameras sent it
        for index in range(chunk.frames):
            frame = painter.at(index).shown()
            frame.pts, frame.time_base = index, Fraction(1, FPS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return out.getvalue()


class _Painter:
    """What all pictures of a film have: the bars, the clocks and the mark."""

    def __init__(self, job: FilmJob, chunk: Chunk) -> None:
        self.job, self.chunk = job, chunk
        self.canvas = Canvas(job.width, job.height)
        self._zone = ZoneInfo(job.zone)
        bars = layout(job.width, job.height, 0)
        self._digits = lettering.digits(CLOCK_SIZE, bars.top.height)
        title = lettering.line(job.title, bars.top.width, bars.top.height, rtl=job.rtl, bold=True)
        mark = lettering.line(
            job.mark, bars.bottom.width, bars.bottom.height, rtl=job.rtl, size=14, centred=True
        )
        self.canvas.put(title, 0, 0)
        self.canvas.put(mark, 0, bars.bottom.y)
        self._shown = ""

    def clock(self, ms: int) -> None:
        """The record's clock and the wall's, on the side where the title does not begin."""
        at = (self.job.epoch + timedelta(milliseconds=ms)).astimezone(self._zone)
        seconds = ms // 1000
        text = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}   "
        text += at.strftime("%Y-%m-%d %H:%M:%S %z")
        if text == self._shown:
            return
        self._shown = text
        width = sum(self._digits[one].width for one in text)
        x = 10 if self.job.rtl else self.job.width - width - 10
        x &= ~1
        for one in text:
            cell = self._digits[one]
            self.canvas.put(cell, x, 0)
            x += cell.width


class _Plate(_Painter):
    """A scene of which nothing is shown: what it is, and from when to when."""

    def __init__(self, job: FilmJob, chunk: Chunk) -> None:
        super().__init__(job, chunk)
        scene = chunk.scene
        box = layout(job.width, job.height, 0)
        height = (box.bottom.y - box.top.height) & ~1
        from_to = " - ".join(self._wall(at) for at in (scene.start_ms, scene.end_ms))
        words = [(job.plates.get(scene.reason, job.plates[""]), 34), (from_to, 20)]
        plate = lettering.lines(words, job.width, height, rtl=job.rtl, ground=STAGE)
        self.canvas.put(plate, 0, box.top.height)
        self.clock(scene.start_ms)

    def _wall(self, ms: int) -> str:
        at = self.job.epoch + timedelta(milliseconds=ms)
        return at.astimezone(self._zone).strftime("%H:%M:%S")

    def at(self, _index: int) -> Canvas:
        return self.canvas


class _Scene(_Painter):
    """The record: tiles with pictures, the shared screen, the exhibit shown, and who speaks."""

    def __init__(self, job: FilmJob, chunk: Chunk, pages: Pages) -> None:
        super().__init__(job, chunk)
        self._pages = pages
        self._large: tuple[Box | None, Box | None] = None, None
        """Places of the shared screen and of the exhibit; both, side by side, at once."""
        self._sheet: Sheet | None = None
        cameras = [tile.camera for tile in job.tiles if tile.camera]
        self._cameras = readers(job.sitting, job.key, cameras, chunk.span)
        self._screens = readers(job.sitting, job.key, job.screens, chunk.span)
        self._layout: Layout | None = None
        self._drawn: list[object] = []
        self._inner: dict[Box, Box] = {}
        """Where the picture stands inside its place; what is around it is painted already."""
        self._plates: dict[tuple[int, int], Picture] = {}
        self._empty: dict[tuple[int, int, int, str], Picture] = {}

    def at(self, index: int) -> Canvas:
        """Draw the picture of one moment: only what changed since the last."""
        ms = self.chunk.ms(index)
        screen = next((found for one in self._screens.values() if (found := one.at(ms))), None)
        sheet = next((one for one in self.job.sheets if inside((one.span,), ms)), None)
        self._lay(screen=screen is not None, sheet=sheet is not None)
        layout = self._layout
        if layout is None:
            raise AssertionError("no layout")
        screen_box, sheet_box = self._large
        if screen_box and screen and self._drawn[-1] is not screen:
            self._picture(screen, screen_box)
            self._drawn[-1] = screen
        if sheet_box and sheet and self._sheet is not sheet:
            self._show(sheet, captioned(sheet_box))
            self._sheet = sheet
        for number, (tile, place) in enumerate(zip(self.job.tiles, layout.tiles, strict=True)):
            self._tile(number, tile, place, ms)
        self.clock(ms)
        return self.canvas

    def _lay(self, *, screen: bool, sheet: bool) -> None:
        now = bool(self._large[0]), bool(self._large[1])
        if self._layout and now == (screen, sheet):
            return
        job, large = self.job, screen or sheet
        self._layout = layout(job.width, job.height, len(job.tiles), screen=large, rtl=job.rtl)
        place = self._layout.screen
        if place and screen and sheet:
            self._large = halves(place)
        else:
            self._large = place if screen else None, place if sheet else None
        self._sheet = None
        top, bottom = self._layout.top, self._layout.bottom
        self.canvas.fill(Box(0, top.height, job.width, bottom.y - top.height), STAGE)
        self._drawn = [None] * (len(job.tiles) + 1)
        self._inner = {}

    def _tile(self, number: int, tile: TileJob, place: TileBox, ms: int) -> None:
        reader: Pictures | None = self._cameras.get(tile.camera.id) if tile.camera else None
        frame = reader.at(ms) if reader else None
        why = "" if frame else self._why(tile, ms)
        speaks = inside(tile.speech, ms)
        now = (frame or why, speaks)
        if self._drawn[number] == now:
            return
        before = self._drawn[number]
        if isinstance(before, tuple) and before[1] and not speaks:
            self._inner.pop(place.picture, None)  # the green stands beside the picture too
        self._drawn[number] = now
        if frame:
            self._picture(frame, place.picture)
        else:
            self.canvas.put(self._nobody(number, tile, place.picture, why), *_at(place.picture))
            self._inner.pop(place.picture, None)
        self.canvas.put(self._name(number, tile, place.plate), *_at(place.plate))
        if speaks:
            self.canvas.frame(place.whole, SPEAKS)

    def _picture(self, frame: "av.VideoFrame", box: Box) -> None:
        inner = fitted(frame.width, frame.height, box)
        if self._inner.get(box) != inner:
            self._inner[box] = inner
            self.canvas.fill(box, BLACK)
        scaled = frame.reformat(
            width=inner.width, height=inner.height, format="yuv420p", interpolation="FAST_BILINEAR"
        )
        self.canvas.put_frame(scaled, inner)

    def _show(self, sheet: Sheet, place: TileBox) -> None:
        """A page of an exhibit, as large as it can be, and what it is called."""
        box, data = place.picture, self._pages.get((sheet.exhibit, sheet.page), b"")
        if data:
            with Image.open(io.BytesIO(data), formats=["PNG", "JPEG"]) as page:
                inner = fitted(page.width, page.height, box)
                paper = Image.new("RGB", (inner.width, inner.height), "white")
                small = page.convert("RGBA").resize(paper.size, Image.Resampling.LANCZOS)
                paper.paste(small, mask=small)
            self.canvas.fill(box, BLACK)
            self.canvas.put(lettering.converted(paper), *_at(inner))
        else:
            words = [(sheet.text, 22), (self.job.plates[NOT_SHOWN], 16)]
            plate = lettering.lines(words, box.width, box.height, rtl=self.job.rtl, ground=BAR)
            self.canvas.put(plate, *_at(box))
        below = lettering.line(
            sheet.text, place.plate.width, place.plate.height, rtl=self.job.rtl, size=16, ground=BAR
        )
        self.canvas.put(below, *_at(place.plate))

    def _why(self, tile: TileJob, ms: int) -> str:
        found = (one.text for one in tile.reasons if inside((one.span,), ms))
        return next(found, self.job.plates[""])

    def _name(self, number: int, tile: TileJob, box: Box) -> Picture:
        key = (number, box.width)
        if key not in self._plates:
            words = f"{tile.name}  ·  {tile.role}" if tile.role else tile.name
            self._plates[key] = lettering.line(
                words, box.width, box.height, rtl=self.job.rtl, size=16, ground=BAR
            )
        return self._plates[key]

    def _nobody(self, number: int, tile: TileJob, box: Box, why: str) -> Picture:
        key = (number, box.width, box.height, why)
        if key not in self._empty:
            words = [(tile.name, 22), (why, 16)]
            self._empty[key] = lettering.lines(
                words, box.width, box.height, rtl=self.job.rtl, ground=BAR
            )
        return self._empty[key]


def _at(box: Box) -> tuple[int, int]:
    return box.x, box.y
