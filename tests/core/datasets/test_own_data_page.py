"""docs/own-data.md, followed to the letter."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from cortiscope.core.cli.main import main
from cortiscope.core.datasets import check_folder, open_subject, require_usable
from cortiscope.core.datasets.conventions import _ALLOWED, Conventions

PAGE = (Path(__file__).parents[3] / "docs" / "own-data.md").read_text(encoding="utf-8")


def test_the_page_makes_two_subjects_with_all_that_it_promises(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    for code in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL):
        exec(code, names)
    report = check_folder(Path("data"), deep=True)
    assert [(s.id, s.layout, s.problems) for s in report.subjects] == [
        ("anna", "arrays", ()),
        ("voxels", "img2brain", ()),
    ]
    anna = open_subject(Path("data"), "anna")
    assert (len(anna.train), len(anna.test)) == (32, 8)
    assert anna.test.images.ids[:2] == ("001", "006")
    assert anna.parcellation.roi_names == ("early", "ventral")
    assert anna.ncsnr is not None
    assert anna.train.repeats is not None
    assert set(anna.ncsnr) == {0.5}
    assert np.array_equal(anna.train.repeats, np.full(32, 3))
    facts = anna.conventions
    assert facts.meaning == "percent signal change, averaged over repeats"
    assert (facts.picture_degrees.value, facts.ceiling.source) == (8.4, "sidecar")
    assert facts.unstated == ()
    assert anna.train.notes[0].captions == ("a dog on a beach",)
    assert anna.test.notes[0].caption == "a red bus"
    require_usable(anna)
    assert open_subject(Path("data"), "voxels").space.n_vertices() == 500
    (command,) = re.findall(r"```\ncortiscope (check .*?)\n```", PAGE)
    assert main(command.split()) == 0
    assert "No problems." in capsys.readouterr().out


def test_every_field_and_every_allowed_value_is_on_the_page():
    rows = dict(re.findall(r"\| `(\w+)` \| (.*) \|", PAGE))
    assert set(rows) == set(Conventions.__dataclass_fields__)
    for name, values in _ALLOWED.items():
        assert set(values) <= set(re.findall(r"`([^`]+)`", rows[name]))
