"""What is another between two identities of runs, in the words of whoever wrote the recipe."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from tuneport.references import References, reference_in

_MOST_SHOWN = 40
"""Characters of a value: a longer one would hide the others."""

_FACTS = {"size": "bytes", "mtime_ns": "time of change", "head": "its beginning", "tail": "its end"}
"""What revisions of sources say, for a person."""

_FOLLOWING = {"mtime_ns", "head", "tail", "changes", "wal_mtime_ns"}
"""Those that say nothing more where another one is there."""


def changes(before: Any, after: Mapping[str, Any], references: References) -> list[str]:
    """What differs, one text each; empty where nothing does.

    What stages were configured with follows from the recipe, from plugins and from values that stand elsewhere: it is
    told only where none of these explains it. Of values behind references nothing is told but that they differ.

    Args:
        before: the identity of staged work, as its file has it: somebody may have had a hand in it.
        after: the identity of this run, as plain data.
        references: those of this run's recipe.
    """
    if not isinstance(before, Mapping):
        return ["all of it"]
    old, new = _Sections(before), _Sections(after)
    reasons = [*_recipe(old, new), *_values(old, new), *_versions(old, new), *_plugins(old, new)]
    told = [*reasons, *_sources(old, new), *_resources(old, new)]
    told = told if reasons else [*told, *_derived(old, new)]
    return [references.masked(text) for text in told]


class _Sections:
    """The parts of an identity, each of the form that it should have."""

    def __init__(self, identity: Mapping[str, Any]) -> None:
        self._identity = identity
        self.recipe = self.mapping("recipe")
        self.sources = {name: mapping_or_empty(one) for name, one in self.mapping("source").items()}
        found = [one.get("importer") for one in self.sources.values()]
        stages = identity.get("stages")
        self.stages = _numbered([one for one in [*found, *_list(stages)] if isinstance(one, Mapping)])

    def mapping(self, name: str) -> Mapping[str, Any]:
        return mapping_or_empty(self._identity.get(name))

    def get(self, name: str) -> Any:
        return self._identity.get(name)


def mapping_or_empty(value: Any) -> Mapping[str, Any]:
    """A part of what a file of ours holds: somebody may have had a hand in it."""
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else []


def _numbered(refs: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str, int], Mapping[str, Any]]:
    """Kind and name of each stage, and the how many-th of that name it is."""
    seen = Counter[tuple[str, str]]()
    numbered = {}
    for ref in refs:
        name = str(ref.get("kind")), f"{ref.get('plugin')}:{ref.get('name')}"
        numbered[(*name, seen[name])] = ref
        seen[name] += 1
    return numbered


def _recipe(old: _Sections, new: _Sections) -> Iterator[str]:
    for path, was, now in differences(old.recipe, new.recipe):
        key = "run.now" if path == "now" else path
        single = len(_list(new.recipe.get("source"))) == 1 and key.startswith("source[0]")
        key = f"source{key.removeprefix('source[0]')}" if single else key
        yield f"recipe {key}{_became(was, now)}"


def _values(old: _Sections, new: _Sections) -> Iterator[str]:
    was, now = old.mapping("values"), new.mapping("values")
    return (f"the value of {name}" for name in sorted(was.keys() | now.keys()) if was.get(name) != now.get(name))


def _versions(old: _Sections, new: _Sections) -> Iterator[str]:
    found = differences(old.mapping("versions"), new.mapping("versions"))
    return (f"{name}{_plainly(was, now)}" for name, was, now in found)


def _plugins(old: _Sections, new: _Sections) -> Iterator[str]:
    """Plugins of another version, or with other code; where several stages of one changed alike, it is named alone."""
    names: dict[tuple[str, str], list[str]] = {}
    for key in old.stages.keys() & new.stages.keys():
        was, now = old.stages[key], new.stages[key]
        if was.get("version") != now.get("version"):
            how = _plainly(was.get("version"), now.get("version"))
        elif was.get("digest") != now.get("digest"):
            how = ": its code"
        else:
            continue
        names.setdefault((str(now.get("plugin")), how), []).append(key[1])
    for (plugin, how), stages in sorted(names.items()):
        yield f"plugin {stages[0] if len(stages) == 1 else plugin}{how}"


def _sources(old: _Sections, new: _Sections) -> Iterator[str]:
    for name in sorted(old.sources.keys() | new.sources.keys()):
        title = "source" if name == "1" and len(new.sources) == 1 else f"source {name}"
        was, now = (mapping_or_empty(one.sources.get(name, {}).get("revision")) for one in (old, new))
        rows = [one.mapping("rows").get(name) for one in (old, new)]
        streams = [stream for stream in sorted(was.keys() | now.keys()) if was.get(stream) != now.get(stream)]
        facts = [fact for stream in streams for fact in _facts(was.get(stream), now.get(stream))]
        if len(streams) > 1:
            facts = [f"{len(streams):,} of its files"]
        elif streams and len(now) > 1:
            facts = [f"{streams[0]}: {', '.join(facts)}"]
        if facts and rows[0] != rows[1] and all(isinstance(count, int) for count in rows):
            facts = [f"rows ~{rows[0]:,} -> ~{rows[1]:,}", *(fact for fact in facts if fact.startswith("bytes "))]
        if facts:
            yield f"{title}: {', '.join(facts)}"


def _facts(was: Any, now: Any) -> Iterator[str]:
    """What is another about one file or table."""
    if not isinstance(was, Mapping) or not isinstance(now, Mapping):
        yield "new" if was is None else "gone" if now is None else "revision"
        return
    found = [key for key in sorted(was.keys() | now.keys()) if was.get(key) != now.get(key)]
    for key in [key for key in found if key not in _FOLLOWING] or found:
        stream, _, fact = key.rpartition(": ")  # of sources whose rows are grouped
        word = f"{stream}: {_FACTS.get(fact, fact)}" if stream else _FACTS.get(fact, fact)
        # Others are stamps and digests, which tell nobody anything.
        yield f"{word}{_became(was.get(key), now.get(key))}" if fact in {"size", "rows"} else word


def _resources(old: _Sections, new: _Sections) -> Iterator[str]:
    was, now = old.mapping("resources"), new.mapping("resources")
    for name in sorted(was.keys() | now.keys()):
        if name in now:
            if was.get(name) != now[name]:
                yield f"file {name}" if name in was else f"file {name} is new"
        elif old.get("values") == new.get("values"):
            yield f"file {name} is not read any more"
        else:
            # Its name may be a value that another reference had.
            yield "a file is not read any more"


def _derived(old: _Sections, new: _Sections) -> Iterator[str]:
    """What follows from other things."""
    for key in sorted(old.stages.keys() | new.stages.keys()):
        was, now = old.stages.get(key), new.stages.get(key)
        if was is None or now is None:
            yield f"{key[1]} ({key[0]}) is {'new' if was is None else 'gone'}"
        else:
            found = differences(was.get("config"), now.get("config"))
            yield from (f"{key[1]} config.{path}" for path, _, _ in found)
    if old.get("traits") != new.get("traits"):
        yield "traits of formats"
    for path, before, after in differences(old.mapping("weights"), new.mapping("weights")):
        name, _, how = path.partition(".")
        yield f"weights of {name}: {how}{_became(before, after)}"


def differences(before: Any, after: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """The places at which two values of plain data differ, as a recipe would write them, and what stands there."""
    mappings = isinstance(before, Mapping) and isinstance(after, Mapping)
    if mappings and reference_in(before) is None and reference_in(after) is None:
        for key in sorted(before.keys() | after.keys()):
            yield from differences(before.get(key), after.get(key), f"{path}.{key}" if path else key)
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for number, (was, now) in enumerate(zip(before, after, strict=True)):
            yield from differences(was, now, f"{path}[{number}]")
    elif before != after or type(before) is not type(after):
        yield path, before, after


def _became(was: Any, now: Any) -> str:
    """` 1.0 -> 3.0`; nothing where that would be long."""
    texts = [_shown(was), _shown(now)]
    return f" {texts[0]} -> {texts[1]}" if all(len(text) <= _MOST_SHOWN for text in texts) else ""


def _shown(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    reference = reference_in(value)
    return str(reference) if reference is not None else json.dumps(value, ensure_ascii=False)


def _plainly(was: Any, now: Any) -> str:
    """Versions, which nobody writes in quotes."""
    return f" {'none' if was is None else was} -> {'none' if now is None else now}"
