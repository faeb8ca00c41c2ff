"""Use cases of the administrator: organisations, who belongs where, imports, four eyes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from sqlalchemy.ext.asyncio import AsyncSession

from audit.leaf import JSON
from audit.service import AuditLog
from auth import store as accounts_store
from auth.administration import people_csv, store
from auth.administration.organisation import Organisation, Sort, check_home
from auth.administration.people_csv import Preview
from auth.administration.proposal import (
    FOUR_EYES,
    LETS_IN,
    ROLES,
    VALID_FOR,
    Act,
    Proposal,
    check_second,
    needed,
)
from auth.methods import store as methods_store
from auth.password_links import Link
from auth.person import ACCOUNT_ROLES, OPERATOR, Person, Role
from auth.policy import require
from auth.service import Accounts, checked_person, clean_name, new_id
from clock import Clock
from database import Database, lock
from errors import N_, BadInput, NotFound, Refusal

_CODE = re.compile(r"[a-z0-9][a-z0-9-]{1,31}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A proposal as a page shows it."""

    proposal: Proposal
    account: Person
    by: Person | None
    open: bool


class Administration:
    """One per process."""

    def __init__(self, database: Database, log: AuditLog, accounts: Accounts, clock: Clock) -> None:
        self._database, self._log, self._accounts = database, log, accounts
        self._clock = clock

    # --- organisations ----------------------------------------------------------------------------

    async def organisations(self, actor: Person) -> list[Organisation]:
        """All organisations."""
        require(actor, "people.manage")
        async with self._database.unit(write=False) as session:
            return await store.organisations(session)

    async def add_organisation(
        self, actor: Person, *, code: str, sort: str, name_ar: str, name_en: str
    ) -> Organisation:
        """Register a body. Raises BadInput naming the field."""
        require(actor, "people.manage")
        one = _checked(new_id(), code, sort, name_ar, name_en)
        async with self._database.unit() as session:
            await lock(session, "organisations")
            if any(known.code == one.code for known in await store.organisations(session)):
                raise BadInput(
                    "organisation.taken", N_("This code is taken. Choose another."), field="code"
                )
            await store.keep_organisation(session, one)
            leaf: dict[str, JSON] = {"organisation": one.id, "sort": one.sort.value}
            await self._tell(session, "organisation.added", leaf, actor)
        return one

    async def set_organisation_active(self, actor: Person, id: str, active: bool) -> None:
        """Close a body, or open it again. Its people keep their accounts."""
        require(actor, "people.manage")
        async with self._database.unit() as session:
            one = await self._organisation(session, id)
            if one is None or one.active is active:
                return
            await store.keep_organisation(session, replace(one, active=active))
            type = "organisation.opened" if active else "organisation.closed"
            await self._tell(session, type, {"organisation": id}, actor)

    async def homes(self, actor: Person) -> Mapping[str, Organisation]:
        """The organisation of each account that has one."""
        require(actor, "people.manage")
        async with self._database.unit(write=False) as session:
            known = {one.id: one for one in await store.organisations(session)}
            return {name: known[id] for name, id in (await store.memberships(session)).items()}

    async def move(self, actor: Person, account: str, organisation: str) -> None:
        """Where an account belongs; empty: nowhere. Raises NotFound, BadInput."""
        require(actor, "people.manage")
        async with self._database.unit() as session:
            person = await self._account(session, account)
            home = await self._organisation(session, organisation)
            check_home(person.role, home)
            await store.set_membership(session, account, home.id if home else None)
            leaf: dict[str, JSON] = {"account": account, "organisation": home.id if home else ""}
            await self._tell(session, "account.moved", leaf, actor)

    # --- accounts that need four eyes -------------------------------------------------------------

    async def create(self, actor: Person, **given: str) -> tuple[Person, bool]:
        """`Accounts.create`; True with it when a second administrator must agree first."""
        require(actor, "people.manage")
        organisation = given.pop("organisation", "")
        person = checked_person(
            given["username"],
            given["role"],
            given["name_ar"],
            given["name_en"],
            given.get("language", "ar"),
        )
        async with self._database.unit(write=False) as session:
            check_home(person.role, await self._organisation(session, organisation))
        if person.role not in FOUR_EYES:
            made = await self._accounts.create(actor, **given)
            if organisation:
                await self.move(actor, made.id, organisation)
            return made, False
        password = given.get("password", "")
        encoded = await self._accounts.hash_password(password) if password else ""
        async with self._database.unit() as session:
            await lock(session, "accounts")
            waits = needed(await store.administrators(session))
            person = replace(person, active=not waits)
            await self._accounts.add(session, person, encoded, by=actor.id)
            await self._propose(session, actor, FOUR_EYES[person.role].open, person.id, waits)
        if organisation:
            await self.move(actor, person.id, organisation)
        return person, waits

    async def set_role(self, actor: Person, account: str, role: str) -> bool:
        """Give an account another role; True when a second administrator must agree first.

        Raises NotFound, BadInput, Refusal.
        """
        require(actor, "people.manage")
        if role not in {known.value for known in ACCOUNT_ROLES}:
            raise BadInput("people.role", N_("Choose a role from the list."), field="role")
        _not_oneself(actor, account)
        async with self._database.unit() as session:
            await lock(session, "accounts")
            person = await self._account(session, account)
            if person.role.value == role:
                return False
            if person.role is Role.ADMINISTRATOR:
                raise Refusal(
                    "people.administrator",
                    N_("Shut the administrator's account, and open another one for the person."),
                )
            if person.role is Role.AUDITOR:
                raise Refusal(
                    "people.auditor",
                    N_("Shut the auditor's account, and open another one for the person."),
                )
            if Role(role) in FOUR_EYES:
                waits = needed(await store.administrators(session))
                if not waits:
                    await self._give(session, account, Role(role))
                await self._propose(session, actor, FOUR_EYES[Role(role)].make, account, waits)
                return waits
            await store.set_role(session, account, Role(role))
            await store.set_membership(session, account, None)
            leaf: dict[str, JSON] = {"account": account, "role": role}
            await self._tell(session, "account.role_changed", leaf, actor)
        return False

    async def set_active(self, actor: Person, account: str, active: bool) -> bool:
        """`Accounts.set_active`; True when a second administrator must agree first."""
        require(actor, "people.manage")
        _not_oneself(actor, account)
        async with self._database.unit() as session:
            await lock(session, "accounts")
            person = await self._account(session, account)
            if person.role in FOUR_EYES and person.active is not active:
                # Two who are left, and one of them shut: the other one would decide alone.
                waits = needed(await store.administrators(session))
                acts = FOUR_EYES[person.role]
                act = acts.open if active else acts.shut
                if waits:
                    await self._propose(session, actor, act, account, waits)
                    return True
        await self._accounts.set_active(actor, account, active)
        return False

    async def password_link(self, actor: Person, account: str) -> Link | None:
        """`PasswordLinks.issue`; None when a second administrator must agree first."""
        require(actor, "people.manage")
        async with self._database.unit() as session:
            await lock(session, "accounts")
            person = await self._account(session, account)
            if person.active and await self._link_needs_two(session, actor, person):
                await self._propose(session, actor, Act.NEW_LINK, account, True)
                return None
        return await self._accounts.password_links.issue(actor, account)

    async def _link_needs_two(self, session: AsyncSession, actor: Person, person: Person) -> bool:
        """Unless it is one's own, or the one link after two agreed."""
        if person.role not in FOUR_EYES or person.id == actor.id:
            return False
        if not needed(await store.administrators(session)):
            return False
        newest = await methods_store.newest_password_link(session, person.id)
        return not any(
            one.account == person.id
            and one.agreed
            and one.act in LETS_IN
            and one.decided_at is not None
            and self._clock() < one.decided_at + VALID_FOR
            and (newest is None or newest < one.decided_at)
            for one in await store.proposals(session)
        )

    async def reset_methods(self, actor: Person, account: str) -> bool:
        """Take passkeys and second factor of somebody who lost them away; True when a second
        administrator must agree first, whoever the person is: with a password link of their own
        making one alone could sign in as any judge.

        The password is left, and a passkey is added as on the first day. Raises NotFound; Refusal
        `people.yourself`, `methods.none`, `four_eyes.waits`.
        """
        require(actor, "people.manage")
        _not_oneself(actor, account)
        async with self._database.unit() as session:
            await lock(session, "accounts")
            await self._account(session, account)
            keys = await methods_store.passkeys(session, account)
            if not keys and await methods_store.second_factor(session, account) is None:
                raise Refusal(
                    "methods.none",
                    N_(
                        "This person has neither a passkey nor a second factor. A password link is"
                        " enough."
                    ),
                )
            waits = needed(await store.administrators(session))
            await self._propose(session, actor, Act.RESET_METHODS, account, waits)
            if not waits:
                await self._reset(session, account, actor)
        return waits

    async def proposals(self, actor: Person) -> list[Waiting]:
        """All proposals, newest first."""
        require(actor, "people.manage")
        now = self._clock()
        async with self._database.unit(write=False) as session:
            found = await store.proposals(session)
            people = {one.id: one for one in await accounts_store.accounts(session)}
        return [
            Waiting(one, people[one.account], people.get(one.by), one.open(now)) for one in found
        ]

    async def decide(self, actor: Person, proposal: str, *, agree: bool) -> None:
        """Agree to a proposal, which then takes effect, or turn it down.

        Raises NotFound; Refusal `four_eyes.same_person`, `four_eyes.decided`.
        """
        require(actor, "people.manage")
        now = self._clock()
        async with self._database.unit() as session:
            await lock(session, "accounts")
            found = await store.proposal(session, proposal)
            if found is None:
                raise NotFound("four_eyes.unknown", N_("There is no such proposal."))
            check_second(found, actor.id, now, agree=agree)
            decided = replace(found, decided_by=actor.id, decided_at=now, agreed=agree)
            await store.keep_proposal(session, decided)
            if agree:
                await self._carry_out(session, found, actor)
            type = "four_eyes.agreed" if agree else "four_eyes.turned_down"
            leaf: dict[str, JSON] = {
                "proposal": found.id,
                "act": found.act.value,
                "account": found.account,
                "proposed_by": found.by,
            }
            await self._tell(session, type, leaf, actor)

    async def _carry_out(self, session: AsyncSession, found: Proposal, actor: Person) -> None:
        match found.act:
            case Act.OPEN_ADMINISTRATOR | Act.OPEN_AUDITOR:
                await accounts_store.set_active(session, found.account, True)
            case Act.MAKE_ADMINISTRATOR | Act.MAKE_AUDITOR:
                await self._give(session, found.account, ROLES[found.act])
            case Act.SHUT_ADMINISTRATOR | Act.SHUT_AUDITOR:
                await accounts_store.set_active(session, found.account, False)
                await accounts_store.end_logins(session, found.account)
            case Act.NEW_LINK:
                pass  # the agreement is what `password_link` looks for
            case Act.RESET_METHODS:
                await self._reset(session, found.account, actor)

    async def _reset(self, session: AsyncSession, account: str, actor: Person) -> None:
        for key in await methods_store.passkeys(session, account):
            await methods_store.remove_passkey(session, account, key.id)
        await methods_store.remove_second_factor(session, account)
        await methods_store.end_password_links(session, account)  # one made before is no way in
        await accounts_store.end_logins(session, account)
        await self._tell(session, "account.methods_reset", {"account": account}, actor)

    async def _give(self, session: AsyncSession, account: str, role: Role) -> None:
        """A role that another had agreed to. An auditor belongs nowhere that is watched. Links to
        set a password that were made for the person before end."""
        await store.set_role(session, account, role)
        await methods_store.end_password_links(session, account)
        if role is Role.AUDITOR:
            await store.set_membership(session, account, None)

    async def _propose(
        self, session: AsyncSession, actor: Person, act: Act, account: str, waits: bool
    ) -> None:
        now = self._clock()
        made = Proposal(new_id(), act, account, actor.id, now)
        if any(
            one.open(now) and (one.act, one.account) == (act, account)
            for one in await store.proposals(session)
        ):
            raise Refusal(
                "four_eyes.waits", N_("This waits already for another administrator to agree.")
            )
        if not waits:
            made = replace(made, decided_at=now, agreed=True)
        await store.keep_proposal(session, made)
        type = "four_eyes.proposed" if waits else "four_eyes.alone"
        leaf: dict[str, JSON] = {"proposal": made.id, "act": act.value, "account": account}
        await self._tell(session, type, leaf, actor)

    # --- imports ----------------------------------------------------------------------------------

    async def preview(self, actor: Person, text: str) -> Preview:
        """What importing the file would do. Raises BadInput for an unreadable file."""
        require(actor, "people.manage")
        async with self._database.unit(write=False) as session:
            return await self._read(session, text)

    async def bring_in(self, actor: Person, text: str) -> int:
        """Open all accounts of the file, or none. Each person sets a password by a link.

        Raises BadInput; Refusal `import.faults` when a line is wrong (now).
        """
        require(actor, "people.manage")
        async with self._database.unit() as session:
            await lock(session, "accounts")
            preview = await self._read(session, text)
            if preview.faults:
                raise Refusal(
                    "import.faults", N_("Nothing was imported. Correct the lines named below.")
                )
            for row in preview.rows:
                await accounts_store.add_account(session, row.person, "", self._clock())
                if row.organisation:
                    await store.set_membership(session, row.person.id, row.organisation.id)
            for row in preview.rows:
                leaf: dict[str, JSON] = {
                    "account": row.person.id,
                    "role": row.person.role.value,
                    "organisation": row.organisation.id if row.organisation else "",
                }
                await self._tell(session, "account.created", leaf, actor)
            await self._tell(session, "people.imported", {"count": len(preview.rows)}, actor)
        return len(preview.rows)

    async def _read(self, session: AsyncSession, text: str) -> Preview:
        taken = await store.usernames(session)
        known = {one.code: one for one in await store.organisations(session)}
        return people_csv.read(text, taken, known)

    # --- helpers ----------------------------------------------------------------------------------

    async def _account(self, session: AsyncSession, id: str) -> Person:
        person = await accounts_store.get_account(session, id)
        if person is None:
            raise NotFound("people.unknown", N_("There is no such account."))
        return person

    async def _organisation(self, session: AsyncSession, id: str) -> Organisation | None:
        if not id:
            return None
        found = await store.organisation(session, id)
        if found is None:
            raise BadInput(
                "organisation.unknown", N_("There is no such organisation."), field="organisation"
            )
        return found

    async def _tell(
        self, session: AsyncSession, type: str, leaf: dict[str, JSON], actor: Person
    ) -> None:
        by = "operator" if actor is OPERATOR else actor.id
        await self._log.append(session, type, {**leaf, "by": by})


def _checked(id: str, code: str, sort: str, name_ar: str, name_en: str) -> Organisation:
    code = code.strip().lower()
    if not _CODE.fullmatch(code):
        raise BadInput(
            "organisation.code",
            N_("A code has 2 to 32 small Latin letters, digits and hyphens."),
            field="code",
        )
    if sort not in {known.value for known in Sort}:
        raise BadInput("organisation.sort", N_("Choose a sort from the list."), field="sort")
    name_ar, name_en = clean_name(name_ar), clean_name(name_en)
    if not name_ar or not name_en:
        raise BadInput(
            "organisation.name",
            N_("Write the name in both languages."),
            field="name_en" if name_ar else "name_ar",
        )
    return Organisation(id, code, Sort(sort), name_ar, name_en)


def _not_oneself(actor: Person, account: str) -> None:
    if actor.id == account:
        raise Refusal("people.yourself", N_("Ask another administrator to change your account."))
