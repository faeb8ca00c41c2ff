"""Pages of those who want to marry: their files, the wizard, fee, officiant and day.

`init_app` comes after `auth.web.init_app`. In this room's addresses a file is `<marriage>`.
"""

from quart import Quart

from notary.marriage.court import Court
from notary.marriage.web_services import KEY


def init_app(app: Quart, services: Court) -> None:
    """Give the application this room's pages."""
    app.extensions[KEY] = services
