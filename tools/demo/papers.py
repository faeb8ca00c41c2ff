"""Papers that people upload in a demo."""

import io

import pikepdf


def blank_pdf() -> bytes:
    """A PDF with one empty page."""
    file, made = io.BytesIO(), pikepdf.new()
    made.add_blank_page()
    made.save(file)
    return file.getvalue()
