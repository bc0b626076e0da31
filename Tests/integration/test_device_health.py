"""A camera that is not there, or not well, is told of: once, whatever happens to the hub meanwhile."""

from __future__ import annotations

import signal
import time

import botapi
import pytest
from sensor import Peer, RpcError
from test_mail import postbox  # noqa: F401
from test_webhook import Receiver
from watching import SECRET, alerts, deliveries, link, seconds, target, until

OFFLINE, ATTENTION = 2, 2
HOOK = "a-secret-for-tests"


@pytest.fixture(scope="module")
def settings(telegram):
    return {
        "TELEGRAM_BOT_TOKEN": botapi.TOKEN, "TELEGRAM_API_BASE_URL": telegram.url, "TELEGRAM_WEBHOOK_SECRET": SECRET, "OFFLINE_SECONDS": str(OFFLINE),
        "ATTENTION_SECONDS": str(ATTENTION)}


@pytest.fixture
def hub(start, settings):
    return start(**settings)


@pytest.fixture
def account(hub, enrol, telegram, chat):
    """A camera whose alerts a chat gets."""
    account = enrol(hub)
    link(telegram, account, chat)
    return account


def notices(account, kind: str) -> list[dict]:
    return [event for event in account.get("/events") if event["trigger_type"] == kind]


def device(account) -> dict:
    return next(each for each in account.get("/devices") if each["device_id"] == account.device)


def wait_for(account, kind: str, count: int = 1) -> list[dict]:
    """The notices of a kind, once there are so many, each sent to the chat."""
    found = until(lambda: found if len(found := notices(account, kind)) >= count else None)
    assert len(found) == count
    for event in found:
        until(lambda: [each["state"] for each in deliveries(account, event["event_id"])] == ["sent"])
    return found


def quiet(account, looks: float = 2 * OFFLINE) -> None:
    """Time in which a notice that must not come would come."""
    time.sleep(looks)


def test_a_camera_that_vanishes_and_comes_back_is_told_of_once_each_though_the_chat_is_snoozed(account, hub, telegram, chat):
    viewer, camera = Peer(hub, account.token), Peer(hub, account.token, account.device)
    account.post("/notifications/targets", {"device_id": account.device, "channel": "telegram", "target": str(chat), "snooze_minutes": 60})
    assert target(account, chat)["snoozed_until"]
    camera.rpc("device.telemetry", {"telemetry": {"battery": 0.5}})
    left = time.time()
    camera.close()
    offline, = wait_for(account, "offline")
    assert offline["status"] == "done" and offline["session_id"] == account.session and offline["should_notify"] and offline["label"] == "offline"
    assert offline["summary"].startswith("Hall has been offline since ") and offline["summary"].endswith(" UTC.")
    assert offline["clip_url"] is None and offline["clip_mime"] is None and offline["poster_url"] is None
    assert OFFLINE - 0.5 <= seconds(offline["triggered_at"]) - left <= OFFLINE + 5
    assert viewer.wait_publication("event.triggered")["event"]["event_id"] == offline["event_id"]
    message, = alerts(telegram, chat)
    assert message.text.startswith(f"Offline · Hall\n{offline['summary']}\n")
    steps = account.get(f"/events/{offline['event_id']}/timeline")
    assert [step["step"] for step in steps] == ["triggered", "alerted"] and steps[1]["state"] == "sent"
    # It stays away, and then it is back.
    quiet(account)
    camera = Peer(hub, account.token, account.device)
    online, = wait_for(account, "online")
    assert online["summary"].startswith("Hall is back. It was offline for ")
    quiet(account)
    assert len(notices(account, "offline")) == len(notices(account, "online")) == 1
    assert [each.text.split(" ")[0] for each in alerts(telegram, chat)] == ["Offline", "Online"]
    camera.close()


def test_a_camera_that_comes_back_in_time_is_not_told_of(start, settings, enrol):
    # Long enough to come back in, whatever else this machine does.
    patience = 6
    hub = start(**{**settings, "OFFLINE_SECONDS": str(patience)})
    account = enrol(hub)
    Peer(hub, account.token, account.device).close()
    until(lambda: not device(account)["online"])
    camera = Peer(hub, account.token, account.device)
    quiet(account, patience + 2)
    assert account.get("/events") == []
    camera.close()
    assert len(until(lambda: notices(account, "offline"))) == 1


def test_a_session_that_a_person_stops_ends_without_a_word(account, hub):
    camera = Peer(hub, account.token, account.device)
    camera.rpc("session.stop", {"session_id": account.session})
    camera.close()
    quiet(account)
    assert account.get("/events") == []
    # Nor is a camera missed that never was there: whoever uploads over HTTP has no connection.
    account.post("/sessions/start", {"device_id": account.post("/devices/register", {"label": "Uploads"})["device_id"]})
    quiet(account)
    assert account.get("/events") == []


