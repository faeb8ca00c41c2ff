"""How often things may be asked: generous for an address, tighter for an account.

A court, a prison or a law firm comes from one address, so an address alone is only held back from
what no building does. What is counted lives in this process; an address is kept as an HMAC.
Guessing passwords has its own, longer memory (`auth.throttle`).
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from quart import Quart, request
from quart_rate_limiter import RateLimit, RateLimiter
from quart_rate_limiter.store import MemoryStore

from auth.devices.network import block
from auth.secret import Secret

MINUTE = timedelta(minutes=1)
ADDRESS, ACCOUNT = 6000, 1200
"""Requests in a minute on any one address of ours; a player fetches several parts a second."""

LIMITS: dict[str, tuple[int, int]] = {
    "auth.sign_in": (300, 30),
    "auth.sign_in_with_code": (300, 30),
    "room_devices.enrol": (150, 30),
    "step_up.by_password": (300, 30),
    "step_up.by_code": (300, 30),
    "account.change_password": (300, 30),
    "account.confirm_second_factor": (300, 30),
    "account.open_link": (300, 30),
    "account.use_link": (300, 30),
    "account_api.begin_sign_in": (600, 60),
    "account_api.sign_in": (600, 60),
    "account_api.step_up": (600, 60),
    "account_api.confirm": (600, 120),
    "identity.start": (300, 30),
    "identity.callback": (300, 30),
    "delegations.grant": (300, 30),
    "guests.follow": (600, 60),
    "guests.confirm": (300, 30),
    "sessions.invite": (600, 120),
    "sessions.add_witness": (600, 120),
    "sessions.book": (600, 120),
    "signaling.ticket": (1200, 120),
    "recordings.timeline": (600, 120),
    "verify.upload": (30, 6),
    "verify.small": (30, 6),
    "verify.page": (300, 60),
    "verify.by_code": (60, 12),
    "recordings.player_by_order": (600, 60),
}
"""By endpoint: in a minute from an address, and from an account (at sign-in: for the name tried).
A hearing of forty people that all reload at once asks for forty tickets."""


class ForgettingStore(MemoryStore):
    """Does not keep what no longer counts: the keys are as many as people who ask."""

    SWEEP_AT = 20_000

    async def set(self, key: str, tat: datetime) -> None:
        """Remember until when a key is used up."""
        if len(self._tats) >= self.SWEEP_AT:
            now = datetime.now(UTC)
            self._tats = {name: until for name, until in self._tats.items() if until > now}
        await super().set(key, tat)


def init_app(app: Quart, secret: Secret, account: Callable[[], str]) -> None:
    """Limit every address of `app`; call it after the session of a request is known.

    `account` names who asks, empty for a browser without a session. 429 with Retry-After.
    """

    async def by_address() -> str:
        # Not the first of X-Forwarded-For, which anybody may write: what the server saw.
        return "address-" + secret.tag("limits", block(request.remote_addr or ""))[:32]

    async def by_account() -> str:
        name = account()
        if not name and request.endpoint == "auth.sign_in":
            # The name that is tried, from this address: elsewhere its owner is not held back.
            typed = (await request.form).get("username", "")[:64].strip().lower()
            name = secret.tag("limits", f"{block(request.remote_addr or '')}\n{typed}")[:32]
        return f"account-{name}" if name else ""

    _Limiter(by_address, by_account).init_app(app)


Key = Callable[[], Awaitable[str]]


class _Limiter(RateLimiter):
    """Finds limits in LIMITS by endpoint, not as marks on view functions: those are shared by all
    applications of a process."""

    def __init__(self, by_address: Key, by_account: Key) -> None:
        super().__init__(store=ForgettingStore())
        self._keys = by_address, by_account

    def _get_limits_for_view_function(self, view_func: Any, blueprint: Any) -> list[RateLimit]:
        endpoint = request.endpoint or ""
        if endpoint == "static_file":
            return []
        counts = LIMITS.get(endpoint, (ADDRESS, ACCOUNT))
        return [
            RateLimit(count, MINUTE, key) for count, key in zip(counts, self._keys, strict=True)
        ]

    async def _should_skip(self, rate_limit: RateLimit) -> bool:
        """Who has no session and tries no name is held to the address's limit alone."""
        return rate_limit.key_function is not None and not await rate_limit.key_function()
