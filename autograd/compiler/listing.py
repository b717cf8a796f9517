"""How a program is printed: as the lines of the Wengert list, forwards and backwards, in the rule book's notation.

Forwards each instruction is a line, v3 = exp(v2). Backwards it is the reverse trace of the literature, one line for
each number: d_v2, the derivative of the answer by v2, is the sum of what every instruction that took v2 sends to it,
in the order in which it arrives. (Griewank and Walther 2008, "Evaluating Derivatives"; Baydin et al. 2018, "Automatic
differentiation in machine learning: a survey", table 3.)
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from functools import reduce
from itertools import chain, islice
from typing import Any, NamedTuple

from .. import notation
from ..cells import counted, readable, shortened
from ..formulas import Lazy, applied, derivative, free_letter, named, shorter
from ..markup import document, heading, paragraph, table
from ..native.programs import is_traced
from ..operations import power, where
from ..taking import DETACH, TAKE
from ..text import DOTS, NOTHING, Brackets, Infix, Name, Number, Prefix, Term, printer
from .instructions import LINEAR, RELATIONS, Instructions

# So many lines of each part are printed, the first ones and the last ones.
MOST = 60

# So many terms of a sum are all shown.
FEW = 8

# The width of a name, in characters of a terminal.
WIDTH = 28

# What depends on an input; what a gradient passes through.
VARIES, PASSES = 1, 2

ONE, MINUS_ONE, ZERO = Number("1"), Number("-1"), Number("0")

# What the derivatives of `where` are, if its condition is a constant.
KNOWN = {"[True]": ONE, "[not False]": ONE, "[False]": ZERO, "[not True]": ZERO}


class Line(NamedTuple):
    """What stands on both sides of an equals sign, and what is to be said of it."""

    left: str
    right: str
    remark: str = ""


class Part(NamedTuple):
    """A title and the lines below it; of many, the first and the last, and how many are left out between."""

    title: str
    first: list[Line]
    left_out: int
    last: list[Line]


class Names:
    """What the slots of a program are called, no two the same; what flows to them has d_ before that."""

    def __init__(self, program: Instructions) -> None:
        self.program, self.first = program, program.first
        self.inputs = len(program.input_names)
        self.given = self.inputs + len(program.parameter_names)
        labels, self.initials = short_names(program)
        self.names = named(labels, "pqr")
        self.letter = free_letter(self.names)
        self.flow = next(d for d in ("d_", "∂_", "d__") if not any(name.startswith(d) for name in self.names))

    def name(self, slot: int) -> str:
        """The name of what is given, or of what an instruction computes."""
        return self.names[slot] if slot < self.given else f"{self.letter}{slot - self.first + 1}"


class _Listing(Names):
    """A program on its way to paper."""

    def __init__(self, program: Instructions, most: int = MOST) -> None:
        super().__init__(program)
        self.most = most
        self.kinds = kinds(program)
        self.silent: set[int] = set()  # slots to which nothing is sent, as far as is seen
        self.write = printer()

    def parts(self) -> list[Part]:
        """What is computed, what is sent back, and what has to be so for the program to be right."""
        parts = [
            self.part("Forward", self.forwards(), self.forward_line),
            self.part(f"Backward{self.meaning()}", self.backwards(), self.backward_line),
        ]
        guards = range(0, len(self.program.guards), 4)
        parts.append(self.part("As long as this holds, else it is recorded once more", guards, self.guard_line))
        return [part for part in parts if part.first]

    def meaning(self) -> str:
        """What the names of derivatives stand for, by an example."""
        if not self.program.codes:
            return ""
        name, alone = self.name(self.first), len(self.program.outputs) == 1
        told = f"∂{self.program.name}/∂{name}" if alone else f"what arrives at {name}"
        return f", where {self.flow}{name} stands for {told}"

    def part(self, title: str, things: Sequence[int], line: Callable[[int], Line | None]) -> Part:
        """A part with a line for each thing of which there is something to be said."""

        def written(some: Sequence[int]) -> list[Line]:
            return [found for found in map(line, some) if found]

        if len(things) <= self.most:
            return Part(title, written(things), 0, [])
        half = self.most // 2
        return Part(title, written(things[:half]), len(things) - 2 * half, written(things[-half:]))

    # What is there ----------------------------------------------------------------------------------

    def sentences(self) -> list[str]:
        """What it is computed from, and what has become of what was recorded."""
        names, initials = self.names, ", ".join([f"{short} for {word}" for short, word in self.initials.items()])
        told = []
        if self.inputs:
            told.append(f"inputs: {', '.join(notation.few(names[: self.inputs]))}")
        if self.given > self.inputs:
            told.append(f"parameters: {', '.join(notation.few(names[self.inputs :]))}")
        if initials:
            told.append(f"in names, {initials.replace(' for ', ' stands for ', 1)}")
        if "recorded" in self.program.counts:
            told.append(became(self.program.counts))
        once = sum(not kind & VARIES for kind in self.kinds[self.first : self.program.slots])
        if once and self.inputs:
            told.append(f"{counted(once, 'instruction')} of parameters alone: computed once a sweep")
        return told

    # Forwards ---------------------------------------------------------------------------------------

    def forwards(self) -> Sequence[int]:
        """The slots of the instructions, and after them the places of the outputs."""
        return range(self.first, self.program.slots + len(self.program.outputs))

    def forward_line(self, slot: int) -> Line:
        program = self.program
        if slot >= program.slots:
            place = slot - program.slots
            return Line(self.answer(place), self.write(self.term(program.outputs[place])))
        operation, operands = self.instruction(slot)
        return Line(self.name(slot), self.write(self.formula(operation, operands)), "; ".join(self.remarks(slot)))

    def remarks(self, slot: int) -> Iterator[str]:
        program, (operation, operands) = self.program, self.instruction(slot)
        if operation is LINEAR and len(pairs := program.pairs(operands)) > FEW:
            yield counted(len(pairs), "term")
        if not self.kinds[slot] & VARIES and self.inputs:
            yield "once a sweep"
        if program.copies[slot - self.first] >= 0:
            yield f"copied from {self.name(program.copies[slot - self.first])}"
        if not operation.is_of_book:
            yield "by its traced rule" if is_traced(operation) else "through its closure"

    def formula(self, operation: Any, operands: Sequence[int]) -> Term:
        """What an instruction computes, in the names of its operands."""
        if operation is LINEAR:
            return self.sum_of_products(operands)
        return applied(operation, Lazy(len(operands), lambda i: self.term(operands[i], operation, i)))

    def sum_of_products(self, operands: Sequence[int]) -> Term:
        pairs = self.program.pairs(operands)
        return added([x if x is DOTS else self.product(*x) for x in notation.few(pairs, DOTS)])

    def product(self, a: int, b: int) -> Term:
        if b >= 0 and self.constant(a) == "-1.0":
            a, b = b, a
        if b >= 0 and self.constant(b) == "-1.0":
            return Prefix("−", self.term(a))
        return self.term(a) if b < 0 else Infix(" × ", self.term(a), self.term(b))

    # Backwards --------------------------------------------------------------------------------------

    def backwards(self) -> Sequence[int]:
        """The slots that a gradient passes through and that something is computed from, the last one first."""
        ends = range(self.first - 1, -1, -1)
        slots = chain(range(self.program.slots - 1, self.first - 1, -1), reversed(ends))
        found = [slot for slot in slots if self.kinds[slot] & PASSES]
        shown = set(found if len(found) <= self.most else [*found[: self.most], *found[-self.most :]])
        self.uses: dict[int, list[int]] = {slot: [] for slot in shown}
        for place, slot in enumerate(self.program.operands):
            if slot in shown:
                self.uses[slot].append(place)
        outputs = set(self.program.outputs)
        return [slot for slot in found if slot not in shown or self.uses[slot] or slot in outputs]

    def backward_line(self, slot: int) -> Line | None:
        program, uses = self.program, self.uses[slot]
        seeds = [place for place, output in enumerate(program.outputs) if output == slot]
        seed = [ONE if len(program.outputs) == 1 else Name(f"{self.flow}{self.answer(place)}") for place in seeds]
        flows = [DOTS if use is DOTS else self.sent(use) for use in self.few_in_order(uses)]
        flows = [flow for flow in flows if flow != ZERO]
        if not flows and not seed:
            self.silent.add(slot)
            return Line(f"{self.flow}{self.name(slot)}", "0") if slot < self.given else None
        remark = counted(len(uses), "term") if DOTS in flows else ""
        return Line(f"{self.flow}{self.name(slot)}", self.write(added([*seed, *flows])), remark)

    def few_in_order(self, uses: list[int]) -> Sequence[Any]:
        """The places where a slot is an operand, as flows come from there; of many, the first and the last."""
        first = list(islice(self.in_order(uses), FEW + 1))
        if len(first) <= FEW:
            return first
        last = uses[bisect_left(uses, self.program.starts[self.consumer(uses[0]) - self.first + 1]) - 1]
        return notation.few([*first[:FEW], last], DOTS)

    def in_order(self, uses: list[int]) -> Iterator[int]:
        """From the last instruction to the first, and of each from its first operand to its last."""
        end = len(uses)
        while end:
            begin = bisect_left(uses, self.program.starts[self.consumer(uses[end - 1]) - self.first])
            yield from uses[begin:end]
            end = begin

    def consumer(self, place: int) -> int:
        """The slot of the instruction that an operand belongs to."""
        return self.first + bisect_right(self.program.starts, place) - 1

    def sent(self, place: int) -> Term:
        """What an instruction sends to its operand at that place: what arrives times the local derivative."""
        slot = self.consumer(place)
        arrives = Name(f"{self.flow}{self.name(slot)}")
        operation, operands = self.instruction(slot)
        if slot in self.silent:
            return ZERO
        local = self.local(slot, operation, operands, place - self.program.starts[slot - self.first])
        if local == ZERO:
            return ZERO
        if local == ONE:
            return arrives
        return Prefix("−", arrives) if local == MINUS_ONE else Infix(" × ", arrives, local)

    def local(self, slot: int, operation: Any, operands: Sequence[int], place: int) -> Term:
        """The local derivative, as the rule book has it."""
        if operation is LINEAR:
            other = operands[place ^ 1]
            return ONE if other < 0 else MINUS_ONE if self.constant(other) == "-1.0" else self.term(other)
        if operation is DETACH or (operation is TAKE and place == 0):
            return ZERO
        if operation is TAKE:
            return Brackets("[", (Infix(" = ", self.term(operands[0]), Number(str(place - 1))),))
        if operation is power and place == 0 and self.constant(operands[1]):
            return self.of_power(self.term(operands[0]), float(self.constant(operands[1])))
        found = derivative(operation, place, Lazy(len(operands), lambda i: self.term(operands[i], operation, i)))
        if found == NOTHING:  # nothing is told of it
            return Infix("/", Prefix("∂", Name(self.name(slot))), Prefix("∂", self.term(operands[place])))
        return KNOWN.get(self.write(found), found) if operation is where else found

    def of_power(self, x: Term, exponent: float) -> Term:
        """The derivative of x to the power of a number: 2·x for x², and not 2·x^(2−1)."""
        lowered = x if exponent == 2.0 else Infix("^", x, _number(exponent - 1.0))
        return Infix("·", _number(exponent), lowered)

    # Names ------------------------------------------------------------------------------------------

    def instruction(self, slot: int) -> tuple[Any, Sequence[int]]:
        program, place = self.program, slot - self.first
        operands = program.operands[program.starts[place] : program.starts[place + 1]]
        return program.operations[program.codes[place]], operands

    def answer(self, place: int) -> str:
        """The name of an output."""
        return self.program.name + (f"[{place}]" if len(self.program.outputs) > 1 else "")

    def constant(self, slot: int) -> str:
        """The digits of a constant; none for anything else."""
        return repr(self.program.constants[slot - self.given]) if self.given <= slot < self.first else ""

    def term(self, slot: int, operation: Any = None, place: int = 0) -> Term:
        """A slot in a formula: a number if it is a constant, else its name."""
        digits = self.constant(slot)
        if not digits:
            return Name(self.name(slot))
        told = notation.constant(operation, place, float(digits)) if operation else NOTHING
        return told if isinstance(told, Name) else _number(float(digits))

    def guard_line(self, start: int) -> Line:
        relation, left, right, outcome = self.program.guards[start : start + 4]
        sides = f"{self.write(self.term(left))} {RELATIONS[relation]} {self.write(self.term(right))}"
        return Line(sides if outcome else f"not {sides}", "")


def _number(x: float) -> Term:
    """A number with all its digits."""
    return Number(repr(x).removesuffix(".0"))


def short_names(program: Instructions) -> tuple[list[str], dict[str, str]]:
    """The names of inputs and parameters, with L0 for layers.0, and what the initials stand for."""
    paths = [_INDEXED.findall(name) for name in program.parameter_names]
    short, initials = shorter({part for path in paths for part in path})
    names = [_INDEXED.sub(lambda part: short.get(part[0], part[0]), name) for name in program.parameter_names]
    return [shortened(readable(name), WIDTH) for name in (*program.input_names, *names)], initials


# A part of a path such as layers.0, where others follow.
_INDEXED = re.compile(r"(?:^|(?<=\.))[A-Za-z]\w*\.\d+(?=\.)")


def kinds(program: Instructions) -> bytearray:
    """Of each slot: whether it depends on an input, and whether a gradient passes through it."""
    inputs = [VARIES | (PASSES if asked else 0) for asked in program.differentiable]
    found = bytearray([*inputs, *[PASSES] * len(program.parameter_names)])
    found += bytes(program.slots + 1 - len(found))  # one more, for the −1 of what is added alone
    # The rule of a user may answer something else for each example, from whatever it is computed.
    always = [0 if operation.is_of_book else VARIES for operation in program.operations]
    is_special = [operation is DETACH or operation is TAKE for operation in program.operations]
    starts, operands, first = program.starts, program.operands, program.first
    for place, code in enumerate(program.codes):
        kind = always[code]
        for slot in operands[starts[place] : starts[place + 1]]:
            kind |= found[slot]
        if is_special[code]:
            passing = [] if program.operations[code] is DETACH else operands[starts[place] + 1 : starts[place + 1]]
            kind = kind & VARIES | max([found[slot] & PASSES for slot in passing], default=0)
        found[first + place] = kind
    return found


def added(terms: Sequence[Term]) -> Term:
    """The terms with + between, − before those that have it themselves."""

    def add(left: Term, right: Term) -> Term:
        if isinstance(right, Prefix) and right.sign == "−":
            return Infix(" − ", left, right.operand)
        return Infix(" + ", left, right)

    return reduce(add, terms)


def became(counts: "dict[str, int]") -> str:
    """What has become of the instructions that were recorded."""
    words = {
        "left": "left",
        "linear": "within sums of products",
        "repeated": "repeated",
        "constant": "constant",
        "dead": "dead",
    }
    told = [f"{counts[key]:,} {word}" for key, word in words.items() if counts.get(key)]
    copied = f"; {counts['copied']:,} are copied" if counts.get("copied") else ""
    return f"{counts['recorded']:,} recorded" + (f" = {' + '.join(told)}" if told else "") + copied


# Formats ------------------------------------------------------------------------------------------


def text_of(program: Instructions, summary: str, most: int = MOST) -> str:
    """The program as text."""
    listing = _Listing(program, most)
    lines = [summary, *[f"  {sentence}" for sentence in listing.sentences()]]
    for part in listing.parts():
        lines += ["", part.title, *[f"  {told}" for told in _told(part)]]
    return "\n".join(lines)


def _told(part: Part) -> Iterator[str]:
    yield from map(_told_line, part.first)
    if part.left_out:
        yield f"… {part.left_out:,} more"
    yield from map(_told_line, part.last)


def _told_line(line: Line) -> str:
    return line.left + f" = {line.right}" * bool(line.right) + f"  # {line.remark}" * bool(line.remark)


def html_of(program: Instructions, summary: str, most: int = MOST) -> str:
    """The program as tables for a notebook."""
    listing = _Listing(program, most)
    tables = []
    for part in listing.parts():
        middle = [Line("…", f"{part.left_out:,} more")] if part.left_out else []
        rows = [*part.first, *middle, *part.last]
        tables.append(table(part.title, ["", "", ""], rows, "lll"))
    return document([heading(summary), *map(paragraph, listing.sentences()), *tables])
