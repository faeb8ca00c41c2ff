"""What a work is made of, and how it reads: from the record's rows to jobs for processes.

Pure but for the vault, which looks for the good copy of a segment: use a thread.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import i18n
from errors import N_
from recordings.access.scope import Scope
from recordings.manifest import Span, Timeline, TrackLine, channel_of
from recordings.reading import Part
from recordings.store import SegmentRow
from recordings.vault import Vault
from recordings.works import program
from recordings.works.assembly import Assembly, SoundTrack
from recordings.works.credentials import Credentials
from recordings.works.film import NOT_SHOWN, FilmJob, Reason, TileJob
from recordings.works.program import Scene
from recordings.works.reading import TrackJob
from recordings.works.sound import QUIET_FLOOR
from recordings.works.work import Kind, Work
from sessions.pseudonym import masked, pseudonym
from sessions.seat import LABELS, Seat
from sessions.sitting import Sitting

PLATES = {
    "": N_("No picture at this moment"),
    "off_record": N_("Off record"),
    "recess": N_("Recess"),
    "suspended": N_("Suspended for a technical fault"),
    "closed": N_("Closed"),
    "interrupted": N_("The server stopped"),
    "private": N_("Private consultation"),
    "muted": N_("Muted"),
    "camera_off": N_("The camera is off"),
    "absent": N_("Not sent"),
    "no_media": N_("Nothing came in"),
    "lost": N_("Lost on the way"),
    "sealed": N_("Sealed by the court"),
    "outside_order": N_("Not covered by the order"),
    NOT_SHOWN: N_("This page cannot be shown."),
}
"""What a plate, or a tile without a picture, says."""
LANGUAGES = {
    "ar": "ara",
    "en": "eng",
    "ur": "urd",
    "hi": "hin",
    "bn": "ben",
    "fa": "fas",
    "fr": "fra",
    "ru": "rus",
    "zh": "zho",
    "tl": "tgl",
    "ml": "mal",
    "ta": "tam",
}
"""Of a film's sound tracks, as ISO 639-2 has them."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A work, ready to be made."""

    film: FilmJob | None
    whole: Assembly
    inputs: Mapping[str, str | int]
    key: bytes = field(repr=False)

    @property
    def steps(self) -> int:
        """Chunks, and the assembly, which takes about a tenth of the time."""
        return len(self.whole.chunks) + max(1, len(self.whole.chunks) // 8)


def planned(
    work: Work,
    sitting: Sitting,
    line: Timeline,
    scope: Scope,
    rows: Sequence[SegmentRow],
    speech: Mapping[str, Sequence[Span]],
    *,
    key: bytes,
    vault: Vault,
    folder: Path,
    zone: str,
    credentials: Credentials,
) -> Plan | None:
    """The plan of a work; None when nothing of the record is in it."""
    end_ms = line.duration_ms if work.end_ms is None else work.end_ms
    scenes = program.scenes(line, scope, work.start_ms, end_ms)
    tracks = {
        item.id: job
        for item in line.tracks
        if (job := _track(item, scope, scenes, rows, vault)) is not None
    }
    if not tracks:
        return None
    used = [row for row in rows if row.track in tracks and _in(row, tracks[row.track])]
    inputs: dict[str, str | int] = {
        "work": work.id,
        "sitting": sitting.id,
        "kind": work.kind.value,
        "start_ms": scenes[0].start_ms,
        "end_ms": scenes[-1].end_ms,
        "segments": len(used),
        "inputs": program.inputs_hash((row.track, row.seq, row.sha256) for row in used),
    }
    is_film = work.kind is Kind.FILM
    film = None
    if is_film:
        film = _film(work, sitting, line, scope, tracks, speech, key, zone)
        pages = {page for one in program.chunks(scenes) for page in film.pages(one)}
        if pages:
            inputs |= {"pages": len(pages), "exhibits": program.pages_hash(pages)}
    whole = Assembly(
        work=work.id,
        sitting=sitting.id,
        key=key,
        folder=folder,
        scenes=tuple(scenes),
        chunks=tuple(program.chunks(scenes)) if is_film else (),
        sounds=_sounds(line.tracks, tracks) if is_film else (),
        voices=() if is_film else _voices(line.tracks, tracks),
        title=sitting.case_number or sitting.id,
        inputs=inputs,
        credentials=credentials,
    )
    return Plan(film, whole, inputs, key)


def _in(row: SegmentRow, job: TrackJob) -> bool:
    return any(span.start_ms < row.end_ms and row.start_ms < span.end_ms for span in job.open)


def _track(
    line: TrackLine, scope: Scope, scenes: Sequence[Scene], rows: Sequence[SegmentRow], vault: Vault
) -> TrackJob | None:
    spans = program.open_spans(scope, line.id, scenes)
    job = TrackJob(line.id, (), spans)
    parts = tuple(
        Part(
            vault.find(row.sitting, row.track, row.seq, row.sha256),
            row.sha256,
            row.seq,
            row.stretch,
            row.start_ms,
            row.end_ms,
        )
        for row in rows
        if row.track == line.id and _in(row, job)
    )
    return TrackJob(line.id, parts, spans) if parts else None


def _film(
    work: Work,
    sitting: Sitting,
    line: Timeline,
    scope: Scope,
    tracks: Mapping[str, TrackJob],
    speech: Mapping[str, Sequence[Span]],
    key: bytes,
    zone: str,
) -> FilmJob:
    say = {code: i18n.translate(work.language, text) for code, text in PLATES.items()}
    tiles = []
    for seat in sitting.seats:
        own = [item for item in line.tracks if item.seat == seat.id and item.id in tracks]
        if not own:
            continue
        camera = next((item for item in own if item.source == "camera"), None)
        spoken = sorted(
            (
                Span(max(span.start_ms, one.start_ms), min(span.end_ms, one.end_ms))
                for item in own
                for span in speech.get(item.id, ())
                for one in tracks[item.id].open
                if span.start_ms < one.end_ms and one.start_ms < span.end_ms
            ),
            key=lambda span: span.start_ms,
        )
        gaps = camera.gaps if camera else ()
        tiles.append(
            TileJob(
                name_of(sitting, seat, work.language),
                i18n.translate(work.language, LABELS[seat.role]),
                tracks[camera.id] if camera else None,
                tuple(spoken),
                tuple(
                    Reason(Span(gap.start_ms, gap.end_ms), say.get(gap.reason, say[""]))
                    for gap in gaps
                ),
            )
        )
    return FilmJob(
        sitting=sitting.id,
        key=key,
        tiles=tuple(tiles),
        screens=tuple(tracks[i.id] for i in line.tracks if i.source == "screen" and i.id in tracks),
        sheets=tuple(
            replace(one, text=_below(sitting, one, work.language))
            for one in program.sheets(line, scope)
        ),
        epoch=line.epoch,
        zone=zone,
        title=i18n.translate(
            work.language,
            N_("Record of the sitting %(number)s"),
            number=sitting.case_number,
        ),
        mark=work.mark,
        plates=say,
        rtl=work.language == "ar",
    )


def _below(sitting: Sitting, sheet: program.Sheet, language: str) -> str:
    page = i18n.translate(language, N_("Page %(page)s"), page=sheet.page)
    return f"{masked(sitting, sheet.text, language)} · {page}"


def name_of(sitting: Sitting, seat: Seat, language: str) -> str:
    """Whom a copy names: never a protected person."""
    return pseudonym(sitting, seat, language) if seat.screened_from else seat.name(language)


def _sounds(lines: Sequence[TrackLine], tracks: Mapping[str, TrackJob]) -> tuple[SoundTrack, ...]:
    floor = tuple(tracks[i.id] for i in lines if i.source == "microphone" and i.id in tracks)
    found = [SoundTrack("", floor, (1.0,) * len(floor))] if floor else []
    channels: dict[str, list[TrackJob]] = {}
    for item in lines:
        if (language := channel_of(item.source)) and item.id in tracks:
            channels.setdefault(language, []).append(tracks[item.id])
    for language, own in channels.items():
        weights = (QUIET_FLOOR,) * len(floor) + (1.0,) * len(own)
        found.append(SoundTrack(LANGUAGES.get(language, "und"), (*floor, *own), weights))
    return tuple(found)


def _voices(
    lines: Sequence[TrackLine], tracks: Mapping[str, TrackJob]
) -> tuple[tuple[str, TrackJob], ...]:
    return tuple(
        (f"{item.id}.m4a", tracks[item.id])
        for item in lines
        if item.codec == "opus" and item.id in tracks
    )
