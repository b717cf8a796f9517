"""The engines that are compared: where each comes from, and what the works need to know of it.

The functions that load an engine import it, so they are for the worker in whose environment it is installed.
"""

import math
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

import gpt

PROJECT = Path(__file__).resolve().parents[2]

# What pip installs into each environment. HIPS autograd has the import name of this project, so it needs its own.
# The handwritten digits come with scikit-learn.
ENVIRONMENTS = {
    "scalar-autograd": (str(PROJECT), "numpy", "scikit-learn"),
    "scalar-autograd and JAX": (str(PROJECT), "jax"),
    "micrograd": ("micrograd==0.1.0",),
    "PyTorch": ("torch==2.13.0", "numpy", "scikit-learn"),
    "HIPS-autograd": ("autograd",),
    "JAX": ("jax",),
    "AADC": ("aadc",),
    "XAD": ("xad",),
    "CasADi": ("casadi",),
    "NumPy": ("numpy",),
}


def no_products(count: int) -> tuple[float, float]:
    """`Engine.products` of an engine that takes no part in it."""
    raise NotImplementedError


@dataclass(frozen=True)
class Engine:
    """What the works ask of an engine."""

    version: str
    module: str
    # The derivatives of x·y at (2, −3), computed so many times, forwards and backwards, the last answer returned.
    products: Callable[[int], tuple[float, float]] = no_products
    # What makes a leaf; None where there is no class of numbers, but functions of functions.
    leaf: Callable[[float], Any] | None = None
    # What a gradient is set to so that it is forgotten.
    no_gradient: float | None = 0.0
    # The best that it has for training a GPT.
    dot: Callable[..., Any] = gpt.plain_dot
    softmax: Callable[..., Any] = gpt.plain_softmax
    adam: Callable[..., Any] = gpt.PlainAdam
    # What says to which part of a computation nodes belong, where they know that, and have labels.
    scope: Callable[[str], AbstractContextManager[Any]] | None = None
    # Derivatives that are Values again, of an output with respect to an input.
    gradient: Callable[[Any, Any], Any] | None = None
    # What loads its tasks of compiled code, see `tasks`.
    tasks: Callable[[], Any] = lambda: None


def products_of(leaf: Callable[[float], Any]) -> Callable[[int], tuple[float, float]]:
    """`Engine.products` of a class of numbers whose gradients add up."""

    def products(count: int) -> tuple[float, float]:
        x, y = leaf(2.0), leaf(-3.0)
        for _ in range(count):
            (x * y).backward()
        return float(x.grad) / count, float(y.grad) / count

    return products


def engine_of(value: type, version: str) -> Engine:
    """An engine that is a class of numbers and nothing else."""
    from in_values import tasks_of

    return Engine(version, value.__module__, products_of(value), value, tasks=partial(tasks_of, value))


def scalar_autograd() -> Engine:
    """This project, with the engine that AUTOGRAD_ENGINE chooses."""
    import autograd

    return Engine(
        version=version("scalar-autograd"),
        module="autograd",
        products=products_of(autograd.Value),
        leaf=autograd.Value,
        dot=autograd.dot,
        softmax=autograd.softmax,
        adam=autograd.optim.Adam,
        scope=autograd.scope,
        gradient=autograd.gradient,
        tasks=partial(import_module, "in_autograd"),
    )


def tuple_engine() -> Engine:
    """The plain engine in the file beside this one."""
    from tuple_engine import Value

    return engine_of(Value, "")


def recursive_engine() -> Engine:
    """The engine after microgpt's, in the file beside this one."""
    from recursive_engine import Value

    return engine_of(Value, "")


