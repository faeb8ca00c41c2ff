"""The writer of bundles: whole or absent, the same bytes for the same facts, readable by others."""

import asyncio
import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from database import Database
from recordings import bundle, verify
from recordings.bundle import BundleError, Segment

from .evidence import SITTING, Recorded, exported, failed, hold, media, recorder, smallest


@pytest.fixture
async def recorded(sqlite_database: Database) -> Recorded:
    made = recorder(sqlite_database)
    await hold(made)
    return made


async def test_an_exported_bundle_verifies(recorded: Recorded, tmp_path: Path) -> None:
    report = await exported(recorded, tmp_path / "out.zip")
    assert report.valid
    assert [step.name for step in report.steps] == [name for name, _ in verify.STEPS]
    assert (report.sitting, report.segments, report.pinned) == (SITTING, 8, True)
    assert verify.verify(tmp_path / "out.zip", recorded.log.vkey).valid
    assert not list(tmp_path.glob(".*.part"))


async def test_on_both_databases(database: Database, tmp_path: Path) -> None:
    made = recorder(database)
    await smallest(made)
    assert (await exported(made, tmp_path / "out.zip")).valid


async def test_other_programs_read_it(recorded: Recorded, tmp_path: Path) -> None:
    out = tmp_path / "out.zip"
    files = {"tracks/s1-microphone.webm": b"x" * 3000, "documents/order.pdf": b"%PDF"}
    assert (await exported(recorded, out, files=files)).valid
    with zipfile.ZipFile(out) as archive:
        assert archive.testzip() is None
        assert archive.namelist()[-4:] == list(verify.SEAL)
        assert archive.namelist()[:-4] == sorted(archive.namelist()[:-4])
        assert archive.read("media/s2-camera/00001.webm") == media("s2-camera", 1)
        assert archive.read("documents/order.pdf") == b"%PDF"
        assert "العربية" in archive.read("README.txt").decode()
        archive.extractall(tmp_path / "unpacked")
    script = tmp_path / "unpacked" / "verify.py"
    done = subprocess.run(
        [sys.executable, "-I", script, out, "--key", recorded.log.vkey],
        capture_output=True,
        text=True,
        cwd=tmp_path / "unpacked",
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "VALID"


async def test_the_readmes_commands(recorded: Recorded, tmp_path: Path) -> None:
    """OpenSSL and coreutils, as README.txt says."""
    assert shutil.which("openssl"), "OpenSSL is missing: apt-get install openssl"
    await exported(recorded, tmp_path / "out.zip")
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        archive.extractall(tmp_path)
    readme = (tmp_path / "README.txt").read_text().splitlines()
    start = next(i for i, text in enumerate(readme) if "head -n 3" in text)
    end = next(i for i, text in enumerate(readme) if "-sigfile" in text)
    commands = "set -e\n" + "\n".join(readme[start : end + 1])

    def run() -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            ["sh", "-c", commands], cwd=tmp_path, capture_output=True, text=True, check=False
        )

    done = run()
    assert (done.returncode, done.stdout) == (0, "Signature Verified Successfully\n"), done.stderr
    text = (tmp_path / "checkpoint.txt").read_text()
    (tmp_path / "checkpoint.txt").write_text(text.replace("court", "Court", 1))
    assert run().returncode != 0

    last = json.loads((tmp_path / "log/leaves.jsonl").read_text().splitlines()[-1])
    summed = subprocess.run(
        ["sha256sum", tmp_path / "bundle.json"], capture_output=True, text=True, check=True
    )
    assert summed.stdout.split()[0] == last["d"]["bundle"]


async def test_same_facts_same_bytes(recorded: Recorded, tmp_path: Path) -> None:
    drafts = [bundle.Draft(tmp_path / name) for name in ("a.zip", "b.zip")]
    contents, log = recorded.contents(), recorded.log
    files = bundle._files(contents, log.vkey, [], {})
    digests = [draft.write(contents, files, log.origin) for draft in drafts]
    for draft in drafts:
        draft.seal([], [], "")
    assert digests[0] == digests[1]
    assert drafts[0].path.read_bytes() == drafts[1].path.read_bytes()
    for draft in drafts:
        draft.discard()
    assert not [path for path in tmp_path.iterdir() if "mahdar.db" not in path.name]


