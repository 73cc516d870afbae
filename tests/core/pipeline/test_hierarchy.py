"""The simulated hierarchy is recovered by the models on offer, under one reduction for all layers.

It is built in by construction; what is tested is that the pipeline finds what was put in. Scores
are held-out median r of ridge on sim01's test images, over both hemispheres.
"""

from __future__ import annotations

import numpy as np
import pytest

from cortiscope.core.backbones import WeightsSpec, get_card, resolve_weights
from cortiscope.core.brain import HEMISPHERES
from cortiscope.core.datasets import open_subject
from cortiscope.core.evaluation import challenge_scores, disagreement, pearson_r
from cortiscope.core.features import FeatureSpec, FeatureStore
from cortiscope.core.pipeline.demo import DEMO_POOLING, demo_data, demo_specs
from cortiscope.core.pipeline.fit import fit_all
from cortiscope.core.runs import EncodingSpec, RunStore
from cortiscope.core.storage import Home

AREAS = {
    "V1": ("V1v", "V1d"),
    "V2": ("V2v", "V2d"),
    "V3": ("V3v", "V3d"),
    "hV4": ("hV4",),
    "OFA": ("OFA",),
    "FFA": ("FFA-1", "FFA-2"),
    "EBA": ("EBA",),
    "PPA": ("PPA",),
    "RSC": ("RSC",),
    "OPA": ("OPA",),
    "VWFA": ("VWFA-1", "VWFA-2"),
}
EARLY_AREAS, CATEGORY_AREAS = ("V1", "V2", "V3"), ("FFA", "EBA", "VWFA")
BLOCKS = get_card("small_cnn").layers_offered
EARLY, LATE = ("gabor energy", "trained block1", "trained block2"), ("trained block5",)
SEEDS = range(5)


class Scores:
    """Median r and noise-normalised score of every model in every area."""

    def __init__(self, home: Home) -> None:
        self.subject = open_subject(demo_data(home), "sim01")
        stores = {"features": FeatureStore(home.features), "runs": RunStore(home.runs)}
        self.runs = {}
        for run in fit_all(self.subject, demo_specs(self.subject), **stores):
            kind = {"pretrained": "trained ", "untrained": "untrained 0 "}.get(
                run.sources[0].weights["kind"]
            )
            self.runs[
                f"{kind}{run.layer}" if kind else f"{run.sources[0].backbone} {run.layer}"
            ] = run
        for seed in SEEDS[1:]:
            for run in fit_all(self.subject, self._untrained(seed), **stores):
                self.runs[f"untrained {seed} {run.layer}"] = run
        self.vertices = {
            area: np.concatenate(
                [self.subject.roi_vertices(n, h) for n in names for h in HEMISPHERES]
            )
            for area, names in AREAS.items()
        }

    def _untrained(self, seed: int) -> list[EncodingSpec]:
        weights = resolve_weights("small_cnn", WeightsSpec("untrained", seed=seed))
        return [
            EncodingSpec(
                self.subject.id,
                self.subject.fingerprint,
                (FeatureSpec("small_cnn", weights, layer, DEMO_POOLING),),
            )
            for layer in BLOCKS
        ]

    def r(self, model: str, area: str) -> float:
        return float(np.nanmedian(self.runs[model].report.r[self.vertices[area]]))

    def explained(self, model: str, area: str | None = None) -> float:
        report = self.runs[model].report
        where = slice(None) if area is None else self.vertices[area]
        return float(challenge_scores(report.r[where], report.ceiling[where]).mean())

    def best(self, models, area: str) -> float:
        return max(self.r(m, area) for m in models)

    def gap(self, layer: str, area: str) -> float:
        untrained = np.mean([self.r(f"untrained {seed} {layer}", area) for seed in SEEDS])
        return self.r(f"trained {layer}", area) - float(untrained)

    @property
    def offered(self) -> list[str]:
        return ["gabor energy", "pixels pixels", *(f"trained {b}" for b in BLOCKS)]


