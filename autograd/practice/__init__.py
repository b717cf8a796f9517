"""Exercises of backpropagation: made at random, computed by hand, marked at once and explained step by step.

>>> task = exercise(seed=7, operations="+ *")
>>> task
<medium exercise 7: w + x * y * z + x * y, x=6, y=-1, z=-6, w=3>
>>> print(task.source)
a = x * y
b = a * z
c = w + b
f = c + a
>>> print(task.check({"x": 5, "y": 30, "z": -6, "a": -6}))
✓ ∂f/∂x = 5 is right.
✗ ∂f/∂y = 30 is not right. The sign is reversed.
    In a = x × y, the multiplication switches: each factor receives what arrives times the other factor.
    ∂f/∂y = ∂f/∂a × x = −5 × 6 = −30
✓ ∂f/∂z = −6 is right.
· ∂f/∂w is still to be found.
✗ ∂f/∂a = −6 is not right. The flow from f is missing: a is a branch, and there all flows are summed; ...
    a is a branch: it goes to b and f, so the flows that come back from there are summed.
    ...
2 of 5 right

An exercise is a computation of chosen operations, with numbers for its leaves, whose gradients are to be found. It is
the same for a seed in every version of Python and on every machine. No answer is ambiguous: no maximum is a tie, no
ReLU is at its kink, and no rounding is in doubt, also for those who go on computing with the rounded numbers that are
shown.

Exercises and sheets of them are written as Markdown, LaTeX, notebooks and JSON, in the languages of the catalogue.
"""

import random
from collections.abc import Iterable
from typing import Any

from ..book import Operation
from ..checks import whole
from ..languages import chosen
from .circuit import DECIMALS, TOLERANCE
from .exercises import Exercise, Sheet
from .gates import Gate, gates_named
from .making import LEVELS, Dice, Plan, plan
from .marking import Mark, Marking

# Seeds that are chosen for others are short enough to be copied from a sheet.
SEEDS = 10**9


def exercise(
    seed: int | None = None,
    *,
    size: int | None = None,
    operations: str | Iterable[str | Operation] | None = None,
    difficulty: str | tuple[int, int] = "medium",
    language: str | None = None,
) -> Exercise:
    """Make an exercise at random; the same one for the same seed.

    >>> exercise(7, operations=["+", "*", "max"], difficulty=(4, 1)).branches
    1

    The difficulty is "easy" (2 or 3 gates, no branch), "medium" (4 or 5, one branch), "hard" (6 to 8, two or three
    branches), or two numbers, of gates and branches. `size` is another number of gates, from 1 to 20. The operations
    are some of those in `gates.GATES`, in a list or in one text; + - * max if none are given. All of them occur if
    there are gates enough. Without a seed there is a new one, which the exercise keeps.

    Raises ValueError for an operation, a difficulty, a size, a seed or a language that is not known or not possible,
    and where no exercise of the kind has numbers that are fit; TypeError for what is neither a number nor a name.
    """
    chosen_gates = gates_named(operations)
    return _exercise(_seed(seed), plan(size, difficulty, chosen_gates), chosen(language))


def sheet(
    number: int = 10,
    *,
    seed: int | None = None,
    size: int | None = None,
    operations: str | Iterable[str | Operation] | None = None,
    difficulty: str | tuple[int, int] = "medium",
    language: str | None = None,
) -> Sheet:
    """Make several exercises at random, no two alike; the same ones for the same seed.

    >>> first, second = sheet(2, seed=7, difficulty="easy")
    >>> exercise(second.seed, difficulty="easy").expression == second.expression
    True

    Each has a seed of its own, by which `exercise` makes it again. Raises what `exercise` raises, and ValueError where
    there are not so many that differ.
    """
    number, seed, language = whole("number", number, least=1, most=1000), _seed(seed), chosen(language)
    asked, dice = plan(size, difficulty, gates_named(operations)), Dice(seed)
    found: dict[Any, Exercise] = {}
    for _ in range(20 * number):
        each = _exercise(dice.below(SEEDS), asked, language)
        found.setdefault((each.source, *each.leaves.items()), each)
        if len(found) == number:
            return Sheet(seed, language, tuple(found.values()))
    raise ValueError(f"there are no {number} different exercises of this kind: ask for more gates or more operations")


def _exercise(seed: int, asked: Plan, language: str) -> Exercise:
    signs = tuple([gate.sign for gate in asked.chosen])
    return Exercise(seed, signs, language, asked.circuit(Dice(seed)))


def _seed(given: int | None) -> int:
    # Python takes a negative seed for the positive one.
    return random.SystemRandom().randrange(SEEDS) if given is None else whole("seed", given, least=0)


__all__ = ["DECIMALS", "LEVELS", "TOLERANCE", "Exercise", "Gate", "Mark", "Marking", "Sheet", "exercise", "sheet"]
