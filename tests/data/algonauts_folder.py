"""Algonauts 2023 folders as released, written from the challenge's description alone.

``python -m tests.data.algonauts_folder DIR --subject 1 --images 200 --full`` writes ``DIR/subj01``.
Masks are always 163,842 long; ``--full`` gives the released number of vertices, without it a
hundredth. Pictures are procedural and responses follow them, so that fits mean something; nothing
is NSD's.

Kept on purpose: ``all-vertices`` masks that hold a 2 where the two masks that were added overlap,
mapping files as pickled dictionaries, ROIs that a subject lacks, vertices of zero ceiling, images
shown once to three times, pictures that several subjects saw.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

N_TEMPLATE = 163_842
# Subject -> training images, test images, left and right vertices.
RELEASED = {
    1: (9841, 159, 19_004, 20_544),
    2: (9841, 159, 19_004, 20_544),
    3: (9082, 293, 19_004, 20_544),
    4: (8779, 395, 19_004, 20_544),
    5: (9841, 159, 19_004, 20_544),
    6: (9082, 293, 18_978, 20_220),
    7: (9841, 159, 19_004, 20_544),
    8: (8779, 395, 18_981, 20_530),
}
MAPPINGS = {
    "prf-visualrois": ["V1v", "V1d", "V2v", "V2d", "V3v", "V3d", "hV4"],
    "floc-bodies": ["EBA", "FBA-1", "FBA-2", "mTL-bodies"],
    "floc-faces": ["OFA", "FFA-1", "FFA-2", "mTL-faces", "aTL-faces"],
    "floc-places": ["OPA", "PPA", "RSC"],
    "floc-words": ["OWFA", "VWFA-1", "VWFA-2", "mfs-words", "mTL-words"],
    "streams": [
        "early",
        "midventral",
        "midlateral",
        "midparietal",
        "ventral",
        "lateral",
        "parietal",
    ],
}
# ROI -> the hemispheres that have it, or lack it.
ONLY_IN = {"mTL-faces": "", "aTL-faces": "", "mTL-bodies": "6r 8r", "mTL-words": "6l 7r"}
NOT_IN = {
    "FBA-1": "2l 2r 4l 7l 7r",
    "FBA-2": "1l",
    "FFA-2": "1l",
    "VWFA-2": "3r 4r 8r",
    "mfs-words": "1r 3r",
}
# Where a class lies, as a share of the way from the occipital pole forward: classes overlap.
_STRETCH = {
    "prf-visualrois": (0.0, 0.35),
    "floc-bodies": (0.4, 0.6),
    "floc-faces": (0.5, 0.75),
    "floc-places": (0.3, 0.7),
    "floc-words": (0.55, 0.95),
    "streams": (0.0, 0.9),
}
_CELLS = 8
_ROWS_AT_ONCE = 256


def is_present(roi: str, subject: int, hemisphere: str) -> bool:
    """Whether the released masks of ``lh`` or ``rh`` have a ROI."""
    where = f"{subject}{hemisphere[0]}"
    if roi in ONLY_IN:
        return where in ONLY_IN[roi].split()
    return where not in NOT_IN.get(roi, "").split()


def write_subject(
    folder: Path,
    *,
    subject: int = 1,
    n_train: int | None = 60,
    n_test: int | None = 20,
    full: bool = False,
    pixels: int = 32,
    private: bool = False,
) -> Path:
    """Write one subject's folder.

    Parameters
    ----------
    n_train, n_test : images; None for as many as released.
    full : as many vertices as released, else a hundredth.
    pixels : side of the pictures; 425 as released.
    private : also the test responses and noise ceilings, which were never shipped.
    """
    released = RELEASED[subject]
    n_images = (
        released[0] if n_train is None else n_train,
        released[1] if n_test is None else n_test,
    )
    shares = np.random.default_rng([7, subject])
    numbers = _nsd_numbers(subject, *n_images)
    scenes = {
        split: [Scene.of(number) for number in numbers[split]] for split in ("training", "test")
    }
    for split, short in (("training", "train"), ("test", "test")):
        images = folder / f"{split}_split" / f"{split}_images"
        images.mkdir(parents=True)
        for k, (number, scene) in enumerate(zip(numbers[split], scenes[split], strict=True)):
            scene.picture(pixels).save(images / f"{short}-{k + 1:04d}_nsd-{number:05d}.png")
    repeats = {split: shares.integers(1, 4, len(s)) for split, s in scenes.items()}
    (folder / "roi_masks").mkdir()
    for name, rois in MAPPINGS.items():
        mapping = {0: "Unknown", **dict(enumerate(rois, start=1))}
        np.save(folder / "roi_masks" / f"mapping_{name}.npy", mapping, allow_pickle=True)
    for k, hemisphere in enumerate(("lh", "rh")):
        n_vertices = released[2 + k] if full else released[2 + k] // 100
        _write_masks(folder / "roi_masks", subject, hemisphere, n_vertices)
        _write_responses(folder, hemisphere, n_vertices, scenes, repeats, private, [subject, k])
    return folder


@dataclass(frozen=True)
class Scene:
    """What is in a picture: a grid of cells, each with a colour and perhaps stripes.

    Parameters
    ----------
    colours : (cells, cells, 3) 0 to 255.
    contrast : (cells, cells) of the stripes, mostly 0.
    upright : (cells, cells) whether the stripes stand.
    """

    colours: np.ndarray
    contrast: np.ndarray
    upright: np.ndarray

    @classmethod
    def of(cls, number: int) -> Scene:
        """Return the scene of an NSD number: the same for whoever sees it."""
        rng = np.random.default_rng([73, number])
        coarse = rng.integers(40, 216, (4, 4, 3))
        colours = coarse.repeat(2, axis=0).repeat(2, axis=1)
        contrast = rng.choice([0, 0, 20, 40], (4, 4)).repeat(2, axis=0).repeat(2, axis=1)
        return cls(colours, contrast, rng.random((_CELLS, _CELLS)) < rng.random())

    def picture(self, pixels: int) -> Image.Image:
        """Draw the scene as (pixels, pixels) RGB."""
        cell = np.arange(pixels) * _CELLS // pixels
        # At least two stripes in a cell, whatever the size.
        wave = np.where(np.arange(pixels) * _CELLS * 2 * 2 // pixels % 2, 1, -1)
        rows, columns = cell[:, None], cell[None, :]
        stripes = np.where(self.upright[rows, columns], wave[None, :], wave[:, None])
        values = self.colours[rows, columns] + (stripes * self.contrast[rows, columns])[..., None]
        return Image.fromarray(np.clip(values, 0, 255).astype(np.uint8))

    def drives(self) -> np.ndarray:
        """Return (n_drives,) what vertices respond to: brightness, stripes, their direction."""
        bright = self.colours[::2, ::2].mean(axis=2).ravel() / 50 - 2.5
        striped = self.contrast[::2, ::2].ravel() / 16 - 1
        upright = (self.contrast * np.where(self.upright, 1, -1)).mean() / 4
        return np.array([*bright, *striped, upright, striped.mean() * 4, bright.mean() * 4])


def _nsd_numbers(subject: int, n_train: int, n_test: int) -> dict[str, np.ndarray]:
    """Return increasing numbers per split, none in both; a tenth is common to all subjects."""
    common = np.random.default_rng(1000).permutation(73_000)
    own = np.random.default_rng([73_000, subject]).permutation(common[1000:])
    n_common = min(1000, n_train // 10)
    train = np.concatenate([common[:n_common], own[: n_train - n_common]])
    test = own[n_train - n_common :][:n_test]
    return {"training": np.sort(train), "test": np.sort(test)}


def _write_masks(masks: Path, subject: int, hemisphere: str, n_vertices: int) -> None:
    rng = np.random.default_rng([163_842, subject, hemisphere == "rh"])
    forward = _forward(hemisphere, rng)
    index = np.sort(np.argsort(forward, kind="stable")[:n_vertices])
    order = np.argsort(forward[index], kind="stable")  # from the pole forward
    nsdgeneral, rsc = np.zeros((2, N_TEMPLATE), dtype=int)
    n_rsc = max(n_vertices // 20, 2)
    nsdgeneral[index[order[:-n_rsc]]] = 1
    rsc[index[order[-n_rsc - n_rsc // 2 :]]] = 1
    np.save(masks / f"{hemisphere}.all-vertices_fsaverage_space.npy", nsdgeneral + rsc)
    for name, rois in MAPPINGS.items():
        labels = np.zeros(n_vertices, dtype=int)
        start, stop = (int(share * n_vertices) for share in _STRETCH[name])
        present = [k for k, roi in enumerate(rois, 1) if is_present(roi, subject, hemisphere)]
        for label, part in zip(
            present, np.array_split(order[start:stop], len(present)), strict=True
        ):
            labels[part] = label
        template = np.zeros(N_TEMPLATE, dtype=int)
        template[index] = labels
        np.save(masks / f"{hemisphere}.{name}_challenge_space.npy", labels)
        np.save(masks / f"{hemisphere}.{name}_fsaverage_space.npy", template)


def _forward(hemisphere: str, rng: np.random.Generator) -> np.ndarray:
    """Return (N_TEMPLATE,) each vertex's place from back to front, 0 to 1.

    Known of the first 10,242, which are fsaverage5's; as good as any for the others.
    """
    from nilearn.datasets import fetch_surf_fsaverage
    from nilearn.surface import load_surf_mesh

    side = {"lh": "left", "rh": "right"}[hemisphere]
    mesh = load_surf_mesh(fetch_surf_fsaverage("fsaverage5")[f"sphere_{side}"])
    y = np.asarray(mesh.coordinates)[:, 1]
    forward = rng.random(N_TEMPLATE)
    forward[: len(y)] = np.argsort(np.argsort(y, kind="stable")) / len(y)
    return forward


def _write_responses(
    folder: Path,
    hemisphere: str,
    n_vertices: int,
    scenes: dict[str, list[Scene]],
    repeats: dict[str, np.ndarray],
    private: bool,
    seed: Sequence[int],
) -> None:
    rng = np.random.default_rng([9841, *seed])
    ncsnr = rng.beta(2, 3, n_vertices).astype(np.float32)
    ncsnr[rng.choice(n_vertices, max(n_vertices // 400, 1), replace=False)] = 0
    n_drives = len(Scene.of(0).drives())
    weights = rng.normal(size=(n_drives, n_vertices)) * (rng.random((n_drives, n_vertices)) < 0.2)
    weights = (weights / np.maximum(np.linalg.norm(weights, axis=0), 1)).astype(np.float32)
    for split, seen in scenes.items():
        if split == "test" and not private:
            continue
        target = folder / f"{split}_split" / f"{split}_fmri"
        target.mkdir(exist_ok=True)
        values = np.lib.format.open_memmap(
            target / f"{hemisphere}_{split}_fmri.npy",
            mode="w+",
            dtype=np.float32,
            shape=(len(seen), n_vertices),
        )
        for rows in _blocks(len(seen)):
            drives = np.array([scene.drives() for scene in seen[rows]], dtype=np.float32)
            noise = rng.standard_normal((len(drives), n_vertices), dtype=np.float32)
            # Single trials have an SD of 1: signal and noise share it as ncsnr says.
            noise /= np.sqrt(repeats[split][rows, None], dtype=np.float32)
            values[rows] = (ncsnr * (drives @ weights) + noise) / np.sqrt(1 + ncsnr**2)
        values.flush()
    if private:
        ceilings = folder / "test_split" / "noise_ceiling"
        ceilings.mkdir(exist_ok=True)
        left_over = np.mean(1 / repeats["test"])
        ceiling = ncsnr**2 / (ncsnr**2 + left_over)
        np.save(ceilings / f"{hemisphere}_noise_ceiling.npy", ceiling.astype(np.float32))


def _blocks(n: int) -> Iterator[slice]:
    return (slice(start, start + _ROWS_AT_ONCE) for start in range(0, n, _ROWS_AT_ONCE))


def main() -> None:
    parser = argparse.ArgumentParser(description="Write generated Algonauts 2023 folders.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--subject", type=int, action="append", choices=RELEASED, default=[])
    parser.add_argument("--images", type=int, help="training images (default: as released)")
    parser.add_argument("--test-images", type=int, help="default: as released")
    parser.add_argument("--full", action="store_true", help="as many vertices as released")
    parser.add_argument("--pixels", type=int, default=32, help="side of the pictures (425)")
    parser.add_argument("--private", action="store_true", help="test responses and ceilings too")
    options = parser.parse_args()
    for subject in options.subject or [1]:
        made = write_subject(
            options.folder / f"subj{subject:02d}",
            subject=subject,
            n_train=options.images,
            n_test=options.test_images,
            full=options.full,
            pixels=options.pixels,
            private=options.private,
        )
        print(made)


if __name__ == "__main__":
    main()
