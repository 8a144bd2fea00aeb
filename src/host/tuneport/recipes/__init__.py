"""Recipes: what people write to ask for a run."""

from tuneport.recipes.loading import load_recipe, parse_recipe
from tuneport.recipes.models import ExportSection, Recipe, RunSection, SourceSection

__all__ = ["ExportSection", "Recipe", "RunSection", "SourceSection", "load_recipe", "parse_recipe"]
