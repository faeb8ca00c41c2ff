"""The second factor: time-based codes (RFC 6238) and recovery codes.

A code is good for its step of 30 seconds and the steps beside it, and only once: whoever looks
over a shoulder cannot use it again (RFC 6238 section 5.2).
"""

import hmac
import secrets
from datetime import datetime

import pyotp

STEP = 30
"""Seconds."""
BESIDE = 1
"""Steps by which a telephone's clock may be off."""
RECOVERY_CODES = 10
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


def new_secret() -> str:
    """160 random bits in base32 (RFC 4226 section 4, R6)."""
    return pyotp.random_base32(32)


def address(secret: str, username: str, issuer: str = "Mahdar") -> str:
    """The `otpauth:` address that authenticator applications read."""
    return pyotp.TOTP(secret, interval=STEP).provisioning_uri(name=username, issuer_name=issuer)


def step_of(secret: str, code: str, now: datetime, after: int) -> int | None:
    """The step for which `code` is right, or None. Steps up to `after` were used already."""
    digits = "".join(code.split())
    if len(digits) != 6 or not digits.isascii() or not digits.isdigit():
        return None
    generator = pyotp.TOTP(secret, interval=STEP)
    present = int(now.timestamp()) // STEP
    for step in range(max(present - BESIDE, after + 1), present + BESIDE + 1):
        if hmac.compare_digest(generator.generate_otp(step), digits):
            return step
    return None


def new_recovery_codes() -> list[str]:
    """Codes for the day on which the telephone is lost: 10 letters of 31, 49 bits each."""

    def half() -> str:
        return "".join(secrets.choice(_LETTERS) for _ in range(5))

    return [f"{half()}-{half()}" for _ in range(RECOVERY_CODES)]


def normal_recovery_code(text: str) -> str:
    """As it was printed, whatever was typed around it; empty when it cannot be one."""
    letters = "".join(text.split()).replace("-", "").lower()
    fits = len(letters) == 10 and not set(letters) - set(_LETTERS)
    return f"{letters[:5]}-{letters[5:]}" if fits else ""
