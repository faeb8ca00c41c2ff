"""A small sitting in a real log, and its bundle; and ways to change a bundle as a forger would."""

import hashlib
import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import rfc8785

from audit import key, leaf
from audit.service import AuditLog
from database import Database
from recordings import bundle, verify
from recordings.bundle import Anchors, Contents, Gap, Segment, Track
from recordings.verify import Entry, Report, ending
from tests.support.anchors import anchors

ORIGIN = "court.example/audit"
SITTING = "5e1f"
EPOCH = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
KEY = key.generate(ORIGIN)


def media(track: str, seq: int) -> bytes:
    """Stands for a WebM file: its own bytes for each segment."""
    return hashlib.sha256(f"{track}/{seq}".encode()).digest() * 3


def salt(track: str, seq: int) -> bytes:
    return hashlib.sha256(f"salt {track}/{seq}".encode()).digest()


@dataclass
class Recorded:
    """Writes the leaves that a recorder would, and gathers what goes into the bundle."""

    database: Database
    log: AuditLog
    now: datetime = EPOCH
    segments: list[Segment] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    chain: dict[str, tuple[int, str]] = field(default_factory=dict)

    def anchors(self) -> Anchors:
        return anchors(self.database, self.log, lambda: self.now)

    async def leaf(self, type: str, **data: Any) -> None:
        async with self.database.unit() as session:
            await self.log.append(session, type, data, subject=SITTING)

    async def segment(self, track: str, start: int, end: int, **changes: Any) -> None:
        seq, prev = self.chain.get(track, (0, verify.NO_LINK))
        seat, _, source = track.partition("-")
        plain = media(track, seq)
        data: dict[str, Any] = {
            "track": track,
            "seat": seat,
            "source": source,
            "codec": "vp8" if source == "camera" else "opus",
            "seq": seq,
            "start_ms": start,
            "end_ms": end,
            "bytes": len(plain),
            "sha256": hashlib.sha256(b"cipher" + plain).hexdigest(),
            "commitment": leaf.commit(hashlib.sha256(plain).digest(), salt(track, seq)),
            "prev": prev,
        }
        data |= changes
        await self.leaf("rec.segment", **data)
        self.chain[track] = (seq + 1, hashlib.sha256(rfc8785.dumps(data)).hexdigest())
        self.segments.append(Segment(track, seq, start, end, salt(track, seq), plain))

    async def gap(self, track: str, start: int, end: int, reason: str) -> None:
        await self.leaf("rec.gap", track=track, start_ms=start, end_ms=end, reason=reason)
        self.gaps.append(Gap(track, start, end, reason))

    async def closed(self, **changes: Any) -> None:
        tracks = {
            track: {"segments": count, "head": head} for track, (count, head) in self.chain.items()
        }
        await self.leaf("rec.closed", **({"tracks": tracks, "gaps": len(self.gaps)} | changes))

    def contents(self, **changes: Any) -> Contents:
        known: dict[str, Any] = {
            "sitting": SITTING,
            "facts": {"kind": "civil_hearing", "title": {"ar": "دعوى", "en": 'A "claim"\n'}},
            "epoch": EPOCH,
            "tracks": [
                Track(track, track.split("-")[0], track.split("-")[1], "opus", {"role": "judge"})
                for track in self.chain
            ],
            "segments": self.segments[::-1],
            "gaps": self.gaps,
            "chapters": [{"clock_ms": 0, "type": "phase.on_record", "text": "بدء التسجيل"}],
        }
        return Contents(**(known | changes))


def new_log(database: Database, recorded: list[Recorded]) -> AuditLog:
    return AuditLog(database, KEY, ORIGIN, lambda: recorded[0].now)


def recorder(database: Database) -> Recorded:
    holder: list[Recorded] = []
    made = Recorded(database, new_log(database, holder))
    holder.append(made)
    return made


async def other_sitting(recorded: Recorded) -> None:
    """Something else in the log between the leaves of ours."""
    async with recorded.database.unit() as session:
        await recorded.log.append(session, "live.note", {}, subject="other")


