"""A small key management service of our own for tests: a real HTTP server with real AES keys."""

import json
import os
import threading
import time
from base64 import b64decode, b64encode
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

TOKEN = "kms-token"


class Kms:
    """`fault` makes every next answer wrong in one way."""

    def __init__(self) -> None:
        self.keys = [AESGCM.generate_key(256)]
        self.fault = ""
        self.asked: list[str] = []
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._answer({})

            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length", 0))
                self._answer(json.loads(self.rfile.read(length) or b"{}"))

            def _answer(self, body: dict[str, Any]) -> None:
                service.asked.append(self.path)
                if self.headers["Authorization"] != f"Bearer {TOKEN}":
                    self._send(401, b"{}")
                elif service.fault == "error":
                    self._send(503, b"{}")
                elif service.fault == "html":
                    self._send(200, b"<html>")
                elif service.fault == "long":
                    self._send(200, b'{"version":"' + b"1" * 100_000 + b'"}')
                elif service.fault == "redirect":
                    self._send(302, b"", "http://127.0.0.1:1/")
                else:
                    if service.fault == "slow":
                        time.sleep(1.0)
                    self._send(200, json.dumps(service.found(self.path, body)).encode())

            def _send(self, status: int, data: bytes, location: str = "") -> None:
                self.send_response(status)
                if location:
                    self.send_header("Location", location)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    def __enter__(self) -> "Kms":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def found(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        parts = path.split("/")  # "", v1, keys, <key>, [rotate | versions, <n>, <what>]
        if parts[4:] == ["rotate"]:
            self.keys.append(AESGCM.generate_key(256))
        if parts[4:5] != ["versions"]:
            return {"version": str(len(self.keys))}
        cipher = AESGCM(self.keys[int(parts[5]) - 1])
        if parts[6] == "wrap":
            plain = b64decode(body["plaintext"])
            if self.fault == "echo":
                return {"ciphertext": b64encode(plain + b"x" * 9).decode()}
            if self.fault == "forgets":
                plain = os.urandom(32)
            nonce = os.urandom(12)
            sealed = nonce + cipher.encrypt(nonce, plain, b"vault")
            return {"ciphertext": b64encode(sealed).decode()}
        sealed = b64decode(body["ciphertext"])
        if self.fault == "short":
            return {"plaintext": b64encode(bytes(31)).decode()}
        plain = cipher.decrypt(sealed[:12], sealed[12:], b"vault")
        return {"plaintext": b64encode(plain).decode()}
