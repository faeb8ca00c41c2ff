"""The live room's page under real conditions: media, lost links, missing devices, keyboard."""

import re

import pytest
from playwright.sync_api import Page, expect

from errors import Forbidden
from signaling import messages as m
from tests.browser.conftest import Sit
from tests.browser.room_pages import in_session

pytestmark = pytest.mark.browser

FRAMES = """(seat) => {
  const video = document.querySelector(`.tile[data-seat="${seat}"] video`);
  return video === null ? 0 : video.getVideoPlaybackQuality().totalVideoFrames;
}"""


def moves(page: Page, seat: str) -> None:
    """The picture of `seat` on this page gets new frames."""
    before = page.evaluate(FRAMES, seat)
    for _ in range(200):
        page.wait_for_timeout(100)
        if page.evaluate(FRAMES, seat) > before + 5:
            return
    raise AssertionError(f"no new picture of {seat} in 20 s")


def test_pictures_and_sound_flow_both_ways(sit: Sit) -> None:
    mock, visitors = sit()
    judge, clerk = visitors.open("judge"), visitors.open("clerk")
    judge.get_by_role("button", name="Open the sitting").click()
    moves(clerk, "judge")
    moves(judge, "clerk")
    expect(clerk.locator('audio[data-seat="judge"]')).to_have_count(1)
    playing = clerk.evaluate("[...document.querySelectorAll('audio')].every((a) => !a.paused)")
    assert playing
    assert mock.media is not None


def test_own_volume_for_one_person(sit: Sit) -> None:
    _mock, visitors = sit()
    judge, clerk = visitors.open("judge"), visitors.open("clerk")
    judge.get_by_role("button", name="Open the sitting").click()
    sound = clerk.locator('audio[data-seat="judge"]')
    expect(sound).to_have_count(1)
    clerk.get_by_label("Volume of Judge Salem Al Dhaheri").fill("30")
    assert sound.evaluate("a => a.volume") == pytest.approx(0.3)


def test_muting_and_stopping_the_camera_reach_the_server_and_the_device(sit: Sit) -> None:
    mock, visitors = sit()
    mock.arrive("judge", "clerk")
    mock.command("clerk", m.Open())
    page = visitors.open("judge")
    page.locator('[data-control="microphone"]').click()
    expect(page.locator('[data-control="microphone"]')).to_have_text("Unmute")
    page.locator('[data-control="camera"]').click()
    expect(page.locator('[data-control="camera"]')).to_have_text("Start camera")
    page.wait_for_timeout(300)
    assert not mock.room.at("judge").microphone
    assert not mock.room.at("judge").camera
    page.locator('[data-control="camera"]').click()
    expect(page.locator('[data-control="camera"]')).to_have_text("Stop camera")


def test_a_lost_socket_is_shown_and_the_call_goes_on(sit: Sit) -> None:
    mock, visitors = sit()
    judge, _clerk = visitors.open("judge"), visitors.open("clerk")
    judge.get_by_role("button", name="Open the sitting").click()
    moves(judge, "clerk")
    mock.closed_to_sockets = True
    mock.drop("judge")
    notice = judge.locator(".notice-lost")
    expect(notice).to_contain_text("Sound and picture go on.")
    moves(judge, "clerk")
    mock.closed_to_sockets = False
    notice.get_by_role("button", name="Try now").click()
    expect(notice).to_have_count(0)
    hellos = mock.hellos["judge"]
    assert len(hellos) == 2
    assert hellos[0] == hellos[1]
    moves(judge, "clerk")
    publishes = [
        body for seat, body in mock.received if (seat, body["type"]) == ("judge", "publish")
    ]
    assert len(publishes) == 1, "the media connection outlives the socket"


def test_dead_media_comes_back_without_a_reload(sit: Sit) -> None:
    mock, visitors = sit()
    judge, clerk = visitors.open("judge"), visitors.open("clerk")
    judge.get_by_role("button", name="Open the sitting").click()
    moves(clerk, "judge")
    mock.forget_media("judge")
    judge.wait_for_timeout(500)
    moves(clerk, "judge")
    moves(judge, "clerk")
    publishes = [
        body for seat, body in mock.received if (seat, body["type"]) == ("judge", "publish")
    ]
    assert len(publishes) > 1


def test_the_language_changes_in_the_call(sit: Sit) -> None:
    _mock, visitors = sit()
    judge, clerk = visitors.open("judge"), visitors.open("clerk")
    judge.get_by_role("button", name="Open the sitting").click()
    moves(clerk, "judge")
    clerk.get_by_role("button", name="العربية").click()
    expect(clerk.locator("html")).to_have_attribute("dir", "rtl")
    expect(clerk.locator('.tile[data-seat="judge"]')).to_contain_text("رئيس الجلسة")
    expect(clerk.locator('.tile[data-seat="judge"]')).to_contain_text("القاضي سالم الظاهري")
    assert re.search("/ar/mock/room/clerk$", clerk.url)
    moves(clerk, "judge")
    panel, stage = clerk.locator(".side").bounding_box(), clerk.locator(".stage").bounding_box()
    assert panel is not None
    assert stage is not None
    assert panel["x"] < stage["x"], "the panel is at the left in Arabic"


