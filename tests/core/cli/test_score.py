"""``score`` against a plain implementation that shares nothing with it."""

from __future__ import annotations

import json
import math
import statistics

import numpy as np
import pytest

from cortiscope.core.cli.main import main

N_IMAGES, N_LEFT, N_RIGHT = 12, 7, 5


def _plain_r(x, y):
    """Pearson r with Python's exact summation; None where a side is constant."""
    if len(set(x)) == 1 or len(set(y)) == 1:
        return None
    mean_x, mean_y = math.fsum(x) / len(x), math.fsum(y) / len(y)
    dx, dy = [v - mean_x for v in x], [v - mean_y for v in y]
    cross = math.fsum(a * b for a, b in zip(dx, dy, strict=True))
    return cross / math.sqrt(math.fsum(a * a for a in dx) * math.fsum(b * b for b in dy))


def _plain_challenge(r, ceiling):
    """The challenge's rules, a vertex at a time."""
    if r is None or r < 0:
        r = 0.0
    return min(100.0, 100.0 * r * r / (ceiling if ceiling != 0 else 1e-14))


@pytest.fixture
def folders(tmp_path):
    """Predictions, responses and ceilings of two hemispheres of different size, with a constant
    prediction, a constant response, negative r and ceilings of 0."""
    rng = np.random.default_rng(5)
    places = {name: tmp_path / name for name in ("predictions", "responses", "ceiling")}
    for place in places.values():
        place.mkdir()
    for hemisphere, n in (("lh", N_LEFT), ("rh", N_RIGHT)):
        measured = rng.normal(size=(N_IMAGES, n)).astype(np.float32)
        predicted = 0.6 * measured + rng.normal(size=measured.shape) + 40
        predicted[:, 0] = -measured[:, 0] + 0.3 * rng.normal(size=N_IMAGES)
        if hemisphere == "lh":
            predicted[:, 1] = 0.1
            measured[:, 2] = 1 / 3
        ceiling = rng.uniform(0.1, 0.9, size=n)
        ceiling[[0, n - 1]] = 0
        ceiling[1] = 0.01
        np.save(places["predictions"] / f"{hemisphere}_pred.npy", predicted.astype(np.float32))
        np.save(places["responses"] / f"{hemisphere}_test_fmri.npy", measured)
        np.save(places["ceiling"] / f"{hemisphere}_noise_ceiling.npy", ceiling)
    return places


def _score(capsys, folders, *, ceiling=True):
    named = [f"--{k}={v}" for k, v in folders.items() if ceiling or k != "ceiling"]
    status = main(["score", *named, "--json", "--progress", "none"])
    captured = capsys.readouterr()
    return status, json.loads(captured.out.splitlines()[-1]), captured.err


def _expected(folders, hemispheres):
    r, scores = [], []
    for h in hemispheres:
        p = np.load(folders["predictions"] / f"{h}_pred.npy").astype(float)
        m = np.load(folders["responses"] / f"{h}_test_fmri.npy").astype(float)
        c = np.load(folders["ceiling"] / f"{h}_noise_ceiling.npy")
        for k in range(p.shape[1]):
            r.append(_plain_r(p[:, k].tolist(), m[:, k].tolist()))
            scores.append(_plain_challenge(r[-1], float(c[k])))
    defined = [v for v in r if v is not None]
    return {
        "n_vertices": len(r),
        "n_undefined": len(r) - len(defined),
        "median_r": statistics.median(defined),
        "mean_r": statistics.fmean(defined),
        "challenge_score": statistics.fmean(scores),
    }


def test_score_equals_a_plain_implementation(folders, capsys):
    status, result, _ = _score(capsys, folders)
    assert status == 0
    for hemispheres, got in (
        (("lh", "rh"), result),
        (("lh",), result["per_hemisphere"]["lh"]),
        (("rh",), result["per_hemisphere"]["rh"]),
    ):
        expected = _expected(folders, hemispheres)
        assert {k: got[k] for k in expected} == pytest.approx(expected, abs=1e-6, rel=0)
    assert (result["n_undefined"], result["n_zero_ceiling"], result["n_images"]) == (2, 4, 12)


def test_the_mean_r_of_a_subject_has_its_interval(folders, capsys):
    _, result, _ = _score(capsys, folders)
    p, m = (
        np.concatenate([np.load(folders[f] / f"{h}_{name}.npy") for h in ("lh", "rh")], axis=1)
        for f, name in (("predictions", "pred"), ("responses", "test_fmri"))
    )
    defined = np.ptp(p, axis=0) * np.ptp(m, axis=0) > 0
    means = []
    for k in range(N_IMAGES):
        kept = np.arange(N_IMAGES) != k
        r = [_plain_r(p[kept, v].tolist(), m[kept, v].tolist()) for v in np.flatnonzero(defined)]
        means.append(statistics.fmean(r))
    half = 2.200985 * math.sqrt((N_IMAGES - 1) * statistics.pvariance(means))  # t of 11
    expected = [result["mean_r"] - half, result["mean_r"] + half]
    got = [result[f"mean_r_{end}_95"] for end in ("low", "high")]
    assert got == pytest.approx(expected, abs=1e-5)


def test_the_variant_leaves_vertices_of_zero_ceiling_out(folders, capsys):
    _, result, _ = _score(capsys, folders)
    scores = []
    for h in ("lh", "rh"):
        p = np.load(folders["predictions"] / f"{h}_pred.npy").astype(float)
        m = np.load(folders["responses"] / f"{h}_test_fmri.npy").astype(float)
        for k, c in enumerate(np.load(folders["ceiling"] / f"{h}_noise_ceiling.npy").tolist()):
            if c > 0:
                scores.append(_plain_challenge(_plain_r(p[:, k].tolist(), m[:, k].tolist()), c))
    assert result["noise_normalized"] == pytest.approx(np.mean(scores), abs=1e-6)


