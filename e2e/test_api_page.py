"""The description of the API as people read it."""

from __future__ import annotations

from playwright.sync_api import expect

from looks import check_looks, looks


def test_the_description_is_read_and_searched(hub, viewer_browser):
    context = viewer_browser.new_context(viewport={"width": 360, "height": 740})
    page = context.new_page()
    wrong = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.goto(f"{hub.url}/help/api.html#postEvents")
    # The address names a route, which is open then.
    declared = page.locator("#postEvents")
    expect(declared.get_by_text("clip_size_bytes")).to_be_in_viewport()
    expect(declared.locator("summary")).to_contain_text("control")
    check_looks(page, "api", targets=False)

    declared.get_by_role("link", name="Event").first.click()
    expect(page.locator("#object-Event").get_by_text("thumbnail_url")).to_be_visible()

    page.get_by_label("Search").fill("delete notifications")
    expect(page.get_by_role("status")).to_have_text("1 found")
    expect(page.locator("summary:visible")).to_have_text(["DELETE/notifications/targetscontrolRemove a target"])
    page.get_by_label("Search").fill("nonsense")
    expect(page.get_by_role("status")).to_contain_text("Nothing found")
    expect(page.locator("summary:visible")).to_have_count(0)

    page.get_by_label("Search").fill("")
    page.locator("details").evaluate_all("all => all.forEach((each) => { each.open = true; })")
    # All of it is too much for axe, which has looked at one above.
    for _ in looks(page):
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    assert wrong == []
    context.close()
