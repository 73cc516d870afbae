"""A process that looks at many runs keeps none of their files open."""

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from cortiscope.core.datasets import open_subject
from cortiscope.core.errors import WorkFailed
from cortiscope.core.features import FeatureStore
from cortiscope.core.pipeline.fit import fit
from cortiscope.core.runs import RunStore, wholeness
from tests.data.tiny_model import pixels_spec
from tests.data.tiny_world import write_subject

ROOT = Path(__file__).resolve().parents[3]

LOOK = """
import resource, sys
from pathlib import Path
resource.setrlimit(resource.RLIMIT_NOFILE, (30, 30))
from cortiscope.core.runs import RunStore, wholeness
wholeness._LARGE = int(sys.argv[2])
store = RunStore(Path(sys.argv[1]))
runs, aside = store.survey()
for run in runs:
    run.verify()
    run.predict_rows("test", slice(0, 2))
print(len(runs), len(aside))
"""


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """Sixty runs, which are one run under many names."""
    root = tmp_path_factory.mktemp("many")
    subject = open_subject(write_subject(root / "subj01"))
    store = RunStore(root / "runs")
    run = fit(subject, pixels_spec(subject), features=FeatureStore(root / "features"), runs=store)
    for k in range(60):
        shutil.copytree(run.folder, run.folder.with_name(f"run{k}"), copy_function=os.link)
    return store.root


@pytest.mark.parametrize("large", [16 * 2**20, 0], ids=["read", "mapped"])
def test_more_runs_are_used_than_files_may_be_open(many, large):
    ran = subprocess.run(
        [sys.executable, "-c", LOOK, str(many), str(large)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert ran.stdout.split() == ["61", "0"], ran.stderr[-2000:]


def test_large_arrays_are_mapped_and_small_ones_read(many, monkeypatch):
    run = RunStore(many).open("run0")
    assert not isinstance(run.array("coef"), np.memmap)
    monkeypatch.setattr(wholeness, "_LARGE", 0)
    mapped = run.array("coef")
    assert isinstance(mapped, np.memmap)
    assert not mapped.flags.writeable


def test_too_many_open_files_are_no_fault_of_a_run(many, monkeypatch):
    store = RunStore(many)
    run = store.open("run0")

    def full(*_, **__):
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", full)
        patch.setattr(Path, "read_bytes", full)
        for look in (lambda: run.array("coef"), lambda: RunStore(many).open("run1")):
            with pytest.raises(WorkFailed, match="could not be opened") as error:
                look()
            assert "The run itself is fine" in str(error.value)
        with pytest.raises(WorkFailed):
            _ = "run1" in store
    assert len(store.survey()[0]) == 61
