"""What the documentation says of the tests."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.mark.parametrize("document, least", [("RELIABILITY.md", 40), ("SECURITY.md", 25)])
def test_every_test_that_a_promise_names_exists(document, least):
    named = re.findall(r"`((?:Tests|e2e)/[^`:]+)::([^`]+)`", (ROOT / "docs" / document).read_text())
    assert len(named) > least
    for path, name in named:
        text = (ROOT / path).read_text()
        found = f"func `{name}`(" if path.endswith(".swift") else f"def {name}("
        assert found in text, f"{path}::{name}"
