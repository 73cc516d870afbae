"""img2brain (Ayala-Ruano et al. 2023): 23 layers searched, six regressors on the best of them.

Its networks were never given trained weights: its notebook asks torchvision for them without any,
and torchvision's default is random ones. So its winning layer is AlexNet's third pooling with
random weights, and these recipes use seeded untrained weights, which need no download.
"""

from __future__ import annotations

from cortiscope.core.backbones import Framing
from cortiscope.core.encoding import Reduction, RegressorSpec
from cortiscope.core.encoding.sparse.elastic_net import SPARSE_ALPHAS
from cortiscope.core.features import Pooling
from cortiscope.core.recipes.recipe import ALEXNET_LAYERS, Choice, Recipe, Source

_ORIGIN = "img2brain"
_FULL = Pooling("none")
_STRETCH = Framing("stretch", 224)
# Of its 8,857 images 7,086 are fitted and 1,771 are for validation.
_SPLIT, _SEED = "shuffled", 224
_SEEDED = "Weights are drawn by our seed."
_INCEPTION = (
    "InceptionV3 undoes ImageNet's scaling of the values first, as its published weights expect."
)
_ABSOLUTE = (
    "Its penalties (.001 to 1) are absolute: of z-scored responses they are what they were there."
)

LAYERS = (
    ("alexnet", ALEXNET_LAYERS),
    ("vgg16", ("features.20", "features.30", "classifier.5", "classifier.6")),
    (
        "resnet50",
        ("layer1.1.conv1", "layer2.3.conv2", "layer3.5.conv3", "layer4.2.conv3", "avgpool"),
    ),
    (
        "inception_v3",
        (
            "Mixed_5c.branch1x1.conv",
            "Conv2d_4a_3x3.conv",
            "Mixed_6b.branch1x1.conv",
            "Mixed_6c.branch7x7_2.conv",
            "Mixed_7c.branch_pool.conv",
            "avgpool",
        ),
    ),
)
_BEST = (Source((Choice("alexnet", ("features.12",), "untrained", _FULL, _STRETCH),)),)


def _published_grid(name: str) -> RegressorSpec:
    """Return a regressor with img2brain's penalties, which are absolute: of z-scored responses."""
    return RegressorSpec(name).with_settings(alphas=SPARSE_ALPHAS)


def _regressor(name: str, title: str, regressor: RegressorSpec, *more: str) -> Recipe:
    return Recipe(
        name=f"img2brain_{name}",
        title=f"img2brain: {title}",
        origin=_ORIGIN,
        summary=f"Untrained AlexNet features.12, PCA 100 without scaling, {title}.",
        sources=_BEST,
        regressor=regressor,
        reduction=Reduction.parse("ipca:100", scaling="none"),
        on_the_way="always",
        split_rule=_SPLIT,
        seed=_SEED,
        departures=(_SEEDED, *more),
    )


ENTRIES = (
    Recipe(
        name="img2brain_layer_search",
        title="img2brain: layer search",
        origin=_ORIGIN,
        summary="23 layers of four untrained networks, PCA 30, least squares; one model a layer.",
        sources=tuple(
            Source((Choice(network, layers, "untrained", _FULL, _STRETCH),))
            for network, layers in LAYERS
        ),
        regressor=RegressorSpec("ols"),
        reduction=Reduction.parse("ipca:30:50", scaling="none"),
        each_layer=True,
        on_the_way="always",
        split_rule=_SPLIT,
        seed=_SEED,
        departures=(_SEEDED, _INCEPTION),
    ),
    _regressor("linear", "least squares", RegressorSpec("ols")),
    _regressor("ridge", "ridge, one penalty for all vertices", RegressorSpec("ridge_shared")),
    _regressor("lasso", "multi-task lasso", _published_grid("multitask_lasso"), _ABSOLUTE),
    _regressor(
        "elastic_net",
        "multi-task elastic net",
        _published_grid("multitask_elastic_net"),
        _ABSOLUTE,
    ),
    _regressor("neighbours", "5 nearest neighbours", RegressorSpec("neighbours")),
    _regressor("tree", "one decision tree", RegressorSpec("tree")),
)
