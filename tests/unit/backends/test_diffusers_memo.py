from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from omnimuse.backends.diffusers_memo import SameInputMemo, TextMemo, remembering, replaced_forward


class Module:
    def __init__(self) -> None:
        self.calls = 0

    def forward(self, value: Any, **given: Any) -> Any:
        self.calls += 1
        return value * 2


class Ids(np.ndarray):
    """An array with the few methods of a tensor that a key is made with."""

    def detach(self) -> Any:
        return self

    cpu = detach

    def numpy(self) -> Any:
        return np.asarray(self)


def ids(*values: int) -> Any:
    return np.array(values).view(Ids)


class Pipeline:
    def __init__(self) -> None:
        self.text_encoder = Module()


def test_texts_are_encoded_once() -> None:
    pipeline, memo = Pipeline(), TextMemo()
    for values in ((1, 2), (3, 4), (1, 2), (3, 4)):
        with remembering(pipeline, memo):
            np.testing.assert_array_equal(
                pipeline.text_encoder.forward(ids(*values), attention_mask=None),
                np.array(values) * 2,
            )
    assert (pipeline.text_encoder.calls, memo.hits) == (2, 2)
    with remembering(pipeline, memo):
        pipeline.text_encoder.forward(ids(1, 2), attention_mask=ids(1, 1))
    assert pipeline.text_encoder.calls == 3


def test_old_texts_are_forgotten() -> None:
    pipeline, memo = Pipeline(), TextMemo()
    with remembering(pipeline, memo):
        for value in [*range(9), 0]:
            pipeline.text_encoder.forward(ids(value))
    assert (pipeline.text_encoder.calls, memo.hits) == (10, 0)


def test_same_tensor_is_projected_once() -> None:
    calls = []

    def project(value: Any, *rest: Any) -> Any:
        calls.append(value)
        return [value]

    memo = SameInputMemo(project)
    first, equal = [1], [1]
    assert memo(first) is memo(first)
    assert memo(equal) is not memo(first)
    memo(first, 2)
    assert len(calls) == 4


def test_modules_are_as_before_also_after_a_fault() -> None:
    module = Module()
    with replaced_forward(module, lambda value: value):
        assert module.forward(3) == 3
    with pytest.raises(ZeroDivisionError), replaced_forward(module, lambda value: 1 / value):
        module.forward(0)
    assert "forward" not in module.__dict__
    assert module.forward(3) == 6
    hooked = module.forward = lambda value: value + 1  # as offloading does
    with replaced_forward(module, lambda value: value):
        pass
    assert module.forward is hooked
