"""Random functions, compiled and eager: the same numbers.

A function of `recipes` is called as it is and compiled, in the midst of a graph that uses its parameters too. What one
call answers, and all gradients, must agree bit for bit; what `mean`, `sum` and `map` answer, as far as is promised.

As a script it runs so many recipes, and shows the least of those that fail: python tests/test_compile_random.py 1000
"""

import math
import random
import re
import struct
import sys
import time
import warnings
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

import pytest
from helpers import bits
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from recipes import BOOK, EXACT, OWN, RARE, Recipe, World, drawn, filled, may_choose, number, text_of

import autograd
from autograd import Value
from autograd.compiler.program import LINEAR, TAKE
from autograd.compiler.replay import Replay as Reference
from autograd.engines import native

# What a function may raise for some numbers.
REFUSALS = (ArithmeticError, IndexError, ValueError, AttributeError)

# One call, bit for bit ------------------------------------------------------------------------------


class Given:
    """What the arguments of a call are made of, the same for the eager and for the compiled function."""

    def __init__(self, seed: int, surrounding: Value, compiled: bool) -> None:
        self.draw, self.surrounding, self.compiled = random.Random(seed), surrounding, compiled
        self.leaves: list[Any] = []

    def __call__(self, kind: str, x: float) -> Any:
        if kind == "i":
            return x
        if kind == "n":
            # A number is a Value to the eager function: of plain floats, 1/0 and the like raise.
            given = whole(x) if self.draw.randrange(2) else x
            return given if self.compiled else Value(x)
        if self.leaves and self.draw.randrange(6) == 0:
            return self.draw.choice(self.leaves)
        self.leaves.append(Value(x))
        return self.leaves[-1] if self.draw.randrange(3) else self.leaves[-1] + self.surrounding


def whole(x: float) -> float:
    """The same number as an int, if it is one."""
    return int(x) if math.isfinite(x) and x == int(x) and repr(x) != "-0.0" else x


def outcome(world: World, function: Callable[..., Any], seed: int, compiled: bool) -> list[str]:
    """All numbers that a call and two passes give, or the error."""
    recipe, q = world.recipe, world.q
    world.forget()
    make = Given(seed, q, compiled)
    seen: list[str] = []

    def again() -> Any:
        answer = function(*arguments)
        return answer[0] if isinstance(answer, list) else answer

    try:
        arguments = [filled(template, make.draw, recipe.numbers, make) for _, template in recipe.templates]
        answer = function(*arguments)
        outputs = answer if isinstance(answer, list) else [answer]
        # One of them: each output has its own way back, and the flows of two are rounded apart.
        place = seed % len(outputs)
        root = surrounded(recipe.surroundings, outputs[place], world, again)
        seen += [bits(each._data) for each in (*outputs, root)]
        for start in (1.0, make.draw.choice((-2.5, 0.0, 1e-310, math.inf, 3))):
            with told_in(seen, ArithmeticError):
                root.backward(start)
            seen += [bits(each.grad) for each in (*world.captured, q, *make.leaves)]
    except REFUSALS as error:
        seen.append(f"{type(error).__name__}: {error}")
    return seen


@contextmanager
def told_in(seen: list[str], kind: type[Exception]) -> Iterator[None]:
    try:
        yield
    except kind as error:
        seen.append(f"{type(error).__name__}: {error}")


def surrounded(kind: int, output: Any, world: World, again: Callable[[], Any]) -> Any:
    """A root that is computed from an output, and from what the function captures."""
    w0, _, w2 = world.leaves
    if kind == 0:
        return output
    if kind == 1:
        return output * world.q + w0 * output
    if kind == 2:
        return output.tanh() * w2 + world.names["h0"] * w0
    if kind == 3:
        return output * w0 - again() * w2
    return w0 - output * output


