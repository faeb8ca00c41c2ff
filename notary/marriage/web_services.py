"""How this room's views find its use cases."""

from quart import current_app

from notary.marriage.court import Court

KEY = "notary.marriage"


def court() -> Court:
    """The court of the running application."""
    found: Court = current_app.extensions[KEY]
    return found
