"""What an evidence bundle holds for somebody to whom so much of a record is open.

    held = gathered(sitting, row, line, rows, gaps, minutes, scope, vault=..., key=..., copy=...)

What the scope does not open is named and not given: each segment stays in the manifest with the
reason, so that the verifier counts it and finds its hash in the log. All of it can be pickled.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import i18n
from audit.leaf import JSON, format_time
from errors import N_
from recordings import bundle, derived, reading
from recordings.access.order import Destruction, Order
from recordings.access.scope import Scope, narrowed
from recordings.checking.words import WITHHELD
from recordings.manifest import Timeline, TrackLine, channel_of
from recordings.recovery import CODECS
from recordings.store import GapRow, RecordingRow, SegmentRow
from recordings.vault import Vault
from sessions.pseudonym import masked, pseudonym
from sessions.sitting import Sitting

COPY_FILE = "documents/copy.txt"
HEAD = N_("This file is a copy of the record of a sitting, made for one person.")
LEFT_OUT = N_("Parts of the record that were recorded and are withheld from this copy:")
NOTHING = N_("Nothing of the record is withheld from this copy.")
DESTROYED = N_(
    "Sound and picture of this record were destroyed by order of the court, for ever, when two "
    "persons had agreed. This copy holds what remains: what happened in the sitting, and the log "
    "that proves what was recorded, when it was destroyed and by whom."
)
DESTROYED_AT = N_("Destroyed: %(time)s UTC")
BY_ORDER = N_("Order: %(reference)s, %(authority)s")
IN_LOG = N_("In the log: the entry 'key.shredded' of the destruction %(destruction)s")
MINUTES = N_("Minutes and transcripts are withheld where they tell what is withheld.")


def gathered(
    sitting: Sitting,
    row: RecordingRow,
    line: Timeline,
    rows: Sequence[SegmentRow],
    gaps: Sequence[GapRow],
    minutes: Mapping[str, bytes],
    scope: Scope,
    *,
    vault: Vault,
    key: bytes,
    copy: Mapping[str, JSON],
    papers: Mapping[str, bundle.Content] | None = None,
    gone: tuple[Destruction, Order] | None = None,
) -> bundle.Contents:
    """All that goes into the bundle. `key` is empty for a destroyed record, and `gone` says how it
    was destroyed; `copy` has `mark`. `papers`: more files, for this scope already."""
    segments = [_segment(item, scope, vault, key) for item in rows]
    shown = narrowed(line, scope)
    files = {name: data for name, data in minutes.items() if _may_have(sitting, data, scope)}
    less = len(files) < len(minutes)
    tracks = {
        f"tracks/{item.id}.webm": _continuous(item, rows, vault, key, str(copy["mark"]))
        for item in shown.tracks
        if item.segments and key
    }
    return bundle.Contents(
        sitting=sitting.id,
        facts=facts(sitting),
        epoch=row.epoch,
        tracks=[
            bundle.Track(item.id, item.seat, item.source, item.codec, _named(item))
            for item in line.tracks
        ],
        segments=segments,
        gaps=[bundle.Gap(item.track, item.start_ms, item.end_ms, item.reason) for item in gaps],
        chapters=[masked_chapter(sitting, item, "ar") for item in shown.chapters],
        files={
            **files,
            **tracks,
            **(papers or {}),
            COPY_FILE: _copy_text(copy, segments, gone, less=less),
        },
        copy=copy,
    )


def size_of(contents: bundle.Contents, rows: Sequence[SegmentRow]) -> int:
    """About how many bytes the bundle will have: segments, and the same again as whole tracks."""
    held = {(item.track, item.seq) for item in contents.segments if item.withheld}
    media = sum(item.plain_size for item in rows if (item.track, item.seq) not in held)
    return 2 * media + (64 << 10)


def _segment(row: SegmentRow, scope: Scope, vault: Vault, key: bytes) -> bundle.Segment:
    reason = scope.reason(row.track, row.start_ms, row.end_ms) if key else ""
    content = partial(plain, vault, _stored(row), key)
    own = (row.track, row.seq, row.start_ms, row.end_ms)
    return bundle.Segment(*own, None if reason else row.salt, content, reason)


@dataclass(frozen=True, slots=True)
class Stored:
    """So much of a segment's row as another process needs."""

    sitting: str
    track: str
    seq: int
    stretch: str
    start_ms: int
    sha256: str


def _stored(row: SegmentRow) -> Stored:
    return Stored(row.sitting, row.track, row.seq, row.stretch, row.start_ms, row.sha256)


