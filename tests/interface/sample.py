"""Every page of the product outside the live room with invented contents, for tests of templates.

`pages()` maps an address to a template and its context, as docs/interface.md agrees them.
"""

import asyncio
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace as Row
from typing import Any

import segno
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from jinja2 import ChoiceLoader, DictLoader
from markupsafe import Markup
from quart import Quart, Response, request

import pages as product_pages
from audit.fsck import STEPS, Fault, Report
from audit.leaf import Leaf
from audit.store import Mention
from auth.administration import people_csv
from auth.administration.organisation import SORTS, Organisation, Sort
from auth.administration.proposal import ACTS, Act, Proposal
from auth.assurance import LEVELS, METHODS, Level, Method
from auth.audit_reading import web as audit_web
from auth.audit_reading.service import Page, Verification
from auth.audit_reading.service import Row as LogRow
from auth.delegation import Delegation
from auth.devices.device import Device
from auth.methods.passkey import Passkey
from auth.person import LABELS as ACCOUNT_LABELS
from auth.person import Person, Role
from auth.session import Login, Seen
from errors import N_, BadInput, NotFound, Refusal
from notary.deeds.act import acts
from notary.deeds.printed import OFFICE
from notary.signing import certificates
from notary.verification import kind as verification
from notary.verification import marriages as _taught  # noqa: F401  # its words of a standing
from pages import Form
from recordings.account import AWAY, STATES, Absence, Account, Line, Raised
from recordings.account import DESTROYED as DESTROYED_RECORD
from recordings.checking import kind, words
from recordings.checking.codes import Answer, Coded, Place, Stands
from recordings.checking.comparison import Comparison
from recordings.checking.finding import Finding, Step
from recordings.checking.service import Outcome
from recordings.exhibits.exhibit import RULINGS, SIDES, Filed, Sealing
from recordings.exhibits.service import Listing
from recordings.exhibits.web import as_picture
from recordings.minutes.minutes import STATES as MINUTES_STATES
from recordings.minutes.minutes import Content, Entry, Minutes
from recordings.minutes.minutes import State as MinutesState
from recordings.minutes.ports import Signer
from recordings.minutes.service import Opened
from recordings.papers.uploads import Limits
from recordings.state import State
from recordings.transcripts.transcript import STATES as TRANSCRIPT_STATES
from recordings.transcripts.transcript import State as TranscriptState
from recordings.transcripts.transcript import Transcript
from recordings.works.work import KINDS as WORK_KINDS
from recordings.works.work import STATES as WORK_STATES
from recordings.works.work import Kind as WorkKind
from recordings.works.work import State as WorkState
from recordings.works.work import Work
from sessions.alarm import Alarm, label
from sessions.kinds import KINDS
from sessions.phase import Phase
from sessions.room_devices import fingerprint
from sessions.seat import LABELS, Seat, SeatRole
from sessions.sitting import OFFENCE_LABELS, Sitting
from sessions.standing import BENCH
from sessions.tasks import Task
from settings import ROOT, Settings
from tests.interface import custody, deeds, marriages, record
from tests.support.papers import sheet

NOW = datetime(2026, 11, 22, 5, 30, tzinfo=UTC)
CLERK = Person("c1", Role.CLERK, "مريم الكعبي", "Maryam Al Kaabi", username="clerk")
JUDGE = Person("j1", Role.JUDGE, "القاضي سالم الظاهري", "Judge Salem Al Dhaheri", username="judge")
LAWYER = Person("l1", Role.LAWYER, "هند المنصوري", "Hind Al Mansoori", username="lawyer1")
TASKS = [
    Task(text="Applications to marry to review", path="/court/marriages", count=12),
    Task(text="Sign the minutes", path="/sittings/q2/minutes", about="2026/1184"),
]
PARTY = Person("p1", Role.PARTY, "راشد الشامسي", "Rashid Al Shamsi", username="party1")
OFFICER = Person(
    "o1", Role.FACILITY_OFFICER, "خالد السويدي", "Khalid Al Suwaidi", username="officer"
)

