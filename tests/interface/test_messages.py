"""The catalogue is whole: every message of the tree has its Arabic, with the same places."""

from pathlib import Path

import pytest

from tools import messages


def test_every_message_has_its_arabic() -> None:
    assert list(messages.problems()) == []


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree with one message of every sort."""
    files = {
        "babel.cfg": (messages.ROOT / "babel.cfg").read_text(encoding="utf-8"),
        "room/service.py": 'raise Refusal("x", N_("From Python %(n)s."))\n',
        "templates/a.html": (
            '{{ _("From a template") }} {{ live("Live text") }}'
            ' <b {{ live_attr("title", "Live title") }}></b>'
            ' {{ ngettext("%(n)s one", "%(n)s many", 3) }}'
        ),
        "static/js/a.js": (
            't("From a module"); tn("%(n)s a", "%(n)s b", 2);\n'
            'const x = t(LABELS[code] ?? N_("Inside another"));\n'
        ),
        "tests/a.py": 'N_("Never seen")\n',
        "node_modules/a.js": 't("Not ours")\n',
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


def test_messages_are_found_where_they_stand(tree: Path) -> None:
    found = messages.extract(tree)
    assert found == {
        "From Python %(n)s.": {"room/service.py"},
        "From a template": {"templates/a.html"},
        "Live text": {"templates/a.html"},
        "Live title": {"templates/a.html"},
        ("%(n)s one", "%(n)s many"): {"templates/a.html"},
        "From a module": {"static/js/a.js"},
        ("%(n)s a", "%(n)s b"): {"static/js/a.js"},
        "Inside another": {"static/js/a.js"},
    }


def test_the_browser_gets_only_what_it_may_need(tree: Path) -> None:
    found = messages.front_end_messages(tree)
    assert "From a template" not in found
    assert {"Live text", "Live title", "From a module", "From Python %(n)s."} <= found


PO = """
msgid ""
msgstr "Content-Type: text/plain; charset=utf-8\\nLanguage: ar\\n"

msgid "From Python %(n)s."
msgstr "من بايثون %(m)s."

msgid "From a module"
msgstr ""
"""


def test_a_missing_or_mismatched_translation_is_named(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalogue = tree / "ar.po"
    catalogue.write_text(PO, encoding="utf-8")
    monkeypatch.setattr(messages, "ARABIC", catalogue)
    found = messages.extract(tree)
    monkeypatch.setattr(messages, "extract", lambda: found)
    lines = list(messages.problems())
    assert any(line.startswith("places differ") for line in lines)
    assert "not translated: 'From a module'" in lines
