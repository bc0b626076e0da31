"""What somebody removes is gone: rows, files, connections; whatever was under way ends cleanly, and what a crash leaves is swept."""

from __future__ import annotations

import shutil
import signal
import sqlite3
import uuid

import pytest
from sensor import Peer, RpcError, publications
from watching import close, ended, finalize, initiate, put, stream, until, upload
from websockets.exceptions import ConnectionClosed


@pytest.fixture(scope="module")
def own(start):
    return start()


@pytest.fixture
def account(own, enrol):
    return enrol(own)


@pytest.fixture
def stranger(own, enrol):
    return enrol(own)


def account_id(account) -> str:
    return account.get("/auth/me")["account_id"]


def folder(account, event: str = ""):
    return account.hub.data / "clips" / account_id(account) / event


def closed_with(peer: Peer) -> tuple[int, str]:
    with pytest.raises(ConnectionClosed) as closed:
        while True:
            peer.receive()
    return closed.value.rcvd.code, closed.value.rcvd.reason


def traces(hub, word: str) -> dict[str, int]:
    """Where a word is in the hub's database, by table."""
    found: dict[str, int] = {}
    with sqlite3.connect(f"file:{hub.data}/pingwatch.db?mode=ro", uri=True) as database:
        for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            count = sum(any(word in str(value) for value in row) for row in database.execute(f'SELECT * FROM "{table}"'))
            if count:
                found[table] = count
    return found


# Events


def test_an_event_goes_with_its_files_and_whoever_looks_hears_of_it(account, stranger, small):
    event, other = upload(account, small), upload(account, small)
    done = ended(account, event)
    ended(account, other)
    viewer, files = Peer(account.hub, account.token), folder(account, event)
    assert files.exists() and account.hub.call("GET", done["clip_url"])[0] == 200
    assert stranger.call("DELETE", f"/events/{event}")[0] == 404
    assert account.call("DELETE", f"/events/{event}")[0] == 204
    assert not files.exists()
    assert account.call("GET", f"/events/{event}")[0] == 404 and account.call("DELETE", f"/events/{event}")[0] == 404
    assert [each["event_id"] for each in account.get("/events")] == [other]
    assert account.hub.call("GET", done["clip_url"])[0] == 404
    assert [job["event_id"] for job in account.get("/jobs")] == [other]
    told = viewer.wait_publication("event.removed", event_id=event)
    assert told["device_id"] == account.device
    # Uploaded again it does not come back.
    status, answer, _ = account.call("POST", "/events/upload/initiate", account.declaration(event_id=event))
    assert (status, answer["error"]["code"]) == (409, "event_removed")


def test_a_clip_that_is_removed_while_it_comes_is_not_taken_any_more(account, small):
    camera = Peer(account.hub, account.token, account.device)
    opened = camera.open_clip(account.session, **small.opening())
    event = opened["event"]["event_id"]
    stream(camera, small, opened, to=8)
    assert account.call("DELETE", f"/events/{event}")[0] == 204
    error = camera.wait_publication("clip.error", event_id=event)
    assert (error["code"], error["temporary"]) == ("event_removed", False)
    camera.send(small.message(opened["stream"], 8))
    assert camera.wait_publication("clip.error", code="unknown_stream")
    for again in (camera, Peer(account.hub, account.token, account.device)):
        with pytest.raises((RpcError, ConnectionClosed)) as refused:
            again.open_clip(account.session, event, **small.opening())
        assert again is camera or refused.value.code == 409
    assert not folder(account, event).exists()
    # Another clip is taken as ever.
    camera = Peer(account.hub, account.token, account.device)
    opened = camera.open_clip(account.session, **small.opening())
    stream(camera, small, opened)
    assert ended(account, close(camera, small, opened)["event_id"])["status"] == "done"


def test_an_upload_whose_event_is_removed_meanwhile_is_refused(account, small):
    event = initiate(account, small.file, small.seconds)
    put(account, event, small.file)
    assert account.call("DELETE", f"/events/{event}")[0] == 204
    assert account.call("PUT", f"/events/{event}/upload", raw=small.file)[0] == 404
    assert account.call("POST", f"/events/{event}/upload/finalize")[0] == 404
    assert not folder(account, event).exists()


# Devices


