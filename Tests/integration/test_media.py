"""Clips by ranges, as players and impatient clients ask for them, while the hub has something else to do."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import selectors
import socket
import subprocess
import threading
import time

import pytest
from conftest import Account
from hostile import resident_bytes
from sensor import CONFIG, KEY, LIVE, Peer, frame
from system import Hub

READERS = 50
PART = 4 << 20


@pytest.fixture(scope="module")
def huge(tmp_path_factory) -> bytes:
    """More than 20 MB of noise that libav takes for the clip it is."""
    path = tmp_path_factory.mktemp("huge") / "huge.mp4"
    subprocess.run(
        ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=640x480:rate=10,noise=alls=100:allf=t", "-frames:v", "60", "-c:v", "libx264",
         "-preset", "ultrafast", "-qp", "4", "-pix_fmt", "yuv420p", "-movflags", "faststart", str(path)], check=True, stdin=subprocess.DEVNULL)
    data = path.read_bytes()
    assert len(data) > 20 << 20
    return data


@pytest.fixture(scope="module")
def served(start, huge):
    """A hub, an account, and a clip's path and bytes."""
    hub = start()
    account = Account(hub, "media@example.org")
    answer = account.post("/events/upload/initiate", account.declaration(clip_size_bytes=len(huge), duration_seconds=6))
    assert account.call("PUT", answer["upload_url"], raw=huge)[0] == 200
    event = answer["event"]["event_id"]
    account.post(f"/events/{event}/upload/finalize", {})
    deadline = time.monotonic() + 120
    while (found := account.get(f"/events/{event}"))["status"] not in ("done", "failed"):
        assert time.monotonic() < deadline, found
        time.sleep(0.1)
    assert found["status"] == "done", found
    status, whole, _ = hub.call("GET", found["clip_url"])
    assert status == 200 and len(whole) > 20 << 20
    return hub, account, found, whole


def test_ranges_are_those_of_rfc_9110(served):
    hub, _, event, whole = served
    size, url = len(whole), event["clip_url"]

    def get(value: str, method: str = "GET", **more: str):
        return hub.call(method, url, headers={"Range": value, **{name.replace("_", "-"): field for name, field in more.items()}})

    etag = hub.call("HEAD", url)[2]["etag"]
    for value, first, last in [
        ("bytes=0-0", 0, 0), ("bytes=0-", 0, size - 1), (f"bytes={size - 1}-", size - 1, size - 1), ("bytes=-1", size - 1, size - 1),
        (f"bytes=-{size * 2}", 0, size - 1), (f"bytes=131071-131072", 131_071, 131_072), (f"bytes=1000000-{'9' * 40}", 1_000_000, size - 1),
        ("Bytes=5-9", 5, 9), ("bytes=5-9,", 5, 9), (f"bytes=5-9,{size}-", 5, 9), (f"bytes=1-{size}", 1, size - 1),
    ]:
        status, part, headers = get(value)
        assert status == 206 and part == whole[first:last + 1], value
        assert headers["content-range"] == f"bytes {first}-{last}/{size}" and int(headers["content-length"]) == last - first + 1
        assert headers["etag"] == etag and headers["accept-ranges"] == "bytes" and headers["content-type"] == "video/mp4"
    for value in [f"bytes={size}-", "bytes=-0", f"bytes={'9' * 40}-", f"bytes={size}-{size + 5},-0"]:
        status, error, headers = get(value)
        assert status == 416 and headers["content-range"] == f"bytes */{size}" and error["error"]["code"] == "range_not_satisfiable", value
    # What is malformed, of another unit or several ranges is answered by the whole.
    for value in ["bytes=5-2", "bytes=a-b", "bytes=-", "bytes=", "bytes", "items=0-1", "bytes=0-1,5-6", "bytes=0-1,5-6,-1", "bytes=1 -2"]:
        status, body, headers = get(value)
        assert status == 200 and body == whole and "content-range" not in headers, value
    assert get("bytes=0-" + ",0-" * 2000)[0] in (200, 206)

    assert get("bytes=0-4", If_Range=etag)[:2] == (206, whole[:5])
    for other in [f"W/{etag}", '"other"', "Sat, 21 Nov 2026 11:00:00 GMT", etag.strip('"')]:
        assert get("bytes=0-4", If_Range=other)[0] == 200
    assert get(f"bytes={size}-", If_Range='"other"')[0] == 200
    for condition in [etag, f"W/{etag}", f'"a", {etag}', "*"]:
        status, body, headers = get("bytes=0-4", If_None_Match=condition)
        assert (status, body, headers["etag"]) == (304, b"", etag)
    # Ranges are of GET alone.
    for value in ["bytes=0-4", f"bytes={size}-"]:
        status, body, headers = get(value, "HEAD")
        assert (status, body, int(headers["content-length"])) == (200, b"", size) and "content-range" not in headers


