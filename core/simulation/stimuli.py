"""The stimuli of an experiment: each scene rendered once, with all that is computed from it."""

from __future__ import annotations

import io
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from PIL import Image

from core.progress import Progress, silent
from core.simulation.local_structure import local_structure
from core.simulation.recipe import scene_seed
from core.simulation.scenes import render_scene


@dataclass(frozen=True)
class Stimulus:
    """A scene of the experiment.

    Parameters
    ----------
    identity : number as in the file name.
    png : the encoded picture.
    caption, categories : for people.
    latents : (len(LATENTS),) float32.
    maps : (N_CHANNELS, N_CELLS, N_CELLS) float16 local structure.
    """

    identity: int
    png: bytes
    caption: str
    categories: tuple[str, ...]
    latents: np.ndarray
    maps: np.ndarray


def make_stimulus(identity: int) -> Stimulus:
    """Render one scene and compute its local structure."""
    scene = render_scene(scene_seed(identity))
    stream = io.BytesIO()
    Image.fromarray(scene.pixels).save(stream, format="PNG", compress_level=6)
    maps = local_structure(scene.pixels).astype(np.float16)
    return Stimulus(
        identity, stream.getvalue(), scene.caption, scene.categories, scene.latents, maps
    )


def make_stimuli(identities: Sequence[int], progress: Progress = silent) -> dict[int, Stimulus]:
    """Make all stimuli on two threads.

    Threads and not processes: filtering and PNG compression release Python's lock, and a process
    started from a notebook or a Streamlit script would run that script again.
    """
    made: dict[int, Stimulus] = {}
    with ThreadPoolExecutor(2) as pool:
        for stimulus in pool.map(make_stimulus, [int(i) for i in identities]):
            made[stimulus.identity] = stimulus
            if len(made) % 20 == 0:
                progress(len(made) / len(identities), f"drawing scene {len(made)}")
    return made
