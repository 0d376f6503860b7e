"""Every error that Omnimuse raises, in one tree.

    OmnimuseError(message, *, hint, code, retryable)
    ├─ InputError            the caller's fault
    │   ├─ ConfigError            settings file, flag or environment variable
    │   ├─ ArgumentError          a tool argument is missing, unknown or out of range
    │   ├─ AssetNotFoundError     no such asset, run or file
    │   ├─ UnsupportedMediaError  not a file that this kind can be read from
    │   ├─ MediaTooLargeError     over a size limit
    │   ├─ DatasetError           training data that is empty, corrupt, mis-sized or mislabelled
    │   ├─ FolderBusyError        another run works in that folder, or has left its results there
    │   └─ NeedsInputError        the request is ambiguous; carries the question to ask
    ├─ PlanError(node_id)    the planner's fault, fed back to it for repair
    │   ├─ PlanParseError         not a plan at all
    │   ├─ UnknownToolError       a tool that the tool set lacks
    │   ├─ PlanReferenceError     an input that points at nothing
    │   ├─ EdgeTypeError          an output of one kind into an input of another
    │   ├─ PlanArgumentError      an argument that the tool's schema refuses
    │   ├─ PlanCycleError         nodes that wait for each other
    │   └─ PlanLimitError         too many nodes, or more than policy or memory allows
    ├─ RunError(node_id)     a node's fault; siblings finish and keep their results
    │   ├─ ToolError              the tool failed
    │   ├─ BackendUnavailableError  no installed card can play the role
    │   ├─ DeviceMemoryError      the model does not fit
    │   ├─ RunTimeoutError        the node took longer than allowed
    │   └─ StorageError           disk full, no permission, a damaged library
    ├─ ModelError            weights and their mathematics
    │   ├─ CheckpointError        missing, corrupt, of the wrong class or in an unsafe format
    │   ├─ ScheduleError          timesteps or sigmas out of order
    │   └─ NonFiniteLossError     training diverged
    ├─ PluginError           names the distribution and the entry point
    ├─ SafetyRefusal         an outcome, with gate and category; never retried
    └─ RunCancelled          an outcome

Messages say what was got, what was wanted and what to do. `code` is stable. HTTP statuses and exit
codes are mapped in the faces only.
"""

from __future__ import annotations

from typing import Any, ClassVar


class OmnimuseError(Exception):
    """Root of all errors of this package.

    Args:
        message: what was got and what was expected.
        hint: what to do about it, one sentence; may be empty.
        code: stable machine-readable name; the class's own if not given.
        retryable: whether the same call may succeed later.
    """

    code: ClassVar[str] = "error"
    is_retryable: ClassVar[bool] = False
    node_id: str | None = None  # the node it happened in, where it happened in one

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        code: str | None = None,
        retryable: bool | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.error_code = code or self.code
        self.retryable = self.is_retryable if retryable is None else retryable

    def __reduce__(self) -> tuple[Any, ...]:
        """Copy and pickle by state, so that errors can cross processes whatever they carry."""
        return _rebuild, (type(self), self.args, self.__dict__)

    def to_json(self) -> dict[str, Any]:
        """`{"code", "message", "hint", "retryable"}`, `node_id` if known, and subclasses' own."""
        return {
            "code": self.error_code,
            "message": self.message,
            "hint": self.hint,
            "retryable": self.retryable,
            **({"node_id": self.node_id} if self.node_id else {}),
        }


def _rebuild(kind: type[OmnimuseError], args: tuple[Any, ...], state: dict[str, Any]) -> Any:
    error = kind.__new__(kind, *args)
    error.__dict__.update(state)
    return error


class InputError(OmnimuseError):
    """The caller's fault: fix the request and send it again."""

    code = "invalid_input"


class ConfigError(InputError):
    """A setting is unknown or has a value that it cannot have."""

    code = "invalid_config"


class ArgumentError(InputError):
    """A tool argument is missing, unknown or out of range."""

    code = "invalid_argument"


class AssetNotFoundError(InputError):
    """No such asset, run or file."""

    code = "not_found"


class UnsupportedMediaError(InputError):
    """The bytes are not a readable file of the wanted kind."""

    code = "unsupported_media"


