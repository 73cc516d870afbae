"""A sweep's progress: every step counts the same, and nothing goes backwards."""

from cortiscope.core.pipeline.sweep import WorkersProgress


def test_the_share_is_the_mean_over_steps_and_never_falls():
    told = []
    far = WorkersProgress(["pass", "a", "b", "c"], lambda *words: told.append(words))
    far._heard((0.0, {"step": "a", "share": 0.5, "message": "half"}))
    far._heard((0.0, {"step": "a", "share": 0.25, "message": "told late"}))
    far.ended("pass", "pass ended")
    far.say("a word")
    assert told == [
        (0.125, "a: half"),
        (0.125, "a: told late"),
        (0.375, "pass ended"),
        (0.375, "a word"),
    ]


def test_a_step_that_has_ended_has_had_its_last_word():
    told = []
    far = WorkersProgress(["a"], lambda *words: told.append(words))
    far.ended("a", "a could not be fitted")
    far._heard((0.0, {"step": "a", "share": 1.0, "message": "done"}))
    assert told == [(1.0, "a could not be fitted")]
