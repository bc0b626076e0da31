"""Requests that no honest client sends. The hub may refuse them or not answer; it goes on for the others."""

from __future__ import annotations

import os
import re
import socket

import pytest
from hostile import refused, unharmed, wait_until
from wire import Raw, handshake

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


@pytest.mark.parametrize("origin", ["https://evil.example", "http://evil.example", "null", "http://127.0.0.1", "http://127.0.0.1:1", "", "://", "x" * 3000])
def test_a_page_from_elsewhere_gets_no_socket(target, origin):
    status = refused(target.port, handshake(target.port, Origin=origin))
    # An empty one is none.
    assert status == (101 if origin == "" else 403)


@pytest.mark.parametrize("headers", [
    {"Upgrade": None}, {"Upgrade": ""}, {"Upgrade": " "}, {"Upgrade": "h2c"}, {"Upgrade": "websocket, h2c"}, {"Upgrade": "x" * 2000}, {"Upgrade": None, "Connection": None},
    {"Connection": None}, {"Sec_WebSocket_Key": None}, {"Sec_WebSocket_Key": "short"}, {"Sec_WebSocket_Key": "x" * 2000}, {"Sec_WebSocket_Version": "12"},
    {"Sec_WebSocket_Version": None}, {"Host": None}, {"Sec_WebSocket_Protocol": "," * 500}, {"Sec_WebSocket_Protocol": "x" * 2000},
    {"Sec_WebSocket_Extensions": "permessage-deflate; " * 100},
], ids=lambda value: ",".join(f"{key}={str(text)[:12]}" for key, text in value.items()))
def test_a_handshake_that_is_none(target, headers):
    """Without `Upgrade`, libwebsockets before 4.3.4 uses freed memory (CVE-2025-11677)."""
    for _ in range(20):
        with Raw(target.port) as peer:
            peer.send(handshake(target.port, **headers) + b"\x81\x80abcd")
            peer.socket.shutdown(socket.SHUT_WR)
            assert not re.match(rb"HTTP/1.. 5", peer.rest())


@pytest.mark.parametrize("data", [
    b"\x00" * 100, os.urandom(2000), b"\r\n" * 1000, b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"get / http/1.1\r\n\r\n", b" / HTTP/1.1\r\n\r\n", b"GET  HTTP/1.1\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"CONNECT a:1 HTTP/1.1\r\n\r\n", b"GET http://[ HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\nHost\r\n\r\n", b"GET / HTTP/1.1\r\n: x\r\n\r\n",
    b"GET / HTTP/1.1\nHost: x\n\n", b"GET / HTTP/1.1\r\nHost: x\r\n folded: y\r\n\r\n", b"GET / HTTP/1.1\r\nHost: \xff\xfe\r\n\r\n",
    # TLS: the beginning of a ClientHello
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + os.urandom(200),
], ids=lambda value: value[:10].hex())
def test_garbage_is_refused_or_ended(target, data):
    with Raw(target.port) as peer:
        peer.send(data)
        peer.socket.shutdown(socket.SHUT_WR)
        assert not re.match(rb"HTTP/1.. 5", peer.rest())


