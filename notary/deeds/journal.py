"""The notary's journal: for each act what rules on remote notarisation abroad ask for (law.md 3.5).

Date and time, act, title of the record, name of each person, evidence of identity and how it was
proved, that the credential was compared, the fee, the recording and until when it is kept
(Florida Statutes 117.245; WAC 308-30-300: ten years; R-NT-03). One row per act, encrypted, written
in the unit that registers the deed.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from audit.leaf import JSON, format_time
from auth import policy
from auth import store as accounts
from auth.audit_reading.query import Query
from auth.person import Person, Role
from errors import N_
from notary.deeds import store
from notary.deeds.act import Act
from notary.deeds.core import Core
from notary.deeds.request import Request

PROVED = N_("signed in at level high, face and document compared on video")
COMMUNICATION = N_("audio-visual, uninterrupted stretches on record")


@dataclass(frozen=True, slots=True)
class Line:
    """One act in the journal."""

    request: str
    notary: str
    at: datetime
    keep_until: datetime
    """The recording is kept at least until then; deletion even later needs an order (R-RET-01)."""
    entry: Mapping[str, Any]
    author: Person | None = None
    """The notary's account, for the name."""


@dataclass(frozen=True, slots=True)
class Book:
    """The lines that a query found."""

    lines: tuple[Line, ...]
    count: int
    """How many there are; `lines` may be the newest of them only."""
    query: Query
    notaries: tuple[Person, ...]
    """Who has lines, to choose from; nobody where a notary reads the own."""
    own: bool


def fields(one: Request, act: Act, at: datetime) -> dict[str, Any]:
    """The journal's fields of an act that was completed."""
    people = one.content.session.get("people", {})
    return {
        "at": format_time(at),
        "act": act.code,
        "title_ar": act.title_ar,
        "title_en": act.title_en,
        "register": one.deed,
        "people": [
            {
                "role": each.role,
                "name_ar": each.name_ar,
                "name_en": each.name_en,
                "evidence_of_identity": people.get(each.key, {})
                .get("identity", {})
                .get("document", ""),
                "identity_proved": PROVED,
                "credential_compared_at_ms": people.get(each.key, {})
                .get("identity", {})
                .get("clock_ms"),
                "identity_number_last4": each.identity_number[-4:],
            }
            for each in one.appearing(act)
        ],
        "fee_fils": one.fee_fils,
        "fee_waived": one.waived,
        "recording": one.sitting,
        "read": one.content.session.get("read"),
        "changes": len(one.content.session.get("changes", [])),
        "communication": COMMUNICATION,
    }


def ten_years(at: datetime, years: int) -> datetime:
    """The same day `years` later; 29 February becomes 1 March."""
    try:
        return at.replace(year=at.year + years)
    except ValueError:
        return at.replace(year=at.year + years, month=3, day=1)


async def write(session: AsyncSession, core: Core, one: Request, act: Act, notary: str) -> None:
    """Write an act's line, within the unit that registers it. `notary`: who conducted it."""
    now = core.clock()
    years = int(core.rule("R-NT-03")["recording_years"])
    text = json.dumps(fields(one, act, now), ensure_ascii=False, sort_keys=True)
    await store.add_journal(
        session, one.id, notary, now, ten_years(now, years),
        core.secret.seal("deed-journal", one.id, text),
    )  # fmt: skip


async def read(core: Core, actor: Person, query: Query | None = None, most: int = 0) -> Book:
    """The journal of a period, newest first: a notary's own, whatever the query says, and for the
    rest of the office everybody's. `most`: only so many of the newest lines; 0: all."""
    policy.require(actor, "register.search")
    query, own = query or Query(), actor.role is Role.NOTARY
    if own:
        query = replace(query, account=actor.id)
    found = store.JournalQuery(query.account, *query.period(core.zone))
    async with core.database.unit(write=False) as session:
        rows = await store.journal(session, found, most=most)
        authors = await store.journal_notaries(session)
        people = {one.id: one for one in await accounts.accounts(session) if one.id in authors}
        count = await store.journal_count(session, found)
    lines = await asyncio.to_thread(_opened, core, rows, people)
    return Book(lines, count, query, () if own else tuple(people.values()), own)


async def export(core: Core, actor: Person, query: Query) -> Book:
    """The same, whole, to be taken away: who takes it is a leaf, which names nobody but by id."""
    book = await read(core, actor, query)
    codes: dict[str, JSON] = {
        "by": actor.id,
        "notary": book.query.account,
        "since": query.since,
        "until": query.until,
        "lines": book.count,
    }
    async with core.database.unit() as session:
        await core.log.append(session, "journal.exported", codes, subject=actor.id)
    return book


def _opened(
    core: Core, rows: Sequence[store.JournalRow], people: Mapping[str, Person]
) -> tuple[Line, ...]:
    """Decrypted: years of acts, so not on the event loop."""
    return tuple(
        Line(row.request, row.notary, row.at, row.keep_until,
             json.loads(core.secret.open("deed-journal", row.request, row.sealed)),
             people.get(row.notary))
        for row in rows
    )  # fmt: skip


async def kept_until(core: Core, sitting: str) -> datetime | None:
    """Until when the recording of a sitting must be kept at least, if a deed rests on it."""
    async with core.database.unit(write=False) as session:
        found = [
            row.keep_until
            for request in await store.booked_for(session, sitting)
            for row in await store.journal(session, store.JournalQuery(request=request))
        ]
    return max(found, default=None)
