"""Work as rows: what failed is listed and can be tried again, nobody waits behind another's flood, and another process can take over."""

from __future__ import annotations

import os
import signal
import uuid
from concurrent.futures import ThreadPoolExecutor

import botapi
import pytest
from sensor import Peer, RpcError
from watching import (
    SECRET, Worker, alerts, delivered, deliveries, ended, finalize, initiate, link, put, report, run, seconds, until, upload,
)

# So many events of an account are worked on at once.
AT_ONCE = os.cpu_count() or 1

NO_VIDEO = b"This is a text. " * 100


@pytest.fixture(scope="module")
def working(start, telegram):
    return start(
        TELEGRAM_BOT_TOKEN=botapi.TOKEN, TELEGRAM_API_BASE_URL=telegram.url, TELEGRAM_WEBHOOK_SECRET=SECRET, BACKLOG_LIMIT="2", METRICS_TOKEN="metrics")


@pytest.fixture
def account(working, enrol):
    return enrol(working)


def announced(account, clip, count: int) -> list[str]:
    """Events whose bytes are there; the hub does not work on them before they are finalized."""
    events = [initiate(account, clip.file, clip.seconds) for _ in range(count)]
    for event in events:
        put(account, event, clip.file)
    return events


# What failed


def test_a_clip_that_is_no_video_is_a_dead_job_that_trying_again_cannot_help(account, enrol):
    event = initiate(account, NO_VIDEO, 3)
    put(account, event, NO_VIDEO)
    finalize(account, event)
    assert ended(account, event)["status"] == "failed"
    job, = until(lambda: account.get("/jobs?state=dead"))
    assert (job["work"], job["event_id"], job["state"], job["attempts"]) == ("process", event, "dead", 1)
    assert job["last_error"] == "this is not a video file" and job["delivery_id"] is None and job["lease_until"] is None
    status, answer, _ = account.call("POST", f"/jobs/{job['job_id']}/retry")
    assert (status, answer["error"]["code"]) == (409, "not_retryable")
    assert answer["error"]["message"] == "trying again cannot help: this is not a video file"
    assert account.get("/jobs?state=dead") == [job]
    # Nobody else sees it.
    stranger = enrol(account.hub)
    assert stranger.get("/jobs") == [] and stranger.get("/jobs?state=dead") == []
    status, answer, _ = stranger.call("POST", f"/jobs/{job['job_id']}/retry")
    assert (status, answer["error"]["code"]) == (404, "not_found")
    assert account.call("POST", f"/jobs/{uuid.uuid4()}/retry")[0] == 404


def test_a_dead_alert_that_is_tried_again_goes_out_once(account, enrol, telegram, chat):
    link(telegram, account, chat)
    telegram.fail(("400", "Bad Request: no"), method="sendMessage")
    event = report(account)
    delivery = delivered(account, event, "failed")
    job, = until(lambda: account.get("/jobs?state=dead&work=deliver"))
    assert (job["delivery_id"], job["last_error"]) == (delivery["delivery_id"], "Telegram refused it: Bad Request: no")
    assert enrol(account.hub).call("POST", f"/jobs/{job['job_id']}/retry")[0] == 404 and alerts(telegram, chat) == []
    again = account.post(f"/jobs/{job['job_id']}/retry")
    assert (again["job_id"], again["state"], again["attempts"]) == (job["job_id"], "queued", 0)
    delivery = delivered(account, event)
    assert [attempt["outcome"] for attempt in delivery["history"]] == ["failed", "sent"] and len(alerts(telegram, chat)) == 1
    # What is done is not done again.
    until(lambda: account.get(f"/jobs?state=done&work=deliver&event_id={event}"))
    status, answer, _ = account.call("POST", f"/jobs/{job['job_id']}/retry")
    assert (status, answer["error"]["code"], answer["error"]["message"]) == (409, "not_retryable", "this job is done, not dead")
    status, answer, _ = account.call("GET", "/jobs?state=tired")
    assert (status, answer["error"]["field"]) == (400, "state")


# Much work


def test_an_accounts_flood_does_not_keep_others_waiting(account, enrol, heavy):
    flood = announced(account, heavy, max(15, 4 * AT_ONCE))
    other = enrol(account.hub)
    single, = announced(other, heavy, 1)
    for event in flood:
        finalize(account, event)
    finalize(other, single)
    done = seconds(ended(other, single)["stages"]["done"])
    others = sorted(seconds(ended(account, event, 60)["stages"]["done"]) for event in flood)
    assert all(done < time for time in others[-3:])


def test_a_backlog_refuses_further_clips_for_the_time_being(account, enrol, heavy, small):
    events = announced(account, heavy, AT_ONCE + 6)
    peer = Peer(account.hub, account.token, account.device)
    for event in events:
        finalize(account, event)
    # Two at least still wait, since each takes longer than all of this.
    status, answer, headers = account.call("POST", "/events/upload/initiate", account.declaration())
    assert (status, answer["error"]["code"]) == (503, "backlog_full") and int(headers["retry-after"]) >= 1
    opening = {
        "event_id": str(uuid.uuid4()), "session_id": account.session, "trigger": {"type": "motion", "at": peer.hello["data"]["time"]}, **small.opening()}
    reply = peer.ask({"rpc": {"method": "clip.open", "data": opening}})
    assert (reply["error"]["code"], reply["error"]["temporary"]) == (108, True) and "wait to be processed" in reply["error"]["message"]
    assert 'pingwatch_limit_refusals_total{limit="backlog"} 2' in metrics(account.hub)
    # Others are not concerned, and nothing was begun.
    initiate(enrol(account.hub), small.file, small.seconds)
    assert len(account.get("/events")) == len(events)

    def opened() -> dict | None:
        try:
            return peer.rpc("clip.open", opening)
        except RpcError as error:
            assert error.code == 108
            return None
    assert until(opened)["next"] == 0
    peer.close()
    assert [ended(account, event)["status"] for event in events] == ["done"] * len(events)


