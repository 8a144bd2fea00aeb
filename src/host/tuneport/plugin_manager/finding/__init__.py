"""Finding plugins, installed or in directories, without importing any of them."""
