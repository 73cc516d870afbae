"""Every kind of damage through the loaders: refused by name, or what is given is right."""

from __future__ import annotations

import numpy as np
import pytest

from cortiscope.core.datasets import open_subject
from cortiscope.core.encoding import Reduction
from cortiscope.core.errors import CoreError
from cortiscope.core.features import FeatureStore
from cortiscope.core.pipeline.fit import fit
from cortiscope.core.runs import RunStore
from tests.core.datasets.damage.kind import AS_STORED, AT_FIT, REFUSED, SOUND
from tests.core.datasets.damage.table import CASES, LAYOUTS, OPENED
from tests.core.datasets.damage.ways import MARK
from tests.data.tiny_model import pixels_spec

ALL = slice(None)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CORTISCOPE_HOME", str(tmp_path / "home"))
    (tmp_path / "data").mkdir()
    return tmp_path / "data" / "subj01"


def _fit(subject, root):
    spec = pixels_spec(subject, reduction=Reduction("pca", 4))
    return fit(subject, spec, features=FeatureStore(root / "f"), runs=RunStore(root / "r"))


def _values(subject):
    """All that a subject says, in a form that can be compared."""
    index = getattr(subject.space, "index", {})  # voxels have no places
    said = {"vertices": [v.tolist() for v in index.values()], "n": subject.space.n_vertices()}
    for split in (subject.train, subject.test):
        said[split.name] = split.images.ids, split.images.captions
        if split.responses is not None:
            said[f"{split.name} responses"] = split.response_rows(ALL).tolist()
        if split.repeats is not None:
            said[f"{split.name} repeats"] = split.repeats.tolist()
    for name in ("ncsnr", "test_ceiling"):
        values = getattr(subject, name)
        said[name] = None if values is None else values.tolist()
    said["rois"] = {
        (name, h): subject.roi_vertices(name, h).tolist()
        for name in subject.parcellation.roi_names
        for h in index
    }
    return said


def _cases(*loading):
    return [c for c in CASES if c[0] in OPENED and LAYOUTS[c[0]].kinds[c[1]].loading in loading]


def _damaged(folder, layout, kind):
    LAYOUTS[layout].write(folder)
    damage = LAYOUTS[layout].kinds[kind]
    damage.do(folder)
    return damage


def _in_one_line_by_name(error, damage):
    line = str(error)
    assert damage.named in line
    assert "\n" not in line
    assert len(line) < 500


@pytest.mark.parametrize(("layout", "kind"), _cases(REFUSED))
def test_the_loader_refuses_it_with_the_files_name(folder, layout, kind):
    damage = _damaged(folder, layout, kind)
    with pytest.raises(CoreError) as told:
        open_subject(folder.parent, folder.name)
    _in_one_line_by_name(told.value, damage)
    assert not (folder.parents[1] / MARK).exists()


@pytest.mark.parametrize(("layout", "kind"), _cases(AT_FIT))
def test_what_is_met_later_is_refused_by_the_fit_before_anything_is_computed(folder, layout, kind):
    damage = _damaged(folder, layout, kind)
    root = folder.parents[1] / "work"
    with pytest.raises(CoreError) as told:
        _fit(open_subject(folder.parent, folder.name), root)
    _in_one_line_by_name(told.value, damage)
    assert not list(root.rglob("*.npy"))


@pytest.mark.parametrize(("layout", "kind"), _cases(SOUND))
def test_damage_that_does_not_matter_changes_nothing(folder, layout, kind):
    LAYOUTS[layout].write(folder)
    before = _values(open_subject(folder.parent, folder.name))
    LAYOUTS[layout].kinds[kind].do(folder)
    assert _values(open_subject(folder.parent, folder.name)) == before


@pytest.mark.parametrize(("layout", "kind"), _cases(AS_STORED))
def test_what_can_be_computed_with_is_given_as_it_is_stored(folder, layout, kind):
    _damaged(folder, layout, kind)
    subject = open_subject(folder.parent, folder.name)
    files = OPENED[layout](folder)
    for split in (subject.train, subject.test):
        if split.responses is not None:
            np.testing.assert_array_equal(split.response_rows(ALL), files[split.name])
    run = _fit(subject, folder.parents[1] / "work")
    assert run.report.n_images


def test_every_kind_has_a_test_of_its_loading():
    tested = _cases(REFUSED) + _cases(AT_FIT) + _cases(SOUND) + _cases(AS_STORED)
    assert sorted(tested) == sorted(c for c in CASES if c[0] in OPENED)
