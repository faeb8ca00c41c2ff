"""A deed as the document template takes it (`templates/documents/deed.typ`, docs/notary.md)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import i18n
from notary.deeds.act import Act
from notary.deeds.body import Text
from notary.deeds.party import ROLE_LABELS, Party
from notary.deeds.ports import Signer
from notary.deeds.request import Request
from notary.documents.codes import qr_svg

OFFICE = {"ar": "إدارة الكاتب العدل والتصديقات", "en": "Department of Notary and Authentication"}
AUTHORITY = {"ar": "وزارة العدل", "en": "Ministry of Justice"}
NOTARY_FIELD, SEAL_FIELD = "notary", "seal"
SEAL: dict[str, Any] = {
    "field": SEAL_FIELD,
    "capacity": {"ar": "ختم المكتب", "en": "Seal of the office"},
    "name": {"ar": "إدارة الكاتب العدل والتصديقات - وزارة العدل", "en": "Ministry of Justice"},
}
"""FDL 20/2022; wording of the seal: Cabinet Res. 16/2024 Art 8."""


def both(message: str) -> dict[str, str]:
    """A message id in both languages."""
    return {language: i18n.translate(language, message) for language in ("ar", "en")}


def data(
    one: Request,
    act: Act,
    text: Text,
    signers: Sequence[Signer],
    *,
    register: str,
    code: str,
    address: str,
    moments: Mapping[str, Any],
) -> dict[str, Any]:
    """What is printed, with the places to sign: everybody's, the notary's, and the seal's."""
    title = {"ar": act.title_ar, "en": act.title_en}
    return paper(title, register, code, address, moments, one.content.bilingual) | {
        "parties": [_party(each, one.content.parties) for each in one.content.parties],
        "body": [{"ar": part.ar, "en": part.en} for part in text.paragraphs],
        "explanations": [{"ar": part.ar, "en": part.en} for part in text.warnings],
        "signatures": [*(_signature(signer) for signer in signers), SEAL],
    }


def paper(
    title: Mapping[str, str],
    register: str,
    code: str,
    address: str,
    moments: Mapping[str, Any],
    bilingual: bool = True,
) -> dict[str, Any]:
    """What every paper of the office has: its head, its number, its code, and the seal."""
    return {
        "language": "ar",
        "bilingual": bilingual,
        "authority": AUTHORITY,
        "office": OFFICE,
        "title": dict(title),
        "register": register,
        "code": code,
        "address": address,
        "qr": qr_svg(address),
        "date": moments,
        "signatures": [SEAL],
    }


def _party(each: Party, parties: Sequence[Party]) -> dict[str, Any]:
    """A helper's capacity says whom it helps: a name, so here only and not at the signature, whose
    capacity a stranger reads by the code."""
    capacity = both(ROLE_LABELS[each.role])
    for helped in parties:
        if each.helps == helped.key:
            capacity = {to: f"{said} ({helped.name(to)})" for to, said in capacity.items()}
    return {
        "capacity": capacity,
        "name": {"ar": each.name("ar"), "en": each.name("en")},
        "id": each.identity_number,
        "nationality": {"ar": each.nationality, "en": each.nationality},
    }


def _signature(signer: Signer) -> dict[str, Any]:
    return {
        "field": signer.field,
        "capacity": {"ar": signer.role_ar, "en": signer.role_en},
        "name": {"ar": signer.name_ar, "en": signer.name_en},
    }


def signer_of(each: Party) -> Signer:
    """A person's place to sign."""
    role = both(ROLE_LABELS[each.role])
    return Signer(
        f"party_{each.key}",
        each.person,
        each.name("ar"),
        each.name("en"),
        role["ar"],
        role["en"],
    )


def notary_signer(person: str, name_ar: str, name_en: str) -> Signer:
    """The notary's."""
    role = both(ROLE_LABELS["notary"])
    return Signer(NOTARY_FIELD, person, name_ar, name_en, role["ar"], role["en"])


def moments_of(at: datetime, zone: str) -> dict[str, dict[str, str]]:
    """Both calendars in both languages."""
    found = {}
    for language in ("ar", "en"):
        form = i18n.Formatter(language, zone)
        hijri = form.hijri(form.local(at))
        note = i18n.translate(language, i18n.HIJRI_NOTE) if hijri else ""
        found[language] = {
            "gregorian": form.date(at),
            "hijri": hijri,
            "time": form.time(at),
            "note": note,
        }
    return found
