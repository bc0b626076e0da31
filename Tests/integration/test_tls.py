"""The hub's own TLS, judged by Python's, which trusts the made authority and nothing else."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import signal
import socket
import ssl
import stat
import subprocess
import time
import urllib.error
import urllib.request
import uuid
import warnings
from pathlib import Path

import pytest
from conftest import Account
from sensor import CONFIG, KEY, LIVE, Peer, frame
from system import ROOT, Hub, content
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from wire import Ended, Raw

BINARY = os.environ.get("PINGWATCH", str(ROOT / ".build/release/pingwatch"))


class SecureHub(Hub):
    """A hub that is asked by https, with the authorities of `context`."""

    context: ssl.SSLContext

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}"

    @property
    def socket_url(self) -> str:
        return f"wss://localhost:{self.port}/connection/websocket"

    @property
    def plain(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def call(self, method, path, body=None, token=None, raw=None, headers=None):
        data = raw if raw is not None else None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, method=method, headers=dict(headers or {}))
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        try:
            with urllib.request.urlopen(request, timeout=30, context=self.context) as response:
                return response.status, content(response), {k.lower(): v for k, v in response.headers.items()}
        except urllib.error.HTTPError as error:
            return error.code, content(error), {k.lower(): v for k, v in error.headers.items()}

    def certificate(self) -> dict:
        with socket.create_connection(("127.0.0.1", self.port), 10) as raw, self.context.wrap_socket(raw, server_hostname="localhost") as wrapped:
            return wrapped.getpeercert()


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def fetch(url: str, method: str = "GET", data: bytes | None = None, headers: dict | None = None):
    """Status, headers and body without TLS, redirects left alone."""
    request = urllib.request.Request(url, method=method, data=data, headers=headers or {})
    try:
        with urllib.request.build_opener(NoRedirect).open(request, timeout=10) as response:
            return response.status, response.headers, response.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


def trusting(*authorities: bytes) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    for authority in authorities:
        context.load_verify_locations(cadata=authority)
    return context


def authority_of(hub: SecureHub) -> bytes:
    status, headers, body = fetch(hub.plain + "/ca.crt")
    assert status == 200 and headers["Content-Type"] == "application/x-x509-ca-cert"
    return body


@pytest.fixture(scope="module")
def secure(tmp_path_factory):
    hub = SecureHub(tmp_path_factory.mktemp("secure"), TLS="auto", TLS_NAMES="camera.example.org,192.0.2.7", HTTP_PORT="0").start()
    hub.context = trusting(authority_of(hub))
    yield hub
    assert hub.stop() == 0


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Two files with key and certificate, each of an authority of its own, and both authorities."""
    found = []
    for name in ["first.example.org", "second.example.org"]:
        data = tmp_path_factory.mktemp("made")
        hub = SecureHub(data, TLS="auto", TLS_NAMES=name).start()
        found.append((data / "tls/hub-private.pem", authority_of(hub)))
        hub.stop()
    return found


def given(data: Path, pem: Path, *authorities: bytes) -> SecureHub:
    hub = SecureHub(data, TLS_CERT=str(pem), TLS_KEY=str(pem))
    hub.context = trusting(*authorities)
    return hub


def test_the_made_authority_vouches_for_the_hub(secure):
    assert secure.call("GET", "/healthz")[1] == {"status": "ok"}
    names = {value for _, value in secure.certificate()["subjectAltName"]}
    assert {"localhost", "127.0.0.1", "0:0:0:0:0:0:0:1", "camera.example.org", "192.0.2.7"} <= names
    assert any(name.endswith(".local") for name in names)
    for host in ["127.0.0.1", "camera.example.org"]:
        with socket.create_connection(("127.0.0.1", secure.port), 10) as raw, secure.context.wrap_socket(raw, server_hostname=host):
            pass
    with pytest.raises(ssl.SSLCertVerificationError):
        with socket.create_connection(("127.0.0.1", secure.port), 10) as raw, secure.context.wrap_socket(raw, server_hostname="other.example.org"):
            pass


