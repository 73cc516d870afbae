"""Ours: several layers and backbones together, which is what the winners of 2023 gained from.

A module of its own, as each origin of recipes is: ``ENTRIES`` is all that it registers.
"""

from __future__ import annotations

from dataclasses import replace

from cortiscope.core.encoding import Reduction, RegressorSpec
from cortiscope.core.features import Pooling
from cortiscope.core.recipes.recipe import Choice, Recipe, Source

_ORIGIN = "Cortiscope"

_LEARNED = Source(
    (
        Choice("dinov2_vit_b14", ("blocks.2", "blocks.5", "blocks.8", "blocks.11")),
        Choice(
            "squeezenet1_1",
            ("features.2", "features.4", "features.7", "features.10", "features.12"),
        ),
        Choice("small_cnn", ("block1", "block2", "block3", "block4", "block5")),
    )
)
_SMALL = Source((Choice("small_cnn", ("block2", "block3", "block4", "block5")),))
_GABOR = Source((Choice("gabor", ("energy",), "fixed"),))
_ALL = (_GABOR, _SMALL, _LEARNED)
_PCA = Reduction("pca", 100)


# Gabor maps and four layers of a network keep fine places; the third network is read whole.
_FINE = Pooling("grid", 16)
_PLACED = (
    Source((Choice("gabor", ("energy",), "fixed", _FINE),)),
    Source((replace(_SMALL.choices[0], pooling=_FINE),)),
    _LEARNED,
)


def _over_layers(name: str, title: str, summary: str, regressor: str) -> Recipe:
    return Recipe(
        name=name,
        title=title,
        origin=_ORIGIN,
        summary=summary,
        sources=_ALL,
        regressor=RegressorSpec(regressor),
        reduction=_PCA,
        spaces="layer",
    )


ENTRIES = (
    _over_layers(
        "ridge_layers",
        "layers side by side",
        "The same feature spaces as stacked, in one ridge with one penalty per vertex.",
        "ridge",
    ),
    _over_layers(
        "banded",
        "banded ridge",
        "Several layers and backbones, one penalty per feature space and vertex.",
        "banded",
    ),
    _over_layers(
        "stacked",
        "stacked",
        "Several layers and backbones, a ridge each, stacked per vertex.",
        "stacked",
    ),
    Recipe(
        name="spatial",
        title="spatial",
        origin=_ORIGIN,
        summary="The same layers as stacked, and receptive fields on Gabor maps and on the small "
        "network, stacked per vertex; of responses to fit, what all vertices share weighs more.",
        sources=_PLACED,
        regressor=RegressorSpec("stacked_fields").with_settings(shared=(1, 0)),
        reduction=Reduction("places", 0),
        spaces="layer",
        denoise="auto",
    ),
)
