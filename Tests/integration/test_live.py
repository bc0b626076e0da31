"""Live streams between one sensor and many viewers."""

from __future__ import annotations

import struct
from concurrent.futures import ThreadPoolExecutor

import pytest
from hostile import resident_bytes
from sensor import CONFIG, KEY, LIVE, Peer, RpcError, frame, publications
from test_metrics import metrics, value
from watching import until
from websockets.exceptions import ConnectionClosed

TOKEN = "metrics-token-for-tests"


def header(data: bytes) -> tuple[int, int, int, int]:
    """Flags, stream, sequence and timestamp."""
    _, flags, _, stream, sequence, _, timestamp = struct.unpack(">BBHIIIQ", data[:24])
    return flags, stream, sequence, timestamp


@pytest.fixture(scope="module")
def measured(start):
    return start(METRICS_TOKEN=TOKEN, LIVE_VIEWERS_PER_STREAM="2", LIVE_STREAMS_PER_ACCOUNT="2")


# Joining


def begin(hub, account, sensor) -> tuple[Peer, int, list[bytes]]:
    """A viewer, its stream, and what it got: configuration, keyframe, two more."""
    viewer = Peer(hub, account.token)
    stream = viewer.rpc("live.watch", {"device_id": account.device})["stream"]
    sensor.wait_publication("live.start", stream=stream)
    sent = [frame(LIVE, stream, index, data, flags, timestamp=index * 33_000) for index, (data, flags) in enumerate(
        [(b'{"codec":"vp8"}', CONFIG), (b"k" * 5000, KEY), (b"d" * 900, 0), (b"e" * 900, 0)])]
    for data in sent:
        sensor.send(data)
    viewer.wait(lambda peer: len(peer.frames) == len(sent))
    assert viewer.frames == sent
    return viewer, stream, sent


def test_who_joins_a_sensor_that_brings_no_keyframe_gets_the_cached_group(hub, account, sensor):
    first, stream, sent = begin(hub, account, sensor)
    late = Peer(hub, account.token)
    late.rpc("live.watch", {"device_id": account.device})
    sensor.wait_publication("live.keyframe")
    # Nothing comes; after a moment the hub does with what it has.
    late.wait(lambda peer: len(peer.frames) == len(sent))
    assert late.frames == sent
    after = frame(LIVE, stream, 4, b"f", timestamp=200_000)
    sensor.send(after)
    for viewer in (first, late):
        viewer.wait(lambda peer: len(peer.frames) == len(sent) + 1)
        assert viewer.frames[-1] == after
    # Now it is known that there is no waiting for this sensor: no further frame is needed, and no time.
    third = Peer(hub, account.token)
    third.rpc("live.watch", {"device_id": account.device})
    third.wait(lambda peer: len(peer.frames) == len(sent) + 1)
    assert third.frames == [*sent, after]
    for viewer in (first, late, third):
        viewer.close()


def test_a_sensor_that_says_so_is_not_asked_for_keyframes(hub, account):
    peer = Peer(hub, account.token, account.device, data={"can_force_keyframe": False})
    first, stream, sent = begin(hub, account, peer)
    late = Peer(hub, account.token)
    late.rpc("live.watch", {"device_id": account.device})
    late.wait(lambda peer: len(peer.frames) == len(sent))
    assert late.frames == sent
    late.rpc("live.keyframe", {"stream": stream})
    for viewer in (first, late):
        viewer.close()
    peer.wait_publication("live.stop", stream=stream)
    assert publications(peer, "live.keyframe") == []
    peer.close()


def test_many_come_and_go_and_the_sensor_starts_and_stops_once(hub, account, sensor):
    viewers = [Peer(hub, account.token) for _ in range(12)]
    with ThreadPoolExecutor(12) as pool:
        streams = set(pool.map(lambda viewer: viewer.rpc("live.watch", {"device_id": account.device})["stream"], viewers))
        assert len(streams) == 1
        list(pool.map(Peer.close, viewers[1:]))
        # One stays, and one comes back at once.
        again = Peer(hub, account.token)
        assert again.rpc("live.watch", {"device_id": account.device})["stream"] in streams
        list(pool.map(Peer.close, [viewers[0], again]))
    sensor.wait_publication("live.stop", stream=streams.pop())
    assert len(publications(sensor, "live.start")) == len(publications(sensor, "live.stop")) == 1


