"""Autobahn's suite for RFC 6455 against the subprotocol `echo`.

It needs Python 2.7, which Debian has no more: PINGWATCH_PYTHON2 names one, or it is `python2.7` in PATH. test_rfc6455.py checks the same by groups without it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest

# What libwebsockets 4.1.6 does by itself. 2.10 and 2.11 want each of ten pings answered: it has room for one pong, and drops the pings that it reads
# before that is sent. In 2.11 they come by the byte, so that this depends on how busy the machine is. 13.7 offers extensions in more than 254 bytes,
# at which it would hang up (lws_extension_server_handshake); the hub answers 431.
UNANSWERED = {"2.10", "2.11"}
REFUSED = {f"13.7.{number}" for number in range(1, 19)}
VERSION = "autobahntestsuite==25.10.1"
REPORTS = Path(__file__).resolve().parent.parent.parent / ".build" / "autobahn"


@pytest.fixture(scope="module")
def wstest() -> list[str]:
    """The command; installed once, under .venv."""
    python = os.environ.get("PINGWATCH_PYTHON2") or shutil.which("python2.7")
    if not python or subprocess.run([python, "--version"], capture_output=True).returncode != 0:
        pytest.skip("there is no Python 2.7 for Autobahn: PINGWATCH_PYTHON2 names none, and python2.7 is not in PATH")
    home = Path(__file__).resolve().parent.parent.parent / ".venv" / "autobahn"
    environment = {**os.environ, "PYTHONUSERBASE": str(home)}
    if not (home / "bin" / "wstest").exists():
        subprocess.run([python, "-m", "pip", "install", "-q", "--user", "--disable-pip-version-check", VERSION], env=environment, check=True)
    return ["env", f"PYTHONUSERBASE={home}", python, str(home / "bin" / "wstest")]


def test_autobahn(wstest, start, tmp_path, capsys):
    hub = start(PINGWATCH_ECHO="1")
    specification = {
        "outdir": str(REPORTS), "cases": ["*"], "exclude-cases": [],
        "servers": [{"agent": "pingwatch", "url": hub.socket_url, "protocols": ["echo"]}],
    }
    (tmp_path / "spec.json").write_text(json.dumps(specification))
    shutil.rmtree(REPORTS, ignore_errors=True)
    run = subprocess.run(
        [*wstest, "-m", "fuzzingclient", "-s", "spec.json"], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300)
    assert run.returncode == 0, run.stdout[-2000:]
    results = json.loads((REPORTS / "index.json").read_text())["pingwatch"]
    fine = {"OK", "NON-STRICT", "INFORMATIONAL"}
    # 12 and 13 are about compression, which the hub does not offer.
    compression = {case: result for case, result in results.items() if case.startswith(("12.", "13."))}
    assert {case for case, result in compression.items() if result["behavior"] != "UNIMPLEMENTED"} == REFUSED
    assert {result["behaviorClose"] for case, result in compression.items() if case not in REFUSED} == {"OK"}
    others = {case: result for case, result in results.items() if case not in compression}
    failed = {case: result["behavior"] for case, result in others.items() if result["behavior"] not in fine}
    unclean = {case: result["behaviorClose"] for case, result in others.items() if result["behaviorClose"] not in fine}
    # Also where the test succeeds, when pytest would keep it to itself.
    with capsys.disabled():
        print(f"\nAutobahn: {dict(Counter(result['behavior'] for result in others.values()))} of {len(others)} cases without compression;"
              f" failed: {failed or 'none'}; unclean at the end: {unclean or 'none'}; {len(compression)} with compression are not offered, of"
              f" which {len(REFUSED)} refused; report in {REPORTS}")
    assert len(others) > 290
    assert set(failed) <= UNANSWERED, failed
    assert not unclean
    assert [line for line in hub.log if '"error"' in line] == []
    assert hub.stop() == 0
