"""The confirmation of one legal act: that this person, now, wants exactly this.

`begin` asks, `finish` checks the answer and gives a token, and whoever does the act uses the token
up with `take`, in the act's own unit of work where it can. A token is for one act on one object
with one digest, of one session, for two minutes, once.

A passkey signs a challenge that is bound to all of it (esign.md F):

    SHA-256("sign-act/v1\\0" || nonce || SHA-256 of the document or command || act id)

The act id is `<act>/<object>`. The assertion stays in the database for the evidence; its hash is in
the leaf `act.authorised`. Which acts need it is `auth.policy.NEEDS`; which methods are enough for
them, the profile's levels (`auth.assurance`).
"""

import hashlib
import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from audit.leaf import JSON
from auth import policy
from auth.assurance import Level, Method, Profile
from auth.methods import passkey, store
from auth.methods.core import CEREMONY, Core
from auth.methods.passkeys import Passkeys
from auth.methods.second_factors import SecondFactors
from auth.methods.store import Asked
from auth.person import Person
from auth.policy import Context
from auth.session import Login
from errors import N_, BadInput, Forbidden, Refusal

METHODS = (Method.PASSKEY, Method.TOTP, Method.PASSWORD)
"""In the order in which a page offers them."""
_OBJECT = re.compile(r"[A-Za-z0-9_-]{1,64}")
_DIGEST = re.compile(r"[0-9a-f]{64}")


class Knows(Protocol):
    """What this module needs of the accounts."""

    profile: Profile

    async def check_password(
        self, person: Person, password: str, *, address: str, field: str, session: str = ""
    ) -> None: ...
    async def check_code(self, person: Person, code: str, *, session: str = "") -> None: ...
    async def has_password(self, person: Person) -> bool: ...


@dataclass(frozen=True, slots=True)
class Question:
    """What a page asks the person."""

    id: str
    methods: tuple[Method, ...]
    """Those that the person has and that prove enough. Empty: the person must add one first."""
    options: dict[str, Any] | None
    """For `navigator.credentials.get`, where a passkey is among the methods."""

    def body(self) -> dict[str, Any]:
        """For the page."""
        methods = [method.value for method in self.methods]
        return {"id": self.id, "methods": methods, "publicKey": self.options}


@dataclass(frozen=True, slots=True)
class Authorisation:
    """A confirmed act. The token is said once and stored nowhere."""

    token: str
    method: Method
    level: Level


