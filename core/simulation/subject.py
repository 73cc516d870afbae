"""One simulated subject, measured: anatomy, response models and both splits' responses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cortiscope.core.brain import HEMISPHERES, CorticalSurfaces, Hemisphere
from cortiscope.core.simulation.anatomy import Anatomy, build_anatomy
from cortiscope.core.simulation.recipe import SimulationRecipe, StimulusPlan, individual
from cortiscope.core.simulation.responses import (
    ResponseModel,
    build_encodings,
    build_response_model,
    compute_drives,
    hidden_numbers,
    mix,
)
from cortiscope.core.simulation.stimuli import Stimulus
from cortiscope.core.simulation.trials import Measured, estimate_ncsnr, measure, plan_trials

# How often training images are shown once, twice, three times.
_TRAINING_REPEATS = (0.05, 0.10, 0.85)


@dataclass(frozen=True)
class SimulatedSubject:
    """Everything about a simulated subject that is written to disk, and its models.

    Parameters
    ----------
    repeats : split -> (n_images,) presentations.
    measured : split -> hemisphere -> responses and truth.
    ncsnr : hemisphere -> (n_vertices,) estimated from the repeats of both splits.
    true_ncsnr : hemisphere -> (n_vertices,) SD of the signal over all images of the subject, by
        that of the noise.
    """

    anatomy: Anatomy
    plan: StimulusPlan
    models: Mapping[Hemisphere, ResponseModel]
    repeats: Mapping[str, np.ndarray]
    measured: Mapping[str, Mapping[Hemisphere, Measured]]
    ncsnr: Mapping[Hemisphere, np.ndarray]
    true_ncsnr: Mapping[Hemisphere, np.ndarray]


def simulate_subject(
    name: str,
    recipe: SimulationRecipe,
    plan: StimulusPlan,
    stimuli: Mapping[int, Stimulus],
    surfaces: CorticalSurfaces,
) -> SimulatedSubject:
    """Scan one simulated person."""
    person = individual(name)
    anatomy = build_anatomy(person, surfaces)
    rows = {"train": plan.train, "test": plan.test}
    shown = {
        split: (
            np.stack([stimuli[int(i)].maps for i in ids]),
            np.stack([stimuli[int(i)].latents for i in ids]),
            hidden_numbers(ids, recipe.seed),
        )
        for split, ids in rows.items()
    }
    rng = np.random.default_rng([recipe.seed, 2, person.seed])
    repeats = {
        "train": rng.choice([1, 2, 3], size=len(plan.train), p=_TRAINING_REPEATS),
        "test": np.full(len(plan.test), recipe.test_repeats),
    }
    sessions = {"train": recipe.training_sessions, "test": recipe.test_sessions}
    trials = {split: plan_trials(repeats[split], sessions[split], rng) for split in rows}
    shared = {split: rng.standard_normal(len(trials[split].image)) for split in rows}

    models: dict[Hemisphere, ResponseModel] = {}
    true_ncsnr: dict[Hemisphere, np.ndarray] = {}
    measured: dict[str, dict[Hemisphere, Measured]] = {split: {} for split in rows}
    for hemisphere in HEMISPHERES:
        encodings = build_encodings(anatomy[hemisphere], hemisphere, person.seed, person.signed)
        drives = {split: compute_drives(encodings, *shown[split]) for split in rows}
        model = build_response_model(
            anatomy[hemisphere], hemisphere, person.seed, person.n_dead, encodings, drives["train"]
        )
        models[hemisphere] = model
        signal = {split: mix(model, drives[split]) for split in rows}
        true_ncsnr[hemisphere] = model.ncsnr * np.concatenate(list(signal.values())).std(axis=0)
        for split in rows:
            measured[split][hemisphere] = measure(
                signal[split],
                model.ncsnr,
                trials[split],
                anatomy[hemisphere],
                shared[split],
                rng,
            )
    ncsnr = {h: _ncsnr(measured, h) for h in HEMISPHERES}
    return SimulatedSubject(anatomy, plan, models, repeats, measured, ncsnr, true_ncsnr)


def _ncsnr(measured: Mapping[str, Mapping[Hemisphere, Measured]], h: Hemisphere) -> np.ndarray:
    """Pool the splits' variances between repeats by their degrees of freedom."""
    parts = [by_hemisphere[h] for by_hemisphere in measured.values()]
    total = sum(p.degrees for p in parts)
    pooled = np.sum([p.noise_variance * p.degrees for p in parts], axis=0) / max(total, 1)
    return estimate_ncsnr(pooled)
