"""A film shows the page of an exhibit that was shown, at its time; a sealed one never."""

import io
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import av
import pytest
from PIL import Image

from clock import utc_now
from recordings.access.order import Part
from recordings.access.scope import Scope
from recordings.manifest import Span, Stretch, Timeline
from recordings.works import film, grid, program, store
from recordings.works.film import FilmJob, TileJob
from recordings.works.program import FPS, Chunk, Scene, Sheet
from sessions.seat import SeatRole
from tests.recordings.sealed import Kept, kept
from tests.recordings.test_exhibits import two_shown

NOW = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[Kept]:
    async with kept(tmp_path, NOW) as found:
        yield found


def line(*chapters: tuple[int, str, str, int]) -> Timeline:
    told = [
        {"clock_ms": at, "type": f"exhibit.{type}", "exhibit": id, "page": page, "text": f"P {id}"}
        for at, type, id, page in chapters
    ]
    return Timeline(utc_now(), [Stretch(0, 20_000, "closed")], [], told)


def test_a_page_stands_until_another_one_or_nothing_is_shown() -> None:
    record = line(
        (1000, "shown", "a", 1),
        (2000, "page", "a", 2),
        (2500, "admitted", "a", 0),
        (4000, "shown", "s", 1),
        (6000, "withdrawn", "s", 0),
        (9000, "shown", "a", 3),
    )
    shown = [(one.exhibit, one.page, one.span) for one in program.sheets(record, Scope((Part(),)))]
    assert shown == [
        ("a", 1, Span(1000, 2000)),
        ("a", 2, Span(2000, 4000)),
        ("s", 1, Span(4000, 6000)),
        ("a", 3, Span(9000, 20_000)),
    ]
    sealed = Scope((Part(),), exhibits=frozenset({"s"}))
    assert [one.exhibit for one in program.sheets(record, sealed)] == ["a", "a", "a"]
    part = Scope((Part(1500, 8000),))  # what was shown outside the order is not in it
    assert [(one.exhibit, one.page) for one in program.sheets(record, part)] == [("a", 2), ("s", 1)]


def test_halves_and_captions_stay_in_their_place() -> None:
    place = grid.layout(1280, 720, 4, screen=True).screen
    assert place
    left, right = grid.halves(place)
    assert left.x + left.width <= right.x
    assert right.x + right.width <= place.x + place.width
    below = grid.captioned(right)
    assert below.picture.height + below.plate.height == right.height
    for box in (left, right, below.picture, below.plate):
        assert not (box.x | box.y | box.width | box.height) & 1


def red() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (700, 1000), "red").save(out, "PNG")
    return out.getvalue()


def is_red(frame: av.VideoFrame, x: int, y: int) -> bool:
    plane = frame.planes[0]
    at = y * plane.line_size + 3 * x
    red, green, _ = bytes(plane)[at : at + 3]
    return red > 180 and green < 80


@pytest.mark.parametrize("rtl", [False, True])
def test_the_page_is_in_the_picture_at_its_time_and_not_before_or_after(rtl: bool) -> None:
    sheets = (Sheet(Span(1000, 2000), "a", 1, "P-1"), Sheet(Span(3000, 4000), "b", 1, "P-2"))
    job = FilmJob(
        sitting="s",
        key=b"",
        tiles=(TileJob("سالم", "رئيس الجلسة", None),),
        screens=(),
        sheets=sheets,
        epoch=NOW,
        zone="Asia/Dubai",
        title="118/2026",
        mark="m",
        plates={"": "-", film.NOT_SHOWN: "This page cannot be shown."},
        rtl=rtl,
    )
    chunk = Chunk(Scene(0, 4000), 0, 4 * FPS)
    assert job.pages(chunk) == {("a", 1), ("b", 1)}
    assert job.pages(Chunk(Scene(0, 1000), 0, FPS)) == set()
    assert job.pages(Chunk(Scene(0, 4000, "recess"), 0, FPS)) == set()
    data = film.render(job, chunk, {("a", 1): red(), ("b", 1): b""})
    with av.open(io.BytesIO(data), "r") as container:
        frames = [frame.reformat(format="rgb24") for frame in container.decode(video=0)]
    large = grid.layout(film.WIDTH, film.HEIGHT, 1, screen=True, rtl=rtl).screen
    assert large
    x, y = large.x + large.width // 2, large.y + large.height // 2
    seen = [is_red(one, x, y) for one in frames]
    assert seen == [FPS <= number < 2 * FPS for number in range(4 * FPS)]


async def test_a_sealed_one_is_not_even_in_the_film_of_the_bench(world: Kept) -> None:
    house, id = world.house, world.sitting.id
    judge = world.holder("civil_hearing", SeatRole.PRESIDING_JUDGE)
    one, sealed = await two_shown(world)
    asked = await house.works.ask(judge, id, kind="film", language="en")
    async with house.database.unit(write=False) as session:
        scope = await store.scope(session, asked.id)
        whole = await house.playback.line(session, world.sitting)
    assert scope.exhibits == {sealed.id}
    [found] = program.sheets(whole, scope)
    assert (found.exhibit, found.page, found.span) == (one.id, 1, Span(1000, 5000))
    assert (await house.works.page(id, one.id, 1)).startswith(b"\x89PNG")
    assert await house.works.page(id, "unknown", 1) == b""
    assert await house.works.page(id, one.id, 99) == b""
