"""Seeing a record, and taking it away: every time with leave, every time in the log.

    viewing = await playback.view(person, sitting, order)     # a row and a leaf `access.viewed`
    data = await playback.timeline(person, sitting, viewing, "en")
    pieces = playback.segment(person, sitting, viewing, track, seq)
    report = await playback.export(person, sitting, out, order=..., tell=print)

Media is decrypted on the way to the reader; no plaintext is put on disk but in a bundle.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeAlias

import structlog

from audit.leaf import JSON, commit, format_time
from audit.service import AuditLog
from auth import policy
from auth.assurance import Level
from auth.person import OPERATOR, Person
from auth.policy import Context
from clock import Clock
from database import Database
from errors import N_, BadInput, Forbidden, NotFound, Refusal
from recordings import bundle, contents, store
from recordings.access import check
from recordings.access import store as access_store
from recordings.access.mark import mark_text
from recordings.access.order import Destruction, Order, Use
from recordings.access.scope import Scope, narrowed
from recordings.bundle import Anchors, Apart
from recordings.cipher import SegmentRefused
from recordings.keys import KeyRefused, KeyStore, new_key
from recordings.manifest import (
    Happening,
    Hole,
    Piece,
    Stretch,
    Timeline,
    TrackLine,
    channel_of,
    chapters,
    shown_pages,
)
from recordings.state import State
from recordings.store import RecordingRow, SegmentRow, Session
from recordings.vault import Vault
from recordings.verify import Report
from sessions import store as sessions
from sessions.kinds import KINDS
from sessions.pseudonym import pseudonym
from sessions.seat import LABELS, Seat
from sessions.service import Sittings
from sessions.sitting import Sitting
from sessions.standing import BENCH, context, own_seat

VIEWING_LASTS = timedelta(hours=12)
"""After this a person says again by whose leave the record is seen."""
LONGEST_ORDER = 100

_logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Granted:
    """A viewing in force."""

    row: RecordingRow
    sitting: Sitting
    scope: Scope


Minutes: TypeAlias = Callable[[Session, Sitting], Awaitable[dict[str, bytes]]]
"""Certified documents of a sitting for its bundle, by name below minutes/."""


Papers: TypeAlias = Callable[[Session, Sitting, Scope], Awaitable[dict[str, bundle.Content]]]
"""Exhibits of a sitting for its bundle, as far as a scope opens them, by name below documents/."""


async def _no_papers(
    _session: Session, _sitting: Sitting, _scope: Scope
) -> dict[str, bundle.Content]:
    """Until the composition root wires exhibits."""
    return {}


async def _no_minutes(_session: Session, _sitting: Sitting) -> dict[str, bytes]:
    """Until the composition root wires transcripts."""
    return {}


class Playback:
    """Use cases on sealed records. One per process."""

    def __init__(
        self,
        database: Database,
        log: AuditLog,
        vault: Vault,
        key_store: KeyStore,
        sittings: Sittings,
        anchors: Anchors,
        clock: Clock,
    ) -> None:
        self._database = database
        self._log = log
        self._vault = vault
        self._keys = key_store
        self._sittings = sittings
        self._anchors = anchors
        self._clock = clock
        self.minutes: Minutes = _no_minutes
        self.papers: Papers = _no_papers

    # --- seeing -----------------------------------------------------------------------------------

    async def needs_order(self, person: Person, sitting_id: str) -> tuple[Sitting, bool]:
        """The sitting, and whether a person must first give an order's reference (R-CR-10).

        Raises NotFound, or Forbidden for somebody who may not see it with any order.
        """
        async with self._database.unit(write=False) as session:
            sitting, at = await self._context(session, person, sitting_id)
            scope = await self._scope(session, person, sitting)
        at = replace(at, has_order=True, has_leave=_has_leave(person, sitting, scope))
        policy.require(person, "recording.view", at)
        return sitting, at.needs_order and not scope

    async def scope_of(
        self, person: Person, sitting_id: str, *, use: Use = Use.VIEW, reference: str = ""
    ) -> Scope:
        """What of a record is open to this person now (`recordings.access.check`). Raises NotFound
        for somebody who may not know of the sitting."""
        async with self._database.unit(write=False) as session:
            sitting, _ = await self._context(session, person, sitting_id)
            return await self._scope(session, person, sitting, use, reference)

    async def view(self, person: Person, sitting_id: str, order: str = "") -> str:
        """Grant sight of a record, log it, and return the viewing's id.

        Raises NotFound, Forbidden, BadInput (field `order`), Refusal `recording.not_sealed`.
        """
        order = _checked_order(order)
        viewing, salt = secrets.token_hex(8), secrets.token_bytes(32)
        leaf: dict[str, JSON] = {"viewing": viewing, "person": person.id}
        if order:
            leaf["order"] = commit(order.encode(), salt)
        async with self._database.unit() as session:
            sitting, at = await self._context(session, person, sitting_id)
            now = self._clock()
            at = replace(at, has_order=bool(order))
            if policy.decide(person, "recording.view", at):
                await check.enter_given(session, self._log, person, sitting, order, now)
            scope = await self._scope(session, person, sitting, Use.VIEW, order)
            leave = _has_leave(person, sitting, scope)
            at = replace(at, has_order=bool(order or scope), has_leave=leave)
            policy.require(person, "recording.view", at)
            await self._sealed(session, sitting_id)
            await store.add_viewing(session, viewing, sitting_id, person.id, now, order, salt)
            await self._log.append(session, "access.viewed", leaf, subject=sitting_id)
        return viewing

    async def destroyed(self, sitting_id: str) -> tuple[Destruction, Order] | None:
        """How sound and picture were destroyed, and by which order; None: they were not. The caller
        has asked whether the person may see the record at all."""
        async with self._database.unit(write=False) as session:
            row = await store.get(session, sitting_id)
            if row is None or row.wrapped_key is not None:
                return None
            return await access_store.destroyed(session, sitting_id)

    async def timeline(
        self, person: Person, sitting_id: str, viewing: str, language: str
    ) -> dict[str, Any]:
        """The player's data (docs/interface.md), names in `language`. Raises Refusal."""
        async with self._database.unit(write=False) as session:
            granted = await self._granted(session, person, sitting_id, viewing)
            line = await self._timeline(session, granted.sitting)
            _, at = await self._context(session, person, sitting_id)
        ends = {_page(one): end for one, end in shown_pages(line)}
        line, sitting = narrowed(line, granted.scope), granted.sitting
        bench = _on_bench(person, sitting)
        shown = _shown(sitting, line, language, viewing, bench=bench)
        for item in shown["chapters"]:
            if (end := ends.get(_page(item))) is not None:
                item["to_ms"] = end  # it may have been taken away where nothing is open
        mark = mark_text(person, self._clock(), language, self._sittings.zone)
        own = f"/api/recordings/{sitting_id}/{{}}?viewing={viewing}"
        notes = policy.decide(person, "recording.annotate", at)
        return shown | {
            "mark": mark,
            "whole": granted.scope.whole,
            "captions_url": own.format("captions"),
            "levels_url": own.format("levels"),
            "exhibit_url": own.format("exhibits/{exhibit}/{page}"),
            "marks_url": own.format("marks") if notes else "",
        }

    async def segment(
        self, person: Person, sitting_id: str, viewing: str, track: str, seq: int
    ) -> AsyncIterator[bytes]:
        """One segment's WebM in pieces. Everything that can be refused is, before the first; and
        before the first it is written down what is watched."""
        async with self._database.unit() as session:
            granted = await self._granted(session, person, sitting_id, viewing)
            found = await store.segment(session, sitting_id, track, seq)
            if found is None:
                raise NotFound("recording.no_segment", N_("There is no such part of the record."))
            if not granted.scope.covers(track, found.start_ms, found.end_ms):
                raise Forbidden(
                    "recording.outside_scope",
                    N_("Your order does not cover this part of the record."),
                )
            now, times = self._clock(), (found.start_ms, found.end_ms)
            await access_store.add_watched(session, viewing, track, *times, now)
        key = await self._key(granted.row)
        pieces = contents.plain(self._vault, found, key)
        try:
            first = await asyncio.to_thread(next, pieces, b"")
        except (SegmentRefused, KeyRefused, OSError) as error:
            _logger.error("playback.damaged", sitting=sitting_id, error=str(error))
            raise Refusal(
                "recording.damaged",
                N_("This part of the record is damaged. Tell the administrator."),
                status=410,
            ) from None
        return _flow(first, pieces)

    # --- taking away ------------------------------------------------------------------------------

    async def export(
        self,
        person: Person,
        sitting_id: str,
        out: Path,
        *,
        order: str = "",
        confirmed: Level = Level.NONE,
        tell: Callable[[str], None] = lambda _line: None,
    ) -> Report:
        """Write the evidence bundle of a sitting to `out` and verify it.

        The operator of the machine may, as an act that is logged; anybody else by the policy. A
        criminal sitting needs an order's reference from both (R-CR-10). `confirmed`: what the
        person's confirmation of this export proved (`auth.stepup`, act `recording.export`). What
        the order does not open is withheld, and named. Raises Refusal, BundleError, OSError.
        """
        order = _checked_order(order)
        tell("reading the record")
        viewing, salt = secrets.token_hex(8), secrets.token_bytes(32)
        async with self._database.unit() as session:
            sitting, at = await self._context(session, person, sitting_id)
            await check.enter_given(session, self._log, person, sitting, order, self._clock())
            scope = await self._scope(session, person, sitting, Use.COPY, order)
            leave = _has_leave(person, sitting, scope)
            at = replace(at, has_order=bool(order or scope), has_leave=leave, confirmed=confirmed)
            self._require_export(person, at)
            await self._sealed(session, sitting_id)
            if order:  # evidence.exported has no room for it
                leaf: dict[str, JSON] = {"viewing": viewing, "person": person.id}
                leaf["order"] = commit(order.encode(), salt)
                now = self._clock()
                await store.add_viewing(session, viewing, sitting_id, person.id, now, order, salt)
                await self._log.append(session, "access.viewed", leaf, subject=sitting_id)
        mark = mark_text(person, self._clock(), person.language, self._sittings.zone)
        held, rows = await self.contents(sitting_id, scope, {"mark": mark})
        tell(f"writing {len(rows)} segments of {len(held.tracks)} tracks")
        report = await self.write(held, out, person.id)
        tell("verified")
        return report

    async def contents(
        self, sitting_id: str, scope: Scope, copy: Mapping[str, JSON]
    ) -> tuple[bundle.Contents, Sequence[SegmentRow]]:
        """What a bundle for this scope holds, and the record's segments. Raises Refusal."""
        async with self._database.unit(write=False) as session:
            sitting = await sessions.get_sitting(session, sitting_id)
            if sitting is None:
                raise NotFound
            row = await self._sealed(session, sitting_id)
            line = await self._timeline(session, sitting)
            rows = await store.segments(session, sitting_id)
            gaps = await store.gaps(session, sitting_id)
            minutes = await self.minutes(session, sitting)
            papers = await self.papers(session, sitting, scope)
            gone = None if row.wrapped_key else await access_store.destroyed(session, sitting_id)
        # Of a destroyed record the bundle holds the log alone, which explains it.
        key = b"" if row.wrapped_key is None else await self._key(row)
        found = contents.gathered(
            sitting,
            row,
            line,
            rows,
            gaps,
            minutes,
            scope,
            vault=self._vault,
            key=key,
            copy=copy,
            papers=papers,
            gone=gone,
        )
        return found, rows

    async def write(
        self, held: bundle.Contents, out: Path, by: str, apart: Apart | None = None
    ) -> Report:
        """Write, log and verify a bundle. Raises BundleError, OSError, what a content raises."""
        return await bundle.export(
            held,
            out,
            database=self._database,
            log=self._log,
            anchors=self._anchors,
            by=by,
            apart=apart,
        )

    def _require_export(self, person: Person, at: Context) -> None:
        if person != OPERATOR:
            policy.require(person, "recording.export", at)
        elif at.needs_order and not at.has_order:
            found = policy.CONDITIONS["order"]
            raise Forbidden(found.code, found.message)

    # --- what both share --------------------------------------------------------------------------

    async def _context(
        self, session: Session, person: Person, sitting_id: str
    ) -> tuple[Sitting, Context]:
        if person == OPERATOR:
            sitting = await sessions.get_sitting(session, sitting_id)
            if sitting is None:
                raise NotFound("sitting.unknown", N_("There is no such sitting."))
        elif await access_store.given(session, sitting_id, person.id):
            sitting = await sessions.get_sitting(session, sitting_id)  # a grant needs no seat
            if sitting is None:
                raise NotFound
        else:
            sitting = await self._sittings.load(session, person, sitting_id)
        rooms = await sessions.operated_rooms(session, person.id)
        return sitting, context(person, sitting, rooms)

    async def _sealed(self, session: Session, sitting_id: str) -> RecordingRow:
        row = await store.get(session, sitting_id)
        if row is None or row.state == State.NO_RECORDING:
            raise NotFound("recording.none", N_("Nothing was recorded in this sitting."))
        if row.sealed_at is None:
            raise Refusal(
                "recording.not_sealed",
                N_("The record is not closed yet. It can be seen when the sitting is over."),
            )
        return row

    async def _granted(
        self, session: Session, person: Person, sitting_id: str, viewing: str
    ) -> "_Granted":
        """A viewing that was granted to this person and has not run out, and what is open to it
        now: an order that ended and a grant that was revoked end it while it lasts."""
        granted = await store.viewing(session, viewing)
        if (
            granted is None
            or (granted.person, granted.sitting) != (person.id, sitting_id)
            or self._clock() - granted.at > VIEWING_LASTS
        ):
            raise Forbidden(
                "recording.no_viewing",
                N_("Open the record from the page of the sitting, then try again."),
            )
        sitting, _ = await self._context(session, person, sitting_id)
        scope = await self._scope(session, person, sitting, Use.VIEW, granted.order_reference)
        if not scope:
            raise check.over()
        return _Granted(await self._sealed(session, sitting_id), sitting, scope)

    async def _scope(
        self,
        session: Session,
        person: Person,
        sitting: Sitting,
        use: Use = Use.VIEW,
        reference: str = "",
    ) -> Scope:
        now = self._clock()
        return await check.scope_of(session, person, sitting, now, use=use, reference=reference)

    async def _key(self, row: RecordingRow) -> bytes:
        return await self.unwrapped(row.sitting, row.wrapped_key)

    async def unwrapped(self, sitting: str, wrapped: bytes | None) -> bytes:
        """The key of a record, or of what was made of it. Raises Refusal; None: it is destroyed."""
        if wrapped is None:
            raise erased()
        try:
            return await asyncio.to_thread(self._keys.unwrap, wrapped)
        except KeyRefused as error:
            _logger.error("playback.key_store", sitting=sitting, reason=str(error))
            raise Refusal(
                "recording.key_store",
                N_("The key store does not answer, so nothing can be shown. Try again later."),
                status=503,
            ) from None

    async def fresh_key(self) -> tuple[bytes, bytes]:
        """A new key, and the same wrapped by the key store. Raises KeyRefused."""
        key = new_key()
        return key, await asyncio.to_thread(self._keys.wrap, key)

    async def _timeline(self, session: Session, sitting: Sitting) -> Timeline:
        row = await self._sealed(session, sitting.id)
        stretches = [
            Stretch(item.start_ms, item.end_ms or item.start_ms, item.reason or "")
            for item in await store.stretches(session, sitting.id)
        ]
        tracks = {
            item.id: TrackLine(item.id, item.seat, item.source, item.codec)
            for item in await store.tracks(session, sitting.id)
        }
        for piece in await store.segments(session, sitting.id):
            tracks[piece.track].segments.append(Piece(piece.start_ms, piece.end_ms, piece.seq))
        for gap in await store.gaps(session, sitting.id):
            tracks[gap.track].gaps.append(Hole(gap.start_ms, gap.end_ms, gap.reason))
        epoch = row.epoch or row.created_at
        last_ms = max((item.end_ms for item in stretches), default=0)
        titles = {step.id: step.title for step in KINDS[sitting.kind].agenda}
        journal = [
            Happening(item.at, item.type, item.seat, item.data)
            for item in await sessions.events(session, sitting.id)
        ]
        found = chapters(journal, epoch, last_ms, titles)
        return Timeline(epoch, stretches, list(tracks.values()), found)

    # What else belongs to a record (study, works, transcripts) asks the same.
    context = _context
    granted = _granted
    sealed = _sealed
    key = _key
    line = _timeline

    @property
    def database(self) -> Database:
        """Where records are."""
        return self._database


