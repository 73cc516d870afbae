"""From runs to menus (backbone with its weights, layer, regressor, what else differs), and back.

A run is named in the address by its id, which is its whole identity.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from cortiscope.core.backbones import REGISTERED, backbone_names, card_or_name
from cortiscope.core.pipeline.methods import recipe_title
from cortiscope.core.runs import Run, RunSource
from cortiscope.core.runs.facets import differing, distinct_words, facets, unusual

# Where a session starts: a network that has learned, at a middle depth, is right about most ROIs.
_FIRST = ("small_cnn~pretrained", "block4", "ridge")


@dataclass(frozen=True)
class ModelKey:
    """What encoding models are grouped by in menus; several may share it.

    Addresses written before runs were named by their ids hold its text.

    Parameters
    ----------
    backbone : name and weights, as in ``small_cnn~untrained0``; of several, joined by +.
    """

    backbone: str
    layer: str
    regressor: str

    @classmethod
    def of(cls, run: Run) -> ModelKey:
        """Name a run."""
        return cls(backbone_key(run), run.layer, run.method)

    @classmethod
    def parse(cls, text: str) -> ModelKey | None:
        """Read ``backbone~weights~layer~regressor``."""
        parts = text.rsplit("~", 2)
        return cls(*parts) if len(parts) == 3 and "~" in parts[0] else None

    def __str__(self) -> str:
        return f"{self.backbone}~{self.layer}~{self.regressor}"

    @property
    def title(self) -> str:
        """In words, whether or not there is such a model."""
        return f"{key_title(self.backbone)} · {self.layer} · {self.regressor}"


def backbone_key(run: Run) -> str:
    """Name a run's backbones and weights."""
    return "+".join(_source_key(source) for source in run.sources)


def _source_key(source: RunSource) -> str:
    weights = source.weights
    detail = {"untrained": str(weights["seed"]), "file": str(weights["sha256"])[:8]}
    if card_or_name(source.backbone).family == REGISTERED:
        # One's own network may be registered anew after it was trained on.
        detail["pretrained"] = str(weights["sha256"])[:8]
    finetuned = str(weights.get("finetuned", ""))[:8]
    kind = f"{weights['kind']}{detail.get(weights['kind'], '')}"
    return f"{source.backbone}~{kind}" + (f".{finetuned}" if finetuned else "")


def key_title(backbone: str) -> str:
    """Words for a ``ModelKey.backbone`` that no run may have."""
    titles = []
    for source in backbone.split("+"):
        name, _, weights = source.partition("~")
        weights, _, finetuned = weights.partition(".")
        card = card_or_name(name)
        trained = "trained" if card.family == "built in" else "pretrained"
        kinds = {"": "", "fixed": "", "pretrained": trained}
        seed = weights.removeprefix("untrained")
        words = kinds.get(weights, f"untrained, seed {seed}" if seed.isdigit() else weights)
        words = ", ".join(filter(None, (words, finetuned and f"finetuned {finetuned}")))
        titles.append(f"{card.title} · {words}" if words else card.title)
    return " + ".join(titles)


def backbone_title(run: Run) -> str:
    """Words for a run's backbones and weights, short enough for a menu."""
    return " + ".join(_source_title(source) for source in run.sources)


def _source_title(source: RunSource) -> str:
    weights = source.weights
    card = card_or_name(source.backbone)
    trained = "trained" if card.family == "built in" else "pretrained"
    if card.family == REGISTERED:
        trained = f"weights {str(weights['sha256'])[:8]}"
    kind = {"pretrained": trained, "fixed": ""}.get(weights["kind"], str(weights["label"]))
    finetuned = str(weights.get("finetuned", ""))[:8]
    if finetuned and weights["kind"] in ("pretrained", "fixed"):  # other labels say so
        kind = ", ".join(filter(None, (kind, f"finetuned {finetuned}")))
    return f"{card.title}{' · ' + kind if kind else ''}"


