"""How a number came to be, as a paragraph for a paper: from a run's own record and its folder.

Nothing is assumed: what is not stated is said to be unknown.
"""

from __future__ import annotations

import numpy as np

from cortiscope.core.backbones import card_or_name
from cortiscope.core.config import to_plain
from cortiscope.core.datasets import Subject
from cortiscope.core.datasets.registry import layout_words
from cortiscope.core.encoding import REGRESSORS, method_text
from cortiscope.core.encoding.denoising import denoising_words
from cortiscope.core.encoding.scopes import SCOPE_WORDS
from cortiscope.core.evaluation import LEAST_STIMULI
from cortiscope.core.evaluation.ceiling import subject_ceiling
from cortiscope.core.evaluation.report import images_of, interval_words
from cortiscope.core.recipes import get_recipe, recipe_names
from cortiscope.core.runs import FORMER_WORDS, Belonging, EncodingSpec, Run, belonging
from cortiscope.core.runs.facets import facets

# What a paragraph has to say for the source to be cited under it.
_SOURCES = {
    "adapters of rank": "Hu et al. 2022, ICLR (low-rank adapters)",
    "predicted from": "Naselaris et al. 2011, NeuroImage 56:400 (encoding models)",
    "ncsnr": "Allen et al. 2022, Nat. Neurosci. 25:116 (ncsnr, noise ceiling)",
    "Noise-normalised": "Gifford et al. 2023, arXiv 2301.03198 (noise-normalised score)",
    "jackknife": "Efron & Stein 1981, Ann. Stat. 9:586 (jackknife)",
    "standardised responses": "Breiman & Friedman 1997, J. R. Stat. Soc. B 59:3 (shared responses)",
    "shuffled images": "Phipson & Smyth 2010, Stat. Appl. Genet. Mol. Biol. 9:39 (permutation p)",
    "false discovery": "Benjamini & Hochberg 1995, J. R. Stat. Soc. B 57:289 (FDR)",
}


def references(text: str) -> str:
    """Cite the sources of what a methods text says was done, and of nothing else."""
    cited = [source for words, source in _SOURCES.items() if words in text]
    return f"{'; '.join(cited)}." if cited else ""


def methods_text(subject: Subject, run: Run) -> str:
    """Write one paragraph for a methods section, from the run's own record."""
    spec, facts = run.spec, run.facts
    regressor = method_text(run.regressor, to_plain(spec.encoder.settings))
    several = {
        "one": "",
        "layer": " (each layer by itself, then side by side)",
        "backbone": " (each backbone by itself, then side by side)",
    }[spec.spaces]
    scope = "" if spec.scope == "both" else f" ({SCOPE_WORDS[spec.scope]})"
    settings = facets(run)["settings"]
    along = ", ".join(other.subject for other in spec.with_subjects)
    if along:
        along = f", together with training images of {along} that are not held out for any subject"
    if facts.subjects_standardised:
        along += f" (their responses brought to the mean and SD of {subject.id}'s at each vertex)"
    edges = run.grid_edges.warning(subject.space.unit) if run.grid_edges else ""
    parts = [
        _simulated(subject),
        f"Responses of {subject.id} ({subject.space.n_vertices():,} {subject.space.unit}, "
        f"{subject.conventions.treatment}) were predicted from "
        f"{facts.title.rsplit(' · ', 1)[0]}.",
        _seen(run),
        _finetuned(run),
        denoising_words(spec.denoise),
        f"The prediction is {regressor}; how each was fitted, its own methods say."
        if _is_vote(run)
        else f"{_pooled(spec)}, {spec.reduction.method_text}{_fewer_columns(run)}{several}, then "
        f"{regressor}{scope}"
        + (f" ({settings})" if settings else "")
        + ", all fitted on the fit images.",
        f"Fitted on {facts.n_fit_by_subject[subject.id]} of {facts.n_train} training "
        f"images{along}; {_kept_from_fitting(run)}.",
        f"{run.left_out_words}." if run.left_out else "",
        edges,
        f"Scored on {run.report.n_images} {images_of(run.report, subject)} by Pearson r per "
        f"{'vertex' if subject.space.is_placed else 'voxel'}; the mean of r over them is tested, "
        "the median describes.",
        _shared_images(run),
        interval_words(run.report),
        f"Noise ceiling: {run.report.ceiling_source}.",
        _normalised(run),
        _recipe_words(run),
        f"This model was {FORMER_WORDS}." if belonging(run, subject) is Belonging.FORMER else "",
        f"Run {run.id}.",
    ]
    return " ".join(part for part in parts if part)