SEATS = (
    Seat("s1", SeatRole.PRESIDING_JUDGE, JUDGE.name_ar, JUDGE.name_en, "j1"),
    Seat("s2", SeatRole.CLERK, CLERK.name_ar, CLERK.name_en, "c1"),
    Seat("s3", SeatRole.ACCUSED, "عبدالله حسن محمود", "Abdullah Hassan Mahmoud", None, room="r1"),
    Seat(
        "s4", SeatRole.COUNSEL, LAWYER.name_ar, LAWYER.name_en, "l1", represents=frozenset({"s3"})
    ),
    Seat("s5", SeatRole.WITNESS, "فاطمة علي", "Fatima Ali", None, id_last4="4821"),
    Seat("s6", SeatRole.WITNESS, "", "Jonathan Featherstonehaugh-Cholmondeley", None),
)
SITTING = Sitting(
    id="a1b2c3d4e5f60718",
    kind="criminal_hearing",
    case_number="118/2026",
    case_title="النيابة العامة ضد عبدالله حسن محمود",
    languages=("ar", "ur"),
    starts_at=NOW,
    duration=timedelta(minutes=90),
    phase=Phase.LOBBY,
    public=True,
    seats=SEATS,
)
ROOM = Row(
    id="r1",
    name_ar="غرفة الإجراءات 1",
    name_en="Procedures room 1",
    facility_ar="المنشأة العقابية والإصلاحية",
    facility_en="Correctional institution",
)
COURT = Organisation("o1", "dubai-court", Sort.COURT, "محكمة دبي الابتدائية", "Dubai Court")
PEOPLE_CSV = (
    "username,role,name_ar,name_en,language,organisation\n"
    "new.judge,judge,القاضي سيف,Judge Saif,ar,dubai-court\n"
    "wrong.one,king,,X,ar,\n"
)
PROPOSAL = Proposal("p1", Act.MAKE_ADMINISTRATOR, CLERK.id, JUDGE.id, NOW)


@dataclass(frozen=True)
class Sample:
    """One page: its template, context, who looks at it and the answer's status."""

    template: str
    context: dict[str, Any]
    person: Person | None = CLERK
    status: int = 200


def _account() -> Account:
    later = NOW + timedelta(seconds=12)
    return Account(
        STATES[State.AVAILABLE],
        [
            Line(NOW, STATES[State.INITIALISING], JUDGE.name_en, ""),
            Line(later, STATES[State.RECORDING], JUDGE.name_en, ""),
            Line(later, STATES[State.SUSPENDED], "", label(Alarm.DISK_FULL)),
        ],
        [
            Raised(NOW, label(Alarm.BLACK), False, (LAWYER.name_en,), CLERK.name_en, later),
            Raised(later, label(Alarm.DISK_FULL), True, (), "", None),
        ],
        [
            Absence(LAWYER.name_en, NOW, later, 12, AWAY["disconnected"], CLERK.name_en, later),
            Absence(PARTY.name_en, NOW, later, 12, AWAY["private"], "", None),
        ],
    )


def _sitting(sitting_id: str, phase: Phase, days: int, minutes: int = 0) -> Sitting:
    return replace(
        SITTING, id=sitting_id, phase=phase, starts_at=NOW + timedelta(days, minutes * 60)
    )


def _row(sitting: Sitting, enter: str = "", *, officer: bool = False) -> Row:
    return Row(
        sitting=sitting,
        kind_title=KINDS[sitting.kind].title,
        role_title="" if officer else LABELS[SeatRole.CLERK],
        enter=enter,
        officer=officer,
    )


def _booking(form: Form) -> dict[str, Any]:
    return {
        "form": form,
        "kinds": list(KINDS.values()),
        "offences": list(OFFENCE_LABELS.items()),
        "judges": [JUDGE],
        "clerks": [CLERK],
        "prosecutors": [],
        "lawyers": [LAWYER],
        "people": [PARTY],
        "rooms": [ROOM],
    }


def _refused_booking() -> Form:
    form = Form(
        {
            "kind": "criminal_hearing",
            "case_number": "118/2026",
            "case_title": 'قضية <b>"تجريبية"</b>',
            "languages": "ar",
            "date": "2026-11-22",
            "time": "09:30",
            "seat_p0_role": "accused",
            "seat_p0_name_ar": "عبدالله حسن محمود",
            "seat_p2_role": "victim",
            "seat_p2_person": "p1",
        }
    )
    form.refuse(
        BadInput(
            "booking.identity_number",
            N_("Write the identity or passport number: 4 to 20 letters and digits."),
            field="seat_p0_identity_number",
        )
    )
    return form.refuse(
        BadInput("booking.past", N_("This time has passed. Choose a later one."), field="starts_at")
    )


def _devices(**changes: Any) -> dict[str, Any]:
    key = b"public key"
    screen = Device("d1", "r1", "الشاشة على الجدار الأيسر", key, NOW, NOW, "10.20.4.17")
    old = Device("d2", "r1", "Old laptop", key, NOW, NOW, "2001:db8:aaaa:bbbb:cccc::17", NOW)
    return {
        "room": ROOM,
        "networks": "10.20.0.0/16\n2001:db8::/32",
        "devices": (screen, old),
        "fingerprint": fingerprint,
        "form": Form(),
        "code": "",
        "minutes": 15,
        "demanded": True,
        "address": "https://mahdar.example/en/device",
        **changes,
    }


