"""Settings: flag > `OMNIMUSE_*` > `omnimuse.toml` > default, loaded once and passed down.

`omnimuse.toml` is looked for in the working directory, then in the home folder. Unknown keys fail.
`Settings.origins` says where each value came from (`omnimuse config show` prints it).
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from omnimuse.errors import ConfigError

FILE_NAME = "omnimuse.toml"
_PREFIX = "OMNIMUSE_"
_TRUE, _FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off"}


def default_home() -> Path:
    """The platform's folder for user data."""
    from platformdirs import user_data_path

    return user_data_path("omnimuse", appauthor=False)


@dataclass(frozen=True)
class Settings:
    """Everything that can be set, with its default.

    Attributes:
        home: library, models, runs, keys and logs lie here.
        models_dir: where pulled models lie; `home/models` if not set.
        workers: nodes that run at the same time; 0 is one per core.
        memory_limit_mb: memory that models and nodes may take; 0 is 80 % of what the machine has.
        node_timeout_s: seconds that one node may take.
        allow_download: pull a missing model when it is needed, without asking.
        planner: `embedded` (no network, no LLM), `llm` (the embedded small LLM) or `endpoint`.
        planner_style: how a language model plans: one-shot, react, program, council, vote.
        endpoint_url: base URL of an OpenAI-compatible endpoint, e.g. http://127.0.0.1:8080/v1.
        endpoint_model: model name there.
        endpoint_key: its API key; never printed or stored.
        repair_attempts: how often a refused plan goes back to the planner.
        models: role -> card name, the user's choices (`-m ROLE=CARD`).
        policy: a safety policy file; the built-in one if empty.
        mcp_servers: MCP servers whose tools join the planner: name -> address or command line.
        engine: who runs the nodes: `local`.
        plugins: entry points that may load, by distribution name; `*` is all.
        sign: sign exported files with C2PA.
        sign_arguments: write the tools' arguments, prompts included, into the signed records.
    """

    home: Path = field(default_factory=default_home)
    models_dir: Path = Path()
    workers: int = 0
    memory_limit_mb: int = 0
    node_timeout_s: float = 600.0
    allow_download: bool = False
    planner: str = "embedded"
    planner_style: str = "one-shot"
    endpoint_url: str = ""
    endpoint_model: str = ""
    endpoint_key: str = field(default="", repr=False)
    repair_attempts: int = 2
    models: Mapping[str, str] = field(default_factory=dict)
    policy: str = ""
    engine: str = "local"
    plugins: tuple[str, ...] = ("*",)
    mcp_servers: Mapping[str, str] = field(default_factory=dict)
    sign: bool = True
    sign_arguments: bool = True
    origins: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)

    @property
    def worker_count(self) -> int:
        """Nodes that run at the same time, at least 1."""
        return self.workers or max(1, os.cpu_count() or 1)


_KEYS = {f.name: f for f in fields(Settings) if f.name != "origins"}


def load_settings(
    flags: Mapping[str, Any] | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    directory: Path | None = None,
) -> Settings:
    """Gather the settings from flags, environment and file.

    Args:
        flags: values given on the command line or in code; None values are ignored.
        environ: the process environment if None.
        directory: where to look for `omnimuse.toml`; the working directory if None.

    Raises:
        ConfigError: unknown key, unreadable file, or a value of the wrong type.
    """
    environ = os.environ if environ is None else environ
    found: dict[str, tuple[Any, str]] = {}
    for name, value in (flags or {}).items():
        if value is not None:
            _check_known(name, "flag")
            found[name] = (value, "flag")
    for variable, text in environ.items():
        if variable.startswith(_PREFIX):
            name = variable.removeprefix(_PREFIX).lower()
            _check_known(name, f"environment variable {variable}")
            found.setdefault(name, (text, f"environment variable {variable}"))
    home = Path(found["home"][0]).expanduser() if "home" in found else default_home()
    for path in dict.fromkeys((Path(directory or Path.cwd()) / FILE_NAME, home / FILE_NAME)):
        for name, value in _read_file(path).items():
            _check_known(name, str(path))
            found.setdefault(name, (value, str(path)))
    values = {name: _convert(name, value, origin) for name, (value, origin) in found.items()}
    values["home"] = Path(values.get("home", home)).absolute()
    values["models_dir"] = Path(values.get("models_dir", values["home"] / "models")).absolute()
    origins = {name: found[name][1] if name in found else "default" for name in _KEYS}
    return Settings(**values, origins=origins)


def _check_known(name: str, origin: str) -> None:
    if name not in _KEYS:
        raise ConfigError(
            f"unknown setting {name!r} in {origin}",
            hint=f"Known settings: {', '.join(sorted(_KEYS))}.",
        )


def _read_file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"cannot read {path}: {error}", hint="Mend or remove it.") from None


def _convert(name: str, value: Any, origin: str) -> Any:
    """Bring a flag, a TOML value or an environment string to the field's type."""
    wanted = str(_KEYS[name].type)
    try:
        if wanted == "Path":
            return Path(value).expanduser()
        if wanted == "bool":
            return value if isinstance(value, bool) else _to_bool(str(value))
        if wanted == "int":
            return int(value)
        if wanted == "float":
            return float(value)
        if wanted.startswith("tuple"):
            parts = value.split(",") if isinstance(value, str) else value
            return tuple(str(part).strip() for part in parts)
        if wanted.startswith("Mapping"):
            return _to_mapping(value)
        return str(value)
    except (TypeError, ValueError):
        raise ConfigError(
            f"setting {name} from {origin} cannot be {value!r}", hint=f"Wanted: {wanted}."
        ) from None


def _to_bool(text: str) -> bool:
    if text.lower() in _TRUE:
        return True
    if text.lower() in _FALSE:
        return False
    raise ValueError(text)


def _to_mapping(value: Any) -> dict[str, str]:
    """A table, or `role=card,role=card`."""
    if isinstance(value, str):
        pairs = [part.split("=", 1) for part in value.split(",") if part.strip()]
        return {role.strip(): card.strip() for role, card in pairs}
    return {str(role): str(card) for role, card in value.items()}
