"""The socket protocol in full: the clients' own subscriptions, presence, history, refresh and errors, by a client of our own."""

from __future__ import annotations

import hashlib
import json
import random
import secrets
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hostile import resident_bytes
from sensor import Peer
from watching import until
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect


def token_for(hub, account, seconds: float) -> str:
    """Another token of the account's user, valid for that long: shorter than the hub would be configured to give."""
    token = secrets.token_urlsafe(24)
    me = account.get("/auth/me")
    now = int(time.time() * 1000)
    end = now + int(seconds * 1000)
    with sqlite3.connect(hub.data / "pingwatch.db", timeout=30) as database:
        database.execute(
            "INSERT INTO sign_ins (id, user_id, account_id, created_at, used_at, refresh_hash, rotated_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (token, me["user_id"], me["account_id"], now, now, token, now, end))
        database.execute(
            "INSERT INTO access_tokens (hash, sign_in_id, created_at, expires_at) VALUES (?, ?, ?, ?)",
            (hashlib.sha256(token.encode()).hexdigest(), token, now, end))
    return token


def closing(socket) -> int:
    """The code with which the hub closes the connection."""
    with pytest.raises(ConnectionClosed) as closed:
        while True:
            socket.recv(30)
    return closed.value.rcvd.code


def error(peer: Peer, command: dict) -> int:
    return peer.ask(command)["error"]["code"]


@pytest.fixture
def sensor(hub, account):
    peer = Peer(hub, account.token, account.device)
    # Its presence is told a little later, and must not come between what a test publishes.
    peer.wait_publication("device.presence", device_id=account.device, online=True)
    yield peer
    peer.close()


@pytest.fixture
def viewer(hub, account):
    peer = Peer(hub, account.token)
    yield peer
    peer.close()


@pytest.fixture
def channel(account) -> str:
    return f"device:{account.device}"


def published(peer: Peer, channel: str, kind: str | None = None) -> list[dict]:
    found = [push["pub"] for push in peer.pushes if push.get("channel") == channel and "pub" in push]
    return [pub for pub in found if kind in (None, pub["data"]["type"])]


def say(sensor: Peer, number: int) -> None:
    sensor.rpc("device.telemetry", {"telemetry": {"n": number}})


def numbers(publications: list[dict]) -> list[int]:
    return [pub["data"]["telemetry"]["n"] for pub in publications if pub["data"]["type"] == "device.telemetry"]


# Subscriptions


def test_who_subscribes_to_a_device_hears_its_telemetry_presence_and_live_state(hub, account, viewer, channel):
    answer = viewer.ask({"subscribe": {"channel": channel}})["subscribe"]
    assert answer["recoverable"] and answer["positioned"] and answer["epoch"] and "recovered" not in answer
    offset = answer["offset"]
    sensor = Peer(hub, account.token, account.device)
    viewer.wait(lambda peer: any(pub["data"]["online"] for pub in published(peer, channel, "device.presence")))
    say(sensor, 1)
    viewer.wait(lambda peer: published(peer, channel, "device.telemetry"))
    viewer.rpc("live.watch", {"device_id": account.device})
    viewer.wait(lambda peer: published(peer, channel, "live.started"))
    sensor.close()
    viewer.wait(lambda peer: published(peer, channel, "live.stopped"))
    viewer.wait(lambda peer: any(not pub["data"]["online"] for pub in published(peer, channel, "device.presence")))
    offsets = [pub["offset"] for pub in published(peer=viewer, channel=channel)]
    assert offsets == list(range(offset + 1, offset + 1 + len(offsets)))
    # The user's channel carries the same, as ever.
    user = next(iter(viewer.hello["subs"]))
    assert [pub["data"] for pub in published(viewer, user) if pub["data"]["type"] in ("device.telemetry", "live.started")] == [
        pub["data"] for pub in published(viewer, channel) if pub["data"]["type"] in ("device.telemetry", "live.started")]


def test_what_is_not_ones_own_looks_like_what_does_not_exist(hub, account, other, viewer):
    other_user = other.get("/auth/me")["user_id"]
    answers = []
    for channel in [f"device:{other.device}", "device:nobody", f"user:{other_user}", "user:nobody", f"sensor:{account.device}", "sensor:nobody",
                    "room:x", "x", ":", "device:", "device:a/b", "d" * 5000]:
        for verb in ("subscribe", "presence", "presence_stats", "history"):
            answers.append(viewer.ask({verb: {"channel": channel}})["error"])
    assert all(answer == {"code": 103, "message": "permission denied"} for answer in answers)


def test_subscriptions_begin_and_end_once(account, viewer, sensor, channel):
    user = next(iter(viewer.hello["subs"]))
    assert error(viewer, {"subscribe": {"channel": user}}) == 105
    assert "subscribe" in viewer.ask({"subscribe": {"channel": channel}})
    assert error(viewer, {"subscribe": {"channel": channel}}) == 105
    say(sensor, 1)
    viewer.wait(lambda peer: published(peer, channel, "device.telemetry"))
    assert viewer.ask({"unsubscribe": {"channel": channel}})["unsubscribe"] == {}
    assert viewer.ask({"unsubscribe": {"channel": channel}})["unsubscribe"] == {}
    assert viewer.ask({"unsubscribe": {"channel": "never:heard"}})["unsubscribe"] == {}
    assert error(viewer, {"unsubscribe": {"channel": user}}) == 103
    say(sensor, 2)
    # On the user's channel it has come, so that it would have come on the other too.
    viewer.wait(lambda peer: 2 in numbers(published(peer, user)))
    assert numbers(published(viewer, channel)) == [1]


def test_a_sensors_own_channels_are_server_side(account, sensor):
    for name in sensor.hello["subs"]:
        assert error(sensor, {"subscribe": {"channel": name}}) == 105
        assert error(sensor, {"unsubscribe": {"channel": name}}) == 103
    assert sorted(name.split(":")[0] for name in sensor.hello["subs"]) == ["sensor", "user"]


def test_what_a_subscription_missed_is_recovered_or_said_to_be_lost(viewer, sensor, channel):
    begun = viewer.ask({"subscribe": {"channel": channel}})["subscribe"]
    say(sensor, 1)
    viewer.wait(lambda peer: published(peer, channel, "device.telemetry"))
    position = {"epoch": begun["epoch"], "offset": published(viewer, channel)[-1]["offset"]}
    viewer.ask({"unsubscribe": {"channel": channel}})
    for number in (2, 3):
        say(sensor, number)
    again = viewer.ask({"subscribe": {"channel": channel, "recover": True, **position}})["subscribe"]
    assert again["was_recovering"] and again["recovered"] and numbers(again["publications"]) == [2, 3]
    assert again["offset"] == again["publications"][-1]["offset"] == position["offset"] + 2
    viewer.ask({"unsubscribe": {"channel": channel}})
    lost = viewer.ask({"subscribe": {"channel": channel, "recover": True, **position, "epoch": "another"}})["subscribe"]
    assert lost["was_recovering"] and not lost["recovered"] and lost["publications"] == []
    viewer.ask({"unsubscribe": {"channel": channel}})
    # Who would rather not be subscribed than miss something is not.
    assert error(viewer, {"subscribe": {"channel": channel, "recover": True, **position, "epoch": "another", "flag": 3}}) == 112
    assert viewer.ask({"presence_stats": {"channel": channel}})["presence_stats"] == {"num_clients": 0, "num_users": 0}


def test_a_connection_has_a_limit_of_subscriptions(hub, account):
    viewer = Peer(hub, account.token)
    limit = viewer.hello["data"]["limits"]["max_subscriptions"]
    devices = [account.post("/devices/register", {"label": f"Camera {number}"})["device_id"] for number in range(limit)]
    answers = [viewer.ask({"subscribe": {"channel": f"device:{device}"}}) for device in devices]
    assert limit == 128 and all("subscribe" in answer for answer in answers[: limit - 1])
    assert answers[-1]["error"]["code"] == 106
    viewer.ask({"unsubscribe": {"channel": f"device:{devices[0]}"}})
    assert "subscribe" in viewer.ask({"subscribe": {"channel": f"device:{devices[-1]}"}})
    viewer.close()


# Presence and history


def test_presence_names_clients_and_users_and_nothing_else(hub, account, viewer, sensor, channel):
    second = Peer(hub, account.token)
    user_id = account.get("/auth/me")["user_id"]
    for peer in (viewer, second):
        peer.ask({"subscribe": {"channel": channel}})
    answer = viewer.ask({"presence": {"channel": channel}})["presence"]
    clients = [viewer.hello["client"], second.hello["client"]]
    assert answer == {"presence": {name: {"client": name, "user": user_id} for name in clients}}
    assert viewer.ask({"presence_stats": {"channel": channel}})["presence_stats"] == {"num_clients": 2, "num_users": 1}
    user = next(iter(viewer.hello["subs"]))
    assert viewer.ask({"presence_stats": {"channel": user}})["presence_stats"]["num_clients"] == 3
    second.close()
    deadline = time.monotonic() + 10
    while viewer.ask({"presence_stats": {"channel": channel}})["presence_stats"]["num_clients"] != 1:
        assert time.monotonic() < deadline


def test_history_is_had_by_page_and_in_both_directions(viewer, sensor, channel):
    for number in range(1, 7):
        say(sensor, number)

    def history(**more) -> dict:
        return viewer.ask({"history": {"channel": channel, **more}})["history"]

    top = history()
    assert top["publications"] == [] and top["epoch"] and top["offset"] >= 6
    everything = history(limit=-1)["publications"]
    assert numbers(everything) == [1, 2, 3, 4, 5, 6] and everything[-1]["offset"] == top["offset"]
    assert numbers(history(limit=2, reverse=True)["publications"]) == [6, 5]
    since = {"epoch": top["epoch"], "offset": top["offset"] - 3}
    assert numbers(history(limit=-1, since=since)["publications"]) == [4, 5, 6]
    assert numbers(history(limit=2, since=since)["publications"]) == [4, 5]
    assert numbers(history(limit=2, since=since, reverse=True)["publications"]) == [2, 1]
    for lost in ({"epoch": "another", "offset": 1}, {"epoch": top["epoch"], "offset": top["offset"] + 1}):
        assert error(viewer, {"history": {"channel": channel, "limit": 1, "since": lost}}) == 112


def test_history_keeps_256_publications(viewer, sensor, channel):
    for number in range(300):
        sensor.socket.send(json.dumps({"send": {"data": {"method": "device.telemetry", "data": {"telemetry": {"n": number}}}}}))
    say(sensor, 300)
    kept = viewer.ask({"history": {"channel": channel, "limit": 100_000}})["history"]["publications"]
    assert numbers(kept) == list(range(45, 301))


# Messages without an answer, publishing, unknown commands


def test_a_message_without_an_answer_calls_a_method_or_is_ignored(account, viewer):
    messages = ['{"send":{}}', '{"send":{"data":"hello"}}', '{"send":{"data":{"method":"nonsense"}}}', '{"send":{"data":{"method":"clip.open"}}}',
                '{"send":{"data":[1]}}', '{"send":7}']
    viewer.socket.send("\n".join(messages))
    viewer.socket.send(json.dumps({"send": {"data": {"method": "session.stop", "data": {"session_id": account.session}}}}))
    assert viewer.wait_publication("session.stopped")["session"]["session_id"] == account.session
    # Nothing but the ping is answered.
    before = viewer.next
    assert viewer.ask({"ping": {}}) == {"id": before, "ping": {}}


def test_clients_do_not_publish(viewer, channel):
    user = next(iter(viewer.hello["subs"]))
    for name in (channel, user, "anything"):
        assert error(viewer, {"publish": {"channel": name, "data": {"type": "event.triggered"}}}) == 103


def test_several_commands_in_a_message_are_answered_in_order(viewer, channel):
    commands = [{"ping": {}}, {"subscribe": {"channel": channel}}, {"history": {"channel": channel}}, {"nonsense": {}}, {"sub_refresh": {}},
                {"publish": {}}, {"unsubscribe": {"channel": channel}}, {"rpc": {"method": "nonsense"}}]
    viewer.socket.send("\n".join(json.dumps({"id": 100 + index, **command}) for index, command in enumerate(commands)))
    replies: list[dict] = []
    while len(replies) < len(commands):
        replies += [message for message in viewer.receive() if message.get("id", 0) >= 100]
    assert sorted(reply["id"] for reply in replies) == list(range(100, 108))
    queued = [reply for reply in replies if "ping" not in reply]
    assert [reply["id"] for reply in queued] == list(range(101, 108))
    assert [reply["error"]["code"] if "error" in reply else None for reply in queued] == [None, None, 104, 104, 103, None, 104]


@pytest.mark.parametrize("command", [
    '{"id":2,"subscribe":{}}', '{"id":2,"subscribe":{"channel":""}}', '{"id":2,"subscribe":{"channel":7}}', '{"id":2,"subscribe":7}',
    '{"id":2,"subscribe":{"channel":"x","recover":true,"offset":-1}}', '{"id":2,"unsubscribe":{}}', '{"id":2,"presence":{}}',
    '{"id":2,"presence_stats":{}}', '{"id":2,"history":{}}', '{"id":2,"history":{"channel":"x","limit":"all"}}',
    '{"id":2,"history":{"channel":"x","since":{"offset":"1"}}}', '{"id":2,"refresh":{}}', '{"id":2,"refresh":{"token":""}}', '{"subscribe":{"channel":"x"}}',
])
def test_malformed_commands_close_the_connection(viewer, command):
    viewer.socket.send(command)
    assert closing(viewer.socket) == 3501


def test_text_messages_have_a_limit(viewer):
    limit = viewer.hello["data"]["limits"]["max_text_bytes"]
    command = '{"id":7,"ping":{}}'
    viewer.socket.send(command + "\n" * (limit - len(command)))
    viewer.wait(lambda peer: any(message.get("id") == 7 for message in peer.receive()))
    viewer.socket.send(command + "\n" * (limit + 1 - len(command)))
    assert closing(viewer.socket) == 1009


@pytest.mark.parametrize("command", ['{"id":2,"subscribe":{"channel":"x"}}', '{"id":2,"history":{"channel":"x"}}', '{"send":{}}', '{"id":1,"refresh":{"token":"x"}}'])
def test_nothing_may_come_before_connect(hub, command):
    with connect(hub.socket_url) as socket:
        socket.send(command)
        assert closing(socket) == 3501


def test_a_flood_of_large_answers_is_sent_as_fast_as_it_is_read(hub, account, viewer, sensor, channel):
    for number in range(64):
        sensor.rpc("device.telemetry", {"telemetry": {"n": number, "text": "x" * 3900}})
    before = resident_bytes(hub)
    count = 300
    viewer.socket.send("\n".join(json.dumps({"id": 1000 + index, "history": {"channel": channel, "limit": -1}}) for index in range(count)))
    # Others are served meanwhile, and the answers, 75 MB, are not made before they are wanted.
    for _ in range(100):
        assert sensor.ask({"presence_stats": {"channel": channel}})["presence_stats"]["num_clients"] == 0
    assert resident_bytes(hub) - before < 40 << 20
    replies: list[dict] = []
    while len(replies) < count:
        replies += [message for message in viewer.receive(30) if message.get("id", 0) >= 1000]
    assert [reply["id"] for reply in replies] == list(range(1000, 1000 + count))
    assert all(len(reply["history"]["publications"]) >= 64 for reply in replies)


# Tokens


def test_connect_says_when_the_token_expires(hub, account):
    peer = Peer(hub, token_for(hub, account, 100))
    assert peer.hello["expires"] is True and 95 <= peer.hello["ttl"] <= 100
    peer.close()


def test_the_account_that_needs_no_token_does_not_expire(start):
    hub = start(AUTH_REQUIRED="false")
    peer = Peer(hub, None)
    assert "expires" not in peer.hello and "ttl" not in peer.hello
    peer.close()


def test_a_connection_ends_with_its_token_unless_it_is_refreshed(hub, account):
    left, refreshed = [Peer(hub, token_for(hub, account, 4)) for _ in range(2)]
    answer = refreshed.ask({"refresh": {"token": token_for(hub, account, 100)}})["refresh"]
    assert answer["expires"] is True and 95 <= answer["ttl"] <= 100 and answer["client"] == refreshed.hello["client"]
    begun = time.monotonic()
    assert closing(left.socket) == 3005
    # It has a grace for refreshing at the last moment.
    assert 5 < time.monotonic() - begun < 20
    assert refreshed.ask({"ping": {}})["ping"] == {}
    refreshed.close()


def test_a_connection_may_be_refreshed_after_its_token_expired(hub, account):
    token = token_for(hub, account, 2)
    peer = Peer(hub, token)
    channel = next(iter(peer.hello["subs"]))
    until(lambda: hub.call("GET", "/auth/me", token=token)[0] == 401)
    assert "presence" in peer.ask({"presence": {"channel": channel}})
    assert "refresh" in peer.ask({"refresh": {"token": account.token}})
    peer.close()


def test_only_a_valid_token_of_the_same_user_refreshes(hub, account, other):
    for token, code in [(other.token, 3500), ("nonsense", 3500), (token_for(hub, account, -1), 3005)]:
        peer = Peer(hub, account.token)
        peer.socket.send(json.dumps({"id": 2, "refresh": {"token": token}}))
        assert closing(peer.socket) == code


def test_connecting_with_an_expired_token_may_be_tried_again_with_another(hub, account):
    with connect(hub.socket_url) as socket:
        socket.send(json.dumps({"id": 1, "connect": {"token": token_for(hub, account, -1)}}))
        assert json.loads(socket.recv(10)) == {"id": 1, "error": {"code": 109, "message": "token expired"}}
        socket.send(json.dumps({"id": 2, "connect": {"token": account.token}}))
        assert json.loads(socket.recv(10))["connect"]["expires"] is True


def test_what_follows_a_connect_that_failed_is_not_done(hub, account, channel):
    with connect(hub.socket_url) as socket:
        commands = [{"connect": {"token": token_for(hub, account, -1)}}, {"subscribe": {"channel": channel}}, {"rpc": {"method": "session.stop"}}]
        socket.send("\n".join(json.dumps({"id": index + 1, **command}) for index, command in enumerate(commands)))
        codes = []
        while len(codes) < 3:
            codes += [json.loads(line)["error"]["code"] for line in socket.recv(10).split("\n") if line]
        assert codes == [109, 101, 101]


def test_signing_out_closes_the_tokens_connections_and_no_others(hub, account):
    token = token_for(hub, account, 100)
    gone, sensor, stays = Peer(hub, token), Peer(hub, token, account.device), Peer(hub, account.token)
    moved = Peer(hub, token)
    moved.ask({"refresh": {"token": account.token}})
    assert hub.call("POST", "/auth/logout", token=token)[0] == 204
    assert closing(gone.socket) == closing(sensor.socket) == 3500
    for peer in (stays, moved):
        assert peer.ask({"ping": {}})["ping"] == {}
        peer.close()


def test_no_connection_outlives_a_token_that_is_revoked_while_it_connects(hub, account):
    for number in range(40):
        token = token_for(hub, account, 100)
        with connect(hub.socket_url) as socket, ThreadPoolExecutor(1) as pool:
            socket.send(json.dumps({"id": 1, "connect": {"token": token}}))
            # Sometimes before, sometimes after, sometimes between.
            time.sleep(number % 8 / 4000)
            assert pool.submit(hub.call, "POST", "/auth/logout", None, token).result()[0] == 204
            assert closing(socket) == 3500


def test_random_commands_never_take_the_hub_down(hub, account, viewer, channel):
    source = random.Random(11)
    values = ["7", "null", "[]", '"x"', "{}", "true", "-1", "1e99", f'"{channel}"', f'"{next(iter(viewer.hello["subs"]))}"', '"device:"', '{"epoch":"e","offset":1}']
    fields = ["channel", "recover", "epoch", "offset", "flag", "limit", "since", "reverse", "token", "data", "method"]
    verbs = ["subscribe", "unsubscribe", "presence", "presence_stats", "history", "send", "publish", "refresh", "rpc", "sub_refresh", "ping"]
    for _ in range(200):
        peer = Peer(hub, account.token)
        try:
            for _ in range(20):
                body = ",".join(f'"{source.choice(fields)}":{source.choice(values)}' for _ in range(source.randint(0, 4)))
                channel_first = f'"channel":"{channel}",' if body and source.random() < 0.7 else ""
                peer.socket.send('{"id":%d,"%s":{%s%s}}' % (source.randint(1, 9), source.choice(verbs), channel_first, body))
        except ConnectionClosed:
            pass
        finally:
            peer.close()
    assert viewer.ask({"ping": {}})["ping"] == {}
    deadline = time.monotonic() + 10
    while viewer.ask({"presence_stats": {"channel": channel}})["presence_stats"] != {"num_clients": 0, "num_users": 0}:
        assert time.monotonic() < deadline
