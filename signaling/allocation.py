"""How one listener's line is shared among the pictures that its page shows. Pure.

Sound is paid first, by the caller: the budget given here is what is left of it. Every picture then
gets its lowest layer, the important ones first; what is left lifts them, in the same order, up to
the layer that fills the tile. A picture whose lowest layer does not fit is not sent.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from signaling.engine import Layer, TrackId, Wish

ENOUGH = 0.75
"""A layer fills a tile when it has this share of its pixels in one direction: nobody sees the
difference, and the next layer costs three times as much."""
RISE = 1.15
"""More than is flowing now must fit with so much to spare, so that a choice holds."""


@dataclass(frozen=True, slots=True)
class Offer:
    """One layer that a track sends now. Bits per second; pixels, 0 while they are unknown."""

    layer: Layer
    bitrate: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Want:
    """One picture that a page shows."""

    track: TrackId
    offers: tuple[Offer, ...]
    """Lowest first, never empty."""
    wish: Wish | None
    """None: the page has not said; the best layer is wanted."""
    rank: int
    """0 is the most important; larger tiles come first among equals."""
    current: Layer | None
    """What flows now."""


def ceiling(want: Want) -> int:
    """Index of the highest layer that is worth sending: the first that fills the tile."""
    if want.wish is not None:
        width, height = want.wish
        for index, offer in enumerate(want.offers):
            known = offer.width and offer.height
            if known and (offer.width >= ENOUGH * width or offer.height >= ENOUGH * height):
                return index
    return len(want.offers) - 1


def demand(wants: Sequence[Want]) -> int:
    """A budget with which `allocate` makes every picture as good as its tile allows, and leaves
    it so while its rate sways."""
    return math.ceil(sum(want.offers[ceiling(want)].bitrate * RISE for want in wants))


def allocate(budget: int, wants: Sequence[Want]) -> dict[TrackId, Layer | None]:
    """The layer of each picture; None where not even the lowest fits."""
    chosen: dict[TrackId, int] = {}
    left = float(budget)
    ordered = sorted(wants, key=_order)
    for want in ordered:
        cost = _cost(want, 0)
        if cost <= left:
            chosen[want.track] = 0
            left -= cost
    for want in ordered:
        if want.track not in chosen:
            continue
        paid = _cost(want, 0)
        for index in range(ceiling(want), 0, -1):
            cost = _cost(want, index)
            if cost - paid <= left:
                chosen[want.track] = index
                left -= cost - paid
                break
    return {
        want.track: want.offers[chosen[want.track]].layer if want.track in chosen else None
        for want in wants
    }


def _order(want: Want) -> tuple[int, int, TrackId]:
    area = want.wish.width * want.wish.height if want.wish else 1 << 40
    return want.rank, -area, want.track


def _cost(want: Want, index: int) -> float:
    """What a layer takes from the budget: dearer where it is more than flows now."""
    bitrate = want.offers[index].bitrate
    flowing = next((item.bitrate for item in want.offers if item.layer == want.current), 0)
    return bitrate if bitrate <= flowing else bitrate * RISE
