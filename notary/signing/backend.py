"""Who makes a signature: one interface for the built-in authority and outside signing services.

A back-end gives a checked revision at level B-LTA, or says that it waits for the signer at an
address of its own. It never gives half of one.
"""

from dataclasses import dataclass, field
from typing import Protocol

from notary.signing.engine import Engine, Job, Signed

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