def _is_vote(run: Run) -> bool:
    return run.regressor in REGRESSORS and REGRESSORS[run.regressor].of_runs


def data_methods_text(subject: Subject) -> str:
    """Write one paragraph about a dataset, from what its folder and its sidecar say of it."""
    facts, units = subject.conventions, subject.space.unit
    splits = [
        f"{len(split)} {name} images ({'with' if split.responses is not None else 'without'} "
        "responses)"
        for name, split in (("training", subject.train), ("test", subject.test))
        if len(split)
    ]
    stated = (
        ("units", facts.units),
        ("preprocessing", facts.preprocessing),
        ("repeats", facts.repeats),
        ("degrees of the pictures", facts.picture_degrees),
    )
    said = [f"{name} {fact.value} ({fact.source})" for name, fact in stated if fact.known]
    unknown = [name for name, fact in stated if not fact.known]
    ceilings = [
        f"of the {name} images: {subject_ceiling(subject, split.name, np.arange(len(split)))[1]}"
        for name, split in (("training", subject.train), ("test", subject.test))
        if len(split)
    ]
    parts = [
        _simulated(subject),
        f"{subject.id} ({layout_words(subject.layout)}) holds {' and '.join(splits)}, of "
        f"{subject.space.n_vertices():,} {units}.",
        f"Rows of responses: {facts.row_order.value}." if facts.row_order.value else "",
        f"Stated of the responses and pictures: {'; '.join(said)}." if said else "",
        f"Not stated, and assumed nowhere: {', '.join(unknown)}." if unknown else "",
        f"Noise ceiling {'; '.join(ceilings)}.",
        f"Means and SDs of {units} are over the training images; whatever is not finite is left "
        "out and counted.",
        f"Fingerprint of the data: {subject.state}.",
    ]
    return " ".join(part for part in parts if part)


def _simulated(subject: Subject) -> str:
    if not subject.simulated:
        return ""
    return (
        "The responses are SIMULATED: their hierarchy is built in by construction and is no "
        "evidence about brains."
    )


def _seen(run: Run) -> str:
    """Say how pictures reached the networks; a framing that is not theirs is in the title."""
    seen = dict.fromkeys(
        card_or_name(source.backbone).preprocessing
        for source in run.sources
        if source.framing == "published"
    )
    return f"What the network sees: {' '.join(seen)}" if seen else ""


def _finetuned(run: Run) -> str:
    """Say how networks were finetuned; empty where none was."""
    words = []
    for own in run.facts.finetuning:
        chosen = own.settings
        moves, _, n = chosen.moves.partition(":")
        what = {
            "adapters": f"adapters of rank {chosen.rank} beside its convolutions and linear maps",
            "blocks": f"the weights of its last {n} block(s) before the layer",
            "all": "all weights before the layer",
        }[moves]
        whose = f" of {chosen.roi}" if chosen.roi else ""
        words.append(
            f"The network had been finetuned on the images to fit: {what} were trained by "
            f"{chosen.optimizer} ({chosen.loss} loss, learning rate {chosen.learning_rate:g}) to "
            f"predict responses{whose} through a ridge readout fitted without the images of the "
            f"step; epoch {own.kept_epoch} was the best on a share of "
            f"{chosen.validation_fraction:g} of them, kept from it."
        )
    return " ".join(words)


