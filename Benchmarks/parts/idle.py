"""Ten thousand connections that are quiet, and two thousand with TLS (e)."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import ssl
import subprocess
import tempfile
import time
from pathlib import Path

from common import PACE, on_core
from load import Aim, Result, Server, Site, in_turn, reference, resident_kb, wsload

PLAIN, ENCRYPTED = 10_000, 2_000
USERS = 100
# Handshakes at a time.
WINDOW = 64


def certificate(folder: Path) -> list[str]:
    files = [str(folder / "certificate.pem"), str(folder / "key.pem")]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-out", files[0], "-keyout", files[1]],
        check=True, capture_output=True)
    return files


async def encrypted(server: Server, certificate: str, path: str, tokens: list[str]) -> dict[str, float]:
    """Opens the connections, and holds them for a while. With tokens they connect by the hub's protocol."""
    context = ssl.create_default_context(cafile=certificate)
    turn = asyncio.Semaphore(WINDOW)
    open_ones: list[asyncio.StreamWriter] = []

    async def connect(number: int) -> None:
        async with turn:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port, ssl=context, limit=4096)
            key = base64.b64encode(os.urandom(16)).decode()
            writer.write(
                f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                f"Sec-WebSocket-Key: {key}\r\n{'Sec-WebSocket-Protocol: pingwatch.v1' + chr(13) + chr(10) if tokens else ''}\r\n".encode())
            head = await reader.readuntil(b"\r\n\r\n")
            assert b" 101 " in head, head
            if tokens:
                hello = json.dumps({"id": 1, "connect": {"token": tokens[number % len(tokens)]}}).encode()
                # Masked with zeros, which leave it as it is.
                writer.write(bytes([0x81, 0x80 | 126]) + len(hello).to_bytes(2) + bytes(4) + hello)
                # A frame of 126 to 65,535 bytes.
                answer = await reader.readexactly(int.from_bytes((await reader.readexactly(4))[2:]))
                assert "connect" in json.loads(answer), answer
            open_ones.append(writer)

    began = time.monotonic()
    await asyncio.gather(*(connect(number) for number in range(ENCRYPTED)))
    seconds = time.monotonic() - began
    await asyncio.sleep(2 * PACE)
    kb = (resident_kb(server.pid) - server.idle_kb) / ENCRYPTED
    for writer in open_ones:
        writer.transport.abort()
    return {"tls_kb_per_connection": kb, "tls_connects_per_s": ENCRYPTED / seconds}


def e() -> Result:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = certificate(folder)
        (folder / "plain").mkdir()
        (folder / "tls").mkdir()
        site = Site(folder / "plain", users=USERS)
        secret = Site(folder / "tls", users=USERS)
        secret.environment |= {"TLS_CERT": files[0], "TLS_KEY": files[1]}
        options = ["--subs", str(PLAIN), "--duration", str(2 * PACE)]

        def floor() -> dict[str, float]:
            with reference("floor") as server:
                return wsload(server, "idle", [*options, "--path", "/sub/a"])

        def plain() -> dict[str, float]:
            with reference("plain") as server:
                figures = wsload(server, "idle", [*options, "--path", "/sub/a"])
            with reference("plain", *files) as server, on_core(1):
                return figures | asyncio.run(encrypted(server, files[0], "/sub/a", []))

        def hub() -> dict[str, float]:
            with site.served() as server:
                figures = wsload(server, "idle", [*options, *site.viewers()])
            with site.served() as server:
                bare = wsload(server, "idle", [*options, "--path", "/connection/websocket", "--protocol", "pingwatch.v1"])
                figures |= {"handshakes_per_s": bare["connects_per_s"], "cpu_us_per_handshake": bare["cpu_us_per_connect"]}
            with secret.served() as server, on_core(1):
                return figures | asyncio.run(encrypted(server, files[0], "/connection/websocket", secret.tokens))

        figures = in_turn({"floor": floor, "plain": plain, "hub": hub})
    ours, plain_ones = figures["hub"], figures["plain"]
    return Result(figures, [
        Aim("memory of a connection", ours["rss_kb_per_connection"], plain_ones["rss_kb_per_connection"] + 2, " KB"),
        Aim("memory of a connection with TLS", ours["tls_kb_per_connection"], plain_ones["tls_kb_per_connection"] + 2, " KB"),
        Aim("connects a second", ours["connects_per_s"], 10_000, is_least=True, tolerance=0.5),
    ]).print(
        "e", ("rss_kb_per_connection", "KB each", 1), ("connects_per_s", "connects/s", 1), ("handshakes_per_s", "handshakes/s", 1),
        ("cpu_us_per_connect", "CPU µs a connect", 1),
        ("cpu_us_per_handshake", "CPU µs a handshake", 1), ("idle_cpu_pct", "idle %", 1), ("tls_kb_per_connection", "KB each with TLS", 1),
        ("tls_connects_per_s", "connects/s with TLS (client's limit)", 1))
