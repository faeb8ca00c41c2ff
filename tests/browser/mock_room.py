"""The live room's back-end for tests of its pages: the real rules, the real media engine, no disk.

One sitting in memory. Commands go through `signaling.room.decide` and `signaling.view`, so that a
page is tested against what the server really says; sessions, tickets, database and recorder are
left out. Tests act for people without a page (`arrive`, `command`), break the link (`drop`), and
read what pages sent (`received`).
"""

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, TypeVar

from hypercorn.asyncio import serve
from hypercorn.config import Config
from quart import Quart, Response, request, websocket
from quart.wrappers import Websocket

import pages
from auth.assurance import Assurance, Level
from auth.devices.device import Station
from auth.person import Person, Role
from errors import Refusal
from sessions.alarm import DOUBTS
from sessions.kinds import KINDS
from sessions.phase import Phase
from sessions.seat import Seat, SeatRole
from sessions.sitting import Sitting
from settings import ROOT, Settings
from signaling import messages as m
from signaling import presence, record, state
from signaling.aiortc_engine import AiortcEngine
from signaling.apply import apply_all
from signaling.engine import MediaEvent, MediaRefused, SlotsChanged, Speaking
from signaling.facts import Fact, MissedUntil, RecordStarting
from signaling.guards import Who
from signaling.media_room import ForwardingRoom
from signaling.notices import notices
from signaling.ports import Proof, RecordStatus, TrackProof
from signaling.room import decide
from signaling.routing import routes
from signaling.view import Line, Surroundings, view
from signaling.view import record as record_view
from tests.support.papers import sheet
from tools.demo.server import free_port

T = TypeVar("T")
OK = {"", *DOUBTS}
"""A track with one of these is proved."""
SITTING = "a1b2c3d4e5f60718"
R = SeatRole
SEATS = (
    Seat("judge", R.PRESIDING_JUDGE, "القاضي سالم الظاهري", "Judge Salem Al Dhaheri", "a-judge"),
    Seat("clerk", R.CLERK, "مريم الكعبي", "Maryam Al Kaabi", "a-clerk"),
    Seat("prosecutor", R.PROSECUTOR, "أحمد البلوشي", "Ahmed Al Balooshi", "a-prosecutor"),
    Seat(
        "accused",
        R.ACCUSED,
        "عبدالله حسن محمود",
        "Abdullah Hassan Mahmoud",
        None,
        room="room-1",
        id_last4="7043",
    ),
    Seat(
        "counsel",
        R.COUNSEL,
        "هند المنصوري",
        "Hind Al Mansoori",
        "a-lawyer",
        represents=frozenset({"accused"}),
    ),
    Seat("victim", R.VICTIM, "راشد الشامسي", "Rashid Al Shamsi", "a-party", id_last4="1180"),
    Seat("interpreter", R.INTERPRETER, "سونيتا راو", "Sunita Rao", "a-interpreter"),
    Seat("witness", R.WITNESS, "فاطمة علي", "Fatima Ali", None, id_last4="4821"),
)
FULL = (
    *SEATS[:2],
    Seat("panel", R.PANEL_JUDGE, "القاضية عائشة النعيمي", "Judge Aisha Al Nuaimi", "a-panel"),
    *SEATS[2:6],
    Seat(
        "counsel2",
        R.COUNSEL,
        "سيف بن دلموك",
        "Saif Bin Dalmook",
        "a-lawyer2",
        frozenset({"victim"}),
    ),
    SEATS[6],
    Seat(
        "relay",
        R.INTERPRETER,
        "جوناثان فيذرستون",
        "Jonathan Featherstone",
        "a-relay",
        languages=("en", "ur", "sgn"),
    ),
    Seat("expert", R.EXPERT, "الدكتور وليد حداد", "Dr. Walid Haddad", "a-expert"),
    SEATS[7],
)
"""Twelve: a full court."""
MORE = (
    *FULL,
    *(
        Seat(f"victim{n}", R.VICTIM, f"المجني عليه {n}", f"Victim Number {n}", f"a-victim{n}")
        for n in range(2, 6)
    ),
)
"""Sixteen: more than there are pictures."""
ACCOUNT = {
    R.PANEL_JUDGE: Role.JUDGE,
    R.EXPERT: Role.EXPERT,
    R.PRESIDING_JUDGE: Role.JUDGE,
    R.CLERK: Role.CLERK,
    R.PROSECUTOR: Role.PROSECUTOR,
    R.ACCUSED: Role.FACILITY_OFFICER,
    R.COUNSEL: Role.LAWYER,
    R.VICTIM: Role.PARTY,
    R.INTERPRETER: Role.INTERPRETER,
    R.WITNESS: Role.GUEST,
}


