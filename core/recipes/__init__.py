"""Named systems: every encoding model of the two source projects, and ours, as configurations."""

from cortiscope.core.recipes.recipe import Choice, Recipe, Source
from cortiscope.core.recipes.registry import RECIPES, get_recipe, recipe_names
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
