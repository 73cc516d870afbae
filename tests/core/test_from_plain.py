"""What ``to_plain`` wrote comes back equal; what a person wrote wrongly is answered in words."""

import json
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cortiscope.core.backbones import Framing, WeightsSpec
from cortiscope.core.config import fingerprint, from_plain, to_plain
from cortiscope.core.encoding import REGRESSORS, Reduction, RegressorSpec
from cortiscope.core.encoding.reduction.spec import PROJECTIONS, SCALINGS
from cortiscope.core.encoding.scopes import SCOPES
from cortiscope.core.errors import InvalidInput, UnknownName
from cortiscope.core.features import FeatureSpec, Pooling
from cortiscope.core.recipes import RECIPES, Recipe
from cortiscope.core.runs import EncodingSpec, SubjectData
from cortiscope.core.runs.spec import ON_THE_WAY, SPACES
from cortiscope.core.simulation.recipe import SimulationRecipe

_seeds = st.integers(0, 2**32 - 1)
_digest = st.text("0123456789abcdef", min_size=4, max_size=8)
_weights = st.one_of(
    st.builds(WeightsSpec, st.sampled_from(("pretrained", "fixed")), sha256=_digest | st.none()),
    st.builds(WeightsSpec, st.just("pretrained"), variant=st.text(max_size=9)),
    st.builds(WeightsSpec, st.just("untrained"), _seeds),
    st.builds(
        WeightsSpec, st.just("file"), path=st.just("/a/b.pt"), sha256=_digest, part=st.text()
    ),
)
_pooling = st.builds(Pooling, st.sampled_from(("grid", "mean", "none")), st.integers(1, 30))
_framing = st.one_of(
    st.just(Framing()),
    st.builds(Framing, st.just("stretch"), st.integers(16, 4096)),
    st.builds(Framing, st.just("caption"), caption=st.integers(1, 9)),
)
_features = st.builds(
    FeatureSpec,
    st.text(max_size=9),
    _weights,
    st.text(max_size=9),
    _pooling,
    st.sampled_from(("float32", "float16")),
    _framing,
    st.sampled_from(("float32", "bfloat16")),
)
_reduction = st.one_of(
    st.builds(Reduction, st.sampled_from(("pca", "none")), st.integers(1, 999)),
    st.builds(Reduction, st.just("incremental_pca"), st.integers(1, 30), batch_size=st.just(40)),
    st.builds(
        Reduction,
        st.just("random_projection"),
        st.integers(1, 999),
        st.sampled_from(SCALINGS),
        projection=st.sampled_from(PROJECTIONS),
        seed=_seeds,
    ),
)


@st.composite
def _regressor(draw: Any) -> RegressorSpec:
    """A regressor with its real numbers changed; whole numbers and words stay as they are."""
    spec = RegressorSpec(draw(st.sampled_from(list(REGRESSORS))))
    changes: dict[str, Any] = {}
    for name, value in vars(spec.settings).items():
        if isinstance(value, float):
            changes[name] = value * draw(st.floats(0.5, 1.0))
        if isinstance(value, tuple) and value and isinstance(value[0], float):
            changes[name] = tuple(draw(st.lists(st.floats(1e-9, 1e9), min_size=1, max_size=3)))
    return replace(spec, settings=replace(spec.settings, **changes))


_encoding = st.builds(
    EncodingSpec,
    st.just("s1"),
    _digest,
    st.lists(_features, min_size=1, max_size=3, unique=True).map(tuple),
    _reduction,
    _regressor(),
    st.sampled_from(SPACES),
    st.sampled_from(SCOPES),
    st.lists(st.builds(SubjectData, st.just("s2"), _digest), max_size=1).map(tuple),
    _seeds,
    st.floats(0.01, 0.99),
    st.sampled_from(("random", "shuffled", "fold:1/5")),
    st.floats(0, 0.5),
    st.sampled_from(("none", "auto", "pca:7")),
    st.text(max_size=5),
    st.lists(st.text(max_size=5), max_size=2).map(tuple),
    st.sampled_from(("auto", "cpu")),
    st.sampled_from(ON_THE_WAY),
)
_simulation = st.builds(SimulationRecipe, seed=_seeds, n_test=st.integers(1, 9))


