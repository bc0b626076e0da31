"""Pictures of cameras for what plays no video."""

from __future__ import annotations

import json
import re
import struct
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sensor import CONFIG, KEY, LIVE, Peer, frame, publications
from test_metrics import metrics, value
from websockets.exceptions import ConnectionClosed


TOKEN = "metrics-token-for-tests"


@pytest.fixture(scope="module")
def measured(start):
    return start(METRICS_TOKEN=TOKEN, LIVE_STREAMS_PER_ACCOUNT="2")


class Camera:
    """A sensor that streams what it was given: begins at a keyframe when it is started, and at one when it is asked."""

    def __init__(self, hub, account, configuration: dict, units: list[bytes], keys: set[int]) -> None:
        self.peer = Peer(hub, account.token, account.device)
        self.configuration, self.units, self.keys = configuration, units, keys
        self.stream = self.sequence = 0
        self.asked: list[str] = []
        self.changed = threading.Condition()
        self.answers = True
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        try:
            while True:
                for message in self.peer.receive(60):
                    data = message.get("push", {}).get("pub", {}).get("data", {})
                    if data.get("type") in ("live.start", "live.keyframe", "live.stop"):
                        self._heard(data)
        except (ConnectionClosed, TimeoutError):
            return

    def _heard(self, data: dict) -> None:
        if data["type"] == "live.start":
            self.stream, self.sequence = data["stream"], 0
            self.send(json.dumps(self.configuration).encode(), CONFIG)
        if data["type"] in ("live.start", "live.keyframe") and self.answers:
            self.send_unit(0)
        with self.changed:
            self.asked.append(data["type"])
            self.changed.notify_all()

    def send(self, payload: bytes, flags: int = 0) -> None:
        self.peer.send(frame(LIVE, self.stream, self.sequence, payload, flags, timestamp=self.sequence * 100_000))
        self.sequence += 1

    def send_unit(self, index: int) -> None:
        self.send(self.units[index], KEY if index in self.keys else 0)

    def wait(self, kind: str, count: int = 1) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: self.asked.count(kind) >= count, 10), self.asked

    def close(self) -> None:
        self.peer.close()
        self.thread.join(10)


