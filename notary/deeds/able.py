"""Whether those who are to sign could do so: told before their turn, not at it."""

from dataclasses import dataclass, replace

from auth import store as accounts
from auth.assurance import Assurance, Level
from auth.person import Person
from auth.stepup import StepUp
from errors import N_, Forbidden, Refusal
from notary.deeds.act import Act
from notary.deeds.core import Core
from notary.deeds.ports import Signing
from notary.deeds.request import Request

SIGN, CLOSE = "signing.sign", "signing.close"


@dataclass(frozen=True, slots=True)
class Able:
    """One per process."""

    core: Core
    step_up: StepUp
    signing: Signing | None

    async def why_not(self, person: Person, *, notary: bool = False) -> Refusal | None:
        """What keeps this person from signing, or None. Face and document are compared by the
        notary in each act, so it is the way to confirm that may be missing."""
        if not await self.step_up.able(person, CLOSE if notary else SIGN):
            return Refusal(
                "deed.cannot_sign",
                N_("You cannot sign yet. Add a passkey to your account before the signing begins."),
            )
        if self.signing is None:
            return None
        each_act = person.assurance.each_act
        sure = replace(person, assurance=Assurance(Level.HIGH)) if each_act else person
        try:
            await self.signing.require_signing(sure, checked=True)
        except Forbidden as refusal:
            return refusal
        return None

    async def unable(self, one: Request, act: Act) -> frozenset[str]:
        """Keys of those who sign and have no way to confirm it yet."""
        signers = one.signers(act)
        async with self.core.database.unit(write=False) as session:
            people = [
                (each.key, await accounts.get_account(session, each.person)) for each in signers
            ]
        return frozenset(
            [
                key
                for key, person in people
                if person is not None and not await self.step_up.able(person, SIGN)
            ]
        )
