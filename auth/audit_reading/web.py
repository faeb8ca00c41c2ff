"""The auditor's screen: the log with filters, export with proofs, and live verification."""

import json
from typing import Any
from urllib.parse import urlencode

from quart import Blueprint, Quart, Response, current_app, request

from audit.fsck import STEPS
from audit.tile import parse_index
from auth.audit_reading.extract import FORMATS
from auth.audit_reading.query import Query, parse
from auth.audit_reading.service import AuditReading, Verification
from auth.web_request import current_person
from errors import N_, BadInput, Refusal
from pages import Form, redirect, render
from pages.language import prefix

blueprint = Blueprint("audit_reading", __name__)
KEY = "auth.audit_reading"

PASSED = {
    "tree": N_("The entries give exactly the states of the log that were signed."),
    "leaves": N_("Every entry is well formed, and none is missing from its series."),
    "tiles": N_("What the log publishes is what was signed."),
    "cosignatures": N_("The signatures of the witnesses are right."),
    "timestamps": N_("The time-stamps are right."),
    "rows": N_("What the database says happened is what the log says."),
}
FAILED = {
    "tree": N_("Entries or states of the log were changed or removed after they were signed."),
    "leaves": N_("Entries were changed, or some are missing from their series."),
    "tiles": N_("What the log publishes is not what was signed."),
    "cosignatures": N_("A signature of a witness is wrong."),
    "timestamps": N_("A time-stamp is wrong, or not by an authority that we know."),
    "rows": N_("The database says something that the log does not, or the other way round."),
}


def init_app(app: Quart, reading: AuditReading) -> None:
    """Give the application the auditor's screen."""
    app.extensions[KEY] = reading
    app.register_blueprint(blueprint)


def _reading() -> AuditReading:
    found: AuditReading = current_app.extensions[KEY]
    return found


@blueprint.get("/admin/audit")
async def log() -> Response:
    """A page of the log. `?part=1`: the verification alone, for the page that renews it."""
    actor = current_person()
    standing = _reading().standing(actor)
    if request.args.get("part"):
        return await render("admin/audit_verification.html", **_verification(standing))
    form, query = Form(request.args), Query()
    if not prefix():  # render redirects: that is no view
        return await render("admin/audit.html")
    status = 200
    try:
        query = parse(request.args)
        before = parse_index(request.args.get("before", ""))
        page = await _reading().page(actor, query, before)
    except BadInput as refusal:
        form.refuse(refusal)
        status = refusal.status
        page = await _reading().page(actor, Query())
    return await render(
        "admin/audit.html",
        status=status,
        form=form,
        page=page,
        query=query.given(),
        older=_address(query, page.older),
        data=_data,
        formats=list(FORMATS),
        **_verification(standing),
    )


def _address(query: Query, before: int | None) -> str:
    return "" if before is None else f"?{urlencode(query.given() | {'before': before})}"


def _data(value: object) -> str:
    return json.dumps(value, separators=(", ", ": "))


def _verification(standing: Verification | None) -> dict[str, Any]:
    return {"standing": standing, "steps": STEPS, "passed": PASSED, "failed": FAILED}


@blueprint.post("/admin/audit/export")
async def export() -> Response:
    """The entries of a filter as a file, each with its proof."""
    form = await request.form
    kind = form.get("format", "")
    data, checkpoint = await _reading().export(current_person(), parse(form), kind)
    response = Response(data, content_type=FORMATS[kind][1])
    name = f"audit-{checkpoint.size}.{kind}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@blueprint.post("/admin/audit/verify")
async def verify() -> Response:
    """Begin to check the whole log."""
    try:
        await _reading().verify(current_person())
    except Refusal as refusal:
        if refusal.code != "audit.verifying":
            raise
    return redirect("audit_reading.log")
