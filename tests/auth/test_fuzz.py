"""Nothing that is sent makes a 500: the API by its OpenAPI description, the pages by rubbish.

Schemathesis makes the requests from the description; they go through Quart's own test client into
the application in this process, whose database lives in one event loop. Examples are few and
always the same.
"""

import asyncio
import json
import random
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.specs.openapi.schemas import OpenApiSchema

from tests.auth import wire
from tests.auth.house import Browser

EXAMPLES = 8
NASTY = [
    *("", "x", "0", "-1", "é", "\x00", "'\"><script>", "%00", "../../etc/passwd", "A" * 5000),
    *("٣", "\u202e", "2026-11-21", "99999-99-99T99:99", "NaN", "1e309", "null", "{}", "[]"),
]
"""What people never type and machines do."""


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


@pytest.fixture(scope="module")
def house(
    loop: asyncio.AbstractEventLoop, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[wire.Wire]:
    folder = tmp_path_factory.mktemp("fuzz")
    running = wire.running(folder)
    yield loop.run_until_complete(running.__aenter__())
    loop.run_until_complete(running.__aexit__(None, None, None))


async def described(house: wire.Wire) -> dict[str, Any]:
    response = await house.app.test_client().get("/openapi.json")
    assert response.status_code == 200
    found: dict[str, Any] = json.loads(await response.get_data(as_text=True))
    return found


def test_the_description_is_of_the_api_only(
    house: wire.Wire, loop: asyncio.AbstractEventLoop
) -> None:
    text = loop.run_until_complete(described(house))
    api = {rule.rule for rule in house.app.url_map.iter_rules() if rule.rule.startswith("/api/")}
    assert len(text["paths"]) == len(api)
    assert all(path.startswith("/api/") for path in text["paths"])
    pages = {rule.rule for rule in house.app.url_map.iter_rules()}
    assert not pages & {"/docs", "/redocs", "/scalar"}  # they load scripts from elsewhere


def test_the_api_never_fails(house: wire.Wire, loop: asyncio.AbstractEventLoop) -> None:
    description = loop.run_until_complete(described(house))
    schema: OpenApiSchema = schemathesis.openapi.from_dict(description)
    sent: list[int] = []

    async def send(case: Any, browser: Browser) -> None:
        path = case.formatted_path
        headers = {"X-CSRF-Token": browser.token, "Content-Type": "application/json"}
        told = isinstance(case.body, (dict, list, str, int, float, bool, type(None)))
        body = json.dumps(case.body).encode() if told else b""
        request = browser.client.open
        response = await request(path, method=case.method, headers=headers, data=body)  # type: ignore[call-arg]
        sent.append(response.status_code)
        assert response.status_code < 500, (case.method, path, case.body)

    judge = loop.run_until_complete(house.browser("judge"))
    nobody = loop.run_until_complete(house.browser(wire.SIGNED_OUT))
    for found in schema.get_all_operations():
        operation: Any = found.ok()  # type: ignore[union-attr]
        strategy = operation.as_strategy()

        @seed(5)
        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=strategy)
        def fuzz(case: Any) -> None:
            for browser in (judge, nobody):
                loop.run_until_complete(send(case, browser))

        fuzz()
    assert len(sent) > 100


def test_no_page_fails(house: wire.Wire, loop: asyncio.AbstractEventLoop) -> None:
    """Rubbish in every path, query and form, as the people with the most rights and as nobody."""
    generator = random.Random(5)

    async def rubbish() -> int:
        asked = 0
        browsers = [await house.browser(name) for name in ("admin", "clerk", wire.SIGNED_OUT)]
        rules = [rule for rule in house.app.url_map.iter_rules() if not rule.websocket]
        for rule in rules:
            if rule.endpoint == "static_file" or rule.rule in (
                "/logout",
                "/account/sign-out-everywhere",
            ):
                continue
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                fields = _fields(house, rule.rule)
                for browser in browsers:
                    for text in generator.sample(NASTY, 2):
                        status = await _send(house, browser, rule.rule, method, text, fields)
                        assert status < 500, (method, rule.rule, text)
                        asked += 1
        return asked

    assert loop.run_until_complete(rubbish()) > 200


def _fields(house: wire.Wire, rule: str) -> dict[str, str]:
    for route in wire.read()["route"]:
        if route["rule"] == rule:
            found: dict[str, str] = house.fill(route.get("form", {}))
            return found
    return {}


async def _send(
    house: wire.Wire, browser: Browser, rule: str, method: str, text: str, fields: dict[str, str]
) -> int:
    from urllib.parse import quote

    safe = quote(text.replace("/", "_") or "x", safe="", errors="replace")[:3000]
    known = wire.address(house, rule)
    path = (
        known
        if "<" not in rule or len(text) % 2
        else wire.address(house, rule).replace("/x", f"/{safe}")
    )
    headers = {"X-CSRF-Token": browser.token, "Accept": "text/html"}
    prefix = "" if path.startswith(("/api/", "/audit", "/healthz")) else "/en"
    request = browser.client.open
    if method == "GET":
        response = await request(
            f"{prefix}{path}?next={safe}&seat={safe}&action={safe}", headers=headers
        )  # type: ignore[call-arg]
    else:
        form = dict.fromkeys(fields, text) | {"next": text, "extra": text}
        response = await request(f"{prefix}{path}", method=method, headers=headers, form=form)  # type: ignore[call-arg]
    return int(response.status_code)
