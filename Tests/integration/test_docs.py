"""What the documentation says of the tests."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def test_every_test_that_a_promise_names_exists():
    named = re.findall(r"`((?:Tests|e2e)/[^`:]+)::([^`]+)`", (ROOT / "docs/RELIABILITY.md").read_text())
    assert len(named) > 40
    for path, name in named:
        text = (ROOT / path).read_text()
        found = f"func `{name}`(" if path.endswith(".swift") else f"def {name}("
        assert found in text, f"{path}::{name}"
