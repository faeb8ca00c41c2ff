"""A telephone in the hearing: a call takes the microphone, the screen locks, the camera turns."""

import pytest
from playwright.sync_api import Page, expect

from signaling import messages as m
from tests.browser.conftest import Sit

pytestmark = pytest.mark.browser

PHONE = """(() => {
  window.taken = false;
  window.locks = { held: 0, asked: 0 };
  window.wishes = [];
  const devices = navigator.mediaDevices;
  const open = devices.getUserMedia.bind(devices);
  devices.getUserMedia = async (wish) => {
    window.wishes.push(wish);
    const stream = await open({ audio: !!wish.audio, video: !!wish.video });
    for (const track of stream.getTracks()) {
      if (track.kind === "audio") {
        Object.defineProperty(track, "muted", { get: () => window.taken });
        window.microphone = track;
      } else {
        const facing = wish.video.facingMode?.ideal ?? "user";
        track.getSettings = () => ({ facingMode: facing });
      }
    }
    return stream;
  };
  const list = devices.enumerateDevices.bind(devices);
  devices.enumerateDevices = async () => {
    const found = await list();
    const [camera] = found.filter((one) => one.kind === "videoinput");
    const group = camera?.groupId;
    return [...found, { kind: "videoinput", deviceId: "back", label: "Back", groupId: group }];
  };
  Object.defineProperty(navigator, "wakeLock", { value: { request: async () => {
    window.locks.asked++;
    window.locks.held++;
    const acts = [];
    window.dropLock = () => { window.locks.held--; acts.forEach((act) => act()); };
    return { release: async () => window.dropLock(), addEventListener: (_, act) => acts.push(act) };
  } } });
  const media = window.matchMedia.bind(window);
  window.matchMedia = (text) => (text === "(hover: none)" ? { matches: true } : media(text));
})();"""


def call(page: Page, taken: bool) -> None:
    """A telephone call begins or ends: the browser mutes the track and says so once."""
    page.evaluate(
        """(taken) => {
          window.taken = taken;
          window.microphone.dispatchEvent(new Event(taken ? 'mute' : 'unmute'));
        }""",
        taken,
    )


def test_a_call_takes_the_microphone_and_a_tap_brings_it_back(sit: Sit) -> None:
    mock, visitors = sit()
    mock.arrive("judge", "clerk")
    mock.command("clerk", m.Open())
    page = visitors.open("judge", width=390, script=PHONE)
    expect(page.locator('[data-control="microphone"]')).to_have_text("Mute")
    call(page, taken=True)
    notice = page.locator(".notice", has_text="Nobody hears you")
    expect(notice).to_be_visible(timeout=15_000)
    page.evaluate("window.taken = false")
    notice.get_by_role("button", name="Tap to resume").click()
    expect(notice).to_have_count(0)
    expect(page.locator('[data-control="microphone"]')).to_have_text("Mute")

    assert page.evaluate("window.locks.held") == 1
    page.evaluate("window.dropLock()")  # as the browser does behind a lock screen
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_timeout(100)
    assert page.evaluate("window.locks") == {"held": 1, "asked": 2}


def test_the_camera_turns(sit: Sit) -> None:
    mock, visitors = sit()
    mock.arrive("judge", "clerk")
    mock.command("clerk", m.Open())
    page = visitors.open("judge", width=390, script=PHONE)
    mine = page.locator(".tile", has_text="(you)").locator("video")
    expect(mine).to_have_class("mirrored")
    for side in ("environment", "user"):
        page.locator('[data-control="more"]').click()
        page.locator('[data-control="turn-camera"]').click()
        turned = f'(window.wishes.at(-1).video.facingMode ?? {{}}).ideal === "{side}"'
        for _ in range(50):
            if page.evaluate(turned):
                break
            page.wait_for_timeout(100)
        assert page.evaluate(turned)
        expect(mine).to_have_class("" if side == "environment" else "mirrored")
