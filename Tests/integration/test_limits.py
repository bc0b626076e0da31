"""What one client may take of the hub. Each limit has an answer, a number for the operator, and leaves the others alone."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hostile import resident_bytes
from sensor import CLIP, LIVE, Peer, frame, publications
from slow_disk import build
from system import Hub
from test_metrics import TOKEN, metrics, value
from watching import until
from websockets.exceptions import ConnectionClosed, InvalidMessage
from websockets.sync.client import connect

# What the client makes of it depends on how far it was.
HUNG_UP = (InvalidMessage, ConnectionClosed, OSError, EOFError)


@pytest.fixture
def limited(tmp_path):
    hubs = []

    def start(**environment: str) -> Hub:
        hub = Hub(tmp_path / "data", METRICS_TOKEN=TOKEN, **environment).start()
        hubs.append(hub)
        return hub

    yield start
    for hub in hubs:
        hub.stop()


def close_code(hub: Hub, token: str) -> int:
    socket = connect(hub.socket_url, subprotocols=["pingwatch.v1"], compression=None, legacy=True)
    socket.send(json.dumps({"id": 1, "connect": {"token": token}}))
    with pytest.raises(ConnectionClosed) as closed:
        socket.recv(10)
    return closed.value.rcvd.code


def test_a_user_has_so_many_connections_and_another_user_has_its_own(limited):
    hub = limited(CONNECTIONS_PER_USER="2")
    token = hub.sign_in()
    first, second = Peer(hub, token), Peer(hub, token)
    assert close_code(hub, token) == 3504
    assert value(metrics(hub), "pingwatch_limit_refusals_total", limit="connections_per_user") == 1
    assert value(until(lambda: (found := metrics(hub)) and value(found, "pingwatch_closes_total", code="3504") and found),
                 "pingwatch_closes_total", code="3504") == 1
    other = Peer(hub, hub.sign_in("other@example.org"))
    first.close()
    third = until(lambda: _attempt(hub, token))
    assert second.ask({"ping": {}}) and third.ask({"ping": {}}) and other.ask({"ping": {}})
    assert value(metrics(hub), "pingwatch_sockets", kind="viewer") == 3


def _attempt(hub: Hub, token: str) -> Peer | None:
    try:
        return Peer(hub, token)
    except ConnectionClosed:
        return None


def test_an_address_has_so_many_connections(limited):
    hub = limited(CONNECTIONS_PER_ADDRESS="3", LOOP_THREADS="2")
    token = hub.sign_in()
    peers = [Peer(hub, token) for _ in range(3)]
    with pytest.raises(HUNG_UP):
        Peer(hub, token)
    assert all(peer.ask({"ping": {}}) for peer in peers)
    peers.pop().close()
    samples = until(lambda: _metrics(hub))
    assert value(samples, "pingwatch_connections_refused_total", limit="address") >= 1
    assert value(samples, "pingwatch_connections") == 3


def _metrics(hub: Hub):
    try:
        return metrics(hub)
    except (OSError, EOFError):
        return None


def test_clients_behind_a_trusted_proxy_are_counted_each_by_its_own_address(limited):
    hub = limited(CONNECTIONS_PER_ADDRESS="2", TRUSTED_PROXIES="127.0.0.1")

    def behind(address: str):
        return connect(hub.socket_url, subprotocols=["pingwatch.v1"], compression=None, legacy=True, additional_headers={"X-Forwarded-For": address})

    kept = [behind("192.0.2.1"), behind("192.0.2.1"), behind("192.0.2.2")]
    with pytest.raises(ConnectionClosed) as closed:
        behind("192.0.2.1").recv(10)
    assert closed.value.rcvd.code == 3504
    token = hub.sign_in()
    for number, socket in enumerate(kept):
        socket.send(json.dumps({"id": 1, "connect": {"token": token}}))
        assert "connect" in json.loads(socket.recv(10)), number
    assert value(metrics(hub), "pingwatch_limit_refusals_total", limit="connections_per_address") == 1


def test_the_hub_has_so_many_connections(limited):
    hub = limited(CONNECTIONS_LIMIT="4")
    token = hub.sign_in()
    peers = [Peer(hub, token) for _ in range(4)]
    with pytest.raises(HUNG_UP):
        Peer(hub, token)
    peers.pop().close()
    assert value(until(lambda: _metrics(hub)), "pingwatch_connections_refused_total", limit="hub") >= 1
    assert all(peer.ask({"ping": {}}) for peer in peers)


def test_so_many_connections_come_in_each_second(limited):
    hub = limited(ACCEPTS_PER_SECOND="5")
    began = time.monotonic()
    token = hub.sign_in()
    peers = [Peer(hub, token) for _ in range(14)]
    # Five at once, and five a second behind them; nobody is refused.
    assert time.monotonic() - began > 1.9
    assert value(metrics(hub), "pingwatch_accept_delays_total") >= 1
    assert all(peer.ask({"ping": {}}) for peer in peers)


def test_a_connection_has_so_many_subscriptions(limited):
    hub = limited(SUBSCRIPTIONS_PER_CONNECTION="3")
    token = hub.sign_in()
    devices = [hub.call("POST", "/devices/register", {"label": f"Camera {n}"}, token)[1]["device_id"] for n in range(3)]
    peer = Peer(hub, token)
    answers = [peer.ask({"subscribe": {"channel": f"device:{device}"}}) for device in devices]
    # One is the user's own.
    assert ["error" in answer for answer in answers] == [False, False, True]
    assert answers[2]["error"]["code"] == 106
    assert value(metrics(hub), "pingwatch_limit_refusals_total", limit="subscriptions") == 1


def test_who_sends_too_many_commands_is_read_slowly_and_nothing_is_lost(limited):
    hub = limited(MESSAGES_PER_SECOND="200")
    token = hub.sign_in()
    hasty, calm = Peer(hub, token), Peer(hub, token)
    for number in range(100, 700):
        hasty.socket.send(json.dumps({"id": number, "ping": {}}))
    assert calm.ask({"ping": {}})
    answered = []
    while len(answered) < 600:
        answered += [message["id"] for message in hasty.receive(20) if "id" in message]
    assert answered == list(range(100, 700))
    assert value(metrics(hub), "pingwatch_limit_holds_total", limit="messages") >= 1


def test_who_sends_too_many_bytes_is_read_slowly_and_nothing_is_lost(limited):
    # Nothing but the rate may hold up or skip what is sent, however slow the machine is.
    hub = limited(BYTES_PER_SECOND="1000000", MEDIA_QUEUE_BYTES="100000000", MEDIA_QUEUE_SECONDS="60")
    token = hub.sign_in()
    device = hub.call("POST", "/devices/register", {"label": "Hall"}, token)[1]["device_id"]
    viewer, sensor = Peer(hub, token), Peer(hub, token, device)
    stream = viewer.rpc("live.watch", {"device_id": device})["stream"]
    sensor.wait_publication("live.start")

    def send() -> None:
        for number in range(100):
            sensor.send(frame(LIVE, stream, number, bytes(30_000), flags=1))

    with ThreadPoolExecutor(1) as pool:
        # The viewer reads meanwhile: nothing else than the sensor's rate is at its limit.
        sending = pool.submit(send)
        while len(viewer.frames) < 100:
            viewer.receive(60)
        sending.result()
    assert [int.from_bytes(data[8:12], "big") for data in viewer.frames] == list(range(100))
    assert value(metrics(hub), "pingwatch_limit_holds_total", limit="bytes") >= 1


def test_so_many_commands_wait_for_a_camera(limited):
    hub = limited()
    token = hub.sign_in()
    device = hub.call("POST", "/devices/register", {"label": "Hall"}, token)[1]["device_id"]
    camera, viewer = Peer(hub, token, device), Peer(hub, token)
    for number in range(100, 117):
        viewer.socket.send(json.dumps({"id": number, "rpc": {"method": "device.command", "data": {"device_id": device, "command": "record"}}}))
    answered: list[dict] = []
    while not answered:
        answered += [message for message in viewer.receive(20) if "id" in message]
    assert (answered[0]["id"], answered[0]["error"]["code"]) == (116, 106)
    assert value(metrics(hub), "pingwatch_limit_refusals_total", limit="commands_per_camera") == 1
    # Nothing is answered.
    assert camera.wait_publication("command")
    until(lambda: value(metrics(hub), "pingwatch_commands_total", command="record", outcome="silent") == 16, 60)


@pytest.fixture
def slow_disk(tmp_path) -> dict[str, str]:
    """For a hub whose clips take three seconds to be written."""
    return {"LD_PRELOAD": str(build(tmp_path)), "SLOW_DISK_MS": "3000"}


def test_so_much_of_a_clip_may_be_unacknowledged(limited, slow_disk):
    hub = limited(**slow_disk)
    token = hub.sign_in()
    device = hub.call("POST", "/devices/register", {"label": "Hall"}, token)[1]["device_id"]
    session = hub.call("POST", "/sessions/start", {"device_id": device}, token)[1]["session_id"]
    sensor = Peer(hub, token, device)
    clip = sensor.open_clip(session)
    sent = 0
    while not publications(sensor, "clip.error"):
        sensor.send(frame(CLIP, clip["stream"], sent, bytes(1_000_000), flags=1))
        sent += 1
        # Three are more than twice the window, whatever has become of the first by then.
        if sent % 3 == 0:
            assert sensor.ask({"ping": {}})
    error, = publications(sensor, "clip.error")
    assert (error["code"], "window" in error["message"]) == ("bad_frame", True)
    assert value(metrics(hub), "pingwatch_limit_refusals_total", limit="clip_window_bytes") == 1


def test_a_clip_has_so_many_seconds(limited):
    hub = limited()
    token = hub.sign_in()
    device = hub.call("POST", "/devices/register", {"label": "Hall"}, token)[1]["device_id"]
    session = hub.call("POST", "/sessions/start", {"device_id": device}, token)[1]["session_id"]
    sensor = Peer(hub, token, device)
    clip = sensor.open_clip(session)
    for sequence, second in enumerate([0, 137, 138]):
        sensor.send(frame(CLIP, clip["stream"], sequence, b"x", flags=1, timestamp=second * 1_000_000))
    assert "120" in sensor.wait_publication("clip.error", code="bad_frame")["message"]
    assert value(metrics(hub), "pingwatch_limit_refusals_total", limit="max_clip_seconds") == 1


def test_a_message_has_so_many_commands(hub):
    token = hub.sign_in()
    peer = Peer(hub, token)
    peer.socket.send("\n".join(json.dumps({"id": number, "ping": {}}) for number in range(10, 1034)))
    answered: list[int] = []
    while len(answered) < 1024:
        answered += [message["id"] for message in peer.receive() if "id" in message]
    assert answered == list(range(10, 1034))
    peer.socket.send("{}\n" * 1025)
    with pytest.raises(ConnectionClosed) as closed:
        peer.receive()
    assert closed.value.rcvd.code == 3501


@pytest.mark.parametrize("message, code", [("\n".join(['{"id":1,"ping":{}}'] * 250), None), (frame(CLIP, 12345, 0), 3008)], ids=["asked", "unasked"])
def test_what_is_answered_and_not_read_is_not_taken_without_end(limited, message, code):
    """Answers to pings wait, and so does who asks; errors about streams that do not exist end the connection."""
    hub = limited(QUEUE_BYTES="65536", MESSAGES_PER_SECOND="1000000")
    token = hub.sign_in()
    device = hub.call("POST", "/devices/register", {"label": "Hall"}, token)[1]["device_id"]
    deaf, other = Peer(hub, token, device), Peer(hub, token)
    before = resident_bytes(hub)
    deaf.socket.socket.settimeout(2)
    sent = 0
    # Nothing more is taken than what both kernels hold and what may be on its way within the hub; or, after some seconds, the connection is gone.
    with pytest.raises(OSError) as ended:
        while True:
            deaf.socket.socket.sendall(masked(message))
            sent += len(message)
            assert code or sent < 24 << 20
    assert isinstance(ended.value, TimeoutError) == (code is None)
    assert other.ask({"ping": {}})
    if code:
        until(lambda: value(metrics(hub), "pingwatch_closes_total", code=str(code)) == 1)
    else:
        assert value(metrics(hub), "pingwatch_limit_holds_total", limit="commands") >= 1
    assert resident_bytes(hub) - before < 16 << 20
    deaf.socket.socket.close()


def masked(message: str | bytes) -> bytes:
    """A client's frame (RFC 6455, section 5.2), with a mask of zeros."""
    payload = message.encode() if isinstance(message, str) else message
    first = b"\x81" if isinstance(message, str) else b"\x82"
    length = bytes([0x80 | len(payload)]) if len(payload) < 126 else b"\xfe" + len(payload).to_bytes(2, "big")
    return first + length + bytes(4) + payload
