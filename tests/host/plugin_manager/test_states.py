"""Broken, refused and conflicting plugins: each is listed with its reason, and none disturbs the others."""

from __future__ import annotations

from pathlib import Path

import pytest

from host.plugin_manager.making import FORMAT, Site
from tuneport import PluginManager
from tuneport.errors import PluginError, RecipeError, UnknownNameError

IMPORT = "from tuneport import hookimpl\n"


def broken(site: Site, code: str) -> tuple[PluginManager, PluginError]:
    """A manager in which `acme` was asked for in vain, beside `sound`, and the error."""
    site.plugin("acme", code)
    site.plugin("sound", FORMAT.format(name="sound"))
    manager = PluginManager()
    with pytest.raises(PluginError) as caught:
        manager.load_plugin(manager.get("acme"))
    return manager, caught.value


@pytest.mark.parametrize(
    ("code", "reason", "hint"),
    [
        ("import not_there.at_all", "ModuleNotFoundError: No module named 'not_there'", "pip install not_there"),
        ("import acme_code.gone", "ModuleNotFoundError: No module named 'acme_code.gone'", "install it again"),
        ("1 / 0", "ZeroDivisionError: division by zero", "mend, upgrade or uninstall it"),
        ("raise SystemExit('I need a terminal')", "SystemExit: I need a terminal", "mend"),
        ("def f(:", "SyntaxError: ", "mend"),
        (
            "from tuneport.errors import PluginError\nraise PluginError('no GPU here', 'use a machine with one')",
            "no GPU here",
            "use a machine with one",
        ),
        (
            IMPORT + "@hookimpl\ndef register_formats(register):\n    raise KeyError('x')\n",
            "KeyError: 'x'",
            "mend",
        ),
        (
            IMPORT + "@hookimpl\ndef register_spells(register): ...\n",
            "unknown hook 'register_spells' in plugin",
            "mend",
        ),
        (
            IMPORT + "@hookimpl\ndef register_formats(register, more): ...\n",
            "Argument(s) {'more'} are declared in the hookimpl but can not be found in the hookspec",
            "mend",
        ),
        (
            IMPORT + "@hookimpl\ndef register_formats(register):\n    register('a', print)\n    register('a', print)\n",
            "it registers formats 'a' twice",
            "mend",
        ),
        (
            IMPORT + "@hookimpl\ndef register_formats(register):\n    register('a:b', print)\n",
            "'a:b' is no name",
            "mend",
        ),
        (
            IMPORT + "@hookimpl\ndef exportEntities(entities, options): ...\n"
            "@hookimpl\ndef register_exporters(register):\n    register('acme', print)\n",
            "it registers an exporter 'acme', and implements exportEntities itself",
            "mend",
        ),
    ],
)
def test_a_broken_plugin_is_failed_with_cause_and_fix(site: Site, code: str, reason: str, hint: str) -> None:
    """Asking for it raises what it raised and what to do; everything else still loads."""
    manager, error = broken(site, code)
    record = manager.get("acme")
    assert record.state == "failed"
    assert reason in record.reason
    assert error.message == f"plugin acme (installed (x-acme)) is failed: {record.reason}"
    assert hint in error.hint
    assert error.__cause__ is not None
    assert manager.resolve("formats", "sound").plugin == "sound"
    assert manager.resolve("formats", "tuneport").plugin == "jsonl_llm"
    assert manager.hooks.get_plugin("acme") is None
    with pytest.raises(PluginError, match=r"plugin acme .* is failed"):
        manager.load("acme")


def test_a_missing_attribute_is_named(site: Site) -> None:
    """An entry point to an attribute that the module lacks is a failed plugin."""
    site.module("acme_code")
    site.distribution("x-acme", acme="acme_code:gone")
    manager = PluginManager()
    with pytest.raises(PluginError, match="has no attribute 'gone'"):
        manager.load_plugin(manager.get("acme"))


def test_what_a_plugin_registered_before_it_raised_is_discarded(site: Site) -> None:
    """No contribution of a plugin that raises later can be had, not even by its qualified name."""
    code = FORMAT.format(name="early") + "@hookimpl\ndef register_weightings(register):\n    raise ValueError('late')\n"
    manager, _ = broken(site, code)
    assert manager.get("acme").provides is None
    assert "early" not in manager.names("formats")
    with pytest.raises(UnknownNameError):
        manager.resolve("formats", "early")
    with pytest.raises(PluginError, match="is failed: late"):
        manager.resolve("formats", "acme:early")


