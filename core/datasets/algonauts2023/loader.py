"""The Algonauts 2023 folder, exactly as released (and as the simulated subjects are written).

``SUBJECT/training_split/training_images/train-0001_nsd-00013.png``, ``training_fmri/
{lh,rh}_training_fmri.npy`` (n_images, n_vertices) float32, ``test_split/test_images``,
``roi_masks/`` with ``mapping_CLASS.npy``, ``{lh,rh}.CLASS_challenge_space.npy`` and
``{lh,rh}.all-vertices_fsaverage_space.npy``. Test responses (``test_split/test_fmri``) and ceilings
(``test_split/noise_ceiling``, fractions) are not in the release and used when they are there.
Masks are taken where they are not zero: the released ``all-vertices`` file is a sum of two masks.

What the numbers mean: ``NSD``, unless a sidecar says otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from cortiscope.core.brain import (
    HEMISPHERES,
    ROI_CLASSES,
    ChallengeSpace,
    Hemisphere,
    Parcellation,
    Part,
)
from cortiscope.core.brain.spaces import ALLOWED, NESTED, RESAMPLE, fs_lr_words, home_template
from cortiscope.core.datasets.algonauts2023.release import swapped_words
from cortiscope.core.datasets.conventions import (
    AVERAGED,
    MEASURED,
    OWN_FILES,
    PER_SESSION,
    WITHHELD,
    Conventions,
    Fact,
    usable_ncsnr,
)
from cortiscope.core.datasets.npy import load_array
from cortiscope.core.datasets.restricted_pickle import load_label_names
from cortiscope.core.datasets.sidecar import Sidecar, read_sidecar
from cortiscope.core.datasets.subject import Split, Subject
from cortiscope.core.errors import DamagedFile, MissingData
from cortiscope.core.stimuli import StimulusImages
from cortiscope.core.stimuli.listing import check_listed
from cortiscope.core.storage.foreign import is_system_file, is_there

IMAGE_NAME = re.compile(r"^(?P<split>train|test)-(?P<number>\d+)_nsd-(?P<id>\d+)\.(png|jpg|jpeg)$")
_SPLITS = {"train": "training", "test": "test"}

NSD = Conventions(
    units=Fact("z", "layout"),
    preprocessing=Fact(PER_SESSION, "layout"),
    picture_degrees=Fact(8.4, "layout"),
    repeats=Fact(AVERAGED, "layout"),
)
"""Of responses made from the Natural Scenes Dataset as Algonauts 2023 did.

