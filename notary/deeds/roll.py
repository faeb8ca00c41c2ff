"""The roll of notaries: public or private, and who among the private may take sworn declarations.

An act says which of them may do it (`rules/acts/*.toml`, `notaries`): the executory formula is a
public notary's alone (FDL 20/2022 Art 14), a sworn declaration a public notary's or an authorised
private one's (Art 11; Cabinet Res. 16/2024 Art 5). The director keeps the roll; a line is never
changed, the newest counts. Who has no line is a public notary: an official of the office.
"""

from sqlalchemy.ext.asyncio import AsyncSession

from auth import policy
from auth import store as accounts
from auth.person import Person, Role
from errors import N_, BadInput, NotFound, Refusal
from notary.deeds import store
from notary.deeds.act import Act
from notary.deeds.core import Core
from notary.deeds.store import RollLine as Line
from notary.deeds.text import clean

PUBLIC, PRIVATE, AUTHORISED = "public", "private", "authorised_private"
KINDS: dict[str, str] = {
    PUBLIC: N_("Public notary"),
    PRIVATE: N_("Private notary"),
    AUTHORISED: N_("Private notary, authorised for sworn declarations"),
}
APPROVAL_MOST = 80


_DEFAULT = Line(PUBLIC)


def may(act: Act, kind: str) -> bool:
    """Whether a notary of this kind may do the act."""
    return kind in act.notaries or (kind == AUTHORISED and PRIVATE in act.notaries)


class Roll:
    """One per process."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def of(self, session: AsyncSession, notary: str) -> Line:
        """What the roll says of an account now."""
        return (await store.roll(session)).get(notary, _DEFAULT)

    async def check(self, session: AsyncSession, act: Act, notary: str) -> None:
        """Raises Refusal `deed.not_this_notary` when the act is not one of this notary's."""
        if not may(act, (await self.of(session, notary)).kind):
            raise Refusal(
                "deed.not_this_notary",
                N_("This act is for a public or specially authorised notary. Another takes it."),
                status=403,
            )

    async def read(self, actor: Person) -> list[tuple[Person, Line]]:
        """Every notary with an account that is open, and the roll's line."""
        policy.require(actor, "notary.roll")
        async with self._core.database.unit(write=False) as session:
            found = await store.roll(session)
            everybody = await accounts.accounts(session)
        return [
            (one, found.get(one.id, _DEFAULT))
            for one in everybody
            if one.active and one.role is Role.NOTARY
        ]

    async def enrol(self, actor: Person, notary: str, kind: str, approval: str) -> None:
        """Write a new line. Raises BadInput, NotFound."""
        policy.require(actor, "notary.roll")
        approval = clean(approval, APPROVAL_MOST, field="approval")
        if kind not in KINDS:
            raise BadInput("roll.kind", N_("Choose from the list."), field="kind")
        if (kind == AUTHORISED) != bool(approval):
            raise BadInput(
                "roll.approval",
                N_("An authorised private notary has the number of a decision, and nobody else."),
                field="approval",
            )
        async with self._core.database.unit() as session:
            one = await accounts.get_account(session, notary[:32])
            if one is None or one.role is not Role.NOTARY:
                raise NotFound("roll.unknown", N_("There is no such notary."))
            now = self._core.clock()
            await store.add_roll(session, one.id, kind, approval, now, actor.id)
            codes = {"notary": one.id, "kind": kind, "by": actor.id}
            await self._core.log.append(session, "notary.enrolled", codes, subject=one.id)
