"""Codes of single records: why one became no row, and what is counted on the way."""

from __future__ import annotations

from tuneport.codes.meaning import entries

_ERRORED = {
    "bad_json": (
        "What stands there is no JSON object that can be read, is longer than 8 MiB, or nested deeper than 64 levels.",
        "Look at the place that the rejects name, and write one object there.",
    ),
    "bad_type": (
        "A value has a type that its use does not take, a row has too many cells or too few, or belongs to no group.",
        (
            "Mend it in the source, or read it with a query that casts it; the reason names the field. Columns of a CSV"
            ' file are text unless source.types.FIELD = "integer"; number(FIELD) reads one in an expression.'
        ),
    ),
    "bad_utf8": (
        "A text is not UTF-8, or holds half of a surrogate pair, which is no character.",
        "Write the source as UTF-8; the reason names the field.",
    ),
    "int_range": (
        "An integer does not fit 64 bits, which loaders need.",
        "Keep it as text, or leave the field out of metadata_fields.",
    ),
    "late_field": (
        "A field that nothing named appears for the first time after the first 10,000 records.",
        "Name it in field_mapping or metadata_fields, or leave it out by output.exclude_fields.",
    ),
    "weight_not_finite": (
        "A weight is infinite or not a number.",
        'Mend the field that holds it, or leave such records out: where = "upvotes < 1000000".',
    ),
    "hook:PLUGIN": (
        "A plugin raised an error, or answered what a plugin may not answer, at this record.",
        (
            "The log names the error once, and the rejects where it was raised; tell the plugin's author. A hundred"
            " records in a row at which the same stage fails end the run."
        ),
    ),
}

_FILTERED = {
    "contaminated": (
        "A text of the sample, prompt or answer, has words in a row that stand in an evaluation set, too.",
        "As asked. Where too much is left out, raise ngram or overlap of quality:decontamination, or name its fields.",
    ),
    "empty_output": (
        "The text to learn is empty, or white space only.",
        "Check that output_field names the right column: tuneport preview shows records beside their rows.",
    ),
    "held_out": (
        "A row of output.split.exclude asks the same, in whatever case and spacing: it is kept for evaluation.",
        "As asked. A sample is also left out where it answers that prompt on its way to the last turn.",
    ),
    "kind": (
        "A format has no way to write this kind of sample: a preference pair in a format for plain answers, say.",
        "Export such records with a style of their own, or choose another format: docs/formats.md has the table.",
    ),
    "left_out_by_weight": (
        "No format wrote the sample: all of them write copies in place of weights, and its weight came to none.",
        'Weights that are closer together lose fewer: normalize = "log", or weighting.min_weight.',
    ),
    "missing_field": (
        "A field that the style needs is missing or null.",
        "Check export.field_mapping; tuneport preview shows what is read.",
    ),
    "near_duplicate": (
        "An earlier record has nearly the same content; only the first of such records is written.",
        'As asked: action = "report" keeps them all and counts them, and a higher threshold leaves out fewer.',
    ),
    "row_too_deep": (
        "The row would be nested deeper than 64 levels, and readers are not made for that.",
        "Arguments of tools are unfolded inside a row: give them fewer levels, or choose a format that keeps texts.",
    ),
    "row_too_long": (
        "The row would be longer than 8 MiB, and no reader of lines takes it.",
        "Cut such records into several, or lower export.quality.max_text_length.",
    ),
    "schema_violation": (
        "The row does not fit the JSON Schema, and reject_invalid_samples is true.",
        "The reason names the place; mend the records or the schema, or set reject_invalid_samples = false.",
    ),
    "weight_not_carried": (
        'The weight is not 1, and weights = "refuse" lets a format take no other.',
        'Take weights = "replicate" for copies, or "ignore"; or switch weights off: weighting.enable_weights = false.',
    ),
    "text_too_long": (
        "The trained text has more characters than export.quality.max_text_length.",
        "Raise it, or cut such records into several.",
    ),
    "text_too_short": (
        "The trained text has fewer characters than export.quality.min_text_length.",
        "Lower it where short answers are good ones.",
    ),
    "where": (
        "A condition does not hold: --where, export.where or output.filter_expression.",
        "As asked. A condition on a field that a record lacks does not hold either.",
    ),
    "PLUGIN:CODE": (
        "A rule of that plugin left the record out.",
        "The reason says why; the plugin's manifest explains its codes.",
    ),
    "PLUGIN:invalid": (
        "A validator of that plugin refused the row without giving its problem a code.",
        "The reason says why.",
    ),
}

_DUPLICATE = {
    "duplicate": (
        "An earlier record has the same content; only that one is written.",
        "As asked: export.quality.skip_duplicates = false keeps them all.",
    ),
}

_NOTES = {
    "where_kinds_differ": (
        "A condition compares values of two kinds, as a text with a number, and so does not hold.",
        (
            'Compare alike: rating >= 4 for numbers, rating == "4" for texts. Columns of a CSV file are text:'
            ' number(rating) >= 4 reads one as a number, and so does source.types.rating = "integer" for the whole run.'
        ),
    ),
    "CODE refused by FORMAT": (
        "A format refused samples that another format of the run wrote: they count as exported.",
        "The rejects list them under that format's name.",
    ),
    "warning of VALIDATOR": (
        "A validator of datasets warned of something, and let the dataset pass.",
        "The log has the text.",
    ),
}

REJECTS = (
    *entries("reject", _ERRORED, "errored"),
    *entries("reject", _FILTERED, "filtered"),
    *entries("reject", _DUPLICATE, "duplicate"),
)
NOTES = entries("note", _NOTES)