def test_versions_and_protocols(secure):
    def negotiate(**settings):
        context = trusting(authority_of(secure))
        context.set_alpn_protocols(["h2", "http/1.1"])
        for name, value in settings.items():
            setattr(context, name, value)
        with socket.create_connection(("127.0.0.1", secure.port), 10) as raw, context.wrap_socket(raw, server_hostname="localhost") as wrapped:
            return wrapped.version(), wrapped.selected_alpn_protocol()

    assert negotiate() == ("TLSv1.3", "http/1.1")
    assert negotiate(maximum_version=ssl.TLSVersion.TLSv1_2) == ("TLSv1.2", "http/1.1")
    context = trusting(authority_of(secure))
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(ssl.SSLError, match="alert protocol version"):
        with socket.create_connection(("127.0.0.1", secure.port), 10) as raw, context.wrap_socket(raw, server_hostname="localhost"):
            pass


def test_the_first_lines_name_the_address_and_the_authority(tmp_path):
    hub = SecureHub(tmp_path, TLS="auto").start()
    fingerprint = hashlib.sha256(authority_of(hub)).hexdigest().upper()
    pairs = ":".join(fingerprint[i:i + 2] for i in range(0, 64, 2))
    hub.note(f"SHA-256 {pairs}$")
    status, headers, page = fetch(hub.plain + "/help/certificate")
    assert status == 200 and pairs in page.decode() and "{{" not in page.decode() and headers["Content-Type"].startswith("text/html")
    hub.stop()


def test_private_files_are_for_the_hub_alone(secure):
    folder = secure.data / "tls"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    files = sorted(folder.iterdir())
    assert [file.name for file in files] == ["authority-private.pem", "hub-private.pem"]
    for file in files:
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert b"PRIVATE" not in authority_of(secure) and "PRIVATE KEY" not in "".join(secure.log)
    assert secure.call("GET", "/tls/authority-private.pem")[0] == 404


def test_a_restart_keeps_authority_and_certificate_and_other_names_make_another_certificate(tmp_path):
    hub = SecureHub(tmp_path, TLS="auto").start()
    authority = authority_of(hub)
    hub.context = trusting(authority)
    first = hub.certificate()["serialNumber"]
    hub.stop()
    hub.start()
    assert authority_of(hub) == authority and hub.certificate()["serialNumber"] == first
    hub.stop()
    hub.environment["TLS_NAMES"] = "new.example.org"
    hub.start()
    assert authority_of(hub) == authority and hub.certificate()["serialNumber"] != first
    assert ("DNS", "new.example.org") in hub.certificate()["subjectAltName"]
    hub.stop()


def test_plain_requests_are_led_to_https(secure):
    # On the port that speaks TLS as well, and on the one that does not.
    secure_port = secure.port
    plain_port = int(secure.note(r"plain HTTP on port (\d+)")[1])
    for port in [secure_port, plain_port]:
        base = f"http://127.0.0.1:{port}"
        status, headers, _ = fetch(base + "/some%20where/x?a=1%262&b=%C3%A4")
        assert status == 308
        assert headers["Location"] == f"https://127.0.0.1:{secure_port}/some%20where/x?a=1%262&b=%C3%A4"
        assert headers["Strict-Transport-Security"] is None
        assert fetch(base + "/")[0] == 308
        assert fetch(base + "/auth/dev/login", "POST", b'{"email": "a@example.org"}')[0] == 308
        assert fetch(base + "/js/app.js", "HEAD")[0] == 308
        assert fetch(base + "/", headers={"Host": "evil\\example/x"})[0] == 400
        assert fetch(base + "/ca.crt")[0] == 200
        assert fetch(base + "/css/app.css")[0] == 200
        assert b"Trust this hub" in fetch(base + "/help/certificate")[2]
    assert secure.call("GET", "/help/certificate")[0] == 200
    assert secure.call("GET", "/")[2].get("strict-transport-security") is None


