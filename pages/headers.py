"""Security headers of every response, and the cookie that remembers a language."""

from typing import Final

from quart import Quart, Response, current_app, request

from pages import flashes
from pages.language import COOKIE, prefix

YEAR: Final = 31_536_000

POLICY: Final = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data: blob:",  # the design system's arrows are data: pictures
        "media-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
"""Content Security Policy, level 3: no inline script and no inline style anywhere."""

PERMISSIONS: Final = ", ".join(
    (
        "camera=(self)",
        "microphone=(self)",
        "display-capture=(self)",
        "fullscreen=(self)",
        "autoplay=(self)",
        "screen-wake-lock=(self)",
        "geolocation=()",
        "payment=()",
        "usb=()",
    )
)

DEFAULTS: Final = {
    "Content-Security-Policy": POLICY,
    "Permissions-Policy": PERMISSIONS,
    # Not no-referrer: browsers would then send `Origin: null` with our own forms.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""Where a view set one of these itself, its value stays."""


def init_app(app: Quart) -> None:
    """Finish every response of `app`."""
    app.after_request(_finish)


async def _finish(response: Response) -> Response:
    secure = bool(current_app.config["MAHDAR_SECURE"])
    for name, value in DEFAULTS.items():
        response.headers.setdefault(name, value)
    if secure:
        response.headers.setdefault("Strict-Transport-Security", f"max-age={YEAR}")
    chosen = prefix()
    is_page = response.mimetype == "text/html" and response.status_code < 400
    if is_page and chosen and request.cookies.get(COOKIE) != chosen:
        response.set_cookie(COOKIE, chosen, max_age=YEAR, samesite="Lax", secure=secure)
    flashes.store(response, secure=secure)
    return response
