"""What shows in the box of a signature: name, role and time in both languages, made by Typst.

pyHanko's own text stamps do not order Arabic and use a font that is not embedded (esign.md B4).
"""

import binascii
import secrets
from collections.abc import Mapping
from datetime import datetime
from io import BytesIO
from typing import Any

from pyhanko.pdf_utils.content import PdfContent
from pyhanko.pdf_utils.layout import AxisAlignment, BoxConstraints, Margins, SimpleBoxLayoutRule
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.stamp import StaticStampStyle

from i18n import Formatter
from notary.documents.render import Box, Documents


def style(page: bytes) -> StaticStampStyle:
    """The first page of a PDF as the whole appearance of a signature."""
    return StaticStampStyle(
        background=PageContent(page),
        background_opacity=1.0,
        border_width=0,
        background_layout=SimpleBoxLayoutRule(
            AxisAlignment.ALIGN_MID, AxisAlignment.ALIGN_MID, margins=Margins.uniform(0)
        ),
    )


class PageContent(PdfContent):
    """pyHanko's ImportedPdfPage, from memory instead of a file."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self._page = page

    def render(self) -> bytes:
        """Put the page into the writer as a form and draw it."""
        imported = self._ensure_writer.import_page_as_xobject(PdfFileReader(BytesIO(self._page)))
        name = b"/Import" + binascii.hexlify(secrets.token_bytes(16))
        self.resources.xobject[name.decode("ascii")] = imported
        left, bottom, right, top = imported.get_object()["/BBox"]
        self.box = BoxConstraints(width=abs(left - right), height=abs(bottom - top))
        return name + b" Do"


def draw(
    documents: Documents, box: Box, words: Mapping[str, tuple[str, str]], at: datetime, zone: str
) -> bytes:
    """A page of the size of `box`. `words`: by language, the name and the capacity."""
    data: dict[str, Any] = {"width": round(box.width), "height": round(box.height), "size": 10}
    for language, (name, role) in words.items():
        form = Formatter(language, zone)
        comma = "،" if language == "ar" else ","
        data[language] = {
            "name": name,
            "role": role,
            "time": f"{form.date(at, 'medium')}{comma} {form.clock(at)}",
        }
    return documents.drawing("stamp", data, at)
