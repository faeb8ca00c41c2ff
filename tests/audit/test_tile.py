"""Tile coordinates, paths and bundles, with the examples of C2SP tlog-tiles."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit import tile
from audit.tile import Tile


def test_tiles_of_the_specifications_examples() -> None:
    found = tile.tiles(70_000)
    assert [t for t in found if t.level == 0 and t.width == 256] == [Tile(0, i) for i in range(273)]
    assert [t for t in found if t.level or t.width < 256] == [
        Tile(0, 273, 112),
        Tile(1, 0),
        Tile(1, 1, 17),
        Tile(2, 0, 1),
    ]
    assert tile.tiles(256) == [Tile(0, 0), Tile(1, 0, 1)]
    assert tile.tiles(0) == []


@given(size=st.integers(1, 200_000))
def test_each_tile_is_needed_by_its_size(size: int) -> None:
    assert all(t.needs <= size for t in tile.tiles(size))


@pytest.mark.parametrize(
    ("index", "width", "path"),
    [
        (0, 256, "000"),
        (999, 256, "999"),
        (1000, 256, "x001/000"),
        (1234067, 256, "x001/x234/067"),
        (273, 112, "273.p/112"),
        (1234067, 1, "x001/x234/067.p/1"),
    ],
)
def test_paths(index: int, width: int, path: str) -> None:
    assert tile.format_path(index, width) == path
    assert tile.parse_path(path) == (index, width)


@given(index=st.integers(0, 10**12), width=st.integers(1, 256))
def test_every_path_parses_back(index: int, width: int) -> None:
    assert tile.parse_path(tile.format_path(index, width)) == (index, width)


REFUSED = """0 00 0000 x000/000 x001/0 001/000 x001/x000 000.p/0 000.p/256 000.p/01 000.p/ 000.p
000/ /000 -01 ٠٠٠ 000.p/٣ x001/000.p/999 ../000 x999/x999/x999/x999/x999/x999/x999/x999/x999/999"""


@pytest.mark.parametrize("path", REFUSED.split())
def test_paths_that_are_refused(path: str) -> None:
    assert tile.parse_path(path) is None


@pytest.mark.parametrize("text", ["00", "01", "64", "-1", "", "1.0", "٣", "100"])
def test_levels_that_are_refused(text: str) -> None:
    assert tile.parse_level("63") == 63
    assert tile.parse_level(text) is None


@given(entries=st.lists(st.binary(max_size=300), max_size=20))
def test_bundles(entries: list[bytes]) -> None:
    assert tile.unbundle(tile.bundle(entries)) == entries


def test_bundle_limits() -> None:
    assert tile.bundle([b"ab", b""]) == b"\x00\x02ab\x00\x00"
    with pytest.raises(ValueError, match="65,535"):
        tile.bundle([bytes(65_536)])
    for cut in (b"\x00", b"\x00\x02a"):
        with pytest.raises(ValueError, match="cut short"):
            tile.unbundle(cut)
