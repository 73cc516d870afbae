"""What was asked for: the frozen configuration of an encoding model, and its identity."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

from cortiscope.core.backbones import (
    PUBLISHED,
    Framing,
    WeightsSpec,
    get_card,
    list_layers,
    resolve_weights,
)
from cortiscope.core.backbones.precision import Precision
from cortiscope.core.config import fingerprint, to_plain
from cortiscope.core.datasets import Subject
from cortiscope.core.encoding import REGRESSORS, Reduction, RegressorSpec
from cortiscope.core.encoding.denoising import NONE, check_denoising
from cortiscope.core.encoding.scopes import SCOPES
from cortiscope.core.encoding.settings import with_plain_settings
from cortiscope.core.encoding.splits import RANDOM, check_split_rule, has_fraction
from cortiscope.core.errors import InvalidInput, check_option, check_whole
from cortiscope.core.features import FeatureSpec, Pooling
from cortiscope.core.features.spec import Dtype

# One pooling for all layers: 1.7 degrees a cell.
GRID = Pooling("grid", 5)

# Finer where regressors look at places.
FINE_GRID = Pooling("grid", 16)

RUN_FORMAT = 4
"""Of the files of a run; raised when older ones must not be read any more."""

SPACES = ("one", "layer", "backbone")
ON_THE_WAY = ("auto", "always", "never")


def usual_features(regressor: str) -> tuple[Pooling, Reduction]:
    """Return how features are pooled and reduced for a regressor unless others are asked for."""
    entry = REGRESSORS.get(regressor)
    if entry is not None and entry.reads_places:
        return FINE_GRID, Reduction("places", 0)
    return GRID, Reduction()


def readable(words: str) -> str:
    """Return words as they stand in a run's folder name; subjects may be called anything."""
    return re.sub(r"[^A-Za-z0-9_.+-]", "-", words)[:96]


@dataclass(frozen=True)
class SubjectData:
    """A subject and the fingerprint of its data; empty for the data as they are."""

    subject: str
    data: str = ""

    @classmethod
    def parse(cls, text: str) -> SubjectData:
        """Read a subject's name."""
        return cls(text)


