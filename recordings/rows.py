"""The rows of records and sittings held against the leaves that were written with them.

Implements `audit.fsck.Rows`. A row without its leaf was slipped into the database, a leaf without
its row was deleted from it: both were one transaction once.
"""

import json
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterable

from audit import store as leaves
from audit.leaf import commit
from database import Database
from recordings import store
from recordings.access import check
from recordings.access import store as access
from recordings.exhibits import store as exhibits
from recordings.minutes import store as minutes_store
from recordings.store import Session
from recordings.transcripts import store as transcripts
from sessions import store as sittings

Facts = Counter[str]
TOLD = {
    "sitting.booked": "sitting",
    "rec.segment": "segment {track} {seq} {start_ms} {end_ms} {bytes} {sha256} {commitment}",
    "rec.gap": "gap {track} {start_ms} {end_ms} {reason}",
    "rec.started": "start {start_ms}",
    "rec.stopped": "stop {end_ms} {reason}",
    "rec.closed": "closed",
    "order.entered": "order {order} {text}",
    "order.revoked": "revoked {order}",
    "grant.given": "leave {grant} {order} {person}",
    "grant.revoked": "revoked {grant}",
    "transcript.certified": "transcript {transcript} {sha256}",
    "minutes.signed": "minutes {minutes} {sha256}",
    "exhibit.filed": "exhibit {exhibit} {sha256}",
    "exhibit.taken_back": "taken_back {exhibit}",
    "exhibit.sealed": "exhibit_sealed {exhibit} {reason}",
    "exhibit.unsealed": "exhibit_opened {exhibit} {reason}",
}
"""Leaves that a row goes with, and the line of both."""


class RecordRows:
    """Segments, gaps, stretches and closings of every record, orders and leave over it, certified
    transcripts, signed minutes and exhibits; every sitting."""

    async def check(self, database: Database) -> AsyncIterator[str]:
        """One sentence for each row or leaf without its other half; '' for those that fit."""
        async with database.unit(write=False) as session:
            known = await sittings.sitting_ids(session)
            recorded = await store.recorded_sittings(session)
            told = await leaves.subjects(session, TOLD)  # a sitting deleted with all its rows
        for sitting in sorted(known | recorded | told):
            async with database.unit(write=False) as session:
                said = await _leaves(session, sitting)
                rows = await _rows(session, sitting, sitting in known)
            for what in differences(f"sitting {sitting}", said, rows):
                yield what


async def _leaves(session: Session, sitting: str) -> Facts:
    """What the log says, as one line for each fact."""
    found: Facts = Counter()
    for stored in await leaves.of_subject(session, sitting):
        entry = json.loads(stored.entry)
        if line := TOLD.get(entry["t"]):
            found[line.format_map(defaultdict(lambda: None, entry["d"]))] += 1
    return found


async def _rows(session: Session, sitting: str, booked: bool) -> Facts:
    """What the tables say, in the same lines."""
    lines: list[str] = ["sitting"] * booked
    record = await store.get(session, sitting)
    if record is not None:
        lines += ["closed"] * (record.sealed_at is not None and record.epoch is not None)
        for segment in await store.segments(session, sitting):
            lines.append(
                f"segment {segment.track} {segment.seq} {segment.start_ms} {segment.end_ms} "
                f"{segment.plain_size} {segment.sha256} {segment.commitment}"
            )
        for gap in await store.gaps(session, sitting):
            lines.append(f"gap {gap.track} {gap.start_ms} {gap.end_ms} {gap.reason}")
        for stretch in await store.stretches(session, sitting):
            lines.append(f"start {stretch.start_ms}")
            if stretch.end_ms is not None:
                lines.append(f"stop {stretch.end_ms} {stretch.reason}")
    return Counter([*lines, *await _permissions(session, sitting)])


async def _permissions(session: Session, sitting: str) -> list[str]:
    """Who was let to do what, and the documents of the sitting."""
    lines = []
    for order in await access.orders(session, sitting):
        text = commit(check.order_text(order), await access.order_salt(session, order.id))
        lines.append(f"order {order.id} {text}")
        lines += [f"revoked {order.id}"] * (order.revoked_at is not None)
    for grant in await access.grants(session, sitting):
        lines.append(f"leave {grant.id} {grant.order} {grant.person}")
        lines += [f"revoked {grant.id}"] * (grant.revoked_at is not None)
    for one in await transcripts.of_sitting(session, sitting):
        lines += [f"transcript {one.id} {one.sha256}"] * (one.certified_at is not None)
    if minutes := await minutes_store.of_sitting(session, sitting):
        found, _ = minutes
        lines += [f"minutes {found.id} {found.sha256}"] * (found.signed_at is not None)
    return lines + await exhibits.lines(session, sitting)


def differences(whose: str, said: Facts, rows: Facts) -> Iterable[str]:
    """A sentence for each line that the log (`said`) or the tables (`rows`) have alone; '' for each
    that both have."""
    for line, count in (said | rows).items():
        missing, extra = said[line] - rows[line], rows[line] - said[line]
        short = " ".join(line.split(" ")[:3])
        if missing > 0:
            yield f"{whose}: the log has '{short}', the database does not"
        elif extra > 0:
            yield f"{whose}: the database has '{short}', the log does not"
        else:
            yield from [""] * count