def test_a_sensor_that_comes_back_while_it_is_watched_streams_again(hub, account):
    sensor = Peer(hub, account.token, account.device)
    viewer, stream, _ = begin(hub, account, sensor)
    position = sensor.hello["subs"][f"sensor:{account.device}"]
    name = f"sensor:{account.device}"
    # It takes the place of a connection that the hub has not missed yet.
    back = Peer(hub, account.token, account.device, {name: {"recover": True, "epoch": position["epoch"], "offset": position["offset"]}})
    assert viewer.wait_publication("live.ended")["stream"] == stream
    # What it hears of the old stream ends with its stop, so that it sends nothing for nobody.
    missed = [each["data"]["type"] for each in back.hello["subs"][name]["publications"]]
    back.wait_publication("live.stop", stream=stream)
    assert missed == ["live.start"]
    viewer.frames.clear()
    watched = viewer.rpc("live.watch", {"device_id": account.device})
    assert watched["online"] and watched["stream"] != stream
    assert back.wait_publication("live.start", stream=watched["stream"])
    back.send(frame(LIVE, watched["stream"], 0, b"{}", CONFIG))
    # Of a stream that has ended nothing is relayed.
    back.send(frame(LIVE, stream, 5, b"old", KEY))
    back.send(frame(LIVE, watched["stream"], 1, b"k", KEY))
    viewer.wait(lambda peer: len(peer.frames) == 2)
    assert [header(data)[1] for data in viewer.frames] == [watched["stream"]] * 2
    for peer in (sensor, back, viewer):
        peer.close()


def test_of_two_that_are_the_same_camera_the_newer_one_stays_and_the_other_is_told_not_to_come_back(hub, account):
    first = Peer(hub, account.token, account.device)
    viewer, stream, _ = begin(hub, account, first)
    second = Peer(hub, account.token, account.device)
    with pytest.raises(ConnectionClosed) as replaced:
        while True:
            first.receive()
    assert (replaced.value.rcvd.code, replaced.value.rcvd.reason) == (4500, "another connection of this device took over")
    # The end of the first one takes nothing from the second.
    viewer.wait_publication("live.ended", stream=stream)
    watched = viewer.rpc("live.watch", {"device_id": account.device})
    assert watched["online"] and second.wait_publication("live.start", stream=watched["stream"])
    # It comes again itself, after a reload or over another network: the hub has not missed the old connection yet.
    third = Peer(hub, account.token, account.device)
    with pytest.raises(ConnectionClosed) as replaced:
        while True:
            second.receive()
    assert replaced.value.rcvd.code == 4500
    assert viewer.rpc("live.watch", {"device_id": account.device})["online"] and third.wait_publication("live.start")
    assert third.ask({"ping": {}})
    # Once it has left by itself, nobody is replaced.
    third.close()
    viewer.wait_publication("device.presence", online=False)
    fourth = Peer(hub, account.token, account.device)
    assert fourth.ask({"ping": {}}) and viewer.rpc("live.watch", {"device_id": account.device})["online"]
    for peer in (viewer, fourth):
        peer.close()


# Slow viewers and limits