def _pooled(spec: EncodingSpec) -> str:
    words = dict.fromkeys(
        f"averaged onto a grid of at most {pooling.size} x {pooling.size}"
        if pooling.kind == "grid"
        else {"mean": "averaged over the picture", "none": "taken whole"}[pooling.kind]
        for pooling in (feature.pooling for feature in spec.features)
    )
    return f"The maps of each layer were {' or '.join(words)}"


def _fewer_columns(run: Run) -> str:
    """Say how many components there were where the features or the images gave fewer."""
    asked, n, n_spaces = run.spec.reduction, run.facts.n_columns, len(run.facts.spaces)
    if asked.kind == "autoencoder" and not any("_mix" in name for name in run.record["arrays"]):
        return " (no epoch made held-out images better than principal components, which were kept)"
    if "pca" not in asked.kind or n >= asked.components * n_spaces:
        return ""
    return f" (there were {n}{' in all' if n_spaces > 1 else ''})"


def _kept_from_fitting(run: Run) -> str:
    """Say which training images were not fitted, by what rule, and what became of copies."""
    spec = run.spec
    rule, seed = spec.split_rule, f"seed {spec.seed}"
    share = f"a share of {spec.validation_fraction:g}, drawn "
    how = {"random": f"{share}at random, {seed}", "shuffled": f"{share}by numpy's shuffle, {seed}"}
    words = f"for validation {how.get(rule, f'{rule} of them in random order, {seed}')}"
    if spec.report_fraction:
        words += f", after a share of {spec.report_fraction:g} was put aside for the report"
    if run.validation.n_stimuli is not None:
        words += "; rows of one picture stay together"
    return words


def _recipe_words(run: Run) -> str:
    """Name the recipe, its substitutes, and what was not as in its source; empty without one."""
    if not run.recipe:
        return ""
    recipe = recipe_title(run)
    stood_in = f": {'; '.join(run.stand_ins)}" if run.stand_ins else ""
    return " ".join([f"{recipe[:1].upper()}{recipe[1:]}{stood_in}.", *run.departures])


def _normalised(run: Run) -> str:
    """Say how the noise-normalised number comes about, and what it is by chance."""
    whole = run.report.overall
    if whole.noise_normalized is None or whole.chance is None:
        return ""
    left_out = f", {whole.n_zero_ceiling} of ceiling 0 left out" if whole.n_zero_ceiling else ""
    return (
        "Noise-normalised: mean of r² over the ceiling, in percent, negative r as 0, cut at 100"
        f"{left_out}; {whole.chance:.1f} % if every true r were 0."
    )


def _shared_images(run: Run) -> str:
    if run.report.split != run.validation.split:
        return ""
    return (
        "The same images serve for choosing between layers and regressors, which flatters what "
        "is chosen."
    )


def recipe_title(run: Run) -> str:
    """Words for the recipe that a run came from, and whether as published; empty without one."""
    if not run.recipe:
        return ""
    known = run.recipe in recipe_names()
    title = get_recipe(run.recipe).title if known else run.recipe
    return f"recipe {title}{' with stand-ins' if run.stand_ins else ''}"


def comparison_methods_text(subject: Subject, a: Run) -> str:
    """Write one paragraph about a paired comparison of A with another model (``Comparison``)."""
    per, corrected = f"over all {subject.space.unit}", ""
    if subject.space.is_placed and subject.parcellation.roi_names:
        per = "per ROI and hemisphere"
        corrected = "; false discovery rate over all ROIs and hemispheres, q < .05"
    words = f"Mean r {per} of A less that of B, over {subject.space.unit} in which both have one"
    n = a.report.n_stimuli or a.report.n_images
    if n >= LEAST_STIMULI:
        copies = "" if n == a.report.n_images else f", of {n} pictures, copies together,"
        words += (
            f"; standard errors by leaving out each of the {a.report.n_images} "
            f"{images_of(a.report, subject)}{copies} in turn for both (paired jackknife); 95 % "
            f"intervals and two-sided p by Student’s t with {n - 1} degrees of freedom{corrected}"
        )
    return (
        f"{words}. It applies to further images like these, for this subject, these "
        f"{subject.space.unit} and these two fitted models; other subjects are another question."
    )