# At each update of a page, twice; a run of which anything changes is another object.
@lru_cache(maxsize=64)
def model_title(run: Run) -> str:
    """Words for an encoding model, as in subtitles of brains, chart keys and exports.

    A name of its own comes first. Whatever is not as usual in its reduction and split is named, and
    so are the recipe and that something stands in for it.
    """
    settings = (run.layer, run.method, *unusual(run), recipe_title(run))
    words = (run.about.name, backbone_title(run), *settings)
    return " · ".join(w for w in words if w)


@dataclass(frozen=True)
class ModelMenu:
    """The encoding models of one subject, all of them, ordered for menus."""

    runs: tuple[Run, ...]

    @classmethod
    def of(cls, runs: Sequence[Run]) -> ModelMenu:
        """Order runs by backbone and depth of layer; of the same runs the same menu."""
        return _ordered(tuple(runs))

    @cached_property
    def _by_id(self) -> dict[str, Run]:
        return {run.id: run for run in self.runs}

    @cached_property
    def _alike(self) -> dict[ModelKey, list[Run]]:
        """Group what shares backbone, layer and regressor; best on the validation images first.

        Those whose data are uncertain come after all others.
        """
        groups: dict[ModelKey, list[Run]] = {}
        for run in self.runs:
            groups.setdefault(ModelKey.of(run), []).append(run)
        for group in groups.values():
            group.sort(key=lambda r: (r.identity is not None, order_of_choice(r)), reverse=True)
        return groups

    def get(self, run_id: str) -> Run | None:
        """Return the run of a name, or None where it is not among these."""
        return self._by_id.get(run_id)

    def backbones(self) -> list[str]:
        """Backbone keys in menu order."""
        return list(dict.fromkeys(k.backbone for k in self._alike))

    def layers(self, backbone: str) -> list[str]:
        """Layers of one backbone, early to late."""
        return list(dict.fromkeys(k.layer for k in self._alike if k.backbone == backbone))

    def regressors(self, backbone: str, layer: str) -> list[str]:
        """List the regressors fitted on one layer."""
        return [k.regressor for k in self._alike if (k.backbone, k.layer) == (backbone, layer)]

    def alike(self, key: ModelKey) -> list[Run]:
        """Return the runs that share backbone, layer and regressor."""
        return self._alike.get(key, [])

    def title_of(self, backbone: str) -> str:
        """Words for a backbone key."""
        return next(
            backbone_title(runs[0]) for k, runs in self._alike.items() if k.backbone == backbone
        )

    @cached_property
    def titles(self) -> dict[str, str]:
        """Run id -> words that no other run here has."""
        named: dict[str, list[Run]] = {}
        for run in self.runs:
            named.setdefault(model_title(run), []).append(run)
        titles = {}
        for title, runs in named.items():
            apart = distinct_words(runs) if len(runs) > 1 else ("",)
            for run, words in zip(runs, apart, strict=True):
                titles[run.id] = f"{title} ({words})" if words else title
        return titles

    def default(self) -> Run:
        """Where to start."""
        return self.nearest(ModelKey(*_FIRST))

    def nearest(self, wanted: ModelKey, like: Run | None = None) -> Run:
        """Keep what exists of a wish: its backbone, then its layer, then its regressor.

        Parameters
        ----------
        like : of several alike, the one that shares most with this run is taken; without it, the
            best on the validation images.
        """
        backbones = self.backbones()
        backbone = wanted.backbone if wanted.backbone in backbones else backbones[0]
        layers = self.layers(backbone)
        layer = wanted.layer if wanted.layer in layers else self._best_layer(backbone)
        known = self.regressors(backbone, layer)
        regressor = wanted.regressor if wanted.regressor in known else known[0]
        alike = self.alike(ModelKey(backbone, layer, regressor))
        if like is None:
            return alike[0]
        return min(alike, key=lambda run: len(differing([run, like])))

    def _best_layer(self, backbone: str) -> str:
        """Where to start in a backbone: its best layer on the validation images."""
        own = [run for run in self.runs if backbone_key(run) == backbone]
        return max(own, key=order_of_choice).layer

    def layers_like(self, run: Run) -> list[Run]:
        """Return the runs that differ from one in nothing but the layer, early to late."""
        found = {r.layer: r for r in self._curves.get(_besides_layer(run), ())}
        return list((found | {run.layer: run}).values())

    def following(self, run: Run, before: Run, after: Run) -> Run:
        """Return a run, or its like where the same network went from its layer to another one.

        So an untrained network stays beside the trained one while people step through layers.
        """
        one, other = ([source.backbone for source in own.sources] for own in (run, before))
        beside = one == other and run.layer == before.layer
        if not beside or after.id not in {own.id for own in self.layers_like(before)}:
            return run
        return next((own for own in self.layers_like(run) if own.layer == after.layer), run)

    def seeds_of(self, run: Run) -> list[Run]:
        """Return the runs of an untrained network that differ in its seed alone; else none."""
        if any(source.weights["kind"] != "untrained" for source in run.sources):
            return []
        place = [source.backbone for source in run.sources], run.layer, run.method
        alike = [
            own
            for own in self.runs
            if ([source.backbone for source in own.sources], own.layer, own.method) == place
            and all(source.weights["kind"] == "untrained" for source in own.sources)
        ]
        return [own for own in alike if set(differing([own, run])) <= {"weights"}]

    @cached_property
    def _curves(self) -> dict[object, list[Run]]:
        """Group what differs in nothing but the layer."""
        groups: dict[object, list[Run]] = {}
        for runs in self._alike.values():
            for run in runs:
                groups.setdefault(_besides_layer(run), []).append(run)
        return groups

    def besides(self, run: Run) -> str:
        """Say how the same backbone was also fitted, which no curve over layers may join.

        Empty where ``layers_like`` leaves nothing out.
        """
        joined = [r.id for r in self.layers_like(run)]
        others = [r for r in self._family(run) if r.id not in joined]
        named = []
        for name, own in differing([run, *others]).items():
            if name != "layer":
                found = dict.fromkeys(w or f"usual {name}" for w in own[1:] if w != own[0])
                few = list(found)[:_NAMED]
                words = ", ".join(
                    [*few, f"{len(found) - _NAMED} more"] if found.keys() - few else few
                )
                named.append(words if words.startswith(name) else f"{name} {words}")
        return "; ".join(named)

    def _family(self, run: Run) -> list[Run]:
        """Return the runs of the same backbone and regressor."""
        own = ModelKey.of(run)
        return [
            r
            for key, runs in self._alike.items()
            if (key.backbone, key.regressor) == (own.backbone, own.regressor)
            for r in runs
        ]


