"""The command line: one file per command, each a thin wrapper around what Python can do as well."""
