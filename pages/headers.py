"""Security headers of every response, and the cookie that remembers a language."""

import re
from typing import Final

from quart import Quart, Response, current_app, request

from pages import flashes
from pages.language import COOKIE, prefix

YEAR: Final = 31_536_000
_HOST: Final = re.compile(r"[A-Za-z0-9.-]+(:\d{1,5})?|\[[0-9A-Fa-f:.]+\](:\d{1,5})?")

PERMISSIONS: Final = ", ".join(
    (
        "camera=(self)",
        "microphone=(self)",
        "display-capture=(self)",
        "fullscreen=(self)",
        "autoplay=(self)",
        "screen-wake-lock=(self)",
        "publickey-credentials-get=(self)",
        "publickey-credentials-create=(self)",
        "geolocation=()",
        "payment=()",
        "usb=()",
    )
)

DEFAULTS: Final = {
    "Permissions-Policy": PERMISSIONS,
    # Not no-referrer: browsers would then send `Origin: null` with our own forms.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""Where a view set one of these itself, its value stays."""


def policy(host: str, *, secure: bool) -> str:
    """Content Security Policy, level 3, for pages of `host`.

    No inline script and no inline style anywhere, so no nonce is needed. Scripts and styles come
    from /static/ only: what somebody uploads is never a script, whatever its type says. Older
    Safari does not take 'self' for sockets, so they are named.
    """
    ours = f"{host}/static/" if _HOST.fullmatch(host) else "'self'"
    sockets = f" {'wss' if secure else 'ws'}://{host}" if _HOST.fullmatch(host) else ""
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {ours}",
            f"style-src {ours}",
            f"font-src {ours}",
            "img-src 'self' data: blob:",  # the design system's arrows are data: pictures
            "media-src 'self' blob:",
            f"connect-src 'self'{sockets}",
            "manifest-src 'self'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


def init_app(app: Quart) -> None:
    """Finish every response of `app`."""
    app.after_request(_finish)


async def _finish(response: Response) -> Response:
    secure = bool(current_app.config["MAHDAR_SECURE"])
    response.headers.setdefault("Content-Security-Policy", policy(request.host, secure=secure))
    for name, value in DEFAULTS.items():
        response.headers.setdefault(name, value)
    if secure:
        response.headers.setdefault("Strict-Transport-Security", f"max-age={2 * YEAR}")
    chosen = prefix()
    is_page = response.mimetype == "text/html" and response.status_code < 400
    if is_page and chosen and request.cookies.get(COOKIE) != chosen:
        response.set_cookie(COOKIE, chosen, max_age=YEAR, samesite="Lax", secure=secure)
    flashes.store(response, secure=secure)
    return response
