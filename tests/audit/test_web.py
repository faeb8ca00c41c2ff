"""The public face of the log: what a tlog-tiles client gets."""

import gzip

import pytest
from quart import Quart, Response

from audit import checkpoint, note, tile, tree
from audit.service import AuditLog
from audit.web import blueprint
from audit.witnessing import Witnessing
from database import Database

from .conftest import ORIGIN, StepClock
from .test_service import add


async def body(response: Response) -> bytes:
    data: bytes = await response.get_data(as_text=False)
    return data


@pytest.fixture
async def app(log: AuditLog, database: Database) -> Quart:
    await add(log, database, 260)
    await log.checkpoint()
    made = Quart(__name__)
    made.register_blueprint(blueprint(log, Witnessing(database, log, StepClock())))
    return made


async def test_a_monitor_rebuilds_the_log(app: Quart) -> None:
    client = app.test_client()
    vkey = (await (await client.get("/audit/vkey")).get_data(as_text=True)).strip()
    response = await client.get("/audit/checkpoint")
    assert response.content_type == "text/plain; charset=utf-8"
    assert response.headers["Cache-Control"] == "no-cache"
    head = checkpoint.verified(await response.get_data(), note.parse_vkey(vkey), ORIGIN)
    assert head.size == 260
    hashes: list[bytes] = []
    for _, position, width in [item for item in tile.tiles(260) if item.level == 0]:
        path = tile.format_path(position, width)
        response = await client.get(f"/audit/tile/entries/{path}")
        assert response.content_type == "application/octet-stream"
        assert "immutable" in response.headers["Cache-Control"]
        entries = tile.unbundle(await body(response))
        hashes += [tree.leaf_hash(entry) for entry in entries]
        response = await client.get(f"/audit/tile/0/{path}")
        assert response.content_type == "application/octet-stream"
        assert "immutable" in response.headers["Cache-Control"]
        assert await response.get_data() == b"".join(hashes[-width:])
    nodes = {tree.Node(0, i): value for i, value in enumerate(hashes)}
    assert tree.root(260, nodes | tree.extend(0, [], hashes)) == head.root
    response = await client.get("/audit/tile/1/000.p/1")
    assert len(await response.get_data()) == 32


async def test_entries_are_packed_for_those_who_ask(app: Quart) -> None:
    client = app.test_client()
    plain = await client.get("/audit/tile/entries/000")
    packed = await client.get("/audit/tile/entries/000", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert gzip.decompress(await body(packed)) == await plain.get_data()
    assert "Accept-Encoding" in packed.headers["Vary"]


NOWHERE = (
    "tile/0/001",
    "tile/0/001.p/5",
    "tile/0/000.p/0",
    "tile/0/0",
    "tile/00/000",
    "tile/64/000",
    "tile/x/000",
    "tile/0/x000/000",
    "tile/0/%D9%A0%D9%A0%D9%A0",
    "tile/entries/001.p/5",
    "tile/entries/zzz",
    "tile/entries/../../checkpoint/x",
    "tile/-1/000",
    "nothing",
)


async def test_what_is_not_there(app: Quart) -> None:
    for path in NOWHERE:
        response = await app.test_client().get(f"/audit/{path}")
        assert response.status_code == 404, path


async def test_a_log_that_is_not_public(log: AuditLog, database: Database) -> None:
    app = Quart(__name__)
    app.register_blueprint(blueprint(log, Witnessing(database, log, StepClock()), public=False))
    for path in ("checkpoint", "vkey", "tile/0/000.p/1"):
        response = await app.test_client().get(f"/audit/{path}")
        assert response.status_code == 404
        assert await response.get_data(as_text=True) == "not found\n"


async def test_nothing_can_be_written(app: Quart) -> None:
    for method in ("post", "put", "delete"):
        response = await getattr(app.test_client(), method)("/audit/checkpoint")
        assert response.status_code == 405
