"""Two faults of asn1crypto 1.5.1 that cost time, and what is done about them.

It takes a length that ends in the byte 0x80 for an indefinite one and encodes everything below
anew, three times at every level: one signature in some thirty took up to eighteen seconds, and so
would a check (wbond/asn1crypto issues 249 and 256, request 302, not merged). `mend` puts it right.

And it encodes what it has not parsed twice at every level. Whoever builds a deep value settles its
parts from the inside out: parsed ones are copied.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from asn1crypto.core import Asn1Value, Sequence, SequenceOf

T = TypeVar("T", bound=Asn1Value)


def settled(value: T) -> T:
    """The same value as read from its own DER."""
    return type(value).load(value.dump())  # type: ignore[no-any-return]


def mend() -> None:
    """For this process, once: only an indefinite length is encoded anew."""
    for kind in (Sequence, SequenceOf):
        if not hasattr(kind.dump, "mended"):
            kind.dump = _careful(kind.dump)


def _careful(dump: Callable[[Any, bool], bytes]) -> Callable[[Any, bool], bytes]:
    def careful(self: Any, force: bool = False) -> bytes:
        header = self._header
        if not force and header and header[-1] == 0x80 and definite(header):
            contents = self.contents  # forgets the header when a part was changed
            if self._header is header:
                return bytes(header + contents + self._trailer)
        return dump(self, force)

    careful.mended = True  # type: ignore[attr-defined]
    return careful


def definite(header: bytes) -> bool:
    """Whether no length in a chain of tags and lengths is indefinite (X.690 section 8.1.3.6)."""
    at = 0
    while at < len(header):
        if header[at] & 0x1F == 0x1F:  # a tag of several octets
            at += 1
            while header[at] & 0x80:
                at += 1
        at += 1
        if header[at] == 0x80:
            return False
        at += 1 + (header[at] & 0x7F if header[at] & 0x80 else 0)
    return True
