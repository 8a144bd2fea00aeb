"""Recipes: what people write to ask for a run."""

from tuneport.recipes.loading import load_recipe, parse_recipe
from tuneport.recipes.models import Recipe
from tuneport.recipes.sections import ExportSection, PluginsSection, RunSection, SourceSection

__all__ = ["ExportSection", "PluginsSection", "Recipe", "RunSection", "SourceSection", "load_recipe", "parse_recipe"]
