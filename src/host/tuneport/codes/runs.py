"""Codes of a whole command: its errors, its exit code, and problems of a recipe."""

from __future__ import annotations

from tuneport.codes.meaning import Meaning, entries

_ERRORS = {
    "error": (70, "A fault of tuneport itself, or of something that ended the process.", "Report it, with its text."),
    "recipe": (
        78,
        "The recipe, or what a plugin was configured with, is wrong; all problems are listed at once.",
        "Mend what stands at each path; tuneport schema recipe prints every key.",
    ),
    "usage": (2, "The command line cannot be understood.", "tuneport COMMAND --help lists the options."),
    "source_not_found": (
        66,
        "The file, table or query to read does not exist.",
        "Check its name; relative paths in a recipe start from the recipe's folder.",
    ),
    "source": (69, "The source is there and could not be read to its end.", "Mend what the text names, and run again."),
    "data": (
        65,
        "The records make no dataset: too many errors among them, or too few rows left.",
        "Look at the rejects; run.max_error_rate, output.min_rows and output.max_shrink set the limits.",
    ),
    "target_exists": (
        73,
        "Something stands where the dataset should be published; nothing was read.",
        "--on-exists replace swaps it, --on-exists version publishes beside it; or name another place.",
    ),
    "storage": (74, "Reading or writing a file failed.", "Check the disk that the text names."),
    "try_again": (
        75,
        "No space is left, or another run holds the lock; the request itself is right.",
        "Free some space, or wait, and run the same command.",
    ),
    "not_permitted": (77, "The system does not let us read or write there.", "Check owner and permissions."),
    "stopped": (
        130,
        "Stopped on request; by a signal, 128 and its number.",
        "The same command goes on where it can, or starts again.",
    ),
    "stream_closed": (0, "Whoever read the rows has seen enough, as head does.", ""),
    "plugin": (
        70,
        "A plugin that was asked for is broken, refused or ambiguous.",
        "tuneport plugins doctor says what is wrong and how to mend it.",
    ),
    "untrusted": (
        77,
        "A plugin that was asked for may not run: no lock file pins its code, it changed, or others may change it.",
        "Look at its code, then pin it: tuneport plugins lock DIR; tuneport plugins doctor says more.",
    ),
    "missing_library": (
        78,
        "What was asked for needs a library that is not installed.",
        "The text has the line that installs it.",
    ),
    "unknown_name": (
        78,
        "Nothing has this name.",
        "The text names the closest; tuneport plugins list shows what there is.",
    ),
}

_EXITS = {
    "0": ("Done, or nothing had to be done.", ""),
    "1": ("The answer is no: validate, plugins doctor and plugins validate found something.", "Mend what they list."),
    "2": ("The command line cannot be understood.", "tuneport COMMAND --help lists the options."),
    "65": ("The records make no dataset; nothing was published.", "tuneport explain data says more."),
    "66": ("What should be read is not there.", "Check its name."),
    "69": ("What should be read is there and cannot be read.", "Check the source."),
    "70": (
        "A plugin that was asked for cannot be used, or the fault is ours.",
        "tuneport plugins doctor looks at plugins; report what it does not explain.",
    ),
    "73": ("Something stands where the dataset should be published.", "Choose --on-exists replace or version."),
    "74": ("Reading or writing a file failed.", "Check the disk."),
    "75": (
        "No space is left, or another run holds the lock; the request itself is right.",
        "The same command may work later: free some space, or wait.",
    ),
    "77": (
        "The system does not let us read or write there, or a plugin that was asked for is not trusted.",
        "Check owner and permissions, or pin the plugin: tuneport explain untrusted says more.",
    ),
    "78": (
        "The recipe is wrong, names what nobody provides, or asks for what needs a library that is not installed.",
        "Mend the problems that are listed.",
    ),
    "129": ("Stopped by SIGHUP: a terminal was closed.", "The same command goes on where it can, or starts again."),
    "130": ("Stopped on request, as by Ctrl-C.", "The same command goes on where it can, or starts again."),
    "143": ("Stopped by SIGTERM.", "The same command goes on where it can, or starts again."),
}

_PROBLEMS = {
    "excluded_field": (
        "A stage needs a field that output.exclude_fields or output.include_fields hides.",
        "Take it out of exclude_fields, add it to include_fields, or do not name it elsewhere.",
    ),
    "expression": ("A condition cannot be understood.", "Mend it at the column that the text names."),
    "unknown_field": ("A field that the recipe names is not in the source.", "The hint names the closest."),
}

ERRORS = tuple(
    Meaning(code=code, kind="error", outcome=f"exit {number}", text=text, fix=fix)
    for code, (number, text, fix) in _ERRORS.items()
)
EXITS = entries("exit", _EXITS)
PROBLEMS = entries("problem", _PROBLEMS)
