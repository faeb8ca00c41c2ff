"""What people are told when signing in by a digital identity does not work, and what to do next.

All are 401 (who you are is not proved) or 403 (it is, and it is not enough). The code is logged.
"""

from errors import N_, Refusal

_REFUSALS: dict[str, tuple[int, str]] = {
    "identity.unknown_provider": (
        401,
        N_("We do not know this identity provider. Choose one from the sign-in page."),
    ),
    "identity.flow_unknown": (
        401,
        N_("This sign-in was already used or took too long. Begin again from the sign-in page."),
    ),
    "identity.other_browser": (
        401,
        N_("This sign-in was begun in another browser. Begin again here."),
    ),
    "identity.cancelled": (
        401,
        N_("You did not finish at the identity provider. Try again, or sign in another way."),
    ),
    "identity.provider_refused": (
        401,
        N_("The identity provider did not sign you in. Try again, or sign in another way."),
    ),
    "identity.provider_unavailable": (
        401,
        N_(
            "The identity provider does not answer as it should. Wait a minute and try again, or "
            "sign in with your user name."
        ),
    ),
    "identity.token_refused": (
        401,
        N_("The identity provider's answer does not fit this sign-in. Begin again."),
    ),
    "identity.level_unknown": (
        403,
        N_(
            "The identity provider does not say how surely it knows you. Begin again, and ask the "
            "clerk if it happens again."
        ),
    ),
    "identity.level_not_reached": (
        403,
        N_(
            "Your digital identity was not confirmed strongly enough for this. Upgrade it with its "
            "provider, or use another method."
        ),
    ),
    "identity.another_person": (
        403,
        N_(
            "The identity provider signed in somebody else. Sign out there, and confirm with your "
            "own digital identity."
        ),
    ),
    "identity.conflict": (
        403,
        N_(
            "This digital identity and your account do not fit together. Nothing was changed; ask "
            "the administrator, who sees both in the log."
        ),
    ),
    "identity.account_shut": (403, N_("Your account is shut. Ask the administrator.")),
    "identity.signed_out": (
        401,
        N_("Your session ended in the meantime. Sign in, and try again."),
    ),
}


class IdentityRefused(Refusal):
    """No sign-in. State is unchanged, except that the flow is used up."""


class NoAccount(IdentityRefused):
    """An identity that is proved, and belongs to no account. `reference` is for the administrator
    to whom the person turns."""

    def __init__(self, reference: str) -> None:
        super().__init__(
            "identity.no_account",
            N_("Your digital identity is confirmed, and it belongs to no account here yet."),
            status=403,
        )
        self.reference = reference


def refused(code: str) -> IdentityRefused:
    """The refusal of this code."""
    status, message = _REFUSALS[code]
    return IdentityRefused(code, message, status=status)
