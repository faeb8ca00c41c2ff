"""Pages: what every blueprint needs to show something to a person.

`init_app` wires language, templates, static files, error pages and security headers into the
application; the rest is for views. Only `web.py` modules and `app.py` import this. How templates
and strings are written is told in docs/interface.md.
"""

from quart import Quart

from pages import bodies, errors, headers, static_files, template
from pages.errors import error_json
from pages.flashes import flash
from pages.form import Form
from pages.language import LanguagePrefix, formatter, here, language, local_path, wants_json
from pages.template import redirect, redirect_to, render
from settings import Settings

__all__ = [
    "Form",
    "error_json",
    "flash",
    "formatter",
    "here",
    "init_app",
    "language",
    "local_path",
    "redirect",
    "redirect_to",
    "render",
    "wants_json",
]


def init_app(app: Quart, settings: Settings) -> None:
    """Give `app` language, templates, static files, error pages and headers.

    Call it first, before blueprints and before other context processors, on an application made
    with `static_folder=None`.
    """
    if app.has_static_folder:
        raise ValueError("make the application with static_folder=None; pages serves static files")
    app.config["MAHDAR_ZONE"] = settings.timezone
    app.config["MAHDAR_SECURE"] = settings.secure
    app.asgi_app = LanguagePrefix(app.asgi_app)  # type: ignore[method-assign]
    static_files.init_app(app)
    template.init_app(app)
    errors.init_app(app)
    bodies.init_app(app)
    headers.init_app(app)
