"""Invitations: how a person without an account comes to one seat (court.md row 25 does it badly).

A link carries a random token of which only a hash is stored. Opening the link shows what it is
for; confirming it uses it up and makes a guest's session in that browser. The same browser goes
on as long as its session lives; any other browser is refused, and the clerk can issue a new link.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from errors import N_, Refusal

GRACE = timedelta(hours=12)
"""A link works until this long after the booked end, since sittings run late."""


@dataclass(frozen=True, slots=True)
class Invitation:
    """One link to one seat."""

    id: str
    sitting: str
    seat: str
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = None
    revoked_at: datetime | None = None

    @property
    def state(self) -> str:
        """`open`, `used` or `revoked`; whether it has expired depends on the time."""
        if self.revoked_at:
            return "revoked"
        return "used" if self.used_at else "open"


def new_token() -> str:
    """A link's token: 256 random bits."""
    return secrets.token_urlsafe(32)


def unknown() -> Refusal:
    """No such link; also what an altered link gets."""
    return Refusal(
        "invitation.unknown",
        N_("This link is not complete or not ours. Copy the whole link from the invitation."),
        status=404,
    )


def check(invitation: Invitation, now: datetime, *, same_browser: bool, over: bool) -> None:
    """Raise Refusal `invitation.*`, status 410, when the link does not lead to the seat any more.

    `same_browser`: the session of this browser came by this very invitation. `over`: the sitting
    has ended or was cancelled.
    """
    if invitation.revoked_at:
        raise Refusal(
            "invitation.revoked",
            N_("This link was withdrawn. Use the newest link, or ask the clerk for one."),
            status=410,
        )
    if over:
        raise Refusal(
            "invitation.over",
            N_("The sitting of this link is over or was cancelled. Ask the clerk what comes next."),
            status=410,
        )
    if now >= invitation.expires_at:
        raise Refusal(
            "invitation.expired",
            N_("This link is too old. Ask the clerk for a new one."),
            status=410,
        )
    if invitation.used_at and not same_browser:
        raise Refusal(
            "invitation.used",
            N_(
                "This link was already used in another browser. Go on there, or ask the clerk for "
                "a new link."
            ),
            status=410,
        )


def other_sitting() -> Refusal:
    """A guest who asks for a sitting that the invitation is not for."""
    return Refusal(
        "invitation.other_sitting",
        N_("Your invitation is for another sitting. Open the link that you got for this one."),
        status=403,
    )