def micrograd() -> Engine:
    """Micrograd's Value with exp, log and tanh, as its users add them.

    They go into the class itself: its operators answer that class, so a subclass would be gone after the first one.
    """
    from micrograd.engine import Value

    def exp(x):
        out = Value(math.exp(x.data), (x,), "exp")

        def backward():
            x.grad += out.data * out.grad

        out._backward = backward
        return out

    def log(x):
        out = Value(math.log(x.data), (x,), "log")

        def backward():
            x.grad += out.grad / x.data

        out._backward = backward
        return out

    def tanh(x):
        out = Value(math.tanh(x.data), (x,), "tanh")

        def backward():
            x.grad += (1.0 - out.data**2) * out.grad

        out._backward = backward
        return out

    Value.exp, Value.log, Value.tanh = exp, log, tanh
    return engine_of(Value, version("micrograd"))


def torch() -> Engine:
    """PyTorch's tensors of no dimension, each one number."""
    import torch

    torch.set_num_threads(1)

    def leaf(number):
        return torch.tensor(number, dtype=torch.float64, requires_grad=True)

    return Engine(
        version=torch.__version__,
        module="torch",
        products=products_of(leaf),
        leaf=leaf,
        no_gradient=None,
        tasks=partial(import_module, "in_torch"),
    )


def hips() -> Engine:
    """HIPS autograd, which differentiates functions."""
    from autograd import grad

    slopes = grad(lambda x, y: x * y, (0, 1))
    return Engine(version=version("autograd"), module="autograd", products=repeated(slopes))


def jax() -> Engine:
    """JAX; one product without jit, for a graph that is made anew each time is what is compared there."""
    import jax

    jax.config.update("jax_enable_x64", True)
    slopes = jax.grad(lambda x, y: x * y, (0, 1))
    return Engine(
        version=version("jax"), module="jax", products=repeated(slopes), tasks=partial(import_module, "in_jax")
    )


def of_tasks(package: str) -> Engine:
    """A package that takes part in tasks only."""
    return Engine(version=version(package), module=package, tasks=partial(import_module, f"in_{package}"))


def repeated(slopes: Callable[[float, float], tuple[Any, Any]]) -> Callable[[int], tuple[float, float]]:
    """`Engine.products` of a function that answers both derivatives."""

    def products(count: int) -> tuple[float, float]:
        for _ in range(count):
            by_x, by_y = slopes(2.0, -3.0)
        return float(by_x), float(by_y)

    return products


@dataclass(frozen=True)
class Peer:
    """A column of the table: its heading, the environment it runs in, and how it is loaded there."""

    title: str
    environment: str
    load: Callable[[], Engine]
    variables: dict[str, str] = field(default_factory=dict)


ONE_THREAD = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"

PEERS = {
    "native": Peer("scalar-autograd, compiled", "scalar-autograd", scalar_autograd, {"AUTOGRAD_ENGINE": "native"}),
    "python": Peer("scalar-autograd, in Python", "scalar-autograd", scalar_autograd, {"AUTOGRAD_ENGINE": "python"}),
    "tuple": Peer("tuple engine", "scalar-autograd", tuple_engine),
    "microgpt": Peer("after microgpt", "scalar-autograd", recursive_engine),
    "micrograd": Peer("micrograd", "micrograd", micrograd),
    "torch": Peer("PyTorch", "PyTorch", torch),
    "hips": Peer("HIPS autograd", "HIPS-autograd", hips),
    "jax": Peer("JAX", "JAX", jax, {"XLA_FLAGS": ONE_THREAD}),
    "native-jax": Peer(
        "scalar-autograd, in JAX",
        "scalar-autograd and JAX",
        scalar_autograd,
        {"AUTOGRAD_ENGINE": "native", "XLA_FLAGS": ONE_THREAD},
    ),
    "aadc": Peer("AADC", "AADC", partial(of_tasks, "aadc")),
    "xad": Peer("XAD", "XAD", partial(of_tasks, "xad")),
    "casadi": Peer("CasADi", "CasADi", partial(of_tasks, "casadi")),
    "numpy": Peer("NumPy by hand", "NumPy", partial(of_tasks, "numpy"), {"OPENBLAS_NUM_THREADS": "1"}),
}
