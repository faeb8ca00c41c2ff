"""Small real files, as people upload them."""

import io

import pikepdf


def pdf(pages: int = 1) -> bytes:
    """A small real PDF."""
    file, made = io.BytesIO(), pikepdf.new()
    for _ in range(pages):
        made.add_blank_page()
    made.save(file)
    return file.getvalue()