class MediaTooLargeError(InputError):
    """A file, or what it would unpack to, is over a limit."""

    code = "media_too_large"


class DatasetError(InputError):
    """Training data is missing, empty, corrupt, mis-sized or mislabelled."""

    code = "dataset"


class FolderBusyError(InputError):
    """Another run works in the folder, or has left results that would be lost."""

    code = "folder_busy"


class NeedsInputError(InputError):
    """The request can be read in several ways; `question` is what to ask the user."""

    code = "needs_input"

    def __init__(self, question: str, *, hint: str = "") -> None:
        super().__init__(question, hint=hint)
        self.question = question


class NodeError(OmnimuseError):
    """Shared by PlanError and RunError: an error that belongs to one node of a plan."""

    def __init__(
        self,
        message: str,
        *,
        node_id: str | None = None,
        hint: str = "",
        code: str | None = None,
        retryable: bool | None = None,
    ) -> None:
        super().__init__(message, hint=hint, code=code, retryable=retryable)
        self.node_id = node_id

    def to_json(self) -> dict[str, Any]:
        """As the root's, plus `node_id`."""
        return {**super().to_json(), "node_id": self.node_id}


class PlanError(NodeError):
    """The planner's fault: fed back to it, by name, for bounded repair."""

    code = "invalid_plan"


class PlanParseError(PlanError):
    """Not a plan: wrong JSON, wrong types, missing fields."""

    code = "plan_parse"


class UnknownToolError(PlanError):
    """A node names a tool that the tool set lacks."""

    code = "unknown_tool"


class PlanReferenceError(PlanError):
    """An input points at a node, an output or an attachment that does not exist."""

    code = "plan_reference"


class EdgeTypeError(PlanError):
    """An output of one kind is wired into an input of another."""

    code = "edge_type"


class PlanArgumentError(PlanError):
    """An argument is missing, unknown, or refused by the tool's schema."""

    code = "plan_argument"


class PlanCycleError(PlanError):
    """Nodes wait for each other."""

    code = "plan_cycle"


class PlanLimitError(PlanError):
    """More nodes, memory or reach than the policy allows."""

    code = "plan_limit"


class RunError(NodeError):
    """A node failed while running; its siblings finish and keep their results."""

    code = "run_failed"


class ToolError(RunError):
    """The tool itself failed."""

    code = "tool_failed"


class BackendUnavailableError(RunError):
    """No installed and permitted card can play the role."""

    code = "backend_unavailable"


class DeviceMemoryError(RunError):
    """The model does not fit into the memory that is left."""

    code = "device_memory"


class RunTimeoutError(RunError):
    """The node took longer than it was allowed."""

    code = "timeout"
    is_retryable = True


class StorageError(RunError):
    """The disk is full, not writable, or the library is damaged."""

    code = "storage"


class ModelError(OmnimuseError):
    """Weights and their mathematics."""

    code = "model"


class CheckpointError(ModelError):
    """A checkpoint is missing, corrupt, of the wrong class or in a format that can carry code."""

    code = "checkpoint"


class ScheduleError(ModelError):
    """Timesteps or sigmas that no schedule has."""

    code = "schedule"


class NonFiniteLossError(ModelError):
    """Training met a NaN or an infinity."""

    code = "non_finite_loss"


class PluginError(OmnimuseError):
    """A plugin failed to load; names the distribution and the entry point."""

    code = "plugin"


class SafetyRefusal(OmnimuseError):
    """A gate said no. An outcome, not a fault.

    Args:
        reason: for the user, one sentence.
        gate: `input`, `plan` or `output` (or a plugin's gate name).
        category: the policy's category name.
    """

    code = "refused"

    def __init__(self, reason: str, *, gate: str, category: str, hint: str = "") -> None:
        super().__init__(reason, hint=hint)
        self.gate = gate
        self.category = category

    def to_json(self) -> dict[str, Any]:
        """As the root's, plus `gate`, `category` and `reason`."""
        return {
            **super().to_json(),
            "gate": self.gate,
            "category": self.category,
            "reason": self.message,
        }


class RunCancelled(OmnimuseError):
    """The user or a caller stopped the run; finished nodes are kept."""

    code = "cancelled"
