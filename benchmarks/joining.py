"""From admission to the first remote picture, in real Chromium on loopback.

A judge sends; a guest waits in the lobby with both connections up and is admitted, again and
again. Prints p50, p95 and the largest, in milliseconds, beside the same guest's join from nothing
(new connections), which is what a server without a lobby would cost.
"""

import argparse
import asyncio
import statistics
import time

from playwright.async_api import async_playwright

from signaling.aiortc_engine import AiortcEngine
from signaling.engine import HearingSpace
from tests.media.browser import Events, Hall, Participant, launch

HEARING = HearingSpace("sitting")
STEP_S = 0.005


async def shown(guest: Participant) -> float:
    """Frames of the judge's camera that the guest's page has shown."""
    return sum(
        item.get("shown", 0) for mid, item in (await guest.received()).items() if mid[0] == "v"
    )


async def first_picture(guest: Participant, before: float) -> None:
    """Returns when the page has shown one more frame."""
    while await shown(guest) <= before:
        await asyncio.sleep(STEP_S)


async def admissions(hall: Hall, count: int) -> list[float]:
    """Milliseconds from placing a connected guest to the next picture."""
    guest = await hall.enter("guest", admit=False)
    hall.room.permit("guest", frozenset({"microphone", "camera"}))
    found = []
    for _ in range(count):
        await asyncio.sleep(0.7)  # keyframes are asked for at most every 500 ms
        before = await shown(guest)
        began = time.perf_counter()
        hall.room.place("guest", HEARING)
        await first_picture(guest, before)
        found.append((time.perf_counter() - began) * 1000)
        hall.room.place("guest", None)
    return found


async def joins(hall: Hall, count: int) -> list[float]:
    """Milliseconds from nothing (page open, no connection) to the first picture."""
    found = []
    guest = await hall.enter("late", join=False)
    for _ in range(count):
        await guest.open()
        began = time.perf_counter()
        await guest.join()
        await first_picture(guest, 0)
        found.append((time.perf_counter() - began) * 1000)
        await hall.room.leave("late")
        hall.room.place("late", HEARING)
    return found


def line(name: str, values: list[float]) -> str:
    """One row of the table."""
    p95 = statistics.quantiles(values, n=20)[-1]
    return (
        f"{name:28} {statistics.median(values):6.0f} {p95:6.0f} {max(values):6.0f}   {len(values)}"
    )


async def main(count: int) -> None:
    """Measure and print."""
    async with async_playwright() as playwright:
        browser = await launch(playwright)
        engine = AiortcEngine(hosts=("127.0.0.1",))
        room = await engine.open("sitting", Events().append)
        async with Hall(browser, room) as hall:
            await hall.enter("judge")
            admitted = await admissions(hall, count)
            joined = await joins(hall, count)
        await engine.close()
        await browser.close()
    print("first remote picture (ms)       p50    p95    max   n")
    print(line("admission from the lobby", admitted))
    print(line("join from nothing", joined))
    ratio = statistics.median(joined) / statistics.median(admitted)
    print(f"ratio of the medians: {ratio:.1f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=20)
    asyncio.run(main(parser.parse_args().count))
