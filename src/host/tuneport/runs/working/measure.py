"""Metrics over what is written: a state per part, merged in part order."""

from __future__ import annotations

import json
from collections.abc import Mapping
from logging import getLogger
from typing import Any

import msgspec.msgpack

from tuneport.errors import PluginError, told
from tuneport.runs.codes import raised
from tuneport.runs.planning.compiled import Compiled, NamedMetric
from tuneport.sample import Sample

log = getLogger("tuneport")

_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder().decode


class Measures:
    """The metrics of one part."""

    def __init__(self, compiled: Compiled) -> None:
        self._metrics = compiled.metrics
        self._states = [_called(one, one.metric.new) for one in compiled.metrics]
        pairs = zip(compiled.metrics, self._states, strict=True)
        self._adds = [(one, one.metric.add, state) for one, state in pairs]
        self._per_sample = [one for one in compiled.metrics if one.per_sample]
        self.some = bool(compiled.metrics)

    def add(self, sample: Sample, split: str) -> None:
        """Measure a sample that was written.

        Raises:
            PluginError: a metric failed.
        """
        for one, add, state in self._adds:
            try:
                add(state, sample, split)
            except KeyboardInterrupt:
                raise
            except BaseException as error:
                raise failed(one, error) from error

    def of(self, sample: Sample) -> dict[str, Any]:
        """What the metrics that measure each sample say of this one."""
        return {one.name: _called(one, _plain, _called(one, one.metric.of, sample)) for one in self._per_sample}

    def states(self) -> dict[str, bytes]:
        """Metric name to state, as MessagePack: what a resumed run will have is what every run has."""
        return {one.name: _called(one, _pack, state) for one, state in zip(self._metrics, self._states, strict=True)}


class Merged:
    """The metrics of all parts so far."""

    def __init__(self, compiled: Compiled) -> None:
        self._metrics = compiled.metrics
        self._states: dict[str, Any] = {}

    def add(self, states: Mapping[str, bytes]) -> None:
        """Add the next part's states."""
        for one in self._metrics:
            state = _unpack(states[one.name])
            if one.name in self._states:
                state = _called(one, one.metric.merge, self._states[one.name], state)
            self._states[one.name] = state

    def results(self) -> dict[str, Any]:
        """Metric name to result."""
        return {one.name: result_of(one, self._states.get(one.name)) for one in self._metrics}


def result_of(one: NamedMetric, state: Any = None) -> Any:
    """A metric's result over a state, or over nothing, as plain JSON data.

    Raises:
        PluginError: the metric failed, or its result is no JSON.
    """
    if state is None:
        state = _called(one, one.metric.new)
    return _called(one, _plain, _called(one, one.metric.result, state))


def _plain(value: Any) -> Any:
    """What JSON makes of a value: it has no word for NaN, a set, bytes, or half a character."""
    return json.loads(json.dumps(value, allow_nan=False, ensure_ascii=False).encode())


def _called(one: NamedMetric, function: Any, *arguments: Any) -> Any:
    try:
        return function(*arguments)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise failed(one, error) from error


def failed(one: NamedMetric, error: BaseException) -> PluginError:
    """The error of a metric that failed: nothing it says can be relied on any more."""
    # What it said may hold a record's values: it stands in the log alone.
    log.warning("metric %s: %s", one.stage.qualified, told(error))
    return PluginError(f"metric {one.stage.qualified} raised {raised(error)}", "the log has its text")
