"""Who gets alerts, and what became of them, as the page tells it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

import botapi
from alerts import Account, until
from browser import before_anybody_comes, sign_in, start_camera, watch_errors
from system import MEDIA, Hub

EMAIL = "alerts@example.org"
CHAT = 4711


@pytest.fixture
def clip():
    path = MEDIA / "webcam-person.mkv"
    if not path.exists():
        pytest.skip("no recorded material at ../shared/media/webcam-person.mkv")
    return path


@pytest.fixture
def account(hub):
    return Account(hub, EMAIL)


@pytest.fixture
def viewer(viewer_browser, hub):
    context = viewer_browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    errors = watch_errors(page)
    page.goto(hub.url)
    sign_in(page, EMAIL)
    expect(page.locator("#connection")).to_have_attribute("data-state", "open")
    yield page
    context.close()
    # What the hub refuses is reported by the browser as well.
    assert [e for e in errors if not re.search("WebSocket|ERR_CONNECTION|409", e)] == []


def test_a_chat_is_linked_tested_blocked_linked_again_and_removed(account, bot, viewer):
    session = account.camera("Front door")
    expect(viewer.get_by_text("Nobody gets alerts of this camera.", exact=True)).to_be_visible()
    viewer.get_by_role("button", name="Set up alerts: Front door").click()
    dialog = viewer.get_by_role("dialog", name="Alerts of “Front door”")
    dialog.get_by_role("button", name="Send me e-mail").click()
    expect(dialog.get_by_role("alert")).to_contain_text("SMTP_URL")
    dialog.get_by_role("button", name="Connect a Telegram chat").click()
    bot.user_sends(CHAT, dialog.locator("code").inner_text(), "bob")
    expect(dialog.get_by_text("Telegram connected", exact=True)).to_be_visible()
    target = dialog.locator(f"li[data-target='{CHAT}']")
    expect(target.get_by_role("heading", name="@bob")).to_be_visible()

    target.get_by_role("button", name="Send a test").click()
    expect(target.get_by_role("status")).to_have_text("Sent. It should be in the chat now.")
    assert "Front door" in bot.wait_until(lambda: next((m for m in bot.messages if m.text.startswith("Test:")), None)).text

    still = target.get_by_role("switch", name="Picture at once: @bob")
    still.focus()
    viewer.keyboard.press("Space")
    expect(still).to_be_checked()
    until(lambda: account.targets(session)[0]["still_first"])
    target.get_by_role("button", name="Snooze 30 minutes").click()
    expect(target.get_by_text("Snoozed until")).to_be_visible()
    end = target.get_by_role("button", name="End snooze: @bob")
    expect(end).to_be_focused()
    expect(viewer.locator("pw-live-tile").get_by_text("Alerts snoozed")).to_be_visible()
    end.press("Enter")
    expect(target.get_by_text("Snoozed until")).to_be_hidden()
    expect(viewer.locator("pw-live-tile").get_by_text("Alerts on")).to_be_visible()

    # The test itself tells what is wrong, before the hub has heard of it otherwise.
    bot.blocked.add(str(CHAT))
    target.get_by_role("button", name="Send a test").click()
    expect(target.get_by_role("status")).to_contain_text("Not sent: the chat does not accept messages from the bot")
    # Telegram tells the hub, which tells the page.
    bot.user_blocks(CHAT)
    expect(target.get_by_text("The chat blocked the bot; link it again.")).to_be_visible()
    expect(viewer.locator("pw-live-tile").get_by_text("The chat blocked the bot; link it again.")).to_be_visible()
    bot.user_unblocks(CHAT)
    target.get_by_role("button", name="Link it again: @bob").click()
    expect(dialog.get_by_role("link", name="Open Telegram")).to_be_in_viewport()
    bot.user_sends(CHAT, dialog.locator("code").inner_text(), "bob")
    expect(target.get_by_text("The chat blocked the bot")).to_be_hidden()

    target.get_by_role("button", name="Remove: @bob").click()
    expect(target.get_by_role("button", name="Yes, remove")).to_be_focused()
    target.get_by_role("button", name="Keep").press("Enter")
    expect(target.get_by_role("button", name="Remove: @bob")).to_be_focused()
    target.get_by_role("button", name="Remove: @bob").click()
    target.get_by_role("button", name="Yes, remove").click()
    expect(target).to_have_count(0)
    expect(dialog.get_by_text("Nobody gets alerts of this camera yet.")).to_be_visible()
    assert account.targets(session) == []
    viewer.keyboard.press("Escape")
    expect(dialog).to_have_count(0)


def test_an_event_tells_how_its_alert_came_about(account, bot, clip, viewer):
    session = account.camera("Front door")
    account.link(bot, session, CHAT, "bob")
    # One try that fails and one that succeeds.
    bot.fail(("502",), method="sendVideo")
    event = account.upload(session, clip)
    card = viewer.locator(f"article[data-event-id='{event}']")
    card.get_by_role("link").click()
    happened = viewer.get_by_role("region", name="What happened")
    expect(happened.get_by_text("Alerted by Telegram to @bob")).to_be_visible(timeout=30_000)
    for step in ["Triggered", "First byte", "Stored", "Analysed"]:
        expect(happened.get_by_text(step, exact=True)).to_be_visible()
    alert = happened.locator(f"li[data-step='telegram {CHAT}']")
    expect(alert.locator(".happened-time").first).to_have_text(re.compile(r"^\+\d+\.\d s$"))
    # By the keyboard.
    failures = alert.locator("summary")
    expect(failures).to_have_text("1 try failed")
    failures.press("Enter")
    expect(alert.get_by_text("status 502")).to_be_visible()

    # A person says in the chat that there was nothing.
    message = bot.wait_for("sendVideo")
    button = next(button for row in message.keyboard for button in row if button["text"] == "False alarm")
    bot.user_presses(message, button["callback_data"])
    expect(viewer.get_by_role("region", name="Details").get_by_text("False alarm")).to_be_visible()
    viewer.keyboard.press("Escape")
    expect(card.get_by_text("False alarm")).to_be_visible()
    expect(card.get_by_text("Sent to Telegram")).to_be_visible()


def test_an_event_tells_why_nobody_was_alerted(account, bot, clip, viewer):
    session = account.camera("Front door")
    silent = account.upload(session, clip)
    viewer.goto(f"{account.hub.url}/#/event/{silent}")
    happened = viewer.get_by_role("region", name="What happened")
    expect(happened.get_by_text("Nobody gets the alerts of this camera.")).to_be_visible(timeout=30_000)

    account.link(bot, session, CHAT, "bob")
    account.call("POST", "/notifications/targets", {"device_id": session["device_id"], "channel": "telegram", "target": str(CHAT), "snooze_minutes": 10})
    snoozed = account.upload(session, clip)
    viewer.goto(f"{account.hub.url}/#/event/{snoozed}")
    expect(happened.get_by_text("Alerts were snoozed at that time.")).to_be_visible(timeout=30_000)
    expect(happened.get_by_text("Not alerted by Telegram to @bob")).to_be_visible()
    expect(happened.get_by_role("button")).to_have_count(0)


def test_an_alert_that_failed_can_be_tried_again(account, bot, clip, viewer):
    session = account.camera("Front door")
    account.link(bot, session, CHAT, "bob")
    bot.wait_for("sendMessage")
    # Neither the clip nor words instead of it.
    bot.fail(("400", "Bad Request: not today"), method="sendVideo")
    bot.fail(("400", "Bad Request: not today"), method="sendMessage")
    event = account.upload(session, clip)
    viewer.goto(f"{account.hub.url}/#/event/{event}")
    alert = viewer.locator(f"li[data-step='telegram {CHAT}']")
    expect(alert.get_by_text("Not alerted by Telegram to @bob")).to_be_visible(timeout=30_000)
    expect(alert.locator(".happened-note").first).to_contain_text("not today")
    again = alert.get_by_role("button", name="Try again")
    again.press("Enter")
    expect(alert.get_by_role("status")).to_have_text("Sent this time.", timeout=30_000)
    expect(alert.get_by_text("Alerted by Telegram to @bob")).to_be_visible()
    expect(again).to_be_hidden()
    bot.wait_for("sendVideo")


def test_a_picture_comes_at_once_and_a_clip_whose_camera_never_came_back_ends_early(tmp_path, bot, camera_browser, viewer_browser):
    hub = Hub(tmp_path / "idle", CLIP_IDLE_SECONDS="2", TELEGRAM_BOT_TOKEN=botapi.TOKEN, TELEGRAM_API_BASE_URL=bot.url).start()
    context = viewer_browser.new_context()
    try:
        account = Account(hub, EMAIL)
        page = context.new_page()
        page.goto(hub.url)
        sign_in(page, EMAIL)
        camera, _ = start_camera(camera_browser, hub, email=EMAIL)
        device = account.call("GET", "/devices")[0]
        with before_anybody_comes(camera):
            account.link(bot, device, CHAT, "bob")
            account.call("POST", "/notifications/targets", {
                "device_id": device["device_id"], "channel": "telegram", "target": str(CHAT), "still_first": True})
        card = page.locator("article[data-event-id]")
        expect(card).to_have_attribute("data-status", "recording", timeout=30_000)
        card.get_by_role("link").click()
        happened = page.get_by_role("region", name="What happened")
        expect(happened.get_by_text("Picture sent by Telegram to @bob")).to_be_visible()
        expect(happened.get_by_text("Recording…")).to_be_visible()
        assert bot.wait_for("sendPhoto").files["photo"].startswith(b"\xff\xd8")

        camera.context.close()
        early = page.get_by_role("region", name="Details").get_by_text("The camera did not come back: the clip ends early.")
        expect(early).to_be_visible(timeout=60_000)
        expect(happened.get_by_text("Alerted by Telegram to @bob")).to_be_visible(timeout=30_000)
        expect(happened.get_by_text("First the picture, the clip at +")).to_be_visible()
        page.keyboard.press("Escape")
        expect(card).to_have_attribute("data-status", "done")
        expect(card.get_by_text("Ends early")).to_be_visible()
    finally:
        context.close()
        hub.stop()
