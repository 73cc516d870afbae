"""What configurations need of their features, made in as few passes as there can be.

Features are stored, or reduced while images pass where they would be too large to store.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from cortiscope.core.datasets import Subject
from cortiscope.core.features import FeatureSpec, FeatureStore
from cortiscope.core.pipeline.designs import extract_together
from cortiscope.core.pipeline.streaming import ImageSets, ReducedSpace, ReducedStore, source_of
from cortiscope.core.pipeline.training import choose_rows, image_sets, may_stream
from cortiscope.core.progress import Progress, part
from cortiscope.core.runs import EncodingSpec

People = Mapping[EncodingSpec, Sequence[Subject]]


@dataclass
class _Group:
    """Spaces that can be reduced in the same passes."""

    sets: ImageSets
    spaces: dict[ReducedSpace, None] = field(default_factory=dict)
    always: bool = False


def make_features(
    specs: Sequence[EncodingSpec], people: People, store: FeatureStore, progress: Progress
) -> None:
    """Fill the caches of features and of reduced features for all configurations.

    Parameters
    ----------
    people : per configuration the subjects that are fitted, the target first.
    """
    reduced = ReducedStore(store)
    groups = [g for g in _groups(specs, people) if _is_streamed(g, store, reduced)]
    features = _stored_features(specs, people, groups)
    n = len(groups) + len(features)
    for k, group in enumerate(groups):
        missing = [s for s in group.spaces if not reduced.has(s, group.sets)]
        if missing:
            reduced.compute(missing, group.sets, part(progress, k / n, (k + 1) / n))
    for k, (subjects, wanted) in enumerate(features, len(groups)):
        target, *others = subjects
        sets = [target.train.images, target.test.images, *(o.train.images for o in others)]
        extract_together(store, wanted, sets, part(progress, k / n, (k + 1) / n))


def _groups(specs: Sequence[EncodingSpec], people: People) -> list[_Group]:
    groups: dict[object, _Group] = {}
    for spec in specs:
        for space in [s for s in spec.feature_spaces() if may_stream(spec, s)]:
            ids, rows = tuple(s.id for s in people[spec]), choose_rows(people[spec], spec).fit
            key = (ids, tuple(own.tobytes() for own in rows), source_of(space))
            if key not in groups:
                groups[key] = _Group(image_sets(people[spec], rows))
            groups[key].spaces[ReducedSpace(space, spec.reduction)] = None
            groups[key].always |= spec.on_the_way == "always"
    return list(groups.values())


def _is_streamed(group: _Group, store: FeatureStore, reduced: ReducedStore) -> bool:
    """Whether features would take more than the store's limit, not counting what is stored."""
    if group.always or all(reduced.has(s, group.sets) for s in group.spaces):
        return True
    features = {f for space in group.spaces for f in space.features}
    missing = [
        (f, images) for f in features for images in group.sets.designs if not store.has(f, images)
    ]
    if not missing:
        return False
    from cortiscope.core.features.extract import feature_shapes

    first = missing[0][0]
    layers = list({f.layer for f, _ in missing})
    shapes = feature_shapes(store.backbone(first), layers, first.pooling)
    size = np.dtype(first.dtype).itemsize
    needed = sum(size * len(images) * int(np.prod(shapes[f.layer])) for f, images in missing)
    return needed > store.largest_pass


def _stored_features(
    specs: Sequence[EncodingSpec], people: People, groups: Sequence[_Group]
) -> list[tuple[Sequence[Subject], list[FeatureSpec]]]:
    """Return the features that are not reduced while images pass, by the subjects they are for."""
    found: dict[tuple[str, ...], tuple[Sequence[Subject], dict[FeatureSpec, None]]] = {}
    for spec in specs:
        subjects = people[spec]
        for space in spec.feature_spaces():
            reduced = ReducedSpace(space, spec.reduction)
            if may_stream(spec, space) and any(reduced in g.spaces for g in groups):
                continue
            key = tuple(s.id for s in subjects)
            found.setdefault(key, (subjects, {}))[1].update(dict.fromkeys(space))
    return [(subjects, list(features)) for subjects, features in found.values()]
