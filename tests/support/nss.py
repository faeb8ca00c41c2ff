"""Roots that NSS trusts, in a database of their own: what `certutil -A -t CT,C,C` writes.

`python -m tests.support.nss FOLDER ROOT.pem ...`, in a process of its own because NSS is one for a
process. The library is the one that pdfsig itself asks; certutil is in a package that is not needed
here otherwise. Names and values: NSS `cert.h`, `certt.h` (`CERTDB_*`), `nss.h`.
"""

import ctypes
import sys
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

LIBRARY = "libsmime3.so"
"""The one of NSS that reads certificates; it brings the rest."""
VALID_CA, TRUSTED_CA, TRUSTED_CLIENT_CA = 1 << 3, 1 << 4, 1 << 7


class Trust(ctypes.Structure):
    """`CERTCertTrust`: for servers, for mail and documents, for programs."""

    _fields_ = (("tls", ctypes.c_uint), ("email", ctypes.c_uint), ("objects", ctypes.c_uint))


def trust(folder: Path, roots: list[Path]) -> None:
    """Make the database in `folder` (an empty one) and write the roots into it."""
    nss = _library()
    _done(nss, nss.NSS_InitReadWrite(f"sql:{folder}".encode()))
    slot = nss.PK11_GetInternalKeySlot()
    _done(nss, nss.PK11_InitPin(slot, b"", b""))
    ca = VALID_CA | TRUSTED_CA
    for path in roots:
        data = x509.load_pem_x509_certificate(path.read_bytes()).public_bytes(Encoding.DER)
        made = nss.CERT_DecodeCertFromPackage(data, len(data))
        _done(nss, nss.PK11_ImportCert(slot, made, 0, path.stem.encode(), 0))
        flags = Trust(ca | TRUSTED_CLIENT_CA, ca, ca)
        _done(nss, nss.CERT_ChangeCertTrust(nss.CERT_GetDefaultCertDB(), made, flags))
        nss.CERT_DestroyCertificate(made)
    nss.PK11_FreeSlot(slot)
    _done(nss, nss.NSS_Shutdown())


def _library() -> ctypes.CDLL:
    nss = ctypes.CDLL(LIBRARY)
    pointer = ctypes.c_void_p
    for name, takes, gives in (
        ("NSS_InitReadWrite", [ctypes.c_char_p], ctypes.c_int),
        ("PK11_GetInternalKeySlot", [], pointer),
        ("PK11_InitPin", [pointer, ctypes.c_char_p, ctypes.c_char_p], ctypes.c_int),
        ("CERT_DecodeCertFromPackage", [ctypes.c_char_p, ctypes.c_int], pointer),
        (
            "PK11_ImportCert",
            [pointer, pointer, ctypes.c_ulong, ctypes.c_char_p, ctypes.c_int],
            ctypes.c_int,
        ),
        ("CERT_GetDefaultCertDB", [], pointer),
        ("CERT_ChangeCertTrust", [pointer, pointer, ctypes.POINTER(Trust)], ctypes.c_int),
        ("CERT_DestroyCertificate", [pointer], None),
        ("PK11_FreeSlot", [pointer], None),
        ("NSS_Shutdown", [], ctypes.c_int),
        ("PORT_GetError", [], ctypes.c_int),
    ):
        function = getattr(nss, name)
        function.argtypes, function.restype = takes, gives
    return nss


def _done(nss: ctypes.CDLL, status: int) -> None:
    if status:
        raise OSError(f"NSS refused: error {nss.PORT_GetError()}")


if __name__ == "__main__":
    trust(Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]])
