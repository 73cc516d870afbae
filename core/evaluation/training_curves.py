"""The curves of a head, or a network, that was trained by gradient, as its fit has noted them.

Chimisso et al. 2023 judged by them how much their heads overfit.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from cortiscope.core.brain.rois import ROI_CLASSES
from cortiscope.core.encoding.neural.optimisation import training_images
from cortiscope.core.encoding.neural.training import CURVES, KEPT_EPOCH
from cortiscope.core.errors import InvalidInput
from cortiscope.core.evaluation.metrics import WHOLE, FittedModel, Group, Metric, Scored

_SIDES = {"left": "lh", "right": "rh"}


def _lacks(model: FittedModel) -> str:
    if _has_head(model) or model.facts.finetuning:
        return ""
    return f"{model.title} was not trained epoch by epoch, as heads and finetuned networks are"


def _has_head(model: FittedModel) -> bool:
    return any(KEPT_EPOCH in named for named in model.notes.values())


def _training(models: Sequence[Scored], groups: Sequence[Group]) -> list[Any]:
    """Return the curves of the training that a ROI's vertices took part in, if not of all."""
    (one,) = models
    if one.model is None:
        raise InvalidInput("Training curves are of fitted models; got arrays.")
    classes = {roi: c.name for c in ROI_CLASSES for roi in c.rois}
    found = []
    for roi, hemisphere in groups:
        side = _SIDES.get(hemisphere, "")
        parts = (f"{side}.{roi}", side, classes.get(roi, side))
        is_whole = (roi, hemisphere) == WHOLE
        if _has_head(one.model):
            found.append(_curves(one.model, ("",) if is_whole else parts))
        else:
            found.append(_of_network(one.model) if is_whole else None)
    return found


def _of_network(model: FittedModel) -> dict[str, Any]:
    """Return the curves of a finetuning; its first epoch, 0, is the network as it came."""
    own, *_ = model.facts.finetuning
    return {
        "epoch": list(range(len(own.curves[CURVES[0]]))),
        **{name.removeprefix("curve_"): list(own.curves[name]) for name in CURVES},
        "kept_epoch": own.kept_epoch,
    }


def _curves(model: FittedModel, parts: Sequence[str]) -> dict[str, Any] | None:
    """Return the curves of the first of some parts that was trained; None where none was."""
    named = next((own for part in parts if KEPT_EPOCH in (own := model.notes.get(part, {}))), None)
    if named is None:
        return None
    read = {name: np.asarray(model.array(named[name])) for name in (*CURVES, KEPT_EPOCH)}
    return {
        "epoch": list(range(1, len(read[CURVES[0]]) + 1)),
        **{
            name.removeprefix("curve_"): [float(v) if np.isfinite(v) else None for v in read[name]]
            for name in CURVES
        },
        "kept_epoch": int(read[KEPT_EPOCH][0]),
    }


def _images(one: Scored) -> tuple[int | None, str]:
    """Count the images to fit that stopped the training, where those of one subject were fitted."""
    which = "inner validation"
    if one.subject is None or one.model is None or one.model.spec.with_subjects:
        return None, which
    fit = np.asarray(one.model.array("fit_rows"))
    labels = one.subject.train.images.groups()[fit]
    settings = one.model.spec.encoder.settings
    if not _has_head(one.model) and one.model.facts.finetuning:
        settings = one.model.facts.finetuning[0].settings
    return len(training_images(len(fit), settings, labels)[1]), which


TRAINING = Metric(
    name="training",
    title="training curves",
    definition="after each epoch of a head, or of a finetuned network, mean loss and median r over "
    "the vertices trained together, on inner validation images (a share of the images to fit) and "
    "on images trained on; the weights of the epoch of the smallest validation loss were kept, "
    "epoch 0 being a network as it came. A validation loss that "
    "rises while the other falls is overfitting. No image of the report takes part",
    per_group=_training,
    question="How did its training go?",
    shape="curve",
    needs=("model",),
    lacks=_lacks,
    images=_images,
    source="Prechelt 1998, Neural Netw. 11:761 (early stopping)",
)
