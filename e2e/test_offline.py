"""Clips outlive the hub's absence and the page's reload."""

from __future__ import annotations

import re
import signal
import subprocess
import time

import pytest
from playwright.sync_api import Page, expect

from browser import EMAIL, before_anybody_comes, start_camera, wait_until
from gate import Gate

# What the page keeps: of each clip the record, and how many pictures and batches there are in all.
KEPT = """async () => {
    const open = indexedDB.open("pingwatch");
    const result = (request) => new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
    });
    const database = await result(open);
    const transaction = database.transaction(["records", "stills", "batches"]);
    const [records, stills, batches] = await Promise.all([
        result(transaction.objectStore("records").getAll()),
        result(transaction.objectStore("stills").count()),
        result(transaction.objectStore("batches").count()),
    ]);
    database.close();
    return { records, stills, batches };
}"""

# When each picture was taken that the encoder gave, µs.
NOTES_PICTURES = """
window.pictureTimes = [];
window.Worker = class extends Worker {
    constructor(...parameters) {
        super(...parameters);
        this.addEventListener("message", ({ data }) => {
            if (data.type === "chunk" && data.chunk.track === 0) window.pictureTimes.push(data.chunk.timestamp);
        });
    }
};
"""


@pytest.fixture
def gate(hub):
    gate = Gate(hub.port)
    yield gate
    gate.stop()


def kept(camera: Page) -> list[dict]:
    """The records of clips. One is on the screen before the store has it."""
    wait_until(camera, lambda: camera.evaluate(KEPT)["records"] != [])
    return camera.evaluate(KEPT)["records"]


def is_uploaded(camera: Page) -> bool:
    """Nothing would be lost with the phone; what the hub has stays there all the same."""
    kept = camera.evaluate(KEPT)
    return kept["batches"] > 0 and all(record["uploadedAt"] for record in kept["records"])


def clip_row(camera: Page, state: str, timeout: float = 40_000):
    row = camera.locator("[data-clip-id]")
    expect(row).to_have_count(1, timeout=timeout)
    expect(row).to_have_attribute("data-state", state, timeout=timeout)
    return row


def length(record: dict) -> float:
    return (record["lastTimestamp"] - record["firstTimestamp"]) / 1e6


def the_event(hub) -> dict:
    token = hub.sign_in(EMAIL)
    _, events, _ = hub.call("GET", "/events", token=token)
    assert len(events) == 1
    return events[0]


def unexpected(errors: list[str]) -> list[str]:
    return [error for error in errors if not re.search("WebSocket|ERR_CONNECTION|ERR_EMPTY_RESPONSE", error)]


def test_a_clip_outlives_the_death_of_the_hub_and_a_reload(hub, gate, one_visit_browser):
    camera, errors = start_camera(one_visit_browser, gate)
    dialogs: list[str] = []
    camera.on("dialog", lambda dialog: (dialogs.append(dialog.type), dialog.accept()))
    page = camera.locator("pw-sensor-page")
    clip = clip_row(camera, "recording").get_attribute("data-clip-id")
    expect(page).to_have_attribute("data-pending", "0")
    wait_until(camera, lambda: hub.call("GET", "/events", token=hub.sign_in(EMAIL))[1] != [])

    hub.stop(signal.SIGKILL)
    expect(page).not_to_have_attribute("data-connection", "open")
    expect(camera.get_by_text("1 clip waits ·")).to_be_visible()
    expect(camera.get_by_text("The hub is away. Next attempt")).to_be_visible(timeout=30_000)
    clip_row(camera, "waiting")
    wait_until(camera, lambda: kept(camera)[0]["isComplete"])
    [record] = kept(camera)
    assert record["id"] == clip

    # The hub is back and gives the page, but its socket cannot be reached yet.
    gate.shut()
    hub.start()
    camera.reload()
    expect(page).to_have_attribute("data-state", "idle")
    expect(camera.get_by_text("1 clip waits ·")).to_be_visible()
    expect(camera.get_by_text("Kept on this device, also over a reload.")).to_be_visible()
    assert clip_row(camera, "waiting").get_attribute("data-clip-id") == clip
    assert dialogs == [], "nothing would have been lost"

    gate.open()
    clip_row(camera, "stored", timeout=60_000)
    expect(page).to_have_attribute("data-pending", "0")
    expect(camera.get_by_text("1 clip waits")).to_be_hidden()
    wait_until(camera, lambda: is_uploaded(camera))
    wait_until(camera, lambda: the_event(hub)["status"] == "done", timeout=60)
    event = the_event(hub)
    assert event["event_id"] == clip
    assert abs(event["duration_seconds"] - length(record)) < 0.5
    assert unexpected(errors) == []


