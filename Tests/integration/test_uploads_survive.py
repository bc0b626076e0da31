"""Nothing that the hub has acknowledged is lost: neither by a hub that is killed, nor by a line that breaks, nor by a phone that stays away."""

from __future__ import annotations

import hashlib
import http.client
import json
import signal
import uuid

import pytest
from pictures import count_pictures
from sensor import Peer, RpcError
from watching import acknowledged, break_off, close, ended, finalize, initiate, put, stream, until, upload
from websockets.exceptions import ConnectionClosed


@pytest.fixture(scope="module")
def mortal(start):
    """A hub that is killed time and again."""
    return start()


@pytest.fixture(scope="module")
def impatient(start):
    """A hub that waits a second for a phone to come back."""
    return start(CLIP_IDLE_SECONDS="1")


@pytest.fixture
def camera(mortal, enrol):
    return enrol(mortal)


def restart(hub) -> None:
    hub.stop(signal.SIGKILL)
    hub.start()


def pictures_of(account, event: dict, folder) -> int:
    status, data, _ = account.hub.call("GET", event["clip_url"])
    assert status == 200 and len(data) == event["clip_size_bytes"]
    return count_pictures(data, folder)


def whole(account, event: dict, clip, folder) -> None:
    """The event is the only one and has all of its clip."""
    assert (event["status"], event["incomplete"], event["clip_problem"]) == ("done", False, None), event
    assert pictures_of(account, event, folder) == len(clip.units)
    assert abs(event["duration_seconds"] - clip.seconds) < 0.15
    assert [each["event_id"] for each in account.get("/events")] == [event["event_id"]]


# Streamed clips


def test_a_hub_killed_in_the_middle_of_a_clip_goes_on_where_it_had_acknowledged(mortal, camera, small, tmp_path):
    event, known, resumed_at = str(uuid.uuid4()), 0, []
    # Each time it is killed with frames on the wire that nobody waited for.
    for stop_at, on_the_wire in [(3, 5), (9, 2), (12, 0), (14, 6)]:
        peer = Peer(mortal, camera.token, camera.device)
        opened = peer.open_clip(camera.session, event, **small.opening())
        assert opened["next"] >= known and opened["event"]["status"] == "recording"
        resumed_at.append(opened["next"])
        stream(peer, small, opened, to=max(stop_at, opened["next"]))
        position = max(stop_at, opened["next"])
        sent = min(position + on_the_wire, small.frames)
        for sequence in range(position, sent):
            peer.send(small.message(opened["stream"], sequence))
        mortal.stop(signal.SIGKILL)
        # Acknowledgements that had left before the end count.
        with pytest.raises(ConnectionClosed):
            while True:
                peer.receive(5)
        known = acknowledged(peer, opened["stream"])
        assert position <= known <= sent
        mortal.start()
    peer = Peer(mortal, camera.token, camera.device)
    opened = peer.open_clip(camera.session, event, **small.opening())
    assert known <= opened["next"] <= small.frames
    assert resumed_at == sorted(resumed_at) and resumed_at[0] == 0 < resumed_at[1]
    stream(peer, small, opened)
    close(peer, small, opened)
    peer.close()
    whole(camera, ended(camera, event), small, tmp_path)


def test_a_hub_killed_after_a_clip_was_durable_processes_it(mortal, camera, small, tmp_path):
    peer = Peer(mortal, camera.token, camera.device)
    opened = peer.open_clip(camera.session, **small.opening())
    stream(peer, small, opened)
    event = close(peer, small, opened)["event_id"]
    restart(mortal)
    whole(camera, ended(camera, event), small, tmp_path)
    with pytest.raises(RpcError) as durable:
        Peer(mortal, camera.token, camera.device).open_clip(camera.session, event, **small.opening())
    assert durable.value.code == 409


