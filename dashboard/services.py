"""The only place with Streamlit caches: opened subjects, runs, surfaces and brain assets.

What each update asks for is kept by ``lru_cache`` instead: Streamlit's takes a third of a
millisecond to answer, for the sake of waiting visitors, who would see nothing of it here.
Everything here is shared between sessions and read-only. Nothing imports torch, scikit-learn or
nilearn: what needs them happens in other processes (``dashboard.jobs``).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import streamlit as st

from cortiscope.core.datasets import Subject, open_subject
from cortiscope.core.datasets.describe import (
    ResponseMoments,
    SplitDescription,
    describe_split,
    range_of_responses,
    response_moments,
)
from cortiscope.core.datasets.sidecar import known_fields
from cortiscope.core.datasets.subject import identify
from cortiscope.core.encoding import Predictor
from cortiscope.core.encoding.neural.predictor import Attention, attention_of
from cortiscope.core.errors import CoreError, DamagedFile, InvalidInput, unknown_name
from cortiscope.core.pipeline.picture import reference_images
from cortiscope.core.pipeline.scoring import up_to_date
from cortiscope.core.runs import Run, RunStore, SetAside, report_is_current, runs_by_state
from cortiscope.core.runs.maps import vertex_map
from cortiscope.core.runs.spec import readable
from cortiscope.core.storage import Home, content_hashes, writing
from cortiscope.cortex_view import AssetRef, CortexGeometry, register_assets
from cortiscope.serving import Mode, gate
from cortiscope.subject.data_folders import DataFolder, look_into
from cortiscope.subject.locations import Location, all_locations
from cortiscope.subject.mesh_projection import (
    FULL,
    MeshProjection,
    cortex_space,
    viewer_geometry,
)
from cortiscope.work.folder_checks import state_of_files
from cortiscope.work.foreign_files import try_subject


def home() -> Home:
    """Return the folder for everything the app keeps."""
    return Home.from_environment()


@st.cache_resource(show_spinner=False, ttl=60)
def known_folders() -> tuple[DataFolder, ...]:
    """Look for subjects in every data folder, the demo first."""
    return look_into(home(), opened=gate().mode is Mode.OWN)


def subject_folders() -> dict[str, Path]:
    """Map subject id -> its folder, demo first; a data folder that cannot be read is left out."""
    return {ref.id: ref.folder for known in known_folders() for ref in known.subjects}


def data_folder_problems() -> list[CoreError]:
    """Say what is wrong with the data folders in which no subject was recognised."""
    return [known.error for known in known_folders() if known.error is not None]


def look_again() -> None:
    """Forget what was seen of data folders and subjects; the next run reads them anew."""
    known_folders.clear()
    _subject.clear()
    _state_of.clear()


def state_of(folder: Path) -> str:
    """Return what changes when any file in a folder does, up to 20 s ago."""
    return _state_of(str(folder))


# By texts: Streamlit takes several times as long to hash a path, at each visitor's every update.
@st.cache_data(show_spinner=False, ttl=20)
def _state_of(folder: str) -> str:
    return state_of_files(Path(folder))


@st.cache_data(show_spinner=False, max_entries=32)
def described_splits(subject_id: str, data: str) -> list[SplitDescription]:
    """Describe the splits of a subject; ``data`` is its state."""
    opened = subject(subject_id)
    return [describe_split(opened.train), describe_split(opened.test)]


@st.cache_resource(show_spinner=False, max_entries=8)
def moments(subject_id: str, data: str) -> ResponseMoments:
    """Compute mean and SD per vertex over a subject's training images."""
    return response_moments(subject(subject_id).train)


@st.cache_resource(show_spinner=False, max_entries=256)
def responses_at(subject_id: str, data: str, split: str, position: int) -> np.ndarray:
    """Read one vertex's responses (n_images,) to a split."""
    part = subject(subject_id).split(split)
    rows = part.rows_on_disk(np.arange(len(part)))
    return rows[:, np.array([position])][:, 0]


def subject(subject_id: str) -> Subject:
    """Open a subject, once for all sessions and as long as no file in its folder changes."""
    folders = subject_folders()
    if subject_id not in folders:
        raise unknown_name("subject", subject_id, folders)
    folder = folders[subject_id]
    return _subject(str(folder), state_of(folder))


# A subject keeps the files of its responses open, six or more.
@st.cache_resource(show_spinner=False, max_entries=16)
def _subject(folder: str, state: str) -> Subject:
    try_subject(Path(folder))
    return open_subject(Path(folder))


@st.cache_resource(show_spinner=False, max_entries=8)
def picture_digests(subject_id: str, data: str) -> dict[str, list[str]]:
    """Return the digest of each picture of a subject by split; ``data`` is its fingerprint.

    Raises
    ------
    DamagedFile : a picture has changed since.
    """
    opened, hashes = subject(subject_id), content_hashes()
    splits = (opened.train, opened.test)
    known = {split.name: hashes.digests(split.images.paths) for split in splits}
    if identify(opened).fit() != data:
        raise DamagedFile(f"The pictures of {subject_id} have changed.", "Reload the page.")
    return known


