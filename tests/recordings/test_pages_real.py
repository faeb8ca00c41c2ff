"""Records in a real browser: custody, the bundle from asking to checking, the auditor's screen, and
a transcript from the request to its files."""

import asyncio
import contextlib
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from docx import Document
from hypercorn.asyncio import serve
from hypercorn.config import Config
from playwright.async_api import Page, async_playwright

import app
from auth.demo import PASSWORD
from recordings.transcripts import webvtt
from tests.recordings import test_playback as base
from tests.recordings.test_playback import World, record
from tools.chromium import QUIET, executable
from tools.demo.server import free_port

pytestmark = pytest.mark.browser
world = base.world
ORDER = "order 7/2026"


@pytest.fixture
async def address(world: World) -> AsyncIterator[str]:
    """The house of the test behind the real web server, and what makes its copies."""
    quart = app.create_app(world.house)
    # The fixture `world` has opened what this test needs.
    quart.before_serving_funcs.remove(world.house.start)
    quart.after_serving_funcs.remove(world.house.stop)
    config, stop = Config(), asyncio.Event()
    config.bind = [f"127.0.0.1:{free_port()}"]
    config.accesslog = None
    serving = asyncio.create_task(serve(quart, config, shutdown_trigger=stop.wait))
    making = asyncio.create_task(world.house.works.run())
    port = config.bind[0].rpartition(":")[2]
    async with asyncio.timeout(30):
        while True:
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", int(port))
                writer.close()
                break
            await asyncio.sleep(0.05)
    yield f"http://localhost:{port}"
    making.cancel()
    stop.set()
    await asyncio.gather(serving, making, return_exceptions=True)


async def sign_in(page: Page, address: str, name: str) -> None:
    await page.goto(f"{address}/en/login")
    await page.fill("input[name=username]", name)
    await page.fill("input[name=password]", PASSWORD)
    await page.click("button[type=submit]:has-text('Sign in')")
    await page.wait_for_url(lambda url: "login" not in url)