def _delegations() -> dict[str, Any]:
    made = Delegation(
        "d1", JUDGE.id, "j2", NOW, NOW + timedelta(7), "", "s1", "On leave", JUDGE.id, NOW
    )
    other = replace(JUDGE, id="j2", name_ar="القاضية عائشة", name_en="Judge Aisha")
    line = Row(
        delegation=made, delegator=JUDGE, delegate=other, state="in_force", may_withdraw=True
    )
    return {
        "found": [line],
        "choices": [other],
        "kinds": [(kind.code, kind.title) for kind in KINDS.values()],
        "kind_titles": {kind.code: kind.title for kind in KINDS.values()},
        "own": True,
        "confirm_first": False,
        "sittings": [(SITTING.id, "22/11/2026, 9:30 · 118/2026")],
        "form": Form(),
    }


def _detail(**changes: Any) -> dict[str, Any]:
    invitations = {"s5": Row(state="open", expires_at=NOW), "s6": None}
    return {
        "sitting": SITTING,
        "kind": KINDS["criminal_hearing"],
        "seats": [
            Row(
                seat=seat,
                role_title=LABELS[seat.role],
                counsel=[other for other in SEATS if seat.id in other.represents],
                room=ROOM if seat.room else None,
                invitation=invitations.get(seat.id),
            )
            for seat in SEATS
        ],
        "enter": "/sittings/a1b2c3d4e5f60718/room",
        "playback": "",
        "exhibits": True,
        "may": {"reschedule", "cancel", "invite"},
        "booked_by": CLERK,
        "form": Form(),
        "cancel_form": Form(),
        "new_link": None,
    } | changes


def _own_account() -> dict[str, Sample]:
    """'My account' with and without sign-in methods, and the pages around it."""
    login = Login("s1", CLERK, NOW, NOW, method=Method.PASSWORD)
    key = Passkey("k1", "c1", b"c", b"k", 1, "هاتفي My telephone", NOW, NOW, synced=True)
    seen = Seen("s1", NOW, NOW, Method.PASSKEY, "Chrome, Windows", "n1", True)
    account = {"form": Form(), "login": login, "level": LEVELS[Level.MEDIUM], "methods": METHODS}
    full = {
        "has_password": True,
        "passkeys": [key, replace(key, id="k2", used_at=None, synced=False)],
        "factor": Row(since=NOW, codes_left=3),
        "sessions": [seen, replace(seen, id="s2", device="", network="n2", in_sitting=False)],
        "network": "n1",
    }
    empty = {"passkeys": [], "factor": Row(since=None, codes_left=0), "sessions": [seen]}
    step_up = {
        "form": Form().refuse(NotFound()),
        "level": "high",
        "wanted": LEVELS[Level.HIGH],
        "has": LEVELS[Level.LOW],
        "method": METHODS[Method.PASSWORD],
    }
    ways = ("by_passkey", "by_code", "by_password")
    qr = segno.make("otpauth://totp/Mahdar:clerk").svg_inline(omitsize=True)
    return {
        "/account": Sample("auth/account.html", account | full),
        "/account-empty": Sample("auth/account.html", account | full | empty),
        "/account/passkeys/new": Sample("auth/passkey_new.html", {}),
        "/account/second-factor": Sample(
            "auth/second_factor_new.html",
            {"form": Form(), "qr": Markup(qr), "secret": "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ"},
        ),
        "/recovery-codes": Sample("auth/recovery_codes.html", {"codes": ["abcde-fghjk"] * 10}),
        "/step-up": Sample("auth/step_up.html", step_up | dict.fromkeys(ways, True)),
        "/step-up-none": Sample("auth/step_up.html", step_up | dict.fromkeys(ways, False)),
        "/login/code": Sample(
            "auth/second_factor.html", {"form": Form(), "half": "h", "next": ""}, None
        ),
        "/set-password": Sample("auth/set_password.html", {"form": Form(), "who": JUDGE}, None),
        "/set-password-over": Sample(
            "auth/set_password.html", {"form": Form().refuse(NotFound()), "who": None}, None, 410
        ),
    }


def _copies(**more: Any) -> Sample:
    """What can be asked for of a record, and of one that was destroyed."""
    known: dict[str, Any] = {
        "sitting": SITTING,
        "kind_title": KINDS["criminal_hearing"].title,
        "needs_order": True,
        "destroyed": False,
        "form": Form(),
        "kinds": list(WORK_KINDS.items()),
        "titles": WORK_KINDS,
        "states": WORK_STATES,
        "problems": {"work.empty": "", "work.failed": "It could not be made."},
        "works": _works(),
        "bench": True,
        "protected": True,
        "busy": (WorkState.ASKED, WorkState.RUNNING),
        "made": WorkState.MADE,
        "act": "recording.export",
        "own_language": "ar",
    }
    return Sample("recordings/works.html", known | more)


DESTROYED = "on 2026-11-22 09:30:00 UTC by order 5c1f0a9b"