@pytest.mark.parametrize("bytes_", [b"", b"\x00\x01\x02nonsense", b"\x16\x03\x01\x00\x05hello", b"GET / HTTP/1.1\r\n\r\n", b"hello\r\n\r\n"])
def test_what_is_neither_tls_nor_http_does_not_hang_or_harm(secure, bytes_):
    with Raw(secure.port, seconds=10) as peer:
        # The hub may be quicker to hang up.
        with contextlib.suppress(Ended):
            peer.send(bytes_)
        with contextlib.suppress(OSError):
            peer.socket.shutdown(socket.SHUT_WR)
        peer.rest()
    assert secure.call("GET", "/healthz")[0] == 200


def test_a_socket_carries_binary_frames(secure, monkeypatch, small):
    monkeypatch.setattr("sensor.connect", lambda url, **more: connect(url, ssl=secure.context, **more))
    account = Account(secure, f"{uuid.uuid4()}@example.org")
    sensor, viewer = Peer(secure, account.token, account.device), Peer(secure, account.token)
    # A clip, up to its acknowledgement.
    stream = sensor.open_clip(account.session, **small.opening())["stream"]
    for sequence in range(small.frames):
        sensor.send(small.message(stream, sequence))
    sensor.wait_publication("clip.ack", next=small.frames)
    assert sensor.rpc("clip.close", {"stream": stream, "frames": small.frames, "duration_ms": 2000})["status"] == "durable"
    # Live frames of several TLS records each, more at once than the kernel takes.
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


def test_a_viewer_that_is_slow_gets_whole_frames(secure, monkeypatch):
    monkeypatch.setattr("sensor.connect", lambda url, **more: connect(url, ssl=secure.context, **more))
    account = Account(secure, f"{uuid.uuid4()}@example.org")
    sensor = Peer(secure, account.token, account.device)
    narrow = Raw(secure.port, receive_buffer=8192)
    monkeypatch.setattr("sensor.connect", lambda url, **more: connect(url, ssl=secure.context, sock=narrow.socket, server_hostname="localhost", **more))
    viewer = Peer(secure, account.token)
    stream = viewer.rpc("live.watch", {"device_id": account.device})["stream"]
    sensor.wait_publication("live.start")
    sent = [frame(LIVE, stream, 0, b'{"codec":"vp8"}', CONFIG)]
    sensor.send(sent[0])
    # Two are sent for each that is read: the hub has more than the socket takes, and leaves some out.
    while len(viewer.frames) < 30:
        for _ in range(2):
            sent.append(frame(LIVE, stream, len(sent), os.urandom(150_000 + len(sent)), KEY))
            sensor.send(sent[-1])
        viewer.receive(10)
    assert all(data in sent for data in viewer.frames)
    assert "ping" in viewer.ask({"ping": {}})
    sensor.close()
    viewer.close()


def test_a_page_without_tls_may_not_use_the_socket(secure):
    address = f"localhost:{secure.port}/connection/websocket"
    with connect(f"wss://{address}", ssl=secure.context, subprotocols=["pingwatch.v1"], origin=f"https://localhost:{secure.port}"):
        pass
    for scheme, origin in [("wss", f"http://localhost:{secure.port}"), ("wss", "https://elsewhere.example.org"), ("ws", f"http://localhost:{secure.port}")]:
        with pytest.raises(InvalidStatus) as refused:
            connect(f"{scheme}://{address}", ssl=secure.context if scheme == "wss" else None, subprotocols=["pingwatch.v1"], origin=origin).close()
        assert refused.value.response.status_code == 403


def upload(account: Account, data: bytes) -> tuple[int, object, str]:
    answer = account.post("/events/upload/initiate", account.declaration(clip_size_bytes=len(data), clip_mime="video/mp4"))
    status, reply, _ = account.call("PUT", answer["upload_url"], raw=data)
    return status, reply, answer["event"]["event_id"]


