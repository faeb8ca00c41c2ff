"""The mark on a viewed or copied record: who sees it, and when."""

from datetime import datetime

import i18n
from auth.person import Person
from errors import N_

MARK = N_("Confidential. For %(name)s, %(time)s")


def mark_text(person: Person, now: datetime, language: str, zone: str = "Asia/Dubai") -> str:
    """One line with the viewer's name and the time in the house's zone."""
    local = i18n.Formatter(language, zone).local(now)
    name, time = person.name(language), local.strftime("%Y-%m-%d %H:%M:%S %z")
    return i18n.translate(language, MARK, name=name, time=time)
