"""Pages of notarial acts with invented contents (tests/interface/sample.py)."""

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace as Row
from typing import Any

from auth.audit_reading.query import Query
from auth.person import Person, Role
from errors import BadInput
from notary.deeds.act import acts
from notary.deeds.body import compose
from notary.deeds.deciding import REASONS
from notary.deeds.journal import Book
from notary.deeds.journal import Line as JournalLine
from notary.deeds.party import HELPERS, PATHS, ROLE_LABELS, Party, Path, appears
from notary.deeds.request import Content, Mark, Request
from notary.deeds.roll import KINDS
from notary.deeds.scheduling import Slot, Waiting
from notary.deeds.state import LABELS, State
from notary.deeds.store import File, RollLine
from notary.deeds.web import STEPS
from notary.history import Event
from notary.register.entry import NOTES, STANDINGS, Entry, Margin, Note
from notary.register.service import Listed, Year
from notary.signing.renewal import Progress
from pages import Form
from recordings.papers.uploads import Limits

ACT = acts()["poa_special_litigation"]
PARTIES = (
    Party("p0", "principal", "فاطمة علي البلوشي", "Fatima Ali Al Balushi", "784198812345671", "",
          "fatima@example.com", "ar", "", "", "a1"),
    Party("p1", "principal", "راجيش كومار", "Rajesh Kumar", "784198576543218", "Indian",
          "rajesh@example.com", "hi", "language", "", "a2"),
    Party("p2", "agent", "ليلى يوسف المنصوري", "Layla Yousef Al Mansoori", "784199033333333"),
    Party("h0", "interpreter", "نور الهدى صديقي", "Noor Ul Huda Siddiqui", "784197944444444", "",
          "", "en", "", "p1", "a3"),
)  # fmt: skip
VALUES = {
    "court": "all", "matter": "الدعوى رقم 2026/3307 مدني كلي", "may_settle": False,
    "may_delegate": True, "until": "2027-12-31",
}  # fmt: skip
NOTARY = Person("n1", Role.NOTARY, "عبد الله سالم الظاهري", "Abdullah Salem Al Dhaheri")


def request(now: Any, state: State = State.DRAFT, **more: Any) -> Request:
    content = Content(VALUES, {f"field_{k}": str(v) for k, v in VALUES.items()}, PARTIES)
    content = Content(
        content.values, content.typed, PARTIES, text=compose(ACT, VALUES, PARTIES),
        marks=(Mark("field_matter", "أي دعوى؟"),) if state is State.RETURNED else (),
        reasons=("coercion",) if state is State.REFUSED else (),
        words="لم يطمئن الكاتب العدل إلى رضا الموكل." if state is State.REFUSED else "",
    )  # fmt: skip
    return Request(
        "d8355a57c0ffee00", ACT.code, state, "a1", now, now, now, 7, "people", content=content,
        fee_fils=50_000, **more,
    )  # fmt: skip


