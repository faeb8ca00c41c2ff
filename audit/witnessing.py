"""Shows new checkpoints to witnesses and keeps what they sign (C2SP tlog-witness, log's side).

Nothing waits for a witness: one that is away falls behind, and is shown the newest checkpoint
when it is back. One that knows another history is an alarm that only a person can clear.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime

import httpx
import structlog
from sqlalchemy.exc import SQLAlchemyError

from audit import note as notes
from audit import store
from audit.checkpoint import Checkpoint
from audit.errors import AuditError, NoteError
from audit.note import COSIGNATURE_ED25519, Verifier
from audit.service import AuditLog
from audit.witness import MAX_PROOF, SIZE_TYPE, format_request
from clock import Clock
from database import Database

INTERVAL_S = 1.0
"""Between looks for a checkpoint that a witness has not seen: what the log's keeper could still
rewrite unseen is younger than this."""
ELSEWHERE_S = 0.2
"""How often to look for a line that another process of this house asks for."""
TIMEOUT_S = 5.0
MAX_ANSWER = 4096

_logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Peer:
    """A witness that is asked. `url` has no trailing slash; add-checkpoint is below it."""

    verifier: Verifier
    url: str

    @property
    def id(self) -> str:
        """Name and key id, as in its verifier key."""
        return f"{self.verifier.name}+{self.verifier.key_id.hex()}"


def parse_peer(text: str) -> Peer:
    """Read `<vkey>@<url>`. Raises NoteError."""
    vkey, separator, url = text.rpartition("@")
    verifier = notes.parse_vkey(vkey)
    if not separator or verifier.algorithm != COSIGNATURE_ED25519:
        raise NoteError("a witness is given as its cosignature key, an @ and its address")
    if not url.startswith(("http://", "https://")):
        raise NoteError("the address of a witness begins with http:// or https://")
    return Peer(verifier, url.rstrip("/"))


@dataclass(slots=True)
class Standing:
    """What is known of one witness, for operators."""

    peer: Peer
    size: int = 0
    at: datetime | None = None
    """When it cosigned last."""
    trouble: str = ""
    """Code: away, refused, conflict; empty when it cosigned the newest that it was shown."""


class _Conflict(AuditError):
    """The witness cosigned a history that is not ours."""


class _Refused(AuditError):
    """The witness does not sign; the text is its status."""


@dataclass(slots=True)
class Witnessing:
    """Belongs to one event loop. `run` until cancelled."""

    database: Database
    log: AuditLog
    clock: Clock
    client: httpx.AsyncClient = field(default_factory=lambda: httpx.AsyncClient(timeout=TIMEOUT_S))
    standing: dict[str, Standing] = field(default_factory=dict)
    verifiers: dict[str, Verifier] = field(default_factory=dict)
    """Keys whose lines are shown, also of a witness that is not asked from this process."""
    _seen: asyncio.Event = field(init=False, default_factory=asyncio.Event)

    def add(self, peer: Peer) -> None:
        """Ask this witness too."""
        self.standing[peer.id] = Standing(peer)
        self.know(peer.verifier)

    def know(self, verifier: Verifier) -> None:
        """Show the lines of this key."""
        self.verifiers[verifier.vkey] = verifier

    async def run(self) -> None:
        """Ask every witness whenever there is something new."""
        while True:
            await self.ask_all()
            await asyncio.sleep(INTERVAL_S)

    async def ask_all(self) -> None:
        """Show the newest checkpoint to each witness that lacks it."""
        try:
            newest = await self.log.newest()
        except (AuditError, SQLAlchemyError, OSError):
            return  # the sequencer says what is wrong
        if newest.size:
            await asyncio.gather(*(self._ask(item, newest) for item in self.standing.values()))
            self._seen.set()
            self._seen = asyncio.Event()

    async def covering(self, size: int, timeout: float) -> Checkpoint:
        """A checkpoint of at least `size` leaves, with the lines of witnesses in its note.

        Waits up to `timeout` seconds for every witness to have cosigned so much, also for one that
        the running server asks and this process only knows; what is missing then stays missing.
        Raises NotFound when no checkpoint covers `size` at all.
        """
        asked_here = {item.peer.verifier.vkey for item in self.standing.values()}
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                while any(item.size < size for item in self.standing.values()):
                    await self._seen.wait()
                # What another process stores sets no event here.
                while self.verifiers.keys() - asked_here and await self._cosigned(size) is None:  # noqa: ASYNC110
                    await asyncio.sleep(ELSEWHERE_S)
        return await self.with_lines(await self._cosigned(size) or await self.log.covering(size))

    async def _cosigned(self, size: int) -> Checkpoint | None:
        async with self.database.unit(write=False) as session:
            cosigned = await store.cosigned_size(session, size)
            return await store.checkpoint_of(session, cosigned) if cosigned else None

    async def newest(self) -> Checkpoint:
        """The newest checkpoint that any witness cosigned; without one, the log's newest."""
        async with self.database.unit(write=False) as session:
            size = await store.newest_cosigned(session)
            found = await store.checkpoint_of(session, size) if size else None
        return await self.with_lines(found or await self.log.newest())

    async def with_lines(self, checkpoint: Checkpoint) -> Checkpoint:
        """The checkpoint with the lines of witnesses that are kept for it."""
        async with self.database.unit(write=False) as session:
            lines = await store.cosignatures(session, checkpoint.size)
        known = {(item.name, item.key_id) for item in self.verifiers.values()}
        parsed = [line for text in lines for line in notes.parse_lines(text)]
        wanted = [line for line in parsed if (line.name, line.key_id) in known]
        note = notes.with_lines(notes.parse(checkpoint.note), wanted).encode()
        return replace(checkpoint, note=note)

    async def _ask(self, standing: Standing, newest: Checkpoint) -> None:
        if standing.size >= newest.size or standing.trouble == "conflict":
            return
        try:
            if not standing.size:
                await self._recall(standing)
            await self._show(standing, newest)
        except _Conflict:
            _logger.critical("audit.witness_conflict", witness=standing.peer.id)
            standing.trouble = "conflict"
        except (_Refused, NoteError) as error:
            if standing.trouble != "refused":
                _logger.error("audit.witness_refused", witness=standing.peer.id, why=str(error))
            standing.trouble = "refused"
        except (httpx.HTTPError, SQLAlchemyError, OSError) as error:
            if standing.trouble != "away":
                why = type(error).__name__
                _logger.warning("audit.witness_away", witness=standing.peer.id, why=why)
            standing.trouble = "away"

    async def _recall(self, standing: Standing) -> None:
        async with self.database.unit(write=False) as session:
            row = await store.last_cosigned(session, standing.peer.id)
        if row is not None:
            standing.size, standing.at = row.size, row.at

    async def _show(self, standing: Standing, newest: Checkpoint) -> None:
        old = standing.size
        status, body, kind = await self._post(standing.peer, old, newest)
        if status == 409 and kind == SIZE_TYPE:
            old = _size(body)
            if old > newest.size:
                # Another process of ours may have shown it a newer one; its line is in the store.
                newest = await self.log.newest()
                if old > newest.size:
                    raise _Conflict
            status, body, _ = await self._post(standing.peer, old, newest)
            if status == 409:
                raise _Conflict
        if status == 422:
            raise _Conflict
        if status != 200:
            raise _Refused(f"status {status}")
        await self._keep(standing, newest, body)

    async def _post(self, peer: Peer, old: int, newest: Checkpoint) -> tuple[int, str, str]:
        proof = await self.log.consistency(old, newest.size) if 0 < old < newest.size else []
        if len(proof) > MAX_PROOF:
            raise _Refused("the proof is too long")
        request = format_request(old, proof, newest.note)
        async with self.client.stream("POST", f"{peer.url}/add-checkpoint", content=request) as got:
            body = bytearray()
            async for chunk in got.aiter_bytes():
                body += chunk
                if len(body) > MAX_ANSWER:
                    raise _Refused("the answer is too long")
            kind = got.headers.get("content-type", "").partition(";")[0].strip()
            return got.status_code, body.decode("utf-8", "replace"), kind

    async def _keep(self, standing: Standing, newest: Checkpoint, body: str) -> None:
        """Trust only a line that the witness's key made over this very text."""
        verifier = standing.peer.verifier
        lines = [
            line
            for line in notes.parse_lines(body)
            if (line.name, line.key_id) == (verifier.name, verifier.key_id)
        ]
        if len(lines) != 1:
            raise _Refused("no line of this witness in its answer")
        verifier.check(notes.with_lines(notes.parse(newest.note), lines))
        now = self.clock()
        async with self.database.unit() as session:
            await store.add_cosignature(
                session, newest.size, standing.peer.id, lines[0].line(), now
            )
        standing.size, standing.at, standing.trouble = newest.size, now, ""


def _size(body: str) -> int:
    text = body.strip()
    if not (text.isascii() and text.isdecimal() and len(text) < 20):
        raise _Refused("the witness did not say which size it knows")
    return int(text)
