"""How many numbers per image the regressor sees, and how features are scaled before."""

from __future__ import annotations

from dataclasses import dataclass

from cortiscope.core.errors import InvalidInput, check_option, check_whole, read_whole

REDUCTION_KINDS = (
    "none",
    "pca",
    "incremental_pca",
    "random_projection",
    "autoencoder",
    "umap",
    "places",
)
SCALINGS = ("floored", "standard", "none")
PROJECTIONS = ("gaussian", "sparse")

_BATCH = 300
_MOST_COMPONENTS = 1_000_000
_TEXTS = (
    "none, pca:K (as in pca:200), ipca:K[:BATCH], rp:K[:gaussian|sparse], ae:K, umap:K, places[:K]"
)
_WITH_SEED = {
    "random_projection": "a random projection",
    "autoencoder": "an autoencoder",
    "umap": "UMAP",
}
_SCALING_WORDS = {"floored": "", "standard": ", standardised", "none": ", centred only"}


@dataclass(frozen=True)
class Reduction:
    """The configuration of a reduction.

    A field that has no meaning for a kind is cleared, so that equal reductions have equal
    fingerprints.

    Parameters
    ----------
    kind : ``pca`` (exact), ``incremental_pca`` (Ross et al. 2008, as in scikit-learn: one batch of
        images after the other, inexact), ``random_projection`` (Johnson-Lindenstrauss: distances
        between images are kept in expectation), ``autoencoder`` (codes that are bent:
        ``reduction.autoencoder``), ``umap`` (``reduction.embedding``), ``places`` (channels are
        reduced, the same way at every place of the map, and places are kept: for regressors that
        look at places), or ``none``.
    components : numbers per image, or of ``places`` per place, where 0 keeps every channel; 0 for
        ``none``.
    scaling : what divides a centred feature. ``floored``: its SD, but at least a tenth of the
        layer's median SD; ``standard``: its SD; ``none``: nothing. Of ``places`` that of its
        channel, over all places.
    batch_size : images per batch of ``incremental_pca``, at least ``components``. A last batch of
        fewer images than components joins the one before, as in scikit-learn.
    projection : of ``random_projection``. ``gaussian``, or ``sparse``: about one feature in
        sqrt(n_features) counts for a component (Li et al. 2006).
    seed : of ``random_projection``, ``autoencoder`` and ``umap``.
    """

    kind: str = "pca"
    components: int = 200
    scaling: str = "floored"
    batch_size: int = _BATCH
    projection: str = "gaussian"
    seed: int = 0

    def __post_init__(self) -> None:
        check_option("reduction", self.kind, REDUCTION_KINDS)
        check_option("scaling", self.scaling, SCALINGS)
        if self.kind == "none":
            self._clear("components", 0)
        else:
            least = 0 if self.kind == "places" else 1
            check_whole("The components of a reduction", self.components, least, _MOST_COMPONENTS)
        if self.kind != "incremental_pca":
            self._clear("batch_size", 0)
        elif self.batch_size < self.components:
            raise InvalidInput(
                f"A batch of incremental PCA must hold at least as many images as there are "
                f"components; got {self.batch_size} images for {self.components} components.",
                "Take larger batches or fewer components.",
            )
        if self.kind != "random_projection":
            self._clear("projection", "")
        else:
            check_option("projection", self.projection, PROJECTIONS)
        if self.kind not in _WITH_SEED:
            self._clear("seed", 0)
        else:
            check_whole(f"The seed of {_WITH_SEED[self.kind]}", self.seed)

    def _clear(self, name: str, value: int | str) -> None:
        object.__setattr__(self, name, value)

    @classmethod
    def parse(cls, text: str, *, scaling: str = "floored", seed: int = 0) -> Reduction:
        """Read a reduction: ``none``, ``pca:K``, ``ipca:K[:BATCH]``, ``ae:K``, ``umap:K``.

        Or ``rp:K[:gaussian|sparse]``, ``places[:K]``. Without BATCH, batches hold 300 images or,
        if that is more, as many as components.
        """
        kind, *rest = text.split(":")
        numbers = [n for n in map(read_whole, rest) if n is not None]
        match kind, len(rest), len(numbers):
            case "none", 0, 0:
                return cls("none", scaling=scaling)
            case "pca", 1, 1:
                return cls("pca", numbers[0], scaling)
            case "ipca", 1, 1:
                return cls("incremental_pca", numbers[0], scaling, max(_BATCH, numbers[0]))
            case "ipca", 2, 2:
                return cls("incremental_pca", numbers[0], scaling, numbers[1])
            case "rp", 1, 1:
                return cls("random_projection", numbers[0], scaling, seed=seed)
            case "rp", 2, 1 if rest[1] in PROJECTIONS:
                return cls("random_projection", numbers[0], scaling, projection=rest[1], seed=seed)
            case "ae", 1, 1:
                return cls("autoencoder", numbers[0], scaling, seed=seed)
            case "umap", 1, 1:
                return cls("umap", numbers[0], scaling, seed=seed)
            case "places", 0, 0:
                return cls("places", 0, scaling)
            case "places", 1, 1:
                return cls("places", numbers[0], scaling)
        raise InvalidInput(f"Unknown reduction {text!r}. Allowed: {_TEXTS}.")

    @property
    def label(self) -> str:
        """Words for people."""
        k = self.components
        words = {
            "none": "no reduction",
            "pca": f"PCA {k}",
            "incremental_pca": f"incremental PCA {k}, batches of {self.batch_size}",
            "random_projection": f"{self.projection} random projection {k}",
            "autoencoder": f"autoencoder {k}",
            "umap": f"UMAP {k}",
            "places": f"places kept, {f'PCA {k} of channels' if k else 'all channels'}",
        }[self.kind]
        return words + _SCALING_WORDS[self.scaling]

    @property
    def method_text(self) -> str:
        """What was done to the features, for a methods section."""
        scaled = {
            "floored": "scaled by their floored SD",
            "standard": "z-scored",
            "none": "centred",
        }[self.scaling]
        k = self.components
        of_places = f"each place reduced to {k} principal components of the channels"
        reduced = {
            "none": "not reduced",
            "pca": f"reduced to {k} principal components",
            "incremental_pca": f"reduced to {k} principal components by incremental PCA in "
            f"batches of {self.batch_size} images",
            "random_projection": f"reduced to {k} numbers by a {self.projection} random "
            f"projection (seed {self.seed})",
            "autoencoder": f"reduced to {k} codes of an autoencoder (trained on at most 512 "
            f"principal components, from which it begins; {2 * k} tanh units; stopped by a tenth "
            f"of the fit images, held out; seed {self.seed})",
            "umap": f"embedded in {k} dimensions by UMAP (umap-learn, on at most 512 principal "
            f"components; seed {self.seed}), other images than those fitted by interpolation "
            "between the nearest 15 of these",
            "places": of_places if k else "their places kept",
        }[self.kind]
        return f"{scaled}, {reduced}"
