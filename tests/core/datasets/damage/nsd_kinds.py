"""Damaged copies of raw NSD; ``prepare-nsd`` is what loads them."""

from __future__ import annotations

import gzip
import shutil
import struct

import nibabel
import numpy as np
from scipy.io import loadmat, savemat

from tests.core.datasets.damage.kind import SOUND, Damage
from tests.core.datasets.damage.ways import (
    WEB_PAGE,
    cut,
    make_folder,
    remove,
    rename,
    together,
    write,
)
from tests.data import tiny_nsd as tiny

BETAS = tiny.BETAS.format("subj01")
EXPERIMENT = "nsddata/experiments/nsd"
DESIGN, INFO = f"{EXPERIMENT}/nsd_expdesign.mat", f"{EXPERIMENT}/nsd_stim_info_merged.csv"
TRIALS = "nsddata/ppdata/subj01/behav/responses.tsv"
BRICK = "nsddata_stimuli/stimuli/nsd/nsd_stimuli.hdf5"
LABELS = "nsddata/freesurfer/fsaverage/label"


def session(number, short="lh", suffix="mgh"):
    return f"{BETAS}/{short}.betas_session{number:02d}.{suffix}"


def _surface(name, shape, dtype=np.float32):
    def damage(root):
        values = np.ones(shape, dtype)
        nibabel.save(nibabel.freesurfer.MGHImage(values, np.eye(4)), root / name)

    return damage


def _compress(name, share=1.0):
    def damage(root):
        packed = gzip.compress((root / name).read_bytes(), 1)
        (root / name).with_suffix(".mgz").write_bytes(packed[: int(len(packed) * share)])
        (root / name).unlink()

    return damage


def _empty_trial(name, trial):
    def damage(root):
        data = bytearray((root / name).read_bytes())
        start = 284 + 4 * tiny.N_TEMPLATE * trial
        data[start : start + 4 * tiny.N_TEMPLATE] = bytes(4 * tiny.N_TEMPLATE)
        (root / name).write_bytes(bytes(data))

    return damage


def _copy(name, other):
    return lambda root: shutil.copy(root / name, root / other)


def _design(function):
    def damage(root):
        stored = {k: v for k, v in loadmat(root / DESIGN).items() if not k.startswith("__")}
        function(stored)
        savemat(root / DESIGN, stored)

    return damage


def _lines(name, function):
    """Rewrite a table: ``function`` gets its lines, the header first."""

    def damage(root):
        lines = (root / name).read_text().splitlines()
        (root / name).write_text("\n".join(function(lines)) + "\n")

    return damage


def _other_image(lines):
    cells = lines[9].split("\t")
    cells[4] = "4711"
    return [*lines[:9], "\t".join(cells), *lines[10:]]


def _brick(shape, name="imgBrick", dtype=np.uint8):
    def damage(root):
        import h5py

        with h5py.File(root / BRICK, "w") as stored:
            stored.create_dataset(name, shape, dtype=dtype, chunks=(1, *shape[1:]))

    return damage


def _zero_header(root):
    path = root / session(3, "rh")
    data = bytearray(path.read_bytes())
    data[:28] = struct.pack(">7i", 0, 0, 0, 0, 0, 0, 0)
    path.write_bytes(bytes(data))


def _no_betas_on_fsaverage(root):
    (root / BETAS).parent.rename((root / BETAS).parents[1] / "func1pt8mm")


