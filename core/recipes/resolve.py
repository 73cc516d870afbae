"""From a recipe to configurations for one subject, with what is on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cortiscope.core.backbones import WeightsSpec, get_card, resolve_weights, weights_presence
from cortiscope.core.datasets import Subject
from cortiscope.core.errors import InvalidInput, MissingWeights
from cortiscope.core.features import FeatureSpec
from cortiscope.core.recipes.recipe import Choice, Recipe, Source
from cortiscope.core.runs import EncodingSpec


@dataclass(frozen=True)
class Resolved:
    """What a recipe uses on this machine.

    Parameters
    ----------
    stand_ins : each source that something else is used for, in words; empty if none.
    """

    choices: tuple[Choice, ...]
    stand_ins: tuple[str, ...]


def resolve(recipe: Recipe) -> Resolved:
    """Take, for each source, the first choice whose weights are here.

    Raises
    ------
    MissingWeights : none of a source's choices is here; the first one's message.
    """
    chosen, stand_ins = [], []
    for source in recipe.sources:
        choice = _first_present(source)
        if choice is None:
            missing = weights_presence(source.choices[0].backbone, _kind(source.choices[0]))
            raise MissingWeights(missing.message, missing.hint)
        chosen.append(choice)
        if choice is not source.choices[0]:
            stand_ins.append(f"{_words(choice)} for {_words(source.choices[0])}")
    return Resolved(tuple(chosen), tuple(stand_ins))


def _first_present(source: Source) -> Choice | None:
    for choice in source.choices:
        if weights_presence(choice.backbone, _kind(choice)).present:
            return choice
    return None


def _kind(choice: Choice) -> WeightsSpec:
    return WeightsSpec(choice.weights)  # type: ignore[arg-type]


def _words(choice: Choice) -> str:
    card = get_card(choice.backbone)
    layers = choice.layers
    named = f" {' + '.join(layers)}" if len(layers) < 3 else f", {len(layers)} layers"
    return f"{card.title}{named} ({choice.weights})"


def configurations(
    recipe: Recipe,
    subject: Subject,
    others: Sequence[Subject] = (),
    *,
    seed: int | None = None,
    device: str = "auto",
) -> tuple[EncodingSpec, ...]:
    """Return the recipe's configurations for one subject: one, or one per layer of a search.

    Parameters
    ----------
    others : the folder's other subjects, for cross-subject recipes.
    seed : of the validation split; None takes the recipe's own, or else 0.

    Raises
    ------
    InvalidInput : a cross-subject recipe, and there is no other subject.
    """
    resolved = resolve(recipe)
    if recipe.cross_subject and not others:
        raise InvalidInput(
            f"The recipe {recipe.name} fits several subjects together; "
            f"the folder of {subject.id} holds no other.",
            "Name a data folder with several subjects.",
        )
    # One network may stand in for two: a layer that both name is there once.
    features = list(
        dict.fromkeys(
            FeatureSpec(
                choice.backbone,
                resolve_weights(choice.backbone, _kind(choice)),
                layer,
                choice.pooling,
                framing=choice.framing,
            )
            for choice in resolved.choices
            for layer in choice.layers
        )
    )
    along = others if recipe.cross_subject else ()
    return EncodingSpec.of_each(
        subject,
        features,
        each=recipe.each_layer,
        along=along,
        reduction=recipe.reduction,
        encoder=recipe.regressor,
        spaces=recipe.spaces,
        scope=recipe.scope,
        seed=_seed(recipe, seed),
        split_rule=recipe.split_rule,
        recipe=recipe.name,
        stand_ins=resolved.stand_ins,
        device=device,
        on_the_way=recipe.on_the_way,
        denoise=recipe.denoise,
    )


def _seed(recipe: Recipe, asked: int | None) -> int:
    return next(seed for seed in (asked, recipe.seed, 0) if seed is not None)