def check_calls(recipe: Recipe) -> None:
    """Raise AssertionError where a compiled call differs from an eager one."""
    world = World(recipe)
    compiled = world.compiled()
    for turn, seed in enumerate(recipe.seeds * 2):
        # The derivative of a captured node belongs to the numbers from which that was computed.
        if turn >= len(recipe.seeds) and not any(step.kind == "derivative" for step in recipe.steps):
            world.change(random.Random(seed))
            seed += 1
        eager = outcome(world, world.function, seed, compiled=False)
        replayed = outcome(world, compiled, seed, compiled=True)
        if replayed != eager and "Error" in eager[-1]:  # of a number that is not used, and so not in a program
            if may_choose(text_of(recipe)):
                continue  # another way uses it
            eager = outcome(world, world.written(alive=True), seed, compiled=False)

        assert replayed == eager, f"call {turn}: {differences(replayed, eager)}"


def differences(found: list[str], right: list[str]) -> list[str]:
    if len(found) != len(right):
        return [f"{found[-1]} for {right[-1]}"]
    return [f"place {k}: {told(a)} for {told(b)}" for k, (a, b) in enumerate(zip(found, right, strict=True)) if a != b]


def told(text: str) -> str:
    return repr(struct.unpack(">d", bytes.fromhex(text))[0]) if re.fullmatch("[0-9a-f]{16}", text) else text


# Many examples --------------------------------------------------------------------------------------

AGREES, ROUNDING, REFUSED, SKIPPED = "agrees", "differs by rounding", "refused", "skipped"

# In the text of a function: what many lanes may round in another way.
INEXACT = [f".{name}(" for name in BOOK if name not in EXACT] + ["**", "inner", "softmax", "gradient(", "opaque"]


class Examples:
    """The arguments of a few calls of a function, and the same as columns."""

    def __init__(self, world: World) -> None:
        self.world, recipe = world, world.recipe
        draw = random.Random(recipe.seeds[-1])
        self.how = draw.choice(("mean", "sum"))
        self.templates = [template for _, template in recipe.templates]

        def make(kind: str, x: float) -> Any:
            if kind == "v" and draw.randrange(8) == 0:  # one that is captured, or was given before
                return draw.choice(world.captured + self.given)
            made = x if kind == "i" else Value(x)
            self.given += [made] * (kind == "v")
            return made

        self.given: list[Any] = []
        self.rows = [
            [filled(template, draw, recipe.numbers, make) for template in self.templates]
            for _ in range(recipe.examples)
        ]
        self.columns = [
            [with_numbers(row[k], template) for row in self.rows] for k, template in enumerate(self.templates)
        ]
        pairs = [(thing, template) for row in self.rows for thing, template in zip(row, self.templates, strict=True)]
        self.leaves = [*world.captured, *[x for thing, template in pairs for x in asked(thing, template)]]

    def answers(self, function: Callable[..., Any]) -> tuple[list[Any], list[str]]:
        """The answers of a function to all examples, and the names of the errors."""
        answers, refused = [], []
        for row in self.rows:
            try:
                answers.append(function(*row))
            except REFUSALS as error:
                refused.append(type(error).__name__)
        return answers, refused

    def reduced(self, answers: Sequence[Any]) -> Any:
        return getattr(autograd, self.how)(answers)

    def gradients(self, root: Any) -> list[float]:
        """The gradients of all leaves, one pass."""
        for each in (*self.leaves, *[x for row in self.rows for x in values_in(row)]):
            each.zero_grad()
        root.backward()
        return [each.grad for each in self.leaves]


def with_numbers(thing: Any, template: Any) -> Any:
    """An argument with plain numbers where the template says n."""
    if isinstance(template, str):
        return thing._data if template == "n" else thing
    if isinstance(template, dict):
        return {key: with_numbers(thing[key], template[key]) for key in template}
    return type(template)([with_numbers(a, b) for a, b in zip(thing, template, strict=True)])


def asked(thing: Any, template: Any) -> list[Any]:
    """The Values of an argument for which a template says v."""
    if isinstance(template, str):
        return [thing] if template == "v" else []
    keys = template if isinstance(template, dict) else range(len(template))
    return [x for key in keys for x in asked(thing[key], template[key])]