@lru_cache(maxsize=8)
def _ordered(runs: tuple[Run, ...]) -> ModelMenu:
    return ModelMenu(tuple(sorted(runs, key=_place)))


def _besides_layer(run: Run) -> object:
    """Return what runs share that a curve over layers may join."""
    said = frozenset(i for i in facets(run).items() if i[1] and i[0] != "layer")
    return backbone_key(run), run.method, said


# Of an aspect in which models that a curve leaves out differ.
_NAMED = 4


def validation_score(run: Run) -> float | None:
    """Return mean r over everything on the validation images."""
    whole = run.outline.validation.whole
    return None if whole is None else whole.mean_r


def order_of_choice(run: Run) -> float:
    """Return what runs are ordered by where one is chosen: never by the report's images.

    The mean r with 0 where there is none: a sparse regressor that predicts three vertices well, and
    the others by a constant, would else be ahead of one that predicts them all.
    """
    whole = run.outline.validation.whole
    if whole is None or whole.mean_r is None:
        return -1.0
    return whole.mean_r * (1 - whole.n_undefined / whole.n)


def _place(run: Run) -> tuple[int, int, int, int, int, str]:
    first = run.sources[0]
    names = backbone_names()
    offered = card_or_name(first.backbone).layers_offered
    kinds = ("pretrained", "fixed", "file", "untrained")
    depth = offered.index(run.layer) if run.layer in offered else len(offered)
    # Networks by a library's own name are in no menu.
    known = names.index(first.backbone) if first.backbone in names else len(names)
    order = {"small_cnn": 0, "gabor": 1}.get(first.backbone, 2 + known)
    kind, seed = kinds.index(first.weights["kind"]), int(first.weights["seed"])
    return len(run.sources), kind, order, seed, depth, run.method
