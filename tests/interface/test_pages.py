"""Requests and answers: language, headers, static files, errors, flashes, forms."""

import json
from typing import Any

import pytest
from quart import Quart, Response, abort
from quart.typing import TestClientProtocol as Client

import pages
from errors import N_, BadInput, Refusal
from pages import Form, flashes, static_files
from settings import ROOT, Settings
from tests.interface.sample import application as sample_application
from tests.interface.sample import samples


@pytest.fixture
async def app() -> Quart:
    app = Quart("app", root_path=str(ROOT), static_folder=None)
    pages.init_app(app, Settings(mode="demo"))

    @app.get("/")
    async def home() -> Response:
        return await pages.render("home.html")

    @app.get("/where/<name>")
    async def where(name: str) -> dict[str, Any]:
        from quart import url_for

        here = pages.here()
        return {"url": url_for("where", name=name), "here": here, "language": pages.language()}

    @app.post("/act")
    async def act() -> Response:
        pages.flash(N_("Copied."), "info")
        return pages.redirect("home")

    @app.get("/refuse")
    @app.get("/api/refuse", endpoint="api_refuse")
    async def refuse() -> Response:
        message = N_("Write at most %(most)s characters.")
        raise BadInput("reason.long", message, field="reason", most=5)

    @app.get("/abort/<int:code>")
    async def aborting(code: int) -> Response:
        abort(code)

    @app.get("/broken")
    async def broken() -> Response:
        raise RuntimeError("a secret")

    return app


@pytest.fixture
def client(app: Quart) -> Client:
    return app.test_client()


async def _text(response: Any) -> str:
    return str(await response.get_data(as_text=True))


@pytest.mark.parametrize("language", ["ar", "en"])
async def test_every_page_renders(language: str) -> None:
    client = sample_application().test_client()
    for path, sample in samples().items():
        response = await client.get(f"/{language}{path}")
        assert response.status_code == sample.status, path
        body = await _text(response)
        assert f'<html lang="{language}"' in body
        assert " style=" not in body  # the CSP forbids it
        assert "<script>" not in body


async def test_a_page_without_a_language_goes_to_the_readers(client: Client) -> None:
    english = {"Accept-Language": "en-GB"}
    cases = [
        ({}, "/ar/?a=1"),
        (english, "/en/?a=1"),
        ({**english, "Cookie": "language=ar"}, "/ar/?a=1"),
    ]
    for headers, target in cases:
        response = await client.get("/?a=1", headers=headers)
        assert (response.status_code, response.headers["Location"]) == (302, target)


async def test_blueprints_know_nothing_of_the_language(client: Client) -> None:
    answer = await (await client.get("/en/where/x%20y?q=1")).get_json()
    assert answer == {"url": "/en/where/x%20y", "here": "/en/where/x%20y?q=1", "language": "en"}
    assert (await client.get("/english/where/x")).status_code == 404
    assert (await client.get("/ar")).status_code == 200


async def test_the_language_is_remembered_and_the_other_is_offered(
    client: Client,
) -> None:
    response = await client.get("/en/?a=1&b=2")
    assert "language=en" in response.headers["Set-Cookie"]
    body = await _text(response)
    assert '<link rel="alternate" hreflang="ar" href="/ar/?a=1&amp;b=2">' in body
    again = await client.get("/en/")
    assert "Set-Cookie" not in again.headers


async def test_the_answer_to_a_post_offers_a_page_that_can_be_opened(
    app: Quart, client: Client
) -> None:
    @app.post("/where/<name>/change")
    async def change(name: str) -> Response:
        return await pages.render("home.html")

    body = await _text(await client.post("/en/where/x/change"))
    assert 'hreflang="ar" href="/ar/where/x"' in body


async def test_every_answer_carries_the_security_headers(client: Client) -> None:
    for path in ("/ar/", "/nowhere", "/api/refuse", static_files.FOLDER.name):
        headers = (await client.get(path)).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "camera=(self)" in headers["Permissions-Policy"]
        assert headers["Referrer-Policy"] == "same-origin"
        assert "Strict-Transport-Security" not in headers


