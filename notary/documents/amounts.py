"""Amounts in figures and in words, in both languages.

The Arabic counts as grammar asks: 1 and 2 are in the noun, 3-10 take its plural, 11-99 its
accusative singular, whole hundreds and thousands its genitive singular, and the number before a
noun is in the construct state (ألفا درهم, never ألفان درهم).
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from num2words import num2words

from errors import N_, BadInput

MAX: Final = Decimal(10) ** 12


@dataclass(frozen=True, slots=True)
class Counted:
    """An Arabic masculine noun as numbers want it."""

    one: str
    two: str
    few: str
    """With 3-10: genitive plural."""
    many: str
    """With 11-99: accusative singular."""


_SCALES: Final = (
    (10**9, Counted("مليار", "ملياران", "مليارات", "ملياراً")),
    (10**6, Counted("مليون", "مليونان", "ملايين", "مليوناً")),
    (10**3, Counted("ألف", "ألفان", "آلاف", "ألفاً")),
)
_DIRHAM: Final = Counted("درهم", "درهمان", "دراهم", "درهماً")
_FILS: Final = Counted("فلس", "فلسان", "فلوس", "فلساً")
_CONSTRUCT: Final = {noun.many: noun.one for _, noun in _SCALES} | {
    noun.two: noun.two.removesuffix("ن") for _, noun in _SCALES
}
_CONSTRUCT["مائتان"] = "مائتا"


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount as a document prints it: figures once, words in both languages."""

    figures: str
    """Grouped, two decimals, with the code of the currency: `1,250.00 AED`."""
    ar: str
    en: str


def dirhams(value: Decimal | int | str) -> Amount:
    """An amount in UAE dirhams. Raises BadInput unless 0 <= value < 10^12 with whole fils."""
    try:
        amount = Decimal(value)
        # A number that is not one compares with nothing.
        fine = amount.is_finite() and 0 <= amount < MAX and amount * 100 % 1 == 0
    except ArithmeticError:
        fine = False
    if not fine:
        raise BadInput(
            "document.amount", N_("Give the amount in dirhams and fils, for example 1250.50.")
        )
    whole, fils = int(amount), int(amount * 100 % 100)
    return Amount(f"{amount:,.2f} AED", _arabic(whole, fils), _english(whole, fils))


def words_ar(number: int) -> str:
    """A whole number below 10^12 in Arabic words, as it stands alone (nominative)."""
    return " و".join(_parts(number)) if number else "صفر"


def _parts(number: int) -> list[str]:
    parts: list[str] = []
    for size, noun in _SCALES:
        group, number = divmod(number, size)
        if group:
            parts += _counted(group, noun, _below_thousand(group))
    return parts + _below_thousand(number)


def _below_thousand(number: int) -> list[str]:
    """The words of 0-999, hundreds apart, so that each can be joined with an attached و."""
    hundreds, rest = number // 100 * 100, number % 100
    words = []
    if hundreds == 200:
        words.append("مائتان")
    elif hundreds:
        words.append(str(num2words(hundreds, lang="ar")))
    if rest:
        words.append(str(num2words(rest, lang="ar")).replace(" و ", " و"))
    return words


def _counted(number: int, noun: Counted, words: list[str]) -> list[str]:
    """`words` say `number`; add the noun, in the form and the place that the last words ask."""
    last = number % 100
    if number <= 2:
        return [noun.one if number == 1 else noun.two]
    if last in (1, 2):
        before = [*words[:-1], f"{_construct(words[-2])} {noun.one}"]
        del before[-2]
        return [*before, noun.one if last == 1 else noun.two]
    if 3 <= last <= 10:
        return [*words[:-1], f"{words[-1]} {noun.few}"]
    if last:
        return [*words[:-1], f"{words[-1]} {noun.many}"]
    return [*words[:-1], f"{_construct(words[-1])} {noun.one}"]


def _construct(words: str) -> str:
    """The last word as it stands before a noun that it governs."""
    head, _, last = words.rpartition(" ")
    return f"{head} {_CONSTRUCT.get(last, last)}".strip()


def _money_ar(number: int, noun: Counted) -> str:
    if number == 1:
        return f"{noun.one} واحد"
    return " و".join(_counted(number, noun, _parts(number)))


def _arabic(whole: int, fils: int) -> str:
    parts = []
    if whole or not fils:
        parts.append(_money_ar(whole, _DIRHAM) if whole else "صفر درهم")
    if fils:
        parts.append(_money_ar(fils, _FILS))
    return f"{' و'.join(parts)} لا غير"


def _english(whole: int, fils: int) -> str:
    parts = []
    if whole or not fils:
        parts.append(f"{num2words(whole, lang='en')} dirham{'' if whole == 1 else 's'}")
    if fils:
        parts.append(f"{num2words(fils, lang='en')} fils")
    return f"{' and '.join(parts)} only"
