"""What stands on the board: tables and sentences, before they get a format."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..cells import cells
from ..engines import Value
from ..formulas import joined, product, prose, same
from ..nodes import NodeDict
from ..text import DOTS, NOTHING, Infix, Prefix, Term
from .paths import COUNTED, Path, PathSum
from .steps import TOLD, Backward, Forward, Passes, magnitude

# A row of equations is so many characters long.
WIDTH = 90

# Of a path with more nodes, those at its ends are shown.
NODES, ENDS = 9, 4


@dataclass(frozen=True)
class Section:
    """A heading, a table and sentences below it. `align` has l or r for each column."""

    title: Term
    heads: Sequence[Term] = ()
    align: str = ""
    rows: Sequence[Sequence[Term]] = ()
    sentences: Sequence[Term] = ()


def given(steps: Sequence[Forward], passes: Passes, most: int) -> Section:
    """The leaves and their numbers."""
    equations = [_given(step, passes) for step in steps]
    words = ", ".join([f"{initial} for {word}" for initial, word in passes.write.initials.items()])
    legend = [prose(f"In names, {words.replace(' for ', ' stands for ', 1)}.")] if words else []
    left_out = _left_out(len(passes.leaves) - len(steps), most)
    return Section(prose("Given"), sentences=[*_lines(equations), *legend, *left_out])


def _given(step: Forward, passes: Passes) -> Term:
    write = passes.write
    equation, now = write.equation(step.name, write.number(step.value)), write.number(step.node.data)
    # A leaf may have been changed since; the figures are those of the computation.
    return equation if repr(step.value) == repr(step.node.data) else prose("{} (now {})", equation, now)


def forward(steps: Sequence[Forward], passes: Passes, most: int) -> Section:
    """What is computed, node by node."""
    rows = []
    for step in steps:
        value = passes.write.number(step.value)
        numbers = NOTHING if same(step.numbers, value) else step.numbers
        rows.append([step.name, _equals(step.formula), _equals(numbers), _equals(value)])
    left_out = _left_out(len(passes.interior) - len(steps), most)
    return Section(prose("Forward"), _heads("node", "formula", "in numbers", "value"), "llll", rows, left_out)


def backward(steps: Sequence[Backward], passes: Passes, most: int) -> Section:
    """What arrives at each node and what leaves to its operands, a row for each of these."""
    write, rows = passes.write, []
    for step in steps:
        before = [write.equation(step.name, step.formula), _arrived(step, passes)]
        patterns = joined(step.patterns, "; ")
        for sent in step.leaving:
            derivative = write.equation(sent.derivative, write.number(sent.partial or 0.0))
            rows.append([*before, write.name(sent.to), derivative, write.number(sent.flow), patterns])
            before, patterns = [NOTHING, NOTHING], NOTHING
        if not step.leaving:
            rows.append([*before, NOTHING, NOTHING, NOTHING, patterns])
        if step.more:
            rows.append([*before, prose(f"and {step.more:,} more"), *[NOTHING] * 3])
    return Section(
        prose("Backward: what arrives × the local derivative = what leaves"),
        _heads("node", "arrives", "to", "local derivative", "leaves", ""),
        "lrllrl",
        rows,
        _left_out(len(passes.interior) - len(steps), most),
    )


def gradients(steps: Sequence[Backward], passes: Passes, count: int, most: int) -> Section:
    """Which way to move each leaf, and which of them moves the root most."""
    root = passes.write.name(passes.root)
    sides = NodeDict([(step.node, passes.kinks.sides(step.node)) for step in steps])
    rows = [
        [step.name, _arrived(step, passes), _advice(step, sides[step.node], passes), joined(step.patterns, "; ")]
        for step in steps
    ]
    heads = [prose("node"), prose("gradient"), prose("to lower {}", root), NOTHING]
    sentences = [
        *_largest(steps, sides, passes),
        *_together(steps, sides, passes),
        *_left_out(count - len(steps), most),
    ]
    return Section(prose("Gradients"), heads, "lrll", rows, sentences)


Sides = tuple[float, float] | None


def _advice(step: Backward, sides: Sides, passes: Passes) -> Term:
    root = passes.write.name(passes.root)
    if not step.arriving and sides is None:
        return prose("no matter: all paths are blocked")
    if not math.isfinite(passes.root.data):
        return prose("unknown: {} is {}", root, passes.write.number(passes.root.data))
    if not math.isfinite(step.flow):
        return prose("unknown: the gradient is {}", passes.write.number(step.flow))
    if sides is not None:
        return _advice_at_kink(*sides, root)
    if step.flow == 0:
        return NEXT_TO_NOTHING
    return prose("lower it" if step.flow > 0 else "raise it")


NEXT_TO_NOTHING = prose("no matter: a small change does next to nothing")


def _advice_at_kink(lowered: float, raised: float, root: Term) -> Term:
    """What a gradient does not know: how the root goes where a node is lowered, and where it is raised."""
    if math.isnan(lowered) or math.isnan(raised):
        return prose("unknown: there is a kink or a jump")
    if math.isinf(lowered) or math.isinf(raised):
        return _advice_at_jump(lowered, raised, root)
    if lowered < 0 or raised < 0:
        return prose("lower it" if raised >= 0 else "raise it" if lowered >= 0 else "move it either way, from a kink")
    if lowered == raised == 0:
        return NEXT_TO_NOTHING
    if lowered == 0:
        return prose("not alone: raising it raises {}, lowering it does nothing", root)
    if raised == 0:
        return prose("not alone: lowering it raises {}, raising it does nothing", root)
    return prose("no way: {} rises both ways", root)


def _advice_at_jump(lowered: float, raised: float, root: Term) -> Term:
    """What to do where the root jumps on one side or on both; no side where neither lowers it."""
    if lowered < 0 and raised < 0:
        return prose("move it either way, from a jump")
    if lowered < 0 or raised < 0:
        way, jumps = ("lower it", lowered) if lowered < 0 else ("raise it", raised)
        return prose(f"{way}: {{}} jumps {'down' if math.isinf(jumps) else 'up the other way'}", root)
    if lowered > 0 and raised > 0:
        return prose("no way: {} rises both ways, with a jump", root)
    goes, stays = ("lowering", "raising") if lowered else ("raising", "lowering")
    return prose(f"not alone: {goes} it makes {{}} jump up, {stays} it does nothing", root)


def _largest(steps: Sequence[Backward], sides: Mapping[Value, Sides], passes: Passes) -> list[Term]:
    """The nodes that move the root most, where there are several to compare, by what their gradients say."""
    size = max([magnitude(step.flow) for step in steps], default=0.0)
    largest = [step for step in steps if abs(step.flow) == size]
    if len(steps) < 2 or size in (0, math.inf) or len(largest) > TOLD or not math.isfinite(passes.root.data):
        return []
    # At a kink, a gradient is no slope, unless both sides agree; at a jump, it never is.
    if any(side is not None and (side[0] != -side[1] or math.isinf(side[0])) for side in sides.values()):
        return []
    root, names = passes.write.name(passes.root), [step.name for step in largest]
    if len(names) > 1:
        return [prose(f"{' and '.join(['{}'] * len(names))} move {{}} most.", *names, root)]
    most, flow = names[0], passes.write.number(largest[0].flow)
    sentence = "{} moves {} most: a small change of {} changes {} by {} times as much."
    return [prose(sentence, most, root, most, root, flow)]


def _together(steps: Sequence[Backward], sides: Mapping[Value, Sides], passes: Passes) -> list[Term]:
    """What moves the root only together, as the operands of a maximum in a tie."""
    stuck = [step for step in steps if (side := sides[step.node]) and min(side) >= 0 and step.flow]
    if not 1 < len(stuck) <= TOLD or not passes.kinks.change(NodeDict([(step.node, -step.flow) for step in stuck])) < 0:
        return []
    names = " and ".join(["{}"] * len(stuck))
    sentence = f"{names} lower {{}} together, each moved against its gradient."
    return [prose(sentence, *[step.name for step in stuck], passes.write.name(passes.root))]


# Paths ----------------------------------------------------------------------------------------------


def paths(found: PathSum, passes: Passes, most: int) -> Section:
    """The gradient of one node as a sum over paths; of each path the factors, as formulas and as numbers."""
    write = passes.write
    to, root = write.name(found.to), write.name(passes.root)
    sentences = []
    if found.blocked:
        verb = "is blocked and adds" if found.blocked == 1 else "are blocked and add"
        sentences.append(prose(f"{_count(found.blocked)} {verb} nothing."))
    if not found.count:
        why = sentences or [prose("{} does not depend on {}.", root, to)]
        return Section(prose("The gradient of {} is 0", to), sentences=why)
    rows = []
    for path in found.paths:
        way, formulas, numbers = _way(path, passes), _formulas(path, passes), _numbers(path, passes)
        if not same(formulas, numbers):
            rows.append([way, formulas, NOTHING])
            way, formulas = NOTHING, _equals(numbers)
        rows.append([way, formulas, _equals(write.number(path.flow))])
    if found.other_count:
        rows.append([prose(f"{_count(found.other_count)} more"), NOTHING, _equals(write.number(found.other_flow))])
    if found.count > 1:
        rows.append([prose("sum"), NOTHING, _equals(write.number(found.gradient))])
    if found.other_count or any(path.count > 1 for path in found.paths):
        sentences.append(prose(f"A line stands for all paths that end in this way; more lines with most={10 * most}."))
    title = prose(f"The gradient of {{}}: the sum over {_count(found.count)} from {{}}", to, root)
    return Section(title, _heads("path", "local derivatives on it", "flow"), "lll", rows, sentences)


def _way(path: Path, passes: Passes) -> Term:
    way = joined(_ends([passes.write.name(node) for node in path.nodes], NODES), " → ")
    return way if path.count == 1 else prose(f"{_count(path.count)} to {{}}", way)


def _formulas(path: Path, passes: Passes) -> Term:
    write = passes.write
    formulas = []
    for step in _ends(list(zip(path.nodes, path.operands, path.factors, strict=False)), NODES - 1):
        if step is DOTS:
            formulas.append(DOTS)
        else:
            node, operand, partial = step
            formula = write.derivative(node, operand, partial)
            formulas.append(formula if formula.text else write.number(partial))
    if path.count > 1:
        root, first = write.name(passes.root), write.name(path.nodes[0])
        formulas.insert(0, Infix("/", Prefix("∂", root), Prefix("∂", first)))
    return product(formulas or [write.number(1.0)])


def _numbers(path: Path, passes: Passes) -> Term:
    factors = [*([path.arriving] if path.count > 1 or not path.factors else []), *path.factors]
    return product(_ends([passes.write.number(x) for x in factors], NODES - 1))


def _ends(items: list[Any], most: int) -> list[Any]:
    """The items, or if there are more, those at both ends with dots between."""
    return items if len(items) <= most else [*items[:ENDS], DOTS, *items[-ENDS:]]


def _count(paths: int) -> str:
    if paths >= COUNTED:
        return "more than 10¹⁰⁰ paths"
    return "1 path" if paths == 1 else f"{paths:,} paths" if paths < 10**24 else f"{paths:.3g} paths"


# Sentences ------------------------------------------------------------------------------------------


def _lines(formulas: Iterable[Term]) -> list[Term]:
    """The formulas with commas between, in lines."""
    lines: list[list[Term]] = [[]]
    width = 0
    for formula in formulas:
        width += cells(formula.text) + 2
        if width > WIDTH and lines[-1]:
            lines.append([])
            width = cells(formula.text) + 2
        lines[-1].append(formula)
    return [joined(line, ", ") for line in lines if line]


def _left_out(count: int, most: int) -> list[Term]:
    """That there is more than the limit of lines allows."""
    if count <= 0:
        return []
    return [prose(f"… and {count:,} more: explain a node further inside, or allow more lines with most={10 * most}.")]


def _arrived(step: Backward, passes: Passes) -> Term:
    if not step.arriving:
        return prose("nothing") if step.node.operation else passes.write.number(0.0)
    return passes.write.sum([arrival.flow for arrival in step.arriving], step.flow)


def _heads(*heads: str) -> list[Term]:
    return [prose(head) for head in heads]


def _equals(formula: Term) -> Term:
    return NOTHING if formula == NOTHING else Prefix("= ", formula)