def _now() -> datetime:
    return datetime.now(UTC)


class MockRoom:
    """One sitting, its sockets and its media. All of it lives on one event loop in a thread."""

    def __init__(
        self,
        kind: str = "criminal_hearing",
        starts_in: float = 0,
        seats: tuple[Seat, ...] = SEATS,
    ) -> None:
        found = next(item for item in KINDS.values() if item.code == kind)
        roles = {rule.role for rule in found.roles}
        seats = tuple(seat for seat in seats if seat.role in roles)
        sitting = Sitting(
            id=SITTING,
            kind=kind,
            case_number="118/2026",
            case_title="النيابة العامة ضد عبدالله حسن محمود",
            languages=("ar", "en"),
            starts_at=_now() + timedelta(seconds=starts_in),
            duration=timedelta(minutes=90),
            phase=Phase.LOBBY,
            public=True,
            seats=seats,
        )
        self.room = state.start(sitting, found, _now())
        self.sockets: dict[str, tuple[str, Websocket]] = {}
        self.languages: dict[str, str] = {}
        self.pages: list[tuple[str, int]] = []
        """Pages of exhibits that were fetched."""
        self.received: list[tuple[str, dict[str, Any]]] = []
        self.paused: set[str] = set()
        """Seats whose camera the line does not carry."""
        self.hellos: dict[str, list[str]] = {}
        self.lines: dict[str, Line] = {}
        self.bad_tracks: dict[tuple[str, str], str] = {}
        self.verified_at: datetime | None = None
        self.tickets_refused: Refusal | None = None
        self.closed_to_sockets = False
        self.media: ForwardingRoom | None = None
        self.loop: asyncio.AbstractEventLoop | None = None

    # --- what tests do (any thread) ------------------------------------------------------------

    def run(self, work: Callable[[], Awaitable[T]]) -> T:
        """Run `work` on the server's loop and wait for it."""
        assert self.loop is not None
        future: Future[T] = asyncio.run_coroutine_threadsafe(_call(work), self.loop)
        return future.result(20)

    def arrive(self, *seats: str) -> None:
        """People without a page are there, with camera and microphone on."""

        async def work() -> None:
            for seat in seats:
                await self._make(
                    presence.arrive(
                        self.room, seat, _now(), client=f"no-page-{seat}", gone_since=None
                    )
                )
                await self._decide(seat, m.Sources(microphone=True, camera=True))

        self.run(work)

    def command(self, seat: str, command: m.Command) -> None:
        """Somebody without a page acts."""
        self.run(lambda: self._decide(seat, command))

    def alarm(self) -> None:
        """The record can no longer be proved."""
        self.run(lambda: self._make(record.lost(self.room, "record.track_silent", _now())))

    def warn(self, seat: str) -> None:
        """The picture of a seat is black."""
        self.bad_tracks[seat, "camera"] = "record.black"
        tracks = ((seat, "camera"),)
        self.run(lambda: self._make(record.warned(self.room, "record.black", tracks)))

    def miss(self, seat: str) -> None:
        """Somebody heard nothing for half a minute, until now."""
        now = _now()
        fact = MissedUntil(seat, now - timedelta(seconds=31), now, "disconnected")
        self.run(lambda: self._make([fact]))

    def speak(self, *seats: str) -> None:
        """These are the loudest."""
        self.run(lambda: self._to_all({"type": "speaking", "seats": list(seats)}))

    def drop(self, seat: str, code: int = 1012) -> None:
        """The seat's socket breaks."""

        async def work() -> None:
            if seat in self.sockets:
                await self.sockets[seat][1].close(code)

        self.run(work)

    def forget_media(self, seat: str) -> None:
        """The server loses both connections of a seat without a word, as a killed one does."""

        async def work() -> None:
            assert self.media is not None
            await self.media.leave(seat)
            await self._make([])

        self.run(work)

    def last(self, kind: str) -> dict[str, Any] | None:
        """The newest message of this type that any page sent."""
        return next((body for _, body in reversed(self.received) if body["type"] == kind), None)

    # --- the server's side ---------------------------------------------------------------------

    def who(self, seat: str) -> Who:
        """The person on a seat; the detained person's is the officer."""
        booked = self.room.seat(seat)
        role = ACCOUNT[booked.role]
        person = Person(
            booked.person or ("officer" if booked.room else f"guest:{seat}"),
            role,
            booked.name_ar,
            booked.name_en,
            sitting=SITTING if role is Role.GUEST else None,
            seat=seat if role is Role.GUEST else None,
            assurance=Assurance(Level.HIGH, each_act=False),
            station=Station(demanded=False),
        )
        return Who(person, seat, operates_room=booked.room is not None)

    async def _decide(self, seat: str, command: m.Command) -> None:
        facts = decide(self.room, self.who(seat), command, _now())
        await self._make(facts)
        if any(isinstance(fact, RecordStarting) for fact in facts):
            await asyncio.sleep(0.05)
            self.verified_at = _now()
            proof = Proof(self.room.live.epoch or _now(), _now(), 1000, self._tracks())
            await self._make(record.proven(self.room, seat, proof, _now()))

    def _tracks(self) -> tuple[TrackProof, ...]:
        return tuple(
            TrackProof(seat.id, source, (code := self.bad_tracks.get((seat.id, source), "")) in OK,
                       code, -24 if source == "microphone" else None,
                       112 if source == "camera" else None, _now() - timedelta(seconds=1))
            for seat in self.room.sitting.seats
            for source in ("microphone", "camera")
            if self.room.at(seat.id).place is state.Place.HEARING
            and self.room.at(seat.id).present
        )  # fmt: skip

    async def _make(self, facts: list[Fact]) -> None:
        self.room = apply_all(self.room, facts, _now())
        if self.media is not None:
            for seat, route in routes(self.room).items():
                self.media.tune(seat, route.speaks, route.listens)
                self.media.permit(seat, route.sources)
                self.media.place(seat, route.space)
            for seat, route in routes(self.room).items():
                self.media.show(seat, route.looks_at)
        for seat in list(self.sockets):
            await self._send_state(seat)
        for notice in notices(self.room, facts):
            for seat in notice.to & self.sockets.keys():
                event = {"type": "event", "name": notice.name, "params": notice.params}
                await self._send(seat, event)

    def _around(self) -> Surroundings:
        now = _now()
        verified = self.verified_at or now
        if self.room.live.record == "recording" and OK.issuperset(self.bad_tracks.values()):
            verified = self.verified_at = now - timedelta(seconds=1)
        live = self.room.live
        status = RecordStatus(live.record, live.record_since, verified, self._tracks(), 0)
        return Surroundings(now, status, self.lines)

    def state(self, seat: str) -> dict[str, Any]:
        """What this seat sees now."""
        return view(self.room, self.who(seat), self.languages.get(seat, "en"), self._around())

    async def _send_state(self, seat: str) -> None:
        await self._send(seat, {"type": "state", "state": self.state(seat)})

    async def _send(self, seat: str, message: dict[str, Any]) -> None:
        if seat in self.sockets:
            await self.sockets[seat][1].send(json.dumps(message))

    async def _to_all(self, message: dict[str, Any]) -> None:
        for seat in list(self.sockets):
            await self._send(seat, message)

    def _media_event(self, event: MediaEvent) -> None:
        message: dict[str, Any] | None = None
        seats = list(self.sockets)
        if isinstance(event, SlotsChanged):
            seats = [event.seat]
            slots = {mid: {"seat": t.seat, "source": t.source} for mid, t in event.slots.items()}
            message = {"type": "slots", "connection": event.connection, "slots": slots}
        elif isinstance(event, Speaking):
            message = {"type": "speaking", "seats": list(event.seats)}
        if message is None:
            return
        for seat in seats:
            task = asyncio.ensure_future(self._send(seat, message))
            task.add_done_callback(lambda done: done.exception())

    async def tick(self) -> None:
        """What the server sends every second while on record."""
        while True:
            await asyncio.sleep(1)
            around = self._around()
            for seat in list(self.sockets):
                if self.room.live.record == "recording":
                    host = self.room.is_host(seat)
                    part = record_view(
                        self.room, around, self.languages.get(seat, "en"), host=host, inside=True
                    )
                    await self._send(seat, {"type": "record", "record": part})

    # --- one socket ----------------------------------------------------------------------------

    async def talk(self, socket: Websocket) -> None:
        """The conversation with one page."""
        hello = json.loads(await socket.receive())
        if self.closed_to_sockets:
            await socket.close(1012)
            return
        seat, client = hello["ticket"], hello["client"]
        self.hellos.setdefault(seat, []).append(client)
        old = self.sockets.get(seat)
        self.sockets[seat] = (client, socket)
        self.languages[seat] = hello.get("language", "en")
        if old is not None and old[0] != client:
            await old[1].send(json.dumps({"type": "bye", "reason": "taken_over"}))
            await old[1].close(4409)
        try:
            facts = presence.arrive(self.room, seat, _now(), client=client, gone_since=None)
        except Refusal:
            await socket.close(4403)
            return
        await self._make(facts)
        now = _now().isoformat().replace("+00:00", "Z")
        welcome = {"type": "welcome", "you": seat, "now": now, "state": self.state(seat)}
        await socket.send(json.dumps(welcome))
        try:
            while True:
                await self._take(seat, str(await socket.receive()))
        finally:
            if self.sockets.get(seat, ("", None))[1] is socket:
                del self.sockets[seat]

    async def _take(self, seat: str, text: str) -> None:
        body = json.loads(text)
        self.received.append((seat, body))
        try:
            answer = await self._answer(seat, m.parse(text))
        except Refusal as refusal:
            answer = {
                "type": "refused",
                "code": refusal.code,
                "message": refusal.message,
                "params": refusal.params,
            }
        except MediaRefused as refused:
            answer = {"type": "refused", "code": refused.code, "message": "", "params": {}}
        if answer is not None:
            await self._send(seat, {**answer, "id": body.get("id")})

    async def _answer(self, seat: str, message: m.Incoming) -> dict[str, Any] | None:
        assert self.media is not None
        ok: dict[str, Any] = {"type": "ok"}
        if isinstance(message, m.Ping):
            return {"type": "pong", "t": message.t}
        if isinstance(message, m.Pong | m.Line | m.Hello):
            return None
        if isinstance(message, m.NextTicket):
            return ok | {"ticket": seat}
        if isinstance(message, m.SetLanguage):
            self.languages[seat] = message.language
            await self._send_state(seat)
            return ok
        if isinstance(message, m.Publish):
            return ok | {"sdp": await self.media.publish(seat, message.connection, message.sdp)}
        if isinstance(message, m.Subscribe):
            return ok | {"sdp": await self.media.subscribe(seat, message.connection)}
        if isinstance(message, m.Answer):
            await self.media.subscribed(seat, message.connection, message.sdp)
            return ok
        if isinstance(message, m.Layout):
            # Every picture is sent here, seen or not; `paused` only says that some are not.
            pictures = [
                {
                    "seat": item.seat,
                    "source": item.source,
                    "layer": None if item.seat in self.paused else "h",
                    "why": "line" if item.seat in self.paused else "none",
                }
                for item in message.tracks
            ]
            await self._send(seat, {"type": "pictures", "pictures": pictures})
            return None
        await self._decide(seat, message)
        return ok


