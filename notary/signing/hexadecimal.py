"""pyHanko reads a hexadecimal string one character at a time. A signature and what proves it lie in
such strings, and each is read several times: a sixth of a signature's time went there.

`mend` reads the digits at once. Whatever is not digits alone is left to pyHanko's own reader.
"""

from binascii import unhexlify
from functools import wraps
from typing import Any, Final

from pyhanko.pdf_utils import generic

CHUNK: Final = 65_536
"""Octets; a longer string is read as before."""


def mend() -> None:
    """For this process, once."""
    generic.read_hex_string_from_stream = read


@wraps(generic.read_hex_string_from_stream)
def read(stream: Any) -> Any:
    """The string that begins at `<` in the stream, which then stands after its `>`."""
    start = stream.tell()
    chunk = stream.read(CHUNK)
    end = chunk.find(b">")
    digits = chunk[1:end]
    if end > 0 and digits.isalnum():
        try:
            value = unhexlify(digits)
        except ValueError:  # other letters, or one digit missing
            pass
        else:
            stream.seek(start + end + 1)
            return generic.pdf_string(value)
    stream.seek(start)
    return read.__wrapped__(stream)
