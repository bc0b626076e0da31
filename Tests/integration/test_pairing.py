"""Phones that become cameras: pairing by QR or a typed code, activation codes, and cameras' own tokens."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import wire
from people import Person, camera, closing, live, refused, write
from sensor import CLIP, CONFIG, KEY, LIVE, Peer, RpcError, frame


@pytest.fixture
def owner(hub) -> Person:
    return Person(hub)


def secret(pairing: dict) -> str:
    return pairing["url"].rsplit("/", 1)[1]


def claim(hub, body: dict) -> dict:
    status, answer, _ = hub.call("POST", "/pairings/claim", {"label": "Hall", **body})
    assert status == 200, answer
    return answer


def status_of(hub, claim: str) -> tuple[int, dict]:
    return hub.call("POST", "/pairings/claim/status", {"claim": claim})[:2]


def error(hub, path: str, body: dict) -> tuple[int, str]:
    status, answer, _ = hub.call("POST", path, body)
    return status, answer["error"]["code"]


EXPIRED = (404, "link_expired")


# Pairing


@pytest.mark.parametrize("typed", [False, True])
def test_a_phone_becomes_a_camera_that_can_stream_and_nothing_else(hub, owner, typed):
    viewer = Peer(hub, owner.token)
    pairing = owner.post("/pairings", {})
    assert pairing["url"].startswith(hub.url + "/#/pair/") and pairing["qr_svg"].startswith("<svg") and len(pairing["code"]) == 9
    claimed = claim(hub, {"code": pairing["code"].lower().replace("-", " ")} if typed else {"secret": secret(pairing)})
    assert claimed["state"] == "claimed" and claimed["account_name"] == owner.get("/account")["name"]
    heard = viewer.wait_publication("pairing.updated")["pairing"]
    assert heard == owner.get(f"/pairings/{pairing['pairing_id']}")
    assert heard["confirm_word"] == claimed["confirm_word"] and len(claimed["confirm_word"]) == 2
    assert (heard["state"], heard["label"], heard["address"]) == ("claimed", "Hall", "127.0.0.1") and "urllib" in heard["agent"].lower()
    assert status_of(hub, claimed["claim"]) == (200, {"state": "claimed"})
    confirmed = owner.post(f"/pairings/{pairing['pairing_id']}/confirm", {"accept": True})
    assert confirmed["state"] == "confirmed" and confirmed["device_id"]
    assert viewer.wait_publication("device.updated")["device"]["device_id"] == confirmed["device_id"]
    status, given = status_of(hub, claimed["claim"])
    assert status == 200 and given["state"] == "confirmed" and given["device"]["label"] == "Hall" and given["device"]["has_token"]
    token, device = given["device_token"], given["device"]["device_id"]
    assert token.startswith("pwd_") and device == confirmed["device_id"]
    assert hub.call("GET", "/devices/self", token=token)[1]["device_id"] == device
    for path in ["/devices", "/account", "/account/members", "/api-keys", "/auth/me", f"/pairings/{pairing['pairing_id']}"]:
        assert hub.call("GET", path, token=token)[0] == 403, path
    sensor = Peer(hub, token, data={"kind": "sensor"})
    assert list(sensor.hello["subs"]) == [f"sensor:{device}"]
    viewer.wait_publication("device.presence", device_id=device, online=True)
    sensor.close()
    viewer.close()
    assert owner.actions() == ["device.token.given", "pairing.confirmed", "pairing.claimed", "pairing.started"]


def test_a_code_is_good_once_whichever_way_it_is_shown(hub, owner):
    pairing = owner.post("/pairings", {})
    claim(hub, {"code": pairing["code"]})
    for body in ({"code": pairing["code"]}, {"secret": secret(pairing)}):
        assert error(hub, "/pairings/claim", {"label": "Other", **body}) == EXPIRED
    assert owner.get(f"/pairings/{pairing['pairing_id']}")["label"] == "Hall"


def test_of_many_phones_at_once_one_gets_the_code(hub, owner):
    pairing = owner.post("/pairings", {})
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(
            lambda n: hub.call("POST", "/pairings/claim", {"label": f"Phone {n}", **({"code": pairing["code"]} if n % 2 else {"secret": secret(pairing)})}),
            range(12)))
    winners = [number for number, (status, _, _) in enumerate(answers) if status == 200]
    assert len(winners) == 1 and sorted(status for status, _, _ in answers) == [200] + [404] * 11
    found = owner.get(f"/pairings/{pairing['pairing_id']}")
    assert found["label"] == f"Phone {winners[0]}" and found["confirm_word"] == answers[winners[0]][1]["confirm_word"]


def test_a_confirmation_comes_once_and_makes_one_camera(hub, owner):
    pairing = owner.post("/pairings", {})
    path = f"/pairings/{pairing['pairing_id']}/confirm"
    assert owner.status("POST", path, {"accept": True}) == (409, "not_claimed")
    assert owner.status("POST", path, {}) == (400, "missing_field")
    claimed = claim(hub, {"secret": secret(pairing)})
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: owner.call("POST", path, {"accept": True}), range(8)))
    assert {status for status, _, _ in answers} == {200} and len({answer["device_id"] for _, answer, _ in answers}) == 1
    assert owner.status("POST", path, {"accept": False}) == (409, "pairing_decided")
    assert len(owner.get("/devices")) == 1 and owner.actions().count("pairing.confirmed") == 1
    assert status_of(hub, claimed["claim"])[1]["state"] == "confirmed"


def test_a_phone_that_is_sent_away_gets_nothing(hub, owner):
    pairing = owner.post("/pairings", {})
    claimed = claim(hub, {"secret": secret(pairing)})
    assert owner.post(f"/pairings/{pairing['pairing_id']}/confirm", {"accept": False})["state"] == "rejected"
    assert status_of(hub, claimed["claim"]) == (200, {"state": "rejected"})
    assert owner.get("/devices") == [] and owner.actions()[0] == "pairing.rejected"


def test_a_token_is_given_once_and_within_half_a_minute_another_one(hub, owner):
    pairing = owner.post("/pairings", {})
    claimed = claim(hub, {"secret": secret(pairing)})
    owner.post(f"/pairings/{pairing['pairing_id']}/confirm", {"accept": True})
    first = status_of(hub, claimed["claim"])[1]["device_token"]
    sensor = Peer(hub, first, data={"kind": "sensor"})
    second = status_of(hub, claimed["claim"])[1]["device_token"]
    # The one of the answer that may have been lost is in nobody's hands now.
    assert closing(sensor.socket) == 3500
    assert hub.call("GET", "/devices/self", token=first)[0] == 401 and hub.call("GET", "/devices/self", token=second)[0] == 200
    assert write(hub, "UPDATE pairings SET given_at = given_at - 31000 WHERE id = ?", pairing["pairing_id"]) == 1
    assert status_of(hub, claimed["claim"])[0] == 404
    assert hub.call("GET", "/devices/self", token=second)[0] == 200


def test_codes_claims_and_tokens_are_too_late_at_their_time(hub, owner):
    def late(pairing, seconds):
        assert write(hub, "UPDATE pairings SET expires_at = expires_at - ? WHERE id = ?", seconds * 1000, pairing["pairing_id"]) == 1

    pairing = owner.post("/pairings", {})
    late(pairing, 301)
    assert error(hub, "/pairings/claim", {"label": "Hall", "code": pairing["code"]}) == EXPIRED
    assert error(hub, "/pairings/claim", {"label": "Hall", "secret": secret(pairing)}) == EXPIRED
    assert owner.get(f"/pairings/{pairing['pairing_id']}")["state"] == "expired"
    # Claimed, and nobody looked.
    pairing = owner.post("/pairings", {})
    claimed = claim(hub, {"code": pairing["code"]})
    late(pairing, 301)
    assert owner.status("POST", f"/pairings/{pairing['pairing_id']}/confirm", {"accept": True}) == (409, "pairing_expired")
    assert status_of(hub, claimed["claim"]) == (200, {"state": "expired"})
    # Confirmed, and nobody came.
    pairing = owner.post("/pairings", {})
    claimed = claim(hub, {"code": pairing["code"]})
    owner.post(f"/pairings/{pairing['pairing_id']}/confirm", {"accept": True})
    late(pairing, 301)
    assert status_of(hub, claimed["claim"])[0] == 404
    assert not owner.get("/devices")[0]["has_token"]


def test_a_confirmed_phone_gets_its_token_from_a_hub_that_was_restarted(start, tmp_path):
    hub = start(data=tmp_path)
    owner = Person(hub)
    pairing = owner.post("/pairings", {})
    claimed = claim(hub, {"secret": secret(pairing)})
    owner.post(f"/pairings/{pairing['pairing_id']}/confirm", {"accept": True})
    hub.stop()
    everything = b"".join(path.read_bytes() for path in tmp_path.glob("pingwatch.db*"))
    assert b"pwd_" not in everything and claimed["claim"].encode() not in everything and secret(pairing).encode() not in everything
    hub.start()
    token = status_of(hub, claimed["claim"])[1]["device_token"]
    assert hub.call("GET", "/devices/self", token=token)[0] == 200


def test_pairings_of_others_are_like_none(hub, owner):
    stranger = Person(hub)
    pairing = owner.post("/pairings", {})
    for id in (pairing["pairing_id"], "none"):
        assert stranger.status("GET", f"/pairings/{id}") == (404, "not_found")
        assert stranger.status("POST", f"/pairings/{id}/confirm", {"accept": True}) == (404, "not_found")
    assert hub.call("GET", f"/pairings/{pairing['pairing_id']}")[0] == 401
    member = Person(hub).join(owner, "member")
    viewer = Person(hub).join(owner, "viewer")
    assert member.get(f"/pairings/{pairing['pairing_id']}")["state"] == "waiting"
    assert viewer.status("POST", "/pairings", {}) == (403, "forbidden")
    assert viewer.status("GET", f"/pairings/{pairing['pairing_id']}") == (403, "forbidden")


def test_a_pairing_ends_with_the_membership_of_who_began_it(hub, owner):
    member = Person(hub).join(owner, "member")
    pairing = member.post("/pairings", {})
    assert owner.call("DELETE", f"/account/members/{member.id}")[0] == 204
    assert error(hub, "/pairings/claim", {"label": "Hall", "code": pairing["code"]}) == EXPIRED


def test_an_account_has_so_many_open_codes(hub, owner):
    for _ in range(32):
        owner.post("/pairings", {})
    assert owner.status("POST", "/pairings", {}) == (429, "limit_exceeded")
    Person(hub).post("/pairings", {})


@pytest.mark.parametrize("method, path, allowed", [
    ("PATCH", "/devices/self", "GET"), ("GET", "/pairings/claim", "POST"), ("DELETE", "/activation-codes/redeem", "POST")])
def test_a_word_in_the_place_of_an_id_is_that_word(owner, method, path, allowed):
    status, _, headers = owner.call(method, path, {})
    assert (status, headers["allow"]) == (405, allowed)


@pytest.mark.parametrize("body, field", [
    ({}, "code"), ({"code": "ABCD-EFG"}, "code"), ({"code": "ABCD-EFG0"}, "code"), ({"code": 5}, "code"), ({"secret": "x" * 129}, "secret"),
    ({"secret": []}, "secret"), ({"secret": "x", "label": ""}, "label"), ({"secret": "x", "label": "x" * 81}, "label")])
def test_what_is_wrong_with_a_claim_is_named(hub, body, field):
    status, answer, _ = hub.call("POST", "/pairings/claim", {"label": "Hall", **body})
    assert (status, answer["error"]["field"]) == (400, field)


def test_who_guesses_codes_has_to_wait(start):
    hub = start()
    owner = Person(hub)
    pairing = owner.post("/pairings", {})
    answers = [hub.call("POST", "/pairings/claim", {"label": "x", "code": "ABCD-EFGH"}) for _ in range(33)]
    assert answers[0][0] == 404 and answers[-1][0] == 429
    assert answers[-1][1]["error"]["code"] == "too_many_attempts" and answers[-1][1]["error"]["retry_at"] > time.time() * 1000
    assert "retry-after" in answers[-1][2]
    # The right one is not let through by being right.
    assert hub.call("POST", "/pairings/claim", {"label": "x", "code": pairing["code"]})[0] == 429


def test_the_link_leads_to_the_public_url(start):
    hub = start(PUBLIC_URL="https://cameras.example.org")
    pairing = Person(hub).post("/pairings", {})
    assert pairing["url"].startswith("https://cameras.example.org/#/pair/")


# Activation codes


def activation(owner: Person, **more) -> dict:
    return owner.post("/activation-codes", {"label": "Shop", "uses": 2, "expires_in_hours": 1, **more})


def redeem(hub, code: str, label: str = "Door") -> tuple[int, dict]:
    return hub.call("POST", "/activation-codes/redeem", {"code": code, "label": label})[:2]


def test_a_code_for_many_makes_as_many_cameras(hub, owner):
    made = activation(owner)
    assert len(made["code"].replace("-", "")) == 16 and made["url"].endswith(f"/#/activate/{made['code']}") and made["qr_svg"].startswith("<svg")
    status, first = redeem(hub, made["code"].lower().replace("-", ""))
    assert status == 200 and first["device"]["label"] == "Door" and first["device"]["has_token"]
    assert hub.call("GET", "/devices/self", token=first["device_token"])[1]["device_id"] == first["device"]["device_id"]
    status, second = redeem(hub, made["code"])
    assert status == 200 and second["device"]["device_id"] != first["device"]["device_id"]
    assert redeem(hub, made["code"]) == (404, {"error": {"code": "link_expired", "message": "this link or code is not valid, or not any more"}})
    [listed] = owner.get("/activation-codes")
    assert (listed["uses"], listed["used"], listed["revoked"]) == (2, 2, False) and "code" not in listed
    assert [(each["device_id"], each["label"], each["address"]) for each in listed["redemptions"]] == [
        (each["device"]["device_id"], "Door", "127.0.0.1") for each in (first, second)]
    assert owner.actions()[:3] == ["activation_code.redeemed", "activation_code.redeemed", "activation_code.made"]
    assert made["code"].encode() not in (hub.data / "pingwatch.db").read_bytes()


def test_the_last_use_goes_to_one(hub, owner):
    made = activation(owner, uses=1)
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda n: redeem(hub, made["code"], f"Phone {n}")[0], range(12)))
    assert sorted(answers) == [200] + [404] * 11
    assert len(owner.get("/devices")) == 1 and len(owner.get("/activation-codes")[0]["redemptions"]) == 1


def test_codes_end_at_their_time_and_when_they_are_revoked(hub, owner):
    made = activation(owner)
    device = redeem(hub, made["code"])[1]
    assert Person(hub).status("DELETE", f"/activation-codes/{made['code_id']}") == (404, "not_found")
    assert owner.call("DELETE", f"/activation-codes/{made['code_id']}")[0] == 204
    assert owner.status("DELETE", f"/activation-codes/{made['code_id']}") == (404, "not_found")
    assert redeem(hub, made["code"])[0] == 404 and owner.get("/activation-codes")[0]["revoked"]
    # Who has used it stays.
    assert hub.call("GET", "/devices/self", token=device["device_token"])[0] == 200
    late = activation(owner)
    write(hub, "UPDATE activation_codes SET expires_at = ? WHERE id = ?", int(time.time() * 1000), late["code_id"])
    assert redeem(hub, late["code"])[0] == 404
    member = Person(hub).join(owner, "member")
    assert member.status("GET", "/activation-codes") == member.status("POST", "/activation-codes", {}) == (403, "forbidden")


@pytest.mark.parametrize("change, field", [
    ({"uses": 0}, "uses"), ({"uses": 1001}, "uses"), ({"uses": "2"}, "uses"), ({"expires_in_hours": 0}, "expires_in_hours"),
    ({"expires_in_hours": 8761}, "expires_in_hours"), ({"label": None}, "label")])
def test_what_is_wrong_with_an_activation_code_is_named(owner, change, field):
    status, answer, _ = owner.call("POST", "/activation-codes", {"label": "Shop", "uses": 2, "expires_in_hours": 1} | change)
    assert (status, answer["error"]["field"]) == (400, field)


# Tokens of cameras


def test_a_revoked_camera_is_gone_at_once_and_so_is_its_picture(hub, owner):
    device, token = camera(owner)
    sensor, viewer = Peer(hub, token, data={"kind": "sensor"}), Peer(hub, owner.token)
    stream = live(hub, viewer, sensor, device)
    began = time.monotonic()
    assert owner.call("DELETE", f"/devices/{device}/token")[0] == 204
    viewer.wait_publication("live.ended", stream=stream, device_id=device)
    assert time.monotonic() - began < 1
    viewer.wait_publication("device.presence", device_id=device, online=False)
    # The camera had not even answered yet.
    assert closing(sensor.socket) == 3500
    assert refused(hub, token, kind="sensor") == 3500 and hub.call("GET", "/devices/self", token=token)[0] == 401
    assert viewer.wait(lambda peer: [push["pub"]["data"]["device"]["has_token"] for push in peer.pushes
                                     if push.get("pub", {}).get("data", {}).get("type") == "device.updated"])[-1] is False
    assert owner.call("DELETE", f"/devices/{device}/token")[0] == 204
    assert owner.actions()[:3] == ["device.token.revoked", "device.token.made", "device.added"]
    viewer.close()


def test_a_camera_that_does_not_go_is_not_watched_any_longer(hub, owner):
    device, token = camera(owner)
    with wire.RawSocket(hub.port, "pingwatch.v1") as sensor:
        hello = {"id": 1, "connect": {"token": token, "data": {"kind": "sensor"}}}
        sensor.send(wire.frame(wire.TEXT, json.dumps(hello).encode()))
        assert b'"connect"' in sensor.message()[1]
        viewer = Peer(hub, owner.token)
        stream = viewer.rpc("live.watch", {"device_id": device})["stream"]
        assert b'"live.start"' in sensor.message()[1]
        picture = wire.frame(wire.BINARY, frame(LIVE, stream, 1, b"picture", KEY))
        sensor.send(picture)
        viewer.wait(lambda peer: peer.frames)
        began = time.monotonic()
        owner.call("DELETE", f"/devices/{device}/token")
        # It does not answer the close frame, and goes on.
        sensor.send(picture)
        viewer.wait_publication("live.ended", stream=stream)
        assert time.monotonic() - began < 1
        sensor.send(picture)
        viewer.ask({"ping": {}})
        assert len(viewer.frames) == 1
        viewer.close()


@pytest.mark.parametrize("way", ["token", "register"])
def test_another_token_takes_the_place_of_the_one_before(hub, owner, way):
    device, old = camera(owner)
    sensor = Peer(hub, old, data={"kind": "sensor"})
    if way == "token":
        new = owner.post(f"/devices/{device}/token")["device_token"]
    else:
        new = owner.post("/devices/register", {"device_id": device, "label": "Hall", "with_token": True})["device_token"]
    assert closing(sensor.socket) == 3500
    assert hub.call("GET", "/devices/self", token=old)[0] == 401 and hub.call("GET", "/devices/self", token=new)[0] == 200
    assert len(owner.get("/devices")) == 1


def test_registering_without_a_token_leaves_the_token(hub, owner):
    device, token = camera(owner)
    again = owner.post("/devices/register", {"device_id": device, "label": "Door"})
    assert again["has_token"] and "device_token" not in again
    assert hub.call("GET", "/devices/self", token=token)[1]["label"] == "Door"


def test_a_camera_is_renamed_and_everybody_hears(hub, owner):
    device, _ = camera(owner)
    viewer = Peer(hub, owner.token)
    status, answer, _ = owner.call("PATCH", f"/devices/{device}", {"label": "Door"})
    assert (status, answer["label"]) == (200, "Door")
    viewer.wait(lambda peer: any(
        push.get("pub", {}).get("data", {}).get("device", {}).get("label") == "Door" for push in peer.pushes))
    viewer.close()
    stranger = Person(hub)
    for method, path, body in [("PATCH", "", {"label": "Mine"}), ("POST", "/token", None), ("DELETE", "/token", None)]:
        assert stranger.status(method, f"/devices/{device}{path}", body) == (404, "not_found")
        assert owner.status(method, f"/devices/nothing{path}", body) == (404, "not_found")
    assert owner.get("/devices")[0]["label"] == "Door"


def test_a_cameras_token_is_for_itself_alone(hub, owner):
    device, token = camera(owner)
    other, _ = camera(owner, "Door")
    def status(method, path, body=None):
        return hub.call(method, path, body, token)[0]

    assert status("GET", f"/devices/{device}/settings") == 200 and status("GET", f"/devices/{other}/settings") == 404
    assert status("PATCH", f"/devices/{other}/settings", {"sound": {"enabled": False}}) == 404
    assert status("POST", "/sessions/start", {"device_id": device}) == 200 and status("POST", "/sessions/start", {"device_id": other}) == 404
    for method, path in [("POST", f"/devices/{device}/token"), ("DELETE", f"/devices/{device}/token"), ("PATCH", f"/devices/{device}"),
                         ("POST", "/devices/register"), ("POST", "/pairings"), ("POST", f"/devices/{device}/commands")]:
        assert status(method, path, {"label": "x"}) == 403, path
    assert refused(hub, token, kind="viewer") == 3500 and refused(hub, token, kind="sensor", device_id=other) == 3501
    sensor = Peer(hub, token, device)
    for channel in (f"device:{other}", f"sensor:{other}", f"user:{owner.id}"):
        assert sensor.ask({"subscribe": {"channel": channel}})["error"]["code"] == 103
    sensor.close()


def declared(session: str, device: str) -> dict:
    return {"session_id": session, "device_id": device, "trigger_type": "motion", "duration_seconds": 3, "clip_mime": "video/mp4",
            "clip_size_bytes": 100, "clip_uri": "https://clips.example.org/1"}


def test_a_camera_does_not_look_at_what_it_has_recorded(hub, owner):
    device, token = camera(owner)
    sensor = Peer(hub, token, device)
    session = sensor.rpc("session.start")["session"]["session_id"]
    status, event, _ = hub.call("POST", "/events", declared(session, device), token)
    assert status == 200 and [name for name, value in event.items() if name.endswith("_url") and value] == []
    for path in ("/events", f"/events?device_id={device}", f"/events/{event['event_id']}"):
        assert hub.call("GET", path, token=token)[0] == 403, path
        assert owner.call("GET", path)[0] == 200
    assert hub.call("GET", "/devices/self", token=token)[1]["snapshot_url"] is None and owner.get("/devices")[0]["snapshot_url"]
    owner.call("PATCH", f"/devices/{device}", {"label": "Cellar"})
    owner.call("PATCH", f"/devices/{device}/settings", {"sound": {"enabled": False}})
    owner.post("/sessions/stop", {"session_id": session})
    sensor.wait_publication("session.stopped")
    # In that order: what the camera has to know, and none of what people are told.
    heard = [push["pub"]["data"]["type"] for push in sensor.pushes if push.get("channel") == f"sensor:{device}"]
    assert heard == ["session.started", "device.settings", "session.stopped"]
    sensor.close()


def test_a_camera_cannot_take_away_what_another_one_records(hub, owner):
    (device, token), (other, other_token) = camera(owner), camera(owner, "Door")
    sensor, thief = Peer(hub, token, device), Peer(hub, other_token, other)
    session, stolen = (peer.rpc("session.start")["session"]["session_id"] for peer in (sensor, thief))
    opened = sensor.open_clip(session)
    sensor.send(frame(CLIP, opened["stream"], 0, b'{"codec":"avc1.42001f","width":320,"height":240}', CONFIG))
    sensor.wait_publication("clip.ack", next=1)
    with pytest.raises(RpcError) as error:
        thief.open_clip(stolen, event=opened["event"]["event_id"])
    assert error.value.code == 409
    sensor.send(frame(CLIP, opened["stream"], 1, b"picture", KEY))
    sensor.wait_publication("clip.ack", next=2)
    # The camera itself may, on another connection.
    again = Peer(hub, token, device)
    assert again.open_clip(session, event=opened["event"]["event_id"])["next"] == 2
    for peer in (sensor, thief, again):
        peer.close()


def test_test_alerts_are_so_many_of_an_account(hub, owner):
    device, token = camera(owner)
    asked = {"device_id": device, "channel": "webhook"}
    sent = 0
    while (found := hub.call("POST", "/notifications/test", asked, token))[0] == 200:
        sent += 1
        assert sent < 40
    status, answer, headers = found
    assert sent > 20 and (status, answer["error"]["code"]) == (429, "too_many_attempts")
    assert answer["error"]["retry_at"] > time.time() * 1000 - 60_000 and int(headers["retry-after"]) >= 1
    stranger = Person(hub)
    assert stranger.call("POST", "/notifications/test", asked | {"device_id": camera(stranger)[0]})[0] == 200


def test_a_plan_without_room_takes_no_more_cameras_by_codes(hub, owner):
    code, pairing = activation(owner), owner.post("/pairings", {})
    write(hub, "INSERT INTO plans (id, name, devices) VALUES (?, 'One camera', 1)", owner.id)
    write(hub, "UPDATE accounts SET plan = ? WHERE id = ?", owner.id, owner.account())
    assert redeem(hub, code["code"])[0] == 200
    status, answer = redeem(hub, code["code"])
    assert (status, answer["error"]["code"]) == (403, "plan_limit")
    claimed = claim(hub, {"code": pairing["code"]})
    path = f"/pairings/{pairing['pairing_id']}/confirm"
    assert owner.status("POST", path, {"accept": True}) == (403, "plan_limit")
    # Nothing was used up: with room, both go on.
    write(hub, "UPDATE plans SET devices = 3 WHERE id = ?", owner.id)
    assert owner.post(path, {"accept": True})["state"] == "confirmed" and status_of(hub, claimed["claim"])[1]["device_token"]
    assert redeem(hub, code["code"])[0] == 200 and redeem(hub, code["code"])[0] == 404
