"""A layout of one's own, as docs/add-a-layout.md adds it, and what cannot be one."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from scipy.io import savemat

from cortiscope.core.brain import HEMISPHERES
from cortiscope.core.cli.main import main
from cortiscope.core.datasets import check_folder, find_subjects, open_subject
from cortiscope.core.datasets.registry import LAYOUTS, layout_words, register_layout
from cortiscope.core.errors import InvalidInput
from cortiscope.core.features import FeatureStore
from cortiscope.core.pipeline.fit import fit_all
from cortiscope.core.runs import RunStore
from cortiscope.pages.data.layout_guide import guides
from tests.data.lab_folder import N_IMAGES, N_TEST, N_VERTICES, lab_layout, write_lab_folder
from tests.data.plain_folder import write_plain
from tests.data.tiny_model import pixels_spec


@pytest.fixture
def layout():
    with lab_layout() as registered:
        yield registered


@pytest.fixture
def folder(tmp_path):
    return write_lab_folder(tmp_path / "data" / "anna")


def test_without_the_registration_the_folder_is_of_no_layout(folder):
    with pytest.raises(Exception, match="No subject was recognised"):
        find_subjects(folder.parent)


def test_it_is_found_opened_and_explained(layout, folder):
    write_plain(folder.parent / "berta")
    assert [ref.id for ref in find_subjects(folder.parent)] == ["anna", "berta"]
    subject = open_subject(folder.parent, "anna")
    assert (len(subject.train), len(subject.test)) == (N_IMAGES - N_TEST, N_TEST)
    assert subject.test.images.ids[0] == "0003"
    assert subject.conventions.with_unit("1") == "1 percent signal change"
    assert layout_words(subject.layout) == "folder of the lab's MATLAB files"
    assert layout.guide in guides()
    assert open_subject(folder.parent, "berta").layout == "arrays"


def test_it_is_checked_without_a_check_of_its_own(layout, folder):
    report = check_folder(folder.parent)
    (anna,) = report.subjects
    assert (report.layout, anna.problems, anna.n_train, anna.n_test) == ("lab_mat", (), 24, 6)
    assert anna.to_json()["vertices"] == {"lh": N_VERTICES, "rh": N_VERTICES}
    assert "Rows are taken by the pictures' names." in anna.notes


def test_files_of_arrays_are_no_packed_download(layout, folder):
    np.savez(folder / "session_01.npz", rows=np.arange(3))
    (folder / "more.zip").write_bytes((folder / "session_01.npz").read_bytes())
    (problem,) = check_folder(folder).subjects[0].problems
    assert problem.startswith("more.zip in ./ has not been unpacked")


def test_what_is_wrong_with_it_is_named(layout, folder):
    stored = {h.short: np.zeros((N_IMAGES, N_VERTICES)) for h in HEMISPHERES}
    stored["lh"][3, 7] = np.nan
    savemat(folder / "betas.mat", {**stored, "is_test": np.arange(N_IMAGES) % 5 == 2})
    (folder / "stimuli" / "0009.png").write_bytes(
        (folder / "stimuli" / "0009.png").read_bytes()[:200]
    )
    (folder / "more.zip.part").touch()
    words = " ".join(check_folder(folder).subjects[0].problems)
    for part in ("left train responses has NaN", "0009.png", "more.zip.part", "zeros only"):
        assert part in words
    savemat(folder / "betas.mat", {**stored, "lh": stored["lh"][1:], "is_test": [0]})
    assert "lh is (29, 10242); expected 30 images" in check_folder(folder).subjects[0].problems[1]


def test_it_is_fitted_and_its_run_opens(layout, folder, tmp_path):
    subject = open_subject(folder)
    runs = RunStore(tmp_path / "runs")
    (run,) = fit_all(
        subject,
        [pixels_spec(subject)],
        features=FeatureStore(tmp_path / "features"),
        runs=runs,
    )
    r = np.asarray(run.report.r)  # NaN where a constant is predicted
    assert np.nanmedian(r[:N_VERTICES]) > 0.8 > 0.4 > abs(np.nanmedian(r[N_VERTICES:]))
    assert runs.open(run.id).record["layout"] == "lab_mat"


def test_the_command_line_checks_it(layout, folder, capsys):
    assert main(["check", str(folder.parent)]) == 0
    assert "lab_mat, 1 subject" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": "arrays"}, "There is a layout 'arrays' already"),
        ({"name": "simulated"}, "There is a layout 'simulated' already"),
        ({"name": "Lab"}, "lower-case letters"),
        ({"name": "packed", "load": None}, "neither load nor preparing"),
    ],
)
def test_what_cannot_be_a_layout_is_refused(layout, changes, words):
    known = dict(LAYOUTS)
    with pytest.raises(InvalidInput, match=words):
        register_layout(replace(layout, **changes))
    assert known == LAYOUTS


def test_a_cell_may_run_again(layout):
    with pytest.raises(InvalidInput, match="already"):
        register_layout(layout)
    again = register_layout(replace(layout, words="other words"), replace=True)
    assert LAYOUTS["lab_mat"] is again


def test_knowing_all_layouts_loads_no_library_that_only_one_of_them_needs():
    code = (
        "import sys, cortiscope.core.datasets\n"
        "print([m for m in ('nibabel', 'h5py', 'scipy') if m in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
