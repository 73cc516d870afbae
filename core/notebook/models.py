"""Fit, open, list and draw encoding models, and predict by them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from cortiscope.core.backbones import parse_weights
from cortiscope.core.datasets import Subject
from cortiscope.core.encoding import Reduction, RegressorSpec
from cortiscope.core.encoding.settings import with_plain_settings
from cortiscope.core.errors import CoreError, InvalidInput, shortened, unknown_name
from cortiscope.core.evaluation import (
    Scored,
    further_scores,
)
from cortiscope.core.features import FeatureStore, Pooling
from cortiscope.core.notebook.subjects import given_subject, remember, subject_of
from cortiscope.core.pipeline import voting
from cortiscope.core.pipeline.finetuning import fit_finetuned
from cortiscope.core.progress import Progress, part, silent
from cortiscope.core.runs import EncodingSpec, Run, RunStore
from cortiscope.core.runs.spec import usual_features
from cortiscope.core.stimuli import StimulusImages, decode_image
from cortiscope.core.storage import Home

if TYPE_CHECKING:
    import pandas as pd

    from cortiscope.core.figures.cortex import CortexFigure
    from cortiscope.core.pipeline.picture import PictureReport


# Fields of ``EncodingSpec`` that ``fit`` takes by another name, or that no one chooses.
_NO_CHOICE = ("subject", "data", "features", "reduction", "encoder", "with_subjects", "recipe")


def fit(
    subject: Subject | str,
    backbone: str,
    layers: str | Sequence[str],
    *,
    regressor: str | RegressorSpec = "ridge",
    settings: Mapping[str, Any] | None = None,
    weights: str | None = None,
    pooling: str | None = None,
    reduction: str | None = None,
    others: Iterable[Subject | str] = (),
    finetune: str | None = None,
    progress: Progress = silent,
    **choices: Any,
) -> Run:
    """Fit an encoding model as ``cortiscope fit`` does, or open it if it was fitted before.

    Parameters
    ----------
    subject : as ``open_subject`` returns it, or its name or folder.
    backbone, layers : names as ``cortiscope list backbones`` and ``list layers`` give them; of
        layers one, several, or globs such as ``block*``.
    regressor : a name that ``cortiscope list regressors`` gives, or a specification.
    settings : of the regressor, as ``{"alphas": (1, 10)}``.
    weights : ``pretrained``, ``untrained`` or a file; the backbone's own without.
    pooling : ``none``, ``mean`` or ``grid:N``; ``grid:5`` without, or ``grid:16`` for a regressor
        that looks at places.
    reduction : ``none``, ``pca:K``, ``ipca:K``, ``rp:K``, ``ae:K``, ``umap:K`` or ``places``;
        ``pca:200`` without, or ``places`` for such a regressor.
    others : subjects that are fitted along (cross-subject).
    finetune : ``adapters``, ``blocks:N`` or ``all``, with settings as in ``adapters,rank=8``: the
        network's weights move first, to predict the images to fit better.
    progress : called with the share done and a phrase, as ``print`` may be.
    choices : further fields of ``EncodingSpec``: ``spaces``, ``scope``, ``seed``, ``denoise``, ...

    Returns
    -------
    run : with ``report`` (scores on images that took no part in fitting or choosing).
    """
    subject = given_subject(subject)
    remember(subject)
    known = [f.name for f in fields(EncodingSpec) if f.name not in _NO_CHOICE]
    for name in choices:
        if name not in (known := [*known, "dtype", "framing"]):
            hint = "The regressor is named by regressor=." if name == "encoder" else ""
            raise unknown_name("choice of fit", name, known, hint)
    layers = [layers] if isinstance(layers, str) else layers
    if not isinstance(layers, Sequence) or not all(isinstance(name, str) for name in layers):
        raise InvalidInput(
            f"Layers are named by a text or a list of texts; got {shortened(repr(layers), 60)}.",
            "'cortiscope list layers NAME' shows a backbone's.",
        )
    people = {other.id: other.identified(progress) for other in map(given_subject, others)}
    spec = RegressorSpec(regressor) if isinstance(regressor, str) else regressor
    usual = usual_features(spec.name)
    (asked,) = EncodingSpec.of_layers(
        subject.identified(part(progress, 0.0, 0.1)),
        backbone,
        layers,
        weights=parse_weights(backbone, weights),
        pooling=usual[0] if pooling is None else Pooling.parse(pooling),
        along=people.values(),
        reduction=usual[1] if reduction is None else Reduction.parse(reduction),
        encoder=with_plain_settings(spec, settings or {}),
        **choices,
    )
    home = Home.from_environment()
    (fitted,) = fit_finetuned(
        subject,
        [asked],
        finetune,
        features=FeatureStore(home.features),
        runs=RunStore(home.runs),
        others=people,
        progress=part(progress, 0.1, 1.0),
    )
    return _knowing_responses(fitted, subject)


def vote(
    models: Iterable[Run | str], subject: Subject | None = None, *, sharpness: float = 20.0
) -> Run:
    """Let fitted models of a subject vote: a model of their weighted predictions.

    Parameters
    ----------
    models : two or more, as ``fit`` returns them or by name, fitted and validated on the same
        images.
    sharpness : a vertex weights each by a softmax of this times its r on the validation images.
    """
    members = [given_model(model) for model in models]
    known = subject_of(members[0], subject) if members else subject
    if known is None:
        raise InvalidInput("A vote is of two models or more; got none.", "cs.runs() lists them.")
    made = voting.vote(
        members,
        known.identified(silent),
        RunStore(Home.from_environment().runs),
        sharpness=sharpness,
    )
    return _knowing_responses(made, known)


def _knowing_responses(run: Run, subject: Subject | None = None) -> Run:
    """Return a run whose report can compute further metrics, once its table is asked for."""

    def further() -> dict[str, list[float | None]]:
        try:
            known = subject_of(run, subject)
        except CoreError:  # its data are not at hand: what was stored is all there is
            return {}
        return further_scores(Scored.of_model(run, known))

    return run.with_scores(run.validation, replace(run.report, further=further))


def load_run(run: str | os.PathLike[str]) -> Run:
    """Open a fitted model by its name in the folder of runs, or by its own folder."""
    if not isinstance(run, str | os.PathLike):
        raise InvalidInput(
            f"A fitted model is opened by its name or its folder; got {shortened(repr(run), 60)}.",
            "cs.runs() lists them.",
        )
    folder = Path(run).expanduser()
    if len(folder.parts) > 1:
        return _knowing_responses(RunStore(folder.parent.absolute()).open(folder.name))
    return _knowing_responses(RunStore(Home.from_environment().runs).open(os.fspath(run)))


def given_model(model: Run | str | os.PathLike[str]) -> Run:
    """Return a fitted model that was given as it is, by name or by folder."""
    if isinstance(model, Run):
        return model
    if isinstance(model, str | os.PathLike):
        return load_run(model)
    raise InvalidInput(
        f"A fitted model is needed; got {shortened(repr(model), 60)}.",
        "Give what cs.fit or cs.load_run returns, or the name of a run.",
    )


def runs(subject: Subject | str | None = None) -> pd.DataFrame:
    """List fitted models, of a subject or of all: one row each, by name for ``load_run``."""
    import pandas as pd

    wanted = subject.id if isinstance(subject, Subject) else subject
    found = RunStore(Home.from_environment().runs).survey()[0]
    rows = [
        {
            "run": run.id,
            "subject": run.subject,
            "simulated": run.simulated,
            "title": run.title,
            "mean_r": run.report.overall.mean_r,
            "median_r": run.report.overall.median_r,
            "split": run.report.split,
            "n_images": run.report.n_images,
            "created": run.facts.created,
        }
        for run in found
        if wanted in (None, run.subject)
    ]
    table = pd.DataFrame(rows, columns=list(rows[0]) if rows else ["run"]).set_index("run")
    return table.sort_values("created") if rows else table


def predict(
    model: Run | str,
    images: str | os.PathLike[str] | StimulusImages | Image.Image | Sequence[Any],
    *,
    progress: Progress = silent,
) -> np.ndarray:
    """Predict responses (n_images, n_vertices), float32, in the responses' own units.

    Parameters
    ----------
    images : a folder (natural order of file names), a file, several files, a subject's
        ``test.images``, or decoded PIL pictures.
    """
    from cortiscope.core.pipeline.predict import BackboneCache, picture_design, predict_images

    model = given_model(model)
    if isinstance(images, StimulusImages):
        stimuli = images
    else:
        single = isinstance(images, str | os.PathLike | Image.Image)
        given = [images] if single else _several(images)
        if not given:
            raise InvalidInput("There is no image to predict for.")
        pictures = [p.convert("RGB") for p in given if isinstance(p, Image.Image)]
        if len(pictures) == len(given):
            loaded = BackboneCache()
            designs = [picture_design(model, picture, loaded)[0] for picture in pictures]
            return model.fitted.predict(np.stack(designs))
        stimuli = _stimuli(given)
    by_part = predict_images(model, stimuli, progress=progress)
    return np.concatenate(list(by_part.values()), axis=1)


def _several(images: Any) -> list[Any]:
    """Return files or decoded pictures; arrays say neither their colours nor their range."""
    given = list(images) if isinstance(images, Iterable) else [images]
    wrong = [one for one in given if not isinstance(one, str | os.PathLike | Image.Image)]
    if wrong:
        raise InvalidInput(
            f"Images are files or PIL pictures; got {type(wrong[0]).__name__}.",
            "Name files or a folder, or make pictures of arrays by PIL.Image.fromarray.",
        )
    return given


def _stimuli(named: Sequence[Any]) -> StimulusImages:
    paths = [Path(name).expanduser() for name in named]
    if len(paths) == 1 and paths[0].is_dir():
        return StimulusImages.from_folder(paths[0])
    for path in paths:
        if not path.is_file():
            raise InvalidInput(f"The image {path} does not exist.")
    return StimulusImages.from_paths(paths)


def inspect_image(
    model: Run | str,
    image: str | os.PathLike[str] | Image.Image,
    subject: Subject | str | None = None,
) -> PictureReport:
    """Predict responses to one picture, with what the page Your image sets beside them.

    Each ROI's percentile among the predictions for images that were not fitted, the nearest
    stimuli, and how far the picture lies outside what the model was fitted on.

    Parameters
    ----------
    image : a file or a decoded PIL picture; a file of the subject's is set beside the others.
    subject : that the model was fitted to; found by its name without.
    """
    from cortiscope.core.pipeline.picture import report_of_picture, stimulus_at

    model = given_model(model)
    opened, stimulus = subject_of(model, subject), None
    if not isinstance(image, Image.Image):
        path = Path(image).expanduser()
        stimulus = stimulus_at(opened, path)
        image = decode_image(path, name=path.name).image
    return report_of_picture(model, opened, image, stimulus=stimulus)


def plot(
    values: np.ndarray | Mapping[str, np.ndarray], subject: Subject | str, **choices: Any
) -> CortexFigure:
    """Draw maps on the cortex as a matplotlib figure, with ROIs, scale and, if simulated, a stamp.

    Parameters
    ----------
    values : (n_vertices,) in the subject's order, as ``report.r``; or title -> such a map.
    choices : of ``core.figures.cortex.cortex_figure``: ``views``, ``surface``, ``scale``,
        ``outlines``, ``theme``, ``size``, ...
    """
    from cortiscope.core.figures.cortex import cortex_figure

    return cortex_figure(values, given_subject(subject), **choices)