@pytest.mark.parametrize("declared", [{"formats": []}, {"formats": ["acme", "more"]}, {"styles": ["acme"]}])
def test_manifest_and_code_that_disagree_fail(site: Site, declared: dict[str, list[str]]) -> None:
    """What a manifest declares is exactly what its code registers, or the plugin is not used."""
    site.plugin("acme", FORMAT.format(name="acme"), {"name": "acme", "provides": declared})
    manager = PluginManager()
    with pytest.raises(PluginError, match="its manifest and its code disagree about"):
        manager.load_plugin(manager.get("acme"))


def test_the_provider_that_is_broken_is_named_instead_of_an_unknown_name(site: Site) -> None:
    """A name that only a broken plugin declares is answered with that plugin's reason, every time."""
    site.plugin("acme", "import not_there", {"name": "acme", "provides": {"formats": ["shiny"]}})
    manager = PluginManager()
    for name in ("shiny", "shiny", "acme:shiny"):
        with pytest.raises(PluginError, match=r"plugin acme .* is failed: ModuleNotFoundError") as caught:
            manager.resolve("formats", name)
        assert caught.value.hint == "pip install not_there"


@pytest.mark.parametrize(
    ("api", "reason"),
    [
        (">=2", "incompatible: needs plugin API >=2, this host speaks 1.0"),
        ("~=0.9", "incompatible: needs plugin API ~=0.9, this host speaks 1.0"),
        ("two", "incompatible: its manifest's api is 'two', which is no version specifier such as >=1.0,<2"),
    ],
)
def test_a_plugin_for_another_host_is_refused_unseen(site: Site, api: str, reason: str) -> None:
    """It is not imported, even where it provides kinds this host does not know; asking for it says why."""
    manifest = {"name": "acme", "api": api, "provides": {"formats": ["acme"]}}
    if api == ">=2":
        manifest["provides"] = {"formats": ["acme"], "spells": ["x"]}
    site.plugin("acme", FORMAT.format(name="acme"), manifest)
    manager = PluginManager()
    record = manager.get("acme")
    assert (record.state, record.reason) == ("refused", reason)
    for ask in (lambda: manager.resolve("formats", "acme"), lambda: manager.load("acme")):
        with pytest.raises(PluginError, match=r"plugin acme .* is refused: incompatible"):
            ask()
    assert not site.imported()


def test_one_broken_plugin_of_every_kind_leaves_the_host_working(site: Site, tmp_path: Path) -> None:
    """With a plugin broken in every way at once, the bundled exporter still loads and exports."""
    from tuneport import Exporter, ExportOptions

    site.plugin("unreadable", "", "{")
    site.plugin("missing", "import not_there")
    site.plugin("raising", "1/0")
    site.plugin("future", "", {"name": "future", "api": ">=9"})
    site.distribution("x-gone", gone="gone_code")
    manager = PluginManager()
    exporter = manager.load("jsonl_llm", {"style": "text_completion"})
    assert isinstance(exporter, Exporter)
    stats = exporter.exportEntities(
        [{"content": "A text of some length"}], ExportOptions(output_path=tmp_path / "o.jsonl")
    )
    assert stats.exported_entities == 1
    assert {
        one.name: one.state
        for one in manager.list()
        if one.name not in {"formats", "jsonl_llm", "lora_metadata", "quality", "sources", "training"}
    } == {
        "unreadable": "failed",
        "missing": "failed",
        "raising": "failed",
        "future": "refused",
        "gone": "failed",
    }


def test_a_plugin_that_asks_for_itself_while_imported_fails_alone(site: Site) -> None:
    """Looking up names while being imported finds the others; asking for oneself is an error, no recursion."""
    site.module("box", "from tuneport import PluginManager\nmanager = PluginManager()\nfound = []")
    look = "import box\nbox.found.append(box.manager.resolve('formats', 'tuneport').plugin)\n"
    site.plugin("looks", look + FORMAT.format(name="looks"))
    site.plugin("loops", "import box\nbox.manager.load_plugin(box.manager.get('loops'))\n")
    import box  # type: ignore[import-not-found]

    assert box.manager.resolve("formats", "looks").plugin == "looks"
    assert box.found == ["jsonl_llm"]
    assert "is asked for while it is being imported" in box.manager.get("loops").reason


def test_a_plugin_for_1_0_that_takes_fewer_arguments_works(site: Site) -> None:
    """A hook implementation may leave out arguments it does not need."""
    site.plugin("acme", IMPORT + "@hookimpl\ndef register_formats(): ...\n")
    manager = PluginManager()
    manager.load_plugin(manager.get("acme"))
    assert (manager.get("acme").state, manager.get("acme").provides) == ("loaded", {})


def test_configuration_errors_are_not_a_plugins_fault(site: Site) -> None:
    """A wrong configuration is a RecipeError, and the plugin stays loaded."""
    manager = PluginManager()
    with pytest.raises(RecipeError):
        manager.load("jsonl_llm", {"stile": "x"})
    assert manager.get("jsonl_llm").state == "loaded"
