"""A picture in YUV 4:2:0 that is drawn on by copying rows: no library decodes or scales here.

Colours are (Y, U, V) of BT.601, limited range. Places and sizes are even numbers of pixels.
"""

from dataclasses import dataclass
from typing import TypeAlias

import av

Colour: TypeAlias = tuple[int, int, int]
BLACK: Colour = (16, 128, 128)
STAGE: Colour = (26, 130, 126)
"""Of the live room's stage."""
BAR: Colour = (38, 132, 124)
SPEAKS: Colour = (150, 76, 88)
"""The green around who speaks."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A small picture that is copied onto a canvas."""

    width: int
    height: int
    planes: tuple[bytes, bytes, bytes]


@dataclass(frozen=True, slots=True)
class Box:
    """A place on a canvas."""

    x: int
    y: int
    width: int
    height: int


class Canvas:
    """The film's picture while it is drawn."""

    def __init__(self, width: int, height: int, colour: Colour = STAGE) -> None:
        self.width, self.height = width, height
        self._planes = tuple(
            bytearray([value]) * ((width >> shift) * (height >> shift))
            for value, shift in zip(colour, (0, 1, 1), strict=True)
        )

    def fill(self, box: Box, colour: Colour) -> None:
        """Paint a box."""
        for plane, value, shift in zip(self._planes, colour, (0, 1, 1), strict=True):
            row = memoryview(bytes([value]) * (box.width >> shift))
            self._copy(plane, row, 0, box, shift)

    def frame(self, box: Box, colour: Colour, thick: int = 4) -> None:
        """Paint the edge of a box, inside it."""
        side = box.height - 2 * thick
        self.fill(Box(box.x, box.y, box.width, thick), colour)
        self.fill(Box(box.x, box.y + box.height - thick, box.width, thick), colour)
        self.fill(Box(box.x, box.y + thick, thick, side), colour)
        self.fill(Box(box.x + box.width - thick, box.y + thick, thick, side), colour)

    def put(self, picture: Picture, x: int, y: int) -> None:
        """Copy a small picture to a place."""
        box = Box(x, y, picture.width, picture.height)
        for plane, source, shift in zip(self._planes, picture.planes, (0, 1, 1), strict=True):
            width = picture.width >> shift
            self._copy(plane, memoryview(source), width, box, shift)

    def put_frame(self, frame: "av.VideoFrame", box: Box) -> None:
        """Copy a decoded frame of the box's size."""
        for plane, source, shift in zip(self._planes, frame.planes, (0, 1, 1), strict=True):
            self._copy(plane, memoryview(source), source.line_size, box, shift)

    def shown(self) -> "av.VideoFrame":
        """The canvas as a frame for the encoder."""
        frame = av.VideoFrame(self.width, self.height, "yuv420p")
        for plane, source, shift in zip(frame.planes, self._planes, (0, 1, 1), strict=True):
            width = self.width >> shift
            if plane.line_size == width:
                plane.update(bytes(source))
                continue
            padded = bytearray(plane.buffer_size)
            for row in range(self.height >> shift):
                at = row * plane.line_size
                padded[at : at + width] = source[row * width : (row + 1) * width]
            plane.update(bytes(padded))
        return frame

    def _copy(self, plane: bytearray, source: memoryview, line: int, box: Box, shift: int) -> None:
        width, stride = box.width >> shift, self.width >> shift
        to = (box.y >> shift) * stride + (box.x >> shift)
        start = 0
        for _ in range(box.height >> shift):
            plane[to : to + width] = source[start : start + width]
            to += stride
            start += line
