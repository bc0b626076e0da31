"""The examples of docs/DEPLOY.md, run by nginx and Caddy in front of a hub."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import time
import uuid
from pathlib import Path

import pytest
from conftest import Account
from sensor import CONFIG, KEY, LIVE, Peer, frame
from system import ROOT, Hub
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from wire import Raw

NAME = "hub.example.org"
# Of this machine, and not the proxy's own.
CLIENT = "127.0.0.77"


def example(language: str, beginning: str) -> str:
    """The one block of DEPLOY.md that is written in `language` and contains `beginning`."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```", (ROOT / "docs/DEPLOY.md").read_text(), re.S | re.M)
    found = [block for block in blocks if beginning in block]
    assert len(found) == 1
    return found[0]


def replaced(text: str, *pairs: tuple[str, str]) -> str:
    for old, new in pairs:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Proxy:
    """A reverse proxy with TLS for `NAME`, as DEPLOY.md has it, in front of `hub`."""

    def __init__(self, folder: Path, hub: Hub, certificate: Path, authority: Path) -> None:
        self.folder, self.hub, self.certificate = folder, hub, certificate
        self.context = ssl.create_default_context(cafile=str(authority))
        self.port, self.plain_port = free_port(), free_port()

    def command(self) -> list[str]:
        raise NotImplementedError

    def start(self) -> "Proxy":
        command = self.command()
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "XDG_DATA_HOME": str(self.folder), "XDG_CONFIG_HOME": str(self.folder)}
        self.log = (self.folder / "log").open("w+")
        self.process = subprocess.Popen(command, cwd=self.folder, env=environment, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        deadline = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return self
            except OSError:
                assert self.process.poll() is None and time.monotonic() < deadline, (self.folder / "log").read_text()
                time.sleep(0.02)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(15)
        self.log.close()

    # What tests take for a hub.

    @property
    def url(self) -> str:
        return f"https://{NAME}:{self.port}"

    def raw(self, source: str = CLIENT) -> ssl.SSLSocket:
        plain = socket.create_connection(("127.0.0.1", self.port), 20, source_address=(source, 0))
        return self.context.wrap_socket(plain, server_hostname=NAME)

    def call(self, method, path, body=None, token=None, raw=None, headers=None):
        connection = http.client.HTTPSConnection(NAME, self.port, timeout=60)
        connection.sock = self.raw()
        headers = dict(headers or {})
        if token:
            headers["Authorization"] = f"Bearer {token}"
        try:
            connection.request(method, path, raw if raw is not None else None if body is None else json.dumps(body), headers)
            response = connection.getresponse()
            data = response.read()
            fields = {name.lower(): value for name, value in response.getheaders()}
            return response.status, json.loads(data) if fields.get("content-type") == "application/json" else data, fields
        finally:
            connection.close()

    def sign_in(self, email: str) -> str:
        return Hub.sign_in(self, email)

    def connect(self, origin: str | None = None, **headers: str):
        return connect(
            f"wss://{NAME}:{self.port}/connection/websocket", sock=socket.create_connection(("127.0.0.1", self.port), 20), ssl=self.context,
            server_hostname=NAME, subprotocols=["pingwatch.v1"], origin=origin or self.url, max_size=None, compression=None,
            additional_headers=headers, legacy=True)


class Nginx(Proxy):
    program = "nginx"

    def command(self) -> list[str]:
        site = replaced(
            example("nginx", "proxy_pass"), ("listen 443 ssl", f"listen 127.0.0.1:{self.port} ssl"),
            ("listen 80;", f"listen 127.0.0.1:{self.plain_port};"),
            ("http://127.0.0.1:8000", self.hub.url), ("/etc/letsencrypt/live/hub.example.org/fullchain.pem", str(self.certificate)),
            ("/etc/letsencrypt/live/hub.example.org/privkey.pem", str(self.certificate)))
        paths = "".join(f"{name}_temp_path {self.folder}/{name};\n" for name in ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"])
        user = "user root;\n" if os.getuid() == 0 else ""
        (self.folder / "nginx.conf").write_text(
            f"{user}daemon off;\npid {self.folder}/pid;\nerror_log stderr;\nevents {{}}\nhttp {{\naccess_log off;\n{paths}{site}}}\n")
        return [shutil.which("nginx") or "/usr/sbin/nginx", "-c", str(self.folder / "nginx.conf"), "-e", "stderr"]


class Caddy(Proxy):
    program = "caddy"

    def command(self) -> list[str]:
        site = replaced(
            example("caddy", "reverse_proxy"),
            ("hub.example.org {", f"https://hub.example.org:{self.port} {{\n    tls {self.certificate} {self.certificate}"),
            ("127.0.0.1:8000", f"127.0.0.1:{self.hub.port}"))
        # No certificates from elsewhere, no ports but this one, no remote control.
        settings = "{\n    admin off\n    auto_https off\n    default_bind 127.0.0.1\n    servers {\n        protocols h1 h2\n    }\n}\n"
        (self.folder / "Caddyfile").write_text(settings + site)
        return ["caddy", "run", "--config", str(self.folder / "Caddyfile"), "--adapter", "caddyfile"]


PROXIES = [Nginx, Caddy]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A file with key and certificate for `NAME`, and one with the authority: a hub makes both."""
    folder = tmp_path_factory.mktemp("certificate")
    maker = Hub(folder, TLS="auto", TLS_NAMES=NAME).start()
    maker.stop()
    pem = (folder / "tls/authority-private.pem").read_text()
    authority = folder / "authority.pem"
    authority.write_text(re.search(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n", pem, re.S)[0])
    return folder / "tls/hub-private.pem", authority


@pytest.fixture(scope="module", params=PROXIES, ids=lambda kind: kind.program)
def proxy(request, start, certificate, tmp_path_factory):
    """In front of a hub that trusts it."""
    hub = start(TRUSTED_PROXIES="127.0.0.1", PUBLIC_URL=f"https://{NAME}")
    proxy = request.param(tmp_path_factory.mktemp("proxy"), hub, *certificate).start()
    yield proxy
    proxy.stop()


@pytest.fixture(scope="module", params=PROXIES, ids=lambda kind: kind.program)
def stranger(request, start, certificate, tmp_path_factory):
    """The same in front of a hub that trusts nobody."""
    proxy = request.param(tmp_path_factory.mktemp("stranger"), start(), *certificate).start()
    yield proxy
    proxy.stop()


@pytest.fixture(scope="module")
def trusting(start):
    """A hub that believes this machine."""
    return start(TRUSTED_PROXIES="127.0.0.1")


def peer(monkeypatch, proxy: Proxy, token: str, device: str | None = None) -> Peer:
    monkeypatch.setattr("sensor.connect", lambda *_, **__: proxy.connect())
    return Peer(proxy.hub, token, device)


def test_page_and_api_are_reached(proxy):
    status, page, headers = proxy.call("GET", "/")
    assert status == 200 and b"<title>Ping Watch</title>" in page
    assert headers["strict-transport-security"] == "max-age=31536000"
    script = re.search(rb'src="(/assets/[^"]+)"', page)[1].decode()
    status, body, headers = proxy.call("GET", script, headers={"Accept-Encoding": "br"})
    assert status == 200 and headers["content-encoding"] == "br" and "immutable" in headers["cache-control"]
    assert proxy.call("GET", script, headers={"Accept-Encoding": "br", "If-None-Match": headers["etag"]})[0] == 304
    assert proxy.call("GET", "/healthz")[1] == {"status": "ok"}
    account = Account(proxy, f"{uuid.uuid4()}@example.org")
    assert account.get("/devices")[0]["device_id"] == account.device


def test_live_frames_go_both_ways_through_it(proxy, monkeypatch):
    account = Account(proxy, f"{uuid.uuid4()}@example.org")
    sensor, viewer = peer(monkeypatch, proxy, account.token, account.device), peer(monkeypatch, proxy, account.token)
    stream = viewer.rpc("live.watch", {"device_id": account.device})["stream"]
    sensor.wait_publication("live.start")
    frames = [frame(LIVE, stream, 0, b'{"codec":"vp8"}', CONFIG)]
    frames += [frame(LIVE, stream, index, os.urandom(200_000), KEY) for index in range(1, 11)]
    for index, data in enumerate(frames):
        sensor.send(data)
        viewer.wait(lambda peer, wanted=index + 1: len(peer.frames) >= wanted)
    assert viewer.frames == frames
    sensor.close()
    viewer.close()


def test_an_upload_and_its_ranges_pass(proxy, large):
    account = Account(proxy, f"{uuid.uuid4()}@example.org")
    # More than proxies take of themselves.
    data = os.urandom(24 << 20)
    answer = account.post("/events/upload/initiate", account.declaration(clip_size_bytes=len(data)))
    status, reply, _ = account.call("PUT", answer["upload_url"], raw=data)
    assert status == 200 and reply["etag"] == hashlib.sha256(data).hexdigest()

    answer = account.post("/events/upload/initiate", account.declaration(clip_size_bytes=len(large.file)))
    assert account.call("PUT", answer["upload_url"], raw=large.file)[0] == 200
    event = answer["event"]["event_id"]
    account.post(f"/events/{event}/upload/finalize", {})
    deadline = time.monotonic() + 60
    while (found := account.get(f"/events/{event}"))["status"] not in ("done", "failed"):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    status, whole, headers = proxy.call("GET", found["clip_url"])
    assert status == 200 and len(whole) == int(headers["content-length"]) and headers["accept-ranges"] == "bytes"
    for value, part in [("bytes=0-9", whole[:10]), ("bytes=100000-", whole[100_000:]), ("bytes=-7", whole[-7:])]:
        status, body, headers = proxy.call("GET", found["clip_url"], headers={"Range": value})
        assert (status, body) == (206, part) and headers["content-range"].endswith(f"/{len(whole)}")
    assert proxy.call("GET", found["clip_url"], headers={"Range": f"bytes={len(whole)}-"})[0] == 416


INVENTED = {"X-Forwarded-For": "6.6.6.6", "X-Forwarded-Proto": "http", "X-Forwarded-Host": "evil.example",
            "Forwarded": "for=6.6.6.6;proto=http;host=evil.example"}


def test_the_hub_knows_client_scheme_and_host_and_believes_no_invented_ones(proxy):
    token = proxy.sign_in(f"{uuid.uuid4()}@example.org")
    expected = {"address": CLIENT, "secure": True, "host": f"{NAME}:{proxy.port}", "forwarded": True}
    assert proxy.call("GET", "/connection", token=token)[1] == expected
    assert proxy.call("GET", "/connection", token=token, headers=INVENTED)[1] == expected
    # Who comes past the proxy from an address that is trusted may say anything; from another one nothing.
    answer = direct(proxy.hub, "127.0.0.1", token, {"X-Forwarded-For": "2001:db8:0::9, 127.0.0.1", "X-Forwarded-Proto": "https"})
    assert answer == {"address": "2001:db8::9", "secure": True, "host": f"127.0.0.1:{proxy.hub.port}", "forwarded": True}
    answer = direct(proxy.hub, CLIENT, token, INVENTED)
    assert answer == {"address": CLIENT, "secure": False, "host": f"127.0.0.1:{proxy.hub.port}", "forwarded": False}


def direct(hub: Hub, source: str, token: str, headers: dict[str, str]) -> dict:
    connection = http.client.HTTPConnection("127.0.0.1", hub.port, timeout=20, source_address=(source, 0))
    try:
        connection.request("GET", "/connection", headers={"Authorization": f"Bearer {token}", **headers})
        return json.loads(connection.getresponse().read())
    finally:
        connection.close()


def test_without_trust_nothing_that_is_forwarded_is_believed(stranger):
    token = stranger.sign_in(f"{uuid.uuid4()}@example.org")
    for headers in [{}, INVENTED]:
        answer = stranger.call("GET", "/connection", token=token, headers=headers)[1]
        assert (answer["address"], answer["secure"], answer["forwarded"]) == ("127.0.0.1", None, False) and answer["host"] != "evil.example"
    assert "strict-transport-security" not in stranger.call("GET", "/")[2]
    stranger.connect().close()
    with pytest.raises(InvalidStatus) as refused:
        stranger.connect(origin="https://evil.example", **INVENTED).close()
    assert refused.value.response.status_code == 403


def test_only_the_pages_own_origin_may_open_a_socket(proxy):
    proxy.connect().close()
    for origin in [f"http://{NAME}:{proxy.port}", f"https://{NAME}", "https://evil.example", "http://evil.example", "null"]:
        with pytest.raises(InvalidStatus) as refused:
            proxy.connect(origin=origin, **INVENTED).close()
        assert refused.value.response.status_code == 403


def test_plain_http_is_led_to_https(proxy):
    # By nginx on its other port; by the hub where a proxy lets it pass.
    if isinstance(proxy, Nginx):
        connection = http.client.HTTPConnection("127.0.0.1", proxy.plain_port, timeout=20)
        connection.request("GET", "/x?a=1", headers={"Host": NAME})
        response = connection.getresponse()
        assert response.status == 308 and response.headers["Location"] == f"https://{NAME}/x?a=1"
        connection.close()
    connection = http.client.HTTPConnection("127.0.0.1", proxy.hub.port, timeout=20)
    headers = {"X-Forwarded-For": CLIENT, "X-Forwarded-Proto": "http", "X-Forwarded-Host": "evil.example"}
    connection.request("GET", "/some%20where?a=1", headers=headers)
    response = connection.getresponse()
    assert response.status == 308 and response.headers["Location"] == f"https://{NAME}/some%20where?a=1"
    assert response.headers["Strict-Transport-Security"] is None
    connection.close()
    for scheme, expected in [("http", 403), ("https", None)]:
        headers = {"X-Forwarded-For": CLIENT, "X-Forwarded-Proto": scheme, "X-Forwarded-Host": NAME}
        try:
            connect(proxy.hub.socket_url, origin=f"{scheme}://{NAME}", additional_headers=headers, legacy=True).close()
            assert expected is None
        except InvalidStatus as refused:
            assert refused.response.status_code == expected


def test_forwarded_is_believed_where_it_is_asked_for(start):
    hub = start(TRUSTED_PROXIES="127.0.0.0/25, ::1", TRUSTED_PROXY_HEADER="forwarded")
    token = hub.sign_in("me@example.org")
    headers = {"Forwarded": 'for=6.6.6.6, for="[2001:db8::9]:4711";proto=https;host=hub.example.org', "X-Forwarded-For": "6.6.6.6"}
    assert direct(hub, "127.0.0.1", token, headers) == {"address": "2001:db8::9", "secure": True, "host": "hub.example.org", "forwarded": True}
    assert direct(hub, "127.0.0.200", token, headers)["address"] == "127.0.0.200"
    for broken in ["for", "for=1.2.3.4 x", 'for="1.2.3.4', ";;;", "\x01", "for=" + "1" * 3000]:
        assert direct(hub, "127.0.0.1", token, {"Forwarded": broken})["address"] == "127.0.0.1"


def test_an_address_of_ipv4_is_one_also_where_ipv6_is_heard(start):
    hub = start(HOST="0.0.0.0", TRUSTED_PROXIES="127.0.0.1, ::1")
    token = hub.sign_in("me@example.org")
    assert direct(hub, CLIENT, token, INVENTED)["address"] == CLIENT
    assert direct(hub, "127.0.0.1", token, {"X-Forwarded-For": "::ffff:192.0.2.9"})["address"] == "192.0.2.9"


@pytest.mark.parametrize("addresses", [
    "2001:db8::1, 192.0.2.300", "", ",,,", "x" * 3000, "[::1", "192.0.2.1" + ",127.0.0.1" * 200, "\x7f", "192.0.2.1\t,\tunknown"])
def test_malformed_fields_of_a_trusted_proxy_leave_the_proxy_itself(trusting, addresses):
    token = trusting.sign_in("me@example.org")
    assert direct(trusting, "127.0.0.1", token, {"X-Forwarded-For": addresses})["address"] == "127.0.0.1"


def connection_by_lines(hub: Hub, token: str, *lines: str) -> dict:
    """What the hub makes of fields as they are written, also of the same ones again."""
    with Raw(hub.port) as peer:
        fields = ["GET /connection HTTP/1.1", "Host: h", f"Authorization: Bearer {token}", "Connection: close", *lines]
        peer.send("".join(f"{field}\r\n" for field in [*fields, ""]).encode())
        return json.loads(peer.response()[2])


def test_several_lines_of_addresses_are_one_list_and_of_the_rest_the_first_counts(trusting, start):
    token = trusting.sign_in("me@example.org")
    lines = ["X-Forwarded-For: 6.6.6.6", "X-Forwarded-Proto: https", "X-Forwarded-For: 192.0.2.9", "X-Forwarded-Proto: http"]
    answer = connection_by_lines(trusting, token, *lines)
    assert (answer["address"], answer["secure"]) == ("192.0.2.9", True)
    # As DEPLOY.md warns.
    hub = start(TRUSTED_PROXIES="127.0.0.1", TRUSTED_PROXY_HEADER="forwarded")
    answer = connection_by_lines(hub, hub.sign_in("me@example.org"), "Forwarded: for=192.0.2.7", "Forwarded: for=192.0.2.9")
    assert answer["address"] == "192.0.2.7"


@pytest.mark.parametrize("path, status", [("/", 200), ("/healthz", 200), ("/events", 401), ("/none", 404)])
def test_a_trusted_proxys_connection_carries_one_request(trusting, path, status):
    """It may belong to several clients, of whom one could write a head that libwebsockets reads on into the request of the next."""
    request = f"GET {path} HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: 192.0.2.9\r\n\r\n".encode()
    with Raw(trusting.port) as peer:
        peer.send(request + request)
        found, fields, _ = peer.response()
        assert (found, fields["connection"], peer.rest()) == (status, "close", b"")


def test_wrong_proxies_are_clear_errors(tmp_path):
    binary = os.environ.get("PINGWATCH", str(ROOT / ".build/release/pingwatch"))
    result = subprocess.run(
        [binary, "serve", "--port", "0"], cwd=ROOT, capture_output=True, text=True, timeout=20,
        env={"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path), "TRUSTED_PROXIES": "10.0.0.1/8, proxy.local ::1 0.0.0.0/0",
             "TRUSTED_PROXY_HEADER": "via"})
    lines = result.stderr.strip().splitlines()
    assert result.returncode == 78 and len(lines) == 4, result
    assert lines[0].startswith('TRUSTED_PROXY_HEADER: "via"')
    for line, text in zip(lines[1:], ["10.0.0.1/8", "proxy.local", "0.0.0.0/0"]):
        assert line.startswith(f'TRUSTED_PROXIES: "{text}"')
