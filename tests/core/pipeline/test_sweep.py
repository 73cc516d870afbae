"""Plans and sweeps: every combination, failures told, what is finished skipped."""

import os
from pathlib import Path

import pytest

from cortiscope.core.datasets import open_subject
from cortiscope.core.errors import CoreError, InvalidInput, MissingData, UnknownName
from cortiscope.core.features.upkeep import stored_items
from cortiscope.core.pipeline.plan import plan_tasks, read_plan
from cortiscope.core.pipeline.sweep import SharedFolders, _client, _extract, _passes, run_sweep
from cortiscope.core.pipeline.sweep_table import COLUMNS, csv_table, markdown_table, table_row
from cortiscope.core.progress import silent
from cortiscope.core.recipes import recipe_names
from cortiscope.core.runs import RunStore
from tests.data.img2brain_folder import write_folder
from tests.data.tiny_world import write_subject

IMG2BRAIN_PLAN = Path(__file__).resolve().parents[3] / "assets/plans/img2brain.toml"

PLAN = """
subjects = ["s1"]
[[models]]
backbones = ["pixels", "gabor"]
layers = ["*"]
encoders = ["ols", "ridge"]
reduce = "pca:4"
pool = "grid:2"
settings.ridge.n_folds = 3
[[models]]
backbones = ["small_cnn"]
layers = ["block[12]"]
weights = ["untrained", "pretrained"]
encoders = ["ols"]
reduce = "pca:4"
together = true
"""

ONE = "[[models]]\nbackbones=['gabor']\nlayers=['energy*']\n"


@pytest.fixture
def folders(tmp_path):
    write_subject(tmp_path / "data/s1")
    write_subject(tmp_path / "data/s2", seed=1)
    return SharedFolders(
        tmp_path / "data", tmp_path / "features", tmp_path / "runs", tmp_path / "surfaces"
    )


def _plan(tmp_path, text):
    path = tmp_path / "plan.toml"
    path.write_text(text)
    return read_plan(path)


def test_a_plan_becomes_every_combination(tmp_path, folders):
    tasks, failed = plan_tasks(_plan(tmp_path, PLAN), folders.data)
    assert failed == []
    assert [t.name for t in tasks] == [
        "s1 pixels ols",
        "s1 pixels ridge",
        "s1 gabor ols",
        "s1 gabor ridge",
        "s1 small_cnn untrained ols",
        "s1 small_cnn pretrained ols",
    ]
    assert tasks[1].specs[0].encoder.settings.n_folds == 3
    assert [f.layer for f in tasks[4].specs[0].features] == ["block1", "block2"]


def test_all_subjects_and_all_recipes(tmp_path, folders):
    plan = _plan(tmp_path, 'recipes = "all"')
    assert plan.recipes == recipe_names()
    tasks, _ = plan_tasks(_plan(tmp_path, 'recipes = ["stacked"]'), folders.data)
    assert [t.name for t in tasks] == ["s1 stacked", "s2 stacked"]


def test_what_is_reduced_on_the_way_is_a_pass_a_network_and_stores_no_features(tmp_path, folders):
    text = 'subjects = ["s1"]\nrecipes = ["img2brain_linear", "img2brain_layer_search"]'
    tasks, _ = plan_tasks(_plan(tmp_path, text), folders.data)
    passes: dict = {}
    for key, spec in [p for task in tasks for p in _passes(task)]:
        passes.setdefault(key, []).append(spec)
    assert sorted(len(specs) for specs in passes.values()) == [4, 5, 6, 8 + 1]
    alexnet = next(specs for specs in passes.values() if len(specs) == 9)
    chosen = [s for s in alexnet if s.features[0].layer in ("features.12", "classifier.6")]
    _extract("s1", tuple(chosen), folders, silent)
    items = stored_items(folders.features)
    assert {i.backbone for i in items} == {"reduced/alexnet"}
    assert len(items) == 3 * 3  # a reduction and designs of two sets of images each


def test_a_plan_says_how_validation_images_are_drawn(tmp_path, folders):
    text = f"subjects=['s1']\n{ONE}split_rule='shuffled'\nsplit_seed=224\nvalidation_fraction=0.1"
    (task,), _ = plan_tasks(_plan(tmp_path, text), folders.data)
    assert {(s.split_rule, s.seed, s.validation_fraction) for s in task.specs} == {
        ("shuffled", 224, 0.1)
    }


