"""What distinguishes a run from others of its subject: aspect by aspect, in words."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from cortiscope.core.backbones import card_or_name
from cortiscope.core.config import to_plain
from cortiscope.core.encoding import Reduction
from cortiscope.core.encoding.denoising import NONE
from cortiscope.core.encoding.scopes import SCOPE_WORDS
from cortiscope.core.encoding.splits import has_fraction
from cortiscope.core.features import Pooling
from cortiscope.core.runs.run import Run
from cortiscope.core.runs.spec import EncodingSpec

# Of the configuration, what changes nothing, or is in the words of another aspect already.
_SAID = {
    "type", "subject", "data", "features", "reduction", "encoder", "spaces", "scope",
    "with_subjects", "seed", "validation_fraction", "split_rule", "recipe", "stand_ins", "device",
    "on_the_way", "denoise",
}  # fmt: skip

# Records from before a field existed mean its default.
_DEFAULTS = {f.name: f.default for f in dataclasses.fields(EncodingSpec)}

# What the app's own form fits, and the command line without options: goes without saying.
_USUAL = {
    "data": "",
    "pooling": "grid 5",
    "reduction": "PCA 200",
    "feature spaces": "",
    "responses": "",
    "validation images": "random 0.2, seed 0",
}


# Of each run of a menu, several times; thousands of small dictionaries.
@lru_cache(maxsize=16_384)
def facets(run: Run) -> Mapping[str, str]:
    """Return aspect -> words; of two runs of one state of the data they differ in at least one.

    Aspects that are as in nearly all runs have empty words. Fields of a configuration that have
    no words here stand under their own names, so that nothing added later goes unsaid.
    """
    spec, sources = run.spec, run.sources
    # As it is on disk: what a younger version asked for is not in the class.
    others = {
        name.replace("_", " "): "" if value == _DEFAULTS.get(name) else _plain(value)
        for name, value in run.record["spec"].items()
        if name not in _SAID
    }
    found = {
        "backbone": " + ".join(card_or_name(s.backbone).title for s in sources),
        "weights": " + ".join(_weights(s.weights) for s in sources),
        "layer": run.layer,
        "framing": _each(s.framing for s in sources if s.framing != "published"),
        "precision": _each(s.precision for s in sources if s.precision != "float32"),
        "pooling": _each(_pooling(f.pooling) for f in spec.features),
        "reduction": _reduction(spec.reduction),
        "feature spaces": "" if spec.spaces == "one" else f"by {spec.spaces}",
        "responses": "" if spec.denoise == NONE else f"denoised {spec.denoise}",
        "regressor": run.regressor,
        "settings": _plain(to_plain(spec.encoder.settings)),
        "scope": "" if spec.scope == "both" else SCOPE_WORDS[spec.scope],
        "subjects fitted along": ", ".join(o.subject for o in spec.with_subjects),
        "validation images": _validation(spec),
        "recipe": run.recipe,
        "stand-ins": "; ".join(spec.stand_ins),
        **others,
        "data": "" if run.identity is not None else "data uncertain",
    }
    return MappingProxyType(found)


def unusual(run: Run) -> tuple[str, ...]:
    """Return the words of what differs from the app's defaults and is not in a title anyway."""
    found = facets(run)
    return tuple(found[name] for name, usual in _USUAL.items() if found[name] not in ("", usual))


def differing(runs: Sequence[Run]) -> dict[str, tuple[str, ...]]:
    """Return the aspects in which runs differ -> each run's words, in order."""
    all_of = [facets(run) for run in runs]
    names = dict.fromkeys(name for one in all_of for name in one)
    words = {name: tuple(one.get(name, "") for one in all_of) for name in names}
    return {name: own for name, own in words.items() if len(set(own)) > 1}


def distinct_words(runs: Sequence[Run]) -> tuple[str, ...]:
    """Return words for each run, different for each: what differs, else when it was made."""
    columns = differing(runs).items()
    named = [[own[k] for _, own in columns if own[k]] for k in range(len(runs))]
    words = [" · ".join(own) if own or not columns else "as usual" for own in named]
    made = [f"made {run.facts.created[:16].replace('T', ' ')}, {run.id}" for run in runs]
    return tuple(
        own if own and words.count(own) == 1 else " · ".join(w for w in (own, date) if w)
        for own, date in zip(words, made, strict=True)
    )


def _weights(weights: Mapping[str, Any]) -> str:
    digest = f" {str(weights['sha256'])[:8]}" if weights["kind"] == "file" else ""
    return f"{weights['label']}{digest}"


def _reduction(reduction: Reduction) -> str:
    return reduction.label + (f", seed {reduction.seed}" if reduction.projection else "")


def _pooling(pooling: Pooling) -> str:
    return f"{pooling.kind} {pooling.size}" if pooling.kind == "grid" else pooling.kind


def _validation(spec: EncodingSpec) -> str:
    share = f" {spec.validation_fraction:g}" if has_fraction(spec.split_rule) else ""
    return f"{spec.split_rule}{share}, seed {spec.seed}"


def _each(words: Iterable[str]) -> str:
    return " + ".join(dict.fromkeys(words))


def _without_type(value: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in value.items() if k != "type"}


def _plain(value: Any) -> str:
    """Write any part of a configuration shortly; long lists by their ends."""
    if isinstance(value, Mapping):
        return ", ".join(f"{k} {_plain(v)}" for k, v in _without_type(value).items())
    if isinstance(value, list | tuple):
        if len(value) > 3:
            return f"{_plain(value[0])} .. {_plain(value[-1])} ({len(value)})"
        return " ".join(map(_plain, value))
    return f"{value:g}" if isinstance(value, float) else str(value)
