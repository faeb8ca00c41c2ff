"""The static build: icons, style sheet, locks."""

import json
import re
from pathlib import Path

import pytest

from settings import ROOT
from tools import build_static


def test_icons_are_found_in_calls_signs_and_comments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "templates").mkdir()
    text = '{{ icon("gavel", size=20) }} {{ b("x", sign="hand") }} {# icons: scales-fill record #}'
    (tmp_path / "templates" / "a.html").write_text(text)
    monkeypatch.setattr(build_static, "ROOT", tmp_path)
    assert build_static.icon_names() == {"gavel", "hand", "scales-fill", "record"}


def test_a_sprite_has_a_symbol_for_each_icon() -> None:
    sprite = build_static.sprite({"gavel", "scales-fill"})
    assert re.findall(r'<symbol id="([a-z-]+)" viewBox="0 0 256 256">', sprite) == [
        "gavel",
        "scales-fill",
    ]


def test_an_unknown_icon_stops_the_build() -> None:
    with pytest.raises(build_static.BuildError, match="no icon 'gravel'"):
        build_static.sprite({"gravel"})


def test_what_is_built_fetches_nothing_from_elsewhere() -> None:
    css = (build_static.BUILD / "app.css").read_text(encoding="utf-8")
    hosts = set(re.findall(r"https?://([^/'\" )]+)", css))
    assert hosts <= {"www.w3.org", "tailwindcss.com"}  # the SVG namespace and a licence
    addresses = re.findall(r"url\([\"']?([^\"')]*)", css)
    assert addresses
    assert all(one.startswith(("data:", "fonts/")) for one in addresses)


def test_the_style_sheet_has_what_pages_use() -> None:
    css = (build_static.BUILD / "app.css").read_text(encoding="utf-8")
    for name in (".aegov-btn", ".aegov-badge", ".sitting-card", ".data-table", "@font-face"):
        assert name in css


def test_the_lock_names_no_host_and_needs_no_platform() -> None:
    text = (ROOT / "package-lock.json").read_text(encoding="utf-8")
    lock = json.loads(text)
    entries = [entry for name, entry in lock["packages"].items() if name]
    assert all("integrity" in entry and "resolved" not in entry for entry in entries)
    assert not any(key in entry for entry in entries for key in ("os", "cpu", "optional"))


def test_a_second_build_has_nothing_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    assert build_static.main() == 0
    built: list[str] = []
    parts = {
        name: (lambda name=name: built.append(name), inputs)
        for name, (_, inputs) in build_static.PARTS.items()
    }
    monkeypatch.setattr(build_static, "PARTS", parts)
    assert build_static.main() == 0
    assert built == []
