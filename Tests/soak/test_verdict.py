"""The soak's judgement, on runs that are made up."""

import math
import random

from verdict import Sample, judge_levels, judge_log, trend

HOURS = 2


def samples(memory, descriptors=lambda at: 2050.0) -> list[Sample]:
    return [Sample(float(at), memory(at), int(descriptors(at)), 2000) for at in range(0, HOURS * 3600, 5)]


def noise(seed: int):
    return random.Random(seed).uniform


def test_memory_that_goes_up_and_down_is_flat():
    jitter = noise(1)
    trends, problems = judge_levels(samples(lambda at: 90 + 8 * math.sin(at / 60) + jitter(-2, 2)), 600)
    assert problems == []
    assert abs(trends["memory"].growth) < 2 and abs(trends["memory"].per_hour) < 2


def test_what_a_warm_up_needs_is_not_counted():
    _, problems = judge_levels(samples(lambda at: min(90, 40 + at / 10)), 600)
    assert problems == []


def test_a_slow_leak_of_memory_is_found():
    jitter = noise(2)
    _, problems = judge_levels(samples(lambda at: 80 + 12 * at / 3600 + jitter(-2, 2)), 600)
    assert len(problems) == 1 and problems[0].startswith("memory went from")


def test_what_every_connection_loses_is_found_in_a_minute():
    storms = [Sample(float(at), 60 + (0.01 * 2000) * (at // 15), 2050, 2000) for at in range(90)]
    _, problems = judge_levels(storms, 30)
    assert len(problems) == 1 and problems[0].startswith("memory went from")


def test_descriptors_that_are_not_closed_are_found():
    _, problems = judge_levels(samples(lambda at: 80, lambda at: 2050 + at / 30), 600)
    assert len(problems) == 1 and problems[0].startswith("descriptors went from")


def test_too_short_a_run_is_no_verdict():
    _, problems = judge_levels(samples(lambda at: 80)[:5], 0)
    assert problems == ["only 5 samples after the warm-up: run for longer"]


def test_the_slope_is_an_hours():
    found = trend([(float(at), 10 + at / 360) for at in range(100)])
    assert math.isclose(found.per_hour, 10) and found.growth > 0


def test_warnings_errors_and_foreign_lines_are_told():
    lines = [
        '{"level":"info","message":"listens"}', '{"level":"warning","message":"a disk is slow"}', '{"level":"warning","message":"a disk is slow"}',
        '{"level":"error","message":"lost"}', "Fatal error: index out of range", "",
    ]
    assert judge_log(lines, {}) == [
        "2 times in the log: warning: a disk is slow", "1 times in the log: error: lost",
        "1 times in the log: no entry of the log: Fatal error: index out of range",
    ]
    assert judge_log(lines[:3], {"a disk is": "the test slows it"}) == []
