"""Work in other processes."""

from __future__ import annotations

import pytest

from cortiscope.core.errors import WorkFailed
from cortiscope.work.jobs import Job, JobRegistry


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


def test_who_asks_for_something_else_meanwhile_is_refused_with_what_is_running() -> None:
    jobs = JobRegistry()
    first = jobs.start("fit", "Gabor on anna", ["list", "layers", "efficientnet_v2_l"])
    assert jobs.start("fit", "Gabor on anna", ["list", "layers", "efficientnet_v2_l"]) is first
    with pytest.raises(WorkFailed) as refused:
        jobs.start("fit", "Pixels on bo", ["list", "layers", "pixels"])
    assert "“Pixels on bo” was not started" in refused.value.message
    assert f"“Gabor on anna” has been running since {first.started_at}" in refused.value.message
    assert jobs.get("fit") is first
    first.wait(60)
    assert jobs.start("fit", "Pixels on bo", ["list", "layers", "pixels"]) is not first
