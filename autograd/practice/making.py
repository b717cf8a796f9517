"""How an exercise is made: gates are chosen one by one, and what is not fit to be computed by hand is thrown away.

>>> from autograd.practice.gates import gates_named
>>> circuit(Dice(7), 3, 1, gates_named("+ *")).expression
'...'

Only `random()` of Python's generator is used: of all its methods, it alone is promised to give the same numbers for the
same seed in every version.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import TypeVar

from ..checks import choice, whole
from .circuit import DECIMALS, TOLERANCE, Circuit, Step, as_shown, backward, forward, is_exact, sums
from .gates import CONTEXT, CURVED, Gate

T = TypeVar("T")

# The names of leaves and gates where they suffice; f is the root, and e is a number.
LEAVES, NODES = "xyzwuv", "abcdghkmnpqrst"

# The numbers that leaves may be: easy ones to compute with.
WHOLE = tuple([Decimal(sign * number) for number in range(1, 7) for sign in (1, -1)])
SMALL = tuple([Decimal(sign * number) / 2 for number in range(1, 5) for sign in (1, -1)])

# The largest number of an exercise, and the smallest one but 0: of a smaller one, too few digits are shown.
LARGEST, SMALLEST = Decimal(100), Decimal("0.05")

# Where a number is rounded, it is at least this far from the place where the rounding turns, in units of the last
# decimal; and as far from a number that has no more decimals. So neither binary floats nor another order of the
# operations can change what is shown.
CLEAR = Decimal("0.01")

# So often an exercise is begun, and so many choices are tried at a gate.
BEGINNINGS, CHOICES = 4000, 12

# The largest number of gates: of more, hardly any have numbers that stay in reach.
MOST = 20

# From how many to how many gates and branches.
LEVELS = {"easy": ((2, 3), (0, 0)), "medium": ((4, 5), (1, 1)), "hard": ((6, 8), (2, 3))}


def level(gates: int, branches: int) -> str:
    """What so many gates and branches come to: the level of the harder of the two.

    >>> level(3, 0), level(3, 1), level(20, 0)
    ('easy', 'medium', 'hard')
    """
    names = list(LEVELS)
    fits = [name for name in names if gates <= LEVELS[name][0][1] and branches <= LEVELS[name][1][1]]
    return fits[0] if fits else names[-1]


class Dice:
    """Choices that are the same for a seed in every version of Python."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed).random

    def below(self, number: int) -> int:
        """A whole number from 0 to `number` − 1."""
        return int(self._random() * number)

    def one_of(self, things: Sequence[T]) -> T:
        """One of these."""
        return things[self.below(len(things))]

    def shuffled(self, things: Sequence[T]) -> list[T]:
        """All of these, in another order."""
        left, found = list(things), []
        while left:
            found.append(left.pop(self.below(len(left))))
        return found


@dataclass(frozen=True)
class Plan:
    """From how many to how many gates and branches an exercise is to have, and of which gates.

    >>> from autograd.practice.gates import gates_named
    >>> plan(None, "hard", gates_named("+ exp")).branches, plan(6, "medium", gates_named("+")).gates
    ((2, 3), (6, 6))
    """

    gates: tuple[int, int]
    branches: tuple[int, int]
    chosen: Sequence[Gate]

    def circuit(self, dice: Dice) -> Circuit:
        """A computation by this plan; that of a plan for its very numbers of gates and branches is the same."""
        count, branches = self._between(dice, self.gates), self._between(dice, self.branches)
        return circuit(dice, count, min(branches, most_branches(count, self.chosen)), self.chosen)

    def _between(self, dice: Dice, ends: tuple[int, int]) -> int:
        # The dice are thrown also where there is only one number.
        return ends[0] + dice.below(ends[1] - ends[0] + 1)