def run_store() -> RunStore:
    """Return the folder of runs; it remembers what it has looked at, for all sessions."""
    return _run_store(home().runs)


@lru_cache(maxsize=8)
def _run_store(root: Path) -> RunStore:
    return RunStore(root)


def run(run_id: str) -> Run:
    """Open a run."""
    return run_store().open(run_id)


def find_run(run_id: str) -> Run | None:
    """Open a run of any subject and any state of its data; None where it cannot be."""
    try:
        return run(run_id)
    except CoreError:
        return None


@dataclass(frozen=True)
class SubjectRuns:
    """What lies in the folder of runs under a subject's name.

    Parameters
    ----------
    shown : fitted to its data as they are, or perhaps (``Belonging.FORMER``); oldest first.
    of_other_data : fitted before its data changed.
    set_aside : what cannot be used, and why; it does not take the others' menu entries with it.
    """

    shown: list[Run]
    of_other_data: list[Run]
    set_aside: list[SetAside]


def subject_runs(subject_id: str) -> SubjectRuns:
    """Look through the runs of a subject; cheap the second time."""
    shown, other = runs_by_state(run_store(), subject(subject_id))
    return SubjectRuns(shown, other, run_store().survey(readable(f"{subject_id}-"))[1])


def runs_of(subject_id: str) -> list[Run]:
    """Open all runs that were fitted to a subject's present data, oldest first."""
    return subject_runs(subject_id).shown


def all_set_aside() -> list[SetAside]:
    """Return what cannot be used in the folder of runs, of whatever subject."""
    return run_store().survey()[1]


@st.cache_resource(show_spinner=False, max_entries=8)
def locations(subject_id: str, data: str) -> list[Location]:
    """Name all vertices or voxels of a subject; ``data`` is its state."""
    return all_locations(subject(subject_id))


@lru_cache(maxsize=32)
def mesh_projection(subject_id: str, data: str, way: str) -> MeshProjection:
    """Lay a subject's vertices onto the mesh that they are drawn on."""
    return _mesh_projection(subject_id, data, way)


# Below: what takes seconds once, for which Streamlit lets those wait who ask meanwhile.
@st.cache_resource(show_spinner=False, max_entries=32)
def _mesh_projection(subject_id: str, data: str, way: str) -> MeshProjection:
    return MeshProjection.of(subject(subject_id), way, home().surfaces)


@lru_cache(maxsize=16)
def brain_assets(subject_id: str, data: str, way: str) -> AssetRef:
    """Store what the browser needs to draw a subject's brain."""
    return _brain_assets(subject_id, data, way)


@st.cache_resource(show_spinner=False, max_entries=16)
def _brain_assets(subject_id: str, data: str, way: str) -> AssetRef:
    space = cortex_space(subject(subject_id), mesh_projection(subject_id, data, way))
    folder = home().root / "cortex"
    geometry = _geometry(full=way == FULL)
    with writing(folder / "geometry of the cortex"):
        return register_assets(folder, geometry, space)


@st.cache_resource(show_spinner=False)
def _geometry(*, full: bool) -> CortexGeometry:
    return viewer_geometry(home().surfaces, full=full)


def predicted_row(opened: Run, split: str, row: int) -> np.ndarray:
    """Predict (n_vertices,) for one of a subject's images; the last ones asked for are kept."""
    return _predicted_row(opened.id, split, row)


# A whole NSD subject: 160 kB each. Visitors of a class look at the same pictures.
@lru_cache(maxsize=64)
def _predicted_row(run_id: str, split: str, row: int) -> np.ndarray:
    return _predictor(run_id).predict(np.asarray(_design(run_id, split)[row : row + 1]))[0]


def run_map(opened: Run, name: str) -> np.ndarray | None:
    """Return (n_vertices,) of what a model knows of each vertex (``core.runs.maps``), or None."""
    return _run_map(opened.id, name)


@lru_cache(maxsize=256)
def _run_map(run_id: str, name: str) -> np.ndarray | None:
    try:
        return vertex_map(run(run_id), name)
    except InvalidInput:  # it has none
        return None


def attention(opened: Run, split: str, row: int) -> Attention | None:
    """Return what each ROI's query attends to in an image (``attention_of``); None without any."""
    return _attention(opened.id, split, row)


@lru_cache(maxsize=64)
def _attention(run_id: str, split: str, row: int) -> Attention | None:
    try:
        return attention_of(_predictor(run_id), np.asarray(_design(run_id, split)[row : row + 1]))
    except InvalidInput:  # it attends to nothing
        return None


