"""Stills first: the hub says whether it wants the clip, and one that it does not want can be asked for later."""

from __future__ import annotations

import subprocess
import time
import uuid

import botapi
import pytest
from sensor import LAST, STILL, Peer, RpcError, frame, publications
from watching import SECRET, alerts, close, ended, link, stream, until


def jpegs(*sources: str) -> list[bytes]:
    """One picture of each source of ffmpeg's."""
    made = []
    for source in sources:
        command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", source, "-frames:v", "1", "-q:v", "4", "-f", "mjpeg", "-"]
        made.append(subprocess.run(command, check=True, capture_output=True, stdin=subprocess.DEVNULL).stdout)
    return made


@pytest.fixture(scope="session")
def stills() -> dict[str, list[bytes]]:
    # Nowhere black or white, so that another light is the same picture.
    source = "testsrc=size=640x480:rate=1,crop=400:300:40:40,scale=640:480"
    room, dimmed = f"{source},lutyuv=y=val*0.5+60", f"{source},lutyuv=y=val*0.35+45"
    boxes = "drawbox=x={}:y=200:w=90:h=200:color=black:t=fill,drawbox=x={}:y=220:w=40:h=90:color=white:t=fill"
    somebody = [f"{room},{boxes.format(x, x + 20)}" for x in (80, 240, 400)]
    return {
        "blank": jpegs("color=black:size=640x480", "color=0x080808:size=640x480"), "no_change": jpegs(room, room, room),
        "light": jpegs(room, dimmed), "movement": jpegs(*somebody), "single": jpegs(room),
    }


@pytest.fixture(scope="module")
def watch(start, telegram):
    return start(TELEGRAM_BOT_TOKEN=botapi.TOKEN, TELEGRAM_API_BASE_URL=telegram.url, TELEGRAM_WEBHOOK_SECRET=SECRET, UPLOADS_PER_HOUR="6")


@pytest.fixture
def watched(watch, enrol, telegram, chat):
    """A camera whose alerts a chat gets."""
    account = enrol(watch)
    link(telegram, account, chat)
    return account


def show(camera: Peer, account, pictures: list[bytes], clip, event: str | None = None, is_complete: bool = True, kind: str = "motion") -> dict:
    """Opens a clip with its stills; the answer."""
    opened = camera.open_clip(account.session, event, preview=True, **{**clip.opening(), "trigger": {"type": kind, "at": int(time.time() * 1000)}})
    for number, picture in enumerate(pictures):
        camera.send(frame(STILL, opened["stream"], number, picture, LAST if is_complete and number == len(pictures) - 1 else 0))
    return opened


def verdict(camera: Peer, opened: dict, timeout: float = 10) -> tuple[bool, str]:
    told = camera.wait_publication("clip.verdict", timeout, stream=opened["stream"])
    assert told["event_id"] == opened["event"]["event_id"]
    return told["wanted"], told["reason"]


def refused(body) -> RpcError:
    with pytest.raises(RpcError) as error:
        body()
    return error.value


@pytest.mark.parametrize("what", ["movement", "single"])
def test_a_clip_that_is_wanted_follows_as_usual(watched, watch, stills, small, telegram, chat, what):
    camera = Peer(watch, watched.token, watched.device)
    opened = show(camera, watched, stills[what], small)
    assert opened["event"]["clip_state"] == "preview" and opened["event"]["status"] == "recording"
    assert verdict(camera, opened) == (True, what)
    event = watched.get(f"/events/{opened['event']['event_id']}")
    assert event["clip_state"] is None and event["poster_url"] and len(event["still_urls"]) == len(stills[what])
    assert [watch.call("GET", url)[1] for url in event["still_urls"]] == stills[what]
    stream(camera, small, opened)
    close(camera, small, opened)
    done = ended(watched, event["event_id"])
    assert done["status"] == "done" and done["clip_url"] and done["should_notify"] and done["still_urls"] == []
    until(lambda: alerts(telegram, chat))


