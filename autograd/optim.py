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
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from operator import index
from typing import Any, ParamSpec

from . import saving
from .engines import Value, native
from .files import AnyPath
from .ieee import divide, power, real, sqrt
from .modes import mode
from .notation import decimal
from .terminal import printable

# What is to be trained: leaves, or leaves with their names.
Params = Iterable[Value | tuple[str, Value]]

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

    `params` are leaf Values or pairs (name, Value). A parameter is called by its name, else by its label, else by
    its place. `lr` is a number or a function of the step, which counts from 0; it may be set between steps.
    `steps` counts the calls of `step`, and `counts` those that found a gradient, for each parameter; `moments`
    holds the numbers remembered, by their name and then by parameter.

    Raises ValueError where there are no parameters, for an interior node and for a Value or a name that is given
    twice, and TypeError for what is no Value.
    """

    # The names of the arguments behind `params`, which are attributes too.
    hyperparameters: tuple[str, ...] = ("lr",)

    def __init__(self, params: Params, lr: float | Schedule = 1e-3, *, moments: Iterable[str] = ()) -> None:
        self.names, self.params = _named(params)
        self.lr = lr
        self.steps = 0
        self.counts = [0] * len(self.params)
        self.moments = {moment: [0.0] * len(self.params) for moment in moments}

    @property
    def lr(self) -> float | Schedule:
        """The learning rate: a finite number from 0 on, or a function of the step."""
        return self._lr

    @lr.setter
    def lr(self, lr: float | Schedule) -> None:
        self._lr = lr if callable(lr) else _not_negative("lr", lr)

    def update(self, x: float, gradient: float, moments: Moments, t: int, lr: float) -> tuple[float, Moments]:
        """The number that follows on `x` and the moments that follow on `moments`, in the t-th update, from 1 on."""
        raise NotImplementedError(f"{type(self).__name__} defines no update(self, x, gradient, moments, t, lr)")

    def step(self) -> None:
        """Update every parameter that has a gradient, once; the others stay as they are, and so do their moments.

        All numbers are computed before the first is written: an error on the way has changed nothing. That goes for
        a FloatingPointError under `detect_anomaly` too, where a parameter would become inf or nan.
        """
        lr = self._rate()
        if native is not None and "update" not in vars(self) and self._step_natively(lr):
            self.steps += 1
            return
        updates = {slot: self._updated(slot, lr) for slot, p in enumerate(self.params) if p.has_grad}
        for slot, (number, _) in updates.items():
            if not math.isfinite(number) and mode().anomaly:
                raise FloatingPointError(f"{self.names[slot] or 'a parameter'} is {number} after this step")
        for slot, (number, moments) in updates.items():
            self.params[slot].data = number
            self.counts[slot] += 1
            for column, moment in zip(self.moments.values(), moments, strict=True):
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

        Nothing is changed. A dash stands where there is no gradient. Of the parameters beyond `limit` only their
        number is told.
        """
        shown = range(min(_count("limit", limit), len(self.params)))
        lr = self._rate()
        rows = [["parameter", "value", "gradient", *self.moments, "next update"]]
        for slot in shown:
            parameter = self.params[slot]
            gradient = update = "—"
            if parameter.has_grad:
                gradient = decimal(parameter.grad)
                update = decimal(self._updated(slot, lr)[0] - parameter.data)
            rows.append([_short(self.names[slot]), decimal(parameter.data), gradient])
            rows[-1] += [*map(decimal, self._moments(slot)), update]
        rows = [[*map(printable, row)] for row in rows]
        first, *others = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = ["  ".join([name.ljust(first), *map(str.rjust, numbers, others)]) for name, *numbers in rows]
        more = len(self.params) - len(shown)
        return printable("\n".join(lines + [f"… and {more} more"] * (more > 0)))

    def state_dict(self) -> dict[str, Any]:
        """All that is needed to go on later but the parameters' own numbers, in dicts, lists and numbers, for JSON.

        >>> optimizer = SGD([Value(2.0, "w")], lr=0.5, momentum=0.9)
        >>> optimizer.state_dict()["parameters"]
        {'w': {'steps': 0, 'momentum': 0.0}}

        An `lr` that is a function is not in it, for it is a part of the program; `steps` is, so that the function
        goes on where it was.
        """
        hyperparameters = {name: getattr(self, name) for name in self.hyperparameters}
        return {
            "optimizer": type(self).__name__,
            "hyperparameters": {
                name: list(value) if isinstance(value, tuple) else value
                for name, value in hyperparameters.items()
                if not callable(value)
            },
            "steps": self.steps,
            "parameters": {
                name: {"steps": self.counts[slot], **dict(zip(self.moments, self._moments(slot), strict=True))}
                for slot, name in enumerate(self.names)
            },
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a state that `state_dict` gave: its hyperparameters, counts and moments.

        The parameters' own numbers are the model's business. Where `lr` is a function here, it stays; where it was
        one there, the number here stays. Raises ValueError where the state is one of another kind of optimiser or
        does not fit these parameters; then nothing has changed.
        """
        kind = type(self).__name__
        _check_names("the state", state, ("optimizer", "hyperparameters", "steps", "parameters"))
        if state["optimizer"] != kind:
            raise ValueError(f"the state is one of {state['optimizer']!r:.40}, not of {kind}")
        given = state["hyperparameters"]
        if isinstance(given, Mapping) and (callable(self.lr) or "lr" not in given):
            given = {**given, "lr": self.lr}
        _check_names("the state's hyperparameters", given, self.hyperparameters)
        _check_names("the state's parameters", state["parameters"], self.names)
        # Making an optimiser checks the hyperparameters, and the new one takes the state first.
        try:
            loaded = type(self)(zip(self.names, self.params, strict=True), **given)
            loaded.steps = _count("steps", state["steps"], most=2**53)
        except (TypeError, ValueError) as error:
            raise ValueError(f"the state does not fit: {error}") from None
        for slot, name in enumerate(self.names):
            remembered = state["parameters"][name]
            _check_names(f"the state of {name}", remembered, ("steps", *loaded.moments))
            try:
                loaded.counts[slot] = _count("steps", remembered["steps"], most=loaded.steps)
                for moment, column in loaded.moments.items():
                    column[slot] = _number(moment, remembered[moment])
            except (TypeError, ValueError) as error:
                raise ValueError(f"the state of {name} does not fit: {error}") from None
        vars(self).update(vars(loaded))

    def save(self, path: AnyPath) -> None:
        """Write the state to a JSON file, bit for bit; an existing file is replaced as a whole or not at all."""
        saving.write(path, type(self).__name__, self.state_dict())

    def load(self, path: AnyPath) -> None:
        """Go on from a file that `save` wrote.

        Raises ValueError, and changes nothing, where the file is damaged, is far larger than one of this optimiser, or
        does not fit it.
        """
        saving.load(path, type(self).__name__, self)

    def __repr__(self) -> str:
        count = f"{len(self.params)} parameter{'s' * (len(self.params) != 1)}"
        settings = [f"{name}={_written(getattr(self, name))}" for name in self.hyperparameters]
        return f"{type(self).__name__}({', '.join([count, *settings])})"

    def _step_natively(self, lr: float) -> bool:
        """Whether the compiled engine has made the step; it knows the optimisers of this file only."""
        return False

    def _rate(self) -> float:
        """The learning rate of the next step."""
        return float(_not_negative(f"lr at step {self.steps}", self.lr(self.steps)) if callable(self.lr) else self.lr)

    def _moments(self, slot: int) -> Moments:
        return tuple([column[slot] for column in self.moments.values()])

    def _updated(self, slot: int, lr: float) -> tuple[float, Moments]:
        parameter = self.params[slot]
        return self.update(parameter.data, parameter.grad, self._moments(slot), self.counts[slot] + 1, lr)


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
        if not isinstance(nesterov, bool):
            raise TypeError(f"nesterov is True or False, not {nesterov!r:.40}")
        if nesterov and not momentum:
            raise ValueError("nesterov needs a momentum, such as 0.9")
        self.nesterov = nesterov
        super().__init__(params, lr, moments=["momentum"] if momentum else [])

    def update(self, x: float, gradient: float, moments: Moments, t: int, lr: float) -> tuple[float, Moments]:
        """See the class."""
        g = _with_decay(gradient, self.weight_decay, x)
        if not moments:
            return x - lr * g, moments
        b = self.momentum * moments[0] + g
        return x - lr * (g + self.momentum * b if self.nesterov else b), (b,)

    def _step_natively(self, lr: float) -> bool:
        momenta = self.moments.get("momentum")
        return type(self) is SGD and native.sgd_step(
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


def _with_decay(gradient: float, weight_decay: float, x: float) -> float:
    # Without decay it has to be the gradient itself: 0·inf is nan.
    return gradient + weight_decay * x if weight_decay else gradient


def clip_grad_norm(params: Params, max_norm: float) -> float:
    """Scale all gradients so that their norm is `max_norm` at most; returns what the norm was.

    >>> x, y = Value(0.0), Value(0.0)
    >>> x.grad, y.grad = 3.0, 4.0
    >>> clip_grad_norm([x, y], max_norm=1.0)
    5.0
    >>> round(x.grad, 6), round(y.grad, 6)
    (0.6, 0.8)

    The norm is √(Σ g²) over all parameters together, and the scale min(1, max_norm/(norm + 10⁻⁶)), as in PyTorch's
    `clip_grad_norm_`. An infinite norm makes finite gradients 0 and infinite ones nan. Parameters without a gradient
    are left alone. Pascanu, Mikolov & Bengio 2013, "On the difficulty of training recurrent neural networks",
    algorithm 1.

    Raises ValueError for a negative or nan `max_norm`, and as an optimiser does for `params`.
    """
    largest = _number("max_norm", max_norm)
    if not largest >= 0:
        raise ValueError(f"max_norm is {largest}, but has to be 0 or more")
    parameters = [parameter for parameter in _named(params)[1] if parameter.has_grad]
    gradients = [parameter.grad for parameter in parameters]
    # hypot of inf and nan is inf, where a sum of squares is nan
    norm = math.nan if any(map(math.isnan, gradients)) else math.hypot(*gradients)
    scale = largest / (norm + 1e-6)
    if not scale >= 1:  # a nan has to reach the gradients too
        for parameter, gradient in [(parameter, parameter.grad * scale) for parameter in parameters]:
            parameter.grad = gradient
    return norm


# Schedules ----------------------------------------------------------------------------------------

_Arguments = ParamSpec("_Arguments")


def _schedule(make: Callable[_Arguments, Schedule]) -> Callable[_Arguments, Schedule]:
    """A schedule whose name is the call that made it, which an optimiser then shows as its `lr`."""

    @wraps(make)
    def named(*args: _Arguments.args, **kwargs: _Arguments.kwargs) -> Schedule:
        rate = make(*args, **kwargs)
        arguments = [*map(_written, args), *(f"{name}={_written(value)}" for name, value in kwargs.items())]
        rate.__name__ = f"{make.__name__}({', '.join(arguments)})"
        return rate

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


# Checks -------------------------------------------------------------------------------------------


def _named(params: Params) -> tuple[list[str], list[Value]]:
    """The names of the parameters, no two the same, and the parameters."""
    if isinstance(params, Value) or hasattr(params, "parameters"):
        remedy = "[value]" if isinstance(params, Value) else "its .parameters()"
        raise TypeError(f"params are a list of Values, not a {type(params).__name__}: pass {remedy}")
    given: list[Any] = [thing if isinstance(thing, tuple) and len(thing) == 2 else ("", thing) for thing in params]
    if not given:
        raise ValueError("there are no parameters: pass a list of Values (an iterator can be read only once)")
    labels = Counter(value.label for name, value in given if isinstance(value, Value) and name == "")
    names: dict[Value, str] = {}
    for place, (name, value) in enumerate(given):
        own = f"parameter {place}"
        if not isinstance(name, str):
            raise TypeError(f"the name of {own} is no string but {name!r:.40}")
        if not isinstance(value, Value):
            raise TypeError(f"{name or own} is no Value but {value!r:.40}")
        if not name:  # in a model of many neurons each has its "w0"
            name = f"{value.label} ({own})" if labels[value.label] > 1 and value.label else value.label or own
        if value.operation is not None:
            raise ValueError(f"{name} is computed ({value.operation.name}): only leaves can be trained")
        if value in names:
            raise ValueError(f"{own} is the same Value as {names[value]}: give each once")
        names[value] = name
    name, count = Counter(names.values()).most_common(1)[0]
    if count > 1:
        raise ValueError(f"{count} parameters are called {name}: give each a name of its own")
    return list(names.values()), list(names)


def _number(name: str, thing: Any) -> float:
    if isinstance(thing, bool):
        raise TypeError(f"{name} is no number but {thing}")
    try:
        return real(thing)
    except TypeError:
        raise TypeError(f"{name} is no number but {thing!r:.40}") from None


def _not_negative(name: str, thing: Any) -> float:
    number = _number(name, thing)
    if not 0.0 <= number < math.inf:
        raise ValueError(f"{name} is {number}, but has to be finite and 0 or more")
    return thing if type(thing) is int else number  # so that 0 is shown as 0


def _betas(thing: Any) -> tuple[float, float]:
    if not isinstance(thing, tuple | list) or len(thing) != 2:
        raise TypeError(f"betas are two numbers, not {thing!r:.40}")
    for place, beta in enumerate(thing):
        if not 0.0 <= _number(f"betas[{place}]", beta) < 1.0:
            raise ValueError(f"betas[{place}] is {beta}, but has to be at least 0 and less than 1")
    return real(thing[0]), real(thing[1])


def _count(name: str, thing: Any, least: int = 0, most: int = 2**53) -> int:
    if isinstance(thing, bool) or not hasattr(thing, "__index__"):
        raise TypeError(f"{name} is no whole number but {thing!r:.40}")
    count = index(thing)
    if not least <= count <= most:
        limit = f"{least} or more" if count < least else f"{most} at most"
        raise ValueError(f"{name} is {count}, but has to be {limit}")
    return count


def _check_names(what: str, mapping: Any, expected: Iterable[str]) -> None:
    if not isinstance(mapping, Mapping):
        raise ValueError(f"{what}: a dict is needed, not {mapping!r:.40}")
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
