"""Tokens hold for tools that we did not write; an authority that lies or is away gives none."""

import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from asn1crypto import tsp
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.errors import KeyFileError
from audit.service import AuditLog
from audit.time_authority import NAME, Rejection, TimeAuthority, open_authority
from audit.timestamping import (
    ExternalSource,
    InternalSource,
    Source,
    Timestamping,
    TimestampRefused,
    obtain,
)
from database import Database

from .conftest import StepClock
from .test_service import add

NOW = StepClock().now


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> TimeAuthority:
    return open_authority(tmp_path_factory.mktemp("tsa") / "tsa.pem", "words", NOW)


def internal(authority: TimeAuthority) -> InternalSource:
    return InternalSource(authority, lambda: NOW)


def outside(authority: TimeAuthority, answer: Callable[[bytes], httpx.Response]) -> ExternalSource:
    """The client of an outside authority, over HTTP without a socket."""

    async def handle(request: httpx.Request) -> httpx.Response:
        assert request.headers["content-type"] == "application/timestamp-query"
        return answer(request.content)

    client = httpx.AsyncClient(transport=httpx.MockTransport(handle))
    return ExternalSource("https://tsa.example/", [authority.root], client)


async def test_openssl_accepts_a_token(authority: TimeAuthority, tmp_path: Path) -> None:
    data = b"a checkpoint\n"
    token, at = await obtain(internal(authority), data, NOW)
    assert at == NOW
    (tmp_path / "data").write_bytes(data)
    (tmp_path / "token").write_bytes(token)
    (tmp_path / "root.pem").write_bytes(authority.root.public_bytes(Encoding.PEM))
    command = ["openssl", "ts", "-verify", "-data", "data", "-in", "token", "-token_in"]
    command += ["-CAfile", "root.pem"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, "Verification: OK" in done.stdout) == (0, True), done.stderr
    (tmp_path / "data").write_bytes(b"another checkpoint\n")
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode
    text = subprocess.run(
        ["openssl", "ts", "-reply", "-in", "token", "-token_in", "-text"],
        cwd=tmp_path, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert "sha256" in text


def test_the_key_needs_its_passphrase(authority: TimeAuthority, tmp_path: Path) -> None:
    made = open_authority(tmp_path / "tsa.pem", "words", NOW)
    again = open_authority(tmp_path / "tsa.pem", "words", NOW)
    assert again.certificate == made.certificate
    assert NAME in again.certificate.subject.rfc4514_string()
    with pytest.raises(KeyFileError):
        open_authority(tmp_path / "tsa.pem", "other", NOW)


@settings(max_examples=200)
@given(st.binary(max_size=200))
def test_any_request_is_answered(request_: bytes) -> None:
    answer = Rejection.load(_AUTHORITY.respond(request_, NOW), strict=True)
    assert answer["status"]["status"].native == "rejection"


def test_weak_hashes_are_refused(authority: TimeAuthority) -> None:
    imprint = {"hash_algorithm": {"algorithm": "sha1"}, "hashed_message": b"x" * 20}
    request = tsp.TimeStampReq({"version": "v1", "message_imprint": imprint}).dump()
    answer = Rejection.load(authority.respond(request, NOW), strict=True)
    assert answer["status"]["fail_info"].native == {"bad_alg"}


async def test_an_outside_authority(authority: TimeAuthority) -> None:
    source = outside(
        authority, lambda body: httpx.Response(200, content=authority.respond(body, NOW))
    )
    assert (await obtain(source, b"x", NOW))[1] == NOW


def _of_other_data(authority: TimeAuthority, body: bytes) -> bytes:
    request = tsp.TimeStampReq.load(body)
    request["message_imprint"]["hashed_message"] = b"y" * 32
    return authority.respond(request.dump(force=True), NOW)


def _without_nonce(authority: TimeAuthority, body: bytes) -> bytes:
    request = tsp.TimeStampReq.load(body)
    imprint = request["message_imprint"]
    fresh = tsp.TimeStampReq({"version": "v1", "message_imprint": imprint, "cert_req": True})
    return authority.respond(fresh.dump(), NOW)


def _flipped(authority: TimeAuthority, body: bytes) -> bytes:
    answer = bytearray(authority.respond(body, NOW))
    answer[-5] ^= 1
    return bytes(answer)


LIES: dict[str, Callable[[TimeAuthority, bytes], bytes]] = {
    "another imprint": _of_other_data,
    "no nonce": _without_nonce,
    "an old time": lambda a, body: a.respond(body, NOW - timedelta(minutes=2)),
    "a time to come": lambda a, body: a.respond(body, NOW + timedelta(minutes=2)),
    "another authority": lambda a, body: _AUTHORITY.respond(body, NOW),
    "a broken signature": _flipped,
    "a rejection": lambda a, body: a.respond(b"", NOW),
    "no answer": lambda a, body: b"",
    "garbage": lambda a, body: b"\x30\x82" + bytes(300),
    "too much": lambda a, body: bytes(1 << 17),
}


@pytest.mark.parametrize("lie", LIES)
async def test_a_lying_authority_gives_none(
    lie: str, authority: TimeAuthority, log: AuditLog, database: Database
) -> None:
    source = outside(
        authority, lambda body: httpx.Response(200, content=LIES[lie](authority, body))
    )
    await add(log, database, 2)
    await log.checkpoint()
    side = Timestamping(database, log, source, lambda: NOW, 3600)
    with pytest.raises(TimestampRefused):
        await side.stamp()
    assert side.trouble
    assert await side.covering(1) is None


@pytest.mark.parametrize("answer", ["away", "503"])
async def test_one_that_is_away_is_not_replaced_by_ours(
    answer: str, authority: TimeAuthority, log: AuditLog, database: Database
) -> None:
    def respond(body: bytes) -> httpx.Response:
        if not back:
            if answer == "away":
                raise httpx.ConnectError("no route")
            return httpx.Response(503)
        return httpx.Response(200, content=authority.respond(body, NOW))

    back: list[bool] = []
    await add(log, database, 2)
    await log.checkpoint()
    side = Timestamping(database, log, outside(authority, respond), lambda: NOW, 3600)
    assert await side.covering(1) is None
    back.append(True)
    token = await side.covering(1)
    assert token is not None
    assert (token.authority, token.checkpoint.size) == ("external", 2)


async def test_a_kept_token_serves_until_the_log_has_grown(
    authority: TimeAuthority, log: AuditLog, database: Database
) -> None:
    asked: list[bytes] = []
    inner = internal(authority)

    class Counting:
        authority = inner.authority
        roots = inner.roots

        async def ask(self, request: bytes) -> bytes:
            asked.append(request)
            return await inner.ask(request)

    source: Source = Counting()
    side = Timestamping(database, log, source, lambda: NOW, 3600)
    await add(log, database, 2)
    await log.checkpoint()
    first = await side.covering(2)
    assert first == await side.covering(1)
    assert len(asked) == 1
    await add(log, database, 1)
    await log.checkpoint()
    later = await side.covering(3)
    assert later is not None
    assert (later.checkpoint.size, len(asked)) == (3, 2)


_AUTHORITY: TimeAuthority


@pytest.fixture(scope="module", autouse=True)
def another_authority(tmp_path_factory: pytest.TempPathFactory) -> None:
    global _AUTHORITY
    _AUTHORITY = open_authority(tmp_path_factory.mktemp("tsa") / "tsa.pem", "", NOW)