@pytest.mark.parametrize("what", ["blank", "no_change", "light"])
def test_a_clip_that_is_not_wanted_stays_on_the_phone_and_alerts_nobody(watched, watch, stills, small, telegram, chat, what):
    camera = Peer(watch, watched.token, watched.device)
    opened = show(camera, watched, stills[what], small)
    assert verdict(camera, opened) == (False, what)
    event = watched.get(f"/events/{opened['event']['event_id']}")
    assert (event["status"], event["clip_state"], event["clip_url"], event["should_notify"]) == ("done", "on_device", None, False)
    assert event["summary"].endswith("; the clip was left on the phone.") and event["tags"] == ["preview", what]
    assert [watch.call("GET", url)[1] for url in event["still_urls"]] == stills[what]
    assert watch.call("GET", event["poster_url"])[1] == stills[what][0]
    # The stream is closed, and shown once more it stays what it is.
    camera.send(small.message(opened["stream"], 0))
    assert camera.wait_publication("clip.error", stream=opened["stream"])["code"] == "unknown_stream"
    error = refused(lambda: show(camera, watched, stills[what], small, event["event_id"]))
    assert error.code == 409 and "stays on the phone" in str(error)
    assert [step["step"] for step in watched.get(f"/events/{event['event_id']}/timeline")][-1] == "not_alerted"
    assert alerts(telegram, chat) == []


def test_a_clip_on_the_phone_can_be_asked_for_and_alerts_nobody_then(watched, watch, stills, small, telegram, chat):
    camera, viewer = Peer(watch, watched.token, watched.device), Peer(watch, watched.token)
    opened = show(camera, watched, stills["no_change"], small)
    assert not verdict(camera, opened)[0]
    event = opened["event"]["event_id"]
    path = f"/events/{event}/clip/request"
    camera.close()
    until(lambda: not watched.get("/devices")[0]["online"])
    status, answer, _ = watched.call("POST", path)
    assert (status, answer["error"]["code"]) == (409, "camera_offline")
    assert refused(lambda: viewer.rpc("clip.request", {"event_id": event})).code == 409
    assert watched.get(f"/events/{event}")["clip_state"] == "on_device"
    camera = Peer(watch, watched.token, watched.device)
    assert viewer.rpc("clip.request", {"event_id": event})["event"]["clip_state"] == "requested"
    assert camera.wait_publication("clip.request")["event_id"] == event
    # However often.
    assert watched.post(path)["clip_state"] == "requested"
    opened = camera.open_clip(watched.session, event, **small.opening())
    assert opened["next"] == 0 and opened["event"]["status"] == "recording"
    stream(camera, small, opened)
    close(camera, small, opened)
    done = ended(watched, event)
    assert (done["status"], done["clip_state"], done["should_notify"]) == ("done", None, False) and done["clip_url"]
    assert watch.call("GET", done["clip_url"])[0] == 200
    assert done["alert_reason"] == "Somebody asked for this clip." and alerts(telegram, chat) == []
    assert watched.call("POST", path)[1]["error"]["code"] == "not_on_device"


def test_a_clip_that_the_phone_has_no_more_is_gone_and_its_stills_stay(watched, watch, stills, small, telegram, chat):
    camera, viewer = Peer(watch, watched.token, watched.device), Peer(watch, watched.token)
    for is_asked in (True, False):
        opened = show(camera, watched, stills["no_change"], small)
        assert not verdict(camera, opened)[0]
        event = opened["event"]["event_id"]
        kept = watched.get(f"/events/{event}")
        if is_asked:
            assert viewer.rpc("clip.request", {"event_id": event})["event"]["clip_state"] == "requested"
        told = camera.rpc("clip.gone", {"event_id": event, "reason": "the storage was cleared"} if is_asked else {"event_id": event})["event"]
        reason = "the storage was cleared" if is_asked else "the phone does not have the clip any more"
        assert (told["status"], told["clip_state"], told["clip_problem"], told["failure"]) == ("done", "gone", reason, None)
        viewer.wait(lambda _: any(heard["event"]["event_id"] == event and heard["event"]["clip_state"] == "gone" for heard in publications(viewer, "event.updated")))
        gone = watched.get(f"/events/{event}")
        assert [gone[name] for name in ("summary", "tags", "alert_reason")] == [kept[name] for name in ("summary", "tags", "alert_reason")]
        assert [watch.call("GET", url)[1] for url in gone["still_urls"]] == stills["no_change"]
        # Nobody can ask for it, it is not taken any more, and said twice it stays what it is.
        assert watched.call("POST", f"/events/{event}/clip/request")[1]["error"]["code"] == "not_on_device"
        assert refused(lambda: camera.open_clip(watched.session, event, **small.opening())).code == 409
        assert camera.rpc("clip.gone", {"event_id": event, "reason": "again"})["event"]["clip_problem"] == reason
    assert alerts(telegram, chat) == []


