"""Signing in at another issuer, which sends the browser back."""

from __future__ import annotations

import sys
import urllib.parse

import pytest
from playwright.sync_api import expect

from identity import expect_signed_in, expect_signed_out, open_menu, owned_hub
from system import ROOT

sys.path.insert(0, str(ROOT / "Tests" / "integration"))
from issuer import CLIENT, CLIENT_SECRET, Issuer  # noqa: E402


@pytest.fixture
def issuer():
    issuer = Issuer()
    yield issuer
    issuer.stop()


@pytest.fixture
def hub(tmp_path, issuer):
    hub = owned_hub(
        tmp_path / "data", OIDC_ISSUER=issuer.url, OIDC_CLIENT_ID=CLIENT, OIDC_CLIENT_SECRET=CLIENT_SECRET, OIDC_NAME="Example", AUTH_SIGN_UP="open",
        PUBLIC_URL="https://hub.example.org")
    yield hub
    hub.stop()


def test_who_signs_in_elsewhere_comes_back_to_where_they_wanted_to_go(hub, issuer, viewer_browser):
    context = viewer_browser.new_context(viewport={"width": 360, "height": 740})
    page = context.new_page()
    answers: list[dict] = [{"error": "access_denied"}, {}]

    def authorize(route) -> None:
        """What the person does there. The hub's public name leads here."""
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(route.request.url).query))
        answer = answers.pop(0) or {"code": issuer.authorize(route.request.url, sub="ann", email="ann@example.org", email_verified=True, name="Ann")}
        route.fulfill(status=302, headers={"Location": f"{hub.url}/?{urllib.parse.urlencode({**answer, 'state': query['state']})}"})

    context.route(f"{issuer.url}/authorize**", authorize)
    page.goto(f"{hub.url}/#/account")
    page.get_by_role("button", name="Continue with Example").click()
    # Changed one's mind there.
    expect(page.get_by_text("Signing in was not completed there.")).to_be_visible()
    page.get_by_role("button", name="Continue with Example").click()
    expect(page.get_by_role("heading", name="Your account", exact=True)).to_be_visible()
    expect(page).to_have_url(f"{hub.url}/#/account")
    # There is no password yet, and nothing that asks for one.
    expect(page.get_by_role("button", name="Set a password")).to_be_visible()
    expect(page.get_by_label("Your password now")).to_have_count(0)
    assert page.evaluate("sessionStorage.length") == 0
    open_menu(page, "Sign out")
    expect_signed_out(page)

    # A link with a code that this tab did not ask for signs nobody in.
    page.goto("about:blank")
    page.goto(f"{hub.url}/?code=theirs&state=theirs")
    expect(page.get_by_text("This sign-in was not begun in this tab.")).to_be_visible()
    expect_signed_out(page)
    answers.append({})
    page.get_by_role("button", name="Continue with Example").click()
    expect_signed_in(page)
    context.close()
