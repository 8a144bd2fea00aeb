"""What a manager can be asked for: who may be used, strictness, more directories, and plugins by path."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from host.plugin_manager.dropping import locked, manifest, package, wheel, write
from host.plugin_manager.exporting import ENTITIES, Whole
from host.plugin_manager.making import FORMAT, Site
from tuneport import Exporter, ExportOptions, PluginManager, hookimpl
from tuneport.errors import PluginError
from tuneport.plugin_manager import lock_directory

WHOLE = '''
from tuneport import ExportStats, hookimpl

@hookimpl
def export_entities(entities, options):
    """Count."""
    return ExportStats(total_entities=len(list(entities)))
'''

SEVERAL = """
from tuneport import hookimpl

@hookimpl
def register_exporters(register):
    for name in {names!r}:
        register(name, lambda config: None)
"""


class Formats:
    """A plugin with one format."""

    @hookimpl
    def register_formats(self, register: Callable[..., None]) -> None:
        register("mine", lambda _config, _ctx: lambda _sample: {})


@pytest.mark.parametrize(
    ("allow", "deny", "blocked", "reason"),
    [
        (None, ["acme*"], ["acme", "acme_two"], "denied by 'acme*'"),
        (["acme*"], (), ["other"], "allowed is only acme*"),
        (["acme*", "other"], ["*two"], ["acme_two"], "denied by '*two'"),
        ([], (), ["acme", "acme_two", "other"], "allowed is only none"),
        ("acme*", "acme", ["acme", "other"], ""),
        (["ACME*"], (), ["acme", "acme_two", "other"], "allowed is only ACME*"),
    ],
)
def test_plugins_may_be_allowed_and_denied_by_name(
    site: Site, allow: Any, deny: Any, blocked: list[str], reason: str
) -> None:
    """What is blocked is listed with why, and nothing of it is imported."""
    for name in ("acme", "acme_two", "other"):
        site.plugin(name, FORMAT.format(name=name))
    manager = PluginManager(allow=allow, deny=deny)
    refused = {one.name: one for one in manager.list(state="refused") if one.name in {"acme", "acme_two", "other"}}
    assert sorted(refused) == blocked
    assert {one.refusal for one in refused.values()} == {"blocked"}
    assert f"blocked: {reason}" in refused[blocked[-1]].reason
    with pytest.raises(PluginError, match="is refused: blocked"):
        manager.resolve("formats", f"{blocked[0]}:x")
    assert not site.imported()


def test_what_is_blocked_holds_no_name(tmp_path: Path) -> None:
    """Two of a name that is denied are each refused for that alone: they neither shadow nor duplicate one another."""
    folders = [write(tmp_path / name, package("acme", f"A = '{name}'")) for name in ("one", "two")]
    manager = PluginManager(folders, trust="any", discover=False, deny=["acme"])
    assert [one.reason for one in manager.list()] == ["blocked: denied by 'acme'"] * 2


STRICT: dict[str, tuple[Callable[[Site], object], str]] = {
    "failed": (lambda site: site.plugin("acme", "", "{"), "is failed: unreadable manifest"),
    "incompatible": (lambda site: site.plugin("acme", "", {"name": "acme", "api": ">=9"}), "incompatible"),
    "requires": (lambda site: site.plugin("acme", "", {"name": "acme", "requires": ["gone"]}), "needs gone"),
    "auto_load": (lambda site: site.plugin("acme", "1/0", {"name": "acme", "auto_load": True}), "ZeroDivisionError"),
}


@pytest.mark.parametrize(("make", "reason"), STRICT.values(), ids=STRICT)
def test_a_strict_manager_raises_for_the_first_that_cannot_be_used(
    site: Site, make: Callable[[Site], object], reason: str
) -> None:
    """Otherwise it is listed, and a manager comes to be."""
    make(site)
    with pytest.raises(PluginError, match=f"plugin acme .*{reason}"):
        PluginManager(strict=True)
    assert not PluginManager().get("acme").usable


def test_strictness_knows_untrusted_code_and_forgives_what_was_decided(site: Site, tmp_path: Path) -> None:
    """What is blocked by name, or shadowed by what is installed, is no error."""
    site.plugin("acme", FORMAT.format(name="mine"))
    folder = write(tmp_path / "plugins", package("acme"))
    with pytest.raises(PluginError, match="untrusted"):
        PluginManager([folder], strict=True)
    assert PluginManager([folder], strict=True, deny=["acme"]).get("acme").refusal == "blocked"
    lock_directory(folder)
    manager = PluginManager([folder], strict=True)
    assert [one.refusal for one in manager.list(state="refused")] == ["shadowed"]
    other = write(tmp_path / "other", {"x.json": "{"})
    with pytest.raises(PluginError, match=r"plugin x .* is failed"):
        manager.scan_plugin_directory(other)


def test_lazy_plugins_that_break_raise_in_a_strict_manager(site: Site) -> None:
    """A plugin that does not say what it provides is asked, and its fault is told."""
    site.plugin("acme", "1/0")
    with pytest.raises(PluginError, match=r"plugin acme .*ZeroDivisionError"):
        PluginManager(strict=True).resolve("formats", "nobody_has_this")


def test_one_directory_may_be_trusted_otherwise(tmp_path: Path) -> None:
    """`scan_plugin_directory` takes trust and lock of its own, and counts what is usable."""
    one, two, three = (write(tmp_path / name, package(name)) for name in ("one", "two", "three"))
    lock_directory(three, tmp_path / "x.json")
    manager = PluginManager([one], discover=False)
    assert manager.scan_plugin_directory(two, trust="any") == 1
    assert manager.scan_plugin_directory(three) == 0
    assert manager.scan_plugin_directory(three, lock=tmp_path / "x.json") == 1
    assert {one.name: one.state for one in manager.list()} == {"one": "refused", "two": "ready", "three": "ready"}
    assert manager.scan_plugin_directory(three, lock=tmp_path / "x.json") == 0


def test_what_was_locked_meanwhile_is_found_by_scanning_again(tmp_path: Path) -> None:
    """A notebook need not start again."""
    folder = write(tmp_path / "plugins", package())
    manager = PluginManager([folder], discover=False)
    lock_directory(folder)
    assert manager.scan_plugin_directory(folder) == 1
    assert [one.state for one in manager.list()] == ["ready"]


def test_an_extended_manager_has_all_of_the_first_and_more(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its directories, settings and registered plugins, new directories, and fewer names; the first stays as it is.

    A directory that the first one names already keeps its rules; the others need the first one's lock file.
    """
    site.plugin("eager", FORMAT.format(name="eager"), {"name": "eager", "auto_load": True})
    site.plugin("denied", FORMAT.format(name="denied"))
    folders = {name: write(tmp_path / name, package(name)) for name in ("one", "two", "late", "more")}
    monkeypatch.chdir(tmp_path)
    lock = tmp_path / "x.lock"
    lock_directory(folders["more"], lock)
    first = PluginManager(["one"], trust="any", deny=["denied"], lock=lock)
    monkeypatch.chdir("/")
    first.scan_plugin_directory(folders["late"])
    mine = Formats()
    first.register(mine, "mine")
    before = [(one.name, one.state) for one in first.list()]
    more = first.extended([folders["two"], folders["more"]], lock=lock, deny=["sources"])
    assert [(one.name, one.state) for one in first.list()] == before
    states = {one.name: (one.state, one.refusal) for one in more.list()}
    assert states["one"] == states["late"] == states["more"] == ("ready", "")
    assert states["two"] == ("refused", "untrusted")
    assert states["denied"] == states["sources"] == ("refused", "blocked")
    assert states["eager"] == states["mine"] == ("loaded", "")
    assert more.get("mine").instance is mine
    assert more.resolve("formats", "more").plugin == "more"
    narrowed = more.extended(allow=["mo*", "mine"]).extended(allow=["more", "one"])
    assert [one.name for one in narrowed.list() if one.usable] == ["more"]
    assert narrowed.get("mine").reason == "blocked: allowed is only more, one"


