"""What the contract and the certificate of a marriage say: data for the document templates.

Every field of law.md 2.2, in the languages of the track, with both calendars. Words of the law
stand here and in the templates in both languages; people's own words are passed through.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from typing import Any, Final

from babel import Locale

from i18n import Formatter
from notary.documents.amounts import Amount, dirhams
from notary.documents.codes import qr_svg
from notary.documents.dates import moment, moments
from notary.marriage.application import INTERPRETERS, Application, Interpreter, Part, Person
from notary.marriage.helped import interpreters
from notary.marriage.track import Track
from sessions.seat import SIGN

Both = dict[str, str]


def _both(ar: str, en: str) -> Both:
    return {"ar": ar, "en": en}


PARTS: Final[Mapping[Part, Both]] = {
    Part.GROOM: _both("الزوج", "Husband"),
    Part.BRIDE: _both("الزوجة", "Wife"),
    Part.GUARDIAN: _both("ولي الزوجة", "Guardian of the wife"),
    Part.WITNESS_1: _both("الشاهد الأول", "First witness"),
    Part.WITNESS_2: _both("الشاهد الثاني", "Second witness"),
    Part.GROOM_AGENT: _both("وكيل الزوج", "Agent of the husband"),
    Part.BRIDE_AGENT: _both("وكيل الزوجة", "Agent of the wife"),
    Part.OFFICIANT: _both("المأذون الشرعي", "Authorised officiant"),
    Part.INTERPRETER_1: _both("المترجم", "Interpreter"),
    Part.INTERPRETER_2: _both("المترجم الثاني", "Second interpreter"),
}
JUDGE: Final = _both("القاضي المصادق", "Ratifying judge")
CORRECTING_JUDGE: Final = _both("القاضي", "Judge")
SEAL: Final = _both("ختم المحكمة", "Seal of the court")
_WORDS: Final[Mapping[str, Both]] = {
    "emirates_id": _both("بطاقة الهوية", "Identity card"),
    "passport": _both("جواز السفر", "Passport"),
    "muslim": _both("الإسلام", "Islam"),
    "christian": _both("المسيحية", "Christianity"),
    "jewish": _both("اليهودية", "Judaism"),
    "other": _both("ديانة أخرى", "Another religion"),
    "none": _both("بلا ديانة", "None"),
    "father": _both("أبوها", "Her father"),
    "grandfather": _both("جدها لأبيها", "Her paternal grandfather"),
    "son": _both("ابنها", "Her son"),
    "brother": _both("أخوها", "Her brother"),
    "uncle": _both("عمها", "Her paternal uncle"),
    "judge": _both("القاضي بولايته", "The judge, by authority"),
    "death_or_divorce": _both("أقرب الأجلين", "The earlier of death and divorce"),
    "on_demand": _both("عند الطلب", "On demand"),
    "date": _both("في تاريخه", "On its date"),
    "received": _both("مقبوض", "Received"),
    "not_received": _both("غير مقبوض", "Not received"),
    "nothing": _both("لا شيء", "None"),
}
_STATUS: Final[Mapping[str, tuple[Both, Both]]] = {
    "single": (_both("أعزب", "Single"), _both("بكر", "Never married")),
    "married": (_both("متزوج", "Married"), _both("متزوجة", "Married")),
    "divorced": (_both("مطلّق", "Divorced"), _both("مطلّقة بعد الدخول", "Divorced")),
    "divorced_before_consummation": (
        _both("مطلّق قبل الدخول", "Divorced before consummation"),
        _both("مطلّقة قبل الدخول", "Divorced before consummation"),
    ),
    "divorced_by_court": (
        _both("مطلّق بحكم", "Divorced by judgment"),
        _both("مطلّقة بحكم نهائي", "Divorced by final judgment"),
    ),
    "widowed": (_both("أرمل", "Widowed"), _both("أرملة", "Widowed")),
}
_EMIRATES: Final[Mapping[str, Both]] = {
    "AZ": _both("أبوظبي", "Abu Dhabi"),
    "DU": _both("دبي", "Dubai"),
    "SH": _both("الشارقة", "Sharjah"),
    "AJ": _both("عجمان", "Ajman"),
    "UQ": _both("أم القيوين", "Umm Al Quwain"),
    "RK": _both("رأس الخيمة", "Ras Al Khaimah"),
    "FU": _both("الفجيرة", "Fujairah"),
}
OPENING: Final = "بسم الله الرحمن الرحيم"
VERSE: Final = "﴿وَمِنْ آيَاتِهِ أَنْ خَلَقَ لَكُم مِّنْ أَنفُسِكُمْ أَزْوَاجًا لِّتَسْكُنُوا إِلَيْهَا وَجَعَلَ بَيْنَكُم مَّوَدَّةً وَرَحْمَةً﴾"
"""Quran 30:21; on the certificates of the Sharia track only."""


@dataclass(frozen=True, slots=True)
class Concluded:
    """What the sitting and the court add to the application."""

    number: str
    """Of the contract."""
    court: Both
    zone: str
    at: datetime
    """Of the acceptance."""
    offeror: Part
    restarts: int
    officiant_licence: str
    signers: tuple[Part, ...]
    code: str
    address: str
    """Of the public page, with the code."""
    register: str = ""
    judge: Both | None = None
    ratified_at: datetime | None = None


def ratified(done: Concluded, register: str, judge: Both, at: datetime | None) -> Concluded:
    """With what the court adds."""
    return replace(done, register=register, judge=judge, ratified_at=at)


def contract(app: Application, track: Track, done: Concluded) -> dict[str, Any]:
    """Data of the template `marriage_contract`."""
    sharia = "maazoun" in track.officiant
    sections = [*_dower(app)] if sharia else []
    sections += [*_conditions(app), *_papers(app, done.zone), _formation(app, track, done)]
    return {
        "language": "ar",
        "languages": list(track.languages),
        "number": done.number,
        "title": _both("عقد زواج", "Marriage contract"),
        "authority": done.court,
        "opening": OPENING if sharia else "",
        "about": [
            _fact(_both("رقم العقد", "Contract number"), done.number),
            _fact(_both("المجلس", "Sitting"), _both("عن بُعد بالصوت والصورة", "Remote, by video")),
            _fact(_both("تاريخ العقد وساعته", "Date and hour"), _when(done.at, done.zone)),
            _fact(_both("القانون", "Law"), dict(track.law)),
        ],
        "persons": [
            {"title": title(part, track), "facts": _person(app, part, done)}
            for part in (*_named(app), Part.OFFICIANT)
            if part in app.persons
        ],
        "sections": sections,
        "signatures": [
            {"field": f"S{place}", "capacity": title(part, track), "name": _name(app.person(part))}
            for place, part in enumerate(done.signers, 1)
        ],
        "qr": qr_svg(done.address),
        "code": done.code,
        "address": done.address,
    }


def terms(app: Application, track: Track, zone: str) -> list[dict[str, Any]]:
    """What is read aloud in the sitting before the offer (law.md 2.2 step 8)."""
    statuses = [
        _fact(title(part, track), _STATUS[app.status[part]][part is Part.BRIDE])
        for part in (Part.GROOM, Part.BRIDE)
        if part in app.status
    ]
    sections = [{"title": _both("الحالة السابقة", "Previous status"), "facts": statuses}]
    if "maazoun" in track.officiant:
        sections += _dower(app)
    return [*sections, *_conditions(app), *_papers(app, zone)]


@dataclass(frozen=True, slots=True)
class Revision:
    """What a corrected certificate says of itself."""

    number: int
    entry: str
    """Of the correction in the register."""
    signer: Both
    title: Both


def certificate(
    app: Application, track: Track, done: Concluded, revision: Revision | None = None
) -> dict[str, Any]:
    """Data of the template `marriage_certificate`. Needs the register number and the judge."""
    if not done.register or done.judge is None or done.ratified_at is None:
        raise ValueError("a certificate needs the register number and the ratification")
    sharia = "maazoun" in track.officiant
    about = [
        _fact(_both("رقم القيد في السجل", "Register number"), done.register),
        _fact(_both("رقم العقد", "Contract number"), done.number),
        _fact(_both("صادق عليه", "Ratified by"), done.judge),
        _fact(_both("تاريخ المصادقة", "Date of ratification"), _day(done.ratified_at, done.zone)),
    ]
    for part in (Part.GUARDIAN, Part.WITNESS_1, Part.WITNESS_2):
        if part in app.persons:
            about.append(_fact(PARTS[part], _name(app.person(part))))
    about.append(_fact(title(Part.OFFICIANT, track), _name(app.person(Part.OFFICIANT))))
    return {
        "language": "ar",
        "languages": list(track.languages),
        "title": _both("وثيقة زواج", "Marriage certificate"),
        "authority": done.court,
        "opening": OPENING if sharia else "",
        "verse": VERSE if sharia else "",
        "revision": _revised(revision) if revision else "",
        "statement": _both(
            "تشهد المحكمة بأن عقد الزواج قد تم بين الزوجين المذكورين أدناه في مجلس واحد، "
            "وقُيّد في سجلها بعد المصادقة عليه.",
            "The court certifies that the marriage of the spouses named below was contracted in "
            "one sitting, was ratified, and stands in its register.",
        ),
        "spouses": [
            {
                "title": PARTS[part],
                "name": _name(app.person(part)),
                "facts": [
                    *_identity(app.person(part)),
                    _fact(
                        _both("تاريخ الميلاد", "Date of birth"),
                        _day(app.person(part).born, done.zone),
                    ),
                ],
            }
            for part in (Part.GROOM, Part.BRIDE)
        ],
        "when": moments(done.at, done.zone),
        "about": about,
        "signatures": [
            {
                "field": "Judge",
                "capacity": revision.title if revision else JUDGE,
                "name": revision.signer if revision else done.judge,
            },
            {"field": "Seal", "capacity": SEAL},
        ],
        "qr": qr_svg(done.address),
        "code": done.code,
        "address": done.address,
    }


def _revised(one: Revision) -> Both:
    return _both(
        f"نسخة مصحّحة: المراجعة {one.number} بموجب القيد {one.entry}، وتحل محل ما قبلها",
        f"Corrected: revision {one.number}, by entry {one.entry}; it replaces the one before",
    )


def _named(app: Application) -> Iterable[Part]:
    absent = {Part.OFFICIANT, *INTERPRETERS} - {*interpreters(app)}
    return (part for part in Part if part in app.persons and part not in absent)


def court(emirate: str, track: Track) -> Both:
    """The court by which a marriage is contracted, as its documents name it."""
    place = _EMIRATES.get(emirate, _both("", ""))
    if track.code == "civil_abu_dhabi":
        return _both("محكمة الأسرة المدنية - أبوظبي", "Civil Family Court - Abu Dhabi")
    ar, en = "محكمة الأحوال الشخصية", "Personal Status Court"
    return _both(
        " - ".join(filter(None, (ar, place["ar"]))), " - ".join(filter(None, (en, place["en"])))
    )


def title(part: Part, track: Track) -> Both:
    """What a part is called on a document."""
    if part is Part.OFFICIANT and track.officiant != "maazoun":
        return _both("قاضي التوثيقات", "Authentication judge")
    return PARTS[part]


def _fact(label: Both, value: Both | str) -> dict[str, Any]:
    return {"label": label, "value": value}


def _name(person: Person) -> Both:
    return _both(person.name_ar or person.name_en, person.name_en or person.name_ar)


def _country(code: str) -> Both:
    def name(language: str) -> str:
        return str(Locale(language).territories.get(code, code))

    return _both(name("ar"), name("en"))


def _day(day: date | None, zone: str) -> Both:
    """A day in both calendars, without its weekday."""
    if day is None:
        return _both("", "")
    noon = day if isinstance(day, datetime) else datetime.combine(day, time(8), UTC)
    return {language: _short(noon, zone, language) for language in ("ar", "en")}


def _short(at: datetime, zone: str, language: str) -> str:
    hijri = moment(at, zone, language).hijri
    short = Formatter(language, zone).date(at, "medium")
    return f"{short} ({hijri})" if hijri else short


def _when(at: datetime, zone: str) -> Both:
    both = {language: moment(at, zone, language) for language in ("ar", "en")}
    return {language: f"{_short(at, zone, language)}\n{one.time}" for language, one in both.items()}


def _identity(person: Person) -> list[dict[str, Any]]:
    return [
        _fact(_both("الجنسية", "Nationality"), _country(person.nationality)),
        _fact(_WORDS.get(person.document, _both("وثيقة", "Document")), person.number),
    ]


def _person(app: Application, part: Part, done: Concluded) -> list[dict[str, Any]]:
    person = app.person(part)
    facts = [_fact(_both("الاسم", "Name"), _name(person))]
    if part is Part.OFFICIANT:
        licence = _fact(_both("رقم الترخيص", "Licence"), done.officiant_licence)
        return [*facts, licence] if done.officiant_licence else facts
    if given := app.interpreters.get(part):
        return [*facts, *_interpreter(app, part, given)]
    facts += _identity(person)
    facts.append(_fact(_both("تاريخ الميلاد", "Date of birth"), _day(person.born, done.zone)))
    if person.religion:
        facts.append(_fact(_both("الديانة", "Religion"), _WORDS[person.religion]))
    if status := app.status.get(part):
        facts.append(
            _fact(_both("الحالة السابقة", "Previous status"), _STATUS[status][part is Part.BRIDE])
        )
    if person.residence:
        facts.append(_fact(_both("محل الإقامة", "Residence"), _EMIRATES[person.residence]))
    if part is Part.GUARDIAN and app.guardianship.relation:
        facts.append(_fact(_both("صلته بالزوجة", "Relation"), _WORDS[app.guardianship.relation]))
    if agency := app.agencies.get(part):
        facts.append(_fact(_both("رقم الوكالة", "Power of attorney"), agency.number))
    if (found := app.medical.get(part)) and found.issued:
        facts.append(
            _fact(
                _both("شهادة الفحص الطبي", "Medical certificate"),
                _both(
                    f"{found.number}\n{_day(found.issued, done.zone)['ar']}",
                    f"{found.number}\n{_day(found.issued, done.zone)['en']}",
                ),
            )
        )
    return facts


def _interpreter(app: Application, part: Part, given: Interpreter) -> list[dict[str, Any]]:
    person = app.person(part)
    whom = [who for who, need in app.needs.items() if need == given.language]
    facts = [
        _fact(_WORDS[person.document], person.number),
        _fact(_both("اللغة", "Language"), _tongue(given.language)),
        _fact(
            _both("يترجم إلى", "Interprets for"),
            _both(
                "، ".join(PARTS[who]["ar"] for who in whom),
                ", ".join(PARTS[who]["en"] for who in whom),
            ),
        ),
    ]
    if given.licence:
        facts.append(_fact(_both("رقم الترخيص", "Licence"), given.licence))
    return facts


def _tongue(code: str) -> Both:
    if code == SIGN:
        return _both("لغة الإشارة", "Sign language")
    return _both(
        str(Locale("ar").languages.get(code, code)), str(Locale("en").languages.get(code, code))
    )


def _dower(app: Application) -> Iterable[dict[str, Any]]:
    given = app.dower
    if given.prompt is None:
        return
    prompt, deferred = dirhams(given.prompt), dirhams(given.deferred)
    received = _WORDS["received" if given.prompt_received else "not_received"]
    facts = [
        _fact(_both("المقدّم", "Prompt"), _money(prompt)),
        _fact(_both("قبض المقدّم", "Receipt of the prompt part"), received),
    ]
    if given.deferred:
        facts += [
            _fact(_both("المؤخّر", "Deferred"), _money(deferred)),
            _fact(_both("حلول المؤخّر", "The deferred part falls due"), _WORDS[given.due_event]),
        ]
    yield {"title": _both("المهر", "Dower"), "facts": facts}


def _money(amount: Amount) -> Both:
    return _both(f"{amount.figures}\n{amount.ar}", f"{amount.figures}\n{amount.en}")


def _conditions(app: Application) -> Iterable[dict[str, Any]]:
    facts = []
    for part in (Part.GROOM, Part.BRIDE):
        said = "\n".join(app.conditions.get(part, ()))
        value = _both(said, said) if said else _WORDS["nothing"]
        facts.append(_fact(PARTS[part], value))
    yield {"title": _both("الشروط", "Conditions"), "facts": facts}


_LEAVES: Final[Mapping[str, Both]] = {
    "court_age": _both("إذن المحكمة لصغر السن", "Leave of the court (age)"),
    "court_age_gap": _both("موافقة المحكمة على فارق السن", "Approval (difference of age)"),
    "medical": _both("إذن القاضي (طبي)", "Leave of the judge (medical)"),
    "employer_approval": _both("موافقة جهة العمل", "Approval of the employer"),
    "embassy_no_objection": _both("عدم ممانعة السفارة", "No objection of the embassy"),
}


def _dated(reference: str, day: date, zone: str) -> Both:
    return {language: f"{reference}\n{text}" for language, text in _day(day, zone).items()}


def _papers(app: Application, zone: str) -> Iterable[dict[str, Any]]:
    if app.leaves:
        yield {
            "title": _both("الأذونات والموافقات", "Leaves and approvals"),
            "facts": [
                _fact(
                    _LEAVES.get(one.code, _both("إذن القاضي", "Leave of the judge")),
                    _dated(one.reference, one.given, zone),
                )
                for one in app.leaves
            ],
        }


def _formation(app: Application, track: Track, done: Concluded) -> dict[str, Any]:
    offeror, bride = PARTS[done.offeror], PARTS[Part.BRIDE]
    text = [
        _both(
            "أقرّت الزوجة برضاها الحر على انفراد أمام من تولّى العقد، ثم اجتمع الأطراف كلهم في "
            "مجلس واحد بالصوت والصورة.",
            f"The {bride['en'].lower()} declared her free consent in private before the officiant; "
            "then all came together in one sitting, by sound and picture.",
        ),
        _both(
            f"صدر الإيجاب من {offeror['ar']} والقبول من الزوج في المجلس نفسه، متطابقين متصلين.",
            f"The offer was uttered by the {offeror['en'].lower()} and the acceptance by the "
            "husband in the same sitting, matching and without interruption.",
        ),
    ]
    if track.hearers:
        text.append(
            _both(
                "وأكّد الشاهدان أنهما سمعا الإيجاب والقبول وفهماهما.",
                "Both witnesses confirmed that they heard and understood offer and acceptance.",
            )
        )
    if helped := interpreters(app):
        text.append(_interpreted(app, helped))
    if done.restarts:
        times_ar, times_en = _times(done.restarts)
        text.append(
            _both(
                f"وأعيد الإيجاب والقبول {times_ar} لانقطاع أحد الحاضرين أو عدم سماعه بينهما.",
                f"Offer and acceptance were begun again {times_en}, because somebody dropped out "
                "or could not hear between them.",
            )
        )
    return {"title": _both("الإيجاب والقبول", "Offer and acceptance"), "paragraphs": text}


def _interpreted(app: Application, helped: tuple[Part, ...]) -> Both:
    tongues = [_tongue(app.interpreters[part].language) for part in helped]
    both = {
        "ar": " و".join(one["ar"] for one in tongues),
        "en": " and ".join(one["en"] for one in tongues),
    }
    return _both(
        f"ونُقل ما قيل في المجلس بين العربية و{both['ar']} بعد حلف اليمين على الأمانة والصدق.",
        f"What was said was interpreted between Arabic and {both['en']}, after the oath to "
        "interpret with honesty and truth.",
    )


def _times(count: int) -> tuple[str, str]:
    if count <= 2:
        return ("مرة واحدة", "once") if count == 1 else ("مرتين", "twice")
    return (f"{count} {'مرات' if count <= 10 else 'مرة'}", f"{count} times")