@pytest.fixture(scope="module")
def scores(demo_home):
    return Scores(Home(demo_home))


@pytest.mark.parametrize("area", EARLY_AREAS)
def test_early_areas_are_best_predicted_by_gabor_or_early_blocks(scores, area):
    best = max(scores.offered, key=lambda m: scores.r(m, area))
    assert best in EARLY
    assert scores.best(EARLY, area) - scores.best(LATE, area) >= 0.05


@pytest.mark.parametrize("area", CATEGORY_AREAS)
def test_category_areas_are_best_predicted_by_late_blocks(scores, area):
    best = max(scores.offered, key=lambda m: scores.r(m, area))
    assert best in ("trained block4", "trained block5")
    assert scores.best(LATE, area) - scores.best(EARLY, area) >= 0.05


def test_what_training_adds_grows_from_v1_to_the_category_areas(scores):
    in_v1 = scores.gap("block5", "V1")
    for area in (*CATEGORY_AREAS, "PPA"):
        assert scores.gap("block5", area) - in_v1 >= 0.05
    assert (
        in_v1 < scores.gap("block5", "hV4") < min(scores.gap("block5", a) for a in CATEGORY_AREAS)
    )


def test_the_best_model_explains_40_to_60_percent_of_the_explainable_variance(scores):
    whole = max(scores.explained(m) for m in scores.offered)
    assert 40 <= whole <= 60
    for area in (*EARLY_AREAS, *CATEGORY_AREAS, "PPA"):
        # A margin of two points for the noise of 200 images.
        assert 38 <= max(scores.explained(m, area) for m in scores.offered) <= 62


def test_where_gabor_and_block5_disagree_v1_sides_with_gabor_and_ffa_with_block5(scores):
    runs = [scores.runs[name] for name in ("gabor energy", "trained block5")]
    gabor, late = (run.predict_rows("test", slice(None)) for run in runs)
    measured = scores.subject.test.response_rows(slice(None))
    found = {
        area: disagreement(gabor[:, v], late[:, v], measured[:, v], k=40)
        for area, v in scores.vertices.items()
    }
    assert found["V1"].rate >= 0.6
    assert found["FFA"].rate <= 0.3
    assert found["FFA"].high < 0.5


def test_raw_pixels_are_below_gabor_everywhere_and_best_nowhere(scores):
    for area in AREAS:
        assert scores.r("pixels pixels", area) < scores.r("gabor energy", area) - 0.05
    pixels, others = scores.runs["pixels pixels"], [m for m in scores.offered if "pixels" not in m]
    for score in pixels.report.rois:
        if score.present:
            rivals = [scores.runs[m].report.of(score.roi, score.hemisphere) for m in others]
            assert score.median_r < max(s.median_r for s in rivals)


def test_the_report_is_what_predictions_and_responses_say(scores):
    run = scores.runs["trained block5"]
    r = pearson_r(
        run.predict_rows("test", slice(None)), scores.subject.test.response_rows(slice(None))
    )
    np.testing.assert_allclose(run.report.r, r, atol=1e-5)


def test_estimated_ncsnr_follows_the_true_one(scores):
    folder = scores.subject.folder / "cortiscope_sidecar"
    true = np.concatenate([np.load(folder / f"{h.short}.ncsnr_true.npy") for h in HEMISPHERES])
    assert np.corrcoef(true, scores.subject.ncsnr)[0, 1] > 0.97


def test_the_training_images_of_the_second_subject_are_no_test_images_of_the_first(demo_home):
    folder = demo_data(Home(demo_home))
    one, two = open_subject(folder, "sim01"), open_subject(folder, "sim02")
    assert one.space.n_vertices() != two.space.n_vertices()
    for a, b in ((one, two), (two, one)):
        assert not set(a.train.images.ids) & set(b.test.images.ids)
    dead = (two.test.response_rows(slice(None)) == 0).all(axis=0)
    assert 1 <= dead.sum() <= 20
    assert (two.ncsnr[dead] == 0).all()
