"""All recipes by name. One entry in a list of ``ENTRIES`` adds one."""

from __future__ import annotations

from cortiscope.core.errors import unknown_name
from cortiscope.core.recipes import chimisso, img2brain, ours
from cortiscope.core.recipes.recipe import Recipe

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
