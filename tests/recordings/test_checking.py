"""Checks of uploaded files: what is genuine, what was forged, and what is made to hurt."""

import asyncio
import io
import json
import resource
import zipfile
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from audit.service import AuditLog
from database import Database
from errors import BadInput, Refusal
from recordings import verify
from recordings.checking import child, comparison, finding, kind
from recordings.checking.bundle import MOST_JSON, MOST_LEAVES
from recordings.checking.child import MEMORY_BYTES
from recordings.checking.finding import Finding, Step
from recordings.checking.kind import Trust
from recordings.checking.service import Checking, Outcome
from recordings.checking.upload import Reception
from tests.support.anchors import anchors

from .evidence import (
    ORIGIN,
    SITTING,
    Files,
    Recorded,
    exported,
    hold,
    pack,
    recorder,
    relist,
    smallest,
    unpack,
)

Check = Callable[[bytes], Awaitable[Outcome]]


async def pieces(data: bytes, size: int = 65_536) -> AsyncIterator[bytes]:
    for at in range(0, max(1, len(data)), size):
        yield data[at : at + size]


@pytest.fixture
async def recorded(sqlite_database: Database) -> Recorded:
    made = recorder(sqlite_database)
    await hold(made)
    return made


@pytest.fixture
def checking(recorded: Recorded, tmp_path: Path) -> Checking:
    found: Any = recorded.anchors()
    reception = Reception(tmp_path / "uploads", 500_000_000, 0)
    reception.prepare()
    return Checking(recorded.log, found.witnessing, found.roots, reception)


@pytest.fixture
def check(checking: Checking) -> Check:
    return lambda data: checking.check("192.0.2.1", pieces(data))


@pytest.fixture
async def whole(recorded: Recorded, tmp_path: Path) -> Path:
    await exported(recorded, tmp_path / "bundle.zip")
    return tmp_path / "bundle.zip"


def failing(outcome: Outcome) -> str:
    assert outcome.finding is not None
    assert outcome.finding.failing is not None, outcome
    return outcome.finding.failing.code


async def test_a_bundle_that_holds(whole: Path, check: Check, checking: Checking) -> None:
    outcome = await check(whole.read_bytes())
    assert outcome.finding is not None
    assert outcome.verdict == "holds", outcome.finding
    assert outcome.comparison is not None
    assert outcome.comparison.code == comparison.SAME
    codes = [step.code for step in outcome.finding.steps]
    assert codes[-2:] == ["cosigned", "stamp"]
    assert {"truth", "stamp_internal"} <= set(outcome.finding.not_checked)
    assert outcome.finding.facts["sitting"] == SITTING
    assert not list(checking.reception.folder.iterdir())


async def test_a_log_that_went_on_still_begins_with_it(
    recorded: Recorded, whole: Path, check: Check
) -> None:
    await recorded.leaf("sitting.more")
    await recorded.log.checkpoint()
    outcome = await check(whole.read_bytes())
    assert outcome.comparison is not None
    assert (outcome.verdict, outcome.comparison.code) == ("holds", comparison.PREFIX)


async def test_a_changed_bundle_names_the_step(whole: Path, check: Check, tmp_path: Path) -> None:
    files = unpack(whole)
    name = next(name for name in files if name.startswith("media/"))
    files[name] = files[name][:-1] + b"x"
    pack(files, tmp_path / "forged.zip")
    outcome = await check((tmp_path / "forged.zip").read_bytes())
    assert (outcome.verdict, failing(outcome)) == ("fails", "manifest")


# --- our own log ---


async def rewritten(folder: Path, template: Path, sitting: Callable[[Recorded], Any]) -> AuditLog:
    """The same name and the same real key over another history."""
    path = folder / "rewritten.db"
    path.write_bytes(template.read_bytes())
    made = recorder(Database(f"sqlite+aiosqlite:///{path}"))
    await sitting(made)
    await made.log.checkpoint()
    return made.log


async def longer(made: Recorded) -> None:
    await hold(made)
    for number in range(20):
        await made.leaf("sitting.rewritten", number=number)


