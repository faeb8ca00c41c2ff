"""What Prometheus is told (`/metrics`): no personal data, only opaque ids of sittings and seats.

The figures are read when somebody asks; nothing is counted twice.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from signaling.engine import LineReport
from signaling.gate import Gate
from signaling.load import WorkerLoad
from signaling.state import Place, RaisedAlarm, Room

RECORD_STATES = ("off", "starting", "recording", "suspended", "interrupted", "forbidden")


REFUSALS = ("full", "busy", "down")


@dataclass(frozen=True, slots=True)
class SittingFigures:
    """One live sitting; what is of a seat, by its id. Grades and reasons as the clerk sees them."""

    sitting: str
    kind: str
    phase: str
    record: str
    people: int
    lines: Mapping[str, LineReport]
    grades: Mapping[str, str]
    reasons: Mapping[str, Sequence[str]]
    roles: Mapping[str, str]
    freezes: Mapping[str, int]
    alarms: Sequence[RaisedAlarm] = ()
    """Of the record, the newest last."""


def people_in(room: Room) -> int:
    """Whoever has a place: also those whose connection is lost."""
    outside = (Place.OUTSIDE, Place.REMOVED)
    return sum(seat.place not in outside for seat in room.live.seats.values())


class _Live(Collector):
    def __init__(self, gate: Gate, sittings: Iterable[SittingFigures]) -> None:
        self._gate = gate
        self._sittings = list(sittings)

    def collect(self) -> Iterator[Metric]:
        """See prometheus_client."""
        yield from self._processes()
        yield from self._records()
        yield from self._lines()

    def _processes(self) -> Iterator[Metric]:
        loads = [*self._gate.workers()]
        if all(load.name != "main" for load in loads):
            loads.append(self._gate.main.load())
        gauges: dict[str, tuple[str, Callable[[WorkerLoad], float]]] = {
            "up": ("1 while the process carries media", lambda load: float(load.up)),
            "cpu_ratio": ("Share of one core", lambda load: load.cpu),
            "loop_lag_p99_seconds": ("Lateness of the event loop", lambda load: load.lag_p99),
            "forwarded_per_second": ("Packets to subscribers", lambda load: load.forwarded),
            "rooms": ("Media rooms", lambda load: float(len(load.rooms))),
        }
        for name, (text, value) in gauges.items():
            family = GaugeMetricFamily(f"mahdar_worker_{name}", text, labels=["worker"])
            for load in loads:
                family.add_metric([load.name], value(load))
            yield family
        restarts = CounterMetricFamily(
            "mahdar_worker_restarts", "Workers that died", labels=["worker"]
        )
        packets = CounterMetricFamily(
            "mahdar_packets",
            "Packets by what became of them, of the rooms that are open",
            labels=["worker", "what"],
        )
        for load in loads:
            restarts.add_metric([load.name], load.restarts)
            total: dict[str, int] = {}
            for room in load.rooms:
                for what, count in room.counters.items():
                    total[what] = total.get(what, 0) + count
            for what, count in sorted(total.items()):
                packets.add_metric([load.name, what], count)
        yield restarts
        yield packets
        need = GaugeMetricFamily("mahdar_capacity_need", "Reckoned packets/s", labels=["worker"])
        may = GaugeMetricFamily("mahdar_capacity", "Packets/s it may carry", labels=["worker"])
        for item in self._gate.usage():
            need.add_metric([item.worker], item.need)
            may.add_metric([item.worker], item.capacity)
        yield need
        yield may
        refused = CounterMetricFamily(
            "mahdar_refused_joins", "Joins that were refused for want of room", labels=["reason"]
        )
        for reason in REFUSALS:
            found = [n for (_, why), n in self._gate.refusals.items() if why == reason]
            refused.add_metric([reason], sum(found))
        yield refused

    def _records(self) -> Iterator[Metric]:
        people = GaugeMetricFamily("mahdar_people", "Seats with a place", labels=["sitting"])
        record = GaugeMetricFamily(
            "mahdar_record_state", "1 for the state", labels=["sitting", "state"]
        )
        for item in self._sittings:
            people.add_metric([item.sitting], item.people)
            for state in RECORD_STATES:
                record.add_metric([item.sitting, state], float(item.record == state))
        yield people
        yield record
        raised = CounterMetricFamily(
            "mahdar_record_alarms", "Alarms of the record so far", labels=["sitting"]
        )
        unnoted = GaugeMetricFamily(
            "mahdar_record_alarm",
            "1 for an alarm of the record that no host took note of",
            labels=["sitting", "code"],
        )
        for item in self._sittings:
            raised.add_metric([item.sitting], item.alarms[-1].id if item.alarms else 0)
            for code in sorted({alarm.code for alarm in item.alarms if not alarm.noted_by}):
                unnoted.add_metric([item.sitting, code], 1.0)
        yield raised
        yield unnoted

    def _lines(self) -> Iterator[Metric]:
        figures = {
            "loss_up_ratio": "loss_up",
            "loss_down_ratio": "loss_down",
            "jitter_seconds": "jitter",
            "round_trip_seconds": "round_trip",
            "bitrate_up": "bitrate_up",
            "bitrate_down": "bitrate_down",
        }
        for name, attribute in figures.items():
            family = GaugeMetricFamily(
                f"mahdar_seat_{name}", "Line of a seat, last seconds", labels=["sitting", "seat"]
            )
            for item in self._sittings:
                for seat, line in item.lines.items():
                    value = getattr(line, attribute)
                    if value is not None:
                        family.add_metric([item.sitting, seat], value)
            yield family
        layers = GaugeMetricFamily(
            "mahdar_seat_sent_pictures",
            "Pictures that a seat is sent now, by layer (none: paused)",
            labels=["sitting", "seat", "layer"],
        )
        for item in self._sittings:
            for seat, line in item.lines.items():
                for layer, count in line.layers.items():
                    layers.add_metric([item.sitting, seat, layer], count)
        yield layers
        freezes = CounterMetricFamily(
            "mahdar_seat_freezes", "Frozen pictures, as the page counts", labels=["sitting", "seat"]
        )
        for item in self._sittings:
            for seat, count in item.freezes.items():
                freezes.add_metric([item.sitting, seat], count)
        yield freezes


def exposition(gate: Gate, sittings: Iterable[SittingFigures]) -> bytes:
    """The text format of Prometheus."""
    registry = CollectorRegistry()
    registry.register(_Live(gate, sittings))
    return generate_latest(registry)
