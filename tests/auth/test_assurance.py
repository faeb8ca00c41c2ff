"""Levels, profiles, and what a session is worth."""

from datetime import UTC, datetime

import pytest

from auth.assurance import LEVELS, METHODS, PROFILES, Level, Method, of
from auth.demo import PASSWORD
from errors import BadInput
from settings import SettingsError, load
from tests.auth.house import Browser, House, build
from tests.support.clock import SettableClock

NOW = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)


def test_levels_are_ordered_and_named() -> None:
    assert sorted(Level) == [Level.NONE, Level.LOW, Level.MEDIUM, Level.HIGH]
    assert set(LEVELS) == set(Level)
    assert set(METHODS) == set(Method)


@pytest.mark.parametrize(
    ("profile", "method", "level"),
    [
        ("demo", Method.PASSWORD, Level.HIGH),
        ("small", Method.PASSWORD, Level.MEDIUM),
        ("court", Method.PASSWORD, Level.LOW),
        ("small", Method.PASSWORD_TOTP, Level.HIGH),
        ("court", Method.PASSWORD_TOTP, Level.MEDIUM),
        ("court", Method.PASSKEY, Level.HIGH),
        ("demo", Method.INVITATION, Level.LOW),
        ("court", Method.INVITATION, Level.LOW),
    ],
)
def test_what_a_method_is_worth(profile: str, method: Method, level: Level) -> None:
    assert of(PROFILES[profile], method, Level.HIGH, NOW).level is level


@pytest.mark.parametrize("proved", list(Level))
def test_a_provider_is_worth_what_it_proved(proved: Level) -> None:
    assert of(PROFILES["court"], Method.PROVIDER, proved, NOW).level is proved


def test_legal_acts_are_confirmed_everywhere_but_in_the_demo() -> None:
    assert {code for code, profile in PROFILES.items() if not profile.each_act} == {"demo"}


def test_the_demo_profile_never_runs_in_production() -> None:
    production = {"MAHDAR_MODE": "production", "MAHDAR_KEY_PASSPHRASE": "x"}
    assert load(production).assurance_profile == "court"
    assert load(production | {"MAHDAR_ASSURANCE": "small"}).assurance_profile == "small"
    assert load({"MAHDAR_MODE": "demo"}).assurance_profile == "demo"
    assert load({"MAHDAR_MODE": "demo", "MAHDAR_ASSURANCE": "court"}).assurance_profile == "court"
    for wrong in ("demo", "none"):
        with pytest.raises(SettingsError):
            load(production | {"MAHDAR_ASSURANCE": wrong})


async def test_a_session_says_how_its_person_was_authenticated(house: House) -> None:
    signed_in = await house.sign_in("judge")
    login = await house.accounts.login(signed_in.token)
    assert login is not None
    assert login.method is Method.PASSWORD
    assert login.authenticated_at == house.clock()
    assert login.person.assurance.level is Level.HIGH
    house.accounts.profile = PROFILES["court"]  # a session is worth what the profile says now
    login = await house.accounts.login(signed_in.token)
    assert login is not None
    assert login.person.assurance.level is Level.LOW


async def test_a_step_up_changes_the_token_and_keeps_the_session(house: House) -> None:
    signed_in = await house.sign_in("judge")
    await house.accounts.come_back_to(signed_in.login, "/en/admin/people")
    house.clock.advance(600)
    stepped, target = await house.accounts.step_up_by_password(
        signed_in.login, PASSWORD, address="192.0.2.1"
    )
    assert target == "/en/admin/people"
    assert stepped.login.id == signed_in.login.id
    assert await house.accounts.login(signed_in.token) is None
    login = await house.accounts.login(stepped.token)
    assert login is not None
    assert login.authenticated_at == house.clock()
    with pytest.raises(BadInput) as caught:
        await house.accounts.step_up_by_password(login, "a wrong one", address="192.0.2.1")
    assert caught.value.code == "password.wrong"
    assert await house.accounts.login(stepped.token) is not None


async def test_a_page_that_needs_more_leads_to_the_step_up_and_back(lite: House) -> None:
    browser = Browser(lite.app())
    await browser.sign_in("admin")
    lite.accounts.profile = PROFILES["court"]
    response = await browser.get("/en/admin/people?x=1")
    assert response.status_code == 303
    assert response.headers["Location"] == "/en/step-up?level=medium"
    assert "No way to prove it yet" in await browser.sees("/en/step-up?level=medium")
    json = await browser.get("/en/admin/people", headers={"Accept": "application/json"})
    assert json.status_code == 403
    assert (await json.get_json())["code"] == "policy.assurance_needed"

    lite.accounts.profile = PROFILES["small"]
    assert "Your password" in await browser.sees("/en/step-up?level=medium")
    wrong = await browser.post("/en/step-up/password", {"password": "wrong", "level": "medium"})
    assert wrong.status_code == 400
    right = await browser.post("/en/step-up/password", {"password": PASSWORD, "level": "medium"})
    assert right.headers["Location"] == "/en/admin/people?x=1"
    assert "New account" in await browser.sees("/en/admin/people")


async def test_a_form_from_elsewhere_does_not_choose_where_to_go_back(
    sqlite_database: object, clock: SettableClock
) -> None:
    house = await build(sqlite_database, clock, profile="court")  # type: ignore[arg-type]
    browser = Browser(house.app())
    await browser.sign_in("admin")
    await browser.get("/en/account")
    for referer, target in (
        ("http://localhost/en/admin/people?a=b", "/en/admin/people?a=b"),
        ("http://elsewhere.example/en/admin/people", "/en/"),
        ("", "/en/"),
    ):
        answer = await browser.post("/en/admin/people", {}, headers={"Referer": referer})
        assert answer.status_code == 303
        house.accounts.profile = PROFILES["small"]
        back = await browser.post("/en/step-up/password", {"password": PASSWORD})
        assert back.headers["Location"] == target
        house.accounts.profile = PROFILES["court"]
        await browser.get("/en/account")
