"""Damaged masks and ceilings of an Algonauts 2023 subject."""

from __future__ import annotations

import shutil

import numpy as np

from tests.core.datasets.damage.algonauts_files import (
    FACES,
    LH_FACES,
    LH_MASK,
    MASKS,
    RH_FACES,
    RH_MASK,
)
from tests.core.datasets.damage.kind import AS_STORED, SOUND, Damage
from tests.core.datasets.damage.ways import (
    change,
    cut,
    hostile,
    remove,
    save,
    set_at,
    swap,
    together,
)
from tests.data.tiny_world import N_LEFT, N_RIGHT


def ceilings(left, right=None):
    where = "test_split/noise_ceiling"
    right = np.full(N_RIGHT, 0.3) if right is None else right
    return together(
        save(f"{where}/lh_noise_ceiling.npy", left),
        save(f"{where}/rh_noise_ceiling.npy", right),
    )


def _one_unknown(array):
    array = array.copy()
    array[1] = np.nan
    return array


def _grow_template(array):
    return np.concatenate([array, np.zeros(163_842 - len(array), array.dtype)])


def _swapped_in_all_files(folder):
    """Give the subject the released numbers of vertices, left and right exchanged."""
    for short, n in (("lh", 20_544), ("rh", 19_004)):
        mask = np.zeros(163_842, dtype=int)
        mask[:n] = 1
        np.save(folder / MASKS / f"{short}.all-vertices_fsaverage_space.npy", mask)
        for path in (folder / MASKS).glob(f"{short}.*_challenge_space.npy"):
            np.save(path, np.arange(n) % 2)
        for split in ("training", "test"):
            path = folder / f"{split}_split/{split}_fmri/{short}_{split}_fmri.npy"
            rng = np.random.default_rng(n)
            rows = len(np.load(path))
            np.save(path, rng.standard_normal((rows, n), dtype=np.float32))


def _wrong_full_mask(folder):
    full = np.zeros(10_242, dtype=int)
    full[np.flatnonzero(np.load(folder / LH_MASK))] = [0, 0, 0, 0, 2, 1, 1]
    np.save(folder / MASKS / "lh.floc-faces_fsaverage_space.npy", full)


KINDS = {
    "no masks": Damage(
        lambda f: shutil.rmtree(f / MASKS),
        "The folder roi_masks is missing",
        file="subj01",
        several=True,
    ),
    "a vertex mask missing": Damage(
        remove(LH_MASK),
        "lh.all-vertices_fsaverage_space.npy is missing from roi_masks/",
    ),
    "a mask of no template": Damage(
        change(LH_MASK, lambda a: a[:500]),
        "lh.all-vertices_fsaverage_space.npy is 500 long",
    ),
    "masks of two templates": Damage(
        change(LH_MASK, _grow_template),
        "lh.all-vertices_fsaverage_space.npy (163,842) and rh.all-vertices_fsaverage_space.npy",
        several=True,
    ),
    "an empty mask": Damage(
        change(LH_MASK, lambda a: 0 * a),
        "lh.all-vertices_fsaverage_space.npy marks no vertex",
    ),
    "a mask of vertex numbers": Damage(
        change(LH_MASK, lambda a: a * np.arange(len(a))),
        "lh.all-vertices_fsaverage_space.npy holds 7 values other than 0, 1 and 2",
        SOUND,
    ),
    "a vertex more in the mask than anywhere": Damage(
        change(LH_MASK, set_at(5000, 1)),
        "lh.all-vertices_fsaverage_space.npy marks 8 vertices, but the 4 other files",
        file="lh_training_fmri.npy",
    ),
    "masks swapped": Damage(
        swap(LH_MASK, RH_MASK),
        "lh.all-vertices_fsaverage_space.npy and rh.all-vertices_fsaverage_space.npy look swapped",
        file="lh_training_fmri.npy",
    ),
    "hemispheres swapped in all files": Damage(
        _swapped_in_all_files,
        "lh.* and rh.* of subj01 look swapped in all files: 20,544 left + 19,004 right vertices",
    ),
    "labels missing": Damage(remove(RH_FACES), "rh.floc-faces_challenge_space.npy is missing"),
    "labels too few": Damage(
        change(LH_FACES, lambda a: a[:-1]),
        "lh.floc-faces_challenge_space.npy has 6 vertices; lh.all-vertices_fsaverage_space.npy "
        "marks 7",
    ),
    "labels swapped": Damage(
        swap(LH_FACES, RH_FACES),
        "lh.floc-faces_challenge_space.npy and rh.floc-faces_challenge_space.npy look swapped",
    ),
    "labels that are fractions": Damage(
        change(LH_FACES, lambda a: a + 0.5),
        "lh.floc-faces_challenge_space.npy holds float64 values; expected whole numbers",
        several=True,
    ),
    "labels without a name": Damage(
        change(LH_FACES, set_at([0, 1], 9)),
        "lh.floc-faces_challenge_space.npy has labels that mapping_floc-faces.npy does not name: "
        "9 at 2 vertices",
        AS_STORED,
    ),
    "labels other than on the template": Damage(
        _wrong_full_mask,
        "lh.floc-faces_challenge_space.npy and lh.floc-faces_fsaverage_space.npy differ at 1 of 7",
        SOUND,
    ),
    "a mapping missing": Damage(remove(FACES), "mapping_floc-faces.npy is missing from roi_masks/"),
    "a mapping cut short": Damage(cut(FACES), "mapping_floc-faces.npy was refused"),
    "a hostile mapping": Damage(
        hostile(FACES), "mapping_floc-faces.npy was refused and not run: it asks to load"
    ),
    "a mapping of numbers": Damage(
        save(FACES, np.arange(3)), "mapping_floc-faces.npy holds numbers"
    ),
    "a mapping with a name twice": Damage(
        save(FACES, np.array({0: "Unknown", 1: "OFA", 2: "OFA"}, dtype=object)),
        "mapping_floc-faces.npy gives the name OFA to several labels",
    ),
    "ceilings in percent": Damage(
        ceilings(np.full(N_LEFT, 35.0)),
        "lh_noise_ceiling.npy is above 1 at 7 vertices (up to 35)",
    ),
    "ceilings below 0": Damage(
        ceilings(np.full(N_LEFT, -0.1)),
        "lh_noise_ceiling.npy is below 0 at 7 vertices",
    ),
    "ceilings that are NaN": Damage(
        ceilings(_one_unknown(np.full(N_LEFT, 0.4))),
        "lh_noise_ceiling.npy has NaN or infinite values at 1 of 7 vertices (counted from 0: 1)",
    ),
    "ceilings of other vertices": Damage(
        ceilings(np.full(3, 0.4)),
        "lh_noise_ceiling.npy has 3 vertices",
    ),
    "ceilings swapped": Damage(
        ceilings(np.full(N_RIGHT, 0.4), np.full(N_LEFT, 0.4)),
        "lh_noise_ceiling.npy and rh_noise_ceiling.npy look swapped",
    ),
    "ceilings of one hemisphere": Damage(
        save("test_split/noise_ceiling/lh_noise_ceiling.npy", np.full(N_LEFT, 0.4)),
        "rh_noise_ceiling.npy is missing",
    ),
}
