"""Cortiscope: what encoding models predict of human visual cortex.

In a notebook::

    import cortiscope as cs

    subject = cs.open_subject("sim01")
    model = cs.fit(subject, "small_cnn", "block4", regressor="ridge")
    model.report.table()

A name is imported when it is first used: importing this package loads neither torch nor numpy.
The package holds the Streamlit app too, which drives ``cortiscope.core`` and has no science of its
own.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

_NAMES = {
    "cortiscope.core.notebook": (
        "best_images",
        "compare",
        "contrast",
        "decode",
        "demo",
        "fit",
        "inspect_image",
        "load_run",
        "methods",
        "open_subject",
        "plot",
        "predict",
        "runs",
        "score",
        "seed_map",
        "statistic",
        "vertex_values",
        "vote",
    ),
    "cortiscope.subject.notebook_view": ("view",),
    "cortiscope.core.backbones": ("register_backbone",),
    "cortiscope.core.datasets.registry": ("register_layout",),
    "cortiscope.core.encoding.regressors": ("register_regressor",),
    "cortiscope.core.evaluation": ("Metric", "register_metric"),
    "cortiscope.core.encoding.estimators": (
        "GCVRidge",
        "KFoldElasticNet",
        "KFoldMultitaskElasticNet",
        "KFoldRidge",
        "NearestNeighbours",
    ),
}
"""Public names by module. Type checkers and editors read them below."""
_PLACES = {name: module for module, names in _NAMES.items() for name in names}

if TYPE_CHECKING:
    from cortiscope.core.backbones import register_backbone as register_backbone
    from cortiscope.core.datasets.registry import register_layout as register_layout
    from cortiscope.core.encoding.estimators import GCVRidge as GCVRidge
    from cortiscope.core.encoding.estimators import KFoldElasticNet as KFoldElasticNet
    from cortiscope.core.encoding.estimators import (
        KFoldMultitaskElasticNet as KFoldMultitaskElasticNet,
    )
    from cortiscope.core.encoding.estimators import KFoldRidge as KFoldRidge
    from cortiscope.core.encoding.estimators import NearestNeighbours as NearestNeighbours
    from cortiscope.core.encoding.regressors import register_regressor as register_regressor
    from cortiscope.core.evaluation import Metric as Metric
    from cortiscope.core.evaluation import register_metric as register_metric
    from cortiscope.core.notebook import best_images as best_images
    from cortiscope.core.notebook import compare as compare
    from cortiscope.core.notebook import contrast as contrast
    from cortiscope.core.notebook import decode as decode
    from cortiscope.core.notebook import demo as demo
    from cortiscope.core.notebook import fit as fit
    from cortiscope.core.notebook import inspect_image as inspect_image
    from cortiscope.core.notebook import load_run as load_run
    from cortiscope.core.notebook import methods as methods
    from cortiscope.core.notebook import open_subject as open_subject
    from cortiscope.core.notebook import plot as plot
    from cortiscope.core.notebook import predict as predict
    from cortiscope.core.notebook import runs as runs
    from cortiscope.core.notebook import score as score
    from cortiscope.core.notebook import seed_map as seed_map
    from cortiscope.core.notebook import statistic as statistic
    from cortiscope.core.notebook import vertex_values as vertex_values
    from cortiscope.core.notebook import vote as vote
    from cortiscope.subject.notebook_view import view as view


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("cortiscope")
    if name not in _PLACES:
        raise AttributeError(f"module 'cortiscope' has no attribute {name!r}")
    value = getattr(importlib.import_module(_PLACES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_PLACES, "__version__"})
