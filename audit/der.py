"""asn1crypto encodes what it has not parsed twice at every level, and what lies in it as often
again: the innermost part of a signature a thousand times. Worse, it takes a length that ends in the
byte 0x80 for an indefinite one and then encodes everything below anew, three times at every level:
one signature in some hundred took eleven seconds (wbond/asn1crypto issues 249 and 256).

Parsed values are copied. So whoever builds a deep value settles its parts from the inside out.
"""

from typing import TypeVar

from asn1crypto.core import Asn1Value

T = TypeVar("T", bound=Asn1Value)


def settled(value: T) -> T:
    """The same value as read from its own DER."""
    return type(value).load(value.dump())  # type: ignore[no-any-return]
