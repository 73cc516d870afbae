"""From runs to menus: backbone (with its weights), layer, encoder; and back to one run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.backbones import backbone_names, get_card
from core.runs import Run, RunSource

# Where a session starts: a network that has learned, at a middle depth, is right about most ROIs.
_FIRST = ("small_cnn~pretrained", "block4", "ridge")


@dataclass(frozen=True)
class EncoderKey:
    """What names an encoding model of a subject in menus and in the address.

    Parameters
    ----------
    backbone : name and weights, as in ``small_cnn~untrained0``; of several, joined by +.
    """

    backbone: str
    layer: str
    encoder: str

    @classmethod
    def of(cls, run: Run) -> EncoderKey:
        """Name a run."""
        return cls(backbone_key(run), run.layer, run.method)

    @classmethod
    def parse(cls, text: str) -> EncoderKey | None:
        """Read ``backbone~weights~layer~encoder``."""
        parts = text.rsplit("~", 2)
        return cls(*parts) if len(parts) == 3 and "~" in parts[0] else None

    def __str__(self) -> str:
        return f"{self.backbone}~{self.layer}~{self.encoder}"


def backbone_key(run: Run) -> str:
    """Name a run's backbones and weights."""
    return "+".join(_source_key(source) for source in run.sources)


def _source_key(source: RunSource) -> str:
    weights = source.weights
    detail = {"untrained": str(weights["seed"]), "file": str(weights["sha256"])[:8]}
    return f"{source.backbone}~{weights['kind']}{detail.get(weights['kind'], '')}"


def backbone_title(run: Run) -> str:
    """Words for a run's backbones and weights, short enough for a menu."""
    return " + ".join(_source_title(source) for source in run.sources)


def _source_title(source: RunSource) -> str:
    weights = source.weights
    card = get_card(source.backbone)
    trained = "trained" if card.family == "built in" else "pretrained"
    kind = {"pretrained": trained, "fixed": ""}.get(weights["kind"], str(weights["label"]))
    return f"{card.title}{' · ' + kind if kind else ''}"


def encoder_title(run: Run) -> str:
    """Words for an encoding model, as in subtitles of brains and in chart keys."""
    return " · ".join((backbone_title(run), run.layer, run.method))


@dataclass(frozen=True)
class EncoderMenu:
    """The encoding models of one subject, ordered for menus; of two alike the newest counts."""

    runs: dict[EncoderKey, Run]

    @classmethod
    def of(cls, runs: Sequence[Run]) -> EncoderMenu:
        """Order runs by backbone and depth of layer."""
        newest = {EncoderKey.of(r): r for r in runs}
        return cls(dict(sorted(newest.items(), key=lambda item: _place(item[1]))))

    def backbones(self) -> list[str]:
        """Backbone keys in menu order."""
        return list(dict.fromkeys(k.backbone for k in self.runs))

    def layers(self, backbone: str) -> list[str]:
        """Layers of one backbone, early to late."""
        return list(dict.fromkeys(k.layer for k in self.runs if k.backbone == backbone))

    def encoders(self, backbone: str, layer: str) -> list[str]:
        """List the encoders fitted on one layer."""
        return [k.encoder for k in self.runs if (k.backbone, k.layer) == (backbone, layer)]

    def title_of(self, backbone: str) -> str:
        """Words for a backbone key."""
        return next(backbone_title(r) for k, r in self.runs.items() if k.backbone == backbone)

    def default(self) -> EncoderKey:
        """Where to start."""
        return self.nearest(EncoderKey(*_FIRST))

    def nearest(self, wanted: EncoderKey) -> EncoderKey:
        """Keep what exists of a wish: its backbone, then its layer, then its encoder."""
        backbones = self.backbones()
        backbone = wanted.backbone if wanted.backbone in backbones else backbones[0]
        layers = self.layers(backbone)
        layer = wanted.layer if wanted.layer in layers else self._best_layer(backbone, layers)
        encoders = self.encoders(backbone, layer)
        return EncoderKey(
            backbone, layer, wanted.encoder if wanted.encoder in encoders else encoders[0]
        )

    def _best_layer(self, backbone: str, layers: list[str]) -> str:
        """Where to start in a backbone: its best layer on the validation images."""
        scores = {
            k.layer: run.validation.overall.median_r or -1.0
            for k, run in self.runs.items()
            if k.backbone == backbone
        }
        return max(layers, key=lambda layer: scores[layer])

    def layer_curve(self, backbone: str, encoder: str) -> list[tuple[str, float]]:
        """Median r over all vertices on the validation images, layer by layer."""
        curve = []
        for layer in self.layers(backbone):
            found = self.runs.get(EncoderKey(backbone, layer, encoder))
            if found is not None and found.validation.overall.median_r is not None:
                curve.append((layer, found.validation.overall.median_r))
        return curve


def _place(run: Run) -> tuple[int, int, int, int, int, str]:
    first = run.sources[0]
    names = backbone_names()
    offered = get_card(first.backbone).layers_offered
    kinds = ("pretrained", "fixed", "file", "untrained")
    depth = offered.index(run.layer) if run.layer in offered else len(offered)
    # Networks by a library's own name are in no menu.
    known = names.index(first.backbone) if first.backbone in names else len(names)
    order = {"small_cnn": 0, "gabor": 1}.get(first.backbone, 2 + known)
    kind, seed = kinds.index(first.weights["kind"]), int(first.weights["seed"])
    return len(run.sources), kind, order, seed, depth, run.method
