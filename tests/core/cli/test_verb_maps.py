"""``maps``: files of what a run knows of each vertex, equal to the run's own arrays."""

import csv
import json

import numpy as np
import pytest

from cortiscope.core import notebook as cs
from cortiscope.core.cli.main import main
from cortiscope.core.encoding.fields.predictor import fields_of
from cortiscope.core.evaluation import MODELS_MAPS, Scored, best_set_of
from cortiscope.core.runs.maps import MAPS
from tests.data.tiny_world import N_LEFT, write_subject


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    root = tmp_path_factory.mktemp("maps")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CORTISCOPE_HOME", str(root / "home"))
        patch.setattr("cortiscope.core.notebook.subjects._OPENED", {})
        subject = cs.open_subject(write_subject(root / "data" / "s1"))
        few = {"n_sizes": 2, "smallest": 0.1, "largest": 0.3}
        placed = cs.fit(
            subject,
            "pixels",
            "pixels",
            pooling="grid:4",
            regressor="receptive_fields",
            settings=few,
        )
        yield placed, cs.fit(subject, "pixels", "pixels", reduction="pca:4"), root


@pytest.fixture
def maps(world, monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("CORTISCOPE_HOME", str(world[2] / "home"))

    def _maps(run, *options, status=0):
        asked = ["maps", "--run", run.id, "--out", str(tmp_path / "out"), *options]
        assert main([*asked, "--json", "--progress", "none"]) == status
        return json.loads(capsys.readouterr().out.splitlines()[-1]), tmp_path / "out"

    return _maps


def test_arrays_are_the_run_s_own_by_hemisphere(world, maps):
    run = world[0]
    found, out = maps(run, "--map", "r,prf_x,prf_eccentricity,prf_angle,prf_sigma,prf_sure")
    fields = fields_of(run.fitted)
    assert len(found["files"]) == 12
    known = ~fields.whole
    for name, values in (
        ("prf_x", fields.x),
        ("prf_eccentricity", np.hypot(fields.x, fields.y)),
        ("prf_angle", np.degrees(np.arctan2(fields.y, fields.x))),
    ):
        left, right = (np.load(out / f"{side}.{name}.npy") for side in ("lh", "rh"))
        assert len(left) == N_LEFT
        whole = np.concatenate([left, right])
        np.testing.assert_allclose(whole[known], values[known], atol=1e-4)
        assert np.isnan(whole[~known]).all()
        assert found["maps"][name]["n"] == known.sum()
    np.testing.assert_array_equal(np.load(out / "lh.r.npy"), run.report.r[:N_LEFT])
    assert (found["maps"]["r"]["split"], found["maps"]["r"]["n_images"]) == ("test", 6)
    assert (found["maps"]["prf_x"]["unit"], found["maps"]["prf_x"]["n_images"]) == ("deg", 16)
    assert found["simulated"]


def test_a_table_has_a_row_per_vertex_and_leaves_out_what_is_not_known(world, maps):
    found, out = maps(world[0], "--format", "csv")
    assert found["files"] == ["lh.maps.csv", "rh.maps.csv"]
    assert list(found["maps"]) == [name for name in MAPS if name in found["maps"]]
    assert "prf_sigma" in found["maps"]
    with (out / "lh.maps.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert [row["vertex"] for row in rows] == [str(k) for k in range(N_LEFT)]
    r = world[0].report.r[:N_LEFT]
    assert rows[6]["r"] == ""  # the dead vertex
    np.testing.assert_allclose([float(row["r"]) for row in rows[:6]], r[:6], rtol=1e-5)


def test_what_a_run_does_not_have_is_said(world, maps):
    plain = world[1]
    found, _ = maps(plain)
    assert set(found["maps"]) == {"r", "ceiling", "normalised", "alpha"}
    for words, *options in (
        ("no receptive fields", "--map", "prf_x"),
        ("prf_sigma", "--map", "prf_sigm"),
        ("npy, csv", "--format", "gifti"),
        ("names no map", "--map", ","),
    ):
        said, _ = maps(plain, *options, status=2)
        assert words in said["error"]["message"] + said["error"]["hint"]


def test_maps_of_several_are_those_of_the_page_and_are_grey_where_nothing_is_sure(
    world, maps, tmp_path
):
    placed, plain, root = world
    data = ["--data", str(root / "data" / "s1")]
    options = ["--run", plain.id, "--map", "best_model,late_early", *data]
    found, out = maps(placed, *options)
    assert found["runs"] == [placed.id, plain.id]
    assert found["maps"]["best_model"]["n_images"] == 6
    subject = cs.open_subject(root / "data" / "s1")
    best = best_set_of([Scored.of_model(run, subject) for run in (placed, plain)])
    for name in ("best_model", "late_early"):
        sides = [np.load(out / f"{side}.{name}.npy") for side in ("lh", "rh")]
        np.testing.assert_array_equal(np.concatenate(sides), MODELS_MAPS[name].of(best))
        assert found["maps"][name]["n"] == np.isfinite(MODELS_MAPS[name].of(best)).sum()
    refused, _ = maps(placed, "--run", plain.id, "--map", "prf_x", *data, status=2)
    assert "best_model" in refused["error"]["message"] + refused["error"]["hint"]