def _verified() -> dict[str, Sample]:
    """'Verify' before and after: a bundle that holds, one that does not, two histories."""
    steps = tuple(Step(code, True, "12 files") for code in ("archive", "manifest", "inclusion"))
    broken = (*steps, Step("commitments", False, "segment s1-microphone/3: the media is another"))
    facts: dict[str, str | int] = {
        "origin": "mahdar.example/audit",
        "size": 4021,
        "sitting": SITTING.id,
        "copy": "سري. لمريم الكعبي، 2026-11-22 09:30:00 +0400",
        "withheld_protected": 14,
        "exhibits": 5,
        "exhibits_sealed": 1,
    }
    good = Finding(
        "bundle", (*steps, Step("cosigned", True)), "", ("truth", "stamp_internal"), facts
    )
    sha256 = "4f1c" * 16
    mention = Mention(812, "evidence.exported", SITTING.id, NOW)
    outcomes = {
        "": None,
        "-holds": Outcome(
            kind.BUNDLE, sha256, 9, good, Comparison("prefix", 4021, 4100), [mention]
        ),
        "-destroyed": Outcome(
            kind.BUNDLE, sha256, 9, replace(good, facts={**facts, "destroyed": DESTROYED}), None, []
        ),
        "-fails": Outcome(kind.BUNDLE, sha256, 9, replace(good, steps=broken), None, []),
        "-fork": Outcome(kind.BUNDLE, sha256, 9, good, Comparison("fork", 4021, 4100), []),
        "-unusable": Outcome(kind.BUNDLE, sha256, 9, Finding("bundle", unusable="time"), None, []),
        "-unknown": Outcome(kind.OTHER, sha256, 9, None, None, []),
        "-document": _document(sha256, mention, "stands"),
        "-document-revoked": _document(sha256, mention, "revoked"),
        "-document-replaced": _document(sha256, mention, "marriage_replaced"),
        "-document-unfinished": _document(sha256, mention, "unfinished"),
        "-document-unlogged": _document(sha256, None, ""),
    }
    known = {
        "form": Form(),
        "most_bytes": 2_000_000_000,
        "kinds": [one.title for one in kind.KINDS],
        "steps": words.STEPS,
        "not_checked": words.NOT_CHECKED,
        "unusable": words.UNUSABLE,
        "vkey": "court.example/audit+1a2b3c4d+AbCdEfGhIjKlMnOpQrStUvWxYz0123456789AbCdEfGh",
        "compared": words.COMPARED,
        "verdicts": words.VERDICTS,
        "standings": words.STANDING,
        "withheld": words.WITHHELD,
        "withheld_exhibits": words.WITHHELD_EXHIBITS,
    }
    answers = {
        "stands": _coded(sha256, mention, "stands"),
        "revoked": _coded(sha256, mention, "revoked"),
        "unknown": Answer(None),
    }
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Mahdar internal root")])
    key = ec.generate_private_key(ec.SECP256R1())
    root = certificates.authority(name, key.public_key(), name, key, NOW, path_length=1)
    pki = {
        "certificates": [("root.crt", N_("Root of the signers' certificates"), root)],
        "lists": ["root.crl", "issuing.crl"],
        "fingerprint": lambda one: one.fingerprint(hashes.SHA256()).hex(" ", 4).upper(),
        "hours": 24,
        "oid": "1.3.6.1.4.1.99999.1.2",
    }
    pages = {"/pki": Sample("verify/pki.html", pki, None)} | {
        f"/verify{name}": Sample(
            "verify/page.html", {**known, "outcome": outcome, "answer": None}, None
        )
        for name, outcome in outcomes.items()
    }
    return pages | {
        f"/verify-code-{name}": Sample(
            "verify/page.html",
            {**known, "form": Form({"code": "7KQM-2XWD-P9RT"}), "outcome": None, "answer": answer},
            None,
            200 if answer.found else 404,
        )
        for name, answer in answers.items()
    }


def _audit() -> dict[str, Sample]:
    """The auditor's screen: with entries, empty, and each standing of a verification."""
    leaf = Leaf("rec.segment", NOW, {"track": "s1-microphone", "sha256": "ab" * 32}, "a1b2c3d4", 7)
    viewed = Leaf("audit.viewed", NOW, {"by": CLERK.id, "filter": {"subject": "a1b2c3d4"}})
    rows = [LogRow(4100, viewed, CLERK), LogRow(812, leaf, None)]
    faults = [Fault("tree", "leaf 7 is not the one that was written")]
    reports = {
        "": None,
        "-running": Verification(NOW, "c1", "tree", 512, 4021),
        "-sound": Verification(NOW, "c1", report=Report(4021, notes=["one remark"])),
        "-broken": Verification(NOW, "c1", report=Report(4021, faults=faults)),
    }
    known = {
        "form": Form({"type": "rec."}),
        "page": Page(rows, 812, 4021, ["rec.gap", "rec.segment"], [CLERK, JUDGE]),
        "query": {"type": "rec."},
        "older": "?type=rec.&before=812",
        "data": audit_web._data,
        "formats": ["jsonl", "csv"],
        "steps": STEPS,
        "passed": audit_web.PASSED,
        "failed": audit_web.FAILED,
    }
    made = {
        f"/admin/audit{name}": Sample("admin/audit.html", {**known, "standing": standing})
        for name, standing in reports.items()
    }
    empty = {"page": Page([], None, 0, [], []), "older": "", "query": {}, "standing": None}
    return made | {"/admin/audit-none": Sample("admin/audit.html", {**known, **empty})}