async def hold(recorded: Recorded) -> None:
    """A sitting: two seats, a private consultation of one, a recess, two stretches on record."""
    await recorded.leaf("sitting.booked", case="c1")
    await other_sitting(recorded)
    started = {"epoch": leaf.format_time(EPOCH), "start_ms": 0, "proved_ms": 1000, "by": "s1"}
    await recorded.leaf("rec.started", **started)
    await recorded.segment("s1-microphone", 0, 4000)
    await recorded.segment("s2-microphone", 100, 4050)
    await recorded.segment("s2-camera", 150, 5000)
    await other_sitting(recorded)
    recorded.now = EPOCH + timedelta(seconds=5)
    await recorded.leaf("live.private.opened", private="p1", seats=["s2", "s3"])
    await recorded.segment("s1-microphone", 4000, 8010)
    recorded.now = EPOCH + timedelta(seconds=20)
    await recorded.leaf("live.private.ended", private="p1", seats=["s3"])
    await recorded.leaf("live.private.ended", private="p1", how="returned")
    await recorded.gap("s2-microphone", 4050, 20_100, "private")
    await recorded.gap("s2-camera", 5000, 20_500, "private")
    await recorded.segment("s2-microphone", 20_100, 24_000)
    await recorded.segment("s2-camera", 20_500, 24_000)
    await recorded.gap("s1-microphone", 8010, 20_000, "muted")
    await recorded.segment("s1-microphone", 20_000, 24_100)
    await recorded.leaf("rec.stopped", end_ms=24_000, reason="recess", by="s1")
    recorded.now = EPOCH + timedelta(seconds=60)
    await recorded.leaf("rec.started", **(started | {"start_ms": 60_000, "proved_ms": 61_000}))
    await recorded.gap("s1-microphone", 24_100, 60_000, "recess")
    await recorded.segment("s1-microphone", 60_000, 63_000)
    await recorded.leaf("rec.stopped", end_ms=63_000, reason="closed", by="s1")
    await recorded.closed()


async def smallest(recorded: Recorded) -> None:
    """One track, two segments."""
    started = {"epoch": leaf.format_time(EPOCH), "start_ms": 0, "proved_ms": 1000, "by": "s1"}
    await recorded.leaf("rec.started", **started)
    await recorded.segment("s1-microphone", 0, 4000)
    await recorded.segment("s1-microphone", 4000, 8000)
    await recorded.leaf("rec.stopped", end_ms=8000, reason="closed", by="s1")
    await recorded.closed()


async def exported(recorded: Recorded, out: Path, **changes: Any) -> Report:
    return await bundle.export(
        recorded.contents(**changes),
        out,
        database=recorded.database,
        log=recorded.log,
        anchors=recorded.anchors(),
        by="person1",
    )


async def sealed(recorded: Recorded, out: Path, **changes: Any) -> None:
    """Export without the exporter's own verification: what a careless operator publishes."""
    draft = bundle.Draft(out)
    log = recorded.log
    contents = recorded.contents(**changes)
    files = bundle._files(contents, log.vkey, [], {})
    digest = draft.write(contents, files, ORIGIN)
    await recorded.leaf("evidence.exported", bundle=digest, by="person1")
    leaves = await log.leaves(SITTING)
    checkpoint = await log.wait_covered(leaves[-1].index)
    indexes = [item.index for item in leaves]
    proofs = await log.inclusions(indexes, checkpoint.size)
    proven = list(zip(indexes, proofs, strict=True))
    draft.seal([item.entry for item in leaves], proven, checkpoint.note)
    draft.publish()


# --- forgery -------------------------------------------------------------------------------------

Files = dict[str, bytes]


def unpack(path: Path) -> Files:
    """The files of a bundle in their order."""
    with path.open("rb") as file:
        archive = verify.Archive.open(file)
        return {name: archive.read(name) for name in archive.order}


def pack(files: Files, path: Path) -> None:
    """Write files as a canonical ZIP in their order, true or not."""
    data, directory = bytearray(), bytearray()
    for name, content in files.items():
        entry = Entry(name, len(content), zlib.crc32(content), len(data))
        data += entry.local() + content
        directory += entry.central()
    path.write_bytes(data + directory + ending(len(files), len(directory), len(data)))


def relist(files: Files) -> Files:
    """Make bundle.json tell the sizes and hashes of the files as they are now."""
    manifest = json.loads(files["bundle.json"])
    manifest["files"] = [
        {"path": name, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        for name, content in sorted(files.items())
        if name not in verify.SEAL
    ]
    listed = {item["path"]: files[item["path"]] for item in manifest["files"]}
    seal = {name: files[name] for name in verify.SEAL}
    return listed | seal | {"bundle.json": rfc8785.dumps(manifest)}


def edit(files: Files, name: str, change: Callable[[Any], Any]) -> None:
    """Change a JSON file and write it canonically again."""
    value = json.loads(files[name])
    changed = change(value)
    files[name] = rfc8785.dumps(value if changed is None else changed)


def lines(files: Files, name: str, change: Callable[[list[bytes]], Any]) -> None:
    """Change the list of lines of a file."""
    found = files[name].splitlines()
    changed = change(found)
    files[name] = b"".join(line + b"\n" for line in (found if changed is None else changed))


def failed(report: Report) -> list[str]:
    """Names of the steps that failed (not those that could not be checked)."""
    return [step.name for step in report.steps if step.ok is False]