def samples(now: Any, sample: Any) -> dict[str, Any]:
    """Address to sample, as `tests.interface.sample.samples` has them."""
    base = f"/deeds/{'d8355a57c0ffee00'}"
    people = [
        Row(party=one, role_title=ROLE_LABELS[one.role],
            path_title=PATHS[Path(one.path)] if one.path else "", appears=appears(one, ACT))
        for one in PARTIES
    ]  # fmt: skip
    file = File("f1", "d8", "identity", "", "pdf", 90_000, 2, "0" * 64, b"", now, "a1")
    files = [Row(file=file, name="هوية.pdf")]
    facts = [("text", "موضوع الوكالة", VALUES["matter"]), ("yes_no", "الصلح", "no")]
    text = compose(ACT, VALUES, PARTIES)
    history = [Row(event=Event(now, "begun", "a1", {}), title="The request was begun", words={})]
    one = request(now)
    wizard = {"request_": one, "act": ACT, "steps": STEPS}
    roles = [(r.code, ROLE_LABELS[r.code]) for r in ACT.roles]
    roles += [(code, ROLE_LABELS[code]) for code in HELPERS]
    filled = {f"party_{p.key}_{n}": str(getattr(p, n)) for p in PARTIES for n in (
        "role", "name_ar", "name_en", "identity_number", "nationality", "email", "language", "path",
        "helps")}  # fmt: skip
    wrong = Form(filled).refuse(
        BadInput("deed.party_name_ar", "Write the name in Arabic or English.",
                 field="party_p1_name_ar")
    )  # fmt: skip
    content = Form({f"field_{k}": str(v) for k, v in VALUES.items()})

    def detail(state: State, **more: Any) -> Any:
        given = {
            "request_": request(now, state, **more.pop("request", {})), "act": ACT,
            "state_title": LABELS[state], "tone": "info", "facts": facts, "people": people,
            "files": files, "history": history, "own": True,
            "marks": [Row(where=ACT.fields[1], page="content", words="أي دعوى؟"),
                      Row(where=PARTIES[1], page="people", words="الاسم كما في الجواز"),
                      Row(where="Identity document", page="papers", words="غير واضحة")]
            if state is State.RETURNED else [], "party": True, "problems": [],
            "slots": [], "waiting": None, "sitting": None, "form": Form(),
            "reasons": [REASONS["coercion"]] if state is State.REFUSED else [],
            "may": {"copy", "grieve", "cancel"}, "refusal_reasons": list(REASONS.items()),
        }  # fmt: skip
        return sample("notary/deed.html", {**given, **more})

    row = Row(request=one, act=ACT, state_title=LABELS[State.DRAFT], tone="info")
    entry = Entry(
        "NOT", 2026, 15, "deed", ACT.code, one.id, "n1", now, "a" * 64, "b" * 64, "c" * 64,
        content={"title_ar": ACT.title_ar, "title_en": ACT.title_en,
                 "parties": [[p.role, p.name_ar, p.name_en] for p in PARTIES]},
    )  # fmt: skip
    margins = (
        Margin(1, "NOT", 2026, 15, Note.COMPLETED.value, now, "n1", "", "d" * 64, "", ""),
        Margin(2, "NOT", 2026, 15, Note.CERTIFIED_COPY.value, now, "a1", "", "d" * 64, "", ""),
    )
    listed = Listed(entry, margins)
    line = JournalLine(
        "d1", NOTARY.id, now, now + timedelta(days=3653), author=NOTARY,
        entry={"register": "NOT/2026/15", "title_ar": ACT.title_ar, "title_en": ACT.title_en,
               "fee_fils": 50_000,
               "people": [{"name_ar": p.name_ar, "name_en": p.name_en,
                           "evidence_of_identity": "emirates_id",
                           "identity_number_last4": p.identity_number[-4:]} for p in PARTIES[:2]]},
    )  # fmt: skip
    slots = [Slot(NOTARY, now + timedelta(hours=n)) for n in range(2, 6)]
    return {
        "/deeds": sample("notary/my_deeds.html", {
            "requests": [row], "acts": list(acts().values()), "may_apply": True, "form": Form()}),
        "/deeds/none": sample("notary/my_deeds.html", {
            "requests": [], "acts": list(acts().values()), "may_apply": True, "form": Form()}),
        f"{base}/people": sample("notary/people.html", {
            **wizard, "step": "people", "form": wrong, "keys": [p.key for p in PARTIES],
            "names": {p.key: p.name_ar for p in PARTIES}, "roles": roles,
            "paths": [(p.value, title) for p, title in PATHS.items()]}),
        f"{base}/content": sample("notary/content.html", {
            **wizard, "step": "content", "form": content, "text": text}),
        f"{base}/papers": sample("notary/papers.html", {
            **wizard, "step": "papers", "form": Form(), "files": files,
            "limits": Limits(10_000_000, 200, 50_000_000, 30)}),
        f"{base}/check": sample("notary/check.html", {
            **wizard, "step": "check", "form": Form(), "facts": facts, "people": people,
            "files": files, "text": text, "problems": [
                ("papers", BadInput("deed.paper_missing", "This paper is missing."))]}),
        f"{base}/returned": detail(State.RETURNED),
        f"{base}/fee": detail(State.FEE_DUE),
        f"{base}/queue": detail(State.QUEUED, slots=slots, waiting=Waiting(2, 45, False)),
        f"{base}/refused": detail(State.REFUSED),
        f"{base}/delivered": detail(State.DELIVERED, request={
            "deed": "NOT/2026/15", "code": "7KQM-2XWD-P9RT"}),
        "/notary/audit": sample("notary/audit_desk.html", {"requests": [row]}),
        f"{base}/audit": sample("notary/audit.html", {
            "request_": request(now, State.AUDIT), "act": ACT,
            "state_title": LABELS[State.AUDIT], "facts": facts, "people": people, "files": files,
            "papers": [("identity", "Identity document"), *((a.code, a) for a in ACT.attachments)],
            "candidates": {"p0": [NOTARY], "p1": [NOTARY]}, "text": text, "form": Form()}),
        "/notary/desk": sample("notary/desk.html", {"queue": [row], "own": [row], "form": Form()}),
        "/notary/grievances": sample("notary/grievances.html", {"requests": [row]}),
        "/notary/register": sample("notary/register.html", {
            "form": Form(), "found": [listed], "acts": acts(), "titles": STANDINGS,
            "tones": {listed.standing: "success"}, "may_close": True, "may_enrol": True,
            "years": [Year(2026, 15, None, ""), Year(2025, 40, now, "e" * 64)]}),
        "/notary/register/NOT/2026/15": sample("notary/register_entry.html", {
            "form": Form(), "found": listed, "act": ACT, "standing": STANDINGS[listed.standing],
            "tone": "success", "notes": {note.value: title for note, title in NOTES.items()},
            "may_annul": True, "may_correct": True, "may_extract": True, "ended": {}}),
        "/notary/renewals": sample("notary/renewals.html", {"due": 3, "newest": None}),
        "/notary/renewals-running": sample("notary/renewals.html", {
            "due": 3, "newest": Progress(now, 40, 12, 1)}),
        "/notary/renewals-done": sample("notary/renewals.html", {
            "due": 0, "newest": Progress(now, 40, 39, 1, now)}),
        "/notary/roll": sample("notary/roll.html", {
            "form": Form(), "kinds": KINDS, "lines": [
                (NOTARY, RollLine("public")),
                (replace(NOTARY, id="n2"), RollLine("authorised_private", "MoJ 44/2026", now))]}),
        "/notary/journal": sample("notary/journal.html", {
            "form": Form(), "may_enrol": True, "chosen": None, "now": now,
            "book": Book((line,), 1, Query(), (NOTARY,), own=False)}),
        "/notary/journal-chosen": sample("notary/journal.html", {
            "form": Form({"account": NOTARY.id, "since": "2026-11-01"}), "may_enrol": True,
            "chosen": NOTARY, "now": now,
            "book": Book((line,), 740, Query(account=NOTARY.id, since="2026-11-01"), (NOTARY,),
                         own=False)}),
        "/notary/journal-nothing": sample("notary/journal.html", {
            "form": Form({"since": "2026-12-01"}), "may_enrol": False, "chosen": None, "now": now,
            "book": Book((), 0, Query(since="2026-12-01"), (), own=True)}),
        "/payments/stand-in/x": sample("notary/stand_in_payment.html", {
            "order": "x", "id": "x", "fee_fils": 50_000}),
    }  # fmt: skip
