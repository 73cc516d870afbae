"""The process with torch and matplotlib, so that this one needs neither."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from cortiscope.access import Action, demand
from cortiscope.core.cli.answers import read_array
from cortiscope.work.answering import AnsweringProcess


@st.cache_resource(show_spinner=False)
def worker() -> AnsweringProcess:
    """Return the server's worker."""
    return AnsweringProcess("worker")


def _ask(**question: Any) -> dict[str, Any]:
    demand(Action.PREDICT)
    return worker().ask(**question)


def design_of(run_id: str, picture: Path) -> tuple[np.ndarray, float]:
    """Return the design (n_components,) of a picture for a run, and its residual."""
    answer = _ask(ask="design", run=run_id, image=str(picture))
    return read_array(answer["design"]), float(answer["residual"])


def occlusion_of(run_id: str, picture: Path, grid: int, row: int) -> np.ndarray:
    """Return designs (1, grid, n_components) of a row of a grid, a patch blurred away in each."""
    answer = _ask(ask="occlusion", run=run_id, image=str(picture), grid=grid, row=row)
    return read_array(answer["designs"])


def seen_of(run_id: str, picture: Path) -> tuple[float, float, float, float]:
    """Return left, top, right, bottom of what a run's networks see of a picture, in its pixels."""
    left, top, right, bottom = _ask(ask="seen", run=run_id, image=str(picture))["seen"]
    return float(left), float(top), float(right), float(bottom)


def looks_of(pictures: Sequence[Path]) -> np.ndarray:
    """Return (n_pictures, n_looks) of some pictures (``core.stimuli.picture_looks``)."""
    return read_array(_ask(ask="looks", images=[str(p) for p in pictures])["looks"])


def first_guesses(run_id: str, picture: Path) -> list[tuple[str, float]]:
    """Return what a run's backbone itself takes the picture for, best first."""
    answer = _ask(ask="classes", run=run_id, image=str(picture))
    return [(str(name), float(p)) for name, p in answer["classes"]]


def cortex_picture(**question: Any) -> bytes:
    """Return a PNG of maps on the cortex; the question is ``core.cli.cortex_picture``'s."""
    return base64.b64decode(_ask(ask="cortex", **question)["png"])
