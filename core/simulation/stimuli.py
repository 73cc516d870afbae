"""The stimuli of an experiment: each scene rendered once, with all that is computed from it."""

from __future__ import annotations

import io
import multiprocessing
import sys
from collections.abc import Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from cortiscope.core.progress import Progress, silent
from cortiscope.core.simulation.local_structure import local_structure, signed_edges
from cortiscope.core.simulation.recipe import scene_seed
from cortiscope.core.simulation.scenes import render_scene

# How the command line names itself: by ``-m`` or as the installed command.
_COMMANDS = ("core.__main__", "cortiscope.core.__main__", "cortiscope.__main__", "cortiscope")


@dataclass(frozen=True)
class Stimulus:
    """A scene of the experiment.

    Parameters
    ----------
    identity : number as in the file name.
    png : the encoded picture.
    caption, categories : for people.
    latents : (len(LATENTS),) float32.
    maps : (N_CHANNELS, N_CELLS, N_CELLS) float16 local structure; with signed edges behind it
        where somebody answers to them, (N_CHANNELS + N_SIGNED, N_CELLS, N_CELLS).
    """

    identity: int
    png: bytes
    caption: str
    categories: tuple[str, ...]
    latents: np.ndarray
    maps: np.ndarray


def make_stimulus(identity: int, signed: bool = False) -> Stimulus:
    """Render one scene and compute its local structure; with ``signed``, signed edges too."""
    scene = render_scene(scene_seed(identity))
    stream = io.BytesIO()
    Image.fromarray(scene.pixels).save(stream, format="PNG", compress_level=6)
    maps = local_structure(scene.pixels)
    if signed:
        maps = np.concatenate([maps, signed_edges(scene.pixels)])
    return Stimulus(
        identity,
        stream.getvalue(),
        scene.caption,
        scene.categories,
        scene.latents,
        maps.astype(np.float16),
    )


def _two_workers() -> Executor:
    """Return two processes under ``cortiscope``, else two threads.

    Drawing holds Python's lock most of the time, so processes are nearly twice as fast. But a
    process started from a notebook or a Streamlit script would run that script again.
    """
    main = sys.modules.get("__main__")
    spec = getattr(main, "__spec__", None)
    started = spec.name if spec is not None else Path(getattr(main, "__file__", None) or "").stem
    if started in _COMMANDS:
        return ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn"))
    return ThreadPoolExecutor(2)


def make_stimuli(
    identities: Sequence[int], progress: Progress = silent, *, signed: bool = False
) -> dict[int, Stimulus]:
    """Make all stimuli, two at a time."""
    made: dict[int, Stimulus] = {}
    with _two_workers() as pool:
        for stimulus in pool.map(
            partial(make_stimulus, signed=signed), map(int, identities), chunksize=10
        ):
            made[stimulus.identity] = stimulus
            if len(made) % 20 == 0:
                progress(len(made) / len(identities), f"drawing scene {len(made)}")
    return made