async def test_under_https_cookies_are_secure_and_hsts_is_sent() -> None:
    app = Quart("app", root_path=str(ROOT), static_folder=None)
    pages.init_app(app, Settings(mode="demo", base_url="https://court.example"))

    @app.get("/")
    async def home() -> Response:
        return await pages.render("home.html")

    response = await app.test_client().get("/ar/")
    assert "Secure" in response.headers["Set-Cookie"]
    assert "max-age" in response.headers["Strict-Transport-Security"]


# --- static files --------------------------------------------------------------------------------


async def test_static_files_are_kept_for_ever_at_their_own_hash(app: Quart, client: Client) -> None:
    build = app.config["MAHDAR_BUILD"]
    kept = await client.get(f"/static/{build}/js/i18n.js")
    assert kept.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert "immutable" in kept.headers["Cache-Control"]
    other = await client.get("/static/000000000000/js/i18n.js")
    assert other.headers["Cache-Control"] == "no-store"


async def test_static_files_are_compressed_for_who_takes_it(app: Quart, client: Client) -> None:
    address = f"/static/{app.config['MAHDAR_BUILD']}/build/app.css"
    plain = await (await client.get(address)).get_data()
    small = await client.get(address, headers={"Accept-Encoding": "br, gzip"})
    assert small.headers["Content-Encoding"] == "gzip"
    assert len(await small.get_data()) < len(plain) / 3
    refused = await client.get(address, headers={"Accept-Encoding": "gzip;q=0"})
    assert "Content-Encoding" not in refused.headers


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
@pytest.mark.parametrize(
    "path",
    ["../settings.py", "%2e%2e/settings.py", "..%2fsettings.py", "js", "js/none.js"],
)
async def test_nothing_outside_the_folder_is_served(
    path: str, encoding: str, client: Client
) -> None:
    response = await client.get(f"/static/x/{path}", headers={"Accept-Encoding": encoding})
    assert response.status_code == 404


def test_the_hash_changes_with_any_file(tmp_path: Any) -> None:
    (tmp_path / "a.js").write_text("1")
    first = static_files.build_hash(tmp_path)
    (tmp_path / "a.js").write_text("2")
    second = static_files.build_hash(tmp_path)
    (tmp_path / "b.js").write_text("")
    assert len({first, second, static_files.build_hash(tmp_path)}) == 3


def test_an_application_with_a_static_folder_of_its_own_is_refused() -> None:
    with pytest.raises(ValueError, match="static_folder"):
        pages.init_app(Quart("app", root_path=str(ROOT)), Settings(mode="demo"))


# --- errors --------------------------------------------------------------------------------------


async def test_a_refusal_is_a_page_for_people_and_json_for_programs(
    client: Client,
) -> None:
    page = await client.get("/ar/refuse", headers={"Accept": "text/html"})
    assert page.status_code == 400
    assert "اكتب 5 حرفاً على الأكثر." in await _text(page)
    for path, accept in (("/api/refuse", "*/*"), ("/refuse", "application/json")):
        answer = await client.get(path, headers={"Accept": accept, "Accept-Language": "en"})
        assert answer.status_code == 400
        assert await answer.get_json() == {
            "code": "reason.long",
            "message": "Write at most 5 characters.",
            "source": "Write at most %(most)s characters.",
            "params": {"most": 5},
            "field": "reason",
            "why": "",
        }


@pytest.mark.parametrize("code", [403, 404, 409, 410, 429, 418])
async def test_http_errors_have_a_page(code: int, client: Client) -> None:
    page = await client.get(f"/ar/abort/{code}", headers={"Accept": "text/html"})
    assert page.status_code == code
    assert '<html lang="ar" dir="rtl"' in await _text(page)
    answer = await client.get(f"/abort/{code}", headers={"Accept": "application/json"})
    assert (await answer.get_json())["code"] == f"http.{code}"


