"""The verifier: every flipped bit, every forgery; the right step named, the right exit status."""

import asyncio
import base64
import hashlib
import json
import random
import shutil
import struct
import subprocess
import sys
import zipfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit import checkpoint, key, tree
from audit import note as notes
from database import Database
from recordings import verify
from recordings.verify import NOT_VALID, UNUSABLE, VALID, Entry
from tests.support.anchors import NAME as WITNESS
from tests.support.anchors import WITNESS_KEY

from .evidence import (
    KEY,
    ORIGIN,
    SITTING,
    Files,
    Recorded,
    edit,
    exported,
    failed,
    hold,
    lines,
    media,
    pack,
    recorder,
    relist,
    sealed,
    smallest,
    unpack,
)

Made = Callable[[Recorded], Awaitable[None]]


def make(template: Path, folder: Path, sitting: Made) -> Path:
    """A bundle of `sitting`, from a log of its own."""

    async def run() -> None:
        shutil.copyfile(template, folder / "log.db")
        database = Database(f"sqlite+aiosqlite:///{folder / 'log.db'}")
        recorded = recorder(database)
        await sitting(recorded)
        await exported(recorded, folder / "bundle.zip")
        await database.close()

    asyncio.run(run())
    return folder / "bundle.zip"


@pytest.fixture(scope="session")
def whole(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(sqlite_template, tmp_path_factory.mktemp("whole"), hold)


@pytest.fixture(scope="session")
def small(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle as small as one can be: with its two fixed texts cut short."""
    folder = tmp_path_factory.mktemp("small")
    short = folder / "short.txt"
    short.write_text("#\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("recordings.bundle._README", short)
        patch.setattr("recordings.bundle._VERIFIER", short)
        return make(sqlite_template, folder, smallest)


@pytest.fixture
def files(whole: Path) -> Files:
    return unpack(whole)


@pytest.fixture
def forged(tmp_path: Path) -> Path:
    return tmp_path / "forged.zip"


def check(files: Files, path: Path, vkey: str | None = None) -> verify.Report:
    pack(files, path)
    return verify.verify(path, vkey)


def test_what_is_whole_is_valid(whole: Path, small: Path, files: Files, forged: Path) -> None:
    assert verify.verify(whole, KEY.vkey).valid
    assert verify.verify(small, KEY.vkey).valid
    pack(files, forged)
    assert forged.read_bytes() == whole.read_bytes()


# --- one flipped bit -----------------------------------------------------------------------------


@pytest.mark.timeout(400)  # every byte of a bundle
def test_a_flipped_bit_in_any_byte_of_the_file(small: Path, forged: Path) -> None:
    data = small.read_bytes()
    generator = random.Random(1)
    assert len(data) < 12_000
    for place in range(len(data)):
        changed = bytearray(data)
        changed[place] ^= 1 << generator.randrange(8)
        forged.write_bytes(changed)
        report = verify.verify(forged)
        assert report.status == NOT_VALID, place
        assert report.steps[0].ok is False, place


@pytest.mark.timeout(400)  # every byte of a bundle
def test_a_flipped_bit_under_a_zip_that_is_written_anew(small: Path, forged: Path) -> None:
    """Somebody who changes a file also corrects CRC-32 and headers: the proofs must find it."""
    whole = unpack(small)
    generator = random.Random(2)
    for name, content in whole.items():
        for place in range(len(content)):
            changed = bytearray(content)
            changed[place] ^= 1 << generator.randrange(8)
            report = check(whole | {name: bytes(changed)}, forged)
            assert report.status == NOT_VALID, (name, place)
            assert report.steps[0].ok, (name, place)


@pytest.mark.parametrize(
    ("name", "steps"),
    [
        ("README.txt", {"manifest", "export_leaf"}),
        ("verify.py", {"manifest", "export_leaf"}),
        ("log/vkey.txt", {"checkpoint", "manifest", "export_leaf"}),
        ("media/s1-microphone/00001.webm", {"commitments", "manifest", "export_leaf"}),
    ],
)
def test_a_changed_file_with_a_manifest_to_match(
    files: Files, forged: Path, name: str, steps: set[str]
) -> None:
    files[name] = bytes([files[name][0] ^ 1]) + files[name][1:]
    assert set(failed(check(files, forged))) <= steps
    again = check(relist(files), forged)
    assert not again.valid
    assert set(failed(again)) == steps - {"manifest"}


# --- forgeries of files --------------------------------------------------------------------------

SEGMENT = "media/s1-microphone/00001.webm"
OTHER = "media/s1-microphone/00002.webm"


def remove_segment(files: Files) -> Files:
    files.pop(SEGMENT)
    edit(files, "bundle.json", lambda b: b["segments"].pop(3) and None)
    return relist(files)


def swap_segments(files: Files) -> Files:
    return relist(files | {SEGMENT: files[OTHER], OTHER: files[SEGMENT]})


def swap_segments_and_salts(files: Files) -> Files:
    def change(manifest: Any) -> None:
        first, second = manifest["segments"][1:3]
        first["salt"], second["salt"] = second["salt"], first["salt"]

    edit(files, "bundle.json", change)
    return swap_segments(files)


def drop_leaf(number: int) -> Callable[[Files], Files]:
    def drop(files: Files) -> Files:
        lines(files, "log/leaves.jsonl", lambda found: found.pop(number) and None)
        lines(files, "log/proofs.jsonl", lambda found: found.pop(number) and None)
        return files

    return drop


def swap_leaves(files: Files) -> Files:
    """The first two segments of a track."""

    def swap(found: list[bytes]) -> None:
        found[2], found[6] = found[6], found[2]

    lines(files, "log/leaves.jsonl", swap)
    lines(files, "log/proofs.jsonl", swap)
    return files


def change_salt(files: Files) -> Files:
    edit(files, "bundle.json", lambda b: b["segments"][0].update(salt="0" * 64))
    return relist(files)


def rename_segment(files: Files) -> Files:
    return {("media/s1-microphone/00009.webm" if n == SEGMENT else n): c for n, c in files.items()}


def move_segment(files: Files) -> Files:
    edit(files, "bundle.json", lambda b: b["segments"][1].update(start_ms=4001))
    return relist(files)


def hide_gap(files: Files) -> Files:
    edit(files, "bundle.json", lambda b: b["gaps"].pop() and None)
    return files


def add_media(files: Files) -> Files:
    return relist(files | {"media/s1-microphone/00004.webm": b"new"})


def add_file(files: Files) -> Files:
    return {"another.txt": b"", **files}


def add_listed_file(files: Files) -> Files:
    return relist(files | {"another.txt": b""})


def reorder(files: Files) -> Files:
    return {"checkpoint.txt": files["checkpoint.txt"]} | files


def drop_file(name: str) -> Callable[[Files], Files]:
    return lambda files: {n: c for n, c in files.items() if n != name}


def change_leaf(old: bytes, new: bytes) -> Callable[[Files], Files]:
    def change(files: Files) -> Files:
        assert old in files["log/leaves.jsonl"]
        return files | {"log/leaves.jsonl": files["log/leaves.jsonl"].replace(old, new, 1)}

    return change


def repeat_proof(files: Files) -> Files:
    lines(files, "log/proofs.jsonl", lambda found: [*found, found[-1]])
    return files


def lose_proof(files: Files) -> Files:
    lines(files, "log/proofs.jsonl", lambda found: found[:-1])
    return files


def strange_proof(files: Files) -> Files:
    lines(files, "log/proofs.jsonl", lambda f: [f[0].replace(b"index", b"Index"), *f[1:]])
    return files


def long_line(files: Files) -> Files:
    return files | {"log/leaves.jsonl": files["log/leaves.jsonl"] + b"{" * 70_000 + b"\n"}


def unended_line(files: Files) -> Files:
    return files | {"log/leaves.jsonl": files["log/leaves.jsonl"][:-1]}


def loose_json(files: Files) -> Files:
    return files | {"bundle.json": files["bundle.json"].replace(b'"v":1', b'"v": 1')}


def float_json(files: Files) -> Files:
    return files | {"bundle.json": files["bundle.json"].replace(b'"v":1', b'"v":1.0')}


def deep_json(files: Files) -> Files:
    return files | {"chapters.json": b"[" * 1_000_000}


def odd_chapters(files: Files) -> Files:
    return files | {"chapters.json": b'{"chapters":{},"v":1}'}


def signed_anew(files: Files) -> Files:
    """A checkpoint over the same tree by a key that is not the log's."""
    found = checkpoint.parse(files["checkpoint.txt"])
    other = key.generate(ORIGIN).sign(checkpoint.body(ORIGIN, found.size, found.root))
    return files | {"checkpoint.txt": other.encode()}


def other_size(files: Files) -> Files:
    found = checkpoint.parse(files["checkpoint.txt"])
    note = KEY.sign(checkpoint.body(ORIGIN, found.size + 1, found.root))
    return files | {"checkpoint.txt": note.encode()}


def other_log(files: Files) -> Files:
    found = checkpoint.parse(files["checkpoint.txt"])
    note = KEY.sign(checkpoint.body("other.example/log", found.size, found.root))
    return files | {"checkpoint.txt": note.encode()}


FORGERIES: list[tuple[Callable[[Files], Files], str, str]] = [
    (remove_segment, "export_leaf", "bundle.json is not the one"),
    (remove_segment, "completeness", "is missing"),
    (swap_segments, "commitments", "s1-microphone/1: the media or its salt"),
    (swap_segments, "export_leaf", ""),
    (swap_segments_and_salts, "commitments", "s1-microphone/1"),
    (drop_leaf(4), "leaf_order", "leaf 4 of the sitting is missing or moved: 5 is there"),
    (drop_leaf(-1), "export_leaf", "the last leaf is not evidence.exported"),
    (drop_leaf(0), "leaf_order", "leaf 0"),
    (swap_leaves, "leaf_order", "leaf 2 of the sitting is missing or moved: 6 is there"),
    (swap_leaves, "inclusion", "out of order"),
    (swap_leaves, "chain", "segment s1-microphone/1 stands where s1-microphone/0 has to"),
    (change_salt, "commitments", "s1-microphone/0"),
    (rename_segment, "manifest", "00001.webm is missing"),
    (move_segment, "commitments", "start_ms"),
    (hide_gap, "gaps", "not those of the log"),
    (add_media, "completeness", "media/ holds other files"),
    (add_file, "manifest", "another.txt is not listed"),
    (add_listed_file, "manifest", "another.txt has no place"),
    (reorder, "manifest", "not in their order"),
    (drop_file("verify.py"), "manifest", "verify.py is missing"),
    (drop_file("bundle.json"), "canonical", "bundle.json is missing"),
    (drop_file("checkpoint.txt"), "checkpoint", "checkpoint.txt is missing"),
    (drop_file("log/leaves.jsonl"), "leaf_format", "log/leaves.jsonl is missing"),
    (drop_file("log/proofs.jsonl"), "inclusion", "log/proofs.jsonl is missing"),
    (change_leaf(b'"case":"c1"', b'"case":"c2"'), "inclusion", "leaf 0 is not in the signed log"),
    (change_leaf(b'"case":"c1"', b'"case": "c1"'), "leaf_format", "leaf 0 is not in canonical"),
    (change_leaf(b'"case":"c1"', '"case":"ق"'.encode()), "leaf_format", "leaf 0 holds more"),
    (change_leaf(b'"v":1}', b'"v":2}'), "leaf_format", "leaf 0 is not of version 1"),
    (change_leaf(b'"s":"5e1f"', b'"s":"5e20"'), "leaf_order", "leaf 0 is of another sitting"),
    (change_leaf(b'"reason":"muted"', b'"reason":"break"'), "gaps", ""),
    (change_leaf(b'"bytes":96', b'"bytes":97'), "commitments", "another size"),
    (repeat_proof, "inclusion", "more proofs than leaves"),
    (lose_proof, "inclusion", "is missing"),
    (strange_proof, "inclusion", "the proof of leaf 0"),
    (long_line, "leaf_format", "a line that is too long"),
    (unended_line, "leaf_format", "does not end"),
    (loose_json, "canonical", "bundle.json is not in canonical form"),
    (float_json, "canonical", "float"),
    (deep_json, "canonical", "chapters.json is not JSON"),
    (odd_chapters, "canonical", "chapters"),
    (signed_anew, "checkpoint", "not signed by court.example/audit"),
    (other_size, "inclusion", "leaf 14: the proof is too short"),
    (other_log, "checkpoint", "another log"),
]


@pytest.mark.parametrize(("forgery", "step", "detail"), FORGERIES)
def test_forgeries(
    files: Files, forged: Path, forgery: Callable[[Files], Files], step: str, detail: str
) -> None:
    report = check(forgery(files), forged)
    assert report.status == NOT_VALID
    found = {item.name: item.detail for item in report.steps if item.ok is False}
    assert step in found, found
    assert detail in found[step]
    assert len(report.steps) == len(verify.STEPS)


# --- records that were written wrongly, with a log that is true ----------------------------------


async def record(recorded: Recorded, *, epoch: str = "", start: int = 0) -> None:
    stated = epoch or "2026-11-21T09:30:00.000Z"
    await recorded.leaf("rec.started", epoch=stated, start_ms=start, proved_ms=1, by="s1")


async def stop(recorded: Recorded, end: int) -> None:
    await recorded.leaf("rec.stopped", end_ms=end, reason="off_record", by="s1")


async def hole(recorded: Recorded) -> None:
    await record(recorded)
    await recorded.segment("s1-microphone", 0, 4000)
    await recorded.segment("s1-microphone", 4600, 8000)
    await stop(recorded, 8000)
    await recorded.closed()


async def after_the_stop(recorded: Recorded) -> None:
    await record(recorded)
    await recorded.segment("s1-microphone", 0, 4000)
    await stop(recorded, 2000)
    await recorded.closed()


async def before_the_start(recorded: Recorded) -> None:
    await record(recorded, start=3000)
    await recorded.segment("s1-microphone", 0, 4000)
    await stop(recorded, 5000)
    await recorded.closed()


async def never_started(recorded: Recorded) -> None:
    await recorded.segment("s1-microphone", 0, 4000)
    await recorded.closed()


async def never_stopped(recorded: Recorded) -> None:
    await record(recorded)
    await recorded.segment("s1-microphone", 0, 4000)
    await recorded.closed()


async def started_twice(recorded: Recorded) -> None:
    await record(recorded)
    await record(recorded)
    await stop(recorded, 4000)
    await recorded.closed()


async def stopped_twice(recorded: Recorded) -> None:
    await record(recorded)
    await stop(recorded, 4000)
    await stop(recorded, 4000)
    await recorded.closed()


async def other_epoch(recorded: Recorded) -> None:
    await record(recorded, epoch="2026-11-21T09:31:00.000Z")
    await stop(recorded, 4000)
    await recorded.closed()


async def in_private(recorded: Recorded) -> None:
    await record(recorded)
    await recorded.leaf("live.private.opened", private="p", seats=["s1"])
    await recorded.segment("s1-microphone", 0, 4000)
    await stop(recorded, 4000)
    await recorded.closed()


async def private_without_seats(recorded: Recorded) -> None:
    await record(recorded)
    await recorded.leaf("live.private.opened", private="p")
    await stop(recorded, 4000)
    await recorded.closed()


async def never_closed(recorded: Recorded) -> None:
    await record(recorded)
    await recorded.segment("s1-microphone", 0, 4000)
    await stop(recorded, 4000)


async def closed_twice(recorded: Recorded) -> None:
    await smallest(recorded)
    await recorded.closed()


async def recorded_after_the_close(recorded: Recorded) -> None:
    await smallest(recorded)
    await recorded.gap("s1-microphone", 8000, 9000, "muted")


async def too_few_counted(recorded: Recorded) -> None:
    await record(recorded)
    await recorded.segment("s1-microphone", 0, 4000)
    await stop(recorded, 4000)
    await recorded.closed(tracks={"s1-microphone": {"segments": 2, "head": "0" * 64}})


async def other_head(recorded: Recorded) -> None:
    await record(recorded)
    await recorded.segment("s1-microphone", 0, 4000)
    await stop(recorded, 4000)
    await recorded.closed(tracks={"s1-microphone": {"segments": 1, "head": "0" * 64}})


async def track_not_counted(recorded: Recorded) -> None:
    await record(recorded)
    await recorded.segment("s1-microphone", 0, 4000)
    await stop(recorded, 4000)
    await recorded.closed(tracks={})


async def gaps_not_counted(recorded: Recorded) -> None:
    await record(recorded)
    await recorded.gap("s1-microphone", 0, 4000, "muted")
    await stop(recorded, 4000)
    await recorded.closed(gaps=0)


async def broken_chain(recorded: Recorded) -> None:
    await record(recorded)
    await recorded.segment("s1-microphone", 0, 4000)
    await recorded.segment("s1-microphone", 4000, 8000, prev="1" * 64)
    await stop(recorded, 8000)
    await recorded.closed()


async def overlap(recorded: Recorded) -> None:
    await record(recorded)
    await recorded.segment("s1-microphone", 0, 4000)
    await recorded.segment("s1-microphone", 3000, 8000)
    await stop(recorded, 8000)
    await recorded.closed()


async def other_seat(recorded: Recorded) -> None:
    await record(recorded)
    await recorded.segment("s1-microphone", 0, 4000, seat="s2")
    await stop(recorded, 4000)
    await recorded.closed()


async def member_missing(recorded: Recorded) -> None:
    await record(recorded)
    await recorded.leaf("rec.gap", track="s1-microphone", start_ms=0, reason="muted")
    await stop(recorded, 4000)
    await recorded.closed()


WRONG: list[tuple[Made, str, str]] = [
    (hole, "gaps", "track s1-microphone has an undeclared hole, 4000 to 4600 ms"),
    (after_the_stop, "off_record", "s1-microphone/0 lies off the record"),
    (before_the_start, "off_record", "lies off the record"),
    (never_started, "off_record", "lies off the record"),
    (never_stopped, "off_record", "never stopped"),
    (started_twice, "off_record", "started twice"),
    (stopped_twice, "off_record", "stopped without a start"),
    (other_epoch, "off_record", "recording time 0"),
    (in_private, "off_record", "in a private consultation of seat s1"),
    (private_without_seats, "off_record", "does not name its seats"),
    (never_closed, "completeness", "closed 0 times"),
    (closed_twice, "completeness", "closed 2 times"),
    (recorded_after_the_close, "completeness", "1 gaps, 0 were logged"),
    (too_few_counted, "completeness", "has 1 segments, 2 were recorded"),
    (other_head, "completeness", "does not end with the segment"),
    (track_not_counted, "completeness", "is not among those"),
    (gaps_not_counted, "completeness", "1 gaps, 0 were logged"),
    (broken_chain, "chain", "s1-microphone/1 is not chained"),
    (overlap, "chain", "overlaps"),
    (other_seat, "chain", "is not of seat s2"),
    (member_missing, "gaps", "end_ms is missing"),
]


@pytest.mark.parametrize(("sitting", "step", "detail"), WRONG)
async def test_records_that_do_not_hold(
    sqlite_database: Database, forged: Path, sitting: Made, step: str, detail: str
) -> None:
    recorded = recorder(sqlite_database)
    await sitting(recorded)
    await sealed(recorded, forged)
    report = verify.verify(forged, KEY.vkey)
    found = {item.name: item.detail for item in report.steps if not item.ok}
    assert report.status == NOT_VALID
    assert detail in found.get(step, ""), found
    assert found.keys().isdisjoint({"archive", "manifest", "inclusion", "checkpoint"})


async def test_something_is_recorded_after_the_close(
    sqlite_database: Database, forged: Path
) -> None:
    recorded = recorder(sqlite_database)
    await smallest(recorded)
    await record(recorded, start=9000)
    await stop(recorded, 9500)
    await sealed(recorded, forged)
    report = verify.verify(forged)
    assert failed(report) == ["completeness"]
    assert "after the record was closed" in report.steps[10].detail


async def test_a_private_stay_that_never_ended(sqlite_database: Database, forged: Path) -> None:
    recorded = recorder(sqlite_database)
    await recorded.leaf("live.private.opened", private="p", seats=["s2"])
    await smallest(recorded)  # of seat s1, which is not in the room
    await sealed(recorded, forged)
    assert verify.verify(forged).valid


# --- the archive ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data + b"\0",
        lambda data: data + data,
        lambda data: data[:-1],
        lambda data: data[: len(data) // 2],
        lambda data: b"\0" + data,
        lambda data: data[:100],
        lambda data: data[-22:],
        lambda data: b"PK\x03\x04",
        lambda data: data[:-22] + data[-22:-2] + b"\x05\x00hello",
    ],
)
def test_added_and_cut_bytes(whole: Path, forged: Path, change: Callable[[bytes], bytes]) -> None:
    forged.write_bytes(change(whole.read_bytes()))
    report = verify.verify(forged)
    assert report.status == NOT_VALID
    assert failed(report)[0] == "archive"


def packed_by_another(files: Files, path: Path, method: int) -> verify.Report:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return verify.verify(path)


def test_the_same_files_by_another_zip_program(files: Files, forged: Path) -> None:
    """A ZIP that any program reads, and that is not written in the one way."""
    files = relist({"tracks/t.webm": b"x", **files})
    report = packed_by_another(files, forged, zipfile.ZIP_STORED)
    assert report.failed == ["archive", "export_leaf"]
    report = packed_by_another(files, forged, zipfile.ZIP_DEFLATED)
    assert failed(report) == ["archive"]
    assert "packed by another program" in report.steps[0].detail


def test_a_forgery_by_another_zip_program(files: Files, forged: Path) -> None:
    """Whoever repacks with the tool at hand still learns what else is wrong."""
    files.pop(SEGMENT)
    report = packed_by_another(files, forged, zipfile.ZIP_STORED)
    assert report.failed == ["archive", "manifest", "commitments", "completeness"]
    assert f"{SEGMENT} is missing" in report.steps[2].detail


@pytest.mark.parametrize(
    "name",
    [
        "../evil",
        "/etc/passwd",
        "a//b",
        "a/../b",
        "C:\\x",
        "media/é",
        "x" * 300,
        ".hidden",
        "a\nb",
        "",
    ],
)
def test_hostile_names(files: Files, forged: Path, name: str) -> None:
    report = check({name: b"x", **files}, forged)
    assert failed(report)[0] == "archive"
    assert "hostile name" in report.steps[0].detail
    assert all(step.ok is None for step in report.steps[1:])


def test_a_name_that_stands_twice(forged: Path) -> None:
    first = Entry("a", 0, 0, 0)
    second = Entry("a", 0, 0, 31)
    directory = first.central() + second.central()
    forged.write_bytes(
        first.local() + second.local() + directory + verify.ending(2, len(directory), 62)
    )
    assert "twice" in verify.verify(forged).steps[0].detail


def test_sizes_that_lie(forged: Path) -> None:
    """Entries that overlap or promise terabytes are refused before anything is read."""
    for size in (10_000_000, 0xFFFFFFFE):
        entries = [Entry(f"a{i}", size, 0, 0) for i in range(1000)]
        directory = b"".join(entry.central() for entry in entries)
        data = entries[0].local() + bytes(10_000_100)
        forged.write_bytes(data + directory + verify.ending(1000, len(directory), len(data)))
        report = verify.verify(forged)
        assert "does not fit" in report.steps[0].detail


def test_a_compressed_bomb_is_not_unpacked(forged: Path) -> None:
    with zipfile.ZipFile(forged, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in verify.SEAL:
            archive.writestr(name, bytes(50_000_000))
    report = verify.verify(forged)
    assert report.status == NOT_VALID
    assert failed(report)[0] == "archive"


@pytest.mark.parametrize(
    ("limit", "steps"),
    [
        ("MAX_JSON", {"canonical", "checkpoint"}),
        ("MAX_LEAVES", {"leaf_format"}),
        ("MAX_LINE", {"leaf_format"}),
        ("MAX_DIRECTORY", {"archive"}),
    ],
)
def test_limits(whole: Path, monkeypatch: pytest.MonkeyPatch, limit: str, steps: set[str]) -> None:
    monkeypatch.setattr(verify, limit, 10)
    report = verify.verify(whole)
    assert report.status == NOT_VALID
    assert set(failed(report)) == steps


def test_an_endless_directory(forged: Path) -> None:
    forged.write_bytes(b"PK\x03\x04" + verify.ending(10, 0xF0000000, 0))
    assert failed(verify.verify(forged)) == ["archive"]


def test_numbers_too_large_for_the_old_format() -> None:
    """Zip64 parts stand only where they are needed, as other programs expect them."""
    large = Entry("a", 5, 0, 5 << 30)
    record = large.central()
    assert record[-12:] == struct.pack("<2HQ", 1, 8, 5 << 30)
    assert list(verify._read_entries(record, 6 << 30)) == [large]
    assert len(verify.ending(65_534, 100, 100)) == 22
    for numbers in ((65_535, 100, 100), (1, 100, 5 << 30)):
        assert len(verify.ending(*numbers)) == 98


def test_more_files_than_the_old_format_counts(forged: Path) -> None:
    files = {f"media/t/{i:05d}.webm": b"" for i in range(65_600)}
    pack(files, forged)
    with zipfile.ZipFile(forged) as archive:
        assert len(archive.namelist()) == 65_600
    report = verify.verify(forged)
    assert report.steps[0].ok
    assert report.steps[0].detail == "65600 files"


def test_files_of_several_gigabytes(forged: Path) -> None:
    """Sizes and offsets beyond 4 GiB, in a sparse file: other programs find the same places."""
    first = Entry("media/t/00000.webm", 0xF0000000, 0, 0)
    second = Entry("tracks/t.webm", 5 << 30, 0, len(first.local()) + first.size)
    third = Entry("verify.py", 3, 0x352441C2, second.offset + len(second.local()) + second.size)
    entries = [first, second, third]
    directory = b"".join(entry.central() for entry in entries)
    offset = third.offset + len(third.local()) + 3
    with forged.open("wb") as file:
        for entry in entries:
            file.seek(entry.offset)
            file.write(entry.local())
        file.write(b"abc" + directory + verify.ending(3, len(directory), offset))
    with zipfile.ZipFile(forged) as archive:
        assert archive.read("verify.py") == b"abc"
        assert [item.file_size for item in archive.infolist()] == [item.size for item in entries]
        with archive.open("tracks/t.webm") as track:
            assert track.read(10) == bytes(10)
    with forged.open("rb") as file:
        opened = verify.Archive.open(file)
        assert opened.read("verify.py") == b"abc"
        assert [opened.entries[name] for name in opened.order] == entries


# --- keys, the command line, other input ---------------------------------------------------------


def run(*arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, verify.__file__, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={"LC_ALL": "C", "PYTHONIOENCODING": "ascii"},
    )


def test_another_key(whole: Path) -> None:
    report = verify.verify(whole, key.generate(ORIGIN).vkey)
    assert failed(report) == ["checkpoint"]
    assert {step.name for step in report.steps if step.ok is None} == {
        "inclusion",
        "witnesses",
        "timestamp",
    }


def test_the_command_line(whole: Path, forged: Path, files: Files) -> None:
    done = run(whole, "--key", KEY.vkey)
    assert (done.returncode, done.stderr) == (VALID, "")
    assert done.stdout.splitlines()[0].startswith(" 1 archive: ok (")
    assert done.stdout.splitlines()[-1] == "VALID"
    assert "NOT PINNED" not in done.stdout
    pack(swap_segments(files), forged)
    done = run(forged)
    assert (done.returncode, done.stderr) == (NOT_VALID, "")
    assert " 9 FAILED: commitments: segment s1-microphone/1" in done.stdout
    assert "NOT PINNED" in done.stdout
    assert done.stdout.splitlines()[-1] == "NOT VALID: export_leaf, commitments"


def test_json_output(whole: Path, tmp_path: Path) -> None:
    done = run(whole, "--json")
    found = json.loads(done.stdout)
    assert (found["valid"], found["status"], found["failed"]) == (True, VALID, [])
    assert (found["sitting"], found["vkey"], found["origin"]) == (SITTING, KEY.vkey, ORIGIN)
    assert [step["ok"] for step in found["steps"]] == [True] * len(verify.STEPS)
    done = run(tmp_path / "nothing.zip", "--json")
    assert (done.returncode, json.loads(done.stdout)["valid"]) == (UNUSABLE, False)


@pytest.mark.parametrize("content", [b"", b"hello", b"\0" * 100, b"%PDF-1.7\n" * 10])
def test_input_that_is_no_zip(forged: Path, content: bytes) -> None:
    forged.write_bytes(content)
    done = run(forged)
    assert (done.returncode, done.stderr) == (UNUSABLE, "")
    assert done.stdout.startswith("UNUSABLE: the file is ")


def test_other_unusable_input(whole: Path, tmp_path: Path) -> None:
    for arguments in (
        (tmp_path / "nothing.zip",),
        (tmp_path,),
        (whole, "--key", "rubbish"),
        (whole, "--key", KEY.vkey[:-4] + "AAAA"),
        ("nul\0byte",) if sys.platform == "win32" else ("x" * 5000,),
    ):
        done = run(*arguments)
        assert (done.returncode, done.stderr) == (UNUSABLE, ""), arguments
        assert done.stdout.startswith("UNUSABLE: ")
    assert run().returncode == UNUSABLE
    assert run(whole, "--unknown").returncode == UNUSABLE


def test_a_hostile_bundle_does_not_write_to_the_terminal(files: Files, forged: Path) -> None:
    files["log/vkey.txt"] = "\x1b[2Jevil+00000000+AAAA\u202e\n".encode()
    pack(relist(files), forged)
    done = run(forged)
    assert done.returncode == NOT_VALID
    assert "\x1b" not in done.stdout
    assert done.stdout.isascii()


def test_random_noise_in_the_middle(whole: Path, forged: Path) -> None:
    generator = random.Random(3)
    data = whole.read_bytes()
    for _ in range(200):
        changed = bytearray(data)
        start = generator.randrange(len(data))
        end = min(len(data), start + generator.randrange(1, 2000))
        changed[start:end] = generator.randbytes(end - start)
        forged.write_bytes(changed)
        report = verify.verify(forged)
        assert report.status == NOT_VALID
        assert failed(report)


def test_it_needs_only_the_standard_library_and_cryptography(whole: Path, tmp_path: Path) -> None:
    script = (
        "import sys, runpy\n"
        f"sys.argv = ['verify.py', {str(whole)!r}]\n"
        "try:\n"
        f"    runpy.run_path({verify.__file__!r}, run_name='__main__')\n"
        "finally:\n"
        "    names = {name.partition('.')[0] for name in sys.modules}\n"
        "    others = names - sys.stdlib_module_names - {'cryptography'}\n"
        "    print(sorted(n for n in others if not n.startswith('_')))\n"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", script], capture_output=True, text=True, check=False
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_its_proofs_are_those_of_the_log() -> None:
    """The verifier's own Merkle code against the log's, at every small size."""
    leaves = [tree.leaf_hash(bytes([i])) for i in range(40)]
    nodes = {tree.Node(0, i): value for i, value in enumerate(leaves)}
    nodes |= tree.extend(0, [], leaves)
    for size in range(1, 41):
        for index in range(size):
            path = tree.proof(tree.inclusion_spans(index, size), nodes)
            assert verify.root_of(leaves[index], index, size, path) == tree.root(size, nodes)
            with pytest.raises(verify.Failed):
                verify.root_of(leaves[index], index, size, [*path, path[0] if path else leaves[0]])


def test_canonical_is_rfc_8785() -> None:
    import rfc8785

    value: Any = {"b": [1, -5, True], "a": 'é\u0001"\\\n/\u007f\U0001f600', "B": {"x": []}}
    assert verify.canonical(value) == rfc8785.dumps(value)
    assert verify.parse(verify.canonical(value), "x") == value
    for bad in (b"1.0", b"null", b"9007199254740992", b'"\\ud800"', b'{"\xc3\xa9":1}', b"\xff"):
        with pytest.raises(verify.Failed):
            verify.parse(bad, "x")


def only_the_log(checkpoint: str) -> str:
    """A checkpoint without the lines of witnesses."""
    lines = checkpoint.splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith(f"— {WITNESS} "))


def test_a_loose_signature_line_is_refused(files: Files) -> None:
    text = only_the_log(files["checkpoint.txt"].decode())
    body, _, signature = text.rpartition(" ")
    data = base64.b64decode(signature)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    last = alphabet[alphabet.index(text[-3]) ^ 1]  # a bit that decoders ignore
    for bad in (
        f"{text[:-3]}{last}=\n",
        text + text.splitlines()[-1] + "\n",
        f"{body} {base64.b64encode(data[:-1]).decode()}\n",
        text.replace("— ", "- "),
        text[:-1],
        text.replace("\n\n", "\n"),
        text.replace("\n\n", "\nmore\n\n"),
        f"{body} {base64.b64encode(data[:-32] + bytes(32)).decode()}\n",
    ):
        with pytest.raises(verify.Failed):
            verify.read_checkpoint(bad.encode(), KEY.vkey)
    witness = "— witness.example/w AAAAAAAA\n"
    assert verify.read_checkpoint((text + witness).encode(), KEY.vkey).origin == ORIGIN


def test_media_is_what_the_fixture_says(files: Files) -> None:
    assert files[SEGMENT] == media("s1-microphone", 1)
    assert hashlib.sha256(files["bundle.json"]).hexdigest() in files["log/leaves.jsonl"].decode()


# --- what others say of the log -------------------------------------------------------------------

WITNESS_VKEY = notes.Verifier(
    WITNESS, WITNESS_KEY.public_key().public_bytes_raw(), notes.COSIGNATURE_ED25519
).vkey


def test_a_pinned_witness(whole: Path, files: Files, forged: Path) -> None:
    assert verify.verify(whole, KEY.vkey, witnesses=(WITNESS_VKEY,)).valid
    files["checkpoint.txt"] = only_the_log(files["checkpoint.txt"].decode()).encode()
    pack(files, forged)
    report = verify.verify(forged, KEY.vkey)
    assert (report.valid, report.witnesses) == (True, 0)
    report = verify.verify(forged, KEY.vkey, witnesses=(WITNESS_VKEY,))
    assert failed(report) == ["witnesses"]
    assert run(forged, "--witness", WITNESS_VKEY).returncode == NOT_VALID
    assert run(forged, "--witness", KEY.vkey).returncode == UNUSABLE


def other_line(text: str) -> str:
    """A witness's line, of a witness that nobody named."""
    body = only_the_log(text).partition("\n\n")[0] + "\n"
    return notes.cosign(body, "else.example", Ed25519PrivateKey.generate(), 1).line()


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text + other_line(text),
        lambda text: text + text.splitlines()[-1] + "\n",
        lambda text: text.replace(text[-8], "A" if text[-8] != "A" else "B"),
    ],
)
def test_a_line_that_no_witness_wrote(
    files: Files, forged: Path, change: Callable[[str], str]
) -> None:
    files["checkpoint.txt"] = change(files["checkpoint.txt"].decode()).encode()
    pack(files, forged)
    assert set(failed(verify.verify(forged, KEY.vkey))) & {"checkpoint", "witnesses"}


