"""Work in other processes."""

from __future__ import annotations

from dashboard.jobs import Job


def test_an_answer_longer_than_a_pipe_holds_arrives_whole() -> None:
    job = Job("layers", ["list", "layers", "efficientnet_v2_l"])
    job.wait(60)
    assert not job.running
    assert job.error is None
    assert job.result is not None
    assert len(str(job.result)) > 65_536


def test_what_went_wrong_is_told_in_the_command_s_own_words() -> None:
    job = Job("layers", ["list", "layers", "no-such-network"])
    job.wait(60)
    assert job.result is None
    assert job.error is not None
    assert "no-such-network" in job.error[0]
    assert job.error[1]
