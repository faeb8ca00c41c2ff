"""A real hearing with Firefox ESR among Chromium: everybody sees and hears everybody, and the
recording of all decodes."""

import asyncio
import json
import zipfile
from io import StringIO
from itertools import pairwise
from pathlib import Path

import pytest
from aioice.ice import get_host_addresses
from rich.console import Console

from auth.demo import PASSWORD
from tests.support import firefox
from tests.support.firefox import FirefoxPage
from tools.demo import evidence, hearing
from tools.demo.hearing import Hearing

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

CHROMIUM = {"judge": "judge", "clerk": "clerk", "accused": "officer"}


async def test_firefox_takes_part_and_is_recorded(tmp_path: Path) -> None:
    # Firefox takes a loopback candidate only on a machine that has no other address.
    hosts = ",".join([*get_host_addresses(use_ipv4=True, use_ipv6=False), "127.0.0.1"])
    async with (
        hearing.prepared(tmp_path, Console(file=StringIO()), MAHDAR_MEDIA_HOSTS=hosts) as held,
        firefox.running() as fox,
    ):
        await hearing.book(held)
        counsel = await _enter(await fox.open(), held)
        await _shows_signs_of_life(counsel)
        await held.people["clerk"].enter(held.sitting)
        for role in ("judge", "accused"):
            person = await held.person(role, CHROMIUM[role])
            await person.enter(held.sitting)
        await _admit_all(held)
        await counsel.until("document.querySelector('#room').dataset.place === 'hearing'")

        for role in CHROMIUM:
            await _plays(held, role)
        await counsel.until(RECEIVES)
        made = await counsel.run("window.peers.length")
        await held.people["judge"].press("Go on record")
        for role in ("judge", "clerk"):
            await held.people[role].phase_is("on_record")
        await asyncio.sleep(6)
        assert await counsel.run("window.peers.length") == made, "a good connection was replaced"
        await hearing.adjourn(held)
        bundle = tmp_path / "bundle.zip"
        await evidence.export(held.server, held.sitting, bundle)
    recording, verification = await asyncio.to_thread(evidence.examine, bundle)
    assert verification["ok"], verification
    with zipfile.ZipFile(bundle) as archive:
        names = archive.namelist()
    assert recording["frames_decoded"] > 0
    tracks = {name.split("/")[1] for name in names if name.startswith("media/")}
    assert len(tracks) >= 8, f"sound and picture of four people: {tracks}"


async def _enter(page: FirefoxPage, held: Hearing) -> FirefoxPage:
    """Counsel signs in and comes to the lobby."""
    await page.preload(KEEP_PEERS)
    await page.goto(f"{held.server.address}/en/login")
    await page.run(
        f"""(() => {{
          document.querySelector("input[name=username]").value = "lawyer";
          document.querySelector("input[name=password]").value = {PASSWORD!r};
          document.querySelector("main form button[type=submit]").click();
        }})()"""
    )
    await page.until("location.pathname.endsWith('/sittings')")
    await page.goto(f"{held.server.address}/en/sittings/{held.sitting}/room")
    await page.until("document.querySelector('#room')?.dataset.place === 'lobby'")
    return page


async def _shows_signs_of_life(page: FirefoxPage) -> None:
    """Where nothing flows yet something comes every second: a cut is noticed in 3 s."""
    await page.until("window.peers.every((peer) => peer.connectionState === 'connected')")
    heard = [json.loads(await page.run(HEARD))]
    for _ in range(3):
        await asyncio.sleep(1.5)
        heard.append(json.loads(await page.run(HEARD)))
    assert all(len(item) == 2 for item in heard)
    assert all(
        before < after for line in zip(*heard, strict=True) for before, after in pairwise(line)
    )


async def _admit_all(held: Hearing) -> None:
    people = held.people
    await people["accused"].press("Attest")
    dialog = people["accused"].page.locator("dialog[open]")
    await dialog.locator("[name=identity]").check()
    await dialog.locator("[name=restraints_off]").check()
    await people["accused"].confirm("State this to the court", others="one officer")
    await people["judge"].press("Open the sitting")
    await people["clerk"].phase_is("roll_call")
    await people["clerk"].press("Admit all")
    await people["accused"].place_is("hearing")


async def _plays(held: Hearing, role: str) -> None:
    page = held.people[role].page
    for _ in range(300):
        if await page.evaluate(PLAYS.format(count=3)):
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"{role} does not see and hear three others")


PLAYS = """(() => {{
  const pictures = [...document.querySelectorAll('.stage .tile-camera')].filter((tile) =>
    !tile.textContent.includes('(you)')
    && tile.querySelector('video')?.getVideoPlaybackQuality().totalVideoFrames > 10);
  return pictures.length >= {count};
}})()"""

KEEP_PEERS = """() => {
  const Real = window.RTCPeerConnection;
  window.peers = [];
  window.RTCPeerConnection = function (...args) {
    const made = new Real(...args);
    window.peers.push(made);
    return made;
  };
  window.RTCPeerConnection.prototype = Real.prototype;
}"""

HEARD = """(async () => {
  const found = [];
  for (const peer of window.peers) {
    let bytes = 0;
    for (const report of (await peer.getStats()).values()) {
      if (report.type === 'candidate-pair' && report.nominated) bytes += report.bytesReceived;
    }
    found.push(bytes);
  }
  return JSON.stringify(found);
})()"""

RECEIVES = """(async () => {
  let heard = 0, seen = 0;  // headless Firefox decodes, and shows nothing
  for (const peer of window.peers) {
    for (const report of (await peer.getStats()).values()) {
      if (report.type !== 'inbound-rtp') continue;
      if (report.kind === 'audio' && report.packetsReceived > 50) heard++;
      if (report.kind === 'video' && report.framesDecoded > 10) seen++;
    }
  }
  return heard >= 3 && seen >= 3;
})()"""
