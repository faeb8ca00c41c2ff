"""One live sitting: the door for its pages, its commands, its seconds and its media events.

Commands of one sitting run one after another under its lock; the proof of recording and waiting
for a checkpoint happen outside it.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from msgspec.structs import replace

from errors import Refusal
from sessions.phase import Phase, Step
from sessions.sitting import Sitting
from signaling import conducting, effects, presence, record
from signaling import facts as f
from signaling import messages as m
from signaling.apply import apply_all
from signaling.audience import Audience, pictures_message, slots_message
from signaling.change import Changes, Tools
from signaling.engine import (
    Connected,
    Disconnected,
    HearingSpace,
    MediaEvent,
    MediaRoom,
    PicturesChanged,
    RoomBack,
    RoomLost,
    SlotsChanged,
    Speaking,
    TrackId,
    TrackSilent,
    TrackStarted,
    Wish,
)
from signaling.guards import Who
from signaling.journal import LEGAL
from signaling.line_quality import Sample
from signaling.listening import Listening, is_deaf
from signaling.metrics import SittingFigures, people_in
from signaling.on_record import OnRecord
from signaling.page import NORMAL, TICKET, Page
from signaling.ports import ExhibitDesk, RecordAlarm
from signaling.room import decide
from signaling.routing import space_of
from signaling.sight import Sight, sight
from signaling.state import Place, Room, SeatLive, known_identity
from signaling.writing import Also

TELL_AGAIN = timedelta(seconds=30)


class LiveRoom:
    """Belongs to one event loop. Methods may be cancelled: a change that has begun is finished."""

    def __init__(self, tools: Tools, room: Room) -> None:
        self._tools = tools
        self.changes = Changes(tools, room)
        self._audience = Audience(self.changes)
        self._on_record = OnRecord(self.changes)
        self.changes.tell = self._tell
        self._shown: Sight | None = None
        self._seen: dict[str, datetime] = {}
        self._turned_away: dict[str, datetime] = {}
        """Seats that were refused, and when the hosts are told again."""
        self._listening = Listening()

    @property
    def id(self) -> str:
        """The sitting's id."""
        return self.changes.id

    @property
    def room(self) -> Room:
        """The state now."""
        return self.changes.room

    @property
    def media(self) -> MediaRoom:
        """The media room."""
        return self.changes.media

    @property
    def pages(self) -> dict[str, Page]:
        """Pages that are in, by seat."""
        return self._audience.pages

    @property
    def over(self) -> bool:
        """The sitting has ended and everything of it is closed."""
        return self.changes.over

    @property
    def deserted(self) -> bool:
        """Nobody is here, and nothing is recorded."""
        live = self.room.live
        present = any(seat.present for seat in live.seats.values())
        return not self.pages and not present and live.record not in ("starting", "recording")

    @property
    def sight(self) -> Sight:
        """What there is to see now."""
        return sight(self.room, self._audience.lines, self._tools.clock())

    def _tell(self, facts: list[f.Fact]) -> None:
        self._audience.tell(facts)
        self._watch()

    def _watch(self) -> None:
        """Rooms on the right hear what changed, in the order in which it changed."""
        now = self.sight
        if not now.same(self._shown):
            self._shown = now
            for watch in self._tools.watches:
                watch(now)

    # --- opening ---------------------------------------------------------------------------------

    async def open(self, *, seen_at: datetime | None = None) -> None:
        """Open the media room. `seen_at`: the room was kept before, until then."""
        self.changes.media = await self._tools.engine.open(self.id, self._on_media)
        if seen_at is not None:
            await self.changes.commit(presence.restored(self.room, seen_at))
            if self.room.live.epoch is not None:
                await self._tools.desk.resume_after_restart(self.id, self.media)
        effects.enter(self.media, self.room)

    # --- pages -----------------------------------------------------------------------------------

    async def join(self, page: Page) -> None:
        """A page comes in; it gets `welcome`. Raises Refusal."""
        await self.changes.finish(self._join(page))

    async def _join(self, page: Page) -> None:
        async with self.changes.lock:
            now = self._tools.clock()
            facts = presence.open_lobby(self.room, now)
            room = apply_all(self.room, facts, now)
            gone_since = self._gone_since(page.seat)
            facts += presence.arrive(
                room,
                page.seat,
                now,
                client=page.client,
                gone_since=gone_since,
                deaf=is_deaf(self.media.report().get(page.seat)),
                deputy=page.who.deputy,
            )
            await self.changes.commit(facts, page.who.actor)
            self._seen[page.seat] = now
            self.media.watch(page.seat, None)  # until this page says what it shows
            self._audience.welcome(page, facts)

    def _gone_since(self, seat: str) -> datetime | None:
        """Since when nothing was heard of a seat that still counts as present."""
        report = self.media.report().get(seat)
        if report is not None and report.connected:
            return None
        seen, page = self._seen.get(seat), self.pages.get(seat)
        if page is not None:
            seen = max(seen or page.heard_at, page.heard_at)
        return seen

    def gone(self, page: Page) -> None:
        """The socket is closed. The seat stays; `tick` decides when its person is away."""
        if self._audience.drop(page):
            self._seen[page.seat] = self._tools.clock()

    def show(self, page: Page) -> None:
        """Send the whole state to one page."""
        self._audience.show(page)

    async def expel(self, page: Page, reason: str, refusal: Refusal | None = None) -> None:
        """The person of a page may not be here any more (signed out, not an officer of the room
        any more): it hears why, and its media ends at once. The seat keeps its place."""
        await self.changes.finish(self._expel(page, reason, refusal))

    async def _expel(self, page: Page, reason: str, refusal: Refusal | None) -> None:
        async with self.changes.lock:
            if self.over or self.pages.get(page.seat) is not page:
                return
            now = self._tools.clock()
            self._audience.drop(page)
            self._seen[page.seat] = now
            page.bye(reason, TICKET, refusal)
            await self.changes.let_go(page.seat)
            await self.changes.commit(presence.lost(self.room, page.seat, now))

    # --- commands --------------------------------------------------------------------------------

    async def command(
        self, page: Page, command: m.Command, who: Who | None = None, *, also: Also | None = None
    ) -> None:
        """Run a command and answer `ok` when it is on disk (a legal act: signed).

        `who`: the page's person with a confirmation of this command. `also`: what belongs to the
        command's unit of work. Raises Refusal, having changed nothing.
        """
        await self.changes.finish(self._command(page, command, who or page.who, also))

    async def _command(self, page: Page, command: m.Command, who: Who, also: Also | None) -> None:
        try:
            if isinstance(command, m.OnRecord):
                index = await self._on_record.start(who)
            else:
                index = await self._run(who, command, also)
            if index is not None and m.name(command) in LEGAL:
                await self._tools.log.wait_covered(index)
            page.answer(command.id)
        finally:
            if self.over:
                self._audience.say_goodbye()
        if isinstance(command, m.Leave):
            self.gone(page)
            page.bye("left", NORMAL)
            async with self.changes.lock:
                if not self.over:
                    await self.changes.let_go(page.seat)

    async def _run(self, who: Who, command: m.Command, also: Also | None) -> int | None:
        async with self.changes.lock:
            facts = decide(self.room, who, command, self._tools.clock())
            return await self.changes.commit(facts, who.actor, also=also)

    async def follow(self, seat: str, states: Mapping[str, f.StepState]) -> None:
        """The agenda as the act of the sitting says (`Kind.agenda_by_act`)."""
        await self.changes.finish(self._follow(seat, states))

    async def _follow(self, seat: str, states: Mapping[str, f.StepState]) -> None:
        async with self.changes.lock:
            if not self.over:
                await self.changes.commit(conducting.follow(self.room, seat, states))

    # --- time ------------------------------------------------------------------------------------

    async def tick(self) -> None:
        """Once a second: presence, lines, the record's status, an interrupted record."""
        await self.changes.finish(self._tick())

    async def _tick(self) -> None:
        now = self._tools.clock()
        async with self.changes.lock:
            if self.over:
                return
            for seat, since in self._look_who_is_here(now):
                await self.changes.commit(presence.lost(self.room, seat, since))
            await self._look_who_hears(now)
            self._on_record.check()
        if self._look_at_lines(now):
            self._tell([])
        if self.room.live.record == "recording":
            self._audience.tell_status(now)
        self._on_record.maybe_resume(now)

    def _look_who_is_here(self, now: datetime) -> list[tuple[str, datetime]]:
        report = self.media.report()
        lost = []
        for seat, live in self.room.live.seats.items():
            if not live.present:
                continue
            line, page = report.get(seat), self.pages.get(seat)
            since = self._seen.setdefault(seat, now)
            if page is not None:  # an open socket says nothing: it must be heard of
                since = max(since, page.heard_at)
            if line is not None and line.connected:
                since = max(since, now - timedelta(seconds=line.unheard_for or 0.0))
            self._seen[seat] = since
            if now - since >= presence.AWAY:
                lost.append((seat, since))
        return lost

    async def _look_who_hears(self, now: datetime) -> None:
        for seat, cut, at in list(self._listening.look(self.room, self.media.report(), now)):
            change = presence.line_cut if cut else presence.line_back
            await self.changes.commit(change(self.room, seat, at))

    def _look_at_lines(self, now: datetime) -> bool:
        report = self.media.report()
        lines = self._audience.lines.items()
        changed = [meter.update(report.get(seat), now) for seat, meter in lines]
        return any(changed)

    # --- media and the record --------------------------------------------------------------------

    def line(self, page: Page, line: m.Line) -> None:
        """The page's own measurement."""
        sample = Sample(
            line.loss_up,
            line.loss_down,
            line.round_trip_ms,
            line.freezes,
            weak_device=line.weak_device,
        )
        self._audience.lines[page.seat].page(sample, self._tools.clock())

    def layout(self, page: Page, layout: m.Layout) -> None:
        """What the page shows; a page that lost its seat has no say."""
        if self.pages.get(page.seat) is page:
            shown = layout.tracks
            wishes = {TrackId(i.seat, i.source): Wish(i.width, i.height) for i in shown}
            self.media.watch(page.seat, wishes, layout.audio_only)

    def turned_away(self, seat: str) -> None:
        """The server had no room for somebody: the hosts are told whom the sitting waits for in
        vain. Their page tries again and again, they are told every half minute."""
        now = self._tools.clock()
        if now < self._turned_away.get(seat, now):
            return
        self._turned_away[seat] = now + TELL_AGAIN
        for host in self.room.hosts():
            if (page := self.pages.get(host)) is not None:
                page.event("no_room", {"seat": seat})

    def figures(self) -> SittingFigures:
        """For operators: ids, codes and numbers, nobody's name."""
        room = self.room
        return SittingFigures(
            sitting=self.id,
            kind=room.sitting.kind,
            phase=room.live.phase.value,
            record=room.live.record,
            people=people_in(room),
            roles={seat.id: seat.role.value for seat in room.sitting.seats},
            lines=self.media.report(),
            grades={seat: meter.grade for seat, meter in self._audience.lines.items()},
            reasons={seat: meter.reasons for seat, meter in self._audience.lines.items()},
            freezes={seat: meter.freezes for seat, meter in self._audience.lines.items()},
            alarms=room.live.alarms,
        )

    def alarm(self, alarm: RecordAlarm) -> None:
        """Something is wrong with the record. Never waits."""
        tracks = tuple((item.seat, item.source) for item in alarm.tracks)
        self._on_record.alarm(alarm.code, tracks, suspends=alarm.suspends)

    def _on_media(self, event: MediaEvent) -> None:
        match event:
            case Connected(_, _, "subscribe"):
                self.changes.spawn(self._heard_again())
            case SlotsChanged(seat, connection, slots):
                self._send(seat, slots_message(connection, slots))
            case PicturesChanged(seat, pictures):
                self._send(seat, pictures_message(pictures))
            case Disconnected(seat, connection, direction):
                lost = {"type": "media_lost", "connection": connection, "direction": direction}
                self._send(seat, lost)
            case Speaking(space, seats):
                self._audience.tell_speaking(space, seats)
                if isinstance(space, HearingSpace):
                    self._tools.desk.speaking(self.id, seats)
            case TrackSilent(track):
                self.changes.spawn(self._silence(track.seat, track.source, True))
            case TrackStarted(track):
                self.changes.spawn(self._silence(track.seat, track.source, False))
            case RoomLost():
                self.changes.spawn(self._media_lost())
            case RoomBack(seconds):
                self.changes.spawn(self._media_back(seconds))

    async def _heard_again(self) -> None:
        """A line is back: do not wait for the next second to say so."""
        async with self.changes.lock:
            if not self.over:
                await self._look_who_hears(self._tools.clock())

    def _send(self, seat: str, message: dict[str, Any]) -> None:
        page = self.pages.get(seat)
        if page is not None:
            page.socket.send(message)

    async def _media_lost(self) -> None:
        """Nothing is recorded of what nobody hears: the record is interrupted, and goes on when
        it can be proved again."""
        async with self.changes.lock:
            if not self.over:
                now = self._tools.clock()
                stopped = record.interrupted(self.room, "media.lost", now)
                await self.changes.commit([f.MediaInterrupted(), *stopped])

    async def _media_back(self, seconds: float) -> None:
        async with self.changes.lock:
            if not self.over:
                await self.changes.commit([f.MediaRestored(round(seconds * 1000))])

    async def _silence(self, seat: str, source: str, silent: bool) -> None:
        """Written down for the hearing only: what happens in a private room is not."""
        async with self.changes.lock:
            live = self.room.live.seats.get(seat)
            if self.over or live is None or (source in live.silent) == silent:
                return
            if silent and (live.place is not Place.HEARING or space_of(self.room, seat) is None):
                return
            await self.changes.commit([f.MediaSilent(seat, source, silent)])

    # --- the booking side, and the end of the process --------------------------------------------

    async def cancelled(self, sitting: Sitting) -> None:
        """The booking side cancelled the sitting while its lobby was open."""
        await self.changes.finish(self._cancel(sitting))

    async def _cancel(self, sitting: Sitting) -> None:
        async with self.changes.lock:
            if self.over:
                return
            fact = f.PhaseChanged(Step.CANCEL, Phase.CANCELLED, "", sitting.outcome_reason)
            await self.changes.commit([fact])
            self._audience.say_goodbye()

    async def moved(self, sitting: Sitting) -> None:
        """The booking side changed time or seats. Phase and publicity are ours."""
        async with self.changes.lock:
            live = self.room.live
            new = {
                seat.id: SeatLive(identity=known_identity(seat))
                for seat in sitting.seats
                if seat.id not in live.seats
            }
            live = replace(live, seats={**live.seats, **new})
            before, after = self.room, Room(sitting, self.room.kind, live, self.room.exhibits)
            effects.restrict(self.media, before, after)  # who is screened now gets nothing more
            self.changes.room = after
            effects.release(self.media, before, after)
            self._audience.know_seats()
            self._audience.tell([])

    async def filed(self, desk: ExhibitDesk) -> None:
        """Something was filed or taken back."""
        async with self.changes.lock:
            exhibits = await desk.of_sitting(self.id)
            self.changes.room = self.room.with_exhibits(exhibits)
            self._audience.tell([])

    async def close(self) -> None:
        """The process ends, or nobody is here any more. The room stays in the database."""
        self._audience.say_restart()
        await self.changes.close()
