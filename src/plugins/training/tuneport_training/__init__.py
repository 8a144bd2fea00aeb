"""Bundled plugin: a model so small that anything which trains can be tried on it in seconds.

Everything is imported inside the hook, so that finding the plugin costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable

from tuneport import hookimpl


@hookimpl
def register_commands(register: Callable[..., None]) -> None:
    """Offer the command that makes a tiny model."""
    from tuneport_training.command import tiny_model

    register("tiny-model", tiny_model, doc="Make a tiny language model to try training on, without a download")
