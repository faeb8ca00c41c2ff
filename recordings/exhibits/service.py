"""Use cases of exhibits: filing, the list, taking back, sealing, and one page as a picture.

Showing, turning and the court's ruling are commands of the live room (`signaling.exhibits`).
"""

import asyncio
import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from audit.leaf import JSON
from audit.service import AuditLog
from auth import policy
from auth.person import Person
from auth.policy import Context
from auth.secret import Secret
from auth.service import clean_name, new_id
from clock import Clock
from database import Database, lock
from errors import N_, BadInput, Refusal
from recordings.access.acts import REASON_MOST, text
from recordings.exhibits import store
from recordings.exhibits.drawing import NotDrawn, draw
from recordings.exhibits.exhibit import TITLE_MOST, Filed, Sealing, side_of
from recordings.exhibits.store import Session
from recordings.keys import KeyRefused
from recordings.papers import uploads
from recordings.papers.files import FileDamaged, Papers
from recordings.papers.scanning import Scanner, scan
from recordings.papers.uploads import Limits
from sessions import store as sittings
from sessions.seat import Seat
from sessions.service import Sittings
from sessions.sitting import Sitting
from sessions.standing import BENCH, by, context, operated_seats, own_seat
from signaling.exhibits import FILERS, open_to, unknown
from signaling.ports import Exhibit

CACHED = 48
"""Pages kept drawn in memory: a page that is shown is asked for by everybody at once."""


class LiveHearing(Protocol):
    """What is asked of the live rooms (`signaling.service.LiveRooms`)."""

    async def filed(self, sitting_id: str) -> None:
        """Something was filed or taken back."""

    def is_shown(self, sitting_id: str, seat: str, exhibit: str, page: int) -> bool:
        """Whether this seat is shown this page now."""


@dataclass(frozen=True, slots=True)
class Listing:
    """The exhibits of a sitting that a person may know of."""

    sitting: Sitting
    exhibits: tuple[Filed, ...]
    rulings: Mapping[str, str]
    seat: Seat
    may: frozenset[str]
    """Of `file`, `seal`, and `take_back:<id>`."""
    sealings: tuple[Sealing, ...] = ()
    """For the bench: who sealed or opened one after it was filed, and why."""


