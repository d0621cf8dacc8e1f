"""Models inside the broker, with a double in llama.cpp's place."""

from __future__ import annotations

import sys
import types
from pathlib import Path
from typing import Any

import pytest

from nexus_jupyter.broker.events import Done, Failed, ModelCall, Text, Usage
from nexus_jupyter.broker.providers.local import LocalProvider, files
from nexus_jupyter.errors import CallRefused, ModelUnknown, ProviderFailed

CALL = ModelCall(model="tiny", kind="local", messages=[{"role": "user", "content": "hi"}], options={"max_tokens": 9000})


class Llama(types.ModuleType):
    """What we use of xllamacpp."""

    def __init__(self, pieces: list[dict[str, Any]]) -> None:
        super().__init__("xllamacpp")
        self.loaded: list[str] = []
        self.bodies: list[dict[str, Any]] = []
        self.sent = 0
        outer = self

        class CommonParams:
            def __init__(self) -> None:
                self.model = types.SimpleNamespace(path="")

        class Server:
            def __init__(self, parameters: Any) -> None:
                if "Broken" in parameters.model.path:
                    raise RuntimeError("no magic")
                outer.loaded.append(Path(parameters.model.path).name)
                assert parameters.api_keys

            def handle_chat_completions(self, body: dict[str, Any], take: Any) -> None:
                outer.bodies.append(body)
                for piece in pieces:
                    outer.sent += 1
                    if take(piece):
                        return

        self.CommonParams, self.Server = CommonParams, Server


def piece(text: str = "", reason: str | None = None, **more: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": reason}], **more}


@pytest.fixture
def folder(tmp_path):
    for name in ("Tiny.gguf", "Broken.gguf", "notes.txt"):
        (tmp_path / name).write_bytes(b"GGUF")
    return tmp_path


async def answer(provider: LocalProvider, call: ModelCall = CALL) -> list[Any]:
    return [event async for event in provider.stream(call)]


async def test_an_answer_comes_in_pieces_and_costs_nothing(folder, monkeypatch):
    usage = {"usage": {"prompt_tokens": 3, "completion_tokens": 2}, "choices": []}
    llama = Llama([piece("Hel"), piece("lo"), piece(reason="stop"), usage])
    monkeypatch.setitem(sys.modules, "xllamacpp", llama)
    provider = LocalProvider(folder)
    wanted = [Text("Hel"), Text("lo"), Usage(3, 2, money=0.0), Done("stop")]
    assert await answer(provider) == wanted
    assert await answer(provider) == wanted
    assert llama.loaded == ["Tiny.gguf"]
    assert llama.bodies[0]["max_tokens"] == 512


async def test_a_caller_who_leaves_stops_the_model(folder, monkeypatch):
    llama = Llama([piece("word ")] * 100_000)
    monkeypatch.setitem(sys.modules, "xllamacpp", llama)
    stream = LocalProvider(folder).stream(CALL)
    assert await anext(stream) == Text("word ")
    await stream.aclose()
    assert await answer(LocalProvider(folder), CALL)  # the thread of the first has ended or ends
    assert llama.sent < 200_002


async def test_what_goes_wrong_is_said(folder, monkeypatch):
    llama = Llama([{"error": {"message": "context is full"}}])
    monkeypatch.setitem(sys.modules, "xllamacpp", llama)
    provider = LocalProvider(folder)
    failures = [
        await answer(provider, ModelCall(model=m, kind="local", messages=[])) for m in ("none", "broken", "tiny")
    ]
    errors = [f[0].error for f in failures if isinstance(f[0], Failed)]
    assert [type(e) for e in errors] == [ModelUnknown, ProviderFailed, CallRefused]
    assert "Put a GGUF file into" in errors[0].remedy


def test_files_are_found_by_name(folder):
    assert {"tiny", "broken"} <= set(files(folder))
    assert "notes" not in files(folder)
    assert not any(path.parent == folder for path in files(folder / "none").values())
