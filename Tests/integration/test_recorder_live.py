"""Live streams of sensors that have a recorder only, relayed by the real hub."""

from __future__ import annotations

import base64
import json
import struct
import subprocess

import pytest
from sensor import CONFIG, KEY, Peer, frame
from system import probe

LIVE_BYTES = 5
# Three seconds at ten pictures a second, a keyframe every second.
FORMATS = {
    "webm": ("-c:v libvpx -deadline realtime -g 10 -c:a libopus -f webm -live 1", 'video/webm;codecs="vp8,opus"'),
    "mp4": ("-c:v libx264 -preset ultrafast -bf 0 -g 10 -pix_fmt yuv420p -c:a aac -f mp4 -movflags frag_keyframe+empty_moov+default_base_moof -frag_duration 100000",
            'video/mp4;codecs="avc1.42c00b,mp4a.40.2"'),
}


@pytest.fixture(scope="session")
def recordings(tmp_path_factory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("recordings")
    for name, (options, _) in FORMATS.items():
        subprocess.run(
            ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=size=320x240:rate=10:duration=3", "-f", "lavfi", "-i",
             "sine=frequency=440:duration=3:sample_rate=48000", *options.split(), str(folder / name)], check=True)
    return {name: (folder / name).read_bytes() for name in FORMATS}


@pytest.fixture
def viewer(hub, account):
    peer = Peer(hub, account.token)
    yield peer
    # Closing would wait for who has frames left to read.
    peer.ask({"ping": {}})
    peer.close()


def pieces(stream: int, data: bytes, size: int) -> list[bytes]:
    return [frame(LIVE_BYTES, stream, index, data[at : at + size], 0 if at else CONFIG) for index, at in enumerate(range(0, len(data), size))]


def flags(data: bytes) -> int:
    return data[1]


def played(frames: list[bytes], path) -> dict:
    """The frames that a viewer got as a file, whose pictures are all decoded."""
    configuration = json.loads(frames[0][24:])
    path.write_bytes(base64.b64decode(configuration["init"]) + b"".join(data[24:] for data in frames[1:]))
    decoded = subprocess.run(
        ["ffprobe", "-v", "error", "-count_frames", "-select_streams", "v", "-show_entries", "stream=nb_read_frames", "-of", "csv=p=0", str(path)],
        capture_output=True, text=True, check=True)
    assert decoded.stderr == ""
    return {"pictures": int(decoded.stdout.strip().strip(",")), "streams": len(probe(path)["streams"])}


def keyframes(peer: Peer) -> int:
    return sum(flags(data) == KEY for data in peer.frames)


def arrive(sensor: Peer, *viewers: Peer) -> None:
    """Until what the sensor has sent is with those who watch: answers come behind it."""
    sensor.rpc("device.telemetry", {"telemetry": {}})
    for viewer in viewers:
        viewer.rpc("live.keyframe", {"stream": 0})


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("size", [997, 60_000])
def test_viewers_get_what_plays_from_the_first_keyframe_on(hub, account, sensor, viewer, recordings, tmp_path, name, size):
    stream = viewer.rpc("live.watch", {"device_id": account.device})["stream"]
    sensor.wait_publication("live.start", stream=stream)
    for data in pieces(stream, recordings[name], size):
        sensor.send(data)
    arrive(sensor, viewer)
    assert keyframes(viewer) == 3
    configuration = json.loads(viewer.frames[0][24:])
    assert flags(viewer.frames[0]) == CONFIG and flags(viewer.frames[1]) == KEY
    assert configuration["container"] == FORMATS[name][1] and (configuration["width"], configuration["height"]) == (320, 240)
    headers = [struct.unpack(">BBHIIIQ", data[:24]) for data in viewer.frames]
    assert {(kind, track, of) for kind, _, track, of, *_ in headers} == {(LIVE_BYTES, 0, stream)}
    assert all(before[4] < after[4] for before, after in zip(headers, headers[1:]))
    times = [timestamp for *_, timestamp in headers[1:]]
    assert times == sorted(times) and 2_600_000 < times[-1] < 3_000_000
    # Of the last picture the recorder may not have written everything.
    found = played(viewer.frames, tmp_path / name)
    assert found["pictures"] >= 29 and found["streams"] == 2


def test_who_joins_later_plays_from_a_keyframe_on(hub, account, sensor, viewer, recordings, tmp_path):
    stream = viewer.rpc("live.watch", {"device_id": account.device})["stream"]
    sensor.wait_publication("live.start", stream=stream)
    sent = pieces(stream, recordings["webm"], 500)
    middle = len(sent) // 2
    for data in sent[:middle]:
        sensor.send(data)
    viewer.wait(lambda peer: keyframes(peer) >= 1)
    late = Peer(hub, account.token)
    assert late.rpc("live.watch", {"device_id": account.device})["stream"] == stream
    for data in sent[middle:]:
        sensor.send(data)
    arrive(sensor, late, viewer)
    assert flags(late.frames[0]) == CONFIG and late.frames[0] == viewer.frames[0] and flags(late.frames[1]) == KEY
    assert played(late.frames, tmp_path / "late")["pictures"] >= 9
    late.close()


