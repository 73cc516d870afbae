"""The index of a folder of runs spares reading records, and says nothing that they do not."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from cortiscope.core.datasets import open_subject
from cortiscope.core.errors import DamagedFile
from cortiscope.core.features import FeatureStore
from cortiscope.core.pipeline.fit import fit
from cortiscope.core.runs import About, RunStore, store
from cortiscope.core.runs.facets import facets
from cortiscope.core.runs.outline import INDEX
from tests.data.tiny_model import pixels_spec
from tests.data.tiny_world import write_subject

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Twelve runs, which are one run under many names."""
    root = tmp_path_factory.mktemp("many")
    subject = open_subject(write_subject(root / "subj01"))
    runs = RunStore(root / "runs")
    run = fit(subject, pixels_spec(subject), features=FeatureStore(root / "features"), runs=runs)
    for k in range(11):
        shutil.copytree(run.folder, run.folder.with_name(f"run{k:02}"))
    return runs.root


@pytest.fixture
def folder(world, tmp_path, monkeypatch):
    """A copy of them, with an index."""
    shutil.copytree(world, tmp_path / "runs")
    monkeypatch.setattr(store, "_WORTH_AN_INDEX", 5)
    RunStore(tmp_path / "runs").survey()
    assert (tmp_path / "runs" / INDEX).is_file()
    return tmp_path / "runs"


@pytest.fixture
def records_read(monkeypatch):
    """Names of the runs whose records are read."""
    read, real = [], store.read_record

    def listed(folder, run_format):
        read.append(folder.name)
        return real(folder, run_format)

    monkeypatch.setattr(store, "read_record", listed)
    return read


def test_few_runs_need_no_index(world):
    RunStore(world).survey()
    assert not (world / INDEX).exists()


def test_another_process_reads_no_record_and_says_the_same(folder, world, records_read):
    again, aside = RunStore(folder).survey()
    said = [(r.id, r.spec, r.facts, r.outline, facets(r), r.identity, r.title) for r in again]
    assert not records_read
    plain = [RunStore(world).open(run.id) for run in again]
    records_read.clear()
    assert said == [
        (r.id, r.spec, r.facts, r.outline, facets(r), r.identity, r.title) for r in plain
    ]
    assert not aside
    # What menus do not ask for is on disk, and read when it is asked for.
    assert again[3].record == plain[3].record
    assert records_read == [again[3].id]
    np.testing.assert_array_equal(again[3].report.r, plain[3].report.r)


def test_what_comes_goes_or_is_named_is_seen(folder, records_read):
    shutil.copytree(folder / "run00", folder / "run99")
    shutil.rmtree(folder / "run01")
    RunStore(folder).describe("run02", About("mine", "", ("a",)))
    RunStore(folder).delete("run03")
    record = folder / "run04" / "run.json"
    record.write_text(json.dumps({**json.loads(record.read_text()), "title": "another"}))
    (folder / "run05" / "coef.npy").unlink()
    records_read.clear()
    runs, aside = RunStore(folder).survey()
    found = {run.id: run for run in runs}
    assert "run99" in found
    assert not {"run01", "run03", "run05"} & set(found)
    assert [one.name for one in aside] == ["run05"]
    assert found["run02"].about == About("mine", "", ("a",))
    assert found["run04"].title == "another"
    assert set(records_read) == {"run99", "run02", "run04", "run05"}
    # And the next process finds all that in the index.
    records_read.clear()
    assert [run.id for run in RunStore(folder).survey()[0]] == list(found)
    assert records_read == ["run05"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda index: index.unlink(),
        lambda index: index.write_bytes(index.read_bytes()[:-9]),
        lambda index: index.write_bytes(index.read_bytes().replace(b"ridge", b"rigid", 1)),
        lambda index: index.write_bytes(b"[]\n[]"),
        lambda index: index.write_bytes(b"\xff" * 99),
        lambda index: index.write_bytes(index.read_bytes().replace(b"[1, ", b"[0, ", 1)),
        lambda index: (index.unlink(), index.mkdir()),
    ],
    ids=["gone", "cut", "changed", "a list", "no text", "other version", "a folder"],
)
def test_an_index_that_cannot_be_trusted_is_written_anew(folder, damage, records_read):
    damage(folder / INDEX)
    records_read.clear()
    assert len(RunStore(folder).survey()[0]) == 12
    assert len(records_read) == 12
    if (folder / INDEX).is_file():  # a folder in its place is not ours to remove
        records_read.clear()
        assert len(RunStore(folder).survey()[0]) == 12
        assert not records_read


def test_damage_that_the_folder_does_not_show_is_found_when_the_run_is_opened(folder):
    coef = folder / "run06" / "coef.npy"
    with coef.open("r+b") as stream:  # in place: nothing comes or goes
        stream.truncate(100)
    runs = RunStore(folder)
    assert len(runs.survey()[0]) == 12
    with pytest.raises(DamagedFile, match="run06"):
        runs.open("run06")
    assert [one.name for one in runs.survey()[1]] == ["run06"]
    with pytest.raises(DamagedFile, match="run06"):
        _ = next(r for r in RunStore(folder).survey()[0] if r.id == "run06").report


def test_a_folder_that_cannot_be_written_to_is_looked_at_all_the_same(folder, monkeypatch):
    (folder / INDEX).unlink()

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("cortiscope.core.runs.outline.atomic_file", full)
    assert len(RunStore(folder).survey()[0]) == 12


LOOK = """
import os, resource, sys
from pathlib import Path
resource.setrlimit(resource.RLIMIT_NOFILE, (30, 30))
from cortiscope.core.runs import RunStore, store
store._WORTH_AN_INDEX = 5
runs = RunStore(Path(sys.argv[1])).survey()[0]
for run in runs:
    run.predict_rows("test", slice(0, 2))
print(len(runs))
"""


def test_no_file_stays_open_with_an_index(folder):
    command = [sys.executable, "-c", LOOK, str(folder)]
    env = {**os.environ, "OMP_NUM_THREADS": "1"}
    ran = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=env, check=False)
    assert ran.stdout.split() == ["12"], ran.stderr[-2000:]
