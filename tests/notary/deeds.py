"""A sample deed: a power of attorney with every sort of mixed text."""

from datetime import UTC, datetime
from typing import Any

from notary.documents.amounts import dirhams
from notary.documents.codes import qr_svg
from notary.documents.dates import moments

AT = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
CODE = "7KQM-2XWD-P9RT"
ADDRESS = f"https://mahdar.example/ar/verify/{CODE}"


def _both(ar: str, en: str) -> dict[str, str]:
    return {"ar": ar, "en": en}


def deed(*, bilingual: bool = False) -> dict[str, Any]:
    """Data of the template `deed`."""
    price = dirhams(125_000)
    return {
        "language": "ar",
        "bilingual": bilingual,
        "title": _both("وكالة خاصة ببيع مركبة", "Special power of attorney to sell a vehicle"),
        "authority": _both(
            "إدارة الكاتب العدل والتصديقات - وزارة العدل",
            "Notary and Attestation Department - Ministry of Justice",
        ),
        "office": _both("مكتب الكاتب العدل، عجمان", "Notary office, Ajman"),
        "register": "AJM/2026/000123",
        "code": CODE,
        "address": ADDRESS,
        "qr": qr_svg(ADDRESS),
        "date": moments(AT, "Asia/Dubai"),
        "parties": [
            {
                "capacity": _both("الموكّلة", "Principal"),
                "name": _both("فاطمة محمد الزهراء", "Fatima Mohamed Al Zahra"),
                "id_kind": _both("بطاقة الهوية", "Identity card"),
                "id": "784-1990-1234567-1",
                "nationality": _both("الإمارات العربية المتحدة", "United Arab Emirates"),
            },
            {
                "capacity": _both("الوكيل", "Agent"),
                "name": _both("خالد سعيد", "Khalid Saeed"),
                "id_kind": _both("جواز سفر", "Passport"),
                "id": "P1234567",
                "nationality": _both("الأردن", "Jordan"),
            },
        ],
        "body": [
            _both(
                "أنا الموقّعة أدناه فاطمة محمد الزهراء، حاملة بطاقة الهوية رقم 784-1990-1234567-1 "
                "والهاتف +971 50 123 4567، وكّلت السيد خالد سعيد في بيع المركبة رقم A 12345 "
                f"(Toyota Land Cruiser 2022) بمبلغ {price.figures} ({price.ar}).",
                "I, Fatima Mohamed Al Zahra, holder of identity card 784-1990-1234567-1, appoint "
                "Mr Khalid Saeed (خالد سعيد) to sell the vehicle A 12345 (Toyota Land Cruiser "
                f"2022) for {price.figures} ({price.en}).",
            ),
            _both(
                "وللوكيل أن يوقّع عنّي أمام إدارة المرور وأن يقبض الثمن.\nوتنتهي في 31/12/2027.",
                "The agent may sign for me and receive the price.\nThis power ends on 31/12/2027.",
            ),
        ],
        "explanations": [
            _both("للموكّلة أن تعزل الوكيل متى شاءت.", "The principal may revoke it at any time."),
        ],
        "signatures": [
            {"field": "S1", "capacity": _both("الموكّلة", "Principal")},
            {"field": "S2", "capacity": _both("الوكيل", "Agent")},
            {"field": "Notary", "capacity": _both("الكاتب العدل", "Notary")},
            {"field": "Seal", "capacity": _both("الختم", "Seal")},
        ],
    }
