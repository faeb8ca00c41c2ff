"""Use cases of the page 'Verify': check a file, look for a hash. Anybody may; nothing is kept."""

import asyncio
import contextlib
import json
import os
import re
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import structlog

from audit.errors import AuditError
from audit.service import AuditLog
from audit.store import Mention
from audit.witnessing import Witnessing
from errors import N_, BadInput
from recordings.checking import codes, comparison, finding, kind
from recordings.checking.child import CPU_S, MEMORY_BYTES
from recordings.checking.codes import Answer, Finder, Guesses, Stands
from recordings.checking.comparison import Comparison
from recordings.checking.finding import Finding
from recordings.checking.kind import Kind, Trust
from recordings.checking.upload import Reception, Upload

WALL_S = 120.0
MAX_ANSWER = 256 * 1024
MENTIONS = 20
_ROOT = Path(__file__).resolve().parents[2]
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)

_logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the page shows of one file, or of a hash alone."""

    kind: Kind
    sha256: str
    size: int
    finding: Finding | None
    """None where only the hash was looked for."""
    comparison: Comparison | None
    mentions: Sequence[Mention]
    """Leaves of the log that name the hash."""
    stands: Stands | None = None
    """What has become of what the file says, where a room knows it."""

    @property
    def verdict(self) -> str:
        """fork, holds, open (nothing failed, something could not be checked), fails, unusable;
        unlogged: all is right, and yet it is not a file that this house gave out; known or
        unknown where only the hash was looked for."""
        if self.comparison is not None and self.comparison.alarming:
            return "fork"
        if self.finding is None:
            return "known" if self.mentions else "unknown"
        if self.finding.unusable:
            return "unusable"
        if self.finding.failing is not None:
            return "fails"
        if self.finding.holds and self.kind.logged and not self.mentions:
            return "unlogged"
        return "holds" if self.finding.holds else "open"


class Checking:
    """One per process. `kinds` in the order in which they are tried."""

    def __init__(
        self,
        log: AuditLog,
        witnessing: Witnessing,
        roots: Callable[[], bytes],
        reception: Reception,
        kinds: Sequence[Kind] = kind.KINDS,
        *,
        wall_s: float = WALL_S,
        memory_bytes: int = MEMORY_BYTES,
        signers: Callable[[], bytes] = bytes,
        standing: Callable[[str], Awaitable[Stands | None]] | None = None,
        codes: Sequence[Finder] = (),
        guesses: Guesses | None = None,
    ) -> None:
        self.reception = reception
        self.kinds = tuple(kinds)
        self._log, self._witnessing, self._roots = log, witnessing, roots
        self._wall_s, self._memory_bytes = wall_s, memory_bytes
        self._signers, self._standing = signers, standing
        self._codes, self._guesses = tuple(codes), guesses

    @property
    def vkey(self) -> str:
        """The verifier key of the house's log."""
        return self._log.vkey

    async def check(self, address: str, pieces: AsyncIterator[bytes]) -> Outcome:
        """Receive a file from `address` and check it. Raises Refusal; cancelled, nothing stays."""
        async with self.reception.place(address), self.reception.receive(pieces) as upload:
            return await self._outcome(upload)

    async def look_up(self, sha256: str) -> Outcome:
        """Where the log names a hash. Raises BadInput (field `hash`)."""
        wanted = "".join(sha256.split()).lower()
        if not _SHA256.fullmatch(wanted):
            raise BadInput(
                "verify.hash",
                N_("A SHA-256 hash has 64 characters: digits, and letters a to f."),
                field="hash",
            )
        mentions = await self._log.mentions(wanted, MENTIONS)
        return Outcome(kind.OTHER, wanted, 0, None, None, mentions)

    async def look_up_code(self, address: str, typed: str) -> Answer:
        """The document that bears this code. Codes that nobody gave out slow `address` down.

        Raises Refusal `sign_in.wait`, status 429.
        """
        attempt = None
        if self._guesses is not None:
            where = codes.network(address)
            attempt = await self._guesses.begin_guess("verify.code", where, codes.FREE_GUESSES)
        for find in self._codes:
            found = await find(typed[: codes.MAX_TYPED])
            if found is not None:
                break
        else:
            return Answer(None)
        if self._guesses is not None:
            await self._guesses.right(attempt)
        known = await self._log.mentions(found.sha256, MENTIONS) if found.sha256 else ()
        return Answer(found, known)

    async def _outcome(self, upload: Upload) -> Outcome:
        of = kind.of(self.kinds, upload.head, upload.tail)
        mentions = await self._log.mentions(upload.sha256, MENTIONS)
        if not of.check:
            return Outcome(of, upload.sha256, upload.size, None, None, mentions)
        found = await self._run(of, upload.path, ours=bool(mentions))
        compared = None
        if found.checkpoint:
            with contextlib.suppress(AuditError):
                compared = await comparison.compare(self._log, found.checkpoint)
        stands = await self._standing(upload.sha256) if self._standing and mentions else None
        return Outcome(of, upload.sha256, upload.size, found, compared, mentions, stands)

    async def _run(self, of: Kind, path: Path, *, ours: bool) -> Finding:
        """Check in a process of its own, with no secret in its environment. A file that the log
        names is `ours`, not a stranger's: the kind's own narrow limits are not for it."""
        cpu_s = CPU_S if ours else of.cpu_s or CPU_S
        wall_s = self._wall_s if ours else min(self._wall_s, of.wall_s or self._wall_s)
        task = {
            "kind": of.code,
            "check": of.check,
            "path": str(path),
            "trust": asdict(self._trust()),
            "cpu_s": cpu_s,
            "memory_bytes": self._memory_bytes,
        }
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "recordings.checking.child",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            cwd=_ROOT,
            env={"PATH": os.environ.get("PATH", ""), "MALLOC_ARENA_MAX": "1"},
            start_new_session=True,
            limit=MAX_ANSWER,
        )
        try:
            async with asyncio.timeout(wall_s):
                return await _ask(process, of.code, json.dumps(task).encode() + b"\n")
        except TimeoutError:
            return Finding(of.code, unusable="time")
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    def _trust(self) -> Trust:
        witnesses = tuple(sorted(self._witnessing.verifiers))
        return Trust(self._log.vkey, witnesses, self._roots().decode(), self._signers().decode())


async def _ask(process: asyncio.subprocess.Process, code: str, task: bytes) -> Finding:
    """The child's finding. One that dies, by its own limits or otherwise, found nothing good."""
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("the check has no pipes")
    with contextlib.suppress(ConnectionError):
        process.stdin.write(task)
        await process.stdin.drain()
        process.stdin.close()
    try:
        answer = await process.stdout.readline()
        return finding.decode(json.loads(answer))
    except ValueError:
        status = await process.wait()
        _logger.warning("verify.check_died", kind=code, status=status)
        return Finding(code, unusable="died")
