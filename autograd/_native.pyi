from collections.abc import Callable
from typing import Any

from .operations import softmax as softmax
from .value import Value as Value
from .value import gradient as gradient

def set_method(name: str, method: Callable[..., Any]) -> None: ...
def exchange(first: str, second: str, *, partials: bool) -> None: ...
def set_window(for_all: int, for_each: int) -> tuple[int, int]: ...
