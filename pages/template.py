"""Jinja: rendering, and the names every template may use (docs/interface.md lists them)."""

import datetime as dt
import json
from typing import Any, Final
from urllib.parse import quote

from jinja2 import StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape
from quart import Quart, Response, current_app, render_template, request, url_for

import i18n
from pages import flashes, static_files
from pages.form import Form
from pages.language import formatter, here, language, local_path, prefix

DIRECTIONAL: Final = ("arrow-", "caret-", "sign-out", "sign-in", "paper-plane", "list-")
"""Icons that point somewhere and are mirrored in right-to-left pages."""

LENGTHS: Final = (15, 30, 45, 60, 90, 120, 180, 240)
"""Minutes that a booking form offers."""

SPOKEN: Final = ("ar", "en", "ur", "hi", "bn", "fa", "tl", "ru", "zh", "fr")
"""Languages that a booking form offers: the court's own, then those of the UAE's courtrooms."""

_DECORATION: Final = Markup('aria-hidden="true"')


async def render(template: str, /, *, status: int = 200, **context: Any) -> Response:
    """A page. A GET without a language in its address redirects to itself with one."""
    if request.method in ("GET", "HEAD") and not prefix() and status == 200:
        return _to(here(), 302)
    body = await render_template(template, **context)
    return Response(body, status=status, content_type="text/html; charset=utf-8")


def redirect(endpoint: str, **values: Any) -> Response:
    """After a POST: 303 to the page of `endpoint`, in the same language."""
    return _to(url_for(endpoint, **values), 303)


def redirect_to(path: str) -> Response:
    """303 to a path of this site (see `local_path`)."""
    return _to(local_path(path, "/"), 303)


def _to(target: str, status: int) -> Response:
    return Response(b"", status=status, headers={"Location": target})


def defaults() -> dict[str, Any]:
    """What templates find when nobody has registered anything better: a stranger's page."""
    current = language()
    other = next(name for name in i18n.LANGUAGES if name != current)
    return {
        "language": current,
        "direction": i18n.DIRECTIONS[current],
        "other_language": other,
        "other_language_name": i18n.NAMES[other],
        "other_language_url": _viewable(other),
        "zone": current_app.config["MAHDAR_ZONE"],
        "person": None,
        "can": lambda *_args, **_context: False,
        "csrf_token": lambda: "",
    }


def _viewable(other: str) -> str:
    """This page in the other language. The answer to a POST is shown at an address that may take
    no GET; then the nearest page above it."""
    adapter = current_app.create_url_adapter(request)
    path = request.path
    if request.method in ("GET", "HEAD") or adapter is None or adapter.test(path, "GET"):
        return here(other)
    while path and not adapter.test(path, "GET"):
        path = path.rpartition("/")[0]
    return f"/{other}{quote(path) or '/'}"


def init_app(app: Quart) -> None:
    """Fill the template environment of `app`."""
    app.context_processor(defaults)
    env = app.jinja_env
    env.undefined = StrictUndefined
    env.trim_blocks = env.lstrip_blocks = True
    env.add_extension("jinja2.ext.do")
    env.globals.update(
        _=_gettext,
        ngettext=_ngettext,
        N_=lambda message: message,
        live=_live,
        live_attr=_live_attr,
        icon=icon,
        static=static_files.url,
        csrf_field=_csrf_field,
        href=lambda path: f"/{language()}{path}",
        flashes=flashes.take,
        Form=Form,
        HIJRI_NOTE=i18n.HIJRI_NOTE,
        pairs=lambda things: [(thing.id, _in_language(thing)) for thing in things],
        translated=lambda pairs: [(code, _gettext(text)) for code, text in pairs],
        duration_options=lambda: [(n, formatter().duration(n * 60)) for n in LENGTHS],
        language_options=lambda: [(tag, formatter().language_name(tag)) for tag in SPOKEN],
    )
    env.filters.update(
        bdi=i18n.bdi,
        date=lambda moment, style="long": formatter().date(moment, style),
        time=lambda moment: formatter().time(moment),
        clock=lambda moment: formatter().clock(moment),
        datetime=lambda moment, style="long": formatter().datetime(moment, style),
        hijri=lambda moment: formatter().hijri(moment),
        duration=lambda length: formatter().duration(length),
        languages=lambda tags: formatter().languages(tags),
        iso=_iso,
        epoch=lambda seconds: dt.datetime.fromtimestamp(seconds, dt.UTC),
        in_language=_in_language,
        refusal=lambda refusal: i18n.refusal_text(language(), refusal),
    )


def _gettext(message: str, /, **params: object) -> str:
    return i18n.translate(language(), message, **params)


def _ngettext(one: str, many: str, n: int, /, **params: object) -> str:
    return i18n.ntranslate(language(), one, many, n, **params)


def _live(message: str, /, **params: object) -> Markup:
    """Text that changes with the language without a reload."""
    attribute = Markup(' data-i18n-params="{}"').format(json.dumps(params)) if params else ""
    return Markup('<span data-i18n="{}"{}>{}</span>').format(
        message, attribute, _gettext(message, **params)
    )


def _live_attr(name: str, message: str, /) -> Markup:
    """One attribute that changes with the language without a reload, e.g. `aria-label`."""
    return Markup('{}="{}" data-i18n-{}="{}"').format(name, _gettext(message), name, message)


def icon(name: str, label: str = "", size: int = 24, extra: str = "") -> Markup:
    """A Phosphor icon of the sprite. Without `label` it is decoration. tools/build_static.py
    finds the names in `icon("...")` and refuses unknown ones."""
    names = f"icon icon-{size}" + (" icon-directional" if name.startswith(DIRECTIONAL) else "")
    role = Markup('role="img" aria-label="{}"').format(label) if label else _DECORATION
    return Markup('<svg class="{} {}" {} focusable="false"><use href="{}#{}"></use></svg>').format(
        names, extra, role, static_files.url("build/icons.svg"), name
    )


@pass_context
def _csrf_field(context: Context) -> Markup:
    """The hidden field of every form that posts."""
    token = context.resolve("csrf_token")()
    return Markup('<input type="hidden" name="csrf_token" value="{}">').format(token)


def _iso(moment: dt.datetime | dt.date) -> str:
    """For `<time datetime>` and inputs."""
    if isinstance(moment, dt.datetime):
        return formatter().local(moment).isoformat(timespec="minutes")
    return moment.isoformat()


def _in_language(thing: Any, name: str = "name") -> Markup | str:
    """`thing.name_ar` or `thing.name_en`, whichever the page's language wants and exists."""
    first, second = ("ar", "en") if language() == "ar" else ("en", "ar")
    return escape(getattr(thing, f"{name}_{first}") or getattr(thing, f"{name}_{second}"))
