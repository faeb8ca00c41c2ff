"""Use cases of the auditor: read the log by a filter, export it with proofs, have it verified.

Who looks is looked at: every view, export and verification is a leaf itself.
"""

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from audit import leaf as leaves
from audit import store as log_store
from audit.checkpoint import Checkpoint
from audit.fsck import Fsck, Report
from audit.leaf import JSON, Leaf
from audit.service import AuditLog
from audit.store import Search, StoredLeaf
from audit.witnessing import Witnessing
from auth import store as accounts_store
from auth.audit_reading.extract import FORMATS
from auth.audit_reading.query import Query
from auth.person import Person
from auth.policy import require
from clock import Clock
from database import Database
from errors import N_, BadInput, Refusal

PAGE = 50
MOST_EXPORTED = 10_000


@dataclass(frozen=True, slots=True)
class Row:
    """A leaf as the screen shows it."""

    index: int
    leaf: Leaf
    by: Person | None
    """The account that acted, when it is one that the house has."""


@dataclass(frozen=True, slots=True)
class Page:
    """Newest first."""

    rows: Sequence[Row]
    older: int | None
    """`before` of the next page."""
    size: int
    """Leaves of the newest checkpoint."""
    types: Sequence[str]
    people: Sequence[Person]
    """All accounts, for the filter."""


@dataclass(slots=True)
class Verification:
    """A look at the whole log, running or done."""

    at: datetime
    by: str
    step: str = ""
    done: int = 0
    whole: int = 0
    report: Report | None = None
    failed: bool = False
    _task: "asyncio.Task[None] | None" = field(default=None, repr=False)

    @property
    def running(self) -> bool:
        """Whether it goes on."""
        return self.report is None and not self.failed


class AuditReading:
    """One per process. `fsck` makes a check with what the house trusts now."""

    def __init__(
        self,
        database: Database,
        log: AuditLog,
        witnessing: Witnessing,
        fsck: Callable[[], Fsck],
        clock: Clock,
        zone: str,
    ) -> None:
        self._database, self._log, self._witnessing = database, log, witnessing
        self._fsck, self._clock, self._zone = fsck, clock, zone
        self._verification: Verification | None = None

    async def page(self, actor: Person, query: Query, before: int | None = None) -> Page:
        """A page of leaves older than index `before`. Raises Forbidden, BadInput."""
        require(actor, "audit.read")
        search = await self._search(query)
        if before is not None:
            search = replace(search, end=before if search.end is None else min(before, search.end))
        async with self._database.unit(write=False) as session:
            found = await log_store.search(session, search, PAGE + 1)
            types = await log_store.types(session)
            people = {one.id: one for one in await accounts_store.accounts(session)}
        await self._tell(actor, "audit.viewed", query)
        rows = [_row(stored, people) for stored in found[:PAGE]]
        older = rows[-1].index if len(found) > PAGE else None
        size = (await self._log.newest()).size
        return Page(rows, older, size, types, list(people.values()))

    async def export(self, actor: Person, query: Query, form: str) -> tuple[bytes, Checkpoint]:
        """The leaves that are wanted, oldest first, with proofs. Raises BadInput, Refusal."""
        require(actor, "audit.read")
        if form not in FORMATS:
            raise BadInput("audit.format", N_("Choose a format from the list."), field="format")
        search = await self._search(query)
        checkpoint = await self._witnessing.newest()
        size = checkpoint.size
        search = replace(search, end=size if search.end is None else min(size, search.end))
        async with self._database.unit(write=False) as session:
            found = await log_store.search(session, search, MOST_EXPORTED + 1, newest=False)
        if len(found) > MOST_EXPORTED:
            raise Refusal(
                "audit.too_many",
                N_("These are more than %(most)s entries. Choose a shorter period or a type."),
                most=MOST_EXPORTED,
            )
        paths = await self._log.inclusions([leaf.index for leaf in found], size)
        write = FORMATS[form][0]
        data = await asyncio.to_thread(write, checkpoint, list(zip(found, paths, strict=True)))
        digest = hashlib.sha256(data).hexdigest()
        await self._tell(actor, "audit.extracted", query, leaves=len(found), sha256=digest)
        return data, checkpoint

    # --- verification -----------------------------------------------------------------------------

    def standing(self, actor: Person) -> Verification | None:
        """The verification that runs, or the last one."""
        require(actor, "audit.read")
        return self._verification

    async def verify(self, actor: Person) -> None:
        """Begin to check the whole log; one at a time. Raises Forbidden, Refusal."""
        require(actor, "audit.read")
        if self._verification is not None and self._verification.running:
            raise Refusal("audit.verifying", N_("The log is being verified. Wait for the result."))
        made = Verification(self._clock(), actor.id)
        self._verification = made
        made._task = asyncio.create_task(self._run(actor, made), name="audit.verification")

    async def verified(self) -> None:
        """Wait for the verification that runs."""
        if self._verification is not None and self._verification._task is not None:
            await self._verification._task

    async def _run(self, actor: Person, made: Verification) -> None:
        def tell(step: str, done: int, whole: int) -> None:
            made.step, made.done, made.whole = step, done, whole

        try:
            report = await self._fsck().run(tell=tell)
            told: dict[str, JSON] = {"size": report.size, "faults": len(report.faults)}
            await self._tell(actor, "audit.verified", Query(), **told)
            made.report = report
        finally:
            made.failed = made.report is None

    # --- helpers ----------------------------------------------------------------------------------

    async def _search(self, query: Query) -> Search:
        first, last = query.period(self._zone)
        async with self._database.unit(write=False) as session:
            size = await log_store.size(session)
        account = query.account
        return Search(
            type=query.type,
            subject=query.subject,
            part=f'"{account}"'.encode() if account else b"",
            first=await self._since(first, size) if first else 0,
            end=await self._since(last, size) if last else None,
        )

    async def _since(self, at: datetime, size: int) -> int:
        """The index of the first leaf that is not before `at`: leaves are in order of time."""
        low, high = 0, size
        while low < high:
            middle = (low + high) // 2
            async with self._database.unit(write=False) as session:
                found = await log_store.entries(session, middle, middle + 1)
            if found and leaves.decode(found[0].entry).at < at:
                low = middle + 1
            else:
                high = middle
        return low

    async def _tell(self, actor: Person, type: str, query: Query, **more: JSON) -> None:
        leaf: dict[str, JSON] = {"by": actor.id, **more}
        if given := query.given():
            leaf["filter"] = given
        async with self._database.unit() as session:
            await self._log.append(session, type, leaf)


def _row(stored: StoredLeaf, people: dict[str, Person]) -> Row:
    found = leaves.decode(stored.entry)
    by = next((found.data[name] for name in ("by", "actor", "person") if name in found.data), "")
    return Row(stored.index, found, people.get(str(by)))
