"""What stands on the board: tables and sentences, before they get a format."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..cells import cells
from ..engines import Value
from ..formulas import joined, product, prose, same
from ..languages import between, count, enumeration, number, words
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
    said = words("explain tables", passes.language)
    equations = [_given(step, passes) for step in steps]
    left_out = _left_out(len(passes.leaves) - len(steps), passes, most)
    return Section(prose(said["given"]), sentences=[*_lines(equations, passes), *_initials(passes), *left_out])


def _given(step: Forward, passes: Passes) -> Term:
    write = passes.write
    equation, now = write.equation(step.name, write.number(step.value)), write.number(step.node.data)
    # A leaf may have been changed since; the figures are those of the computation.
    is_same = repr(step.value) == repr(step.node.data)
    return equation if is_same else prose(words("explain tables", passes.language)["now"], equation, now)


def _initials(passes: Passes) -> list[Term]:
    """What the initials in names stand for."""
    said = words("explain tables", passes.language)
    told = [
        said["another initial" if place else "initial"].format(initial, word)
        for place, (initial, word) in enumerate(passes.write.initials.items())
    ]
    return [prose(said["initials"], ", ".join(told))] if told else []


def forward(steps: Sequence[Forward], passes: Passes, most: int) -> Section:
    """What is computed, node by node."""
    said, rows = words("explain tables", passes.language), []
    for step in steps:
        value = passes.write.number(step.value)
        numbers = NOTHING if same(step.numbers, value) else step.numbers
        rows.append([step.name, _equals(step.formula), _equals(numbers), _equals(value)])
    left_out = _left_out(len(passes.interior) - len(steps), passes, most)
    heads = [prose(said[name]) for name in ("node", "formula", "numbers", "value")]
    return Section(prose(said["forward"]), heads, "llll", rows, left_out)


def backward(steps: Sequence[Backward], passes: Passes, most: int) -> Section:
    """What arrives at each node and what leaves to its operands, a row for each of these."""
    said, write, rows = words("explain tables", passes.language), passes.write, []
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
            rows.append([*before, prose(said["more"], count(step.more, passes.language)), *[NOTHING] * 3])
    heads = [prose(said[name]) for name in ("node", "arrives", "to", "derivative", "leaves")]
    left_out = _left_out(len(passes.interior) - len(steps), passes, most)
    return Section(prose(said["backward"]), [*heads, NOTHING], "lrllrl", rows, left_out)


def gradients(steps: Sequence[Backward], passes: Passes, among: int, most: int) -> Section:
    """Which way to move each leaf, and which of them moves the root most."""
    said, root = words("explain tables", passes.language), passes.write.name(passes.root)
    sides = NodeDict([(step.node, passes.kinks.sides(step.node)) for step in steps])
    rows = [
        [step.name, _arrived(step, passes), _advice(step, sides[step.node], passes), joined(step.patterns, "; ")]
        for step in steps
    ]
    heads = [prose(said["node"]), prose(said["gradient"]), prose(said["advice"], root), NOTHING]
    sentences = [
        *_largest(steps, sides, passes),
        *_together(steps, sides, passes),
        *_left_out(among - len(steps), passes, most),
    ]
    return Section(prose(said["gradients"]), heads, "lrll", rows, sentences)


Sides = tuple[float, float] | None


def _advice(step: Backward, sides: Sides, passes: Passes) -> Term:
    said, root = words("explain advice", passes.language), passes.write.name(passes.root)
    if not step.arriving and sides is None:
        return prose(said["blocked"])
    if not math.isfinite(passes.root.data):
        return prose(said["root unknown"], root, passes.write.number(passes.root.data))
    if not math.isfinite(step.flow):
        return prose(said["gradient unknown"], passes.write.number(step.flow))
    if sides is not None:
        told = said[_advice_at_kink(*sides)]
        return prose(told, root) if "{}" in told else prose(told)
    return prose(said["nothing" if step.flow == 0 else "lower" if step.flow > 0 else "raise"])


def _advice_at_kink(lowered: float, raised: float) -> str:
    """What a gradient does not know: how the root goes where a node is lowered, and where it is raised.

    The answer is the name of the advice in the catalogue.
    """
    if math.isnan(lowered) or math.isnan(raised):
        return "unknown"
    if math.isinf(lowered) or math.isinf(raised):
        return _advice_at_jump(lowered, raised)
    if lowered < 0 or raised < 0:
        return "lower" if raised >= 0 else "raise" if lowered >= 0 else "from a kink"
    if lowered == raised == 0:
        return "nothing"
    if lowered == 0:
        return "raising raises"
    return "lowering raises" if raised == 0 else "rises"


def _advice_at_jump(lowered: float, raised: float) -> str:
    """What to do where the root jumps on one side or on both; no side where neither lowers it."""
    if lowered < 0 and raised < 0:
        return "from a jump"
    if lowered < 0:
        return "lower to jump" if math.isinf(lowered) else "lower not to jump"
    if raised < 0:
        return "raise to jump" if math.isinf(raised) else "raise not to jump"
    if lowered > 0 and raised > 0:
        return "rises with a jump"
    return "lowering jumps" if lowered else "raising jumps"


def _largest(steps: Sequence[Backward], sides: Mapping[Value, Sides], passes: Passes) -> list[Term]:
    """The nodes that move the root most, where there are several to compare, by what their gradients say."""
    size = max([magnitude(step.flow) for step in steps], default=0.0)
    largest = [step for step in steps if abs(step.flow) == size]
    if len(steps) < 2 or size in (0, math.inf) or len(largest) > TOLD or not math.isfinite(passes.root.data):
        return []
    # At a kink, a gradient is no slope, unless both sides agree; at a jump, it never is.
    if any(side is not None and (side[0] != -side[1] or math.isinf(side[0])) for side in sides.values()):
        return []
    said, root = words("explain advice", passes.language), passes.write.name(passes.root)
    if len(largest) > 1:
        return [prose(said["several most"], nodes=_names(largest, passes), root=root)]
    return [prose(said["most"], node=largest[0].name, root=root, flow=passes.write.number(largest[0].flow))]


def _together(steps: Sequence[Backward], sides: Mapping[Value, Sides], passes: Passes) -> list[Term]:
    """What moves the root only together, as the operands of a maximum in a tie."""
    stuck = [step for step in steps if (side := sides[step.node]) and min(side) >= 0 and step.flow]
    if not 1 < len(stuck) <= TOLD or not passes.kinks.change(NodeDict([(step.node, -step.flow) for step in stuck])) < 0:
        return []
    told, root = words("explain advice", passes.language)["together"], passes.write.name(passes.root)
    return [prose(told, nodes=_names(stuck, passes), root=root)]


def _names(steps: Sequence[Backward], passes: Passes) -> Term:
    names = [step.name for step in steps]
    return prose(enumeration([name.text for name in names], passes.language), *names)


# Paths ----------------------------------------------------------------------------------------------


def paths(found: PathSum, passes: Passes, most: int) -> Section:
    """The gradient of one node as a sum over paths; of each path the factors, as formulas and as numbers."""
    said, write = words("explain paths", passes.language), passes.write
    to, root = write.name(found.to), write.name(passes.root)
    sentences = []
    if found.blocked:
        told = said["one blocked" if found.blocked == 1 else "several blocked"]
        sentences.append(_of_paths(told, found.blocked, passes))
    if not found.count:
        why = sentences or [prose(said["independent"], root=root, to=to)]
        return Section(prose(said["zero"], to), sentences=why)
    rows = []
    for path in found.paths:
        way, formulas, numbers = _way(path, passes), _formulas(path, passes), _numbers(path, passes)
        if not same(formulas, numbers):
            rows.append([way, formulas, NOTHING])
            way, formulas = NOTHING, _equals(numbers)
        rows.append([way, formulas, _equals(write.number(path.flow))])
    if found.other_count:
        told = said["one more" if found.other_count == 1 else "several more"]
        rows.append([_of_paths(told, found.other_count, passes), NOTHING, _equals(write.number(found.other_flow))])
    heads = words("explain tables", passes.language)
    if found.count > 1:
        rows.append([prose(heads["sum"]), NOTHING, _equals(write.number(found.gradient))])
    if found.other_count or any(path.count > 1 for path in found.paths):
        sentences.append(prose(said["lines"], f"most={10 * most}"))
    title = _of_paths(said["of one" if found.count == 1 else "of several"], found.count, passes, to=to, root=root)
    columns = [prose(heads[name]) for name in ("path", "derivatives", "flow")]
    return Section(title, columns, "lll", rows, sentences)


def _way(path: Path, passes: Passes) -> Term:
    way = joined(_ends([passes.write.name(node) for node in path.nodes], NODES), " → ")
    said = words("explain paths", passes.language)
    return way if path.count == 1 else _of_paths(said["to"], path.count, passes, way=way)


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


def _of_paths(told: str, paths: int, passes: Passes, **named: Term) -> Term:
    """A sentence about so many paths, which are counted up to a limit."""
    if paths >= COUNTED:
        many = words("explain paths", passes.language)["uncounted"].format("10¹⁰⁰")
    else:
        many = count(paths, passes.language) if paths < 10**24 else number(f"{paths:.3g}", passes.language)
    return prose(told, count=many, **named)


# Sentences ------------------------------------------------------------------------------------------


def _lines(formulas: Iterable[Term], passes: Passes) -> list[Term]:
    """The formulas with commas between, in lines."""
    lines: list[list[Term]] = [[]]
    width = 0
    for formula in formulas:
        width += cells(formula.text) + 2
        if width > WIDTH and lines[-1]:
            lines.append([])
            width = cells(formula.text) + 2
        lines[-1].append(formula)
    return [joined(line, between(passes.language)) for line in lines if line]


def _left_out(more: int, passes: Passes, most: int) -> list[Term]:
    """That there is more than the limit of lines allows."""
    if more <= 0:
        return []
    told = words("explain tables", passes.language)["left out"]
    return [prose(told, count=count(more, passes.language), option=f"most={10 * most}")]


def _arrived(step: Backward, passes: Passes) -> Term:
    if not step.arriving:
        nothing = prose(words("explain tables", passes.language)["nothing"])
        return nothing if step.node.operation else passes.write.number(0.0)
    return passes.write.sum([arrival.flow for arrival in step.arriving], step.flow)


def _equals(formula: Term) -> Term:
    return NOTHING if formula == NOTHING else Prefix("= ", formula)
