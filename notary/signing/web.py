"""The public addresses of the internal authorities (`/pki/*`), and the page of the renewal.

Certificates name these addresses: whoever checks a deed elsewhere fetches here what its own file
does not hold. There is no OCSP responder on purpose: a validator that cannot reach one calls a good
deed invalid although its file holds the proof (esign.md B5.5), and a certificate lives for a day.
"""

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from quart import Blueprint, Quart, Response, current_app

from auth.web import current_person
from errors import N_, NotFound
from notary.signing.certificates import ONE_SHOT, SIGNER_POLICY
from notary.signing.engine import Workshop
from notary.signing.renewal import Renewal
from notary.signing.service import Ceremonies
from pages import flash, redirect, render

blueprint = Blueprint("pki", __name__)
KEY = "notary.signing"
LIST_S, CERTIFICATE_S = 300, 86400
CERTIFICATE, LIST = "application/pkix-cert", "application/pkix-crl"


def init_app(app: Quart, ceremonies: Ceremonies, renewal: Renewal) -> None:
    """Give the application these pages."""
    app.extensions[KEY] = ceremonies, renewal
    app.register_blueprint(blueprint)


def _services() -> tuple[Ceremonies, Renewal]:
    found: tuple[Ceremonies, Renewal] = current_app.extensions[KEY]
    return found


def _workshop() -> Workshop:
    found = _services()[0].engine.workshop
    if found is None:
        raise NotFound("pki.unknown")
    return found


@blueprint.get("/pki")
async def index() -> Response:
    """What there is, in words, with fingerprints to compare over another channel."""
    work = _workshop()
    return await render(
        "verify/pki.html",
        certificates=[
            ("root.crt", N_("Root of the signers' certificates"), work.authority.root),
            ("issuing.crt", N_("Authority that issues them"), work.authority.issuing),
            ("stamping-root.crt", N_("Root of the time-stamps"), work.stamping.unit.root),
            ("stamping.crt", N_("Time-stamping unit"), work.stamping.unit.certificate),
        ],
        lists=["root.crl", "issuing.crl", "stamping-root.crl"],
        fingerprint=_fingerprint,
        hours=int(ONE_SHOT.total_seconds() // 3600),
        oid=SIGNER_POLICY.dotted_string,
    )


@blueprint.get("/pki/roots.pem")
async def roots() -> Response:
    """Every root that a validator has to trust, PEM."""
    data = _services()[0].engine.roots()
    return _file(data, "application/x-pem-file", CERTIFICATE_S)


@blueprint.get("/pki/<name>.crt")
async def certificate(name: str) -> Response:
    """A certificate, DER (RFC 5280 section 4.2.2.1)."""
    work = _workshop()
    found: x509.Certificate | None = {
        "root": work.authority.root,
        "issuing": work.authority.issuing,
        "stamping-root": work.stamping.unit.root,
        "stamping": work.stamping.unit.certificate,
    }.get(name)
    if found is None:
        raise NotFound("pki.unknown")
    return _file(found.public_bytes(Encoding.DER), CERTIFICATE, CERTIFICATE_S)


@blueprint.get("/pki/<name>.crl")
async def revocation_list(name: str) -> Response:
    """A revocation list, DER. The issuing authority's is fresh; the roots' were made with them."""
    work = _workshop()
    if name == "issuing":
        return _file(await _services()[0].revocation_list(), LIST, LIST_S)
    found = {"root": work.authority.root_crl, "stamping-root": work.stamping.crl}.get(name)
    if found is None:
        raise NotFound("pki.unknown")
    return _file(found.public_bytes(Encoding.DER), LIST, LIST_S)


@blueprint.get("/notary/renewals")
async def renewals() -> Response:
    """How many documents are due, and the run."""
    renewal = _services()[1]
    due = await renewal.see(current_person())
    return await render("notary/renewals.html", due=due, newest=renewal.newest)


@blueprint.post("/notary/renewals")
async def renew() -> Response:
    """Begin a run now."""
    await _services()[1].start(current_person())
    flash(N_("The renewal has begun."))
    return redirect("pki.renewals")


def _file(data: bytes, kind: str, seconds: int) -> Response:
    headers = {"Cache-Control": f"public, max-age={seconds}"}
    return Response(data, content_type=kind, headers=headers)


def _fingerprint(one: x509.Certificate) -> str:
    return one.fingerprint(hashes.SHA256()).hex(" ", 4).upper()
