"""What people upload: looked at by its content, in a process of its own; kept encrypted."""

import pytest

from errors import BadInput
from recordings.papers.uploads import Limits, examine
from recordings.papers.uploads import check as check_upload
from tests.support.papers import pdf

LIMITS = Limits(bytes=1_000_000, pages=3, pixels=1_000_000, files=5)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "upload.empty"),
        (b"MZ\x90\x00", "upload.type"),
        (b"<svg onload=alert(1)>", "upload.type"),
        (b"%PDF-1.7\n" + b"\x00" * 500, "upload.damaged"),
        (b"\xff\xd8\xff\xe0" + b"junk" * 40, "upload.damaged"),
        (b"\x89PNG\r\n\x1a\n" + b"\x00" * 64, "upload.damaged"),
        (b"%PDF-" + b"a" * 1_000_001, "upload.too_large"),
    ],
)
async def test_hostile_uploads(data: bytes, code: str) -> None:
    with pytest.raises(BadInput) as refused:
        await check_upload(data, LIMITS, "file_identity")
    assert refused.value.code == code


def test_pages_pixels_and_programs() -> None:
    import io

    import pikepdf
    from PIL import Image

    assert examine(pdf(2), 3, 10**6) == {"type": "pdf", "pages": 2}
    assert examine(pdf(4), 3, 10**6) == {"code": "pages"}
    bomb = io.BytesIO()
    Image.new("1", (4000, 4000)).save(bomb, "PNG")
    assert examine(bomb.getvalue(), 3, 10**6) == {"code": "pixels"}
    active = pikepdf.open(io.BytesIO(pdf()))
    active.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)")
    file = io.BytesIO()
    active.save(file)
    assert examine(file.getvalue(), 3, 10**6) == {"code": "active"}
    locked = io.BytesIO()
    pikepdf.open(io.BytesIO(pdf())).save(locked, encryption=pikepdf.Encryption(owner="a", user="b"))
    assert examine(locked.getvalue(), 3, 10**6) == {"code": "encrypted"}
