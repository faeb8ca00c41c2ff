"""The fields of an act: typed text in, checked values out."""

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from errors import N_, BadInput
from notary.deeds.act import Act, FieldRule
from notary.deeds.text import clean

LARGEST_FILS = 10**14
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ./-]*")
_REGISTER = re.compile(r"[A-Z]{2,8}/\d{4}/\d{1,7}")
_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹٫", "01234567890123456789.", "٬,")

Value = str | int | bool
"""Of a field: text, a number or fils, yes or no. A date is ISO text."""


class NotForNotary(BadInput):
    """The act is none for a notary (R-NT-07). `reason` is a code of R-NT-06."""

    def __init__(self, reason: str, field: str) -> None:
        super().__init__(
            f"deed.forbidden_{reason}",
            N_(
                "The law does not let a notary do this. Ask the authority that is competent for it."
            ),
            field=field,
        )
        self.reason = reason


def read(
    act: Act, typed: Mapping[str, str], today: date, *, whole: bool
) -> tuple[dict[str, Value], list[BadInput]]:
    """Values by code, and what is wrong. Without `whole`, nothing is missed: a draft is saved as
    far as it has come, and what was typed wrongly is not kept."""
    values: dict[str, Value] = {}
    errors: list[BadInput] = []
    for field in act.fields:
        raw = typed.get(f"field_{field.code}", "")
        try:
            value = _value(field, raw, today)
        except BadInput as error:
            errors.append(error)
            continue
        if value is None:
            if whole and field.required:
                errors.append(_wrong(field, "missing", N_("Fill this in.")))
            continue
        values[field.code] = value
        reason = _forbidden(field, value)
        if whole and reason:
            errors.append(NotForNotary(reason, f"field_{field.code}"))
        elif whole and field.must and value is not True:
            errors.append(_wrong(field, "must", N_("This act is possible only with a yes here.")))
    return values, errors


def _forbidden(field: FieldRule, value: Value) -> str:
    if field.forbids and value is True:
        return field.forbids
    return field.forbids_unless if field.forbids_unless and value is not True else ""


def _value(field: FieldRule, raw: str, today: date) -> Value | None:
    text = clean(raw, field.most if field.type in ("line", "text", "code") else 60,
                 lines=field.type == "text", field=f"field_{field.code}")  # fmt: skip
    if field.type == "yes_no":
        return {"yes": True, "no": False}.get(text) if text else None
    if not text:
        return None
    match field.type:
        case "line" | "text":
            return text
        case "code":
            if not _CODE.fullmatch(text):
                raise _wrong(field, "code", N_("Write Latin letters and digits."))
            return text.upper()
        case "register_number":
            if not _REGISTER.fullmatch(text.upper()):
                raise _wrong(field, "number", N_("Write the number as it is printed: NOT/2026/15."))
            return text.upper()
        case "number":
            return _number(field, text)
        case "money":
            return fils(text, f"field_{field.code}")
        case "date":
            return _date(field, text, today)
        case _:
            if text not in {code for code, _, _ in field.choices}:
                raise _wrong(field, "choice", N_("Choose from the list."))
            return text


def _number(field: FieldRule, text: str) -> int:
    plain = text.translate(_DIGITS)
    least = field.least_value if field.least_value is not None else 0
    most = field.most_value if field.most_value is not None else 10**9
    if not plain.isdecimal() or len(plain) > 12 or not least <= int(plain) <= most:
        raise BadInput(
            "deed.number",
            N_("Write a whole number from %(least)s to %(most)s."),
            field=f"field_{field.code}",
            least=least,
            most=most,
        )
    return int(plain)


def fils(text: str, field: str = "") -> int:
    """An amount in dirhams as typed, in fils. Raises BadInput `deed.amount`."""
    wrong = BadInput(
        "deed.amount", N_("Write an amount in dirhams, such as 1500 or 1500.50."), field=field
    )
    plain = text.translate(_DIGITS).replace(" ", "")
    if not re.fullmatch(r"\d{1,13}(\.\d{1,2})?", plain):
        raise wrong
    try:
        found = int(Decimal(plain) * 100)
    except InvalidOperation:
        raise wrong from None
    if not 0 < found <= LARGEST_FILS:
        raise wrong
    return found


def _date(field: FieldRule, text: str, today: date) -> str:
    try:
        found = date.fromisoformat(text.translate(_DIGITS))
    except ValueError:
        raise _wrong(field, "date", N_("Choose a day.")) from None
    if not date(1900, 1, 1) <= found <= date(2200, 1, 1):
        raise _wrong(field, "date", N_("Choose a day."))
    if field.future and found <= today:
        raise _wrong(field, "date_past", N_("Choose a day that is still to come."))
    return found.isoformat()


def _wrong(field: FieldRule, code: str, message: str) -> BadInput:
    return BadInput(f"deed.field_{code}", message, field=f"field_{field.code}")


def shown(field: FieldRule, value: Any, language: str) -> str:
    """A value in words, for pages (`body` prints deeds)."""
    if field.type == "choice":
        by_code = {code: (ar, en) for code, ar, en in field.choices}
        return by_code[value][0 if language == "ar" else 1] if value in by_code else ""
    if field.type == "money":
        return f"{value // 100:,}.{value % 100:02d} {'درهم' if language == 'ar' else 'AED'}"
    return str(value)
