"""An account with several people: invited, each sees what their role allows, and switches between accounts."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from browser import sign_in as dev_sign_in
from identity import expect_signed_in, open_menu, session


@pytest.fixture
def page(viewer_browser):
    context = viewer_browser.new_context(viewport={"width": 1280, "height": 800})
    yield context.new_page()
    context.close()


@pytest.fixture
def invitation(hub):
    """To watch with whoever owns the account, which has a camera."""
    owner = hub.sign_in("owner@example.org")
    hub.call("POST", "/devices/register", {"label": "Front door"}, owner)
    hub.call("PATCH", "/account", {"name": "Home"}, owner)

    def invite(role: str = "viewer") -> str:
        status, answer, _ = hub.call("POST", "/account/invitations", {"role": role}, owner)
        assert status in (200, 201), answer
        return f"#{answer['url'].split('#')[1]}"
    return invite


def test_an_invitation_is_accepted_in_a_second_browser(hub, page, invitation):
    link = invitation()
    page.goto(hub.url)
    dev_sign_in(page, "friend@example.org")
    expect_signed_in(page)
    own = session(page)["account_id"]
    page.goto(f"{hub.url}/{link}")
    expect(page).to_have_url(f"{hub.url}/#/invitation")
    expect(page.get_by_role("heading", name="Join “Home”")).to_be_visible()
    expect(page.get_by_text("to be a viewer")).to_be_visible()
    page.get_by_role("button", name="Join as friend@example.org").click()
    expect_signed_in(page)
    assert session(page)["role"] == "viewer"
    expect(page.get_by_role("heading", name="Front door")).to_be_visible()
    # Who may only watch is offered nothing else.
    expect(page.get_by_role("button", name="Live: Front door")).to_be_visible()
    for control in (page.get_by_role("button", name="Set up alerts: Front door"), page.get_by_role("link", name="Add a camera"),
                    page.get_by_role("link", name="Camera", exact=True)):
        expect(control).to_have_count(0)
    page.get_by_label("Account", exact=True).first.click()
    assert page.locator(".account-menu nav a").all_inner_texts() == ["Your account", "Plan and usage"]
    page.goto(f"{hub.url}/#/people")
    expect(page.get_by_role("heading", name="Not for your role")).to_be_visible()

    # Back to the own account, in all tabs.
    other = page.context.new_page()
    other.goto(hub.url)
    expect(other.get_by_role("heading", name="Front door")).to_be_visible()
    page.goto(f"{hub.url}/#/account")
    row = page.get_by_role("list", name="Accounts").get_by_role("listitem").filter(has_not_text="Home")
    row.get_by_role("button", name="Switch").click()
    expect(page.get_by_text("No camera yet")).to_be_visible()
    assert session(page)["account_id"] == own
    expect(other.get_by_text("No camera yet")).to_be_visible()
    # Used up.
    other.goto(f"{hub.url}/{link}")
    expect(other.get_by_role("heading", name="The invitation does not work any more")).to_be_visible()


def test_who_is_invited_signs_in_first_where_nobody_is(hub, page, invitation):
    page.goto(f"{hub.url}/{invitation('member')}")
    expect(page.get_by_text("to be a member")).to_be_visible()
    page.get_by_role("button", name="Sign in and join").click()
    dev_sign_in(page, "friend@example.org")
    expect_signed_in(page)
    expect(page.get_by_role("heading", name="Front door")).to_be_visible()
    expect(page.get_by_role("button", name="Set up alerts: Front door")).to_be_visible()
    # And leaves again.
    open_menu(page, "Your account")
    page.get_by_role("button", name="Leave this account").click()
    page.get_by_role("button", name="Yes, leave").click()
    expect(page.get_by_text("You left Home.")).to_be_visible()
    assert session(page) is None


def test_who_is_invited_makes_an_account_by_it(hub, page, invitation):
    page.goto(f"{hub.url}/{invitation()}")
    page.get_by_label("E-mail").fill("new@example.org")
    page.get_by_label("Password", exact=True).fill("three quiet hallways")
    page.get_by_role("button", name="Make an account").click()
    expect_signed_in(page)
    expect(page.get_by_role("heading", name="Front door")).to_be_visible()
    assert len(session(page)["me"]["accounts"]) == 1


def test_a_role_that_changes_is_seen_without_signing_in_again(hub, page, invitation):
    page.goto(hub.url)
    dev_sign_in(page, "friend@example.org")
    expect_signed_in(page)
    page.goto(f"{hub.url}/{invitation()}")
    page.get_by_role("button", name="Join as friend@example.org").click()
    expect(page.get_by_role("heading", name="Front door")).to_be_visible()
    owner = hub.sign_in("owner@example.org")
    user = session(page)["user_id"]
    assert hub.call("PATCH", f"/account/members/{user}", {"role": "member"}, owner)[0] == 200
    page.reload()
    expect(page.get_by_role("button", name="Set up alerts: Front door")).to_be_visible()
    # Removed, there is nothing to be seen any more.
    assert hub.call("DELETE", f"/account/members/{user}", token=owner)[0] == 204
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_who_is_the_only_owner_cannot_leave_the_others_alone(hub, page, invitation):
    status, answer, _ = hub.call("POST", "/auth/invitations/accept", {"secret": invitation().rsplit("/", 1)[1]}, hub.sign_in("friend@example.org"))
    assert status == 200, answer
    page.goto(f"{hub.url}/#/account")
    dev_sign_in(page, "owner@example.org")
    page.get_by_role("button", name="Leave this account").click()
    page.get_by_role("button", name="Yes, leave").click()
    expect(page.get_by_role("alert").get_by_text("You are its only owner.")).to_be_visible()
    page.get_by_role("button", name="Delete me…").click()
    page.get_by_role("button", name="Delete me for good").click()
    expect(page.get_by_role("alert").get_by_text("You are the only owner of an account with other people in it.")).to_be_visible()
