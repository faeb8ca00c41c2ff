"""Language, dates and numbers (i18n.py)."""

from datetime import UTC, date, datetime, timedelta

import pytest

import i18n
from errors import Refusal
from i18n import Formatter, bdi, isolate, negotiate, ntranslate, translate

MOMENT = datetime(2026, 11, 21, 20, 5, 9, tzinfo=UTC)
"""Already Sunday in Dubai."""


def test_a_message_is_translated_and_its_places_are_isolated() -> None:
    assert translate("ar", "Sign in") == "تسجيل الدخول"
    assert translate("ar", "Link for %(name)s", name="Ali") == "رابط \u2068Ali\u2069"
    assert translate("en", "Link for %(name)s", name="علي") == "Link for \u2068علي\u2069"
    assert translate("en", "Link for %(name)s", name="Ali") == "Link for Ali"


def test_an_unknown_message_and_a_missing_value_are_shown_as_they_are() -> None:
    assert translate("ar", "Never heard of it %(x)s") == "Never heard of it %(x)s"
    assert translate("en", "100%% of %(x)s", y=1) == "100% of %(x)s"


def test_a_value_is_not_read_as_a_format() -> None:
    assert translate("en", "Link for %(name)s", name="%(name)s %d") == "Link for %(name)s %d"


@pytest.mark.parametrize(
    ("n", "text"),
    [
        (0, "0 دقيقة"),
        (1, "دقيقة"),
        (2, "دقيقتان"),
        (3, "3 دقائق"),
        (10, "10 دقائق"),
        (11, "11 دقيقة"),
        (100, "100 دقيقة"),
        (103, "103 دقائق"),
    ],
)
def test_arabic_has_six_plurals(n: int, text: str) -> None:
    assert ntranslate("ar", "%(n)s minute", "%(n)s minutes", n) == text


def test_english_plurals() -> None:
    got = [ntranslate("en", "%(n)s minute", "%(n)s minutes", n) for n in (0, 1, 2)]
    assert got == ["0 minutes", "1 minute", "2 minutes"]


def test_dates_are_of_the_zone_of_the_sitting() -> None:
    assert Formatter("en").date(MOMENT) == "Sunday, 22 November 2026"
    assert Formatter("en", "UTC").date(MOMENT) == "Saturday, 21 November 2026"
    assert Formatter("ar").date(MOMENT) == "الأحد، 22 نوفمبر 2026"
    assert Formatter("ar").datetime(MOMENT, "short") == "22/11/2026، 12:05\u00a0ص"
    assert Formatter("en").clock(MOMENT) == "00:05:09"


def test_hijri_dates_stand_in_both_languages_and_are_empty_outside_the_calendar() -> None:
    assert Formatter("en").hijri(MOMENT) == "12 Jumada al-Akhirah 1448\u00a0AH"
    assert Formatter("ar").hijri(MOMENT) == "12 جمادى الآخرة 1448\u00a0هـ"
    assert Formatter("ar").hijri(date(2090, 1, 1)) == ""


@pytest.mark.parametrize(
    ("length", "english", "arabic"),
    [
        (timedelta(minutes=90), "1 hour 30 minutes", "ساعة و30 دقيقة"),
        (45, "45 seconds", "45 ثانية"),
        (timedelta(hours=2), "2 hours", "ساعتان"),
        (0, "0 seconds", "0 ثانية"),
        (300.9, "5 minutes", "5 دقائق"),
    ],
)
def test_durations(length: timedelta | float, english: str, arabic: str) -> None:
    assert (Formatter("en").duration(length), Formatter("ar").duration(length)) == (english, arabic)


def test_language_names() -> None:
    assert Formatter("en").languages(["ar", "tl", "xx"]) == "Arabic, Filipino, xx"
    assert Formatter("ar").languages(["ar", "ur"]) == "العربية، الأوردية"


@pytest.mark.parametrize(
    ("header", "cookie", "language"),
    [
        ("", "", "ar"),
        ("fr, *;q=0.5", "", "ar"),
        ("en-GB,en;q=0.9,ar;q=0.8", "", "en"),
        ("en;q=0.5, ar-AE;q=0.7", "", "ar"),
        ("en;q=0", "", "ar"),
        ("en;q=nonsense", "", "ar"),
        ("en", "ar", "ar"),
        ("en", "xx", "en"),
    ],
)
def test_the_language_of_a_stranger(header: str, cookie: str, language: str) -> None:
    assert negotiate(header, cookie) == language


def test_isolation_leaves_own_text_alone() -> None:
    assert isolate("محمد", "ar") == "محمد"
    assert isolate(118, "ar") == "\u2068118\u2069"
    assert str(bdi("<b>")) == "<bdi>&lt;b&gt;</bdi>"


def test_a_refusal_is_told_in_both_languages() -> None:
    refusal = Refusal("x", "Write at most %(most)s characters.", most=5)
    assert i18n.refusal_text("en", refusal) == "Write at most 5 characters."
    assert "5" in i18n.refusal_text("ar", refusal)


def test_the_browser_gets_plurals_by_category() -> None:
    messages: set[str | tuple[str, str]] = {"Sign in", ("%(n)s minute", "%(n)s minutes")}
    arabic = i18n.front_end("ar", messages)
    assert arabic["Sign in"] == "تسجيل الدخول"
    assert arabic["%(n)s minute"] == {
        "zero": "%(n)s دقيقة",
        "one": "دقيقة",
        "two": "دقيقتان",
        "few": "%(n)s دقائق",
        "many": "%(n)s دقيقة",
        "other": "%(n)s دقيقة",
    }
    english = i18n.front_end("en", messages)
    assert english == {"%(n)s minute": {"one": "%(n)s minute", "other": "%(n)s minutes"}}
