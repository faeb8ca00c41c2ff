"""Base64 of the text formats of the log: one spelling for each value."""

import base64
import binascii

from audit.errors import NoteError


def to_base64(data: bytes) -> str:
    """As it stands in notes and proofs."""
    return base64.b64encode(data).decode()


def from_base64(text: str) -> bytes:
    """Raises NoteError unless this is exactly how `to_base64` writes it."""
    # b64decode ignores unused bits and more; comparing with the one encoding does not.
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise NoteError("not base64") from None
    if to_base64(data) != text:
        raise NoteError("not canonical base64")
    return data
