"""The identity providers of this house: one file of the operator's, checked at start.

`MAHDAR_IDENTITY_FILE` names a TOML file with a `[[provider]]` table for each (docs/operations.md).
It holds no secret: `client_secret_file` names a file, or the secret is in the environment.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from auth.identity import profile as profiles
from auth.identity.profile import Profile, ProfileError
from auth.jwt import FOREIGN_ALGORITHMS
from settings import Settings, SettingsError

_ID = re.compile(r"[a-z][a-z0-9-]{0,31}")
_KNOWN = frozenset(
    {
        "id",
        "profile",
        "issuer",
        "client_id",
        "client_secret_file",
        "algorithm",
        "name_ar",
        "name_en",
        "stand_in",
        "hosts",
        "endpoints",
    }
)


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Addresses of a provider. The optional ones are empty where it has none."""

    authorization: str
    token: str
    jwks: str
    user_info: str = ""
    end_session: str = ""


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider that people of this house may sign in with."""

    id: str
    profile: Profile
    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    algorithm: str
    name_ar: str
    name_en: str
    stand_in: bool = False
    """Not a real provider: everybody may be anybody. Demo mode only."""
    hosts: frozenset[str] = frozenset()
    """Hosts (with port, if any) that we may talk to for it, beside the issuer's own."""
    endpoints: Endpoints | None = None
    """Given by the operator; None: from discovery."""

    def allows(self, address: str) -> bool:
        """Whether the server may contact this address for the provider."""
        parts = urlsplit(address)
        own = urlsplit(self.issuer)
        if parts.username is not None or parts.password is not None or parts.fragment:
            return False
        return parts.scheme == own.scheme and parts.netloc in self.hosts | {own.netloc}


def load(settings: Settings, others: Sequence[Provider] = ()) -> tuple[Provider, ...]:
    """The providers of the operator's file, in its order, and `others` (the demo's stand-in).

    Blocks. Raises SettingsError. A stand-in, or a provider without https, is refused outside demo
    mode, wherever it comes from.
    """
    found = [*_from_file(settings), *others]
    for one in others:
        try:
            check(one, demo=settings.demo)
        except ValueError as error:
            raise SettingsError(f"identity provider {one.id!r}: {error}") from None
    if len({one.id for one in found}) != len(found) or len({p.issuer for p in found}) != len(found):
        raise SettingsError("MAHDAR_IDENTITY_FILE: two providers have one id or one issuer")
    return tuple(found)


def _from_file(settings: Settings) -> list[Provider]:
    if settings.identity_file is None:
        return []
    where = f"MAHDAR_IDENTITY_FILE={settings.identity_file}"
    try:
        with settings.identity_file.open("rb") as file:
            data = tomllib.load(file)
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{where}: {error}") from None
    entries = data.get("provider")
    if not isinstance(entries, list) or data.keys() != {"provider"}:
        raise SettingsError(f"{where}: takes [[provider]] tables and nothing else")
    found = []
    for entry in entries:
        try:
            found.append(_provider(entry, settings))
        except (ProfileError, ValueError, TypeError, KeyError, OSError) as error:
            text = f"{type(error).__name__}: {error}"
            raise SettingsError(f"{where}: provider {entry.get('id')!r}: {text}") from None
    return found


def _provider(entry: Mapping[str, Any], settings: Settings) -> Provider:
    if unknown := entry.keys() - _KNOWN:
        raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
    profile = profiles.load(entry["profile"])
    endpoints = Endpoints(**entry["endpoints"]) if "endpoints" in entry else None
    secret = settings.identity_client_secret
    if "client_secret_file" in entry:
        secret = Path(entry["client_secret_file"]).read_text("utf-8").strip()
    made = Provider(
        id=entry["id"],
        profile=profile,
        issuer=entry["issuer"],
        client_id=entry["client_id"],
        client_secret=secret,
        algorithm=entry.get("algorithm", profile.algorithm),
        name_ar=entry.get("name_ar", profile.name_ar),
        name_en=entry.get("name_en", profile.name_en),
        stand_in=entry.get("stand_in", False) is not False,
        hosts=frozenset(entry.get("hosts", ())),
        endpoints=endpoints,
    )
    check(made, demo=settings.demo)
    return made


def check(provider: Provider, *, demo: bool) -> None:
    """Raise ValueError for a provider that may not be used."""
    if not _ID.fullmatch(provider.id):
        raise ValueError("id takes small letters, digits and hyphens")
    if provider.stand_in and not demo:
        raise ValueError("a stand-in provider starts in demo mode only (MAHDAR_MODE=demo)")
    parts = urlsplit(provider.issuer)
    if parts.scheme != "https" and not provider.stand_in:
        raise ValueError("issuer must begin with https://")
    if (
        len(provider.issuer) > 255
        or not parts.netloc
        or parts.query
        or parts.fragment
        or parts.username is not None
    ):
        raise ValueError("issuer is not an address (OpenID Connect Discovery section 3)")
    if provider.algorithm not in FOREIGN_ALGORITHMS:
        raise ValueError(f"algorithm {provider.algorithm!r} is not accepted")
    if not provider.client_id or not provider.client_secret:
        raise ValueError("client_id, and client_secret_file or MAHDAR_IDENTITY_CLIENT_SECRET")
    if provider.endpoints is None:
        if not provider.profile.discovery:
            raise ValueError("this profile has no discovery: give [provider.endpoints]")
        return
    check_endpoints(provider, provider.endpoints)


def check_endpoints(provider: Provider, endpoints: Endpoints) -> None:
    """Raise ValueError when the server would contact, or send people to, an unknown host."""
    for name in Endpoints.__dataclass_fields__:
        address = getattr(endpoints, name)
        if not isinstance(address, str) or (address and not provider.allows(address)):
            raise ValueError(f"endpoint {name} is on a host that is not in the settings")
    if not (endpoints.authorization and endpoints.token and endpoints.jwks):
        raise ValueError("endpoints authorization, token and jwks are required")
    if provider.profile.user_info and not endpoints.user_info:
        raise ValueError("endpoint user_info is required by this profile")
