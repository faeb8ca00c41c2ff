"""A reader of files from outside, in a process of its own with limits of memory and time: a file
that is made to exhaust a reader ends that process and nothing else."""

import asyncio
import sys
from typing import Final

from settings import ROOT

MEMORY: Final = 768 * 1024 * 1024


async def ask(module: str, *arguments: str, data: bytes, seconds: float) -> bytes:
    """What `python -m module` writes of `data`; empty when it failed or took longer."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, *arguments,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL, cwd=ROOT,
    )  # fmt: skip
    try:
        out, _ = await asyncio.wait_for(process.communicate(data), seconds)
    except TimeoutError:
        return b""
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return b"" if process.returncode else out


def confine(seconds: float) -> None:
    """For this process: no more memory and no more work than a reader needs."""
    import resource  # not on every machine that imports this module

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds), int(seconds)))