KINDS = {
    "a session missing": Damage(
        together(remove(session(2)), remove(session(2, "rh"))),
        "The betas of session 2 are missing",
        file="lh.betas_session02.mgh",
    ),
    "a session of one hemisphere": Damage(
        remove(session(2, "rh")), "rh.betas_session02.mgh missing from"
    ),
    "the last session of one hemisphere": Damage(
        remove(session(4)), "lh.betas_session04.mgh missing from"
    ),
    "a session cut short": Damage(cut(session(2)), "lh.betas_session02.mgh is truncated"),
    "a session cut in its header": Damage(
        cut(session(2), 0.00005), "lh.betas_session02.mgh cannot be read as an MGH file"
    ),
    "an empty session": Damage(
        write(session(1, "rh"), b""), "rh.betas_session01.mgh cannot be read as an MGH file"
    ),
    "a web page instead of a session": Damage(
        write(session(1, "rh"), WEB_PAGE), "rh.betas_session01.mgh cannot be read as an MGH file"
    ),
    "a header of zeros": Damage(_zero_header, "rh.betas_session03.mgh cannot be read as an MGH"),
    "betas on the subject's own surface": Damage(
        _surface(session(1), (9000, 1, 1, tiny.TRIALS)),
        "lh.betas_session01.mgh is 9000 x 1 x 1 x 6",
    ),
    "betas on another template": Damage(
        _surface(session(1), (163_842, 1, 1, tiny.TRIALS)),
        "lh.betas_session01.mgh has 163,842 vertices, the other sessions 10,242",
    ),
    "a trial too few": Damage(
        _surface(session(3), (tiny.N_TEMPLATE, 1, 1, tiny.TRIALS - 1)),
        "lh.betas_session03.mgh has 5 trials; a session has 6",
    ),
    "betas as whole numbers": Damage(
        _surface(session(3), (tiny.N_TEMPLATE, 1, 1, tiny.TRIALS), np.int16),
        "lh.betas_session03.mgh holds int16; the betas on fsaverage are float32",
    ),
    "a trial never written": Damage(
        _empty_trial(session(2), tiny.TRIALS - 1),
        "lh.betas_session02.mgh holds nothing in trial 6",
    ),
    "a session twice": Damage(
        _copy(session(1), session(2)),
        "lh.betas_session02.mgh holds the same betas as lh.betas_session01.mgh",
    ),
    "a hemisphere twice": Damage(
        _copy(session(1), session(1, "rh")),
        "rh.betas_session01.mgh holds the same betas as lh.betas_session01.mgh",
    ),
    "a compressed session cut short": Damage(
        _compress(session(2), 0.7), "lh.betas_session02.mgz is cut short or damaged"
    ),
    "text called mgz": Damage(
        together(remove(session(2)), write(session(2, suffix="mgz"), b"no gzip at all")),
        "lh.betas_session02.mgz cannot be read as an MGH file",
    ),
    "half a session downloaded": Damage(
        rename(session(4), session(4) + ".part"),
        "lh.betas_session04.mgh.part in fsaverage/betas_fithrf_GLMdenoise_RR/ is a download",
        file="lh.betas_session04.mgh",
        several=True,
    ),
    "a download of aria2": Damage(
        write(session(4) + ".aria2", b"state"),
        "lh.betas_session04.mgh.aria2 in fsaverage/betas_fithrf_GLMdenoise_RR/ is a download",
    ),
    "half an archive beside": Damage(
        write("nsddata.zip.crdownload", b"half"),
        "nsddata.zip.crdownload in nsd/ is a download that did not finish",
        SOUND,
    ),
    "other betas only": Damage(
        _no_betas_on_fsaverage, "There is func1pt8mm/betas_fithrf_GLMdenoise_RR", file="subj01"
    ),
    "no design": Damage(together(remove(DESIGN), remove(TRIALS)), "nsd_expdesign.mat is missing"),
    "no table of images to stand in for the design": Damage(
        together(remove(DESIGN), remove(INFO)), "nsd_expdesign.mat is missing"
    ),
    "a design cut short": Damage(cut(DESIGN, 0.3), "nsd_expdesign.mat cannot be read as a MATLAB"),
    "a design without its tables": Damage(
        lambda root: savemat(root / DESIGN, {"sharedix": [1]}),
        "nsd_expdesign.mat has no masterordering and no subjectim",
    ),
    "a design of half a session": Damage(
        _design(lambda d: d.update(masterordering=d["masterordering"][:, :21])),
        "masterordering in nsd_expdesign.mat has 21 trials, which are no whole sessions of 6",
        file="nsd_expdesign.mat",
    ),
    "a design of fewer sessions": Damage(
        together(
            _design(lambda d: d.update(masterordering=d["masterordering"][:, :18])), remove(TRIALS)
        ),
        "4 sessions were asked for; the design plans 3 of 6",
        file="4 sessions",
    ),
    "a design of numbers out of range": Damage(
        _design(lambda d: d.update(masterordering=d["masterordering"] + 5)),
        "masterordering in nsd_expdesign.mat must hold numbers from 1 to 8",
        file="nsd_expdesign.mat",
    ),
    "a design of fractions": Damage(
        _design(lambda d: d.update(subjectim=d["subjectim"] + 0.5)),
        "subjectim in nsd_expdesign.mat holds values that are no whole numbers",
        file="nsd_expdesign.mat",
    ),
    "trials of another subject": Damage(
        _lines(TRIALS, lambda lines: [lines[0], *("2" + r[1:] for r in lines[1:])]),
        "responses.tsv is of subject 2, not of subj01",
    ),
    "trials that contradict the design": Damage(
        _lines(TRIALS, _other_image),
        "responses.tsv and nsd_expdesign.mat name different images in 1 of 24 trials",
    ),
    "trials of half a session": Damage(
        _lines(TRIALS, lambda lines: lines[:-2]), "responses.tsv has 4 trials in session 4"
    ),
    "trials without their images": Damage(
        _lines(TRIALS, lambda lines: [r.replace("73KID", "ID") for r in lines]),
        "responses.tsv has no column 73KID",
    ),
    "trials that are no table": Damage(
        _lines(TRIALS, lambda lines: [lines[0], "a\tb"]), "responses.tsv cannot be read as a table"
    ),
    "a table of images without COCO's numbers": Damage(
        _lines(INFO, lambda lines: [lines[0].replace("cocoId", "coco"), *lines[1:]]),
        "nsd_stim_info_merged.csv has no column cocoId",
        SOUND,
    ),
    "a table of images with other shared ones": Damage(
        _lines(INFO, lambda lines: [*lines[:-1], lines[-1].replace(",False,True", ",False,False")]),
        "nsd_stim_info_merged.csv marks 2 images as shared, the design 3",
        SOUND,
    ),
    "an image twice in the table": Damage(
        _lines(INFO, lambda lines: [*lines, lines[-1]]),
        "nsd_stim_info_merged.csv lists the image with nsdId 71999 twice",
        SOUND,
    ),
    "no images": Damage(remove(BRICK), "nsd_stimuli.hdf5 is missing", file="nsd_stimuli.hdf5"),
    "images cut short": Damage(cut(BRICK), "nsd_stimuli.hdf5 cannot be read as HDF5"),
    "images of another shape": Damage(
        _brick((73_000, 20, 20)),
        "imgBrick in nsd_stimuli.hdf5 is (73000, 20, 20)",
        file="nsd_stimuli.hdf5",
    ),
    "too few images": Damage(
        _brick((100, 20, 20, 3)),
        "imgBrick in nsd_stimuli.hdf5 is (100, 20, 20, 3)",
        file="nsd_stimuli.hdf5",
    ),
    "images as fractions": Damage(
        _brick((73_000, 20, 20, 3), dtype=np.float32),
        "imgBrick in nsd_stimuli.hdf5 holds float32; expected uint8",
        file="nsd_stimuli.hdf5",
    ),
    "images in a folder of that name": Damage(
        together(remove(BRICK), make_folder(BRICK)), "nsd_stimuli.hdf5 cannot be read as HDF5"
    ),
    "no images under that name": Damage(
        _brick((73_000, 20, 20, 3), "images"),
        "imgBrick in nsd_stimuli.hdf5 is None",
        file="nsd_stimuli.hdf5",
    ),
    "no mask": Damage(
        remove(f"{LABELS}/rh.nsdgeneral.mgz"),
        "There is no rh.nsdgeneral.mgz",
        file="rh.nsdgeneral.mgz",
    ),
    "a mask of the subject's own surface": Damage(
        _surface(f"{LABELS}/rh.nsdgeneral.mgz", (9000, 1, 1)),
        "rh.nsdgeneral.mgz has 9,000 values; the betas have 10,242",
    ),
    "a mask cut short": Damage(
        cut(f"{LABELS}/lh.nsdgeneral.mgz"), "lh.nsdgeneral.mgz cannot be read"
    ),
    "ROI labels cut short": Damage(
        cut(f"{LABELS}/lh.streams.mgz"), "lh.streams.mgz cannot be read"
    ),
    "ROI labels of one hemisphere": Damage(
        remove(f"{LABELS}/rh.streams.mgz"), "rh.streams.mgz is missing"
    ),
    "ncsnr of other vertices": Damage(
        _surface(f"{BETAS}/lh.ncsnr.mgh", (9000, 1, 1)), "lh.ncsnr.mgh has 9,000 values", SOUND
    ),
    "ncsnr cut short": Damage(cut(f"{BETAS}/rh.ncsnr.mgh"), "rh.ncsnr.mgh cannot be read", SOUND),
}
