"""A whole hearing in real browsers, on both databases, and what must never be in its files."""

import asyncio
import json
import secrets
import zipfile
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

import migrate
from recordings.verify import STEPS
from tests.browser import looking
from tools.demo import evidence, hearing
from tools.demo.hearing import Hearing

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

MARKED = Path(__file__).with_name("marked_media.js").read_text("utf-8")
OPEN_PITCH, PRIVATE_PITCH = 440, 1900
MAGENTA = "rgb(255, 0, 255)"


@pytest.fixture(params=["sqlite", "postgresql"])
def environment(request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    """Settings of a server on each sort of database."""
    if request.param == "sqlite":
        yield {}
        return
    server: str = request.getfixturevalue("postgresql_server")
    url = f"{server}/hearing_{secrets.token_hex(4)}"
    migrate.create_database(url)
    yield {"MAHDAR_DATABASE_URL": url}


async def test_the_demo_holds_a_hearing_and_verifies(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    report = await hearing.run(tmp_path, Console(file=StringIO()), **environment)

    assert report["errors"] == []
    assert report["ok"]
    assert json.loads((tmp_path / "report.json").read_text("utf-8")) == report
    assert {one["role"] for one in report["participants"]} == {
        "judge", "clerk", "counsel", "accused", "witness",
    }  # fmt: skip
    assert all(one["first_frame_ms"] >= 0 for one in report["participants"])
    assert all(one["first_audio_ms"] >= 0 for one in report["participants"])
    recording = report["recording"]
    assert recording["tracks"] >= 8  # microphone and camera of at least four
    assert recording["frames_decoded"] > 100
    assert recording["private_seconds_excluded"] >= hearing.PRIVATE_S - 1
    assert report["verify"]["ok"]
    assert len(report["verify"]["steps"]) == len(STEPS)
    assert report["proof"]["verified_seconds"] > 5
    assert report["proof"]["alarms"] == []
    assert report["witness"]["cosigned"] >= 1
    [exhibit] = report["exhibits"]
    assert (exhibit["mark"], exhibit["ruling"], exhibit["in_bundle"]) == ("D-1", "admitted", True)
    assert exhibit["shown_seconds"] > 1


async def test_nothing_of_a_private_consultation_is_in_any_file(tmp_path: Path) -> None:
    async with hearing.prepared(tmp_path, Console(file=StringIO()), MARKED) as held:
        await hearing.book(held)
        await hearing.gather_people(held)
        await hearing.open_and_admit(held)
        await hearing.on_record(held, "")
        await hearing.proceedings(held)
        await _confer_in_magenta(held)
        await hearing.adjourn(held)
        bundle = tmp_path / "bundle.zip"
        await evidence.export(held.server, held.sitting, bundle)
        vault = held.server.folder / "vault"

    await asyncio.to_thread(_look_for_it, bundle, tmp_path / "files")
    assert not any(b"webm" in path.read_bytes()[:4096] for path in vault.rglob("*.seg"))


async def _confer_in_magenta(held: Hearing) -> None:
    """Pictures turn magenta and tones rise only while both are inside the private room."""
    pair = [held.people["counsel"], held.people["accused"]]

    async def inside() -> None:
        for one in pair:
            await one.page.evaluate(f"__mark('{MAGENTA}', {PRIVATE_PITCH})")
        await _until(pair[1].page.evaluate, "__seen()", lambda seen: any(map(_magenta, seen)))
        judge = await held.people["judge"].page.evaluate("__seen()")
        assert not any(map(_magenta, judge))
        for one in pair:
            await one.page.evaluate(f"__mark('rgb(0, 128, 0)', {OPEN_PITCH})")
        await _until(pair[1].page.evaluate, "__seen()", lambda seen: not any(map(_magenta, seen)))

    await hearing.consult(held, inside)


async def _until(
    ask: Callable[..., object], expression: str, true: Callable[[list[list[int]]], bool]
) -> None:
    for _ in range(200):
        if true(await ask(expression)):  # type: ignore[misc]
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"{expression} never came true")


def _magenta(pixel: list[int] | tuple[int, int, int]) -> bool:
    red, green, blue = pixel
    return red > 150 and blue > 150 and green < 100


def _look_for_it(bundle: Path, folder: Path) -> None:
    with zipfile.ZipFile(bundle) as archive:
        archive.extractall(folder)
    pictures = sorted(folder.glob("tracks/*-camera.webm"))
    sounds = sorted(folder.glob("tracks/*-microphone.webm"))
    assert len(pictures) >= 4
    assert len(sounds) >= 4
    for path in pictures:
        found = looking.colours(path)
        assert found
        assert not any(map(_magenta, found)), path.name
    for path in sounds:
        assert looking.loudness_at(path, OPEN_PITCH) > 0.5, "the test can hear"
        assert looking.loudness_at(path, PRIVATE_PITCH) < 0.05, path.name