@given(st.one_of(_encoding, _features, _weights, _reduction, _regressor(), _simulation))
def test_every_configuration_comes_back_equal_with_its_fingerprint(spec):
    again = from_plain(type(spec), json.loads(json.dumps(to_plain(spec))))
    assert again == spec
    assert fingerprint(again) == fingerprint(spec)


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_every_recipe_comes_back_equal(recipe):
    assert from_plain(Recipe, json.loads(json.dumps(to_plain(recipe)))) == recipe


@given(_encoding)
def test_what_another_version_added_is_left_out_of_what_is_stored(spec):
    data = {**to_plain(spec), "younger": {"type": "New", "x": [1]}}
    assert from_plain(EncodingSpec, data, stored=True) == spec
    with pytest.raises(UnknownName, match="younger"):
        from_plain(EncodingSpec, data)


class _Colour(Enum):
    RED = "red"


@dataclass(frozen=True)
class _A:
    x: int = 1


@dataclass(frozen=True)
class _B:
    x: int = 2


@dataclass(frozen=True)
class _All:
    which: _A | _B | None
    word: Literal["one", "two"] = "one"
    colour: _Colour = _Colour.RED
    pair: tuple[int, str] = (0, "")
    names: tuple[str, ...] = ()
    weights: dict[str, float] | None = None
    on: bool = False
    either: int | str = 0


def test_unions_by_their_stored_names_and_every_other_kind_of_field():
    data = {
        "which": {"type": "_B", "x": 5},
        "word": "two",
        "colour": "red",
        "pair": [3, "c"],
        "names": "single",
        "weights": {"a": 1},
        "on": True,
        "either": "text",
    }
    expected = _All(_B(5), "two", _Colour.RED, (3, "c"), ("single",), {"a": 1.0}, True, "text")
    assert from_plain(_All, data) == expected
    assert from_plain(_All, {"which": None}) == _All(None)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({}, "F: which is missing."),
        ([], "F must be an object with keys and values; got []."),
        ({"which": None, "wort": "two"}, "Unknown key of F 'wort'. Did you mean 'word'?"),
        ({"which": None, "word": "three"}, "Unknown word 'three'."),
        ({"which": None, "colour": "blue"}, "Unknown colour 'blue'. Allowed: red."),
        ({"which": None, "pair": [1]}, "F: pair must be a list of 2; got [1]."),
        ({"which": None, "names": [1]}, "F: names must be a list of texts; got [1]."),
        ({"which": None, "on": 1}, "F: on must be true or false; got 1."),
        ({"which": {"type": "_C"}}, "Unknown type of which '_C'."),
        ({"which": {"type": "_A", "x": True}}, "F, which: x must be a whole number; got True."),
        ({"which": {"type": "_A", "x": 1.0}}, "F, which: x must be a whole number; got 1.0."),
        ({"which": None, "weights": {"a": "b"}}, "F, weights: a must be a number like 0.2"),
    ],
)
def test_what_cannot_be_read_says_where_and_what_would_do(data, words):
    with pytest.raises(InvalidInput) as caught:
        from_plain(_All, data, "F")
    assert caught.value.message.startswith(words)


def test_a_class_with_a_parser_may_be_written_as_a_text():
    assert from_plain(Reduction, "pca:50") == Reduction("pca", 50)
    assert from_plain(RegressorSpec, "lasso") == RegressorSpec("lasso")
    with pytest.raises(InvalidInput, match=r"a\.json: Unknown reduction 'pca'"):
        from_plain(Reduction, "pca", "a.json")


def test_a_regressor_that_is_not_here_keeps_its_name_and_settings_where_it_was_stored():
    data = {"type": "EncoderSpec", "name": "mine", "settings": {"type": "Mine", "k": [1, 2]}}
    spec = from_plain(RegressorSpec, data, stored=True)
    assert (spec.name, spec.settings.k) == ("mine", (1, 2))
    assert to_plain(spec) == data
    assert hash(spec)
    with pytest.raises(UnknownName, match="mine"):
        from_plain(RegressorSpec, data)
