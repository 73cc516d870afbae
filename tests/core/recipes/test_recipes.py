"""Recipes: named systems, what stands in where weights are missing, and what they become."""

import pytest

from cortiscope.core.backbones import get_card, list_layers, weights_presence
from cortiscope.core.datasets import open_subject
from cortiscope.core.encoding import RegressorSpec
from cortiscope.core.errors import InvalidInput, MissingWeights, UnknownName
from cortiscope.core.recipes import (
    RECIPES,
    Choice,
    Recipe,
    Source,
    configurations,
    get_recipe,
    recipe_names,
    resolve,
)
from tests.data.tiny_world import write_subject


def _recipe(*choices, **changes):
    values = {
        "name": "toy",
        "title": "toy",
        "origin": "test",
        "summary": "toy",
        "sources": (Source(choices),),
        "regressor": RegressorSpec("ridge"),
    }
    return Recipe(**{**values, **changes})


@pytest.fixture(autouse=True)
def no_weights(monkeypatch, tmp_path):
    for name in ("TORCH_HOME", "HF_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "empty"))


def test_the_first_choice_that_is_here_is_taken_and_a_stand_in_is_named():
    alexnet = Choice("alexnet", ("features.12",))
    cnn = Choice("small_cnn", ("block5",))
    assert not weights_presence("alexnet", "pretrained").present
    used = resolve(_recipe(alexnet, cnn))
    assert used.choices == (cnn,)
    assert used.stand_ins == ("Small CNN block5 (pretrained) for AlexNet features.12 (pretrained)",)
    assert resolve(_recipe(cnn, alexnet)).stand_ins == ()
    with pytest.raises(MissingWeights, match="alexnet"):
        resolve(_recipe(alexnet))


@pytest.mark.parametrize("name", recipe_names())
def test_every_recipe_can_be_configured_without_any_weights(name, tmp_path):
    subject = open_subject(write_subject(tmp_path / "s1"))
    other = open_subject(write_subject(tmp_path / "s2", seed=1))
    specs = configurations(RECIPES[name], subject, [other])
    assert {s.recipe for s in specs} == {name}
    assert len({s.run_id for s in specs}) == len(specs) == (23 if "search" in name else 1)
    assert RECIPES[name].summary.endswith(".")
    # A recipe that cannot be had as it was says what is ours.
    if specs[0].stand_ins or RECIPES[name].origin != "Cortiscope":
        assert RECIPES[name].departures or RECIPES[name].origin == "Cortiscope"
    assert all(sentence.endswith(".") for sentence in RECIPES[name].departures)


def test_whole_pictures_are_shown_where_the_source_shows_them_and_others_as_published():
    whole = {"algonauts_baseline", *(n for n in RECIPES if RECIPES[n].origin == "img2brain")}
    for name, recipe in RECIPES.items():
        framings = {
            choice.framing.text
            for s in recipe.sources
            for choice in s.choices
            if choice.backbone != "small_cnn"
        }
        assert framings <= {"stretch:224" if name in whole else "published"}, name


def test_an_embedding_goes_into_one_linear_layer_as_it_is_and_other_reductions_are_told(tmp_path):
    told = {"alexnet_clip", "sam_positional", "best_source"}
    for name, recipe in RECIPES.items():
        if recipe.origin != "Chimisso et al. 2023":
            continue
        kind = "pca" if name in told else "none"
        assert (recipe.reduction.kind, recipe.reduction.scaling == "none") == (kind, kind == "none")
        assert any("principal components" in d for d in recipe.departures) == (name in told), name


def test_penalties_of_img2brain_stay_as_published():
    for name in ("img2brain_lasso", "img2brain_elastic_net"):
        assert RECIPES[name].regressor.settings.alphas == (1e-3, 1e-2, 1e-1, 1.0)
        assert any("absolute" in sentence for sentence in RECIPES[name].departures)


def test_img2brain_splits_as_it_did_unless_another_seed_is_asked_for(tmp_path):
    subject = open_subject(write_subject(tmp_path / "s1"))
    for name in (n for n in recipe_names() if n.startswith("img2brain")):
        for asked, used in ((None, 224), (0, 0), (7, 7)):
            specs = configurations(RECIPES[name], subject, seed=asked)
            assert {(s.split_rule, s.seed) for s in specs} == {("shuffled", used)}
    (other,) = configurations(RECIPES["clip_linear"], subject)
    assert (other.split_rule, other.seed) == ("random", 0)


def test_every_layer_that_a_recipe_names_exists():
    wanted = {
        (choice.backbone, layer)
        for recipe in RECIPES.values()
        for source in recipe.sources
        for choice in source.choices
        for layer in choice.layers
    }
    for backbone in sorted({b for b, _ in wanted}):
        known = set(get_card(backbone).layers_offered)
        named = {layer for b, layer in wanted if b == backbone}
        if not named <= known:  # building a network to list its layers takes time
            known = {info.name for info in list_layers(backbone)}
        assert named <= known, (backbone, named - known)


def test_a_layer_that_two_sources_share_is_there_once(tmp_path):
    subject = open_subject(write_subject(tmp_path / "s1"))
    cnn = Choice("small_cnn", ("block4", "block5"))
    twice = _recipe(cnn, sources=(Source((cnn,)), Source((Choice("small_cnn", ("block5",)),))))
    (spec,) = configurations(twice, subject)
    assert [f.layer for f in spec.features] == ["block4", "block5"]


def test_a_cross_subject_recipe_needs_another_subject(tmp_path):
    subject = open_subject(write_subject(tmp_path / "s1"))
    with pytest.raises(InvalidInput, match="holds no other"):
        configurations(get_recipe("cross_subject"), subject)


def test_an_unknown_recipe_names_the_nearest():
    with pytest.raises(UnknownName, match="clip_roi"):
        get_recipe("clip_rio")


def test_the_systems_of_both_projects_are_there():
    named = set(recipe_names())
    assert {f"img2brain_{r}" for r in ("linear", "ridge", "lasso", "elastic_net")} <= named
    assert {"img2brain_neighbours", "img2brain_tree", "img2brain_layer_search"} <= named
    assert {"algonauts_baseline", "clip_linear", "clip_roi", "clip_conv1d"} <= named
    assert {"clip_positional", "sam_positional", "alexnet_clip", "joint_hemispheres"} <= named
    assert {"roi_class", "image_text", "cross_subject", "stacked"} <= named