def picture_times(path) -> list[float]:
    """Of a clip's file, in seconds from its first picture."""
    command = ["ffprobe", "-v", "error", "-select_streams", "v", "-show_entries", "packet=pts_time", "-of", "csv=p=0", str(path)]
    times = [float(line.strip(",")) for line in subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()]
    return [time - times[0] for time in times]


def test_a_hub_that_is_gone_for_a_minute_in_the_middle_of_a_clip_gets_all_of_it(hub, gate, camera_browser, tmp_path):
    camera, errors = start_camera(camera_browser, gate, script=NOTES_PICTURES)
    token = hub.sign_in(EMAIL)
    [device] = hub.call("GET", "/devices", token=token)[1]
    # People come again and again, and it is one clip.
    settings = {"clip": {"post_roll_seconds": 30, "max_seconds": 120}}
    with before_anybody_comes(camera):
        assert hub.call("PATCH", f"/devices/{device['device_id']}/settings", settings, token=token)[0] == 200
    page = camera.locator("pw-sensor-page")
    clip = clip_row(camera, "recording").get_attribute("data-clip-id")
    # The hub has its beginning.
    wait_until(camera, lambda: [event["status"] for event in hub.call("GET", "/events", token=token)[1]] == ["recording"])
    expect(page).to_have_attribute("data-pending", "0")
    camera.evaluate("window.isSamePage = true")

    gate.shut()
    shut_at = time.monotonic()
    waiting = camera.get_by_role("region", name="Clips that wait for the hub")
    expect(waiting).to_contain_text("The hub is away. Next attempt", timeout=10_000)
    frames = 0
    while time.monotonic() < shut_at + 60:
        # Whenever somebody looks: what happens, why, and that nothing is lost; and the recording goes on.
        expect(waiting).to_contain_text("1 clip waits ·")
        expect(waiting).to_contain_text(re.compile("The hub is away. Next attempt|Connecting to the hub…"))
        expect(waiting).to_contain_text("Kept on this device, also over a reload.")
        expect(page).not_to_have_attribute("data-connection", "open")
        clip_row(camera, "recording")
        wait_until(camera, lambda: kept(camera)[0]["frames"] > frames)
        frames = kept(camera)[0]["frames"]
        camera.wait_for_timeout(4000)

    gate.open()
    waiting.get_by_role("button", name="Send now").click()
    expect(page).to_have_attribute("data-connection", "open", timeout=20_000)
    expect(waiting).to_be_hidden(timeout=20_000)
    # It is the same clip, still in the middle.
    assert clip_row(camera, "recording").get_attribute("data-clip-id") == clip
    camera.get_by_role("button", name="Stop watching").click()
    clip_row(camera, "stored", timeout=60_000)
    wait_until(camera, lambda: the_event(hub)["status"] == "done", timeout=60)

    event = the_event(hub)
    assert (event["event_id"], event["incomplete"], event["clip_problem"]) == (clip, False, None)
    [record] = kept(camera)
    assert length(record) > 60 and abs(event["duration_seconds"] - length(record)) < 0.5
    # Each picture that was encoded from the clip's first on is in it, once.
    encoded = [time for time in camera.evaluate("window.pictureTimes") if time >= record["firstTimestamp"]]
    (tmp_path / "clip").write_bytes(hub.call("GET", event["clip_url"])[1])
    times = picture_times(tmp_path / "clip")
    assert len(times) == len(encoded)
    assert max(abs(time - (each - encoded[0]) / 1e6) for time, each in zip(times, encoded)) < 0.002
    assert camera.evaluate("window.isSamePage") is True
    assert unexpected(errors) == []


def test_a_reload_in_the_middle_of_a_clip_keeps_what_was_recorded(hub, gate, one_visit_browser):
    camera, errors = start_camera(one_visit_browser, gate)
    clip = clip_row(camera, "recording").get_attribute("data-clip-id")
    # Nothing more arrives at the hub, so that it is the store that counts.
    gate.shut()
    expect(camera.locator("pw-sensor-page")).to_have_attribute("data-connection", re.compile("waiting|connecting"))
    [before] = kept(camera)
    wait_until(camera, lambda: length(kept(camera)[0]) > length(before) + 2)
    [before] = kept(camera)
    assert not before["isComplete"]

    camera.reload()
    assert clip_row(camera, "waiting").get_attribute("data-clip-id") == clip
    [record] = kept(camera)
    assert length(record) >= length(before) and not record["isComplete"]

    gate.open()
    clip_row(camera, "stored", timeout=60_000)
    wait_until(camera, lambda: is_uploaded(camera))
    wait_until(camera, lambda: the_event(hub)["status"] == "done", timeout=60)
    event = the_event(hub)
    assert event["event_id"] == clip
    assert abs(event["duration_seconds"] - length(record)) < 0.5

    # The device watches again, as itself.
    camera.get_by_role("button", name="Start watching").click()
    expect(camera.locator("pw-sensor-page")).to_have_attribute("data-connection", "open", timeout=20_000)
    _, devices, _ = hub.call("GET", "/devices", token=hub.sign_in(EMAIL))
    assert len(devices) == 1
    assert unexpected(errors) == []


