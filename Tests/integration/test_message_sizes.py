"""How large messages may be, and how much media waits for who does not read: by configuration, told in `connect`, and counted."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager

import pytest
from sensor import KEY, LIVE, Peer, frame
from test_executable import run
from test_metrics import TOKEN, metrics, value
from watching import until
from wire import BINARY, CONT, TEXT, RawSocket
from wire import frame as raw_frame


def closes(hub, code: int) -> float:
    return value(metrics(hub), "pingwatch_closes_total", code=str(code))


@contextmanager
def closed_by(hub, code: int):
    """A connection that is closed with that code for what is sent there, which is counted."""
    before = closes(hub, code)
    with RawSocket(hub.port, "pingwatch.v1") as peer:
        yield peer
        assert peer.closing() == code
    until(lambda: closes(hub, code) == before + 1)


def padded(command: dict, size: int) -> str:
    """The command, that many bytes long."""
    text = json.dumps({**command, "x": ""})
    return text.replace('"x": ""', f'"x": "{"y" * (size - len(text))}"')


@pytest.mark.parametrize("frame_bytes, text_bytes, window", [(655_360, 1_048_576, 1_048_576), (1_048_576, 65_536, 1_048_576), (1_572_864, 16_384, 1_572_864)])
def test_messages_have_so_many_bytes_and_the_client_is_told(start, enrol, frame_bytes, text_bytes, window):
    sizes = {} if (frame_bytes, text_bytes) == (1_048_576, 65_536) else {"FRAME_BYTES": str(frame_bytes), "TEXT_BYTES": str(text_bytes)}
    hub = start(METRICS_TOKEN=TOKEN, **sizes)
    account = enrol(hub)
    sensor = Peer(hub, account.token, account.device)
    told = sensor.hello["data"]["limits"]
    assert (told["max_frame_bytes"], told["max_text_bytes"], told["clip_window_bytes"]) == (frame_bytes, text_bytes, window)
    # What has just so many bytes is taken, in a clip as well.
    clip = sensor.open_clip(account.session)
    assert clip["window_bytes"] == window
    sensor.send(frame(2, clip["stream"], 0, bytes(frame_bytes - 24), flags=KEY))
    assert sensor.wait_publication("clip.ack", stream=clip["stream"])["next"] == 1
    sensor.socket.send(padded({"id": 1000, "ping": {}}, text_bytes))
    while not any(message.get("id") == 1000 for message in sensor.receive()):
        pass
    with closed_by(hub, 1009) as peer:
        peer.send(raw_frame(BINARY, bytes(frame_bytes + 1)))
    with closed_by(hub, 1009) as peer:
        peer.send(raw_frame(TEXT, padded({"id": 1, "ping": {}}, text_bytes + 1).encode()))
    sensor.close()


def test_what_is_no_message_of_the_protocol_is_counted_by_its_code(start):
    hub = start(METRICS_TOKEN=TOKEN, SOCKET_CONNECT_SECONDS="1")
    with closed_by(hub, 1009) as peer:
        peer.send(raw_frame(TEXT, b"", fin=False) + raw_frame(CONT, b"", fin=False) * 4097)
    with closed_by(hub, 3501) as peer:
        peer.send(raw_frame(TEXT, b"{}\n" * 1025))
    with closed_by(hub, 3502):
        pass


def test_sizes_that_do_not_fit_together_are_told_by_name():
    result = run("serve", FRAME_BYTES="2097152", MEDIA_QUEUE_BYTES="1048576", TEXT_BYTES="16383", MEDIA_QUEUE_SECONDS="0")
    assert result.returncode == 78 and result.stdout == ""
    assert sorted(result.stderr.strip().splitlines()) == [
        "FRAME_BYTES: 2097152 is more than the 1048576 of MEDIA_QUEUE_BYTES; a frame must fit into the queue",
        'MEDIA_QUEUE_SECONDS: "0" is not a number from 0.1 to 60.0',
        'TEXT_BYTES: "16383" is not a whole number from 16384 to 1048576',
    ]
    # Each for itself, and the queue against the default.
    for name, bad in [("FRAME_BYTES", "655359"), ("FRAME_BYTES", "4194305"), ("TEXT_BYTES", "1048577"), ("MEDIA_QUEUE_BYTES", "655359"),
                      ("MEDIA_QUEUE_SECONDS", "61")]:
        assert f'{name}: "{bad}" is not a' in run("serve", **{name: bad}).stderr
    assert "FRAME_BYTES: 1048576 is more than the 700000 of MEDIA_QUEUE_BYTES" in run("serve", MEDIA_QUEUE_BYTES="700000").stderr


class Stalled:
    """A viewer that does not read, and the camera that it watches. The kernels hold less than a mebibyte of what is sent to it."""

    FRAME = 30_000

    def __init__(self, hub, account) -> None:
        self.hub = hub
        self.sensor = Peer(hub, account.token, account.device)
        self.viewer = RawSocket(hub.port, "pingwatch.v1", receive_buffer=4096)
        self.viewer.send(raw_frame(TEXT, b'{"id":1,"connect":{"token":"%s"}}\n' % account.token.encode()))
        self.viewer.send(raw_frame(TEXT, b'{"id":2,"rpc":{"method":"live.watch","data":{"device_id":"%s"}}}' % account.device.encode()))
        self.stream = self.sensor.wait_publication("live.start")["stream"]
        self.sent = 0

    def send(self, count: int) -> None:
        for _ in range(count):
            self.sensor.send(frame(LIVE, self.stream, self.sent, bytes(self.FRAME), flags=KEY, timestamp=self.sent * 33_000))
            self.sent += 1
        # All of it has been relayed.
        assert self.sensor.ask({"ping": {}})

    @property
    def gaps(self) -> float:
        return value(metrics(self.hub), "pingwatch_live_gaps_total")

    def close(self) -> None:
        self.sensor.close()
        self.viewer.socket.close()


def test_so_many_bytes_of_media_wait_for_a_viewer(start, enrol):
    # Two mebibytes would hold them.
    gaps = {}
    for size in (655_360, 2_097_152):
        hub = start(METRICS_TOKEN=TOKEN, FRAME_BYTES="655360", MEDIA_QUEUE_BYTES=str(size), MEDIA_QUEUE_SECONDS="60")
        stalled = Stalled(hub, enrol(hub))
        stalled.send(65)
        gaps[size] = stalled.gaps
        stalled.close()
    assert gaps == {655_360: 1, 2_097_152: 0}


def test_so_many_seconds_media_wait_for_a_viewer(start, enrol):
    hub = start(METRICS_TOKEN=TOKEN, MEDIA_QUEUE_BYTES="1000000000", MEDIA_QUEUE_SECONDS="0.1")
    stalled = Stalled(hub, enrol(hub))
    stalled.send(65)

    def is_skipped() -> bool:
        time.sleep(0.02)
        stalled.send(1)
        return stalled.gaps == 1
    until(is_skipped)
    assert stalled.sent * Stalled.FRAME < 100_000_000
    stalled.close()
