"""An old phone becomes a camera: by a QR code, a code that is typed, an activation code; refused, too late, and taken away again."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import expect

from browser import wait_until
from identity import PASSWORD, real_hub, setup_secret
from pairing import Desk, Phone, pair, scan
from looks import check_looks, looks


@pytest.fixture
def desk(hub, viewer_browser):
    return Desk(viewer_browser, hub)


@pytest.fixture
def phone(viewer_browser):
    """Without a camera: all that comes before it."""
    return Phone(viewer_browser)


def take_over(page, hub) -> None:
    """By the link that a new hub prints."""
    page.goto(f"{hub.url}/#/setup/{setup_secret(hub)}")
    page.get_by_label("E-mail").fill("owner@example.org")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Make it mine").click()


def test_a_phone_is_armed_within_five_taps(tmp_path, camera_browser, viewer_browser):
    begun = time.monotonic()
    hub = real_hub(tmp_path / "fresh")
    try:
        up = time.monotonic()
        desk, phone = Desk(viewer_browser, hub, get_in=lambda page: take_over(page, hub)), Phone(camera_browser)
        link, code = desk.show_code()
        assert re.fullmatch(r"[A-HJ-KM-NP-Z2-9]{4}-[A-HJ-KM-NP-Z2-9]{4}", code)
        phone.open(link)
        # The secret is neither in sight nor in the history.
        expect(phone.page).to_have_url(re.compile(r"#/pair-phone$"))
        word = phone.ask()
        assert re.fullmatch(r"\d\d", word)
        desk.let_in(word)
        expect(desk.page.get_by_text("Waiting for its first picture")).to_be_visible()
        phone.start()
        armed = time.monotonic()
        print(f"\nhub started → armed: {armed - up:.1f} s ({armed - begun:.1f} s with the start), {phone.taps} taps on the phone")
        assert phone.taps <= 5
        # Both devices say so.
        expect(desk.page.get_by_role("heading", name="“Hall” is watching")).to_be_visible()
        expect(phone.page.get_by_role("heading", name="Hall is watching")).to_be_visible()
        desk.page.get_by_role("link", name="Its settings").click()
        expect(desk.page.get_by_role("heading", name="Camera: Hall")).to_be_visible()
        # It streams with its own token: nobody is signed in there.
        assert phone.page.evaluate("localStorage.getItem('pingwatch.session')") is None
        desk.page.goto(f"{hub.url}/#/")
        desk.page.get_by_role("button", name="Live: Hall").click()
        expect(desk.page.locator("pw-live-tile")).to_have_attribute("data-live", "playing", timeout=20_000)
        # After a reload it is that camera still, and one tap away.
        phone.page.reload()
        expect(phone.page.get_by_role("heading", name="“Hall” is ready")).to_be_visible()
        phone.start()
        assert desk.errors == [] and phone.errors == []
    finally:
        hub.stop()


def test_a_code_is_typed_on_a_phone_that_cannot_scan(hub, desk, phone):
    _, code = desk.show_code()
    phone.open(f"{hub.url}/#/pair-phone")
    field = phone.page.get_by_label("Code")
    field.fill("ABCD")
    phone.tap("Ask to join")
    expect(phone.page.get_by_text("A code has eight letters and digits")).to_be_visible()
    wrong = "2222-2222" if code != "2222-2222" else "3333-3333"
    field.fill(wrong)
    phone.tap("Ask to join")
    expect(phone.page.get_by_text("not valid any more, or was typed wrongly")).to_be_visible()
    expect(field).to_be_focused()
    field.fill("")
    field.press_sequentially(code.replace("-", "").lower())
    expect(field).to_have_value(code)
    phone.page.get_by_role("button", name="Garage").tap()
    phone.tap("Ask to join")
    expect(phone.page.get_by_role("heading", name="Now on the other device")).to_be_visible()
    desk.let_in(phone.page.locator(".pair-word").inner_text(), "Garage")
    expect(phone.page.get_by_role("heading", name="“Garage” is ready")).to_be_visible()


def test_a_phone_that_is_refused_is_told_so_and_is_no_camera(hub, desk, phone):
    link, _ = desk.show_code()
    phone.open(link).ask()
    desk.page.get_by_role("button", name="Refuse").click()
    expect(desk.page.get_by_role("heading", name="The phone was refused")).to_be_visible()
    expect(phone.page.get_by_role("heading", name="The other device refused")).to_be_visible()
    assert "device_token" not in (phone.page.evaluate("localStorage.getItem('pingwatch.device')") or "")
    assert hub.call("GET", "/devices", token=hub.sign_in())[1] == []
    # Another code, and it is let in.
    desk.page.get_by_role("button", name="Make a new code").click()
    expect(desk.page.locator("[data-code]")).to_be_visible()
    phone.tap("Type another code")
    phone.page.get_by_label("Code").fill(desk.page.locator("[data-code]").get_attribute("data-code"))
    desk.let_in(phone.ask())
    expect(phone.page.get_by_role("heading", name="“Hall” is ready")).to_be_visible()


def test_a_code_that_was_used_is_of_no_use_to_another_phone(hub, desk, phone, viewer_browser):
    link, _ = desk.show_code()
    desk.let_in(phone.open(link).ask())
    other = Phone(viewer_browser).open(link)
    other.tap("Ask to join")
    expect(other.page.get_by_role("heading", name="This code is not valid any more")).to_be_visible()


def test_a_code_that_nobody_used_expires_in_sight_and_is_replaced_by_one_button(desk):
    desk.page.clock.install()
    desk.page.reload()
    _, code = desk.show_code()
    desk.page.clock.run_for(61_000)
    expect(desk.page.get_by_text(re.compile("works for another 3:5"))).to_be_visible()
    desk.page.clock.run_for(240_000)
    expect(desk.page.get_by_role("heading", name="This code has expired")).to_be_visible()
    desk.page.get_by_role("button", name="Make a new code").click()
    expect(desk.page.locator("[data-code]")).not_to_have_attribute("data-code", code)


def test_a_phone_goes_on_waiting_after_a_reload_and_through_a_break_of_the_hub(hub, desk, phone):
    link, _ = desk.show_code()
    phone.open(link)
    phone.page.reload()
    word = phone.ask()
    phone.page.reload()
    expect(phone.page.locator(".pair-word")).to_have_text(word)
    hub.stop()
    expect(phone.page.get_by_text("The hub is away; trying again.")).to_be_visible()
    hub.start()
    expect(phone.page.get_by_text("Waiting…")).to_be_visible(timeout=20_000)
    desk.let_in(word)
    expect(phone.page.get_by_role("heading", name="“Hall” is ready")).to_be_visible()


def test_one_activation_code_for_one_phone_makes_one_camera_of_two_that_ask_at_once(hub, desk, viewer_browser):
    page = desk.go("/keys", "Keys and codes")
    desk.unfold("Make a code")
    page.get_by_label("What it is for").last.fill("The shop")
    page.get_by_label("For how many phones").fill("1")
    page.get_by_role("button", name="Make a code").click()
    made = page.locator("[data-made=code]")
    link = made.locator("code").nth(1).inner_text()
    assert scan(made.get_by_role("img", name="QR code that makes a phone a camera")) == link
    phones = [Phone(viewer_browser).open(link) for _ in range(2)]
    for phone in phones:
        expect(phone.page).to_have_url(re.compile(r"#/activate$"))
        expect(phone.page.get_by_label("Name of the camera")).to_have_value("Hall")
    # Both leave before either's answer is waited for.
    for phone in phones:
        phone.tap("Become a camera")
    refused = [phone for phone in phones if settled(phone) == "refused"]
    assert len(refused) == 1
    expect(refused[0].page.get_by_text("is used up")).to_be_visible()
    assert len(hub.call("GET", "/devices", token=hub.sign_in())[1]) == 1
    page.reload()
    row = page.get_by_role("list").filter(has=page.get_by_role("heading", name="The shop")).locator("> li")
    expect(row.get_by_text("Used up")).to_be_visible()
    desk.unfold("Who used it", row)
    expect(row.get_by_text("Hall")).to_be_visible()


def settled(phone: Phone) -> str:
    ready = phone.page.get_by_role("heading", name="“Hall” is ready")
    refused = phone.page.get_by_text("This activation code is not valid")
    expect(ready.or_(refused)).to_be_visible()
    return "ready" if ready.is_visible() else "refused"


def test_a_camera_whose_access_is_taken_away_stops_within_a_second_and_says_so(hub, desk, camera_browser):
    phone = Phone(camera_browser)
    pair(desk, phone)
    phone.start()
    desk.page.goto(f"{hub.url}/#/")
    desk.page.get_by_role("button", name="Live: Hall").click()
    tile = desk.page.locator("pw-live-tile")
    expect(tile).to_have_attribute("data-live", "playing", timeout=20_000)
    manager = desk.context.new_page()
    manager.goto(f"{hub.url}/#/devices")
    manager.get_by_text("Access of this camera").click()
    manager.get_by_role("button", name="Take its access away").click()
    # As the pages see it: how long it takes to press, and to look, is of the test.
    manager.evaluate("() => addEventListener('click', () => { window.pressedAt = Date.now(); }, true)")
    tile.evaluate("""tile => new MutationObserver(() => {
        if (tile.dataset.live !== "playing") window.endedAt ??= Date.now();
    }).observe(tile, { attributeFilter: ["data-live"] })""")
    phone.camera.evaluate("""camera => new MutationObserver(() => {
        if (camera.dataset.state === "error") window.stoppedAt ??= Date.now();
    }).observe(camera, { attributeFilter: ["data-state"] })""")
    assert tile.get_attribute("data-live") == "playing"
    desk.page.evaluate("window.endedAt = undefined")
    manager.get_by_role("button", name="Yes, take it away").click()
    wait_until(desk.page, lambda: desk.page.evaluate("window.endedAt"))
    wait_until(phone.page, lambda: phone.page.evaluate("window.stoppedAt"))
    pressed = manager.evaluate("window.pressedAt")
    ended, stopped = desk.page.evaluate("window.endedAt") - pressed, phone.page.evaluate("window.stoppedAt") - pressed
    print(f"\naccess taken away → nothing is seen any more: {ended} ms; the phone has stopped and says so: {stopped} ms")
    assert 0 <= ended < 1000 and 0 <= stopped < 1000
    expect(phone.page.get_by_text("Pair it again from your other device")).to_be_visible()
    # Not after a reload either, until it is paired again.
    phone.page.reload()
    expect(phone.page.get_by_role("button", name="Stop watching")).to_be_hidden()


def test_pairing_has_no_axe_violations(hub, viewer_browser):
    desk = Desk(viewer_browser, hub)
    phone = Phone(viewer_browser)
    link, _ = desk.show_code()
    check_looks(desk.page, "pair")
    for look in looks(desk.page):
        assert scan(desk.page.get_by_role("img", name="QR code that opens this hub on the phone")) == link, look
    phone.open(link)
    expect(phone.page.get_by_role("button", name="Ask to join")).to_be_visible()
    check_looks(phone.page, "pair-phone")
    word = phone.ask()
    check_looks(phone.page, "pair-phone-waiting")
    expect(desk.page.get_by_role("button", name="Let it in")).to_be_visible()
    check_looks(desk.page, "pair-asked")
    desk.let_in(word)
    check_looks(desk.page, "pair-joined")
    expect(phone.page.get_by_role("heading", name="“Hall” is ready")).to_be_visible()
    phone.open("about:blank").open(f"{hub.url}/#/pair-phone")
    expect(phone.page.get_by_label("Code")).to_be_visible()
    check_looks(phone.page, "pair-phone-typed")
    phone.open("about:blank").open(f"{hub.url}/#/activate/nonsense")
    phone.tap("Become a camera")
    expect(phone.page.get_by_text("This activation code is not valid")).to_be_visible()
    check_looks(phone.page, "activate-refused")
    phone.tap("Type another code")
    expect(phone.page.get_by_label("Activation code")).to_be_visible()