def plain(vault: Vault, row: Stored | SegmentRow, key: bytes) -> Iterator[bytes]:
    """The WebM of a segment in pieces. Blocks. Raises SegmentRefused, KeyRefused, OSError."""
    yield from reading.plain(
        vault.find(row.sitting, row.track, row.seq, row.sha256),
        key,
        row.sha256,
        sitting=row.sitting,
        track=row.track,
        seq=row.seq,
        stretch=row.stretch,
        start_ms=row.start_ms,
    )


def _continuous(
    line: TrackLine, rows: Sequence[SegmentRow], vault: Vault, key: bytes, mark: str
) -> "partial[Iterable[bytes]]":
    kept = {piece.seq for piece in line.segments}
    mine = [_stored(row) for row in rows if row.track == line.id and row.seq in kept]
    return partial(_joined, line.codec, mine, vault, key, mark)


def _joined(
    codec: str, rows: Sequence[Stored], vault: Vault, key: bytes, mark: str
) -> Iterable[bytes]:
    parts = ((row.start_ms, b"".join(plain(vault, row, key))) for row in rows)
    return derived.continuous(CODECS[codec], parts, title=mark)


def _may_have(sitting: Sitting, data: bytes, scope: Scope) -> bool:
    """Whether a document of the whole sitting may be in this copy: not beside what is withheld by
    time or person, and not one that names a protected person to whom the person is hidden."""
    if scope.whole:
        return True
    if scope.sealed or scope.exhibits or not any(part.whole for part in scope.parts):
        return False
    names = (name for seat in sitting.seats if seat.screened_from for name in _names(seat))
    return not any(name.encode() in data for name in names)


def _names(seat: Any) -> Iterator[str]:
    yield from filter(None, (seat.name_ar, seat.name_en))


def _copy_text(
    copy: Mapping[str, JSON],
    segments: Sequence[bundle.Segment],
    gone: tuple[Destruction, Order] | None,
    *,
    less: bool,
) -> bytes:
    """The mark, and what is withheld or destroyed, in both languages, for whoever opens the
    bundle."""
    counts: dict[str, int] = {}
    for item in segments:
        if item.withheld:
            counts[item.withheld] = counts.get(item.withheld, 0) + 1
    lines = [str(copy["mark"]), ""]
    for language in ("ar", "en"):
        lines += [i18n.translate(language, HEAD)]
        if gone:
            lines += _destroyed(language, *gone)
        else:
            lines += [i18n.translate(language, LEFT_OUT if counts else NOTHING)]
        lines += [
            f"  {i18n.translate(language, WITHHELD[reason])}: {count}"
            for reason, count in sorted(counts.items())
        ]
        lines += [i18n.translate(language, MINUTES)] * less + [""]
    return "\n".join(lines).encode()


def _destroyed(language: str, how: Destruction, order: Order) -> list[str]:
    at = f"{how.decided_at:%Y-%m-%d %H:%M:%S}" if how.decided_at else ""
    said = {
        DESTROYED: {},
        DESTROYED_AT: {"time": at},
        BY_ORDER: {"reference": order.reference, "authority": order.authority},
        IN_LOG: {"destruction": how.id},
    }
    return [i18n.translate(language, text) % given for text, given in said.items()]


def masked_chapter(sitting: Sitting, item: dict[str, Any], language: str) -> dict[str, Any]:
    """A chapter for those who may not learn the names of protected persons."""
    return item | {"text": masked(sitting, item["text"], language)} if "text" in item else item


def _named(line: TrackLine) -> dict[str, JSON]:
    """A manifest says of an interpreter's channel which language it is."""
    channel = channel_of(line.source)
    return {"channel": channel} if channel else {}


def facts(sitting: Sitting) -> dict[str, JSON]:
    """What a bundle says of the sitting. A bundle goes from hand to hand: it never has the name of
    a protected person."""
    return {
        "kind": sitting.kind,
        "case_number": sitting.case_number,
        "case_title": masked(sitting, sitting.case_title, "ar"),
        "languages": list(sitting.languages),
        "starts_at": format_time(sitting.starts_at),
        "phase": sitting.phase.value,
        "seats": [
            {
                "id": seat.id,
                "role": seat.role.value,
                "name_ar": pseudonym(sitting, seat, "ar") if seat.screened_from else seat.name_ar,
                "name_en": pseudonym(sitting, seat, "en") if seat.screened_from else seat.name_en,
                "languages": list(seat.languages),
            }
            for seat in sitting.seats
        ],
    }
