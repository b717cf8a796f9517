"""Optimisers: what turns gradients into better parameters.

>>> x = Value(0.0, "x")
>>> optimizer = SGD([x], lr=0.25)
>>> for _ in range(30):
...     optimizer.zero_grad()
...     ((x - 3) ** 2).backward()
...     optimizer.step()
>>> round(x.data, 6)
3.0

An optimiser is one formula, its `update`: from a number, its gradient and what is remembered of earlier
gradients to the next number. `step` applies it to all parameters, `table` shows what that would do. The formulas
are PyTorch's, and so are the names and defaults.
"""

import math
import os
import re
from collections import Counter
from collections.abc import Callable, ItemsView, Iterable, Iterator, KeysView, Mapping, MutableMapping, Sequence
from collections.abc import Set as AbstractSet
from functools import wraps
from typing import TYPE_CHECKING, Any, NoReturn, ParamSpec, Protocol

from . import checks, saving
from .engines import Value, native
from .files import AnyPath
from .foreign import missing
from .ieee import divide, power, sqrt
from .modes import mode
from .notation import decimal
from .terminal import printable


class _Named(Protocol):
    """A model, or its parameters: what knows their names."""

    def named_parameters(self) -> list[tuple[str, Value]]: ...


# What is to be trained: leaves, leaves with their names, a model, or groups of these with hyperparameters of their own.
Params = _Named | Mapping[str, Value] | Iterable[Value | tuple[str, Value] | Mapping[str, Any]]

