"""Contrast, best pictures and seed map of a tiny subject; what a contrast finds in sim01."""

import json
import shutil

import numpy as np
import pytest
from scipy import stats

from cortiscope.core import notebook as cs
from cortiscope.core.cli.main import main
from cortiscope.core.datasets import open_subject
from cortiscope.core.errors import InvalidInput
from cortiscope.core.pipeline.contrast import contrast_of
from cortiscope.core.pipeline.demo import demo_data
from cortiscope.core.pipeline.seed_map import repeats_apart, seed_map
from cortiscope.core.runs import RunStore
from cortiscope.core.storage import Home
from tests.data.tiny_world import write_subject

N_TRAIN, N_TEST = 24, 24


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    root = tmp_path_factory.mktemp("lab")
    folder = write_subject(root / "data" / "subj01", n_train=N_TRAIN, n_test=N_TEST)
    stimuli = [
        {"split": split, "number": k + 1, "categories": [("face", "street")[k % 2]]}
        for split, n in (("train", N_TRAIN), ("test", N_TEST))
        for k in range(n)
    ]
    (folder / "cortiscope_sidecar" / "stimuli.json").write_text(json.dumps(stimuli))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CORTISCOPE_HOME", str(root / "home"))
        patch.setattr("cortiscope.core.notebook.subjects._OPENED", {})
        subject = cs.open_subject(folder)
        yield subject, cs.fit(subject, "pixels", "pixels", pooling="grid:4"), root


@pytest.fixture
def verb(world, monkeypatch, capsys):
    def _verb(*words, status=0):
        monkeypatch.setenv("CORTISCOPE_HOME", str(world[2] / "home"))
        assert main([*map(str, words), "--json", "--progress", "none"]) == status
        return json.loads(capsys.readouterr().out.splitlines()[-1])

    return _verb


def _responses(subject):
    both = [split.response_rows(slice(None)) for split in (subject.train, subject.test)]
    return np.concatenate(both).astype(float)


def test_a_contrast_is_measured_over_all_and_predicted_over_held_out(world, verb, tmp_path):
    subject, run, root = world
    words = ("contrast", "--data", root / "data", "--subject", "subj01", "--run", run.id)
    sets = ("--a", "category:face", "--b", "category:street")
    result = verb(*words, *sets, "--out", tmp_path / "out")
    assert (result["n_a"], result["n_b"], result["simulated"]) == (24, 24, True)
    assert (result["held_out"]["n_a"], result["held_out"]["n_b"]) == (12, 12)
    y, v = _responses(subject), subject.roi_vertices("V1v", "left")
    face = np.arange(N_TRAIN + N_TEST) % 2 == 0
    expected = stats.ttest_ind(y[face], y[~face], equal_var=False)
    written = [np.load(tmp_path / "out" / f"{side}.t.npy") for side in ("lh", "rh")]
    np.testing.assert_allclose(np.concatenate(written), expected.statistic, rtol=1e-5)
    own = result["rois"]["lh"]["V1v"]
    assert own["measured"] == pytest.approx(y[face][:, v].mean() - y[~face][:, v].mean())
    predicted = run.predict_rows("test", slice(None))[:, v].mean(axis=1)
    test = stats.ttest_ind(predicted[::2], predicted[1::2], equal_var=False)
    assert own["predicted"] == pytest.approx(predicted[::2].mean() - predicted[1::2].mean())
    assert own["predicted_low"] == pytest.approx(test.confidence_interval().low, abs=1e-6)
    held = y[N_TRAIN:, v].mean(axis=1)
    assert own["held_out"] == pytest.approx(held[::2].mean() - held[1::2].mean())
    assert set(result["rois"]["rh"]) == {"V1v", "V1d", "OFA"}  # no FFA-1 on the right
    assert {"rois.csv", "contrast.json", "rh.q.npy"} <= set(result["files"])
    rows = (tmp_path / "out" / "rois.csv").read_text().splitlines()
    assert rows[0].startswith("roi,hemisphere,measured,t,df,p,low,high,q,predicted")
    swapped = verb(*words, "--a", "category:street", "--b", "category:face")
    assert swapped["rois"]["lh"]["V1v"]["t"] == -own["t"]
    assert swapped["rois"]["lh"]["V1v"]["q"] == own["q"]