def test_openssl_accepts_the_time_stamp(files: Files, tmp_path: Path) -> None:
    """As README.txt says."""
    for name in verify.STAMP:
        (tmp_path / name).write_bytes(files[verify.STAMPS + name])
    command = "openssl ts -verify -data checkpoint.txt -in token.tst -token_in -CAfile roots.pem"
    readme = files["README.txt"].decode().replace("log/timestamp/", "").replace("\\\n", "")
    assert command in " ".join(readme.split())
    done = subprocess.run(
        command.split(), cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, "Verification: OK" in done.stdout) == (0, True), done.stderr


@pytest.mark.parametrize("name", verify.STAMP)
def test_a_time_stamp_that_was_changed(files: Files, forged: Path, name: str) -> None:
    """Also where the manifest, and so the leaf of the export, was made to match."""
    path = verify.STAMPS + name
    files[path] = files[path][:-9] + bytes([files[path][-9] ^ 1]) + files[path][-8:]
    pack(files, forged)
    assert "manifest" in failed(verify.verify(forged, KEY.vkey))
    del files[path]
    pack(files, forged)
    assert {"manifest", "timestamp"} <= set(failed(verify.verify(forged, KEY.vkey)))


def test_the_time_stamp_of_another_sitting(files: Files, forged: Path) -> None:
    about = json.loads(files[verify.STAMPS + "about.json"])
    about["n"] -= 1
    files[verify.STAMPS + "about.json"] = rfc8785.dumps(about)
    pack(files, forged)
    assert {"manifest", "timestamp"} <= set(failed(verify.verify(forged, KEY.vkey)))
