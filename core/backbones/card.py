"""What a backbone is, as plain values: its card, its layers and its weights. No torch here."""

from __future__ import annotations

import fnmatch
import hashlib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from cortiscope.core.errors import (
    InvalidInput,
    MissingWeights,
    check_option,
    check_whole,
    shortened,
)

WeightsKind = Literal["pretrained", "untrained", "file", "fixed"]
Modality = Literal["image", "text"]
# Heads by tokens by values; queries that no patch stands for; windows.
_ONCE_MISREAD = (
    "*.q_norm",
    "*.k_norm",
    "*attn_pool.*",
    "*.window_attention.*",
    "*.grid_attention.*",
)
REGISTERED = "registered"
"""What menus call the group of one's own networks (``core.backbones.own``)."""

WEIGHTS_KINDS: tuple[WeightsKind, ...] = ("pretrained", "untrained", "file", "fixed")


@dataclass(frozen=True)
class Axes:
    """What the axes of one image's response mean, as its network says; never guessed from lengths.

    Attributes
    ----------
    kind : "features" (features,), without places; "map" (channels, height, width); "tokens"
        (tokens, width); "heads" (heads, tokens, width); or "unknown".
    n_prefix : tokens before the patches, which have no place: class, distillation, registers.
    grid : rows and columns of the patches, which follow line by line; (0, 0) without tokens.
    channels_last : the network keeps its maps as (height, width, channels); responses are given
        channels first all the same.
    reason : why they are unknown.
    """

    kind: Literal["features", "map", "tokens", "heads", "unknown"]
    n_prefix: int = 0
    grid: tuple[int, int] = (0, 0)
    channels_last: bool = False
    reason: str = ""


@dataclass(frozen=True)
class LayerInfo:
    """A named place in a backbone.

    Attributes
    ----------
    name : as in the network's own ``named_modules``.
    shape : of one image's response, by ``axes``.
    depth : place in the order of computation, 0 (first) to 1 (last).
    axes : what those of ``shape`` mean.
    """

    name: str
    shape: tuple[int, ...]
    depth: float
    axes: Axes

    @property
    def n_features(self) -> int:
        """Number of values that one image gives, before any pooling."""
        total = 1
        for length in self.shape:
            total *= length
        return total


@dataclass(frozen=True)
class WeightsSpec:
    """Which weights a network has; shown with every result and part of every cache key.

    Take resolved ones for keys (``core.backbones.resolve_weights``): those carry the content's
    hash, so that a file that was replaced is not taken for the old one.

    Attributes
    ----------
    kind : pretrained (published, or trained by the project), untrained (random), file (the
        user's checkpoint) or fixed (a model without learned weights).
    seed : of the random weights; 0 for every other kind.
    path : the user's checkpoint. Where it lies does not change a result: no part of the key.
    sha256 : of the file's content, or its published first digits; empty when not yet resolved.
    variant : which of several published sets, as in "IMAGENET1K_V2"; empty for the usual one.
    part : which of several networks in the user's checkpoint, as in "teacher"; empty where there
        is one.
    finetuned : hash of the weights that took the place of some of these in a finetuning
        (``core.backbones.finetuned``); empty where none did.
    """

    kind: WeightsKind
    seed: int = 0
    path: str | None = field(default=None, metadata={"cosmetic": True})
    sha256: str | None = None
    variant: str = ""
    part: str = field(default="", metadata={"omit_default": True})
    finetuned: str = field(default="", metadata={"omit_default": True})

    def __post_init__(self) -> None:
        check_option("kind of weights", self.kind, WEIGHTS_KINDS)
        if self.path is not None:
            object.__setattr__(self, "path", str(self.path))
        if self.kind != "untrained":
            # A seed without meaning must not make two keys out of one thing.
            object.__setattr__(self, "seed", 0)
        check_whole("The seed of untrained weights", self.seed)
        if self.kind == "file" and not (self.path and self.sha256):
            raise InvalidInput(
                "Weights of kind 'file' need the file's path and sha256.",
                "Use WeightsSpec.from_file(path).",
            )

    @classmethod
    def parse(cls, text: str) -> WeightsSpec:
        """Read a kind, a checkpoint's path (``FILE`` or ``FILE#PART``) or a published set's name.

        Which of them a backbone has is found out when they are resolved.
        """
        if text in WEIGHTS_KINDS and text != "file":
            return cls(text)
        file, _, part = text.rpartition("#")
        for path, own in ((text, ""), (file, part)):
            if path and Path(path).expanduser().is_file():
                return cls.from_file(path, own)
        return cls("pretrained", variant=text)

    @classmethod
    def from_file(cls, path: str | Path, part: str = "") -> WeightsSpec:
        """Identify a checkpoint by its content.

        Parameters
        ----------
        part : which network in it, where it holds several that differ.

        Raises
        ------
        MissingWeights
            There is no such file.
        """
        file = Path(path).expanduser()
        return cls("file", path=str(file), sha256=sha256_of(file), part=part.strip("."))

    @property
    def label(self) -> str:
        """Short text for menus and captions; the card's ``weights_label`` says more."""
        if self.finetuned:
            return f"{replace(self, finetuned='').label}, finetuned {self.finetuned[:8]}"
        if self.kind == "untrained":
            return f"untrained, seed {self.seed}"
        if self.kind == "file":
            return f"file {Path(self.path or '').name}" + (f" ({self.part})" if self.part else "")
        if self.kind == "fixed":
            return "fixed by design"
        return f"pretrained ({self.variant})" if self.variant else "pretrained"


