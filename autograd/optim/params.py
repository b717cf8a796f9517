"""What is to be trained: a model, its parameters, pairs (name, Value), or groups of these; and how each is called."""

from collections import Counter
from collections.abc import ItemsView, Iterable, KeysView, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Protocol

from .. import checks
from ..engines import Value


class _Named(Protocol):
    """A model, or its parameters: what knows their names."""

    def named_parameters(self) -> list[tuple[str, Value]]: ...


# What is to be trained: leaves, leaves with their names, a model, or groups of these with hyperparameters of their own.
Params = _Named | Mapping[str, Value] | Iterable[Value | tuple[str, Value] | Mapping[str, Any]]


def grouped(params: Any) -> list[tuple[list[Any], dict[str, Any] | None]]:
    """The parameters of each group and its options; without groups, all parameters and None."""
    things = _listed(params)
    if not any(isinstance(thing, Mapping) for thing in things):
        return [(things, None)]
    groups: list[tuple[list[Any], dict[str, Any] | None]] = []
    for place, group in enumerate(things):
        if not isinstance(group, Mapping):
            raise TypeError(f"params[{place}] is not a group but {checks.shown(group)}: give groups only, or none")
        if "params" not in group:
            raise ValueError(f'group {place} has no "params": write {{"params": [...], "lr": 0.1}}')
        options = {name: option for name, option in group.items() if name != "params"}
        groups.append((_listed_part(group["params"]), options))
    return groups


def _listed_part(params: Any) -> list[Any]:
    """The parameters of a group; those of a part of a model have the names that the model gives them."""
    if isinstance(params, Value):
        return [params]
    things = _listed(params)
    if hasattr(params, "named_parameters"):
        params = params.parameters() if hasattr(params, "parameters") else params
        place = getattr(params, "place", "")
        things = [(f"{place}.{name}" if place and name else name, value) for name, value in things]
    return things


def _listed(params: Any) -> list[Any]:
    """What was given, as a list: Values, pairs (name, Value) or groups."""
    kind = type(params).__name__
    if isinstance(params, Value):
        raise TypeError("params are a list of Values, not a Value: pass [value]")
    if isinstance(params, type):
        raise TypeError(
            f"params are the parameters of a model, not a class: make a model, as in {params.__name__}(...)"
        )
    if hasattr(params, "named_parameters"):
        return list(params.named_parameters())
    if isinstance(params, Mapping):
        if "params" in params:
            raise TypeError("params are a list of groups, not one of them: pass [group]")
        return list(params.items())
    # The views of a dict are sets that have an order.
    if isinstance(params, AbstractSet) and not isinstance(params, KeysView | ItemsView):
        raise TypeError(f"params are a list of Values, not a {kind}, whose order differs from run to run")
    if not isinstance(params, Iterable) or isinstance(params, str | bytes):
        remedy = ": pass its .parameters()" if hasattr(params, "parameters") else ": call it" * callable(params)
        raise TypeError(f"params are a list of Values, not a {kind}{remedy}")
    return list(params)


def with_names(groups: Sequence[Sequence[Any]]) -> tuple[list[list[tuple[str, Value]]], list[str]]:
    """Each group as pairs (name, Value) with distinct names; and the names that only give a place, if several do."""
    given = [(group, *_pair(thing)) for group, things in enumerate(groups) for thing in things]
    if not given or not all(groups):
        which = f"group {[*map(bool, groups)].index(False)} has" if len(groups) > 1 else "there are"
        raise ValueError(f"{which} no parameters: pass a list of Values (an iterator can be read only once)")
    labels = Counter(value.label for _, name, value in given if isinstance(value, Value) and name == "")
    homes = Counter(name for name, _ in {(name, group) for group, name, _ in given if isinstance(name, str)})
    found: list[list[tuple[str, Value]]] = [[] for _ in groups]
    names: dict[int, str] = {}  # by identity, whatever a subclass of Value makes of ==
    places = []
    for place, (group, name, value) in enumerate(given):
        own = f"parameter {place}"
        _check_leaf(own, name, value)
        if name and homes[name] > 1:  # as of two layers, which know names of their own only
            name = f"{name} (group {group})"
            places.append(name)
        elif not name:
            name = value.label or own
            if not value.label or labels[value.label] > 1:  # in a model of many neurons each has its "w0"
                name = f"{value.label} ({own})" if value.label else own
                places.append(name)
        if id(value) in names:
            raise ValueError(f"{own} is the same Value as {names[id(value)]}: give each once")
        names[id(value)] = name
        found[group].append((name, value))
    name, count = Counter(names.values()).most_common(1)[0]
    if count > 1:
        raise ValueError(f"{count} parameters are called {name}: give each a name of its own")
    return found, places if len(places) > 1 else []


def _pair(thing: Any) -> tuple[Any, Any]:
    return thing if isinstance(thing, tuple) and len(thing) == 2 else ("", thing)


def _check_leaf(own: str, name: Any, value: Any) -> None:
    if not isinstance(name, str):
        raise TypeError(f"the name of {own} is not a string but {checks.shown(name)}")
    if not isinstance(value, Value):
        remedy = ": pass its .parameters()" if hasattr(value, "named_parameters") else ""
        raise TypeError(f"{name or own} is not a Value but {checks.shown(value)}{remedy}")
    if value.operation is not None:
        raise ValueError(
            f"{name or value.label or own} is computed ({value.operation.name}): only leaves can be trained"
        )
