"""Signed documents on the public page 'Verify': how they are recognised, and what is said."""

from typing import Final, Protocol

from errors import N_
from notary.signing import store
from notary.signing.ceremony import State
from recordings.checking import words
from recordings.checking.kind import Kind

DOCUMENT: Final = Kind(
    "document",
    N_("Signed document (PDF)"),
    lambda head, _tail: b"%PDF-" in head,
    "notary.verification.document:check",
    wall_s=20.0,
    logged=True,
)
STEPS: Final = {
    "doc_signed": (
        N_("The document is signed."),
        N_("The document bears no electronic signature."),
    ),
    "doc_signatures": (
        N_("Every signature in it is right."),
        N_("A signature is wrong: the document was changed, or the signature is forged."),
    ),
    "doc_unchanged": (
        N_("Nothing was added or changed after it was signed."),
        N_("Something was added or changed after it was signed: a page, a note, a field or text."),
    ),
    "doc_closed": (
        N_("A time-stamp over the whole file closes it."),
        N_("Something comes after the last time-stamp, or that time-stamp is wrong."),
    ),
    "doc_known": (
        N_("An authority that this house knows vouches for the signers."),
        N_("The authority that vouches for the signers is not trusted."),
    ),
}
NOT_CHECKED: Final = {
    "doc_truth": N_("Whether what the document says is true."),
    "doc_unsigned": N_("Who made it: without a signature anybody can have made it."),
}
STANDINGS: Final = {
    "sealed": (
        N_("This is the newest version: signed by all, closed by the notary and sealed."),
        "success",
    ),
    "older": (
        N_("A newer version of this document exists. Ask for the newest one."),
        "warning",
    ),
    "unfinished": (
        N_("Not everybody has signed this document yet. It has no effect before it is sealed."),
        "warning",
    ),
    "withdrawn": (
        N_("This document was withdrawn before it was complete. It has no effect."),
        "error",
    ),
}
words.teach(STEPS, NOT_CHECKED, standing=STANDINGS)


class Reads(Protocol):
    """What is needed of the ceremonies."""

    async def standing(self, sha256: str) -> tuple[store.Revision, State, int] | None:
        """The version with this hash, the state of its ceremony and its newest version."""


async def standing(ceremonies: Reads, sha256: str) -> str:
    """A code of STANDINGS for the file with this hash; empty for a file that we did not make."""
    found = await ceremonies.standing(sha256)
    if found is None:
        return ""
    version, state, newest = found
    if state is State.WITHDRAWN:
        return "withdrawn"
    if state is not State.SEALED:
        return "unfinished"
    return "sealed" if version.number == newest else "older"
