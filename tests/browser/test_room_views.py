"""Every view of the live room: what it says, who may do what, and that it is fit to use."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from settings import ROOT
from signaling import messages as m
from tests.browser.conftest import Sit
from tests.browser.room_pages import EXHIBITS, VIEWS, go_private, in_session

pytestmark = pytest.mark.browser

AXE = (ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text("utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def faults(page: Page) -> list[Any]:
    """What axe-core finds wrong."""
    page.evaluate(AXE)
    found = page.evaluate("tags => axe.run({runOnly: tags})", RULES)
    return [
        (item["id"], [node["target"] for node in item["nodes"]]) for item in found["violations"]
    ]


@pytest.mark.parametrize("name", VIEWS)
def test_every_view_is_accessible_and_fits(sit: Sit, name: str) -> None:
    prepare, seat, act = VIEWS[name]
    mock, visitors = sit(starts_in=600 if "lobby" in name else -120)
    prepare(mock)
    page = visitors.open(seat, language="en", width=1280)
    act(page)
    assert faults(page) == []
    _fits(page, 1280)
    page.evaluate("document.querySelector('.top-language').click()")  # also under a dialog
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_timeout(200)
    assert faults(page) == [], "Arabic, 390 px"
    _fits(page, 390)
    page.set_viewport_size({"width": 320, "height": 640})
    page.wait_for_timeout(200)
    _fits(page, 320)


def _fits(page: Page, width: int) -> None:
    """Nothing makes the page wider than the screen."""
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    out = page.evaluate(
        """() => [...document.querySelectorAll('#room button, #room h1, #room h2, #room p')]
        .filter((e) => e.checkVisibility() && !e.closest('.visually-hidden, .tabs, .toasts'))
        .map((e) => [e.outerHTML.slice(0, 120), e.getBoundingClientRect()])
        .filter(([_, r]) => r.left < -1 || r.right > innerWidth + 1)"""
    )
    assert out == [], f"{width} px"


def test_each_waits_alone_and_is_told_the_truth(sit: Sit) -> None:
    mock, visitors = sit(starts_in=1200)
    mock.arrive("clerk", "victim")
    page = visitors.open("counsel")
    expect(page.get_by_role("heading", level=2)).to_have_text("The sitting is on time")
    expect(page.locator("#room")).not_to_contain_text("Rashid")
    mock.command("clerk", m.Delay(minutes=30))
    expect(page.get_by_role("heading", level=2)).to_have_text("The sitting is delayed")
    expect(page.locator(".waiting")).to_contain_text("about 50 minutes")
    mock.command("clerk", m.Open())
    expect(page.get_by_role("heading", level=2)).to_have_text("The sitting is in session")


def test_a_witness_waits_out_of_hearing_in_a_room_of_their_own(sit: Sit) -> None:
    mock, visitors = sit()
    in_session(mock)
    page = visitors.open("witness")
    expect(page.locator(".waiting")).to_contain_text("called one by one")
    expect(page.locator(".tile")).to_have_count(0)


def test_admission_brings_the_hearing_to_the_page_and_back(sit: Sit) -> None:
    mock, visitors = sit()
    mock.arrive("judge", "clerk")
    mock.command("clerk", m.Open())
    page = visitors.open("counsel")
    mock.command("clerk", m.Admit(seats=["counsel"]))
    expect(page.locator(".tile")).to_have_count(3)
    expect(page.get_by_text("You are in the hearing.")).to_be_visible()
    mock.command("clerk", m.ToLobby(seats=["counsel"]))
    expect(page.locator(".view-lobby")).to_be_visible()


def test_a_clerk_runs_a_sitting_from_the_page(sit: Sit) -> None:
    mock, visitors = sit()
    mock.arrive("judge", "prosecutor", "counsel", "victim", "witness")
    page = visitors.open("clerk")
    page.get_by_role("button", name="Open the sitting").click()
    expect(page.locator(".top")).to_contain_text("Roll call")
    page.get_by_role("button", name="Admit all").click()
    expect(page.locator("#group-hearing")).to_contain_text("5")
    witness = page.locator('.seat[data-seat="witness"]')
    expect(witness.get_by_role("button", name="Call", exact=True)).to_be_visible()

    page.get_by_role("button", name="Roll call").click()
    page.get_by_role("group", name="Witness Fatima Ali").get_by_label("Absent").check()
    page.get_by_role("button", name="Write to the record").click()
    expect(page.locator("dialog")).to_be_hidden()
    assert mock.room.at("witness").roll == "absent"
    assert mock.room.at("prosecutor").roll == "present"

    page.get_by_role("button", name="Go on record").click()
    expect(page.locator(".rec")).to_contain_text("On record")
    expect(page.locator(".rec")).to_contain_text("last proven")
    prosecutor = page.locator('.seat[data-seat="prosecutor"]')
    floor = prosecutor.get_by_role("button", name="Give the floor")
    expect(floor).to_have_accessible_description("Ahmed Al Balooshi")
    floor.click()
    expect(prosecutor.get_by_role("button", name="End the floor")).to_be_visible()

    page.get_by_role("tab", name="Notes").click()
    page.get_by_label("Log note").fill("<b>Nobody</b> objects.")
    page.get_by_role("button", name="Add note").click()
    expect(page.locator(".note-list")).to_contain_text("<b>Nobody</b> objects.")

    page.get_by_role("button", name="Recess").click()
    page.get_by_label("Minutes").fill("20")
    page.get_by_role("button", name="Start the recess").click()
    expect(page.locator(".quiet")).to_contain_text("20 minutes left")
    page.get_by_role("button", name="Resume the sitting").click()
    expect(page.locator(".rec")).to_contain_text("Off record")

    page.locator(".hostbar").get_by_role("button", name="More").click()
    page.get_by_role("button", name="Adjourn").click()
    page.get_by_label("Continues at").fill("2027-01-10T09:30")
    page.get_by_label("Reason").fill("Documents are missing.")
    page.locator("dialog").get_by_role("button", name="Adjourn").click()
    expect(page.get_by_role("heading", name="The sitting is adjourned")).to_be_visible()
    expect(page.locator(".ended")).to_contain_text("Sunday, 10 January 2027")
    sent = mock.last("adjourn")
    assert sent is not None
    assert sent["to"] == "2027-01-10T05:30:00.000Z"


def test_identity_is_checked_with_name_digits_and_document(sit: Sit) -> None:
    mock, visitors = sit()
    mock.arrive("judge", "witness")
    page = visitors.open("clerk")
    page.get_by_role("button", name="Open the sitting").click()
    witness = page.locator('.seat[data-seat="witness"]')
    witness.get_by_role("button", name="Call", exact=True).click()
    refusal = page.locator('.toast[role="alert"]')
    expect(refusal).to_contain_text("Compare this person's face and document first")
    witness.get_by_role("button", name="Identity").click()
    dialog = page.locator("dialog")
    expect(dialog).to_contain_text("Fatima Ali")
    expect(dialog).to_contain_text("4821")
    dialog.get_by_label("Last four").fill("9999")
    dialog.get_by_label("match", exact=True).check()
    dialog.get_by_role("button", name="Write to the record").click()
    expect(dialog.get_by_role("alert")).to_be_visible()
    dialog.get_by_label("Last four").fill("4821")
    dialog.get_by_role("button", name="Write to the record").click()
    expect(dialog).to_be_hidden()
    witness.get_by_role("button", name="Call", exact=True).click()
    expect(page.locator("#group-hearing")).to_contain_text("3")


def test_who_waits_is_seen_while_the_identity_dialog_is_open(sit: Sit) -> None:
    mock, visitors = sit()
    witness, clerk = visitors.open("witness"), visitors.open("clerk")
    told = witness.get_by_text("The court's staff see your picture now")
    expect(told).to_have_count(0)
    seat = clerk.locator('.seat[data-seat="witness"]')
    seat.get_by_role("button", name="Identity").click()
    expect(told).to_be_visible()
    expect(clerk.locator("dialog video")).to_be_visible()
    clerk.wait_for_function("document.querySelector('dialog video').videoWidth > 0")
    clerk.get_by_role("button", name="Cancel").click()
    expect(told).to_have_count(0)
    last = mock.last("look")
    assert last is not None
    assert last["seat"] is None
    expect(witness.locator("#room")).to_have_attribute("data-place", "witness_room")


def test_what_is_greyed_says_why(sit: Sit) -> None:
    mock, visitors = sit()
    mock.arrive("counsel")
    page = visitors.open("clerk")
    page.get_by_role("button", name="Open the sitting").click()
    on_record = page.get_by_role("button", name="Go on record")
    expect(on_record).to_have_attribute("aria-disabled", "true")
    on_record.click(force=True)
    expect(page.get_by_text("The presiding judge and the clerk must both be in")).to_be_visible()
    assert mock.last("on_record") is None


def test_a_lost_record_cannot_be_missed(sit: Sit) -> None:
    mock, visitors = sit()
    in_session(mock)
    judge, victim = visitors.open("judge"), visitors.open("victim")
    mock.alarm()
    expect(judge.get_by_role("alert").first).to_contain_text("THE RECORD HAS STOPPED")
    expect(victim.get_by_role("alert").first).to_contain_text("The record has stopped")


def test_a_track_that_is_not_proven_is_named(sit: Sit) -> None:
    mock, visitors = sit()
    in_session(mock)
    judge = visitors.open("judge")
    mock.bad_tracks["accused", "microphone"] = "record.track_silent"
    alarm = judge.locator(".alarm")
    expect(alarm).to_contain_text("not proven")
    alarm.get_by_role("button").click()
    expect(judge.locator(".track-bad")).to_contain_text("Abdullah Hassan Mahmoud")


def test_the_accused_cannot_hear_and_the_bench_sees_it(sit: Sit) -> None:
    mock, visitors = sit()
    in_session(mock)
    room, judge = visitors.open("accused"), visitors.open("judge")
    button = room.get_by_role("button", name="I cannot hear")
    box = button.bounding_box()
    assert box is not None
    assert box["width"] > 150
    button.click()
    expect(judge.locator(".alarm")).to_contain_text("Abdullah Hassan Mahmoud cannot hear")
    room.get_by_role("button", name="I can hear again").click()
    expect(judge.locator(".alarm")).to_have_count(0)


def test_the_officer_attests_and_the_clerk_reads_it(sit: Sit) -> None:
    mock, visitors = sit()
    mock.arrive("judge")
    room, clerk = visitors.open("accused"), visitors.open("clerk")
    expect(clerk.locator('.seat[data-seat="accused"]')).to_contain_text("not attested yet")
    room.get_by_role("button", name="Attest").click()
    room.get_by_label("I have checked that this is the person named above").check()
    room.get_by_label("Restraints are off").check()
    room.get_by_label("Who else is in the room").fill("A second officer")
    room.get_by_role("button", name="State this to the court").click()
    seat = clerk.locator('.seat[data-seat="accused"]')
    expect(seat).to_contain_text("Officer attested")
    seat.locator(".attestation summary").click()
    expect(seat).to_contain_text("A second officer")
    expect(room.locator(".notice")).to_have_count(0)


def test_a_private_consultation_from_invitation_to_return(sit: Sit) -> None:
    mock, visitors = sit()
    in_session(mock)
    counsel, room = visitors.open("counsel"), visitors.open("accused")
    counsel.get_by_role("button", name="Private talk").click()
    expect(counsel.locator("dialog")).to_contain_text("Abdullah Hassan Mahmoud")
    expect(counsel.locator("dialog")).not_to_contain_text("Ahmed")
    counsel.get_by_role("button", name="Invite").click()
    room.get_by_role("button", name="Accept").click()
    out = room.get_by_role("button", name="I am out of earshot")
    expect(room.get_by_role("heading", name="Officer: step out of earshot")).to_be_visible()
    expect(counsel.locator(".private")).to_have_count(0)
    out.click()
    for page in (counsel, room):
        expect(page.locator(".private-banner")).to_contain_text(
            "Private. Nobody else hears this. Not recorded."
        )
        expect(page.locator(".tile")).to_have_count(2)
    counsel.wait_for_timeout(1200)  # so that a second of the hearing is missed
    counsel.get_by_role("button", name="Return to the sitting").click()
    notice = room.locator(".notice-missed")
    expect(notice).to_contain_text("you were in a private consultation")
    notice.get_by_role("button").click()
    expect(notice).to_have_count(0)


def test_the_bench_asks_a_private_room_back(sit: Sit) -> None:
    mock, visitors = sit()
    in_session(mock)
    go_private(mock)
    counsel, judge = visitors.open("counsel"), visitors.open("judge")
    judge.get_by_role("button", name="Ask them back").click()
    expect(counsel.locator(".private")).to_contain_text("asks you to come back")


def test_a_locked_microphone_says_so_and_stays_closed(sit: Sit) -> None:
    mock, visitors = sit()
    in_session(mock)
    page = visitors.open("victim")
    mock.command("clerk", m.Mute(seat="victim", lock=True))
    control = page.locator('[data-control="microphone"]')
    expect(control).to_have_text("Unmute")
    control.click(force=True)
    expect(page.get_by_text("The court has closed your microphone").first).to_be_visible()
    mock.command("clerk", m.Unlock(seat="victim"))
    expect(control).not_to_have_attribute("aria-disabled", "true")
    expect(control).to_have_text("Unmute")
    control.click()
    expect(control).to_have_text("Mute")


def test_the_screen_is_shared_by_leave_only(sit: Sit) -> None:
    mock, visitors = sit()
    in_session(mock)
    page = visitors.open("counsel")
    control = page.locator('[data-control="screen"]')
    control.click(force=True)
    expect(page.get_by_text("You need the court's leave").first).to_be_visible()
    mock.command("clerk", m.AllowScreen(seat="counsel", allowed=True))
    expect(control).not_to_have_attribute("aria-disabled", "true")


def test_removed_taken_over_left_and_refused_have_their_screens(sit: Sit) -> None:
    mock, visitors = sit()
    in_session(mock)
    victim, second = visitors.open("victim"), visitors.open("victim")
    expect(
        victim.get_by_role("heading", name="Your seat is open in another window")
    ).to_be_visible()
    expect(second.locator(".tile").first).to_be_visible()
    mock.command("clerk", m.Remove(seat="victim", reason="Shouting"))
    expect(second.get_by_role("heading", name="You were taken out of the sitting")).to_be_visible()
    counsel = visitors.open("counsel")
    counsel.locator('[data-control="leave"]').click()
    counsel.locator("dialog").get_by_role("button", name="Leave").click()
    expect(counsel.get_by_role("heading", name="You have left the sitting")).to_be_visible()


def test_names_of_any_content_stay_text(sit: Sit) -> None:
    mock, visitors = sit()
    in_session(mock)
    mock.command("clerk", m.Note(text="<img src=x onerror=alert(1)>"))
    page = visitors.open("clerk")
    page.get_by_role("tab", name="Notes").click()
    expect(page.locator(".note-list")).to_contain_text("<img src=x")
    expect(page.locator("#room img")).to_have_count(0)


def test_an_exhibit_is_shown_turned_ruled_on_and_taken_away(sit: Sit) -> None:
    mock, visitors = sit()
    in_session(mock)
    mock.room = mock.room.with_exhibits(EXHIBITS)
    judge, victim = visitors.open("judge"), visitors.open("victim", language="ar", width=390)
    judge.get_by_role("tab", name="Exhibits").click()
    contract = judge.locator(".exhibit", has_text="P-1")
    contract.get_by_role("button", name="Show").press("Enter")
    page = victim.locator(".exhibit-image")
    expect(page).to_be_visible()
    expect(page).to_have_attribute("src", "/api/sittings/a1b2c3d4e5f60718/exhibits/e1/pages/1")
    assert page.evaluate("e => e.decode().then(() => e.naturalWidth)") > 300
    judge.get_by_role("button", name="Next page").press("Enter")
    expect(page).to_have_attribute("src", "/api/sittings/a1b2c3d4e5f60718/exhibits/e1/pages/2")
    expect(victim.get_by_role("button", name="الصفحة التالية")).to_have_count(0)
    victim.get_by_role("button", name="تكبير").click()  # only on this page
    expect(judge.locator(".exhibit-wide")).to_have_count(0)
    contract.get_by_role("button", name="Admit in evidence").click()
    expect(contract).to_contain_text("Admitted")
    judge.locator(".exhibit", has_text="C-1").get_by_role("button", name="Show").click()
    expect(page).to_have_count(0)  # sealed: not for the victim
    expect(victim.locator("#room")).not_to_contain_text("Medical")
    judge.locator(".exhibit-stage").get_by_role("button", name="Take away").click()
    expect(judge.locator(".exhibit-stage")).to_have_count(0)
    assert ("e3", 1) in mock.pages
    assert ("e1", 3) not in mock.pages