async def nearly_the_same(made: Recorded) -> None:
    await made.leaf("sitting.booked", case="c2")  # the one thing that an administrator changed
    await hold(made)


@pytest.mark.parametrize(
    ("history", "code"),
    [(smallest, "ahead"), (longer, "fork"), (nearly_the_same, "fork")],
    ids=["truncated", "rewritten at its end", "rewritten at its beginning"],
)
async def test_a_log_rewritten_with_the_real_key_is_shown_by_any_bundle(
    whole: Path,
    tmp_path: Path,
    sqlite_template: Path,
    history: Callable[[Recorded], Any],
    code: str,
) -> None:
    log = await rewritten(tmp_path, sqlite_template, history)
    found: Any = anchors(log._database, log, log._clock)
    reception = Reception(tmp_path / "uploads", 500_000_000, 0)
    reception.prepare()
    checking = Checking(log, found.witnessing, found.roots, reception)
    outcome = await checking.check("192.0.2.1", pieces(whole.read_bytes()))
    assert outcome.comparison is not None
    assert (outcome.verdict, outcome.comparison.code) == ("fork", code)
    await log._database.close()


# --- proofs, checkpoints, hashes ---


async def proof_of(recorded: Recorded, index: int) -> bytes:
    await recorded.log.checkpoint()
    newest = await recorded.log.newest()
    return (await recorded.log.proof(index, newest)).encode().encode()


async def test_a_proof_that_holds(recorded: Recorded, check: Check) -> None:
    outcome = await check(await proof_of(recorded, 3))
    assert outcome.kind is kind.PROOF
    assert outcome.verdict == "holds", outcome.finding
    assert outcome.finding is not None
    assert outcome.finding.facts["index"] == 3
    assert outcome.finding.facts["subject"] == SITTING
    assert set(outcome.finding.not_checked) == {"no_witness", "meaning"}


async def test_proofs_that_do_not_hold(recorded: Recorded, check: Check) -> None:
    whole = await proof_of(recorded, 3)
    moved = whole.replace(b"index 3\n", b"index 2\n")
    assert failing(await check(moved)) == "inclusion"
    assert failing(await check(whole.replace(b"index 3\n", b"index x\n"))) == "form"
    lines = whole.decode().split("\n")
    signature = lines[-2][:-6] + ("AAAA==" if "=" in lines[-2] else "AAAAAA")
    forged = "\n".join([*lines[:-2], signature, ""]).encode()
    assert failing(await check(forged)) == "signature"
    bare = b"\n".join(line for line in whole.split(b"\n") if not line.startswith(b"extra"))
    outcome = await check(bare)
    assert outcome.verdict == "open"
    assert outcome.finding is not None
    assert "no_entry" in outcome.finding.not_checked


async def test_checkpoints(recorded: Recorded, check: Check) -> None:
    note = (await recorded.log.checkpoint()).note
    outcome = await check(note.encode())
    assert outcome.kind is kind.CHECKPOINT
    assert outcome.verdict == "holds"
    wrong = note.replace(f"\n{(await recorded.log.newest()).size}\n", "\n1\n")
    assert failing(await check(wrong.encode())) == "signature"
    other = note.replace(ORIGIN, "elsewhere.example/audit")
    outcome = await check(other.encode())
    assert outcome.verdict == "open"
    assert outcome.finding is not None
    assert "other_log" in outcome.finding.not_checked


async def test_a_hash_that_the_log_names(recorded: Recorded, checking: Checking) -> None:
    commitment = "ab" * 32
    await recorded.leaf("doc.rendered", sha256=commitment)
    outcome = await checking.look_up(f" {commitment.upper()[:32]} {commitment[32:]} ")
    assert outcome.verdict == "known"
    assert [one.type for one in outcome.mentions] == ["doc.rendered"]
    assert (await checking.look_up("cd" * 32)).verdict == "unknown"
    for wrong in ("", "ab", "x" * 64, "ab" * 33):
        with pytest.raises(BadInput, match=r"verify\.hash"):
            await checking.look_up(wrong)