def plan(size: object, difficulty: object, chosen: Sequence[Gate]) -> Plan:
    """The plan for a number of gates, or None, and a difficulty: the name of a level, or two numbers.

    Raises ValueError for a level that there is not and for numbers that cannot be, TypeError for what is neither.
    """
    asked = None if size is None else whole("size", size, least=1, most=MOST)
    if isinstance(difficulty, str):
        usual, few = LEVELS[str(choice("difficulty", difficulty, tuple(LEVELS)))]
        return Plan(usual if asked is None else (asked, asked), few, chosen)
    if not isinstance(difficulty, Sequence) or len(difficulty) != 2:
        raise TypeError(
            f"difficulty must be {', '.join(map(repr, LEVELS))} or two numbers, of gates and branches, such as (5, 1)"
        )
    count = whole("the number of gates", difficulty[0], least=1, most=MOST)
    branches = whole("the number of branches", difficulty[1], least=0)
    if asked not in (None, count):
        raise ValueError(f"size is {asked}, but the difficulty asks for {count} gates: give one of the two")
    if branches > most_branches(count, chosen):
        signs = " ".join([gate.sign for gate in chosen])
        raise ValueError(
            f"{count} gates of {signs} can have {most_branches(count, chosen)} branches at most, not {branches}"
        )
    return Plan((count, count), (branches, branches), chosen)


def most_branches(count: int, chosen: Sequence[Gate]) -> int:
    """How many branches there can be: each takes the place of a leaf, of which two are left."""
    return max(0, count - 1) if any(gate.operands > 1 for gate in chosen) else 0


def circuit(dice: Dice, count: int, branches: int, chosen: Sequence[Gate]) -> Circuit:
    """A computation of so many gates and branches.

    Raises ValueError where none is found whose numbers are fit for an exercise.
    """
    with localcontext(CONTEXT):
        for _ in range(BEGINNINGS):
            found = _Making(dice, _sequence(dice, count, branches, chosen), branches).circuit()
            if found is not None and is_fit(found):
                return found
    signs = " ".join([gate.sign for gate in chosen])
    raise ValueError(
        f"no exercise of {count} gates and {branches} branches with {signs} has numbers that are fit to be computed by "
        "hand: ask for fewer gates or for other operations"
    )


def _sequence(dice: Dice, count: int, branches: int, chosen: Sequence[Gate]) -> list[Gate]:
    """The gates in their order: all that were chosen before one comes again, and enough of two operands."""
    found: list[Gate] = []
    while len(found) < count:
        found += dice.shuffled(chosen)
    found = dice.shuffled(found[:count])
    pairs = [gate for gate in chosen if gate.operands > 1]
    single = [place for place, gate in enumerate(found) if gate.operands == 1]
    missing = branches + 1 - (count - len(single)) if pairs else 0
    for place in dice.shuffled(single)[: max(0, missing)]:
        found[place] = dice.one_of(pairs)
    return found


