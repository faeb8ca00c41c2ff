"""What people upload: checked by its content, never by its name or its declared type.

A PDF is opened by pikepdf and a picture by Pillow, in a process of its own with limits of memory
and time: a file that is made to exhaust a reader ends that process and nothing else. What is kept
is the file as it came; what is shown to people is never rendered from it in this process.
"""

import io
import json
import sys
import warnings
from dataclasses import dataclass
from typing import Final

from errors import N_, BadInput
from recordings.papers import sandbox

SECONDS: Final = 15.0
_MAGIC: Final = ((b"%PDF-", "pdf"), (b"\xff\xd8\xff", "jpeg"), (b"\x89PNG\r\n\x1a\n", "png"))
TYPES: Final = {"pdf": "application/pdf", "jpeg": "image/jpeg", "png": "image/png"}
ACTIVE: Final = ("/JavaScript", "/JS", "/Launch", "/EmbeddedFile", "/RichMedia", "/XFA")


@dataclass(frozen=True, slots=True)
class Limits:
    """Of a rule: R-NT-13 (acts), R-MR-31 (marriages), R-EX-01 (exhibits)."""

    bytes: int
    pages: int
    pixels: int
    files: int


@dataclass(frozen=True, slots=True)
class Checked:
    """What a file is. `pages` is 1 for a picture."""

    type: str
    pages: int


def kind_of(data: bytes) -> str:
    """`pdf`, `jpeg`, `png`, or an empty string: by the first bytes."""
    return next((name for magic, name in _MAGIC if data.startswith(magic)), "")


async def check(data: bytes, limits: Limits, field: str) -> Checked:
    """Look at a file. Raises BadInput `upload.empty .too_large .type .damaged .encrypted .active
    .pages .pixels`, which say what to send instead."""
    if not data:
        raise BadInput("upload.empty", N_("Choose a file first."), field=field)
    if len(data) > limits.bytes:
        raise BadInput(
            "upload.too_large",
            N_("The file is too large: at most %(megabytes)s MB."),
            field=field,
            megabytes=limits.bytes // 1_000_000,
        )
    if not kind_of(data):
        raise BadInput("upload.type", N_("Send a PDF, a JPEG or a PNG."), field=field)
    found = await _in_a_process(data, limits)
    if "code" in found:
        raise _refused(str(found["code"]), field, limits)
    return Checked(str(found["type"]), int(found["pages"]))


def _refused(code: str, field: str, limits: Limits) -> BadInput:
    messages = {
        "encrypted": N_("This PDF has a password. Send one without."),
        "active": N_(
            "This PDF holds programs or files inside. Print it to a PDF anew and send that."
        ),
        "pages": N_("This PDF has too many pages: at most %(most)s."),
        "pixels": N_("This picture is too large. Make it smaller and send it again."),
    }
    damaged = N_("This file cannot be read. Scan or save it again and send that.")
    return BadInput(f"upload.{code}", messages.get(code, damaged), field=field, most=limits.pages)


async def _in_a_process(data: bytes, limits: Limits) -> dict[str, str | int]:
    out = await sandbox.ask(
        "recordings.papers.uploads", str(limits.pages), str(limits.pixels),
        data=data, seconds=SECONDS,
    )  # fmt: skip
    try:
        found = json.loads(out)
    except ValueError:
        return {"code": "damaged"}
    return found if isinstance(found, dict) else {"code": "damaged"}


# --- in the process -------------------------------------------------------------------------------


def examine(data: bytes, most_pages: int, most_pixels: int) -> dict[str, str | int]:
    """What a file is, or the code of what is wrong with it. Blocks; a hostile file may exhaust."""
    kind = kind_of(data)
    if kind == "pdf":
        return _examine_pdf(data, most_pages)
    return _examine_picture(data, kind, most_pixels)


def _examine_pdf(data: bytes, most_pages: int) -> dict[str, str | int]:
    import pikepdf

    try:
        with pikepdf.open(io.BytesIO(data), attempt_recovery=False) as pdf:
            if pdf.is_encrypted:
                return {"code": "encrypted"}
            pages = len(pdf.pages)
            if not 1 <= pages <= most_pages:
                return {"code": "pages" if pages else "damaged"}
            for page in pdf.pages:  # every page is there, and is a page
                _ = page.mediabox
            if _is_active(pdf):
                return {"code": "active"}
            return {"type": "pdf", "pages": pages}
    except pikepdf.PasswordError:
        return {"code": "encrypted"}
    except Exception:  # a reader of hostile files may raise anything
        return {"code": "damaged"}


def _is_active(pdf: "object") -> bool:
    """Whether a dictionary of the file starts a program or holds another file."""
    import pikepdf

    assert isinstance(pdf, pikepdf.Pdf)  # noqa: S101
    waiting: list[object] = [*pdf.objects, pdf.Root]
    while waiting:
        thing = waiting.pop()
        if isinstance(thing, pikepdf.Array):
            waiting += [one for one in thing if not _indirect(one)]
        elif isinstance(thing, pikepdf.Dictionary | pikepdf.Stream):
            keys = set(thing.keys())
            if keys & set(ACTIVE) or str(thing.get("/S", "")) in ("/JavaScript", "/Launch"):
                return True
            waiting += [thing[key] for key in keys if not _indirect(thing[key])]
    return False


def _indirect(thing: object) -> bool:
    """Whether an object of a PDF has a number of its own: then it is in the list anyway."""
    return bool(getattr(thing, "is_indirect", True))


def _examine_picture(data: bytes, kind: str, most_pixels: int) -> dict[str, str | int]:
    from PIL import Image

    warnings.simplefilter("error", Image.DecompressionBombWarning)
    Image.MAX_IMAGE_PIXELS = most_pixels
    try:
        with Image.open(io.BytesIO(data), formats=[kind.upper()]) as picture:
            if picture.width * picture.height > most_pixels:
                return {"code": "pixels"}
            picture.load()
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        return {"code": "pixels"}
    except Exception:  # a reader of hostile files may raise anything
        return {"code": "damaged"}
    return {"type": kind, "pages": 1}


def _main() -> None:
    import resource

    sandbox.confine(SECONDS)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    found = examine(sys.stdin.buffer.read(), int(sys.argv[1]), int(sys.argv[2]))
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    _main()
