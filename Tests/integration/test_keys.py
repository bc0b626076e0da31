"""Keys for integrations: what they may do is what they were given, over HTTP and on the socket. And the keys that sign links."""

from __future__ import annotations

import re
import time

import pytest
from getting_in import pingwatch
from people import Person, camera, closing, refused, rows, write
from sensor import Peer, RpcError, publications
from watching import until, upload


@pytest.fixture
def owner(hub) -> Person:
    return Person(hub)


def key(owner: Person, *permissions: str, **more) -> dict:
    return owner.post("/api-keys", {"name": "Home", "permissions": list(permissions), **more})


def test_a_key_is_shown_once_and_listed(hub, owner):
    made = key(owner, "view", "control", expires_in_days=30)
    assert made["key"].startswith("pwk_") and made["permissions"] == ["control", "view"] and made["created_by"] == owner.id
    [listed] = owner.get("/api-keys")
    assert "key" not in listed and listed["key_id"] == made["key_id"] and listed["used_at"] is None and listed["expires_at"]
    assert hub.call("GET", "/devices", token=made["key"])[0] == 200
    assert owner.get("/api-keys")[0]["used_at"]
    assert made["key"].encode() not in (hub.data / "pingwatch.db").read_bytes() and made["key"] not in "".join(hub.log)
    assert owner.actions()[0] == "key.made"


@pytest.mark.parametrize("permission", ["view", "control", "pair", "summarize"])
def test_a_key_does_exactly_what_it_was_given(hub, owner, permission):
    device, _ = camera(owner)
    token = key(owner, permission)["key"]
    asked = {
        ("GET", "/devices"): "view", ("GET", "/account"): "view", ("GET", f"/devices/{device}/settings"): "view", ("GET", "/events"): "view",
        ("PATCH", f"/devices/{device}/settings"): "control", ("POST", "/devices/register"): "pair", ("POST", f"/devices/{device}/token"): "pair", ("PATCH", f"/devices/{device}"): "pair",
        ("POST", "/events/none/summary"): "summarize",
        # Of people alone: keys register devices with tokens, and compare no words.
        ("POST", "/pairings"): None, ("GET", "/pairings/none"): None, ("POST", "/pairings/none/confirm"): None,
        ("GET", "/account/members"): None, ("GET", "/account/audit"): None, ("GET", "/api-keys"): None, ("POST", "/api-keys"): None,
        ("GET", "/activation-codes"): None, ("PATCH", "/account"): None, ("GET", "/auth/me"): None, ("POST", "/account/leave"): None,
        ("GET", "/auth/sessions"): None, ("GET", "/devices/self"): None, ("POST", "/auth/invitations/accept"): None,
    }
    for (method, path), needed in asked.items():
        status = hub.call(method, path, {"label": "Hall"} if method != "GET" and "settings" not in path else {} if method != "GET" else None, token)[0]
        assert (status == 403) == (needed != permission), (method, path, status)


def test_a_key_on_the_socket(hub, owner):
    device, token = camera(owner)
    viewing, controlling = key(owner, "view")["key"], key(owner, "view", "control")["key"]
    peer = Peer(hub, viewing)
    [channel] = peer.hello["subs"]
    assert channel == f"user:{peer.hello['data']['user_id']}" and peer.ask({"subscribe": {"channel": f"user:{owner.id}"}})["error"]["code"] == 103
    owner.call("PATCH", f"/devices/{device}", {"label": "Door"})
    peer.wait_publication("device.updated")
    assert peer.rpc("live.watch", {"device_id": device})["stream"]
    for method, data in [("device.command", {"device_id": device, "command": "locate"}), ("device.settings", {"device_id": device, "patch": {}})]:
        with pytest.raises(RpcError) as error:
            peer.rpc(method, data)
        assert error.value.code == 103, method
    assert refused(hub, viewing, kind="sensor", device_id=device) == 3500
    assert refused(hub, key(owner, "pair")["key"], kind="viewer") == 3500
    other = Peer(hub, controlling)
    assert other.rpc("device.settings", {"device_id": device, "patch": {}})
    for each in (peer, other):
        each.close()


def test_a_key_that_may_not_look_hears_nothing_as_a_sensor(hub, owner):
    device, token = camera(owner)
    other, _ = camera(owner, "Door")
    made, viewer = key(owner, "control"), Peer(hub, owner.token)
    sensor = Peer(hub, made["key"], device)
    assert list(sensor.hello["subs"]) == [f"sensor:{device}"] and sensor.hello["data"]["user_id"] is None
    for channel in (f"user:{made['key_id']}", f"user:{owner.id}", f"device:{other}"):
        assert sensor.ask({"subscribe": {"channel": channel}})["error"]["code"] == 103
    session = sensor.rpc("session.start")["session"]["session_id"]
    for each in (device, other):
        owner.call("PATCH", f"/devices/{each}", {"label": "Cellar"})
    viewer.wait(
        lambda peer: {push["device"]["device_id"] for push in publications(peer, "device.updated") if push["device"]["label"] == "Cellar"} == {device, other})
    owner.post("/sessions/stop", {"session_id": session})
    # As a camera with its own token it hears that it shall not watch any more, and nothing of what came before that.
    sensor.wait_publication("session.stopped")
    assert publications(sensor, "device.updated") == [] and "snapshot_url" not in str(sensor.pushes)
    for each in (sensor, viewer):
        each.close()


