"""Passkeys: WebAuthn credentials, their registration and their assertions (W3C WebAuthn Level 3).

Everything is asked for with user verification, and nothing without it is taken. The ceremonies'
challenges are the caller's: this module neither stores nor reads a clock.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import webauthn
from webauthn.helpers import base64url_to_bytes, parse_client_data_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    CredentialDeviceType,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from auth.person import Person
from errors import N_, Refusal

TIMEOUT_MS = 120_000
MOST = 10
"""Passkeys of one account."""
NAME_LENGTH = 60


@dataclass(frozen=True, slots=True)
class Passkey:
    """A registered key. `id` is ours and public; `credential` is the authenticator's."""

    id: str
    account: str
    credential: bytes
    public_key: bytes
    """COSE key."""
    counter: int
    name: str
    created_at: datetime
    used_at: datetime | None = None
    synced: bool = False
    """The key is kept by the person's provider on several devices."""


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """This house, as authenticators know it."""

    id: str
    origin: str
    name: str = "Mahdar"

    @classmethod
    def of(cls, address: str) -> "RelyingParty":
        """By the public address: its host is the id, so a key never works for another site."""
        return cls(urlsplit(address).hostname or "", address)


@dataclass(frozen=True, slots=True)
class Registered:
    """What a registration proved."""

    credential: bytes
    public_key: bytes
    counter: int
    synced: bool


def creation_options(
    party: RelyingParty, person: Person, challenge: bytes, known: Iterable[Passkey]
) -> dict[str, Any]:
    """Options for `navigator.credentials.create`, binary members in base64url."""
    options = webauthn.generate_registration_options(
        rp_id=party.id,
        rp_name=party.name,
        user_id=person.id.encode(),
        user_name=person.username or person.id,
        user_display_name=person.name("en") or person.name("ar"),
        challenge=challenge,
        timeout=TIMEOUT_MS,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=key.credential) for key in known],
    )
    return _plain(options)


def request_options(
    party: RelyingParty, challenge: bytes, allowed: Iterable[Passkey] = ()
) -> dict[str, Any]:
    """Options for `navigator.credentials.get`. Without `allowed` any key of this site fits."""
    options = webauthn.generate_authentication_options(
        rp_id=party.id,
        challenge=challenge,
        timeout=TIMEOUT_MS,
        allow_credentials=[PublicKeyCredentialDescriptor(id=key.credential) for key in allowed],
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return _plain(options)


def _plain(options: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(webauthn.options_to_json(options))
    return found


def register(party: RelyingParty, challenge: bytes, answer: Mapping[str, Any]) -> Registered:
    """Check a registration. Raises Refusal `passkey.refused`, status 403."""
    try:
        found = webauthn.verify_registration_response(
            credential=dict(answer),
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, TypeError, KeyError, AttributeError) as error:
        raise refused() from error
    synced = found.credential_device_type == CredentialDeviceType.MULTI_DEVICE
    return Registered(found.credential_id, found.credential_public_key, found.sign_count, synced)


def credential_of(answer: Mapping[str, Any]) -> bytes:
    """The credential's id in an assertion that nobody has checked yet."""
    try:
        return base64url_to_bytes(str(answer["id"]))
    except (ValueError, KeyError):
        raise refused() from None


def check(party: RelyingParty, challenge: bytes, answer: Mapping[str, Any], key: Passkey) -> int:
    """Check an assertion and return the key's new counter. Raises Refusal `passkey.refused`.

    Checked: type, challenge, origin, relying party, presence, verification of the user, signature,
    and that the counter went on (section 7.2).
    """
    try:
        _only_from_our_page(answer)
        found = webauthn.verify_authentication_response(
            credential=dict(answer),
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            credential_public_key=key.public_key,
            credential_current_sign_count=key.counter,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, TypeError, KeyError, AttributeError) as error:
        raise refused() from error
    return found.new_sign_count


def _only_from_our_page(answer: Mapping[str, Any]) -> None:
    """No assertion made inside a frame of another site (section 7.2 step 14)."""
    client = parse_client_data_json(base64url_to_bytes(answer["response"]["clientDataJSON"]))
    if client.cross_origin:
        raise ValueError("made in a frame")


def evidence(answer: Mapping[str, Any]) -> dict[str, Any]:
    """What of a checked assertion is kept: all that is needed to check it again."""
    response = answer["response"]
    names = ("authenticatorData", "clientDataJSON", "signature")
    return {"id": answer["id"], "response": {name: response[name] for name in names}}


def clean_name(text: str) -> str:
    """What the person calls a key: one line."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:NAME_LENGTH]


def refused() -> Refusal:
    """An answer of an authenticator that does not hold."""
    return Refusal(
        "passkey.refused",
        N_("The passkey was not accepted. Try again, or use another way."),
        status=403,
    )


def too_late() -> Refusal:
    """A ceremony that is unknown, used, of another session, or older than its time."""
    return Refusal(
        "passkey.too_late",
        N_("That took too long or was used already. Start again."),
        status=403,
    )
