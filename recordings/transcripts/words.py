"""The words of a transcript at rest: encrypted under the sitting's key, shredded with it. Pure."""

import json
from collections.abc import Sequence

from recordings import envelope
from recordings.transcripts.transcript import Line

PURPOSE = "transcript"


def seal(key: bytes, transcript: str, number: int, lines: Sequence[Line]) -> bytes:
    """The lines of one revision, encrypted and bound to it."""
    plain = json.dumps([line.body() for line in lines], ensure_ascii=False).encode()
    return envelope.seal(key, PURPOSE, f"{transcript}|{number}", plain)


def unseal(key: bytes, transcript: str, number: int, sealed: bytes) -> list[Line]:
    """The reverse. Raises KeyRefused: another key, another revision, or altered."""
    plain = envelope.unseal(key, PURPOSE, f"{transcript}|{number}", sealed)
    return [Line(**line) for line in json.loads(plain)]
