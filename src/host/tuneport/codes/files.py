"""Codes of `tuneport validate`: what it finds in files of rows, and in a dataset's folder."""

from __future__ import annotations

from tuneport.codes.meaning import entries

_AGAIN = "Export the dataset again, or fetch it again."
_FAULT = "An export never writes this: fetch the dataset again, and report it if that does not help."

_LINES = {
    "bad_json": ("A line is not JSON.", "Mend the line; NaN and single quotes are no JSON."),
    "bad_turn": ("A turn of messages lacks its role or its content.", "Write both in every turn."),
    "bad_utf8": ("A line is not UTF-8.", "Write the file as UTF-8."),
    "blank_line": ("A line is blank.", "Leave blank lines out."),
    "bom": ("The file begins with a byte order mark.", "Write UTF-8 without it."),
    "compression": ("A file is compressed in a way that its reader does not open.", "Unpack it."),
    "damaged": ("A compressed file ends too early, or is none.", "Write or fetch the file again."),
    "dates": ("A text column holds nothing but dates: loaders take them for timestamps.", "Write milliseconds too."),
    "duplicate_key": ("A key stands twice in one object; loaders keep one of them.", "Keep one of them."),
    "empty_object": ("A line holds an object without keys.", "Leave the line out."),
    "extra_key": ("A row has a key that the first row lacks.", "Write the same keys in every row."),
    "float_after_integers": ("A float comes after integers, which loaders go by.", "Write all as floats: 1.0."),
    "int_range": ("An integer does not fit 64 bits.", "Write it as text."),
    "integer_among_floats": ("An integer stands in a column of floats.", "Write all as floats: 1.0."),
    "key_order": ("The keys stand in another order than in the first row.", "Write them in one order."),
    "keys_differ": ("An object inside a column has other keys than before.", "Write the same keys in every row."),
    "last_turn": ("A conversation does not end with the assistant: nothing is trained.", "End it with an answer."),
    "late_type": ("A column shows its type after loaders have settled it.", "Put a row that has it first."),
    "line_too_long": ("A line is longer than 8 MiB.", "Cut the record into several."),
    "lone_surrogate": ("A text holds half of a surrogate pair.", "Replace it before writing: no loader reads it."),
    "missing_key": ("A row lacks a key that the first row has.", "Write the same keys in every row."),
    "mixed_list": ("A list holds items of several types; older loaders fail.", "Write one type in each list."),
    "no_newline": ("The last line does not end with a newline.", "End it with one: the file may have been cut off."),
    "no_rows": ("A file holds no rows.", "Leave the file out: loaders fail on an empty one."),
    "no_turns": ("messages holds no turns.", "Leave the row out."),
    "not_finite": ("A number is infinite or NaN, which JSON does not have.", "Write null, or leave the record out."),
    "not_in_all": ("A column stands in some rows of a file only; its service wants all or none.", "Write it in all."),
    "not_object": ("A line holds something else than an object.", "Write one {...} on each line."),
    "object_after_null": ("An object comes where rows before had null.", "Write all its keys, as null."),
    "schema": ("A validator refused the row without giving its problem a code.", "The message says why."),
    "too_deep": ("A value is nested too deeply to be read.", "Write it flatter, or as text."),
    "too_few_rows": ("A service takes no file with as few rows.", "Export more records."),
    "too_large": ("A file is larger than its service takes.", "Set output.shard_size smaller."),
    "too_many_rows": ("A service takes no file with as many rows.", "Leave some out."),
    "type_changed": ("A column has another type than in the rows before.", "Write one type in each column."),
}

_FOLDERS = {
    "bad_sum": ("A line of SHA256SUMS is not a digest, two spaces and a name.", _AGAIN),
    "card": ("The dataset card says something else than manifest or rows.", _FAULT),
    "card_unread": ("The dataset card begins with something else than an export writes.", "It was not compared."),
    "changed": ("A file is not what was written: SHA256SUMS has another digest.", _AGAIN),
    "counts": ("The manifest's counts do not add up.", _FAULT),
    "digest": ("The dataset's digest is not that of the files it lists.", _FAULT),
    "index": ("The index cannot be read.", _AGAIN),
    "index_counts": ("The index has more or fewer records of an outcome than the manifest.", _FAULT),
    "index_rows": ("The index places more or fewer rows than the files hold.", _FAULT),
    "leak": ("A sample or a group stands on both sides of a split.", "Train on neither; export the dataset again."),
    "ledger": ("A format's rows do not follow from its ledger.", _FAULT),
    "ledger_files": ("A format counts other rows than its files hold.", _FAULT),
    "link": ("A symbolic link stands in the folder.", "Put the file itself there."),
    "listed_twice": ("A file is listed twice.", _FAULT),
    "load_differs": ("load_dataset gives back another value than the file holds.", "Read the file as plain JSON."),
    "load_failed": ("load_dataset fails on the dataset.", _FAULT),
    "load_rows": ("load_dataset gives more or fewer rows than were written.", _FAULT),
    "manifest": ("manifest.json cannot be read.", _AGAIN),
    "manifest_differs": ("The manifest has another digest of a file than SHA256SUMS.", _FAULT),
    "miscounted": ("A file holds more or less than the manifest says.", _FAULT),
    "misplaced": ("A file stands where files of its kind do not belong.", _FAULT),
    "missing": ("A file that is listed, or has to be there, is not.", _AGAIN),
    "no_file": ("Something in the folder is neither a file nor a folder.", "Remove it."),
    "not_in_manifest": ("A file stands among the rows, and the manifest has no such file.", "Remove it."),
    "outside": ("SHA256SUMS names a file outside the folder; it was not opened.", "Do not trust this folder."),
    "reasons": ("More or fewer reasons are counted than records were left out.", _FAULT),
    "recipe": ("recipe.json is not the one that made this dataset.", _AGAIN),
    "rejects": ("rejects/ holds more or fewer lines than were counted.", _AGAIN),
    "split_counts": ("Samples of the splits are more or fewer than what was exported.", _FAULT),
    "stats": ("stats.json cannot be read.", _AGAIN),
    "stats_differ": ("A number of stats.json is another in the manifest.", _AGAIN),
    "unlisted": ("A file is not listed in SHA256SUMS: it was added later.", "Remove it."),
}

FINDINGS = entries("finding", {**_LINES, **_FOLDERS})
