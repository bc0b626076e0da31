"""A disk that fills up: clips are refused before it is full, everything else goes on, and what was refused completes when there is room."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import uuid
from pathlib import Path

import pytest
from pictures import count_pictures
from sensor import Peer, RpcError
from system import Hub
from watching import acknowledged, close, ended, finalize, initiate, put, stream, until

RESERVE_MB = 6
MB = 1 << 20


@pytest.fixture
def disk(tmp_path):
    """A real file system of 40 MB: room for two clips with what is made of them at the same time."""
    if os.geteuid() != 0:
        print("skipped: only root can mount a small file system")
        pytest.skip("only root can mount a small file system")
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=40m", "none", str(folder)], capture_output=True, text=True)
    if mounted.returncode != 0:
        print(f"skipped: no file system can be mounted here: {mounted.stderr}")
        pytest.skip(f"no file system can be mounted here: {mounted.stderr}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture
def small_disk(disk):
    """A hub on that disk, and the means to fill it."""
    hub = Hub(disk / "data", DISK_RESERVE_MB=str(RESERVE_MB)).start()
    try:
        yield hub
    finally:
        hub.stop(signal.SIGKILL)


def free(disk: Path) -> int:
    return shutil.disk_usage(disk).free


def fill(disk: Path, room: int) -> Path:
    """Leaves `room` bytes beyond the reserve."""
    filler = disk / "filler"
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, free(disk) - RESERVE_MB * MB - room)
    return filler


def fill_up(disk: Path) -> Path:
    """To the last byte, whatever the hub writes or gives back meanwhile."""
    filler = disk / "filler"
    with filler.open("wb") as file:
        while room := free(disk):
            try:
                os.posix_fallocate(file.fileno(), os.fstat(file.fileno()).st_size, room)
            except OSError as error:
                assert error.errno == errno.ENOSPC
    return filler


def refused_stream(peer, clip, opened: dict) -> dict:
    """Sends until the hub has no room, and returns its `clip.error`."""
    number = opened["stream"]

    def error() -> dict | None:
        return next((push["message"]["data"] for push in peer.pushes if push.get("message", {}).get("data", {}).get("type") == "clip.error"), None)
    for sequence in range(opened["next"], clip.frames):
        peer.send(clip.message(number, sequence))
        peer.wait(lambda peer: error() or acknowledged(peer, number) > sequence)
        if error():
            return error()
    raise AssertionError("there was room for all of it")


def test_clips_are_refused_before_the_disk_is_full_and_complete_when_there_is_room(disk, small_disk, enrol, small, large, tmp_path):
    account = enrol(small_disk)
    peer = Peer(small_disk, account.token, account.device)
    kept = initiate(account, small.file, small.seconds)
    put(account, kept, small.file)
    announced = initiate(account, large.file, large.seconds)
    opened = peer.open_clip(account.session, **large.opening())
    streamed = opened["event"]["event_id"]
    filler = fill(disk, 2 * MB)

    # A clip that is being streamed.
    error = refused_stream(peer, large, opened)
    assert (error["code"], error["temporary"], error["event_id"]) == ("storage_full", True, streamed)
    safe = acknowledged(peer, opened["stream"])
    assert 0 < safe < large.frames
    # A clip that is uploaded whole, and leaves nothing behind.
    status, answer, _ = account.call("PUT", f"/events/{announced}/upload", raw=large.file)
    assert (status, answer["error"]["code"]) == (507, "storage_full")
    assert not list(small_disk.data.glob("clips/*/*/*.part"))
    # None of it has touched the reserve, but for what the database wrote.
    assert free(disk) > RESERVE_MB * MB - MB

    # Nothing is left at all.
    filler.unlink()
    filler = fill(disk, 0)
    with pytest.raises(RpcError) as refused:
        peer.open_clip(account.session, **small.opening())
    assert refused.value.code == 507
    status, answer, _ = account.call("POST", "/events/upload/initiate", account.declaration(clip_size_bytes=len(small.file)))
    assert (status, answer["error"]["code"]) == (507, "storage_full")

    # The rest goes on: reading, what is there already, and what needs little room.
    assert {each["event_id"]: each["status"] for each in account.get("/events")} == {
        kept: "recording", announced: "recording", streamed: "recording"}
    assert small_disk.call("GET", "/healthz")[0] == 200
    finalize(account, kept)
    found = ended(account, kept)
    assert found["status"] == "done" and small_disk.call("GET", found["clip_url"])[0] == 200
    account.post("/sessions/stop", {"session_id": account.session})

    # With room the same clips complete, on the same connection.
    filler.unlink()
    opened = peer.open_clip(account.session, streamed, **large.opening())
    assert opened["next"] >= safe
    stream(peer, large, opened)
    close(peer, large, opened)
    peer.close()
    put(account, announced, large.file)
    finalize(account, announced)
    for event in (streamed, announced):
        found = ended(account, event)
        assert (found["status"], found["incomplete"], found["clip_problem"]) == ("done", False, None)
        assert count_pictures(small_disk.call("GET", found["clip_url"])[1], tmp_path) == len(large.units)


def test_a_disk_that_somebody_else_fills_to_the_last_byte_loses_nothing(disk, small_disk, enrol, small, tmp_path):
    account = enrol(small_disk)
    peer = Peer(small_disk, account.token, account.device)
    opened = peer.open_clip(account.session, **small.opening())
    event = opened["event"]["event_id"]
    stream(peer, small, opened, to=8)
    filler = fill_up(disk)
    error = refused_stream(peer, small, opened | {"next": 8})
    assert (error["code"], error["temporary"]) == ("storage_full", True)
    assert account.get(f"/events/{event}")["status"] == "recording"
    # The database cannot write either once its file has no room left, and says so; it goes on reading.
    answer = until(lambda: (made := account.call("POST", "/devices/register", {"label": "x" * 80}))[0] != 200 and made)
    assert (answer[0], answer[1]["error"]["code"]) == (507, "storage_full")
    assert len(account.get("/devices")) >= 1
    filler.unlink()
    opened = peer.open_clip(account.session, event, **small.opening())
    assert opened["next"] == 8
    stream(peer, small, opened)
    close(peer, small, opened)
    peer.close()
    found = ended(account, event)
    assert (found["status"], found["incomplete"]) == ("done", False)
    assert count_pictures(small_disk.call("GET", found["clip_url"])[1], tmp_path) == len(small.units)


def test_a_reserve_beyond_the_disk_refuses_clips_and_leaves_no_events(start, enrol, small):
    # No disk of a test machine has ten terabytes.
    hub = start(DISK_RESERVE_MB="10000000")
    account = enrol(hub)
    status, answer, _ = account.call("POST", "/events/upload/initiate", account.declaration())
    assert (status, answer["error"]["code"]) == (507, "storage_full")
    peer = Peer(hub, account.token, account.device)
    reply = peer.ask({"rpc": {"method": "clip.open", "data": {
        "event_id": str(uuid.uuid4()), "session_id": account.session, "trigger": {"type": "motion", "at": hub_time(peer)}, **small.opening()}}})
    assert (reply["error"]["code"], reply["error"]["temporary"]) == (507, True)
    peer.close()
    assert account.get("/events") == [] and account.get("/jobs") == []
    # A clip that is elsewhere needs no room here.
    event = account.post("/events", account.declaration(clip_uri="https://clips.example.org/1.mp4"))["event_id"]
    assert ended(account, event)["status"] == "done"
    assert not list(hub.data.glob("clips/*/*"))


def hub_time(peer) -> int:
    return peer.hello["data"]["time"]
