"""Where everything stands in a film's picture. Pure.

A bar with the clocks above, a bar with the viewer's mark below, tiles between: a picture of 16:9
with its name plate under it. Where a screen is shared it stands large, and the tiles in a column.
"""

from dataclasses import dataclass

from recordings.works.canvas import Box

TOP, BOTTOM, PLATE, GAP = 44, 32, 32, 8
COLUMN = 4
"""A shared screen leaves one part of so many to the tiles."""
SHAPE = (16, 9)


@dataclass(frozen=True, slots=True)
class TileBox:
    """One person: picture and name plate."""

    picture: Box
    plate: Box

    @property
    def whole(self) -> Box:
        """Both."""
        height = self.picture.height + self.plate.height
        return Box(self.picture.x, self.picture.y, self.picture.width, height)


@dataclass(frozen=True, slots=True)
class Layout:
    """The picture's places."""

    top: Box
    bottom: Box
    tiles: tuple[TileBox, ...]
    screen: Box | None = None


def layout(
    width: int, height: int, tiles: int, *, screen: bool = False, rtl: bool = False
) -> Layout:
    """Places for so many tiles, as large as they can be; the first where the language begins."""
    stage = Box(0, TOP, width, height - TOP - BOTTOM)
    column = _even(width // COLUMN)
    place = Box(width - column, TOP, column, stage.height) if screen else stage
    large = Box(GAP, TOP + GAP, _even(width - column - 2 * GAP), _even(stage.height - 2 * GAP))
    return Layout(
        Box(0, 0, width, TOP),
        Box(0, height - BOTTOM, width, BOTTOM),
        tuple(_mirrored(one, width) if rtl else one for one in _tiles(place, tiles)),
        (_turned(large, width) if rtl else large) if screen else None,
    )


def _tiles(place: Box, count: int) -> list[TileBox]:
    if count == 0:
        return []
    columns = max(range(1, count + 1), key=lambda n: _picture_width(place, count, n))
    rows = -(-count // columns)
    width = _picture_width(place, count, columns)
    height = _even(width * SHAPE[1] // SHAPE[0])
    full = (rows * (height + PLATE + GAP)) + GAP
    top = place.y + _even((place.height - full) // 2) + GAP
    found = []
    for index in range(count):
        row, column = divmod(index, columns)
        here = min(columns, count - row * columns)
        left = place.x + _even((place.width - here * (width + GAP) + GAP) // 2)
        x, y = left + column * (width + GAP), top + row * (height + PLATE + GAP)
        found.append(TileBox(Box(x, y, width, height), Box(x, y + height, width, PLATE)))
    return found


def _turned(box: Box, width: int) -> Box:
    return Box(width - box.x - box.width, box.y, box.width, box.height)


def _mirrored(tile: TileBox, width: int) -> TileBox:
    return TileBox(_turned(tile.picture, width), _turned(tile.plate, width))


def _picture_width(place: Box, count: int, columns: int) -> int:
    rows = -(-count // columns)
    by_width = (place.width - GAP) // columns - GAP
    by_height = ((place.height - GAP) // rows - GAP - PLATE) * SHAPE[0] // SHAPE[1]
    return max(32, _even(min(by_width, by_height)))


def _even(value: int) -> int:
    return value & ~1


def halves(box: Box) -> tuple[Box, Box]:
    """A large place for two that are shown at once, beside each other."""
    width = _even((box.width - GAP) // 2)
    right = box.x + box.width - width
    return Box(box.x, box.y, width, box.height), Box(right, box.y, width, box.height)


def captioned(box: Box) -> TileBox:
    """A large place with a line of words under the picture."""
    height = box.height - PLATE
    return TileBox(
        Box(box.x, box.y, box.width, height), Box(box.x, box.y + height, box.width, PLATE)
    )


def fitted(width: int, height: int, box: Box) -> Box:
    """The largest box of the picture's shape inside another, in its middle."""
    scale = min(box.width / max(1, width), box.height / max(1, height))
    inner = max(2, _even(round(width * scale))), max(2, _even(round(height * scale)))
    return Box(
        box.x + _even((box.width - inner[0]) // 2),
        box.y + _even((box.height - inner[1]) // 2),
        min(inner[0], box.width),
        min(inner[1], box.height),
    )
