"""Tiles and entry bundles of C2SP tlog-tiles: coordinates, URL paths and contents."""

import re
from collections.abc import Iterable
from typing import NamedTuple

WIDTH = 256
HEIGHT = 8
MAX_ENTRY = 65_535

_PATH = re.compile(r"((?:x\d{3}/)*)(\d{3})(?:\.p/([1-9]\d{0,2}))?")


class Tile(NamedTuple):
    """Hashes (or entries) [position * 256, position * 256 + width) of one tile level."""

    level: int
    position: int
    width: int = WIDTH

    @property
    def needs(self) -> int:
        """The smallest tree size that has this tile."""
        return (self.position * WIDTH + self.width) << (HEIGHT * self.level)


def tiles(size: int) -> list[Tile]:
    """All tiles, full and partial, of a tree of `size` leaves, level by level."""
    found = []
    level = 0
    while size:
        found += [Tile(level, index) for index in range(size // WIDTH)]
        if size % WIDTH:
            found.append(Tile(level, size // WIDTH, size % WIDTH))
        size, level = size // WIDTH, level + 1
    return found


def format_path(index: int, width: int = WIDTH) -> str:
    """1234067 gives x001/x234/067; a partial tile ends in .p/<width>."""
    path = f"{index % 1000:03}"
    while index >= 1000:
        index //= 1000
        path = f"x{index % 1000:03}/{path}"
    return path if width == WIDTH else f"{path}.p/{width}"


def parse_path(text: str) -> tuple[int, int] | None:
    """(index, width) of a path that `format_path` would write; None for any other text."""
    match = _PATH.fullmatch(text)
    if not match or not text.isascii() or len(text) > 40:
        return None
    index = int(match[1].replace("x", "").replace("/", "") + match[2])
    width = int(match[3] or WIDTH)
    if width > WIDTH or format_path(index, width) != text:
        return None
    return index, width


def parse_level(text: str) -> int | None:
    """A tile level 0 to 63 without leading zeroes; None for any other text."""
    if not re.fullmatch(r"0|[1-9]\d?", text, re.ASCII) or int(text) > 63:
        return None
    return int(text)


def parse_index(text: str) -> int | None:
    """The index of a leaf in decimal without leading zeroes; None for any other text."""
    return int(text) if re.fullmatch(r"0|[1-9]\d{0,17}", text, re.ASCII) else None


def bundle(entries: Iterable[bytes]) -> bytes:
    """An entry bundle: each entry after its length as big-endian uint16."""
    parts = []
    for entry in entries:
        if len(entry) > MAX_ENTRY:
            raise ValueError("an entry has at most 65,535 bytes")
        parts += [len(entry).to_bytes(2, "big"), entry]
    return b"".join(parts)


def unbundle(data: bytes) -> list[bytes]:
    """The entries of a bundle. Raises ValueError when it is cut short."""
    entries, at = [], 0
    while at < len(data):
        end = at + 2 + int.from_bytes(data[at : at + 2], "big")
        if end > len(data) or at + 2 > len(data):
            raise ValueError("the bundle is cut short")
        entries.append(data[at + 2 : end])
        at = end
    return entries
