"""Messages shown once, on the next page. They wait in a cookie of the reader's own."""

import json
from typing import Final, Literal
from urllib.parse import quote, unquote

from quart import Response, g, request

import i18n
from pages.language import language

COOKIE: Final = "flash"
CATEGORIES: Final = ("success", "info", "warning", "error")

Category = Literal["success", "info", "warning", "error"]


def flash(message: str, category: Category = "success", /, **params: str | int) -> None:
    """Show `message` (a message id, marked with `N_`) once, on the next page."""
    g.setdefault("flashed", []).append([category, message, params])


def take() -> list[dict[str, str]]:
    """The waiting messages as `category` and `text`, now shown.

    A cookie can be planted from elsewhere, so only messages of the catalogue are shown.
    """
    waiting = [*_stored(), *g.pop("flashed", [])]
    g.flashes_shown = COOKIE in request.cookies
    known = i18n.catalogue("ar").gettext
    return [
        {"category": category, "text": i18n.translate(language(), message, **params)}
        for category, message, params in waiting
        if category in CATEGORIES and known(message) != message
    ]


def _stored() -> list[tuple[str, str, dict[str, str | int]]]:
    try:
        items = json.loads(unquote(request.cookies.get(COOKIE, "[]")))
        return [
            (str(category), str(message), {str(k): str(v) for k, v in params.items()})
            for category, message, params in items
        ]
    except (ValueError, TypeError, AttributeError):
        return []


def store(response: Response, *, secure: bool) -> None:
    """Put what was flashed and not yet shown into the response; forget what was shown."""
    waiting = g.get("flashed")
    if waiting:
        value = quote(json.dumps([*_stored(), *waiting]), safe="")
        response.set_cookie(COOKIE, value, max_age=60, httponly=True, samesite="Lax", secure=secure)
    elif g.get("flashes_shown"):
        response.delete_cookie(COOKIE)
