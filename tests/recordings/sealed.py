"""A house with one sealed record, made without a recorder: real keys, files, rows and leaves."""

import asyncio
import hashlib
import secrets
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import app
import migrate
import sessions.demo
from audit import leaf as leaves
from auth.assurance import PROFILES, Level, Method, of
from auth.person import Person
from recordings import cipher, keeper, keys, store
from recordings.access.acts import Actor
from recordings.recorder import Fact, keep
from recordings.segment import NO_LINK, Segment
from recordings.state import State
from recordings.track import Track
from sessions import store as sessions_store
from sessions.phase import Phase
from sessions.seat import SeatRole
from sessions.sitting import Sitting
from settings import Settings
from signaling.engine import TrackId
from tests.support.clock import SettableClock

LENGTH_MS = 6000
SEGMENTS = 4
KINDS = {"microphone": "opus", "camera": "vp8"}


@dataclass
class Kept:
    """The house, its people as sure as a password makes them, and its sealed records by kind."""

    house: app.House
    clock: SettableClock
    people: dict[str, Person]
    sittings: dict[str, Sitting]

    @property
    def sitting(self) -> Sitting:
        return self.sittings["civil_hearing"]

    def bench(self, kind: str = "civil_hearing") -> tuple[Person, Person]:
        """The presiding judge and the clerk of a sitting."""
        return self.holder(kind, SeatRole.PRESIDING_JUDGE), self.holder(kind, SeatRole.CLERK)

    def holder(self, kind: str, role: SeatRole) -> Person:
        seat = next(one for one in self.sittings[kind].seats if one.role is role and one.person)
        return next(one for one in self.people.values() if one.id == seat.person)

    def track(self, role: SeatRole, source: str = "microphone", kind: str = "civil_hearing") -> str:
        seat = next(one for one in self.sittings[kind].seats if one.role is role)
        return f"{seat.id}-{source}"

    async def types(self, sitting: str) -> list[str]:
        found = await self.house.log.leaves(sitting)
        return [leaves.decode(item.entry).type for item in found]

    async def last(self, sitting: str) -> leaves.Leaf:
        return leaves.decode((await self.house.log.leaves(sitting))[-1].entry)

    async def media(self, person: Person, viewing: str, track: str, seq: int) -> bytes:
        playback = self.house.playback
        flow = await playback.segment(person, self.sitting.id, viewing, track, seq)
        return b"".join([part async for part in flow])


def actor(person: Person) -> Actor:
    return Actor(person)


@asynccontextmanager
async def kept(folder: Path, now: datetime) -> AsyncIterator[Kept]:
    clock = SettableClock(now)
    settings = Settings(mode="demo", data_dir=folder / "var", record_min_free_bytes=1000)
    settings.data_dir.mkdir()
    await asyncio.to_thread(migrate.upgrade, settings.database)
    house = app.House(settings, clock)
    await house.open()
    try:
        given = settings, house.database, house.accounts, house.rooms
        seeded = await sessions.demo.seed(*given, house.sittings, clock)
        async with house.database.unit(write=False) as session:
            found = await sessions_store.sittings_in(session, frozenset(Phase))
        people = {
            name: replace(one, assurance=of(PROFILES["demo"], Method.PASSWORD, Level.HIGH, clock()))
            for name, one in seeded.people.items()
        }
        world = Kept(house, clock, people, {one.kind: one for one in found})
        for kind in ("civil_hearing", "criminal_hearing"):
            await seal(house, world.sittings[kind], clock())
        yield world
    finally:
        await house.close()


async def seal(house: app.House, sitting: Sitting, now: datetime) -> None:
    """Two tracks of every seat of the bench and of counsel, of four segments each."""
    key = keys.new_key()
    roles = (SeatRole.PRESIDING_JUDGE, SeatRole.CLERK, SeatRole.COUNSEL)
    seats = [one for one in sitting.seats if one.role in roles]
    stretch = secrets.token_hex(8)
    facts: list[Fact] = []
    for seat in seats:
        for source, codec in KINDS.items():
            facts += await asyncio.to_thread(
                _track, house, sitting.id, key, seat.id, source, codec, stretch
            )
    end_ms = LENGTH_MS * SEGMENTS
    async with house.database.unit() as session:
        await store.add(session, sitting.id, house.keyring.wrap(key), now)
        await store.set_state(session, sitting.id, State.RECORDING, epoch=now)
        await store.add_stretch(session, sitting.id, stretch, 0, 1000, seats[0].id)
        started: dict[str, leaves.JSON] = {
            "epoch": leaves.format_time(now),
            "start_ms": 0,
            "proved_ms": 1000,
        }
        started |= {"by": seats[0].id}
        await house.log.append(session, "rec.started", started, subject=sitting.id)
    async with house.database.unit() as session:
        await keeper.write(session, house.log, sitting.id, facts)
        await store.end_stretch(session, stretch, end_ms, "closed", seats[0].id)
        stopped: dict[str, leaves.JSON] = {"end_ms": end_ms, "reason": "closed", "by": seats[0].id}
        await house.log.append(session, "rec.stopped", stopped, subject=sitting.id)
    async with house.database.unit() as session:
        sealed_at = now + timedelta(milliseconds=end_ms)
        await store.set_state(session, sitting.id, State.AVAILABLE, sealed_at=sealed_at)
        closing = await keeper.closing_leaf(session, sitting.id)
        await house.log.append(session, "rec.closed", closing, subject=sitting.id)


def plain(track: str, seq: int) -> bytes:
    """Stands for the WebM of a segment."""
    return hashlib.sha256(f"{track}/{seq}".encode()).digest() * 8


def _track(
    house: app.House, sitting: str, key: bytes, seat: str, source: str, codec: str, stretch: str
) -> list[Fact]:
    track_key = keys.new_key()
    wrapped = keys.wrap(track_key, key)
    name = f"{seat}-{source}"
    track = Track(
        sitting=sitting,
        name=TrackId(seat, source),  # type: ignore[arg-type]
        codec=codec,  # type: ignore[arg-type]
        key=track_key,
        wrapped=wrapped,
    )
    facts: list[Fact] = [track]
    previous, link = cipher.NO_PREVIOUS, NO_LINK
    for seq in range(SEGMENTS):
        header = cipher.Header(
            sitting=sitting,
            track=name,
            seat=seat,
            source=source,
            codec=codec,
            stretch=stretch,
            seq=seq,
            start_ms=seq * LENGTH_MS,
            previous=previous,
            key=b64encode(wrapped).decode(),
            salt=cipher.new_salt(),
        )
        segment_key = cipher.derive(track_key, cipher.salt_of(header))
        sealer, data = cipher.Sealer(header, segment_key), plain(name, seq)
        content = sealer.begin() + sealer.seal(data)
        path = house.vault.path(sitting, name, seq)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        previous = hashlib.sha256(content).hexdigest()
        segment = Segment(
            track=name,
            seq=seq,
            stretch=stretch,
            start_ms=seq * LENGTH_MS,
            end_ms=(seq + 1) * LENGTH_MS,
            frames=1,
            lost=0,
            plain_size=len(data),
            size=len(content),
            sha256=previous,
            plain_sha256=hashlib.sha256(data).digest(),
        )
        fact = keep(segment, seat, source, codec, link)
        facts.append(fact)
        link = fact.link
    return facts