def test_a_socket_cut_in_the_middle_of_a_message_loses_that_message_only(mortal, camera, small, tmp_path):
    event = str(uuid.uuid4())
    for end in [5, 6, 17]:
        peer = Peer(mortal, camera.token, camera.device)
        opened = peer.open_clip(camera.session, event, **small.opening())
        stream(peer, small, opened, to=end)
        break_off(peer)
    peer = Peer(mortal, camera.token, camera.device)
    opened = peer.open_clip(camera.session, event, **small.opening())
    assert opened["next"] == 17
    stream(peer, small, opened)
    close(peer, small, opened)
    peer.close()
    whole(camera, ended(camera, event), small, tmp_path)


# Phones that stay away


def test_a_clip_whose_phone_stays_away_ends_with_what_arrived_and_is_continued_when_it_comes_back(impatient, enrol, small, tmp_path):
    account = enrol(impatient)
    # Connected, a phone may be silent for as long as it likes; its clip was opened before the other.
    silent_account = enrol(impatient)
    silent = Peer(impatient, silent_account.token, silent_account.device)
    silent_event = silent.open_clip(silent_account.session, **small.opening())["event"]["event_id"]
    event = str(uuid.uuid4())
    peer = Peer(impatient, account.token, account.device)
    opened = peer.open_clip(account.session, event, **small.opening())
    stream(peer, small, opened, to=10)
    break_off(peer)

    found = ended(account, event)
    assert (found["status"], found["incomplete"]) == ("done", True)
    assert found["clip_problem"] == "the camera did not come back: the clip ends early"
    assert pictures_of(account, found, tmp_path) == 9
    assert silent_account.get(f"/events/{silent_event}")["status"] == "recording"
    silent.close()

    peer = Peer(impatient, account.token, account.device)
    opened = peer.open_clip(account.session, event, **small.opening())
    assert opened["next"] == 10 and opened["event"]["event_id"] == event
    stream(peer, small, opened)
    close(peer, small, opened)
    peer.close()
    whole(account, ended(account, event), small, tmp_path)


def test_a_clip_of_which_nothing_arrived_fails_with_a_reason_until_its_phone_comes_back(impatient, enrol, small, tmp_path):
    account = enrol(impatient)
    event = str(uuid.uuid4())
    peer = Peer(impatient, account.token, account.device)
    peer.open_clip(account.session, event, **small.opening())
    break_off(peer)
    found = ended(account, event)
    assert found["status"] == "failed" and found["clip_url"] is None
    assert found["failure"] == {
        "stage": "receiving", "reason": "the camera did not come back, and nothing of the clip had arrived", "retryable": False}

    peer = Peer(impatient, account.token, account.device)
    opened = peer.open_clip(account.session, event, **small.opening())
    assert opened["next"] == 0 and opened["event"]["status"] == "recording"
    stream(peer, small, opened)
    close(peer, small, opened)
    peer.close()
    whole(account, ended(account, event), small, tmp_path)


def test_a_hub_that_was_down_when_the_phone_went_away_closes_the_clip_after_its_start(impatient, enrol, small, tmp_path):
    account = enrol(impatient)
    event = str(uuid.uuid4())
    peer = Peer(impatient, account.token, account.device)
    opened = peer.open_clip(account.session, event, **small.opening())
    stream(peer, small, opened, to=6)
    restart(impatient)
    found = ended(account, event)
    assert (found["status"], found["incomplete"]) == ("done", True)
    assert pictures_of(account, found, tmp_path) == 5


# Whole clips over HTTP


def test_every_step_of_an_upload_may_be_repeated(camera, small, tmp_path):
    event = str(uuid.uuid4())
    assert [initiate(camera, small.file, small.seconds, event_id=event) for _ in range(2)] == [event, event]
    etag = hashlib.sha256(small.file).hexdigest()
    for _ in range(2):
        status, stored, _ = camera.call("PUT", f"/events/{event}/upload", raw=small.file)
        assert (status, stored["etag"], stored["size_bytes"]) == (200, etag, len(small.file))
    assert initiate(camera, small.file, small.seconds, event_id=event) == event
    assert finalize(camera, event)["status"] == "queued"
    assert camera.post(f"/events/{event}/upload/finalize", {"etag": etag})["event_id"] == event
    whole(camera, ended(camera, event), small, tmp_path)
    assert finalize(camera, event)["status"] == "done"
    # What is processed takes no other bytes.
    status, error, _ = camera.call("PUT", f"/events/{event}/upload", raw=small.file)
    assert (status, error["error"]["code"]) == (409, "not_uploadable")