async def test_any_other_file_is_looked_for_by_its_hash(check: Check) -> None:
    outcome = await check(b"%PDF-1.7\nsome paper")
    assert (outcome.kind, outcome.verdict) == (kind.OTHER, "unknown")


# --- made to hurt ---


def zipped(*files: tuple[str, bytes], how: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", how) as file:
        for name, content in files:
            file.writestr(name, content)
    return out.getvalue()


def linked() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        info = zipfile.ZipInfo("documents/link")
        info.create_system, info.external_attr = 3, 0o120777 << 16
        file.writestr(info, "/etc/passwd")
    return out.getvalue()


def encrypted() -> bytes:
    data = bytearray(zipped(("documents/x", b"secret")))
    for magic, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.index(magic)
        data[at + place] |= 1
    return bytes(data)


@cache
def _entries() -> tuple[bytes, bytes]:
    """A million real entries as a bundle writes them: files, and their directory."""
    data, directory = io.BytesIO(), io.BytesIO()
    for number in range(1_000_000):
        entry = verify.Entry(f"{number:x}", 0, 0, data.tell())
        data.write(entry.local())
        directory.write(entry.central())
    return data.getvalue(), directory.getvalue()


def a_million(lying: bool = False) -> bytes:
    data, directory = _entries()
    count = 7 if lying else 1_000_000
    return data + directory + verify.ending(count, len(directory), len(data))


def bomb() -> bytes:
    return zipped(("documents/x", b"\0" * 200_000_000), how=zipfile.ZIP_DEFLATED)


HURTFUL: dict[str, Callable[[], bytes]] = {
    "bomb": bomb,
    "nested": lambda: zipped(("documents/inner.zip", zipped(("a", b"\0" * 1000)))),
    "traversal": lambda: zipped(("../../etc/cron.d/x", b"x")),
    "absolute": lambda: zipped(("/etc/passwd", b"x")),
    "link": linked,
    "encrypted": encrypted,
    "twice": lambda: zipped(("documents/x", b"1"), ("documents/y", b"2")).replace(
        b"documents/y", b"documents/x"
    ),
    "a million": a_million,
    "a million that lies": lambda: a_million(lying=True),
}


TIGHT = 256 << 20
"""Bytes of addresses: a quarter of what the real process may have, itself 100 MB of it."""


def tight(made: Recorded, folder: Path, memory: int = TIGHT) -> Checking:
    """The real process with so much memory and no more."""
    found: Any = made.anchors()
    reception = Reception(folder / "tight", 500_000_000, 0)
    reception.prepare()
    return Checking(made.log, found.witnessing, found.roots, reception, memory_bytes=memory)


@pytest.mark.parametrize("name", HURTFUL)
async def test_hurtful_archives_are_refused_with_their_step(
    name: str, recorded: Recorded, tmp_path: Path
) -> None:
    """A file's size and what it claims cost no memory: each is refused in a quarter of it."""
    outcome = await tight(recorded, tmp_path).check("192.0.2.1", pieces(HURTFUL[name]()))
    assert failing(outcome) == "archive"  # and not that it took too long
    assert outcome.verdict == "fails"


def many_files(files: Files) -> Files:
    return files | {f"documents/{number:x}": b"" for number in range(verify.MAX_FILES - 100)}


def long_log(files: Files) -> Files:
    line = b'{"d":{},"t":"live.note","v":1}\n'  # well-formed ones run into the CPU's limit
    return relist(files | {"log/leaves.jsonl": line * (MOST_LEAVES // len(line))})


def wide_json(files: Files) -> Files:
    most = MOST_JSON // 3 - 10
    return relist(files | {"chapters.json": b"[" + b"[]," * most + b"[]]"})


@pytest.mark.parametrize("grown", [many_files, long_log, wide_json])
async def test_the_largest_that_is_taken_stays_in_the_process(
    grown: Callable[[Files], Files], recorded: Recorded, whole: Path, tmp_path: Path
) -> None:
    """Of everything that the verifier limits the most that it takes: refused for what it is, not
    because the process ran out of its memory or its time."""
    pack(grown(unpack(whole)), tmp_path / "grown.zip")
    check = tight(recorded, tmp_path, MEMORY_BYTES)
    outcome = await check.check("192.0.2.1", pieces((tmp_path / "grown.zip").read_bytes()))
    assert outcome.finding is not None
    assert outcome.finding.unusable == ""
    assert outcome.verdict == "fails"


@pytest.mark.parametrize("name", ["chapters.json", "log/leaves.jsonl"])
async def test_what_is_more_than_the_page_reads_is_sent_to_ones_own_machine(
    name: str, recorded: Recorded, whole: Path, tmp_path: Path
) -> None:
    """That says nothing against the file: it is neither called forged nor let run out of memory."""
    more = (MOST_LEAVES if name.startswith("log/") else MOST_JSON) + 1
    pack(unpack(whole) | {name: bytes(more)}, tmp_path / "large.zip")
    check = tight(recorded, tmp_path)
    outcome = await check.check("192.0.2.1", pieces((tmp_path / "large.zip").read_bytes()))
    assert outcome.finding is not None
    assert (outcome.finding.unusable, outcome.verdict) == ("large", "unusable")
    assert more < (verify.MAX_LEAVES if name.startswith("log/") else verify.MAX_JSON)


async def test_a_whole_bundle_needs_little_memory(
    recorded: Recorded, whole: Path, tmp_path: Path
) -> None:
    outcome = await tight(recorded, tmp_path).check("192.0.2.1", pieces(whole.read_bytes()))
    assert outcome.verdict in ("holds", "open")


async def test_two_recordings_in_one_bundle(
    whole: Path, tmp_path: Path, sqlite_template: Path, check: Check
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "log.db").write_bytes(sqlite_template.read_bytes())
    made = recorder(Database(f"sqlite+aiosqlite:///{other / 'log.db'}"))
    await smallest(made)
    await exported(made, other / "bundle.zip")
    await made.database.close()
    files, second = unpack(whole), unpack(other / "bundle.zip")
    taken = [name for name in second if name.startswith("media/") and name in files]
    pack(files | {name: second[name] + b" " for name in taken}, tmp_path / "mixed.zip")
    assert failing(await check((tmp_path / "mixed.zip").read_bytes())) == "manifest"
    pack(files | {"log/leaves.jsonl": second["log/leaves.jsonl"]}, tmp_path / "mixed.zip")
    outcome = await check((tmp_path / "mixed.zip").read_bytes())
    assert outcome.finding is not None
    failed = {step.code for step in outcome.finding.steps if step.ok is False}
    assert {"inclusion", "export_leaf"} <= failed


SPIN = Trust("x+00000000+AAAA")


def spin(_path: Path, _trust: Trust) -> Finding:
    while True:
        pass


def hoard(_path: Path, _trust: Trust) -> Finding:
    held = []
    while True:
        held.append(bytes(50_000_000))


def write(path: Path, _trust: Trust) -> Finding:
    path.with_name("stolen").write_bytes(b"x" * 10)
    return Finding("test", (Step("form", True),))


def environment(_path: Path, _trust: Trust) -> Finding:
    import os

    return Finding("test", (Step("form", True, ",".join(sorted(os.environ))),))


def hostile(function: str) -> kind.Kind:
    module = "tests.recordings.test_checking"
    return kind.Kind("test", "Test", lambda _head, _tail: True, f"{module}:{function}")


def with_kind(recorded: Recorded, folder: Path, function: str, wall_s: float = 30.0) -> Checking:
    found: Any = recorded.anchors()
    reception = Reception(folder / "uploads", 1000, 0)
    reception.prepare()
    memory = 600_000_000
    kinds = [hostile(function)]
    return Checking(
        recorded.log,
        found.witnessing,
        found.roots,
        reception,
        kinds,
        wall_s=wall_s,
        memory_bytes=memory,
    )


@pytest.mark.parametrize(("function", "why"), [("spin", "time"), ("hoard", "memory")])
async def test_time_and_memory_are_fixed(
    recorded: Recorded, tmp_path: Path, function: str, why: str
) -> None:
    wall = 3.0 if function == "spin" else 30.0
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    outcome = await with_kind(recorded, tmp_path, function, wall).check("a", pieces(b"x"))
    assert outcome.finding is not None
    assert outcome.finding.unusable == why
    most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    assert most < max(700_000_000, before * 1024 + 1)


async def test_the_check_writes_nothing_and_knows_no_secret(
    recorded: Recorded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAHDAR_KEY_PASSPHRASE", "a secret")
    outcome = await with_kind(recorded, tmp_path, "write").check("a", pieces(b"x"))
    assert outcome.finding is not None
    assert outcome.finding.unusable in ("unreadable", "died")
    assert (
        not (tmp_path / "uploads" / "stolen").exists()
        or not (tmp_path / "uploads" / "stolen").read_bytes()
    )
    outcome = await with_kind(recorded, tmp_path, "environment").check("a", pieces(b"x"))
    assert outcome.finding is not None
    assert "MAHDAR" not in outcome.finding.steps[0].detail


async def test_one_at_a_time_for_an_address(checking: Checking) -> None:
    release = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield b"x"
        await release.wait()

    first = asyncio.create_task(checking.check("192.0.2.1", slow()))
    second = asyncio.create_task(checking.check("192.0.2.2", slow()))
    await asyncio.sleep(0)
    with pytest.raises(Refusal, match=r"verify\.wait"):
        await checking.check("192.0.2.1", pieces(b"x"))
    with pytest.raises(Refusal, match=r"verify\.busy"):
        await checking.check("192.0.2.3", pieces(b"x"))
    release.set()
    await asyncio.gather(first, second)
    assert (await checking.check("192.0.2.1", pieces(b"x"))).verdict == "unknown"


async def test_uploads_that_are_refused(
    recorded: Recorded, checking: Checking, tmp_path: Path
) -> None:
    small = with_kind(recorded, tmp_path, "spin")
    with pytest.raises(Refusal, match=r"verify\.too_large"):
        await small.check("a", pieces(b"x" * 2000))
    with pytest.raises(Refusal, match=r"verify\.empty"):
        await small.check("a", pieces(b""))
    small.reception.reserve_bytes = 1 << 60
    with pytest.raises(Refusal, match=r"verify\.no_room"):
        await small.check("a", pieces(b"x"))
    assert not list(small.reception.folder.iterdir())


async def test_a_check_that_is_given_up_leaves_nothing(recorded: Recorded, tmp_path: Path) -> None:
    slow = with_kind(recorded, tmp_path, "spin")
    task = asyncio.create_task(slow.check("a", pieces(b"x")))
    while not list(slow.reception.folder.iterdir()):
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not list(slow.reception.folder.iterdir())


def test_an_answer_of_a_process_that_was_taken_over() -> None:
    good = Finding("bundle", (Step("a", True, "x" * 1000),), facts={"n": 1, "s": "t"})
    read = finding.decode(json.loads(json.dumps(good.encode())))
    assert len(read.steps[0].detail) == finding.MAX_DETAIL
    bad: list[Any] = [None, [], {}]
    bad += [{**good.encode(), "steps": [{}]}, {**good.encode(), "facts": 1}]
    for wrong in bad:
        with pytest.raises(ValueError, match="malformed"):
            finding.decode(wrong)
    broken = good.encode()
    broken["steps"][0]["ok"] = "yes"
    with pytest.raises(ValueError, match="malformed"):
        finding.decode(broken)


def test_every_exception_is_a_finding(tmp_path: Path) -> None:
    for check, why in (("json:nothing", "unreadable"), ("no.such:thing", "unreadable")):
        assert child.run("x", check, tmp_path, SPIN).unusable == why