async def test_from_the_order_to_the_checked_bundle(
    world: World, address: str, tmp_path: Path
) -> None:
    sitting = world.sittings["criminal_hearing"]
    await record(world, sitting)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable(), args=list(QUIET))
        page = await browser.new_page(accept_downloads=True)
        page.set_default_timeout(60_000)
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        await sign_in(page, address, "judge")

        await page.goto(f"{address}/en/sittings/{sitting.id}/custody")
        await page.click("summary:has-text('Enter an order')")
        await page.fill("input[name=reference]", ORDER)
        await page.fill("input[name=authority]", "Court of appeal")
        for use in ("view", "copy"):
            await page.check(f"#use-{use}")
        await page.click("button:has-text('Enter the order')")
        await page.wait_for_selector(f"article:has-text('{ORDER}')")

        await page.goto(f"{address}/en/sittings/{sitting.id}/recording/works")
        await page.select_option("select[name=kind]", "bundle")
        await page.fill("input[name=order]", ORDER)
        await page.click("button:has-text('Have it made')")
        await page.wait_for_selector("[data-state=made]")  # the page looks by itself
        async with page.expect_download() as downloading:
            await page.click("button:has-text('Download')")
            await page.fill("dialog.confirm input[type=password]", PASSWORD)
            await page.click("dialog.confirm button[type=submit]")
        bundle = tmp_path / "bundle.zip"
        await (await downloading.value).save_as(bundle)

        assert await verdict(page, address, bundle) in ("holds", "open")
        assert "Confidential" in await page.inner_text("#result")
        data = bytearray(bundle.read_bytes())
        data[len(data) // 2] ^= 1
        bundle.write_bytes(data)
        assert await verdict(page, address, bundle) == "fails"

        await page.context.clear_cookies()
        await sign_in(page, address, "admin")
        await page.goto(f"{address}/en/admin/audit")
        await page.click("button:has-text('Verify the whole log now')")
        await page.wait_for_selector("#verification [data-step]")
        broken = await page.locator("#verification [data-ok=no]").count()
        assert (broken, errors) == (0, [])
        await browser.close()


async def test_a_transcript_is_typed_against_the_player(
    world: World, address: str, tmp_path: Path
) -> None:
    """From the request to the certified files, as lawyer (English), judge and clerk (Arabic)."""
    sitting = world.sittings["criminal_hearing"]
    await record(world, sitting)
    errors: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable(), args=list(QUIET))

        async def entered(name: str) -> Page:
            page = await (await browser.new_context(accept_downloads=True)).new_page()
            page.set_default_timeout(60_000)
            page.on("pageerror", lambda error: errors.append(str(error)))
            await sign_in(page, address, name)
            return page

        lawyer, judge, clerk = [await entered(name) for name in ("lawyer", "judge", "clerk")]
        listed = f"/sittings/{sitting.id}/transcripts"
        await lawyer.goto(f"{address}/en{listed}")
        await lawyer.fill("textarea[name=reason]", "For the appeal")
        await lawyer.select_option("select[name=language]", "ar")
        await lawyer.click("button:has-text('Ask for it')")
        await lawyer.wait_for_selector("article:has-text('For the appeal')")

        await judge.goto(f"{address}/ar{listed}")
        await judge.click("article a")
        await judge.click("form[action$='/authorise'] button")
        await clerk.goto(f"{address}/ar{listed}")
        await clerk.click("article a")
        await clerk.select_option("select[name=typist]", world.people["clerk"].id)
        await clerk.click("form[action$='/assign'] button")

        await clerk.fill("input[name=order]", ORDER)
        await clerk.click("form[action*='/listen'] button")
        await clerk.click("details:has(#file) summary")
        machine = tmp_path / "machine.vtt"
        machine.write_text(
            "WEBVTT\n\n00:00.500 --> 00:01.250\n<v Salem>القضية رقم 5\n\n"
            "00:01.250 --> 00:02.000\nsecond line\n",
            encoding="utf-8",
        )
        await clerk.set_input_files("#file", machine)
        await clerk.click("form[action*='/import'] button[type=submit]")
        await clerk.wait_for_selector("[data-machine] >> text=مسودة آلية")
        await clerk.wait_for_selector("#player input.seek")  # it is still beside the draft
        assert await clerk.locator("form[data-asks-first]").count() == 0
        assert "مسودة آلية" in (await downloaded(clerk, "vtt", tmp_path)).read_text("utf-8")

        heard = """() => document.getElementById("player").addEventListener("player-at",
            (event) => { document.body.dataset.at = event.detail.ms; })"""
        await clerk.evaluate(heard)
        await clerk.click(".said >> nth=1 >> .said-time")  # click a line: the player is there
        await clerk.wait_for_function("Number(document.body.dataset.at) === 1250")
        await clerk.fill(".said >> nth=1 >> textarea", "السطر الثاني كما سُمع")
        await clerk.click(".said-check >> nth=0")
        async with clerk.expect_response(lambda one: one.request.method == "PUT"):
            await clerk.click(".said-check >> nth=0")
        await clerk.wait_for_selector("[data-machine]", state="hidden")

        await judge.reload()
        await judge.click("form[action$='/approve'] button")
        await judge.click("form[data-asks-first] button")  # the demo's sessions are sure enough
        await judge.wait_for_selector("text=مصدَّق")
        files = {one: await downloaded(judge, one, tmp_path) for one in ("vtt", "docx", "pdf")}
        assert errors == []
        await browser.close()
    vtt = files["vtt"].read_text("utf-8")
    assert [line.text for line in webvtt.parse(vtt.encode())][1] == "السطر الثاني كما سُمع"
    word = "\n".join(one.text for one in Document(str(files["docx"])).paragraphs)
    told = subprocess.run(["pdftotext", str(files["pdf"]), "-"], capture_output=True, check=True)
    for text in (vtt, word, told.stdout.decode()):
        assert "القضية" in text
        assert "مسودة آلية" not in text, "a certified one says nothing of a machine"


async def downloaded(page: Page, ending: str, folder: Path) -> Path:
    """A file of the transcript, as its reader takes it."""
    path = folder / f"transcript.{ending}"
    async with page.expect_download() as downloading:
        await page.click(f"a[href$='file.{ending}']")
    await (await downloading.value).save_as(path)
    return path


async def verdict(page: Page, address: str, file: Path) -> str:
    """Check a file as anybody does, with verify.js sending it."""
    await page.goto(f"{address}/en/verify")
    await page.set_input_files("#file", file)
    await page.click("button:has-text('Check the file')")
    found = page.locator("[data-verdict]")
    await found.wait_for()
    return str(await found.get_attribute("data-verdict"))
