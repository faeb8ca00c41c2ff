"""What asn1crypto 1.5.1 does more often than it must, mended for the process that asks for it.

It takes a length that ends in the byte 0x80 for an indefinite one and encodes everything below
anew, three times at every level: one signature in some thirty took up to eighteen seconds, and so
would a check (wbond/asn1crypto issues 249 and 256, request 302, not merged). It encodes what was
not parsed twice at every level, so that the innermost part of a signature is encoded a thousand
times. And it prepares the words of a name anew for each comparison.
"""

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any, TypeVar

from asn1crypto.core import VOID, Asn1Value, Sequence, SequenceOf
from asn1crypto.parser import _dump_header
from asn1crypto.x509 import NameTypeAndValue

T = TypeVar("T", bound=Asn1Value)


def settled(value: T) -> T:
    """The same value as read from its own DER: whatever holds it copies its bytes."""
    return type(value).load(value.dump())  # type: ignore[no-any-return]


def mend() -> None:
    """Encode each part once, and anew only what has an indefinite length."""
    for kind in (Sequence, SequenceOf):
        if not hasattr(kind.dump, "__wrapped__"):
            kind.dump = _once(kind, kind.dump)
            # RFC 4518 section 2: what a word becomes depends on the word alone.
            NameTypeAndValue._ldap_string_prep = _prepared


_prepare = NameTypeAndValue._ldap_string_prep


@lru_cache(maxsize=4096)
def _word(word: str) -> str:
    return str(_prepare(None, word))


@wraps(_prepare)
def _prepared(_self: Any, word: str) -> str:
    return _word(word)


def _once(kind: type, dump: Callable[[Any, bool], bytes]) -> Callable[[Any, bool], bytes]:
    @wraps(dump)
    def once(self: Any, force: bool = False) -> bytes:
        if force or not definite(self._header or b""):
            return dump(self, force)
        contents = self.contents  # forgets the header when a part was changed
        if self._header is None:
            if contents is None or (kind is Sequence and _lacks(self)):
                return dump(self, force)  # says what is missing
            header = _dump_header(self.class_, self.method, self.tag, contents)
            for class_, tag in self.explicit or ():
                header = _dump_header(class_, 1, tag, header + contents) + header
            self._header, self._trailer = header, b""
        return bytes(self._header + contents + self._trailer)

    return once


def _lacks(value: Any) -> bool:
    """Whether a part that must be there is not."""
    return any(
        child is VOID and not ("default" in how or "optional" in how)
        for child, (_name, _kind, how) in zip(value.children or (), value._fields, strict=False)
    )


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