def test_without_ceilings_the_challenge_score_is_unknown(folders, capsys):
    status, result, _ = _score(capsys, folders, ceiling=False)
    assert status == 0
    assert result["challenge_score"] is None
    assert result["per_hemisphere"]["rh"]["challenge_score"] is None
    assert result["median_r"] == pytest.approx(_expected(folders, ("lh", "rh"))["median_r"])


def test_the_submissions_file_names_are_read_too(folders, capsys):
    _, before, _ = _score(capsys, folders)
    for h in ("lh", "rh"):
        (folders["predictions"] / f"{h}_pred.npy").rename(
            folders["predictions"] / f"{h}_pred_test.npy"
        )
    assert _score(capsys, folders)[1] == before


def _numbers(result):
    each = result.pop("per_hemisphere")
    return result, each["lh"], each["rh"]


def test_blocks_of_vertices_change_nothing(folders, capsys, monkeypatch):
    _, before, _ = _score(capsys, folders)
    monkeypatch.setattr("cortiscope.core.cli.verb_score._VERTICES_AT_ONCE", 2)
    after = _score(capsys, folders)[1]
    for one, other in zip(_numbers(before), _numbers(after), strict=True):
        assert one == pytest.approx(other, rel=1e-12)


def test_where_no_vertex_has_a_correlation_it_is_null_and_the_score_0(folders, capsys):
    for path in folders["predictions"].iterdir():
        np.save(path, np.ones_like(np.load(path)))
    status, result, _ = _score(capsys, folders)
    assert status == 0
    assert (result["median_r"], result["mean_r"], result["challenge_score"]) == (None, None, 0)
    assert result["n_undefined"] == N_LEFT + N_RIGHT


def _shorter(path):
    np.save(path, np.load(path)[..., :-1])


def _fewer_images(path):
    np.save(path, np.load(path)[:-1])


def _not_finite(path):
    values = np.load(path)
    values[..., 3] = np.nan
    np.save(path, values)


def _percent(path):
    np.save(path, np.load(path) * 100)


def _gone(path):
    path.unlink()


def _cut(path):
    path.write_bytes(path.read_bytes()[:-20])


def _twice(path):
    np.save(path.with_name("rh_pred_test.npy"), np.load(path))


@pytest.mark.parametrize(
    ("folder", "name", "harm", "told"),
    [
        ("predictions", "lh_pred.npy", _shorter, "12 x 6; expected 12 x 7"),
        ("predictions", "rh_pred.npy", _fewer_images, "11 x 5; expected 12 x 5"),
        ("predictions", "lh_pred.npy", _not_finite, "vertices 3 "),
        ("predictions", "rh_pred.npy", _gone, "rh_pred_test.npy"),
        ("predictions", "rh_pred.npy", _twice, "rh_pred_test.npy"),
        ("responses", "rh_test_fmri.npy", _fewer_images, "11 images"),
        ("responses", "rh_test_fmri.npy", _not_finite, "vertices 3 "),
        ("responses", "lh_test_fmri.npy", _gone, "missing"),
        ("responses", "lh_test_fmri.npy", _cut, "is cut short"),
        ("ceiling", "rh_noise_ceiling.npy", _shorter, "expected 5"),
        ("ceiling", "rh_noise_ceiling.npy", _percent, "fractions from 0 to 1"),
        ("ceiling", "lh_noise_ceiling.npy", _not_finite, "vertices 3 "),
        ("ceiling", "rh_noise_ceiling.npy", _gone, "missing"),
    ],
)
def test_an_error_names_the_file(folders, capsys, folder, name, harm, told):
    harm(folders[folder] / name)
    status, result, line = _score(capsys, folders)
    assert status == 2
    assert name in result["error"]["message"]
    assert told in result["error"]["message"]
    assert len(line.strip().splitlines()) == 1


def test_people_read_the_same_numbers(folders, capsys):
    _, result, _ = _score(capsys, folders)
    assert main(["score", *[f"--{k}={v}" for k, v in folders.items()]]) == 0
    shown = capsys.readouterr().out
    assert f"median r {result['median_r']:.4f}" in shown
    assert f"challenge score {result['challenge_score']:.3f}" in shown


def _as_voxels(folders):
    """The same numbers with both hemispheres in one file of each kind."""
    for place, name in (
        ("predictions", "pred"),
        ("responses", "test_fmri"),
        ("ceiling", "noise_ceiling"),
    ):
        both = [folders[place] / f"{h}_{name}.npy" for h in ("lh", "rh")]
        np.save(folders[place] / f"{name}.npy", np.concatenate([np.load(p) for p in both], -1))
        for path in both:
            path.unlink()


def test_voxels_without_positions_have_the_scores_of_the_same_vertices(folders, capsys):
    _, placed, _ = _score(capsys, folders)
    _as_voxels(folders)
    status, voxels, _ = _score(capsys, folders)
    assert status == 0
    assert voxels.pop("per_hemisphere")["lh"]["n_vertices"] == 0
    placed.pop("per_hemisphere")
    assert voxels == pytest.approx(placed, rel=1e-12)


def test_predictions_of_hemispheres_and_of_voxels_in_one_folder_are_refused(folders, capsys):
    np.save(folders["predictions"] / "pred.npy", np.zeros((12, 3), "f4"))
    status, answer, _ = _score(capsys, folders)
    assert status == 2
    assert "lh_pred.npy, rh_pred.npy, pred.npy" in answer["error"]["message"]
