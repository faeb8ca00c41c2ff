"""What a scope covers, against a plain account of it; and what a narrowed time line still tells."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from auth.person import Person, Role
from recordings.access.mark import mark_text
from recordings.access.order import Grant, Order, Part, Use
from recordings.access.scope import Scope, narrowed
from recordings.manifest import Piece, Span, Stretch, Timeline, TrackLine

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
SEATS = ("s1", "s2", "s3")
TRACKS = tuple(f"{seat}-{source}" for seat in SEATS for source in ("camera", "microphone"))
MS = st.integers(0, 60)


@st.composite
def spans(draw: st.DrawFn) -> tuple[int, int]:
    start = draw(MS)
    return start, start + draw(st.integers(1, 20))


PARTS = st.builds(
    lambda span, opened, tracks, seats: Part(
        span[0], None if opened else span[1], frozenset(tracks), frozenset(seats)
    ),
    spans(),
    st.booleans(),
    st.sets(st.sampled_from(TRACKS), max_size=2),
    st.sets(st.sampled_from(SEATS), max_size=1),
)
SCOPES = st.builds(
    lambda parts, sealed: Scope(tuple(parts), tuple(Span(*one) for one in sealed)),
    st.lists(PARTS, max_size=3),
    st.lists(spans(), max_size=2),
)


def open_ms(scope: Scope, track: str, ms: int) -> bool:
    """Millisecond by millisecond, as a reader of the order would say."""
    if any(seal.start_ms <= ms < seal.end_ms for seal in scope.sealed):
        return False
    for part in scope.parts:
        named = not part.tracks and not part.seats
        named = named or track in part.tracks or track.split("-")[0] in part.seats
        if named and part.start_ms <= ms and (part.end_ms is None or ms < part.end_ms):
            return True
    return False


@given(SCOPES, st.sampled_from(TRACKS), spans())
def test_nothing_is_covered_that_is_not_open(
    scope: Scope, track: str, span: tuple[int, int]
) -> None:
    if scope.covers(track, *span):
        assert all(open_ms(scope, track, ms) for ms in range(*span))


@given(PARTS, st.sampled_from(TRACKS), spans())
def test_all_of_one_part_is_covered(part: Part, track: str, span: tuple[int, int]) -> None:
    scope = Scope((part,))
    assert scope.covers(track, *span) == all(open_ms(scope, track, ms) for ms in range(*span))


@given(SCOPES)
def test_a_narrowed_time_line_shows_nothing_else(scope: Scope) -> None:
    tracks = [
        TrackLine(name, name.split("-")[0], name.split("-")[1], "opus", pieces()) for name in TRACKS
    ]
    chapters = [
        {"clock_ms": ms, "type": "note", "seat": seat} for ms in range(80) for seat in SEATS
    ]
    line = Timeline(NOW, [Stretch(0, 80, "closed")], tracks, chapters)
    seen = narrowed(line, scope)
    assert not scope.whole or seen == line
    for track in seen.tracks:
        for piece in track.segments:
            assert all(open_ms(scope, track.id, ms) for ms in range(piece.start_ms, piece.end_ms))
        covered = sorted([*track.segments, *track.gaps], key=lambda one: one.start_ms)
        assert covered[0].start_ms == 0
        assert covered[-1].end_ms == 80
        assert all(one.end_ms == two.start_ms for one, two in pairwise(covered))
    for chapter in seen.chapters:
        assert not scope.is_sealed(chapter["clock_ms"], chapter["clock_ms"] + 1)
    if not scope:
        assert not seen.tracks
        assert not seen.chapters


def pieces() -> list[Piece]:
    return [Piece(start, start + 8, start // 8) for start in range(0, 80, 8)]


def test_a_hidden_track_is_never_open_and_says_why() -> None:
    """The picture of a protected person: a hole from end to end, in a whole order too."""
    scope = Scope((Part(),), hidden=frozenset({"s1-camera"}))
    assert not scope.whole
    assert not scope.covers("s1-camera", 0, 8)
    assert scope.covers("s1-microphone", 0, 8)
    tracks = [
        TrackLine(name, name.split("-")[0], name.split("-")[1], "vp8", pieces()) for name in TRACKS
    ]
    line = narrowed(Timeline(NOW, [Stretch(0, 80, "")], tracks, []), scope)
    shown = {track.id: track for track in line.tracks}
    assert shown["s1-camera"].segments == []
    assert [(hole.start_ms, hole.end_ms, hole.reason) for hole in shown["s1-camera"].gaps] == [
        (0, 80, "protected")
    ]
    assert shown["s1-microphone"].segments == pieces()


@given(st.integers(-5, 5), st.integers(-5, 5), st.booleans(), st.booleans())
def test_grants_and_orders_end(order_h: int, grant_h: int, revoked: bool, order_gone: bool) -> None:
    order = Order(
        id="o",
        sitting="s",
        reference="r",
        authority="a",
        uses=frozenset({Use.VIEW}),
        ends=NOW + timedelta(hours=order_h),
        at=NOW,
        revoked_at=NOW if order_gone else None,
    )
    grant = Grant(
        id="g",
        order="o",
        sitting="s",
        person="p",
        ends=NOW + timedelta(hours=grant_h),
        at=NOW,
        revoked_at=NOW if revoked else None,
    )
    assert order.in_force(NOW) == (order_h > 0 and not order_gone)
    assert grant.in_force(NOW) == (grant_h > 0 and not revoked)


def test_the_mark_names_viewer_and_time() -> None:
    person = Person("p", Role.LAWYER, "هند المنصوري", "Hind Al Mansoori")
    text = mark_text(person, NOW, "en")
    assert "Hind Al Mansoori" in text
    assert "2026-11-22 13:00:00 +0400" in text
    arabic = mark_text(person, NOW, "ar")
    assert "هند المنصوري" in arabic
    assert "سري" in arabic
