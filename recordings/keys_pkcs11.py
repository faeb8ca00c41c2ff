"""The key store in a PKCS#11 token: keys that never leave it wrap the keys of sittings.

CKM_AES_KEY_WRAP (RFC 3394), tried against SoftHSM 2.6. A key of ours is a secret AES-256 object of
the token with the label `<label>-<number>`, sensitive, not extractable; the highest number wraps.
A sitting's key goes in as a session object, which ends with the session.
"""

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pkcs11
from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass
from pkcs11.exceptions import PKCS11Error

from recordings.keys import KEY_BYTES, KeyRefused

_OURS = {
    Attribute.TOKEN: True,
    Attribute.PRIVATE: True,
    Attribute.SENSITIVE: True,
    Attribute.EXTRACTABLE: False,
    Attribute.WRAP: True,
    Attribute.UNWRAP: True,
    Attribute.ENCRYPT: False,
    Attribute.DECRYPT: False,
}
_PASSING = {
    Attribute.CLASS: ObjectClass.SECRET_KEY,
    Attribute.KEY_TYPE: KeyType.AES,
    Attribute.TOKEN: False,
    Attribute.PRIVATE: True,
    Attribute.SENSITIVE: False,
    Attribute.EXTRACTABLE: True,
}


class Pkcs11Keys:
    """A `recordings.keys.Backend`. One session at a time, opened for each call and closed."""

    kind = "pkcs11"

    def __init__(self, module: str, token: str, pin: str, label: str = "mahdar-vault") -> None:
        self._module, self._token, self._pin, self._label = module, token, pin, label
        self._busy = threading.Lock()

    def open(self) -> None:
        """See that the token answers, and make the first key when it has none."""
        with self._session("open") as session:
            if not self._numbers(session):
                self._generate(session, 1)

    def reload(self) -> None:
        """Nothing is remembered."""

    def current(self) -> str:
        with self._session("look for keys in") as session:
            numbers = self._numbers(session)
        if not numbers:
            raise KeyRefused(f"the token {self._token} has no key {self._label}-1")
        return f"pkcs11:{self._label}-{max(numbers)}"

    def wrap(self, name: str, key: bytes) -> bytes:
        with self._session("wrap with") as session:
            passing = session.create_object({**_PASSING, Attribute.VALUE: key})
            wrapped: bytes = self._key(session, name).wrap_key(
                passing, mechanism=Mechanism.AES_KEY_WRAP
            )
            return wrapped

    def unwrap(self, name: str, wrapped: bytes) -> bytes:
        with self._session("unwrap with") as session:
            found = self._key(session, name).unwrap_key(
                ObjectClass.SECRET_KEY,
                KeyType.AES,
                wrapped,
                mechanism=Mechanism.AES_KEY_WRAP,
                template=_PASSING,
            )
            value: bytes = found[Attribute.VALUE]
            return value

    def rotate(self) -> str:
        with self._session("make a key in") as session:
            number = max(self._numbers(session), default=0) + 1
            self._generate(session, number)
        return f"pkcs11:{self._label}-{number}"

    def _generate(self, session: Any, number: int) -> None:
        session.generate_key(
            KeyType.AES,
            KEY_BYTES * 8,
            label=f"{self._label}-{number}",
            store=True,
            template=_OURS,
        )

    def _numbers(self, session: Any) -> list[int]:
        pattern = re.compile(re.escape(self._label) + r"-([1-9][0-9]{0,5})")
        keys = session.get_objects({Attribute.CLASS: ObjectClass.SECRET_KEY})
        labels = [pattern.fullmatch(key.label or "") for key in keys]
        return sorted(int(match.group(1)) for match in labels if match)

    def _key(self, session: Any, name: str) -> Any:
        label = name.partition(":")[2]
        found = session.get_objects(
            {Attribute.CLASS: ObjectClass.SECRET_KEY, Attribute.LABEL: label}
        )
        keys = list(found)
        if len(keys) != 1:
            count = "no key" if not keys else f"{len(keys)} keys"
            raise KeyRefused(f"the token {self._token} has {count} {label}")
        return keys[0]

    @contextmanager
    def _session(self, what: str) -> Iterator[Any]:
        with self._busy:
            try:
                library = _library(self._module)
                token = library.get_token(token_label=self._token)
                with token.open(user_pin=self._pin, rw=True) as session:
                    yield session
            except PKCS11Error as error:
                why = f"{type(error).__name__} {error}".strip()
                text = f"cannot {what} the token {self._token}: {why}"
                raise KeyRefused(text) from None
            except (RuntimeError, OSError) as error:  # the module itself
                raise KeyRefused(f"the PKCS#11 module {self._module}: {error}") from None


def _library(module: str) -> Any:
    """The module of the token; python-pkcs11 loads one per process."""
    load: Callable[[str], Any] = pkcs11.lib
    return load(module)