class _Making:
    """A computation as it grows: what is still loose, and how many leaves and branches are still to come."""

    def __init__(self, dice: Dice, sequence: Sequence[Gate], branches: int) -> None:
        self.dice, self.sequence, self.branches = dice, sequence, branches
        self.leaves_left = 1 + sum(gate.operands - 1 for gate in sequence) - branches
        self.numbers = dice.shuffled(SMALL if any(gate.sign in CURVED for gate in sequence) else WHOLE)
        self.leaf_names = list(LEAVES) if self.leaves_left <= len(LEAVES) else [f"x{i + 1}" for i in range(MOST + 1)]
        self.names = list(NODES) if len(sequence) <= len(NODES) else [f"a{i + 1}" for i in range(MOST)]
        self.leaves: dict[str, Decimal] = {}
        self.values: dict[str, Decimal] = {}
        self.made_by: dict[str, Gate] = {}
        self.uses: dict[str, int] = {}
        self.steps: list[Step] = []

    def circuit(self) -> Circuit | None:
        """The whole; None where the choices have led nowhere."""
        for place, gate in enumerate(self.sequence):
            name = "f" if place == len(self.sequence) - 1 else self.names[place]
            if not any(self._add(name, gate) for _ in range(CHOICES)):
                return None
        order = [leaf for leaf in self.leaf_names if leaf in self.leaves]
        return Circuit({leaf: self.leaves[leaf] for leaf in order}, tuple(self.steps))

    def _add(self, name: str, gate: Gate) -> bool:
        """Try to add a gate, with operands that are chosen anew each time."""
        operands, new = self._operands(gate)
        numbers = [new[operand] if operand in new else self.values[operand] for operand in operands]
        if len(operands) < gate.operands or not gate.fits(*numbers) or self._is_idle(gate, operands):
            return False
        value = gate.value(*numbers)
        if not is_presentable(value) or (value == 0 and gate.sign != "relu"):
            return False
        self.leaves_left -= len(new)
        self.branches -= sum(self.uses.get(operand, 0) > 0 for operand in operands)
        self.leaves |= new
        self.values |= {**new, name: value}
        self.uses |= {each: self.uses.get(each, 0) + 1 for each in operands} | {name: 0}
        self.made_by[name] = gate
        self.steps.append(Step(name, gate, tuple(operands)))
        return True

    def _operands(self, gate: Gate) -> tuple[list[str], dict[str, Decimal]]:
        """Operands for a gate, too few if there are no more; and those of them that are new leaves."""
        operands: list[str] = []
        new: dict[str, Decimal] = {}
        for _ in range(gate.operands):
            kinds = self._kinds(operands, len(new))
            if not kinds:
                break
            names = self.dice.one_of(kinds)
            if names is None:
                operands.append(self.leaf_names[len(self.leaves) + len(new)])
                new[operands[-1]] = self._number(new)
            else:
                operands.append(self.dice.one_of(names))
        return operands, new

    def _kinds(self, taken: Sequence[str], new: int) -> list[list[str] | None]:
        """What the next operand can be: one of the loose nodes, a new leaf (None), or a node that is in use already."""
        again = sum(self.uses.get(name, 0) > 0 for name in taken)
        loose = [name for name, uses in self.uses.items() if uses == 0 and name not in taken]
        used = [name for name, uses in self.uses.items() if uses == 1 and name not in taken]
        kinds: list[list[str] | None] = []
        kinds += [loose] * 2 if loose else []
        kinds += [None] if self.leaves_left > new else []
        kinds += [used] if used and self.branches > again else []
        return kinds

    def _number(self, new: Mapping[str, Decimal]) -> Decimal:
        """The number of a new leaf: another one than all before, as long as there are others."""
        taken = [*self.leaves.values(), *new.values()]
        return self.dice.one_of([number for number in self.numbers if number not in taken] or self.numbers)

    def _is_idle(self, gate: Gate, operands: Sequence[str]) -> bool:
        """Whether a function is applied to its own result, as in relu(relu(x)), where there are other gates."""
        return gate.operands == 1 and self.made_by.get(operands[0]) is gate and len(set(self.sequence)) > 1


# What is fit --------------------------------------------------------------------------------------


def is_fit(circuit: Circuit) -> bool:
    """Whether no answer is ambiguous, none is out of reach by hand, and each branch and most leaves count."""
    gradients = circuit.gradients
    flows = [flow for arriving in circuit.arriving.values() for flow in arriving]
    numbers = [*gradients.values(), *[x for flow in flows for x in (flow.partial, flow.flow)]]
    if not all(map(is_presentable, numbers)):
        return False
    if 2 * sum(gradients[leaf] != 0 for leaf in circuit.leaves) < len(circuit.leaves):
        return False
    if not all(gradients[name] and all(flow.flow for flow in circuit.arriving[name]) for name in circuit.branches):
        return False  # a flow that can be forgotten, or flows that cancel each other, which floats may not do fully
    return _is_computable(circuit)


def is_presentable(number: Decimal) -> bool:
    """Whether a number is neither too large nor too small, and no rounding of it is in doubt."""
    if number == 0:
        return True
    return SMALLEST <= abs(number) <= LARGEST and is_clear(number)


def is_clear(number: Decimal) -> bool:
    """Whether a number has no more decimals than are shown, or rounds to them whatever its last digits are.

    >>> is_clear(Decimal("0.25")), is_clear(Decimal("0.12345")), is_clear(Decimal(1) / 3)
    (True, False, True)
    """
    if is_exact(number):
        return True
    beyond = abs(number).scaleb(DECIMALS) % 1
    return all(abs(beyond - place) >= CLEAR for place in (Decimal(0), Decimal("0.5"), Decimal(1)))


def _is_computable(circuit: Circuit) -> bool:
    """Whether all answers are right also for those who compute with the rounded numbers that are shown."""
    values = forward(circuit, as_shown)
    found = sums(circuit, backward(circuit, values, as_shown))
    return all(
        abs(rounded[name] - exact) <= TOLERANCE
        for rounded, numbers in ((values, circuit.values), (found, circuit.gradients))
        for name, exact in numbers.items()
    )