async def _call(work: Callable[[], Awaitable[T]]) -> T:
    return await work()


def application(mock: MockRoom) -> Quart:
    """The pages, their static files, the ticket and the socket."""
    app = Quart("mock", root_path=str(ROOT), static_folder=None)
    pages.init_app(app, Settings(mode="demo"))

    @app.get("/mock/room/<seat>")
    async def room(seat: str) -> Response:
        sitting = SimpleNamespace(id=SITTING, case_number="118/2026")
        return await pages.render(
            "room/room.html",
            sitting=sitting,
            seat=seat,
            zone="Asia/Dubai",
            kit_url="",
            exit_url="/en/sittings",
        )

    @app.get("/api/sittings/<sitting>/exhibits/<exhibit>/pages/<int:page>")
    async def exhibit(sitting: str, exhibit: str, page: int) -> Response:
        mock.pages.append((exhibit, page))
        return Response(await asyncio.to_thread(sheet, page), content_type="image/png")

    @app.post("/api/live/<sitting>/ticket")
    async def ticket(sitting: str) -> Any:
        assert sitting == SITTING
        body = await request.get_json()
        if mock.tickets_refused is not None:
            refusal = mock.tickets_refused
            return {"code": refusal.code, "message": refusal.message}, refusal.status
        if mock.closed_to_sockets:
            return {"code": "down", "message": ""}, 503
        return {"ticket": body["seat"], "seat": body["seat"], "ice": []}

    @app.websocket("/live/ws")
    async def live() -> None:
        await mock.talk(websocket._get_current_object())  # type: ignore[attr-defined]

    return app


@contextmanager
def served(mock: MockRoom) -> Iterator[str]:
    """The address of the mock while it is served."""
    port = free_port()
    config = Config()
    config.bind = [f"127.0.0.1:{port}"]
    config.accesslog = None
    config.errorlog = None
    started, stop = threading.Event(), threading.Event()

    async def main() -> None:
        mock.loop = asyncio.get_running_loop()
        engine = AiortcEngine(hosts=("127.0.0.1",))
        mock.media = await engine.open(SITTING, mock._media_event)
        ticking = asyncio.create_task(mock.tick())

        async def until_stopped() -> None:
            started.set()
            await asyncio.to_thread(stop.wait)

        await serve(application(mock), config, shutdown_trigger=until_stopped)
        ticking.cancel()
        await engine.close()

    thread = threading.Thread(target=asyncio.run, args=(main(),))
    thread.start()
    started.wait(30)
    try:
        yield f"http://localhost:{port}"
    finally:
        stop.set()
        thread.join(30)
