"""The list of sessions, time-outs that cut nobody out of a sitting, cookies, known browsers, and
links to set a password."""

from dataclasses import replace

import pytest

from auth import known_browser, throttle
from auth import session as sessions
from auth.demo import PASSWORD
from auth.session import Browser
from errors import BadInput, Forbidden, NotFound, Refusal
from tests.auth.house import Browser as Page
from tests.auth.house import House

CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit Version/19 Safari/604"


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (CHROME, "Chrome, Windows"),
        (CHROME + " Edg/140.0", "Edge, Windows"),
        (IPHONE, "Safari, iPhone"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0", "Firefox, Linux"),
        ("curl/8", ""),
        ("", ""),
    ],
)
def test_a_browser_in_two_words(agent: str, words: str) -> None:
    assert sessions.device(agent) == words


async def test_the_list_of_sessions(house: House) -> None:
    async def sign_in(address: str, agent: str) -> sessions.Login:
        browser = Browser(address, agent)
        return (await house.accounts.sign_in("judge", PASSWORD, browser=browser)).login

    here, there = await sign_in("192.0.2.1", CHROME), await sign_in("198.51.100.7", IPHONE)
    house.clock.advance(60)
    found = {one.id: one for one in await house.accounts.sessions(here)}
    assert {one.device for one in found.values()} == {"Chrome, Windows", "Safari, iPhone"}
    assert found[here.id].network == house.accounts.network("192.0.2.1")
    assert found[here.id].network != found[there.id].network
    assert "192.0.2.1" not in repr(found)

    clerk = (await house.sign_in("clerk")).login
    await house.accounts.end_session(clerk, there.id)  # not the clerk's: nothing happens
    assert len(await house.accounts.sessions(here)) == 2
    await house.accounts.end_session(here, there.id)
    assert [one.id for one in await house.accounts.sessions(here)] == [here.id]


async def test_an_administrator_signs_somebody_out(house: House) -> None:
    judge = await house.sign_in("judge")
    admin = house.people["admin"]
    with pytest.raises(Forbidden):
        await house.accounts.end_sessions_of(house.people["clerk"], judge.login.person.id)
    with pytest.raises(NotFound):
        await house.accounts.end_sessions_of(admin, "nobody")
    assert await house.accounts.login(judge.token) is not None
    await house.accounts.end_sessions_of(admin, judge.login.person.id)
    assert await house.accounts.login(judge.token) is None
    assert not await house.accounts.keep_alive(judge.login.id)


async def test_no_time_out_ends_a_session_in_a_sitting(house: House) -> None:
    """A hearing of 20 hours: its page keeps the session, and a drop-out of minutes loses nobody."""
    signed_in = await house.sign_in("judge")
    elsewhere = await house.sign_in("judge")
    for _ in range(20 * 12):
        house.clock.advance(300)
        assert await house.accounts.keep_alive(signed_in.login.id)
    assert await house.accounts.login(elsewhere.token) is None
    await house.sign_in("clerk")  # which forgets old sessions
    assert await house.accounts.login(signed_in.token) is not None
    (seen,) = await house.accounts.sessions(signed_in.login)
    assert seen.in_sitting
    house.clock.advance(sessions.KEPT.total_seconds() - 1)
    assert await house.accounts.login(signed_in.token) is not None
    house.clock.advance(1)  # the sitting is over
    assert await house.accounts.login(signed_in.token) is None
    assert not await house.accounts.keep_alive(signed_in.login.id)


async def test_signing_out_ends_a_session_in_a_sitting(house: House) -> None:
    signed_in = await house.sign_in("judge")
    assert await house.accounts.keep_alive(signed_in.login.id)
    await house.accounts.sign_out(signed_in.token)
    assert not await house.accounts.keep_alive(signed_in.login.id)


async def test_cookies(lite: House) -> None:
    page = Page(lite.app())
    await page.get("/en/login")
    form = {"username": "judge", "password": PASSWORD}
    answer = await page.post("/en/login", form)
    plain = answer.headers.getlist("Set-Cookie")
    assert {one.split("=")[0] for one in plain} == {"mahdar_session", "mahdar_browser"}
    assert all("HttpOnly" in one and "SameSite=Lax" in one for one in plain)

    lite.settings = replace(lite.settings, base_url="https://court.example")
    page = Page(lite.app())
    opened = await page.get("/en/login")
    cookies = opened.headers.getlist("Set-Cookie")
    form["csrf_token"] = page.token
    visitor = next(one for one in cookies if "mahdar_visitor" in one)
    headers = {"Cookie": visitor.split(";")[0]}
    answer = await page.client.post("/en/login", form=form, headers=headers)
    assert answer.status_code == 303
    found = [*answer.headers.getlist("Set-Cookie"), visitor]
    for one in found:
        assert one.startswith("__Host-mahdar_")
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(one.split("; "))
        assert "Domain" not in one


# --- browsers that we know -----------------------------------------------------------------------


def test_a_known_browser_knows_its_accounts_only(lite: House) -> None:
    secret = lite.secret
    cookie = known_browser.with_account(secret, "", "judge")
    assert known_browser.knows(secret, cookie, "judge")
    assert not known_browser.knows(secret, cookie, "clerk")
    assert "judge" not in cookie
    more = known_browser.with_account(secret, cookie, "clerk")
    assert known_browser.knows(secret, more, "judge")
    assert known_browser.knows(secret, more, "clerk")
    assert known_browser.with_account(secret, more, "judge").count(".") == 2
    for number in range(known_browser.MOST):
        more = known_browser.with_account(secret, more, f"other-{number}")
    assert not known_browser.knows(secret, more, "judge")
    assert len(more) < 400
    for wrong in ("", "x", "." * 50, cookie[1:], "é" * 10, "x" * 5000):
        assert not known_browser.knows(secret, wrong, "judge")


