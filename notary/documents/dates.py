"""Dates as legal documents print them: both calendars, both languages."""

from dataclasses import dataclass
from datetime import datetime

import i18n
from i18n import HIJRI_NOTE, LANGUAGES, Formatter


@dataclass(frozen=True, slots=True)
class Moment:
    """One moment in one language."""

    gregorian: str
    hijri: str
    """Empty outside the calendar's tables."""
    time: str
    note: str
    """That the Hijri date may differ by a day; empty where there is none."""


def moments(at: datetime, zone: str) -> dict[str, dict[str, str]]:
    """`at` for the data of a template: by language, the fields of `Moment`."""
    return {
        language: {
            "gregorian": one.gregorian,
            "hijri": one.hijri,
            "time": one.time,
            "note": one.note,
        }
        for language, one in ((name, moment(at, zone, name)) for name in LANGUAGES)
    }


def moment(at: datetime, zone: str, language: str) -> Moment:
    """`at` (aware) as it reads in `language`, in the zone of the office."""
    form = Formatter(language, zone)
    hijri = form.hijri(form.local(at))
    note = i18n.translate(language, HIJRI_NOTE) if hijri else ""
    return Moment(form.date(at), hijri, form.time(at), note)
