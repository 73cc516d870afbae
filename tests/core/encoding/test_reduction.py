import pytest

from cortiscope.core.config import fingerprint
from cortiscope.core.encoding import Reduction
from cortiscope.core.errors import InvalidInput


def test_the_default_is_200_exact_components_of_floored_features():
    default = Reduction()
    assert (default.kind, default.components, default.scaling) == ("pca", 200, "floored")


@pytest.mark.parametrize(
    ("text", "reduction", "label"),
    [
        ("none", Reduction("none"), "no reduction"),
        ("pca:7", Reduction("pca", 7), "PCA 7"),
        (
            "ipca:7",
            Reduction("incremental_pca", 7, batch_size=300),
            "incremental PCA 7, batches of 300",
        ),
        (
            "ipca:700",
            Reduction("incremental_pca", 700, batch_size=700),
            "incremental PCA 700, batches of 700",
        ),
        (
            "ipca:7:50",
            Reduction("incremental_pca", 7, batch_size=50),
            "incremental PCA 7, batches of 50",
        ),
        ("ae:7", Reduction("autoencoder", 7), "autoencoder 7"),
        ("umap:7", Reduction("umap", 7), "UMAP 7"),
        ("rp:7", Reduction("random_projection", 7), "gaussian random projection 7"),
        (
            "rp:7:sparse",
            Reduction("random_projection", 7, projection="sparse"),
            "sparse random projection 7",
        ),
    ],
)
def test_texts_are_read_and_have_labels(text, reduction, label):
    assert Reduction.parse(text) == reduction
    assert Reduction.parse(text).label == label


def test_scaling_and_seed_come_beside_the_text():
    read = Reduction.parse("rp:5", scaling="none", seed=3)
    assert read == Reduction("random_projection", 5, "none", seed=3)
    assert read.label == "gaussian random projection 5, centred only"
    assert Reduction.parse("none", scaling="standard").method_text == "z-scored, not reduced"


@pytest.mark.parametrize(
    "text",
    [
        "pca", "pca:0", "pca:x", "pca:-3", "pca:5:6", "tsne:3", "none:4", "ipca", "ipca:0",
        "ipca:50:20", "ipca:5:x", "rp", "rp:0", "rp:5:dense", "rp:5:6", "rp:5:", "", "pca:²",
        "ae", "ae:0", "ae:5:6", "umap", "umap:x",
    ],
)  # fmt: skip
def test_texts_that_mean_nothing_are_refused(text):
    with pytest.raises(InvalidInput):
        Reduction.parse(text)


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "tsne"},
        {"scaling": "minmax"},
        {"kind": "random_projection", "projection": "dense"},
        {"kind": "incremental_pca", "components": 301},
    ],
)
def test_fields_that_cannot_be_are_refused(fields):
    with pytest.raises(InvalidInput):
        Reduction(**fields)


def test_fields_without_meaning_make_no_second_identity():
    assert Reduction("none", 30, batch_size=4, seed=5) == Reduction("none")
    assert Reduction("pca", 30, batch_size=4, projection="sparse", seed=5) == Reduction("pca", 30)
    a, b = (Reduction("incremental_pca", 30, projection=p, seed=1) for p in ("sparse", "gaussian"))
    assert fingerprint(a) == fingerprint(b)
    assert fingerprint(Reduction("random_projection", 9, batch_size=20)) == fingerprint(
        Reduction("random_projection", 9)
    )


def test_fields_with_meaning_do():
    reductions = [
        Reduction("none"),
        Reduction("none", scaling="none"),
        Reduction("pca", 9),
        Reduction("pca", 9, "standard"),
        Reduction("incremental_pca", 9),
        Reduction("incremental_pca", 9, batch_size=50),
        Reduction("random_projection", 9),
        Reduction("random_projection", 9, seed=1),
        Reduction("random_projection", 9, projection="sparse"),
    ]
    assert len({fingerprint(r) for r in reductions}) == len(reductions)
