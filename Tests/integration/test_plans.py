"""What an account may use: limits, credits, retention; and its owner's copy of everything."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import time
import uuid

import botapi
import pytest
from sensor import Peer, RpcError, frame, CLIP, KEY
from system import ROOT, Hub
from watching import SECRET, alerts, delivered, ended, link, stream, until, upload

BINARY = os.environ.get("PINGWATCH", str(ROOT / ".build/release/pingwatch"))


@pytest.fixture(scope="module")
def free(start, telegram):
    return start(
        DEFAULT_PLAN="free", TELEGRAM_BOT_TOKEN=botapi.TOKEN, TELEGRAM_API_BASE_URL=telegram.url, TELEGRAM_WEBHOOK_SECRET=SECRET)


@pytest.fixture
def account(free, enrol):
    return enrol(free)


def plan(hub, *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [BINARY, "plan", *arguments, "--data-dir", str(hub.data)], capture_output=True, text=True, cwd=ROOT, env={"PATH": os.environ["PATH"]})


def give(account, name: str) -> None:
    done = plan(account.hub, "set", account.get("/auth/me")["account_id"], name)
    assert done.returncode == 0, done.stderr


def change(hub, sql: str, *values) -> None:
    """What a test cannot wait for."""
    with sqlite3.connect(hub.data / "pingwatch.db", timeout=10) as database:
        assert database.execute(sql, values).rowcount > 0


def use_up(account, credits: int) -> None:
    owner, now = account.get("/auth/me")["account_id"], int(time.time() * 1000)
    change(
        account.hub, "INSERT INTO credit_ledger VALUES (?, ?, ?, 1, ?, ?, ?, ?, 'analysis')", owner, str(uuid.uuid4()), str(uuid.uuid4()), now,
        time.strftime("%Y-%m", time.gmtime()), credits * 10.0, credits)


def refused(body) -> RpcError:
    with pytest.raises(RpcError) as error:
        body()
    return error.value


# Limits


def test_connect_tells_the_smaller_of_what_plan_and_hub_allow(account, hub, start, enrol):
    limits = Peer(account.hub, account.token, account.device).hello["data"]["limits"]
    assert (limits["max_clip_seconds"], limits["uploads_per_hour"]) == (30, 20)
    small = enrol(start(DEFAULT_PLAN="free", UPLOADS_PER_HOUR="5"))
    assert Peer(small.hub, small.token, small.device).hello["data"]["limits"]["uploads_per_hour"] == 5
    free = enrol(hub)
    limits = Peer(hub, free.token, free.device).hello["data"]["limits"]
    assert (limits["max_clip_seconds"], limits["uploads_per_hour"]) == (120, None)


def test_who_sends_no_clips_is_told_no_limits_of_clips(account):
    assert Peer(account.hub, account.token).hello["data"]["limits"].keys() == {"max_frame_bytes", "max_text_bytes", "max_subscriptions"}


def test_a_second_camera_is_refused_until_there_is_room(account):
    status, answer, _ = account.call("POST", "/devices/register", {"label": "Second"})
    assert (status, answer["error"]["code"], answer["error"]["field"]) == (403, "plan_limit", "devices")
    assert answer["error"]["message"] == "devices: the plan Free has room for 1 device"
    assert account.post("/devices/register", {"device_id": account.device, "label": "Renamed"})["label"] == "Renamed"
    give(account, "paid")
    assert account.post("/devices/register", {"label": "Second"})["label"] == "Second"


def test_a_clip_that_is_too_long_is_refused(account, small):
    status, answer, _ = account.call("POST", "/events/upload/initiate", account.declaration(duration_seconds=30.5))
    assert (status, answer["error"]["code"], answer["error"]["field"]) == (403, "plan_limit", "duration_seconds")
    camera = Peer(account.hub, account.token, account.device)
    opened = camera.open_clip(account.session, **small.opening())
    stream(camera, small, opened)
    # 30 s, a tenth and 5 s more for what a keyframe takes.
    camera.send(frame(CLIP, opened["stream"], small.frames, b"x", KEY, timestamp=39_000_000))
    error = camera.wait_publication("clip.error")
    assert error["code"] == "bad_frame" and "30" in error["message"]


def test_an_account_begins_so_many_clips_an_hour(account, small):
    for _ in range(20):
        account.post("/events/upload/initiate", account.declaration())
    status, answer, _ = account.call("POST", "/events/upload/initiate", account.declaration())
    assert (status, answer["error"]["code"]) == (429, "uploads_per_hour") and answer["error"]["retry_at"] > time.time() * 1000
    assert "with the plan Free this account may begin 20 clips an hour" in answer["error"]["message"]
    camera = Peer(account.hub, account.token, account.device)
    assert refused(lambda: camera.open_clip(account.session, **small.opening())).code == 429
    give(account, "unlimited")
    assert camera.open_clip(account.session, **small.opening())["next"] == 0


def test_so_many_watch_at_a_time(account):
    viewers = [Peer(account.hub, account.token) for _ in range(3)]
    streams = [viewer.rpc("live.watch", {"device_id": account.device})["stream"] for viewer in viewers[:2]]
    assert account.get("/account/usage")["viewers"] == 2
    error = refused(lambda: viewers[2].rpc("live.watch", {"device_id": account.device}))
    assert (error.code, str(error)) == (103, "viewers: the plan Free lets 2 watch live at a time")
    # Who watches may watch more, and a place that is left is free.
    viewers[0].rpc("live.watch", {"device_id": account.device})
    viewers[1].rpc("live.unwatch", {"stream": streams[1]})
    assert viewers[2].rpc("live.watch", {"device_id": account.device})["stream"]


# Credits


def test_credits_are_used_up_and_then_a_clip_is_kept_and_told_without_analysis(account, telegram, chat, small):
    link(telegram, account, chat)
    usage = account.get("/account/usage")
    assert usage["plan"] == {
        "plan_id": "free", "name": "Free", "analysed_seconds_per_month": 900, "maximum_clip_seconds": 30, "uploads_per_hour": 20, "retention_days": 3,
        "devices": 1, "viewers": 2}
    assert usage["month"] == time.strftime("%Y-%m", time.gmtime()) and usage["entries_url"] == "/account/usage/entries"
    assert (usage["credits"], usage["devices"], usage["viewers"]) == ({"used": 0, "included": 90, "left": 90}, 1, 0)
    use_up(account, 89)
    last = upload(account, small)
    event = ended(account, last)
    assert event["status"] == "done" and event["analysis_skipped"] is None
    delivered(account, last)
    over = upload(account, small)
    event = ended(account, over)
    reason = "the plan's 90 credits of this month are used"
    assert event["status"] == "done" and event["analysis_skipped"] == reason and reason in event["summary"]
    assert event["clip_url"] and event["poster_url"] and event["should_notify"] is True
    delivered(account, over)
    assert reason in alerts(telegram, chat)[-1].text
    usage = account.get("/account/usage")
    assert usage["credits"] == {"used": 90, "included": 90, "left": 0}
    assert usage["analysed_seconds"]["included"] == 900 and usage["analysed_seconds"]["used"] == pytest.approx(892, abs=0.2)
    entries = account.get("/account/usage/entries")
    assert [(each["event_id"], each["credits"], each["kind"]) for each in entries][0] == (last, 1, "analysis")
    assert entries[0]["seconds"] == pytest.approx(2, abs=0.2) and len(entries) == 2
    # What is removed stays charged.
    assert account.call("DELETE", f"/events/{last}")[0] == 204
    assert account.get("/account/usage")["credits"]["used"] == 90
    give(account, "paid")
    assert account.get("/account/usage")["credits"] == {"used": 90, "included": 3600, "left": 3510}
    assert ended(account, upload(account, small))["analysis_skipped"] is None


def test_without_limits_use_is_shown_all_the_same(hub, enrol, small):
    account = enrol(hub)
    ended(account, upload(account, small))
    usage = account.get("/account/usage")
    assert usage["credits"] == {"used": 1, "included": None, "left": None} and usage["plan"]["plan_id"] == "unlimited"
    assert set(usage["plan"].values()) == {"unlimited", "Unlimited", None}


# The operator


def test_an_operator_lists_plans_and_gives_them(account):
    owner = account.get("/auth/me")["account_id"]
    listed = plan(account.hub, "list")
    assert listed.returncode == 0 and re.search(r"^plan free  analysed s/month 900  clip s 30 ", listed.stdout, re.M)
    assert re.search(rf"^account {owner}  free  ", listed.stdout, re.M)
    give(account, "paid")
    assert account.get("/account/usage")["plan"]["plan_id"] == "paid"
    for arguments, words in [((owner, "golden"), "there is no plan golden; there are free, paid, unlimited"), (("nobody", "paid"), "there is no account nobody")]:
        done = plan(account.hub, "set", *arguments)
        assert done.returncode == 1 and words in done.stderr
    assert plan(account.hub, "set", owner).returncode == 64 and plan(account.hub).returncode == 64


def test_a_default_plan_that_there_is_not_is_a_clear_line(tmp_path):
    with pytest.raises(RuntimeError) as error:
        Hub(tmp_path / "data", DEFAULT_PLAN="golden").start()
    assert 'DEFAULT_PLAN: there is no plan "golden"; there are free, paid, unlimited' in str(error.value)


# Retention


@pytest.mark.parametrize("environment", [{"DEFAULT_PLAN": "free"}, {"RETENTION_DAYS": "3"}])
def test_events_that_are_too_old_go_with_their_files(start, enrol, small, environment):
    hub = start(**environment)
    account = enrol(hub)
    old, new = upload(account, small), upload(account, small)
    for event in (old, new):
        ended(account, event)
    files = hub.data / "clips" / account.get("/auth/me")["account_id"]
    change(hub, "UPDATE events SET created_at = created_at - ? WHERE id = ?", int(3.1 * 86_400_000), old)
    change(hub, "UPDATE events SET created_at = created_at - ? WHERE id = ?", int(2.9 * 86_400_000), new)
    assert hub.stop() == 0
    hub.start()
    until(lambda: [each["event_id"] for each in account.get("/events")] == [new])
    until(lambda: [each.name for each in files.iterdir()] == [new])


def test_without_a_limit_everything_stays(start, enrol, small):
    hub = start()
    account = enrol(hub)
    event = upload(account, small)
    ended(account, event)
    change(hub, "UPDATE events SET created_at = 1000, triggered_at = 1000")
    change(hub, "INSERT INTO audit (id, account_id, at, actor_kind, action) VALUES ('old', ?, 1000, 'user', 'x')", account.get("/auth/me")["account_id"])
    assert hub.stop() == 0
    hub.start()

    def traces() -> int:
        with sqlite3.connect(f"file:{hub.data}/pingwatch.db?mode=ro", uri=True) as database:
            return database.execute("SELECT COUNT(*) FROM audit WHERE id = 'old'").fetchone()[0]

    # The log goes in the same turn, and after the events.
    until(lambda: traces() == 0)
    assert account.get("/events")[0]["event_id"] == event


# Export


def test_an_owner_takes_everything_along_and_no_secrets(hub, enrol, small):
    account, other = enrol(hub), enrol(hub)
    events = [upload(account, small) for _ in range(2)]
    for event in events:
        ended(account, event)
    ended(other, upload(other, small))
    status, export, headers = account.call("GET", "/account/export")
    assert status == 200 and re.fullmatch(r'attachment; filename="ping-watch-\d{4}-\d\d-\d\d\.json"', headers["content-disposition"])
    me = account.get("/auth/me")
    assert export["format"] == "pingwatch-export-1" and export["account"]["account_id"] == me["account_id"]
    assert [(each["email"], each["role"]) for each in export["people"]] == [(me["email"], "owner")]
    device, = export["devices"]
    assert device["device_id"] == account.device and device["settings"]["revision"] is not None and device["targets"] == []
    assert [each["session_id"] for each in export["sessions"]] == [account.session]
    assert {each["event_id"] for each in export["events"]} == set(events) and all("deliveries" in each for each in export["events"])
    assert {each["event_id"] for each in export["credits"]} == set(events)
    assert hub.call("GET", export["events"][0]["clip_url"])[0] == 200
    text = json.dumps(export)
    assert account.token not in text and "hash" not in text and "token" not in text
    assert account.call("GET", "/account/export")[1]["audit"][0]["action"] == "account.exported"
    # No file of it is left.
    assert not [each for each in (hub.data / "clips").iterdir() if each.is_file()]


def test_an_export_of_many_pages_is_whole(hub, enrol):
    account = enrol(hub)
    for _ in range(205):
        account.post("/events", account.declaration(clip_uri="https://clips.example.org/1.mp4"))
    export = account.get("/account/export")
    assert len({each["event_id"] for each in export["events"]}) == 205
