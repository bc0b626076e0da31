"""Requests that no honest client sends. The hub may refuse them or not answer; it goes on for the others."""

from __future__ import annotations

import contextlib
import json
import random
import socket
import time

import pytest
from hostile import refused, unharmed, wait_until
from wire import Ended, Raw, handshake

LOGIN = b'{"email": "smuggled@example.org"}'


@pytest.fixture(scope="module")
def target(start):
    hub = start(HANDSHAKE_SECONDS="2")
    hub.token = hub.sign_in()
    yield hub
    assert hub.stop() == 0


@pytest.fixture(autouse=True)
def nothing_happened(target):
    with unharmed(target, target.token):
        yield


def request(line: str, *headers: str, body: bytes = b"") -> bytes:
    return "\r\n".join([line, "Host: x", *headers, "", ""]).encode("latin-1") + body


# What must not be taken for a request of its own where it is the body of another.
PIPELINED = request("POST /auth/dev/login HTTP/1.1", f"Content-Length: {len(LOGIN)}", body=LOGIN)


@pytest.mark.parametrize("origin", ["https://evil.example", "http://evil.example", "null", "http://127.0.0.1", "http://127.0.0.1:1", "", "://", "x" * 3000])
def test_a_page_from_elsewhere_gets_no_socket(target, origin):
    status = refused(target.port, handshake(target.port, Origin=origin))
    # An empty one is none.
    assert status == (101 if origin == "" else 403)


def answers(target, data: bytes) -> list[tuple[int, dict[str, str], bytes]]:
    """Every answer until the hub ends the connection, which it does at the latest when it sees that nothing more comes."""
    found = []
    with Raw(target.port) as peer:
        try:
            peer.send(data)
            peer.socket.shutdown(socket.SHUT_WR)
            while True:
                found.append(peer.response())
        except (Ended, OSError):
            assert peer.buffer == b""
    return found


def statuses(target, data: bytes) -> list[int]:
    return [status for status, _, _ in answers(target, data)]


@pytest.mark.parametrize("headers, status", [
    # No handshake: a request for what is no resource.
    ({"Upgrade": None}, 404), ({"Upgrade": ""}, 404), ({"Upgrade": " "}, 404), ({"Upgrade": None, "Connection": None}, 404),
    ({"Upgrade": "h2c"}, 400), ({"Connection": None}, 400), ({"Connection": "keep-alive"}, 400), ({"Host": None}, 400),
    # libwebsockets answers these before the hub is asked: as it reads a list of protocols here, none of which it knows.
    ({"Upgrade": "websocket, h2c"}, 403), ({"Upgrade": "x" * 2000}, 403),
    ({"Sec_WebSocket_Key": None}, 400), ({"Sec_WebSocket_Key": "short"}, 400), ({"Sec_WebSocket_Key": "x" * 2000}, 400),
    ({"Sec_WebSocket_Key": "dGhlIHNhbXBsZSBub25jZQ="}, 400), ({"Sec_WebSocket_Key": "dGhlIHNhbXBsZSBub25jZQ!="}, 400),
    ({"Sec_WebSocket_Key": "dGhlIHNhbXBsZSBub2*jZQ=="}, 400), ({"Sec_WebSocket_Key": "dGhlIHNhbXBsZSBub25jZTE="}, 400),
    ({"Sec_WebSocket_Version": "12"}, 426), ({"Sec_WebSocket_Version": "13, 8"}, 426), ({"Sec_WebSocket_Version": "013"}, 426),
    ({"Sec_WebSocket_Version": ""}, 426), ({"Sec_WebSocket_Version": None}, 426),
    # Here libwebsockets hangs up by itself: a list of protocols that is none, or longer than it has room for.
    ({"Sec_WebSocket_Protocol": "," * 500}, None), ({"Sec_WebSocket_Protocol": "x" * 2000}, None),
    ({"Sec_WebSocket_Extensions": "permessage-deflate; " * 100}, 431),
], ids=lambda value: ",".join(f"{key}={str(text)[:12]}" for key, text in value.items()) if isinstance(value, dict) else str(value))
def test_a_handshake_that_is_none_is_refused(target, headers, status):
    """Without `Upgrade`, libwebsockets before 4.3.4 uses freed memory (CVE-2025-11677), which may show at the twentieth time only."""
    for _ in range(20):
        first = next(iter(answers(target, handshake(target.port, **headers))), (None, {}, b""))
        assert first[0] == status
        # RFC 6455, section 4.4: the versions that would do.
        assert first[1].get("sec-websocket-version") == ("13" if status == 426 else None)


