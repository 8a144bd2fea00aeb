"""Which codes the sources use: every literal that stands where a code belongs."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

SOURCES = Path(__file__).parents[2] / "src"

_PLACES = {
    "Reject": (0, "code"),
    "Malformed": (1, "code"),
    "Problem": (3, "code"),
    "FaultError": (0, "code"),
    "_ruled": (0, "code"),
    "reject": (1, "code"),
    "rejected": (1, "code"),
    "tell": (0, "code"),
    "_tell": (0, "code"),
    "_refuse": (0, "code"),
}
"""What is called, to where its code stands among the arguments."""


def used(folder: str) -> dict[str, str]:
    """Code to the place where it is used, of all sources below a folder of src."""
    files = sorted((SOURCES / folder).rglob("*.py"))
    return {code: f"{path.relative_to(SOURCES)}:{line}" for path in files for code, line in _used(path)}


def _used(path: Path) -> Iterator[tuple[str, int]]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    constants = {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        for code in _codes(node):
            for one in code.values if isinstance(code, ast.BoolOp) else [code]:
                text = constants.get(one.id) if isinstance(one, ast.Name) else _text(one)
                if isinstance(text, str) and text:
                    yield text, code.lineno


def _text(code: ast.expr) -> object:
    """A literal; what an f-string fills in becomes `*`."""
    if isinstance(code, ast.JoinedStr):
        return "".join(str(one.value) if isinstance(one, ast.Constant) else "*" for one in code.values)
    return getattr(code, "value", None)


def _codes(node: ast.AST) -> Iterator[ast.expr]:
    if isinstance(node, ast.Call):
        yield from _of_call(node)
    elif isinstance(node, ast.Subscript) and ast.unparse(node.value).endswith("notes"):
        yield node.slice
    elif isinstance(node, ast.FunctionDef) and _tells_a_code(node):
        pairs = [one.value for one in ast.walk(node) if isinstance(one, ast.Return)]
        yield from (pair.elts[0] for pair in pairs if isinstance(pair, ast.Tuple))


def _tells_a_code(function: ast.FunctionDef) -> bool:
    """Whether it returns code and reason, as a reader's function does that says why something cannot be read."""
    returned = ast.unparse(function.returns) if function.returns is not None else ""
    return "tuple[str, str]" in returned and "code and reason" in (ast.get_docstring(function) or "").lower()


def _of_call(call: ast.Call) -> Iterator[ast.expr]:
    name = ast.unparse(call.func)
    last = name.rpartition(".")[2]
    place, keyword = _PLACES.get(last, (None, ""))
    if name.endswith(("own_code", "rule_code")):
        place = 1
    if name.endswith(("findings.add", "_findings.add", "ctx.count", "context.count")):
        place = 0
    if place is not None and len(call.args) > place:
        yield call.args[place]
    yield from (one.value for one in call.keywords if keyword and one.arg == keyword)
