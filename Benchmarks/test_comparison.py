"""The judgement of `Benchmarks/check`, on what is recorded. Nothing is measured here."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE / "parts"))

from comparison import TOLERANCE, worse  # noqa: E402

RECORDED = json.loads((HERE / "results.json").read_text())
PARTS = ("a", "b", "c", "d", "e", "f", "storm")
AIMS = [(name, index) for name in PARTS for index in range(len(RECORDED[name]["aims"]))]
RATIOS = [(name, kind) for name in PARTS for kind in RECORDED[name]["ratios"]]


@pytest.mark.parametrize("name", PARTS)
def test_what_is_recorded_is_no_worse_than_itself(name):
    assert worse(RECORDED[name], copy.deepcopy(RECORDED[name])) == []


@pytest.mark.parametrize(("name", "kind"), RATIOS)
def test_a_ratio_may_be_worse_by_its_tolerance_and_no_more(name, kind):
    fresh = copy.deepcopy(RECORDED[name])
    fresh["ratios"][kind] *= 1 + TOLERANCE * 0.99
    assert worse(RECORDED[name], fresh) == []
    fresh["ratios"][kind] = RECORDED[name]["ratios"][kind] * (1 + TOLERANCE * 1.01)
    problem, = worse(RECORDED[name], fresh)
    assert f"of {kind}" in problem


@pytest.mark.parametrize(("name", "index"), AIMS)
def test_an_aim_that_is_missed_by_more_than_its_tolerance_is_told(name, index):
    fresh = copy.deepcopy(RECORDED[name])
    aim = fresh["aims"][index]
    share = 1 + aim["tolerance"] * 1.01
    aim["value"] = aim["value"] / share if aim["is_least"] else aim["value"] * share
    aim["is_met"] = True
    # Worse, and still as good as was aimed at.
    assert worse(RECORDED[name], fresh) == []
    aim["is_met"] = False
    problem, = worse(RECORDED[name], fresh)
    assert problem.startswith(aim["what"])


def test_what_is_not_measured_any_more_is_told():
    fresh = copy.deepcopy(RECORDED["a"])
    del fresh["ratios"]["floor"]
    fresh["aims"].pop()
    assert len(worse(RECORDED["a"], fresh)) == 2


def test_a_part_without_ratios_cannot_be_compared():
    result = subprocess.run([sys.executable, HERE / "check.py", "glass"], capture_output=True, text=True)
    assert result.returncode == 1 and "no part glass to compare; there are a, b, c" in result.stderr
