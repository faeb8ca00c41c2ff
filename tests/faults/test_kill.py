"""kill -9 while on record, twenty times at random instants (design, promise 5): the server with the
recorder in it, the process that proves the record, the witness of the log.

After each restart of the server everybody is back on the same seat without reloading, the record
goes on by itself, the gap is in it, and each track has lost at most 2 s of what was sent before the
kill. The other two are started anew, nobody is lost, and everything verifies.
"""

import asyncio
import contextlib
import json
import random
import zipfile
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
import pytest
from playwright.async_api import TimeoutError as PlaywrightTimeout
from rich.console import Console

from tools.demo import evidence, hearing
from tools.demo.hearing import Hearing

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]

VICTIMS = ["server"] * 8 + ["verifier"] * 6 + ["witness"] * 6
LOST_MS = 2000
INSIDE = ("judge", "clerk", "counsel", "accused")


async def test_kill_nine_while_on_record(tmp_path: Path) -> None:
    chance = random.Random(20261121)
    async with hearing.prepared(tmp_path, Console(file=StringIO())) as held:
        await hearing.book(held)
        await hearing.gather_people(held)
        await hearing.open_and_admit(held)
        await hearing.on_record(held, "")
        loads = await _loads(held)
        kills = []
        for victim in chance.sample(VICTIMS, len(VICTIMS)):
            await asyncio.sleep(chance.uniform(0.5, 3.5))
            await _still_on_record(held)
            if victim == "server":
                kills.append(await _kill_and_come_back(held))
            else:
                await _kill_child(held, victim)
        assert await _loads(held) == loads, "a page was reloaded"
        await asyncio.sleep(2)
        await hearing.adjourn(held)
        bundle = tmp_path / "bundle.zip"
        await evidence.export(held.server, held.sitting, bundle)

    recording, verification = await asyncio.to_thread(evidence.examine, bundle)
    assert verification["ok"], verification
    assert verification["cosigned"] >= 1
    assert recording["frames_decoded"] > 0
    _check_losses(bundle, kills)


async def _loads(held: Hearing) -> list[float]:
    """When each page was loaded: `performance.timeOrigin` changes with a reload."""
    return [await held.people[role].page.evaluate("performance.timeOrigin") for role in INSIDE]


async def _kill_and_come_back(held: Hearing) -> datetime:
    killed = datetime.now(UTC)
    await asyncio.to_thread(held.server.kill)
    await _all_show(held, "html[data-link=lost]")
    await asyncio.to_thread(held.server.start)
    await _all_show(held, "html[data-link=open][data-view=hearing]")
    await _still_on_record(held)
    return killed


async def _still_on_record(held: Hearing) -> None:
    """After a kill the record goes on by itself. A machine with too much work may suspend it again:
    then the judge goes on record, as people do."""
    page = held.people["judge"].page
    async with asyncio.timeout(120):
        while (state := await page.get_attribute("html", "data-record")) != "recording":
            if state == "suspended":
                with contextlib.suppress(PlaywrightTimeout):
                    await held.people["judge"].press("Go on record")
                    await held.people["judge"].phase_is("on_record", 15_000)
            await asyncio.sleep(0.1)


async def _kill_child(held: Hearing, victim: str) -> None:
    """It is there again; on a machine with too much work the record may have been suspended."""
    await _there(held, victim)
    await asyncio.to_thread(_kill, _child(held, victim))
    await _there(held, victim)


async def _there(held: Hearing, victim: str) -> None:
    async with asyncio.timeout(120):
        while not await asyncio.to_thread(_running, held, victim):
            await _still_on_record(held)
            await asyncio.sleep(0.1)


def _child(held: Hearing, victim: str) -> psutil.Process:
    assert held.server.process
    for one in psutil.Process(held.server.process.pid).children(recursive=True):
        with contextlib.suppress(psutil.Error):
            if victim == "witness" and "witness" in one.cmdline():
                return one
            if victim == "verifier" and any(f.path.endswith(".seg") for f in one.open_files()):
                return one
    raise LookupError(victim)


def _kill(process: psutil.Process) -> None:
    process.kill()
    process.wait(10)


def _running(held: Hearing, victim: str) -> bool:
    with contextlib.suppress(LookupError):
        return bool(_child(held, victim).is_running())
    return False


async def _all_show(held: Hearing, selector: str) -> None:
    for role in INSIDE:
        page = held.people[role].page
        await page.wait_for_selector(selector, state="attached", timeout=120_000)


def _check_losses(bundle: Path, kills: list[datetime]) -> None:
    with zipfile.ZipFile(bundle) as archive:
        manifest: dict[str, Any] = json.loads(archive.read("bundle.json"))
    epoch = datetime.fromisoformat(manifest["epoch"])
    interrupted = [gap for gap in manifest["gaps"] if gap["reason"] == "interrupted"]
    for track in (item["id"] for item in manifest["tracks"]):
        ends = [item["end_ms"] for item in manifest["segments"] if item["track"] == track]
        holes = [gap for gap in interrupted if gap["track"] == track]
        for killed in kills:
            at_ms = (killed - epoch).total_seconds() * 1000
            kept = max((end for end in ends if end <= at_ms + 500), default=0)
            hole = [gap for gap in holes if gap["start_ms"] - 500 <= at_ms <= gap["end_ms"] + 500]
            assert hole, f"{track}: the kill at {at_ms:.0f} ms left no gap in the record"
            assert at_ms - kept <= LOST_MS, f"{track} lost {at_ms - kept:.0f} ms"
