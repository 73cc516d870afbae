"""Under every panel: how the number came to be, and the code that gives it again."""

from __future__ import annotations

import streamlit as st

from core.datasets import Subject
from core.encoding import Reduction, method_text
from core.encoding.scopes import SCOPE_WORDS
from core.runs import Run
from core.simulation.description import CAVEAT, DESCRIPTION, TITLE
from dashboard.foreign_text import as_text
from dashboard.panels.scores import interval_words
from dashboard.places import unit_of

REFERENCES = (
    "Naselaris et al. 2011, NeuroImage 56:400 (encoding models); Allen et al. 2022, Nat. Neurosci. "
    "25:116 (ncsnr, noise ceiling); Gifford et al. 2023, arXiv 2301.03198 (noise-normalised "
    "score); Efron & Stein 1981, Ann. Stat. 9:586 (jackknife)."
)


def methods_text(subject: Subject, run: Run) -> str:
    """Write one paragraph for a methods section, from the run's own record."""
    record = run.record
    spec = record["spec"]
    pooling = spec["features"][0]["pooling"]
    pooled = (
        f"averaged onto a grid of at most {pooling['size']} x {pooling['size']}"
        if pooling["kind"] == "grid"
        else f"pooling {pooling['kind']}"
    )
    reduced = Reduction(**{k: v for k, v in spec["reduction"].items() if k != "type"}).method_text
    encoder = method_text(run.encoder, spec["encoder"]["settings"])
    several = {
        "one": "",
        "layer": " (each layer by itself, then side by side)",
        "backbone": " (each backbone by itself, then side by side)",
    }[spec["spaces"]]
    scope = "" if spec["scope"] == "both" else f" ({SCOPE_WORDS[spec['scope']]})"
    along = ", ".join(o["subject"] for o in spec["with_subjects"])
    along = f", with the training images of {along} that no one holds out" if along else ""
    if record.get("subjects_standardised"):
        along += f" (their responses brought to the mean and SD of {subject.id}'s at each vertex)"
    simulated = (
        "The responses are SIMULATED: their hierarchy is built in by construction and is no "
        "evidence about brains. "
        if subject.simulated
        else ""
    )
    edges = run.grid_edges.warning(subject.space.unit) if run.grid_edges else ""
    return (
        f"{simulated}Responses of {subject.id} ({subject.space.n_vertices():,} "
        f"{subject.space.unit}, {subject.conventions.treatment}) were predicted from "
        f"{record['title'].rsplit(' · ', 1)[0]}; layer maps {pooled}, {reduced}{several}, "
        f"then {encoder} on the fit images{scope}. Fitted on "
        f"{record['n_fit_by_subject'][subject.id]} of {record['n_train']} training images "
        f"(the seeded rest is for validation){along}. {edges + ' ' if edges else ''}Scored on "
        f"{run.report.n_images} {run.report.split} images by Pearson r "
        f"per {unit_of(subject)}; the mean of r over them is tested, the median describes. "
        f"{_shared_images(run)}{interval_words(run.report)} "
        f"Noise ceiling: {run.report.ceiling_source}.{_normalised(run)}"
        f"{_recipe_words(run)}"
    )


def _recipe_words(run: Run) -> str:
    """Name the recipe, what stood in, and what was not as in its source; empty without one."""
    if not run.recipe:
        return ""
    words = f" Recipe: {run.recipe}" + "".join(f"; {s}" for s in run.stand_ins) + "."
    return words + "".join(f" {sentence}" for sentence in run.departures)


def _normalised(run: Run) -> str:
    """Say how the noise-normalised number comes about, and what it is by chance."""
    whole = run.report.overall
    if whole.noise_normalized is None or whole.chance is None:
        return ""
    left_out = f", {whole.n_zero_ceiling} of ceiling 0 left out" if whole.n_zero_ceiling else ""
    return (
        " Noise-normalised: mean of r² over the ceiling, in percent, negative r as 0, cut at 100"
        f"{left_out}; {whole.chance:.1f} % if every true r were 0."
    )


def _shared_images(run: Run) -> str:
    if run.report.split != run.validation.split:
        return ""
    return (
        "The same images serve for choosing between layers and encoders, which flatters what is "
        "chosen. "
    )


def simulation_note(subject: Subject, *, key: str) -> None:
    """Say of a simulated subject that it is one, and how it was made."""
    if not subject.simulated:
        return
    left, right = st.columns([4, 1], vertical_alignment="center")
    left.html(f'<p class="cs-note"><b>{TITLE}.</b> {CAVEAT}</p>')
    with right.popover("How it was made", key=f"{key}-simulation", width="stretch"):
        st.write(DESCRIPTION)


def methods_and_code(
    subject: Subject, run: Run, code: str, *, key: str, narrow: bool = False
) -> None:
    """Draw the two quiet buttons; ``narrow`` where the column is."""
    left, right = st.columns(2) if narrow else st.columns([1, 1, 3])[:2]
    with left.popover("Methods", key=f"{key}-methods", width="stretch"):
        st.write(as_text(methods_text(subject, run)))
        st.caption(REFERENCES)
    with right.popover("Show the code", key=f"{key}-code", width="stretch"):
        st.code(code, language="python")


def opening_lines(subject: Subject, run: Run) -> str:
    """Lines of Python that open the same subject and run without the app."""
    return (
        "from pathlib import Path\n"
        "from core.datasets import open_subject\n"
        "from core.runs import RunStore\n"
        "from core.storage import Home\n\n"
        f"subject = open_subject(Path({str(subject.folder.parent)!r}), {subject.id!r})\n"
        f"run = RunStore(Home.from_environment().runs).open({run.id!r})\n"
    )