def test_only_a_clip_that_its_own_phone_has_kept_can_be_gone(watched, watch, enrol, stills, small):
    camera, other = Peer(watch, watched.token, watched.device), enrol(watch)
    opened = show(camera, watched, stills["blank"], small)
    assert not verdict(camera, opened)[0]
    event = {"event_id": opened["event"]["event_id"]}
    second = watched.post("/devices/register", {"label": "Second"})["device_id"]
    assert refused(lambda: Peer(watch, watched.token).rpc("clip.gone", event)).code == 103
    assert refused(lambda: Peer(watch, watched.token, second).rpc("clip.gone", event)).code == 404
    assert refused(lambda: Peer(watch, other.token, other.device).rpc("clip.gone", event)).code == 404
    assert refused(lambda: camera.rpc("clip.gone", {"event_id": str(uuid.uuid4())})).code == 404
    assert "event_id" in str(refused(lambda: camera.rpc("clip.gone", {})))
    assert "reason" in str(refused(lambda: camera.rpc("clip.gone", {**event, "reason": "x" * 201})))
    assert watched.get(f"/events/{event['event_id']}")["clip_state"] == "on_device"
    coming = camera.open_clip(watched.session, **small.opening())
    assert refused(lambda: camera.rpc("clip.gone", {"event_id": coming["event"]["event_id"]})).code == 409


def test_nobody_asks_for_anothers_clip(watched, watch, enrol, stills, small):
    camera, other = Peer(watch, watched.token, watched.device), enrol(watch)
    opened = show(camera, watched, stills["blank"], small)
    assert not verdict(camera, opened)[0]
    event = opened["event"]["event_id"]
    assert other.call("POST", f"/events/{event}/clip/request")[0] == 404
    assert refused(lambda: Peer(watch, other.token).rpc("clip.request", {"event_id": event})).code == 404
    assert watched.call("POST", f"/events/{uuid.uuid4()}/clip/request")[0] == 404


def test_in_doubt_a_clip_is_wanted(watched, watch, stills, small):
    camera = Peer(watch, watched.token, watched.device)
    assert verdict(camera, show(camera, watched, stills["blank"], small, kind="tamper")) == (True, "trigger")
    # A JPEG by its first bytes alone.
    assert verdict(camera, show(camera, watched, [b"\xff\xd8\xff\xe0" + b"x" * 500], small)) == (True, "no_pictures")
    # One that says no end is judged when no more come.
    assert verdict(camera, show(camera, watched, stills["no_change"][:2], small, is_complete=False)) == (False, "no_change")
    assert verdict(camera, show(camera, watched, [], small)) == (True, "no_pictures")


def test_after_a_break_the_verdict_is_told_again(watched, watch, stills, small):
    camera = Peer(watch, watched.token, watched.device)
    first = show(camera, watched, [], small)
    camera.close()
    camera = Peer(watch, watched.token, watched.device)
    event = first["event"]["event_id"]
    again = show(camera, watched, stills["movement"], small, event)
    assert again["event"]["clip_state"] == "preview" and verdict(camera, again) == (True, "movement")
    camera.close()
    camera = Peer(watch, watched.token, watched.device)
    again = show(camera, watched, [], small, event)
    assert verdict(camera, again) == (True, "begun")
    stream(camera, small, again)
    close(camera, small, again)
    assert ended(watched, event)["clip_url"]


def test_clips_that_stay_on_the_phone_are_not_counted_as_uploads(watch, enrol, stills, small):
    account = enrol(watch)
    camera = Peer(watch, account.token, account.device)
    for _ in range(8):
        assert verdict(camera, show(camera, account, stills["blank"], small)) == (False, "blank")


def test_a_break_in_the_middle_of_the_verdict_loses_nothing(watched, watch, enrol, stills, small):
    for pause in (0, 0, 0.01, 0.02, 0.05):
        account = enrol(watch)
        camera = Peer(watch, account.token, account.device)
        event = show(camera, account, stills["movement"], small)["event"]["event_id"]
        time.sleep(pause)
        camera.socket.socket.close()
        camera = Peer(watch, account.token, account.device)
        again = show(camera, account, stills["movement"], small, event)
        assert verdict(camera, again)[0]
        stream(camera, small, again)
        close(camera, small, again)
        assert ended(account, event)["clip_url"], pause
