"""What the parameters of a program are called: by their labels, and where several have the same, by their places.

>>> from autograd import compile, nn
>>> model = nn.MLP(2, [2, 1], seed=0)
>>> f = compile(lambda x: model(x))
>>> _ = f([1.0, 2.0])
>>> f.program.parameter_names[:3]
('layers.0.neurons.0.w0', 'layers.0.neurons.0.w1', 'layers.0.neurons.0.b')
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any
from weakref import ReferenceType

# A scope: its path, and a reference to what tells its members.
Place = tuple[tuple[str, ...], ReferenceType[Any]]


def parameter_names(parameters: Sequence[Any], scopes: Iterable[Place]) -> tuple[str, ...]:
    """The labels; where some are equal, after the names of the scopes that those belong to, as in explanations."""
    labels = [parameter.label for parameter in parameters]
    counts = Counter(labels)
    if all(count == 1 for count in counts.values()):
        return tuple(labels)
    homes = _homes(scopes)
    paths = [homes.get(parameter._birth, ()) for parameter in parameters]
    wanting = {path for path, label in zip(paths, labels, strict=True) if counts[label] > 1}
    used = [path for path in wanting if path]
    # That all belongs to one model need not be said each time.
    skipped = int(len({path[0] for path in used}) == 1 and all(len(path) != 1 for path in used))
    return tuple(
        [
            ".".join([*path[skipped:], label]) if label and path in wanting else label
            for path, label in zip(paths, labels, strict=True)
        ]
    )


def _homes(scopes: Iterable[Place]) -> dict[int, tuple[str, ...]]:
    """The path of the deepest scope that calls a leaf its member, by the leaf's birth."""
    homes: dict[int, tuple[str, ...]] = {}
    for path, reference in scopes:
        members = reference()
        for member in members() if members else ():
            if len(path) > len(homes.get(member._birth, ())):
                homes[member._birth] = path
    return homes
