"""What signing in costs, and what a flood of it does to live pictures (signin)."""

from __future__ import annotations

import http.client
import json
import tempfile
import threading
import time
from pathlib import Path

from common import ROUNDS, median, on_core
from load import Server, Site, ask, lasting, wsload

# Each signs in over and over; more than the hub hashes at a time.
CLIENTS = 16
PASSWORD = "a horse that nobody staples"
OPTIONS = ["--size", "16384", "--rate", "30", "--subs", "100", *lasting(8)]


class Flood:
    """People who sign in as fast as they are let. Those who are told to wait come again at once: that is what a flood is."""

    def __init__(self, port: int, addresses: list[str]) -> None:
        self.statuses: dict[int, int] = {}
        self.ended = threading.Event()
        self.threads = [threading.Thread(target=self.sign_in, args=(port, addresses[n % len(addresses)])) for n in range(CLIENTS)]

    def sign_in(self, port: int, address: str) -> None:
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        while not self.ended.is_set():
            line.request("POST", "/auth/sign-in", json.dumps({"email": address, "password": PASSWORD}), {"Content-Type": "application/json"})
            response = line.getresponse()
            response.read()
            self.statuses[response.status] = self.statuses.get(response.status, 0) + 1

    def __enter__(self) -> Flood:
        self.began = time.monotonic()
        with on_core(1):
            for thread in self.threads:
                thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        for thread in self.threads:
            thread.join()
        self.seconds = time.monotonic() - self.began


def sign_up(server: Server) -> list[str]:
    line = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    addresses = [f"person{number}@example.org" for number in range(CLIENTS)]
    for address in addresses:
        ask(line, "/auth/sign-up", {"email": address, "password": PASSWORD})
    line.close()
    return addresses


def signin() -> dict:
    calm, busy, rates, costs = [], [], [], []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            site = Site(Path(folder), AUTH_SIGN_UP="open")
            with site.served() as server:
                addresses = sign_up(server)
                line = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
                for _ in range(10):
                    began = time.monotonic()
                    ask(line, "/auth/sign-in", {"email": addresses[0], "password": PASSWORD})
                    costs.append((time.monotonic() - began) * 1000)
                calm.append(wsload(server, "fanout", [*OPTIONS, *site.live])["latency_p99_us"] / 1000)
                with Flood(server.port, addresses) as flood:
                    busy.append(wsload(server, "fanout", [*OPTIONS, *site.live])["latency_p99_us"] / 1000)
                rates.append(flood.statuses.get(200, 0) / flood.seconds)
    result = {
        "sign_in_ms": median(costs), "sign_ins_per_second": median(rates), "live_p99_before_ms": median(calm), "live_p99_during_ms": median(busy),
    }
    print(
        f"signin  one {result['sign_in_ms']:.0f} ms   a flood {result['sign_ins_per_second']:.0f}/s   live p99 before {result['live_p99_before_ms']:.1f} ms"
        f"   during {result['live_p99_during_ms']:.1f} ms", flush=True)
    return result
