"""Words in a film: shaped and set in their direction by Raqm (Pillow), in Noto Kufi Arabic.

The font has Arabic and Latin letters, so a Latin name in an Arabic film needs no other. Blocking;
a film's process draws each plate once.
"""

from functools import lru_cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, features

from recordings.works.canvas import BAR, Colour, Picture

FONTS = Path(__file__).resolve().parents[2] / "static" / "build" / "print-fonts"
REGULAR, BOLD = "NotoKufiArabic-Regular.ttf", "NotoKufiArabic-Bold.ttf"
WHITE, QUIET = (242, 242, 238), (170, 172, 176)
CLOCK = "0123456789:-+. "
_OVERRIDES = dict.fromkeys((*range(0x202A, 0x202F), 0x200E, 0x200F))


class LetteringError(Exception):
    """Words cannot be set: the library lacks Raqm, or the fonts were not built."""


@lru_cache(maxsize=16)
def font(size: int, *, bold: bool = False) -> ImageFont.FreeTypeFont:
    """The font of a size in pixels. Raises LetteringError."""
    if not features.check("raqm"):
        raise LetteringError("Pillow was built without Raqm: Arabic would not be shaped")
    try:
        name = str(FONTS / (BOLD if bold else REGULAR))
        return ImageFont.truetype(name, size, layout_engine=ImageFont.Layout.RAQM)
    except OSError:
        raise LetteringError(
            f"no print fonts in {FONTS}: run python -m tools.build_static"
        ) from None


def line(
    text: str,
    width: int,
    height: int,
    *,
    rtl: bool,
    size: int = 18,
    bold: bool = False,
    centred: bool = False,
    ink: tuple[int, int, int] = WHITE,
    ground: Colour = BAR,
) -> Picture:
    """One line of words on a bar, from the side where the language begins, cut with an ellipsis."""
    paper = Image.new("RGB", (width, height), rgb(ground))
    _write(paper, text, 0, height, rtl=rtl, size=size, bold=bold, centred=centred, ink=ink)
    return converted(paper)


def lines(
    texts: list[tuple[str, int]], width: int, height: int, *, rtl: bool, ground: Colour
) -> Picture:
    """Lines of (words, size) in the middle of a box."""
    paper = Image.new("RGB", (width, height), rgb(ground))
    total = sum(size * 2 for _, size in texts)
    at = max(0, (height - total) // 2)
    for index, (text, size) in enumerate(texts):
        ink = QUIET if index else WHITE
        _write(paper, text, at, size * 2, rtl=rtl, size=size, bold=not index, centred=True, ink=ink)
        at += size * 2
    return converted(paper)


def _write(
    paper: Image.Image,
    text: str,
    top: int,
    height: int,
    *,
    rtl: bool,
    size: int,
    bold: bool,
    centred: bool,
    ink: tuple[int, int, int],
) -> None:
    face, width = font(size, bold=bold), paper.width
    text = cut(text, size, width - 20, bold=bold, rtl=rtl)
    anchor, at = ("mm", width // 2) if centred else ("rm", width - 10) if rtl else ("lm", 10)
    draw = ImageDraw.Draw(paper)
    direction = "rtl" if rtl else "ltr"
    draw.text(
        (at, top + height // 2), text, font=face, fill=ink, anchor=anchor, direction=direction
    )


def cut(text: str, size: int, width: int, *, bold: bool, rtl: bool) -> str:
    """The words as far as they fit. Marks that force a direction are taken out."""
    text = " ".join(text.translate(_OVERRIDES).split())
    face, direction = font(size, bold=bold), "rtl" if rtl else "ltr"
    if face.getlength(text, direction=direction) <= width:
        return text
    while text and face.getlength(text + "…", direction=direction) > width:
        text = text[:-1]
    return text + "…"


def digits(size: int, height: int, ground: Colour = BAR) -> dict[str, Picture]:
    """A cell for each character of a clock, all of one even width, so that it does not tremble."""
    face = font(size, bold=True)
    width = (max(int(face.getlength(one)) for one in CLOCK) + 3) & ~1
    found = {}
    for one in CLOCK:
        paper = Image.new("RGB", (width, height), rgb(ground))
        draw = ImageDraw.Draw(paper)
        draw.text((width // 2, height // 2), one, font=face, fill=WHITE, anchor="mm")
        found[one] = converted(paper)
    return found


def rgb(colour: Colour) -> tuple[int, int, int]:
    """A colour as Pillow takes it (BT.601, limited range)."""
    y, u, v = 1.164 * (colour[0] - 16), colour[1] - 128, colour[2] - 128
    found = (y + 1.596 * v, y - 0.392 * u - 0.813 * v, y + 2.017 * u)
    red, green, blue = (max(0, min(255, round(value))) for value in found)
    return red, green, blue


_LUMA = [round(16 + value * 219 / 255) for value in range(256)]
_CHROMA = [round(128 + (value - 128) * 224 / 255) for value in range(256)]


def converted(paper: Image.Image) -> Picture:
    """An RGB picture of even size as planes."""
    luma, blue, red = paper.convert("YCbCr").split()
    half = (paper.width // 2, paper.height // 2)
    planes = (
        luma.point(_LUMA).tobytes(),
        blue.resize(half).point(_CHROMA).tobytes(),
        red.resize(half).point(_CHROMA).tobytes(),
    )
    return Picture(paper.width, paper.height, planes)