def test_a_large_upload_arrives_whole(secure):
    data = os.urandom(24 << 20)
    status, reply, _ = upload(Account(secure, f"{uuid.uuid4()}@example.org"), data)
    assert status == 200 and reply["size_bytes"] == len(data) and reply["etag"] == hashlib.sha256(data).hexdigest()


def test_ranges_of_a_clip_fit_together_also_for_a_slow_reader(secure, large):
    account = Account(secure, f"{uuid.uuid4()}@example.org")
    _, reply, event = upload(account, large.file)
    account.post(f"/events/{event}/upload/finalize", {"etag": reply["etag"]})
    deadline = time.monotonic() + 60
    while (found := account.get(f"/events/{event}"))["status"] not in ("done", "failed") and time.monotonic() < deadline:
        time.sleep(0.1)
    assert found["status"] == "done", found
    status, whole, headers = secure.call("GET", found["clip_url"])
    assert status == 200 and len(whole) == int(headers["content-length"]) > 1 << 20
    status, part, headers = secure.call("GET", found["clip_url"], headers={"Range": f"bytes=100-{len(whole) - 100}"})
    assert status == 206 and part == whole[100:len(whole) - 99]
    # Small windows, so that the hub has to write in parts.
    with Raw(secure.port, receive_buffer=4096) as narrow, secure.context.wrap_socket(narrow.socket, server_hostname="localhost") as wrapped:
        wrapped.sendall(f"GET {found['clip_url']} HTTP/1.1\r\nHost: localhost:{secure.port}\r\n\r\n".encode())
        received = b""
        while b"\r\n\r\n" not in received or len(received.split(b"\r\n\r\n", 1)[1]) < len(whole):
            piece = wrapped.recv(3000)
            assert piece
            received += piece
    assert received.split(b"\r\n\r\n", 1)[1] == whole


def wait_for(hub: SecureHub, text: str, count: int = 1) -> None:
    deadline = time.monotonic() + 10
    while sum(text in line for line in hub.log) < count:
        assert time.monotonic() < deadline, hub.log
        time.sleep(0.01)


def test_a_given_certificate_is_read_again_at_sighup_and_a_broken_one_is_not_taken(tmp_path, made):
    (first, authority_1), (second, authority_2) = made
    pem = tmp_path / "hub.pem"
    shutil.copy(first, pem)
    hub = given(tmp_path / "data", pem, authority_1, authority_2).start()
    assert ("DNS", "first.example.org") in hub.certificate()["subjectAltName"]
    with socket.create_connection(("127.0.0.1", hub.port), 10) as raw, hub.context.wrap_socket(raw, server_hostname="localhost") as old:
        shutil.copy(second, pem)
        hub.process.send_signal(signal.SIGHUP)
        wait_for(hub, "new connections get the new certificate")
        assert ("DNS", "second.example.org") in hub.certificate()["subjectAltName"]
        # Who was connected stays so.
        old.sendall(f"GET /healthz HTTP/1.1\r\nHost: localhost:{hub.port}\r\n\r\n".encode())
        assert old.recv(100).startswith(b"HTTP/1.1 200")
    pem.write_bytes(second.read_bytes()[:300])
    hub.process.send_signal(signal.SIGHUP)
    wait_for(hub, "the certificate stays the one of before")
    assert str(pem) in next(line for line in hub.log if "stays the one" in line)
    assert ("DNS", "second.example.org") in hub.certificate()["subjectAltName"]
    assert hub.stop() == 0


def test_the_hubs_own_certificate_is_renewed_while_it_runs(tmp_path):
    hub = SecureHub(tmp_path, TLS="auto").start()
    authority = authority_of(hub)
    hub.context = trusting(authority)
    first = hub.certificate()["serialNumber"]
    # Nothing is to be renewed; afterwards something is.
    hub.process.send_signal(signal.SIGHUP)
    wait_for(hub, "the certificate is still good")
    assert hub.certificate()["serialNumber"] == first
    (tmp_path / "tls/hub-private.pem").unlink()
    hub.process.send_signal(signal.SIGHUP)
    wait_for(hub, "new connections get a new certificate")
    assert hub.certificate()["serialNumber"] != first and authority_of(hub) == authority
    assert hub.stop() == 0