class Exhibits:
    """One per process. Implements `signaling.ports.ExhibitDesk`."""

    def __init__(
        self,
        database: Database,
        log: AuditLog,
        secret: Secret,
        papers: Papers,
        sittings: Sittings,
        live: LiveHearing,
        clock: Clock,
        scanner: Scanner | None = None,
    ) -> None:
        self._database = database
        self._log = log
        self._secret = secret
        self._papers = papers
        self._sittings = sittings
        self._live = live
        self._clock = clock
        self._scanner = scanner
        self._drawn: OrderedDict[tuple[str, int], asyncio.Task[bytes]] = OrderedDict()

    def limits(self) -> Limits:
        """What may be filed (R-EX-01)."""
        rule = self._sittings.pack.rule("R-EX-01", self._clock().date()).value
        return Limits(rule["bytes"], rule["pages"], rule["pixels"], rule["files"])

    # --- for the live room -----------------------------------------------------------------------

    async def of_sitting(self, sitting: str) -> tuple[Exhibit, ...]:
        """See `signaling.ports.ExhibitDesk`."""
        async with self._database.unit(write=False) as session:
            return tuple(one.live for one in await store.of_sitting(session, sitting, self._secret))

    async def shown(self, session: Session, sitting: str, exhibit: str) -> None:
        """See `signaling.ports.ExhibitDesk`."""
        if not await store.mark_shown(session, sitting, exhibit, self._clock()):
            raise unknown()

    # --- the list --------------------------------------------------------------------------------

    async def listing(self, person: Person, sitting_id: str) -> Listing:
        """What was filed, as far as this person may know. Raises NotFound, Forbidden."""
        async with self._database.unit(write=False) as session:
            sitting, at, seat = await self._at(session, person, sitting_id)
            policy.require(person, "exhibit.list", at)
            everything = await store.of_sitting(session, sitting.id, self._secret)
            rulings = await store.rulings(session, sitting.id)
            sealings = await store.sealings(session, sitting.id, self._secret)
        if seat is None:
            raise unknown()
        mine = tuple(one for one in everything if open_to(sitting, seat.id, one.live))
        may = {
            f"take_back:{one.id}"
            for one in mine
            if one.shown_at is None
            and policy.decide(person, "exhibit.take_back", _its(at, seat, one))
        }
        if policy.decide(person, "exhibit.file", at):
            may.add("file")
        if policy.decide(person, "exhibit.seal", at).possible:
            may.add("seal")
        told = tuple(sealings) if seat.role in BENCH else ()
        return Listing(sitting, mine, rulings, seat, frozenset(may), told)

    # --- filing and taking back ------------------------------------------------------------------

    async def file(
        self,
        person: Person,
        sitting_id: str,
        title: str,
        data: bytes,
        named: Collection[str] | None = None,
    ) -> Filed:
        """Check a paper, keep it encrypted and give it its mark. `named`: it is sealed, and these
        seats may see it besides the bench. Raises BadInput `upload.* exhibit.*`, Refusal."""
        async with self._database.unit(write=False) as session:
            sitting, at, seat = await self._at(session, person, sitting_id)
            policy.require(person, "exhibit.file", at)
            await self._room_for_one(session, sitting.id)
        if seat is None:
            raise unknown()
        title = _checked_title(title)
        who = None if named is None else _checked_seats(sitting, named)
        checked = await uploads.check(data, self.limits(), "file")
        await scan(self._scanner, data, "file")
        id, sha256 = new_id(), await asyncio.to_thread(_sha256, data)
        key = await asyncio.to_thread(self._papers.write, sitting.id, id, data)
        try:
            async with self._database.unit() as session:
                await lock(session, f"exhibits:{sitting.id}")
                sitting, at, seat = await self._at(session, person, sitting_id)
                policy.require(person, "exhibit.file", at)
                await self._room_for_one(session, sitting.id)
                if seat is None:
                    raise unknown()
                side = side_of(sitting, seat)
                number = await store.last_number(session, sitting.id, side) + 1
                one = Filed(
                    id, sitting.id, side, number, title, checked.type, len(data), checked.pages,
                    sha256, key, seat.id, person.id, self._clock(), who,
                )  # fmt: skip
                await store.add(session, one, self._secret)
                await self._tell(session, one, "filed", person, {"sha256": sha256})
        except BaseException:
            await asyncio.to_thread(self._papers.remove, sitting.id, id)
            raise
        await self._live.filed(sitting.id)
        return one

    async def take_back(self, person: Person, sitting_id: str, exhibit: str) -> Filed:
        """It was never shown, and is no exhibit any more. Its number is not used again, its file is
        kept. Raises NotFound, Refusal `exhibit.was_shown`."""
        async with self._database.unit() as session:
            sitting, at, seat = await self._at(session, person, sitting_id)
            one = await self._find(session, sitting, exhibit, *((seat,) if seat else ()))
            if seat is not None:
                at = _its(at, seat, one)
            policy.require(person, "exhibit.take_back", at)
            if not await store.take_back(session, sitting.id, one.id, self._clock()):
                raise Refusal(
                    "exhibit.was_shown",
                    N_("It was shown in the hearing and stays. The court may refuse it."),
                )
            await self._tell(session, one, "taken_back", person, {})
        await self._live.filed(sitting.id)
        return one

    # --- sealing ---------------------------------------------------------------------------------

    async def seal(
        self,
        person: Person,
        sitting_id: str,
        exhibit: str,
        named: Collection[str] | None,
        reason: str,
    ) -> Filed:
        """From now on only the bench, its own side and the seats of `named` may see it; None: it is
        open again to all. Live rooms, players and copies follow at once.

        Raises NotFound, Forbidden, BadInput `recording.text exhibit.named`, Refusal
        `exhibit.is_open exhibit.is_sealed`."""
        reason = text(reason, "reason", REASON_MOST, lines=True)
        async with self._database.unit() as session:
            await lock(session, f"exhibits:{sitting_id}")
            sitting, at, seat = await self._at(session, person, sitting_id)
            policy.require(person, "exhibit.seal", at)
            one = await self._find(session, sitting, exhibit, *((seat,) if seat else ()))
            who = None if named is None else _checked_seats(sitting, named)
            _check_changes(one, who)
            sealing = Sealing(new_id(), one.id, sitting.id, who, reason, person.id, self._clock())
            salt = secrets.token_bytes(32)
            said = await store.seal(session, sealing, salt, self._secret)
            data: dict[str, JSON] = {"exhibit": one.id, "reason": said}
            if who is not None:
                data["seats"] = list(who)
            what = "exhibit.unsealed" if who is None else "exhibit.sealed"
            await self._log.append(session, what, data | by(person, sitting), subject=sitting.id)
        await self._live.filed(sitting.id)
        return replace(one, named=who)

    # --- seeing ----------------------------------------------------------------------------------

    async def page(self, person: Person, sitting_id: str, exhibit: str, page: int) -> bytes:
        """One page as a picture, for who knows of the exhibit or is shown this page now. Raises
        NotFound, Forbidden, Refusal `exhibit.damaged`."""
        async with self._database.unit(write=False) as session:
            sitting, at, seat = await self._at(session, person, sitting_id)
            rooms = await sittings.operated_rooms(session, person.id)
            seats = (seat,) if seat else operated_seats(sitting, rooms)
            one = await self._find(session, sitting, exhibit, *seats)
        knows = seat is not None and seat.role in BENCH | FILERS
        shown = any(self._live.is_shown(sitting.id, each.id, one.id, page) for each in seats)
        policy.require(person, "exhibit.see", replace(at, exhibit_open=knows or shown))
        return await self.drawn(one, page)

    async def filed(self, session: Session, sitting: str) -> list[Filed]:
        """Everything that was ever filed, for rooms of the record."""
        return await store.of_sitting(session, sitting, self._secret, all=True)

    def content(self, one: Filed) -> Callable[[], Iterable[bytes]]:
        """The file as it came, for a bundle; can be pickled. Raises KeyRefused."""
        return self._papers.content(one.sitting, one.id, one.key)

    async def drawn(self, one: Filed, page: int) -> bytes:
        """A page as a picture; the caller has asked whether it may be seen."""
        if not 1 <= page <= one.pages:
            raise unknown()
        key = (one.id, page)
        task = self._drawn.get(key)
        if task is None:
            task = self._drawn[key] = asyncio.create_task(self._draw(one, page))
            task.add_done_callback(lambda done: self._forget(key, done))
            while len(self._drawn) > CACHED:
                self._drawn.popitem(last=False)
        self._drawn.move_to_end(key)
        return await asyncio.shield(task)

    def _forget(self, key: tuple[str, int], done: "asyncio.Task[bytes]") -> None:
        """What failed is tried again by whoever asks next."""
        if (done.cancelled() or done.exception()) and self._drawn.get(key) is done:
            del self._drawn[key]

    async def _draw(self, one: Filed, page: int) -> bytes:
        try:
            data = await asyncio.to_thread(self._papers.read, one.sitting, one.id, one.key)
            return await draw(data, one.type, page)
        except (NotDrawn, FileDamaged, KeyRefused):
            raise Refusal(
                "exhibit.damaged",
                N_("This page cannot be shown. Ask who filed it for another copy."),
                status=410,
            ) from None

    # --- what they share -------------------------------------------------------------------------

    async def _at(
        self, session: Session, person: Person, sitting_id: str
    ) -> tuple[Sitting, Context, Seat | None]:
        sitting = await self._sittings.load(session, person, sitting_id)
        rooms = await sittings.operated_rooms(session, person.id)
        return sitting, context(person, sitting, rooms), own_seat(person, sitting)

    async def _find(self, session: Session, sitting: Sitting, exhibit: str, *seats: Seat) -> Filed:
        """An exhibit that is open to one of these seats."""
        for one in await store.of_sitting(session, sitting.id, self._secret):
            if one.id == exhibit and any(open_to(sitting, seat.id, one.live) for seat in seats):
                return one
        raise unknown()

    async def _room_for_one(self, session: Session, sitting: str) -> None:
        if len(await store.of_sitting(session, sitting, self._secret)) >= self.limits().files:
            raise Refusal(
                "exhibit.many", N_("There are too many exhibits in this sitting. Ask the clerk.")
            )

    async def _tell(
        self, session: Session, one: Filed, what: str, person: Person, more: Mapping[str, JSON]
    ) -> None:
        data: dict[str, JSON] = {"exhibit": one.id, "seat": one.seat, "by": person.id, **more}
        await self._log.append(session, f"exhibit.{what}", data, subject=one.sitting)


def _its(at: Context, seat: Seat, one: Filed) -> Context:
    return replace(at, filed_it=one.seat == seat.id)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _checked_title(title: str) -> str:
    title = clean_name(title)
    if not title:
        raise BadInput("exhibit.title", N_("Say what this is, in a few words."), field="title")
    if len(title) > TITLE_MOST:
        raise BadInput(
            "exhibit.title_long",
            N_("This is too long: at most %(most)s characters."),
            field="title",
            most=TITLE_MOST,
        )
    return title


def _check_changes(one: Filed, named: tuple[str, ...] | None) -> None:
    """Raise Refusal when the exhibit is so already."""
    if one.named == named:
        if named is None:
            raise Refusal("exhibit.is_open", N_("It is not sealed. Reload the page."), status=409)
        raise Refusal(
            "exhibit.is_sealed",
            N_("It is sealed for exactly these persons already. Choose others, or leave it."),
            status=409,
        )


def _checked_seats(sitting: Sitting, named: Collection[str]) -> tuple[str, ...]:
    if any(sitting.seat(seat) is None for seat in named):
        raise BadInput("exhibit.named", N_("Choose from the list."), field="named")
    return tuple(sorted(set(named)))