class StepUp:
    """Confirmations of acts. One per process."""

    def __init__(
        self, core: Core, passkeys: Passkeys, factors: SecondFactors, accounts: Knows
    ) -> None:
        self._core = core
        self._passkeys = passkeys
        self._factors = factors
        self._accounts = accounts

    async def begin(self, login: Login, act: str, object: str, digest: str) -> Question:
        """Ask. Says nothing about whether the person may do the act. Raises BadInput."""
        policy.require(login.person, "account.own")
        need = policy.NEEDS.get(act)
        if need is None or not need.each_time or not _OBJECT.fullmatch(object):
            raise _malformed()
        if not _DIGEST.fullmatch(digest):
            raise _malformed()
        person, now = login.person, self._core.clock()
        asked = Asked(
            secrets.token_urlsafe(16),
            person.id,
            login.id,
            act,
            object,
            digest,
            secrets.token_bytes(32),
            now + CEREMONY,
        )
        methods = await self._methods(person, need.level)
        async with self._core.database.unit() as session:
            await store.add_asked(session, asked, now)
            keys = await store.passkeys(session, person.id)
        options = None
        if Method.PASSKEY in methods:
            options = passkey.request_options(self._passkeys.party, challenge(asked), keys)
        return Question(asked.id, methods, options)

    async def able(self, person: Person, act: str) -> bool:
        """Whether this person could confirm `act` if it were asked now: told before it is."""
        if not self._accounts.profile.each_act:
            return True
        need = policy.NEEDS.get(act)
        return need is None or bool(await self._methods(person, need.level))

    async def _methods(self, person: Person, level: Level) -> tuple[Method, ...]:
        async with self._core.database.unit(write=False) as session:
            has = {
                Method.PASSKEY: bool(await store.passkeys(session, person.id)),
                Method.TOTP: await self._factors.has(session, person.id),
            }
        has[Method.PASSWORD] = await self._accounts.has_password(person)
        return tuple(method for method in METHODS if has[method] and self._gives(method) >= level)

    def _gives(self, method: Method) -> Level:
        return self._accounts.profile.gives.get(method, Level.NONE)

    async def finish(
        self, login: Login, id: str, method: str, answer: Mapping[str, Any], *, address: str
    ) -> Authorisation:
        """Check the answer: `answer` is the assertion, or has `code` or `password`.

        Raises Refusal `passkey.*`, `confirmation.*`, `sign_in.wait`, BadInput. A wrong answer
        changes nothing; a right one is the only one.
        """
        policy.require(login.person, "account.own")
        async with self._core.database.unit(write=False) as session:
            asked = await store.find_asked(session, id[:64])
        if asked is None or asked.login != login.id or asked.expires_at <= self._core.clock():
            raise passkey.too_late()
        match method:
            case Method.PASSKEY.value:
                return await self._by_passkey(asked, answer)
            case Method.TOTP.value:
                code = str(answer.get("code", ""))
                await self._accounts.check_code(login.person, code, session=login.id)
                return await self._typed(asked, Method.TOTP)
            case Method.PASSWORD.value:
                password = str(answer.get("password", ""))
                await self._accounts.check_password(
                    login.person, password, address=address, field="password", session=login.id
                )
                return await self._typed(asked, Method.PASSWORD)
        raise _malformed()

    async def _by_passkey(self, asked: Asked, answer: Mapping[str, Any]) -> Authorisation:
        async with self._core.database.unit() as session:
            key = await self._passkeys.check(session, challenge(asked), answer, asked.account)
            return await self._answer(session, asked, Method.PASSKEY, passkey.evidence(answer), key)

    async def _typed(self, asked: Asked, method: Method) -> Authorisation:
        async with self._core.database.unit() as session:
            return await self._answer(session, asked, method, {"challenge": challenge(asked).hex()})

    async def _answer(
        self,
        session: AsyncSession,
        asked: Asked,
        method: Method,
        proof: dict[str, Any],
        key: passkey.Passkey | None = None,
    ) -> Authorisation:
        token, level = secrets.token_urlsafe(32), self._gives(method)
        stored = await store.answer_asked(
            session,
            asked.id,
            method=method,
            level=level,
            proof=proof,
            token_hash=token_hash(token),
            now=self._core.clock(),
            passkey=key,
        )
        if not stored:
            raise passkey.too_late()
        leaf: dict[str, JSON] = {
            "act": asked.act,
            "account": asked.account,
            "method": method.value,
            "level": level.code,
            "proof": proof_hash(proof),
        }
        await self._core.log.append(session, "act.authorised", leaf, subject=asked.object)
        return Authorisation(token, method, level)

    async def take(
        self,
        session: AsyncSession,
        token: str,
        *,
        person: str,
        login: str,
        act: str,
        object: str,
        digest: str,
    ) -> Level:
        """Use a confirmation up, within the caller's unit, and say what it proved.

        Raises Refusal `confirmation.refused` unless it is for exactly this.
        """
        found = await store.use_authorisation(
            session,
            token_hash(token),
            account=person,
            login=login,
            act=act,
            object=object,
            digest=digest,
            now=self._core.clock(),
        )
        if found is None:
            raise _not_this()
        return found[1]

    async def require(
        self, session: AsyncSession, login: Login, act: str, object: str, bound: str, token: str,
        at: Context,
    ) -> Level:  # fmt: skip
        """Ask the policy; where the profile wants one, with a confirmation of this, used up.
        `bound`: what it is bound to (`digest`); `at`: where the person stands. Says what the
        confirmation proved.

        Raises Forbidden, Refusal `policy.confirmation_needed` (says what to confirm),
        `confirmation.refused`.
        """
        if not policy.confirms(login.person, act):
            policy.require(login.person, act, at)
            return Level.NONE
        if not token:
            raise needed(act, object, bound)
        level = await self.take(
            session, token, person=login.person.id, login=login.id, act=act, object=object,
            digest=bound,
        )  # fmt: skip
        policy.require(login.person, act, replace(at, confirmed=level))
        return level

    async def see(
        self,
        session: AsyncSession,
        token: str,
        *,
        person: str,
        login: str,
        act: str,
        object: str,
        digest: str,
    ) -> Level:
        """What a confirmation proves, which stays good: for a decision before the unit of work that
        takes it. Raises Refusal `confirmation.refused`."""
        found = await store.see_authorisation(
            session,
            token_hash(token),
            account=person,
            login=login,
            act=act,
            object=object,
            digest=digest,
            now=self._core.clock(),
        )
        if found is None:
            raise _not_this()
        return found


def challenge(asked: Asked) -> bytes:
    """What a passkey signs."""
    act = f"{asked.act}/{asked.object}".encode()
    head = b"sign-act/v1\0" + asked.nonce + bytes.fromhex(asked.digest)
    return hashlib.sha256(head + act).digest()


def proof_hash(proof: Mapping[str, Any]) -> str:
    """SHA-256 in hex of a stored proof: JSON with sorted members and without spaces."""
    text = json.dumps(proof, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def token_hash(token: str) -> str:
    """What is stored of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def needed(act: str, object: str, digest: str) -> Refusal:
    """Tell a page what to confirm; it comes back with a token."""
    refusal = Forbidden("policy.confirmation_needed", policy.CONFIRM, action=act)
    refusal.params = {"act": act, "object": object, "digest": digest}
    return refusal


def _not_this() -> Refusal:
    return Refusal(
        "confirmation.refused",
        N_("This confirmation is not for this act, was used, or is too old. Confirm again."),
        status=403,
    )


def _malformed() -> BadInput:
    return BadInput(
        "confirmation.malformed",
        N_("The page asked for something that cannot be confirmed. Reload it."),
    )
