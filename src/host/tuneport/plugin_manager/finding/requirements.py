"""What a plugin requires, line by line, as PEP 508 writes it. The lines may be anybody's."""

from __future__ import annotations

from packaging.requirements import Requirement

LONGEST = 1000


def required(line: str) -> Requirement | None:
    """What a line requires here; None where its marker is about other systems.

    Raises:
        ValueError: it is no requirement, or its marker says nothing that can be found out.
    """
    if not isinstance(line, str) or len(line) > LONGEST:
        raise ValueError(f"it is no text of at most {LONGEST:,} characters")
    try:
        need = Requirement(line)
        wanted = need.marker is None or need.marker.evaluate({"extra": ""})
    except (ValueError, RecursionError) as error:
        # Parentheses may be nested deeper than Python goes, and `os_name ~= 'x'` compares what cannot be compared.
        raise ValueError("it is no requirement") from error
    return need if wanted else None
