"""Language: Arabic and English as equals, and the way dates and numbers are written in each.

English is the source: the message id is the English sentence. The Arabic catalogue is
`translations/ar/LC_MESSAGES/messages.po`, read as it is (about 30 ms, once), so that a changed
translation never waits for a build. Digits are Latin in both languages, as the UAE's courts print
them. Times are shown in the zone in which sittings are booked.
"""

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date as babel_format_date
from babel.dates import format_time as babel_format_time
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hijridate import Gregorian
from markupsafe import Markup, escape

from errors import N_, Refusal

LANGUAGES: Final = ("ar", "en")
"""Every language a page exists in; the first is the one of a stranger who names none."""
DEFAULT: Final = LANGUAGES[0]
DIRECTIONS: Final = {"ar": "rtl", "en": "ltr"}
NAMES: Final = {"ar": "العربية", "en": "English"}
CATALOGUES: Final = Path(__file__).resolve().parent / "translations"

HIJRI_NOTE: Final = N_("Umm al-Qura calendar; by the sighting of the moon it may differ by a day.")

_LOCALES: Final = {"ar": Locale("ar", "AE"), "en": Locale("en", "AE")}
_PATTERNS: Final = {
    "ar": {"long": "EEEE، d MMMM y", "medium": "d MMMM y", "short": "d/M/y"},
    "en": {"long": "EEEE, d MMMM y", "medium": "d MMMM y", "short": "d/M/y"},
}
_HIJRI_ERA: Final = {"ar": "هـ", "en": "AH"}
_FIRST_ISOLATE, _POP_ISOLATE = "\u2068", "\u2069"
_RTL = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]")
_LTR = re.compile(r"[A-Za-z0-9]")
_PERCENT_NAME = re.compile(r"%\((\w+)\)[sd]|%%")


@lru_cache(maxsize=len(LANGUAGES))
def catalogue(language: str) -> NullTranslations:
    """The gettext catalogue of `language`; English and unknown languages give the identity."""
    source = CATALOGUES / language / "LC_MESSAGES" / "messages.po"
    if not source.exists():
        return NullTranslations()
    packed = BytesIO()
    with source.open("rb") as file:
        messages = read_po(file, locale=language)
    for message in [*messages]:
        if isinstance(message.string, tuple) and not all(message.string):
            messages.delete(message.id)  # a plural half translated would show nothing
    write_mo(packed, messages)
    packed.seek(0)
    return GNUTranslations(packed)


def translate(language: str, message: str, /, **params: object) -> str:
    """`message` in `language`, its `%(name)s` places filled and kept apart in either direction."""
    return _fill(catalogue(language).gettext(message), language, params)


def ntranslate(language: str, one: str, many: str, n: int, /, **params: object) -> str:
    """The plural of `one`/`many` for `n`, which also fills `%(n)s`. Arabic has six forms."""
    return _fill(catalogue(language).ngettext(one, many, n), language, {"n": n, **params})


def refusal_text(language: str, refusal: Refusal) -> str:
    """What a refused person reads."""
    return translate(language, refusal.message, **refusal.params)


def isolate(value: object, language: str) -> str:
    """`value` as text that its surroundings cannot reorder, for plain text without markup.

    A case number inside an Arabic sentence, or an Arabic name inside an English one, is put
    between FIRST STRONG ISOLATE and POP DIRECTIONAL ISOLATE (UAX 9); other text stays as it is.
    """
    text = str(value)
    foreign = _LTR if language == "ar" else _RTL
    return f"{_FIRST_ISOLATE}{text}{_POP_ISOLATE}" if foreign.search(text) else text


def bdi(value: object) -> Markup:
    """`value` in a `<bdi>`: for names, numbers and identifiers inside HTML."""
    return Markup("<bdi>{}</bdi>").format(escape(value))


def _fill(text: str, language: str, params: dict[str, object]) -> str:
    def place(match: re.Match[str]) -> str:
        name = match.group(1)
        if name is None:
            return "%"
        if name not in params:
            return match.group(0)  # a missing value is seen, and never a 500 page
        value = params[name]
        return isolate(value, language) if isinstance(value, str) else str(value)

    return _PERCENT_NAME.sub(place, text) if params else text.replace("%%", "%")