def erased() -> Refusal:
    """Nobody can see or copy it any more."""
    return Refusal(
        "recording.erased", N_("This record was erased by order of the court."), status=410
    )


def _has_leave(person: Person, sitting: Sitting, scope: Scope) -> bool:
    """Whether somebody who is not on the bench was given any of it."""
    return bool(scope) and not check.on_bench(person, sitting)


async def _flow(first: bytes, pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    while piece := await asyncio.to_thread(next, pieces, b""):
        yield piece


def _checked_order(order: str) -> str:
    order = order.strip()
    if len(order) > LONGEST_ORDER or not order.isprintable():
        raise BadInput(
            "recording.bad_order",
            N_("The reference of an order has at most %(most)s characters on one line."),
            field="order",
            most=LONGEST_ORDER,
        )
    return order


def _on_bench(person: Person, sitting: Sitting) -> bool:
    """The bench sees the names of protected persons; nobody else does."""
    seat = own_seat(person, sitting)
    return seat is not None and seat.role in BENCH


def _name(sitting: Sitting, seat: Seat, language: str, *, bench: bool) -> str:
    if seat.screened_from and not bench:
        return pseudonym(sitting, seat, language)
    return seat.name(language)


def _shown(
    sitting: Sitting, line: Timeline, language: str, viewing: str, *, bench: bool
) -> dict[str, Any]:
    return {
        "epoch": format_time(line.epoch),
        "duration_ms": line.duration_ms,
        "recorded_ms": line.recorded_ms(),
        "stretches": [_span(item) for item in line.stretches],
        "pauses": [_span(item) | {"reason": item.reason} for item in line.pauses()],
        "seats": [
            {
                "id": seat.id,
                "name": _name(sitting, seat, language, bench=bench),
                "role_title": LABELS[seat.role],
            }
            for seat in sitting.seats
        ],
        "tracks": [
            {
                "id": item.id,
                "seat": item.seat,
                "source": item.source,
                "channel": channel_of(item.source),
                "codec": item.codec,
                "segments": [_span(piece) | {"seq": piece.seq} for piece in item.segments],
                "gaps": [_span(gap) | {"reason": gap.reason} for gap in item.gaps],
            }
            for item in line.tracks
        ],
        "segment_url": f"/api/recordings/{sitting.id}/tracks/{{track}}/{{seq}}.webm"
        f"?viewing={viewing}",
        "chapters": [
            dict(item if bench else contents.masked_chapter(sitting, item, language))
            for item in line.chapters
        ],
    }


def _page(chapter: Mapping[str, Any]) -> tuple[Any, ...]:
    """Which page of an exhibit came when."""
    return tuple(chapter.get(name) for name in ("clock_ms", "type", "exhibit", "page"))


def _span(item: Stretch | Hole | Piece) -> dict[str, Any]:
    return {"start_ms": item.start_ms, "end_ms": item.end_ms}


is_on_bench = _on_bench
seat_name = _name