def values_in(thing: Any) -> list[Any]:
    if isinstance(thing, Value):
        return [thing]
    if isinstance(thing, dict):
        thing = list(thing.values())
    return [x for part in thing for x in values_in(part)] if isinstance(thing, list | tuple) else []


def check_columns(recipe: Recipe) -> str:
    """Raise AssertionError where many examples differ from eager ones by more than is promised; say what was found."""
    world = World(replace(recipe, outputs=1))
    compiled, text = world.compiled(), text_of(world.recipe)
    examples = Examples(world)
    may_refuse = examples.answers(world.function)[1] + ["ArithmeticError"] * ("slope_refusing" in text)
    answers, refused = examples.answers(world.written(alive=True))
    try:
        mapped = compiled.map(*examples.columns)
        reduced = getattr(compiled, examples.how)(*examples.columns)
    except REFUSALS as error:
        if type(error).__name__ in may_refuse + refused:
            return REFUSED
        raise
    if refused and may_choose(text):
        return REFUSED  # of a number that only another way uses

    assert not refused
    assert [*map(bits, compiled.map(*[column * 5 for column in examples.columns]))] == [*map(bits, mapped)] * 5

    root = examples.reduced(answers)
    right = [*[x._data for x in answers], root._data]
    is_same = [*map(bits, (*mapped, reduced._data))] == [*map(bits, right)]

    assert is_same or any(name in text for name in INEXACT), f"{mapped} and {reduced._data} for {right}"
    return SKIPPED if "slope_refusing" in text else compared(examples, root, reduced, mapped, is_same)


def compared(examples: Examples, root: Any, reduced: Any, mapped: list[float], is_same: bool) -> str:
    """How near the gradients of a reduced call are to the eager ones, and its outputs where they are not the same."""
    terms = absolute_terms(root)
    limits = [terms.get(each._birth, 0.0) for each in examples.leaves]
    right, found = examples.gradients(root), examples.gradients(reduced)
    if is_same and all(map(is_near, found, right, limits)):
        return AGREES
    captured = [x._data for x in examples.world.leaves]
    if not is_far_from_the_ends((*terms.values(), *captured, *[x._data for x in examples.leaves])):
        return SKIPPED
    if any(x in examples.world.captured for row in examples.rows for x in values_in(row)):
        return SKIPPED  # because another world has captured others
    if not all(map(math.isfinite, captured)):  # a flow of −0.0 stands for none, which matters beside an inf
        return SKIPPED

    assert is_off_by_rounding(examples, [*mapped, *found], [0.0] * len(mapped) + limits), f"{found} for {right}"
    return ROUNDING


def is_far_from_the_ends(flows: Iterable[float]) -> bool:
    """Whether no flow, nor a part of it, can overflow or underflow."""
    return all(1e-280 < abs(flow) < 1e280 for flow in flows if flow and math.isfinite(flow))


def is_near(found: float, right: float, terms: float) -> bool:
    return bits(found) == bits(right) or found == right or abs(found - right) <= 1e-12 * terms + 1e-300


def absolute_terms(root: Any) -> dict[int, float]:
    """For each node, by its birth, the sum of the absolute values of all that flows to it."""
    flows = {root._birth: 1.0}
    for node in reversed(autograd.topological_order(root)):
        if (arrived := flows.get(node._birth)) is not None:
            for parent, partial in node.local_gradients():
                if partial is not None:
                    flows[parent._birth] = flows.get(parent._birth, 0.0) + abs(arrived * partial)
    return flows


def is_off_by_rounding(examples: Examples, answered: Sequence[float], terms: Sequence[float]) -> bool:
    """Whether the difference is one that functions off by a few units in the last place could make."""
    runs = []
    for seed in range(24):
        world = World(examples.world.recipe, random.Random(seed))
        captured = len(world.captured)
        answers, _ = examples.answers(world.written(alive=True))
        others = Examples.gradients(examples, examples.reduced(answers))[captured:]
        runs.append([*[x._data for x in answers], *[x.grad for x in world.captured], *others])
    for answer, size, *others in zip(answered, terms, *runs, strict=True):
        low, high = min(others), max(others)
        slack = 16 * (high - low) + 1e-12 * size + 1e-290
        if bits(answer) not in map(bits, others) and not low - slack <= answer <= high + slack:
            return False
    return True


