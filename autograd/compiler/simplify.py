"""What a recorded program can do without: constants, repeated expressions, chains of sums and products, dead code.

The bits of an example do not change, neither those of its outputs nor those of any gradient. Backwards, that is a
matter of order: the flows of a slot are summed as they arrive, from its last consumer to its first, and a sum of floats
depends on its order. So each part below says why all flows keep their places.

All steps together take a time that grows as the length of the program. `native/simplify.h` is the compiled twin of this
file, part for part, and answers the same program.
"""

import struct
from array import array
from itertools import accumulate, chain

from ..book import Operation
from ..operations import add, dot, identity, maximum, minimum, multiply, negate, relu, subtract, sum
from ..taking import DETACH, TAKE
from .program import LINEAR, Program

# Computed again as fast as copied; sums and products of lists, moreover, are to become parts of chains.
CHEAP = frozenset({add, subtract, multiply, negate, relu, maximum, minimum, identity, sum, dot, DETACH})

# With the operands changed about they have the same bits. (Not so a maximum, of 0.0 and −0.0.)
COMMUTATIVE = frozenset({add, multiply})

# What a chain goes on through, and what can be one of its terms.
SUMS = frozenset({add, subtract, sum, dot})
PRODUCTS = frozenset({multiply, negate})


def simplified(program: Program, numbers: "array[float]") -> Program:
    """The program without what it can do without; `numbers` are what its instructions came to when it was recorded.

    Its counts tell what became of each recorded instruction: it was dead, a constant, repeated (it has the slot of an
    earlier one), part of a linear chain, or is left; of those left, so many are copied from earlier ones.
    """
    work = _Work(program, numbers)
    work.mark_dead()
    work.find_repeated()
    work.find_consumers()
    work.find_chains()
    return work.written()


