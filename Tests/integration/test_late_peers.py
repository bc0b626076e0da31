"""Who does not bring the head of a request, a handshake or a body in time is hung up on, and counted; who goes away by itself is not."""

from __future__ import annotations

import pytest
from test_metrics import TOKEN, metrics, value
from watching import until
from wire import Raw, handshake

SECONDS = 12
REQUEST = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
BODY = b"POST /auth/dev/login HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nx"


@pytest.fixture(scope="module")
def hub(start):
    # Longer than libwebsockets waits for a head by itself (10 s), shorter than it keeps a connection without a request (60 s).
    return start(METRICS_TOKEN=TOKEN, HANDSHAKE_SECONDS=str(SECONDS))


def late(hub) -> dict[str, float]:
    samples = metrics(hub)
    return {limit: value(samples, "pingwatch_connections_refused_total", limit=limit) for limit in ("head", "body")}


def test_who_is_late_is_counted(hub):
    sent = {
        "head": REQUEST[:-2], "handshake": handshake(hub.port)[:-2], "pipelined": REQUEST + REQUEST[:-2], "second": REQUEST[:-2], "body": BODY,
    }
    peers = {name: Raw(hub.port, seconds=60) for name in sent}
    # A first request of its own, so that the late head is the second one's.
    peers["second"].send(REQUEST)
    assert peers["second"].response()[0] == 200
    with Raw(hub.port) as idle:
        idle.send(REQUEST)
        assert idle.response()[0] == 200
        for name, peer in peers.items():
            peer.send(sent[name])
        took = {name: peer.ended_after() for name, peer in peers.items()}
        # One after another: the first has waited for all of the time, and the last no longer than that and a little.
        assert took["head"] > SECONDS - 0.5, took
        assert sum(took.values()) < 45, took
        assert until(lambda: (found := late(hub)) == {"head": 4, "body": 1} and found)
        for peer in peers.values():
            peer.socket.close()
    # Whoever ends a connection that waits for a next request, was in the middle of something, or sends a body, is not late.
    for data in (REQUEST[:-2], handshake(hub.port)[:-2], BODY):
        with Raw(hub.port) as peer:
            peer.send(data)
    until(lambda: value(metrics(hub), "pingwatch_connections") <= 1)
    assert late(hub) == {"head": 4, "body": 1}
