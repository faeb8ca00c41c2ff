"""One page of an exhibit as a picture: all see the same, and nobody's browser opens the file.

A PDF's page is drawn by Typst's own reader (memory-safe, no program and no network), a picture is
read by Pillow, both in a process of its own with limits of memory and time. The file is never on
disk in the clear: it goes in by a pipe and is read back from memory.
"""

import os
import sys
from typing import Any, Final

from recordings.papers import sandbox

SECONDS: Final = 20.0
WIDE: Final = 1400
"""Pixels of the longer side: a page of A4 is read well on a large screen."""


MEMORY_FILES: Final = "/proc/self/fd"


class NotDrawn(Exception):
    """This page cannot be drawn within the limits."""


async def draw(data: bytes, type: str, page: int) -> bytes:
    """Page `page` (from 1) of a checked file of `type` (pdf, jpeg, png), as PNG or JPEG.

    Raises NotDrawn.
    """
    module = "recordings.exhibits.drawing"
    out = await sandbox.ask(module, type, str(page), data=data, seconds=SECONDS)
    if not out:
        raise NotDrawn
    return out


# --- in the process -------------------------------------------------------------------------------


def drawn(data: bytes, type: str, page: int) -> bytes:
    """What `draw` gives. Blocks; a hostile file may raise anything."""
    return _pdf(data, page) if type == "pdf" else _picture(data, type)


def _pdf(data: bytes, page: int) -> bytes:
    import io

    import pikepdf
    import typst

    one = io.BytesIO()
    with pikepdf.open(io.BytesIO(data)) as whole, pikepdf.new() as alone:
        alone.pages.append(whole.pages[page - 1])
        box = alone.pages[0].trimbox
        tall = _tall(box, int(alone.pages[0].get("/Rotate", 0)))
        alone.save(one)
    file = _in_memory(one.getvalue())
    side = f"height: {WIDE}pt" if tall else f"width: {WIDE}pt"
    source = (
        "#set page(width: auto, height: auto, margin: 0pt, fill: white)\n"
        f'#image("/{file}", format: "pdf", {side})'
    )
    text: Any = source.encode()  # its stub wants text and root of one type
    found = typst.compile(text, root=MEMORY_FILES, format="png", ppi=72.0)
    if not isinstance(found, bytes):
        raise ValueError("the page was drawn as several")
    return found


def _in_memory(data: bytes) -> int:
    """A file that has no place on any disk; its number."""
    number = os.memfd_create("exhibit")
    with os.fdopen(os.dup(number), "wb") as file:
        file.write(data)
    return number


def _tall(box: "object", rotated: int) -> bool:
    left, bottom, right, top = (float(edge) for edge in box)  # type: ignore[attr-defined]
    tall = abs(top - bottom) >= abs(right - left)
    return tall if rotated % 180 == 0 else not tall


def _picture(data: bytes, type: str) -> bytes:
    import io

    from PIL import Image, ImageOps

    out = io.BytesIO()
    with Image.open(io.BytesIO(data), formats=[type.upper()]) as picture:
        turned = ImageOps.exif_transpose(picture)
        turned.thumbnail((WIDE, WIDE))
        if type == "jpeg":
            turned.convert("RGB").save(out, "JPEG", quality=88)  # what it was made with stays out
        else:
            turned.convert("RGBA").save(out, "PNG")
    return out.getvalue()


def _main() -> None:
    sandbox.confine(SECONDS)
    sys.stdout.buffer.write(drawn(sys.stdin.buffer.read(), sys.argv[1], int(sys.argv[2])))


if __name__ == "__main__":
    _main()
