"""Raw NSD betas on fsaverage -> a subject folder in the Algonauts 2023 layout, with a sidecar.

Per session and vertex z-scored (SD with ddof 0), then averaged over an image's repeats. Work in
progress lies in ``OUT/.SUBJECT.preparing``: whole sessions, then the folder itself, which is moved
to ``OUT/SUBJECT`` when it is complete. Started again after a kill, it goes on from there.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cortiscope.core.brain import HEMISPHERES, Hemisphere
from cortiscope.core.datasets.nsd import files as layout
from cortiscope.core.datasets.nsd.betas import require_whole_sessions
from cortiscope.core.datasets.nsd.design import (
    COMMON_SESSIONS,
    PLANNED_SESSIONS,
    TRIALS_PER_SESSION,
    NsdDesign,
    NsdSplit,
    design_sources,
    find_design,
    split_images,
)
from cortiscope.core.datasets.nsd.images import (
    ImageSource,
    LinkedImages,
    StimulusBrick,
    write_images,
)
from cortiscope.core.datasets.nsd.sessions import HemisphereTrials, Repeats, write_session
from cortiscope.core.datasets.nsd.stimulus_info import read_captions, read_stimulus_info
from cortiscope.core.datasets.nsd.vertices import (
    DEFAULT_MASK,
    Mask,
    choose_vertices,
    find_classes,
    mask_digest,
    write_masks,
)
from cortiscope.core.datasets.sidecar import SIDECAR_FOLDER
from cortiscope.core.errors import InvalidInput, MissingData
from cortiscope.core.progress import Progress, part, silent
from cortiscope.core.storage import write_array, write_json

_LONG = {"train": "training", "test": "test"}


@dataclass(frozen=True)
class _Plan:
    """Everything that is decided before the first beta is read."""

    subject: str
    files: Sequence[Mapping[Hemisphere, Path]]
    design: NsdDesign
    split: NsdSplit
    vertices: Mapping[Hemisphere, np.ndarray]
    n_template: int
    mask: str
    rois: Path | None
    images: ImageSource
    captions: Mapping[int, tuple[str, ...]]
    request: Mapping[str, Any]

    @property
    def shown(self) -> np.ndarray:
        return self.design.shown(len(self.files))

    @property
    def ids(self) -> dict[str, np.ndarray]:
        return {"train": self.split.train, "test": self.split.test}


def prepare_subject(
    nsd_root: Path,
    subject: str,
    out: Path,
    *,
    sessions: int | None = None,
    mask: Mask | None = None,
    rois: Path | None = None,
    images: Path | None = None,
    captions: Sequence[Path] = (),
    test: str = "shared",
    trials_per_session: int = TRIALS_PER_SESSION,
    common_sessions: int = COMMON_SESSIONS,
    planned_sessions: int = PLANNED_SESSIONS,
    progress: Progress = silent,
) -> Path:
    """Make ``OUT/SUBJECT`` from a copy of NSD, which is only read.

    Parameters
    ----------
    sessions : how many, from the first; None for all that are there.
    mask : which vertices (see ``choose_vertices``); default ``nsdgeneral``.
    rois : an Algonauts ``roi_masks`` folder or one of ``{lh,rh}.CLASS.mgz`` on fsaverage; default
        the mask's folder if it is one, else NSD's own labels on fsaverage.
    images : a folder with pictures to link instead of cutting them out of ``nsd_stimuli.hdf5``.
    captions : COCO's files of captions, to be kept with the images.
    test : ``shared``, ``shared1000`` or ``shared515`` (see ``split``).
    trials_per_session, common_sessions, planned_sessions : 750, 30 and 40 in NSD.

    Returns
    -------
    folder : the subject's; one that was made by the same call before is left as it is.

    Raises
    ------
    MissingData, DamagedFile, InvalidInput, UnknownName : before any work is done where possible.
    """
    nsd_root, out = Path(nsd_root), Path(out)
    if out.resolve().is_relative_to(nsd_root.resolve()):
        raise InvalidInput(
            f"The output folder {out} lies inside the data folder.", "NSD's folder is only read."
        )
    files = layout.session_files(nsd_root, subject, sessions)
    design = find_design(
        nsd_root,
        subject,
        trials_per_session=trials_per_session,
        common_sessions=common_sessions,
        planned_sessions=planned_sessions,
    )
    split = split_images(design, len(files), test)
    n_template = require_whole_sessions(files, trials_per_session)
    labels = layout.label_folder(nsd_root)
    mask = DEFAULT_MASK if mask is None else mask
    vertices = choose_vertices(mask, labels, n_template)
    mask_folder = Path(mask) if isinstance(mask, str | Path) and Path(mask).is_dir() else None
    rois = rois or mask_folder or labels
    find_classes(rois, n_template)
    source = LinkedImages(images) if images else StimulusBrick(layout.stimulus_file(nsd_root))
    ids = np.concatenate([split.train, split.test])
    source.check(ids)
    texts = _captions(nsd_root, captions, ids)
    sources = [*design_sources(nsd_root, subject), *captions]
    request = {
        "subject": subject,
        "sessions": len(files),
        "test": split.name,
        "vertices": mask_digest(vertices),
        "inputs": _digest([*sources, *(f for pair in files for f in pair.values())]),
    }
    plan = _Plan(
        subject=subject,
        files=files,
        design=design,
        split=split,
        vertices=vertices,
        n_template=n_template,
        mask="given" if isinstance(mask, Mapping) else str(mask),
        rois=rois,
        images=source,
        captions=texts,
        request=request,
    )
    return _carry_out(plan, out, progress)


def _carry_out(plan: _Plan, out: Path, progress: Progress) -> Path:
    target, work = out / plan.subject, out / f".{plan.subject}.preparing"
    if target.exists():
        if _stored_request(target / SIDECAR_FOLDER / "sidecar.json") != plan.request:
            raise InvalidInput(
                f"{target} exists already and was not made from the same data and settings.",
                "Choose another output folder, or move that one away.",
            )
        shutil.rmtree(work, ignore_errors=True)
        progress(1.0, "Found the prepared subject")
        return target
    _begin(plan, work)
    for number, hemisphere, source, stored in _sessions(plan, work):
        share = 0.7 * (number - 1 + 0.5 * HEMISPHERES.index(hemisphere)) / len(plan.files)
        progress(share, f"Session {number} of {len(plan.files)}, {hemisphere} hemisphere")
        write_session(source, stored, plan.vertices[hemisphere], plan.design.trials_per_session)
    folder = work / plan.subject
    header = _write_responses(plan, work, folder, part(progress, 0.7, 0.85))
    counts = {name: len(ids) for name, ids in plan.ids.items()}
    first = 0.85 + 0.15 * counts["train"] / sum(counts.values())
    for name, start, stop in (("train", 0.85, first), ("test", first, 1.0)):
        where = folder / f"{_LONG[name]}_split" / f"{_LONG[name]}_images"
        write_images(plan.images, where, name, plan.ids[name], part(progress, start, stop))
    if plan.captions:
        write_json(folder / SIDECAR_FOLDER / "stimuli.json", _notes(plan))
    write_json(folder / SIDECAR_FOLDER / "sidecar.json", header)
    for draft in folder.rglob(".*.part"):  # of a write that was killed
        draft.unlink()
    folder.rename(target)
    shutil.rmtree(work, ignore_errors=True)
    progress(1.0, "Prepared")
    return target


def _sessions(plan: _Plan, work: Path) -> list[tuple[int, Hemisphere, Path, Path]]:
    return [
        (number, h, files[h], work / "sessions" / f"{h.short}.session{number:02d}.npy")
        for number, files in enumerate(plan.files, start=1)
        for h in HEMISPHERES
    ]


def _begin(plan: _Plan, work: Path) -> None:
    """Open the journal of this request, or refuse another's."""
    journal = work / "journal.json"
    begun = _stored_request(journal)
    if begun is not None:
        changed = [k for k, v in plan.request.items() if begun.get(k) != v]
        if changed:
            raise InvalidInput(
                f"{work} was begun with other {', '.join(changed)}.",
                "Go on with the same data and settings, or remove that folder.",
            )
        return
    work.parent.mkdir(parents=True, exist_ok=True)
    n = sum(len(v) for v in plan.vertices.values())
    needed = 4 * n * (len(plan.shown) + sum(len(ids) for ids in plan.ids.values()))
    free = shutil.disk_usage(work.parent).free
    if free < needed:
        raise InvalidInput(
            f"{needed / 1e9:.1f} GB are needed in {work.parent} for {n:,} vertices and "
            f"{len(plan.shown):,} trials; {free / 1e9:.1f} GB are free.",
            "Choose another output folder, a smaller mask or fewer sessions.",
        )
    write_json(journal, {"request": plan.request})


