"""Fit another encoder from the app: choose, start, watch, cancel."""

from __future__ import annotations

import streamlit as st

from core.backbones import backbone_names, get_card, weights_presence
from core.datasets import Subject
from core.encoding import ENCODERS
from dashboard import services, state
from dashboard.jobs import Job, registry

_JOB = "fit"


def fit_button(subject: Subject) -> None:
    """Draw the button, and the state of the work once it has been started."""
    job = registry().get(_JOB)
    if job is not None:
        _watch(subject)
    if (job is None or not job.running) and st.button(
        "Fit another encoder …", key="fit-open", width="stretch"
    ):
        _dialog(subject)


@st.fragment(run_every=0.7)
def _watch(subject: Subject) -> None:
    job = registry().get(_JOB)
    if job is None:
        return
    if job.running:
        left = job.seconds_left
        remaining = f" · {left:.0f} s left" if left is not None else ""
        st.progress(min(job.progress, 1.0), text=f"{job.title}: {job.message}{remaining}")
        if st.button("Cancel", key="fit-cancel"):
            job.cancel()
        return
    registry().forget(_JOB)
    if job.error:
        st.session_state["fit-error"] = job.error
    elif job.result:
        _select(job, subject)
    st.rerun()


def _select(job: Job, subject: Subject) -> None:
    """Put the new encoder on screen."""
    from dashboard.encoder_menu import EncoderKey

    assert job.result is not None  # noqa: S101 - the caller looked
    results = job.result.get("runs", [job.result])
    best = max(results, key=lambda r: r["scores"]["median_r"] or -1)
    key = EncoderKey.of(services.run(best["run"]))
    if subject.id == services.run(best["run"]).subject:
        state.change(backbone=key.backbone, layer=key.layer, encoder=key.encoder)


@st.dialog("Fit another encoder", width="medium")
def _dialog(subject: Subject) -> None:
    names = list(backbone_names())
    name = st.selectbox(
        "backbone",
        names,
        format_func=lambda n: f"{get_card(n).title} · {get_card(n).family}",
        index=names.index("squeezenet1_1") if "squeezenet1_1" in names else 0,
        key="fit-backbone",
    )
    card = get_card(name)
    st.caption(f"{card.summary} {card.preprocessing} Licence: {card.licence}.")
    kinds = [k for k in card.weights if k != "file"]
    kind = st.radio("weights", kinds, horizontal=True, key=f"fit-weights-{name}")
    presence = weights_presence(name, kind)
    if not presence.present:
        st.error(f"**{presence.message}**  \n{presence.hint}")
    layers = st.multiselect(
        "layers (one encoder each; one forward pass serves all)",
        list(card.layers_offered),
        default=list(card.layers_offered),
        key=f"fit-layers-{name}",
    )
    left, right = st.columns(2)
    encoder = left.selectbox(
        "encoder",
        list(ENCODERS),
        format_func=lambda e: f"{ENCODERS[e].title}: {ENCODERS[e].summary}",
        key="fit-encoder",
    )
    components = right.number_input("principal components", 10, 1000, 200, 10, key="fit-pca")
    st.caption(
        f"Readout: maps averaged onto a grid of at most 5 x 5, features scaled, PCA "
        f"{components}, all fitted on the training images of {subject.id} less a seeded fifth "
        "kept for validation. Leave it as it is to compare layers under one readout."
    )
    if st.button("Fit", type="primary", disabled=not (presence.present and layers), key="fit-go"):
        folder = services.subject_folders()[subject.id]
        arguments = ["fit", "--data", str(folder), "--subject", subject.id]
        arguments += ["--backbone", name, "--weights", str(kind), "--layers", ",".join(layers)]
        arguments += [
            "--pool",
            "grid:5",
            "--each-layer",
            "--encoder",
            encoder,
            "--reduce",
            f"pca:{components}",
        ]
        registry().start(_JOB, f"{card.title} on {subject.id}", arguments)
        st.rerun()