@dataclass(frozen=True)
class PretrainedWeights:
    """One published set of weights.

    Attributes
    ----------
    variant : its name in the library, as in "IMAGENET1K_V1".
    title : for people, as in "ImageNet-1k V1".
    file_name : exact name of its file in the cache.
    url : where it can be had.
    sha256_digits : first digits of the published file's SHA-256; empty where none is published.
    input_size : side of the square the network sees, in pixels; 0 for text.
    preprocessing : one sentence.
    repository : on the Hugging Face hub, as in "timm/resnet50.a1_in1k", in whose cache the file is
        looked for; empty for a plain download in torch's cache.
    other_names : of files in that repository that hold the same weights.
    mirror : URL of a plain download of the same weights; empty where there is none.
    mirror_cache : whose cache holds that download under the URL's last part.
    """

    variant: str
    title: str
    file_name: str
    url: str
    sha256_digits: str
    input_size: int
    preprocessing: str
    repository: str = ""
    other_names: tuple[str, ...] = ()
    mirror: str = ""
    mirror_cache: Literal["torch", "clip"] = "torch"


@dataclass(frozen=True)
class BackboneCard:
    """What people read about a backbone, and what menus are made of.

    Attributes
    ----------
    name : unique, as typed on the command line.
    title, summary : for people; the summary is a sentence or two.
    family : group in menus.
    input_size : side of the square the network sees, in pixels, with its default weights; 0 for
        text.
    preprocessing : one sentence.
    weights : kinds of weights it can have.
    default_weights : one of them.
    layers_offered : names for menus, in order of computation; more layers may be hooked.
    licence, paper, source : of code and weights; how to cite; where they come from.
    pretrained : the published sets; the first is the usual one.
    revision : raised when code changes what the backbone computes; part of every cache key by
        ``revision_of``.
    n_prefix : tokens before the patches, of a library's network by its own name; 0 where menus
        offer it.
    modality : what it looks at: the picture, or the picture's captions ("text").
    """

    name: str
    title: str
    family: str
    summary: str
    input_size: int
    preprocessing: str
    weights: tuple[WeightsKind, ...]
    default_weights: WeightsKind
    layers_offered: tuple[str, ...]
    licence: str
    paper: str
    source: str
    pretrained: tuple[PretrainedWeights, ...] = ()
    revision: int = 1
    n_prefix: int = 0
    modality: Modality = "image"

    def __repr__(self) -> str:
        """Three lines: what it is, how it sees, its layers."""
        return (
            f"<Backbone {self.name} ({self.family}): {shortened(self.summary, 100)}\n"
            f" {shortened(self.preprocessing, 100)}\n"
            f" layers {shortened(', '.join(self.layers_offered), 100)}>"
        )

    def revision_of(self, layer: str, *, pooled: bool) -> int | str:
        """Return what stands in cache keys for the code that computes a layer's features.

        Pooled features of some layers were once averaged over axes that are not places, or over
        tokens that are no patches. They have keys of their own; all others keep theirs.
        """
        changed = self.n_prefix > 1 or any(fnmatch.fnmatchcase(layer, p) for p in _ONCE_MISREAD)
        return f"{self.revision} axes" if pooled and changed else self.revision

    def weights_label(self, weights: WeightsSpec) -> str:
        """Return what to call ``weights`` of this backbone, as in "pretrained (ImageNet-1k V1)"."""
        if weights.kind == "pretrained" and self.pretrained:
            chosen = self.pretrained_set(weights.variant)
            differs = weights.sha256 and not weights.sha256.startswith(chosen.sha256_digits)
            # A result never passes for that of the published weights.
            note = ", a file other than the published one" if differs else ""
            tuned = f", finetuned {weights.finetuned[:8]}" if weights.finetuned else ""
            return f"pretrained ({chosen.title}{note}){tuned}"
        return weights.label

    def pretrained_set(self, variant: str = "") -> PretrainedWeights:
        """Return the published set of that name, the usual one for an empty name."""
        if not variant:
            return self.pretrained[0]
        names = [p.variant for p in self.pretrained]
        check_option(f"pretrained weights of {self.name}", variant, names)
        return self.pretrained[names.index(variant)]


@dataclass(frozen=True)
class WeightsPresence:
    """Whether weights are on this machine, and what to do where they are not.

    Attributes
    ----------
    path : where they are or would have to be; None where no file is needed.
    message, hint : what is missing and how to get it; empty where present.
    """

    present: bool
    path: Path | None = None
    message: str = ""
    hint: str = ""


# Hash by path, size, both times and inode: a file of half a gigabyte is read once.
_HASHES: dict[tuple[str | int, ...], str] = {}


def sha256_of(path: Path) -> str:
    """Return the hash of a weights file's content in 64 hexadecimal digits."""
    try:
        status = path.stat()
        times = (status.st_mtime_ns, status.st_ctime_ns)
        key = (str(path), status.st_size, *times, status.st_ino)
        if key not in _HASHES:
            with path.open("rb") as stream:
                _HASHES[key] = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise MissingWeights(
            f"The weights file {path} cannot be read: {error.strerror}.",
            "Check the path of the checkpoint.",
        ) from None
    return _HASHES[key]
