"""An adapter's metadata beside its data, and the checks it has to pass."""