def check_threads(recipe: Recipe) -> None:
    """Raise AssertionError where the number of threads changes a bit."""
    recipe = replace(recipe, outputs=1, examples=37)
    world = World(recipe)
    examples = Examples(world)
    columns = [column * 40 for column in examples.columns]
    found = []
    for threads in (1, 2, 5):
        seen: list[str] = []
        compiled = autograd.compile(world.function, threads=threads)
        with told_in(seen, Exception):
            seen += map(bits, compiled.map(*columns))
            reduced = getattr(compiled, examples.how)(*columns)
            seen += map(bits, (reduced._data, *examples.gradients(reduced)))
        found.append(seen)

    assert found[1] == found[0]
    assert found[2] == found[0]


# Both replays ---------------------------------------------------------------------------------------


def check_replays(recipe: Recipe) -> None:
    """Raise AssertionError where the compiled replay of a program differs from the one in Python."""
    draw = random.Random(recipe.seeds[0])
    program = compiled_program(replace(recipe, outputs=1))
    if program is not None and native is not None:
        tried = tried_numbers(program, draw)

        assert answers_of(native.Replay, program, tried) == answers_of(Reference, program, tried)


def compiled_program(recipe: Recipe) -> Any:
    """The program of a recipe's first call; None where it refuses its numbers."""
    world = World(recipe)
    compiled = world.compiled()
    outcome(world, compiled, recipe.seeds[0], compiled=True)
    try:
        return compiled.program
    except RuntimeError:
        return None


def answers_of(kind: Callable[[Any], Any], program: Any, tried: Sequence[Sequence[float]]) -> list[Any]:
    """What a replay makes of a program: the bits of outputs and flows for each of the numbers that are tried."""
    replay, found = kind(program), []
    for numbers in tried:
        seen: list[str] = []
        with told_in(seen, Exception):
            outputs, state = replay.exact(array("d", numbers))
            seen += ["another way"] if outputs is None else map(bits, outputs)
            flows = [] if outputs is None else state.sweep(0, 1.0, [None] * len(numbers))
            seen += [bits(flow or 0.0) for flow in flows]
        found.append(seen)
    return found


def tried_numbers(program: Any, draw: random.Random) -> list[list[float]]:
    """Numbers for most of which the program is the right way."""
    width = len(program.input_names) + len(program.parameter_names)
    replay = Reference(program)
    ways: dict[bool, list[list[float]]] = {True: [], False: []}
    for _ in range(200):
        numbers = [number(draw, draw.choice(("calm", "tied", "wild"))) for _ in range(width)]
        with suppress(*REFUSALS):
            ways[replay.exact(numbers)[0] is not None].append(numbers)
    return ways[True][:16] + ways[False][:16]


# Faults ---------------------------------------------------------------------------------------------


def faulty(program: Any, draw: random.Random) -> Any:
    """The program with one thing changed."""
    kinds = [fault_of_operation, fault_of_operand, fault_of_order, fault_of_output]
    kinds += [fault_of_constant] * bool(program.constants) + [fault_of_guard] * bool(program.guards)
    return replace(program, **draw.choice(kinds)(program, draw))


def fault_of_operation(program: Any, draw: random.Random) -> dict[str, Any]:
    place = draw.randrange(len(program.codes))
    operation = program.operations[program.codes[place]]
    others = [x for x in BOOK.values() if len(x.domain) == len(operation.domain) and x is not operation]
    others = [x for x in others if x.list_count == operation.list_count]
    other = BOOK["sum"] if operation in (LINEAR, TAKE) else draw.choice(others or [BOOK["negate"]])
    codes, operands = program.codes[:], program.operands[:]
    codes[place] = len(program.operations)
    start, end = program.starts[place : place + 2]
    operands[start:end] = array("i", [max(slot, 0) for slot in operands[start:end]])
    return {"operations": (*program.operations, other), "codes": codes, "operands": operands}


