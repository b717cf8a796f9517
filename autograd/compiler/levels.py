"""Which instructions of a program become one array operation: those of one kind and one level.

The level of an instruction is one more than the highest level of its operands. Instructions of one level do not need
each other, so those that apply the same operation to as many operands are one operation on arrays. The number of such
**groups** grows with the depth of a program and not with its length.

Numbers stand in **rows**, one for each slot, each with one number for every example. Parameters and constants, which
all examples share, stand in the **base**; a row is made for those of them only that are needed beside other rows. What
flows back is **sent** to places in two lists as well, one for rows and one for the base; a slot knows at which places
the flows that it receives are found.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .. import operations
from ..book import Operation
from .array_operations import ALWAYS, AT_TIMES, NEVER, ArrayOperation, Linear, on_arrays
from .program import LINEAR, RELATIONS, Program

Indices = Any  # an array of whole numbers


# Constants beside those of the program, by slots before the first one: a factor that changes nothing (LINEAR writes −1
# for it too), a term that changes nothing, and the factor of what is subtracted.
ONE, NOTHING, MINUS_ONE = -1, -2, -3
FURTHER = {ONE: 1.0, NOTHING: -0.0, MINUS_ONE: -1.0}

# Two factors, as slots.
Term = tuple[int, int]


@dataclass
class Operand:
    """Where the operands of a group stand, and where what is sent to them is put."""

    index: Indices
    from_base: bool
    constants: Indices = None  # their numbers, if they are constants
    put_at: int = -1  # in the list of the base or of the rows; −1 where nothing is wanted
    tells: bool = False  # whether somebody wants to know if it has arrived


@dataclass
class Group:
    """Instructions that are one operation on arrays."""

    operation: ArrayOperation
    slots: list[int]
    operands: list[Operand]
    first: int = 0  # its first row
    is_certain: bool = True  # whether a flow reaches all of its slots, whatever the numbers are

    @property
    def rows(self) -> Indices:
        """Its rows."""
        return np.arange(self.first, self.first + len(self.slots))


@dataclass
class Sums:
    """How the flows of some slots are found: sums of equally many terms, and then an order.

    Place 0 is that of a 0 which has not arrived.
    """

    terms: list[Indices]
    order: Indices | None


@dataclass
class Plan:
    """A program as groups, in the order in which they are computed."""

    program: Program
    constants: list[float]
    groups: list[Group] = field(default_factory=list)
    borrowed: Indices = None  # places of the base that have a row, which are the first rows
    inputs: int = 0  # the row of the first input
    row_count: int = 0
    outputs: Indices = None  # their rows
    guards: list[Indices] = field(default_factory=list)  # of each relation: rows of the left, of the right, outcomes
    sent_to_rows: int = 0  # how long the lists of what is sent are
    sent_to_base: int = 0
    flows: dict[int, Sums | None] = field(default_factory=dict)  # of each group, by its first row
    input_flows: Sums | None = None
    base_flows: Sums | None = None  # of parameters, found among what is sent to the base
    borrowed_flows: Sums | None = None  # and among what is sent to rows

    @property
    def starts(self) -> list[int]:
        """Where the pieces of rows begin: what is borrowed, the inputs, the groups."""
        return [0, self.inputs, *[group.first for group in self.groups]]


def planned(program: Program) -> Plan:
    """The groups of a program, and where everything stands."""
    return _Planner(program).plan


class _Planner:
    def __init__(self, program: Program) -> None:
        self.program = program
        self.parameter_count = len(program.parameter_names)
        self.input_count = len(program.input_names)
        self.constants = [*program.constants, *FURTHER.values()]
        self.plan = Plan(program, self.constants)
        self.plan.groups = self.grouped()
        self.place_rows()
        self.decide_what_is_certain()
        self.place_what_is_sent()

    # Groups ---------------------------------------------------------------------------------------

    def grouped(self) -> list[Group]:
        """The groups, by level."""
        program = self.program
        levels = [0] * program.slots
        kinds: defaultdict[Any, list[Any]] = defaultdict(list)
        for slot, operation, operands in program.instructions():
            level = levels[slot] = 1 + max([levels[x] for x in operands if x >= 0], default=0)
            terms = terms_of(operation, operands)
            if terms is not None:
                left, right = self.factors(terms)
                is_shared = all(map(self.is_base, left))
                size = (len(left) - 1).bit_length()
                kinds[level, LINEAR, size, is_shared].append((slot, left, right))
            else:
                constant = () if operation.list_count else tuple(map(self.is_constant, operands))
                kinds[level, operation, len(operands), constant].append((slot, list(operands)))
        groups: list[Group] = []
        for (_, operation, length, _), members in sorted(kinds.items(), key=lambda item: item[0][0]):
            if operation is LINEAR:
                groups += self.chains(members)
            else:
                groups.append(self.equal_ones(operation, length, members))
        return groups

    def is_base(self, slot: int) -> bool:
        """Whether a slot holds a parameter or a constant."""
        return slot < 0 or self.input_count <= slot < self.program.first

    def is_constant(self, slot: int) -> bool:
        """Whether a slot holds a constant."""
        return slot < 0 or self.input_count + self.parameter_count <= slot < self.program.first

    def factors(self, terms: Sequence[Term]) -> tuple[list[int], list[int]]:
        """The left and the right factors of a chain: what all examples share goes to the left."""
        left, right = [], []
        for a, b in terms:
            if not self.is_base(a):
                a, b = b, a  # a lonely one is multiplied by one, for its partner is −1
            left.append(a)
            right.append(b)
        return left, right

    def equal_ones(self, operation: Operation, length: int, members: list[Any]) -> Group:
        """A group of instructions of an operation on equally many operands."""
        on_array = on_arrays(operation, length)
        slots, operands = [member[0] for member in members], np.array([member[1] for member in members], np.int64)
        return Group(on_array, slots, [self.operand(index) for index in on_array.split(operands)])

    def chains(self, members: list[Any]) -> list[Group]:
        """Groups of chains: those that share their right factors are blocks, and blocks of one height are a group."""
        length = max(len(left) for _, left, _ in members)
        blocks: defaultdict[tuple[int, ...], list[Any]] = defaultdict(list)
        for slot, left, right in members:
            padding = length - len(left)
            blocks[tuple(right + [ONE] * padding)].append((slot, left + [NOTHING] * padding))
        by_height: defaultdict[int, list[Any]] = defaultdict(list)
        for right, chains in blocks.items():
            by_height[len(chains)].append((right, chains))
        groups = []
        for alike in by_height.values():
            slots = [slot for _, chains in alike for slot, _ in chains]
            left = np.array([[row for _, row in chains] for _, chains in alike], np.int64)
            right = np.array([row for row, _ in alike], np.int64)
            groups.append(Group(Linear(), slots, [self.operand(left), self.operand(right)]))
        return groups

    def operand(self, slots: Indices) -> Operand:
        """Operands in these slots."""
        return Operand(slots, all(self.is_base(slot) for slot in np.unique(slots).tolist()))

    # Rows -----------------------------------------------------------------------------------------

    def base_place(self, slot: int) -> int:
        """Where a parameter or a constant stands in the base."""
        if slot < 0:
            return self.parameter_count + len(self.program.constants) + list(FURTHER).index(slot)
        return slot - self.input_count

    def place_rows(self) -> None:
        """Give rows to slots, and write rows and places of the base for slots in all operands."""
        program, plan = self.program, self.plan
        asked = [operand.index for group in plan.groups for operand in group.operands if not operand.from_base]
        asked += [np.array([*program.outputs, *guard_slots(program)], np.int64)]
        needed = sorted({slot for index in asked for slot in np.unique(index).tolist() if self.is_base(slot)})
        plan.borrowed = np.array([self.base_place(slot) for slot in needed], np.int64)
        plan.inputs = len(needed)
        self.row_of = np.zeros(program.slots + len(FURTHER), np.int64)  # the last ones are those of −1, −2 and −3
        self.row_of[needed] = range(len(needed))
        self.row_of[: self.input_count] = range(plan.inputs, plan.inputs + self.input_count)
        row = plan.inputs + self.input_count
        for group in plan.groups:
            group.first = row
            self.row_of[group.slots] = range(row, row + len(group.slots))
            row += len(group.slots)
        plan.row_count = row
        places = np.zeros_like(self.row_of)
        for slot in [*range(self.input_count, program.first), *FURTHER]:
            places[slot] = self.base_place(slot)
        for group in plan.groups:
            for operand in group.operands:
                operand.index = (places if operand.from_base else self.row_of)[operand.index]
                if operand.from_base and (operand.index >= self.parameter_count).all():
                    operand.constants = np.array(self.constants)[operand.index - self.parameter_count]
        plan.outputs = self.row_of[np.array(program.outputs, np.int64)]
        guards = np.array(program.guards, np.int64).reshape(-1, 4)
        guards[:, 1:3] = self.row_of[guards[:, 1:3]]
        plan.guards = [guards[guards[:, 0] == relation, 1:] for relation in range(len(RELATIONS))]

    # What flows back ------------------------------------------------------------------------------

    def decide_what_is_certain(self) -> None:
        """Find the rows that a flow reaches in any case; others have to be asked when numbers are known."""
        plan = self.plan
        is_certain = np.zeros(plan.row_count, bool)
        if len(plan.outputs) == 1:
            is_certain[plan.outputs] = True
        self.is_uncertain = np.zeros(plan.row_count, bool)  # of rows of instructions
        for group in reversed(plan.groups):
            group.is_certain = bool(is_certain[group.rows].all())
            self.is_uncertain[group.rows] = not group.is_certain
            for operand, choice in zip(group.operands, group.operation.chosen, strict=True):
                if not operand.from_base and choice is ALWAYS:
                    if group.operands[0].index.ndim == 3 and operand is group.operands[1]:  # what a block shares
                        by_block = is_certain[group.rows].reshape(operand.index.shape[0], -1).any(1)
                        is_certain[operand.index[by_block]] = True
                    else:
                        sender = is_certain[group.rows].reshape(self.senders(group, operand))
                        is_certain[operand.index[np.broadcast_to(sender, operand.index.shape)]] = True

    @staticmethod
    def senders(group: Group, operand: Operand) -> tuple[int, ...]:
        """The shape in which the rows of a group stand beside the operands that they send to."""
        shape = operand.index.shape
        return (*shape[:2], 1) if len(shape) == 3 else (shape[0], *[1] * (len(shape) - 1))

    def place_what_is_sent(self) -> None:
        """Give places in the two lists to all that is sent, the last instructions first, and tell slots of them."""
        plan = self.plan
        plan.sent_to_rows, plan.sent_to_base = 1 + len(plan.outputs), 1
        to_rows = [(plan.outputs, np.arange(1, plan.sent_to_rows))]
        to_base: list[tuple[Indices, Indices]] = []
        receives = np.zeros(plan.row_count, bool)
        receives[plan.outputs] = True
        for group in reversed(plan.groups):
            if not receives[group.rows].any():
                continue  # nothing comes of it, so it sends nothing
            for operand, choice in zip(group.operands, group.operation.chosen, strict=True):
                index = operand.index.ravel()
                if choice is NEVER or not self.is_wanted(operand, index):
                    continue
                operand.put_at = plan.sent_to_base if operand.from_base else plan.sent_to_rows
                places = np.arange(operand.put_at, operand.put_at + index.size)
                (to_base if operand.from_base else to_rows).append((index, places))
                if operand.from_base:
                    plan.sent_to_base += index.size
                else:
                    plan.sent_to_rows += index.size
                    receives[index] = True
                    can_fail = choice is AT_TIMES or not group.is_certain
                    operand.tells = can_fail and bool(self.is_uncertain[index].any())
        rows, base = _by_receiver(to_rows, plan.row_count), _by_receiver(to_base, self.parameter_count)
        for group in plan.groups:
            plan.flows[group.first] = summed([rows[row] for row in group.rows])
        plan.input_flows = summed(rows[plan.inputs : plan.inputs + self.input_count])
        plan.base_flows = summed(base)
        row_of_place = {place: row for row, place in enumerate(plan.borrowed.tolist())}
        plan.borrowed_flows = summed(
            [rows[row_of_place[place]] if place in row_of_place else [] for place in range(self.parameter_count)]
        )

    def is_wanted(self, operand: Operand, index: Indices) -> bool:
        """Whether anybody receives what is sent there: constants do not."""
        if operand.from_base:
            return bool((index < self.parameter_count).any())
        is_borrowed = index < self.plan.inputs
        places = self.plan.borrowed[index[is_borrowed]]
        return not is_borrowed.all() or bool((places < self.parameter_count).any())


def terms_of(operation: Operation, operands: Sequence[int]) -> list[Term] | None:
    """An instruction as a chain of products; None for one that is none."""
    if operation is LINEAR:
        return list(zip(operands[::2], operands[1::2], strict=True))
    if operation is operations.dot:
        middle = len(operands) // 2
        return list(zip(operands[:middle], operands[middle:], strict=True)) or None
    if operation in (operations.sum, operations.add):
        return [(operand, ONE) for operand in operands] or None
    if operation is operations.multiply:
        return [(operands[0], operands[1])]
    if operation is operations.negate:
        return [(operands[0], MINUS_ONE)]
    if operation is operations.subtract:
        return [(operands[0], ONE), (operands[1], MINUS_ONE)]
    return None


def guard_slots(program: Program) -> list[int]:
    """The slots that guards compare."""
    return [slot for start in range(0, len(program.guards), 4) for slot in program.guards[start + 1 : start + 3]]


def _by_receiver(found: Iterable[tuple[Indices, Indices]], count: int) -> list[list[int]]:
    """For each of so many receivers the places where its flows are, in the order in which they were found."""
    places: list[list[int]] = [[] for _ in range(count)]
    for index, where in found:
        for receiver, place in zip(index.tolist(), where.tolist(), strict=True):
            if receiver < count:
                places[receiver].append(place)
    return places


def summed(places: Sequence[list[int]]) -> Sums | None:
    """How the flows that are at these places are summed; None where there are none at all."""
    if not any(places):
        return None
    longest = max(map(len, places))
    if len(places) * longest <= 2 * sum(map(len, places)) + 64:
        return Sums([_filled(places, longest)], None)
    by_size: defaultdict[int, list[int]] = defaultdict(list)
    for i, of_one in enumerate(places):
        by_size[max(len(of_one) - 1, 0).bit_length()].append(i)
    terms, order = [], []
    for size in sorted(by_size):
        members = [places[i] for i in by_size[size]]
        terms.append(_filled(members, max(max(map(len, members)), 1)))
        order += by_size[size]
    return Sums(terms, np.argsort(np.array(order)))


def _filled(places: Sequence[list[int]], length: int) -> Indices:
    return np.array([[*of_one, *[0] * (length - len(of_one))] for of_one in places], np.int64)
