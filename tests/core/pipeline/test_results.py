"""CSV files in the forms of img2brain's Results folder, read back with the csv module and numpy."""

import csv
from dataclasses import replace

import numpy as np
import pytest

from cortiscope.core.backbones import WeightsSpec, resolve_weights
from cortiscope.core.datasets import open_subject
from cortiscope.core.encoding import Reduction, RegressorSpec
from cortiscope.core.features import FeatureSpec, FeatureStore, Pooling
from cortiscope.core.pipeline.fit import fit_all
from cortiscope.core.pipeline.results import write_results
from cortiscope.core.runs import EncodingSpec, RunStore
from tests.data.img2brain_folder import write_folder
from tests.data.tiny_world import write_subject

REGRESSORS = ("ols", "multitask_lasso", "neighbours")


def _feature(backbone, layer):
    kind = {"small_cnn": "untrained"}.get(backbone, "fixed")
    return FeatureSpec(
        backbone, resolve_weights(backbone, WeightsSpec(kind)), layer, Pooling("grid", 3)
    )


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    home = tmp_path_factory.mktemp("results")
    subject = open_subject(write_folder(home / "Data", n_images=40, n_voxels=9, dead=4))
    base = EncodingSpec(
        subject.id,
        subject.fingerprint,
        (_feature("pixels", "pixels"),),
        Reduction("pca", 4),
        RegressorSpec("ols"),
        seed=224,
        split_rule="shuffled",
    )
    layers = [("small_cnn", "block1"), ("small_cnn", "block3"), ("gabor", "energy")]
    search = [replace(base, features=(_feature(*layer),)) for layer in layers]
    wider = replace(base, reduction=Reduction("pca", 6))
    models = [replace(wider, encoder=RegressorSpec(e), recipe=f"mine_{e}") for e in REGRESSORS]
    stores = {"features": FeatureStore(home / "f"), "runs": RunStore(home / "r")}
    runs = fit_all(subject, [*search, *models], **stores)
    write_results(runs, home / "out")
    return subject, runs[:3], runs[3:], home / "out" / subject.id


def _table(path):
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_every_layer_has_a_column_of_all_voxels_in_its_networks_file(world):
    _, search, _, where = world
    table = _table(where / "Feature_eng/Corr_allvoxes/small_cnn-untrained_corr.csv")
    assert list(table[0]) == ["block1", "block3"]
    for run in search[:2]:
        column = np.array([row[run.layer] for row in table], "f4")
        np.testing.assert_array_equal(column, run.report.r)
    assert np.isnan(float(table[4]["block1"]))  # the constant voxel
    other = _table(where / "Feature_eng/Corr_allvoxes/gabor-fixed_corr.csv")
    assert list(other[0]) == ["energy"]


def test_medians_are_medians_of_the_columns_unrounded_and_ranked(world):
    _, search, _, where = world
    table = _table(where / "Feature_eng/Median_corr/median_corr_all_layers.csv")
    values = [float(row["median_r"]) for row in table]
    assert values == sorted(values, reverse=True)
    assert [row["rank"] for row in table] == ["1", "2", "3"]
    for row in table:
        (run,) = [r for r in search if r.layer == row["layer"]]
        expected = np.median(run.report.r[np.arange(9) != 4])
        assert float(row["median_r"]) == pytest.approx(expected, rel=1e-6)
        assert (row["n_voxels"], row["n_undefined"], row["split"]) == ("9", "1", "validation")
        assert (row["n_images"], row["n_fit"], row["n_columns"]) == ("8", "32", "4")
        assert row["network"] == run.sources[0].backbone
    per_network = _table(where / "Feature_eng/Median_corr/small_cnn-untrained_corr_median.csv")
    by_layer = {row["layer"]: row["median_r"] for row in table}
    assert {r["layer"]: r["median_r"] for r in per_network}.items() <= by_layer.items()


def test_every_model_has_its_own_file_which_numpy_reads_as_it_is(world):
    _, _, models, where = world
    files = sorted(p.name for p in (where / "Evaluation_allmodels").glob("corr_*"))
    assert files == sorted(f"corr_mine_{e}.csv" for e in REGRESSORS)
    for run in models:
        path = where / f"Evaluation_allmodels/corr_{run.recipe}.csv"
        read = np.loadtxt(path, delimiter=",", dtype="f4")
        np.testing.assert_array_equal(read, run.report.r)
        head = path.read_text(encoding="utf-8").splitlines()[0]
        assert head.startswith("# Pearson r of each voxel over 8 validation images")


def test_mean_and_median_are_told_apart_and_the_penalty_is_named(world):
    _, _, models, where = world
    for name, function in (("mean", np.nanmean), ("median", np.nanmedian)):
        table = _table(where / f"Evaluation_allmodels/{name}_corr_allmodels.csv")
        values = {row["model"]: float(row[f"{name}_r"]) for row in table}
        assert list(values.values()) == sorted(values.values(), reverse=True)
        for run in models:
            expected = function(run.report.r.astype(float))
            assert values[run.recipe] == pytest.approx(expected, rel=1e-5)
        penalties = {row["model"]: row["penalty"] for row in table}
        assert penalties["mine_ols"] == penalties["mine_neighbours"] == ""
        assert float(penalties["mine_multitask_lasso"]) > 0


def test_the_test_images_are_predicted_by_the_model_of_the_largest_median(world):
    subject, _, models, where = world
    best = max(models, key=lambda run: np.nanmedian(run.report.r))
    read = np.loadtxt(where / "Predictions/fmri_test_pred.csv", delimiter=",", dtype="f4")
    assert read.shape == (len(subject.test), 9)
    np.testing.assert_array_equal(read, best.predict_rows("test", slice(None)))


def test_what_the_numbers_are_is_said_beside_them(world):
    text = (world[3] / "README.txt").read_text(encoding="utf-8")
    for words in (
        "Pearson correlation",
        "32 fitted, 8 held out (validation)",
        "rule shuffled, seed 224",
        "chosen on the images they describe",
        "Layer search: 3 layers, ols, pca to 4 columns",
        "mine_ols: Raw pixels",
        "pca to 6 columns",
    ):
        assert words in text, text


def test_runs_of_a_placed_subject_are_written_in_vertices_and_each_subject_by_itself(tmp_path):
    stores = {"features": FeatureStore(tmp_path / "f"), "runs": RunStore(tmp_path / "r")}
    runs = []
    for name in ("s1", "s2"):
        subject = open_subject(write_subject(tmp_path / name))
        spec = EncodingSpec(
            name, subject.fingerprint, (_feature("pixels", "pixels"),), Reduction("pca", 4)
        )
        specs = [replace(spec, encoder=RegressorSpec(e)) for e in ("ridge", "ridge_shared")]
        runs += fit_all(subject, specs, **stores)
    written = write_results(runs, tmp_path / "out")
    assert {p.relative_to(tmp_path / "out").parts[0] for p in written} == {"s1", "s2"}
    table = _table(tmp_path / "out/s1/Evaluation_allmodels/median_corr_allmodels.csv")
    assert {(row["n_vertices"], row["split"]) for row in table} == {("12", "test")}
    # Chosen by the validation images, never by the test images that are reported.
    chosen = [float(row["validation_median_r"]) for row in table]
    assert chosen == sorted(chosen, reverse=True)
    own = {run.id: run.validation.overall.median_r for run in runs}
    assert chosen == pytest.approx([own[row["run"]] for row in table])
    assert "one per vertex" in {row["penalty"] for row in table}
    text = (tmp_path / "out/s2/README.txt").read_text(encoding="utf-8")
    assert "SIMULATED" in text
    assert "chosen on the images" not in text