@pytest.mark.parametrize("same", [True, False], ids=["the same bytes", "other bytes"])
def test_a_repeat_that_is_overtaken_by_the_end_of_its_upload_changes_nothing(camera, small, tmp_path, same):
    event = initiate(camera, small.file, small.seconds)
    assert camera.call("PUT", f"/events/{event}/upload", raw=small.file)[0] == 200
    again = small.file if same else bytes(len(small.file))
    connection = http.client.HTTPConnection("127.0.0.1", camera.hub.port, timeout=30)
    connection.putrequest("PUT", f"/events/{event}/upload")
    connection.putheader("Authorization", f"Bearer {camera.token}")
    connection.putheader("Content-Length", str(len(again)))
    connection.endheaders(again[:1000])
    # The hub has begun with it, and takes no other body meanwhile.
    until(lambda: list(camera.hub.data.glob(f"clips/*/{event}/*.part")))
    assert camera.call("PUT", f"/events/{event}/upload", raw=small.file)[0] == 503
    finalize(camera, event)
    connection.send(again[1000:])
    answer = connection.getresponse()
    body = json.loads(answer.read())
    assert (answer.status, body.get("etag") or body["error"]["code"]) == (
        (200, hashlib.sha256(small.file).hexdigest()) if same else (409, "not_uploadable"))
    whole(camera, ended(camera, event), small, tmp_path)


def test_a_hub_killed_between_the_steps_of_an_upload_goes_on(mortal, camera, large, tmp_path):
    event = initiate(camera, large.file, large.seconds)
    restart(mortal)
    # In the middle of the bytes.
    line = http.client.HTTPConnection("127.0.0.1", mortal.port)
    line.putrequest("PUT", f"/events/{event}/upload")
    line.putheader("Authorization", f"Bearer {camera.token}")
    line.putheader("Content-Length", str(len(large.file)))
    line.endheaders()
    line.send(large.file[: len(large.file) // 2])
    until(lambda: list(mortal.data.glob(f"clips/*/{event}/*.part")))
    restart(mortal)
    line.close()
    status, error, _ = camera.call("POST", f"/events/{event}/upload/finalize")
    assert (status, error["error"]["code"]) == (409, "not_uploaded")
    put(camera, event, large.file)
    restart(mortal)
    assert camera.get(f"/events/{event}")["clip_etag"] == hashlib.sha256(large.file).hexdigest()
    finalize(camera, event)
    restart(mortal)
    whole(camera, ended(camera, event), large, tmp_path)


# Files and rows that do not fit


def test_a_folder_without_a_row_is_set_aside_and_a_row_without_its_file_says_so(mortal, camera, small):
    event = upload(camera, small)
    assert ended(camera, event)["clip_url"]
    owner = camera.get("/auth/me")["account_id"]
    clips = mortal.data / "clips"
    stray = clips / owner / str(uuid.uuid4())
    mortal.stop(signal.SIGKILL)
    stray.mkdir()
    (stray / "clip.log").write_bytes(b"somebody may want this")
    (clips / owner / event / "clip.mp4").unlink()
    mortal.start()

    kept = until(lambda: list((clips / "lost+found").glob(f"{owner}/{stray.name}-*/clip.log")))
    assert [path.read_bytes() for path in kept] == [b"somebody may want this"] and not stray.exists()

    found = until(lambda: (seen := camera.get(f"/events/{event}"))["clip_problem"] and seen)
    assert (found["status"], found["clip_problem"], found["clip_url"]) == ("done", "the clip's file is missing", None)
    # The pictures are still there, and so is the story.
    assert mortal.call("GET", found["poster_url"])[0] == 200 and found["summary"]
    steps = {step["step"]: step for step in camera.get(f"/events/{event}/timeline")}
    assert steps["durable"]["reason"] == "the clip's file is missing"