def test_signed_links_are_for_who_may_look(hub, account, small):
    def token(*permissions: str) -> str:
        return account.post("/api-keys", {"name": "Home", "permissions": list(permissions)})["key"]

    def ask(token: str, method: str, path: str, body: dict) -> dict:
        status, answer, _ = hub.call(method, path, body, token)
        assert status == 200, answer
        return answer

    event = upload(account, small)
    until(lambda: account.get(f"/events/{event}")["clip_url"])
    path, body = f"/events/{event}/summary", {"summary": "A cat."}
    assert ask(token("summarize", "view"), "POST", path, body)["clip_url"]
    shown = ask(token("summarize"), "POST", path, body)
    assert shown["summary"] == "A cat." and [name for name, value in shown.items() if name.endswith("_url") and value] == []
    named = {"label": "Hall"}
    assert ask(token("pair", "view"), "PATCH", f"/devices/{account.device}", named)["snapshot_url"]
    pairing = token("pair")
    assert ask(pairing, "PATCH", f"/devices/{account.device}", named)["snapshot_url"] is None
    assert ask(pairing, "POST", "/devices/register", {"device_id": account.device, **named, "with_token": True})["snapshot_url"] is None


def test_a_revoked_key_is_over_at_once(hub, owner):
    made, kept = key(owner, "view"), key(owner, "view")
    peer, other = Peer(hub, made["key"]), Peer(hub, kept["key"])
    assert Person(hub).status("DELETE", f"/api-keys/{made['key_id']}") == (404, "not_found")
    assert owner.call("DELETE", f"/api-keys/{made['key_id']}")[0] == 204
    assert closing(peer.socket) == 3500
    assert hub.call("GET", "/devices", token=made["key"])[0] == 401 and refused(hub, made["key"], kind="viewer") == 3500
    assert "ping" in other.ask({"ping": {}})
    assert owner.status("DELETE", f"/api-keys/{made['key_id']}") == (404, "not_found")
    assert [each["key_id"] for each in owner.get("/api-keys")] == [kept["key_id"]] and owner.actions()[0] == "key.revoked"
    other.close()


def test_a_key_ends_at_its_time(hub, owner):
    made = key(owner, "view", expires_in_days=1)
    write(hub, "UPDATE api_keys SET expires_at = ? WHERE id = ?", int(time.time() * 1000), made["key_id"])
    status, answer, _ = hub.call("GET", "/devices", token=made["key"])
    assert (status, answer["error"]["code"]) == (401, "token_expired")


def test_a_key_stays_in_its_account(hub, owner):
    device, _ = camera(Person(hub))
    token = key(owner, "view", "control", "pair")["key"]
    assert hub.call("GET", "/devices", token=token)[1] == [] and hub.call("GET", f"/devices/{device}/settings", token=token)[0] == 404
    assert hub.call("PATCH", f"/devices/{device}", {"label": "x"}, token)[0] == 404


@pytest.mark.parametrize("change, field", [
    ({"permissions": []}, "permissions"), ({"permissions": ["own"]}, "permissions"), ({"permissions": ["administer"]}, "permissions"),
    ({"permissions": "view"}, "permissions"), ({"permissions": None}, "permissions"), ({"name": ""}, "name"), ({"expires_in_days": 0}, "expires_in_days"),
    ({"expires_in_days": 1.5}, "expires_in_days")])
def test_what_is_wrong_with_a_key_is_named(owner, change, field):
    status, answer, _ = owner.call("POST", "/api-keys", {"name": "Home", "permissions": ["view"]} | change)
    assert (status, answer["error"]["field"]) == (400, field)


def test_a_person_cannot_be_guessed_by_tokens_of_another_kind(hub, owner):
    """Prefixes tell kinds apart; a hash of one kind is looked for among its own alone."""
    device, token = camera(owner)
    made = key(owner, "view")["key"]
    for wrong in (made.replace("pwk_", "pwd_"), token.replace("pwd_", "pwk_"), made[4:], token[4:], made[:-1], made + "x", "pwk_", "pwd_"):
        assert hub.call("GET", "/devices", token=wrong)[0] == 401, wrong


def test_links_of_before_a_rotation_stay_good_and_new_ones_have_the_new_key(start, enrol, small):
    hub = start()
    account = enrol(hub)
    answer = account.post("/events/upload/initiate", account.declaration(clip_size_bytes=len(small.file), duration_seconds=small.seconds))
    assert account.call("PUT", answer["upload_url"], raw=small.file)[0] == 200
    path = f"/events/{answer['event']['event_id']}"
    account.post(f"{path}/upload/finalize", {})
    until = time.monotonic() + 60
    while (event := account.get(path))["status"] != "done":
        assert time.monotonic() < until, event
        time.sleep(0.05)
    old = event["clip_url"]
    assert "&k=1&" in old and hub.call("HEAD", old)[0] == 200

    assert pingwatch(hub, "keys", "rotate").startswith("key 2 signs links")
    # A key is known to every process before it signs: time goes by, as the database says.
    (ring,), = rows(hub, "SELECT value FROM settings WHERE name = 'media.signing_keys'")
    assert hub.stop() == 0
    older = re.sub(r"\d+$", lambda made: str(int(made[0]) - 121_000), ring, flags=re.MULTILINE)
    assert write(hub, "UPDATE settings SET value = ? WHERE name = 'media.signing_keys'", older) == 1
    hub.start()
    new = account.get(path)["clip_url"]
    assert "&k=2&" in new and hub.call("HEAD", new)[0] == hub.call("HEAD", old)[0] == 200
    # A signature is good with its own key alone.
    assert hub.call("GET", old.replace("&k=1&", "&k=2&"))[0] == 404
