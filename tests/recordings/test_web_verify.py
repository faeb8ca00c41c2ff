"""The page 'Verify' over HTTP: any upload gets an answer, none a 500."""

import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from quart import Quart
from quart.datastructures import FileStorage

import pages
from database import Database
from recordings import web_verify
from recordings.checking.service import Checking
from recordings.checking.upload import Reception
from settings import ROOT, Settings

from .evidence import exported, hold, recorder

UPLOAD = "/en/verify/upload"


@pytest.fixture
async def bundle(sqlite_database: Database, tmp_path: Path) -> tuple[Quart, Path]:
    recorded = recorder(sqlite_database)
    await hold(recorded)
    found: Any = recorded.anchors()
    await exported(recorded, tmp_path / "bundle.zip")
    reception = Reception(tmp_path / "uploads", 10_000_000, 0)
    reception.prepare()
    checking = Checking(recorded.log, found.witnessing, found.roots, reception)
    app = Quart("app", root_path=str(ROOT), static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = 1_000_000
    pages.init_app(app, Settings(mode="demo"))
    web_verify.init_app(app, checking)
    return app, tmp_path / "bundle.zip"


async def send(app: Quart, data: bytes) -> tuple[int, str]:
    answer = await app.test_client().post(
        UPLOAD, data=data, headers={"Content-Type": "application/octet-stream"}
    )
    return answer.status_code, await answer.get_data(as_text=True)


async def test_a_bundle_is_sent_and_told_in_both_languages(bundle: tuple[Quart, Path]) -> None:
    app, path = bundle
    data = path.read_bytes()
    status, text = await send(app, data)
    assert status == 200
    assert 'data-verdict="holds"' in text
    assert "<html" not in text  # a part of the page
    with path.open("rb") as file:
        answer = await app.test_client().post(
            "/ar/verify", files={"file": FileStorage(file, filename="bundle.zip")}
        )
    text = await answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert 'data-verdict="holds"' in text
    assert 'lang="ar"' in text


async def test_more_than_the_house_takes(bundle: tuple[Quart, Path]) -> None:
    app, _ = bundle
    status, text = await send(app, b"x" * 10_000_001)
    assert status == 413
    assert "verify.too_large" in text


async def test_more_than_a_form_takes_goes_through_the_upload(bundle: tuple[Quart, Path]) -> None:
    app, _ = bundle
    status, text = await send(app, b"x" * 5_000_000)
    assert status == 200
    assert 'data-verdict="unknown"' in text


async def test_no_upload_is_an_error_of_ours(bundle: tuple[Quart, Path]) -> None:
    app, path = bundle
    whole = path.read_bytes()
    generator = random.Random(7)
    cases = [
        b"",
        b"PK\x03\x04",
        b"PK\x05\x06" + b"\0" * 18,
        b"c2sp.org/tlog-proof@v1\n",
        b"\0" * 999,
    ]
    cases += [
        b'{"checkpoint":' + b"[" * 10_000,
        b'{"checkpoint":"\xff"}\n',
        "a\n\n\u2014 b".encode(),
    ]
    cases += [whole[: generator.randrange(len(whole))] for _ in range(4)]
    cases += [generator.randbytes(2000) for _ in range(2)]
    cases.append(whole + whole)
    for data in cases:
        status, text = await send(app, data)
        assert status in (200, 400), data[:60]
        assert "Traceback" not in text


async def test_a_hash_in_the_address(bundle: tuple[Quart, Path]) -> None:
    app, _ = bundle
    client = app.test_client()
    answer = await client.get(f"/en/verify?sha256={'ab' * 32}")
    assert 'data-verdict="unknown"' in await answer.get_data(as_text=True)
    answer = await client.get("/en/verify?sha256=%3Cscript%3E")
    text = await answer.get_data(as_text=True)
    assert answer.status_code == 400
    assert "<script>" not in text.replace('<script type="module"', "")


async def test_who_leaves_stops_the_check(bundle: tuple[Quart, Path]) -> None:
    """The browser closes while it sends: the place is free again and nothing is left."""
    app, _ = bundle
    folder = web_verify_folder(app)
    messages: AsyncIterator[dict[str, Any]] = leaving()
    sent: list[Any] = []
    scope = {
        "type": "http",
        "method": "POST",
        "scheme": "http",
        "path": UPLOAD,
        "raw_path": UPLOAD.encode(),
        "query_string": b"",
        "root_path": "",
        "http_version": "1.1",
        "headers": [(b"host", b"court.example"), (b"content-length", b"100")],
        "client": ("192.0.2.9", 1),
        "extensions": {},
    }

    async def send_nothing(message: Any) -> None:
        sent.append(message)

    await app.asgi_app(scope, lambda: anext(messages), send_nothing)  # type: ignore[arg-type]
    assert not list(folder.iterdir())
    status, _ = await send(app, b"x")
    assert status == 200


async def leaving() -> AsyncIterator[dict[str, Any]]:
    yield {"type": "http.request", "body": b"PK", "more_body": True}
    yield {"type": "http.disconnect"}


def web_verify_folder(app: Quart) -> Path:
    checking: Checking = app.extensions[web_verify.KEY]
    return checking.reception.folder
