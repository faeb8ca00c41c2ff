"""Files, a PKCS#11 token (SoftHSM) and a key service behind one: wrap, rotate, move, refuse."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from audit.leaf import decode
from audit.service import AuditLog
from clock import utc_now
from database import Database
from recordings import rewrap, store
from recordings.keyring import FIRST, KeyRing, name_of, open_keyring
from recordings.keys import KeyRefused, new_key
from recordings.keys_file import FileKeys
from recordings.keys_kms import KmsKeys
from recordings.keys_pkcs11 import Pkcs11Keys
from recordings.store import RecordingRow
from recordings.wrapped.store import Held, Shelf
from settings import Settings, SettingsError, load
from tests.recordings.kms import TOKEN, Kms
from tests.support.softhsm import MODULE as SOFTHSM
from tests.support.softhsm import PIN

RECORDINGS = Shelf(RecordingRow.__table__, "wrapped_key")  # type: ignore[arg-type]


@pytest.fixture
def token(softhsm: None) -> str:
    return "court"


@pytest.fixture
def service() -> Iterator[Kms]:
    with Kms() as running:
        yield running


def settings(folder: Path, **more: str) -> Settings:
    return Settings(mode="demo", data_dir=folder, **more)  # type: ignore[arg-type]


def rings_agree(ring: KeyRing) -> None:
    """What every store must do."""
    key = new_key()
    wrapped = ring.wrap(key)
    assert key not in wrapped
    assert ring.unwrap(wrapped) == key
    before = ring.current()
    after = ring.rotate()
    assert after != before
    assert name_of(ring.wrap(key)) == after == ring.current() == ring.check()
    assert ring.unwrap(wrapped) == key, "the older key stays readable"
    for place in (len(wrapped) - 1, len(wrapped) - 20):
        with pytest.raises(KeyRefused):
            ring.unwrap(wrapped[:place] + bytes([wrapped[place] ^ 1]) + wrapped[place + 1 :])
    with pytest.raises(KeyRefused):
        ring.unwrap(wrapped[:-1])
    with pytest.raises(KeyRefused):
        ring.unwrap(b"mk1:nowhere:1\n" + bytes(40))


def test_files(tmp_path: Path) -> None:
    ring = open_keyring(settings(tmp_path, key_passphrase="correct horse"))
    rings_agree(ring)
    first, second = tmp_path / "keys" / "vault.key", tmp_path / "keys" / "vault-2.key"
    assert first.stat().st_mode & 0o777 == second.stat().st_mode & 0o777 == 0o600
    key = new_key()
    nameless = FileKeys(tmp_path / "keys", "correct horse")
    nameless.open()
    assert ring.unwrap(nameless.wrap(FIRST, key)) == key, "from before there were names"
    with pytest.raises(KeyRefused, match="passphrase"):
        open_keyring(settings(tmp_path, key_passphrase="wrong"))
    second.write_text("{}")
    with pytest.raises(KeyRefused, match="not a key file"):
        open_keyring(settings(tmp_path, key_passphrase="correct horse"))


def test_a_rotation_by_another_process_is_learnt(tmp_path: Path) -> None:
    server = open_keyring(settings(tmp_path))
    other = open_keyring(settings(tmp_path))
    key = new_key()
    other.rotate()
    assert server.unwrap(other.wrap(key)) == key
    server.reload()
    assert server.current() == other.current() == "file:2"


def test_a_token(token: str) -> None:
    backend = Pkcs11Keys(SOFTHSM, token, PIN)
    backend.open()
    rings_agree(KeyRing([backend]))
    with pytest.raises(KeyRefused, match="PinIncorrect"):
        Pkcs11Keys(SOFTHSM, token, "999999").open()
    with pytest.raises(KeyRefused, match="no-such"):
        Pkcs11Keys(SOFTHSM, "no-such", PIN).open()
    with pytest.raises(KeyRefused, match=r"load|nothing"):
        Pkcs11Keys("/nothing.so", token, PIN).open()


def test_a_service(service: Kms) -> None:
    rings_agree(KeyRing([KmsKeys(service.url, "vault", TOKEN)]))


@pytest.mark.parametrize(
    "fault", ["slow", "error", "html", "long", "redirect", "echo", "forgets", "short"]
)
def test_a_service_that_answers_wrongly_is_refused(service: Kms, fault: str) -> None:
    ring = KeyRing([KmsKeys(service.url, "vault", TOKEN, timeout=0.2)])
    ring.check()
    service.fault = fault
    with pytest.raises(KeyRefused, match="key"):
        ring.check()
    service.fault = ""
    ring.check()


def test_a_service_that_is_down_or_wrong_is_refused(service: Kms) -> None:
    for url, key, why in (
        ("http://127.0.0.1:1/v1", "vault", "cannot be reached"),
        ("http://kms.example/v1", "vault", "https"),
        (service.url, "va/ult", "name"),
    ):
        with pytest.raises(KeyRefused, match=why):
            KmsKeys(url, key, TOKEN).open()
    with pytest.raises(KeyRefused, match="401"):
        KmsKeys(service.url, "vault", "wrong").open()


def test_nothing_falls_back(tmp_path: Path, service: Kms) -> None:
    """Files are open, for reading; when the service fails, nothing is wrapped by a file."""
    open_keyring(settings(tmp_path))
    chosen = settings(tmp_path, key_store="kms", kms_url=service.url, kms_token=TOKEN)
    ring = open_keyring(chosen)
    assert ring.current().startswith("kms:")
    service.fault = "error"
    with pytest.raises(KeyRefused):
        ring.wrap(new_key())
    with pytest.raises(KeyRefused):
        open_keyring(chosen)


def test_settings_are_whole() -> None:
    good = {"MAHDAR_MODE": "demo", "MAHDAR_KEY_STORE": "kms", "MAHDAR_KMS_URL": "https://kms/v1"}
    assert load(good).key_store == "kms"
    for wrong in (
        {"MAHDAR_KEY_STORE": "kms"},
        {"MAHDAR_KEY_STORE": "pkcs11"},
        {"MAHDAR_KEY_STORE": "cloud"},
    ):
        with pytest.raises(SettingsError):
            load({"MAHDAR_MODE": "demo", **wrong})
    assert "geheim" not in repr(replace(Settings(), kms_token="geheim", pkcs11_pin="geheim"))


# --- rotation ------------------------------------------------------------------------------------


async def held(records: Database, ring: KeyRing, count: int) -> dict[str, bytes]:
    found = {}
    async with records.unit() as session:
        for number in range(count):
            key = found[f"s{number}"] = new_key()
            await store.add(session, f"s{number}", ring.wrap(key), utc_now())
    return found


async def wrapped(session: store.Session) -> list[tuple[str, bytes]]:
    rows = await session.execute(
        select(RecordingRow.sitting, RecordingRow.wrapped_key).where(
            RecordingRow.wrapped_key.is_not(None)
        )
    )
    return [(name, key or b"") for name, key in rows]


async def readable(records: Database, ring: KeyRing) -> dict[str, bytes]:
    async with records.unit(write=False) as session:
        return {name: ring.unwrap(data) for name, data in await wrapped(session)}


async def test_a_rotation_goes_on_where_it_was_stopped(
    records: Database, log: AuditLog, service: Kms
) -> None:
    ring = KeyRing([KmsKeys(service.url, "vault", TOKEN)])
    keys = await held(records, ring, 5)
    told: list[tuple[int, int]] = []

    def tell(done: int, of: int) -> None:
        told.append((done, of))
        if done == 2:
            service.fault = "error"

    with pytest.raises(KeyRefused):
        await rewrap.rotate(records, log, ring, "operator", tell)
    service.fault = ""
    assert await readable(records, ring) == keys
    assert told == [(1, 5), (2, 5)]
    assert await rewrap.rewrap(records, log, ring, "operator") == 3
    assert await rewrap.rewrap(records, log, ring, "operator") == 0
    assert await readable(records, ring) == keys
    async with records.unit(write=False) as session:
        names = {name_of(data) for _, data in await wrapped(session)}
    assert names == {ring.current()} == {"kms:vault:2"}
    for sitting in keys:
        found = [decode(item.entry) for item in await log.leaves(sitting)]
        assert [item.type for item in found] == ["key.rotated"]
        assert found[0].data == {
            "from": "kms:vault:1",
            "to": "kms:vault:2",
            "by": "operator",
            "of": "recordings",
            "id": sitting,
        }


async def test_a_destroyed_key_does_not_come_back(
    records: Database, log: AuditLog, tmp_path: Path
) -> None:
    """Destroyed between the moment when it was read and the moment when it is written."""
    ring = open_keyring(settings(tmp_path))
    await held(records, ring, 1)
    ring.rotate()
    async with records.unit(write=False) as session:
        [(sitting, key)] = await wrapped(session)

    async def destroy() -> None:
        async with records.unit() as session:
            assert await store.erase_key(session, sitting)

    await destroy()
    assert not await rewrap._one(
        records, log, ring, "operator", RECORDINGS, Held(sitting, sitting, key)
    )
    assert await readable(records, ring) == {}
    assert await log.leaves(sitting) == []


async def test_a_house_moves_from_files_to_a_token(
    records: Database, log: AuditLog, tmp_path: Path, token: str
) -> None:
    keys = await held(records, open_keyring(settings(tmp_path)), 3)
    chosen = settings(
        tmp_path,
        key_store="pkcs11",
        pkcs11_module=SOFTHSM,
        pkcs11_token=token,
        pkcs11_pin=PIN,
        pkcs11_label="moved",
    )
    ring = open_keyring(chosen)
    assert await readable(records, ring) == keys
    assert await rewrap.rewrap(records, log, ring, "operator") == 3
    (tmp_path / "keys" / "vault.key").unlink()
    assert await readable(records, open_keyring(chosen)) == keys
