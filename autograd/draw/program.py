"""The drawing of a program: its instructions as cards, a sum of products as one, without the numbers of any example.

>>> from autograd import Value, compile, draw
>>> w = Value(3.0, "w")
>>> f = compile(lambda x: w * x + 1.0)
>>> y = f(2.0)
>>> drawing = draw(f.program)
>>> drawing
<drawing of function: 1 instruction, 1 input, 1 parameter>
>>> [card.label or card.symbol for card in drawing.diagram.cards]
['x', 'w', 'function']
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ..book import REALS, unlisted
from ..compiler.listing import Names
from ..compiler.program import LINEAR, Program
from ..engines import Value
from ..languages import words
from ..modes import recorded, scope
from ..operations import dot
from .diagram import Diagram
from .look import Look
from .network.trial import TrialDrawing, without_numbers

# So many inputs, or parameters, have a card each; of more, there is one for all.
MOST_LEAVES = 40

# A chain of sums and products has the card of a dot, whose lists are its first and its second factors.
_CHAIN = replace(dot, name=LINEAR.notation)


class ProgramDrawing(TrialDrawing):
    """The drawing of a program; its page has no steps."""

    @property
    def note(self) -> str:
        """Why there are no numbers."""
        return self.look.said("program")["no numbers"]


# What a function answers that answers several numbers.
_ANSWER = unlisted(lambda xs: (0.0, tuple), "answer(xs)", ([REALS],))


def graph_of(program: Program, language: str) -> tuple[Value, int | None]:
    """A graph with a node for each instruction, whose numbers mean nothing, and the depth in which it is drawn."""
    names = Names(program).names
    count, said = len(program.input_names), words("program", language)
    inputs, parameters = _leaves(names[:count], said["inputs"]), _leaves(names[count:], said["parameters"])
    slots: list[Any] = [*inputs, *parameters, *program.constants]
    with recorded(None):  # also where nothing else is
        for _, operation, operands in program.instructions():
            if operation is LINEAR:
                slots.append(_node(_CHAIN, _factors(slots, program.pairs(operands))))
            else:
                slots.append(_node(operation, [slots[slot] for slot in operands]))
        outputs = [slots[slot] for slot in program.outputs]
        root = outputs[0] if len(outputs) == 1 and isinstance(outputs[0], Value) else _node(_ANSWER, outputs)
    root.label = root.label or program.name
    is_folded = max(len(inputs), len(parameters)) > MOST_LEAVES
    return root, 1 if is_folded else None


def _leaves(names: Sequence[str], what: str) -> list[Value]:
    if len(names) <= MOST_LEAVES:
        return [Value(0.0, name) for name in names]
    with scope(what):
        return [Value(0.0, name) for name in names]


def _node(operation: Any, operands: Sequence[Any]) -> Value:
    ones = (1.0,) * sum(isinstance(operand, Value) for operand in operands)
    numbers = tuple([0.0 if isinstance(operand, Value) else operand for operand in operands])
    return Value.__apply_operation__(operation, tuple(operands), numbers, (0.0, lambda: ones))


def _factors(slots: Sequence[Any], pairs: Sequence[tuple[int, int]]) -> list[Any]:
    """The first factors and then the second ones, which are 1 where a term has none."""
    return [slots[a] for a, _ in pairs] + [1.0 if b < 0 else slots[b] for _, b in pairs]


def program_drawing(program: Program, diagram: Diagram, look: Look, root: Value, seconds: float) -> ProgramDrawing:
    """The drawing of a program from the diagram of its graph."""
    sizes = [(program.codes, "instruction"), (program.input_names, "input"), (program.parameter_names, "parameter")]
    title = f"{program.name}: {', '.join([look.counted(len(some), thing) for some, thing in sizes])}"
    diagram = replace(without_numbers(diagram), title=title, description=look.said("program")["no numbers"])
    return ProgramDrawing(diagram, look, root, seconds)