def test_a_refused_ticket_says_why(sit: Sit) -> None:
    mock, visitors = sit()
    mock.tickets_refused = Forbidden(
        "seat.removed", "You were removed from the hearing. Only a host can let you back in."
    )
    page = visitors.open("counsel")
    expect(page.get_by_role("heading", name="You cannot enter this sitting")).to_be_visible()
    expect(page.locator(".ended")).to_contain_text("Only a host can let you back in.")


def test_a_denied_camera_is_explained_and_the_sitting_goes_on(sit: Sit) -> None:
    mock, visitors = sit()
    mock.arrive("judge", "clerk")
    mock.command("clerk", m.Open())
    deny = """navigator.mediaDevices.getUserMedia = async (wish) => {
      throw new DOMException("no", wish.video ? "NotAllowedError" : "NotFoundError");
    };"""
    page = visitors.open("judge", script=deny)
    notices = page.locator(".notices")
    expect(notices).to_contain_text("The browser may not use your camera")
    expect(notices).to_contain_text("No microphone was found")
    expect(page.locator(".tile")).to_have_count(2)
    notices.get_by_role("button", name="Go on without").first.click()
    expect(notices).not_to_contain_text("No microphone was found")


def test_a_busy_camera_is_opened_by_trying_again(sit: Sit) -> None:
    _mock, visitors = sit()
    busy = """const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    window.busy = true;
    navigator.mediaDevices.getUserMedia = async (wish) => {
      if (window.busy && wish.video) throw new DOMException("in use", "NotReadableError");
      return real(wish);
    };"""
    page = visitors.open("counsel", script=busy)
    notice = page.locator(".notice", has_text="Another program is using your camera")
    page.evaluate("window.busy = false")
    notice.get_by_role("button", name="Try again").click()
    expect(notice).to_have_count(0)
    expect(page.locator('[data-control="camera"]')).to_have_text("Stop camera")


def test_a_browser_that_cannot_take_part_is_told_so(sit: Sit) -> None:
    _mock, visitors = sit()
    page = visitors.open("counsel", script="delete window.RTCPeerConnection;", wait=False)
    expect(page.get_by_role("heading", name="This browser cannot take part")).to_be_visible()


def test_everything_is_reached_by_keyboard_and_focus_is_seen(sit: Sit) -> None:
    mock, visitors = sit()
    in_session(mock)
    page = visitors.open("clerk")
    seen: list[str] = []
    for _ in range(70):
        page.keyboard.press("Tab")
        stop = page.evaluate(
            """() => {
              const e = document.activeElement;
              const r = e.getBoundingClientRect();
              const s = getComputedStyle(e);
              return { name: e.dataset.control || e.id || e.textContent.trim().slice(0, 24),
                outline: parseFloat(s.outlineWidth), style: s.outlineStyle, w: r.width, h: r.height,
                body: e === document.body };
            }"""
        )
        if stop["body"]:
            break
        seen.append(stop["name"])
        assert stop["style"] != "none", stop
        assert stop["outline"] >= 2, stop
        assert stop["w"] >= 24, stop
        assert stop["h"] >= 24, stop
    for name in ("Roll call", "Go off record", "More", "tab-people", "microphone", "leave"):
        assert name in seen, seen
    tab = page.locator("#tab-people")
    tab.focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#tab-agenda")).to_be_focused()
    expect(page.locator("#tab-agenda")).to_have_attribute("aria-selected", "true")


def test_dialogs_and_menus_close_with_escape_and_give_focus_back(sit: Sit) -> None:
    mock, visitors = sit()
    in_session(mock)
    page = visitors.open("clerk")
    opener = page.get_by_role("button", name="Recess")
    opener.focus()
    page.keyboard.press("Enter")
    expect(page.locator("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_be_hidden()
    expect(opener).to_be_focused()
    more = page.locator(".hostbar").get_by_role("button", name="More")
    more.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".hostbar .menu-sheet")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".hostbar .menu-sheet")).to_have_count(0)
    expect(more).to_be_focused()


def test_a_phone_shows_speaker_judge_and_accused_without_scrolling(sit: Sit) -> None:
    mock, visitors = sit()
    in_session(mock)
    page = visitors.open("victim", width=390)
    mock.speak("prosecutor")
    expect(page.locator('.tile-large[data-role="prosecutor"]')).to_be_visible()
    for role in ("presiding_judge", "accused"):
        expect(page.locator(f'.tile[data-role="{role}"]')).to_be_in_viewport(ratio=1)
    bar = page.locator(".controls").bounding_box()
    assert bar is not None
    assert bar["height"] < 90, "one row"
    page.locator('[data-control="more"]').click()
    expect(page.locator('[data-control="leave"]')).to_be_visible()


def test_the_picture_follows_a_steady_voice(sit: Sit) -> None:
    mock, visitors = sit()
    in_session(mock)
    page = visitors.open("victim", width=390)
    page.locator('[data-control="microphone"]').click()  # else the fake one beeps in between
    expect(page.locator('[data-control="microphone"]')).to_have_text("Unmute")
    page.wait_for_timeout(1000)
    mock.speak("judge")
    expect(page.locator('.tile-large[data-role="presiding_judge"]')).to_be_visible()
    expect(page.locator('.tile-speaking[data-role="presiding_judge"]')).to_be_visible()
    mock.speak("accused")
    expect(page.locator('.tile-large[data-role="presiding_judge"]')).to_be_visible()
    page.wait_for_timeout(1000)
    mock.speak("accused")
    expect(page.locator('.tile-large[data-role="accused"]')).to_be_visible()