def true_fields(opened: Subject) -> np.ndarray | None:
    """Return (n_vertices, 4) receptive fields that came with a subject (``known_fields``)."""
    return _true_fields(opened.id, opened.state)


@lru_cache(maxsize=16)
def _true_fields(subject_id: str, data: str) -> np.ndarray | None:
    return known_fields(subject(subject_id))


# Of a small model the numbers themselves, of a large one its open files: so only a few.
@lru_cache(maxsize=4)
def _predictor(run_id: str) -> Predictor:
    return run(run_id).fitted


@lru_cache(maxsize=4)
def _design(run_id: str, split: str) -> np.ndarray:
    return run(run_id).array(f"design_{split}")


@st.cache_resource(show_spinner=False, max_entries=32)
def held_out_predictions(run_id: str) -> np.ndarray:
    """Predict (n_test, n_vertices) for a subject's test images once."""
    opened = run(run_id)
    return opened.predict_rows("test", slice(None))


def response_range(opened: Subject) -> tuple[float, float]:
    """Return the ends of a subject's response scale (``range_of_responses``)."""
    return _response_range(opened.id, opened.fingerprint)


@lru_cache(maxsize=32)
def _response_range(subject_id: str, data: str) -> tuple[float, float]:
    return range_of_responses(sample_of_responses(subject(subject_id)))


def sample_of_responses(opened: Subject) -> np.ndarray:
    """Read (n, n_vertices) responses to the first 200 test, else training, images."""
    part = opened.test if opened.test.responses is not None else opened.train
    return part.response_rows(slice(0, 200))


def test_responses(subject_id: str) -> np.ndarray:
    """Read (n_test, n_vertices) measured responses once; small even for a whole NSD subject."""
    return _test_responses(subject_id, subject(subject_id).fingerprint)


@st.cache_resource(show_spinner=False, max_entries=4)
def _test_responses(subject_id: str, data: str) -> np.ndarray:
    return subject(subject_id).test.response_rows(slice(None))


def reference_predictions(run_id: str) -> tuple[np.ndarray, str]:
    """Predict (n_images, n_vertices) for images that were not fitted, and say which they are."""
    opened = run(run_id)
    split, _, which = reference_images(opened, subject(opened.subject))
    if split == "test":
        return held_out_predictions(run_id), f"{which} images"
    return _validation_predictions(run_id), f"{which} images"


@st.cache_resource(show_spinner=False, max_entries=8)
def _validation_predictions(run_id: str) -> np.ndarray:
    opened = run(run_id)
    return opened.predict_rows("train", np.asarray(opened.array("validation_rows")))


def reported_at(opened: Run, known: Subject, positions: bytes) -> tuple[np.ndarray, np.ndarray]:
    """Return predicted and measured (n_images, n_positions) behind a run's report.

    Of a whole NSD subject without test responses all vertices would be gigabytes.

    Parameters
    ----------
    positions : (n_positions,) int64, as bytes: a cache's key should be quick to compare.
    """
    return _reported_at(opened.id, known.fingerprint, positions)


@lru_cache(maxsize=256)
def _reported_at(run_id: str, data: str, positions: bytes) -> tuple[np.ndarray, np.ndarray]:
    opened = run(run_id)
    split, rows = opened.reported
    part, places = subject(opened.subject).split(split), np.frombuffer(positions, np.int64)
    design = np.asarray(opened.array(f"design_{split}")[rows])
    return opened.fitted.predict(design, places), part.rows_on_disk(rows)[:, places]


def truth_at(known: Subject, opened: Run, positions: bytes) -> np.ndarray | None:
    """Return the noise-free (n_images, n_positions) of the same images, None where unknown."""
    return _truth_at(opened.id, known.fingerprint, positions)


@lru_cache(maxsize=256)
def _truth_at(run_id: str, data: str, positions: bytes) -> np.ndarray | None:
    opened = run(run_id)
    split, rows = opened.reported
    truth = subject(opened.subject).split(split).truth_rows(rows)
    return None if truth is None else truth[:, np.frombuffer(positions, np.int64)]


def reported_responses(opened: Run) -> tuple[np.ndarray, np.ndarray]:
    """Return predicted and measured (n_images, n_vertices) behind a run's report."""
    split, rows = opened.reported
    if split == "test":
        return held_out_predictions(opened.id), test_responses(opened.subject)
    return opened.predict_rows(split, rows), subject(opened.subject).train.response_rows(rows)


def reported(opened: Run) -> Run:
    """Return a run with a report by the present rules, on ceilings and ROIs as they are."""
    known = subject(opened.subject)
    if opened.report.statistic and report_is_current(opened, known):
        return opened
    return _scored_again(opened.id, known.state)


@st.cache_resource(show_spinner="Scoring a run anew; nothing is fitted …", max_entries=64)
def _scored_again(run_id: str, state: str) -> Run:
    opened = run(run_id)
    return up_to_date(opened, subject(opened.subject), run_store())
