"""The stand-in identity provider as a process of its own (tools/identity/provider.mjs).

The demo starts it beside the server, and tests start it on a free port. It ends with its parent.
"""

import asyncio
import json
import os
import secrets
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from auth.identity import profile
from auth.identity.provider import Endpoints, Provider
from settings import ROOT, Settings

ID = "stand-in"
PROGRAM = Path(__file__).with_name("provider.mjs")
LEAST_NODE = 20
PATIENCE = 20.0
"""Seconds until it must serve; it needs one on an idle machine."""


class NoStandIn(Exception):
    """It cannot be started here; the text says why."""


def node() -> str:
    """The Node to run it with: the system's, or the one of the PyPI wheel. Raises NoStandIn."""
    if not (ROOT / "node_modules" / "oidc-provider").is_dir():
        raise NoStandIn("the npm package oidc-provider is not installed (make setup)")
    places = os.pathsep.join((os.environ.get("PATH", ""), str(ROOT / ".venv" / "bin")))
    found = shutil.which("node", path=places)
    if not found:
        raise NoStandIn("there is no Node here")
    return found


def provider(
    issuer: str, *, profile_name: str = "uae_pass", secret: str = "", id: str = ID
) -> Provider:
    """How the house sees it. The profile `generic` finds the endpoints by discovery."""
    shaped = profile.load(profile_name)
    return Provider(
        id=id,
        profile=shaped,
        issuer=issuer,
        client_id="mahdar",
        client_secret=secret or secrets.token_urlsafe(32),
        algorithm="ES256",
        name_ar="هوية رقمية تجريبية",
        name_en="Stand-in identity",
        stand_in=True,
        endpoints=None
        if shaped.discovery
        else Endpoints(
            authorization=f"{issuer}/auth",
            token=f"{issuer}/token",
            jwks=f"{issuer}/jwks",
            user_info=f"{issuer}/me",
            end_session=f"{issuer}/session/end",
        ),
    )


@asynccontextmanager
async def running(
    provider: Provider, address: str, people: list[dict[str, Any]]
) -> AsyncIterator[None]:
    """It serves `people` for the house at `address`. Raises NoStandIn."""
    port = int(provider.issuer.rpartition(":")[2])
    ours = f"{address}/identity/{provider.id}"
    given = {
        "issuer": provider.issuer,
        "port": port,
        "people": people,
        "client": {
            "id": provider.client_id,
            "secret": provider.client_secret,
            "redirect": f"{ours}/callback",
            "signedOut": f"{address}/identity/signed-out",
            "backchannel": f"{ours}/backchannel-logout",
        },
    }
    process = await asyncio.create_subprocess_exec(
        node(),
        str(PROGRAM),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={"PATH": os.environ.get("PATH", ""), "MAHDAR_MODE": "demo"},
        start_new_session=True,  # Ctrl-C reaches the server, which then closes its input
    )
    try:
        if process.stdin is None or process.stdout is None:
            raise NoStandIn("it has no pipes")
        process.stdin.write(json.dumps(given).encode() + b"\n")
        try:
            line = await asyncio.wait_for(process.stdout.readline(), PATIENCE)
        except TimeoutError:
            raise NoStandIn("it did not answer in time") from None
        if line.strip() != b"ready":
            raise NoStandIn(f"it did not start; is port {port} free?")
        yield
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


@asynccontextmanager
async def for_demo(
    settings: Settings, people: list[dict[str, Any]]
) -> AsyncIterator[tuple[Provider | None, str]]:
    """The demo's provider on the port after ours, or None and why there is none."""
    if not settings.stand_in:
        yield None, ""
        return
    found = provider(f"http://localhost:{settings.port + 1}")
    runs = running(found, settings.address, people)
    try:
        await runs.__aenter__()
    except NoStandIn as reason:
        yield None, str(reason)
        return
    try:
        yield found, ""
    finally:
        await runs.__aexit__(None, None, None)
