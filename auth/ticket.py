"""Join tickets: what opens one socket of the live room once (docs/protocol.md, Coming in)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from auth.jwt import Issuer, TokenExpired, TokenRefused
from auth.secret import Secret
from errors import N_, Refusal

LIFETIME = timedelta(seconds=60)
_CLAIMS = frozenset({"sitting", "seat", "session"})


@dataclass(frozen=True, slots=True)
class Ticket:
    """`person` sits on `seat` of `sitting`, from the browser session `session`."""

    person: str
    sitting: str
    seat: str
    session: str
    """Public id of the session that asked; it must still be alive when the socket opens."""
    id: str
    """Used once: the caller stores it in the same unit of work."""


def issuer(secret: Secret, address: str) -> Issuer:
    """The issuer of this house's tickets. `address` is the public address of the house."""
    return Issuer.of(
        secret.ticket_key(),
        name=address,
        audience="mahdar/live",
        type="mahdar-ticket+jwt",
        lifetime=LIFETIME,
    )


def sign(tickets: Issuer, ticket: Ticket, now: datetime) -> str:
    """The ticket as the page sends it back."""
    claims = {"sitting": ticket.sitting, "seat": ticket.seat, "session": ticket.session}
    return tickets.sign(now, subject=ticket.person, id=ticket.id, claims=claims)


def read(tickets: Issuer, token: str, now: datetime) -> Ticket:
    """Check a ticket, except that it was not used. Raises Refusal `ticket.*`, status 401."""
    try:
        found = tickets.check(token, now, claims=_CLAIMS)
    except TokenExpired:
        raise Refusal(
            "ticket.expired",
            N_("The page waited too long to come in. It will ask again by itself."),
            status=401,
        ) from None
    except TokenRefused:
        raise Refusal(
            "ticket.not_ours",
            N_("This page may not come in with what it sent. Open the sitting again."),
            status=401,
        ) from None
    return Ticket(found["sub"], found["sitting"], found["seat"], found["session"], found["jti"])


def used() -> Refusal:
    """A ticket that comes back."""
    return Refusal(
        "ticket.used",
        N_("This page came in already with the same ticket. It will ask again by itself."),
        status=401,
    )


def signed_out() -> Refusal:
    """A ticket whose session has ended in the meantime."""
    return Refusal(
        "ticket.signed_out",
        N_("You are signed out. Sign in, and open the sitting again."),
        status=401,
    )
