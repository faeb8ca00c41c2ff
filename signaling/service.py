"""The live rooms of this process: tickets, coming in, messages, restart.

One `LiveRoom` per sitting does the work; this is the door and the caretaker.
"""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncSession

from audit.service import AuditLog
from auth import policy, stepup
from auth.devices.device import unproved
from auth.person import Person
from auth.service import Accounts
from auth.session import Login
from clock import Clock
from database import Database
from errors import N_, Forbidden, Refusal
from sessions import store as booked
from sessions.kinds import KINDS
from sessions.phase import FINAL, Phase
from sessions.room_devices import RoomDevices
from sessions.seat import Seat
from sessions.service import Sittings
from sessions.sitting import Sitting
from sessions.standing import acts_for
from signaling import exhibits, hosting, presence, store
from signaling import facts as f
from signaling import messages as m
from signaling.change import Tools
from signaling.engine import MediaEngine, MediaRefused
from signaling.gate import Gate
from signaling.guards import Who, check
from signaling.live_room import LiveRoom
from signaling.metrics import SittingFigures, people_in
from signaling.page import Page, Socket
from signaling.ports import ExhibitDesk, RecordAlarm, RecordingDesk
from signaling.room import decide
from signaling.sight import Sight, Watch
from signaling.state import Place, Room, load, start
from signaling.writing import Also, Writer

_logger = structlog.get_logger(__name__)

KEEP_ALIVE = timedelta(seconds=60)
"""How often the browser session behind a page is looked at."""
FORGET_AFTER = timedelta(minutes=10)
"""A room without anybody is closed then, and opened again at the next hello."""
SIGN_OF_LIFE = timedelta(seconds=2)
"""How exactly a restart knows when the process before it ended."""


@dataclass(frozen=True, slots=True)
class Came:
    """A page that came in, and the room that it is in."""

    page: Page
    room: LiveRoom


