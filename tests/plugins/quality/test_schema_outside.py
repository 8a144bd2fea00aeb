"""Nothing outside is fetched or read, whatever a schema says: proved against a listener and a file."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from plugins.quality.support import compiled, refused
from tuneport.errors import RecipeError

SECRET = "s3cret-of-the-file"


class Listener:
    """A web server on this machine that serves a schema with a secret, and counts who asks."""

    def __init__(self) -> None:
        hits: list[str] = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                hits.append(self.path)
                self.send_response(200)
                self.end_headers()
                self.wfile.write(json.dumps({"const": SECRET}).encode())

            def log_message(self, *arguments: Any) -> None:
                pass

        self.hits = hits
        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/schema.json"


@pytest.fixture
def listener() -> Iterator[Listener]:
    """A listener, stopped in the end."""
    made = Listener()
    thread = threading.Thread(target=made.server.serve_forever)
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


SHAPES: list[tuple[str, Any]] = [
    ("ref", lambda uri: {"$ref": uri}),
    ("ref with fragment", lambda uri: {"$ref": f"{uri}#/a"}),
    ("dynamicRef", lambda uri: {"$dynamicRef": uri}),
    (
        "recursiveRef",
        lambda uri: {"$schema": "https://json-schema.org/draft/2019-09/schema", "$recursiveRef": uri},
    ),
    ("schema", lambda uri: {"$schema": uri}),
    ("nested schema", lambda uri: {"$defs": {"a": {"$schema": uri}}, "$ref": "#/$defs/a"}),
    ("nested ref", lambda uri: {"properties": {"a": {"anyOf": [{"items": {"$ref": uri}}]}}}),
    ("behind a pointer", lambda uri: {"$ref": "#/default", "default": {"$ref": uri}}),
    ("never used", lambda uri: {"$defs": {"a": {"$ref": uri}}}),
    ("through a base", lambda uri: {"$id": uri.rpartition("/")[0] + "/", "$ref": "schema.json"}),
    (
        "draft 4",
        lambda uri: {"$schema": "http://json-schema.org/draft-04/schema#", "id": uri + "/x", "$ref": uri},
    ),
]


@pytest.mark.parametrize("shape", [shape for _, shape in SHAPES], ids=[name for name, _ in SHAPES])
def test_nothing_is_fetched_and_no_file_is_read(shape: Any, listener: Listener, tmp_path: Path) -> None:
    """Each way out is a problem of the recipe; the listener hears nothing, the file's content shows nowhere."""
    file = tmp_path / "schema.json"
    file.write_text(json.dumps({"const": SECRET}))
    for uri in (listener.url, file.as_uri()):
        problem = refused(shape(uri))
        assert SECRET not in str(problem)
        assert "$" in problem.message
        assert problem.hint
    assert listener.hits == []


@pytest.mark.parametrize("keyword", ["default", "const", "x-ours"])
def test_references_in_data_are_not_followed_either(keyword: str, listener: Listener) -> None:
    """What is no schema for JSON Schema is none for the library: judging fetches nothing."""
    judge = compiled({keyword: {"$ref": listener.url}, "required": ["a"]})
    assert "Missing required field: a" in [problem.message for problem in judge({})]
    assert listener.hits == []


def test_only_the_named_file_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative reference is not looked for beside the schema's own file, nor where the process runs."""
    (tmp_path / "other.json").write_text(json.dumps({"const": SECRET}))
    monkeypatch.chdir(tmp_path)
    problem = refused({"file": "a.json"}, {"a.json": b'{"$ref": "other.json"}'})
    assert problem.message == 'at #: "$ref" = "other.json" leads out of the schema'


def test_the_metaschemas_are_outside_as_well() -> None:
    """A schema may not refer to a draft's own schema: its reference counts could not be known."""
    with pytest.raises(RecipeError, match="leads out of the schema"):
        compiled({"$ref": "https://json-schema.org/draft/2020-12/schema"})
