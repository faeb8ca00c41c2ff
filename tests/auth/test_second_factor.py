"""The second factor: enrolment, both halves of the sign-in, replays, recovery codes, guessing."""

from datetime import UTC, datetime

import pyotp
import pytest
from sqlalchemy import text

from auth.assurance import PROFILES, Level, Method
from auth.demo import PASSWORD
from auth.methods import totp
from auth.service import SecondFactorNeeded
from auth.session import Browser, Login
from errors import BadInput, Refusal
from tests.auth.house import Browser as Page
from tests.auth.house import House

HERE = Browser("192.0.2.1")
SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # of RFC 6238 appendix B


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (2000000000, "279037")],
)
def test_the_codes_of_the_rfc(seconds: int, code: str) -> None:
    assert totp.step_of(SECRET, code, at(seconds), -1) == seconds // 30
    assert totp.step_of(SECRET, f" {code[:3]} {code[3:]} ", at(seconds), -1) is not None
    assert totp.step_of(SECRET, code, at(seconds + 30), -1) == seconds // 30
    assert totp.step_of(SECRET, code, at(seconds + 60), -1) is None
    assert totp.step_of(SECRET, code, at(seconds), seconds // 30) is None  # used


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "٢٨٧٠٨٢", "28708²", "-28708"])
def test_what_is_no_code(code: str) -> None:
    assert totp.step_of(SECRET, code, at(59), -1) is None


def test_recovery_codes_are_read_as_people_type_them() -> None:
    codes = totp.new_recovery_codes()
    assert len(set(codes)) == totp.RECOVERY_CODES
    for code in codes:
        assert totp.normal_recovery_code(f" {code.upper().replace('-', ' ')} ") == code
    assert totp.normal_recovery_code("287082") == ""


async def enrol(house: House, name: str = "judge") -> tuple[Login, pyotp.TOTP, list[str]]:
    login = (await house.sign_in(name)).login
    factors = house.accounts.second_factors
    application = pyotp.TOTP((await factors.begin(login.person)).secret)
    codes = await factors.confirm(login.person, application.at(house.clock()))
    house.clock.advance(30)
    return login, application, codes


async def half(house: House) -> str:
    with pytest.raises(SecondFactorNeeded) as caught:
        await house.sign_in("judge")
    return caught.value.half


async def refused(house: House, half: str, code: str) -> str:
    with pytest.raises(Refusal) as caught:
        await house.accounts.sign_in_with_code(half, code, HERE)
    return caught.value.code


async def test_the_password_alone_no_longer_signs_in(house: House) -> None:
    _, application, _ = await enrol(house)
    begun = await half(house)
    signed_in = await house.accounts.sign_in_with_code(begun, application.at(house.clock()), HERE)
    assert signed_in.login.method is Method.PASSWORD_TOTP
    house.accounts.profile = PROFILES["court"]
    login = await house.accounts.login(signed_in.token)
    assert login is not None
    assert login.person.assurance.level is Level.MEDIUM
    assert await refused(house, begun, application.at(house.clock())) == "sign_in.too_late"


async def test_a_code_works_once(house: House) -> None:
    _, application, _ = await enrol(house)
    code = application.at(house.clock())
    await house.accounts.sign_in_with_code(await half(house), code, HERE)
    again = await half(house)
    assert await refused(house, again, code) == "second_factor.wrong"
    older = application.at(house.clock().timestamp() - 30)
    assert await refused(house, again, older) == "second_factor.wrong"
    house.clock.advance(30)
    code = application.at(house.clock())
    assert await house.accounts.sign_in_with_code(again, code, HERE)


async def test_a_half_is_old_after_five_minutes(house: House) -> None:
    _, application, _ = await enrol(house)
    begun = await half(house)
    house.clock.advance(300)
    assert await refused(house, begun, application.at(house.clock())) == "sign_in.too_late"
    assert await refused(house, "no such half", "000000") == "sign_in.too_late"


