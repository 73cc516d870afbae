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


def test_what_a_command_reads_from_its_input_is_given_to_it_and_part_of_what_it_does(tmp_path):
    jobs = JobRegistry()
    fit = ["fit", "--data", str(tmp_path), "--spec", "-"]
    first = jobs.start("fit", "nothing", fit, '{"features": 3}')
    assert jobs.start("fit", "nothing", fit, '{"features": 3}') is first
    with pytest.raises(WorkFailed):
        jobs.start("fit", "another", fit, '{"features": []}')
    first.wait(60)
    assert first.error is not None
    assert first.error[0] == "stdin: features must be a list; got 3."