def fault_of_operand(program: Any, draw: random.Random) -> dict[str, Any]:
    place = draw.randrange(len(program.codes))
    operands = program.operands[:]
    chosen = draw.randrange(program.starts[place], program.starts[place + 1])
    operands[chosen] = other_than(operands[chosen], program.first + place, draw)
    return {"operands": operands}


def fault_of_order(program: Any, draw: random.Random) -> dict[str, Any]:
    place = draw.randrange(len(program.codes))
    operands = program.operands[:]
    a, b = (draw.randrange(program.starts[place], program.starts[place + 1]) for _ in range(2))
    operands[a], operands[b] = operands[b], operands[a]
    return {"operands": operands}


def fault_of_output(program: Any, draw: random.Random) -> dict[str, Any]:
    return {"outputs": array("i", [other_than(program.outputs[0], program.slots, draw)])}


def fault_of_constant(program: Any, draw: random.Random) -> dict[str, Any]:
    constants = program.constants[:]
    place = draw.randrange(len(constants))
    constants[place] = draw.choice((constants[place] + 1.0, -3.0 * constants[place] - 0.1))
    return {"constants": constants}


def fault_of_guard(program: Any, draw: random.Random) -> dict[str, Any]:
    guards = program.guards[:]
    guard, part = 4 * draw.randrange(len(guards) // 4), draw.randrange(4)
    limit = (6, program.slots, program.slots, 2)[part]
    guards[guard + part] = other_than(guards[guard + part], limit, draw)
    return {"guards": guards}


def other_than(number: int, limit: int, draw: random.Random) -> int:
    return (number + draw.randrange(1, limit)) % limit if limit > 1 else number


def trace(program: Any, tried: Sequence[Sequence[float]]) -> list[Any]:
    """All that a program computes on both ways: each slot, each flow, what the comparisons come to."""
    found: list[Any] = []
    for numbers in tried:
        replay = Reference(program)
        held: list[bool] = []
        holds = replay.holds
        replay.holds = lambda slots, holds=holds, held=held: not held.append(holds(slots))  # type: ignore
        try:
            state: Any = replay.exact(numbers)[1]
        except REFUSALS as error:
            found.append(str(error))
            continue
        replay.given = program.slots  # so that a sweep answers the flows of all slots
        flows = state.sweep(0, 1.0, [None] * program.slots)
        found.append([[*map(bits, state.slots)], [x and bits(x) for x in flows], held])
    return found


def put_in(recipe: Recipe, draw: random.Random, kind: Callable[[Any], Any]) -> str:
    """Put a fault into the program of a recipe, and say whether it is seen."""
    program = compiled_program(recipe)
    if program is None or not program.codes:
        return "no program"
    tried = tried_numbers(program, draw)
    changed = faulty(program, draw)
    try:
        if answers_of(kind, changed, tried) != answers_of(kind, program, tried):
            return "seen"
        return "nothing changed" if trace(changed, tried) == trace(program, tried) else "overlooked"
    except (TypeError, ValueError):  # a list of another length, a chain with a hole
        return "no program"


# What hides the number that it is given, so that no comparison of answers can see it.
HIDING = ("sign", "floor", "ceil", "round", "floor_divide", "nothing", "constants", "detach", "where", "clamp", "erf")


# Tests ----------------------------------------------------------------------------------------------

RECIPES = st.randoms(use_true_random=False).map(drawn)
searching = settings(suppress_health_check=list(HealthCheck))


@searching
@given(RECIPES)
def test_a_compiled_call_gives_the_bits_of_the_eager_one(recipe: Recipe) -> None:
    """Seen to fail with guards ignored, with the terms of a sum added from right to left, with flows that had arrived
    before added afterwards, and with 0 for BLOCKED."""
    check_calls(recipe)


@searching
@given(RECIPES)
def test_many_examples_give_what_is_promised(recipe: Recipe) -> None:
    """Seen to fail with the same, except that the order in which flows are added is not promised here."""
    check_columns(recipe)


@settings(searching, max_examples=max(10, settings.default.max_examples // 10))
@given(RECIPES)
def test_any_number_of_threads_gives_the_same_bits(recipe: Recipe) -> None:
    check_threads(recipe)


@searching
@given(RECIPES)
def test_both_replays_give_the_same_bits(recipe: Recipe) -> None:
    check_replays(recipe)


REPLAYS = {"reference": Reference} if native is None else {"reference": Reference, "compiled": native.Replay}


@pytest.mark.parametrize("kind", REPLAYS)
def test_a_fault_put_into_an_instruction_is_seen(kind: str) -> None:
    """Of those that change any number at all: not b + a for a + b, nor a guard that no number meets."""
    counted: Counter[str] = Counter()
    for seed in range(min(2000, settings.default.max_examples * 4)):
        draw = random.Random(seed)
        recipe = drawn(draw)
        steps = tuple(step for step in recipe.steps if step.kind not in (*HIDING, *OWN, *RARE))
        if steps:
            counted[put_in(replace(recipe, steps=steps, outputs=1), draw, REPLAYS[kind])] += 1

    assert counted["seen"] >= 0.95 * (counted["seen"] + counted["overlooked"])
    assert counted["seen"] >= 0.5 * counted.total()


# As a script ----------------------------------------------------------------------------------------


def smaller(recipe: Recipe) -> Iterator[Recipe]:
    """Recipes with less in them."""
    steps = recipe.steps
    yield replace(recipe, steps=steps[len(steps) // 2 :])
    for k in range(len(steps)):
        yield replace(recipe, steps=steps[:k] + steps[k + 1 :])
    for k in range(len(recipe.seeds) if len(recipe.seeds) > 1 else 0):
        yield replace(recipe, seeds=recipe.seeds[:k] + recipe.seeds[k + 1 :])
    for k in range(len(recipe.templates) if len(recipe.templates) > 1 else 0):
        yield replace(recipe, templates=recipe.templates[:k] + recipe.templates[k + 1 :])
    yield replace(recipe, surroundings=0)
    yield replace(recipe, outputs=1)
    yield replace(recipe, numbers="calm")
    for fewer in range(1, recipe.examples):
        yield replace(recipe, examples=fewer)
    for k, step in enumerate(steps):
        for place, back in enumerate(step.places):
            if back:
                nearer = replace(step, places=(*step.places[:place], 0, *step.places[place + 1 :]))
                yield replace(recipe, steps=(*steps[:k], nearer, *steps[k + 1 :]))


def least(recipe: Recipe, check: Callable[[Recipe], Any]) -> Recipe:
    """The recipe without what it does not need to fail."""
    while True:
        found = next((each for each in smaller(recipe) if each != recipe and failure(each, check)), None)
        if found is None:
            return recipe
        recipe = found


def failure(recipe: Recipe, check: Callable[[Recipe], Any]) -> str:
    """What is wrong with a recipe; "" for nothing."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            check(recipe)
    except Exception as error:
        return f"{type(error).__name__}: {error}"[:600]
    return ""


def main(count: int, first: int = 0) -> None:
    began, failed, found = time.monotonic(), Counter[str](), Counter[str]()

    def columns(recipe: Recipe) -> None:
        found[check_columns(recipe)] += 1

    for seed in range(first, first + count):
        recipe = drawn(random.Random(seed))
        for check in (check_calls, columns, check_replays):
            if what := failure(recipe, check):
                failed[f"{check.__name__}: {re.sub('[0-9.e+-]+', '#', what)[:60]}"] += 1
                if failed.total() <= 5:
                    shown = least(recipe, check)
                    print(f"--- {seed} {check.__name__}: {failure(shown, check)}", shown, text_of(shown), sep="\n")
    seconds = time.monotonic() - began
    print(f"{count} recipes from {first} in {seconds:.0f} s: {failed.total()} failures; many examples: {dict(found)}")
    for family, many in failed.most_common():
        print(f"{many:6d} {family}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
