"""The deed that the notary benchmarks sign: an act of this house with three signers."""

from datetime import UTC, datetime
from typing import Any

from notary.deeds import body, printed
from notary.deeds.act import acts
from notary.deeds.party import Party
from notary.deeds.ports import Signer
from notary.deeds.request import Content, Request
from notary.deeds.state import State

AT = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
ADDRESS = "http://localhost/verify/7KQM-2XWD-P9RT"
PEOPLE = (
    Signer("party_p0", "a", "فاطمة علي البلوشي", "Fatima Ali Al Balushi", "الموكِّل", "Principal"),
    Signer("party_p1", "b", "راجيش كومار", "Rajesh Kumar", "الموكِّل", "Principal"),
    Signer("notary", "c", "عبد الله سالم الظاهري", "Abdullah Salem", "الكاتب العدل", "Notary"),
)
"""Who signs, in order. The office's seal, which follows in the product, is left out: three
signatures are what is compared."""


def deed(number: int = 1) -> dict[str, Any]:
    """Data of the template `deed`: a bilingual special power of attorney."""
    act = acts()["poa_special_litigation"]
    values = {
        "court": "all", "matter": "الدعوى رقم 2026/3307 مدني كلي", "may_settle": False,
        "may_delegate": True, "until": "2027-12-31",
    }  # fmt: skip
    parties = (
        Party("p0", "principal", PEOPLE[0].name_ar, PEOPLE[0].name_en, "784198812345671"),
        Party("p1", "principal", PEOPLE[1].name_ar, PEOPLE[1].name_en, "784198576543218"),
        Party("p2", "agent", "ليلى يوسف المنصوري", "Layla Yousef", "784199033333333"),
    )
    text = body.compose(act, values, parties)
    content = Content(values=values, parties=parties, text=text)
    request = Request("r1", act.code, State.CONSENT, "a", AT, AT, AT, content=content)
    data = printed.data(
        request, act, text, PEOPLE, register=f"NOT/2026/{number}", code="7KQM-2XWD-P9RT",
        address=ADDRESS, moments=printed.moments_of(AT, "Asia/Dubai"),
    )  # fmt: skip
    return data | {"signatures": data["signatures"][: len(PEOPLE)]}
