"""Damaged sidecars: a simulated subject's own files."""

from __future__ import annotations

import json

import numpy as np

from tests.core.datasets.damage.algonauts_files import SIDECAR
from tests.core.datasets.damage.kind import Damage, Loading
from tests.core.datasets.damage.ways import (
    change,
    make_folder,
    remove,
    save,
    set_at,
    together,
    write,
)
from tests.data.tiny_world import N_LEFT, N_RIGHT

# Of the first vertex no field is known.
FIELDS = np.array([[np.nan] * 4, *[[1.0, -2.0, 0.5, 2.2]] * 11], dtype=np.float32)


def stimuli(text):
    return lambda f: (f / SIDECAR / "stimuli.json").write_text(text)


KINDS = {
    "a sidecar without header": Damage(remove(f"{SIDECAR}/sidecar.json"), "sidecar.json"),
    "a header that is no JSON": Damage(
        write(f"{SIDECAR}/sidecar.json", b"{"), "sidecar.json is not JS"
    ),
    "a header of another version": Damage(
        write(f"{SIDECAR}/sidecar.json", b'{"format": "cortiscope-sidecar", "version": 7}'),
        "sidecar.json says format 'cortiscope-sidecar' version 7",
    ),
    "a header that is a list": Damage(
        write(f"{SIDECAR}/sidecar.json", b"[]"), "sidecar.json holds a l"
    ),
    "repeats of other images": Damage(
        change(f"{SIDECAR}/repeats_train.npy", lambda a: a[:4]),
        "repeats_train.npy has 4 values for 20 images",
    ),
    "repeats of zero": Damage(
        change(f"{SIDECAR}/repeats_test.npy", set_at(2, 0)),
        "repeats_test.npy has 1 value below 1",
    ),
    "repeats that are fractions": Damage(
        change(f"{SIDECAR}/repeats_train.npy", lambda a: a / 2 + 1),
        "repeats_train.npy holds float64 values; expected whole numbers",
    ),
    "ncsnr of other vertices": Damage(
        change(f"{SIDECAR}/lh.ncsnr.npy", lambda a: a[:-3]),
        "lh.ncsnr.npy has 4 vertices",
    ),
    "ncsnr of one hemisphere": Damage(remove(f"{SIDECAR}/rh.ncsnr.npy"), "rh.ncsnr.npy is missing"),
    "ncsnr below 0": Damage(
        change(f"{SIDECAR}/lh.ncsnr.npy", set_at(0, -1)), "lh.ncsnr.npy is below 0"
    ),
    "truth of other images": Damage(
        together(
            save(f"{SIDECAR}/lh.training_truth.npy", np.zeros((3, N_LEFT))),
            save(f"{SIDECAR}/rh.training_truth.npy", np.zeros((20, N_RIGHT))),
        ),
        "lh.training_truth.npy has 3 rows for 20 images",
    ),
    "known fields of one hemisphere": Damage(
        save(f"{SIDECAR}/lh.prf.npy", FIELDS[:N_LEFT]), "rh.prf.npy is missing", Loading.SOUND
    ),
    "known fields without an eccentricity": Damage(
        together(
            save(f"{SIDECAR}/lh.prf.npy", FIELDS[:N_LEFT]),
            save(f"{SIDECAR}/rh.prf.npy", FIELDS[:N_RIGHT, :3]),
        ),
        "rh.prf.npy has 3 columns; expected 4",
        Loading.SOUND,
    ),
    "known fields without a size": Damage(
        together(
            save(f"{SIDECAR}/lh.prf.npy", FIELDS[:N_LEFT] * [1, 1, 0, 1]),
            save(f"{SIDECAR}/rh.prf.npy", FIELDS[:N_RIGHT]),
        ),
        "lh.prf.npy has an SD of 0 or less at",
        Loading.SOUND,
    ),
    "captions of absent images": Damage(
        stimuli('[{"split": "test", "number": 7}]'),
        "stimuli.json describes 1 image that is not there: test 7",
    ),
    "captions that are no texts": Damage(
        stimuli('[{"split": "train", "number": 1, "captions": "a face"}]'),
        "stimuli.json: captions must be texts; they are not for train 1",
    ),
    "categories that are no texts": Damage(
        stimuli('[{"split": "train", "number": 1, "categories": 5}]'),
        "stimuli.json: categories must be texts; they are not for train 1",
    ),
    "captions that are a folder": Damage(
        together(remove(f"{SIDECAR}/stimuli.json"), make_folder(f"{SIDECAR}/stimuli.json")),
        "stimuli.json cannot be read: it is a folder",
    ),
    "captions without a split": Damage(
        stimuli('[{"number": 1}, 5, {"split": [], "number": 1e999}]'),
        "stimuli.json: 3 entries do not say split (train or test) and number",
    ),
    "captions twice": Damage(
        stimuli(json.dumps([{"split": "train", "number": 1}] * 2)),
        "stimuli.json describes 1 image twice: train 1",
    ),
    "captions that are no JSON": Damage(stimuli("nothing"), "stimuli.json is not JSON"),
}
