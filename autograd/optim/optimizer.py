"""What all optimisers share: parameters, groups of them, steps, the table of a step, and a state to save.

>>> from autograd.optim import SGD
>>> SGD([Value(2.0, "w")], lr=0.5)
SGD(1 parameter, lr=0.5, momentum=0, weight_decay=0, nesterov=False)
"""

import math
import os
import re
from collections.abc import Iterable, Iterator, Mapping, MutableMapping, Sequence
from typing import Any

from .. import checks, saving
from ..engines import Value, native
from ..files import AnyPath
from ..modes import mode
from ..notation import decimal
from ..terminal import printable
from .arguments import not_negative, whole, written
from .params import Params, grouped, with_names
from .schedules import Schedule

# What an optimiser remembers of the earlier gradients of one parameter.
Moments = tuple[float, ...]


class Optimizer:
    """Parameters and what is remembered of their gradients; a subclass adds its formula, `update`.

    >>> class SignDescent(Optimizer):
    ...     def update(self, x, gradient, moments, t, lr):
    ...         return x - math.copysign(lr, gradient), moments
    >>> x = Value(3.0, "x")
    >>> (x * x).backward()
    >>> SignDescent([x], lr=0.5).step()
    >>> x.data
    2.5

    `params` are a model or its parameters, or leaf Values, or pairs (name, Value). A parameter is called by its name in
    the model, else by its label, else by its place. `lr` is a number or a function of the step, which counts from 0; it
    may be set between steps. `steps` counts the calls of `step`, and `counts` those that found a gradient, for each
    parameter; `moments` holds the numbers remembered, by their name and then by parameter.

    Parameters that need hyperparameters of their own come in groups, dicts as in PyTorch:

    >>> from autograd.optim import SGD
    >>> weights, biases = [Value(1.0, "w")], [Value(0.0, "b")]
    >>> optimizer = SGD([{"params": weights, "lr": 0.1}, {"params": biases}], lr=0.01, momentum=0.9)
    >>> optimizer.param_groups[0]["lr"] = 0.05
    >>> optimizer
    SGD(2 parameters in 2 groups)
      0: SGD(1 parameter, lr=0.05, momentum=0.9, weight_decay=0, nesterov=False)
      1: SGD(1 parameter, lr=0.01, momentum=0.9, weight_decay=0, nesterov=False)

    Raises ValueError if there are no parameters, for an interior node and for a Value or a name that is given
    twice, and TypeError for anything that is not a Value and for a set, which has no order.
    """

    # The names of the arguments behind `params`, which are attributes too, set before `Optimizer.__init__` is called.
    hyperparameters: tuple[str, ...] = ("lr",)

    _lr: float | Schedule

    # With groups, each is an optimiser of its own, of the same class, and this one makes their steps as one.
    _parts: Sequence["Optimizer"] = ()

    # The names that tell a place only, where there are several.
    _confusable: Sequence[str] = ()

    def __init__(self, params: Params, lr: float | Schedule = 1e-3, *, moments: Iterable[str] = ()) -> None:
        self.lr = lr
        self.steps = 0
        groups = grouped(params)
        named, self._confusable = with_names([things for things, _ in groups])
        self.names, self.params = map(list, zip(*[pair for pairs in named for pair in pairs], strict=True))
        if groups[0][1] is None:
            self.counts = [0] * len(self.params)
            self.moments = {moment: [0.0] * len(self.params) for moment in moments}
        else:
            self._parts = [
                self._part(f"group {place}", pairs, {**self._options(), **(options or {})})
                for place, (pairs, (_, options)) in enumerate(zip(named, groups, strict=True))
            ]

    @property
    def param_groups(self) -> list["ParamGroup"]:
        """The groups of parameters, each with its hyperparameters; a single one if no groups were given.

        >>> from autograd.optim import SGD
        >>> SGD([Value(1.0)], lr=0.25).param_groups[0]["lr"]
        0.25
        """
        return [ParamGroup(group) for group in self._groups]

    @property
    def lr(self) -> float | Schedule:
        """The learning rate, which may be set for all groups: a finite number, 0 or more, or a function of the step."""
        first, *others = [group._lr for group in self._groups]
        if any(other != first for other in others):
            raise AttributeError('the groups have learning rates of their own: see optimizer.param_groups[0]["lr"]')
        return first

    @lr.setter
    def lr(self, lr: float | Schedule) -> None:
        rate = lr if callable(lr) else not_negative("lr", lr)
        for group in self._groups:
            group._lr = rate

    def update(self, x: float, gradient: float, moments: Moments, t: int, lr: float) -> tuple[float, Moments]:
        """The next number after `x` and the next moments after `moments`, in the t-th update, counted from 1."""
        raise NotImplementedError(f"{type(self).__name__} defines no update(self, x, gradient, moments, t, lr)")

    def step(self) -> None:
        """Update every parameter that has a gradient, once; the others stay as they are, and so do their moments.

        All numbers are computed before the first is written, so an error on the way changes nothing. The same holds for
        the FloatingPointError under `detect_anomaly`, raised if a parameter would become inf or nan.
        """
        rates = [group._rate(self.steps) for group in self._groups]
        if not self._all_step_natively(rates):
            updates = [
                (group, slot, *group._updated(slot, lr))
                for group, lr in zip(self._groups, rates, strict=True)
                for slot, parameter in enumerate(group.params)
                if parameter.has_grad
            ]
            for group, slot, number, _ in updates:
                if not math.isfinite(number) and mode().anomaly:
                    raise FloatingPointError(f"{group.names[slot] or 'a parameter'} is {number} after this step")
            for group, slot, number, moments in updates:
                group.params[slot].data = number
                group.counts[slot] += 1
                for column, moment in zip(group.moments.values(), moments, strict=True):
                    column[slot] = moment
        self.steps += 1

    def zero_grad(self) -> None:
        """Forget the gradients of all parameters."""
        if native is not None:
            native.zero_grad(self.params)
            return
        for parameter in self.params:
            parameter.zero_grad()

    def table(self, limit: int = 40) -> str:
        """The parameters as a text table: value, gradient, moments, and what the next `step` would add to the value.

        >>> from autograd.optim import SGD
        >>> w, b = Value(2.0, "w"), Value(0.5, "b")
        >>> (w * w).backward()
        >>> print(SGD([w, b], lr=0.25, momentum=0.9).table())
        parameter  value  gradient  momentum  next update
        w              2         4         0           -1
        b            0.5         —         0            —

        Nothing is changed. A dash means that there is no gradient, or no such moment in the group. The parameters
        beyond `limit` are only counted.
        """
        limit = whole("limit", limit)
        remembered = list(dict.fromkeys(moment for group in self._groups for moment in group.moments))
        rows = [["parameter", "value", "gradient", *remembered, "next update"]]
        rows += [row for group in self._groups for row in group._rows(remembered, self.steps, limit)]
        if self._parts:  # which group a row belongs to stands at its end
            places = [str(place) for place, group in enumerate(self._groups) for _ in group.params[:limit]]
            rows = [[*row, place] for row, place in zip(rows, ["group", *places], strict=True)]
        rows = rows[: limit + 1]
        rows = [[*map(printable, row)] for row in rows]
        first, *others = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = ["  ".join([name.ljust(first), *map(str.rjust, numbers, others)]) for name, *numbers in rows]
        more = len(self.params) - (len(rows) - 1)
        return printable("\n".join(lines + [f"… and {more} more"] * (more > 0)))

    def state_dict(self) -> dict[str, Any]:
        """Everything needed to continue later, except the parameters' own numbers: dicts, lists and numbers, for JSON.

        >>> from autograd.optim import SGD
        >>> optimizer = SGD([Value(2.0, "w")], lr=0.5, momentum=0.9)
        >>> optimizer.state_dict()["parameters"]
        {'w': {'steps': 0, 'momentum': 0.0}}

        An `lr` that is a function is not included, because it is part of the program; `steps` is, so that the
        function continues where it was. With groups, "groups" holds the hyperparameters and the parameters of each.
        """
        kind, states = type(self).__name__, [group._state() for group in self._groups]
        if len(states) > 1:
            return {"optimizer": kind, "steps": self.steps, "groups": states}
        return {"optimizer": kind, "steps": self.steps, **states[0]}

    def load_state_dict(self, state: Mapping[str, Any], *, by_place: bool = False) -> None:
        """Continue from a state that `state_dict` returned: its hyperparameters, counts and moments.

        Each parameter takes the state of the one with its name, or with its label; with `by_place`, of the one in
        the same place, whatever its name. The parameters' own numbers are loaded with the model. If `lr` is a function
        here, it is kept; if it was one there, the number here is kept.

        Raises ValueError if the state belongs to another kind of optimiser or does not fit these parameters, or if they
        have no names to tell them apart; then nothing has changed.
        """
        states, steps = self._taken_apart(state)
        if self._confusable and not by_place:
            raise ValueError(
                f"{' and '.join(self._confusable[:2])} have no names that tell them apart, so it cannot be known whose "
                "moments are whose: make the optimiser of model.named_parameters() or of Values with labels, or load "
                "with by_place=True if their order is certain to be the same"
            )
        loaded = [
            group._after(part, where, steps, by_place)
            for group, (where, part) in zip(self._groups, states.items(), strict=True)
        ]
        for group, new in zip(self._groups, loaded, strict=True):
            vars(group).update({**vars(new), "_confusable": group._confusable})
        self.steps = steps

    def save(self, path: AnyPath) -> None:
        """Write the state to a JSON file, bit for bit; an existing file is replaced as a whole or not at all."""
        saving.write(path, type(self).__name__, self.state_dict())

    def load(self, path: AnyPath, *, by_place: bool = False) -> None:
        """Continue from a file that `save` wrote; for `by_place` see `load_state_dict`.

        Raises ValueError, and changes nothing, if the file is damaged, is far larger than one of this optimiser, or
        does not fit it.
        """
        state = saving.read(path, type(self).__name__, like=self.state_dict())
        try:
            self.load_state_dict(state, by_place=by_place)
        except ValueError as error:
            raise ValueError(f"{os.fsdecode(path)}: {error}") from None

    def __repr__(self) -> str:
        kind, count = type(self).__name__, f"{len(self.params)} parameter{'s' * (len(self.params) != 1)}"
        if len(self._groups) > 1:
            groups = [f"  {place}: {group!r}" for place, group in enumerate(self._groups)]
            return "\n".join([f"{kind}({count} in {len(groups)} groups)", *groups])
        settings = [f"{name}={written(value)}" for name, value in self._groups[0]._options().items()]
        return f"{kind}({', '.join([count, *settings])})"

    # All groups together --------------------------------------------------------------------------

    @property
    def _groups(self) -> Sequence["Optimizer"]:
        return self._parts or [self]

    def _part(self, where: str, pairs: list[tuple[str, Value]], options: Mapping[str, Any]) -> "Optimizer":
        unknown = [name for name in options if name not in self.hyperparameters]
        if unknown:
            known = ", ".join(("params", *self.hyperparameters))
            raise ValueError(f"{where} has an unknown {checks.shown(unknown[0])}: there are {known}")
        try:
            return type(self)(pairs, **options)
        except (TypeError, ValueError) as error:
            raise type(error)(f"{where}: {error}") from None

    def _all_step_natively(self, rates: list[float]) -> bool:
        """Whether the compiled engine has made the step of all groups; if not, nothing has changed."""
        if native is None or any("update" in vars(group) for group in self._groups):
            return False
        if len(rates) == 1:
            return self._groups[0]._step_natively(rates[0])
        # A group may refuse where those before it have made their step.
        before = [
            (
                group,
                [parameter.data for parameter in group.params],
                list(group.counts),
                {moment: list(column) for moment, column in group.moments.items()},
            )
            for group in self._groups
        ]
        if all(group._step_natively(lr) for group, lr in zip(self._groups, rates, strict=True)):
            return True
        for group, numbers, counts, moments in before:
            group.counts, group.moments = counts, moments
            for parameter, number in zip(group.params, numbers, strict=True):
                parameter._data = number  # past detect_anomaly, for an inf may have been there
        return False

    def _taken_apart(self, state: Any) -> tuple[dict[str, Any], int]:
        """The state of each group in a state, by what messages call it, and the steps."""
        groups = state.get("groups") if isinstance(state, Mapping) else None
        count = len(groups) if isinstance(groups, list) else 1
        if count != len(self._groups):
            raise ValueError(f"the state is one of {count} group{'s' * (count != 1)}, but here are {len(self._groups)}")
        parts = ["hyperparameters", "parameters"]
        _check_names("the state", state, ["optimizer", "steps", *(["groups"] if groups else parts)])
        if state["optimizer"] != type(self).__name__:
            raise ValueError(f"the state is one of {checks.shown(state['optimizer'])}, not of {type(self).__name__}")
        try:
            steps = whole("steps", state["steps"])
        except (TypeError, ValueError) as error:
            raise ValueError(f"the state does not fit: {error}") from None
        if isinstance(groups, list):
            return {f"the state of group {place}": group for place, group in enumerate(groups)}, steps
        return {"the state": {part: state[part] for part in parts}}, steps

    # One group ------------------------------------------------------------------------------------

    def _options(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.hyperparameters}

    def _set(self, name: str, value: Any) -> None:
        """Change a hyperparameter, with the same checks as in a new optimiser; a moment that it needs starts at 0."""
        if name == "lr":
            self.lr = value
            return
        checked = type(self)([Value(0.0)], **{**self._options(), name: value})
        setattr(self, name, getattr(checked, name))
        self.moments = {moment: self.moments.get(moment, [0.0] * len(self.params)) for moment in checked.moments}

    def _step_natively(self, lr: float) -> bool:
        """Whether the compiled engine has made the step; it knows only some of the optimisers."""
        return False

    def _rate(self, step: int) -> float:
        return float(not_negative(f"lr at step {step}", self._lr(step)) if callable(self._lr) else self._lr)

    def _moments(self, slot: int) -> Moments:
        return tuple([column[slot] for column in self.moments.values()])

    def _updated(self, slot: int, lr: float) -> tuple[float, Moments]:
        parameter = self.params[slot]
        return self.update(parameter.data, parameter.grad, self._moments(slot), self.counts[slot] + 1, lr)

    def _rows(self, remembered: list[str], step: int, limit: int) -> list[list[str]]:
        """The rows of the table, with a column for each of the moments."""
        lr, rows = self._rate(step), []
        for slot, parameter in enumerate(self.params[:limit]):
            gradient = update = "—"
            if parameter.has_grad:
                gradient = decimal(parameter.grad)
                update = decimal(self._updated(slot, lr)[0] - parameter.data)
            moments = [decimal(self.moments[moment][slot]) if moment in self.moments else "—" for moment in remembered]
            rows.append([_short(self.names[slot]), decimal(parameter.data), gradient, *moments, update])
        return rows

    def _state(self) -> dict[str, Any]:
        return {
            "hyperparameters": {
                name: list(value) if isinstance(value, tuple) else value
                for name, value in self._options().items()
                if not callable(value)
            },
            "parameters": {
                name: {"steps": self.counts[slot], **dict(zip(self.moments, self._moments(slot), strict=True))}
                for slot, name in enumerate(self.names)
            },
        }

    def _after(self, state: Any, where: str, steps: int, by_place: bool) -> "Optimizer":
        """A new optimiser of the same parameters that continues from the state of a group."""
        _check_names(where, state, ("hyperparameters", "parameters"))
        given = state["hyperparameters"]
        if isinstance(given, Mapping) and (callable(self._lr) or "lr" not in given):
            given = {**given, "lr": self._lr}
        _check_names(f"{where}'s hyperparameters", given, self.hyperparameters)
        remembered = self._remembered(f"{where}'s parameters", state["parameters"], by_place)
        try:
            new = type(self)(zip(self.names, self.params, strict=True), **given)  # which checks the hyperparameters
        except (TypeError, ValueError) as error:
            raise ValueError(f"{where} does not fit: {error}") from None
        for slot, (name, numbers) in enumerate(zip(self.names, remembered, strict=True)):
            _check_names(f"the state of {name}", numbers, ("steps", *new.moments))
            try:
                new.counts[slot] = whole("steps", numbers["steps"], most=steps)
                for moment, column in new.moments.items():
                    column[slot] = checks.number(moment, numbers[moment], nan=True)
            except (TypeError, ValueError) as error:
                raise ValueError(f"the state of {name} does not fit: {error}") from None
        return new

    def _remembered(self, what: str, parameters: Any, by_place: bool) -> list[Any]:
        """What a state holds for each parameter."""
        names = self.names
        if isinstance(parameters, Mapping):
            if by_place and len(parameters) == len(names):
                return list(parameters.values())
            if set(parameters) != set(names) and set(parameters) == set(self._labels()):
                names = self._labels()
        try:
            _check_names(what, parameters, names)
        except ValueError as error:
            if isinstance(parameters, Mapping) and len(parameters) == len(names):
                error.args = (f"{error}; if their order is certain to be the same, load with by_place=True",)
            raise
        return [parameters[name] for name in names]

    def _labels(self) -> list[str]:
        """What an optimiser that does not know the model's names calls these parameters; [] if that is not safe.

        Labels with places are safe if parameters with the same label follow each other in lists, as the neurons of an
        MLP do. Attributes, such as two layers, may have been declared in another order.
        """
        forms: dict[str, set[str]] = {}
        for name, parameter in zip(self.names, self.params, strict=True):
            forms.setdefault(parameter.label, set()).add(re.sub(r"\d+", "0", name))
        (pairs,), _ = with_names([self.params])
        return [label for label, _ in pairs] if all(len(form) == 1 for form in forms.values()) else []