def _document(sha256: str, mention: Mention | None, standing: str) -> Outcome:
    """A signed power of attorney at 'Verify'."""
    facts: dict[str, str | int] = {"signatures": 3, "before": "منى راشد"}
    for place, (name, capacity) in enumerate(
        [
            ("فاطمة محمد الزهراء", "الموكّلة / Principal"),
            ("خالد سعيد", "الوكيل / Agent"),
            ("منى راشد", "الكاتب العدل / Notary"),
        ]
    ):
        facts |= {
            f"s{place}.name": name,
            f"s{place}.capacity": capacity,
            f"s{place}.verdict": "valid",
            f"s{place}.at": 1795339800 + 60 * place,
            f"s{place}.time_by": "Mahdar internal time-stamps (not independent)",
        }
    steps = tuple(Step(code, True) for code in verification.STEPS)
    found = Finding("document", steps, "", ("doc_truth", "stamp_internal"), facts)
    mentions = [mention] if mention else []
    stands = Stands(
        standing,
        NOW,
        "NOT/2026/20" if standing == "revoked" else "",
        "7KQM-2XWD-P9RT" if standing == "marriage_replaced" else "",
    )
    return Outcome(verification.DOCUMENT, sha256, 9, found, None, mentions, stands)


def _coded(sha256: str, mention: Mention, standing: str) -> Answer:
    """What a code says of a power of attorney."""
    power = acts()["poa_vehicle"]
    capacities = ({"ar": "الموكّل", "en": "Principal"}, {"ar": "الكاتب العدل", "en": "Notary"})
    places = [Place(one, NOW + timedelta(minutes=at)) for at, one in enumerate(capacities)]
    stands = Stands(standing, NOW, "NOT/2026/20" if standing == "revoked" else "")
    title = {"ar": power.title_ar, "en": power.title_en}
    return Answer(Coded("deed", title, stands, "NOT/2026/15", OFFICE, places, sha256), [mention])


