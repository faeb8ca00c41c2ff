"""The part of the live room: what the notary, a party and a helper are shown of each way to take
part, and what calls them to look."""

import re
from collections.abc import Awaitable, Callable
from html import unescape

import pytest
from quart import Quart, g

import auth.web
import pages
from errors import Refusal
from notary.deeds import web
from notary.deeds.request import Request
from settings import ROOT
from tests.notary.acts.test_session import brought
from tests.notary.acts.world import World

Shown = Callable[[str, Request, str], Awaitable[str]]


@pytest.fixture
def shown(lite: World) -> Shown:
    """The words of the part, as somebody sees it in a language; `data-calls` before them."""
    app = Quart("app", root_path=str(ROOT), static_folder=None)
    pages.init_app(app, lite.house.settings)
    auth.web.init_app(app, lite.house.accounts, lite.house.settings)
    web.init_app(app, lite.office)
    looking: list[str] = []

    @app.before_request
    async def _sign_in() -> None:
        g.login = lite.login(looking[-1])

    async def look(username: str, one: Request, language: str) -> str:
        looking.append(username)
        answer = await app.test_client().get(f"/{language}/deeds/session/{one.sitting}")
        assert answer.status_code == 200
        text = await answer.get_data(as_text=True)
        called = re.search('data-calls="([^"]*)"', text)
        assert called is not None
        words = unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text)))
        return f"[{called[1]}] {words}".replace("\u2068", "").replace("\u2069", "")

    return look


WAYS = {
    "impaired": ("assistant", "signer", "A Helper conveys everything both ways and signs too.",
                 "Conveys what Salem Ahmed says and is told, and signs too.",
                 "ينقل ما يقوله سالم أحمد وما يُقال له، ويوقّع كذلك."),
    "cannot_sign": ("signs_for", "lawyer", "A Helper signs instead",
                    "Signs in the place of Salem Ahmed.", "يوقّع بدلاً من سالم أحمد."),
    "curator": ("curator", "lawyer", "", "Acts and signs for Salem Ahmed, by the court's judgment.",
                "يتصرف ويوقّع عن سالم أحمد بموجب حكم المحكمة."),
}  # fmt: skip
"""Way: the helper, its account, what is said of the one who is helped, and of the helper."""


@pytest.mark.parametrize("path", WAYS)
async def test_everybody_reads_who_signs_and_why(lite: World, shown: Shown, path: str) -> None:
    role, helper, helped, english, arabic = WAYS[path]
    one = await lite.office.conduct.open(
        lite.who("notary"), (await brought(lite, path, role)).id, True
    )
    notary = await shown("notary", one, "en")
    assert helped in notary
    assert english in notary
    assert "Who signs, in this order" in notary
    theirs = await shown(helper, one, "ar")
    assert arabic in theirs
    assert "الموقّعون بهذا الترتيب" in theirs


async def test_who_needs_a_thumbprint_is_told_at_once_and_why_it_ended(
    lite: World, shown: Shown
) -> None:
    one = await lite.office.conduct.open(
        lite.who("notary"), (await brought(lite, "illiterate", "")).id, True
    )
    told = "A thumbprint is needed, and none can be taken at a distance"
    notary = await shown("notary", one, "en")
    assert told in notary
    assert "Convert to in-person" in notary
    party = await shown("respondent", one, "en")
    assert told in party
    assert "Convert to in-person" not in party
    one = await lite.office.convert(lite.who("notary"), one.id, "A thumbprint is needed.")
    party = await shown("respondent", one, "en")
    assert party.startswith("[in_person-")
    assert "The act goes on at the office." in party
    assert "A thumbprint is needed." in party


async def test_a_telephone_is_called_to_the_reading_and_to_ones_own_turn(
    lite: World, shown: Shown
) -> None:
    one = await lite.reading()
    assert (await shown("notary", one, "en")).startswith("[]"), "the notary reads"
    assert (await shown("claimant", one, "ar")).startswith("[read-")
    one = await lite.to_signing(one, lite.who("notary"))
    assert (await shown("claimant", one, "ar")).startswith("[sign-")
    assert (await shown("respondent", one, "en")).startswith("[]")
    await lite.office.closing.sign(lite.login("claimant"), one.id, "")
    assert (await shown("respondent", one, "en")).startswith("[sign-")


async def test_everybody_reads_why_it_was_suspended_or_refused(lite: World, shown: Shown) -> None:
    one = await lite.reading()
    one = await lite.office.conduct.suspend(lite.who("notary"), one.id, "The line broke.")
    party = await shown("claimant", one, "en")
    assert "The session is suspended" in party
    assert "The line broke." in party
    one = await lite.office.conduct.resume(lite.who("notary"), one.id)
    one = await lite.office.refuse(lite.login("notary"), one.id, ["fraud"], "A forged card.", "")
    party = await shown("claimant", one, "en")
    assert "Fraud" in party
    assert "A forged card." in party
    with pytest.raises(Refusal):
        await lite.office.conduct.resume(lite.who("notary"), one.id)