async def test_contents_from_files_and_from_pieces(recorded: Recorded, tmp_path: Path) -> None:
    (tmp_path / "one.webm").write_bytes(recorded.segments[0].content)  # type: ignore[arg-type]
    recorded.segments[0] = _with(recorded.segments[0], tmp_path / "one.webm")
    whole = recorded.segments[1].content
    assert isinstance(whole, bytes)

    def pieces() -> Iterator[bytes]:
        yield whole[:10]
        yield whole[10:]

    recorded.segments[1] = Segment(
        recorded.segments[1].track,
        recorded.segments[1].seq,
        recorded.segments[1].start_ms,
        recorded.segments[1].end_ms,
        recorded.segments[1].salt,
        pieces,
    )
    assert (await exported(recorded, tmp_path / "out.zip")).valid


def _with(segment: Segment, content: bundle.Content) -> Segment:
    times = (segment.start_ms, segment.end_ms)
    return Segment(segment.track, segment.seq, *times, segment.salt, content)


async def test_a_content_that_breaks_leaves_nothing(recorded: Recorded, tmp_path: Path) -> None:
    def broken() -> Iterator[bytes]:
        yield b"first"
        raise ZeroDivisionError

    recorded.segments[0] = _with(recorded.segments[0], broken)
    count = len(await recorded.log.leaves(SITTING))
    with pytest.raises(ZeroDivisionError):
        await exported(recorded, tmp_path / "out.zip")
    assert not [path for path in tmp_path.iterdir() if "mahdar.db" not in path.name]
    assert len(await recorded.log.leaves(SITTING)) == count


async def test_what_does_not_verify_is_not_published(recorded: Recorded, tmp_path: Path) -> None:
    out = tmp_path / "out.zip"
    out.write_bytes(b"an older bundle")
    recorded.segments.pop()
    with pytest.raises(BundleError, match="FAILED: completeness: segment s1-microphone/3"):
        await exported(recorded, out)
    assert out.read_bytes() == b"an older bundle"
    assert not list(tmp_path.glob(".*.part"))


@pytest.mark.parametrize("name", ["media/x.webm", "verify.py", "README.txt", "x", "../x", "/x"])
async def test_files_that_have_no_place(recorded: Recorded, tmp_path: Path, name: str) -> None:
    with pytest.raises(BundleError, match="no place"):
        await exported(recorded, tmp_path / "out.zip", files={name: b""})


async def test_a_second_export_binds_the_first(recorded: Recorded, tmp_path: Path) -> None:
    first = await exported(recorded, tmp_path / "first.zip")
    await recorded.leaf("access.viewed", by="person2")
    second = await exported(recorded, tmp_path / "second.zip")
    assert (second.leaves, second.valid) == (first.leaves + 2, True)
    assert verify.verify(tmp_path / "first.zip").valid


async def test_leaves_written_during_the_export(recorded: Recorded, tmp_path: Path) -> None:
    """A viewing that is logged while media is copied is before the export leaf; a later one not."""
    loop = asyncio.get_running_loop()
    content = recorded.segments[0].content
    assert isinstance(content, bytes)

    def slow() -> Iterator[bytes]:
        viewed = recorded.leaf("access.viewed", by="person2")
        asyncio.run_coroutine_threadsafe(viewed, loop).result(10)
        yield content

    recorded.segments[0] = _with(recorded.segments[0], slow)
    report = await exported(recorded, tmp_path / "out.zip")
    assert report.valid
    assert report.leaves == len(await recorded.log.leaves(SITTING))


async def test_a_sitting_that_was_never_recorded(sqlite_database: Database, tmp_path: Path) -> None:
    made = recorder(sqlite_database)
    await made.leaf("sitting.booked")
    await made.leaf("live.private.opened", private="p", seats=["s1"])
    report = await exported(made, tmp_path / "out.zip", epoch=None)
    assert report.valid
    assert "nothing was recorded" in report.steps[10].detail
    assert failed(report) == []