# A learning rate as a function of the step, which counts from 0.
Schedule = Callable[[int], float]

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

    >>> weights, biases = [Value(1.0, "w")], [Value(0.0, "b")]
    >>> optimizer = SGD([{"params": weights, "lr": 0.1}, {"params": biases}], lr=0.01, momentum=0.9)
    >>> optimizer.param_groups[0]["lr"] = 0.05
    >>> optimizer
    SGD(2 parameters in 2 groups)
      0: SGD(1 parameter, lr=0.05, momentum=0.9, weight_decay=0, nesterov=False)
      1: SGD(1 parameter, lr=0.01, momentum=0.9, weight_decay=0, nesterov=False)

    Raises ValueError where there are no parameters, for an interior node and for a Value or a name that is given
    twice, and TypeError for what is not a Value and for a set, which has no order.
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
        groups = _groups(params)
        named, self._confusable = _named([things for things, _ in groups])
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
        """The groups of parameters, each with its hyperparameters; one where none were given.

        >>> SGD([Value(1.0)], lr=0.25).param_groups[0]["lr"]
        0.25
        """
        return [ParamGroup(group) for group in self._groups]

    @property
    def lr(self) -> float | Schedule:
        """The learning rate, which may be set for all groups: a finite number from 0 on, or a function of the step."""
        first, *others = [group._lr for group in self._groups]
        if any(other != first for other in others):
            raise AttributeError('the groups have learning rates of their own: see optimizer.param_groups[0]["lr"]')
        return first

    @lr.setter
    def lr(self, lr: float | Schedule) -> None:
        rate = lr if callable(lr) else _not_negative("lr", lr)
        for group in self._groups:
            group._lr = rate

    def update(self, x: float, gradient: float, moments: Moments, t: int, lr: float) -> tuple[float, Moments]:
        """The number that follows on `x` and the moments that follow on `moments`, in the t-th update, from 1 on."""
        raise NotImplementedError(f"{type(self).__name__} defines no update(self, x, gradient, moments, t, lr)")

    def step(self) -> None:
        """Update every parameter that has a gradient, once; the others stay as they are, and so do their moments.

        All numbers are computed before the first is written: an error on the way has changed nothing. That goes for
        a FloatingPointError under `detect_anomaly` too, where a parameter would become inf or nan.
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

        >>> w, b = Value(2.0, "w"), Value(0.5, "b")
        >>> (w * w).backward()
        >>> print(SGD([w, b], lr=0.25, momentum=0.9).table())
        parameter  value  gradient  momentum  next update
        w              2         4         0           -1
        b            0.5         —         0            —

        Nothing is changed. A dash stands where there is no gradient, or no such moment in the group. Of the parameters
        beyond `limit` only their number is told.
        """
        limit = _count("limit", limit)
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
        """All that is needed to go on later but the parameters' own numbers, in dicts, lists and numbers, for JSON.

        >>> optimizer = SGD([Value(2.0, "w")], lr=0.5, momentum=0.9)
        >>> optimizer.state_dict()["parameters"]
        {'w': {'steps': 0, 'momentum': 0.0}}

        An `lr` that is a function is not in it, for it is a part of the program; `steps` is, so that the function
        goes on where it was. With groups, "groups" holds the hyperparameters and the parameters of each.
        """
        kind, states = type(self).__name__, [group._state() for group in self._groups]
        if len(states) > 1:
            return {"optimizer": kind, "steps": self.steps, "groups": states}
        return {"optimizer": kind, "steps": self.steps, **states[0]}

    def load_state_dict(self, state: Mapping[str, Any], *, by_place: bool = False) -> None:
        """Go on from a state that `state_dict` gave: its hyperparameters, counts and moments.

        Each parameter takes what was remembered of the one with its name, or with its label; with `by_place`, of the
        one that stood in its place, whatever it was called. The parameters' own numbers are the model's business. Where
        `lr` is a function here, it stays; where it was one there, the number here stays.

        Raises ValueError where the state is one of another kind of optimiser or does not fit these parameters, or where
        they have no names by which they could be told apart; then nothing has changed.
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
        """Go on from a file that `save` wrote; for `by_place` see `load_state_dict`.

        Raises ValueError, and changes nothing, where the file is damaged, is far larger than one of this optimiser, or
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
        settings = [f"{name}={_written(value)}" for name, value in self._groups[0]._options().items()]
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
            steps = _count("steps", state["steps"])
        except (TypeError, ValueError) as error:
            raise ValueError(f"the state does not fit: {error}") from None
        if isinstance(groups, list):
            return {f"the state of group {place}": group for place, group in enumerate(groups)}, steps
        return {"the state": {part: state[part] for part in parts}}, steps

    # One group ------------------------------------------------------------------------------------

    def _options(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.hyperparameters}

    def _set(self, name: str, value: Any) -> None:
        """Change a hyperparameter, checked as in the making of an optimiser; a moment that it asks for starts at 0."""
        if name == "lr":
            self.lr = value
            return
        checked = type(self)([Value(0.0)], **{**self._options(), name: value})
        setattr(self, name, getattr(checked, name))
        self.moments = {moment: self.moments.get(moment, [0.0] * len(self.params)) for moment in checked.moments}

    def _step_natively(self, lr: float) -> bool:
        """Whether the compiled engine has made the step; it knows some of the optimisers of this file only."""
        return False

    def _rate(self, step: int) -> float:
        return float(_not_negative(f"lr at step {step}", self._lr(step)) if callable(self._lr) else self._lr)

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
        """A new optimiser of the same parameters that goes on from the state of a group."""
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
                new.counts[slot] = _count("steps", numbers["steps"], most=steps)
                for moment, column in new.moments.items():
                    column[slot] = checks.number(moment, numbers[moment], nan=True)
            except (TypeError, ValueError) as error:
                raise ValueError(f"the state of {name} does not fit: {error}") from None
        return new

    def _remembered(self, what: str, parameters: Any, by_place: bool) -> list[Any]:
        """What a state tells of each parameter."""
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
        """What an optimiser calls these parameters that does not know the model's names; [] where that is not safe.

        Labels with places are safe where those of the same label follow each other in lists, as the neurons of an MLP
        do. Attributes, such as two layers, may have been declared in another order.
        """
        forms: dict[str, set[str]] = {}
        for name, parameter in zip(self.names, self.params, strict=True):
            forms.setdefault(parameter.label, set()).add(re.sub(r"\d+", "0", name))
        (pairs,), _ = _named([self.params])
        return [label for label, _ in pairs] if all(len(form) == 1 for form in forms.values()) else []


