"""What a model is: something with parameters, which it finds by itself in its attributes.

>>> class Line(Module):
...     def __init__(self):
...         self.slope, self.offset = Value(2.0), Value(1.0)
...
...     def forward(self, x):
...         return self.slope * x + self.offset
>>> line = Line()
>>> line(3.0).data, line.state_dict()
(7.0, {'slope': 2.0, 'offset': 1.0})
"""

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from operator import itemgetter
from typing import Any

from .. import saving
from ..engines import Value, scope
from ..ieee import real


class Module:
    """A model or a part of one; subclasses set attributes and define `forward`.

    Parameters are the leaf Values among the attributes, also inside lists, tuples, dicts and other modules. Their
    names are the way to them, such as "layers.0.neurons.3.bias". A Value without a past is a leaf, also one that was
    computed under `no_grad`: what is no parameter is kept elsewhere, or as a plain number.
    """

    # What it is called in the scopes of drawings: the attribute that holds it.
    _place = ""

    def __setattr__(self, name: str, thing: Any) -> None:
        object.__setattr__(self, name, thing)
        for place, member in _members(thing, name):
            if isinstance(member, Module):
                object.__setattr__(member, "_place", place)

    def __call__(self, *inputs: Any, **options: Any) -> Any:
        """The outputs for some inputs, computed in a scope of the module's own."""
        with scope(self._place or type(self).__name__, self.parameters):
            return self.forward(*inputs, **options)

    def forward(self, *inputs: Any, **options: Any) -> Any:
        """What the module computes; for subclasses to define."""
        raise NotImplementedError(f"{type(self).__name__} defines no forward(self, inputs)")

    def named_parameters(self) -> list[tuple[str, Value]]:
        """All parameters with their names; one that stands in two places is listed once, at the first.

        Raises ValueError where two have the same name, as those of {1: …, "1": …} would.
        """
        found: dict[Value, str] = {}
        for name, parameter in _parameters(self, "", set()):
            found.setdefault(parameter, name)
        for name, count in Counter(found.values()).items():
            if count > 1:
                raise ValueError(f"{count} parameters of this {type(self).__name__} are called {name}")
        return [(name, parameter) for parameter, name in found.items()]

    def parameters(self) -> list[Value]:
        """All parameters, each once, in a list that knows their names, so that an optimiser can go by these."""
        return Parameters(self.named_parameters(), self._place)

    def zero_grad(self) -> None:
        """Forget the gradients of all parameters."""
        for parameter in self.parameters():
            parameter.zero_grad()

    def state_dict(self) -> dict[str, float]:
        """The numbers of all parameters, by name."""
        return {name: parameter.data for name, parameter in self.named_parameters()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over numbers that `state_dict` gave.

        Raises ValueError where a name is missing or unknown, or something is no number; then nothing has changed.
        """
        parameters = dict(self.named_parameters())
        if not isinstance(state, Mapping):
            raise ValueError(f"a state is a dict of numbers by name, not {type(state).__name__}")
        for problem, names in (
            ("lacks", [name for name in parameters if name not in state]),
            ("has, but the model does not,", [str(name) for name in state if name not in parameters]),
        ):
            if names:
                shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
                raise ValueError(f"the state does not fit this {type(self).__name__}: it {problem} {shown}")
        # Leaves of their own first, for under detect_anomaly an inf or nan raises.
        leaves = {name: Value(_number(name, state[name]), name) for name in parameters}
        for name, parameter in parameters.items():
            parameter.data = leaves[name].data

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write all parameters to a JSON file, bit for bit; an existing file is replaced as a whole or not at all."""
        saving.write(path, "model", self.state_dict())

    def load(self, path: str | os.PathLike[str]) -> None:
        """Take over the parameters from a file that `save` wrote.

        Raises ValueError, and leaves the model as it was, where the file is damaged, is far larger than one of this
        model, or belongs to a model of another shape.
        """
        saving.load(path, "model", self)

    def extra_repr(self) -> str:
        """What stands in parentheses behind the name of the class; for subclasses to define."""
        return ""

    def __repr__(self) -> str:
        return "\n".join(_tree(self, set()))


class Parameters(list[Value]):
    """A list of the parameters of a module that knows their names, and the place of the module in another one.

    >>> Parameters([("bias", Value(0.0, "b"))]).named_parameters()
    [('bias', Value(data=0.0, grad=0.0, label='b'))]
    """

    def __init__(self, named: Iterable[tuple[str, Value]], place: str = "") -> None:
        self._named, self.place = list(named), place
        super().__init__(parameter for _, parameter in self._named)

    def named_parameters(self) -> list[tuple[str, Value]]:
        """The Values that are in the list now with their names; "" for one that was added."""
        names = {id(parameter): name for name, parameter in self._named}
        return [(names.get(id(parameter), ""), parameter) for parameter in self]


def _members(thing: Any, name: str) -> Iterator[tuple[str, Any]]:
    """The leaf Values and modules that an attribute holds, each with the way to it."""
    if isinstance(thing, Module) or (isinstance(thing, Value) and thing.operation is None):
        yield name, thing
    elif isinstance(thing, list | tuple):
        for place, item in enumerate(thing):
            yield from _members(item, f"{name}.{place}")
    elif isinstance(thing, dict):
        for key, item in thing.items():
            yield from _members(item, f"{name}.{key}")


def _parameters(module: Module, prefix: str, seen: set[int]) -> Iterator[tuple[str, Value]]:
    if id(module) in seen:  # a module may know the one that it is part of
        return
    seen.add(id(module))
    for attribute, thing in vars(module).items():
        for name, member in _members(thing, prefix + attribute):
            if isinstance(member, Module):
                yield from _parameters(member, f"{name}.", seen)
            else:
                yield name, member


def _number(name: str, thing: Any) -> float:
    try:
        if not isinstance(thing, bool):
            return real(thing)
    except TypeError:
        pass
    raise ValueError(f"{name} is no number but {thing!r:.40}")


def _tree(module: Module, shown: set[int]) -> list[str]:
    """A line for the module and indented ones for its parts; parts in a row that look alike share their lines."""
    title = type(module).__name__ + (f"({module.extra_repr()})" if module.extra_repr() else "")
    if id(module) in shown:  # a part of two modules, or the one that all this is a part of
        return [f"{title}, the same as above"]
    shown.add(id(module))
    parts = [
        (attribute, name, "\n".join(_tree(member, shown)))
        for attribute, thing in vars(module).items()
        for name, member in _members(thing, attribute)
        if isinstance(member, Module)
    ]
    rows = []
    for (_, text), alike in groupby(parts, key=itemgetter(0, 2)):
        names = [name for _, name, _ in alike]
        many = f"{names[0]} … {names[-1]}: {len(names)} × " if len(names) > 1 else f"{names[0]}: "
        rows.append((many + text).split("\n"))
    count = len(module.parameters())
    lines = [f"{title}, {count} parameter{'s' * (count != 1)}"]
    for row in rows:
        last = row is rows[-1]
        lines.append(("└─ " if last else "├─ ") + row[0])
        lines += [("   " if last else "│  ") + line for line in row[1:]]
    return lines
