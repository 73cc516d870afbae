"""The simulated subject's receptive fields are found from its responses to pictures.

The simulation draws Gaussian fields, so this family of models is right by construction: what is
tested is that the fit finds what was put in, and finds nothing where pictures are permuted. Bounds
are the accepted ones; in brackets what was measured.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr

from cortiscope.core.backbones import resolve_weights
from cortiscope.core.brain import HEMISPHERES, Hemisphere
from cortiscope.core.datasets import open_subject
from cortiscope.core.encoding import RegressorSpec, TrainingData
from cortiscope.core.encoding.regressors import fit_regressor
from cortiscope.core.features import FeatureSpec, FeatureStore
from cortiscope.core.pipeline.demo import demo_data
from cortiscope.core.pipeline.designs import extract_together
from cortiscope.core.pipeline.training import prepare
from cortiscope.core.progress import silent
from cortiscope.core.runs import EncodingSpec
from cortiscope.core.runs.spec import usual_features
from cortiscope.core.storage import Home

pytestmark = pytest.mark.slow

AREAS = {"V1": ("V1v", "V1d"), "V2": ("V2v", "V2d"), "V3": ("V3v", "V3d"), "hV4": ("hV4",)}


class Retinotopy:
    """Fields found from 320 pictures, as they are and permuted, beside the true ones."""

    def __init__(self, home: Home) -> None:
        self.subject = open_subject(demo_data(home), "sim01")
        store = FeatureStore(home.features)
        pooling, reduction = usual_features("receptive_fields")
        gabor = FeatureSpec("gabor", resolve_weights("gabor"), "energy", pooling)
        extract_together(store, [gabor], [self.subject.train.images], silent)
        spec = EncodingSpec.of(self.subject, (gabor,), reduction=reduction)
        prepared = prepare([self.subject], spec, store)
        y = self.subject.train.response_rows(prepared.rows.fit[0])
        shuffled = y[np.random.default_rng(0).permutation(len(y))]
        self.found, self.permuted = (
            fit_regressor(
                TrainingData(prepared.fit_designs[0], values, grids=prepared.grids),
                RegressorSpec("receptive_fields"),
            ).fields
            for values in (y, shuffled)
        )
        sidecar = self.subject.folder / "cortiscope_sidecar"
        truth = np.concatenate([np.load(sidecar / f"{h.short}.prf.npy") for h in HEMISPHERES])
        self.x, self.y, self.sigma, self.eccentricity = truth.T
        self.areas = {area: self.vertices(*names) for area, names in AREAS.items()}

    def vertices(self, *names: str, sides: tuple[Hemisphere, ...] = HEMISPHERES) -> np.ndarray:
        """Return vertices of ROIs whose true fields are known."""
        own = np.concatenate([self.subject.roi_vertices(n, h) for n in names for h in sides])
        return own[np.isfinite(self.x[own])] if hasattr(self, "x") else own

    def error(self, fields) -> np.ndarray:
        """Return the distance of found centres from the true ones, in degrees."""
        return np.hypot(fields.x - self.x, fields.y - self.y)


@pytest.fixture(scope="module")
def retinotopy(demo_home):
    return Retinotopy(Home(demo_home))


def test_centres_are_found(retinotopy):
    error = retinotopy.error(retinotopy.found)
    median = {area: np.median(error[v]) for area, v in retinotopy.areas.items()}
    assert max(median[area] for area in ("V1", "V2", "V3")) <= 0.32  # [.23, .23, .24]
    assert median["hV4"] <= 0.6  # [.54]


def test_eccentricity_and_size_are_in_the_true_order(retinotopy):
    found, areas = retinotopy.found, retinotopy.areas
    early = np.concatenate([areas[area] for area in ("V1", "V2", "V3")])
    rank = spearmanr(found.eccentricity[early], retinotopy.eccentricity[early])[0]
    assert rank >= 0.95
    every = np.concatenate(list(areas.values()))
    assert spearmanr(found.sigma[every], retinotopy.sigma[every])[0] >= 0.75  # [.79]
    v1, v2, v3, hv4 = (np.median(found.sigma[v]) for v in areas.values())
    assert v1 < min(v2, v3)  # [.58 .69 .86 1.57]
    assert v3 < hv4


def test_those_that_are_sure_are_right(retinotopy):
    known = np.isfinite(retinotopy.x) & retinotopy.found.sure
    assert known[np.isfinite(retinotopy.x)].mean() > 0.4
    assert (retinotopy.error(retinotopy.found)[known] <= 1).mean() >= 0.9  # [.95]


def test_permuted_pictures_leave_nothing(retinotopy):
    lost = retinotopy.permuted
    assert lost.sure.mean() <= 0.05  # [0]
    for vertices in retinotopy.areas.values():
        rank = spearmanr(lost.eccentricity[vertices], retinotopy.eccentricity[vertices])[0]
        assert abs(rank) <= 0.2


def test_a_field_on_the_left_drives_right_v1(retinotopy):
    for side, sign in ((Hemisphere.LEFT, 1), (Hemisphere.RIGHT, -1)):
        own = retinotopy.vertices(*AREAS["V1"], sides=(side,))
        clear = own[np.abs(retinotopy.x[own]) > 0.5]
        assert (np.sign(retinotopy.found.x[clear]) == sign).mean() > 0.95
