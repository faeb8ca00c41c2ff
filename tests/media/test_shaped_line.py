"""A listener behind a line that the kernel shapes (tests/support/shaped_line.py).

The proxy of the other tests is ours; here the queue and its overflow are the kernel's. On a machine
that has no such line the test says why, and checks only that the reason is a known one.
"""

import asyncio
import os
import re
from collections.abc import Callable

from aiortc.rtcdtlstransport import RTCCertificate

from benchmarks.synthetic import Counts, Publisher, Subscriber, pictures, sounds
from signaling.aiortc_engine import AiortcEngine
from signaling.engine import SOURCES, HearingSpace, MediaEvent, PicturesChanged
from signaling.media_room import ForwardingRoom
from tests.support.shaped_line import HERE, THERE, Shaped, why_not

KNOWN = re.compile(r"not root|not installed: (ip|tc)|the kernel refuses: .+", re.DOTALL)
NARROW_KBITS = 300


class Listener(Subscriber):
    """Counts packets of sound alone."""

    line: Shaped

    async def join(self, subscribe, answer) -> None:  # type: ignore[no-untyped-def]
        gather = self.link.gather

        async def there():  # type: ignore[no-untyped-def]
            with self.line.there():
                return await gather()

        self.link.gather = there  # type: ignore[method-assign]
        await super().join(subscribe, answer)

    def count_sound(self) -> None:
        self._meter.types -= self._video


async def until(true: Callable[[], bool], seconds: float) -> None:
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.1)


async def test_sound_passes_a_line_of_300_kbits_and_the_picture_comes_back() -> None:
    reason = why_not()
    if reason:
        print(f"no line that the kernel shapes: {reason}")
        assert KNOWN.fullmatch(reason)
        return
    line = Shaped(f"m{os.getpid()}"[:12])
    events: list[MediaEvent] = []
    engine = AiortcEngine(hosts=(HERE,))
    try:
        line.open()
        await _listen(line, await engine.open("s", events.append), events)
    finally:
        await engine.close()
        line.close()


async def _listen(line: Shaped, room: ForwardingRoom, events: list[MediaEvent]) -> None:
    certificate = RTCCertificate.generateCertificate()
    counts, heard = Counts(), Counts()
    speaker, listener = Publisher(certificate, counts, HERE), Listener(certificate, heard, THERE)
    listener.line, listener.host = line, HERE  # where the server is
    for seat in ("speaker", "listener"):
        room.permit(seat, frozenset(SOURCES))
        room.place(seat, HearingSpace("s"))

    def why() -> str:
        found = [item.pictures for item in events if isinstance(item, PicturesChanged)]
        return next(iter(found[-1].values())).why if found and found[-1] else ""

    async def least_missing() -> int:
        """Packets of sound that were sent and have not come, when the line's queue was shortest
        in 3 s: what waits there is not lost."""
        found = speaker.sounds - heard.received
        for _ in range(60):
            await asyncio.sleep(0.05)
            found = min(found, speaker.sounds - heard.received)
        return found

    tasks = [
        asyncio.create_task(
            speaker.join(
                lambda offer: room.publish("speaker", "p", offer),
                await asyncio.to_thread(pictures),
                await asyncio.to_thread(sounds),
            )
        )
    ]
    try:
        await asyncio.wait_for(speaker.up.wait(), 20)
        tasks.append(
            asyncio.create_task(
                listener.join(
                    lambda: room.subscribe("listener", "l"),
                    lambda text: room.subscribed("listener", "l", text),
                )
            )
        )
        await asyncio.wait_for(listener.saw_picture.wait(), 20)
        await until(lambda: why() == "none", 10)
        line.limit(NARROW_KBITS)
        await until(lambda: why() == "line", 20)
        listener.count_sound()
        await asyncio.sleep(3)  # what was queued is through
        sent, missing = speaker.sounds, await least_missing()
        await asyncio.sleep(4)
        lost = await least_missing() - missing
        assert lost <= 0.01 * (speaker.sounds - sent) + 5
        assert why() == "line"
        line.free()
        await until(lambda: why() == "none", 30)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(speaker.link.close(), listener.link.close())
