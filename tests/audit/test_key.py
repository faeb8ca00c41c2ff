"""The key file: made once, whole, for its owner only."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from audit import key
from audit.errors import KeyFileError

NAME = "court.example/audit"


@pytest.mark.parametrize("passphrase", ["", "correct horse"])
async def test_made_when_missing_and_read_again(tmp_path: Path, passphrase: str) -> None:
    path = tmp_path / "keys" / "log.pem"
    made = await key.open_key(path, NAME, passphrase)
    again = await key.open_key(path, NAME, passphrase)
    assert again.vkey == made.vkey
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert os.listdir(path.parent) == ["log.pem"]
    assert (b"ENCRYPTED" in path.read_bytes()) == bool(passphrase)
    assert "private" not in repr(made)


def test_wrong_passphrases(tmp_path: Path) -> None:
    plain, locked = tmp_path / "plain.pem", tmp_path / "locked.pem"
    key.load_or_create(plain, NAME)
    key.load_or_create(locked, NAME, "secret")
    with pytest.raises(KeyFileError, match="is encrypted; set"):
        key.load_or_create(locked, NAME)
    with pytest.raises(KeyFileError, match="passphrase is wrong"):
        key.load_or_create(locked, NAME, "other")
    with pytest.raises(KeyFileError, match="is not encrypted"):
        key.load_or_create(plain, NAME, "secret")


def test_files_that_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "log.pem"
    key.load_or_create(path, NAME)
    path.chmod(0o640)
    with pytest.raises(KeyFileError, match="chmod 600"):
        key.load_or_create(path, NAME)
    path.chmod(0o600)
    path.write_bytes(b"rubbish")
    with pytest.raises(KeyFileError, match="is not a key"):
        key.load_or_create(path, NAME)
    other = generate_private_key(SECP256R1())
    path.write_bytes(other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with pytest.raises(KeyFileError, match="Ed25519"):
        key.load_or_create(path, NAME)
    with pytest.raises(KeyFileError, match="no spaces"):
        key.load_or_create(path, "two words")


def test_made_by_many_at_once(tmp_path: Path) -> None:
    path = tmp_path / "log.pem"
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: key.load_or_create(path, NAME).vkey, range(16)))
    assert len(set(made)) == 1
    assert os.listdir(tmp_path) == ["log.pem"]