class ParamGroup(MutableMapping[str, Any]):
    """The parameters that share hyperparameters, and these, which may be set between steps; a dict as in PyTorch.

    >>> group = Adam([Value(1.0)]).param_groups[0]
    >>> group["betas"] = (0.8, 0.99)
    >>> list(group), group["betas"]
    (['params', 'lr', 'betas', 'eps', 'weight_decay'], (0.8, 0.99))

    A hyperparameter that makes no sense raises what it would raise where an optimiser is made.
    """

    def __init__(self, optimizer: Optimizer) -> None:
        self._optimizer = optimizer

    def __getitem__(self, name: str) -> Any:
        self._check(name)
        return list(self._optimizer.params) if name == "params" else getattr(self._optimizer, name)

    def __setitem__(self, name: str, value: Any) -> None:
        self._check(name)
        if name == "params":
            raise TypeError("the parameters of a group stay: make another optimiser for others")
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
            raise KeyError(f"a group of {type(self._optimizer).__name__} has no {name!r}, but {', '.join(self)}")


class SGD(Optimizer):
    """Stochastic gradient descent: against the gradient, with momentum if wanted.

    >>> x = Value(3.0)
    >>> (x * x).backward()
    >>> SGD([x], lr=0.5).step()
    >>> x.data
    0.0

    With the gradient g, the learning rate lr, the momentum µ and the weight decay λ:

        g ← g + λ·x
        b ← µ·b + g                     (b starts at 0)
        x ← x − lr·b                    with nesterov: x ← x − lr·(g + µ·b)

    Robbins & Monro 1951, "A stochastic approximation method"; Polyak 1964, "Some methods of speeding up the
    convergence of iteration methods", for the momentum; Sutskever et al. 2013, "On the importance of initialization
    and momentum in deep learning", for Nesterov's. As in PyTorch, lr stands outside of b, and g enters it whole (no
    dampening).

    Raises ValueError for a negative, infinite or nan argument and for `nesterov` without momentum.
    """

    hyperparameters = ("lr", "momentum", "weight_decay", "nesterov")

    def __init__(
        self,
        params: Params,
        lr: float | Schedule = 1e-3,
        momentum: float = 0,
        weight_decay: float = 0,
        nesterov: bool = False,
    ) -> None:
        self.momentum = _not_negative("momentum", momentum)
        self.weight_decay = _not_negative("weight_decay", weight_decay)
        self.nesterov = checks.truth("nesterov", nesterov)
        if nesterov and not momentum:
            raise ValueError("nesterov needs a momentum, such as 0.9")
        super().__init__(params, lr, moments=["momentum"] if momentum else [])

    def update(self, x: float, gradient: float, moments: Moments, t: int, lr: float) -> tuple[float, Moments]:
        """See the class."""
        g = _with_decay(gradient, self.weight_decay, x)
        if not moments:
            if self.momentum:
                raise RuntimeError('a momentum that is set later is set in optimizer.param_groups[0]["momentum"]')
            return x - lr * g, moments
        b = self.momentum * moments[0] + g
        return x - lr * (g + self.momentum * b if self.nesterov else b), (b,)

    def _step_natively(self, lr: float) -> bool:
        momenta = self.moments.get("momentum")
        if type(self) is not SGD or (self.momentum and not momenta):
            return False
        return native.sgd_step(  # type: ignore[no-any-return]
            self.params, self.counts, momenta, lr, self.momentum, self.weight_decay, self.nesterov
        )


