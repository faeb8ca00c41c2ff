"""Requests whose body may be a file: everything else is held to the application's limit."""

from typing import Any, Final

from quart import Request

MOST: Final = 11_000_000
PLACES: Final = {
    "/papers": ("/deeds/", "/marriages/"),
    "/uploads": ("/deeds/", "/marriages/"),
    "/exhibits": ("/sittings/",),
}
"""Ends of addresses that take files, and what must stand before."""


class LargerUploads(Request):
    """The application's class of requests."""

    def __init__(self, *args: Any, **options: Any) -> None:
        path = args[2] if len(args) > 2 else options.get("path", "")
        larger = any(
            path.endswith(end) and any(part in path for part in parts)
            for end, parts in PLACES.items()
        )
        if larger:
            options["max_content_length"] = MOST
        super().__init__(*args, **options)
        if larger:  # the parser is given what has arrived meanwhile: that may be all at once
            self.max_content_length = MOST
