"""What the services of this folder share."""

from dataclasses import dataclass
from datetime import timedelta

from audit.service import AuditLog
from auth.secret import Secret
from clock import Clock
from database import Database

CEREMONY = timedelta(minutes=2)
"""How long a challenge waits for its answer."""


@dataclass(frozen=True, slots=True)
class Core:
    """One per process."""

    database: Database
    log: AuditLog
    secret: Secret
    clock: Clock