class Adam(Optimizer):
    """Adaptive moments: steps of about `lr`, whatever the scale of the gradients.

    >>> x = Value(3.0)
    >>> (1e6 * x).backward()
    >>> Adam([x], lr=0.5).step()
    >>> round(x.data, 12)
    2.5

    With the gradient g, the learning rate lr, betas = (β₁, β₂), the weight decay λ, and t counting from 1:

        g ← g + λ·x
        m ← β₁·m + (1 − β₁)·g           the first moment, a running mean of g
        v ← β₂·v + (1 − β₂)·g²          the second moment, a running mean of g²
        x ← x − lr/(1 − β₁ᵗ) · m / (√v/√(1 − β₂ᵗ) + eps)

    m and v start at 0, which is too small for a mean; the divisions by 1 − βᵗ make up for it. Each parameter has a
    t of its own, which counts its updates. Kingma & Ba 2015, "Adam: a method for stochastic optimization",
    algorithm 1.

    Raises ValueError for betas outside of [0, 1) and for a negative, infinite or nan argument.
    """

    hyperparameters = ("lr", "betas", "eps", "weight_decay")

    def __init__(
        self,
        params: Params,
        lr: float | Schedule = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
    ) -> None:
        self.betas = _betas(betas)
        self.eps = _not_negative("eps", eps)
        self.weight_decay = _not_negative("weight_decay", weight_decay)
        super().__init__(params, lr, moments=["first moment", "second moment"])

    def update(self, x: float, gradient: float, moments: Moments, t: int, lr: float) -> tuple[float, Moments]:
        """See the class."""
        return self._adapted(x, _with_decay(gradient, self.weight_decay, x), moments, t, lr)

    def _adapted(self, x: float, g: float, moments: Moments, t: int, lr: float) -> tuple[float, Moments]:
        m, v = moments
        beta1, beta2 = self.betas
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g * g
        step_size = lr / (1 - beta1**t)
        denominator = sqrt(v) / math.sqrt(1 - beta2**t) + self.eps
        return x - step_size * divide(m, denominator), (m, v)

    def _step_natively(self, lr: float) -> bool:
        return type(self) in (Adam, AdamW) and native.adam_step(
            *(self.params, self.counts, *self.moments.values()),
            *(lr, *self.betas, self.eps, self.weight_decay, type(self) is AdamW),
        )


class AdamW(Adam):
    """Adam whose weight decay shrinks the parameter itself, past the moments.

    >>> x = Value(3.0)
    >>> (1e6 * x).backward()
    >>> AdamW([x], lr=0.5, weight_decay=0.1).step()
    >>> round(x.data, 12)  # 3 − 0.5·0.1·3 − 0.5
    2.35

        x ← x − lr·λ·x                  then as Adam, with g as it is

    In Adam the decay is divided by √v as well, so that parameters with large gradients decay less. Loshchilov &
    Hutter 2019, "Decoupled weight decay regularization", algorithm 2. Raises ValueError as Adam does.
    """

    def __init__(
        self,
        params: Params,
        lr: float | Schedule = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
    ) -> None:
        super().__init__(params, lr, betas, eps, weight_decay)

    def update(self, x: float, gradient: float, moments: Moments, t: int, lr: float) -> tuple[float, Moments]:
        """See the class."""
        return self._adapted(x * (1 - lr * self.weight_decay), gradient, moments, t, lr)


class RMSprop(Optimizer):
    """Steps divided by the root of a running mean of g², so that their size does not go by the scale of the gradients.

    >>> x = Value(3.0)
    >>> (1e6 * x).backward()
    >>> RMSprop([x], lr=0.05).step()
    >>> round(x.data, 6)
    2.5

    With the gradient g, the learning rate lr, the momentum µ and the weight decay λ:

        g ← g + λ·x
        v ← α·v + (1 − α)·g²            the mean square
        m ← α·m + (1 − α)·g             the mean, with centered only: then v − m² stands for v below
        b ← µ·b + g / (√v + eps)        the momentum; without, b is g / (√v + eps)
        x ← x − lr·b

    v, m and b start at 0. Tieleman & Hinton 2012, "Lecture 6.5: rmsprop", for the mean square; Graves 2013, "Generating
    sequences with recurrent neural networks", equations 38 to 41, for the centred one. PyTorch's formula and defaults.

    Raises ValueError for an alpha outside of [0, 1) and for a negative, infinite or nan argument.
    """

    hyperparameters = ("lr", "alpha", "eps", "weight_decay", "momentum", "centered")

    def __init__(
        self,
        params: Params,
        lr: float | Schedule = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
    ) -> None:
        self.alpha = checks.number("alpha", alpha, least=0, below=1)
        self.eps = _not_negative("eps", eps)
        self.weight_decay = _not_negative("weight_decay", weight_decay)
        self.momentum = _not_negative("momentum", momentum)
        self.centered = checks.truth("centered", centered)
        moments = ["mean square"] + ["mean"] * self.centered + ["momentum"] * bool(momentum)
        super().__init__(params, lr, moments=moments)

    def update(self, x: float, gradient: float, moments: Moments, t: int, lr: float) -> tuple[float, Moments]:
        """See the class."""
        remembered = dict(zip(self.moments, moments, strict=True))
        g = _with_decay(gradient, self.weight_decay, x)
        v = remembered["mean square"] = self.alpha * remembered["mean square"] + (1 - self.alpha) * g * g
        if self.centered:
            m = remembered["mean"] = self.alpha * remembered["mean"] + (1 - self.alpha) * g
            v = v - m * m
            v = 0.0 if v < 0.0 else v  # a variance is not negative, but a rounded one may be
        b = divide(g, sqrt(v) + self.eps)
        if self.momentum:
            b = remembered["momentum"] = self.momentum * remembered["momentum"] + b
        return x - lr * b, tuple(remembered.values())


