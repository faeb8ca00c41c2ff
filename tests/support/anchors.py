"""A real witness and a real time authority in this process, for tests that write bundles."""

import tempfile
from collections.abc import Callable
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.anchors import LogAnchors
from audit.checkpoint import Checkpoint
from audit.note import parse_vkey
from audit.service import AuditLog
from audit.time_authority import TimeAuthority, open_authority
from audit.timestamping import InternalSource, Timestamping
from audit.web_witness import create_app
from audit.witness import State, Witness
from audit.witnessing import Peer, Witnessing
from database import Database

WITNESS_KEY = Ed25519PrivateKey.generate()
NAME = "witness.example"


class AskedAnchors(LogAnchors):
    """Asks the witness when a bundle wants it, instead of every second."""

    async def cosigned(self, size: int) -> Checkpoint:
        await self.witnessing.ask_all()
        return await LogAnchors.cosigned(self, size)


def anchors(database: Database, log: AuditLog, clock: Callable[[], datetime]) -> AskedAnchors:
    """One witness that has seen nothing yet, and the built-in authority."""
    folder = Path(tempfile.mkdtemp())
    logs = {log.origin: parse_vkey(log.vkey)}
    witness = Witness(NAME, WITNESS_KEY, logs, State(folder / "state.json"))
    app: Any = create_app(witness, clock)
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app=app))
    witnessing = Witnessing(database, log, clock, client)
    witnessing.add(Peer(witness.verifier, "http://witness.example"))
    source = InternalSource(_authority(), clock)
    return AskedAnchors(witnessing, Timestamping(database, log, source, clock, 3600))


@cache
def _authority() -> TimeAuthority:
    path = Path(tempfile.mkdtemp()) / "tsa.pem"
    return open_authority(path, "", datetime.fromisoformat("2026-01-01T00:00:00+00:00"))