def test_who_extends_a_manager_grants_nothing(tmp_path: Path) -> None:
    """Neither the lock file beside a new directory, nor one that is named, nor the first one's trust counts."""
    folder, own = write(tmp_path / "plugins", package()), tmp_path / "own.json"
    lock_directory(folder)
    lock_directory(folder, own)
    for first in (PluginManager(discover=False), PluginManager(discover=False, trust="any")):
        for lock in (None, own):
            record = first.extended([folder], lock=lock).get("acme")
            assert record.reason == f"untrusted: only the recipe names {folder}"
            assert record.hint.startswith("a recipe cannot vouch for code: ")
            assert record.hint.endswith(f"run it with --plugin-lock {lock or f'{folder}.lock.json'}")
    assert PluginManager(discover=False, lock=own).extended([folder]).get("acme").usable
    assert PluginManager([folder], discover=False).extended([folder]).get("acme").usable
    with pytest.raises(PluginError, match="nowhere does not exist"):
        PluginManager(discover=False).extended([tmp_path / "nowhere"])


@pytest.mark.parametrize("shape", ["folder", "package", "manifest", "wheel", "text"])
def test_a_plugin_may_be_loaded_by_its_path(tmp_path: Path, shape: str) -> None:
    """A folder, a manifest or a wheel, pinned as from a directory, gives its exporter."""
    folder = tmp_path / "plugins"
    if shape == "wheel":
        path = wheel(folder, package(code=WHOLE), entry="acme")
    else:
        write(folder, package(code=WHOLE))
        path = {"manifest": folder / "acme/plugin.json", "package": folder / "acme"}.get(shape, folder)
    manager = PluginManager(discover=False)
    given: Any = str(path) if shape == "text" else path
    with pytest.raises(PluginError, match="is refused: untrusted"):
        manager.load(given)
    lock_directory(path.parent if shape == "manifest" else folder)
    exporter = manager.load(given)
    assert isinstance(exporter, Exporter)
    stats = exporter.exportEntities(iter(ENTITIES), ExportOptions(output_path=tmp_path / "out"))
    assert stats.total_entities == len(ENTITIES)
    assert manager.load(given).name == "acme:acme"
    assert manager.get("acme").state == "loaded"
    assert manager.extended().load("acme").name == "acme:acme"