def _with_decay(gradient: float, weight_decay: float, x: float) -> float:
    # Without decay it has to be the gradient itself: 0·inf is nan.
    return gradient + weight_decay * x if weight_decay else gradient


# Clipping -----------------------------------------------------------------------------------------


def clip_grad_norm(
    params: Params, max_norm: float, norm_type: float | str = 2.0, error_if_nonfinite: bool = False
) -> float:
    """Scale all gradients so that their norm is `max_norm` at most; returns what the norm was.

    >>> x, y = Value(0.0), Value(0.0)
    >>> x.grad, y.grad = 3.0, 4.0
    >>> clip_grad_norm([x, y], max_norm=1.0)
    5.0
    >>> round(x.grad, 6), round(y.grad, 6)
    (0.6, 0.8)

    The norm is (Σ |g|ᵖ)^(1/p) over all parameters together for the `norm_type` p, or max |g| for inf, and the scale
    min(1, max_norm/(norm + 10⁻⁶)), as in PyTorch's `clip_grad_norm_`. An infinite norm makes finite gradients 0 and
    infinite ones nan; with `error_if_nonfinite` it raises RuntimeError instead, as a norm of nan does, and nothing has
    changed. Parameters without a gradient are left alone. Pascanu, Mikolov & Bengio 2013, "On the difficulty of
    training recurrent neural networks", algorithm 1.

    Raises ValueError for a negative or nan `max_norm`, for a `norm_type` that is not above 0, and as an optimiser does
    for `params`.
    """
    largest = checks.number("max_norm", max_norm, least=0)
    p = math.inf if norm_type == "inf" else checks.number("norm_type", norm_type, least=0)
    if p == 0.0:
        raise ValueError("norm_type is 0, but has to be more: 2 is the usual length, 1 the sum, inf the largest")
    parameters = _with_gradients(params)
    norm = _norm([parameter.grad for parameter in parameters], p)
    if checks.truth("error_if_nonfinite", error_if_nonfinite) and not math.isfinite(norm):
        raise RuntimeError(f"the norm of the gradients is {norm}, so they cannot be clipped; nothing has changed")
    scale = largest / (norm + 1e-6)
    if not scale >= 1:  # a nan has to reach the gradients too
        _set_gradients(parameters, [parameter.grad * scale for parameter in parameters])
    return norm


def clip_grad_value(params: Params, clip_value: float) -> None:
    """Move each gradient into the range from −clip_value to clip_value, by itself; nan stays nan.

    >>> x, y = Value(0.0), Value(0.0)
    >>> x.grad, y.grad = 3.0, -0.5
    >>> clip_grad_value([x, y], 1.0)
    >>> x.grad, y.grad
    (1.0, -0.5)

    PyTorch's `clip_grad_value_`. Raises ValueError for a negative or nan `clip_value`, and as an optimiser does for
    `params`.
    """
    limit = checks.number("clip_value", clip_value, least=0)
    parameters = _with_gradients(params)
    gradients = [parameter.grad for parameter in parameters]
    _set_gradients(parameters, [g if not abs(g) > limit else math.copysign(limit, g) for g in gradients])


def _with_gradients(params: Params) -> list[Value]:
    named, _ = _named([things for things, _ in _groups(params)])
    return [parameter for pairs in named for _, parameter in pairs if parameter.has_grad]


def _norm(gradients: list[float], p: float) -> float:
    if any(map(math.isnan, gradients)):
        return math.nan  # where hypot and max might pass it over
    if p == 2.0:
        return math.hypot(*gradients)
    largest = max(map(abs, gradients), default=0.0)
    if p == math.inf or largest in (0.0, math.inf):
        return largest
    # Divided by the largest, no power overflows.
    return largest * power(sum(power(abs(g) / largest, p) for g in gradients), 1 / p)  # type: ignore[no-any-return]


