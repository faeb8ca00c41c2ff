"""One bundle of real media, judged by programs that we did not write, and by ours stand-alone.

Go's sumdb code reads checkpoint, inclusion, consistency and tiles; OpenSSL the time-stamp; ffprobe
every segment; verify.py the whole, with nothing but `cryptography` beside it.
"""

import hashlib
import json
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from audit import tile
from database import Database
from recordings import verify
from tests.audit.test_go import OK, run
from tests.audit.test_go import program as program  # the fixture that builds Go's checker
from tests.interface import record

from . import evidence
from .evidence import KEY, Files, Recorded, exported, hold, pack, recorder, relist, unpack


def film(track: str, seq: int) -> bytes:
    """A real WebM of the track's sort; its Void element makes each one's bytes its own."""
    source = "s1-camera" if track.endswith("camera") else "s1-microphone"
    own = hashlib.sha256(f"{track}/{seq}".encode()).digest()[:16]
    return record.segment(source, seq % 3) + b"\xec\x90" + own


@pytest.fixture
async def recorded(sqlite_database: Database, monkeypatch: pytest.MonkeyPatch) -> Recorded:
    monkeypatch.setattr(evidence, "media", film)
    made = recorder(sqlite_database)
    await made.leaf("sitting.first")
    await made.log.checkpoint()
    await hold(made)
    return made


@pytest.fixture
async def folder(recorded: Recorded, tmp_path: Path) -> Path:
    """The bundle, unpacked beside itself."""
    await exported(recorded, tmp_path / "bundle.zip")
    for name, content in unpack(tmp_path / "bundle.zip").items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return tmp_path


def done(*command: str | Path, cwd: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


async def for_go(recorded: Recorded, folder: Path, number: int) -> dict[str, Any]:
    """What Go's checker takes: leaf `number` of the bundle, and the log's own tiles."""
    log = recorded.log
    size = verify.read_checkpoint((folder / "checkpoint.txt").read_bytes(), KEY.vkey).size
    for item in tile.tiles(size):
        path = folder / "tile" / str(item.level) / tile.format_path(item.position, item.width)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(await log.tile(*item))
    proof = json.loads((folder / "log/proofs.jsonl").read_bytes().splitlines()[number])
    return {
        "Vkey": (folder / "log/vkey.txt").read_text().strip(),
        "Old": (folder / "log/timestamp/checkpoint.txt").read_text(),
        "New": (folder / "checkpoint.txt").read_text(),
        "Tiles": str(folder),
        "Index": proof["index"],
        "Entry": (folder / "log/leaves.jsonl").read_bytes().splitlines()[number].hex(),
        "Inclusion": proof["path"],
        "Consistency": [value.hex() for value in await log.consistency(await _old(folder), size)],
    }


async def _old(folder: Path) -> int:
    data = (folder / "log/timestamp/checkpoint.txt").read_bytes()
    return verify.read_checkpoint(data, KEY.vkey).size


STAMP = [
    "openssl",
    "ts",
    "-verify",
    "-data",
    "checkpoint.txt",
    "-in",
    "token.tst",
    "-token_in",
    "-CAfile",
    "roots.pem",
]


async def test_four_programs_accept_one_bundle(
    recorded: Recorded, folder: Path, program: Path
) -> None:
    witness = (folder / "log/witnesses.txt").read_text().strip()
    for number in (0, 5, -1):
        assert run(program, await for_go(recorded, folder, number)) == OK
    stamp = done(*STAMP, cwd=folder / "log/timestamp")
    assert (stamp.returncode, "Verification: OK" in stamp.stdout) == (0, True), stamp.stderr
    segments = sorted((folder / "media").rglob("*.webm"))
    assert len(segments) == 8
    for path in segments:
        probe = done("ffprobe", "-v", "error", "-show_streams", "-of", "json", path, cwd=folder)
        assert (probe.returncode, probe.stderr) == (0, "")
        codec = "vp8" if "camera" in path.parent.name else "opus"
        assert json.loads(probe.stdout)["streams"][0]["codec_name"] == codec
    alone = (sys.executable, "-I", "verify.py", "bundle.zip", "--key", KEY.vkey)
    ours = done(*alone, "--witness", witness, cwd=folder)
    assert ours.returncode == 0, ours.stdout
    assert ours.stdout.endswith("VALID\n")


async def test_each_of_them_refuses_what_was_changed(
    recorded: Recorded, folder: Path, program: Path
) -> None:
    judged = await for_go(recorded, folder, 5)
    entry = bytes.fromhex(judged["Entry"]).replace(b'"seq":', b'"SEQ":')
    assert "inclusion ok" not in run(program, judged | {"Entry": entry.hex()})
    stamped = folder / "log/timestamp/checkpoint.txt"
    stamped.write_bytes(stamped.read_bytes() + b"\n")
    assert done(*STAMP, cwd=folder / "log/timestamp").returncode != 0
    path = next((folder / "media").rglob("*.webm"))
    path.write_bytes(path.read_bytes()[50:])
    assert done("ffprobe", "-v", "error", path, cwd=folder).returncode != 0
    data = bytearray((folder / "bundle.zip").read_bytes())
    data[len(data) // 2] ^= 1
    (folder / "bundle.zip").write_bytes(data)
    ours = done(sys.executable, "-I", "verify.py", "bundle.zip", cwd=folder)
    assert ours.returncode == 1
    assert "FAILED: archive" in ours.stdout


# --- segments ------------------------------------------------------------------------------------

ONE, NEXT, OTHER = (
    f"media/{name}.webm"
    for name in ("s1-microphone/00000", "s1-microphone/00001", "s2-microphone/00000")
)


def truncated(files: Files) -> None:
    files[ONE] = files[ONE][:-1]


def flipped(files: Files) -> None:
    files[ONE] = files[ONE][:40] + bytes([files[ONE][40] ^ 1]) + files[ONE][41:]


def reordered(files: Files) -> None:
    files[ONE], files[NEXT] = files[NEXT], files[ONE]


def replayed(files: Files) -> None:
    """The same minutes a second time, in place of what came after."""
    files[NEXT] = files[ONE]


def from_another_track(files: Files) -> None:
    files[ONE] = files[OTHER]


def wrongly_keyed(files: Files) -> None:
    """What another key makes of the ciphertext: as long, and noise."""
    size = len(files[ONE])
    files[ONE] = random.Random(1).randbytes(size)


CHANGES = (truncated, flipped, reordered, replayed, from_another_track, wrongly_keyed)


@pytest.mark.parametrize("change", CHANGES)
def test_segments_that_are_not_the_ones_recorded(
    folder: Path, change: Callable[[Files], None]
) -> None:
    """First as it is; then with a manifest to match, as a careful forger would."""
    files = unpack(folder / "bundle.zip")
    change(files)
    forged = folder / "forged.zip"
    pack(files, forged)
    report = verify.verify(forged, KEY.vkey)
    assert report.failed[0] == "manifest"
    pack(relist(files), forged)
    report = verify.verify(forged, KEY.vkey)
    assert report.failed == ["export_leaf", "commitments"]
