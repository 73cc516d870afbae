"""Files that run a command when they are unpickled: wherever they lie, they do not run."""

from __future__ import annotations

import builtins
import io
import json
import os
import pickle
import zipfile

import numpy as np
import pytest
from PIL import Image

from cortiscope.core.cli.main import main
from cortiscope.core.datasets import open_subject
from cortiscope.core.datasets.restricted_pickle import load_label_names
from cortiscope.core.errors import CoreError, DamagedFile
from tests.core.datasets.damage.ways import MARK, Hostile, hostile_array
from tests.data.plain_folder import write_images, write_plain
from tests.data.tiny_world import write_subject


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CORTISCOPE_HOME", str(tmp_path / "home"))
    yield tmp_path
    assert not (tmp_path / MARK).exists()


class _Evaluated:
    def __reduce__(self):
        return builtins.eval, (f"open({MARK!r}, 'w').close()",)


class _Opened:
    def __reduce__(self):
        return io.open, (MARK, "w")


class _Attribute:
    """Asks for a name within a module that is let through."""

    def __reduce__(self):
        return np.lib.npyio.NpzFile, (MARK,)


class _Named:
    """A label name that is not a text but something to be run."""

    def __reduce__(self):
        return os.system, (f"touch {MARK}",)


def _array_of(payload: bytes) -> bytes:
    stream = io.BytesIO()
    header = {"descr": "|O", "fortran_order": False, "shape": ()}
    np.lib.format.write_array_header_1_0(stream, header)
    return stream.getvalue() + payload


HOSTILE = {
    "a command": pickle.dumps(Hostile()),
    "a command of protocol 0": pickle.dumps(Hostile(), protocol=0),
    "evaluated text": pickle.dumps(_Evaluated()),
    "an opened file": pickle.dumps(_Opened()),
    "a class of numpy": pickle.dumps(_Attribute()),
    "within a dictionary": pickle.dumps({0: "Unknown", 1: _Named()}),
    "within an array": pickle.dumps(np.array({1: _Named()}, dtype=object)),
    "by the name of a name": b"cnumpy\ncore.multiarray.os.system\n(S'touch x'\ntR.",
    "a command by its module": b"cposix\nsystem\n(S'touch " + MARK.encode() + b"'\ntR.",
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_mapping_file_does_not_run_what_is_in_it(here, kind):
    path = here / "mapping_streams.npy"
    path.write_bytes(_array_of(HOSTILE[kind]))
    with pytest.raises(DamagedFile, match=r"^mapping_streams\.npy was refused and not run") as told:
        load_label_names(path)
    assert "\n" not in str(told.value)


def test_the_pickles_here_do_run_where_pickles_are_run(here):
    for kind in ("a command", "evaluated text", "within a dictionary"):
        pickle.loads(HOSTILE[kind])
        assert (here / MARK).exists()
        (here / MARK).unlink()


@pytest.mark.parametrize(
    "name",
    [
        "training_split/training_fmri/lh_training_fmri.npy",
        "test_split/test_fmri/rh_test_fmri.npy",
        "roi_masks/lh.all-vertices_fsaverage_space.npy",
        "roi_masks/rh.floc-faces_challenge_space.npy",
        "cortiscope_sidecar/lh.ncsnr.npy",
        "cortiscope_sidecar/repeats_train.npy",
    ],
)
def test_no_array_of_a_subject_runs(here, name, capsys):
    folder = write_subject(here / "subj01")
    (folder / name).write_bytes(hostile_array())
    with pytest.raises(DamagedFile, match=f"{folder.joinpath(name).name} holds pickled objects"):
        open_subject(folder)
    assert main(["check", str(folder), "--json"]) == 0
    (subject,) = json.loads(capsys.readouterr().out.splitlines()[-1])["subjects"]
    assert any("pickled objects, which are not opened" in p for p in subject["problems"])


def test_no_archive_of_arrays_runs(here):
    folder = write_plain(here / "anna")
    for short in ("lh", "rh"):
        (folder / f"{short}.npy").unlink()
    with zipfile.ZipFile(folder / "responses.npz", "w") as archive:
        archive.writestr("lh.npy", hostile_array())
        archive.writestr("rh.npy", hostile_array())
    with pytest.raises(DamagedFile, match=r"responses\.npz cannot be read as an \.npz file"):
        open_subject(folder)


@pytest.mark.parametrize(
    "form", ["bare pickle", "torch", "torch legacy", "npz", "named safetensors"]
)
@pytest.mark.parametrize("suffix", [".pt", ".pth", ".safetensors"])
@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
def test_no_checkpoint_runs(here, form, suffix):
    import torch

    from cortiscope.core.backbones.weights_loading import load_state

    path = here / f"mine{suffix}"
    if form == "bare pickle":
        path.write_bytes(pickle.dumps({"weight": Hostile()}))
    elif form == "npz":
        np.savez(here / "a.npz", a=np.array([Hostile()], dtype=object))
        (here / "a.npz").rename(path)
    elif form == "named safetensors":
        path.write_bytes((8).to_bytes(8, "little") + b"        " + pickle.dumps(Hostile()))
    else:
        torch.save(
            {"state_dict": {"weight": torch.ones(2), "extra": Hostile()}},
            path,
            _use_new_zipfile_serialization=form == "torch",
        )
    with pytest.raises(DamagedFile, match=f"mine{suffix} (cannot be|holds pickled)") as told:
        load_state(path)
    assert "\n" not in str(told.value)


def test_the_command_line_tells_a_hostile_checkpoint_in_one_line(here, capsys):
    import torch

    write_images(here / "images", 2)
    torch.save({"weight": Hostile()}, here / "mine.pth")
    arguments = ["features", "--images", "images", "--backbone", "squeezenet1_1"]
    arguments += ["--weights", "mine.pth", "--layers", "features.2", "--out", "out"]
    assert main([*arguments, "--progress", "none"]) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert "mine.pth" in line
    assert "defect" not in line


def test_no_prediction_or_response_that_is_scored_runs(here, capsys):
    for folder, name in (("p", "pred"), ("r", "test_fmri")):
        (here / folder).mkdir()
        for short in ("lh", "rh"):
            np.save(here / folder / f"{short}_{name}.npy", np.eye(4, dtype=np.float32))
    for folder, name in (("p", "lh_pred.npy"), ("r", "rh_test_fmri.npy")):
        kept = (here / folder / name).read_bytes()
        (here / folder / name).write_bytes(hostile_array())
        assert main(["score", "--predictions", "p", "--responses", "r"]) == 2
        assert f"{name} holds pickled objects" in capsys.readouterr().err
        (here / folder / name).write_bytes(kept)


def test_no_array_of_a_run_runs(here, capsys):
    write_subject(here / "data" / "subj01")
    fit = ["fit", "--data", "data", "--backbone", "pixels", "--layers", "pixels", "--reduce"]
    assert main([*fit, "pca:4", "--json", "--progress", "none"]) == 0
    run = json.loads(capsys.readouterr().out.splitlines()[-1])["run"]
    Image.new("RGB", (32, 32)).save(here / "a.png")
    for path in sorted((here / "home" / "runs" / run).glob("*.npy")):
        path.write_bytes(hostile_array())
    status = main(["predict", "--run", run, "--images", "a.png", "--out", "out"])
    (line,) = capsys.readouterr().err.strip().splitlines()[-1:]
    assert status in (1, 2)
    assert "defect" not in line, line
    assert CoreError