def samples() -> dict[str, Sample]:
    """Pages by the address at which the sample application serves them."""
    today = _sitting("t1", Phase.ON_RECORD, 0)
    link = "https://mahdar.example/ar/invitation/" + "Zk3" * 14
    taken = Refusal("booking.taken", N_("We could not find that page."), status=409)
    invited = {
        "sitting": SITTING,
        "kind_title": KINDS["criminal_hearing"].title,
        "seat": SEATS[4],
        "role_title": LABELS[SeatRole.WITNESS],
    }
    roles = list(ACCOUNT_LABELS.items())
    demo = [
        Row(username=p.username, password="mahdar-demo-2026", label=p.name("ar"))
        for p in (CLERK, JUDGE, LAWYER, PARTY)
    ]
    return {
        "/": Sample("home.html", {}, None),
        "/home-in": Sample("home.html", {}),
        "/login": Sample(
            "auth/login.html", {"form": Form(), "next": "", "demo_accounts": demo}, None
        ),
        "/login-wrong": Sample(
            "auth/login.html",
            {
                "form": Form({"username": "clerk"}).refuse(NotFound()),
                "next": "/ar/sittings",
                "demo_accounts": [],
            },
            None,
            401,
        ),
        **_own_account(),
        **_verified(),
        **_audit(),
        "/sittings": Sample(
            "sessions/my_sittings.html",
            {
                "today": [
                    _row(today, "/sittings/t1/room"),
                    _row(_sitting("t2", Phase.LOBBY, 0, 120), "/sittings/t2/room", officer=True),
                ],
                "upcoming": [_row(_sitting("u1", Phase.SCHEDULED, 3))],
                "tasks": TASKS,
                "past": [
                    _row(_sitting("q1", Phase.CANCELLED, -9)),
                    _row(_sitting("q2", Phase.ADJOURNED, -20)),
                    _row(_sitting("q3", Phase.RESERVED, -30)),
                    _row(_sitting("q4", Phase.TECH_SUSPENDED, -31)),
                ],
            },
        ),
        "/sittings-none": Sample(
            "sessions/my_sittings.html",
            {"today": [], "upcoming": [], "past": [], "tasks": []},
            PARTY,
        ),
        "/sittings/book": Sample("sessions/book.html", _booking(Form())),
        "/sittings/book-wrong": Sample(
            "sessions/book.html", _booking(_refused_booking()), status=400
        ),
        "/sittings/book-taken": Sample(
            "sessions/book.html",
            _booking(Form({"kind": "civil_hearing"}).refuse(taken)),
            status=409,
        ),
        "/sittings/a1b2c3d4e5f60718": Sample("sessions/sitting.html", _detail()),
        "/sittings/link": Sample(
            "sessions/sitting.html", _detail(new_link=Row(seat="s5", url=link, expires_at=NOW))
        ),
        "/sittings/closed": Sample(
            "sessions/sitting.html",
            _detail(
                sitting=_sitting("q1", Phase.CLOSED, -2),
                may=set(),
                enter="",
                playback="/sittings/q1/recording",
                booked_by=None,
            ),
        ),
        "/invitation/abc": Sample("sessions/invitation.html", invited, None),
        "/invitation/used": Sample("sessions/invitation.html", {"refusal": NotFound()}, None, 410),
        "/sittings/q1/recording": Sample(
            "recordings/playback.html",
            {
                "sitting": SITTING,
                "kind_title": KINDS["criminal_hearing"].title,
                "data_url": "/api/sample/recording",
                "needs_order": False,
                "destroyed": None,
                "form": Form(),
                "account": _account(),
            },
        ),
        "/sittings/q1/transcripts/t1": Sample(
            "recordings/transcript.html",
            {
                "sitting": SITTING,
                "kind_title": KINDS["criminal_hearing"].title,
                "transcript": TRANSCRIPT,
                "form": Form(),
                "lines": [
                    {
                        "start_ms": at * 4000,
                        "end_ms": at * 4000 + 3000,
                        "seat": seat,
                        "speaker": "",
                        "text": text,
                        "machine": at == 1,
                    }
                    for at, (seat, text) in enumerate(
                        [("s1", "فُتحت الجلسة"), ("s3", "أطلب أجلاً للاطلاع")]
                    )
                ],
                "names": {"s1": "القاضي سالم", "s3": "Abdullah Hassan"},
                "revisions": [(2, NOW, "a1"), (1, NOW, "a1")],
                "may": frozenset({"write", "assign"}),
                "typists": [("a1", "مريم الكعبي")],
                "states": TRANSCRIPT_STATES,
                "endings": ("vtt", "docx", "pdf"),
                "certified": None,
                "certify": "transcript.certify",
                "viewing": "v",
                "needs_order": False,
                "data_url": "/api/sample/recording",
                "save_url": "/api/sample/transcript",
            },
        ),
        "/sittings/q1/transcripts": Sample(
            "recordings/transcripts.html",
            {
                "sitting": SITTING,
                "kind_title": KINDS["criminal_hearing"].title,
                "form": Form(),
                "transcripts": [TRANSCRIPT],
                "states": TRANSCRIPT_STATES,
                "may_ask": True,
                "own_language": "ar",
            },
        ),
        "/sittings/q1/recording/works": _copies(),
        "/sittings/q2/recording/works": _copies(
            destroyed=True, works=[], kinds=[(WorkKind.BUNDLE, WORK_KINDS[WorkKind.BUNDLE])]
        ),
        "/sittings/q1/exhibits": _exhibits("file", "take_back:e2"),
        "/sittings/q2/exhibits": _exhibits("file", none=True),
        "/sittings/q3/exhibits": _exhibits("seal"),
        "/sittings/q1/minutes": _minutes(MinutesState.DRAFT, "write", "approve"),
        "/sittings/q2/minutes": _minutes(MinutesState.SIGNING, "sign", "return"),
        "/sittings/q3/minutes": _minutes(MinutesState.SIGNED),
        "/sittings/q4/minutes": _minutes(None, "begin"),
        "/sittings/q2/recording": Sample(
            "recordings/playback.html",
            {
                "sitting": SITTING,
                "kind_title": KINDS["criminal_hearing"].title,
                "data_url": "",
                "needs_order": True,
                "destroyed": None,
                "form": Form(),
            },
        ),
        "/sittings/q3/recording": Sample(
            "recordings/playback.html",
            {
                "sitting": SITTING,
                "kind_title": KINDS["criminal_hearing"].title,
                "data_url": "",
                "needs_order": False,
                "form": Form(),
                "account": replace(_account(), state=DESTROYED_RECORD),
                "destroyed": custody.gone(NOW),
            },
        ),
        "/records": Sample("recordings/records.html", custody.listed(SITTING, NOW)),
        "/sittings/q1/custody": Sample(
            "recordings/custody.html", custody.record(SITTING, [JUDGE, CLERK, LAWYER], NOW), JUDGE
        ),
        "/sittings/q2/custody": Sample(
            "recordings/custody.html",
            custody.destroyed(SITTING, [JUDGE, CLERK, LAWYER], NOW),
            JUDGE,
        ),
        "/admin/people": Sample(
            "admin/people.html",
            {
                "people": [CLERK, JUDGE, LAWYER, PARTY],
                "roles": roles,
                "form": Form(),
                "organisations": [COURT],
                "homes": {JUDGE.id: COURT},
                "link": Row(person=JUDGE, expires_at=NOW),
                "link_url": "https://court.example/ar/p/5_UcZWd1OMQpq7JzSNBky8siKWM-WQR74yewLpOWV7M",
            },
        ),
        "/admin/organisations": Sample(
            "admin/organisations.html",
            {
                "organisations": [COURT],
                "counts": {COURT.id: 2},
                "sorts": [(sort.value, title) for sort, title in SORTS.items()],
                "form": Form(),
            },
        ),
        "/admin/people/import": Sample(
            "admin/import.html",
            {
                "form": Form({"text": PEOPLE_CSV}),
                "columns": people_csv.COLUMNS,
                "titles": dict(roles),
                "preview": people_csv.read(PEOPLE_CSV, frozenset(), {COURT.code: COURT}),
            },
        ),
        "/admin/proposals": Sample(
            "admin/proposals.html",
            {
                "rows": [Row(proposal=PROPOSAL, account=CLERK, by=JUDGE, open=True)],
                "acts": {act.value: title for act, title in ACTS.items()},
                "form": Form(),
            },
        ),
        **deeds.samples(NOW, Sample),
        **marriages.samples(NOW, Sample),
        "/delegations": Sample("sessions/delegations.html", _delegations(), person=JUDGE),
        "/delegations-confirm": Sample(
            "sessions/delegations.html", {**_delegations(), "confirm_first": True}, person=JUDGE
        ),
        "/admin/rooms": Sample(
            "admin/rooms.html",
            {"rooms": [Row(room=ROOM, officers=[OFFICER])], "officers": [OFFICER], "form": Form()},
        ),
        "/admin/room-devices": Sample("admin/room_devices.html", _devices(code="7GQX 02MK")),
        "/admin/room-devices-none": Sample(
            "admin/room_devices.html", _devices(devices=(), demanded=False, networks="")
        ),
        "/device": Sample("sessions/device.html", {"code_length": 8}, person=None),
        "/admin/rooms-none": Sample(
            "admin/rooms.html", {"rooms": [], "officers": [], "form": Form()}
        ),
    }


