"""Alerts to a webhook: signed, recognisable when they are repeated, and never into the hub's own network by accident."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from pictures import RATE, Clip
from watching import delivered, deliveries, ended, report, upload

SECRET = "a-secret-for-tests"


class Receiver:
    """A webhook of somebody's; keeps what it gets, and answers what it is told to, else 204."""

    def __init__(self) -> None:
        receiver = self
        self.answers: list[tuple[int, dict[str, str]]] = []
        self.calls: list[tuple[dict[str, str], bytes]] = []

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                pass

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.calls.append(({name.lower(): value for name, value in self.headers.items()}, body))
                status, headers = receiver.answers.pop(0) if receiver.answers else (204, {})
                self.send_response(status)
                for name, value in ({"Content-Length": "0"} | headers).items():
                    self.send_header(name, value)
                self.end_headers()

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook?key=also-secret"

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def take(self, event: str) -> list[tuple[dict[str, str], dict]]:
        """Headers and content of the calls that tell of an event, each checked as a receiver should."""
        found = []
        for headers, body in self.calls:
            signed = f"{headers['x-ping-watch-timestamp']}.{headers['x-ping-watch-delivery']}.".encode() + body
            mac = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
            assert hmac.compare_digest(headers["x-ping-watch-signature"], f"sha256={mac}")
            assert headers["x-ping-watch-webhook-secret"] == SECRET and headers["content-type"] == "application/json"
            assert abs(int(headers["x-ping-watch-timestamp"]) - time.time()) < 60
            content = json.loads(body)
            assert content["delivery_id"] == headers["x-ping-watch-delivery"]
            if content.get("event", {}).get("event_id") == event:
                found.append((headers, content))
        return found


@pytest.fixture(scope="module")
def receiver():
    receiver = Receiver()
    yield receiver
    receiver.stop()


@pytest.fixture(scope="module")
def calling(start, receiver):
    return start(
        NOTIFY_WEBHOOK_URL=receiver.url, NOTIFY_WEBHOOK_SECRET=SECRET, NOTIFY_WEBHOOK_ALLOW_PRIVATE="true",
        PUBLIC_URL="https://hub.example.org")


@pytest.fixture
def account(calling, receiver, enrol):
    yield enrol(calling)
    assert receiver.answers == []


def test_an_alert_is_signed_and_tells_what_happened(account, receiver, small):
    event = upload(account, small)
    delivery = delivered(account, event)
    assert (delivery["channel"], delivery["target"], delivery["attempts"]) == ("webhook", "default", 1)
    (headers, content), = receiver.take(event)
    found = account.get(f"/events/{event}")
    assert headers["x-ping-watch-delivery"] == delivery["delivery_id"]
    assert content == {
        "type": "event.alert", "delivery_id": delivery["delivery_id"], "possible_repeat": False,
        "event": {
            "event_id": event, "device_id": account.device, "device_label": "Hall", "session_id": account.session, "trigger_type": "motion",
            "triggered_at": found["triggered_at"], "duration_seconds": found["duration_seconds"], "incomplete": False,
            "summary": found["summary"], "label": found["label"], "confidence": found["confidence"], "tags": found["tags"],
            "url": f"https://hub.example.org/#/event/{event}",
        },
    }


@pytest.mark.parametrize("status, headers, repeat, words", [
    (500, {}, True, "the webhook has a problem (status 500)"),
    (503, {"Retry-After": "1"}, True, "the webhook has a problem (status 503)"),
    (429, {"Retry-After": "1"}, False, "the webhook asks to be called less often (status 429)"),
])
def test_a_repeat_has_the_same_id_so_that_the_receiver_can_tell(account, receiver, status, headers, repeat, words):
    receiver.answers.append((status, headers))
    event = report(account)
    delivery = delivered(account, event)
    assert [(a["outcome"], a["status_code"], a["reason"]) for a in delivery["history"]] == [("retry", status, words), ("sent", None, None)]
    assert delivery["possible_repeat"] is repeat
    first, second = receiver.take(event)
    assert first[0]["x-ping-watch-delivery"] == second[0]["x-ping-watch-delivery"] == delivery["delivery_id"]
    assert (first[1]["possible_repeat"], second[1]["possible_repeat"]) == (False, repeat)


@pytest.mark.parametrize("status, headers, words", [
    (404, {}, "the webhook refused it (status 404)"),
    (410, {}, "the webhook refused it (status 410)"),
    (302, {"Location": "/elsewhere"}, "the webhook redirects; give its final address (status 302)"),
    (307, {"Location": "http://127.0.0.1:9/"}, "the webhook redirects to another server; give its final address (status 307)"),
])
def test_what_cannot_become_better_fails_with_a_reason(account, receiver, status, headers, words):
    receiver.answers.append((status, headers))
    event = report(account)
    delivery = delivered(account, event, "failed")
    assert (delivery["reason"], delivery["status_code"], delivery["attempts"], delivery["possible_repeat"]) == (words, status, 1, False)
    assert len(receiver.take(event)) == 1


def test_a_redirect_on_the_same_server_is_followed_with_the_same_content(account, receiver):
    receiver.answers.append((308, {"Location": "/moved"}))
    event = report(account)
    assert delivered(account, event)["attempts"] == 1
    first, second = receiver.take(event)
    assert first == second


def test_a_test_message_says_what_is_wrong(account, receiver):
    asked = {"device_id": account.device, "channel": "webhook"}
    assert account.post("/notifications/test", asked)["sent"] is True
    assert json.loads(receiver.calls[-1][1])["type"] == "test"
    receiver.answers.append((401, {}))
    answer = account.post("/notifications/test", asked)
    assert (answer["sent"], answer["status_code"], answer["reason"]) == (False, 401, "the webhook refused it (status 401)")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_an_address_in_the_hubs_own_network_is_refused_with_a_reason(start, receiver, enrol, host):
    before = len(receiver.calls)
    url = receiver.url.replace("127.0.0.1", host)
    account = enrol(start(NOTIFY_WEBHOOK_URL=url, NOTIFY_WEBHOOK_SECRET=SECRET))
    event = report(account)
    delivery = delivered(account, event, "failed")
    assert delivery["reason"] == "the webhook's address is in a network that is not allowed"
    assert (delivery["attempts"], delivery["status_code"], delivery["possible_repeat"]) == (1, None, False)
    assert len(receiver.calls) == before
    answer = account.post("/notifications/test", {"device_id": account.device, "channel": "webhook"})
    assert (answer["sent"], answer["reason"]) == (False, delivery["reason"])
    # What the operator configured is nobody else's business.
    assert "also-secret" not in "".join(account.hub.log)


def test_a_server_that_is_off_is_called_again(start, enrol):
    receiver = Receiver()
    receiver.server.server_close()
    account = enrol(start(NOTIFY_WEBHOOK_URL=receiver.url, NOTIFY_WEBHOOK_ALLOW_PRIVATE="true"))
    delivery = delivered(account, report(account), "retry")
    assert delivery["reason"].startswith("the webhook cannot be reached: ") and not delivery["possible_repeat"]


def test_where_nothing_is_to_be_told_nobody_is_called(account, receiver, tmp_path):
    event = upload(account, Clip(tmp_path, "quiet", f"smptebars=size=96x72:rate={RATE}", 20))
    found = ended(account, event)
    assert (found["status"], found["should_notify"]) == ("done", False)
    assert deliveries(account, event) == [] and receiver.take(event) == []
    steps = {step["step"]: step for step in account.get(f"/events/{event}/timeline")}
    assert steps["not_alerted"]["reason"] == found["alert_reason"]
