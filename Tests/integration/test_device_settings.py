"""What people set for a camera: kept, checked, and told to whom it concerns."""

from __future__ import annotations

import pytest
from sensor import Peer, RpcError

DEFAULTS = {
    "revision": 0, "motion": {"sensitivity": 50, "regions": [], "threshold": None}, "sound": {"enabled": True, "sensitivity": 75},
    "clip": {"pre_roll_seconds": 4, "post_roll_seconds": 2, "max_seconds": 60, "cooldown_seconds": 5},
    "capture": {"facing": "environment", "resolution": "480p", "fps": 30, "quality": "medium", "audio": True, "torch": False},
    "preview_first": False,
}
REGION = {"kind": "ignore", "name": "tree", "points": [[0, 0], [0.5, 0.25], [0, 1]]}


@pytest.fixture
def path(account) -> str:
    return f"/devices/{account.device}/settings"


def test_settings_have_defaults_and_keep_what_is_set(account, path):
    assert account.get(path) == DEFAULTS
    status, changed, _ = account.call("PATCH", path, {"motion": {"sensitivity": 70, "regions": [REGION]}, "capture": {"torch": True}})
    assert status == 200 and changed["revision"] == 1
    assert changed["motion"] == {"sensitivity": 70, "regions": [REGION], "threshold": None} and changed["capture"]["torch"] is True
    assert {**changed, **{name: DEFAULTS[name] for name in ("revision", "motion", "capture")}} == DEFAULTS
    # The same again is no change; null is the default.
    assert account.call("PATCH", path, {"motion": {"sensitivity": 70}})[1] == changed
    back = account.call("PATCH", path, {"motion": None, "capture": {"torch": None}})[1]
    assert back == {**DEFAULTS, "revision": 2} == account.get(path)


def test_a_wrong_field_is_named_and_nothing_changes(account, path):
    status, answer, _ = account.call("PATCH", path, {"sound": {"sensitivity": 10}, "motion": {"regions": [REGION | {"points": [[0, 0]]}]}})
    assert (status, answer["error"]["field"]) == (400, "motion.regions[0].points") and "motion.regions[0].points" in answer["error"]["message"]
    for unknown in [{"colour": 1}, {"colour": None}, {"motion": {"colour": None}}]:
        status, answer, _ = account.call("PATCH", path, unknown)
        assert status == 400 and answer["error"]["field"].endswith("colour"), unknown
    assert account.call("PATCH", path, raw=b"{")[0] == 400
    assert account.call("PATCH", path, [1])[0] == 400
    assert account.get(path) == DEFAULTS


def test_who_knew_only_older_settings_is_told(account, path):
    assert account.call("PATCH", path, {"revision": 0, "preview_first": True})[1]["revision"] == 1
    status, answer, _ = account.call("PATCH", path, {"revision": 0, "preview_first": False})
    assert (status, answer["error"]["code"], answer["error"]["field"]) == (409, "settings_changed", "revision")
    assert account.get(path)["preview_first"] is True


def test_other_peoples_cameras_are_not_found(account, other, path):
    for method, body in [("GET", None), ("PATCH", {"preview_first": True})]:
        assert other.call(method, path, body)[0] == 404
        assert account.call(method, "/devices/nobody/settings", body)[0] == 404


def test_a_change_is_told_to_the_camera_and_to_those_who_watch(hub, account, other, path):
    viewer, camera, stranger = Peer(hub, account.token), Peer(hub, account.token, account.device), Peer(hub, other.token)
    changed = viewer.rpc("device.settings", {"device_id": account.device, "patch": {"motion": {"sensitivity": 10}}})
    assert changed["revision"] == 1 and changed["motion"]["sensitivity"] == 10
    for peer, channel in [(viewer, "user"), (camera, "user"), (camera, "sensor")]:
        told = peer.wait(lambda peer: [
            push["pub"]["data"] for push in peer.pushes
            if push.get("channel", "").startswith(channel) and push["pub"]["data"]["type"] == "device.settings"])
        assert told[0]["device_id"] == account.device and told[0]["settings"] == changed
    # A camera sees and sets its own, and learns them when it begins to watch.
    assert camera.rpc("device.settings") == changed
    assert camera.rpc("device.settings", {"patch": {"sound": {"enabled": False}}})["revision"] == 2
    started = camera.rpc("session.start")
    assert started["session"]["session_id"] == account.session and started["settings"] == account.get(path)
    second = account.post("/devices/register", {"label": "Door"})["device_id"]
    for peer, data, code in [
            (camera, {"device_id": second}, 404), (stranger, {"device_id": account.device}, 404), (viewer, {}, 107),
            (viewer, {"device_id": account.device, "patch": {"motion": {"sensitivity": "x"}}}, 107),
            (viewer, {"device_id": account.device, "patch": {"revision": 1}}, 409)]:
        with pytest.raises(RpcError) as refused:
            peer.rpc("device.settings", data)
        assert refused.value.code == code
    assert not [push for push in stranger.pushes if "device.settings" in str(push)]


def test_settings_outlive_the_hub(start, enrol):
    hub = start()
    account = enrol(hub)
    path = f"/devices/{account.device}/settings"
    changed = account.call("PATCH", path, {"clip": {"max_seconds": 20}})[1]
    hub.stop()
    hub.start()
    assert account.get(path) == changed and changed["clip"]["max_seconds"] == 20
