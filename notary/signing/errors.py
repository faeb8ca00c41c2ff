"""Why a signature was not made. Nothing was changed, and the signer may try again."""

from typing import Final

from errors import N_, Refusal


class SigningFailed(Exception):
    """The code says which part failed; the text is for the log and names no person.

    One argument each, so that it comes through from a worker process.
    """

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail


_MESSAGES: Final = {
    "time": N_(
        "The time-stamping authority gave no valid time-stamp. Nothing was signed; try again."
    ),
    "authority": N_("The certificate authority did not answer. Nothing was signed; try again."),
    "revoked": N_("The certificate of this signature was revoked. Nothing was signed."),
    "cancelled": N_("You cancelled the signature. Nothing was signed."),
    "document": N_("The signed document did not pass our check, so it was thrown away. Try again."),
    "service": N_("The signing service did not sign. Nothing was changed; try again."),
    "other_person": N_(
        "The signing service signed in another name than yours. It was thrown away; ask the notary."
    ),
    "slow": N_("Signing took too long and was stopped. Nothing was signed; try again."),
}


def refusal(error: SigningFailed) -> Refusal:
    """What the signer is told."""
    code = error.code if error.code in _MESSAGES else "service"
    return Refusal(f"signing.{code}", _MESSAGES[code], status=503)