class Encoded:
    """A test picture by a real encoder, and how its pictures look."""

    def __init__(self, folder, codec: str, size: str, count: int, *options: str) -> None:
        self.size = tuple(int(number) for number in size.split("x"))
        suffix = "h264" if "264" in codec else "ivf"
        path = folder / f"{codec}-{size}.{suffix}"
        subprocess.run(
            ["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", f"testsrc2=size={size}:rate=10", "-frames:v", str(count), "-pix_fmt", "yuv420p",
             "-c:v", codec, "-g", "100", *options, str(path)], check=True, stdin=subprocess.DEVNULL)
        data = path.read_bytes()
        if suffix == "h264":
            delimiter = b"\x00\x00\x00\x01\x09"
            self.units = [delimiter + unit for unit in data.split(delimiter)[1:]]
        else:
            self.units, position = [], 32
            while position < len(data):
                length, = struct.unpack("<I", data[position:position + 4])
                self.units.append(data[position + 12:position + 12 + length])
                position += 12 + length
        assert len(self.units) == count
        raw = gray(path, *self.size)
        self.looks = [raw[index * len(raw) // count:(index + 1) * len(raw) // count] for index in range(count)]


def gray(source, width: int, height: int) -> bytes:
    """Brightness of all pictures of a file, or of a JPEG in memory."""
    given = isinstance(source, bytes)
    result = subprocess.run(
        ["ffmpeg", "-v", "error", "-i", "-" if given else str(source), "-vf", f"scale={width}:{height}:out_range=full,format=gray", "-f", "rawvideo", "-"],
        check=True, capture_output=True, **({"input": source} if given else {"stdin": subprocess.DEVNULL}))
    return result.stdout


def size_of(jpeg: bytes) -> tuple[int, int]:
    out = subprocess.run(
        ["ffprobe", "-v", "error", "-show_entries", "stream=codec_name,width,height", "-of", "json", "-"], input=jpeg, check=True, capture_output=True)
    stream, = json.loads(out.stdout)["streams"]
    assert stream["codec_name"] == "mjpeg"
    return stream["width"], stream["height"]


def difference(a: bytes, b: bytes) -> float:
    assert len(a) == len(b)
    return sum(abs(x - y) for x, y in zip(a, b)) / len(a)


@pytest.fixture(scope="module")
def encoded(tmp_path_factory):
    folder = tmp_path_factory.mktemp("encoded")
    return {
        "avc1.42001f": Encoded(folder, "libx264", "320x240", 6, "-bf", "0", "-x264-params", "aud=1:scenecut=0"),
        "vp8": Encoded(folder, "libvpx", "320x240", 6, "-deadline", "realtime", "-b:v", "2M", "-lag-in-frames", "0", "-auto-alt-ref", "0"),
        "vp09.00.10.08": Encoded(folder, "libvpx-vp9", "320x240", 6, "-deadline", "realtime", "-b:v", "2M", "-lag-in-frames", "0"),
        "avc1.640028": Encoded(folder, "libx264", "1920x1080", 1, "-bf", "0", "-x264-params", "aud=1"),
    }


@pytest.fixture
def camera(hub, account, encoded):
    cameras = []

    def make(codec: str) -> Camera:
        media = encoded[codec]
        cameras.append(Camera(hub, account, {"codec": codec, "width": media.size[0], "height": media.size[1]}, media.units, {0}))
        return cameras[-1]

    yield make
    for each in cameras:
        each.close()


def snapshot(account, query: str = "", device: str | None = None):
    return account.call("GET", f"/devices/{device or account.device}/snapshot.jpg{query}")


@pytest.mark.parametrize("codec", ["avc1.42001f", "vp8", "vp09.00.10.08"])
def test_a_snapshot_starts_the_camera_and_lets_it_stop(account, camera, encoded, codec):
    streaming = camera(codec)
    # Both at once: the stream that the first one starts ends two seconds later.
    with ThreadPoolExecutor(2) as pool:
        (status, jpeg, headers), (other_status, small, _) = pool.map(lambda query: snapshot(account, query), ("", "?width=100"))
    assert status == 200 and headers["content-type"] == "image/jpeg" and headers["cache-control"] == "no-store", jpeg
    assert size_of(jpeg) == (320, 240)
    assert difference(gray(jpeg, 320, 240), encoded[codec].looks[0]) < 6
    # The picture is another one later in the film, which the comparison would notice.
    assert difference(encoded[codec].looks[0], encoded[codec].looks[5]) > 6
    assert other_status == 200 and size_of(small)[0] == 100
    streaming.wait("live.stop")
    assert streaming.asked.count("live.start") == 1


@pytest.mark.parametrize("codec", ["avc1.42001f", "vp8"])
def test_of_a_stream_that_is_watched_it_is_the_newest_picture_without_another_keyframe(hub, account, camera, encoded, codec):
    streaming = camera(codec)
    viewer = Peer(hub, account.token)
    viewer.rpc("live.watch", {"device_id": account.device})
    viewer.wait(lambda peer: len(peer.frames) == 2)
    for index in range(1, 6):
        streaming.send_unit(index)
    viewer.wait(lambda peer: len(peer.frames) == 7)
    status, jpeg, _ = snapshot(account)
    assert status == 200
    assert difference(gray(jpeg, 320, 240), encoded[codec].looks[5]) < 6
    viewer.close()
    streaming.wait("live.stop")
    assert streaming.asked == ["live.start", "live.stop"]


def test_a_large_picture_is_made_smaller_and_a_small_one_not_larger(account, camera):
    camera("avc1.640028")
    for query, expected in [("", (1280, 720)), ("?width=640", (640, 360)), ("?width=1280", (1280, 720))]:
        status, jpeg, _ = snapshot(account, query)
        assert status == 200 and size_of(jpeg) == expected


def test_many_who_ask_at_once_get_one_picture(account, camera):
    streaming = camera("avc1.42001f")
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: snapshot(account), range(16)))
    assert {status for status, _, _ in answers} == {200} and len({jpeg for _, jpeg, _ in answers}) == 1
    streaming.wait("live.stop")
    assert streaming.asked == ["live.start", "live.stop"]


