"""What a soak's figures say: whether memory and descriptors stay where they are, and whether the log is quiet."""

from __future__ import annotations

import json
import statistics
from collections import Counter
from dataclasses import dataclass


@dataclass(frozen=True)
class Sample:
    # Since all pages were open, in seconds.
    at: float
    resident_mb: float
    descriptors: int
    connections: int


@dataclass(frozen=True)
class Trend:
    """Of what comes after the warm-up."""

    first: float
    """Median of the first third."""
    last: float
    """Median of the last third."""
    per_hour: float
    """Slope of the line through all of them (least squares)."""

    @property
    def growth(self) -> float:
        return self.last - self.first


def trend(points: list[tuple[float, float]]) -> Trend:
    """Of moments in seconds and values, at least three."""
    third = max(1, len(points) // 3)
    values = [value for _, value in points]
    slope = statistics.linear_regression([at for at, _ in points], values).slope
    return Trend(statistics.median(values[:third]), statistics.median(values[-third:]), slope * 3600)


# A level that goes up by more than so much and such a share of itself is a leak. Allocators keep what a storm has needed, and give some back.
MEMORY_MB, MEMORY_SHARE = 4.0, 0.04
DESCRIPTORS, DESCRIPTORS_SHARE = 40, 0.02


def settled(samples: list[Sample], warm_up: float) -> list[Sample]:
    return [sample for sample in samples if sample.at >= warm_up]


def judge_levels(samples: list[Sample], warm_up: float) -> tuple[dict[str, Trend], list[str]]:
    """The trends, and what is wrong with them."""
    rest = settled(samples, warm_up)
    if len(rest) < 9:
        return {}, [f"only {len(rest)} samples after the warm-up: run for longer"]
    trends = {
        "memory": trend([(sample.at, sample.resident_mb) for sample in rest]),
        "descriptors": trend([(sample.at, sample.descriptors) for sample in rest]),
    }
    problems = []
    for name, allowed, share, unit in (("memory", MEMORY_MB, MEMORY_SHARE, " MB"), ("descriptors", DESCRIPTORS, DESCRIPTORS_SHARE, "")):
        found = trends[name]
        bound = allowed + share * found.first
        if found.growth > bound:
            problems.append(f"{name} went from {found.first:.1f}{unit} to {found.last:.1f}{unit}, by more than {bound:.1f}{unit}")
    return trends, problems


# Warnings that a run brings about itself, by how their message begins, and why.
EXPECTED: dict[str, str] = {}


def judge_log(lines: list[str], expected: dict[str, str] = EXPECTED) -> list[str]:
    """Warnings, errors and lines that are none of the log's, each kind once with how often it came."""
    seen: Counter[str] = Counter()
    for line in filter(None, map(str.strip, lines)):
        try:
            entry = json.loads(line)
            level, message = entry["level"], str(entry["message"])
        except (ValueError, TypeError, KeyError):
            seen[f"no entry of the log: {line[:200]}"] += 1
            continue
        if level in ("warning", "error") and not any(message.startswith(beginning) for beginning in expected):
            seen[f"{level}: {message}"] += 1
    return [f"{count} times in the log: {what}" for what, count in seen.items()]


def table(samples: list[Sample], rows: int = 12) -> str:
    lines = ["    at s    memory MB   descriptors   connections"]
    step = max(1, len(samples) // rows)
    for sample in samples[::step]:
        lines.append(f"{sample.at:8.0f} {sample.resident_mb:12.1f} {sample.descriptors:13} {sample.connections:13}")
    return "\n".join(lines)