def test_img2brains_plan_is_its_23_layers_and_six_regressors(tmp_path):
    folder = write_folder(tmp_path / "Data_img2brain")
    folders = SharedFolders(folder, *(tmp_path / name for name in ("features", "runs", "surfaces")))
    tasks, failed = plan_tasks(read_plan(IMG2BRAIN_PLAN), folders.data)
    assert failed == []
    assert [len(task.specs) for task in tasks] == [23, 1, 1, 1, 1, 1, 1]
    assert len({s.encoder.name for task in tasks[1:] for s in task.specs}) == 6


def test_what_needs_the_cortex_fails_in_the_plan_and_the_rest_goes_on(tmp_path):
    folder = write_folder(tmp_path / "Data_img2brain")
    folders = SharedFolders(folder, *(tmp_path / name for name in ("features", "runs", "surfaces")))
    plan = _plan(tmp_path, 'recipes = ["clip_roi", "stacked"]')
    tasks, failed = plan_tasks(plan, folders.data)
    assert [task.name for task in tasks] == ["Data_img2brain stacked"]
    assert [(f["task"], f["kind"]) for f in failed] == [("Data_img2brain clip_roi", "no_positions")]


@pytest.mark.slow
def test_a_sweep_fits_tells_failures_and_skips_what_is_there(tmp_path, folders):
    text = PLAN.replace('"gabor"]', '"alexnet"]')  # its default weights are not on this machine
    told = []
    first = run_sweep(
        _plan(tmp_path, text), folders, workers=1, progress=lambda *words: told.append(words)
    )
    done = ["s1 pixels ols", "s1 pixels ridge"]
    done += ["s1 small_cnn pretrained ols", "s1 small_cnn untrained ols"]
    assert sorted(first.done) == done
    assert {f["task"] for f in first.failed} == {"s1 alexnet ols", "s1 alexnet ridge"}
    assert all("alexnet" in f["message"].lower() and f["hint"] for f in first.failed)
    assert (first.planned, first.skipped, len(first.runs)) == (6, [], 4)
    stamps = {r: (folders.runs / r / "run.json").stat().st_mtime_ns for r in first.runs}
    shares = [share for share, _ in told]
    assert shares == sorted(shares)
    assert shares[-1] == 1
    # What a worker says in the middle of its pass arrives here.
    assert any(words.startswith("pass 1 of 4, pixels: ") for _, words in told)
    again = run_sweep(_plan(tmp_path, PLAN), folders, workers=1)
    assert sorted(again.done) == ["s1 gabor ols", "s1 gabor ridge"]
    assert sorted(again.skipped) == done
    assert stamps == {r: (folders.runs / r / "run.json").stat().st_mtime_ns for r in stamps}

    store = RunStore(folders.runs)
    rows = [table_row(store.open(r)) for r in again.runs]
    assert csv_table(rows).splitlines()[0] == ",".join(COLUMNS)
    assert len(csv_table(rows).splitlines()) == 1 + len(again.runs) == 17  # Gabor has six layers
    assert all(row["simulated"] and row["n_held_out"] == 6 for row in rows)
    assert markdown_table(rows).count("\n") == 20
    # The dead vertex has no r, and the mean is without it.
    assert {row["n_undefined"] for row in rows} == {1}
    assert markdown_table(rows).count(" without 1 constant ") == len(rows)


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        ("x = [", InvalidInput, "not TOML"),
        ("", InvalidInput, "plans nothing"),
        ("reciepes = ['all']", UnknownName, "recipes"),
        ("recipes = ['clip_rio']", UnknownName, "clip_roi"),
        ("recipes = [3]", InvalidInput, "list of texts"),
        ("[[models]]\nbackbones=['gabor']", InvalidInput, "layers is missing"),
        ("[[models]]\nbackbones=['gabor']\nlayers=['*']\nencoders=['rigde']", UnknownName, "ridge"),
        ("[[models]]\nbackbones=['gabor']\nlayers=['*']\nscope='lobe'", InvalidInput, "roi_class"),
        ("[[models]]\nbackbones=['gabor']\nlayers=['*']\nreduce='pca'", InvalidInput, "pca:K"),
        ("[[models]]\nbackbones=['gabor']\nlayers=['*']\nseeds=['a']", InvalidInput, "whole"),
        (
            "[[models]]\nbackbones=['gabor']\nlayers=['*']\nsettings.ridge.n_folds='x'",
            InvalidInput,
            "n_folds",
        ),
        (f"{ONE}split_rule='half'", InvalidInput, "Unknown split 'half'"),
        (f"{ONE}regressors=['rigde']", UnknownName, "models 1, regressors 1: .*'ridge'"),
        (f"{ONE}settings.rigde.n_folds=3", UnknownName, "'ridge'"),
        (f"{ONE}layer=['x']", UnknownName, "key of plan.toml, models 1 'layer'.*'layers'"),
        (f"{ONE}split_seed='x'", InvalidInput, "split_seed must be a whole number"),
        (f"{ONE}validation_fraction=1", InvalidInput, "number like 0.2"),
    ],
)
def test_a_bad_plan_is_told_in_one_line(tmp_path, text, error, words):
    with pytest.raises(error, match=words):
        _plan(tmp_path, text)