def test_a_path_with_a_configuration_and_an_importer(tmp_path: Path) -> None:
    """The configuration is that of what is loaded; a plugin without an exporter gives its importer."""
    code = """
    from tuneport import Config, hookimpl

    class Rows(Config):
        count: int = 1

    @hookimpl
    def register_importers(register):
        register("rows", lambda config, ctx: [{"n": n} for n in range(config.count)], config=Rows)
    """
    folder = write(tmp_path / "plugins", package(code=code))
    lock_directory(folder)
    source = PluginManager(discover=False).load(folder / "acme", {"count": 3})
    assert list(source.importEntities()) == [{"n": 0}, {"n": 1}, {"n": 2}]


@pytest.mark.parametrize(
    ("files", "message", "hint"),
    [
        (package(), "plugin acme has neither an exporter nor an importer", "it provides formats acme"),
        (package(code=SEVERAL.format(names=["a", "b"])), "plugin acme has several exporters", "acme:a, acme:b"),
        ({**package(), **package("b")}, "holds 2 plugins, not one", "scan it as a directory"),
        ({"data.txt": ""}, "holds 0 plugins, not one", "name the folder of one plugin"),
        ({"x.json": "{"}, "plugin x .* is failed: unreadable manifest", "mend it"),
    ],
)
def test_a_path_that_stands_for_no_one_thing_is_an_error(
    tmp_path: Path, files: dict[str, str], message: str, hint: str
) -> None:
    """It says what is there."""
    folder = write(tmp_path / "plugins", files)
    lock_directory(folder)
    with pytest.raises(PluginError, match=message) as caught:
        PluginManager(discover=False).load(folder)
    assert hint in caught.value.hint


def test_of_several_exporters_that_of_the_plugins_name_is_meant(tmp_path: Path) -> None:
    """As a name stands for its plugin elsewhere."""
    folder = write(tmp_path / "plugins", package(code=SEVERAL.format(names=["acme", "b"])))
    lock_directory(folder)
    with pytest.raises(PluginError, match="exporter acme:acme returned NoneType"):
        PluginManager(discover=False).load(folder)


@pytest.mark.parametrize(("path", "why"), [("nowhere/x", "does not exist"), ("plugins/note.txt", "is no plugin")])
def test_a_path_to_nothing_is_an_error(tmp_path: Path, path: str, why: str) -> None:
    """It says what a path may be."""
    write(tmp_path / "plugins", {"note.txt": ""})
    with pytest.raises(PluginError, match=why):
        PluginManager(discover=False).load(tmp_path / path)


def test_a_path_that_changed_needs_a_new_manager(tmp_path: Path) -> None:
    """The old code is never passed off as the new one."""
    folder = write(tmp_path / "plugins", package(code=WHOLE))
    manager = locked(folder)
    manager.load(folder)
    write(folder, package(code=f"{WHOLE}\n# more"))
    lock_directory(folder)
    with pytest.raises(PluginError, match="changed since it was found") as caught:
        manager.load(folder)
    assert caught.value.hint == "make a new manager"
    assert PluginManager(discover=False).load(folder).name == "acme:acme"


def test_a_name_is_no_path(site: Site) -> None:
    """Only a text with a separator is one: a plugin is never loaded from the working directory by accident."""
    with pytest.raises(PluginError, match="no exporter or importer 'acme'"):
        PluginManager(discover=False).load("acme")


def test_a_registered_plugin_stays_before_a_directory(tmp_path: Path) -> None:
    """What is loaded cannot be displaced by an extension."""
    folder = write(tmp_path / "plugins", {"acme.json": manifest(), "acme.py": ""})
    lock_directory(folder)
    first = PluginManager(discover=False, lock=f"{folder}.lock.json")
    first.register(Whole(), "acme")
    more = first.extended([folder])
    assert [(one.origin, one.state) for one in more.list()] == [
        (f"{folder}/acme.json", "refused"),
        ("registered", "loaded"),
    ]
