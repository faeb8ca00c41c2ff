"""Papers that people upload in a demo."""

import io

import pikepdf
import typst


def blank_pdf() -> bytes:
    """A PDF with one empty page."""
    file, made = io.BytesIO(), pikepdf.new()
    made.add_blank_page()
    made.save(file)
    return file.getvalue()


LETTER = b"""
#set page(paper: "a4")
#set text(size: 12pt)
= Letter of employment
Abu Dhabi, 1 November 2026

To whom it may concern: Hamdan Saif Al Ketbi has been employed with us since 2019, and was on duty
at our depot in Mussafah on the night of 14 October 2026 from 20:00 until 06:00.
"""


def letter() -> bytes:
    """A PDF of one page that can be read."""
    made = typst.compile(LETTER, format="pdf")
    if not isinstance(made, bytes):
        raise TypeError("one file was expected")
    return made