class ParamGroup(MutableMapping[str, Any]):
    """Parameters and the hyperparameters that they share, which may be set between steps; a dict as in PyTorch.

    >>> from autograd.optim import Adam
    >>> group = Adam([Value(1.0)]).param_groups[0]
    >>> group["betas"] = (0.8, 0.99)
    >>> list(group), group["betas"]
    (['params', 'lr', 'betas', 'eps', 'weight_decay'], (0.8, 0.99))

    A hyperparameter that makes no sense raises the same error as in a new optimiser.
    """

    def __init__(self, optimizer: Optimizer) -> None:
        self._optimizer = optimizer

    def __getitem__(self, name: str) -> Any:
        self._check(name)
        return list(self._optimizer.params) if name == "params" else getattr(self._optimizer, name)

    def __setitem__(self, name: str, value: Any) -> None:
        self._check(name)
        if name == "params":
            raise TypeError("the parameters of a group cannot be replaced: make another optimiser for others")
        self._optimizer._set(name, value)

    def __delitem__(self, name: str) -> None:
        raise TypeError(f"{name} of a group can be set, but not deleted")

    def __iter__(self) -> Iterator[str]:
        return iter(("params", *self._optimizer.hyperparameters))

    def __len__(self) -> int:
        return 1 + len(self._optimizer.hyperparameters)

    def __repr__(self) -> str:
        return repr(self._optimizer)

    def _check(self, name: str) -> None:
        if name not in list(self):
            raise KeyError(f"a group of {type(self._optimizer).__name__} has no {name!r}; it has {', '.join(self)}")


def _check_names(what: str, mapping: Any, expected: Iterable[str]) -> None:
    if not isinstance(mapping, Mapping):
        raise ValueError(f"{what}: a dict is needed, not {checks.shown(mapping)}")
    expected = dict.fromkeys(expected)
    for problem, names in (
        ("missing", [name for name in expected if name not in mapping]),
        ("unknown", [str(name) for name in mapping if name not in expected]),
    ):
        if names:
            shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
            raise ValueError(f"{what}: {problem} {shown}")


def _short(name: str) -> str:
    """In one line of 40 characters at most."""
    name = " ".join(name.split())
    return name if len(name) <= 40 else name[:39] + "…"
