"""The dialog that confirms a legal act says in words which one; never a code."""

import re

from auth.policy import NEEDS
from settings import ROOT


def test_every_act_that_is_confirmed_has_words() -> None:
    source = (ROOT / "static/js/confirm.js").read_text("utf-8")
    known = set(re.findall(r'^    "([a-z_.]+)": t\(', source, re.MULTILINE))
    assert {act for act, need in NEEDS.items() if need.each_time} - known == set()
