"""Chimisso et al. 2023 (arXiv 2309.09983), the Algonauts baseline they start from, and its kin.

Neither text nor code with layer sizes, learning rates, epochs or the CLIP variant is public: what
is not known is ours, and ``departures`` say so. Their best system is ``clip_roi``.
"""

from __future__ import annotations

from cortiscope.core.backbones import PUBLISHED, Framing
from cortiscope.core.encoding import Reduction, RegressorSpec
from cortiscope.core.recipes.recipe import ALEXNET_LAYERS, Choice, Recipe, Source

_ORIGIN = "Chimisso et al. 2023"
_HEAD = "Optimiser settings, epochs, head sizes and the CLIP variant are ours: none was published."
_COLUMNS = "The head's inputs are standardised column by column on the fit images."
_REDUCED = (
    "Each source's features are scaled by their floored SD and reduced to 200 principal components."
)
_AVERAGED = "Layer maps are averaged onto a 5 x 5 grid; there they are taken whole."
# What the source feeds to "one linear layer" is the embedding itself.
_EMBEDDING = Reduction.parse("none", scaling="none")
# The official script resizes the whole picture to the network's input and crops nothing.
_WHOLE = Framing("stretch", 224)

_CLIP = Source(
    (
        Choice("clip_vit_b32", ("embedding",)),
        Choice("small_cnn", ("block5",)),
    )
)
_SAM = Source(
    (
        Choice("sam_vit_b", ("features",)),
        Choice("squeezenet1_1", ("features.12",)),
        Choice("small_cnn", ("block4",)),
    )
)


def _alexnet(framing: Framing = PUBLISHED) -> Source:
    """Return AlexNet's eight layers; the small CNN sees the central square only."""
    return Source(
        (
            Choice("alexnet", ALEXNET_LAYERS, framing=framing),
            Choice(
                "squeezenet1_1",
                (
                    "features.2",
                    "features.5",
                    "features.7",
                    "features.8",
                    "features.10",
                    "features.12",
                    "classifier.2",
                    "classifier.3",
                ),
                framing=framing,
            ),
            Choice("small_cnn", ("block1", "block2", "block3", "block4", "block5")),
        )
    )


_ALEXNET = _alexnet()
_CAPTIONS = Source(
    (Choice("clip_vit_b32_text", ("embedding",)), Choice("caption_words", ("words",), "fixed"))
)


def _clip(name: str, title: str, summary: str, regressor: str, scope: str = "hemisphere") -> Recipe:
    return Recipe(
        name=name,
        title=title,
        origin=_ORIGIN,
        summary=summary,
        sources=(_CLIP,),
        regressor=RegressorSpec(regressor),
        reduction=_EMBEDDING,
        scope=scope,
        departures=(_HEAD, _COLUMNS),
    )


def _joined(
    name: str,
    title: str,
    summary: str,
    *sources: Source,
    reduction: Reduction = _EMBEDDING,
    departures: tuple[str, ...] = (),
) -> Recipe:
    return Recipe(
        name=name,
        title=title,
        origin=_ORIGIN,
        summary=summary,
        sources=sources,
        regressor=RegressorSpec("head_linear"),
        reduction=reduction,
        spaces="backbone",
        scope="hemisphere",
        departures=(_HEAD, _COLUMNS, *departures),
    )


ENTRIES = (
    Recipe(
        name="algonauts_baseline",
        title="Algonauts baseline",
        origin="Algonauts 2023",
        summary="Eight AlexNet layers side by side, standard scaling, PCA 100, least squares.",
        sources=(_alexnet(_WHOLE),),
        regressor=RegressorSpec("ols"),
        reduction=Reduction.parse("pca:100", scaling="standard"),
        scope="hemisphere",
        departures=(_AVERAGED,),
    ),
    _clip(
        "clip_linear",
        "CLIP-linear",
        "CLIP's image embedding, one linear layer per hemisphere, trained by AdamW.",
        "head_linear",
    ),
    _clip(
        "clip_roi",
        "CLIP-ROI",
        "Their best: CLIP's image embedding, one linear layer per ROI and hemisphere, merged.",
        "head_linear",
        "roi",
    ),
    _clip(
        "clip_dropout",
        "CLIP, dropout",
        "CLIP's image embedding with dropout, one linear layer per hemisphere.",
        "head_dropout",
    ),
    _clip(
        "clip_residual",
        "CLIP, residual blocks",
        "CLIP's image embedding through residual blocks with dropout, per hemisphere.",
        "head_residual",
    ),
    _clip(
        "clip_conv1d",
        "CLIP-Conv1d",
        "CLIP's image embedding through a one-dimensional convolution, per hemisphere.",
        "head_conv1d",
    ),
    _clip(
        "clip_positional",
        "positional CLIP",
        "CLIP's image embedding joined with each vertex's positional encoding.",
        "head_positional",
    ),
    Recipe(
        name="sam_positional",
        title="positional SAM",
        origin=_ORIGIN,
        summary="SAM's image encoder joined with each vertex's positional encoding.",
        sources=(_SAM,),
        regressor=RegressorSpec("head_positional"),
        scope="hemisphere",
        departures=(_HEAD, _COLUMNS, _AVERAGED, _REDUCED),
    ),
    _joined(
        "alexnet_clip",
        "AlexNet + CLIP",
        "AlexNet's layers and CLIP's embedding side by side, one linear layer.",
        _ALEXNET,
        _CLIP,
        reduction=Reduction(),
        departures=(_AVERAGED, _REDUCED),
    ),
    _clip(
        "joint_hemispheres",
        "joint hemispheres",
        "CLIP's image embedding, one linear layer for both hemispheres at the same time.",
        "head_linear",
        "both",
    ),
    _clip(
        "roi_class",
        "ROI class",
        "CLIP's image embedding, one linear layer per ROI class over both hemispheres.",
        "head_linear",
        "roi_class",
    ),
    Recipe(
        name="best_source",
        title="best source per ROI class",
        origin=_ORIGIN,
        summary="AlexNet or CLIP, whichever predicts a ROI class better on folds held out.",
        sources=(_ALEXNET, _CLIP),
        regressor=RegressorSpec("best_space").with_settings(by="roi_class"),
        spaces="backbone",
        departures=(
            "Ridge instead of a trained layer; chosen by cross-validation on the fit images.",
            _AVERAGED,
            _REDUCED,
        ),
    ),
    _joined(
        "image_text",
        "image + text",
        "CLIP's image embedding joined with the embedding of the captions.",
        _CLIP,
        _CAPTIONS,
    ),
    Recipe(
        name="cross_subject",
        title="cross-subject",
        origin=_ORIGIN,
        summary="CLIP's image embedding, one linear layer trained on all subjects together.",
        sources=(_CLIP,),
        regressor=RegressorSpec("head_linear"),
        reduction=_EMBEDDING,
        scope="hemisphere",
        cross_subject=True,
        departures=(
            _HEAD,
            _COLUMNS,
            "Subjects are joined at equal fsaverage vertices, standardised there.",
        ),
    ),
)