@dataclass(frozen=True)
class EncodingSpec:
    """Subject, features, reduction, regressor and scope of one encoding model.

    Parameters
    ----------
    subject : the subject's id.
    data : fingerprint of the subject's data, as far as the model is fitted to them (``data_of``).
    features : one or several layers, of one or several backbones.
    reduction : of each feature space by itself.
    spaces : which features are reduced together and count as one feature space: all (``one``),
        those of one backbone with its weights (``backbone``), or each by itself (``layer``).
        The reduced spaces stand side by side in the design. Where places are kept, each layer.
    scope : which vertices share one model (``core.encoding.scopes``).
    with_subjects : others whose training images and responses are fitted along.
    seed : of the validation split.
    validation_fraction : share of the training images kept from fitting.
    split_rule : how these are drawn (``core.encoding.splits``).
    report_fraction : share of the training images that neither fit nor choose, for the report of
        a subject whose test responses are unknown; 0 reports the validation images.
    denoise : what is done to the responses before the fit (``core.encoding.denoising``).
    recipe : the recipe this came from; a name only.
    stand_ins : which weights of the recipe were missing and what replaced them, in words.
    device : ``auto``, ``cpu`` or ``cuda``; does not change what the model is.
    on_the_way : whether features are reduced while images pass and never stored (incremental PCA
        only): ``auto`` where they would be too large to store, ``always`` or ``never``. Does not
        change what the model is.
    """

    subject: str
    data: str
    features: tuple[FeatureSpec, ...]
    reduction: Reduction = Reduction()
    encoder: RegressorSpec = RegressorSpec()
    spaces: str = "one"
    scope: str = "both"
    with_subjects: tuple[SubjectData, ...] = ()
    seed: int = 0
    validation_fraction: float = 0.2
    split_rule: str = field(default=RANDOM, metadata={"omit_default": True})
    report_fraction: float = field(default=0.0, metadata={"omit_default": True})
    denoise: str = field(default=NONE, metadata={"omit_default": True})
    recipe: str = field(default="", metadata={"cosmetic": True})
    stand_ins: tuple[str, ...] = field(default=(), metadata={"cosmetic": True})
    device: str = field(default="auto", metadata={"cosmetic": True})
    on_the_way: str = field(default="auto", metadata={"cosmetic": True})

    def __post_init__(self) -> None:
        if not self.features:
            raise InvalidInput("An encoding model needs at least one layer.")
        if len(set(self.features)) < len(self.features):
            raise InvalidInput("A layer is named twice among the features.")
        check_option("spaces", self.spaces, SPACES)
        check_option("scope", self.scope, SCOPES)
        check_option("on_the_way", self.on_the_way, ON_THE_WAY)
        check_split_rule(self.split_rule)
        check_denoising(self.denoise)
        check_whole("The seed of the validation split", self.seed)
        if self.subject in [other.subject for other in self.with_subjects]:
            raise InvalidInput(f"{self.subject} cannot be fitted along with itself.")
        if self.reduction.kind == "places":
            object.__setattr__(self, "spaces", "layer")  # layers differ in their grids
        if len(self.features) == 1:
            # One layer is one space however it is called: equal fits keep one name.
            object.__setattr__(self, "spaces", "one")
        if not has_fraction(self.split_rule):
            object.__setattr__(self, "validation_fraction", 0.2)

    @classmethod
    def of(
        cls,
        subject: Subject,
        features: tuple[FeatureSpec, ...],
        *,
        along: Iterable[Subject] = (),
        **choices: Any,
    ) -> EncodingSpec:
        """Return the configuration for a subject's data as they are.

        Parameters
        ----------
        along : other subjects that are fitted with it.
        choices : the other fields.
        """
        people = tuple(along)
        names = tuple(SubjectData(other.id, "") for other in people)
        spec = cls(subject.id, "", features, with_subjects=names, **choices)
        data = tuple(SubjectData(other.id, spec.data_of(other)) for other in people)
        return replace(spec, data=spec.data_of(subject), with_subjects=data)

    @classmethod
    def of_layers(
        cls,
        subject: Subject,
        backbone: str,
        layers: Iterable[str],
        *,
        weights: WeightsSpec | None = None,
        pooling: Pooling = GRID,
        dtype: Dtype = "float32",
        framing: Framing = PUBLISHED,
        each: bool = False,
        **choices: Any,
    ) -> tuple[EncodingSpec, ...]:
        """Return the configuration of some layers of a backbone, or with ``each`` one per layer.

        Parameters
        ----------
        layers : names or globs.
        weights : resolved ones; None takes the backbone's own.
        choices : as in ``of``.

        Raises
        ------
        UnknownName : no such backbone or layer.
        """
        # torch is imported only where layers are looked up.
        from cortiscope.core.backbones.base import match_layers

        weights = weights or resolve_weights(backbone)
        known = [info.name for info in list_layers(backbone)]
        features = [
            FeatureSpec(backbone, weights, layer, pooling, dtype, framing)
            for layer in match_layers(backbone, known, layers)
        ]
        return cls.of_each(subject, features, each=each, **choices)

    @classmethod
    def of_each(
        cls, subject: Subject, features: Sequence[FeatureSpec], *, each: bool, **choices: Any
    ) -> tuple[EncodingSpec, ...]:
        """Return the configuration of all features together, or with ``each`` one of each."""
        groups = [(feature,) for feature in features] if each else [tuple(features)]
        return tuple(cls.of(subject, group, **choices) for group in groups)

    def completed(
        self, subject: Subject, along: Mapping[str, Subject], *, each: bool = False
    ) -> tuple[EncodingSpec, ...]:
        """Return what a person asked for, with all that only the machine knows.

        That is full names of layers for globs, the content of weights, and fingerprints of the
        data. A configuration that is complete comes back as it is.

        Parameters
        ----------
        along : the subjects that are fitted along, opened, by the names given here.
        each : one configuration per layer instead of one of all.

        Raises
        ------
        InvalidInput : it is for another subject, or for other data than these.
        """
        from cortiscope.core.backbones.base import match_layers

        if self.subject not in ("", subject.id):
            raise InvalidInput(f"The configuration is for {self.subject}, not for {subject.id}.")
        features: dict[FeatureSpec, None] = {}
        for f in self.features:
            known = [info.name for info in list_layers(f.backbone)]
            weights = resolve_weights(f.backbone, f.weights)
            for layer in match_layers(f.backbone, known, [f.layer]):
                features[replace(f, layer=layer, weights=weights)] = None
        regressor = with_plain_settings(  # refuses numbers that no setting means
            RegressorSpec(self.encoder.name), vars(self.encoder.settings)
        )
        own = ("subject", "data", "features", "with_subjects", "encoder")
        choices = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in own}
        found = EncodingSpec.of_each(
            subject,
            tuple(features),
            each=each,
            along=[along[other.subject] for other in self.with_subjects],
            encoder=regressor,
            **choices,
        )
        if self.data and self.data not in [spec.data for spec in found]:
            raise InvalidInput(
                f"The configuration is for {subject.id} with data {self.data}, which are now "
                f"{found[0].data}.",
                "Leave its data out to fit the data as they are.",
            )
        return found

    def data_of(self, subject: Subject) -> str:
        """Return the fingerprint of what this configuration fits of a subject's data."""
        reads = any(get_card(f.backbone).modality == "text" for f in self.features)
        return subject.identity.fit(rois=self.fits_rois, captions=reads)

    @property
    def fits_rois(self) -> bool:
        """Whether other ROIs make another model, and not only other lines of its report."""
        words = {"roi", "roi_class"}
        return self.scope in words or not words.isdisjoint(_texts(to_plain(self.encoder)))

    def at_precision(self, precision: Precision) -> EncodingSpec:
        """Return it with networks that multiply in another precision; what is computed stays."""
        features = tuple(
            f if get_card(f.backbone).weights == ("fixed",) else replace(f, precision=precision)
            for f in self.features
        )
        return replace(self, features=features)

    def feature_spaces(self) -> tuple[tuple[FeatureSpec, ...], ...]:
        """Return the features of each feature space, in the order of the design's columns."""
        if self.spaces == "one":
            return (self.features,)
        if self.spaces == "layer":
            return tuple((f,) for f in self.features)
        groups: dict[object, list[FeatureSpec]] = {}
        for f in self.features:
            groups.setdefault((f.backbone, f.weights), []).append(f)
        return tuple(tuple(group) for group in groups.values())

    @property
    def fingerprint(self) -> str:
        """The cache key: equal exactly when the fitted model must be."""
        # A backbone whose code computes something else now is another backbone.
        revisions = tuple(f.revision for f in self.features)
        # Subjects fitted together were once taken as they were, whatever their units.
        pooled = ("standardised",) if self.with_subjects else ()
        return fingerprint((self, revisions, RUN_FORMAT, *pooled))

    @property
    def run_id(self) -> str:
        """A folder name that people can read, ending in the fingerprint."""
        sources = {(f.backbone, f.weights.kind): None for f in self.features}
        layers = [f.layer for f in self.features]
        words = [self.subject, *("-".join(s) for s in list(sources)[:3])]
        words += ["+".join(layers) if len(layers) < 4 else f"{len(layers)}-layers"]
        words += [self.encoder.name, *([self.scope] if self.scope != "both" else [])]
        words += [f"with-{len(self.with_subjects)}"] if self.with_subjects else []
        return f"{readable('-'.join(words))}-{self.fingerprint[:10]}"


def _texts(value: Any) -> Iterator[str]:
    """Yield every text among JSON values."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)