@pytest.mark.parametrize("size", [7000, 9000, 100_000, 1_000_000])
@pytest.mark.parametrize("place", ["header", "name", "path", "query", "cookies"])
def test_a_long_head_is_refused_or_ended(target, size, place):
    filler = "a" * size
    data = {
        "header": request("GET / HTTP/1.1", f"X-Long: {filler}"), "name": request("GET / HTTP/1.1", f"{filler}: x"), "path": request(f"GET /{filler} HTTP/1.1"),
        "query": request(f"GET /?{'a=b&' * (size // 4)} HTTP/1.1"), "cookies": request("GET / HTTP/1.1", *["Cookie: a=b"] * (size // 13)),
    }[place]
    assert refused(target.port, data) in (None, 200, 400, 404, 413, 414, 431)


@pytest.mark.parametrize("path", [
    "/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/..%2f..%2fetc/passwd", "/%252e%252e/etc/passwd", "/....//etc/passwd", "//etc/passwd", "/css/../../Package.swift",
    "/index.html%00.js", "/%00", "/a%00b", "/%ff%fe", "/%", "/%2", "/%zz", "/css%5c..%5c..%5cPackage.swift", "/.git/config", "/%2egit/config", "/./././", "/?%00=%00&%ff",
    "/media/../../etc/passwd?a=%00", "/events/%2e%2e%2f/summary",
])
def test_no_path_leaves_the_page(target, path):
    with Raw(target.port) as peer:
        peer.send(request(f"GET {path} HTTP/1.1", "Connection: close"))
        peer.socket.shutdown(socket.SHUT_WR)
        answer = peer.rest()
    assert b"root:" not in answer and b"swift-tools-version" not in answer and b"[core]" not in answer
    assert answer == b"" or int(answer.split(b" ")[1]) in (200, 304, 400, 401, 403, 404)


@pytest.mark.parametrize("length", ["-1", "-99999999999999999999", "99999999999999999999999", "9223372036854775807", "9223372036854775808", "4294967296", "0x10", "+5",
                                    "5 5", "5,5", "1e3", "", " ", "\u0665"])
def test_no_length_of_a_body_does_harm(target, length):
    with Raw(target.port) as peer:
        peer.send(request("POST /auth/dev/login HTTP/1.1", "Content-Length: ".encode().decode() + length.encode().decode("latin-1"), body=LOGIN[:5]))
        peer.socket.shutdown(socket.SHUT_WR)
        answer = peer.rest()
    assert not answer.startswith(b"HTTP/1.1 200") and not re.match(rb"HTTP/1.. 5", answer), answer


@pytest.mark.parametrize("headers", [
    ("Transfer-Encoding: chunked", "Content-Length: 6"), ("Content-Length: 6", "Transfer-Encoding: chunked"), ("Transfer-Encoding: xchunked",),
    ("Transfer-Encoding: chunked", "Transfer-Encoding: identity"), ("Transfer-Encoding:\tchunked",), ("Content-Length: 5", "Content-Length: 6"), ("Content-Length: 6", "Content-Length: 6"),
    ("Content-Length: 0", "Content-Length: 44"), ("Content-Length : 5",), ("Transfer-Encoding : chunked",),
])
def test_no_request_is_smuggled_into_another(target, headers):
    """RFC 9112, section 11.2: whoever is in front may see one request where the hub sees two."""
    inner = request("POST /auth/dev/login HTTP/1.1", f"Content-Length: {len(LOGIN)}", body=LOGIN)
    with Raw(target.port) as peer:
        peer.send(request("POST /auth/logout HTTP/1.1", *headers, body=b"0\r\n\r\n" + inner))
        peer.socket.shutdown(socket.SHUT_WR)
        answer = peer.rest()
    assert b"access_token" not in answer, answer


def test_requests_in_a_pipeline_are_answered_in_order_or_ended(target):
    with Raw(target.port) as peer:
        peer.send(b"".join(request(f"GET {path} HTTP/1.1") for path in ("/healthz", "/version", "/none")))
        peer.socket.shutdown(socket.SHUT_WR)
        statuses = re.findall(rb"HTTP/1\.1 (\d+)", peer.rest())
    assert statuses == [b"200", b"200", b"404"][: len(statuses)]


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


@pytest.mark.parametrize("path", ["/auth/dev/login", "/events/x/upload"])
def test_a_body_that_stops_is_ended(target, path):
    with Raw(target.port, seconds=45) as peer:
        method = "PUT" if path.endswith("upload") else "POST"
        peer.send(request(f"{method} {path} HTTP/1.1", "Content-Length: 100", f"Authorization: Bearer {target.token}", body=b"x"))
        peer.ended_after()


def test_connections_that_say_nothing_are_ended(target):
    peers = [Raw(target.port, seconds=40) for _ in range(400)]
    assert target.call("GET", "/healthz")[0] == 200
    for peer in peers:
        assert peer.rest() == b""
        peer.socket.close()