def test_a_reload_with_the_hub_at_hand_ends_the_clip_where_the_hub_has_it(hub, one_visit_browser):
    camera, errors = start_camera(one_visit_browser, hub)
    clip = clip_row(camera, "recording").get_attribute("data-clip-id")
    wait_until(camera, lambda: kept(camera)[0]["frames"] > 30)
    camera.reload()
    clip_row(camera, "stored")
    wait_until(camera, lambda: the_event(hub)["status"] == "done", timeout=60)
    assert the_event(hub)["event_id"] == clip
    assert unexpected(errors) == []


def test_a_second_page_leaves_clips_to_the_first_as_long_as_that_is_open(hub, gate, empty_room_browser):
    camera, _ = start_camera(empty_room_browser, gate)
    gate.shut()
    camera.get_by_role("button", name="Record now").click()
    clip = clip_row(camera, "waiting").get_attribute("data-clip-id")
    second = camera.context.new_page()
    second.goto(f"{gate.url}/#/camera")
    expect(second.locator("pw-sensor-page")).to_have_attribute("data-pending", "0")
    camera.close()
    expect(second.locator("pw-sensor-page")).not_to_have_attribute("data-pending", "0")
    assert clip in [row.get_attribute("data-clip-id") for row in second.locator("[data-clip-id]").all()]


def test_a_full_device_gives_up_its_oldest_clip_and_says_so(hub, gate, first_visit_browser):
    camera, errors = start_camera(first_visit_browser, gate)
    gate.shut()
    camera.get_by_role("button", name="Record now").click()
    # A visitor may have come meanwhile; the newest is above.
    oldest = camera.locator("[data-clip-id]").last
    expect(oldest).to_have_attribute("data-state", "waiting", timeout=40_000)
    first = oldest.get_attribute("data-clip-id")
    wait_until(camera, lambda: any(record["isComplete"] for record in kept(camera) if record["id"] == first))

    storage = camera.context.new_cdp_session(camera)
    usage = camera.evaluate("async () => (await navigator.storage.estimate()).usage")
    storage.send("Storage.overrideQuotaForOrigin", {"origin": gate.url, "quotaSize": usage + 1000})
    row = camera.locator(f"[data-clip-id='{first}']")
    # The browser looks at its quota now and then only.
    expect(row).to_have_attribute("data-state", "failed", timeout=60_000)
    expect(row).to_contain_text("failed: this device's storage was full")
    expect(camera.get_by_text("storage takes no more")).to_be_visible(timeout=20_000)

    # With room again, what was held in memory is stored.
    storage.send("Storage.overrideQuotaForOrigin", {"origin": gate.url})
    expect(camera.get_by_text("Kept on this device")).to_be_visible(timeout=20_000)
    gate.open()
    expect(camera.locator("[data-state=stored]").first).to_be_visible(timeout=60_000)
    assert unexpected(errors) == []


def test_without_storage_the_page_says_what_a_reload_would_lose(hub, gate, empty_room_browser):
    refuse = "Object.defineProperty(window, 'indexedDB', { get() { throw new DOMException('not here', 'SecurityError'); } });"
    camera, errors = start_camera(empty_room_browser, gate, script=refuse)
    gate.shut()
    camera.get_by_role("button", name="Record now").click()
    expect(camera.get_by_text("reloading or closing it loses them")).to_be_visible(timeout=20_000)
    dialogs: list[str] = []
    camera.on("dialog", lambda dialog: (dialogs.append(dialog.type), dialog.dismiss()))
    camera.close(run_before_unload=True)
    wait_until(camera, lambda: dialogs == ["beforeunload"])

    gate.open()
    clip_row(camera, "stored", timeout=60_000)
    expect(camera.locator("pw-sensor-page")).to_have_attribute("data-pending", "0")
    assert unexpected(errors) == []
