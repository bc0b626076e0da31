"""How the pages look and read: axe in both schemes and sizes, and what a person without a camera is told."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

import botapi
from alerts import Account, until
from looks import check_looks
from system import MEDIA, Hub

def prepare(hub) -> dict:
    """An account with a camera, an event with a clip, and one that failed."""
    account = Account(hub, "pages@example.org")
    session = account.camera("Front door")
    broken = account.upload(session, b"not a video" * 100)
    good = account.upload(session, MEDIA / "webcam-person.mkv")
    return {"account": account, "session": session, "good": good, "broken": broken}


def test_pages_have_no_axe_violations(hub, viewer_browser):
    if not (MEDIA / "webcam-person.mkv").exists():
        pytest.skip("no recorded material at ../shared/media/webcam-person.mkv")
    context = viewer_browser.new_context(viewport={"width": 360, "height": 740})
    page = context.new_page()
    page.goto(hub.url)
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    check_looks(page, "sign-in", targets=False)
    page.get_by_label("E-mail").fill("pages@example.org")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("No camera yet")).to_be_visible()
    check_looks(page, "home-empty", targets=False)

    ids = prepare(hub)
    good = page.locator(f"article[data-event-id='{ids['good']}']")
    expect(good).to_have_attribute("data-status", "done", timeout=30_000)
    expect(good.locator("img")).to_be_visible()
    broken = page.locator(f"article[data-event-id='{ids['broken']}']")
    expect(broken).to_have_attribute("data-status", "failed", timeout=30_000)
    expect(broken.get_by_text("this is not a video file")).to_be_visible()
    check_looks(page, "home", targets=False)

    page.get_by_role("button", name="Set up alerts: Front door").click()
    expect(page.get_by_text("Nobody gets alerts of this camera yet.")).to_be_visible()
    check_looks(page, "alerts-empty", targets=False)
    page.get_by_role("button", name="Connect a Telegram chat").click()
    expect(page.get_by_role("link", name="Open Telegram")).to_be_visible()
    check_looks(page, "telegram", targets=False)
    page.get_by_role("button", name="Close").click()

    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator("video[data-event-id]")).to_be_visible()
    expect(page.get_by_text("Nobody was alerted")).to_be_visible()
    check_looks(page, "event", targets=False)
    page.keyboard.press("Escape")
    expect(page.get_by_role("heading", name="Timeline")).to_be_visible()

    page.get_by_role("link", name="Camera", exact=True).click()
    expect(page.get_by_role("button", name="Start watching")).to_be_visible()
    check_looks(page, "camera", targets=False)
    # This browser has no camera, which is said in words.
    page.get_by_label("Device name").fill("Hall")
    page.get_by_role("button", name="Start watching").click()
    expect(page.get_by_text("No camera was found.")).to_be_visible()
    check_looks(page, "camera-none", targets=False)
    context.close()


def test_alerts_have_no_axe_violations(tmp_path, bot, viewer_browser):
    if not (MEDIA / "webcam-person.mkv").exists():
        pytest.skip("no recorded material at ../shared/media/webcam-person.mkv")
    # Nothing listens there: mail can be chosen and does not arrive.
    hub = Hub(
        tmp_path / "alerts", TELEGRAM_BOT_TOKEN=botapi.TOKEN, TELEGRAM_API_BASE_URL=bot.url,
        SMTP_URL="smtp://127.0.0.1:9?from=hub@example.org").start()
    context = viewer_browser.new_context(viewport={"width": 360, "height": 740})
    try:
        page = context.new_page()
        page.goto(hub.url)
        page.get_by_label("E-mail").fill("pages@example.org")
        page.get_by_role("button", name="Sign in").click()
        account = Account(hub, "pages@example.org")
        session = account.camera("Front door")
        for chat, name in [(1, "anna"), (2, "bob"), (3, "carol")]:
            account.link(bot, session, chat, name)
        until(lambda: len(bot.messages) == 3)
        target = {"device_id": session["device_id"], "channel": "telegram"}
        account.call("POST", "/notifications/targets", target | {"target": "1", "still_first": True})
        account.call("POST", "/notifications/targets", target | {"target": "2", "snooze_minutes": 30})
        bot.user_blocks(3)
        until(lambda: account.targets(session)[2]["disabled_reason"])
        expect(page.get_by_text("@carol gets no alerts any more.")).to_be_visible()

        page.get_by_role("button", name="Alerts on: Front door").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_role("button", name="Send me e-mail").click()
        mailbox = dialog.locator("li[data-target='pages@example.org']")
        mailbox.get_by_role("button", name="Send a test").click()
        expect(mailbox.get_by_role("status")).to_contain_text("Not sent: ")
        bob = dialog.locator("li[data-target='2']")
        bob.get_by_role("button", name="Remove").click()
        expect(bob.get_by_role("button", name="Yes, remove")).to_be_visible()
        expect(dialog.get_by_text("The chat blocked the bot; link it again.")).to_be_visible()
        check_looks(page, "alerts", element=dialog)
        dialog.get_by_role("button", name="Close").click()

        # One chat that is told after a try, one that is snoozed, one that is blocked, and a mailbox that cannot be reached.
        bot.fail(("502_after",), method="sendVideo")
        event = account.upload(session, MEDIA / "webcam-person.mkv")
        page.goto(f"{hub.url}/#/event/{event}")
        happened = page.get_by_role("region", name="What happened")
        expect(happened.get_by_text("Alerted by Telegram to @anna")).to_be_visible(timeout=30_000)
        expect(happened.locator("li[data-step='telegram 1']").get_by_text("Possible repeat")).to_be_visible()
        expect(happened.get_by_text("Alerts were snoozed at that time.")).to_be_visible()
        happened.locator("li[data-step='telegram 1'] summary").click()
        expect(happened.get_by_text("status 502")).to_be_visible()
        check_looks(page, "happened")

        bot.fail(("400", "Bad Request: not today"), method="sendVideo")
        bot.fail(("400", "Bad Request: not today"), method="sendMessage")
        event = account.upload(session, MEDIA / "webcam-person.mkv")
        page.goto(f"{hub.url}/#/event/{event}")
        expect(happened.get_by_role("button", name="Try again: Not alerted by Telegram to @anna")).to_be_visible(timeout=30_000)
        check_looks(page, "retry")
        page.get_by_role("link", name="Back").click()
        expect(page.get_by_text("Sent to Telegram")).to_be_visible()
        check_looks(page, "home-alerts", targets=False)
    finally:
        context.close()
        hub.stop()


def test_two_accounts_never_see_each_other(hub, viewer_browser):
    page = viewer_browser.new_context().new_page()
    page.goto(hub.url)
    page.get_by_label("E-mail").fill("other@example.org")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("No camera yet")).to_be_visible()
    token = hub.sign_in("pages@example.org")
    hub.call("POST", "/devices/register", {"label": "Front door"}, token)
    own = hub.sign_in("other@example.org")
    hub.call("POST", "/devices/register", {"label": "Mine"}, own)
    expect(page.get_by_role("heading", name="Mine")).to_be_visible()
    expect(page.get_by_role("heading", name="Front door")).to_have_count(0)


def test_the_help_for_the_certificate_reads_well_without_tls(tmp_path, viewer_browser):
    hub = Hub(tmp_path / "secure", TLS="auto").start()
    context = viewer_browser.new_context(viewport={"width": 360, "height": 740}, ignore_https_errors=True)
    problems: list[str] = []
    try:
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("requestfailed", lambda request: problems.append(request.url))
        page.goto(f"{hub.url}/help/certificate")
        expect(page.get_by_role("heading", name="Trust this hub")).to_be_visible()
        assert re.fullmatch(r"([0-9A-F]{2}:){31}[0-9A-F]{2}", page.locator(".fingerprint").inner_text())
        for summary in page.locator("summary").all():
            summary.click()
        expect(page.get_by_text("Certificate Trust Settings")).to_be_visible()
        check_looks(page, "certificate")
        assert problems == []
        with page.expect_download() as download:
            page.get_by_role("link", name="Download the certificate").click()
        assert download.value.suggested_filename == "ca.crt"
        # Everything else is behind https, where the page is a secure context.
        page.get_by_role("link", name="Open Ping Watch").click()
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        assert page.url == f"https://127.0.0.1:{hub.port}/" and page.evaluate("isSecureContext")
        page.get_by_label("E-mail").fill("pages@example.org")
        page.get_by_role("button", name="Sign in").click()
        expect(page.locator(".connection")).to_have_attribute("data-state", "open")
    finally:
        context.close()
        hub.stop()
