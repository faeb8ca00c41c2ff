"""Proof of recording: a process of its own reads back and decodes what was just written.

`Verifier` keeps that process warm, and replaces it when it dies or hangs. `judge` says what a
finding means.
"""

import asyncio
import contextlib
import multiprocessing
import os
import signal
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

import structlog

from recordings import decoding
from recordings.decoding import Finding, Job
from sessions.alarm import Alarm

TIMEOUT_S = 8.0
"""One look takes far less; after this the process hangs and is replaced. The alarm does not wait
for that: proofs are stale after STALE_MS."""
WARM_S = 30.0
STALE_MS = 4000
"""A live track whose newest decoded media is older is not proved any more: the alarm must be out
within 5 s. In good order it is at most 3 s old: 0.7 s of cluster, 0.6 s wait for late packets, 0.1
s until the writer looks, 1 s until the verifier does, and its work."""
FIRST_MS = 1000
"""So much of every live track is decoded before a sitting is on record."""

_logger = structlog.get_logger(__name__)


class VerifierLost(Exception):
    """The process died or hung; a new one is being started."""


class Verifier:
    """The verifier's process. One `look` at a time; times are bounded."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None
        self._pid = 0
        self._turn = asyncio.Lock()

    async def open(self) -> None:
        """Start the process and wait until it is warm (about half a second)."""
        async with self._turn:
            await self._start()

    async def look(self, jobs: Sequence[Job]) -> list[Finding]:
        """What is known of these tracks now, in their order. Raises VerifierLost.

        `jobs` are all tracks that are being written: the process forgets the others.
        """
        async with self._turn:
            if self._pool is None:
                await self._start()
            return await self._call(jobs)

    async def close(self) -> None:
        """End the process."""
        async with self._turn:
            pool, self._pool = self._pool, None
            if pool:
                await asyncio.to_thread(pool.shutdown, cancel_futures=True)

    async def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._pool = ProcessPoolExecutor(1, context, initializer=decoding.start)
        try:
            loop = asyncio.get_running_loop()
            async with asyncio.timeout(WARM_S):
                self._pid = await loop.run_in_executor(self._pool, decoding.ready)
        except (TimeoutError, BrokenProcessPool) as error:
            self._give_up()
            raise VerifierLost from error

    async def _call(self, jobs: Sequence[Job]) -> list[Finding]:
        if self._pool is None:
            raise VerifierLost
        loop = asyncio.get_running_loop()
        try:
            # Not wait_for: before Python 3.12 it can swallow a cancellation.
            async with asyncio.timeout(TIMEOUT_S):
                return await loop.run_in_executor(self._pool, decoding.look, list(jobs))
        except (TimeoutError, BrokenProcessPool) as error:
            _logger.error("verifier.lost", reason=type(error).__name__)
            self._give_up()
            raise VerifierLost from error

    def _give_up(self) -> None:
        pool, self._pool = self._pool, None
        if self._pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)
            self._pid = 0
        if pool:
            pool.shutdown(wait=False, cancel_futures=True)


SILENT, UNPROVED = Alarm.TRACK_SILENT.value, Alarm.UNPROVED.value
UNDECODABLE = Alarm.UNDECODABLE.value
SPOKEN_MS = 1500
"""Somebody spoke for so long and nothing but silence was kept of it. With the verifier's delay of
up to 3 s the alarm is out within 5 s."""
BLACK_MS = 1500
EARLY_MS, LATE_MS = -500, 3000
"""Between these is the age of media when it is written; of a line with a delay of 1 s too."""


def judge(finding: Finding | None, opened_ms: int, heard_ms: int, now_ms: int) -> str:
    """Code of what is wrong with an open track's proof; empty when it is proved.

    `heard_ms` is when its newest packet came. Times are of the recording's clock.
    """
    if finding and finding.error:
        return UNDECODABLE
    newest = finding.decoded_ms if finding and finding.frames else 0
    if now_ms - max(newest, opened_ms) <= STALE_MS:
        return ""
    return SILENT if now_ms - max(heard_ms, opened_ms) > STALE_MS // 2 else UNPROVED


def doubt(finding: Finding | None, source: str, spoken_ms: int) -> str:
    """Code of what is odd about a track that is proved; empty when nothing is.

    `spoken_ms`: for so long its person spoke, as their browser says, since the newest sound in it.
    """
    if finding is None or not finding.frames:
        return ""
    if spoken_ms >= SPOKEN_MS:
        return Alarm.SPEECH_MISSING.value
    if source == "camera" and finding.black_ms >= BLACK_MS:
        return Alarm.BLACK.value
    if finding.age_ms is not None and not EARLY_MS <= finding.age_ms <= LATE_MS:
        return Alarm.CLOCK_DRIFT.value
    return ""


def is_first_proved(finding: Finding | None) -> bool:
    """Whether the first second was written and decoded."""
    return bool(
        finding
        and finding.frames
        and not finding.error
        and finding.decoded_ms - finding.first_ms >= FIRST_MS
    )
