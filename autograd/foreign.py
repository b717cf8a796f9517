"""Names that users of micrograd, PyTorch and NumPy type, and what to write here instead.

>>> from autograd import Value
>>> Value(1.0).grad_fn
Traceback (most recent call last):
AttributeError: a Value has no attribute 'grad_fn': write v.operation
"""

from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

# What NumPy, other libraries and calculators call operations of the rule book.
ELSEWHERE = {
    "absolute": "abs",
    "amax": "max",
    "amin": "min",
    "arccos": "acos",
    "arccosh": "acosh",
    "arcsin": "asin",
    "arcsinh": "asinh",
    "arctan": "atan",
    "arctan2": "atan2",
    "arctanh": "atanh",
    "average": "mean",
    "ceiling": "ceil",
    "clip": "clamp",
    "expit": "sigmoid",
    "fsum": "sum",
    "lg": "log10",
    "ln": "log",
    "logistic": "sigmoid",
    "mod": "remainder",
    "product": "prod",
    "rint": "round",
    "sgn": "sign",
    "stdev": "std",
    "swish": "silu",
    "tg": "tan",
    "variance": "var",
}
_NAMED_HERE = {name: f"its name here is {own}" for name, own in ELSEWHERE.items()}

# What a Value lacks, and what to do.
OF_VALUES = _NAMED_HERE | {
    "fmod": "write v % w, whose sign is that of w",
    "trunc": "write where(v < 0, ceil(v), floor(v))",
    "T": "write v itself, because a Value is one number",
    "add": "write v + w",
    "argmax": "write max(range(len(values)), key=lambda i: values[i].data)",
    "clone": "write v.identity(), a node with the same number, or v.detach(), a new leaf",
    "cpu": "write v itself, because there is only one device",
    "cuda": "write v itself, because there is only one device",
    "device": "write nothing, because there is only one device",
    "div": "write v / w",
    "double": "write v itself, because all numbers are float64",
    "dtype": "write float, because all numbers are float64",
    "grad_fn": "write v.operation",
    "is_leaf": "write v.operation is None",
    "matmul": "write dot(xs, ys) of two lists",
    "mul": "write v * w",
    "name": "write v.label",
    "neg": "write -v",
    "numpy": "write v.data",
    "register_hook": "write v.grad, once backward has run",
    "requires_grad": "write nothing, because every leaf has a gradient; use no_grad() to compute without",
    "requires_grad_": "write nothing, because every leaf has a gradient; use no_grad() to compute without",
    "retain_grad": "write v.grad, because interior nodes keep theirs",
    "shape": "write nothing, because a Value is one number",
    "size": "write nothing, because a Value is one number",
    "square": "write v ** 2",
    "sub": "write v - w",
    "to": "write v itself, because there is only one device and one type of number",
    "tolist": "write v.data",
    "value": "write v.data",
}

# What the package lacks.
OF_THE_PACKAGE = _NAMED_HERE | {
    "fmod": "write x % y, whose sign is that of y",
    "trunc": "write where(x < 0, ceil(x), floor(x))",
    "Function": "write @operation, which declares one",
    "Tensor": "write Value",
    "Variable": "write Value(data)",
    "backward": "write y.backward()",
    "div": "write x / y",
    "elementwise_grad": "write [grad(f)(x) for x in xs]",
    "enable_grad": "write code outside no_grad()",
    "from_numpy": "write [Value(number) for number in array.tolist()]",
    "hessian_vector_product": "write hessian_vector(output, inputs, vector)",
    "hvp": "write hessian_vector(output, inputs, vector)",
    "inference_mode": "write no_grad()",
    "is_grad_enabled": "write no_grad() if gradients are not wanted",
    "jacfwd": "write jacobian(outputs, inputs)",
    "jacrev": "write jacobian(outputs, inputs)",
    "manual_seed": "write random.seed(n), or seed=n when making a model",
    "matmul": "write dot(xs, ys) of two lists",
    "mul": "write x * y",
    "neg": "write -x",
    "ones": "write [Value(1.0) for _ in range(n)]",
    "rand": "write [Value(random.random()) for _ in range(n)]",
    "randn": "write [Value(random.gauss(0.0, 1.0)) for _ in range(n)]",
    "set_grad_enabled": "write no_grad()",
    "square": "write x ** 2",
    "stack": "write a list",
    "sub": "write x - y",
    "tensor": "write Value(data), or [Value(number) for number in numbers]",
    "zeros": "write [Value(0.0) for _ in range(n)]",
}

# What `backward` does not take.
OF_BACKWARD = {
    "create_graph": "write gradient(y, x), which returns Values",
    "gradient": "write y.backward(seed)",
    "inputs": "write gradient(y, inputs)",
    "retain_graph": "write y.backward(), because a graph can be walked again at any time",
}

# What `gradient`, `jacobian`, `hessian` and the functions of functions do not take.
OF_DERIVATIVES = {
    "allow_unused": "leave it out, because an input that the output does not depend on gives 0",
    "argnums": "write the inputs themselves, as in hessian(f(x, w), [x, w])",
    "create_graph": "leave it out, because the answers can be differentiated again without it",
    "grad_outputs": "write gradient(seed * y, x)",
    "has_aux": "leave it out, and let f return one number: what else it computes can be appended to a list outside it",
    "retain_graph": "leave it out, because a graph can be walked again at any time",
}


class Missing:
    """A name that Values lack, in their class, to say so: a `__getattr__` would slow down everything they have."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, value: Any, kind: type[Any]) -> NoReturn:
        name = kind.__name__
        raise missing(f"{'an' if name.startswith(tuple('AEIOU')) else 'a'} {name}", self.name, OF_VALUES)

    def __repr__(self) -> str:
        return f"<not here: {OF_VALUES[self.name]}>"


def missing(owner: str, name: str, remedies: Mapping[str, str]) -> AttributeError:
    """The error for a missing attribute, with what to do if that is known."""
    return AttributeError(f"{owner} has no attribute {name!r}" + _told(name, remedies), name=name)


def unknown(function: str, names: Iterable[str], remedies: Mapping[str, str]) -> TypeError:
    """The error for an argument that a function does not have, with what to do if that is known."""
    name = next(iter(names))
    return TypeError(f"{function}() has no argument {name}=" + _told(name, remedies))


def _told(name: str, remedies: Mapping[str, str]) -> str:
    return f": {remedies[name]}" if name in remedies else ""
