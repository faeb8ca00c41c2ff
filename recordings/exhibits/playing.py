"""Exhibits beside a record: the page that was shown, and what an evidence bundle holds of them."""

import asyncio

import rfc8785

from audit.leaf import JSON, format_time
from auth.person import Person
from clock import Clock
from errors import N_, Forbidden, Refusal
from recordings.access import store as access_store
from recordings.access.scope import OUTSIDE_ORDER, SEALED, Scope, narrowed
from recordings.bundle import Content
from recordings.exhibits import store
from recordings.exhibits.exhibit import Filed
from recordings.exhibits.service import Exhibits
from recordings.exhibits.store import Session
from recordings.playback import Playback
from recordings.verify import EXHIBIT_FILES, EXHIBITS, TAKEN_BACK
from sessions.pseudonym import masked
from sessions.sitting import Sitting


class ExhibitsPlayed:
    """One per process."""

    def __init__(self, playback: Playback, exhibits: Exhibits, clock: Clock) -> None:
        self._playback = playback
        self._exhibits = exhibits
        self._clock = clock

    async def page(
        self, person: Person, sitting_id: str, viewing: str, exhibit: str, page: int
    ) -> bytes:
        """A page as a picture, if it was shown at a time that this viewing opens; before it is sent
        it is written down as watched. Raises Forbidden, NotFound, Refusal."""
        async with self._playback.database.unit() as session:
            granted = await self._playback.granted(session, person, sitting_id, viewing)
            line = await self._playback.line(session, granted.sitting)
            seen = narrowed(line, granted.scope).chapters
            filed = await self._exhibits.filed(session, sitting_id)
            moments = [
                int(one["clock_ms"])
                for one in seen
                if (one.get("exhibit"), one.get("page")) == (exhibit, page)
            ]
            found = next((one for one in filed if one.id == exhibit), None)
            if not moments or found is None:
                raise Forbidden(
                    "exhibit.outside_scope",
                    N_("This page was not shown in the part of the record that is open to you."),
                )
            times, now = (moments[0], moments[0]), self._clock()
            await access_store.add_watched(
                session, viewing, f"exhibit-{exhibit}-{page}", *times, now
            )
        return await self._exhibits.drawn(found, page)

    async def drawn(self, sitting_id: str, exhibit: str, page: int) -> bytes:
        """A page for a film, whose plan has asked whether it may be in it; empty when it cannot be
        drawn."""
        async with self._playback.database.unit(write=False) as session:
            filed = await self._exhibits.filed(session, sitting_id)
        found = next((one for one in filed if one.id == exhibit), None)
        try:
            return await self._exhibits.drawn(found, page) if found else b""
        except Refusal:
            return b""

    async def files(self, session: Session, sitting: Sitting, scope: Scope) -> dict[str, Content]:
        """The list of all exhibits with their hashes, and the files that the scope opens: a file is
        more than the pages that were shown, so it goes with an order over the whole record."""
        filed = await self._exhibits.filed(session, sitting.id)
        if not filed:
            return {}
        rulings = await store.rulings(session, sitting.id)
        files: dict[str, Content] = {}
        listed: list[JSON] = []
        for one in filed:
            reason = _withheld(one, scope)
            entry = _entry(sitting, one, rulings.get(one.id, "offered"), reason)
            if not reason:
                path = f"{EXHIBIT_FILES}{one.mark}.{one.type}"
                files[path] = await asyncio.to_thread(self._exhibits.content, one)
                entry["path"] = path
            listed.append(entry)
        about: dict[str, JSON] = {"v": 1, "exhibits": listed}
        return {EXHIBITS: rfc8785.dumps(about), **files}


def _withheld(one: Filed, scope: Scope) -> str:
    """Why the file is not in this copy; empty when it is."""
    if one.taken_back_at is not None:
        return TAKEN_BACK
    if one.id in scope.exhibits:
        return SEALED
    whole = not scope.sealed and any(part.whole for part in scope.parts)
    return "" if whole else OUTSIDE_ORDER


def _entry(sitting: Sitting, one: Filed, ruling: str, reason: str) -> dict[str, JSON]:
    """Of what is withheld no more is said than the log says: its hash, its seat, the ruling."""
    found: dict[str, JSON] = {
        "exhibit": one.id,
        "mark": one.mark,
        "seat": one.seat,
        "sha256": one.sha256,
        "filed_at": format_time(one.at),
        "ruling": ruling,
    }
    if reason:
        return found | {"withheld": reason}
    return found | {
        "title": masked(sitting, one.title, "ar"),
        "type": one.type,
        "bytes": one.size,
        "pages": one.pages,
    }
