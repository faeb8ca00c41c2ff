"""Join tickets: what opens one socket of the live room once (docs/protocol.md, Coming in)."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from auth import jwt
from auth.jwt import Issuer, TokenExpired, TokenRefused
from auth.keyring import FIRST, Keyring
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


def issuer(secret: Secret, address: str, kid: str = FIRST) -> Issuer:
    """The issuer of this house's tickets by one of its keys. `address`: the house's public one."""
    return Issuer.of(
        secret.ticket_key(),
        name=address,
        audience="mahdar/live",
        type="mahdar-ticket+jwt",
        lifetime=LIFETIME,
        kid=kid,
    )


@dataclass(slots=True)
class Tickets:
    """The issuers of all keys of a keyring. Signs by the newest, reads by the `kid`."""

    keys: Keyring
    address: str
    _made: dict[str, Issuer] = field(default_factory=dict)

    def sign(self, ticket: Ticket, now: datetime) -> str:
        """The ticket as the page sends it back."""
        current = self.keys.current(now)
        return sign(self._issuer(current.kid, current.secret), ticket, now)

    def read(self, token: str, now: datetime) -> Ticket:
        """`read` by the key that the ticket names. Raises Refusal `ticket.*`, status 401."""
        try:
            kid = jwt.key_id(token)
        except TokenRefused:
            raise _not_ours() from None
        secret = self.keys.accepted(now).get(kid)
        if secret is None:
            raise _not_ours()
        return read(self._issuer(kid, secret), token, now)

    def _issuer(self, kid: str, secret: Secret) -> Issuer:
        if kid not in self._made:
            self._made[kid] = issuer(secret, self.address, kid)
        return self._made[kid]


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
        raise _not_ours() from None
    return Ticket(found["sub"], found["sitting"], found["seat"], found["session"], found["jti"])


def _not_ours() -> Refusal:
    return Refusal(
        "ticket.not_ours",
        N_("This page may not come in with what it sent. Open the sitting again."),
        status=401,
    )


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