def application() -> Quart:
    """The sample pages served with everything that the product gives a page."""
    app = Quart("sample", root_path=str(ROOT), static_folder=None)
    product_pages.init_app(app, Settings(mode="demo"))
    own = app.jinja_loader
    assert own is not None
    app.jinja_loader = ChoiceLoader([own, DictLoader(marriages.TEMPLATES)])
    known = samples()

    @app.context_processor
    def context() -> dict[str, Any]:
        sample = known.get(request.path)
        return {
            "person": sample.person if sample else None,
            "can": lambda _action, **_context: True,
            "csrf_token": lambda: "token-of-the-sample",
        }

    for address, sample in known.items():

        async def view(sample: Sample = sample) -> Any:
            context = {
                name: value.made() if isinstance(value, marriages.Later) else value
                for name, value in sample.context.items()
            }
            context |= context.pop("all_of_it", {})
            return await product_pages.render(sample.template, status=sample.status, **context)

        app.add_url_rule(address, f"page{address}", view, methods=["GET", "POST"])
    app.add_url_rule("/api/sample/recording", "data", _record)
    app.add_url_rule("/api/sample/exhibits/<exhibit>/pages/<int:page>", "exhibit", _exhibit)
    app.add_url_rule("/api/sittings/<_id>/exhibits/<exhibit>/pages/<int:page>", "sheet", _sheet)
    app.add_url_rule("/api/sample/recording/levels", "levels", _levels)
    app.add_url_rule("/api/sample/recording/marks", "marks", _marks)
    app.add_url_rule("/api/sample/recording/<track>/<int:seq>", "segment", _segment)
    return app


TRANSCRIPT = Transcript(
    id="t1",
    sitting="q1",
    language="ar",
    state=TranscriptState.DRAFT,
    reason="للاستئناف",
    requested_by="a1",
    requested_at=NOW,
    assigned_to="a1",
    revision=2,
    unchecked=1,
)


@dataclass
class _Signing:
    done: tuple[str, ...]
    digest: str = "8d" * 32
    sealed: bool = False


async def _exhibit(exhibit: str, page: int) -> Any:
    """A page of an exhibit."""
    return as_picture(await asyncio.to_thread(sheet, page))


async def _sheet(_id: str, exhibit: str, page: int) -> Any:
    return await _exhibit(exhibit, page)


