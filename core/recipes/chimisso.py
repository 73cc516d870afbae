"""Chimisso et al. 2023 (arXiv 2309.09983), the Algonauts baseline they start from, and its kin.

Neither text nor code with layer sizes, learning rates, epochs or the CLIP variant is public: what
is not known is ours, and ``ours`` says so. Their best system is ``clip_roi``.
"""

from __future__ import annotations

from core.encoding import EncoderSpec, Reduction
from core.recipes.recipe import Choice, Recipe, Source

_ORIGIN = "Chimisso et al. 2023"
_HEAD = "Optimiser settings, epochs, head sizes and the CLIP variant are ours: none was published."

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
_ALEXNET = Source(
    (
        Choice(
            "alexnet",
            (
                "features.2",
                "features.5",
                "features.7",
                "features.9",
                "features.12",
                "classifier.2",
                "classifier.5",
                "classifier.6",
            ),
        ),
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
        ),
        Choice("small_cnn", ("block1", "block2", "block3", "block4", "block5")),
    )
)
_CAPTIONS = Source(
    (Choice("clip_vit_b32_text", ("embedding",)), Choice("caption_words", ("words",), "fixed"))
)


def _clip(name: str, title: str, summary: str, encoder: str, scope: str = "hemisphere") -> Recipe:
    return Recipe(
        name=name,
        title=title,
        origin=_ORIGIN,
        summary=summary,
        sources=(_CLIP,),
        encoder=EncoderSpec(encoder),
        scope=scope,
        ours=_HEAD,
    )


def _joined(name: str, title: str, summary: str, *sources: Source) -> Recipe:
    return Recipe(
        name=name,
        title=title,
        origin=_ORIGIN,
        summary=summary,
        sources=sources,
        encoder=EncoderSpec("head_linear"),
        spaces="backbone",
        scope="hemisphere",
        ours=_HEAD,
    )


ENTRIES = (
    Recipe(
        name="algonauts_baseline",
        title="Algonauts baseline",
        origin="Algonauts 2023",
        summary="Eight AlexNet layers side by side, standard scaling, PCA 100, least squares.",
        sources=(_ALEXNET,),
        encoder=EncoderSpec("ols"),
        reduction=Reduction.parse("pca:100", scaling="standard"),
        scope="hemisphere",
        ours="Layer maps are averaged onto a 5 x 5 grid before they are joined.",
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
        encoder=EncoderSpec("head_positional"),
        scope="hemisphere",
        ours=_HEAD,
    ),
    _joined(
        "alexnet_clip",
        "AlexNet + CLIP",
        "AlexNet's layers and CLIP's embedding side by side, one linear layer.",
        _ALEXNET,
        _CLIP,
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
        encoder=EncoderSpec("best_space").with_settings(by="roi_class"),
        spaces="backbone",
        ours="Ridge instead of a trained layer; chosen by cross-validation on the fit images.",
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
        encoder=EncoderSpec("head_linear"),
        scope="hemisphere",
        cross_subject=True,
        ours=_HEAD + " Subjects are joined at equal fsaverage vertices.",
    ),
)
