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


def test_every_variable_is_described():
    """Wherever an operator looks for them."""
    source = (ROOT / "Sources/Hub/App/Configuration.swift").read_text()
    names = set(re.findall(r'reader\.\w+\("([A-Z_]+)"', source))
    assert len(names) > 60
    document = set(re.findall(r"`([A-Z_]+)`", "".join(re.findall(r"^\| (`.*?) \|", (ROOT / "docs/CONFIGURATION.md").read_text(), re.MULTILINE))))
    example = set(re.findall(r"^#([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert (names - document, names - example) == (set(), set())


def test_the_counter_of_every_limit_is_tested():
    limits = (ROOT / "docs/PROTOCOL.md").read_text().split("\n## Limits\n")[1].split("\n## ")[0]
    rows = [line.split(" | ") for line in limits.splitlines() if line.startswith("| ") and not line.startswith("| limit ")]
    tests = [path.read_text() for path in Path(__file__).parent.glob("test_*.py") if path.name != Path(__file__).name]
    assert len(rows) > 15
    for row in rows:
        named = re.findall(r'`(\w+)(?:\{\w+="(\w+)"\})?`', row[-1])
        assert named, row[0]
        for counter, label in named:
            assert any(f"pingwatch_{counter}" in text and re.search(rf"\b{label}\b", text) for text in tests), (counter, label)
