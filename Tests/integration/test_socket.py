"""The socket protocol of docs/PROTOCOL.md, by a client of our own and by one that others wrote."""

from __future__ import annotations

import asyncio
import json
import subprocess
import time
import uuid

import pytest
from centrifuge import Client, ClientEventHandler  # noqa: F401
from sensor import BYTES, CLIP, CONFIG, KEY, LAST, LIVE, STILL, Peer, RpcError, frame
from system import MEDIA
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

JPEG = b"\xff\xd8\xff\xe0" + b"x" * 100


@pytest.fixture
def viewer(hub, account):
    peer = Peer(hub, account.token)
    yield peer
    peer.close()


@pytest.fixture(scope="session")
def access_units(tmp_path_factory) -> list[bytes]:
    """Four seconds of H.264 as a byte stream, cut at each access unit."""
    path = tmp_path_factory.mktemp("h264") / "clip.h264"
    subprocess.run(
        ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=size=320x240:rate=10:duration=4", "-c:v", "libx264", "-bf", "0", "-g", "10",
         "-pix_fmt", "yuv420p", "-x264-params", "aud=1", str(path)], check=True)
    delimiter = b"\x00\x00\x00\x01\x09"
    return [delimiter + unit for unit in path.read_bytes().split(delimiter)[1:]]


def clip_frames(stream: int, units: list[bytes]) -> list[bytes]:
    configuration = json.dumps({"codec": "avc1.42001f", "width": 320, "height": 240}).encode()
    frames = [frame(CLIP, stream, 0, configuration, CONFIG)]
    for index, unit in enumerate(units):
        frames.append(frame(CLIP, stream, index + 1, unit, KEY if index % 10 == 0 else 0, timestamp=index * 100_000, duration=100_000))
    return frames


def failed(peer: Peer, account, event: str) -> dict:
    for _ in range(100):
        found = account.get(f"/events/{event}")
        if found["status"] == "failed":
            return found["failure"]
        time.sleep(0.05)
    raise AssertionError(found)


def closed_with(peer: Peer) -> int:
    with pytest.raises(ConnectionClosed) as closed:
        while True:
            peer.receive(10)
    return closed.value.rcvd.code


# Clips


def test_a_clip_is_streamed_acknowledged_and_processed(sensor, viewer, account, access_units):
    opened = sensor.open_clip(account.session)
    event = opened["event"]["event_id"]
    triggered = viewer.wait_publication("event.triggered")
    assert triggered["event"]["status"] == "recording" and triggered["event"]["device_label"] == "Hall"
    sensor.send(frame(STILL, opened["stream"], 0, JPEG))
    for data in clip_frames(opened["stream"], access_units):
        sensor.send(data)
    sensor.wait_publication("clip.ack", next=41)
    answer = sensor.rpc("clip.close", {"stream": opened["stream"], "frames": 41, "duration_ms": 4000})
    assert answer["status"] == "durable" and answer["event"]["status"] == "queued"
    viewer.wait(lambda peer: any(p.get("pub", {}).get("data", {}).get("event", {}).get("status") == "done" for p in peer.pushes), 30)
    statuses = [p["pub"]["data"]["event"]["status"] for p in viewer.pushes if "event" in p.get("pub", {}).get("data", {})]
    # In their order; what changes several times before it is published is shown once.
    order = ["recording", "queued", "processing", "done"]
    assert statuses[0] == "recording" and statuses[-1] == "done" and statuses == sorted(statuses, key=order.index)
    found = account.get(f"/events/{event}")
    assert found["clip_mime"] == "video/mp4" and abs(found["duration_seconds"] - 4) < 0.2
    with pytest.raises(RpcError) as again:
        sensor.open_clip(account.session, event)
    assert again.value.code == 409 and "done" in str(again.value)


def test_a_clip_goes_on_after_a_break_where_the_disk_ends(hub, account, access_units):
    event = str(uuid.uuid4())
    first = Peer(hub, account.token, account.device)
    opened = first.open_clip(account.session, event)
    frames = clip_frames(opened["stream"], access_units)
    for data in frames[:20]:
        first.send(data)
    first.wait_publication("clip.ack", next=20)
    first.socket.socket.close()
    second = Peer(hub, account.token, account.device)
    opened = second.open_clip(account.session, event)
    assert opened["next"] == 20
    # Some are sent again, which changes nothing.
    for data in clip_frames(opened["stream"], access_units)[15:]:
        second.send(data)
    assert second.rpc("clip.close", {"stream": opened["stream"], "frames": 41, "duration_ms": 4000})["status"] == "durable"
    second.close()
    for _ in range(200):
        found = account.get(f"/events/{event}")
        if found["status"] == "done":
            break
        time.sleep(0.05)
    assert abs(found["duration_seconds"] - 4) < 0.2 and len(account.get("/events")) == 1


