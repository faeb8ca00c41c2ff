"""Invented records, orders and holds for the pages of custody."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace as Row
from typing import Any

from auth.person import Person
from pages import Form
from recordings.access.order import USES, Destruction, Grant, Hold, Order, Part, Seal, Use
from recordings.access.overview import ACTIONS, STATES, Custodial, Held, Open, Viewed
from recordings.access.retention import Kept, Policy
from sessions.kinds import KINDS
from sessions.seat import LABELS
from sessions.sitting import Sitting

RESTS = Kept(
    Policy("R-RET-03", "*", "*", 5, "court"),
    datetime(2036, 11, 22, tzinfo=UTC),
    datetime(2036, 11, 22, tzinfo=UTC),
)
FOREVER = Kept(Policy("R-RET-02", "*", "*", None, "none"), None)


def _order(now: datetime, **more: Any) -> Order:
    known: dict[str, Any] = {
        "id": "o1",
        "sitting": "q1",
        "reference": "استئناف 412/2026",
        "authority": "محكمة الاستئناف",
        "uses": frozenset({Use.VIEW, Use.COPY}),
        "by": "c1",
        "at": now,
    }
    return Order(**(known | more))


def _grant(now: datetime, **more: Any) -> Grant:
    known: dict[str, Any] = {
        "id": "g1",
        "order": "o1",
        "sitting": "q1",
        "person": "l1",
        "ends": now + timedelta(days=7),
        "by": "c1",
        "at": now,
    }
    return Grant(**(known | more))


def listed(sitting: Sitting, now: datetime) -> dict[str, Any]:
    held = Held(sitting, "available", True, 2, FOREVER, False, True)
    due = Kept(Policy("R-RET-03", "*", "*", 10, "court"), now - timedelta(days=2))
    return {
        "held": [
            held,
            replace(held, on_hold=False, waits=False, kept=due, is_due=True),
            replace(held, state="destroyed", on_hold=False, waits=False, orders=0),
        ],
        "opened": [
            Open(sitting, _order(now), _grant(now), True),
            Open(sitting, _order(now, reference="7/2026"), _grant(now), False),
        ],
        "states": STATES,
        "uses": USES,
        "kind_titles": {kind.code: kind.title for kind in KINDS.values()},
    }


def _context(sitting: Sitting, found: Custodial) -> dict[str, Any]:
    return {
        "found": found,
        "sitting": sitting,
        "form": Form(),
        "states": STATES,
        "uses": USES,
        "kind_title": KINDS[sitting.kind].title,
        "role_titles": LABELS,
        "span": lambda part: "10:02:30 – 10:08:00" if part.start_ms else "",
    }


def _found(sitting: Sitting, people: list[Person], now: datetime) -> Custodial:
    orders = [
        _order(now),
        _order(now, id="o2", reference="7/2026", part=Part(5, 9, seats=frozenset({"s3"}))),
        _order(now, id="o3", reference="D-1", uses=frozenset({Use.DELETE})),
        _order(now, id="o4", reference="old", revoked_at=now),
    ]
    grants = [_grant(now), _grant(now, id="g2", revoked_at=now)]
    return Custodial(
        held=Held(sitting, "available", True, 3, RESTS, False, True),
        row=Row(epoch=now, sealed_at=now + timedelta(hours=1)),  # type: ignore[arg-type]
        orders=orders,
        grants={"o1": grants, "o2": [], "o3": [], "o4": []},
        seals=[
            Seal(id="x1", sitting="q1", start_ms=5, end_ms=9, reason="A minor", by="j1", at=now)
        ],
        holds=[
            Hold(
                id="h1",
                sitting="q1",
                reason="Appeal is pending",
                authority="محكمة الاستئناف",
                by="c1",
                at=now,
                lift_by="c1",
                lift_at=now,
                lift_reason="Appeal was withdrawn",
            )
        ],
        destructions=[],
        viewed=[Viewed("l1", now, "استئناف 412/2026", 12.5)],
        people={one.id: one for one in people},
        choices=people,
        tracks=["s1-microphone", "s1-camera"],
        may=frozenset(ACTIONS),
        destroyed_at=None,
        now=now,
    )


def record(sitting: Sitting, people: list[Person], now: datetime) -> dict[str, Any]:
    return _context(sitting, _found(sitting, people, now))


def gone(now: datetime) -> tuple[Destruction, Order]:
    """How a record was destroyed, and by which order."""
    how = Destruction(
        id="d1",
        sitting="q1",
        order="o3",
        by="c1",
        at=now,
        decided_by="j1",
        decided_at=now,
        agreed=True,
    )
    return how, _order(now, id="o3")


def destroyed(sitting: Sitting, people: list[Person], now: datetime) -> dict[str, Any]:
    found = replace(
        _found(sitting, people, now),
        held=Held(sitting, "destroyed", False, 1, FOREVER, False, False),
        destructions=[gone(now)[0]],
        destroyed_at=now,
        holds=[],
    )
    return _context(sitting, found)