async def test_a_wrong_method_says_which_are_right(client: Client) -> None:
    response = await client.get("/en/act")
    assert response.status_code == 405
    assert "POST" in response.headers["Allow"]


async def test_an_unexpected_error_says_nothing_of_its_cause(app: Quart, client: Client) -> None:
    @app.context_processor
    def names() -> dict[str, Any]:
        raise RuntimeError("the database is gone")

    response = await client.get("/en/broken", headers={"Accept": "text/html"})
    body = await _text(response)
    assert response.status_code == 500
    assert "Something went wrong on our side" in body
    assert "secret" not in body
    assert "database" not in body


# --- flashes and forms ---------------------------------------------------------------------------


async def test_a_message_is_shown_once(client: Client) -> None:
    response = await client.post("/ar/act")
    assert (response.status_code, response.headers["Location"]) == (303, "/ar/")
    cookies = response.headers.getlist("Set-Cookie")
    assert any(one.startswith("flash=") and "HttpOnly" in one for one in cookies)
    assert "تم النسخ." in await _text(await client.get("/ar/"))
    assert "تم النسخ." not in await _text(await client.get("/ar/"))


@pytest.mark.parametrize(
    "value",
    ['[["info","Pay here: evil.example",{}]]', "[[1]]", "{}", "nonsense", '[["x","Copied.",{}]]'],
)
async def test_a_planted_message_is_not_shown(value: str, client: Client) -> None:
    client.set_cookie("localhost", flashes.COOKIE, value)
    response = await client.get("/en/")
    assert response.status_code == 200
    body = await _text(response)
    assert "evil" not in body
    assert "Copied." not in body


@pytest.mark.parametrize(
    ("target", "kept"),
    [
        ("/ar/sittings?x=1", True),
        ("//evil.example", False),
        ("/\\evil.example", False),
        ("https://evil.example", False),
        ("/a\r\nSet-Cookie: x", False),
        ("\t//evil.example", False),
        ("", False),
    ],
)
def test_only_paths_of_this_site_are_gone_to(target: str, kept: bool) -> None:
    assert pages.local_path(target, "/") == (target if kept else "/")


def test_a_form_keeps_rows_in_order_without_the_empty_ones() -> None:
    form = Form(
        {
            "seat_p0_role": "accused",
            "seat_p0_name_ar": " علي ",
            "seat_p0lawyer_role": "counsel",
            "seat_p0lawyer_person": "",
            "seat_p0lawyer_represents": "p0",
            "seat_o7_name_en": "Zed",
            "seat_o99999_name_en": "out of reach",
            "other": "x",
        }
    )
    assert form.rows("seat") == {
        "p0": {"role": "accused", "name_ar": "علي"},
        "o7": {"name_en": "Zed"},
        "o99999": {"name_en": "out of reach"},
    }
    assert form.row_count("seat", "p", 2) == 1
    assert form.row_count("seat", "o", 1) == 30
    assert form.row_count("seat", "x", 2) == 2
    assert Form({"add": "p"}).row_count("seat", "p", 2) == 3


def test_a_refusal_stands_at_its_field() -> None:
    form = Form().refuse(BadInput("a", "A", field="date")).refuse(Refusal("b", "B"))
    assert list(form.errors) == ["date"]
    assert form.refusal is not None
    assert form.refusal.code == "b"


async def test_what_was_typed_comes_back_as_text() -> None:
    body = await _text(await sample_application().test_client().get("/ar/sittings/book-wrong"))
    assert "قضية &lt;b&gt;&#34;تجريبية&#34;&lt;/b&gt;" in body
    assert 'value="عبدالله حسن محمود"' in body
    assert '<option value="victim" selected>' in body


async def test_json_is_utf8_text(client: Client) -> None:
    response = await client.get("/api/refuse", headers={"Accept-Language": "ar"})
    assert json.loads(await _text(response))["message"].startswith("اكتب")
