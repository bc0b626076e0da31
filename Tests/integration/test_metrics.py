"""The numbers for an operator, read as Prometheus reads them."""

from __future__ import annotations

import re

import botapi
import pytest
from watching import SECRET, delivered, link, report, until, upload

TOKEN = "metrics-token-for-tests"
LINE = re.compile(r'([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[a-z_]+="(?:[^"\\]|\\.)*",?)*)\})? (\S+)')

Samples = dict[tuple[str, frozenset], float]


def parse(text: str) -> tuple[Samples, dict[str, str]]:
    """Samples by name and labels, and the types of the families."""
    samples: Samples = {}
    types: dict[str, str] = {}
    described: set[str] = set()
    assert text.endswith("\n")
    for line in text.splitlines():
        if line.startswith("# HELP "):
            name, words = line[7:].split(" ", 1)
            assert name not in described and words
            described.add(name)
        elif line.startswith("# TYPE "):
            name, kind = line[7:].split(" ")
            assert name in described and name not in types
            types[name] = kind
        else:
            match = LINE.fullmatch(line)
            assert match, line
            labels = frozenset(re.findall(r'([a-z_]+)="((?:[^"\\]|\\.)*)"', match[2] or ""))
            family = re.sub(r"_(bucket|sum|count)$", "", match[1])
            assert match[1] in types or types.get(family) == "histogram", line
            assert (match[1], labels) not in samples, line
            samples[match[1], labels] = float(match[3])
    return samples, types


@pytest.fixture(scope="module")
def measured(start, telegram):
    return start(
        TELEGRAM_BOT_TOKEN=botapi.TOKEN, TELEGRAM_API_BASE_URL=telegram.url, TELEGRAM_WEBHOOK_SECRET=SECRET, METRICS_TOKEN=TOKEN)


def metrics(hub) -> Samples:
    status, text, headers = hub.call("GET", "/metrics", token=TOKEN)
    assert status == 200 and headers["content-type"].startswith("text/plain; version=0.0.4")
    return parse(text.decode())[0]


def value(samples: Samples, name: str, **labels: str) -> float:
    return samples.get((name, frozenset(labels.items())), 0)


def test_without_the_token_there_is_no_such_route(measured, start, enrol):
    for token in [None, "wrong", TOKEN + "x", TOKEN[:-1], enrol(measured).token]:
        status, answer, _ = measured.call("GET", "/metrics", token=token)
        assert (status, answer["error"]["code"]) == (404, "not_found")
    without = start()
    for token in [None, "", TOKEN]:
        assert without.call("GET", "/metrics", token=token)[0] == 404


def test_an_alerted_event_is_counted_and_timed(measured, enrol, telegram, chat, small):
    account = enrol(measured)
    link(telegram, account, chat)
    telegram.fail(("500",), method="sendVideo")
    delivered(account, upload(account, small))
    telegram.fail(("400", "Bad Request: no"), method="sendMessage")
    delivered(account, report(account), "failed")
    broken = account.post("/events/upload/initiate", account.declaration(clip_size_bytes=10))["event"]["event_id"]
    account.call("PUT", f"/events/{broken}/upload", raw=b"0123456789")
    account.post(f"/events/{broken}/upload/finalize")

    # What is counted is told after it was written.
    samples = until(
        lambda: (found := metrics(measured)) and value(found, "pingwatch_events_total", state="failed") == 1
        and value(found, "pingwatch_delivery_attempts_total", channel="telegram", outcome="failed", reason="400") == 1 and found)
    attempts = {labels: count for (name, labels), count in samples.items() if name == "pingwatch_delivery_attempts_total"}
    assert attempts == {
        frozenset({("channel", "telegram"), ("outcome", "sent"), ("reason", "-")}): 1,
        frozenset({("channel", "telegram"), ("outcome", "retry"), ("reason", "500")}): 1,
        frozenset({("channel", "telegram"), ("outcome", "failed"), ("reason", "400")}): 1,
    }
    assert value(samples, "pingwatch_events_total", state="done") == 2
    assert value(samples, "pingwatch_event_failures_total", stage="processing") == 1

    for stage, count in [("durable", 3), ("analysed", 2), ("alerted", 1)]:
        buckets = {dict(labels)["le"]: n for (name, labels), n in samples.items()
                   if name == "pingwatch_stage_seconds_bucket" and ("stage", stage) in labels}
        bounds = sorted(buckets, key=float)
        assert bounds[-1] == "+Inf" and [buckets[bound] for bound in bounds] == sorted(buckets.values())
        assert buckets["+Inf"] == value(samples, "pingwatch_stage_seconds_count", stage=stage) == count
        total = value(samples, "pingwatch_stage_seconds_sum", stage=stage)
        # None of it took half a minute, and the alert that was tried twice took its pause.
        assert 0 < total < 30 * count and (stage != "alerted" or total >= 0.5)
        assert buckets["30.0"] == count


def test_the_queues_are_shown_as_they_are(measured, enrol, telegram, chat):
    account = enrol(measured)
    link(telegram, account, chat)
    before = metrics(measured)
    telegram.fail(("401",), method="sendMessage")
    delivered(account, report(account), "retry")
    samples = until(lambda: (found := metrics(measured)) and value(found, "pingwatch_jobs", work="telegram", state="leased") == 0 and found)
    for work in ("process", "telegram", "webhook", "email"):
        for state in ("queued", "leased", "dead"):
            assert ("pingwatch_jobs", frozenset({("work", work), ("state", state)})) in samples
            assert samples["pingwatch_job_oldest_age_seconds", frozenset({("work", work), ("state", state)})] >= 0
    assert value(samples, "pingwatch_jobs", work="telegram", state="queued") == value(before, "pingwatch_jobs", work="telegram", state="queued") + 1
    assert value(samples, "pingwatch_jobs", work="process", state="queued") == 0
    assert value(samples, "pingwatch_storage_free_bytes") > 0
    assert parse(measured.call("GET", "/metrics", token=TOKEN)[1].decode())[1] == {
        "pingwatch_events_total": "counter", "pingwatch_event_failures_total": "counter", "pingwatch_delivery_attempts_total": "counter",
        "pingwatch_stage_seconds": "histogram", "pingwatch_jobs": "gauge", "pingwatch_job_oldest_age_seconds": "gauge",
        "pingwatch_storage_free_bytes": "gauge", "pingwatch_live_streams": "gauge", "pingwatch_live_viewers": "gauge",
        "pingwatch_connections": "gauge", "pingwatch_sockets": "gauge", "pingwatch_connections_accepted_total": "counter",
        "pingwatch_connections_refused_total": "counter", "pingwatch_accept_delays_total": "counter",
    }