def _set_gradients(parameters: list[Value], gradients: list[float]) -> None:
    for parameter, gradient in zip(parameters, gradients, strict=True):
        parameter.grad = gradient


# Schedules ----------------------------------------------------------------------------------------

_Arguments = ParamSpec("_Arguments")


class _Call:
    """A schedule that is shown as the call that made it, and that is copied and pickled by making that call again."""

    def __init__(self, make: Callable[..., Schedule], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.rate = make(*args, **kwargs)
        self.call = (make.__name__, args, kwargs)
        arguments = [*map(_written, args), *(f"{name}={_written(value)}" for name, value in kwargs.items())]
        self.__name__ = f"{make.__name__}({', '.join(arguments)})"

    def __call__(self, step: int) -> float:
        return self.rate(step)

    def __repr__(self) -> str:
        return self.__name__

    def __reduce__(self) -> tuple[Any, ...]:
        return _called, self.call


def _called(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return globals()[name](*args, **kwargs)


def _schedule(make: Callable[_Arguments, Schedule]) -> Callable[_Arguments, Schedule]:
    """A maker of schedules, which an optimiser then shows as its `lr` by the call."""

    @wraps(make)
    def named(*args: _Arguments.args, **kwargs: _Arguments.kwargs) -> Schedule:
        return _Call(make, args, kwargs)

    return named


@_schedule
def constant(lr: float) -> Schedule:
    """The same learning rate in each step.

    >>> constant(0.1)(1000)
    0.1
    """
    lr = _not_negative("lr", lr)
    return lambda step: lr


@_schedule
def step_decay(lr: float, every: int, factor: float = 0.1) -> Schedule:
    """Multiplied by `factor` after each `every` steps: lr·factor^⌊step/every⌋. PyTorch's StepLR.

    >>> [step_decay(8.0, every=2, factor=0.5)(step) for step in range(6)]
    [8.0, 8.0, 4.0, 4.0, 2.0, 2.0]
    """
    lr, factor, every = _not_negative("lr", lr), _not_negative("factor", factor), _count("every", every, least=1)
    return lambda step: lr * power(float(factor), float(step // every))


@_schedule
def exponential_decay(lr: float, factor: float) -> Schedule:
    """Multiplied by `factor` in each step: lr·factor^step. PyTorch's ExponentialLR.

    >>> [exponential_decay(8.0, factor=0.5)(step) for step in range(4)]
    [8.0, 4.0, 2.0, 1.0]
    """
    return step_decay(lr, 1, factor)


@_schedule
def linear(lr: float, steps: int, final: float = 0.0) -> Schedule:
    """From `lr` to `final` in a straight line, and `final` from step `steps` on. PyTorch's LinearLR.

    >>> [linear(8.0, steps=4)(step) for step in range(6)]
    [8.0, 6.0, 4.0, 2.0, 0.0, 0.0]
    """
    return _transition(lr, steps, final, lambda progress: progress)


@_schedule
def cosine(lr: float, steps: int, final: float = 0.0) -> Schedule:
    """From `lr` to `final` along half a wave, slow at both ends: final + (lr − final)·(1 + cos(π·step/steps))/2.

    >>> [round(cosine(8.0, steps=4)(step), 3) for step in range(6)]
    [8.0, 6.828, 4.0, 1.172, 0.0, 0.0]

    Loshchilov & Hutter 2017, "SGDR: stochastic gradient descent with warm restarts", equation 5, without the
    restarts: `final` from step `steps` on, where PyTorch's CosineAnnealingLR would rise again.
    """
    return _transition(lr, steps, final, lambda progress: (1 - math.cos(math.pi * progress)) / 2)


@_schedule
def warmup(schedule: float | Schedule, steps: int) -> Schedule:
    """A rise in a straight line over `steps` steps, then the schedule from its beginning.

    >>> [warmup(linear(8.0, steps=2), steps=3)(step) for step in range(6)]
    [2.0, 4.0, 6.0, 8.0, 4.0, 0.0]

    The rise is lr·(step + 1)/(steps + 1), lr being where the schedule begins, so that no step is wasted on a rate
    of 0. PyTorch's SequentialLR of a LinearLR and the schedule; a number stands for a constant schedule. Goyal et
    al. 2017, "Accurate, large minibatch SGD: training ImageNet in 1 hour", section 2.2.
    """
    rising = _count("steps", steps, least=1)
    after = schedule if callable(schedule) else constant(schedule)
    return lambda step: after(0) * ((step + 1) / (rising + 1)) if step < rising else after(step - rising)


def _transition(lr: float, steps: int, final: float, share: Callable[[float], float]) -> Schedule:
    """From `lr` to `final`, of which the given share of the progress is reached; exact at both ends."""
    lr, final, steps = _not_negative("lr", lr), _not_negative("final", final), _count("steps", steps, least=1)

    def rate(step: int) -> float:
        reached = share(min(step, steps) / steps)
        return lr * (1.0 - reached) + final * reached

    return rate


# What is to be trained ----------------------------------------------------------------------------


def _groups(params: Any) -> list[tuple[list[Any], dict[str, Any] | None]]:
    """The parameters of each group and its options; without groups all, and None."""
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
    """The parameters of a group; those of a part of a model are named as the model does."""
    if isinstance(params, Value):
        return [params]
    things = _listed(params)
    if hasattr(params, "named_parameters"):
        params = params.parameters() if hasattr(params, "parameters") else params
        place = getattr(params, "place", "")
        things = [(f"{place}.{name}" if place and name else name, value) for name, value in things]
    return things


def _listed(params: Any) -> list[Any]:
    """What was given, one by one: Values, pairs (name, Value) or groups."""
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
        raise TypeError(f"params are a list of Values, not a {kind}, whose order is another one in each run")
    if not isinstance(params, Iterable) or isinstance(params, str | bytes):
        remedy = ": pass its .parameters()" if hasattr(params, "parameters") else ": call it" * callable(params)
        raise TypeError(f"params are a list of Values, not a {kind}{remedy}")
    return list(params)


def _named(groups: Sequence[Sequence[Any]]) -> tuple[list[list[tuple[str, Value]]], list[str]]:
    """Each group as pairs (name, Value), no two names the same, and the names that only tell a place, if several."""
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


# Checks -------------------------------------------------------------------------------------------


def _not_negative(name: str, thing: Any) -> float:
    number = checks.number(name, thing, least=0, finite=True)
    return thing if type(thing) is int else number  # so that 0 is shown as 0


def _betas(thing: Any) -> tuple[float, float]:
    if not isinstance(thing, tuple | list) or len(thing) != 2:
        raise TypeError(f"betas are two numbers, not {checks.shown(thing)}")
    first, second = [checks.number(f"betas[{place}]", beta, least=0, below=1) for place, beta in enumerate(thing)]
    return first, second


def _count(name: str, thing: Any, least: int = 0, most: int = 2**53) -> int:
    checks.whole(name, thing, least=least)
    return checks.whole(name, thing, most=most)


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


# How things are written ---------------------------------------------------------------------------


def _written(thing: Any) -> str:
    """A function by its name, anything else as Python writes it."""
    return str(getattr(thing, "__name__", None) or repr(thing))


def _short(name: str) -> str:
    """In one line of 40 characters at most."""
    name = " ".join(name.split())
    return name if len(name) <= 40 else name[:39] + "…"


# What PyTorch has and we have not -----------------------------------------------------------------

_OTHERS = ["ASGD", "Adadelta", "Adafactor", "Adagrad", "Adamax", "LBFGS", "NAdam", "RAdam", "Rprop", "SparseAdam"]

_REMEDIES = {
    "lr_scheduler": "lr may be a function of the step, as in optim.Adam(params, lr=optim.cosine(0.1, steps=1000))",
    "clip_grad_norm_": "write optim.clip_grad_norm(params, max_norm)",
    "clip_grad_value_": "write optim.clip_grad_value(params, clip_value)",
    **dict.fromkeys(_OTHERS, "there are SGD, Adam, AdamW and RMSprop; for one of your own see optim.Optimizer"),
}

if not TYPE_CHECKING:  # for then a name that does not exist would pass

    def __getattr__(name: str) -> NoReturn:
        raise missing(f"module {__name__!r}", name, _REMEDIES)