class _Work:
    """A program on its way. Slots keep their recorded numbers until the end; two constants come after all of them."""

    def __init__(self, program: Program, numbers: "array[float]") -> None:
        self.program, self.first, count = program, program.first, len(program.codes)
        self.given = len(program.input_names) + len(program.parameter_names)
        self.zero, self.minus_one = program.slots, program.slots + 1
        self.numbers = array("d", [0.0]) * self.given + program.constants + numbers + array("d", [0.0, -1.0])
        self.operations = [program.operations[code] for code in program.codes]
        ends, flat = program.starts[1:], program.operands.tolist()
        self.operands = [flat[start:end] for start, end in zip(program.starts, ends, strict=False)]
        self.outputs, self.copies = program.outputs[:], array("i", [-1]) * count
        self.guards: list[tuple[int, int, int, int]] = []
        # Of each instruction: whether it is still to be computed.
        self.stays = bytearray(b"\1") * count
        # Of each slot: whether it is a constant; whether a gradient passes through it; the slot that has its place; the
        # first with the same value; how many occurrences consume it, of which only 0, 1 and more are told apart.
        self.is_constant = bytearray(len(self.numbers))
        self.passes = bytearray(program.differentiable + b"\1" * len(program.parameter_names))
        self.passes += bytes(len(self.numbers) - self.given)
        self.place = array("i", range(len(self.numbers)))
        self.same = array("i", range(len(self.numbers)))
        self.uses = bytearray(len(self.numbers))
        # Of each instruction, for each operand: the next instruction that consumes the same slot.
        self.next_use: list[list[int]] = [[] for _ in range(count)]
        # Of each instruction that became a chain: its pairs.
        self.chains: dict[int, list[int]] = {}
        self.counts = dict.fromkeys(("recorded", "dead", "constant", "repeated", "copied", "linear", "left"), 0)
        self.counts["recorded"] = count

    def operation(self, slot: int) -> Operation | None:
        """What computes a slot; None for what is given or constant, or computed no more."""
        k = slot - self.first
        return self.operations[k] if 0 <= k < len(self.stays) and self.stays[k] else None

    def leaves(self, slot: int, why: str) -> None:
        """Compute an instruction no more."""
        self.stays[slot - self.first] = 0
        self.counts[why] += 1

    # Dead code. It sends no flows, as no flow comes to it -----------------------------------------------

    def mark_dead(self) -> None:
        needed = bytearray(len(self.numbers))
        for slot in (*self.program.outputs, *self.program.guards[1::4], *self.program.guards[2::4]):
            needed[slot] = 1
        for slot in range(self.zero - 1, self.first - 1, -1):
            if needed[slot]:
                for operand in self.operands[slot - self.first]:
                    needed[operand] = 1
            else:
                self.leaves(slot, "dead")

    # Constants, and repeated expressions ----------------------------------------------------------------
    #
    # Constants receive no flows, nor does anything that no gradient passes through. Of other repeated expressions only
    # the value is shared: backwards each is an instruction of its own.

    def find_repeated(self) -> None:
        found: dict[tuple[object, ...], int] = {}
        for slot in (*range(self.given, self.first), self.zero, self.minus_one):
            self.become_constant(slot, found)
        for slot in range(self.first, self.zero):
            if self.stays[slot - self.first]:
                self.look_at(slot, found)
        self.outputs = array("i", [self.place[slot] for slot in self.outputs])
        sides = iter(self.program.guards)
        guards = {
            (relation, self.place[left], self.place[right], outcome): None
            for relation, left, right, outcome in zip(sides, sides, sides, sides, strict=True)
        }
        self.guards = [each for each in guards if not (self.is_constant[each[1]] and self.is_constant[each[2]])]

    def become_constant(self, slot: int, found: "dict[tuple[object, ...], int]") -> None:
        """Take the place of the first constant with the same bits: 0.0 and −0.0 are two."""
        self.is_constant[slot] = 1
        key = (struct.pack("d", self.numbers[slot]),)
        self.place[slot] = self.same[slot] = found.setdefault(key, slot)

    def look_at(self, slot: int, found: "dict[tuple[object, ...], int]") -> None:
        k = slot - self.first
        operation = self.operations[k]
        operands = self.operands[k] = [self.place[each] for each in self.operands[k]]
        if operation is not DETACH:
            asked = operands[1:] if operation is TAKE else operands  # an index has no gradient
            self.passes[slot] = any(map(self.passes.__getitem__, asked))
        if not operation.is_of_book:
            return  # the rule of a program may answer something else each time
        if all(map(self.is_constant.__getitem__, operands)):
            self.become_constant(slot, found)
            self.leaves(slot, "constant")
            return
        values = [self.same[each] for each in operands]
        if operation in COMMUTATIVE:
            values.sort()
        first = found.setdefault((operation, *values), slot)
        if first == slot:
            return
        self.same[slot] = first
        if not self.passes[slot]:
            self.place[slot] = first
            self.leaves(slot, "repeated")
        elif operation not in CHEAP:
            self.copies[k] = first
            self.counts["copied"] += 1

    # Chains ---------------------------------------------------------------------------------------------
    #
    # A chain stands where its last addition stood, and there it takes what its parts took earlier. Forwards that
    # changes nothing. Backwards, what an operand receives from it arrives earlier than it did: which is the same only
    # if no other instruction between the two places consumes that operand. A part is consumed by the chain alone, so it
    # received what the chain receives, times 1: and passed on that times its partial derivatives, as the chain does.

    def find_consumers(self) -> None:
        nearest = [len(self.stays)] * len(self.numbers)
        for slot in (*self.outputs, *(side for guard in self.guards for side in guard[1:3])):
            self.uses[slot] = 2  # never a part of a chain
        for k in range(len(self.stays) - 1, -1, -1):
            if self.stays[k]:
                following = self.next_use[k] = []
                for operand in self.operands[k]:
                    following.append(nearest[operand])  # which is this one itself, if it consumes a slot twice
                    nearest[operand] = k
                    self.uses[operand] = min(self.uses[operand] + 1, 2)

    def find_chains(self) -> None:
        for slot in range(self.zero - 1, self.first - 1, -1):
            if self.operation(slot) in SUMS and self.can_join(slot, slot):
                self.find_chain(slot)

    def can_join(self, slot: int, top: int) -> bool:
        """Whether the flows to all operands of an instruction may arrive where a chain ends."""
        k, end = slot - self.first, top - self.first
        for operand, next_use in zip(self.operands[k], self.next_use[k], strict=True):
            if next_use <= end and not self.is_constant[operand]:
                return False
        return True

    def goes_on(self, slot: int, top: int) -> bool:
        """Whether the chain that ends at `top` goes on through an addition.

        Not if that would cost the addition a product, which can join a chain that ends there but not at the top: as in
        the rows of a matrix product, computed one after another, to each of which something is added in the end.
        """
        operation = self.operation(slot)
        if operation not in SUMS or self.uses[slot] > 1 or not self.can_join(slot, top):
            return False
        products = [] if operation is dot else filter(self.is_product, self.operands[slot - self.first])
        return all(self.can_join(each, top) or not self.can_join(each, slot) for each in products)

    def is_product(self, slot: int) -> bool:
        """Whether a slot may be a term a·b of the sum that consumes it."""
        return self.operation(slot) in PRODUCTS and self.uses[slot] == 1

    def find_chain(self, top: int) -> None:
        """Walk down from the last addition: at each, one side goes on and the other is a term."""
        backwards: list[tuple[int, int]] = []  # the terms, the last one first
        parts: list[int] = []
        slot: int | None = top
        while slot is not None:
            slot = self.find_terms(slot, top, backwards, parts)
            if slot is not None:
                parts.append(slot)
        if parts or self.operation(top) in (sum, dot):
            self.chains[top] = [each for pair in reversed(backwards) for each in pair]
            for part in parts:
                self.leaves(part, "linear")

    def find_terms(self, slot: int, top: int, backwards: list[tuple[int, int]], parts: list[int]) -> int | None:
        """Add the terms of one instruction of a chain; what it goes on with, None where it begins."""
        operation = self.operation(slot)
        operands = self.operands[slot - self.first]
        if operation is sum or operation is dot:
            half = len(operands) // 2
            if operation is sum:
                backwards += [self.term(each, top, parts) for each in reversed(operands)]
            else:
                backwards += map(self.pair, operands[:half][::-1], operands[half:][::-1])
            backwards.append((self.place[self.zero], -1))  # what both begin with, which makes 0.0 of −0.0
            return None
        left, right = operands
        goes_on = self.goes_on(left, top)
        if operation is add and not goes_on and self.goes_on(right, top):
            left, right, goes_on = right, left, True
        # x − y is x + y·(−1), to the bit, and so are the flows.
        minus = operation is subtract
        backwards.append(self.pair(right, self.place[self.minus_one]) if minus else self.term(right, top, parts))
        if goes_on:
            return left
        backwards.append(self.term(left, top, parts))
        return None

    def term(self, slot: int, top: int, parts: list[int]) -> tuple[int, int]:
        """What a slot adds to a chain: the product that it is, if nothing else consumes that; else the slot itself."""
        if not (self.is_product(slot) and self.can_join(slot, top)):
            return slot, -1
        parts.append(slot)
        operands = self.operands[slot - self.first]
        return self.pair(*operands, *[self.place[self.minus_one]] * (2 - len(operands)))  # −x is x·(−1)

    def pair(self, a: int, b: int) -> tuple[int, int]:
        """The term a·b, or a alone where the other is 1."""
        if self.is_one(b):
            return a, -1
        return (b, -1) if self.is_one(a) else (a, b)

    def is_one(self, slot: int) -> bool:
        return bool(self.is_constant[slot]) and self.numbers[slot] == 1.0

    # What is left, numbered again -----------------------------------------------------------------------

    def written(self) -> Program:
        left = [k for k, stays in enumerate(self.stays) if stays]
        operations = [LINEAR if self.first + k in self.chains else self.operations[k] for k in left]
        operands = [self.chains.get(self.first + k, self.operands[k]) for k in left]
        slots = {-1: -1} | {slot: slot for slot in range(self.given)}
        for slot in (*self.constants(operands), *[self.first + k for k in left]):
            slots[slot] = len(slots) - 1
        used = set(operations)
        kinds = [each for each in (*self.program.operations, LINEAR) if each in used]
        code_of = {operation: code for code, operation in enumerate(kinds)}
        self.counts["left"] = len(left)
        return Program(
            self.program.name,
            tuple(kinds),
            self.program.input_names,
            self.program.differentiable,
            self.program.parameter_names,
            array("d", [self.numbers[slot] for slot in slots if self.given <= slot and self.is_constant[slot]]),
            array("H", [code_of[operation] for operation in operations]),
            array("i", accumulate(map(len, operands), initial=0)),
            array("i", [slots[slot] for each in operands for slot in each]),
            array("i", [slots[self.copies[k]] for k in left]),
            array("i", [slots[slot] for slot in self.outputs]),
            array("i", [x for guard in self.guards for x in (guard[0], slots[guard[1]], slots[guard[2]], guard[3])]),
            self.counts,
        )

    def constants(self, operands: list[list[int]]) -> list[int]:
        """The constants that are still there, in the order in which they were recorded."""
        sides = [side for guard in self.guards for side in guard[1:3]]
        there = set(chain(*operands, self.outputs, sides)) - {-1}
        return sorted(slot for slot in there if self.is_constant[slot])