@dataclass(frozen=True, slots=True)
class Formatter:
    """Dates, times and durations for one language and one IANA time zone."""

    language: str
    zone: str = "Asia/Dubai"

    def local(self, moment: dt.datetime) -> dt.datetime:
        """`moment` (aware) in the zone of the sitting."""
        return moment.astimezone(ZoneInfo(self.zone))

    def date(self, moment: dt.datetime | dt.date, style: str = "long") -> str:
        """`long` 'Saturday, 21 November 2026', `medium` without the day, `short` 21/11/2026."""
        day = self._day(moment)
        pattern = _PATTERNS[self.language][style]
        return babel_format_date(day, pattern, locale=_LOCALES[self.language])

    def time(self, moment: dt.datetime) -> str:
        """'9:30 am' or its Arabic form."""
        return babel_format_time(
            self.local(moment).time(), "h:mm\u00a0a", locale=_LOCALES[self.language]
        )

    def clock(self, moment: dt.datetime) -> str:
        """'09:30:05', for log notes and the record."""
        return f"{self.local(moment):%H:%M:%S}"

    def datetime(self, moment: dt.datetime, style: str = "long") -> str:
        """Date and time together."""
        comma = "،" if self.language == "ar" else ","
        return f"{self.date(moment, style)}{comma} {self.time(moment)}"

    def hijri(self, moment: dt.datetime | dt.date) -> str:
        """'11 Jumada al-Akhirah 1448 AH' (Umm al-Qura); empty outside 1343-1500 AH.

        Legal documents print HIJRI_NOTE beside it.
        """
        day = self._day(moment)
        try:
            hijri = Gregorian(day.year, day.month, day.day).to_hijri()
        except OverflowError:
            return ""
        language: Literal["ar", "en"] = "ar" if self.language == "ar" else "en"
        return f"{hijri.day} {hijri.month_name(language)} {hijri.year}\u00a0{_HIJRI_ERA[language]}"

    def duration(self, length: dt.timedelta | float | int) -> str:
        """'1 hour 30 minutes'; seconds only when it is under two minutes."""
        seconds = int(length.total_seconds() if isinstance(length, dt.timedelta) else length)
        hours, minutes = divmod(seconds // 60, 60)
        parts = []
        if hours:
            parts.append(ntranslate(self.language, "%(n)s hour", "%(n)s hours", hours))
        if minutes:
            parts.append(ntranslate(self.language, "%(n)s minute", "%(n)s minutes", minutes))
        if (seconds % 60 and seconds < 120) or not parts:
            parts.append(ntranslate(self.language, "%(n)s second", "%(n)s seconds", seconds % 60))
        return (" و" if self.language == "ar" else " ").join(parts)

    def languages(self, tags: Iterable[str]) -> str:
        """Names of languages by BCP 47 tag: 'Arabic, Urdu'."""
        comma = "، " if self.language == "ar" else ", "
        return comma.join(self.language_name(tag) for tag in tags)

    def language_name(self, tag: str) -> str:
        """The name of one language by its tag; an unknown tag stands for itself."""
        if tag == "sgn":
            return translate(self.language, N_("Sign language"))
        known = _LOCALES[self.language].languages
        return str(known.get({"tl": "fil"}.get(tag, tag), tag))  # CLDR names Tagalog so

    def _day(self, moment: dt.datetime | dt.date) -> dt.date:
        return self.local(moment).date() if isinstance(moment, dt.datetime) else moment


def negotiate(header: str, cookie: str = "") -> str:
    """The language of somebody whose address names none: their cookie, their browser's
    `Accept-Language` (RFC 9110, section 12.5.4), else Arabic."""
    if cookie in LANGUAGES:
        return cookie
    wanted: list[tuple[float, int, str]] = []
    for order, item in enumerate(header.split(",")):
        tag, _, quality = item.strip().partition(";q=")
        language = tag.split("-")[0].strip().lower()
        try:
            weight = float(quality) if quality else 1.0
        except ValueError:
            weight = 0.0
        if language in LANGUAGES and weight > 0:
            wanted.append((-weight, order, language))
    return min(wanted)[2] if wanted else DEFAULT


def front_end(language: str, messages: set[str | tuple[str, str]]) -> dict[str, Any]:
    """The part of the catalogue that browser modules need: message id to text, or for a plural
    to `{CLDR category: text}`. English gives only the plurals, since its ids are its texts."""
    sample = {"zero": 0, "one": 1, "two": 2, "few": 3, "many": 11, "other": 100}
    known = catalogue(language)
    out: dict[str, Any] = {}
    for message in sorted(messages, key=str):
        if isinstance(message, tuple):
            one, many = message
            categories = sample if language == "ar" else {"one": 1, "other": 2}
            out[one] = {name: known.ngettext(one, many, n) for name, n in categories.items()}
        elif language != "en":
            out[message] = known.gettext(message)
    return out
