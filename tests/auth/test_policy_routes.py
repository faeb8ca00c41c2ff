"""Every address and every message of the house stands in policy_routes.toml, and asks somebody."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, get_args

import pytest

from auth.policy import RULES
from signaling import messages
from tests.auth import wire

KNOWN = {"public", "own", "transport"}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[wire.Wire]:
    async with wire.running(tmp_path) as running:
        yield running


def routes(house: wire.Wire) -> set[tuple[str, str]]:
    return {
        (rule.rule, "socket" if rule.websocket else method.lower())
        for rule in house.app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


def listed() -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (route["rule"], method): route
        for route in wire.read()["route"]
        for method in ("get", "post", "put", "patch", "delete", "socket")
        if method in route
    }


async def test_every_address_is_listed(house: wire.Wire) -> None:
    missing = sorted(routes(house) - set(listed()))
    assert not missing, (
        f"{missing}: add a [[route]] with `rule`, the method and its access (an action of "
        "auth/policy.py, 'own' or 'public'), and for what changes something `may` and a sample "
        f"`form` or `json`, to {wire.DATA.name}; its first lines explain them"
    )
    gone = sorted(set(listed()) - routes(house))
    assert not gone, f"no such address any more: take {gone} out of {wire.DATA.name}"


def test_every_message_is_listed() -> None:
    known = {str(kind.__struct_config__.tag) for kind in get_args(messages.Incoming)}
    rows = {row["type"]: row for row in wire.read()["message"]}
    missing = sorted(known - set(rows))
    assert not missing, (
        f"{missing}: add a [[message]] with `type`, `access`, `may` and a sample `body` to "
        f"{wire.DATA.name}, and lines to tests/auth/policy.csv"
    )
    assert set(rows) == known, "a message that is no more"
    for name, row in rows.items():
        assert row["access"] in ("transport", f"live.{name}"), name


async def test_every_sample_is_a_message(house: wire.Wire) -> None:
    for row in wire.read()["message"]:
        if row["type"] == "hello":
            continue
        text = json.dumps({"type": row["type"], **house.fill(row.get("body", {}))})
        assert messages.name(messages.parse(text)) == row["type"], text


def test_every_access_is_an_action_of_the_policy() -> None:
    for (rule, method), route in listed().items():
        access = route[method]
        assert access in KNOWN or access in RULES, (rule, access)
        if access == "public":
            assert route["because"], rule
        if method not in ("get", "socket") and access in RULES:
            assert route["may"], f"{rule}: who of the sample house may?"
    for row in wire.read()["message"]:
        assert row["access"] in KNOWN or row["access"] in RULES, row["type"]


def test_every_action_is_asked_somewhere() -> None:
    """An action that no address and no message asks for is asked by a use case of its own."""
    asked = {route[method] for (_, method), route in listed().items()}
    asked |= {row["access"] for row in wire.read()["message"]}
    assert set(RULES) - asked <= {
        "custody.list",  # part of /records
        "audit.read",  # the administrator's view of the log
        "people.choose",  # the lists of the booking form
        "recording.export",  # ./mahdar export, and the bundle's page
        "seat.operate",  # part of seat.enter
        "deed.order_copy",  # part of deed.copy, with the reference of an order
        "signing.prepare",  # with the consent of a notarial act or a marriage
        "signing.see",
        "signing.sign",
        "signing.close",
        "signing.withdraw",
        "transcript.authorise",  # by the step that the judge takes
        "transcript.refuse",
        "transcript.return",
        "marriage.own_step",  # with the sitting
    }