def test_the_former_word_for_regressors_is_read_and_a_list_of_one_needs_no_brackets(tmp_path):
    settings = "settings.lasso.n_folds=3"
    former = _plan(tmp_path, f"{ONE}encoders=['ridge', 'lasso']\n{settings}")
    assert _plan(tmp_path, f"{ONE}regressors=['ridge', 'lasso']\n{settings}") == former
    assert [r.name for r in former.models[0].regressors] == ["ridge", "lasso"]
    assert former.models[0].regressors[1].settings.n_folds == 3
    assert _plan(tmp_path, f"{ONE}regressors='lasso'").models[0].regressors[0].name == "lasso"


def test_a_plan_that_is_not_there(tmp_path):
    with pytest.raises(MissingData, match="no plan"):
        read_plan(tmp_path / "none.toml")


def test_an_unknown_backbone_or_subject_fails_alone_or_at_once(tmp_path, folders):
    text = "[[models]]\nbackbones=['gabro']\nlayers=['*']"
    tasks, failed = plan_tasks(_plan(tmp_path, text), folders.data)
    assert tasks == []
    assert len(failed) == 2
    assert "gabor" in failed[0]["message"] + failed[0]["hint"]
    with pytest.raises(CoreError, match="s3"):
        plan_tasks(_plan(tmp_path, 'subjects = ["s3"]\nrecipes = ["stacked"]'), folders.data)
    assert open_subject(folders.data, "s2").id == "s2"


def test_a_subject_that_cannot_be_opened_fails_alone_and_only_where_it_is_needed(tmp_path, folders):
    (folders.data / "s2/training_split/training_fmri/lh_training_fmri.npy").write_bytes(b"no array")
    alone = _plan(tmp_path, 'subjects = ["1"]\nrecipes = ["stacked"]')
    tasks, failed = plan_tasks(alone, folders.data)
    assert [t.subject for t in tasks] == ["s1"]
    assert failed == []
    tasks, failed = plan_tasks(_plan(tmp_path, ONE), folders.data)
    assert {t.subject for t in tasks} == {"s1"}
    assert [f["task"] for f in failed] == ["s2"]
    assert "lh_training_fmri.npy" in failed[0]["message"]
    # Fitted with fewer subjects, it would be another model under the same name.
    crossing = _plan(tmp_path, 'subjects = ["s1"]\nrecipes = ["cross_subject"]')
    tasks, failed = plan_tasks(crossing, folders.data)
    assert tasks == []
    assert [f["task"] for f in failed] == ["s1 cross_subject"]
    assert "lh_training_fmri.npy" in failed[0]["message"]


def test_a_subject_named_by_its_number_is_not_fitted_along_with_itself(tmp_path, folders):
    plan = _plan(tmp_path, 'subjects = ["1"]\nrecipes = ["cross_subject"]')
    ((task,), failed) = plan_tasks(plan, folders.data)
    assert failed == []
    assert {o.subject for spec in task.specs for o in spec.with_subjects} == {"s2"}


def test_the_workers_of_this_machine_share_all_its_cores(monkeypatch):
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MKL_NUM_THREADS", "5")
    monkeypatch.setattr("cortiscope.core.pipeline.sweep.cores_here", lambda: 7)
    with _client(None, 2) as client:
        found = client.run(lambda: [os.environ[f"{k}_NUM_THREADS"] for k in ("OMP", "MKL")])
    assert list(found.values()) == [["3", "5"], ["3", "5"]]
