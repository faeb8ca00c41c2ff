"""Which track goes through which slot of which listener, and in what layer."""

from collections.abc import Callable, Mapping

from signaling.choosing import Importance, choose
from signaling.engine import MediaEvent, PicturesChanged, SlotsChanged, Space
from signaling.media_seat import Seat
from signaling.upstream import Upstream


class Switching:
    """Gives every stream its outputs. Who may receive what was decided when a seat was placed:
    only streams that are open are ever connected."""

    def __init__(self, seats: Mapping[str, Seat], emit: Callable[[MediaEvent], None]) -> None:
        self.seats = seats
        self.importance = Importance()
        self._emit = emit

    def upstreams(self) -> list[Upstream]:
        """Of the connections that carry media now."""
        return [
            upstream
            for seat in self.seats.values()
            if seat.publisher is not None
            for upstream in seat.publisher.upstreams
        ]

    def route(self, now: int) -> None:
        """Give every subscriber the tracks of its space and the camera that is shown to it, and
        every stream its outputs."""
        by_space: dict[Space | None, list[Upstream]] = {}
        for upstream in self.upstreams():
            started = upstream.open and upstream.last_packet is not None
            if started and (upstream.live or upstream.track.source != "screen"):
                by_space.setdefault(self.seats[upstream.track.seat].space, []).append(upstream)
        for seat in self.seats.values():
            subscriber = seat.subscriber
            if subscriber is None:
                continue
            there = by_space.get(seat.space, []) if seat.space is not None else []
            waits = [item for item in by_space.get(None, []) if item.track.seat == seat.shown]
            there = [item for item in there if self._reaches(item, seat)] + waits
            there = [item for item in there if item.track not in seat.withheld]
            seat.sees = [item for item in there if item.track.seat != seat.id]
            weights = self.importance.weights(seat.viewer, seat.sees)
            if subscriber.assign(seat.sees, weights):
                self._emit(SlotsChanged(seat.id, subscriber.connection, subscriber.carried()))
            self.decide(seat, now)
        self.connect()

    def decide(self, seat: Seat, now: int) -> bool:
        """Choose what the slots of one seat carry, and tell its page. True: connect anew."""
        if seat.subscriber is None:
            return False
        choice = choose(seat.subscriber, seat.viewer, self.importance, seat.sees, now)
        if choice.pictures != seat.viewer.pictures:
            seat.viewer.pictures = choice.pictures
            self._emit(PicturesChanged(seat.id, choice.pictures))
        return choice.changed

    def connect(self) -> None:
        """Every stream feeds exactly the slots that say so."""
        for upstream in self.upstreams():
            upstream.unplug()
        for seat in self.seats.values():
            for slot in seat.subscriber.slots if seat.subscriber else ():
                if slot.stream is not None and slot.stream.upstream is slot.source:
                    slot.stream.outputs = (*slot.stream.outputs, slot)
                if slot.next is not None and slot.next.upstream is slot.source:
                    slot.next.waiting = (*slot.next.waiting, slot)

    def _reaches(self, upstream: Upstream, listener: Seat) -> bool:
        """Whether a stream of the listener's space is for the listener: a microphone in a channel
        is for nobody but those who chose that channel."""
        channel = self.seats[upstream.track.seat].speaks
        return not channel or upstream.codec != "opus" or channel == listener.listens
