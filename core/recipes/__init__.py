"""Named systems: every encoding model of the two source projects, and ours, as configurations."""

from core.recipes.recipe import Choice, Recipe, Source
from core.recipes.registry import RECIPES, get_recipe, recipe_names
from core.recipes.resolve import Resolved, configurations, resolve

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