async def test_guessing_inside_the_court_does_not_lock_the_judge_out(house: House) -> None:
    """One address for all: the judge's own browser is not held up by what others try from there."""
    court = "192.0.2.1"
    judge = house.people["judge"]
    mine = known_browser.with_account(house.secret, "", judge.id)
    theirs = known_browser.with_account(house.secret, "", house.people["clerk"].id)

    async def attempt(password: str, known: str) -> str:
        try:
            await house.accounts.sign_in("judge", password, browser=Browser(court, "", known))
        except Refusal as refusal:
            return refusal.code
        return ""

    guesses = [await attempt("guess guess guess", theirs) for _ in range(throttle.PAIR_FREE + 1)]
    assert guesses[-1] == "sign_in.wait"
    assert await attempt(PASSWORD, "") == "sign_in.wait"
    assert await attempt(PASSWORD, mine) == ""

    seed, tag = mine.split(".")  # a stolen cookie has a count of its own, whatever is added to it
    guesses = [
        await attempt("guess guess guess", f"{seed}.{number:032d}.{tag}")
        for number in range(throttle.PAIR_FREE + 1)
    ]
    assert guesses[-1] == "sign_in.wait"


async def test_guessing_holds_up_nobody_who_is_signed_in(house: House) -> None:
    """Else whoever guesses from the court's address, or found the password, delays a judgment."""
    court = "192.0.2.1"
    login = (await house.sign_in("judge", court)).login
    for _ in range(throttle.PAIR_FREE):
        with pytest.raises(Refusal):
            await house.accounts.sign_in("judge", "guess guess guess", address=court)
        await house.accounts.attempts.begin_code(login.person.id)
    with pytest.raises(Refusal) as caught:
        await house.accounts.attempts.begin_code(login.person.id)
    assert caught.value.code == "sign_in.wait"
    await house.accounts.step_up_by_password(login, PASSWORD, address=court)
    with pytest.raises(BadInput):  # wrong, and not too many
        await house.accounts.check_code(login.person, "000000", session=login.id)

    other = (await house.sign_in("clerk", court)).login  # a stolen session guesses no further
    for wrong in ["password.wrong"] * throttle.PAIR_FREE + ["sign_in.wait"]:
        with pytest.raises(Refusal) as caught:
            await house.accounts.step_up_by_password(other, "guess guess", address="198.51.100.7")
        assert caught.value.code == wrong


# --- links to set a password ---------------------------------------------------------------------


async def test_a_link_sets_a_password_once(house: House) -> None:
    admin, judge = house.people["admin"], house.people["judge"]
    links = house.accounts.password_links
    with pytest.raises(Forbidden):
        await links.issue(judge, judge.id)
    first = await links.issue(admin, judge.id)
    second = await links.issue(admin, judge.id)
    signed_in = await house.sign_in("judge")
    with pytest.raises(Refusal):
        await links.see(first.token)  # the newer one ended it
    assert (await links.see(second.token)) == judge
    with pytest.raises(BadInput):
        await links.use(second.token, "short")
    await links.use(second.token, "a new and long one")
    assert await house.accounts.login(signed_in.token) is None
    assert await house.accounts.sign_in("judge", "a new and long one")
    with pytest.raises(Refusal) as caught:
        await links.use(second.token, "another long one!")
    assert (caught.value.code, caught.value.status) == ("password_link.over", 410)


async def test_a_link_is_old_after_two_days_and_dies_with_the_account(house: House) -> None:
    admin, links = house.people["admin"], house.accounts.password_links
    link = await links.issue(admin, house.people["judge"].id)
    house.clock.advance(48 * 3600)
    with pytest.raises(Refusal):
        await links.use(link.token, "a new and long one")
    link = await links.issue(admin, house.people["witness"].id)
    await house.accounts.set_active(admin, house.people["witness"].id, False)
    with pytest.raises(Refusal):
        await links.see(link.token)
    with pytest.raises(NotFound):
        await links.issue(admin, house.people["witness"].id)


async def test_an_invited_person_sets_the_first_password(lite: House) -> None:
    app = lite.app()
    admin = Page(app)
    await admin.sign_in("admin")
    await admin.get("/en/admin/people")
    form = {"username": "new.one", "role": "expert", "name_en": "New One", "language": "en"}
    shown = await (await admin.post("/en/admin/people", form)).get_data(as_text=True)
    path = shown.split('value="http://localhost:8000')[1].split('"')[0]
    with pytest.raises(Refusal):
        await lite.accounts.sign_in("new.one", "")

    page = Page(app)
    opened = await page.get(path)
    assert opened.headers["Location"] == "/en/set-password"
    assert "New One" in await page.sees("/en/set-password")
    differ = {"password": "long enough now", "again": "long enough, no"}
    assert (await page.post("/en/set-password", differ)).status_code == 400
    same = {"password": "long enough now", "again": "long enough now"}
    assert (await page.post("/en/set-password", same)).headers["Location"] == "/en/login"
    assert await lite.accounts.sign_in("new.one", "long enough now")
    assert (await page.get("/en/set-password")).status_code == 410
