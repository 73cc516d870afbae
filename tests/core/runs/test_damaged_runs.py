"""A damaged run hides nothing, computes nothing, and gives way to the next fit."""

import io
import json
import shutil

import numpy as np
import pytest

from cortiscope.core.cli.main import main
from cortiscope.core.datasets import open_subject
from cortiscope.core.errors import DamagedFile, UnknownName
from cortiscope.core.features import FeatureStore
from cortiscope.core.pipeline.fit import fit, fit_all
from cortiscope.core.runs import RunStore
from tests.data.tiny_model import pixels_spec
from tests.data.tiny_world import write_subject


def _edit(record, **changes):
    record.write_text(json.dumps({**json.loads(record.read_text()), **changes}))


def _npy(array):
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def _file_in_place(folder):
    shutil.rmtree(folder)
    folder.write_text("x")


def _unreadable(folder):
    # Permissions do not bind every user that runs tests; a folder in place of a file does.
    (folder / "coef.npy").unlink()
    (folder / "coef.npy").mkdir()


def _same_size(folder):
    coef = np.load(folder / "coef.npy")
    coef[2, 3] += 1
    np.save(folder / "coef.npy", coef)


def _all_nan(folder):
    np.save(folder / "coef.npy", np.full_like(np.load(folder / "coef.npy"), np.nan))


def _cut(folder):
    data = (folder / "design_train.npy").read_bytes()
    (folder / "design_train.npy").write_bytes(data[:-40])


DAMAGE = {
    "no record": lambda run: (run / "run.json").unlink(),
    "a list": lambda run: (run / "run.json").write_text("[]"),
    "nothing but a format": lambda run: (run / "run.json").write_text('{"format": 4}'),
    "another format": lambda run: _edit(run / "run.json", format=3),
    "half a record": lambda run: (run / "run.json").write_bytes(
        (run / "run.json").read_bytes()[:900]
    ),
    "brackets": lambda run: (run / "run.json").write_text("[" * 100_000),
    "no coefficients": lambda run: (run / "coef.npy").unlink(),
    "another shape": lambda run: (run / "coef.npy").write_bytes(_npy(np.ones((2, 3)))),
    "all NaN": _all_nan,
    "cut short": _cut,
    "an empty folder": lambda run: [path.unlink() for path in run.iterdir()],
    "a file for a folder": _file_in_place,
    "a folder for a file": _unreadable,
    "foreign values": lambda run: _edit(run / "run.json", sources=3),
}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Two runs of a tiny subject, to be copied."""
    root = tmp_path_factory.mktemp("world")
    subject = open_subject(write_subject(root / "subj01"))
    specs = [pixels_spec(subject), pixels_spec(subject, seed=1)]
    features = FeatureStore(root / "features")
    fit_all(subject, specs, features=features, runs=RunStore(root / "runs"))
    return root, subject, specs, features


@pytest.fixture
def store(world, tmp_path):
    """A copy of the two runs, the first to be damaged."""
    shutil.copytree(world[0] / "runs", tmp_path / "runs")
    return RunStore(tmp_path / "runs")


def _former(folder):
    """Make a run as versions before seals wrote it."""
    record = json.loads((folder / "run.json").read_text())
    del record["arrays"]
    (folder / "run.json").write_text(json.dumps(record))


@pytest.mark.parametrize("age", ["sealed", "former"])
@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_run_is_set_aside_with_its_reason_and_fitted_again(world, store, kind, age):
    _, subject, specs, features = world
    target = store.root / specs[0].run_id
    if age == "former":
        _former(target)
    DAMAGE[kind](target)
    runs, aside = store.survey()
    assert [run.id for run in runs] == [specs[1].run_id]
    assert [a.name for a in aside] == [specs[0].run_id]
    assert 5 < len(aside[0].reason) < 160
    assert "\n" not in aside[0].reason
    with pytest.raises(DamagedFile, match=specs[0].run_id):
        store.open(specs[0].run_id)
    assert specs[0].run_id not in store
    again = fit(subject, specs[0], features=features, runs=store)
    sound = RunStore(world[0] / "runs").open(specs[0].run_id)
    np.testing.assert_array_equal(again.report.r, sound.report.r)
    assert [len(part) for part in store.survey()] == [2, 0]
    assert not [p for p in store.root.iterdir() if p.name.endswith(".part")]


def test_a_changed_number_is_found_when_it_is_read_and_by_the_next_fit(world, store):
    _, subject, specs, features = world
    run_id = specs[0].run_id
    _same_size(store.root / run_id)
    run = store.open(run_id)
    with pytest.raises(DamagedFile, match="not what was saved"):
        run.predict_rows("test", slice(None))
    # Found once, it is set aside and hides nothing any more.
    assert [a.name for a in store.survey()[1]] == [run_id]
    assert run_id not in store
    fit(subject, specs[0], features=features, runs=store)
    assert run_id in store
    assert store.survey()[1] == []


def test_nan_among_the_coefficients_of_a_run_without_seals_is_refused(world, store):
    folder = store.root / world[2][0].run_id
    _former(folder)
    coef = np.load(folder / "coef.npy")
    coef[-1, -1] = np.nan
    np.save(folder / "coef.npy", coef)
    with pytest.raises(DamagedFile, match="NaN"):
        _ = RunStore(store.root).open(folder.name).fitted


def test_runs_without_seals_open_and_are_not_fitted_again(world, store):
    _, subject, specs, features = world
    _former(store.root / specs[0].run_id)
    before = (store.root / specs[0].run_id).stat().st_ino
    fit(subject, specs[0], features=features, runs=store)
    assert (store.root / specs[0].run_id).stat().st_ino == before


def test_foreign_things_are_named_and_left_alone_and_systems_files_passed_over(store):
    (store.root / "notes").mkdir()
    (store.root / "notes" / "mine.txt").write_text("x")
    (store.root / "gone").symlink_to(store.root / "nowhere")
    (store.root / "Thumbs.db").write_text("x")
    (store.root / ".DS_Store").write_text("x")
    runs, aside = store.survey()
    assert len(runs) == 2
    assert {a.name: a.reason for a in aside} == {
        "gone": "is a link to nothing",
        "notes": "has no run.json",
    }
    assert (store.root / "notes" / "mine.txt").exists()


@pytest.mark.parametrize("name", ["../runs", "..", ".", ".drafts", "nothing"])
def test_only_a_name_in_the_folder_is_opened(store, name):
    (store.root / ".drafts").mkdir(exist_ok=True)
    with pytest.raises(UnknownName):
        store.open(name)


def test_list_runs_gives_the_sound_ones_and_says_what_is_set_aside(world, store, capsys):
    DAMAGE["a list"](store.root / world[2][0].run_id)
    arguments = ["list", "runs", "--runs", str(store.root)]
    assert main([*arguments, "--json"]) == 0
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert [item["name"] for item in result["items"]] == [world[2][1].run_id]
    assert result["set_aside"] == [
        {"name": world[2][0].run_id, "reason": "run.json is not the record of a run"}
    ]
    assert main(arguments) == 0
    assert "set aside: " in capsys.readouterr().out


def test_a_folder_of_runs_that_cannot_be_read_is_not_taken_for_an_empty_one(tmp_path, capsys):
    assert RunStore(tmp_path / "absent").survey() == ([], [])
    (tmp_path / "runs").write_text("x")
    assert main(["list", "runs", "--runs", str(tmp_path / "runs")]) == 2
    assert f"{tmp_path}/runs cannot be read (Not a directory)" in capsys.readouterr().err
