"""Everything a plugin may implement, on one page.

Each `register_*` hook is called once, when the plugin is loaded, with a `register` function.
`register(name, factory, config=Model, doc="...")` offers one thing under one name; `factory(config, ctx)`
runs once per run and worker and returns the plain callable that does the work. No hook runs per record.

A plugin implements what it needs:

    from tuneport import hookimpl

    @hookimpl
    def register_formats(register):
        register("acme", lambda config, ctx: lambda sample: {"q": sample.prompt[0].content}, doc="Acme trainer")
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar, runtime_checkable

import pluggy

from tuneport.traits import NO_TRAITS, FormatTraits

if TYPE_CHECKING:
    from pydantic import BaseModel

    from tuneport.adapter import AdapterMetadata
    from tuneport.context import Context
    from tuneport.dataset import Dataset
    from tuneport.model import Artifact, Entity, Problem, Reject
    from tuneport.options import ExportOptions, ExportStats
    from tuneport.sample import Sample
    from tuneport.source import Source
    from tuneport.summary import Summary

hookspec = pluggy.HookspecMarker("tuneport")
hookimpl = pluggy.HookimplMarker("tuneport")

T = TypeVar("T", contravariant=True)
State = TypeVar("State")

Use = str | Mapping[str, Any]
"""A stage in a list: its name, or `{"use": name, ...its configuration}`."""

if TYPE_CHECKING:
    Style = Callable[[Entity], Sample | Reject]
    """May carry `shortcut(style, stages)`: given itself, and the filters and weightings that follow, in order, it
    returns a function that does its own work and that of the first `n` of them at once, or None, and `n`. It answers
    None where any of them would reject, note or count: such a record goes through all of them, one by one."""
    Shortcut = Callable[[Entity], Sample | None]
    Filter = Callable[[Entity, Sample], Reject | None]
    Weighting = Callable[[Entity, Sample], float | Reject]
    """A factor, finite and not negative, or why the record has none. Factors multiply."""
    Fingerprint = Callable[[Sample], Sequence[int]]
    """The bands of a sample, numbers of 64 bits, as good as random: samples that share one are near-duplicates, and so
    are all that such pairs connect. Does not change the sample. May carry `drops = True`, so that of near-duplicates
    only the first in the source is kept, and the methods of Sketched, where bands alone are not sure enough."""
    Validator = Callable[[Any], Iterable[Problem]]
    """What is wrong with a thing, nothing where it is right. A problem of severity `error` refuses it, a `warning`
    lets it pass. A row is judged once, as the format `tuneport` would write it, whatever the run writes; an adapter
    (AdapterMetadata) before anything is read; a dataset (Dataset) before it is published. Does not change it."""
    Row = Mapping[str, Any]
    """One line of a file, the same keys in the same order in every row of a run."""
    Format = Callable[[Sample], Row | Reject]
    """Does not change the sample: other formats write it too. May carry `features`, column to type, for the dataset
    card; else the rows themselves are looked at. A type `json` in them stands for values of any kind: no card declares
    such rows, and loaders find out by themselves. May carry `carries`, as FormatTraits has it,
    and `sound = True` where none of its rows can break its own check, which is not asked then."""
    Check = Callable[[Row], Iterable[Problem]]
    """A target's own rules for a row, whoever wrote it: what is wrong with it, nothing where it is right. A problem of
    severity `error` refuses the row. Knows nothing of a recipe: `validate --format` asks it about any file, line by
    line, and a line that is no object never comes this far; whatever else stands in the row may be any JSON."""
    SideFiles = Callable[[Dataset, str], Iterable[Artifact]]
    """What a format's trainer wants to be given beside the rows: of a dataset and the name the format has in it, files
    whose paths start from `data/<name>/`."""
    ArtifactMaker = Callable[[Dataset], Iterable[Artifact]]
    """Pure: the same dataset, the same bytes. May carry `read(text)`, which takes the text of its artifact and
    returns the configuration that says the same."""


@runtime_checkable
class DeferredWeighting(Protocol):
    """A weighting that has to see all samples before it can weigh one.

    Its call gives a finite number, or None where the record has none, or a Reject. When all samples are there,
    `finish` is given a summary of these numbers, over the samples kept after deduplication, and returns the
    function from such a number (or None) to the factor.
    """

    def __call__(self, entity: Entity, sample: Sample, /) -> float | Reject | None:
        """The number that the factor will be made of."""

    def finish(self, summary: Summary) -> Callable[[float | None], float]:
        """The function from number to factor."""


class Sketched(Protocol):
    """A second look at samples that share a band: near-duplicates are those of alike sketches, all of one length."""

    def sketch(self, sample: Sample, /) -> bytes: ...
    def alike(self, left: bytes, right: bytes, /) -> bool: ...


class Metric(Protocol[State]):
    """Measures what is written. Each part of a run measures its own samples; states are merged in part order.

    A state is plain data: numbers, texts, lists, and dicts, as MessagePack carries them. Merging must be exact:
    the result may not depend on how the samples were cut into parts.

    A metric may also have `of(sample)`: what it says of a single sample stands in the dataset's index then.
    """

    def new(self) -> State:
        """The state of nothing measured."""

    def add(self, state: State, sample: Sample, split: str) -> None:
        """Measure one sample, which is not changed."""

    def merge(self, left: State, right: State) -> State:
        """Both together; the samples of `left` come before those of `right`."""

    def result(self, state: State) -> Any:
        """What the manifest holds: plain JSON data."""


@dataclass(frozen=True)
class Stages:
    """What an exporter's configuration asks for, in the recipe's own notation.

    A mapping may carry `at`: the key of the exporter's configuration that asked for the stage, so that an
    error can name it. `dedup` leaves out samples whose content was seen before. A sample's whole weight, the product
    of all factors, is kept between `min_weight` and `max_weight`; with `mean_one` it is then divided by the mean of all
    that are trained on. `adapter` is what validators of adapters judge; None where no adapter is described.
    """

    style: Use
    filters: Sequence[Use] = ()
    weightings: Sequence[Use] = ()
    formats: Sequence[Use] = ()
    validators: Sequence[Use] = ()
    metrics: Sequence[Use] = ()
    artifacts: Sequence[Use] = ()
    dedup: bool = True
    min_weight: float = 0.0
    max_weight: float = inf
    mean_one: bool = False
    adapter: AdapterMetadata | None = None
    fingerprints: Sequence[Use] = ()


class Register(Protocol[T]):
    """Offer one thing: `register(name, factory, config=Model, doc="one line")`."""

    def __call__(
        self,
        name: str,
        factory: Callable[[Any, Context], T],
        *,
        config: type[BaseModel] | None = None,
        doc: str = "",
    ) -> None: ...


class RegisterFormat(Protocol):
    """Offer a format.

    `traits` says what its target can express, `check` what its rules for a row are, and `side_files` what its trainer
    wants to be given beside the rows.
    """

    def __call__(
        self,
        name: str,
        factory: Callable[[Any, Context], Format],
        *,
        config: type[BaseModel] | None = None,
        doc: str = "",
        traits: FormatTraits = NO_TRAITS,
        check: Check | None = None,
        side_files: SideFiles | None = None,
    ) -> None: ...


class RegisterTraits(Protocol):
    """Change what is said of a format: `register("formats:openai", max_bytes=1 << 30)`, any fields of FormatTraits."""

    def __call__(self, target: str, **changes: Any) -> None: ...


class RegisterValidator(Protocol):
    """Offer a validator; `on` says what it judges."""

    def __call__(
        self,
        name: str,
        factory: Callable[[Any, Context], Validator],
        *,
        config: type[BaseModel] | None = None,
        doc: str = "",
        on: Literal["row", "adapter", "dataset"] = "row",
    ) -> None: ...


class RegisterExporter(Protocol):
    """Offer an exporter: a function from its configuration to stages, or to an object that implements IExporter."""

    def __call__(
        self,
        name: str,
        factory: Callable[[Any], Stages | object],
        *,
        config: type[BaseModel] | None = None,
        doc: str = "",
    ) -> None: ...


class RegisterCommand(Protocol):
    """Offer a command: a typed function; its parameters become options, its docstring the help."""

    def __call__(self, name: str, run: Callable[..., object], *, doc: str = "") -> None: ...


class Contributions:
    """Called once, when a plugin is loaded."""

    @hookspec
    def register_importers(self, register: Register[Source | Iterable[Entity]]) -> None:
        """Offer sources of entities."""

    @hookspec
    def register_exporters(self, register: RegisterExporter) -> None:
        """Offer exporters: what a host application loads by name."""

    @hookspec
    def register_styles(self, register: Register[Style]) -> None:
        """Offer styles: entity in, sample or reject out."""

    @hookspec
    def register_filters(self, register: Register[Filter]) -> None:
        """Offer filters: entity and sample in, reject or None out."""

    @hookspec
    def register_weightings(self, register: Register[Weighting | DeferredWeighting]) -> None:
        """Offer weightings: entity and sample in, factor out."""

    @hookspec
    def register_fingerprints(self, register: Register[Fingerprint]) -> None:
        """Offer fingerprints: sample in, bands out."""

    @hookspec
    def register_formats(self, register: RegisterFormat) -> None:
        """Offer formats: sample in, row or reject out."""

    @hookspec
    def register_traits(self, register: RegisterTraits) -> None:
        """Change traits of other plugins' formats: a service has raised a limit, or ends.

        A manifest with `provides` lists the formats under `traits`. That two plugins change the same field of a format
        is an error where that is used.
        """

    @hookspec
    def register_validators(self, register: RegisterValidator) -> None:
        """Offer validators: a row, an adapter or a dataset in, problems out."""

    @hookspec
    def register_metrics(self, register: Register[Metric[Any]]) -> None:
        """Offer metrics of what is written."""

    @hookspec
    def register_artifacts(self, register: Register[ArtifactMaker]) -> None:
        """Offer files made from the finished dataset."""

    @hookspec
    def register_commands(self, register: RegisterCommand) -> None:
        """Offer commands."""


class IExporter(Protocol):
    """What a host application calls. One answer per hook and run; other plugins may wrap it (`wrapper=True`).

    A plugin that implements `exportEntities` is an exporter itself, loaded by the plugin's name; a manifest with
    `provides` lists that name among its exporters. An implementation may use the snake_case twins:
    export_entities, get_adapter_metadata_json, get_quality_metrics_report.
    """

    @hookspec(firstresult=True)
    def exportEntities(self, entities: Iterable[Entity], options: ExportOptions) -> ExportStats:
        """Export the entities as `options` say."""

    @hookspec(firstresult=True)
    def getAdapterMetadataJson(self) -> str:
        """The adapter's metadata as JSON; "{}" where tracking is off."""

    @hookspec(firstresult=True)
    def getQualityMetricsReport(self) -> str:
        """The quality report as JSON; "{}" where metrics are off."""
