"""How the pages that manage an account look and read: axe in both schemes and sizes, empty and full."""

from __future__ import annotations

from playwright.sync_api import expect

from alerts import Account
from pairing import Desk
from looks import check_looks

EMAIL = "manager@example.org"


def test_management_has_no_axe_violations(hub, viewer_browser):
    desk = Desk(viewer_browser, hub, EMAIL)
    page = desk.page

    desk.go("/devices", "Devices")
    expect(page.get_by_text("No camera yet")).to_be_visible()
    check_looks(page, "devices-empty")
    desk.go("/people", "People")
    expect(page.get_by_text("Nobody is invited")).to_be_visible()
    check_looks(page, "people-empty")
    desk.go("/keys", "Keys and codes")
    expect(page.get_by_text("No code yet")).to_be_visible()
    check_looks(page, "keys-empty")

    account = Account(hub, EMAIL)
    for label in ("Hall", "The garage behind the house, upper window"):
        account.camera(label)
    account.call("POST", "/account/invitations", {"role": "viewer", "email": "somebody.with.a.long.name@department.example.org"})
    account.call("POST", "/api-keys", {"name": "Home Assistant", "permissions": ["view", "control"]})
    account.call("POST", "/activation-codes", {"label": "Phones of the shop", "uses": 5, "expires_in_hours": 24})

    desk.go("/devices", "Devices")
    row = page.locator("li[data-device]").first
    for fold in ("Rename", "Access of this camera"):
        desk.unfold(fold, row)
    row.get_by_role("button", name="Remove").click()
    check_looks(page, "devices")

    desk.go("/people", "People")
    card = page.get_by_role("region", name="Invite somebody")
    card.get_by_role("switch", name="All cameras").uncheck()
    check_looks(page, "people")
    card.get_by_role("checkbox", name="Hall").check()
    card.get_by_role("button", name="Invite").click()
    expect(page.locator("[data-made=invitation]")).to_be_visible()
    check_looks(page, "people-invited")

    desk.go("/keys", "Keys and codes")
    for fold in ("Make a key", "Make a code"):
        desk.unfold(fold)
    page.get_by_label("What it is for").last.fill("Phones of the school")
    page.get_by_role("button", name="Make a code").click()
    expect(page.locator("[data-made=code]")).to_be_visible()
    check_looks(page, "keys")

    desk.go("/usage", "Plan and usage")
    expect(page.locator("[data-credits]")).to_be_visible()
    check_looks(page, "usage")
    desk.go("/audit", "Audit log")
    expect(page.locator(".audit-entry").first).to_be_visible()
    check_looks(page, "audit")
    desk.go("/data", "Your data")
    page.get_by_role("button", name="Delete this account").click()
    check_looks(page, "data")
    assert desk.errors == []


def test_a_hub_that_is_away_is_said_and_what_failed_is_tried_again(hub, viewer_browser):
    desk = Desk(viewer_browser, hub, EMAIL)
    page = desk.go("/audit", "Audit log")
    expect(page.get_by_role("button", name="Show older").or_(page.locator(".list-row, .empty")).first).to_be_visible()
    page.route("**/account/usage*", lambda route: route.abort())
    page.evaluate("location.hash = '#/usage'")
    expect(page.get_by_text("The hub cannot be reached").first).to_be_visible()
    page.unroute("**/account/usage*")
    page.get_by_role("button", name="Try again").first.click()
    expect(page.locator("[data-credits]")).to_be_visible()
