"""Damaged data at the command line: one line with the file's name, exit status 2, no traceback."""

from __future__ import annotations

import json
import shutil
import sys

import pytest
from PIL import Image

import cortiscope.core.features.extract  # noqa: F401 - its module, which a function of that name hides
from cortiscope.core.cli.main import main
from tests.core.datasets.damage.kind import AT_FIT, REFUSED
from tests.core.datasets.damage.table import LAYOUTS

# Every so-manieth kind, and all that shows only at the fit.
_EVERY = 6
FIT = ["fit", "--data", "data", "--backbone", "pixels", "--layers", "pixels", "--reduce", "pca:4"]
QUIET = ["--progress", "none"]


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CORTISCOPE_HOME", str(tmp_path / "home"))
    (tmp_path / "data").mkdir()
    return tmp_path


def _sample():
    for layout, table in LAYOUTS.items():
        refused = [k for k, d in table.kinds.items() if d.loading is REFUSED]
        late = [k for k, d in table.kinds.items() if d.loading is AT_FIT]
        yield from ((layout, kind) for kind in [*refused[::_EVERY], *late])


@pytest.mark.parametrize(("layout", "kind"), _sample())
def test_fit_tells_it_in_one_line(here, capsys, layout, kind):
    LAYOUTS[layout].write(here / "data" / "subj01")
    damage = LAYOUTS[layout].kinds[kind]
    damage.do(here / "data" / "subj01")
    assert main([*FIT, *QUIET]) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert line.startswith("error: ")
    assert damage.named in line
    assert "defect" not in line
    assert not list((here / "home").rglob("runs/*/*.npy"))


def _fitted(here, capsys):
    LAYOUTS["algonauts2023"].write(here / "data" / "subj01")
    assert main([*FIT, "--json", *QUIET]) == 0
    return json.loads(capsys.readouterr().out.splitlines()[-1])["run"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("b.png", b""),
        ("b.png", b"no picture"),
        ("b.jpg", b"\xff\xd8\xff\xe0 half"),
        ("b.png", None),
    ],
)
def test_predict_tells_the_picture_in_one_line(here, capsys, name, content):
    run = _fitted(here, capsys)
    (here / "new").mkdir()
    for k in (1, 2):
        Image.new("RGB", (32, 32), (40 * k, 0, 0)).save(here / "new" / f"a{k}.png")
    if content is None:
        (here / "new" / name).symlink_to("/nowhere.png")
        images = [str(here / "new" / n) for n in ("a1.png", name)]
    else:
        (here / "new" / name).write_bytes(content)
        images = ["new"]
    arguments = ["predict", "--run", run, "--images", *images, "--out", "out"]
    assert main([*arguments, *QUIET]) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert name in line
    assert "defect" not in line
    assert not (here / "out").exists() or not list((here / "out").iterdir())


def test_a_picture_met_in_the_middle_is_named_and_what_was_done_is_kept(here, capsys, monkeypatch):
    """Its header and its ending are sound, so that only decoding shows it."""
    monkeypatch.setattr(sys.modules["cortiscope.core.features.extract"], "CHUNK_IMAGES", 4)
    LAYOUTS["algonauts2023"].write(here / "data" / "subj01")
    LAYOUTS["algonauts2023"].kinds["an image spoilt in the middle"].do(here / "data" / "subj01")
    assert main([*FIT, *QUIET]) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert "train-0009_nsd-01056.png is damaged or cut short" in line
    kept = sorted(p.name[:8] for p in (here / "home" / "features").rglob("*.seal"))
    assert kept == ["00000000", "00000004"]
    assert not list((here / "home" / "features").rglob("*.npy"))


def test_a_subject_beside_a_damaged_one_is_fitted(here, capsys):
    LAYOUTS["arrays"].write(here / "data" / "anna")
    LAYOUTS["arrays"].write(here / "data" / "ben")
    (here / "data" / "anna" / "lh.npy").write_bytes(b"")
    assert main([*FIT, "--subject", "ben", *QUIET]) == 0
    assert main([*FIT, "--subject", "anna", *QUIET]) == 2
    assert "lh.npy is empty" in capsys.readouterr().err
    shutil.rmtree(here / "data" / "anna")
