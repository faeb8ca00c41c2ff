"""Demo people. Only in demo mode: their password is public.

Seeding again changes nothing that is there.
"""

from auth import store
from auth.person import OPERATOR, Person, Role
from auth.service import Accounts, new_id
from database import Database
from errors import N_, Refusal
from settings import Settings

PASSWORD = "open-the-record"  # noqa: S105  # printed at start, and shown on the sign-in page

PEOPLE: tuple[tuple[str, Role, str, str], ...] = (
    ("judge", Role.JUDGE, "خالد راشد الكعبي", "Khalid Rashid Al Kaabi"),
    ("clerk", Role.CLERK, "مريم سعيد الشامسي", "Maryam Saeed Al Shamsi"),
    ("prosecutor", Role.PROSECUTOR, "سلطان حمد النعيمي", "Sultan Hamad Al Nuaimi"),
    ("lawyer", Role.LAWYER, "ليلى يوسف المنصوري", "Layla Yousef Al Mansoori"),
    ("lawyer2", Role.LAWYER, "عمر فاروق حداد", "Omar Farouk Haddad"),
    ("claimant", Role.PARTY, "فاطمة علي البلوشي", "Fatima Ali Al Balushi"),
    ("respondent", Role.PARTY, "راجيش كومار", "Rajesh Kumar"),
    ("interpreter", Role.INTERPRETER, "نور الهدى صديقي", "Noor Ul Huda Siddiqui"),
    ("witness", Role.WITNESS, "سمير حسن عبد الله", "Samir Hassan Abdullah"),
    ("specialist", Role.EXPERT, "هدى جاسم المرر", "Huda Jassim Al Murar"),
    ("officer", Role.FACILITY_OFFICER, "ناصر جمعة الزعابي", "Nasser Juma Al Zaabi"),
    ("notary", Role.NOTARY, "عبد الله سالم الظاهري", "Abdullah Salem Al Dhaheri"),
    ("notary2", Role.NOTARY, "سلمى ناصر المزروعي", "Salma Nasser Al Mazrouei"),
    ("director", Role.NOTARY_DIRECTOR, "شيخة خليفة السويدي", "Shaikha Khalifa Al Suwaidi"),
    ("principal", Role.PARTY, "أحمد يوسف الحمادي", "Ahmed Yousef Al Hammadi"),
    ("groom", Role.PARTY, "سيف محمد الكتبي", "Saif Mohammed Al Ketbi"),
    ("bride", Role.PARTY, "علياء حمدان المهيري", "Alia Hamdan Al Muhairi"),
    ("guardian", Role.PARTY, "حمدان سعيد المهيري", "Hamdan Saeed Al Muhairi"),
    ("witness1", Role.WITNESS, "ماجد حمدان المهيري", "Majid Hamdan Al Muhairi"),
    ("witness2", Role.WITNESS, "طارق عبيد الفلاسي", "Tariq Obaid Al Falasi"),
    ("officiant", Role.OFFICIANT, "محمد إبراهيم الحوسني", "Mohammed Ibrahim Al Hosani"),
    ("family_judge", Role.JUDGE, "عائشة عبد الرحمن النقبي", "Aisha Abdulrahman Al Naqbi"),
    ("admin", Role.ADMINISTRATOR, "هند محمد المرزوقي", "Hind Mohammed Al Marzooqi"),
    ("auditor", Role.AUDITOR, "يوسف عبيد المزروعي", "Yousef Obaid Al Mazrouei"),
)
"""Username, role, Arabic and English name."""
ENGLISH = frozenset({"respondent", "interpreter", "lawyer2"})
"""Whose pages are in English."""


async def seed_people(
    settings: Settings, database: Database, people: Accounts
) -> dict[str, Person]:
    """All accounts by user name, after making those of PEOPLE that are missing.

    Raises Refusal `demo.off` outside demo mode.
    """
    if not settings.demo:
        raise Refusal("demo.off", N_("Demo data exists in demo mode only (MAHDAR_MODE=demo)."))
    async with database.unit(write=False) as session:
        known = {person.username: person for person in await store.accounts(session)}
    missing = [entry for entry in PEOPLE if entry[0] not in known]
    if not missing:
        return known
    encoded = await people.hash_password(PASSWORD)
    async with database.unit() as session:
        for username, role, name_ar, name_en in missing:
            language = "en" if username in ENGLISH else "ar"
            person = Person(new_id(), role, name_ar, name_en, language, username)
            await people.add(session, person, encoded, by=OPERATOR.id)
            known[username] = person
    return known