def test_who_joins_gets_the_pictures_since_the_last_keyframe_at_once(hub, account, viewer, recordings, tmp_path):
    sensor = Peer(hub, account.token, account.device, data={"can_force_keyframe": False})
    stream = viewer.rpc("live.watch", {"device_id": account.device})["stream"]
    sensor.wait_publication("live.start", stream=stream)
    for data in pieces(stream, recordings["webm"], 5000):
        sensor.send(data)
    arrive(sensor, viewer)
    late = Peer(hub, account.token)
    late.rpc("live.watch", {"device_id": account.device})
    arrive(sensor, late)
    last = max(index for index, data in enumerate(viewer.frames) if flags(data) == KEY)
    assert late.frames == [viewer.frames[0], *viewer.frames[last:]]
    assert played(late.frames, tmp_path / "late")["pictures"] >= 9
    # Nobody asks a recorder for what it cannot do.
    assert not [push for push in sensor.pushes if push.get("pub", {}).get("data", {}).get("type") == "live.keyframe"]
    late.close()
    sensor.close()


@pytest.mark.parametrize("name", FORMATS)
def test_a_snapshot_of_a_recorder_is_its_newest_picture(hub, account, viewer, recordings, tmp_path, name):
    sensor = Peer(hub, account.token, account.device, data={"can_force_keyframe": False})
    stream = viewer.rpc("live.watch", {"device_id": account.device})["stream"]
    sensor.wait_publication("live.start", stream=stream)
    for data in pieces(stream, recordings[name], 5000):
        sensor.send(data)
    arrive(sensor, viewer)
    status, jpeg, headers = account.call("GET", f"/devices/{account.device}/snapshot.jpg")
    assert (status, headers["content-type"]) == (200, "image/jpeg")
    (tmp_path / "snapshot.jpg").write_bytes(jpeg)
    (picture,) = probe(tmp_path / "snapshot.jpg")["streams"]
    assert (picture["width"], picture["height"]) == (320, 240)
    sensor.close()


@pytest.mark.parametrize("data, reason", [
    (b"these are no bytes of a recorder", "the stream begins neither as WebM nor as MP4"),
    (b"\x00\x00\x00\x10ftypisom\x00\x00\x00\x00" + b"\x00\x00\x00\x10mdat" + bytes(8), "an MP4 that is not fragmented cannot be shown live"),
    (b"\x1a\x45\xdf\xa3\x80\x00", "WebM: an element's id at byte 5 is longer than 4 bytes"),
])
def test_a_damaged_stream_ends_with_its_reason_and_nothing_else(hub, account, sensor, viewer, recordings, data, reason):
    stream = viewer.rpc("live.watch", {"device_id": account.device})["stream"]
    sensor.wait_publication("live.start", stream=stream)
    sensor.send(frame(LIVE_BYTES, stream, 0, data + bytes(8), CONFIG))
    error = sensor.wait_publication("live.error")
    assert (error["stream"], error["code"], error["message"]) == (stream, "bad_recording", reason)
    ended = viewer.wait_publication("live.ended")
    assert (ended["stream"], ended["reason"]) == (stream, "the camera's stream is damaged")
    # What is still on its way is of no account; the next stream works.
    sensor.send(frame(LIVE_BYTES, stream, 1, b"more"))
    again = viewer.rpc("live.watch", {"device_id": account.device})["stream"]
    sensor.wait_publication("live.start", stream=again)
    for piece in pieces(again, recordings["webm"], 10_000):
        sensor.send(piece)
    viewer.wait(lambda peer: keyframes(peer) >= 2)


@pytest.mark.parametrize("sequences, reason", [([(0, CONFIG), (2, 0)], "sequence: piece 1 was expected, 2 came"),
                                              ([(0, 0)], "flags: the first piece of a file must be flagged as its beginning")])
def test_missing_pieces_are_named(account, sensor, viewer, recordings, sequences, reason):
    stream = viewer.rpc("live.watch", {"device_id": account.device})["stream"]
    sensor.wait_publication("live.start", stream=stream)
    for sequence, flag in sequences:
        sensor.send(frame(LIVE_BYTES, stream, sequence, recordings["webm"][:600], flag))
    assert sensor.wait_publication("live.error")["message"] == reason


def test_a_recorder_cannot_send_into_another_ones_stream(hub, account, other, viewer):
    stream = viewer.rpc("live.watch", {"device_id": account.device})["stream"]
    intruder = Peer(hub, other.token, other.device)
    intruder.send(frame(LIVE_BYTES, stream, 0, b"these are no bytes of a recorder", CONFIG))
    intruder.rpc("device.telemetry", {"telemetry": {}})
    assert not [push for push in intruder.pushes if push.get("message", {}).get("data", {}).get("type") == "live.error"]
    assert viewer.rpc("live.watch", {"device_id": account.device})["stream"] == stream
    intruder.close()