def test_the_link_in_the_device_needs_no_token(hub, account, other, camera):
    camera("avc1.42001f")
    device = next(each for each in account.get("/devices") if each["device_id"] == account.device)
    url = device["snapshot_url"]
    status, jpeg, _ = hub.call("GET", url + "&width=64")
    assert status == 200 and size_of(jpeg) == (64, 48)
    missing = hub.call("GET", url.replace("s=", "s=x"))[:2]
    assert missing == (404, {"error": {"code": "not_found", "message": "there is no such device"}})
    theirs = other.get("/devices")[0]["snapshot_url"]
    assert hub.call("GET", theirs.replace(other.device, account.device))[:2] == missing
    expiry = re.search(r"&e=(\d+)", url)[1]
    assert hub.call("GET", url.replace(expiry, str(int(expiry) + 1)))[:2] == missing
    assert hub.call("GET", url.split("&s=")[0])[0] == 401


def test_what_cannot_be_shown_is_told_apart(hub, account, other, camera):
    assert hub.call("GET", f"/devices/{account.device}/snapshot.jpg")[0] == 401
    unknown = snapshot(account, device="nothing-like-it")[:2]
    assert unknown == (404, {"error": {"code": "not_found", "message": "there is no such device"}})
    assert snapshot(account, device=other.device)[:2] == unknown
    status, answer, headers = snapshot(account)
    assert (status, answer["error"]["code"]) == (503, "camera_offline") and "retry-after" in headers
    for width in ("15", "1281", "-1", "x", ""):
        status, answer, _ = snapshot(account, f"?width={width}")
        assert (status, answer["error"]["field"]) == (400, "width"), width


def test_a_camera_that_sends_nothing_is_silent_and_one_that_goes_is_offline(hub, account, camera):
    silent = camera("avc1.42001f")
    silent.answers = False
    status, answer, _ = snapshot(account)
    assert (status, answer["error"]["code"]) == (504, "camera_silent")
    # It was asked more than once, and may stop now.
    assert silent.asked.count("live.start") == 1 and silent.asked.count("live.keyframe") > 3
    silent.wait("live.stop")
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(snapshot, account)
        silent.wait("live.start", 2)
        silent.peer.close()
        status, answer, _ = waiting.result()
    assert (status, answer["error"]["code"]) == (503, "camera_offline")


def test_one_account_cannot_take_all_places_for_snapshots(measured, enrol):
    account, other = enrol(measured), enrol(measured)
    silent = Peer(measured, account.token, account.device)
    with ThreadPoolExecutor(40) as pool:
        answers = list(pool.map(lambda width: snapshot(account, f"?width={width}")[:2], range(16, 56)))
    codes = [answer["error"]["code"] for _, answer in answers]
    assert sorted(set(codes)) == ["busy", "camera_silent"] and codes.count("camera_silent") == 32
    assert value(metrics(measured), "pingwatch_limit_refusals_total", limit="snapshots") == 8
    # All of them waited for the same picture, side by side.
    assert silent.ask({"ping": {}}) and len(publications(silent, "live.start")) == 1
    assert snapshot(other)[1]["error"]["code"] == "camera_offline"
    silent.close()


@pytest.mark.parametrize("configuration, unit", [
    (b'{"codec":"avc1.42001f","width":320,"height":240}', b"not a picture"), (b"not json", b"x"), (b'{"codec":"fantasy"}', b"x"),
    (b'{"codec":"opus"}', b"x"), (b'{"codec":"vp8","width":320,"height":240}', bytes(2000)),
    (b'{"codec":"avc1.42001f","description":"AUIAHwMBAAAA"}', bytes(2000)),
])
def test_a_picture_that_cannot_be_decoded_is_an_error_of_the_camera(hub, account, sensor, configuration, unit):
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(snapshot, account)
        stream = sensor.wait_publication("live.start")["stream"]
        sensor.send(frame(LIVE, stream, 0, configuration, CONFIG))
        sensor.send(frame(LIVE, stream, 1, unit, KEY))
        status, answer, _ = waiting.result()
    assert (status, answer["error"]["code"]) == (502, "undecodable")
