"""Names that users of micrograd, PyTorch and NumPy type, and what to write here in their place.

>>> from autograd import Value
>>> Value(1.0).grad_fn
Traceback (most recent call last):
AttributeError: a Value has no attribute 'grad_fn': write v.operation
"""

from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

# What a Value lacks.
OF_VALUES = {
    "T": "v itself, for a Value is one number",
    "add": "v + w",
    "argmax": "max(range(len(values)), key=lambda i: values[i].data)",
    "clamp": "minimum(maximum(v, low), high)",
    "clone": "v.identity(), a node with the same number, or v.detach(), a new leaf",
    "cpu": "v itself, for there is one device",
    "cuda": "v itself, for there is one device",
    "device": "nothing, for there is one device",
    "div": "v / w",
    "double": "v itself, for all numbers are float64",
    "dtype": "float, for all numbers are float64",
    "grad_fn": "v.operation",
    "is_leaf": "v.operation is None",
    "matmul": "dot(xs, ys) of two lists",
    "mul": "v * w",
    "name": "v.label",
    "neg": "-v",
    "numpy": "v.data",
    "pow": "v ** n",
    "register_hook": "v.grad, once backward has run",
    "requires_grad": "nothing, for every leaf has a gradient; no_grad() computes without",
    "requires_grad_": "nothing, for every leaf has a gradient; no_grad() computes without",
    "retain_grad": "v.grad, for interior nodes keep theirs",
    "shape": "nothing, for a Value is one number",
    "size": "nothing, for a Value is one number",
    "square": "v ** 2",
    "sub": "v - w",
    "to": "v itself, for there is one device and one type of number",
    "tolist": "v.data",
    "value": "v.data",
}


# What the package lacks.
OF_THE_PACKAGE = {
    "Function": "operation, which declares one",
    "Tensor": "Value",
    "Variable": "Value(data)",
    "backward": "y.backward()",
    "div": "x / y",
    "elementwise_grad": "gradient(y, x)",
    "enable_grad": "code outside no_grad()",
    "from_numpy": "[Value(number) for number in array.tolist()]",
    "grad": "gradient(y, x), of an output that was computed",
    "inference_mode": "no_grad()",
    "is_grad_enabled": "no_grad() where gradients are not wanted",
    "manual_seed": "random.seed(n), or seed=n where a model is made",
    "matmul": "dot(xs, ys) of two lists",
    "max": "maximum(x, y)",
    "min": "minimum(x, y)",
    "mul": "x * y",
    "neg": "-x",
    "ones": "[Value(1.0) for _ in range(n)]",
    "pow": "x ** y",
    "rand": "[Value(random.random()) for _ in range(n)]",
    "randn": "[Value(random.gauss(0.0, 1.0)) for _ in range(n)]",
    "set_grad_enabled": "no_grad()",
    "square": "x ** 2",
    "stack": "a list",
    "sub": "x - y",
    "tensor": "Value(data), or [Value(number) for number in numbers]",
    "zeros": "[Value(0.0) for _ in range(n)]",
}

# What `backward` does not take.
OF_BACKWARD = {
    "create_graph": "gradient(y, x), whose answers are Values",
    "gradient": "y.backward(seed)",
    "inputs": "gradient(y, inputs)",
    "retain_graph": "y.backward(), for a graph can be walked again at any time",
}


class Missing:
    """A name that Values lack, in their class, to say so: a `__getattr__` would slow down all that they have."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, value: Any, kind: type[Any]) -> NoReturn:
        name = kind.__name__
        raise missing(f"{'an' if name.startswith(tuple('AEIOU')) else 'a'} {name}", self.name, OF_VALUES)

    def __repr__(self) -> str:
        return f"<not here: write {OF_VALUES[self.name]}>"


def missing(owner: str, name: str, remedies: Mapping[str, str]) -> AttributeError:
    """The error that a name is not there, with what to write in its place where that is known."""
    return AttributeError(f"{owner} has no attribute {name!r}" + _told(name, remedies))


def unknown(function: str, names: Iterable[str], remedies: Mapping[str, str]) -> TypeError:
    """The error that a function does not take an argument, with what to write in its place where that is known."""
    name = next(iter(names))
    return TypeError(f"{function}() takes no {name}=" + _told(name, remedies))


def _told(name: str, remedies: Mapping[str, str]) -> str:
    return f": write {remedies[name]}" if name in remedies else ""