class LiveRooms:
    """All live sittings of this process. `on_alarm` is for the recording desk."""

    def __init__(
        self,
        *,
        database: Database,
        log: AuditLog,
        accounts: Accounts,
        sittings: Sittings,
        engine: MediaEngine,
        desk: RecordingDesk,
        clock: Clock,
        gate: Gate | None = None,
        devices: RoomDevices | None = None,
    ) -> None:
        self.gate = gate
        self._devices = devices
        if gate is not None:
            gate.people = self.people
        self.engine = engine
        self.accounts = accounts
        self._database = database
        self._sittings = sittings
        self._clock = clock
        self._tools = Tools(Writer(database, log), log, engine, desk, clock)
        self.exhibits: ExhibitDesk | None = None
        """Set by the composition root; without it nothing was ever filed."""
        self._rooms: dict[str, LiveRoom] = {}
        self._doors: dict[str, asyncio.Lock] = {}
        self._deserted_since: dict[str, datetime] = {}
        self._caretaker: asyncio.Task[None] | None = None
        self._closed = False
        self._signed_at: datetime | None = None
        sittings.listeners.append(self.changed)
        database.listeners.append(self._announced)

    # --- the process -----------------------------------------------------------------------------

    async def restore(self) -> None:
        """Bring back every room that a former process kept, then start the caretaker.

        A room in which only a lobby was open comes back with the first page.
        """
        async with self._database.unit(write=False) as session:
            kept = await store.unsealed(session)
        for stored in kept:
            await self._restore(stored)
        self._caretaker = asyncio.create_task(self._take_care(), name="signaling.caretaker")

    async def _restore(self, stored: store.Stored) -> None:
        async with self._database.unit(write=False) as session:
            sitting = await booked.get_sitting(session, stored.sitting)
        if sitting is None:
            return
        if sitting.phase in FINAL:
            await self._seal(sitting, stored)
            return
        if sitting.phase is Phase.LOBBY:
            return
        live = await self._open(sitting)
        _logger.info("live.restored", sitting=sitting.id, phase=live.room.live.phase.value)

    async def _seal(self, sitting: Sitting, stored: store.Stored) -> None:
        """It was over, and the process ended before its record was closed."""
        if load(stored.snapshot).record != "forbidden":
            await self._tools.desk.close(sitting.id, "")
        await self._tools.writer.seal(sitting.id)

    def _with_snapshot(self, sitting: Sitting, snapshot: str) -> Room:
        """Seats that were booked since are there, as if nobody had looked at them."""
        room = start(sitting, KINDS[sitting.kind], self._clock())
        found = load(snapshot)
        return room.with_live(replace(found, seats={**room.live.seats, **found.seats}))

    async def close(self) -> None:
        """Say goodbye to all pages and close the media. Rooms stay as they are in the database."""
        self._closed = True
        if self._caretaker is not None:
            self._caretaker.cancel()
            await asyncio.gather(self._caretaker, return_exceptions=True)
        await asyncio.gather(*(room.close() for room in self._rooms.values()))
        self._rooms.clear()

    async def _take_care(self) -> None:
        while True:
            await asyncio.sleep(1)
            try:
                await self.tick()
            except Exception:  # one bad second must not leave all rooms without a caretaker
                _logger.exception("live.tick_failed")

    async def tick(self) -> None:
        """What is done every second for all rooms."""
        rooms = list(self._rooms.values())
        results = await asyncio.gather(*(room.tick() for room in rooms), return_exceptions=True)
        for room, result in zip(rooms, results, strict=True):
            if isinstance(result, Exception):
                _logger.error("live.room_tick_failed", sitting=room.id, exc_info=result)
            await self._maybe_forget(room)
        await self._sign_of_life()
        await self._keep_sessions()

    async def _maybe_forget(self, room: LiveRoom) -> None:
        """A room that is over, or that nobody came back to, is not kept in memory."""
        now = self._clock()
        if not room.over and not room.deserted:
            self._deserted_since.pop(room.id, None)
            return
        if not room.over and now - self._deserted_since.setdefault(room.id, now) < FORGET_AFTER:
            return
        async with self._door(room.id):
            if room.over or room.deserted:
                self._rooms.pop(room.id, None)
                self._deserted_since.pop(room.id, None)
                await room.close()

    async def _sign_of_life(self) -> None:
        now = self._clock()
        if self._signed_at is not None and now - self._signed_at < SIGN_OF_LIFE:
            return
        rooms = [room.id for room in self._rooms.values() if room.pages]
        if rooms:
            self._signed_at = now
            await self._tools.writer.seen(rooms, now)

    async def _keep_sessions(self) -> None:
        """A page in a sitting keeps its browser session; rights that ended end the page."""
        now = self._clock()
        for room, page in self._all_pages():
            kept = page.kept_at is not None and now - page.kept_at < KEEP_ALIVE
            if not kept or not page.who.still_deputy(now):
                page.kept_at = now
                await self._look_again(room, page)

    def _all_pages(self) -> list[tuple[LiveRoom, Page]]:
        return [(room, page) for room in self._rooms.values() for page in room.pages.values()]

    def _announced(self, topic: str, id: str) -> None:
        """A session ended, or somebody's rights changed: pages that live on them are looked at
        now, not at their next message."""
        for room, page in self._all_pages():
            seat = room.room.sitting.seat(page.seat)
            persons = {page.who.person.id, seat.person if seat else ""}
            if id == page.login if topic == "session" else id in persons:
                room.changes.spawn(self._look_again(room, page))

    async def _look_again(self, room: LiveRoom, page: Page) -> None:
        """Whether the person of a page may still be on its seat; if not, the page ends."""
        person = await self.accounts.keep_alive(page.login)
        if person is None:
            await room.expel(page, "signed_out")
            return
        try:
            _, seat = await self._sittings.seat_for(person, room.id, page.seat)
        except Refusal as refusal:
            if not room.over:
                await room.expel(page, "not_allowed", refusal)
            return
        page.who = await self._who(person, seat)

    async def _who(self, person: Person, seat: Seat) -> Who:
        async with self._database.unit(write=False) as session:
            operated = await booked.operated_rooms(session, person.id)
        operates = seat.room is not None and seat.room in operated and seat.person != person.id
        return Who(person, seat.id, operates, acts_for(person, seat))

    def on_alarm(self, alarm: RecordAlarm) -> None:
        """The desk can no longer prove a record."""
        room = self._rooms.get(alarm.sitting)
        if room is not None:
            room.alarm(alarm)

    async def changed(self, sitting_id: str) -> None:
        """The booking side changed a sitting."""
        room = self._rooms.get(sitting_id)
        if room is None:
            return
        sitting = await self._load(sitting_id)
        if sitting.phase in FINAL:
            await room.cancelled(sitting)
        else:
            await room.moved(sitting)

    def now(self) -> datetime:
        """The time of this process."""
        return self._clock()

    # --- the door --------------------------------------------------------------------------------

    async def ticket(
        self, login: Login, sitting_id: str, seat_id: str | None = None, *, address: str = ""
    ) -> tuple[str, str]:
        """A join ticket and its seat. Raises Refusal where this person may not come in now.

        `address`: the client's, for a detention room's device."""
        sitting, seat = await self._sittings.seat_for(login.person, sitting_id, seat_id)
        if login.person.station.device:
            await self._room_devices().check_network(login.person, address)
        live = self._rooms.get(sitting.id)
        room = live.room if live else start(sitting, KINDS[sitting.kind], self._clock())
        presence.open_lobby(room, self._clock())  # too early, or over
        if live is not None and room.at(seat.id).place is Place.REMOVED:
            raise presence.removed()
        if live is not None or room.live.phase is Phase.SCHEDULED:
            self._check_capacity(room, seat.id)
        return self.accounts.ticket(login, sitting.id, seat.id), seat.id

    async def hello(self, message: m.Hello, socket: Socket, *, address: str = "") -> Came:
        """A page comes in with its ticket; it gets `welcome`. Raises Refusal."""
        ticket, person = await self.accounts.redeem(message.ticket)
        sitting, seat = await self._sittings.seat_for(person, ticket.sitting, ticket.seat)
        if person.station.device:
            given = message.ticket, message.device
            await self._room_devices().join(person, sitting.id, *given, address)
        page = Page(
            await self._who(person, seat),
            ticket.session,
            message.client,
            message.language or person.language,
            socket,
            self._clock(),
        )
        async with self._door(sitting.id):
            live = await self._room(sitting)
            self._check_capacity(live.room, seat.id)
            await live.join(page)
        return Came(page, live)

    def _room_devices(self) -> RoomDevices:
        if self._devices is None:
            raise unproved()
        return self._devices

    def _check_capacity(self, room: Room, seat: str) -> None:
        """Who was let in once is never refused again, whatever became of the connection."""
        if self.gate is None or room.at(seat).place is not Place.OUTSIDE:
            return
        try:
            self.gate.check(room.sitting.id, host=room.is_host(seat))
        except Refusal:
            if live := self._rooms.get(room.sitting.id):
                live.turned_away(seat)
            raise

    def people(self) -> dict[str, int]:
        """How many are in each sitting that is live here: whoever has a place."""
        return {room.id: people_in(room.room) for room in self._rooms.values()}

    def present(self, sitting_id: str) -> frozenset[str]:
        """Seats that are in the hearing of a live sitting and connected now."""
        live = self._rooms.get(sitting_id)
        if live is None:
            return frozenset()
        seats = live.room.live.seats.items()
        return frozenset(id for id, one in seats if one.place is Place.HEARING and one.present)

    def clock_ms(self, sitting_id: str) -> int:
        """Milliseconds on the record's clock, now; 0 before it began."""
        live = self._rooms.get(sitting_id)
        epoch = live.room.live.epoch if live else None
        return int((self._clock() - epoch).total_seconds() * 1000) if epoch else 0

    async def agenda(self, sitting_id: str, seat: str, states: Mapping[str, f.StepState]) -> None:
        """The agenda of a live sitting follows the act that is done in it (`Kind.agenda_by_act`).
        Without a live room, or where it is so already, nothing happens."""
        live = self._rooms.get(sitting_id)
        if live is not None:
            await live.follow(seat, states)

    def watch(self, watch: Watch) -> None:
        """Tell `watch` after each change of a live room, from now on."""
        self._tools.watches.append(watch)

    def sight(self, sitting_id: str) -> Sight | None:
        """What there is to see of a live sitting now; None where nobody has come."""
        live = self._rooms.get(sitting_id)
        return live.sight if live else None

    async def filed(self, sitting_id: str) -> None:
        """An exhibit of the sitting was filed or taken back: its live room learns of it."""
        live = self._rooms.get(sitting_id)
        if live is not None and self.exhibits is not None:
            await live.filed(self.exhibits)

    def is_shown(self, sitting_id: str, seat: str, exhibit: str, page: int) -> bool:
        """Whether this seat is shown this page of an exhibit at this moment."""
        live = self._rooms.get(sitting_id)
        if live is None or live.room.sitting.seat(seat) is None:
            return False
        found, now = exhibits.shown_to(live.room, seat), live.room.live.showing
        return found is not None and now is not None and (found.id, now.page) == (exhibit, page)

    async def nudge(self, sitting_id: str) -> None:
        """Send the state of a live sitting to its pages again: something beside it changed."""
        live = self._rooms.get(sitting_id)
        if live is not None:
            await live.moved(live.room.sitting)

    def figures(self) -> list[SittingFigures]:
        """Every live sitting, for operators."""
        return [room.figures() for room in self._rooms.values() if not room.over]

    def _door(self, sitting_id: str) -> asyncio.Lock:
        """Opening, entering and forgetting a room exclude each other."""
        return self._doors.setdefault(sitting_id, asyncio.Lock())

    async def _room(self, sitting: Sitting) -> LiveRoom:
        """The room of a sitting; opened at the first hello. Needs the door."""
        if self._closed:
            raise Refusal(
                "server.restarts", N_("The server restarts. The page comes back by itself.")
            )
        live = self._rooms.get(sitting.id)
        if live is None:
            live = await self._open(sitting)
        elif any(seat.id not in live.room.live.seats for seat in sitting.seats):
            await live.moved(sitting)
        return live

    async def _open(self, sitting: Sitting) -> LiveRoom:
        async with self._database.unit(write=False) as session:
            stored = await store.find(session, sitting.id)
        if stored is None:
            room = start(sitting, KINDS[sitting.kind], self._clock())
        else:
            room = self._with_snapshot(sitting, stored.snapshot)
        presence.open_lobby(room, self._clock())  # refused before anything is opened
        if self.exhibits is not None:
            room = room.with_exhibits(await self.exhibits.of_sitting(sitting.id))
        live = LiveRoom(self._tools, room)
        await live.open(seen_at=stored.seen_at if stored else None)
        self._rooms[sitting.id] = live
        await self.filed(sitting.id)  # what was filed while the room was opened
        return live

    async def _load(self, sitting_id: str) -> Sitting:
        async with self._database.unit(write=False) as session:
            sitting = await booked.get_sitting(session, sitting_id)
        if sitting is None:
            raise LookupError(sitting_id)
        return sitting

    # --- messages --------------------------------------------------------------------------------

    async def receive(self, came: Came, message: m.Incoming) -> None:
        """Do what a page asks, and answer. Never raises for what a page can cause."""
        page, live = came.page, came.room
        page.heard_at = self._clock()
        try:
            await self._do(page, live, message)
        except Refusal as refusal:
            page.refuse(message.id, refusal)
        except MediaRefused as refused:
            page.refuse(message.id, media_refusal(refused))
        except Exception:
            _logger.exception("live.message_failed", sitting=live.id, type=m.name(message))
            page.refuse(message.id, _server_failed())

    async def _do(self, page: Page, live: LiveRoom, message: m.Incoming) -> None:
        match message:
            case m.Ping():
                page.socket.send({"type": "pong", "t": message.t})
            case m.Pong():
                pass
            case m.Hello():
                raise Refusal("protocol.hello_twice", N_("This page is in already."))
            case m.NextTicket():
                who, accounts = page.who, self.accounts
                found = accounts.next_ticket(who.person.id, page.login, live.id, who.seat)
                page.answer(message.id, ticket=found)
            case m.SetLanguage():
                page.language = message.language
                page.answer(message.id)
                live.show(page)
            case m.Line():
                live.line(page, message)
            case m.Layout():
                check(live.room, page.who, m.name(message))
                live.layout(page, message)
            case m.Publish() | m.Subscribe() | m.Answer():
                page.answer(message.id, **await self._media(page, live, message))
            case _:
                if live.pages.get(page.seat) is not page:
                    raise _not_this_page()
                await self._command(page, live, message)

    async def _command(self, page: Page, live: LiveRoom, command: m.Command) -> None:
        """Run a command; where the policy asks for it, with the confirmation of exactly this
        command in this sitting, which is used up in the act's own unit of work."""
        who, act = page.who, f"live.{m.name(command)}"
        if isinstance(command, m.ShowExhibit):
            await live.command(page, command, also=self._showing(live.id, command))
            return
        if not isinstance(command, m.LegalAct) or not policy.confirms(who.person, act):
            await live.command(page, command)
            return
        decide(live.room, who.once_sure(), command, self._clock())
        if isinstance(command, m.Admit):
            command = hosting.named(live.room, command)
        given = command.authorisation
        if given is None:
            raise _to_confirm(act, live.id, command)
        this = {
            "person": who.person.id,
            "login": page.login,
            "act": act,
            "object": live.id,
            "digest": command.digest(),
        }
        stepup = self.accounts.stepup
        async with self._database.unit(write=False) as session:
            level = await stepup.see(session, given, **this)

        async def take(session: AsyncSession) -> None:
            await stepup.take(session, given, **this)

        await live.command(page, command, who.sure_of_this(level), also=take)

    def _showing(self, sitting: str, command: m.ShowExhibit) -> Also:
        """What is shown was filed, and cannot be taken back any more."""

        async def note(session: AsyncSession) -> None:
            if self.exhibits is not None:
                await self.exhibits.shown(session, sitting, command.exhibit)

        return note

    async def _media(
        self, page: Page, live: LiveRoom, message: m.Publish | m.Subscribe | m.Answer
    ) -> dict[str, Any]:
        check(live.room, page.who, m.name(message))
        if live.pages.get(page.seat) is not page:
            raise _not_this_page()
        match message:
            case m.Publish():
                return {"sdp": await live.media.publish(page.seat, message.connection, message.sdp)}
            case m.Subscribe():
                return {"sdp": await live.media.subscribe(page.seat, message.connection)}
            case m.Answer():
                await live.media.subscribed(page.seat, message.connection, message.sdp)
                return {}

    def gone(self, came: Came) -> None:
        """The socket of a page is closed."""
        came.room.gone(came.page)

    def pages(self, sitting_id: str) -> Iterable[Page]:
        """Pages that are in a sitting now."""
        room = self._rooms.get(sitting_id)
        return tuple(room.pages.values()) if room else ()


def media_refusal(refused: MediaRefused) -> Refusal:
    """What a person is told of a description that the engine does not take."""
    return Refusal(
        refused.code,
        N_("Sound and picture could not be set up. Reload the page, or try another browser."),
        status=400,
    )


def _to_confirm(act: str, sitting: str, command: m.LegalAct) -> Refusal:
    refusal = stepup.needed(act, sitting, command.digest())
    if isinstance(command, m.Admit):
        refusal.params["seats"] = " ".join(command.seats)
    return refusal


def _server_failed() -> Refusal:
    return Refusal(
        "server.failed",
        N_("Something went wrong on our side and nothing was changed. Try again."),
        status=500,
    )


def _not_this_page() -> Refusal:
    return Forbidden(
        "protocol.taken_over", N_("Another page has this seat now. Close this one, or reload it.")
    )
