"""Names that users of micrograd, PyTorch and NumPy type, and what to write here in their place.

>>> str(missing("Value", "grad_fn", OF_VALUES))
"a Value has no 'grad_fn': write v.operation"
"""

from collections.abc import Mapping

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


def missing(owner: str, name: str, remedies: Mapping[str, str]) -> AttributeError:
    """The error that a name is not there, with what to write in its place where that is known."""
    article = "an" if owner[0] in "AEIOU" else "a"
    remedy = f": write {remedies[name]}" if name in remedies else ""
    return AttributeError(f"{article} {owner} has no {name!r}{remedy}")