def test_a_gap_ends_the_clip_with_its_reason_and_nothing_else(sensor, viewer, account):
    opened = sensor.open_clip(account.session)
    sensor.send(frame(CLIP, opened["stream"], 0, b"x"))
    sensor.send(frame(CLIP, opened["stream"], 2, b"x"))
    error = sensor.wait_publication("clip.error")
    assert error["event_id"] == opened["event"]["event_id"] and error["message"] == "sequence: frame 1 was expected, 2 came"
    assert failed(sensor, account, opened["event"]["event_id"]) == {"stage": "receiving", "reason": error["message"], "retryable": False}
    # The connection goes on.
    assert sensor.open_clip(account.session)["next"] == 0


def test_the_count_at_the_end_must_be_right(sensor, account):
    opened = sensor.open_clip(account.session)
    sensor.send(frame(CLIP, opened["stream"], 0, b"x"))
    with pytest.raises(RpcError, match="5 were declared, 1 arrived"):
        sensor.rpc("clip.close", {"stream": opened["stream"], "frames": 5, "duration_ms": 1})
    assert failed(sensor, account, opened["event"]["event_id"])["stage"] == "receiving"


def test_frames_beyond_the_window_end_the_clip(sensor, account):
    opened = sensor.open_clip(account.session)
    limit = sensor.hello["data"]["limits"]["clip_window_bytes"]
    for sequence in range(200):
        sensor.send(frame(CLIP, opened["stream"], sequence, b"x" * (limit // 8)))
        if any(p.get("message", {}).get("data", {}).get("type") == "clip.error" for p in sensor.pushes):
            break
    # Acknowledged in time, it may have got through: then all of it is there.
    found = account.get(f"/events/{opened['event']['event_id']}")
    assert found["status"] in ("recording", "failed")


def test_a_clip_may_be_given_up(sensor, account):
    opened = sensor.open_clip(account.session)
    answer = sensor.rpc("clip.abort", {"stream": opened["stream"], "reason": "the battery is empty"})
    assert answer["event"]["failure"]["reason"] == "the battery is empty"


def test_frames_of_an_unknown_stream_are_answered(sensor):
    sensor.send(frame(CLIP, 4711, 0, b"x"))
    assert sensor.wait_publication("clip.error")["code"] == "unknown_stream"


def test_a_still_that_is_no_jpeg_is_refused_and_the_clip_goes_on(sensor, account):
    opened = sensor.open_clip(account.session)
    sensor.send(frame(STILL, opened["stream"], 0, b"GIF89a"))
    assert sensor.wait_publication("clip.error")["code"] == "bad_still"
    sensor.send(frame(CLIP, opened["stream"], 0, b"x"))
    sensor.wait_publication("clip.ack", next=1)


def test_a_recorders_bytes_become_a_clip(sensor, account):
    path = MEDIA / "chrome-still-truncated.webm"
    if not path.exists():
        pytest.skip("no recorded material at ../shared/media/chrome-still-truncated.webm")
    data = path.read_bytes()
    opened = sensor.open_clip(account.session, tracks=[{"track": 0, "kind": "container", "codec": "video/webm;codecs=vp8,opus"}])
    pieces = [data[i : i + 60_000] for i in range(0, len(data), 60_000)]
    for index, piece in enumerate(pieces):
        sensor.send(frame(BYTES, opened["stream"], index, piece, LAST if index == len(pieces) - 1 else 0))
        sensor.wait_publication("clip.ack", next=index + 1)
    sensor.rpc("clip.close", {"stream": opened["stream"], "frames": len(pieces), "duration_ms": 7500})
    for _ in range(200):
        found = account.get(f"/events/{opened['event']['event_id']}")
        if found["status"] in ("done", "failed"):
            break
        time.sleep(0.05)
    assert (found["status"], found["clip_mime"]) == ("done", "video/webm")


@pytest.mark.parametrize("change, field", [
    ({"event_id": "a/b"}, "event_id"), ({"session_id": 5}, "session_id"), ({"tracks": []}, "tracks"), ({"tracks": [{"kind": "smell", "codec": "x"}]}, "tracks"),
    ({"tracks": [{"kind": "video", "codec": "vp8", "width": 1, "height": 5}]}, "width"), ({"trigger": {"type": "X", "at": 1}}, "type"),
    ({"trigger": {"type": "motion", "at": 5}}, "at"), ({"pre_roll_ms": -1}, "pre_roll_ms"),
])
def test_a_wrong_field_of_clip_open_is_named(sensor, account, change, field):
    with pytest.raises(RpcError) as refused:
        sensor.open_clip(account.session, **change)
    assert refused.value.code == 107 and field in str(refused.value)
    assert account.get("/events") == []


def test_a_clip_needs_a_session_of_its_own_device(sensor, other):
    with pytest.raises(RpcError) as refused:
        sensor.open_clip(other.session)
    assert refused.value.code == 404


# Live


def test_live_frames_reach_viewers_as_they_came_from_a_keyframe_on(hub, account, sensor):
    viewers = [Peer(hub, account.token) for _ in range(3)]
    streams = {viewer.rpc("live.watch", {"device_id": account.device})["stream"] for viewer in viewers}
    assert len(streams) == 1
    stream = streams.pop()
    assert sensor.wait_publication("live.start")["stream"] == stream
    configuration = frame(LIVE, stream, 0, b'{"codec":"vp8"}', CONFIG)
    delta, key, after = frame(LIVE, stream, 1, b"d"), frame(LIVE, stream, 2, b"k" * 16_384, KEY), frame(LIVE, stream, 3, b"e")
    for data in [configuration, delta, key, after]:
        sensor.send(data)
    for viewer in viewers:
        viewer.wait(lambda peer: len(peer.frames) == 3)
        assert viewer.frames == [configuration, key, after]
    # Who joins later gets the configuration, and a keyframe is asked for.
    late = Peer(hub, account.token)
    assert late.rpc("live.watch", {"device_id": account.device}) == {"stream": stream, "online": True}
    sensor.wait_publication("live.keyframe")
    sensor.send(frame(LIVE, stream, 4, b"d"))
    sensor.send(frame(LIVE, stream, 5, b"k", KEY))
    late.wait(lambda peer: len(peer.frames) == 2)
    assert late.frames == [configuration, frame(LIVE, stream, 5, b"k", KEY)]
    # When the last has left, the sensor may stop.
    for viewer in [*viewers, late]:
        viewer.close()
    sensor.wait_publication("live.stop", stream=stream)


def test_viewers_are_told_when_the_camera_goes(hub, account, viewer):
    sensor = Peer(hub, account.token, account.device)
    viewer.rpc("live.watch", {"device_id": account.device})
    sensor.close()
    assert viewer.wait_publication("live.ended")["device_id"] == account.device
    assert viewer.wait_publication("device.presence", online=False)


def test_nobody_watches_another_accounts_camera(other, account, sensor, hub):
    stranger = Peer(hub, other.token)
    with pytest.raises(RpcError) as refused:
        stranger.rpc("live.watch", {"device_id": account.device})
    assert refused.value.code == 404
    stranger.close()


def test_a_sensor_cannot_send_into_another_ones_stream(hub, account, other, sensor, viewer):
    stream = viewer.rpc("live.watch", {"device_id": account.device})["stream"]
    intruder = Peer(hub, other.token, other.device)
    intruder.send(frame(LIVE, stream, 0, b"k", KEY))
    sensor.send(frame(LIVE, stream, 0, b"real", KEY))
    viewer.wait(lambda peer: peer.frames)
    assert viewer.frames == [frame(LIVE, stream, 0, b"real", KEY)]
    intruder.close()


# Connections


def test_what_was_missed_is_recovered_or_said_to_be_lost(hub, account):
    first = Peer(hub, account.token)
    (channel, position), = first.hello["subs"].items()
    first.close()
    account.post("/devices/register", {"device_id": account.device, "label": "New name"})
    again = Peer(hub, account.token, subs={channel: {"recover": True, "epoch": position["epoch"], "offset": position["offset"]}})
    sub = again.hello["subs"][channel]
    assert sub["recovered"] and sub["publications"][-1]["data"]["device"]["label"] == "New name"
    assert sub["offset"] == position["offset"] + len(sub["publications"])
    again.close()
    lost = Peer(hub, account.token, subs={channel: {"recover": True, "epoch": "another", "offset": 0}})
    assert lost.hello["subs"][channel]["recovered"] is False
    lost.close()


@pytest.mark.parametrize("messages, code", [
    (["nonsense"], 3501), (["[]"], 3501), (['{"id":0}'], 3501), (['{"id":1,"rpc":{"method":"x"}}'], 3501),
    (['{"id":1,"connect":{"token":"wrong"}}'], 3500), (['{"id":1,"connect":{"data":{"kind":"spy"}}}'], 3501), ([b"binary"], 3501),
])
def test_wrong_beginnings_close_with_their_code(hub, messages, code):
    with connect(hub.socket_url, subprotocols=["pingwatch.v1"]) as socket:
        for message in messages:
            socket.send(message)
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                socket.recv(10)
    assert closed.value.rcvd.code == code and closed.value.rcvd.reason


def test_binary_messages_need_the_subprotocol_and_a_sensor(hub, account):
    plain = Peer(hub, account.token, account.device, subprotocols=())
    plain.send(frame(CLIP, 1, 0))
    assert closed_with(plain) == 1003
    viewer = Peer(hub, account.token)
    viewer.send(frame(CLIP, 1, 0))
    assert closed_with(viewer) == 3501


@pytest.mark.parametrize("data, code", [(b"short", 3501), (b"\x09" + bytes(30), 3501), (bytes(1_200_000), 1009)])
def test_malformed_and_oversized_frames_close_their_connection_alone(hub, account, viewer, data, code):
    sensor = Peer(hub, account.token, account.device)
    sensor.send(data)
    assert closed_with(sensor) == code
    assert viewer.rpc("live.watch", {"device_id": account.device})["stream"]


def test_other_sites_pages_are_refused(hub):
    for origin, status in [("http://evil.example", 403), ("null", 403)]:
        with pytest.raises(InvalidStatus) as refused:
            connect(hub.socket_url, origin=origin)
        assert refused.value.response.status_code == status
    with connect(hub.socket_url, origin=hub.url) as socket:
        socket.ping()
    with pytest.raises(InvalidStatus) as refused:
        connect(hub.socket_url.replace("/connection/websocket", "/elsewhere"))
    assert refused.value.response.status_code == 404


def test_unknown_commands_and_methods_are_answered(viewer):
    assert viewer.ask({"sub_refresh": {"channel": "x"}})["error"]["code"] == 104
    assert viewer.ask({"rpc": {"method": "nonsense"}})["error"]["code"] == 104
    assert viewer.ask({"rpc": {"method": "live.watch", "data": {}}})["error"]["code"] == 107
    assert viewer.ask({"rpc": {"method": "clip.open", "data": {}}})["error"]["code"] == 103
    assert viewer.ask({"ping": {}})["ping"] == {}


def test_random_messages_never_take_the_hub_down(hub, account, viewer):
    import random

    source = random.Random(5)
    for _ in range(150):
        peer = Peer(hub, account.token, account.device)
        try:
            for _ in range(20):
                if source.random() < 0.5:
                    data = bytearray(frame(source.randint(0, 5), source.randint(0, 3), source.randint(0, 3), source.randbytes(source.randint(0, 60))))
                    data[source.randrange(len(data))] = source.randrange(256)
                    peer.send(bytes(data[: source.randint(0, len(data))]))
                else:
                    text = '{"id":%d,"rpc":{"method":"%s","data":%s}}' % (
                        source.randint(-1, 9), source.choice(["clip.open", "clip.close", "live.watch", "x"]),
                        source.choice(["{}", "null", "[1]", '{"stream":-1}', '{"stream":1e99}', '{"device_id":{}}']))
                    position = source.randrange(len(text))
                    peer.socket.send(text[:position] + source.choice(["", "x", '"', "}", "\n"]) + text[position:])
        except ConnectionClosed:
            pass
        finally:
            peer.close()
    assert viewer.rpc("live.watch", {"device_id": account.device})["stream"]
    assert hub.call("GET", "/healthz")[0] == 200


# A client that others wrote


def test_a_client_of_the_public_protocol_connects_and_gets_events(hub, account):
    async def run() -> tuple[dict, list[dict]]:
        connected: asyncio.Future = asyncio.get_running_loop().create_future()
        arrived: asyncio.Queue = asyncio.Queue()

        class Events(ClientEventHandler):
            async def on_connected(self, ctx) -> None:
                connected.set_result(ctx)

            async def on_publication(self, ctx) -> None:
                await arrived.put((ctx.channel, ctx.pub.data, ctx.pub.offset))

        client = Client(hub.socket_url, events=Events(), token=account.token)
        await client.connect()
        await asyncio.wait_for(connected, 10)
        await asyncio.to_thread(account.post, "/devices/register", {"device_id": account.device, "label": "Seen"})
        publication = await asyncio.wait_for(arrived.get(), 10)
        answer = await client.rpc("session.stop", {"session_id": account.session})
        await client.disconnect()
        return answer.data, publication

    answer, (channel, data, offset) = asyncio.run(run())
    assert channel.startswith("user:") and data["type"] == "device.updated" and data["device"]["label"] == "Seen" and offset >= 1
    assert answer["session"]["status"] == "stopped"
