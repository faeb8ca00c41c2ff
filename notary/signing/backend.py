"""Who makes a signature: one interface for the built-in authority and outside signing services.

A back-end gives a checked revision at level B-LTA, or says that it waits for the signer at an
address of its own. It never gives half of one.
"""

from dataclasses import dataclass, field
from typing import Protocol

from notary.signing.engine import Engine, Job, Signed
from notary.signing.errors import SigningFailed

BUILT_IN = "internal"


@dataclass(frozen=True, slots=True)
class Waiting:
    """An outside service asks the signer itself; look again with the reference."""

    reference: str
    address: str
    """Where the signer's browser goes. From the service; checked against its host."""


@dataclass(frozen=True, slots=True)
class Order:
    """A signature to make and for whom."""

    job: Job = field(repr=False)
    names: tuple[str, ...] = field(repr=False)
    """Of the signer, in each language: what a certificate of an outside service must say."""
    account: str
    """Id of the account at the back-end that signs (credential id, digital identity)."""
    back: str = ""
    """Address to which the service sends the signer's browser when it is done."""


class Backend(Protocol):
    """Makes signatures. Each call raises SigningFailed, and then nothing was made."""

    @property
    def code(self) -> str:
        """For the audit log: internal, csc, uae_pass."""

    async def begin(self, order: Order) -> Signed | Waiting:
        """Sign, or ask the signer to."""

    async def look(self, order: Order, reference: str) -> Signed | Waiting:
        """What has become of it. The order is the one of `begin`."""


def same_person(signed: Signed, order: Order) -> Signed:
    """Refuse a signature whose certificate names somebody else. Raises SigningFailed."""
    if _words(signed.name) not in [_words(one) for one in order.names if one]:
        raise SigningFailed("other_person", "the certificate names somebody else")
    return signed


def _words(name: str) -> list[str]:
    """Services write names in any case and put commas between the parts."""
    return sorted(name.casefold().replace(",", " ").split())


class Csc:
    """Keys at a Cloud Signature Consortium service; `Order.account` is the credential's id."""

    code = "csc"

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def begin(self, order: Order) -> Signed | Waiting:
        """Sign at once: the service was authorised with its token."""
        return same_person(await self._engine.sign_csc(order.job, order.account), order)

    async def look(self, order: Order, reference: str) -> Signed | Waiting:
        """Nothing waits here."""
        return await self.begin(order)


class BuiltIn:
    """The internal authority: one certificate for one act, its key destroyed after it."""

    code = BUILT_IN

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def begin(self, order: Order) -> Signed | Waiting:
        """Sign at once."""
        return await self._engine.sign(order.job)

    async def look(self, order: Order, reference: str) -> Signed | Waiting:
        """Nothing ever waits here: sign again."""
        return await self._engine.sign(order.job)