def test_a_camera_goes_with_everything_while_it_records_and_somebody_watches(account, stranger, small):
    event = upload(account, small)
    ended(account, event)
    camera, viewer = Peer(account.hub, account.token, account.device), Peer(account.hub, account.token)
    watched = viewer.rpc("live.watch", {"device_id": account.device})["stream"]
    opened = camera.open_clip(account.session, **small.opening())
    stream(camera, small, opened, to=8)
    snapshot = account.get("/devices")[0]["snapshot_url"]
    assert stranger.call("DELETE", f"/devices/{account.device}")[0] == 404
    assert account.call("DELETE", f"/devices/{account.device}")[0] == 204
    assert closed_with(camera) == (3501, "this camera was removed")
    assert viewer.wait_publication("live.ended", stream=watched)
    assert viewer.wait_publication("device.removed", device_id=account.device)
    assert account.get("/devices") == [] and account.get("/events") == [] and account.get("/sessions") == []
    assert account.hub.call("GET", snapshot)[0] == 404
    until(lambda: not any(folder(account).iterdir()))
    assert account.call("DELETE", f"/devices/{account.device}")[0] == 404
    # It cannot come back by itself.
    with pytest.raises(ConnectionClosed) as refused:
        Peer(account.hub, account.token, account.device)
    assert refused.value.rcvd.code == 3501
    # Registered again it is a new one.
    assert account.post("/devices/register", {"device_id": account.device, "label": "Again"})["last_seen_at"] is None
    assert account.post("/sessions/start", {"device_id": account.device})["device_id"] == account.device


# Accounts


def test_an_account_is_gone_with_every_row_and_file(account, stranger, small):
    kept = upload(stranger, small)
    ended(stranger, kept)
    event = upload(account, small)
    ended(account, event)
    me, files = account.get("/auth/me"), folder(account)
    # What was set aside belongs to it as well.
    aside = account.hub.data / "clips" / "lost+found" / me["account_id"] / "old"
    aside.mkdir(parents=True)
    camera, viewer = Peer(account.hub, account.token, account.device), Peer(account.hub, account.token)
    other = Peer(stranger.hub, stranger.token)
    opened = camera.open_clip(account.session, **small.opening())
    stream(camera, small, opened, to=4)
    for body, refused in [({}, 400), ({"name": 7}, 400), ({"name": "another"}, 403)]:
        status, answer, _ = account.call("DELETE", "/account", body)
        assert (status, answer["error"]["field"]) == (refused, "name")
    assert account.call("DELETE", "/account", {"name": me["account_name"]})[0] == 204
    assert closed_with(camera)[0] == 3500 and closed_with(viewer)[0] == 3500
    assert account.call("GET", "/auth/me")[0] == 401
    until(lambda: not files.exists())
    assert not aside.parent.exists()
    # The one note that is left says which folder must not come back, for ten minutes.
    until(lambda: traces(account.hub, me["account_id"]) == {"removed_folders": 1})
    for word in (me["user_id"], me["email"], account.device, event):
        assert traces(account.hub, word) == {}
    # Nobody else is concerned.
    assert other.ask({"ping": {}}) and stranger.get(f"/events/{kept}")["status"] == "done" and folder(stranger, kept).exists()
    # The same person may begin anew.
    assert account.hub.call("GET", "/auth/me", token=account.hub.sign_in(me["email"]))[1]["account_id"] != me["account_id"]


# Crashes


def test_files_that_a_crash_or_somebody_at_work_left_are_swept_and_not_set_aside(start, enrol, small, tmp_path):
    hub = start(CLIP_IDLE_SECONDS="1")
    account, gone = enrol(hub), enrol(hub)
    event, kept = upload(account, small), upload(account, small)
    for each in (event, kept):
        ended(account, each)
    files, all_of_it = folder(account, event), folder(gone, str(uuid.uuid4()))
    shutil.copytree(files, tmp_path / "files")
    assert account.call("DELETE", f"/events/{event}")[0] == 204
    assert gone.call("DELETE", "/account", {"name": gone.get("/auth/me")["account_name"]})[0] == 204
    # A worker that had not heard of it: at once, since the hub may sweep in between.
    shutil.copytree(tmp_path / "files", hub.data / "late")
    files.parent.mkdir(parents=True, exist_ok=True)
    (hub.data / "late").rename(files)
    until(lambda: not files.exists())
    # The hub ends between rows and files.
    hub.stop(signal.SIGKILL)
    for left in (files, all_of_it):
        shutil.copytree(tmp_path / "files", left)
    hub.start()
    until(lambda: not files.exists() and not all_of_it.parent.exists())
    assert not (hub.data / "clips" / "lost+found").exists()
    assert account.get("/events")[0]["event_id"] == kept and folder(account, kept).exists()


def test_a_removed_event_is_in_no_history(account, small):
    event = upload(account, small)
    ended(account, event)
    viewer = Peer(account.hub, account.token)
    position = next(iter(viewer.hello["subs"].items()))
    viewer.close()
    assert account.call("DELETE", f"/events/{event}")[0] == 204
    # Who was away hears of it, too.
    later = until(lambda: (peer := Peer(account.hub, account.token, subs={position[0]: {"recover": True, "epoch": position[1]["epoch"], "offset": position[1]["offset"]}}))
                  and [each["data"] for each in peer.hello["subs"][position[0]]["publications"] if each["data"]["type"] == "event.removed"])
    assert later[0]["event_id"] == event
    assert publications(Peer(account.hub, account.token), "event.removed") == []
