"""All key stores of a house behind one: that of the settings wraps, every one that is open reads.

A wrapped key says itself which key it is under, so that a rotation, or a move from files to a
token, leaves what was recorded readable until it is rewrapped (`recordings.rewrap`):

    "mk1:" name "\\n" what the store gave          e.g. name = file:2, pkcs11:vault-1, kms:court:7

40 bytes without a name are from before there were names: `file:1`.
"""

import re
from collections.abc import Sequence

from recordings.keys import KEY_BYTES, WRAPPED_BYTES, Backend, KeyRefused, new_key
from recordings.keys_file import FileKeys
from settings import Settings

_HEAD = re.compile(rb"mk1:([a-z0-9]+:[A-Za-z0-9_.:-]{1,56})\n")
FIRST = "file:1"


def head(name: str) -> bytes:
    """How what is wrapped under this key begins."""
    return f"mk1:{name}\n".encode()


def name_of(wrapped: bytes) -> str:
    """Which key of which store a wrapped key is under. Raises KeyRefused."""
    return _split(wrapped)[0]


def _split(wrapped: bytes) -> tuple[str, bytes]:
    head = _HEAD.match(wrapped)
    if head:
        return head.group(1).decode(), wrapped[head.end() :]
    if len(wrapped) == WRAPPED_BYTES:
        return FIRST, wrapped
    raise KeyRefused("a wrapped key is damaged")


class KeyRing:
    """A `recordings.keys.KeyStore`. The first backend wraps; there is no other when it fails."""

    def __init__(self, backends: Sequence[Backend]) -> None:
        self._current = backends[0]
        self._backends = {backend.kind: backend for backend in backends}

    @property
    def kind(self) -> str:
        """The store that wraps: file, pkcs11 or kms."""
        return self._current.kind

    def current(self) -> str:
        """The key that wraps now. Raises KeyRefused."""
        return self._current.current()

    def wrap(self, key: bytes) -> bytes:
        name = self.current()
        wrapped = self._current.wrap(name, key)
        made = head(name) + wrapped
        if not _HEAD.match(made):
            raise KeyRefused(f"the key store named its key {name[:80]!r}, which is no name")
        # What cannot be read back would be found out on the day of the appeal.
        if self._current.unwrap(name, wrapped) != key:
            raise KeyRefused(f"the key store does not give back what it wrapped under {name}")
        return made

    def unwrap(self, wrapped: bytes) -> bytes:
        name, inner = _split(wrapped)
        backend = self._backends.get(name.partition(":")[0])
        if backend is None:
            raise KeyRefused(f"the key {name} is in a store that the settings do not name")
        key = backend.unwrap(name, inner)
        if len(key) != KEY_BYTES:
            raise KeyRefused(f"the key store gave {len(key)} bytes under {name}, not a key")
        return key

    def rotate(self) -> str:
        """A new key wraps from now on. Raises KeyRefused."""
        return self._current.rotate()

    def reload(self) -> None:
        """Learn of keys that another process made. Raises KeyRefused."""
        for backend in self._backends.values():
            backend.reload()

    def check(self) -> str:
        """Wrap and unwrap something, for `doctor`; the name of the key. Raises KeyRefused."""
        return name_of(self.wrap(new_key()))


def open_keyring(settings: Settings) -> KeyRing:
    """The stores that the settings name, the chosen one first. Blocks. Raises KeyRefused.

    Key files that are there are opened too, to read what they wrapped before a move.
    """
    backends: list[Backend] = []
    files = FileKeys(settings.keys, settings.key_passphrase)
    if settings.key_store == "file" or (settings.keys / "vault.key").exists():
        files.open()
        backends.append(files)
    if settings.pkcs11_module:
        from recordings.keys_pkcs11 import Pkcs11Keys  # a native module, for those who have a token

        token = Pkcs11Keys(
            settings.pkcs11_module,
            settings.pkcs11_token,
            settings.pkcs11_pin,
            settings.pkcs11_label,
        )
        token.open()
        backends.append(token)
    if settings.kms_url:
        from recordings.keys_kms import KmsKeys

        service = KmsKeys(settings.kms_url, settings.kms_key, settings.kms_token)
        service.open()
        backends.append(service)
    backends.sort(key=lambda backend: backend.kind != settings.key_store)
    return KeyRing(backends)
