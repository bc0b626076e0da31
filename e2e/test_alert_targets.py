"""What is pressed at somebody who gets alerts counts, also while what was pressed before is still on its way."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from alerts import Account, until
from browser import sign_in, wait_until, watch_errors

EMAIL = "alerts@example.org"
CHAT = 4711


@pytest.fixture
def shown(hub, bot, viewer_browser):
    """A chat as the page shows it, its page, and what the hub knows of it."""
    account = Account(hub, EMAIL)
    session = account.camera("Front door")
    account.link(bot, session, CHAT, "bob")
    page = viewer_browser.new_context(viewport={"width": 360, "height": 740}).new_page()
    errors = watch_errors(page)
    page.goto(hub.url)
    sign_in(page, EMAIL)
    page.get_by_role("button", name=re.compile("alerts.*: Front door", re.IGNORECASE)).click()
    target = page.locator(f"li[data-target='{CHAT}']")
    expect(target).to_be_visible()
    yield page, target, lambda: account.targets(session)
    assert errors == []


def held_answers(page, path: str) -> list:
    """Of changes: the hub has made them, and the page is not told before it is asked for."""
    held: list = []

    def hold(route) -> None:
        if route.request.method == "GET":
            return route.continue_()
        held.append((route, route.fetch()))
    page.route(path, hold)
    return held


def answer(held: list) -> None:
    route, response = held.pop(0)
    route.fulfill(response=response)


def test_a_switch_that_is_pressed_before_the_hub_has_answered_becomes_what_it_shows(shown):
    page, target, known = shown
    held = held_answers(page, "**/notifications/targets*")
    still = target.get_by_role("switch", name="Picture at once: @bob")
    still.check()
    # What became of it is published before it is answered.
    wait_until(page, lambda: len(held) == 1)
    until(lambda: known()[0]["still_first"])
    expect(still).to_be_checked()
    still.uncheck()
    target.get_by_role("button", name="Snooze 30 minutes").click()
    answer(held)
    wait_until(page, lambda: len(held) == 1)
    answer(held)
    wait_until(page, lambda: len(held) == 1)
    answer(held)
    expect(target.get_by_text("Snoozed until")).to_be_visible()
    expect(target).not_to_have_attribute("aria-busy", "true")
    expect(still).not_to_be_checked()
    [chat] = known()
    assert (chat["still_first"], chat["snoozed_until"] is not None) == (False, True)


def test_what_is_pressed_while_a_target_is_removed_does_not_bring_it_back(shown):
    page, target, known = shown
    changes: list[str] = []
    is_change = lambda request: "/notifications/targets" in request.url and request.method != "GET"
    page.on("request", lambda request: changes.append(request.method) if is_change(request) else None)
    held = held_answers(page, "**/notifications/targets*")
    target.get_by_role("button", name="Snooze 30 minutes").click()
    wait_until(page, lambda: len(held) == 1)
    target.get_by_role("button", name="Remove: @bob").click()
    target.get_by_role("button", name="Yes, remove").click()
    target.get_by_role("switch", name="Picture at once: @bob").check()
    answer(held)
    wait_until(page, lambda: len(held) == 1)
    answer(held)
    expect(target).to_have_count(0)
    expect(page.get_by_role("dialog").get_by_text("Nobody gets alerts of this camera yet.")).to_be_visible()
    assert (known(), changes) == ([], ["POST", "DELETE"])


def test_a_test_that_is_asked_for_twice_is_sent_once(shown):
    page, target, _ = shown
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if request.url.endswith("/notifications/test") else None)
    held = held_answers(page, "**/notifications/test")
    button = target.get_by_role("button", name="Send a test")
    button.click()
    expect(target.get_by_role("status")).to_have_text("Sending…")
    button.click()
    wait_until(page, lambda: len(held) == 1)
    answer(held)
    expect(target.get_by_role("status")).to_contain_text(re.compile("^Sent|^Not sent"))
    expect(target).not_to_have_attribute("aria-busy", "true")
    assert len(asked) == 1
