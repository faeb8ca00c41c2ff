"""Do later revisions of a document only fill in signature fields? First by a short table, then,
where that does not know the answer, by pyHanko's difference analysis.

The table is what our own writer does to objects that exist, and nothing else. It reads the few
objects that a revision replaces; pyHanko's analysis finds every path to each of them and so reads
the whole document, which took two thirds of the time of a signature. What an outside service wrote
may be right without being in the table.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import HistoricalResolver, PdfFileReader
from pyhanko.sign.diff_analysis import (
    DEFAULT_DIFF_POLICY,
    CatalogModificationRule,
    DiffResult,
    ModificationLevel,
    StandardDiffPolicy,
    SuspiciousModification,
)
from pyhanko.sign.diff_analysis.commons import compare_dicts
from pyhanko.sign.diff_analysis.constants import ROOT_EXEMPT_STRICT_COMPARISON
from pyhanko.sign.fields import MDPPerm

Keys = dict[generic.Reference, frozenset[str]]

CATALOGUE: Final = frozenset({"/DSS", "/Extensions", "/Version"})
SECURITY_STORE: Final = frozenset({"/Certs", "/CRLs", "/OCSPs"})
INFORMATION: Final = frozenset({"/ModDate", "/Producer"})
FIELD: Final = frozenset({"/V", "/AP"})
FORM: Final = frozenset({"/Fields"})
PAGE: Final = frozenset({"/Annots"})
_FIRST: Final = StandardDiffPolicy(
    global_rules=[
        CatalogModificationRule(ROOT_EXEMPT_STRICT_COMPARISON | {"/Perms"}),
        *DEFAULT_DIFF_POLICY.global_rules[1:],
    ],
    form_rule=DEFAULT_DIFF_POLICY.form_rule,
)
"""The first signature writes into the catalogue that it certifies."""


def fills_in(reader: PdfFileReader, base: int, place: generic.Reference, *, first: bool) -> str:
    """Why the revisions after `base` do more than fill in the signature field `place` and close
    with time-stamps; empty when they do not. `first`: they may certify the document."""
    later = range(base + 1, reader.total_revisions)
    views = [reader.get_historical_resolver(number) for number in (base, *later)]
    steps = pairwise(views)
    if all(_in_table(old, new, place, first=first) for old, new in steps):
        return ""
    policy = _FIRST if first else DEFAULT_DIFF_POLICY
    found = policy.review_file(reader, base, doc_mdp=MDPPerm.FILL_FORMS)
    if not isinstance(found, DiffResult):
        return str(found)
    if found.modification_level > ModificationLevel.FORM_FILLING:
        return found.modification_level.name
    return ""


def _in_table(
    old: HistoricalResolver, new: HistoricalResolver, place: generic.Reference, *, first: bool
) -> bool:
    """Whether a revision replaces only what our writer replaces, in the keys that it changes."""
    try:
        if new.refs_freed_in_revision() or not _same_trailer(old, new):
            return False
        written = [one for one in new.explicit_refs_in_revision() if _existed(old, one)]
        known = _replaceable(old, place, first=first)
        return all(
            _metadata(old, new, one)
            if one == old.root.get_value_as_reference("/Metadata", optional=True)
            else compare_dicts(old(one), new(one), known[one], raise_exc=False)
            for one in written
        ) and _shapes(old, new, place)
    except (KeyError, ValueError, TypeError, AttributeError, PdfError, SuspiciousModification):
        return False  # an odd shape: the analysis decides


def _existed(old: HistoricalResolver, ref: generic.Reference) -> bool:
    """Also what was only spoken of: it may not come into being later."""
    return not old.is_ref_unassignable(ref)


def _same_trailer(old: HistoricalResolver, new: HistoricalResolver) -> bool:
    had, has = old.trailer_view, new.trailer_view
    return (
        "/Encrypt" not in had
        and "/Encrypt" not in has
        and all(
            had.get_value_as_reference(key) == has.get_value_as_reference(key)
            for key in ("/Root", "/Info")
        )
    )


def _replaceable(old: HistoricalResolver, place: generic.Reference, *, first: bool) -> Keys:
    """Objects of the older revision that may be replaced, and the keys that may differ."""
    root = old.root
    found = {
        old.root_ref: CATALOGUE | ({"/Perms"} if first else set()),
        old.trailer_view.get_value_as_reference("/Info"): INFORMATION,
        root.get_value_as_reference("/AcroForm"): FORM,
        old.find_page_for_modification(0)[0].reference: PAGE,
        place: frozenset() if "/V" in old(place) else FIELD,
    }
    if "/DSS" in root:
        found[root.get_value_as_reference("/DSS")] = SECURITY_STORE
    return found


def _metadata(old: HistoricalResolver, new: HistoricalResolver, ref: generic.Reference) -> bool:
    """It tells programs about the document and is not shown."""
    return all(
        isinstance(view(ref), generic.StreamObject) and view(ref)["/Type"] == "/Metadata"
        for view in (old, new)
    )


def _shapes(old: HistoricalResolver, new: HistoricalResolver, place: generic.Reference) -> bool:
    """The keys that differ hold what a signature or a time-stamp puts there."""
    page = old.find_page_for_modification(0)[0].reference
    fields = _appended(old.root["/AcroForm"]["/Fields"], new.root["/AcroForm"]["/Fields"])
    notes = _appended(old(page).get("/Annots", ()), new(page).get("/Annots", ()))
    if fields is None or notes != fields:
        return False
    permissions = new.root.get("/Perms", {})
    if permissions != old.root.get("/Perms", {}) and (
        set(permissions) != {"/DocMDP"}
        or permissions.raw_get("/DocMDP") != new(place).raw_get("/V")
    ):
        return False
    return all(not _existed(old, one.reference) and _hidden_stamp(one) for one in fields)


def _appended(had: Sequence[Any], has: Sequence[Any]) -> list[Any] | None:
    """What was put after the elements that were there; None when those are not the same."""
    before, now = list(had), list(has)
    return now[len(before) :] if now[: len(before)] == before else None


def _hidden_stamp(one: Any) -> bool:
    """A field of a document time-stamp, with no place on the page."""
    found = one.get_object()
    return (
        found["/FT"] == "/Sig"
        and found["/V"]["/Type"] == "/DocTimeStamp"
        and list(found["/Rect"]) == [0, 0, 0, 0]
        and "/AP" not in found
        and "/Kids" not in found
    )
