"""May this person see, or copy, which part of this record, now? Everybody asks `scope_of`."""

import secrets
from datetime import datetime

import rfc8785

from audit.leaf import JSON, commit, format_time
from audit.service import AuditLog
from auth.person import OPERATOR, Person
from errors import N_, Refusal
from recordings import store as recorded
from recordings.access import store
from recordings.access.order import Order, Part, Seal, Use
from recordings.access.scope import Scope
from recordings.access.store import Session
from recordings.exhibits import store as exhibits
from recordings.manifest import Span
from sessions.door import record_sources
from sessions.kinds import KINDS
from sessions.rules import in_force
from sessions.sitting import Sitting
from sessions.standing import BENCH, own_seat
from signaling.exhibits import open_to

WHOLE = Part()


def on_bench(person: Person, sitting: Sitting) -> bool:
    """Whether the person sits on the bench of this sitting, or runs the machine."""
    seat = own_seat(person, sitting)
    return person == OPERATOR or (seat is not None and seat.role in BENCH)


async def scope_of(
    session: Session,
    person: Person,
    sitting: Sitting,
    now: datetime,
    *,
    use: Use = Use.VIEW,
    reference: str = "",
) -> Scope:
    """What of the sitting's record is open to this person now; nothing at all is an empty scope.

    The bench sees everything, where the kind asks for an order (R-CR-10) what the order of this
    `reference` covers. Anybody else sees what grants in force give, without what is sealed.
    """
    if on_bench(person, sitting):
        return await _of_bench(session, sitting, now, use, reference)
    parts, ends, orders = [], [], []
    for grant, order in await store.given(session, sitting.id, person.id):
        if grant.in_force(now) and order.in_force(now) and use in order.uses:
            parts.append(order.part)
            orders.append(order.id)
            ends.append(min(grant.ends, order.ends or grant.ends))
    if not parts:
        return Scope()
    sealed = standing(await store.seals(session, sitting.id))
    spans = tuple(Span(item.start_ms, item.end_ms) for item in sealed)
    hidden = await protected_tracks(session, sitting)
    exhibits = await closed_exhibits(session, person, sitting)
    return Scope(tuple(parts), spans, max(ends), tuple(orders), hidden, exhibits)


async def closed_exhibits(session: Session, person: Person, sitting: Sitting) -> frozenset[str]:
    """The exhibits that are sealed, or of a protected person, and not open to this person's seat:
    whoever has no seat sees none of them."""
    seat = own_seat(person, sitting)
    return frozenset(
        one.id
        for one in await exhibits.known(session, sitting.id)
        if (one.named is not None or _is_protected(sitting, one.by))
        and not (seat and open_to(sitting, seat.id, one))
    )


async def sealed_exhibits(session: Session, sitting: Sitting) -> frozenset[str]:
    """The exhibits that are not for everybody: sealed, or of a protected person."""
    return frozenset(
        one.id
        for one in await exhibits.known(session, sitting.id)
        if one.named is not None or _is_protected(sitting, one.by)
    )


def _is_protected(sitting: Sitting, seat: str) -> bool:
    found = sitting.seat(seat)
    return found is not None and bool(found.screened_from)


async def protected_tracks(session: Session, sitting: Sitting) -> frozenset[str]:
    """The tracks that show a protected person (R-ID-02)."""
    seats = {seat.id for seat in sitting.seats if seat.screened_from}
    if not seats:
        return frozenset()
    shows = record_sources(in_force(), sitting.starts_at.date())
    return frozenset(
        track.id
        for track in await recorded.tracks(session, sitting.id)
        if track.seat in seats and track.source in shows
    )


async def _of_bench(
    session: Session, sitting: Sitting, now: datetime, use: Use, reference: str
) -> Scope:
    if not KINDS[sitting.kind].viewing_needs_order:
        return Scope((WHOLE,))
    named = [
        order
        for order in await store.orders(session, sitting.id)
        if reference and order.reference == reference
    ]
    good = [order for order in named if order.in_force(now) and use in order.uses]
    if named and not good:
        raise over()
    ends = [order.ends for order in good if order.ends]
    return Scope(
        tuple(order.part for order in good),
        (),
        max(ends) if len(ends) == len(good) and ends else None,
        tuple(order.id for order in good),
    )


def over() -> Refusal:
    """The order that was named allows this no more, or never did."""
    return Refusal(
        "recording.order_over",
        N_("This order has ended, was revoked, or does not allow this. Ask for another order."),
        status=403,
    )


async def enter(session: Session, log: AuditLog, order: Order) -> None:
    """Write an order into the book, and its leaf: ids and codes, the texts as commitments."""
    salt = secrets.token_bytes(32)
    await store.add_order(session, order, salt)
    leaf: dict[str, JSON] = {
        "order": order.id,
        "text": commit(order_text(order), salt),
        "uses": sorted(order.uses),
        "start_ms": order.part.start_ms,
        "tracks": sorted(order.part.tracks),
        "seats": sorted(order.part.seats),
        "by": order.by,
    }
    if order.part.end_ms is not None:
        leaf["end_ms"] = order.part.end_ms
    if order.ends is not None:
        leaf["ends"] = format_time(order.ends)
    await log.append(session, "order.entered", leaf, subject=order.sitting)


async def enter_given(
    session: Session, log: AuditLog, person: Person, sitting: Sitting, reference: str, now: datetime
) -> None:
    """A reference that the bench names and that is not in the book yet enters it: whole, to be
    seen and copied. Whoever is not on the bench enters nothing by naming something."""
    if not reference or not on_bench(person, sitting):
        return
    if any(order.reference == reference for order in await store.orders(session, sitting.id)):
        return
    order = Order(
        id=secrets.token_hex(8),
        sitting=sitting.id,
        reference=reference,
        authority="",
        uses=frozenset({Use.VIEW, Use.COPY}),
        by=person.id,
        at=now,
    )
    await enter(session, log, order)


def order_text(order: Order) -> bytes:
    """What the leaf of an order commits to, RFC 8785."""
    return rfc8785.dumps({"authority": order.authority, "reference": order.reference})


def standing(seals: list[Seal]) -> list[Seal]:
    """Those that were not lifted."""
    return [item for item in seals if item.lifted_at is None]
