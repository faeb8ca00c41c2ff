"""What an auditor asks the log for: a filter as it stands in an address, checked."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from errors import N_, BadInput

_TYPE = re.compile(r"[a-z0-9_.]{1,64}", re.ASCII)
_ID = re.compile(r"[A-Za-z0-9_:-]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Texts as typed; empty asks for nothing. All of them are safe in a leaf."""

    type: str = ""
    subject: str = ""
    account: str = ""
    """Id of who acted, or whom it concerns."""
    since: str = ""
    until: str = ""
    """Days, 2026-11-22, both counted in."""

    def given(self) -> dict[str, str]:
        """What is not empty, by name."""
        return {name: value for name, value in asdict(self).items() if value}

    def period(self, zone: str) -> tuple[datetime | None, datetime | None]:
        """First instant, and the one after the last, in the zone of the sittings."""
        local = ZoneInfo(zone)
        first = (
            datetime.combine(date.fromisoformat(self.since), time(), local) if self.since else None
        )
        last = date.fromisoformat(self.until) + timedelta(days=1) if self.until else None
        return first, datetime.combine(last, time(), local) if last else None


def parse(values: Mapping[str, str]) -> Query:
    """Read a query. Raises BadInput naming the field."""
    texts = {name: values.get(name, "").strip() for name in asdict(Query())}
    _check(
        texts["type"], _TYPE, "type", N_("A type has small letters and dots: rec.segment, or rec.")
    )
    for name in ("subject", "account"):
        _check(texts[name], _ID, name, N_("Write the id as it stands in the log, without spaces."))
    for name in ("since", "until"):
        try:
            texts[name] = texts[name] and date.fromisoformat(texts[name]).isoformat()
        except ValueError:
            raise BadInput("audit.day", N_("Choose a day."), field=name) from None
    return Query(**texts)


def _check(text: str, form: re.Pattern[str], name: str, message: str) -> None:
    if text and not form.fullmatch(text):
        raise BadInput(f"audit.{name}", message, field=name)
