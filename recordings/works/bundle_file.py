"""An evidence bundle as a work: written in a process of its own, watched as it grows, put away.

The plaintext stands in a private folder only until it is encrypted (`assembly.scratch`).
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from recordings import bundle, contents
from recordings.playback import Playback
from recordings.store import SegmentRow
from recordings.works import assembly
from recordings.works.assembly import Made
from recordings.works.work import Work

LOOK_S = 1.0
STEPS = 100
WRITTEN = 80
"""Of STEPS: the rest is the log's answer, the verification, and the encryption."""


async def make_bundle(
    playback: Playback,
    work: Work,
    held: bundle.Contents,
    rows: Sequence[SegmentRow],
    folder: Path,
    key: bytes,
    pool: ProcessPoolExecutor,
    tell: Callable[[int, int], Awaitable[None]],
) -> Made:
    """Write, log, verify and put away. Raises BundleError, SegmentRefused, KeyRefused, OSError."""
    loop = asyncio.get_running_loop()

    def apart(work: Callable[..., Any], /, *given: Any) -> Awaitable[Any]:
        return loop.run_in_executor(pool, partial(work, *given))

    needed = contents.size_of(held, rows)
    with assembly.scratch(folder, needed) as scratch:
        watching = asyncio.create_task(_watch(scratch, needed, tell))
        try:
            out = scratch / "bundle.zip"
            await playback.write(held, out, work.owner, apart)
        finally:
            watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watching
        await tell(STEPS - 5, STEPS)
        made: Made = await apart(assembly.keep, out, folder, key, work.id)
    return made


async def _watch(scratch: Path, needed: int, tell: Callable[[int, int], Awaitable[None]]) -> None:
    while True:
        size = await asyncio.to_thread(_size, scratch)
        await tell(min(WRITTEN, size * WRITTEN // needed), STEPS)
        await asyncio.sleep(LOOK_S)


def _size(scratch: Path) -> int:
    """Bytes that are written by now."""
    with contextlib.suppress(FileNotFoundError):  # it has got its name meanwhile
        return sum(one.stat().st_size for one in scratch.glob(".*.part"))
    return 0
