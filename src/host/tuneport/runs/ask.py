"""What an exporter answers outside a run: the text of an artifact, and what its validators say."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tuneport.dataset import Dataset, DatasetManifest, ValidatorStats
from tuneport.errors import PluginError, TuneportError, told
from tuneport.hookspecs import Use
from tuneport.model import Problem
from tuneport.plugin_manager import PluginManager
from tuneport.recipes import Recipe
from tuneport.recipes.models import rfc3339
from tuneport.runs.planning.compiled import NamedMetric
from tuneport.runs.planning.compiler import Compiler, Facts
from tuneport.runs.planning.identity import now_of, versions
from tuneport.runs.planning.pipeline import Pipeline, resolve_pipeline
from tuneport.runs.planning.stages import Resolver, Stage, names_of
from tuneport.runs.working.measure import result_of


@dataclass(frozen=True)
class Asked:
    """A recipe's pipeline, of which single stages are asked."""

    recipe: Recipe
    manager: PluginManager

    def artifact(self, name: str, dataset: Dataset | None) -> str | None:
        """The text of the artifact of this name, over a dataset or an empty one; None where nothing asks for it.

        Raises:
            RecipeError: the configuration is wrong.
            PluginError: the artifact's plugin failed.
        """
        pipeline = self._pipeline()
        stage = next((stage for stage in pipeline.artifacts if stage.ref.name == name), None)
        if stage is None:
            return None
        maker = self._made(stage)
        try:
            made = list(maker(copy.deepcopy(dataset) if dataset is not None else self._empty(pipeline)))
            return made[0].data.decode() if made else None
        except TuneportError:
            raise
        except (Exception, SystemExit) as error:
            raise PluginError(f"artifact {stage.ref.qualified}: {told(error)}") from error

    def validators(self, name: str) -> list[Callable[[Any], Any]]:
        """The recipe's validators of this name.

        Raises:
            RecipeError: the configuration is wrong.
        """
        return [self._made(stage) for stage in self._pipeline().validators if stage.ref.name == name]

    def maker(self, use: Use) -> Any:
        """An artifact's maker, whether or not the recipe asks for it.

        Raises:
            RecipeError: there is none of this name, or its configuration is wrong.
        """
        problems: list[Problem] = []
        stage = Resolver(self.manager, problems, self.recipe.references).stage("artifacts", use, "")
        if stage is None or problems:
            raise self.recipe.refused(problems)
        return self._made(stage)

    def _pipeline(self) -> Pipeline:
        problems = list(self.recipe.problems)
        pipeline = resolve_pipeline(self.recipe, self.manager, problems)
        if pipeline is None or problems:
            raise self.recipe.refused(problems)
        return pipeline

    def _made(self, stage: Stage) -> Any:
        problems: list[Problem] = []
        now, seed = now_of(self.recipe), self.recipe.run.seed
        facts = Facts(now, seed, fields={}, closed=False, hidden=frozenset(), base=self.recipe.base)
        made = Compiler(facts, weighted=True, problems=problems).make(stage)
        if problems:
            raise self.recipe.refused(problems)
        return made

    def _empty(self, pipeline: Pipeline) -> Dataset:
        """What is known before anything was exported."""
        judges = [stage for stage in pipeline.validators if stage.contribution.on == "row"]
        metrics = [NamedMetric(name, stage.ref, self._made(stage)) for name, stage in self._named(pipeline.metrics)]
        manifest = DatasetManifest(
            name="",
            now=rfc3339(now_of(self.recipe)),
            seed=self.recipe.run.seed,
            recipe="",
            source="",
            counts=dict.fromkeys(("total", "exported", "filtered", "duplicate", "errored"), 0),
            rejects={},
            weights={},
            notes={},
            formats={},
            plugins=[],
            versions=versions(),
            digest="",
            validators={name: ValidatorStats(stage.ref.qualified) for name, stage in self._named(judges)},
            metrics={metric.name: result_of(metric) for metric in metrics},
        )
        return Dataset(Path(), manifest)

    def _named(self, stages: Any) -> list[tuple[str, Stage]]:
        return list(zip(names_of(stages), stages, strict=True))
