"""The trials of ``responses.tsv`` and the table of images stand in for the design."""

from __future__ import annotations

import numpy as np
import pytest

from cortiscope.core.datasets import open_subject
from cortiscope.core.datasets.nsd.design import find_design
from cortiscope.core.errors import DamagedFile
from tests.core.datasets.nsd.preparing import everything_below, prepare
from tests.data import tiny_nsd as tiny

SETTINGS = {**tiny.SETTINGS, "planned_sessions": tiny.SESSIONS}


@pytest.fixture
def both(own_nsd):
    tiny.write_tables(own_nsd)
    return own_nsd


def test_the_tables_give_the_design_and_the_same_subject(both, tmp_path):
    by_mat = find_design(both, "subj01", **SETTINGS)
    made = prepare(both, tmp_path / "a", planned_sessions=4)
    first = {k: v for k, v in everything_below(made).items() if k.endswith(".npy")}
    (both / "nsddata/experiments/nsd/nsd_expdesign.mat").unlink()
    by_tables = find_design(both, "subj01", **SETTINGS)
    np.testing.assert_array_equal(by_tables.image, by_mat.image)
    np.testing.assert_array_equal(by_tables.shared, by_mat.shared)
    made = prepare(both, tmp_path / "b", planned_sessions=4)
    assert {k: v for k, v in everything_below(made).items() if k.endswith(".npy")} == first
    assert open_subject(made).details["test_set"] == "shared1000"


def test_fewer_sessions_in_the_table_are_not_taken_for_all_that_were_planned(own_nsd, tmp_path):
    tiny.write_tables(own_nsd, sessions=3)
    (own_nsd / "nsddata/experiments/nsd/nsd_expdesign.mat").unlink()
    subject = open_subject(prepare(own_nsd, tmp_path / "out", sessions=3, planned_sessions=4))
    assert subject.details["test_set"] == "shared515"
    assert subject.test.images.ids == ("nsd-00010", "nsd-00904")


def test_tables_and_design_that_contradict_each_other_are_refused(both):
    path = both / "nsddata/ppdata/subj01/behav/responses.tsv"
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[0], lines[2], lines[1], *lines[3:]]) + "\n")
    with pytest.raises(DamagedFile, match=r"different images in 2 of 24 trials.*trial 1\."):
        find_design(both, "subj01", **SETTINGS)