def _stored_request(path: Path) -> dict[str, Any] | None:
    try:
        request = json.loads(path.read_text(encoding="utf-8")).get("request")
    except (OSError, ValueError, AttributeError):
        return None
    return request if isinstance(request, dict) else None


def _write_responses(
    plan: _Plan, work: Path, folder: Path, progress: Progress
) -> dict[str, object]:
    """Write responses, masks and all of the sidecar but its header, which is returned."""
    repeats = Repeats(plan.shown)
    rows = {name: np.searchsorted(repeats.ids, ids) for name, ids in plan.ids.items()}
    sidecar = folder / SIDECAR_FOLDER
    kept: dict[Hemisphere, np.ndarray] = {}
    facts: dict[str, dict[str, int]] = {}
    for k, h in enumerate(HEMISPHERES):
        n = len(plan.vertices[h])
        trials = HemisphereTrials(
            [stored for _, where, _, stored in _sessions(plan, work) if where is h],
            n,
            plan.design.trials_per_session,
        )
        if len(trials.kept) == 0:
            raise InvalidInput(f"No chosen vertex of the {h} hemisphere is finite in all trials.")
        kept[h] = plan.vertices[h][trials.kept]
        targets = {}
        for name in rows:
            where = folder / f"{_LONG[name]}_split" / f"{_LONG[name]}_fmri"
            where.mkdir(parents=True, exist_ok=True)
            targets[where / f"{h.short}_{_LONG[name]}_fmri.npy"] = rows[name]
        ncsnr, varies = trials.average(repeats, targets, part(progress, k / 2, (k + 1) / 2))
        if repeats.any_repeated:
            write_array(sidecar / f"{h.short}.ncsnr.npy", ncsnr.astype(np.float32))
        facts[h.short] = {
            "vertices": len(kept[h]),
            "not_finite_left_out": n - len(kept[h]),
            "constant_in_a_session": int(np.sum(varies < 1)),
            "constant_throughout": int(np.sum(varies == 0)),
        }
    for name, wanted in rows.items():
        write_array(sidecar / f"repeats_{name}.npy", repeats.counts[wanted].astype(np.int64))
    shutil.rmtree(folder / "roi_masks", ignore_errors=True)
    classes = write_masks(folder / "roi_masks", kept, plan.n_template, plan.rois)
    return {
        "format": "cortiscope-sidecar",
        "version": 1,
        "simulated": False,
        "title": f"NSD {plan.subject}",
        "note": "Made from NSD on this machine. NSD's terms forbid passing any of it on.",
        "betas": layout.BETAS,
        "sessions": len(plan.files),
        "trials_per_session": plan.design.trials_per_session,
        "z_score": "per vertex and session, SD with ddof 0; a constant vertex is 0",
        "ncsnr": "Allen et al. 2022; all images shown more than once, of both splits",
        "mask": plan.mask,
        "roi_classes": classes,
        "test_set": plan.split.name,
        "images": {
            "train": len(plan.split.train),
            "test": len(plan.split.test),
            "shared_put_aside": len(plan.split.aside),
        },
        "hemispheres": facts,
        "request": dict(plan.request),
    }


def _captions(root: Path, files: Sequence[Path], ids: np.ndarray) -> Mapping[int, tuple[str, ...]]:
    if not files:
        return {}
    table = layout.stimulus_table(root)
    if table is None:
        raise MissingData(
            f"nsd_stim_info_merged.csv is missing in {root}; captions need it.",
            "It says which picture of COCO an image is (nsddata/experiments/nsd).",
        )
    return read_captions(files, read_stimulus_info(table), ids)


def _notes(plan: _Plan) -> list[dict[str, object]]:
    """Return the captions in the sidecar's form; images count from 1."""
    return [
        {"split": name, "number": row, "captions": list(plan.captions[int(number)])}
        for name, ids in plan.ids.items()
        for row, number in enumerate(ids, start=1)
    ]


def _digest(paths: Sequence[Path]) -> str:
    """Hash names, sizes and times: the betas of a subject are 39 GB."""
    digest = hashlib.sha256()
    for path in paths:
        stat = path.stat()
        digest.update(f"{path.name} {stat.st_size} {stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:16]
