"""Sharing a line among pictures: what must hold whatever is wished and whatever there is."""

from hypothesis import given
from hypothesis import strategies as st

from signaling.allocation import RISE, Offer, Want, allocate, ceiling, demand
from signaling.engine import Layer, Source, TrackId, Wish

LOW = Offer("l", 150_000, 320, 180)
MIDDLE = Offer("m", 450_000, 640, 360)
HIGH = Offer("h", 1_200_000, 1280, 720)
ALL = (LOW, MIDDLE, HIGH)


def want(
    seat: str,
    *,
    wish: Wish | None = None,
    rank: int = 2,
    current: Layer | None = None,
    offers: tuple[Offer, ...] = ALL,
    source: Source = "camera",
) -> Want:
    return Want(TrackId(seat, source), offers, wish, rank, current)


def layers(budget: int, *wants: Want) -> list[Layer | None]:
    found = allocate(budget, wants)
    return [found[item.track] for item in wants]


def test_a_small_tile_gets_a_small_layer_however_much_there_is() -> None:
    small, large = Wish(300, 170), Wish(1280, 720)
    assert layers(10**9, want("a", wish=small), want("b", wish=large)) == ["l", "h"]
    assert layers(10**9, want("a", wish=Wish(600, 340))) == ["m"]
    assert layers(10**9, want("a")) == ["h"]


def test_everybody_is_seen_before_anybody_is_sharp() -> None:
    wants = [want(name, rank=rank) for name, rank in (("a", 2), ("b", 1), ("c", 0))]
    assert layers(int(3 * 150_000 * RISE) + 1, *wants) == ["l", "l", "l"]
    assert layers(int(2 * 150_000 * RISE) + 1, *wants) == [None, "l", "l"]
    assert layers(int(850_000 * RISE) + 1, *wants) == ["l", "l", "m"]


def test_larger_tiles_come_first_among_equals() -> None:
    small, large = want("a", wish=Wish(400, 225)), want("b", wish=Wish(900, 500))
    assert layers(200_000, small, large) == [None, "l"]


def test_one_picture_that_does_not_fit_leaves_room_for_others() -> None:
    screen = want("a", rank=0, offers=(Offer("h", 1_000_000, 1280, 720),), source="screen")
    assert layers(300_000, screen, want("b")) == [None, "l"]


def test_what_flows_goes_on_where_it_would_not_begin() -> None:
    assert layers(460_000, want("a", current="m")) == ["m"]
    assert layers(460_000, want("a", current="l")) == ["l"]
    assert layers(155_000, want("a", current="l")) == ["l"]
    assert layers(155_000, want("a")) == [None]


OFFERS = st.lists(
    st.tuples(st.integers(1, 3_000_000), st.integers(0, 2000), st.integers(0, 1200)),
    min_size=1,
    max_size=3,
)
NAMES: tuple[Layer, ...] = ("l", "m", "h")


@st.composite
def rooms(draw: st.DrawFn) -> list[Want]:
    found = []
    for number in range(draw(st.integers(0, 14))):
        sizes = sorted(draw(OFFERS))
        offers = tuple(Offer(NAMES[at], *size) for at, size in enumerate(sizes))
        wish = draw(st.none() | st.builds(Wish, st.integers(1, 4000), st.integers(1, 3000)))
        found.append(
            Want(
                TrackId(f"s{number}", draw(st.sampled_from(("camera", "screen")))),
                offers,
                wish,
                draw(st.integers(0, 2)),
                draw(st.none() | st.sampled_from([item.layer for item in offers])),
            )
        )
    return found


@given(st.integers(0, 12_000_000), rooms())
def test_the_line_is_never_overdrawn_and_no_tile_gets_more_than_it_shows(
    budget: int, wants: list[Want]
) -> None:
    chosen = allocate(budget, wants)
    assert set(chosen) == {item.track for item in wants}
    spent = 0
    for item in wants:
        layer = chosen[item.track]
        if layer is not None:
            index = [offer.layer for offer in item.offers].index(layer)
            assert index <= ceiling(item)
            spent += item.offers[index].bitrate
    assert spent <= budget
    assert spent <= demand(wants) or budget < demand(wants)


@given(st.integers(0, 6_000_000), rooms())
def test_nobody_is_sharpened_while_somebody_more_important_could_be_seen(
    budget: int, wants: list[Want]
) -> None:
    chosen = allocate(budget, wants)
    spent = sum(
        next(offer.bitrate for offer in item.offers if offer.layer == chosen[item.track])
        for item in wants
        if chosen[item.track] is not None
    )
    lowest = sum(item.offers[0].bitrate for item in wants if chosen[item.track] is not None)
    for item in wants:
        if chosen[item.track] is None:
            assert lowest + item.offers[0].bitrate * RISE > budget or spent <= lowest * RISE


@given(rooms())
def test_a_line_that_carries_the_demand_carries_everything(wants: list[Want]) -> None:
    chosen = allocate(demand(wants), wants)
    assert all(chosen[item.track] == item.offers[ceiling(item)].layer for item in wants)


@given(rooms())
def test_with_enough_everybody_gets_what_fills_the_tile(wants: list[Want]) -> None:
    chosen = allocate(1 << 40, wants)
    assert all(chosen[item.track] == item.offers[ceiling(item)].layer for item in wants)
    assert set(allocate(0, wants).values()) <= {None}
