"""Papers of the office made out of the register: the executory copy and the certified extract.

A paper is printed and sealed first and counts from the unit that writes it in the register: a fault
between leaves a file that nobody was given and no note. There is one executory copy; whoever it was
issued to fetches the same file again, another one needs the director's order (FDL 20/2022 Art 14).
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from audit.leaf import JSON
from auth import policy
from auth.person import Person
from auth.service import new_id
from database import lock
from errors import N_, Refusal
from notary.deeds import printed
from notary.deeds.act import acts
from notary.deeds.closing import Closing
from notary.deeds.conduct import conducts
from notary.deeds.core import Core
from notary.deeds.party import ROLE_LABELS
from notary.deeds.ports import Applied, Ceremonies
from notary.deeds.request import Request
from notary.deeds.roll import PUBLIC, Roll
from notary.deeds.state import LABELS
from notary.documents.codes import new_code
from notary.register import store as entries
from notary.register.entry import NOTES, STANDINGS, Note, Standing
from notary.register.paper import TITLES, Paper, Sort
from notary.register.service import Listed, Register

_STATES = {state.value: label for state, label in LABELS.items()}


class Issuing:
    """One per process."""

    def __init__(
        self,
        core: Core,
        closing: Closing,
        register: Register,
        roll: Roll,
        ceremonies: Ceremonies,
        address: str,
    ) -> None:
        self._core = core
        self._closing = closing
        self._register = register
        self._roll = roll
        self._ceremonies = ceremonies
        self._address = address

    # --- the executory copy ----------------------------------------------------------------------

    async def executory_copy(self, actor: Person, id: str, *, order: str = "") -> tuple[str, bytes]:
        """The one executory copy, with the formula printed on it (R-NT-10); a second only by the
        director's written order. Register number and PDF. Raises Refusal."""
        order = order.strip()[:80]
        async with self._core.database.unit() as session:
            one, found = await self._closing.delivered(session, actor, id, order)
            before = await self._executory(session, one, found, actor, order)
        if before is not None:
            return one.deed, await self._ceremonies.document(before.id, before.ceremony)
        applied = await self._ceremonies.signatures(one.id, one.ceremony)
        at = self._core.clock()
        paper, code = new_id(), new_code()
        data = self._copy(one, applied, code, at, order)
        ceremony, pdf = await self._ceremonies.issue(paper, "deed", data, at)
        async with self._core.database.unit() as session:
            await lock(session, f"register:{self._register.office}")
            one, found = await self._closing.delivered(session, actor, id, order)
            if await self._executory(session, one, found, actor, order) is not None:
                raise _issued()
            await self._enter(session, found, Sort.EXECUTORY, Note.EXECUTORY_COPY, actor,
                              order, paper, code, ceremony, pdf)  # fmt: skip
            sha256 = hashlib.sha256(pdf).hexdigest()
            codes: dict[str, JSON] = {"copy": Note.EXECUTORY_COPY.value, "sha256": sha256}
            await self._core.write(session, one, "copied", actor.id, codes=codes)
        return one.deed, pdf

    async def _executory(
        self, session: AsyncSession, one: Request, found: Listed, actor: Person, order: str
    ) -> Paper | None:
        """The copy that this person has already; None when one may be made. Raises Refusal."""
        if not self._core.act(one).executory:
            raise Refusal("deed.not_executory", N_("This deed carries no executory formula."))
        if found.standing is not Standing.STANDS:
            raise Refusal("register.not_standing", N_("This deed is not in force."))
        if (await self._roll.of(session, conducts(one))).kind != PUBLIC:
            raise Refusal(
                "deed.executory_public",
                N_("Only a public notary puts the executory formula. Apply for it as an own act."),
            )
        issued = await entries.papers(session, one.deed)
        mine = [each for each in issued if each.sort == Sort.EXECUTORY]
        if order or not mine:
            return None
        if mine[-1].by != actor.id:
            raise _issued()
        return mine[-1]

    def _copy(
        self, one: Request, applied: Sequence[Applied], code: str, at: datetime, order: str
    ) -> dict[str, Any]:
        act = self._core.act(one)
        assert one.content.text is not None  # noqa: S101
        signed = max((each.at for each in applied), default=at)
        data = printed.data(
            one, act, one.content.text, (),
            register=one.deed, code=code, address=f"{self._address}/verify/{code}",
            moments=printed.moments_of(signed, self._core.zone),
        )  # fmt: skip
        formula = self._core.rule("R-NT-10")["ar"]
        return data | {
            "banner": TITLES[Sort.EXECUTORY],
            "formula": {"ar": formula},
            "signed": [
                {
                    "capacity": {"ar": each.role_ar, "en": each.role_en},
                    "name": {"ar": each.name_ar, "en": each.name_en},
                    "at": self._day(each.at),
                }
                for each in applied
            ],
            "issued": self._issued(at, order, one.code),
        }

    def _issued(self, at: datetime, order: str, original: str) -> dict[str, str]:
        day = self._day(at)
        if order:
            return {
                "ar": f"صورة تنفيذية أخرى سُلّمت في {day['ar']} بموجب الأمر المكتوب رقم {order}."
                f" رمز التحقق من الأصل: {original}.",
                "en": f"A further executory copy, issued on {day['en']} by written order {order}."
                f" Verification code of the original: {original}.",
            }
        return {
            "ar": f"الصورة التنفيذية الوحيدة، سُلّمت في {day['ar']}، ولا تُسلَّم أخرى إلا بأمر مكتوب."
            f" رمز التحقق من الأصل: {original}.",
            "en": f"The one executory copy, issued on {day['en']}; another only by written order."
            f" Verification code of the original: {original}.",
        }

    # --- the extract -----------------------------------------------------------------------------

    async def extract(self, actor: Person, name: str) -> tuple[str, bytes]:
        """A certified extract of one entry with everything in its margin, for the office.

        Register number and PDF. Raises Forbidden, NotFound.
        """
        policy.require(actor, "register.extract")
        found = await self._register.get(actor, name)
        at = self._core.clock()
        paper, code = new_id(), new_code()
        data = self._extract(found, code, at)
        ceremony, pdf = await self._ceremonies.issue(paper, "deed", data, at)
        async with self._core.database.unit() as session:
            await self._enter(session, found, Sort.EXTRACT, Note.EXTRACT, actor, "", paper, code,
                              ceremony, pdf)  # fmt: skip
        return found.entry.name, pdf

    def _extract(self, found: Listed, code: str, at: datetime) -> dict[str, Any]:
        entry = found.entry
        content = entry.content
        act = acts().get(entry.act)
        title = {"ar": act.title_ar, "en": act.title_en} if act else {"ar": content["title_ar"]}
        facts = [
            _fact("رقم القيد", "Number", both(entry.name)),
            _fact("تاريخ القيد", "Entered on", self._day(entry.at)),
            _fact("المعاملة", "Act", title),
            _fact("الحالة في هذا التاريخ", "Standing on this date",
                  printed.both(STANDINGS[found.standing])),
            _fact("بصمة القيد في السلسلة", "Link of the chain", both(entry.digest)),
        ]  # fmt: skip
        if words := content.get("correction"):
            facts.append(_fact("التصحيح", "Correction", both(words)))
        address = f"{self._address}/verify/{code}"
        return printed.paper(
            TITLES[Sort.EXTRACT], entry.name, code, address,
            printed.moments_of(at, self._core.zone),
        ) | {
            "facts": facts,
            "parties": [
                {
                    "capacity": printed.both(ROLE_LABELS.get(role, role)),
                    "name": {"ar": ar or en, "en": en or ar},
                }
                for role, ar, en in content["parties"]
            ],
            "notes": [
                {
                    "at": self._day(one.at),
                    "note": printed.both(NOTES[Note(one.note)]),
                    "refers_to": _reference(one.refers_to),
                }
                for one in found.margins
            ],
        }  # fmt: skip

    # --- both ------------------------------------------------------------------------------------

    async def _enter(
        self,
        session: AsyncSession,
        found: Listed,
        sort: Sort,
        note: Note,
        actor: Person,
        order: str,
        paper: str,
        code: str,
        ceremony: str,
        pdf: bytes,
    ) -> None:
        """The paper counts: its row and the note in the margin, in one unit."""
        sha256 = hashlib.sha256(pdf).hexdigest()
        made = Paper(
            paper, sort.value, found.entry.name, code, ceremony, sha256, actor.id,
            self._core.clock(), order, len(found.margins),
        )  # fmt: skip
        await entries.add_paper(session, made)
        await self._register.note(
            session, found.entry, note, actor.id, refers_to=order, sha256=sha256
        )

    def _day(self, at: datetime) -> dict[str, str]:
        moments = printed.moments_of(at, self._core.zone)
        return {
            language: f"{one['gregorian']} ({one['hijri']})" if one["hijri"] else one["gregorian"]
            for language, one in moments.items()
        }


def both(text: str) -> dict[str, str]:
    """The same in both languages: numbers, hashes, and what people wrote in one of them."""
    return {"ar": text, "en": text}


def _fact(ar: str, en: str, value: Mapping[str, str]) -> dict[str, Any]:
    return {"name": {"ar": ar, "en": en}, "value": value}


def _reference(text: str) -> dict[str, str]:
    return printed.both(_STATES[text]) if text in _STATES else both(text)


def _issued() -> Refusal:
    return Refusal(
        "deed.executory_issued",
        N_("The one executory copy was issued. A second needs the director's order."),
    )
