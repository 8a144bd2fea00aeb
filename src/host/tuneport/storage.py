"""Writing to the disk, for plugins that keep files of their own."""

from tuneport.runs.storage import Storage

__all__ = ["Storage"]