def test_few_held_out_pictures_have_no_prediction(world, verb):
    words = ("contrast", "--data", world[2] / "data", "--run", world[1].id)
    result = verb(*words, "--a", "category:face and train", "--b", "category:street")
    assert result["rois"]["lh"]["V1v"]["predicted"] is None
    assert "only 0 pictures of A and 12 of B" in result["lacks"]


def test_a_picture_of_both_sets_counts_for_neither(world, verb):
    words = ("contrast", "--data", world[2] / "data")
    result = verb(*words, "--a", "test", "--b", "category:face")
    assert (result["n_a"], result["n_b"], result["n_both"]) == (12, 12, 12)
    wrong = verb(*words, "--a", "test", "--b", "category:house", status=2)
    assert "Unknown category of subj01" in wrong["error"]["message"]


def test_gabor_energy_is_partialled_out(world):
    subject = world[0]
    plain, controlled = (
        cs.contrast(subject, "category:face", "category:street", control=c)
        for c in ("none", "gabor")
    )
    place = ("V1v", "left")
    assert controlled.of(place)["df"] < plain.of(place)["df"]
    assert controlled.of(place)["measured"] != plain.of(place)["measured"]
    assert len(controlled.table()) == len(plain.table())


def test_best_pictures_of_the_subject(world, verb):
    subject, run, root = world
    found = verb("best-images", "--run", run.id, "--roi", "V1v", "--hemisphere", "lh", "--k", 3)
    v = subject.roi_vertices("V1v", "left")
    predicted = [run.predict_rows(s, slice(None))[:, v].mean(axis=1) for s in ("train", "test")]
    joint = np.concatenate(predicted)
    order = np.argsort(-joint)
    names = [f"train-{k + 1}" for k in range(N_TRAIN)] + [f"test-{k + 1}" for k in range(N_TEST)]
    assert [own["image"] for own in found["highest"]] == [names[k] for k in order[:3]]
    assert [own["image"] for own in found["lowest"]] == [names[k] for k in order[::-1][:3]]
    measured = _responses(subject)[:, v].mean(axis=1)
    assert found["lowest"][0]["measured"] == pytest.approx(measured[order[-1]])
    assert found["n_images"] == N_TRAIN + N_TEST
    listed = root / "vertices.txt"
    listed.write_text("0\n1\nleft~104\n")  # every other vertex from 100 on is the subject's
    same = verb("best-images", "--run", run.id, "--vertices", listed, "--k", 3)
    assert same["highest"] == found["highest"]
    assert same["n_vertices"] == len(v)
    listed.write_text("left~101\n")
    wrong = verb("best-images", "--run", run.id, "--vertices", listed, status=2)
    assert "'left~101' is no vertex of subj01" in wrong["error"]["message"]


def test_best_pictures_of_a_folder(world, verb, tmp_path):
    subject, run, _ = world
    further = open_subject(write_subject(tmp_path / "other", n_test=7, seed=5)).test.images
    folder = tmp_path / "mine"
    folder.mkdir()
    for k, path in enumerate([*further.paths, subject.test.images.paths[3]]):
        shutil.copy(path, folder / f"p{k}.png")
    shutil.copy(further.paths[0], folder / "p9.png")
    words = ("best-images", "--run", run.id, "--roi", "V1v", "--images", folder, "--k", 20)
    found = verb(*words, "--out", tmp_path / "best.csv")
    predicted = cs.predict(run, folder)
    v = np.concatenate([subject.roi_vertices("V1v", side) for side in ("left", "right")])
    values = dict(zip([f"p{k}" for k in range(10)], [0] * 10, strict=True))
    values = dict(zip(sorted(values)[:8] + ["p9"], predicted[:, v].mean(axis=1), strict=True))
    del values["p9"]  # a copy of p0
    names = [own["image"] for own in found["highest"]]
    assert names == sorted(values, key=lambda name: -values[name])
    assert names == [own["image"] for own in found["lowest"]][::-1]
    known = next(own for own in found["highest"] if own["image"] == "p7")
    measured = subject.test.response_rows([3])[0, v].mean()
    assert (known["role"], known["measured"]) == ("test", pytest.approx(measured))
    assert all(0 <= own["novelty"] <= 100 for own in found["highest"])
    assert len((tmp_path / "best.csv").read_text().splitlines()) == 1 + 16


