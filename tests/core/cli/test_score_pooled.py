"""``score`` of several subjects, against the challenge's rules in plain loops over scipy."""

from __future__ import annotations

import json
import warnings

import numpy as np
import pytest
from scipy import stats

from cortiscope.core.cli.main import main
from tests.data.algonauts_folder import write_subject

SUBJECTS = {"subj01": 5, "subj06": 9, "subj08": 13}  # test images


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    for name, n_test in SUBJECTS.items():
        number = int(name[-1])
        write_subject(folder / name, subject=number, n_train=4, n_test=n_test, private=True)
    return folder


@pytest.fixture(scope="module")
def predictions(data, tmp_path_factory):
    """A submission's tree: subjects of unlike quality, with negative r and constants."""
    folder = tmp_path_factory.mktemp("made") / "submission"
    rng = np.random.default_rng(11)
    for k, name in enumerate(SUBJECTS):
        (folder / name).mkdir(parents=True)
        for hemisphere in ("lh", "rh"):
            measured = np.load(_measured(data, name, hemisphere))
            noise = rng.normal(size=measured.shape) * (1 + 3 * k)
            predicted = (measured + noise).astype(np.float32)
            predicted[:, 3] = -measured[:, 3]
            predicted[:, 5] = 0.1
            np.save(folder / name / f"{hemisphere}_pred_test.npy", predicted)
    return folder


def _measured(data, name, hemisphere):
    return data / name / "test_split/test_fmri" / f"{hemisphere}_test_fmri.npy"


def _vertices(data, predictions, name, hemisphere):
    """Each vertex's score by the challenge's published evaluation."""
    predicted = np.load(predictions / name / f"{hemisphere}_pred_test.npy").astype(np.float64)
    measured = np.load(_measured(data, name, hemisphere)).astype(np.float64)
    where = data / name / "test_split/noise_ceiling" / f"{hemisphere}_noise_ceiling.npy"
    scores = []
    for vertex, ceiling in enumerate(np.load(where).astype(np.float64)):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            r = stats.pearsonr(predicted[:, vertex], measured[:, vertex])[0]
        if np.isnan(r) or r < 0:
            r = 0.0
        if ceiling == 0:
            ceiling = 1e-14
        scores.append(min(100.0, 100 * r**2 / ceiling))
    return scores


def _score(capsys, *arguments, json_out=True):
    words = ["score", *map(str, arguments), "--progress", "none"]
    status = main([*words, "--json"] if json_out else words)
    captured = capsys.readouterr()
    return status, json.loads(captured.out.splitlines()[-1]) if json_out else captured.out


def _named(predictions, data):
    return ("--predictions", predictions, "--responses", data, "--ceiling", data)


def test_the_number_is_pooled_over_all_vertices_of_all_subjects(data, predictions, capsys):
    status, result = _score(capsys, *_named(predictions, data))
    assert status == 0
    each = {
        (name, h): _vertices(data, predictions, name, h) for name in SUBJECTS for h in ("lh", "rh")
    }
    pooled = [score for scores in each.values() for score in scores]
    assert result["challenge_score"] == pytest.approx(np.mean(pooled), abs=1e-6)
    assert result["n_vertices"] == len(pooled) == 395 + 391 + 394
    assert result["n_undefined"] == len(each)
    assert result["n_images"] == sum(SUBJECTS.values())
    by_subject = []
    for name in SUBJECTS:
        own = result["per_subject"][name]
        by_subject.append(np.mean(each[name, "lh"] + each[name, "rh"]))
        assert own["challenge_score"] == pytest.approx(by_subject[-1], abs=1e-6)
        assert own["n_images"] == SUBJECTS[name]
        for h in ("lh", "rh"):
            got = own["per_hemisphere"][h]["challenge_score"]
            assert got == pytest.approx(np.mean(each[name, h]), abs=1e-6)
    for h in ("lh", "rh"):
        one_side = [s for name in SUBJECTS for s in each[name, h]]
        got = result["per_hemisphere"][h]["challenge_score"]
        assert got == pytest.approx(np.mean(one_side), abs=1e-6)
    # These data tell the two apart.
    assert abs(np.mean(by_subject) - np.mean(pooled)) > 1e-3


def test_one_subject_of_several_has_the_numbers_it_has_alone(data, predictions, capsys):
    _, together = _score(capsys, *_named(predictions, data))
    _, alone = _score(capsys, *_named(predictions / "subj06", data / "subj06"))
    assert together["per_subject"]["subj06"] == alone
    assert "per_subject" not in alone


def test_subjects_without_predictions_are_named_and_not_scored(data, predictions, tmp_path, capsys):
    (tmp_path / "some").mkdir()
    (tmp_path / "some/subj06").symlink_to(predictions / "subj06")
    status, result = _score(capsys, *_named(tmp_path / "some", data))
    assert (status, list(result["per_subject"])) == (0, ["subj06"])
    assert result["subjects_missing"] == ["subj01", "subj08"]


def test_people_read_every_subject_and_the_pooled_number(data, predictions, capsys):
    _, result = _score(capsys, *_named(predictions, data))
    _, shown = _score(capsys, *_named(predictions, data), json_out=False)
    last = shown.splitlines()[-4]
    assert last.startswith("pooled both")
    assert f"{result['challenge_score']:.3f}" in last
    assert shown.splitlines()[-1] == "pooled over 27 images of 3 subjects"
    assert sum(line.startswith("subj06") for line in shown.splitlines()) == 4


def _refused(capsys, *arguments):
    status, result = _score(capsys, *arguments)
    assert status == 2
    return " ".join((result["error"]["message"], result["error"]["hint"]))


def test_predictions_without_responses_are_refused(data, predictions, tmp_path, capsys):
    (tmp_path / "subj01").symlink_to(data / "subj01")
    told = _refused(capsys, *_named(predictions, tmp_path))
    assert "predictions for subj06" in told


def test_an_error_names_the_subject(data, predictions, tmp_path, capsys):
    for name in SUBJECTS:
        (tmp_path / name).mkdir()
        for path in (predictions / name).iterdir():
            cut = 1 if (name, path.name[:2]) == ("subj08", "rh") else 0
            np.save(tmp_path / name / path.name, np.load(path)[cut:])
    assert _refused(capsys, *_named(tmp_path, data)).startswith("subj08: rh_pred_test.npy")


def test_the_folder_above_is_told_from_the_folder_itself(data, predictions, capsys):
    assert "submission?" in _refused(capsys, *_named(predictions.parent, data))
    assert "Unpack it" in _refused(capsys, *_named(__file__, data))
