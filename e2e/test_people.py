"""Who sees an account: invited, limited to some cameras, changed, removed; and an account that is deleted."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect

from alerts import Account
from identity import PASSWORD, owned_hub
from identity import sign_in as sign_in_with_password
from pairing import Desk
from system import MEDIA

OWNER, GUEST = "owner@example.org", "guest@example.org"


@pytest.fixture
def owner(hub, viewer_browser):
    """Of an account with two cameras."""
    account = Account(hub, OWNER)
    account.sessions = {label: account.camera(label) for label in ("Hall", "Garage")}
    desk = Desk(viewer_browser, hub, OWNER)
    desk.account = account
    return desk


def invite(desk: Desk, role: str = "Viewer", cameras: list[str] | None = None) -> str:
    """The link of an invitation."""
    page = desk.go("/people", "People")
    card = page.get_by_role("region", name="Invite somebody")
    card.get_by_label("Role").select_option(label=role)
    if cameras is not None:
        card.get_by_role("switch", name="All cameras").uncheck()
        card.get_by_role("button", name="Invite").click()
        expect(card.get_by_text("Choose at least one camera")).to_be_visible()
        for camera in cameras:
            card.get_by_role("checkbox", name=camera).check()
    card.get_by_role("button", name="Invite").click()
    made = page.locator("[data-made=invitation]")
    expect(made).to_be_visible()
    return made.locator("code").inner_text()


def join(hub, browser, link: str, email: str = GUEST) -> Desk:
    """Somebody with an account of their own follows an invitation."""
    guest = Desk(browser, hub, email)
    guest.page.goto(link)
    guest.page.get_by_role("button", name=f"Join as {email}").click()
    expect(guest.page.get_by_role("heading", name="Timeline")).to_be_visible()
    return guest


def person(desk: Desk, email: str = GUEST):
    return desk.page.locator(f"[data-user='{email}']")


def test_a_viewer_sees_the_cameras_that_are_shared_and_nothing_else(hub, owner, viewer_browser):
    link = invite(owner, "Viewer", ["Hall"])
    guest = join(hub, viewer_browser, link)
    expect(guest.page.get_by_role("heading", name="Hall", level=3)).to_be_visible()
    expect(guest.page.get_by_role("heading", name="Garage")).to_have_count(0)
    expect(guest.page.get_by_role("link", name="Add a camera")).to_be_hidden()
    guest.page.goto(f"{hub.url}/#/people")
    expect(guest.page.get_by_role("heading", name="Not for your role")).to_be_visible()
    # The link works once.
    other = Desk(viewer_browser, hub, "third@example.org")
    other.page.goto(link)
    expect(other.page.get_by_role("heading", name="The invitation does not work any more")).to_be_visible()

    # More of it, at once.
    owner.page.reload()
    row = person(owner)
    expect(row.get_by_text("Hall · since")).to_be_visible()
    owner.unfold("Change", row)
    row.get_by_label("Role").select_option("member")
    row.get_by_role("switch", name="All cameras").check()
    row.get_by_role("button", name="Save").click()
    expect(row.get_by_text("All cameras · since")).to_be_visible()
    expect(row.locator(".badge")).to_have_text("Member")
    guest.page.goto(hub.url)
    guest.page.reload()
    expect(guest.page.get_by_role("heading", name="Garage", level=3)).to_be_visible()
    expect(guest.page.get_by_role("link", name="Add a camera")).to_be_visible()

    # Nothing of it.
    row.get_by_role("button", name="Remove").click()
    row.get_by_role("button", name="Yes, remove").click()
    expect(person(owner)).to_have_count(0)
    expect(guest.page.get_by_role("heading", name="Garage", level=3)).to_be_hidden()


def test_an_admin_cannot_touch_an_owner_and_nobody_themselves(hub, owner, viewer_browser):
    guest = join(hub, viewer_browser, invite(owner, "Admin"))
    guest.go("/people", "People")
    for row in (person(guest, OWNER), person(guest, GUEST)):
        expect(row).to_be_visible()
        expect(row.get_by_role("button", name="Remove")).to_have_count(0)
        expect(row.get_by_label("Role")).to_have_count(0)
    roles = guest.page.get_by_role("region", name="Invite somebody").get_by_label("Role").locator("option").all_inner_texts()
    assert roles == ["Admin", "Member", "Viewer"]


def test_an_invitation_that_is_revoked_is_of_no_use(hub, owner, viewer_browser):
    link = invite(owner)
    page = owner.page
    row = page.locator("[data-list=invitations] > li")
    expect(row).to_have_count(1)
    row.get_by_role("button", name="Revoke").click()
    row.get_by_role("button", name="Yes, revoke").click()
    expect(page.get_by_text("Nobody is invited")).to_be_visible()
    guest = Desk(viewer_browser, hub, GUEST)
    guest.page.goto(link)
    expect(guest.page.get_by_role("heading", name="The invitation does not work any more")).to_be_visible()


def test_cameras_are_renamed_and_removed_with_what_belongs_to_them(hub, owner):
    other = owner.context.new_page()
    other.goto(hub.url)
    page = owner.go("/devices", "Devices")
    row = page.locator("li[data-device]").filter(has=page.get_by_role("heading", name="Garage"))
    owner.unfold("Rename", row)
    row.get_by_label("Name").fill("")
    row.get_by_role("button", name="Save").click()
    expect(row.get_by_text("Fill in “Name”.")).to_be_visible()
    row.get_by_label("Name").fill("Workshop")
    row.get_by_role("button", name="Save").click()
    row = page.locator("li[data-device]").filter(has=page.get_by_role("heading", name="Workshop"))
    expect(row).to_be_visible()
    expect(other.get_by_role("heading", name="Workshop", level=3)).to_be_visible()
    row.get_by_role("button", name="Remove").click()
    expect(row.get_by_text("Its events, clips, settings and alerts are deleted with it")).to_be_visible()
    page.keyboard.press("Escape")
    row.get_by_role("button", name="Remove").click()
    row.get_by_role("button", name="Yes, remove it and its clips").click()
    expect(page.get_by_role("heading", name="Workshop")).to_have_count(0)
    assert [device["label"] for device in owner.account.call("GET", "/devices")] == ["Hall"]


def test_a_key_is_shown_once_works_and_is_revoked(hub, owner):
    page = owner.go("/keys", "Keys and codes")
    expect(page.get_by_text("No key yet")).to_be_visible()
    owner.unfold("Make a key")
    page.get_by_role("checkbox", name="See").uncheck()
    page.get_by_label("What it is for").first.fill("Home Assistant")
    page.get_by_role("button", name="Make a key").click()
    expect(page.get_by_text("A key that may do nothing is of no use.")).to_be_visible()
    page.get_by_role("checkbox", name="See").check()
    page.get_by_label("Ends after days").fill("soon")
    page.get_by_role("button", name="Make a key").click()
    expect(page.get_by_text("A whole number, 1 or more.")).to_be_visible()
    page.get_by_label("Ends after days").fill("30")
    page.get_by_role("button", name="Make a key").click()
    key = page.locator("[data-made=key] code").inner_text()
    assert key.startswith("pwk_")
    assert hub.call("GET", "/devices", token=key)[0] == 200
    assert hub.call("GET", "/account/members", token=key)[0] == 403
    page.reload()
    row = page.locator("[data-list=keys] > li")
    expect(row.get_by_role("heading", name="Home Assistant")).to_be_visible()
    expect(page.get_by_text(key)).to_have_count(0)
    row.get_by_role("button", name="Revoke").click()
    row.get_by_role("button", name="Yes, revoke").click()
    expect(page.get_by_text("No key yet")).to_be_visible()
    assert hub.call("GET", "/devices", token=key)[0] == 401
    # Who did that stands in the log.
    page = owner.go("/audit", "Audit log")
    expect(page.locator(".audit-entry").filter(has_text="Home Assistant").first).to_be_visible()


def test_an_account_is_exported_and_deleted_with_everything(hub, owner, tmp_path):
    if not (MEDIA / "webcam-person.mkv").exists():
        pytest.skip("no recorded material at ../shared/media/webcam-person.mkv")
    event = owner.account.upload(owner.account.sessions["Hall"], MEDIA / "webcam-person.mkv")
    owner.page.goto(hub.url)
    expect(owner.page.locator(f"article[data-event-id='{event}']")).to_have_attribute("data-status", "done", timeout=30_000)
    page = owner.go("/data", "Your data")
    with page.expect_download() as download:
        page.get_by_role("button", name="Export everything").click()
    exported = json.loads((download.value.path()).read_text())
    assert event in json.dumps(exported) and {"Hall", "Garage"} <= {device["label"] for device in exported["devices"]}

    name = owner.account.call("GET", "/auth/me")["account_name"]
    field = page.get_by_label("Type the account's name")
    field.fill("Another")
    page.get_by_role("button", name="Delete this account").click()
    expect(page.get_by_text(f"The name is “{name}”.")).to_be_visible()
    expect(field).to_be_focused()
    field.fill(name)
    page.get_by_role("button", name="Delete this account").click()
    expect(page.get_by_text("was deleted, with everything that belonged to it")).to_be_visible()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert hub.call("GET", "/devices", token=owner.account.token)[0] in (401, 403)
    left = [path for path in hub.data.rglob("*") if path.is_file() and event in str(path)]
    assert left == []


def test_who_has_a_password_shows_it_before_the_account_goes(tmp_path, viewer_browser):
    hub = owned_hub(tmp_path / "owned")
    try:
        page = Desk(viewer_browser, hub, get_in=sign_in_with_password).go("/data", "Your data")
        page.get_by_label("Type the account's name").fill("Home")
        password = page.get_by_label("Your password", exact=True)
        password.fill("something else")
        page.get_by_role("button", name="Delete this account").click()
        expect(password).to_have_attribute("aria-invalid", "true")
        expect(page.get_by_role("heading", name="Your data")).to_be_visible()
        password.fill(PASSWORD)
        page.get_by_role("button", name="Delete this account").click()
        expect(page.get_by_text("The account “Home” was deleted")).to_be_visible()
    finally:
        hub.stop()
