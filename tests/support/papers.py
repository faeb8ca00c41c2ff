"""Small real files, as people upload them."""

import io
from typing import Any

import pikepdf
import typst


def pdf(pages: int = 1) -> bytes:
    """A small real PDF."""
    file, made = io.BytesIO(), pikepdf.new()
    for _ in range(pages):
        made.add_blank_page()
    made.save(file)
    return file.getvalue()


def sheet(page: int) -> bytes:
    """A page of paper with words on it."""
    text = f"#set page(width: 595pt, height: 842pt)\n= Page {page}\n" + "#lorem(220)\n\n" * 2
    made: Any = typst.compile(text.encode(), format="png", ppi=110.0)
    return bytes(made if isinstance(made, bytes) else made[0])
