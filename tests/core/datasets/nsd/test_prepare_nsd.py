"""The verb, and what cannot be asked of it."""

from __future__ import annotations

import json

import pytest

from cortiscope.core.cli.main import main
from cortiscope.core.datasets.nsd import prepare as prepare_module
from cortiscope.core.errors import CoreError
from tests.core.datasets.nsd.preparing import prepare
from tests.data import tiny_nsd as tiny


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"subject": "subj09"}, "Unknown NSD subject 'subj09'.*subj01"),
        ({"subject": "subj02"}, "subj02/fsaverage/betas_fithrf_GLMdenoise_RR is missing"),
        ({"sessions": 5}, "session05.mgh is missing; 5 sessions"),
        ({"sessions": 0}, "0; it must be 1 or more"),
        ({"sessions": 3, "test": "shared1000"}, "shared1000 needs 4 sessions; 3 are read"),
        ({"test": "last"}, "Unknown test set 'last'"),
        ({"mask": "V9"}, "no lh.V9.mgz"),
        ({"trials_per_session": 750}, "24 trials, which are no whole sessions of 750"),
    ],
)
def test_what_cannot_be_asked_for_is_told_in_one_line(nsd, tmp_path, settings, words):
    with pytest.raises(CoreError, match=words):
        prepare(nsd, tmp_path / "out", **settings)
    assert not (tmp_path / "out").exists()


def test_the_verb_prepares_and_tells_what_it_made(nsd, tmp_path, monkeypatch, capsys):
    real = prepare_module.prepare_subject
    monkeypatch.setattr(
        "cortiscope.core.cli.verb_prepare_nsd.prepare_subject",
        lambda *a, **k: real(*a, **tiny.SETTINGS, **k),
    )
    arguments = ["prepare-nsd", "--data", str(nsd), "--subject", "subj01", "--out", str(tmp_path)]
    arguments += ["--images", str(nsd.parent / "pictures"), "--sessions", "3"]
    assert main([*arguments, "--json"]) == 0
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert result["images"] == {"train": 5, "test": 2, "shared_put_aside": 1}
    assert main(arguments) == 0
    assert "5 train, 2 test (shared515), 1 shared ones put aside" in capsys.readouterr().out
