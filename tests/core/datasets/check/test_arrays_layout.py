"""``check`` knows folders of plain arrays: sound ones, and what is wrong with others."""

import numpy as np

from cortiscope.core.datasets import check_folder
from tests.data.plain_folder import write_plain


def test_a_sound_folder_of_plain_arrays_has_no_problem(tmp_path):
    write_plain(tmp_path / "anna")
    report = check_folder(tmp_path)
    (subject,) = report.subjects
    assert (report.layout, subject.id, subject.problems) == ("arrays", "anna", ())
    told = report.to_json()["subjects"][0]
    assert (told["n_train"], told["n_test"]) == (20, 0)
    assert told["vertices"] == {"lh": 7, "rh": 5}


def test_a_wrong_length_and_nan_vertices_are_told_with_the_file(tmp_path):
    folder = write_plain(tmp_path / "anna")
    values = np.load(folder / "rh.npy")
    np.save(folder / "rh.npy", values[:-2])
    (subject,) = check_folder(tmp_path).subjects
    assert any("rh.npy" in problem for problem in subject.problems)
    values[:, 2] = np.nan
    np.save(folder / "rh.npy", values)
    (subject,) = check_folder(tmp_path).subjects
    assert any("NaN" in problem for problem in subject.problems)