Sources: Allen et al. 2022, Nat. Neurosci. 25:116 (pictures of 8.4 x 8.4 degrees); the challenge's
data-preparation code (z-scored per vertex and session, then averaged over repeats).
"""


def is_subject_folder(folder: Path) -> bool:
    """Whether a folder looks like one subject of this layout."""
    return (folder / "training_split").is_dir() and (folder / "roi_masks").is_dir()


def load_subject(folder: Path) -> Subject:
    """Open a subject; responses stay memory-mapped.

    Raises
    ------
    MissingData, DamagedFile : naming the file, what it holds and what was expected.
    """
    space = _read_space(folder / "roi_masks")
    images = {name: _list_images(folder, name) for name in _SPLITS}
    _check_no_image_in_both(images)
    sidecar = read_sidecar(folder, {name: len(found) for name, found in images.items()})
    counts = {h: space.n_vertices(h) for h in HEMISPHERES}
    if swapped := swapped_words(folder.name, space.n_template, *counts.values()):
        raise DamagedFile(swapped, "Exchange lh and rh in the names of the files.")
    splits = {name: _read_split(folder, name, images[name], counts, sidecar) for name in _SPLITS}
    if splits["train"].responses is None:
        raise MissingData(
            f"{folder.name}/training_split/training_fmri has no responses.",
            "Expected lh_training_fmri.npy and rh_training_fmri.npy.",
        )
    stored = sidecar.per_hemisphere("ncsnr", counts)
    ncsnr, known = usable_ncsnr(
        None if stored is None else np.concatenate([stored[h] for h in HEMISPHERES])
    )
    ceiling = _read_ceiling(folder / "test_split" / "noise_ceiling", counts)
    return Subject(
        id=folder.name,
        folder=folder,
        layout="simulated" if sidecar.simulated else "algonauts2023",
        space=space,
        parcellation=_read_parcellation(folder / "roi_masks", counts),
        train=splits["train"],
        test=splits["test"],
        simulated=sidecar.simulated,
        ncsnr=ncsnr,
        test_ceiling=ceiling,
        conventions=_conventions(
            sidecar, splits, known if ceiling is None else Fact(OWN_FILES, "layout")
        ),
        details=dict(sidecar.header),
    )


def _conventions(sidecar: Sidecar, splits: Mapping[str, Split], ceiling: Fact[str]) -> Conventions:
    test = MEASURED if splits["test"].responses is not None else WITHHELD
    facts = NSD.stating(sidecar.conventions)
    if ceiling.value is not None and not (ceiling.known and facts.ceiling.known):
        facts = replace(facts, ceiling=ceiling)
    return replace(
        facts,
        row_order=Fact("by the number in the name: train-0001_... is row 1", "layout"),
        test_responses=Fact(test, "layout"),
    )


def _read_space(masks: Path) -> ChallengeSpace:
    index: dict[Hemisphere, np.ndarray] = {}
    sizes: dict[str, int] = {}
    for hemisphere in HEMISPHERES:
        path = masks / f"{hemisphere.short}.all-vertices_fsaverage_space.npy"
        mask = load_array(path, shape=(None,))
        if len(mask) not in NESTED:
            of = fs_lr_words(len(mask))
            raise DamagedFile(
                f"{path.name} is {len(mask):,} long{f', as {of} is' if of else ''}; allowed are "
                f"{ALLOWED}.",
                RESAMPLE if of else "",
            )
        index[hemisphere] = np.flatnonzero(mask)
        if not len(index[hemisphere]) or not np.all(np.isfinite(mask)):
            raise DamagedFile(f"{path.name} marks no vertex, or holds values that are not numbers.")
        sizes[path.name] = len(mask)
    if len(set(sizes.values())) > 1:
        files = " and ".join(f"{name} ({n:,})" for name, n in sizes.items())
        raise DamagedFile(f"{files} have different lengths; both belong to one template.")
    return ChallengeSpace(home_template(max(sizes.values())), index)


def _read_parcellation(masks: Path, counts: dict[Hemisphere, int]) -> Parcellation:
    labels: dict[str, dict[Hemisphere, np.ndarray]] = {}
    names: dict[str, dict[int, str]] = {}
    for roi_class in ROI_CLASSES:
        mapping = masks / f"mapping_{roi_class.name}.npy"
        files = {h: masks / f"{h.short}.{roi_class.name}_challenge_space.npy" for h in HEMISPHERES}
        if not is_there(mapping):
            if there := [path.name for path in files.values() if is_there(path)]:
                raise MissingData(
                    f"{mapping.name} is missing; labels of {' and '.join(there)} have no names.",
                    f"It belongs in {masks}; or move those labels away.",
                )
            continue
        names[roi_class.name] = load_label_names(mapping)
        labels[roi_class.name] = {h: _read_labels(files[h], counts[h]) for h in HEMISPHERES}
    return Parcellation(labels, names)


def _read_labels(path: Path, n_vertices: int) -> np.ndarray:
    stored = np.array(load_array(path, shape=(n_vertices,)))
    if np.any(stored != np.round(stored)):
        raise DamagedFile(f"{path.name} holds values that are not labels; expected whole numbers.")
    return stored.astype(np.int64)


def _list_images(folder: Path, split: str) -> StimulusImages:
    where = folder / f"{_SPLITS[split]}_split" / f"{_SPLITS[split]}_images"
    if not where.is_dir():
        raise MissingData(
            f"The folder {where.parent.name}/{where.name} of {folder.name} is missing.",
            "Unpack it there if it is still an archive.",
        )
    numbered: dict[int, tuple[str, Path]] = {}
    for path in where.iterdir():
        if is_system_file(path.name):
            continue
        match = IMAGE_NAME.match(path.name)
        if match is None or match["split"] != split:
            raise DamagedFile(
                f"{path.name} in {where.name} is not named like {split}-0001_nsd-00013.png.",
                "Rows are matched to images by that number; move other files away.",
            )
        number = int(match["number"])
        if number in numbered:
            raise DamagedFile(
                f"{where.name} has two images numbered {number}: "
                f"{numbered[number][1].name} and {path.name}."
            )
        numbered[number] = (f"nsd-{match['id']}", path)
    missing = sorted(set(range(1, len(numbered) + 1)) - set(numbered))
    if missing:
        raise DamagedFile(f"{where.name} has no image numbered {missing[0]} of {len(numbered)}.")
    ordered = [numbered[k] for k in sorted(numbered)]
    check_listed([path for _, path in ordered], where)
    return StimulusImages(tuple(i for i, _ in ordered), tuple(p for _, p in ordered))


def _check_no_image_in_both(images: Mapping[str, StimulusImages]) -> None:
    trained = dict(zip(images["train"].ids, images["train"].paths, strict=True))
    for number, path in zip(images["test"].ids, images["test"].paths, strict=True):
        if number in trained:
            raise DamagedFile(
                f"{path.name} is also a training image ({trained[number].name}); scores on it "
                "would not be held out."
            )


def _read_split(
    folder: Path,
    name: str,
    images: StimulusImages,
    counts: dict[Hemisphere, int],
    sidecar: Sidecar,
) -> Split:
    long_name = _SPLITS[name]
    where = folder / f"{long_name}_split" / f"{long_name}_fmri"
    files = {h: where / f"{h.short}_{long_name}_fmri.npy" for h in HEMISPHERES}
    present = [h for h in HEMISPHERES if is_there(files[h])]
    responses: dict[Part, np.ndarray] | None = None
    if len(present) == 1:
        absent = next(h for h in HEMISPHERES if h not in present)
        raise MissingData(
            f"{files[absent].name} is missing; {where.name} has {files[present[0]].name} only.",
            f"It belongs in {where}.",
        )
    if present:
        responses = {h: load_array(files[h], shape=(len(images), counts[h])) for h in HEMISPHERES}
    notes = sidecar.notes.get(name, ())
    return Split(
        name=name,
        images=replace(images, captions=tuple(note.captions for note in notes)),
        responses=responses,
        truth=sidecar.per_hemisphere(f"{long_name}_truth", counts, len(images)),
        repeats=sidecar.repeats(name, len(images)),
        notes=notes,
    )


def _read_ceiling(where: Path, counts: dict[Hemisphere, int]) -> np.ndarray | None:
    files = {h: where / f"{h.short}_noise_ceiling.npy" for h in HEMISPHERES}
    if not any(is_there(f) for f in files.values()):
        return None
    parts = []
    for hemisphere in HEMISPHERES:
        stored = load_array(files[hemisphere], shape=(counts[hemisphere],))
        ceiling = np.asarray(stored, dtype=np.float64)
        if not np.all((ceiling >= 0) & (ceiling <= 1)):
            raise DamagedFile(
                f"{files[hemisphere].name} goes from {ceiling.min():.3g} to {ceiling.max():.3g}; "
                "ceilings are fractions from 0 to 1.",
                "Divide a file in percent by 100; write 0 where nothing can be predicted.",
            )
        parts.append(ceiling)
    return np.concatenate(parts)