def test_a_viewer_that_does_not_read_costs_neither_memory_nor_the_others_a_frame(measured, enrol):
    account = enrol(measured)
    sensor = Peer(measured, account.token, account.device)
    viewer, stalled = Peer(measured, account.token), Peer(measured, account.token)
    stream = viewer.rpc("live.watch", {"device_id": account.device})["stream"]
    stalled.rpc("live.watch", {"device_id": account.device})
    sensor.wait_publication("live.start")
    sensor.send(frame(LIVE, stream, 0, b"{}", CONFIG))
    before, gaps = resident_bytes(measured), value(metrics(measured), "pingwatch_live_gaps_total")
    sent = 1

    def send(count: int) -> None:
        nonlocal sent
        for _ in range(count):
            flags = KEY if sent % 30 == 1 else 0
            sensor.send(frame(LIVE, stream, sent, bytes(120_000), flags, timestamp=sent * 33_000))
            sent += 1
            viewer.wait(lambda peer: len(peer.frames) >= sent)

    highest = before
    for _ in range(20):
        send(30)
        highest = max(highest, resident_bytes(measured))
    # 72 megabytes were sent. What is kept is 2 for the viewer, 4 for the group, and what the allocator does not give back.
    assert highest - before < 30 << 20, (before, highest)
    assert [header(data)[2] for data in viewer.frames] == list(range(sent))
    assert value(metrics(measured), "pingwatch_live_gaps_total") > gaps
    assert value(metrics(measured), "pingwatch_live_viewers") == 2 and value(metrics(measured), "pingwatch_live_streams") == 1

    # It reads again: once it has taken what waited, a keyframe is asked for on its behalf.
    def caught_up(_) -> bool:
        return bool(publications(stalled, "live.gap"))
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(stalled.wait, caught_up, 30)
        sensor.wait_publication("live.keyframe", timeout=30)
        sent += 30 - (sent - 1) % 30
        viewer.frames += [b""] * (sent - len(viewer.frames))
        send(2)
        reading.result()
    stalled.wait(lambda peer: header(peer.frames[-1])[2] == sent - 1)
    numbers = [header(data)[2] for data in stalled.frames]
    jumps = [data for last, data in zip(numbers, stalled.frames[1:]) if header(data)[2] != last + 1]
    assert len(jumps) == len(publications(stalled, "live.gap")) and all(header(data)[0] & KEY for data in jumps)
    for peer in (sensor, viewer, stalled):
        peer.close()


def test_a_stream_has_so_many_viewers_and_an_account_so_many_streams(measured, enrol):
    account, other = enrol(measured), enrol(measured)
    before = metrics(measured)

    def refused(limit: str) -> float:
        return value(metrics(measured), "pingwatch_limit_refusals_total", limit=limit) - value(before, "pingwatch_limit_refusals_total", limit=limit)

    viewers = [Peer(measured, account.token) for _ in range(3)]
    for viewer in viewers[:2]:
        viewer.rpc("live.watch", {"device_id": account.device})
    with pytest.raises(RpcError, match="a camera has at most 2 viewers") as refusal:
        viewers[2].rpc("live.watch", {"device_id": account.device})
    assert refusal.value.code == 106 and refused("viewers_per_stream") == 1
    viewers[0].close()
    # The hub hears of that on its own time.
    def joins() -> bool:
        try:
            return bool(viewers[2].rpc("live.watch", {"device_id": account.device}))
        except RpcError:
            return False
    until(joins)

    devices = [account.post("/devices/register", {"label": "More"})["device_id"] for _ in range(2)]
    second = viewers[1].rpc("live.watch", {"device_id": devices[0]})["stream"]
    with pytest.raises(RpcError, match="an account has at most 2 live streams") as refusal:
        viewers[1].rpc("live.watch", {"device_id": devices[1]})
    assert refusal.value.code == 106 and refused("streams_per_account") == 1
    third = Peer(measured, account.token, devices[1])
    status, answer, _ = account.call("GET", f"/devices/{devices[1]}/snapshot.jpg")
    assert (status, answer["error"]["code"]) == (429, "limit_exceeded") and refused("streams_per_account") == 2
    stranger = Peer(measured, other.token)
    assert stranger.rpc("live.watch", {"device_id": other.device})
    viewers[1].rpc("live.unwatch", {"stream": second})
    def starts() -> bool:
        try:
            return bool(viewers[1].rpc("live.watch", {"device_id": devices[1]}))
        except RpcError:
            return False
    until(starts)
    for peer in (*viewers[1:], third, stranger):
        peer.close()
