"""A tiny copy of NSD, written with nibabel and scipy, deliberately asymmetric.

Four sessions of six trials on fsaverage5; eight images per subject, three of them shared, of which
the third gets its last trial only in the last session; three sessions are common to all subjects.
"""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
from PIL import Image
from scipy.io import savemat

N_TEMPLATE, TRIALS, SESSIONS, COMMON = 10_242, 6, 4, 3
KEPT = {"lh": [3, 10, 11, 500, 4000, 9000, 10_241], "rh": [0, 7, 70, 700, 7000]}
CONSTANT_ONCE = ("lh", 11, 2)  # vertex, session from 1
CONSTANT = ("lh", 500)
BROKEN = ("rh", 70, 3)
# Positions in a subject's images, from 1; the shared images are 1 to 3.
ORDER = [1, 4, 4, 2, 5, 1, 6, 2, 3, 7, 4, 5, 3, 1, 2, 6, 7, 8, 8, 3, 5, 6, 7, 8]
SHARED = [11, 905, 72_000]  # 73k numbers from 1
SETTINGS = {"trials_per_session": TRIALS, "common_sessions": COMMON}
BETAS = "nsddata_betas/ppdata/{}/fsaverage/betas_fithrf_GLMdenoise_RR"


def images_of(subject: int) -> list[int]:
    """73k numbers from 1, of subject 1 to 8; not in increasing order."""
    return [*SHARED, *(subject * 1000 + k for k in (9, 2, 31, 4, 5))]


def write_nsd(root: Path, subject: int = 1, seed: int = 0) -> Path:
    rng = np.random.default_rng(seed)
    design = root / "nsddata/experiments/nsd"
    design.mkdir(parents=True)
    savemat(
        design / "nsd_expdesign.mat",
        {
            "masterordering": np.array([ORDER], dtype=np.uint16),
            "subjectim": np.array([images_of(s) for s in range(1, 9)], dtype=np.float64),
            "sharedix": np.array([SHARED], dtype=np.float64),
        },
    )
    labels = root / "nsddata/freesurfer/fsaverage/label"
    labels.mkdir(parents=True)
    for short, kept in KEPT.items():
        mask = np.full(N_TEMPLATE, -1, dtype=np.int32)
        mask[: N_TEMPLATE // 2] = 0
        mask[kept] = 1
        _save(labels / f"{short}.nsdgeneral.mgz", mask.reshape(-1, 1, 1))
        streams = np.full(N_TEMPLATE, -1, dtype=np.int32)
        streams[kept] = np.arange(len(kept)) % 3
        _save(labels / f"{short}.streams.mgz", streams.reshape(-1, 1, 1))
    where = root / BETAS.format(f"subj{subject:02d}")
    where.mkdir(parents=True)
    signal = {h: rng.normal(size=(9, N_TEMPLATE)) for h in KEPT}
    for number in range(1, SESSIONS + 1):
        shown = ORDER[(number - 1) * TRIALS : number * TRIALS]
        for short in KEPT:
            betas = signal[short][shown] + 0.7 * rng.normal(size=(TRIALS, N_TEMPLATE))
            betas = betas * rng.uniform(0.5, 3) + rng.normal()
            for h, vertex, *once in (CONSTANT, CONSTANT_ONCE):
                if h == short and once in ([], [number]):
                    betas[:, vertex] = 0.1
            if short == BROKEN[0] and number == BROKEN[2]:
                betas[2, BROKEN[1]] = np.nan
            values = betas.T.astype(np.float32).reshape(N_TEMPLATE, 1, 1, TRIALS)
            _save(where / f"{short}.betas_session{number:02d}.mgh", values)
    pictures = root.parent / "pictures" / "deeper"
    pictures.mkdir(parents=True, exist_ok=True)
    for number in images_of(subject):
        pixels = rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(pictures / f"nsd-{number - 1:05d}.png")
    return root


def _save(path: Path, values: np.ndarray) -> None:
    nibabel.save(nibabel.freesurfer.MGHImage(values, np.eye(4)), path)


def read_trials(root: Path, short: str, sessions: int, subject: int = 1) -> np.ndarray:
    """Return (n_trials, n_kept) float64 betas, read with nibabel."""
    where = root / BETAS.format(f"subj{subject:02d}")
    parts = [
        np.asarray(nibabel.load(where / f"{short}.betas_session{k:02d}.mgh").dataobj)
        for k in range(1, sessions + 1)
    ]
    return np.concatenate([p[KEPT[short], 0, 0].T for p in parts]).astype(np.float64)


def write_whole_nsd(root: Path, seed: int = 0) -> Path:
    """Write everything that NSD ships of what is read: also the tables and the file of images."""
    write_nsd(root, seed=seed)
    write_tables(root)
    write_brick(root, seed)
    where = root / BETAS.format("subj01")
    for short in KEPT:
        _save(where / f"{short}.ncsnr.mgh", np.ones((N_TEMPLATE, 1, 1), np.float32))
    return root


def write_tables(root: Path, subject: int = 1, sessions: int = SESSIONS) -> None:
    """Write ``responses.tsv`` of one subject and ``nsd_stim_info_merged.csv``."""
    behaviour = root / f"nsddata/ppdata/subj{subject:02d}/behav"
    behaviour.mkdir(parents=True)
    lines = ["SUBJECT\tSESSION\tRUN\tTRIAL\t73KID\t10KID\tTIME\tISOLD\tISCORRECT\tRT"]
    for k, position in enumerate(ORDER[: sessions * TRIALS]):
        number = images_of(subject)[position - 1]
        session = k // TRIALS + 1
        lines.append(
            f"{subject}\t{session}\t{k % TRIALS // 3 + 1}\t{k % 3 + 1}\t{number}\t{position}\t"
            f"{session + 0.5}\t0\tNaN\t"
        )
    (behaviour / "responses.tsv").write_text("\n".join(lines) + "\n")
    rows = [",cocoId,cocoSplit,cropBox,loss,nsdId,flagged,BOLD5000,shared1000"]
    known = sorted({n for s in range(1, 9) for n in images_of(s)})
    for number in known:
        shared = "True" if number in SHARED else "False"
        rows.append(
            f'{number - 1},{coco_id(number - 1)},val2017,"(0, 0, 0.1, 0.1)",0.2,{number - 1},False,'
            f"False,{shared}"
        )
    (root / "nsddata/experiments/nsd/nsd_stim_info_merged.csv").write_text("\n".join(rows) + "\n")


def coco_id(number: int) -> int:
    """COCO's number of an image; the order is another one than NSD's."""
    return 600_000 - 7 * number


def write_brick(root: Path, seed: int = 0) -> None:
    """Write ``nsd_stimuli.hdf5`` with the images of subject 1; all others are black."""
    import h5py

    rng = np.random.default_rng(seed)
    where = root / "nsddata_stimuli/stimuli/nsd"
    where.mkdir(parents=True)
    with h5py.File(where / "nsd_stimuli.hdf5", "w") as stored:
        brick = stored.create_dataset(
            "imgBrick", (73_000, 20, 20, 3), dtype=np.uint8, chunks=(1, 20, 20, 3)
        )
        for number in images_of(1):
            brick[number - 1] = rng.integers(0, 256, (20, 20, 3), dtype=np.uint8)