@pytest.mark.parametrize("way", [signal.SIGTERM, signal.SIGKILL])
def test_a_camera_that_does_not_come_back_after_a_restart_is_found(account, hub, telegram, chat, way):
    camera = Peer(hub, account.token, account.device)
    assert camera.rpc("session.start")["session"]["session_id"] == account.session
    left = time.time()
    hub.stop(way)
    hub.start()
    offline, = wait_for(account, "offline")
    assert seconds(offline["triggered_at"]) - left >= OFFLINE
    # Told is told, also by the next hub; and back is back.
    hub.stop(way)
    hub.start()
    quiet(account)
    assert len(notices(account, "offline")) == 1 and len(alerts(telegram, chat)) == 1
    camera = Peer(hub, account.token, account.device)
    wait_for(account, "online")
    hub.stop(way)
    hub.start()
    camera = Peer(hub, account.token, account.device)
    quiet(account)
    assert [each["trigger_type"] for each in account.get("/events")] == ["online", "offline"] and len(alerts(telegram, chat)) == 2
    camera.close()


def test_a_problem_that_lasts_is_told_and_shown(account, hub, telegram, chat):
    viewer, camera = Peer(hub, account.token), Peer(hub, account.token, account.device)
    assert device(account)["health"] == {"problems": [], "telemetry": {}, "reported_at": None, "attention": False}
    telemetry = {"battery": 0.2, "problems": ["frozen", "page_hidden", "too_hot"]}
    camera.rpc("device.telemetry", {"telemetry": telemetry})
    health = device(account)["health"]
    assert (health["problems"], health["telemetry"], health["attention"]) == (telemetry["problems"], telemetry, False)
    assert abs(seconds(health["reported_at"]) - time.time()) < 5
    event, = wait_for(account, "attention")
    assert event["summary"] == f"Hall: the picture has been frozen and the page has been in the background for {ATTENTION} seconds."
    assert event["tags"] == ["attention", "frozen", "page_hidden"]
    assert alerts(telegram, chat)[0].text.startswith("Attention · Hall\nHall: the picture has been frozen")
    until(lambda: device(account)["health"]["attention"])
    told = viewer.wait_publication("device.updated")["device"]
    assert told["device_id"] == account.device and told["health"]["attention"] and told["health"]["problems"] == telemetry["problems"]
    # It is well again, and ill again soon: nobody is told twice.
    camera.rpc("device.telemetry", {"telemetry": {"problems": []}})
    until(lambda: not device(account)["health"]["attention"])
    camera.rpc("device.telemetry", {"telemetry": {"problems": ["frozen"]}})
    until(lambda: device(account)["health"]["attention"])
    quiet(account, 2 * ATTENTION)
    assert len(notices(account, "attention")) == len(alerts(telegram, chat)) == 1
    # The newest report is there after the camera has gone, and after the hub has.
    camera.close()
    until(lambda: not device(account)["online"])
    hub.stop()
    hub.start()
    assert device(account)["health"]["problems"] == ["frozen"]


def test_a_notice_of_a_problem_may_be_snoozed(account, hub, telegram, chat):
    account.post("/notifications/targets", {"device_id": account.device, "channel": "telegram", "target": str(chat), "snooze_minutes": 60})
    camera = Peer(hub, account.token, account.device)
    camera.rpc("device.telemetry", {"telemetry": {"problems": ["covered"]}})
    event, = until(lambda: notices(account, "attention"))
    delivery, = until(lambda: [each for each in deliveries(account, event["event_id"]) if each["state"] == "suppressed"])
    assert delivery["reason"] == "snoozed" and alerts(telegram, chat) == []


def test_what_is_no_report_is_refused(account, hub):
    camera = Peer(hub, account.token, account.device)
    for telemetry, field in [
            ([], "telemetry"), ({"problems": "frozen"}, "telemetry.problems"), ({"problems": ["Frozen!"]}, "telemetry.problems[0]"),
            ({"problems": ["frozen"] * 17}, "telemetry.problems"), ({"long": "x" * 5000}, "telemetry")]:
        with pytest.raises(RpcError) as refused:
            camera.rpc("device.telemetry", {"telemetry": telemetry})
        assert refused.value.code == 107 and str(refused.value).startswith(f"{field}:")
    assert device(account)["health"]["telemetry"] == {}


def test_a_webhook_hears_of_cameras_as_such(start, settings, enrol):
    receiver = Receiver()
    try:
        hub = start(**{**settings, "NOTIFY_WEBHOOK_URL": receiver.url, "NOTIFY_WEBHOOK_SECRET": HOOK, "NOTIFY_WEBHOOK_ALLOW_PRIVATE": "true"})
        account = enrol(hub)
        Peer(hub, account.token, account.device).close()
        event, = wait_for(account, "offline")
        (_, content), = until(lambda: receiver.take(event["event_id"]))
        assert content["type"] == "device.alert"
        assert content["event"]["trigger_type"] == "offline" and content["event"]["summary"] == event["summary"]
        assert content["event"]["tags"] == ["offline"] and "duration_seconds" not in content["event"]
    finally:
        receiver.stop()


def test_a_mail_tells_of_a_camera(start, settings, enrol, postbox):  # noqa: F811
    hub = start(**{**settings, "SMTP_URL": f"smtp://127.0.0.1:{postbox.port}?from=camera@example.org"})
    account = enrol(hub)
    address = account.get("/auth/me")["email"]
    account.post("/notifications/targets", {"device_id": account.device, "channel": "email"})
    Peer(hub, account.token, account.device).close()
    event, = wait_for(account, "offline")
    mail, = until(lambda: postbox.to(address))
    assert mail["Subject"] == "Offline · Hall" and event["summary"] in mail.get_body(("plain",)).get_content()
