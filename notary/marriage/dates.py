"""Days counted as the rules count them."""

import calendar
from datetime import date


def months_after(day: date, months: int) -> date:
    """The same day of a later month, or its last day where it has none such."""
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def whole_years(born: date, day: date) -> int:
    """Age on `day`, by the Gregorian calendar."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))