def test_a_session_that_is_stopped_by_force_drops_what_waits_and_says_how_much(account, telegram, chat, heavy):
    link(telegram, account, chat)
    finished = upload(account, heavy)
    delivered(account, finished)
    events = announced(account, heavy, AT_ONCE + 4)
    recording, waiting = events[:1], events[1:]
    for event in waiting:
        finalize(account, event)
    until(lambda: any(account.get(f"/events/{event}")["status"] == "processing" for event in waiting))
    answer = account.post("/sessions/force-stop", {"session_id": account.session})
    assert answer["session_id"] == account.session and answer["status"] == "stopped"
    found = {event: ended(account, event) for event in events}
    dropped = [event for event in events if found[event]["status"] == "dropped"]
    assert {found[event]["dropped_reason"] for event in dropped} == {"the session was stopped by force"}
    assert recording[0] in dropped
    assert answer["dropped_processing_events"] == sum(found[event]["stages"]["processing"] is not None for event in dropped)
    # Alerts of what was done in between are work, too.
    jobs = account.get("/jobs?state=dropped")
    assert answer["dropped_queued_jobs"] == len(jobs) >= 2
    assert {job["event_id"] for job in jobs if job["work"] == "process"} == set(dropped) - set(recording)
    assert account.get("/jobs?state=queued&work=process") == [] and account.get(f"/events/{finished}")["status"] == "done"
    # What was dropped stays silent, also what was being worked on at that moment.
    until(lambda: account.get("/jobs?state=leased") == [])
    assert all(deliveries(account, event) == [] and account.get(f"/events/{event}")["status"] == "dropped" for event in dropped)


# Other processes


def test_a_worker_takes_over_when_the_hub_is_killed_and_the_hub_tells_the_outcome_when_it_is_back(
        postgres, start, telegram, enrol, chat, heavy, small):
    hub = start(
        DATABASE_URL=postgres.url("shared"), TELEGRAM_BOT_TOKEN=botapi.TOKEN, TELEGRAM_API_BASE_URL=telegram.url, TELEGRAM_WEBHOOK_SECRET=SECRET,
        METRICS_TOKEN="metrics")
    account = enrol(hub)
    link(telegram, account, chat)
    viewer = Peer(hub, account.token)
    watched, = viewer.hello["subs"].items()
    event, busy, flood = killed_with_work_waiting(hub, postgres, account, enrol, small, heavy)
    row = f"SELECT status FROM events WHERE id = '{event}'"

    with Worker(hub) as worker:
        until(lambda: postgres.execute(row, "shared") == "done")
        until(lambda: postgres.execute(f"SELECT state FROM deliveries WHERE event_id = '{event}'", "shared") == "sent")
        message = alerts(telegram, chat)[-1]
        assert message.kind == "video" and message.files["video"][4:8] == b"ftyp"
        hub.start()
        # What was done without it is published now: counted with it, and gone from what is still to be published.
        until(lambda: 'pingwatch_delivery_attempts_total{channel="telegram",outcome="sent",reason="-"}' in metrics(hub))
        assert 'pingwatch_events_total{state="done"}' in metrics(hub)
        until(lambda: postgres.execute(f"SELECT COUNT(*) FROM outbox WHERE subject = '{event}'", "shared") == "0")
        # Who watched before is told to look again, and sees it.
        channel, position = watched
        again = Peer(hub, account.token, subs={channel: {"recover": True, "epoch": position["epoch"], "offset": position["offset"]}})
        assert again.hello["subs"][channel]["recovered"] is False
        again.close()
        assert account.get(f"/events/{event}")["status"] == "done"
        assert delivered(account, event)["attempts"] == 1 and alerts(telegram, chat)[-1] == message
        assert hub.call("GET", account.get(f"/events/{event}")["clip_url"])[0] == 200
        # Together they do what the hub had left, and the worker ends as it should.
        assert [ended(busy, event, 60)["status"] for event in flood] == ["done"] * len(flood)
        assert worker.stop() == 0
    assert hub.stop() == 0


def metrics(hub) -> str:
    status, text, _ = hub.call("GET", "/metrics", token="metrics")
    assert status == 200
    return text.decode()


def killed_with_work_waiting(hub, postgres, account, enrol, small, heavy) -> tuple[str, object, list[str]]:
    """Kills the hub when it has acknowledged an upload and not begun to work on it, since others keep it busy.

    Should one of its workers have had time after all, it is done again with another event.
    """
    for _ in range(10):
        busy = [enrol(hub) for _ in range(2)]
        floods = [announced(each, heavy, AT_ONCE + 1) for each in busy]
        event, = announced(account, small, 1)
        with ThreadPoolExecutor(len(busy)) as pool:
            list(pool.map(lambda pair: [finalize(pair[0], each) for each in pair[1]], zip(busy, floods)))
        until(lambda: int(postgres.execute("SELECT COUNT(*) FROM jobs WHERE state = 'leased' AND work = 'process'", "shared")) > AT_ONCE)
        assert finalize(account, event)["status"] == "queued"
        hub.stop(signal.SIGKILL)
        if postgres.execute(f"SELECT status FROM events WHERE id = '{event}'", "shared") == "queued":
            return event, busy[0], floods[0]
        hub.start()
        ended(account, event)
    raise AssertionError("the hub was never busy enough")


def test_a_worker_needs_a_database_that_can_be_shared(tmp_path):
    result = run("worker", "--data-dir", str(tmp_path))
    assert result.returncode == 78 and result.stderr.startswith("DATABASE_URL: a worker needs postgres://")