def test_a_handshake_by_another_method_is_refused(target):
    assert statuses(target, handshake(target.port).replace(b"GET", b"POST", 1)) == [400]


@pytest.mark.parametrize("headers", [
    {}, {"Connection": "keep-alive, Upgrade"}, {"Connection": "UPGRADE"}, {"Upgrade": "WebSocket"}, {"Sec_WebSocket_Version": " 13 "},
    {"Sec_WebSocket_Key": "  dGhlIHNhbXBsZSBub25jZQ=="},
])
def test_a_handshake_in_other_words_is_taken(target, headers):
    with Raw(target.port) as peer:
        peer.send(handshake(target.port, **headers))
        status, fields, _ = peer.response()
    assert status == 101
    if "Sec_WebSocket_Key" in headers:
        # RFC 6455, section 1.3.
        assert fields["sec-websocket-accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


SEEDED = random.Random(4)


@pytest.mark.parametrize("data, expected", [
    # By libwebsockets: 403 to what begins with no method.
    (b"\x00" * 100, [403]), (SEEDED.randbytes(2000), [403]), (b"GET\r\n\r\n", [403]), (b" / HTTP/1.1\r\n\r\n", [403]), (b"GET  HTTP/1.1\r\n\r\n", [403]),
    (b"TRACE /healthz HTTP/1.1\r\n\r\n", [403]), (b"QUERY /healthz HTTP/1.1\r\n\r\n", [403]),
    (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", [403]), (b"GET http://[ HTTP/1.1\r\n\r\n", [403]),
    # TLS: the beginning of a ClientHello
    (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + SEEDED.randbytes(200), [403]),
    # The end without an answer.
    (b"\r\n" * 1000, []), (b"CONNECT a:1 HTTP/1.1\r\n\r\n", []), (b"GET / HTTP/1.1\r\nHost\r\n\r\n", []), (b"GET / HTTP/1.1\r\n: x\r\n\r\n", []),
    # Odd, and understood.
    (b"GET /healthz HTTP/9.9\r\n\r\n", [200]), (b"get /healthz http/1.1\r\n\r\n", [200]), (b"GET /healthz HTTP/1.1\nHost: x\n\n", [200]),
    (b"GET /healthz HTTP/1.1\r\nHost: x\r\n folded: y\r\n\r\n", [200]), (b"GET /healthz HTTP/1.1\r\nHost: \xff\xfe\r\n\r\n", [200]),
], ids=lambda value: value[:10].hex() if isinstance(value, bytes) else str(value))
def test_garbage_is_refused_or_ended(target, data, expected):
    assert statuses(target, data) == expected


@pytest.mark.parametrize("size", [7000, 9000, 100_000, 1_000_000])
@pytest.mark.parametrize("place", ["header", "name", "path", "query", "cookies"])
def test_a_long_head_is_ended(target, size, place):
    """8 KiB, and some dozens of pieces of a query or lines of a field, are what a head may have."""
    filler = "a" * size
    data = {
        "header": request("GET /healthz HTTP/1.1", f"X-Long: {filler}"), "name": request("GET /healthz HTTP/1.1", f"{filler}: x"),
        "path": request(f"GET /{filler} HTTP/1.1"), "query": request(f"GET /healthz?{'a=b&' * (size // 4)} HTTP/1.1"),
        "cookies": request("GET /healthz HTTP/1.1", *["Cookie: a=b"] * (size // 13)),
    }[place]
    fits = {"header": 200, "name": 200, "path": 404}
    assert refused(target.port, data) == (fits.get(place) if size == 7000 else None)


@pytest.mark.parametrize("path, expected", [
    *[(path, [404]) for path in (
        "/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/..%2f..%2fetc/passwd", "/%252e%252e/etc/passwd", "/....//etc/passwd", "//etc/passwd",
        "/css/../../Package.swift", "/css%5c..%5c..%5cPackage.swift", "/.git/config", "/%2egit/config", "/.env", "/events/%2e%2e%2f/summary")],
    # libwebsockets does not take bytes of nothing, nor escapes that are none.
    *[(path, []) for path in ("/index.html%00.js", "/a%00b", "/?%00=%00&%ff", "/media/../../etc/passwd?a=%00")],
    *[(path, [403]) for path in ("/%", "/%2", "/%zz")],
    ("/%ff%fe", [400]), ("/events/%ff/summary", [400]),
    # The page itself, which "/" is.
    *[(path, [200]) for path in ("/./././", "/%00")],
])
def test_no_path_leaves_the_page(target, path, expected):
    found = answers(target, request(f"GET {path} HTTP/1.1", "Connection: close"))
    assert [status for status, _, _ in found] == expected
    if expected == [200]:
        assert found[0][2].startswith(b"<!doctype html>")


@pytest.mark.parametrize("method, path", [("POST", "/auth/dev/login"), ("GET", "/"), ("GET", "/healthz"), ("DELETE", "/notifications/targets"), ("PUT", "/events/x/upload")])
@pytest.mark.parametrize("length", ["-1", "-99999999999999999999", "99999999999999999999999", "9223372036854775808", "0x10", "+5", "5 5", "5,5", "1e3", "5\t5", "\u0665"])
def test_a_length_that_is_no_number_is_refused_and_nothing_behind_it_is_read(target, method, path, length):
    (status, headers, body), = answers(target, request(f"{method} {path} HTTP/1.1", f"Content-Length: {length.encode().decode('latin-1')}", body=LOGIN[:5] + PIPELINED))
    assert (status, json.loads(body)["error"]["field"], headers["connection"]) == (400, "Content-Length", "close")


@pytest.mark.parametrize("length", ["9223372036854775807", "4294967296"])
def test_a_length_that_never_comes_is_not_waited_for(target, length):
    """The client shows that it sends no more: the connection ends, and no number overflows."""
    assert statuses(target, request("POST /auth/dev/login HTTP/1.1", f"Content-Length: {length}", body=LOGIN[:5])) == []


@pytest.mark.parametrize("method, path", [("POST", "/auth/logout"), ("GET", "/"), ("GET", "/healthz")])
@pytest.mark.parametrize("headers, status", [
    *[(headers, 411) for headers in (
        ("Transfer-Encoding: chunked",), ("Transfer-Encoding: chunked", "Content-Length: 6"), ("Content-Length: 6", "Transfer-Encoding: chunked"),
        ("Transfer-Encoding: xchunked",), ("Transfer-Encoding: chunked", "Transfer-Encoding: identity"), ("Transfer-Encoding:\tchunked",),
        ("transfer-ENCODING: chunked",))],
    *[(headers, 400) for headers in (
        ("Content-Length: 5", "Content-Length: 6"), ("Content-Length: 6", "Content-Length: 6"), ("Content-Length: 0", "Content-Length: 44"),
        ("Content-Length: 44", "Content-Length: 0"))],
])
def test_no_request_is_smuggled_into_another(target, method, path, headers, status):
    """RFC 9112, section 11.2: whoever is in front may see one request where the hub sees two. It sees one, and none behind it."""
    (found, fields, _), = answers(target, request(f"{method} {path} HTTP/1.1", *headers, body=b"0\r\n\r\n" + PIPELINED))
    assert (found, fields["connection"]) == (status, "close")


@pytest.mark.parametrize("size", [b"zz", b"-1", b"ffffffffffffffffff", b"5;x=y", b"", b"0x5"])
def test_chunks_of_any_size_are_not_read(target, size):
    assert statuses(target, request("POST /auth/dev/login HTTP/1.1", "Transfer-Encoding: chunked", body=size + b"\r\nabcde\r\n0\r\n\r\n" + PIPELINED)) == [411]


@pytest.mark.parametrize("headers, expected", [
    # Obsolete folds and names with a space: libwebsockets takes them for fields of other names, so that these requests declare no body.
    *[((line,), (401, "close")) for line in (
        "X: a\r\n Transfer-Encoding: chunked", "X: a\r\n Content-Length: 5", "Content-Length : 5", "Transfer-Encoding : chunked", "Y: y")],
    (("Content-Length:\r\n 5",), (400, "close")),
    # To libwebsockets a line without a colon, or whose name is the beginning of one that it knows, goes on to the next colon: what is behind it
    # belongs to this request (docs/THREATS.md).
    (("Transfer-Encoding:\r\n chunked",), (401, "keep-alive")), (("X: y",), (401, "keep-alive")),
])
def test_behind_a_request_whose_length_is_hidden_none_is_read(target, headers, expected):
    (status, fields, _), = answers(target, request("POST /auth/logout HTTP/1.1", *headers, body=b"0\r\n\r\n" + PIPELINED))
    assert (status, fields["connection"]) == expected


def test_requests_in_a_pipeline_are_answered_in_order(target):
    assert statuses(target, b"".join(request(f"GET {path} HTTP/1.1") for path in ("/healthz", "/version", "/none"))) == [200, 200, 404]


@pytest.mark.parametrize("before, status", [
    (request("GET /healthz HTTP/1.1"), 200), (request("POST /auth/logout HTTP/1.1", "Content-Length: 5", body=b"abcde"), 401),
    (request("POST /auth/dev/login HTTP/1.1", f"Content-Length: {len(LOGIN)}", body=LOGIN), 200),
    (request("PUT /events/x/upload HTTP/1.1", "Content-Length: 100000", body=bytes(100_000)), 401),
], ids=["get", "refused", "taken", "upload"])
@pytest.mark.parametrize("cut", [None, 20, -10])
def test_a_request_with_a_body_in_a_pipeline_ends_the_connection(target, before, status, cut):
    """libwebsockets would take its head for its body, and read that for ever: nobody else would be served."""
    with Raw(target.port) as peer:
        peer.send(before + PIPELINED[:cut])
        assert peer.response()[0] == status
        with contextlib.suppress(Ended):
            peer.send(PIPELINED[len(PIPELINED[:cut]):])
        assert peer.rest() == b""


def test_requests_with_a_body_after_each_other_are_answered_on_one_connection(target):
    """Each is sent as soon as the last one is answered, when the hub may not have dealt with that to the end."""
    with Raw(target.port) as peer:
        for _ in range(300):
            for data, status in ((request("POST /auth/logout HTTP/1.1", "Content-Length: 5", body=b"abcde"), 401), (request("GET / HTTP/1.1"), 200),
                                 (request("PUT /none HTTP/1.1", "Content-Length: 5", body=b"abcde"), 404)):
                peer.send(data)
                assert peer.response()[0] == status


def test_heads_that_never_end_are_ended(target):
    """Slowloris: a byte now and then keeps nobody's connection."""
    peers = [Raw(target.port) for _ in range(300)]
    for peer, data in zip(peers, [b"GET / HTTP/1.1\r\nHost: x\r\nX: ", handshake(target.port)[:-4]] * 150):
        peer.send(data)
    # Others are served meanwhile.
    assert target.call("GET", "/healthz")[0] == 200
    ended: set[Raw] = set()

    def drip() -> bool:
        for peer in set(peers) - ended:
            try:
                peer.socket.setblocking(False)
                peer.socket.send(b"a")
                if not peer.socket.recv(1000):
                    ended.add(peer)
            except BlockingIOError:
                pass
            except OSError:
                ended.add(peer)
        return len(ended) == len(peers)

    wait_until(drip)
    for peer in peers:
        peer.socket.close()


def test_a_body_that_stops_is_ended(target):
    """After HANDSHAKE_SECONDS without a byte of it; one that is refused is answered, and its rest waited for 30 s."""
    began = time.monotonic()
    with Raw(target.port, seconds=60) as login, Raw(target.port, seconds=60) as upload:
        login.send(request("POST /auth/dev/login HTTP/1.1", "Content-Length: 100", body=b"x"))
        upload.send(request("PUT /events/x/upload HTTP/1.1", "Content-Length: 100", f"Authorization: Bearer {target.token}", body=b"x"))
        assert upload.response()[0] == 404
        assert login.rest() == b"" and 1.5 < time.monotonic() - began < 20
        assert upload.rest() == b"" and 25 < time.monotonic() - began < 50


def test_connections_that_say_nothing_are_ended(target):
    peers = [Raw(target.port, seconds=40) for _ in range(400)]
    assert target.call("GET", "/healthz")[0] == 200
    for peer in peers:
        assert peer.rest() == b""
        peer.socket.close()
