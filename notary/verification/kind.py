"""Signed documents on the public page 'Verify': how they are recognised, and what is said."""

from typing import Final

from errors import N_
from recordings.checking import words
from recordings.checking.kind import Kind

DOCUMENT: Final = Kind(
    "document",
    N_("Signed document (PDF)"),
    lambda head, _tail: b"%PDF-" in head,
    "notary.verification.document:check",
    wall_s=5.0,
    cpu_s=4,
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
        N_("It is complete: signed by all, closed and sealed."),
        "success",
    ),
    "stands": (
        N_(
            "The deed stands: the notary's register shows today that it was neither revoked nor"
            " superseded nor annulled."
        ),
        "success",
    ),
    "revoked": (
        N_("This power was revoked. Nobody may act by it any more, whatever the paper says."),
        "error",
    ),
    "superseded": (N_("A later deed has taken its place. It has no effect any more."), "error"),
    "annulled": (N_("It was annulled by an order. It has no effect."), "error"),
    "not_completed": (N_("It was never completed. It is no deed and has no effect."), "error"),
    "cancelled": (
        N_("The request for it was cancelled, refused or left to lapse. It has no effect."),
        "error",
    ),
    "extract_current": (
        N_("A genuine extract. The entry is today as it shows it."),
        "success",
    ),
    "extract_older": (
        N_("A genuine extract, and the entry has changed since. Ask the office for a new one."),
        "warning",
    ),
    "unregistered": (
        N_("It is signed and sealed and not yet completed in the register. Look again later."),
        "warning",
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
