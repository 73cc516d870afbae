"""Named systems: every encoding model of the two source projects, and ours, as configurations.

One entry in a list of ``ENTRIES`` adds a recipe.
"""

from __future__ import annotations

from cortiscope.core.errors import unknown_name
from cortiscope.core.recipes import chimisso, img2brain, ours
from cortiscope.core.recipes.recipe import Choice, Recipe, Source
from cortiscope.core.recipes.resolve import Resolved, configurations, resolve

__all__ = [
    "RECIPES",
    "Choice",
    "Recipe",
    "Resolved",
    "Source",
    "configurations",
    "get_recipe",
    "recipe_names",
    "resolve",
]

RECIPES: dict[str, Recipe] = {
    recipe.name: recipe for recipe in (*img2brain.ENTRIES, *chimisso.ENTRIES, *ours.ENTRIES)
}


def recipe_names() -> tuple[str, ...]:
    """Names in menu order."""
    return tuple(RECIPES)


def get_recipe(name: str) -> Recipe:
    """Return a recipe; UnknownName where there is none."""
    if name not in RECIPES:
        raise unknown_name("recipe", name, RECIPES, "'cortiscope list recipes' shows all.")
    return RECIPES[name]
