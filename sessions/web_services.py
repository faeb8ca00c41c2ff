"""How this room's views find its use cases."""

from dataclasses import dataclass

from quart import current_app

from sessions.invitations import Invitations
from sessions.rooms import Rooms
from sessions.service import Sittings
from sessions.tasks import Tasks

KEY = "sessions"


@dataclass(frozen=True, slots=True)
class Services:
    """The use cases of this room."""

    sittings: Sittings
    invitations: Invitations
    rooms: Rooms
    tasks: Tasks


def services() -> Services:
    """Those of the running application."""
    found: Services = current_app.extensions[KEY]
    return found
