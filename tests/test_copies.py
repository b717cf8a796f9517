"""Operations, schedules and models that are copied, pickled and sent to other processes."""

import copy
import multiprocessing
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from helpers import declared

from autograd import OPERATIONS, Operation, Value, nn, optim, relu, tanh

COPIES: list[Callable[[Any], Any]] = [copy.copy, copy.deepcopy, lambda thing: pickle.loads(pickle.dumps(thing))]


class Acting(nn.Module):
    """A module that keeps operations in its attributes."""

    def __init__(self) -> None:
        self.act, self.others = tanh, [relu, tanh]
        self.weight = Value(0.5)

    def forward(self, x: float) -> Value:
        return self.act(self.weight * x)


def answers(model: Acting) -> tuple[float, bool]:
    """What a process makes of a model, and whether its operations are the ones of its rule book."""
    return model(2.0).data, model.act is tanh and model.others == [relu, tanh]


@pytest.mark.parametrize("copied", COPIES)
def test_an_operation_is_copied_to_itself(copied: Callable[[Any], Any]) -> None:
    """Seen to fail with a rule that is copied, or that pickle looks for and does not find."""
    for operation in OPERATIONS.values():
        assert copied(operation) is operation
    assert copied(Acting()).act is tanh


@pytest.mark.parametrize("copied", COPIES)
def test_a_users_operation_is_copied_to_itself(copied: Callable[[Any], Any]) -> None:
    """Seen to fail with operations that are looked for in their module, where this one is not."""

    def doubled(x: Any) -> Any:
        return 2 * x, lambda: (2.0,)

    with declared(doubled) as operation:
        assert copied(operation) is operation


@pytest.mark.parametrize("copied", COPIES[:2])
def test_an_operation_that_was_declared_again_is_copied_to_itself(copied: Callable[[Any], Any]) -> None:
    """Seen to fail with copies that go by the name."""

    def doubled(x: Any) -> Any:
        return 2 * x, lambda: (2.0,)

    with declared(doubled) as old:
        pass

    assert copied(old) is old


def test_an_operation_that_is_not_declared_is_told() -> None:
    """Seen to fail with pickle's own words."""

    def doubled(x: Any) -> Any:
        return 2 * x, lambda: (2.0,)

    with declared(doubled) as operation:
        pickled = pickle.dumps(operation)

    with pytest.raises(
        ValueError, match=r"no operation doubled here: import or write its declaration .* in test_copies"
    ):
        pickle.loads(pickled)


DECLARATION = """
from autograd import operation

@operation("3·x", "3")
def tripled(x):
    return 3 * x, lambda: (3.0,)
"""

LOADING = """
import pickle, sys
print(pickle.loads(bytes.fromhex(sys.argv[1]))(2.0))
"""


def test_the_module_that_declares_an_operation_is_imported(tmp_path: Path) -> None:
    """Seen to fail with names that are looked for in the rule book alone."""
    (tmp_path / "declares_tripled.py").write_text(DECLARATION)
    pickled = pickle.dumps(_Named("tripled", "declares_tripled"))
    finished = subprocess.run(
        [sys.executable, "-c", LOADING, pickled.hex()], capture_output=True, text=True, timeout=60, cwd=tmp_path
    )

    assert finished.stdout == "6.0\n", finished.stderr


class _Named:
    """What pickles as an operation of that name."""

    def __init__(self, name: str, module: str) -> None:
        self.answer = tanh.__reduce__()[0], (name, module)

    def __reduce__(self) -> Any:
        return self.answer


@pytest.mark.parametrize("start", multiprocessing.get_all_start_methods())
def test_a_model_goes_to_other_processes(start: str) -> None:
    """Seen to fail with operations that do not pickle."""
    model = Acting()
    with multiprocessing.get_context(start).Pool(1) as pool:
        found = pool.map(answers, [model, model])

    assert found == [(model(2.0).data, True)] * 2


@pytest.mark.parametrize(
    "schedule",
    [
        optim.constant(0.1),
        optim.step_decay(0.1, every=3),
        optim.exponential_decay(0.1, factor=0.5),
        optim.linear(0.1, 7),
        optim.cosine(0.1, steps=7, final=0.01),
        optim.warmup(optim.cosine(0.1, 7), steps=2),
    ],
    ids=repr,
)
@pytest.mark.parametrize("copied", COPIES)
def test_a_schedule_is_copied_with_its_name(schedule: Any, copied: Callable[[Any], Any]) -> None:
    """Seen to fail with a function inside of a function."""
    twin = copied(schedule)

    assert repr(twin) == repr(schedule) == schedule.__name__
    assert [twin(step) for step in range(12)] == [schedule(step) for step in range(12)]


@pytest.mark.parametrize("copied", COPIES[1:])
def test_an_optimiser_with_a_schedule_is_copied(copied: Callable[[Any], Any]) -> None:
    """Seen to fail with schedules that do not pickle."""
    optimizer = optim.Adam([Value(1.0, "w")], lr=optim.cosine(0.1, steps=7))
    optimizer.params[0].grad = 1.0
    optimizer.step()
    twin = copied(optimizer)

    assert repr(twin) == repr(optimizer)
    assert twin.state_dict() == optimizer.state_dict()


@pytest.mark.parametrize("copied", COPIES[1:])
def test_models_with_functions_for_activations_are_copied(copied: Callable[[Any], Any]) -> None:
    """Seen to fail with composed activations that pickle does not find by their names."""
    for activation in (tanh, nn.gelu, OPERATIONS["sin"], "elu"):
        model = nn.MLP(2, [2, 1], activation, seed=0)
        twin = copied(model)

        assert twin([0.5, -1.0]).data == model([0.5, -1.0]).data
        assert repr(twin) == repr(model)
    assert isinstance(copied(nn.Neuron(1, OPERATIONS["sin"])).activation, Operation)
