"""A real coturn of our own, with the configuration that docs/operations.md gives to operators.

It listens on loopback over UDP, TCP and TLS, takes the short-lived credentials of
`signaling.ice`, and relays to the media address alone.
"""

import hashlib
import ipaddress
import shutil
import socket
import subprocess
import tempfile
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from signaling import ice
from tools.demo.server import free_port

SECRET = "only-for-tests"
HOST = "127.0.0.1"
RELAY_PORTS = (28_000, 28_049)
Way = Literal["udp", "tcp", "tls"]


@dataclass(frozen=True)
class Coturn:
    """A running server."""

    port: int
    tls_port: int
    spki: str
    """SHA-256 of its key, for Chromium's --ignore-certificate-errors-spki-list."""
    log: Path

    def url(self, way: Way) -> str:
        """As in MAHDAR_TURN_URLS."""
        if way == "tls":
            return f"turns:{HOST}:{self.tls_port}?transport=tcp"
        return f"turn:{HOST}:{self.port}?transport={way}"

    def servers(self, *ways: Way, user: str = "seat") -> list[dict[str, Any]]:
        """What a page gets with its ticket."""
        urls = tuple(self.url(way) for way in ways)
        return ice.servers(urls, SECRET, user, datetime.now(UTC))


def _certificate(folder: Path) -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "turn.test")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(HOST))]), False
        )
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return b64encode(hashlib.sha256(public).digest()).decode()


@contextmanager
def running() -> Iterator[Coturn]:
    """Start it, wait until it answers, stop it at the end."""
    program = shutil.which("turnserver")
    if program is None:
        raise RuntimeError("coturn is missing. Run: sh tools/test_programs.sh coturn")
    with tempfile.TemporaryDirectory(prefix="mahdar-turn-") as name:
        folder = Path(name)
        coturn = Coturn(free_port(), free_port(), _certificate(folder), folder / "turn.log")
        settings = f"""
            listening-ip={HOST}
            relay-ip={HOST}
            listening-port={coturn.port}
            tls-listening-port={coturn.tls_port}
            min-port={RELAY_PORTS[0]}
            max-port={RELAY_PORTS[1]}
            cert={folder}/cert.pem
            pkey={folder}/key.pem
            realm=mahdar.test
            use-auth-secret
            static-auth-secret={SECRET}
            fingerprint
            no-cli
            no-tcp-relay
            no-multicast-peers
            allow-loopback-peers
            denied-peer-ip=0.0.0.0-255.255.255.255
            allowed-peer-ip={HOST}
            allowed-peer-ip=127.64.0.0-127.127.255.255
            userdb={folder}/turndb
            pidfile={folder}/pid
            log-file={coturn.log}
            simple-log
            verbose
        """
        (folder / "turn.conf").write_text("\n".join(line.strip() for line in settings.split("\n")))
        process = subprocess.Popen(
            [program, "-c", str(folder / "turn.conf")],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            _wait(process, coturn)
            yield coturn
        finally:
            process.terminate()
            process.wait(20)


def _wait(process: "subprocess.Popen[bytes]", coturn: Coturn) -> None:
    end = time.monotonic() + 20
    while time.monotonic() < end and process.poll() is None:
        try:
            for port in (coturn.port, coturn.tls_port):
                socket.create_connection((HOST, port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("coturn did not start")
