"""The witness as a process: a small web application of its own (C2SP tlog-witness)."""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

from hypercorn.asyncio import serve as hypercorn_serve
from hypercorn.config import Config
from quart import Quart, Response, request

from audit import note as notes
from audit.key import load_or_create
from audit.note import MAX_BYTES
from audit.witness import State, Witness
from clock import Clock, utc_now

PUBLIC = "vkey.txt"
"""The verifier key, beside the key: for whoever configures the witness."""


def create_app(witness: Witness, clock: Clock) -> Quart:
    """POST /add-checkpoint and GET /vkey, nothing else."""
    app = Quart("witness", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BYTES

    @app.post("/add-checkpoint")
    async def add_checkpoint() -> Response:
        body = await request.body
        answer = await asyncio.to_thread(witness.add_checkpoint, body, clock())
        return Response(answer.body, status=answer.status, content_type=answer.content_type)

    @app.get("/vkey")
    async def vkey() -> Response:
        return Response(witness.verifier.vkey + "\n", content_type="text/plain; charset=utf-8")

    return app


def serve(
    folder: Path,
    name: str,
    logs: list[str],
    bind: str,
    passphrase: str,
    tell: Callable[[str], None],
) -> None:
    """Run a witness until SIGINT or SIGTERM. `tell` gets its verifier key before the first request.

    `folder` keeps `witness.key` and `state.json`; `logs` are verifier keys; `bind` is host:port or
    fd://N. Raises AuditError for a key, a state or a log that cannot be used.
    """
    key = load_or_create(folder / "witness.key", name, passphrase)
    known = {found.name: found for found in map(notes.parse_vkey, logs)}
    witness = Witness(name, key.private, known, State(folder / "state.json"))
    config = Config()
    config.bind, config.accesslog = [bind], None
    config.errorlog = logging.getLogger("hypercorn.error")
    config.graceful_timeout = 1
    (folder / PUBLIC).write_text(witness.verifier.vkey + "\n")
    tell(witness.verifier.vkey)
    asyncio.run(hypercorn_serve(create_app(witness, utc_now), config))
