"""Betas compressed as ``.mgz`` give what the uncompressed ones give."""

from __future__ import annotations

import gzip

import numpy as np
import pytest

from cortiscope.core.datasets.nsd.betas import open_betas
from cortiscope.core.errors import DamagedFile
from tests.core.datasets.nsd.preparing import everything_below, prepare
from tests.data import tiny_nsd as tiny

BETAS = tiny.BETAS.format("subj01")


def _compress(root, names):
    for path in sorted((root / BETAS).glob(names)):
        path.with_suffix(".mgz").write_bytes(gzip.compress(path.read_bytes(), 1))
        path.unlink()


@pytest.mark.parametrize("names", ["*.mgh", "lh*02.mgh"])
def test_all_or_some_sessions_may_be_compressed(nsd, own_nsd, tmp_path, names):
    _compress(own_nsd, names)
    plain = everything_below(prepare(nsd, tmp_path / "a"))
    packed = everything_below(prepare(own_nsd, tmp_path / "b"))
    for name in plain:
        if name.endswith(".npy"):
            assert packed[name] == plain[name], name


def test_only_the_wanted_vertices_of_a_compressed_session_are_kept(own_nsd):
    expected = tiny.read_trials(own_nsd, "lh", 1)
    _compress(own_nsd, "lh*01.mgh")
    path = own_nsd / BETAS / "lh.betas_session01.mgz"
    betas, columns = open_betas(path, tiny.TRIALS, np.array(tiny.KEPT["lh"]))
    assert betas.shape == (tiny.TRIALS, 7)
    np.testing.assert_array_equal(betas[:, columns], expected)


def test_a_compressed_session_that_breaks_off_within_is_told_and_those_before_are_kept(
    own_nsd, tmp_path
):
    _compress(own_nsd, "rh*03.mgh")
    path = own_nsd / BETAS / "rh.betas_session03.mgz"
    packed = bytearray(path.read_bytes())
    packed[len(packed) // 2 : len(packed) // 2 + 400] = bytes(400)
    path.write_bytes(bytes(packed))
    with pytest.raises(DamagedFile, match="rh.betas_session03.mgz .*damaged within"):
        prepare(own_nsd, tmp_path / "out")
    kept = sorted(p.name for p in (tmp_path / "out").rglob("*session*.npy"))
    assert kept == [
        *("lh.session01.npy", "lh.session02.npy", "lh.session03.npy"),
        *("rh.session01.npy", "rh.session02.npy"),
    ]
    assert not (tmp_path / "out" / "subj01").exists()
