"""Optimisers: what turns gradients into better parameters.

>>> from autograd import Value
>>> x = Value(0.0, "x")
>>> optimizer = SGD([x], lr=0.25)
>>> for _ in range(30):
...     optimizer.zero_grad()
...     ((x - 3) ** 2).backward()
...     optimizer.step()
>>> round(x.data, 6)
3.0

An optimiser is one formula, its `update`: it takes a number, its gradient and what is remembered of earlier
gradients, and returns the next number. `step` applies it to all parameters, `table` shows what that would do. The
formulas are PyTorch's, and so are the names and defaults.

`algorithms` holds the formulas, `optimizer` what they share, `params` what may be trained, `schedules` learning rates
that change, `clipping` the limits on gradients.
"""

from typing import TYPE_CHECKING, NoReturn

from ..foreign import missing
from .algorithms import SGD, Adam, AdamW, RMSprop
from .clipping import clip_grad_norm, clip_grad_value
from .optimizer import Moments, Optimizer, ParamGroup
from .params import Params
from .schedules import Schedule, constant, cosine, exponential_decay, linear, step_decay, warmup

__all__ = [
    "SGD",
    "Adam",
    "AdamW",
    "Moments",
    "Optimizer",
    "ParamGroup",
    "Params",
    "RMSprop",
    "Schedule",
    "clip_grad_norm",
    "clip_grad_value",
    "constant",
    "cosine",
    "exponential_decay",
    "linear",
    "step_decay",
    "warmup",
]

# What PyTorch has under `torch.optim` and its `lr_scheduler`, and what to write here.
_OTHERS = ["ASGD", "Adadelta", "Adafactor", "Adagrad", "Adamax", "LBFGS", "NAdam", "RAdam", "Rprop", "SparseAdam"]
FOREIGN_NAMES = {
    "lr_scheduler": "lr may be a function of the step, as in optim.Adam(params, lr=optim.cosine(0.1, steps=1000))",
    "clip_grad_norm_": "write optim.clip_grad_norm(params, max_norm)",
    "clip_grad_value_": "write optim.clip_grad_value(params, clip_value)",
    **dict.fromkeys(_OTHERS, "there are SGD, Adam, AdamW and RMSprop; for one of your own see optim.Optimizer"),
}

if not TYPE_CHECKING:  # for then a name that does not exist would pass

    def __getattr__(name: str) -> NoReturn:
        raise missing(f"module {__name__!r}", name, FOREIGN_NAMES)
