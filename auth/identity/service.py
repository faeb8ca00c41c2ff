"""Use cases: going to a provider, coming back, and being signed out by it.

Coming back is a chain of checks, in this order: the flow is ours, unused and of this browser; the
provider says yes; the code gives tokens; the ID token is right in every claim; the user-info call
is about the same person; the level is enough; the identity belongs to one account. Any of them
refuses, and nothing is changed but that the flow is used up.
"""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

import httpx
import structlog

from auth import store as accounts_store
from auth.assurance import Level, Method
from auth.identity import flow as flows
from auth.identity import store
from auth.identity.client import ProviderClient, ProviderTrouble, Tokens, http_client
from auth.identity.flow import Flow, Purpose
from auth.identity.linking import Linking
from auth.identity.profile import Claimed
from auth.identity.provider import Provider
from auth.identity.refusals import IdentityRefused, refused
from auth.identity.store import ProviderLogin
from auth.identity.token import (
    ID_TYPES,
    LOGOUT_TYPES,
    Expected,
    IdToken,
    check_id_token,
    check_logout_token,
)
from auth.jwt import TokenRefused
from auth.person import Person
from auth.policy import check_signing
from auth.service import Accounts, SignedIn
from auth.session import Browser, Login
from clock import Clock
from database import Database

_logger = structlog.get_logger(__name__)
LOGOUT_REMEMBERED = 2 * flows.LIFETIME
"""How long a logout token's id is kept: longer than the token can be good."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the browser brought back from the provider. All of it is hostile."""

    state: str
    code: str
    error: str
    issuer: str
    """RFC 9207; empty where the provider does not send it."""


