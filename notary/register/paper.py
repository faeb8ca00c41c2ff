"""Papers that the office makes out of its register: executory copies and certified extracts.

Each is a document of its own, under the office's seal, with a code of its own; each is noted in the
margin of its entry. The certified copy is none of them: it is the signed deed itself, byte for
byte, which proves itself (FDL 46/2021 Art 9).
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from errors import N_


class Sort(StrEnum):
    """What a paper is."""

    EXECUTORY = "executory"
    EXTRACT = "extract"


TITLES: dict[Sort, dict[str, str]] = {
    Sort.EXECUTORY: {"ar": "صورة تنفيذية", "en": "Executory copy"},
    Sort.EXTRACT: {"ar": "مستخرج رسمي من السجل", "en": "Certified extract of the register"},
}
LABELS: dict[Sort, str] = {
    Sort.EXECUTORY: N_("Executory copy"),
    Sort.EXTRACT: N_("Certified extract of the register"),
}


@dataclass(frozen=True, slots=True)
class Paper:
    """One paper that was issued."""

    id: str
    """Opaque; the subject of its signing ceremony."""
    sort: str
    deed: str
    """The entry's printed number."""
    code: str
    """As printed on it."""
    ceremony: str
    sha256: str
    by: str
    """Account that it was issued to."""
    at: datetime
    order: str
    """Reference of the written order; empty where none was needed."""
    notes: int
    """How many notes the entry's margin had when it was made."""
