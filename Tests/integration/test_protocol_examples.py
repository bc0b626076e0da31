"""The client of docs/PROTOCOL.md, as it is written there."""

from __future__ import annotations

import re
import subprocess
from types import SimpleNamespace

import pytest
from conftest import ROOT

# Newer versions of websockets want to be told that the connection is opened by hand; older ones do not know how.
pytestmark = pytest.mark.filterwarnings("ignore:connect\\(\\) must be used:DeprecationWarning")
CODEC = 'video/mp4;codecs="avc1.42c00b"'


@pytest.fixture(scope="module")
def documented() -> SimpleNamespace:
    names: dict = {}
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "docs/PROTOCOL.md").read_text(), re.S)
    assert len(blocks) == 3
    for block in blocks:
        exec(block, names)
    return SimpleNamespace(**names)


@pytest.fixture(scope="module")
def recorded() -> bytes:
    """More than the window of a clip, which is a megabyte."""
    source = "testsrc=size=640x480:rate=30:duration=4,noise=alls=40:allf=t"
    command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", source, "-c:v", "libx264", "-preset", "ultrafast", "-bf", "0",
               "-g", "30", "-pix_fmt", "yuv420p", "-f", "mp4", "-movflags", "frag_keyframe+empty_moov+default_base_moof", "pipe:1"]
    made = subprocess.run(command, check=True, capture_output=True, stdin=subprocess.DEVNULL).stdout
    assert len(made) > 1 << 20
    return made


@pytest.fixture
def camera(account) -> dict:
    return account.post("/devices/register", {"label": "Pond", "with_token": True})


@pytest.fixture
def address(hub) -> str:
    return hub.socket_url.split("/connection/")[0]


def test_a_clip_that_is_sent_becomes_an_event_that_is_heard_of(hub, account, camera, address, documented, recorded):
    viewer = documented.Peer(address, account.token, "viewer")
    sensor = documented.Peer(address, camera["device_token"], "sensor")
    assert sensor.hello["data"]["device_id"] == camera["device_id"]
    answer = documented.send_clip(sensor, recorded, CODEC)
    assert answer["status"] == "durable"
    event = documented.next_event(viewer)
    assert (event["event_id"], event["status"]) == (answer["event"]["event_id"], "done")
    assert hub.call("GET", event["clip_url"])[0] == 200
    health = next(device for device in account.get("/devices") if device["device_id"] == camera["device_id"])["health"]
    assert health["telemetry"] == {"battery": 0.8, "charging": True, "problems": []}


def test_what_a_sensor_sends_live_is_watched(account, camera, address, documented):
    viewer = documented.Peer(address, account.token, "viewer")
    sensor = documented.Peer(address, camera["device_token"], "sensor")
    stream = viewer.rpc("live.watch", device_id=camera["device_id"])["stream"]
    assert sensor.wait("live.start")["stream"] == stream
    for sequence, (flags, payload) in enumerate([(2, b'{"codec":"vp8","width":320,"height":240}'), (1, b"a keyframe")]):
        sensor.socket.send(documented.struct.pack(">BBHIIIQ", 1, flags, 0, stream, sequence, 33_000, 1000) + payload)
    received = documented.watch(viewer, camera["device_id"])
    while len(received) < 2:
        viewer.read()
    assert received == [(1, 2, 0, stream, 0, 33_000, 1000, b'{"codec":"vp8","width":320,"height":240}'), (1, 1, 0, stream, 1, 33_000, 1000, b"a keyframe")]