def test_a_given_certificate_is_remembered_by_browsers_and_has_no_authority_to_install(tmp_path, made):
    pem, authority = made[0]
    hub = given(tmp_path / "data", pem, authority).start()
    assert hub.call("GET", "/")[2]["strict-transport-security"] == "max-age=31536000"
    assert hub.call("GET", "/healthz")[2]["strict-transport-security"] == "max-age=31536000"
    assert hub.call("GET", "/ca.crt")[0] == 404 and hub.call("GET", "/help/certificate")[0] == 404
    assert fetch(hub.plain + "/ca.crt")[0] == 308
    assert hub.stop() == 0


def test_without_tls_nothing_is_different(hub):
    for path in ["/ca.crt", "/help/certificate", "/help/certificate.html"]:
        assert hub.call("GET", path)[0] == 404
    assert "strict-transport-security" not in hub.call("GET", "/")[2]


def test_tls_that_is_turned_off_is_off(tmp_path, made):
    hub = Hub(tmp_path, TLS="off", TLS_CERT=str(made[0][0]), TLS_KEY=str(made[0][0])).start()
    assert hub.call("GET", "/healthz")[0] == 200
    assert hub.stop() == 0


def test_a_client_that_comes_again_resumes_its_session(secure):
    def meet(session=None):
        with socket.create_connection(("127.0.0.1", secure.port), 10) as raw:
            with secure.context.wrap_socket(raw, server_hostname="localhost", session=session) as wrapped:
                wrapped.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                assert wrapped.recv(1000).startswith(b"HTTP/1.1 200")
                return wrapped.session, wrapped.session_reused

    session, reused = meet()
    assert not reused and meet(session)[1]


def test_wrong_files_and_settings_are_clear_errors(tmp_path, made):
    first, second = str(made[0][0]), str(made[1][0])
    empty = tmp_path / "empty.pem"
    empty.write_text("")
    locked = tmp_path / "locked"
    (locked / "tls").mkdir(parents=True)
    (locked / "tls/authority-private.pem").write_text("broken")

    def start(*arguments: str, **environment: str) -> list[str]:
        result = subprocess.run(
            [BINARY, "serve", "--port", "0", *arguments], env={"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path / "data"), **environment},
            cwd=ROOT, capture_output=True, text=True, timeout=20)
        assert result.returncode == 78 and result.stdout == "", result
        return result.stderr.strip().splitlines()

    for arguments, beginning, words in [
        (["--tls-cert", "/nowhere.pem", "--tls-key", first], "TLS_CERT: /nowhere.pem", "No such file"),
        (["--tls-cert", first, "--tls-key", "/nowhere.pem"], "TLS_KEY: /nowhere.pem", "No such file"),
        (["--tls-cert", str(empty), "--tls-key", first], f"TLS_CERT: {empty}", "no certificate"),
        (["--tls-cert", first, "--tls-key", str(empty)], f"TLS_KEY: {empty}", "no private key"),
        (["--tls-cert", first, "--tls-key", second], f"TLS_KEY: {second}", "does not belong"),
        (["--tls-cert", first], "TLS_KEY:", "missing"),
        (["--tls-key", first], "TLS_CERT:", "missing"),
        (["--tls", "auto", "--tls-cert", first, "--tls-key", first], "TLS:", "auto"),
        (["--tls", "maybe"], "TLS:", "maybe"),
        (["--http-port", "8080"], "HTTP_PORT:", "without TLS"),
        (["--tls", "auto", "--data-dir", str(locked)], f"TLS: {locked}/tls/authority-private.pem", "no certificate"),
    ]:
        lines = start(*arguments)
        assert len(lines) == 1 and lines[0].startswith(beginning) and words in lines[0], lines
    assert any(line.startswith("TLS_NAMES:") for line in start(TLS="auto", TLS_NAMES="a b,c;d"))
