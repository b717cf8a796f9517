"""The formulas: gradient descent, Adam, AdamW and RMSprop, as PyTorch has them.

>>> from autograd import Value
>>> x = Value(3.0)
>>> (x * x).backward()
>>> Adam([x], lr=0.5).step()
>>> round(x.data, 6)
2.5
"""

import math
from typing import Any

from .. import checks
from ..engines import native
from ..ieee import divide, sqrt
from .arguments import not_negative
from .optimizer import Moments, Optimizer
from .params import Params
from .schedules import Schedule


class SGD(Optimizer):
    """Stochastic gradient descent: against the gradient, with momentum if wanted.

    >>> from autograd import Value
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
        self.momentum = not_negative("momentum", momentum)
        self.weight_decay = not_negative("weight_decay", weight_decay)
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

    >>> from autograd import Value
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
        self.eps = not_negative("eps", eps)
        self.weight_decay = not_negative("weight_decay", weight_decay)
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

    >>> from autograd import Value
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
    """Steps divided by the root of a running mean of g², so that the scale of the gradients does not matter.

    >>> from autograd import Value
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
        self.eps = not_negative("eps", eps)
        self.weight_decay = not_negative("weight_decay", weight_decay)
        self.momentum = not_negative("momentum", momentum)
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


def _betas(thing: Any) -> tuple[float, float]:
    if not isinstance(thing, tuple | list) or len(thing) != 2:
        raise TypeError(f"betas are two numbers, not {checks.shown(thing)}")
    first, second = [checks.number(f"betas[{place}]", beta, least=0, below=1) for place, beta in enumerate(thing)]
    return first, second
