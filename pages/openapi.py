"""/openapi.json: the JSON API for programs, and nothing else.

Pages are HTML and have no place in it. No page of quart-schema's is served: they load scripts from
elsewhere.
"""

from collections.abc import Iterable
from typing import Final

from quart import Quart
from quart_schema import QuartSchema
from quart_schema.openapi import OpenAPIProvider
from werkzeug.routing import Rule

API: Final = "/api/"


class JsonRoutes(OpenAPIProvider):
    """Leaves out what is no API."""

    def generate_rules(self) -> Iterable[Rule]:
        """The rules below /api/."""
        return (rule for rule in super().generate_rules() if rule.rule.startswith(API))


def init_app(app: Quart) -> None:
    """Describe the API of `app` at /openapi.json. Call it after the blueprints."""
    QuartSchema(
        app,
        openapi_path="/openapi.json",
        swagger_ui_path=None,
        redoc_ui_path=None,
        scalar_ui_path=None,
        info={"title": "Mahdar", "version": "1"},
        conversion_preference="msgspec",
        openapi_provider_class=JsonRoutes,
    )
