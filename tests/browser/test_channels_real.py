"""An interpreter's channel in real browsers, by tones: who chose it hears it above a quieter floor,
who did not hears nothing of it, and the exported record has it apart."""

import asyncio
import re
import zipfile
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from tests.browser import looking
from tools.demo import evidence, hearing
from tools.demo.hearing import Hearing
from tools.demo.participant import Participant

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

SCRIPT = "".join(
    Path(__file__).with_name(name).read_text("utf-8") for name in ("marked_media.js", "ears.js")
)
JUDGE, CLERK, CHANNEL, FLOOR = 600, 900, 1900, 2600
"""Pitches: of the judge, of the clerk, of the interpreter in the channel and on the floor."""
HEARD = 0.002


async def hears(person: Participant, pitch: int) -> float:
    return float(await person.page.evaluate(f"__hears({pitch})"))


async def until(person: Participant, pitch: int, true: Callable[[float], bool]) -> float:
    level = 0.0
    for _ in range(60):
        level = await hears(person, pitch)
        if true(level):
            return level
    raise AssertionError(f"{person.role} hears {pitch} Hz at {level}")


async def choose(person: Participant, group: str, language: str) -> None:
    options = person.page.get_by_role("group", name=group)
    await options.get_by_role("radio", name=language).check()


async def enter(held: Hearing) -> tuple[Participant, Participant, Participant]:
    """Judge, clerk and interpreter are in the hearing of the demo, each with a pitch."""
    judge = await held.person("judge", "judge")
    await judge.page.goto(f"{judge.address}/en/sittings")
    link = judge.page.get_by_role("link", name="Enter").first
    address = str(await link.get_attribute("href"))
    held.sitting = re.findall(r"/sittings/([^/]+)/", address)[0]
    clerk = await held.person("clerk", "clerk")
    interpreter = await held.person("interpreter", "interpreter")
    for person in (judge, clerk, interpreter):
        await person.enter(held.sitting)
    await judge.press("Open the sitting")
    await clerk.press("Admit", clerk.page.locator(".seat", has_text="Noor"))
    await interpreter.place_is("hearing")
    for person, pitch in ((judge, JUDGE), (clerk, CLERK), (interpreter, CHANNEL)):
        await person.page.evaluate(f"__mark('rgb(0, 128, 0)', {pitch})")
    return judge, clerk, interpreter


async def test_a_channel_is_heard_by_who_chose_it_and_recorded_apart(tmp_path: Path) -> None:
    console = Console(file=StringIO())
    async with hearing.prepared(tmp_path, console, SCRIPT, MAHDAR_DEMO_SITTINGS="yes") as held:
        judge, clerk, interpreter = await enter(held)
        await until(judge, CHANNEL, lambda level: level > HEARD)  # consecutive: on the floor
        await choose(interpreter, "You speak to", "English")
        await until(judge, CHANNEL, lambda level: level < HEARD / 10)
        await until(clerk, CHANNEL, lambda level: level < HEARD / 10)
        full = await until(clerk, JUDGE, lambda level: level > HEARD)

        await choose(clerk, "You hear", "English")
        await until(clerk, CHANNEL, lambda level: level > HEARD)
        quiet = await until(clerk, JUDGE, lambda level: 0 < level < full * 0.3)
        assert quiet > full * 0.08, "turned down, not off"
        assert await hears(judge, CHANNEL) < HEARD / 10
        await until(interpreter, JUDGE, lambda level: level > HEARD)  # the interpreter hears it
        seen = judge.page.locator(".seat", has_text="Maryam")
        await seen.get_by_text("Hears English").wait_for()

        await judge.press("Go on record")
        await asyncio.gather(judge.phase_is("on_record"), clerk.phase_is("on_record"))
        await asyncio.sleep(3)  # of speech in the channel
        await interpreter.press("Mute")
        await until(clerk, JUDGE, lambda level: level > full * 0.7)  # the floor comes back
        await interpreter.page.evaluate(f"__mark('rgb(0, 128, 0)', {FLOOR})")
        await choose(interpreter, "You speak to", "The floor")
        await interpreter.press("Unmute")
        await until(judge, FLOOR, lambda level: level > HEARD)
        await asyncio.sleep(2)
        await hearing.adjourn(held)
        errors = [text for one in held.people.values() for text in one.errors]
        bundle = tmp_path / "bundle.zip"
        await evidence.export(held.server, held.sitting, bundle)

    assert errors == []
    await asyncio.to_thread(_listen, bundle, tmp_path / "files")


def _listen(bundle: Path, folder: Path) -> None:
    assert evidence.verify(bundle)["ok"]
    with zipfile.ZipFile(bundle) as archive:
        archive.extractall(folder)
    [channel] = folder.glob("tracks/*-channel-en.webm")
    floor = channel.with_name(channel.name.replace("channel-en", "microphone"))
    assert looking.loudness_at(channel, CHANNEL) > 0.5
    assert looking.loudness_at(channel, FLOOR) < 0.05
    assert looking.loudness_at(floor, FLOOR) > 0.5
    for path in folder.glob("tracks/*-microphone.webm"):
        assert looking.loudness_at(path, CHANNEL) < 0.05, path.name
    manifest = (folder / "bundle.json").read_text("utf-8")
    assert '"channel":"en"' in manifest.replace(" ", "")
