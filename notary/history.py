"""What happened to a request or a file: its history, and the same in the audit log.

    data, leaf = written(secret, "deed-words", one.id, by, one.state.value, codes, texts)

Codes stand in both. Of what people typed, the history has the text, sealed, and the leaf a salted
commitment only.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from audit.leaf import JSON, commit
from auth.secret import Secret


@dataclass(frozen=True, slots=True)
class Event:
    """One entry of a history."""

    at: datetime
    type: str
    by: str
    data: Mapping[str, Any]


def written(
    secret: Secret,
    purpose: str,
    id: str,
    by: str,
    state: str,
    codes: Mapping[str, JSON] | None = None,
    texts: Mapping[str, str] | None = None,
) -> tuple[dict[str, Any], dict[str, JSON]]:
    """Data of the entry and of the leaf. Empty texts are left out."""
    said = {name: text for name, text in (texts or {}).items() if text}
    data: dict[str, Any] = {**(codes or {}), "state": state}
    leaf: dict[str, JSON] = {**(codes or {}), "by": by, "state": state}
    if said:
        salt = secrets.token_bytes(16)
        sealed = {name: secret.seal(purpose, id, text) for name, text in said.items()}
        data |= {"salt": salt.hex(), "texts": sealed}
        leaf |= {name: commit(text.encode(), salt) for name, text in said.items()}
    return data, leaf


def words(secret: Secret, purpose: str, id: str, event: Event) -> dict[str, str]:
    """The texts of an entry."""
    texts = event.data.get("texts", {})
    return {name: secret.open(purpose, id, sealed) for name, sealed in texts.items()}
