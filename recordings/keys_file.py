"""The key store in files: a random key in each, wrapped under one that argon2id makes of a
passphrase. `vault.key` is `file:1`, `vault-2.key` is `file:2`, and so on; the newest wraps."""

import json
import re
import secrets
import threading
from base64 import b64decode, b64encode
from pathlib import Path

from argon2.low_level import Type, hash_secret_raw

from audit.key import create_private
from recordings.keys import KEY_BYTES, KeyRefused, MemoryKeyStore, new_key, unwrap, wrap

# RFC 9106 section 4, second recommended option: 64 MiB, 3 passes, 4 lanes.
_ARGON = {"time_cost": 3, "memory_cost": 65536, "parallelism": 4}
_FILE = re.compile(r"vault(?:-([1-9][0-9]{0,5}))?\.key")


class FileKeys:
    """A `recordings.keys.Backend`. Opening a file takes about 100 ms."""

    kind = "file"

    def __init__(self, folder: Path, passphrase: str) -> None:
        self._folder, self._passphrase = folder, passphrase
        self._opened: dict[int, MemoryKeyStore] = {}
        self._busy = threading.Lock()

    def open(self) -> None:
        """Read the keys, or make the first one. Raises KeyRefused."""
        if not self._numbers():
            _create(self._path(1), self._passphrase)
        self.reload()

    def reload(self) -> None:
        with self._busy:
            for number in self._numbers():
                if number not in self._opened:
                    found = _read(self._path(number), self._passphrase)
                    self._opened[number] = MemoryKeyStore(found)

    def current(self) -> str:
        if not self._opened:
            raise KeyRefused("there is no key file of the vault")
        return f"file:{max(self._opened)}"

    def wrap(self, name: str, key: bytes) -> bytes:
        return self._key(name).wrap(key)

    def unwrap(self, name: str, wrapped: bytes) -> bytes:
        return self._key(name).unwrap(wrapped)

    def rotate(self) -> str:
        self.reload()
        number = max(self._opened, default=0) + 1
        _create(self._path(number), self._passphrase)
        self.reload()
        return self.current()

    def _key(self, name: str) -> MemoryKeyStore:
        number = int(name.partition(":")[2]) if re.fullmatch(r"file:[1-9][0-9]{0,5}", name) else 0
        if number not in self._opened and number in self._numbers():
            self.reload()
        if number not in self._opened:
            raise KeyRefused(f"the key {name} is in no file of {self._folder.name}/")
        return self._opened[number]

    def _numbers(self) -> list[int]:
        names = self._folder.iterdir() if self._folder.is_dir() else ()
        found = (_FILE.fullmatch(path.name) for path in names)
        return sorted(int(match.group(1) or 1) for match in found if match)

    def _path(self, number: int) -> Path:
        return self._folder / ("vault.key" if number == 1 else f"vault-{number}.key")


def _read(path: Path, passphrase: str) -> bytes:
    try:
        found = json.loads(path.read_bytes())
        salt, wrapped = b64decode(found["salt"]), b64decode(found["key"])
        costs = {name: int(found[name]) for name in _ARGON}
        if found["v"] != 1 or costs["memory_cost"] > 1 << 22 or costs["time_cost"] > 100:
            raise ValueError
        under = _derive(passphrase, salt, costs)
    except (ValueError, KeyError, TypeError):
        raise KeyRefused(f"{path.name} is not a key file of the vault") from None
    try:
        return unwrap(wrapped, under)
    except KeyRefused:
        raise KeyRefused(f"{path.name}: the passphrase is wrong") from None


def _derive(passphrase: str, salt: bytes, costs: dict[str, int]) -> bytes:
    return hash_secret_raw(
        passphrase.encode(), salt, hash_len=KEY_BYTES, type=Type.ID, version=19, **costs
    )


def _create(path: Path, passphrase: str) -> None:
    salt = secrets.token_bytes(16)
    wrapped = wrap(new_key(), _derive(passphrase, salt, _ARGON))
    text = json.dumps(
        {"v": 1, "salt": b64encode(salt).decode(), "key": b64encode(wrapped).decode(), **_ARGON}
    )
    create_private(path, text.encode())
