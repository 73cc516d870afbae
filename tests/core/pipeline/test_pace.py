"""Remaining time: right within a factor, or nothing."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from cortiscope.core.pipeline.pace import Left, Pace, duration_words
from cortiscope.core.progress import Stage, staged

_FACTORS = st.lists(st.floats(0.8, 1.25), min_size=40, max_size=40)


@settings(max_examples=60, deadline=None)
@given(seconds=st.floats(20, 5000), uneven=_FACTORS, stored=st.floats(0, 0.9))
def test_over_images_it_is_right_within_a_factor_wherever_it_begins(seconds, uneven, stored):
    pace, now = Pace(), 100.0
    steps = [seconds / len(uneven) * factor for factor in uneven]
    said = 0
    for k, step in enumerate([0.0, *steps]):
        now += step
        done = stored + (1 - stored) * k / len(steps)
        pace.hear(now, done, Stage("features", 1, 1, done, even=True, then="3 models"))
        left = pace.left(now)
        truth = sum(steps[k:])
        if left is not None and truth > seconds / 10:
            said += 1
            assert truth / 1.8 <= left.seconds <= truth * 1.8
            assert left.then == "3 models"
    assert said


@settings(max_examples=60, deadline=None)
@given(one=st.floats(1, 600), uneven=st.lists(st.floats(0.8, 1.25), min_size=14, max_size=14))
def test_of_equal_stages_it_says_nothing_before_the_first_and_is_right_after(one, uneven):
    pace, now = Pace(), 0.0
    durations = [one * factor for factor in uneven]
    for k, duration in enumerate(durations):
        # Within a model the share says little: 10 % at once, then a long solve.
        for done, at in ((0.0, 0.0), (0.1, 0.01), (0.7, 0.9)):
            heard = now + at * duration
            pace.hear(heard, 0.6, Stage("model", k + 1, 14, done))
            left = pace.left(heard)
            if k == 0:
                assert left is None
                continue
            truth = duration * (1 - at) + sum(durations[k + 1 :])
            assert abs(left.seconds - truth) <= 0.4 * truth + 0.5 * one
        now += duration


def test_a_leap_over_what_was_stored_is_no_pace():
    # 18 s were announced for 170 s: 60 % came at once, from the disk.
    pace = Pace()
    for now, share in ((0, 0.0), (1, 0.3), (2, 0.6), (4, 0.61), (8, 0.62), (14, 0.63), (20, 0.64)):
        pace.hear(now, share, None)
        assert pace.left(now) is None


def test_the_pace_of_one_stage_says_nothing_of_another():
    pace = Pace()
    for k in range(11):
        pace.hear(k, 0.05 + k / 20, Stage("features", 1, 1, k / 10, even=True, then="2 models"))
    assert pace.left(10.0) == Left(0.0, "2 models")
    pace.hear(11.0, 0.6, Stage("model", 1, 2, 0.0))
    assert pace.left(11.0) is None
    assert pace.left(500.0) is None


def test_silence_for_long_ends_the_announcement():
    pace = Pace()
    for k in range(10):
        pace.hear(k, k / 20, None)
    assert pace.left(9.0) is not None
    assert pace.left(30.0) is None


def test_messages_carry_their_stage_and_read_as_text():
    heard = []
    report = staged(lambda *said: heard.append(said), "model", 3, 14, name="block3")
    report(0.5, "fitting")
    assert heard == [(0.5, "model 3 of 14, block3: fitting")]
    assert heard[0][1].stage == Stage("model", 3, 14, 0.5)


def test_durations_are_as_coarse_as_they_are_known():
    said = {s: duration_words(s) for s in (3, 23, 58, 170, 3580, 5000, 7300)}
    assert list(said.values()) == [
        "a few seconds",
        "about 25 s",
        "about 1 min",
        "about 3 min",
        "about 1 h",
        "about 1 h 20 min",
        "about 2 h",
    ]
