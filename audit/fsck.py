"""The whole log checked: tree, checkpoints, tiles, counters, cosignatures, time-stamps, and the
rows of the business against its leaves.

Reads only, and writes nothing but what `tell` does with it. Each step goes on after the first fault
where it can, so that one look names all that is wrong.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from cryptography import x509

from audit import checkpoint as checkpoints
from audit import leaf as leaves
from audit import note as notes
from audit import store, token, tree
from audit.check import CHUNK, rehash, trusted
from audit.errors import LeafError, LogCorrupt, NoteError
from audit.note import Verifier
from audit.store import LeafRow
from audit.token import TokenRefused
from audit.tree import Span
from database import Database

Tell = Callable[[str, int, int], None]
"""Hears the step, what is done of it, and how much there is."""

STEPS = ("tree", "leaves", "tiles", "cosignatures", "timestamps", "rows")
MOST = 100
"""Faults of one step that are listed; more are counted."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something is wrong. `what` holds ids and codes only."""

    step: str
    what: str


@dataclass(slots=True)
class Report:
    """What was found. `notes` are remarks on what could not be checked."""

    size: int = 0
    """Leaves of the newest checkpoint."""
    root: str = ""
    unsigned: int = 0
    """Leaves after it."""
    checkpoints: int = 0
    cosignatures: int = 0
    timestamps: int = 0
    rows: int = 0
    faults: list[Fault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    more: int = 0
    """Faults that are not listed."""

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults

    def fault(self, step: str, what: str) -> None:
        """Note a fault."""
        if sum(one.step == step for one in self.faults) < MOST:
            self.faults.append(Fault(step, what))
        else:
            self.more += 1


class Rows(Protocol):
    """A room's rows, to be held against the leaves that were written with them."""

    def check(self, database: Database) -> AsyncIterator[str]:
        """What does not fit, one sentence of codes and ids each; '' for a row that fits."""


@dataclass(frozen=True, slots=True)
class Fsck:
    """What is trusted: the log's key, keys of witnesses, roots of authorities."""

    database: Database
    verifier: Verifier
    witnesses: Sequence[Verifier] = ()
    roots: Sequence[x509.Certificate] = ()
    rows: Sequence[Rows] = ()

    async def run(
        self,
        outside: Sequence[str] = (),
        tell: Tell = lambda _step, _done, _whole: None,
    ) -> Report:
        """Check everything. `outside`: checkpoints that somebody else kept."""
        report = Report()
        await self._tree(report, outside, tell)
        await self._leaves(report, tell)
        await self._tiles(report, tell)
        await self._cosignatures(report, tell)
        await self._timestamps(report, tell)
        await self._rows(report, tell)
        return report

    async def _tree(self, report: Report, outside: Sequence[str], tell: Tell) -> None:
        """The leaves give the roots that were signed, at every size that was signed."""
        origin = self.verifier.name
        expected: dict[int, list[bytes]] = {}
        async with self.database.unit(write=False) as session:
            rows = await store.checkpoints(session)
            size = await store.size(session)
            if not rows:
                report.fault("tree", "the log has no checkpoint")
                return
            for text in [*(row.note for row in rows), *outside]:
                try:
                    found = trusted(text, self.verifier, origin)
                except LogCorrupt as error:
                    report.fault("tree", str(error))
                    continue
                if found.size > (held := min(size, rows[-1].size)):
                    what = f"the log has {held} leaves, {found.size} were signed: it was cut"
                    report.fault("tree", what)
                    continue
                expected.setdefault(found.size, []).append(found.root)
            for row in rows:
                parsed = checkpoints.parse(row.note)
                if (parsed.size, parsed.root) != (row.size, row.root):
                    report.fault("tree", f"the row of checkpoint {row.size} is not its note")
            report.size, report.root = rows[-1].size, rows[-1].root.hex()
            report.checkpoints, report.unsigned = len(rows), max(0, size - rows[-1].size)
            try:
                if expected:
                    await rehash(session, expected, lambda n, whole: tell("tree", n, whole))
            except LogCorrupt as error:
                report.fault("tree", str(error))

    async def _leaves(self, report: Report, tell: Tell) -> None:
        """Each leaf is canonical, and its columns say what it says."""
        async with self.database.unit(write=False) as session:
            size = await store.size(session)
            for start in range(0, size, CHUNK):
                rows = await store.columns(session, start, min(start + CHUNK, size))
                for index, problem in await asyncio.to_thread(_misfits, rows):
                    report.fault("leaves", f"leaf {index}: {problem}")
                tell("leaves", min(start + CHUNK, size), size)
            for subject in await store.broken_counters(session):
                report.fault("leaves", f"the leaves of {subject} are not numbered without gaps")

    async def _tiles(self, report: Report, tell: Tell) -> None:
        """What is served as tiles is what was hashed: `_tree` compared every node that there has
        to be, so it is enough that there is no other."""
        async with self.database.unit(write=False) as session:
            count = await store.node_count(session)
        expected = report.size - len(tree.complete(Span(0, report.size)))
        if count != expected:
            report.fault("tiles", f"{count} nodes are stored, {expected} belong to the tree")
        tell("tiles", 1, 1)

    async def _cosignatures(self, report: Report, tell: Tell) -> None:
        """Every line of a known witness is over the checkpoint that it stands with."""
        known = {f"{one.name}+{one.key_id.hex()}": one for one in self.witnesses}
        strangers: set[str] = set()
        async with self.database.unit(write=False) as session:
            texts = {row.size: row.note for row in await store.checkpoints(session)}
            rows = await store.all_cosignatures(session)
        for number, row in enumerate(rows, 1):
            verifier = known.get(row.witness)
            if verifier is None:
                strangers.add(row.witness)
                continue
            try:
                lines = notes.parse_lines(row.line)
                verifier.check(notes.with_lines(notes.parse(texts[row.size]), lines))
                report.cosignatures += 1
            except (NoteError, KeyError) as error:
                report.fault("cosignatures", f"{row.witness} over {row.size}: {error}")
            tell("cosignatures", number, len(rows))
        for name in sorted(strangers):
            report.notes.append(f"cosignatures of {name} were not checked: its key is not known")

    async def _timestamps(self, report: Report, tell: Tell) -> None:
        """Every token is over its checkpoint and ends in a root that is trusted."""
        async with self.database.unit(write=False) as session:
            texts = {row.size: row.note for row in await store.checkpoints(session)}
            rows = await store.all_timestamps(session)
        if rows and not self.roots:
            report.notes.append(f"{len(rows)} time-stamps were not checked: no root is known")
            return
        for number, row in enumerate(rows, 1):
            try:
                at = token.check(row.token, texts[row.size].encode(), self.roots)
                if at != row.at:
                    raise TokenRefused("its time is not the one in the row")
                report.timestamps += 1
            except (TokenRefused, KeyError) as error:
                report.fault("timestamps", f"{row.authority} over {row.size}: {error}")
            tell("timestamps", number, len(rows))

    async def _rows(self, report: Report, tell: Tell) -> None:
        """What the database says happened is what the log says, both ways."""
        for one in self.rows:
            async for problem in one.check(self.database):
                report.rows += 1
                if problem:
                    report.fault("rows", problem)
                tell("rows", report.rows, 0)


def _misfits(rows: Sequence[LeafRow]) -> list[tuple[int, str]]:
    return [(row.index, problem) for row in rows if (problem := _columns(row))]


def _columns(row: LeafRow) -> str:
    """What is wrong with a leaf's columns; empty when nothing is."""
    try:
        found = leaves.decode(row.entry)
    except LeafError as error:
        return str(error)
    said = (found.type, found.subject or None, found.n)
    return "" if said == (row.type, row.subject, row.n) else "its columns say something else"
