"""Write a simulated subject as an Algonauts-2023 folder, plus the optional sidecar.

The one loader for real data then reads the demo as well. Two things differ from a released
folder: masks in fsaverage space have 10,242 values per hemisphere (fsaverage5), and the test
responses and ceilings, which the challenge withholds, are there.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from cortiscope.core.brain import FSAVERAGE5_VERTICES, HEMISPHERES, ROI_CLASSES
from cortiscope.core.config import to_plain
from cortiscope.core.simulation.local_structure import FIELD_DEG
from cortiscope.core.simulation.recipe import CAVEAT, TITLE, SimulationRecipe
from cortiscope.core.simulation.stimuli import Stimulus
from cortiscope.core.simulation.subject import SimulatedSubject
from cortiscope.core.simulation.trials import noise_ceiling
from cortiscope.core.storage import write_array, write_json

_LONG_NAME = {"train": "training", "test": "test"}


def write_subject(
    folder: Path,
    subject: SimulatedSubject,
    stimuli: dict[int, Stimulus],
    recipe: SimulationRecipe,
) -> None:
    """Write everything of one subject below ``folder`` (its name is the subject's)."""
    identities = {"train": subject.plan.train, "test": subject.plan.test}
    for split, ids in identities.items():
        long_name = _LONG_NAME[split]
        where = folder / f"{long_name}_split"
        images = where / f"{long_name}_images"
        images.mkdir(parents=True)
        for number, identity in enumerate(ids, start=1):
            name = f"{split}-{number:04d}_nsd-{identity:05d}.png"
            (images / name).write_bytes(stimuli[int(identity)].png)
        for h in HEMISPHERES:
            write_array(
                where / f"{long_name}_fmri" / f"{h.short}_{long_name}_fmri.npy",
                subject.measured[split][h].responses,
            )
    for h in HEMISPHERES:
        write_array(
            folder / "test_split" / "noise_ceiling" / f"{h.short}_noise_ceiling.npy",
            noise_ceiling(subject.ncsnr[h], recipe.test_repeats).astype(np.float32),
        )
    _write_masks(folder / "roi_masks", subject)
    _write_sidecar(folder / "cortiscope_sidecar", subject, stimuli, recipe)


def _write_masks(where: Path, subject: SimulatedSubject) -> None:
    where.mkdir()
    for h in HEMISPHERES:
        part = subject.anatomy[h]
        everything = np.zeros(FSAVERAGE5_VERTICES, dtype=np.int32)
        everything[part.vertices] = 1
        write_array(where / f"{h.short}.all-vertices_fsaverage_space.npy", everything)
        for name, labels in part.labels.items():
            full = np.zeros(FSAVERAGE5_VERTICES, dtype=np.int32)
            full[part.vertices] = labels
            write_array(where / f"{h.short}.{name}_challenge_space.npy", labels)
            write_array(where / f"{h.short}.{name}_fsaverage_space.npy", full)
    for roi_class in ROI_CLASSES:
        # A pickled dictionary is what the released files hold; our own loader reads it safely.
        mapping = np.array({0: "Unknown", **roi_class.labels}, dtype=object)
        np.save(where / f"mapping_{roi_class.name}.npy", mapping, allow_pickle=True)


def _write_sidecar(
    where: Path,
    subject: SimulatedSubject,
    stimuli: dict[int, Stimulus],
    recipe: SimulationRecipe,
) -> None:
    arrays: dict[str, np.ndarray] = {}
    for split in ("train", "test"):
        arrays[f"repeats_{split}"] = subject.repeats[split].astype(np.int64)
    for h in HEMISPHERES:
        arrays[f"{h.short}.ncsnr"] = subject.ncsnr[h].astype(np.float32)
        arrays[f"{h.short}.ncsnr_true"] = subject.true_ncsnr[h].astype(np.float32)
        arrays[f"{h.short}.prf"] = subject.anatomy[h].prf
        for split in ("train", "test"):
            name = f"{h.short}.{_LONG_NAME[split]}_truth"
            arrays[name] = subject.measured[split][h].truth
    for name, values in arrays.items():
        write_array(where / f"{name}.npy", values)
    notes = []
    for split, ids in (("train", subject.plan.train), ("test", subject.plan.test)):
        for number, identity in enumerate(ids, start=1):
            stimulus = stimuli[int(identity)]
            notes.append(
                {
                    "split": split,
                    "number": number,
                    "id": f"nsd-{identity:05d}",
                    "caption": stimulus.caption,
                    "categories": list(stimulus.categories),
                    "latents": [round(float(v), 5) for v in stimulus.latents],
                }
            )
    write_json(where / "stimuli.json", notes)
    write_json(
        where / "sidecar.json",
        {
            "format": "cortiscope-sidecar",
            "version": 1,
            "simulated": True,
            "title": TITLE,
            "note": CAVEAT,
            "recipe": to_plain(recipe),
            "fingerprint": recipe.fingerprint,
            "field_of_view_deg": FIELD_DEG,
            "arrays": sorted(arrays),
        },
    )