def test_a_connection_stays_in_step_after_each_kind_of_answer(served):
    hub, _, event, whole = served
    connection = http.client.HTTPConnection("127.0.0.1", hub.port, timeout=30)
    url = event["clip_url"]
    etag = hub.call("HEAD", url)[2]["etag"]
    for _ in range(3):
        for method, headers, expected in [
            ("GET", {"Range": "bytes=7-300007"}, (206, whole[7:300_008])), ("HEAD", {}, (200, b"")), ("GET", {"If-None-Match": etag}, (304, b"")),
            ("HEAD", {"Range": "bytes=7-9"}, (200, b"")), ("GET", {"Range": "bytes=-10"}, (206, whole[-10:])),
        ]:
            connection.request(method, url, headers=headers)
            response = connection.getresponse()
            assert (response.status, response.read()) == expected
        connection.request("GET", url, headers={"Range": f"bytes={len(whole)}-"})
        response = connection.getresponse()
        assert response.status == 416 and response.read()
    connection.close()


def test_what_is_made_once_is_kept_and_the_rest_asked_for_again(served):
    hub, _, event, _ = served
    for url in [event["clip_url"], event["poster_url"], event["thumbnail_url"]]:
        assert hub.call("HEAD", url)[2]["cache-control"] == "private, max-age=3600, immutable"
        assert hub.call("HEAD", re.sub("&v=.*", "", url))[2]["cache-control"] == "private, no-cache"


def test_slow_readers_neither_hold_up_live_frames_nor_fill_the_memory(served):
    hub, account, event, whole = served
    sensor, viewer = Peer(hub, account.token, account.device), Peer(hub, account.token)
    stream = viewer.rpc("live.watch", {"device_id": account.device})["stream"]
    sensor.wait_publication("live.start")
    before = resident_bytes(hub)

    # Each its own part of the clip, through a small window, and at first nobody reads.
    readers: dict[socket.socket, tuple[int, bytearray]] = {}
    for index in range(READERS):
        raw = socket.socket()
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_384)
        raw.connect(("127.0.0.1", hub.port))
        first = (len(whole) - PART) * index // READERS
        raw.sendall(f"GET {event['clip_url']} HTTP/1.1\r\nHost: h\r\nRange: bytes={first}-{first + PART - 1}\r\nConnection: close\r\n\r\n".encode())
        readers[raw] = (first, bytearray())
    for raw in readers:
        raw.settimeout(30)
        assert raw.recv(1, socket.MSG_PEEK) == b"H"

    # Live frames, one at a time while the readers take a little, then as fast as they come while the readers take all.
    sent = [frame(LIVE, stream, 0, b'{"codec":"vp8"}', CONFIG)]
    sensor.send(sent[0])
    def relay(count: int) -> None:
        for _ in range(count):
            sent.append(frame(LIVE, stream, len(sent), os.urandom(20_000), KEY))
            sensor.send(sent[-1])
            viewer.wait(lambda peer: len(peer.frames) >= len(sent))
        # What the hub asks of the sensor, such as a sign of life.
        with contextlib.suppress(TimeoutError):
            while True:
                sensor.receive(0)

    most = before
    for _ in range(20):
        relay(5)
        for raw, (_, received) in readers.items():
            received += raw.recv(20_000)
        most = max(most, resident_bytes(hub))
    done = threading.Event()
    failures: list[BaseException] = []

    def read_on() -> None:
        try:
            selector = selectors.DefaultSelector()
            for raw in readers:
                selector.register(raw, selectors.EVENT_READ)
            deadline = time.monotonic() + 240
            while selector.get_map() and time.monotonic() < deadline:
                for key, _ in selector.select(1):
                    if piece := key.fileobj.recv(1 << 20):
                        readers[key.fileobj][1].extend(piece)
                    else:
                        selector.unregister(key.fileobj)
            assert not selector.get_map(), "a reader was not served to the end"
        except BaseException as failure:
            failures.append(failure)
        finally:
            done.set()

    thread = threading.Thread(target=read_on)
    thread.start()
    relayed = 0
    while not done.is_set():
        relay(5)
        relayed += 5
        most = max(most, resident_bytes(hub))
    thread.join()
    assert not failures, failures
    assert viewer.frames == sent and relayed >= 5
    for raw, (first, received) in readers.items():
        head, _, body = bytes(received).partition(b"\r\n\r\n")
        assert b" 206 " in head.split(b"\r\n")[0] and f"bytes {first}-{first + PART - 1}/{len(whole)}".encode() in head
        assert body == whole[first:first + PART]
        raw.close()
    # A piece or two for each reader, of the 200 MB that they were sent.
    assert most - before < READERS * (512 << 10) + (32 << 20), f"{(most - before) >> 20} MiB more"
    print(f"{(most - before) >> 20} MiB more for {READERS} readers, {len(sent)} frames relayed")
    sensor.close()
    viewer.close()


def test_readers_who_go_away_leave_nothing_behind(served):
    hub, _, event, whole = served

    def descriptors() -> int:
        return len(os.listdir(f"/proc/{hub.process.pid}/fd"))

    hub.call("GET", "/healthz")
    before = descriptors()
    for _ in range(3):
        sockets = []
        for _ in range(20):
            raw = socket.create_connection(("127.0.0.1", hub.port), 20)
            raw.sendall(f"GET {event['clip_url']} HTTP/1.1\r\nHost: h\r\n\r\n".encode())
            sockets.append(raw)
        for raw in sockets:
            assert raw.recv(100)
            raw.close()
    deadline = time.monotonic() + 20
    while descriptors() > before + 3:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert hub.call("GET", event["clip_url"], headers={"Range": "bytes=-5"})[1] == whole[-5:]