async def test_a_half_ends_with_the_password(house: House) -> None:
    login, application, _ = await enrol(house)
    begun = await half(house)
    await house.accounts.change_password(
        login.person, PASSWORD, "a new password of mine", address="", keep=login.id
    )
    assert await refused(house, begun, application.at(house.clock())) == "sign_in.too_late"


async def test_a_recovery_code_works_once(house: House) -> None:
    login, _, codes = await enrol(house)
    begun = await half(house)
    await house.accounts.sign_in_with_code(begun, codes[3].upper(), HERE)
    assert await refused(house, await half(house), codes[3]) == "second_factor.wrong"
    assert (await house.accounts.second_factors.status(login.person)).codes_left == 9
    fresh = await house.accounts.second_factors.new_codes(login.person)
    assert await refused(house, await half(house), codes[4]) == "second_factor.wrong"
    assert await house.accounts.sign_in_with_code(await half(house), fresh[0], HERE)


async def test_guessing_codes_waits_wherever_it_comes_from(house: House) -> None:
    _, application, _ = await enrol(house)
    begun = await half(house)
    codes = [await refused(house, begun, "000000") for _ in range(6)]
    assert codes == ["second_factor.wrong"] * 5 + ["sign_in.wait"]
    elsewhere = Browser("198.51.100.7")
    with pytest.raises(Refusal) as caught:
        await house.accounts.sign_in_with_code(begun, application.at(house.clock()), elsewhere)
    assert caught.value.code == "sign_in.wait"


async def test_an_enrolment_counts_after_its_first_code(house: House) -> None:
    person = house.people["judge"]
    factors = house.accounts.second_factors
    enrolment = await factors.begin(person)
    with pytest.raises(BadInput):
        await factors.confirm(person, "000000")
    assert await house.sign_in("judge")  # not yet
    assert (await factors.pending(person)) == enrolment
    assert "issuer=Mahdar" in enrolment.address
    await factors.confirm(person, pyotp.TOTP(enrolment.secret).at(house.clock()))
    assert await factors.pending(person) is None
    with pytest.raises(Refusal) as caught:
        await factors.begin(person)
    assert caught.value.code == "second_factor.known"
    await factors.remove(person)
    assert await house.sign_in("judge")


async def test_the_database_holds_neither_secret_nor_codes(house: House) -> None:
    _, application, codes = await enrol(house)
    async with house.database.unit(write=False) as session:
        rows = list((await session.execute(text("SELECT * FROM second_factors"))).all())
        rows += (await session.execute(text("SELECT * FROM recovery_codes"))).all()
    assert len(rows) == 11
    assert application.secret not in repr(rows)
    assert not any(code in repr(rows) for code in codes)


async def test_on_the_pages(lite: House) -> None:
    page = Page(lite.app())
    await page.sign_in("judge")
    await page.get("/en/account")
    begun = await page.post("/en/account/second-factor/begin")
    assert begun.headers["Location"] == "/en/account/second-factor"
    shown = await page.sees("/en/account/second-factor")
    assert "<svg" in shown
    wrong = await page.post("/en/account/second-factor", {"code": "000000"})
    assert wrong.status_code == 400
    pending = await lite.accounts.second_factors.pending(lite.people["judge"])
    assert pending is not None
    application = pyotp.TOTP(pending.secret)
    done = await page.post("/en/account/second-factor", {"code": application.at(lite.clock())})
    assert "Recovery codes" in await done.get_data(as_text=True)
    assert "10 recovery codes are left" in await page.sees("/en/account")

    lite.clock.advance(30)
    other = Page(lite.app())
    await other.get("/en/login")
    form = {"username": "judge", "password": PASSWORD, "next": "/en/account"}
    asked = await (await other.post("/en/login", form)).get_data(as_text=True)
    half = asked.split('name="half" value="')[1].split('"')[0]
    more = {"half": half, "next": "/en/account"}
    wrong = await other.post("/en/login/code", {**more, "code": "000000"})
    assert wrong.status_code == 400
    assert half in await wrong.get_data(as_text=True)
    right = await other.post("/en/login/code", {**more, "code": application.at(lite.clock())})
    assert right.headers["Location"] == "/en/account"
    assert "Password and second factor" in await other.sees("/en/account")
