"""How this room's views find its use cases."""

from quart import current_app

from notary.deeds.office import Office

KEY = "notary.deeds"


def office() -> Office:
    """The office of the running application."""
    found: Office = current_app.extensions[KEY]
    return found