def test_a_seed_map_is_numpys_correlation(world):
    subject, run, _ = world
    y = _responses(subject)
    found = cs.seed_map(subject, 2)
    with np.errstate(invalid="ignore"):
        np.testing.assert_allclose(found.r, np.corrcoef(y.T)[2], atol=1e-6)
    assert not found.apart
    assert "Single trials are not kept" in found.words
    predicted = run.predict_rows("test", slice(None))
    of_model = cs.seed_map(subject, 2, run, responses="predicted")
    with np.errstate(invalid="ignore"):
        np.testing.assert_allclose(of_model.r, np.corrcoef(predicted.T)[2], atol=1e-5)
    with pytest.raises(InvalidInput, match="has 12 vertices; got number 12"):
        cs.seed_map(subject, 12)


def test_seed_and_map_are_from_different_repeats_where_they_are_kept(tmp_path):
    """Pictures lie there several times, a trial each: what they share but the noise goes along."""
    folder = write_subject(tmp_path / "trials", n_train=40)
    images = sorted((folder / "training_split" / "training_images").iterdir())
    for k in range(20):  # every picture of the second half is one of the first
        shutil.copy(images[k], images[20 + k])
    subject = open_subject(folder)
    found = seed_map(subject, 2)
    assert found.apart
    assert found.n_images == 20
    y = subject.train.response_rows(slice(None)).astype(float)
    own, other = y[:20], y[20:]
    expected = [np.corrcoef(own[:, 2], other[:, k])[0, 1] for k in (0, 2, 5)]
    np.testing.assert_allclose(found.r[[0, 2, 5]], expected, atol=1e-6)
    first, second = repeats_apart(np.array([0, 1, 0, 0, 2, 1]))
    assert [a.tolist() for a in first] == [[0, 3], [1]]
    assert [a.tolist() for a in second] == [[2], [5]]


def test_faces_against_scenes_in_the_simulation(demo_home, monkeypatch):
    """FFA and OFA prefer faces, the scene areas scenes; the largest t lie in FFA."""
    monkeypatch.setenv("CORTISCOPE_HOME", str(demo_home))
    subject = open_subject(demo_data(Home(demo_home)), "sim01")
    run = RunStore(Home(demo_home).runs)
    model = next(r for r in run.survey()[0] if "sim01-small_cnn-pretrained-block4" in r.id)
    scenes = "category:indoor,street,nature and not category:face"
    found = contrast_of(subject, "category:face", scenes, model)
    assert (found.measured.n_a, found.measured.n_b) == (167, 318)
    for roi, sign in (
        ("FFA-1", 1),
        ("FFA-2", 1),
        ("OFA", 1),
        ("PPA", -1),
        ("OPA", -1),
        ("RSC", -1),
    ):
        for side in ("left", "right"):
            own = found.of((roi, side))
            assert own["q"] < 0.05
            assert sign * own["measured"] > 0
            assert sign * own["predicted"] > 0
    ffa = np.concatenate(
        [subject.roi_vertices(f"FFA-{k}", side) for k in (1, 2) for side in ("left", "right")]
    )
    top = np.argsort(-found.measured.vertices.t)[: len(ffa)]
    assert np.isin(top, ffa).mean() >= 0.4
