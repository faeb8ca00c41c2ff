"""A use case that a form's page or its script calls: one answer for each of the two."""

from collections.abc import Awaitable, Callable

from quart import Response, jsonify, request

from auth.policy import AssuranceNeeded
from auth.web_request import current_person
from errors import Refusal
from pages import Form, flash, language, redirect_to, wants_json

Work = Callable[[Form], Awaitable[None]]
Show = Callable[[Form, int], Awaitable[Response]]


async def act(work: Work, show: Show, done: str, path: str) -> Response:
    """Do it, say `done`, and go to `path`. A script (static/js/confirm_form.js) is told as JSON, so
    that it can ask for the confirmation of a legal act; a page shows its form again."""
    current_person()
    form = Form(await request.form)
    try:
        await work(form)
    except AssuranceNeeded:
        raise
    except Refusal as refusal:
        if wants_json():
            raise
        return await show(form.refuse(refusal), refusal.status)
    flash(done)
    target = f"/{language()}{path}"
    return jsonify({"next": target}) if wants_json() else redirect_to(target)
