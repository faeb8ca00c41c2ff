"""Hard checks 5 and 7 in a short form: losses neither part sound from picture nor leave a delay."""

import asyncio

import pytest

from tests.media.browser import Hall, Participant, until
from tests.support.udp_proxy import UdpProxy

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

WINDOW = 100
"""Packets of sound (20 ms each) over which the delay is averaged."""


async def skew(who: Participant) -> float | None:
    """Picture before sound, in milliseconds, as the browser plays them out."""
    stats = await who.received()
    if "a0" not in stats or "v0" not in stats:
        return None
    sound, picture = stats["a0"]["playout"], stats["v0"]["playout"]
    return picture - sound if sound and picture else None


def together(value: float | None) -> bool:
    return value is not None and -80 < value < 80


async def held(who: Participant) -> tuple[float, float]:
    """Milliseconds that sound waited so far, over how many samples of 48 kHz."""
    stats = (await who.received()).get("a0")
    return (stats["held"], stats["emitted"]) if stats else (0.0, 0.0)


async def delay(who: Participant) -> float:
    """How long sound waits in the browser now, averaged over a window."""
    before = await held(who)
    after = await until(
        lambda: held(who), lambda now: now[1] - before[1] > WINDOW * 960, seconds=30
    )
    return (after[0] - before[0]) / (after[1] - before[1])


async def test_sound_and_picture_stay_together_through_losses_and_a_new_connection(
    hall: Hall,
) -> None:
    async with UdpProxy() as line:
        judge = await hall.enter("judge")
        lawyer = await hall.enter("lawyer", line=line)
        line.down.loss = 0.02
        await until(lambda: skew(lawyer), together)
        await judge.publish()
        await asyncio.sleep(0)
        await until(lambda: skew(lawyer), together)
        line.down.loss = 0.0


async def test_losses_leave_no_delay_behind(hall: Hall) -> None:
    """One lost packet must not hold sound back for the rest of the call."""
    async with UdpProxy() as line:
        await hall.enter("judge")
        lawyer = await hall.enter("lawyer", line=line)
        await until(lambda: held(lawyer), lambda now: now[1] > 4 * WINDOW * 960)
        start = await delay(lawyer)
        line.down.loss = 0.03
        before = await held(lawyer)
        await until(lambda: held(lawyer), lambda now: now[1] - before[1] > 5 * WINDOW * 960)
        line.down.loss = 0.0
        # A delay that ratchets up never comes down again; one of the losses' time is given back.
        await until(lambda: delay(lawyer), lambda now: now <= start + 20, seconds=60)
