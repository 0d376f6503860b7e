from __future__ import annotations

from types import SimpleNamespace

import pytest

from omnimuse.backends import registry as module
from omnimuse.backends.registry import BUILT_IN, BackendRegistry
from omnimuse.errors import BackendUnavailableError, PluginError


def test_unknown_backend_is_named() -> None:
    registry = BackendRegistry(plugins=())
    assert registry.missing("nope") == "no backend is called 'nope'"
    with pytest.raises(BackendUnavailableError, match="nope"):
        registry.backend_class("nope")


@pytest.mark.parametrize(
    "name", ["gguf", "onnx-text", "whisper", "piper", "openai-http", "centernet", "onnx-mask"]
)
def test_built_in_backends_import(name: str) -> None:
    assert BackendRegistry(plugins=()).backend_class(name).__name__ == BUILT_IN[name].split(":")[1]


def test_torch_backends_say_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    reason = BackendRegistry(plugins=()).missing("diffusers")
    assert "torch, diffusers, transformers" in reason
    assert "omnimuse[torch]" in reason


def test_plugins_add_but_never_replace(monkeypatch: pytest.MonkeyPatch) -> None:
    points = [
        SimpleNamespace(name=n, value="acme.x:Y", dist=SimpleNamespace(name="acme"))
        for n in ("gguf", "acme-engine")
    ]
    monkeypatch.setattr(module, "entry_points", lambda group: points)
    registry = BackendRegistry()
    assert "acme-engine" in registry
    assert [str(f) for f in registry.failures] == ["acme: backend 'gguf' (acme.x:Y) exists already"]
    with pytest.raises(PluginError, match="backend 'acme-engine' of acme"):
        registry.backend_class("acme-engine")
    assert "acme-engine" not in BackendRegistry(plugins=("other",))