class DigitalIdentity:
    """Sign-in with identity providers. One per process; `close` ends its connections."""

    def __init__(
        self,
        database: Database,
        accounts: Accounts,
        linking: Linking,
        providers: Sequence[Provider],
        address: str,
        clock: Clock,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._database = database
        self._accounts = accounts
        self._linking = linking
        self._address = address
        self._clock = clock
        self._http = http_client(transport)
        self._clients = {one.id: ProviderClient(one, self._http, clock) for one in providers}

    @property
    def providers(self) -> list[Provider]:
        """For the sign-in page, in the operator's order."""
        return [client.provider for client in self._clients.values()]

    async def close(self) -> None:
        """Close the connections to the providers."""
        await self._http.aclose()

    # --- there ---------------------------------------------------------------------------------

    async def start(
        self,
        provider: str,
        *,
        browser: str,
        language: str,
        target: str = "",
        login: Login | None = None,
        level: Level = Level.LOW,
        anew: bool = False,
    ) -> str:
        """The address to send the browser to. With `login` it is a step-up of that session.

        `browser` is the value of a cookie that only this browser holds; `target` a path of ours
        for after a sign-in (a step-up goes back to what the session remembers); `anew`: the
        provider asks again who it is. Raises IdentityRefused.
        """
        client = self._client(provider)
        try:
            endpoints = await client.endpoints()
        except ProviderTrouble as trouble:
            raise self._trouble(provider, trouble) from None
        now, state = self._clock(), flows.random()
        begun = Flow(
            provider,
            Purpose.STEP_UP if login else Purpose.SIGN_IN,
            flows.digest(browser),
            nonce=flows.random(),
            verifier=flows.random(),
            target=target[:2000],
            login=login.id if login else "",
            level=max(level, Level.LOW),
            started_at=now,
        )
        async with self._database.unit() as session:
            await store.forget_flows(session, now - flows.LIFETIME)
            await store.add_flow(session, flows.digest(state), begun)
        return flows.address(
            begun,
            client.provider,
            endpoints.authorization,
            state=state,
            redirect_uri=self._redirect_uri(provider),
            language=language,
            anew=anew,
        )

    def _redirect_uri(self, provider: str) -> str:
        # One for each provider (RFC 9700 section 4.4.2.2: against mix-up)
        return f"{self._address}/identity/{provider}/callback"

    # --- and back ------------------------------------------------------------------------------

    async def finish(
        self, provider: str, answer: Answer, *, browser: str, login: Login | None, seen: Browser
    ) -> tuple[SignedIn, str]:
        """The session and the path to go to. Raises IdentityRefused.

        `browser` is the value of the flow's cookie, `seen` what the session's list will say.
        """
        try:
            return await self._finish(provider, answer, browser, login, seen)
        except IdentityRefused as refusal:
            _logger.info("identity.refused", provider=provider, code=refusal.code)
            raise

    async def _finish(
        self, provider: str, answer: Answer, browser: str, login: Login | None, seen: Browser
    ) -> tuple[SignedIn, str]:
        client = self._client(provider)
        begun = await self._take(client.provider, answer, browser)
        if begun.purpose is Purpose.STEP_UP and (login is None or login.id != begun.login):
            raise refused("identity.signed_out")
        try:
            tokens = await client.exchange(
                answer.code, begun.verifier, self._redirect_uri(provider)
            )
            token = await self._id_token(client, begun, tokens)
            claims = await self._claims(client, token, tokens)
        except ProviderTrouble as trouble:
            raise self._trouble(provider, trouble) from None
        except TokenRefused as refusal:
            _logger.warning("identity.token_refused", provider=provider, reason=str(refusal))
            raise refused("identity.token_refused") from None
        claimed = client.provider.profile.read(claims)
        level = client.provider.profile.level(token.acr, claimed.kind)
        if level is None:
            raise refused("identity.level_unknown")
        link = ProviderLogin(provider, token.subject, token.session, tokens.id_token)
        if begun.purpose is Purpose.SIGN_IN:
            signed_in = await self._sign_in(client.provider, claimed, level, link, seen)
            return signed_in, begun.target
        if login is None:
            raise refused("identity.signed_out")
        return await self._step_up(client.provider, claimed, level, link, login, begun.level)

    async def _take(self, provider: Provider, answer: Answer, browser: str) -> Flow:
        """The flow, used up. Raises IdentityRefused."""
        async with self._database.unit() as session:
            begun = await store.take_flow(session, flows.digest(answer.state))
        if begun is None or begun.provider != provider.id or not begun.alive(self._clock()):
            raise refused("identity.flow_unknown")
        if not hmac.compare_digest(begun.browser, flows.digest(browser)):
            raise refused("identity.other_browser")
        if answer.issuer and answer.issuer != provider.issuer:  # RFC 9207 section 2.4
            raise refused("identity.token_refused")
        if answer.error:
            cancelled = answer.error in ("access_denied", "cancelledOnApp", "login_required")
            raise refused("identity.cancelled" if cancelled else "identity.provider_refused")
        if not answer.code:
            raise refused("identity.provider_refused")
        return begun

    async def _id_token(self, client: ProviderClient, begun: Flow, tokens: Tokens) -> IdToken:
        claims = await client.signed(tokens.id_token, ID_TYPES)
        fresh = begun.started_at if begun.purpose is Purpose.STEP_UP else None
        return check_id_token(
            claims,
            Expected(client.provider.issuer, client.provider.client_id, begun.nonce, fresh),
            self._clock(),
            access_token=tokens.access_token,
            hash=f"sha{client.provider.algorithm[2:]}",
        )

    async def _claims(
        self, client: ProviderClient, token: IdToken, tokens: Tokens
    ) -> Mapping[str, object]:
        if not client.provider.profile.user_info:
            return token.claims
        found = await client.user_info(tokens.access_token)
        if found.get("sub") != token.subject:  # Core section 5.3.2: against token substitution
            raise TokenRefused("user information about somebody else")
        return found

    async def _sign_in(
        self,
        provider: Provider,
        claimed: Claimed,
        level: Level,
        link: ProviderLogin,
        seen: Browser,
    ) -> SignedIn:
        account = await self._linking.resolve(provider, claimed)
        async with self._database.unit() as session:
            person = await accounts_store.get_account(session, account)
            if person is None or not person.active:
                raise refused("identity.account_shut")
            signed_in = await self._accounts.start_session(
                session, person, method=Method.PROVIDER, proved=level, browser=seen
            )
            await store.put_provider_login(session, signed_in.login.id, link)
        return signed_in

    async def _step_up(
        self,
        provider: Provider,
        claimed: Claimed,
        level: Level,
        link: ProviderLogin,
        login: Login,
        wanted: Level,
    ) -> tuple[SignedIn, str]:
        if level < wanted:
            raise refused("identity.level_not_reached")
        await self._linking.resolve(provider, claimed, only=login.person.id)
        signed_in, target = await self._accounts.step_up(login, Method.PROVIDER, level)
        async with self._database.unit() as session:
            await store.put_provider_login(session, login.id, link)
        return signed_in, target

    # --- signing out ---------------------------------------------------------------------------

    async def end_session_address(self, login: Login | None) -> str:
        """Where to send the browser so that the provider signs it out too; empty: nowhere.

        Ask before the session is ended (RP-Initiated Logout 1.0 section 2).
        """
        if login is None:
            return ""
        async with self._database.unit(write=False) as session:
            found = await store.provider_login(session, login.id)
        client = self._clients.get(found.provider) if found else None
        if found is None or client is None:
            return ""
        try:
            endpoint = (await client.endpoints()).end_session
        except ProviderTrouble:
            return ""  # we sign out here all the same
        if not endpoint:
            return ""
        query = {
            "id_token_hint": found.id_token,
            "client_id": client.provider.client_id,
            "post_logout_redirect_uri": f"{self._address}/identity/signed-out",
        }
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}"

    async def signed_out_by_provider(self, provider: str, logout_token: str) -> int:
        """A back-channel logout: end the sessions that it names, return how many.

        Raises IdentityRefused for a token that is forged, old, used before or no logout token.
        """
        client = self._client(provider)
        now = self._clock()
        try:
            claims = await client.signed(logout_token, LOGOUT_TYPES)
            found = check_logout_token(
                claims, client.provider.issuer, client.provider.client_id, now
            )
        except ProviderTrouble as trouble:
            raise self._trouble(provider, trouble) from None
        except TokenRefused as refusal:
            _logger.warning("identity.logout_refused", provider=provider, reason=str(refusal))
            raise refused("identity.token_refused") from None
        once = hashlib.sha256(f"logout\n{provider}\n{found.id}".encode()).hexdigest()
        async with self._database.unit() as session:
            if not await accounts_store.use_ticket(session, once, now + LOGOUT_REMEMBERED):
                _logger.warning("identity.logout_refused", provider=provider, reason="used before")
                raise refused("identity.token_refused")
            ended = await store.end_provider_logins(
                session, provider, subject=found.subject, sid=found.session
            )
            await self._linking.tell_ended(session, provider, ended)
        _logger.info("identity.signed_out_by_provider", provider=provider, sessions=len(ended))
        return len(ended)

    # --- the administrator ---------------------------------------------------------------------

    async def link(self, actor: Person, waiting: str, *, account: str, code: str) -> None:
        """`Linking.link` with the provider of the identity that waits."""
        await self._linking.link(
            actor, waiting, account, code, {one.issuer: one for one in self.providers}
        )

    async def may_sign(self, person: Person) -> bool:
        """Whether a digital identity of this person may sign (UAE Pass: SOP1 may not)."""
        return any(await self._signing_identities(person))

    async def require_signing(self, person: Person, *, checked: bool = False) -> None:
        """What a ceremony asks before somebody signs. `checked`: the officer compared face and
        document for this act. Raises Forbidden `sign.*`, AssuranceNeeded (a page leads to the
        step-up and back)."""
        check_signing(person, await self._signing_identities(person), checked=checked)

    async def _signing_identities(self, person: Person) -> tuple[bool, ...]:
        by_issuer = {one.issuer: one for one in self.providers}
        return await self._linking.may_sign(person, by_issuer)

    # --- helpers -------------------------------------------------------------------------------

    def _client(self, provider: str) -> ProviderClient:
        found = self._clients.get(provider)
        if found is None:
            raise refused("identity.unknown_provider")
        return found

    def _trouble(self, provider: str, trouble: ProviderTrouble) -> IdentityRefused:
        _logger.warning("identity.provider_trouble", provider=provider, reason=trouble.code)
        return refused("identity.provider_unavailable")