def _exhibits(*may: str, none: bool = False) -> Sample:
    """The exhibits of a sitting: shown and admitted, sealed, and none yet."""
    by = {seat.role: seat.id for seat in SEATS}

    def filed(id: str, side: str, title: str, seat: str, **more: Any) -> Filed:
        return Filed(
            id=id,
            sitting="q1",
            side=side,
            number=1,
            title=title,
            type="pdf",
            size=120_000,
            pages=2,
            sha256="8d" * 32,
            key=b"",
            seat=seat,
            person="a1",
            at=NOW,
            **{"named": None, **more},
        )

    exhibits = (
        filed("e1", "C", "صورة العقد المؤرخ 1 مارس 2026", by[SeatRole.CLERK], shown_at=NOW),
        filed("e2", "D", "Medical report of the accused", by[SeatRole.COUNSEL], named=()),
    )
    seat = next(one for one in SEATS if one.role is SeatRole.CLERK)
    judge = next(one for one in SEATS if one.role is SeatRole.PRESIDING_JUDGE)
    why = "A minor is named on page 2."
    sealings = (Sealing("n1", "e2", "q1", (), why, judge.person or "", NOW),)
    found = Listing(
        SITTING,
        () if none else exhibits,
        {"e1": "admitted"},
        judge if "seal" in may else seat,
        frozenset(may),
        sealings if "seal" in may else (),
    )
    return Sample(
        "recordings/exhibits.html",
        {
            "found": found,
            "sitting": SITTING,
            "form": Form(),
            "about": "",
            "blank": Form(),
            "limits": Limits(10_000_000, 200, 50_000_000, 60),
            "sides": SIDES,
            "rulings": RULINGS,
            "role_titles": LABELS,
            "others": [one for one in SEATS if one.role not in BENCH],
        },
    )


def _minutes(state: MinutesState | None, *may: str) -> Sample:
    """Minutes on their way, signed, and not begun."""
    roles = (("Clerk", "أمين السر", "Clerk"), ("President", "رئيس الجلسة", "Presiding judge"))
    signers = [
        Signer(field, "a1", "مريم الكعبي", "Maryam Al Kaabi", *role) for field, *role in roles
    ]
    found, signing = None, None
    if state is not None:
        found = Minutes(
            id="n1",
            sitting="q1",
            language="ar",
            state=state,
            revision=3,
            begun_by="a1",
            begun_at=NOW,
            approved_at=None if state is MinutesState.DRAFT else NOW,
            ceremony="" if state is MinutesState.DRAFT else "c1",
            signed_at=NOW if state is MinutesState.SIGNED else None,
        )
        if state is not MinutesState.DRAFT:
            done = ("Clerk", "President") if state is MinutesState.SIGNED else ("Clerk",)
            signing = _Signing(done)
    entries = (
        Entry("10:02:11", "فُتحت الجلسة وبدأ تسجيلها."),
        Entry("10:04:40", "جرى التحقق من هوية سالم المنصوري."),
        Entry("10:20:05", "قدّم الحاضر عن المدعي مستنداً، فأمرت المحكمة بضمه."),
    )
    content = Content(entries, "قررت المحكمة ندب خبير.", "أُجلت الجلسة إلى 6 ديسمبر 2026.")
    opened = Opened(
        SITTING,
        found,
        content if found else Content(),
        frozenset(may),
        signing,
        signers if found else (),
        (),
    )
    return Sample(
        "recordings/minutes.html",
        {
            "opened": opened,
            "sitting": SITTING,
            "minutes": found,
            "states": MINUTES_STATES,
            "signed": MinutesState.SIGNED,
            "kind_title": KINDS["criminal_hearing"].title,
            "form": Form(),
            "own_language": "ar",
        },
    )


def _works() -> list[Work]:
    """Works in three states."""

    def work(id: str, kind: WorkKind, state: WorkState, end_ms: int | None, **more: Any) -> Work:
        return Work(
            id=id,
            sitting="q1",
            owner="a1",
            kind=kind,
            language="ar",
            start_ms=0,
            end_ms=end_ms,
            order="7/2026",
            mark="سري. لمريم الكعبي، 2026-11-22 09:30:00 +0400",
            state=state,
            asked_at=NOW,
            **more,
        )

    return [
        work("w1", WorkKind.FILM, WorkState.RUNNING, None, done=31, total=90),
        work("w2", WorkKind.FILM, WorkState.MADE, 754_000, sha256="5e" * 32, size=81_000_000),
        work("w4", WorkKind.BUNDLE, WorkState.MADE, None, sha256="7c" * 32, size=912_000_000),
        work("w3", WorkKind.VOICES, WorkState.FAILED, None, problem="work.failed"),
    ]


async def _levels() -> dict[str, Any]:
    return record.levels()


async def _marks() -> dict[str, Any]:
    return record.marks()


async def _record() -> dict[str, Any]:
    return record.timeline()


async def _segment(track: str, seq: int) -> Response:
    body = await asyncio.to_thread(record.segment, track, seq)
    return Response(body, content_type="video/webm")
