"""Ways of computing: each is in force while its block runs, and nowhere else."""

import asyncio
import contextlib
import contextvars
import copy
import gc
import inspect
import itertools
import math
import pickle
import subprocess
import sys
import threading
import weakref
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

import autograd
from autograd import OPERATIONS, Value, detect_anomaly, gradient, nn, no_grad, optim, scope, topological_order
from autograd.groups import groups_of

x = Value(3.0, "x")


def is_recording() -> bool:
    return (x * 2).operation is not None


def raises() -> bool:
    """Whether inf and nan are told."""
    try:
        Value(0.0).log()
    except FloatingPointError:
        return True
    return False


def path() -> tuple[str, ...]:
    made = Value(1.0)
    return made.scope.path if made.scope else ()


def expands() -> bool:
    """Whether a neuron is more than one node; counted, for under `no_grad` none of them is known."""
    neuron = nn.Neuron(1, "identity", seed=0)
    before = Value(0.0)
    neuron([1.0])
    return Value(0.0)._birth - before._birth > 2


# Each way, with what tells whether it is in force, and what that answers within it and outside.
WAYS: dict[str, tuple[Callable[[], Any], Callable[[], Any], Any, Any]] = {
    "no_grad": (no_grad, is_recording, False, True),
    "detect_anomaly": (detect_anomaly, raises, True, False),
    "scope": (lambda: scope("part"), path, ("part",), ()),
    "expanded": (nn.expanded, expands, True, False),
}
ways = pytest.mark.parametrize("name", list(WAYS))


@pytest.fixture(autouse=True)
def _nothing_is_left_open() -> Iterator[None]:
    yield

    assert [observe() for _, observe, _, _ in WAYS.values()] == [outside for _, _, _, outside in WAYS.values()]


# Generators ---------------------------------------------------------------------------------------


def looking(name: str, times: int = 3) -> Iterator[Any]:
    """What is in force in a generator's block, again and again."""
    way, observe, _, _ = WAYS[name]
    with way():
        for _ in range(times):
            yield observe()


@ways
def test_a_paused_generator_changes_nothing_for_its_consumer(name: str) -> None:
    """Seen to fail with a mode that only its block's end takes back."""
    _, observe, within, outside = WAYS[name]
    seen = [(inner, observe()) for inner in looking(name)]

    assert seen == [(within, outside)] * 3


@ways
def test_generators_that_are_zipped_end_in_any_order(name: str) -> None:
    """Seen to fail with modes that restore what was before them."""
    _, observe, within, outside = WAYS[name]
    seen = [(*inner, observe()) for inner in zip(looking(name, 3), looking(name, 2), looking(name, 4), strict=False)]

    assert seen == [(within, within, within, outside)] * 2
    assert observe() == outside


@ways
@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_generators_are_closed_in_any_order(name: str, order: tuple[int, ...]) -> None:
    _, observe, within, outside = WAYS[name]
    generators = [looking(name) for _ in range(3)]
    seen = [(next(generator), observe()) for generator in generators]
    for place in order:
        generators[place].close()  # type: ignore[attr-defined]
        seen += [(next(generators[other], within), observe()) for other in range(3)]

    assert seen == [(within, outside)] * 12


@ways
def test_a_generator_that_is_left_half_way_is_forgotten(name: str) -> None:
    _, observe, within, outside = WAYS[name]
    generator: Iterator[Any] | None = looking(name)
    first = next(generator)  # type: ignore[arg-type]
    paused = observe()
    generator = None

    assert (first, paused, observe()) == (within, outside, outside)


@ways
def test_a_generator_may_be_closed_in_another_thread(name: str) -> None:
    _, observe, within, outside = WAYS[name]
    generator = looking(name)
    first = next(generator)
    with scope("around"):
        in_thread(generator.close)  # type: ignore[attr-defined]
        around = path()
        with no_grad():
            recording = is_recording()

    assert (first, observe(), around, recording) == (within, outside, ("around",), False)


@ways
def test_a_generator_may_be_closed_in_another_context(name: str) -> None:
    _, observe, within, outside = WAYS[name]
    generator = looking(name)
    first = next(generator)
    contextvars.Context().run(generator.close)  # type: ignore[attr-defined]

    assert (first, observe()) == (within, outside)


@ways
def test_a_generator_that_goes_on_within_a_block_is_in_its_own_mode(name: str) -> None:
    """Its block was entered before the one that it goes on in. Seen to fail with what was entered last as the inner."""
    _, _, within, _ = WAYS[name]
    generator = looking(name)
    next(generator)
    with scope("consumer"), nn.expanded():
        again, consumer = next(generator), path()
    list(generator)

    assert again == within
    assert consumer == ("consumer",)


def test_generators_within_generators_are_each_in_their_own_mode() -> None:
    def inner() -> Iterator[Any]:
        with scope("inner"):
            while True:
                yield path()

    def outer() -> Iterator[Any]:
        parts = inner()
        with no_grad():
            for part in parts:
                yield part, path(), is_recording()

    seen = [(made, path(), is_recording()) for made in itertools.islice(outer(), 3)]

    assert seen == [((("inner",), (), False), (), True)] * 3


def test_a_generator_that_delegates_is_running_all_the_while() -> None:
    def outer() -> Iterator[Any]:
        with no_grad():
            yield from looking("scope")

    def counted() -> Iterator[Any]:
        for made in outer():
            yield made, is_recording()

    assert list(counted()) == [(("part",), True)] * 3


def test_what_a_generator_calls_is_in_its_mode() -> None:
    def lines() -> Iterator[Any]:
        with no_grad(), scope("data"):
            yield nn.Neuron(1, seed=0)([1.0]).scope.path, is_recording()
            with detect_anomaly():
                yield raises(), is_recording()

    seen = [(made, raises(), is_recording(), path()) for made in lines()]

    assert seen == [((("data", "Neuron"), False), False, True, ()), ((True, False), False, True, ())]


@ways
def test_a_block_of_a_generator_that_is_thrown_into_ends(name: str) -> None:
    _, observe, within, outside = WAYS[name]
    generator = looking(name)
    first = next(generator)
    with pytest.raises(ZeroDivisionError):
        generator.throw(ZeroDivisionError)  # type: ignore[attr-defined]

    assert (first, observe()) == (within, outside)


@ways
def test_many_generators_that_are_left_half_way_leave_nothing_behind(name: str) -> None:
    """Seen to fail with blocks that stay in the list of the open ones: 1,000 of them."""
    for _ in range(1_000):
        next(looking(name))

    assert len(autograd.modes.MODE.get().blocks()) <= 1


# Context managers made of others ------------------------------------------------------------------


@ways
def test_a_context_manager_made_of_a_generator_is_in_force_in_its_block(name: str) -> None:
    """Seen to fail where the block is taken for that of the generator."""
    way, observe, within, outside = WAYS[name]

    @contextlib.contextmanager
    def prepared() -> Iterator[None]:
        with way():
            yield

    @prepared()
    def decorated() -> Any:
        return observe()

    def generator() -> Iterator[Any]:
        with prepared():
            yield observe()

    with prepared():
        in_block = observe()
    paused = [(inner, observe()) for inner in generator()]

    assert (in_block, decorated(), paused, observe()) == (within, within, [(within, outside)], outside)


@ways
def test_an_exit_stack_is_in_force_in_its_block(name: str) -> None:
    way, observe, within, outside = WAYS[name]

    def generator() -> Iterator[Any]:
        with contextlib.ExitStack() as stack:
            stack.enter_context(way())
            yield observe()

    with contextlib.ExitStack() as stack:
        stack.enter_context(way())
        in_block = observe()
    paused = [(inner, observe()) for inner in generator()]

    assert (in_block, paused, observe()) == (within, [(within, outside)], outside)


@ways
def test_a_class_that_enters_a_block_for_others(name: str) -> None:
    way, observe, within, outside = WAYS[name]

    class Prepared:
        def __enter__(self) -> None:
            self.way = way()
            self.way.__enter__()

        def __exit__(self, *error: object) -> None:
            self.way.__exit__(*error)

    def generator() -> Iterator[Any]:
        with Prepared():
            yield observe()

    with Prepared():
        in_block = observe()
    paused = [(inner, observe()) for inner in generator()]

    assert (in_block, paused, observe()) == (within, [(within, outside)], outside)


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_blocks_end_in_any_order(order: tuple[int, ...]) -> None:
    blocks = [way() for way, _, _, _ in WAYS.values()]
    for block in blocks:
        block.__enter__()
    for place in order:
        blocks[place].__exit__(None, None, None)
        for (_, observe, within, outside), other in zip(WAYS.values(), range(4), strict=True):
            ended = other in order[: order.index(place) + 1]

            assert observe() == (outside if ended else within)


@ways
def test_a_block_may_end_in_another_thread(name: str) -> None:
    way, observe, within, outside = WAYS[name]
    block = way()
    block.__enter__()
    with scope("inside"):
        before = observe()
        in_thread(lambda: block.__exit__(None, None, None))
        inside = path()
        after = observe()

    assert before == (("part", "inside") if name == "scope" else within)
    assert after == (inside if name == "scope" else outside)
    assert observe() == outside


# One instance again and again ---------------------------------------------------------------------


@ways
def test_an_instance_is_entered_again_and_inside_itself(name: str) -> None:
    """Seen to fail with a token in the instance."""
    way, observe, within, outside = WAYS[name]
    instance = way()
    seen = []
    with instance:
        with instance:
            pass
        seen.append(observe()[:1] if name == "scope" else observe())
    seen.append(observe())
    with instance:
        seen.append(observe())

    assert seen == [within, outside, within]


@ways
def test_an_instance_is_shared_by_generators(name: str) -> None:
    way, observe, within, outside = WAYS[name]
    instance = way()

    def generator(times: int) -> Iterator[Any]:
        with instance:
            for _ in range(times):
                yield observe()

    seen = [(*inner, observe()) for inner in zip(generator(3), generator(2), strict=False)]

    assert seen == [(within, within, outside)] * 2


@ways
def test_an_instance_is_shared_by_threads(name: str) -> None:
    """The thread that enters first leaves first."""
    way, observe, within, outside = WAYS[name]
    instance = way()
    seen = []
    instance.__enter__()
    thread = threading.Thread(target=lambda: [work(), done.set()])
    entered, left, done = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        with instance:
            entered.set()
            left.wait()
            seen.append(observe())
        seen.append(observe())

    thread.start()
    entered.wait()
    seen.append(observe())
    instance.__exit__(None, None, None)
    seen.append(observe())
    left.set()
    thread.join()

    assert seen == [within, outside, within, outside]


def test_a_recursive_function_enters_one_instance() -> None:
    instance = no_grad()

    def depth(n: int) -> list[bool]:
        with instance:
            below = depth(n - 1) if n else []
            return [*below, is_recording()]

    assert depth(50) == [False] * 51
    assert is_recording()


def test_to_end_what_was_not_entered_raises() -> None:
    with pytest.raises(RuntimeError, match="without having been entered"):
        no_grad().__exit__(None, None, None)


# Decorators ---------------------------------------------------------------------------------------


@ways
def test_a_function_is_decorated(name: str) -> None:
    way, observe, within, outside = WAYS[name]

    @way()
    def look(first: int, *, second: int = 2) -> Any:
        """What is in force."""
        return first, second, observe()

    assert (look(1, second=3), look(1)) == ((1, 3, within), (1, 2, within))
    assert (look.__name__, look.__doc__) == ("look", "What is in force.")
    assert observe() == outside


@ways
def test_methods_are_decorated(name: str) -> None:
    way, observe, within, _ = WAYS[name]

    class Thing:
        @way()
        def method(self) -> Any:
            return type(self), observe()

        @way()
        @classmethod
        def above(cls) -> Any:
            return cls, observe()

        @classmethod
        @way()
        def below(cls) -> Any:
            return cls, observe()

        @way()
        @staticmethod
        def static() -> Any:
            return Thing, observe()

        @way()
        def generator(self) -> Iterator[Any]:
            yield type(self), observe()

        def __call__(self) -> Iterator[Any]:
            yield type(self), observe()

    thing = Thing()
    seen = [thing.method(), thing.above(), Thing.below(), thing.static(), *thing.generator(), *way()(thing)()]

    assert seen == [(Thing, within)] * 6


@ways
def test_a_generator_function_is_decorated(name: str) -> None:
    """Seen to fail with `contextlib.contextmanager`, which decorates the call alone."""
    way, observe, within, outside = WAYS[name]

    @way()
    def looks() -> Iterator[Any]:
        try:
            sent = yield observe()
            while True:
                sent = yield sent, observe()
        except ZeroDivisionError:
            yield "thrown", observe()
        return "answer"

    generator: Any = looks()
    seen = [next(generator), observe(), generator.send(1), generator.throw(ZeroDivisionError), observe()]
    with pytest.raises(StopIteration) as stopped:
        next(generator)

    assert inspect.isgeneratorfunction(looks)
    assert seen == [within, outside, (1, within), ("thrown", within), outside]
    assert stopped.value.value == "answer"


@ways
def test_a_generator_that_is_decorated_is_closed(name: str) -> None:
    way, observe, within, outside = WAYS[name]
    seen = []

    @way()
    def looks() -> Iterator[Any]:
        try:
            yield observe()
        finally:
            seen.append(observe())

    for place, inner in enumerate(zip(looks(), looks(), strict=True)):
        seen += [place, *inner, observe()]
        break

    gc.collect()

    assert seen == [0, within, within, outside, within, within]


@ways
def test_a_coroutine_function_is_decorated(name: str) -> None:
    way, observe, within, outside = WAYS[name]

    @way()
    async def look() -> list[Any]:
        before = observe()
        await asyncio.sleep(0)
        return [before, observe()]

    async def other() -> list[Any]:
        before = observe()
        await asyncio.sleep(0)
        return [before, observe()]

    async def main() -> list[Any]:
        return [*await asyncio.gather(look(), other(), look()), await look(), observe()]

    assert inspect.iscoroutinefunction(look)
    assert asyncio.run(main()) == [[within] * 2, [outside] * 2, [within] * 2, [within] * 2, outside]


@ways
def test_an_asynchronous_generator_function_is_decorated(name: str) -> None:
    way, observe, within, outside = WAYS[name]
    closed = []

    @way()
    async def looks() -> AsyncIterator[Any]:
        try:
            sent = yield observe()
            await asyncio.sleep(0)
            yield sent, observe()
        except ZeroDivisionError:
            yield "thrown", observe()
        finally:
            await asyncio.sleep(0)
            closed.append(observe())

    async def main() -> list[Any]:
        seen = [(inner, observe()) async for inner in looks()]
        sent: Any = looks()
        seen += [(await anext(sent), observe()), (await sent.asend(1), observe())]
        thrown: Any = looks()
        seen += [(await anext(thrown), observe()), (await thrown.athrow(ZeroDivisionError), observe())]
        left: Any = looks()
        seen += [(await anext(left), observe())]
        for generator in (sent, thrown, left):
            await generator.aclose()
        return [*seen, observe()]

    assert inspect.isasyncgenfunction(looks)
    assert asyncio.run(main()) == [
        (within, outside),
        ((None, within), outside),
        (within, outside),
        ((1, within), outside),
        (within, outside),
        (("thrown", within), outside),
        (within, outside),
        outside,
    ]
    assert closed == [within] * 4


def test_a_decorated_function_calls_itself() -> None:
    @no_grad()
    def depth(n: int) -> list[bool]:
        return [*(depth(n - 1) if n else []), is_recording()]

    assert depth(20) == [False] * 21


def test_what_cannot_be_decorated_is_told() -> None:
    with pytest.raises(TypeError, match="no_grad is a decorator of functions and methods, not of 3"):
        no_grad()(3)  # type: ignore[type-var]
    with pytest.raises(TypeError, match="decorator of functions and methods, not of <class"):
        no_grad()(nn.Neuron)


# Tasks --------------------------------------------------------------------------------------------


async def looking_on(name: str) -> AsyncIterator[Any]:
    way, observe, _, _ = WAYS[name]
    with way():
        while True:
            await asyncio.sleep(0)
            yield observe()


@ways
def test_an_asynchronous_generator_that_is_left_closes_quietly(name: str) -> None:
    """In another context, that of the event loop. Seen to fail with a token that is given back."""
    _, observe, within, outside = WAYS[name]
    complaints = []

    async def main() -> list[Any]:
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: complaints.append(context))
        seen = []
        for _ in range(3):
            async for inner in looking_on(name):
                seen.append((inner, observe()))
                break
            await asyncio.sleep(0.01)
            seen.append(observe())
        with scope("still"):
            seen.append(path())
        return seen

    assert asyncio.run(main()) == [(within, outside), outside] * 3 + [("still",)]
    assert complaints == []


@ways
def test_asynchronous_generators_that_are_left_leave_nothing_behind(name: str) -> None:
    async def main() -> int:
        for _ in range(100):
            async for _ in looking_on(name):
                break
            await asyncio.sleep(0)
        return len(autograd.modes.MODE.get().blocks())

    assert asyncio.run(main()) <= 2


@ways
def test_a_task_that_is_begun_by_a_consumer_computes_as_before(name: str) -> None:
    _, observe, _, outside = WAYS[name]

    async def work() -> list[Any]:
        seen = []
        for _ in range(5):
            seen.append(observe())
            await asyncio.sleep(0)
        return seen

    async def main() -> list[Any]:
        tasks = []
        async for _ in looking_on(name):
            tasks.append(asyncio.create_task(work()))
            if len(tasks) == 3:
                break
        return await asyncio.gather(*tasks)

    assert asyncio.run(main()) == [[outside] * 5] * 3


@ways
def test_tasks_that_are_begun_in_a_block_of_a_coroutine_are_in_it(name: str) -> None:
    way, observe, within, outside = WAYS[name]

    async def work() -> Any:
        await asyncio.sleep(0)
        return observe()

    async def main() -> list[Any]:
        with way():
            seen = await asyncio.gather(work(), work())
            thread = await asyncio.to_thread(observe)
        return [*seen, thread, observe()]

    assert asyncio.run(main()) == [within, within, within, outside]


def test_an_asynchronous_exit_stack_is_in_force_in_its_block() -> None:
    @contextlib.asynccontextmanager
    async def prepared() -> AsyncIterator[None]:
        with no_grad():
            yield

    async def generator() -> AsyncIterator[Any]:
        async with contextlib.AsyncExitStack() as stack:
            await stack.enter_async_context(prepared())
            yield is_recording()

    async def main() -> list[Any]:
        async with prepared():
            within = is_recording()
        return [within, *[(inner, is_recording()) async for inner in generator()], is_recording()]

    assert asyncio.run(main()) == [False, (False, True), True]


# What was computed under no_grad -------------------------------------------------------------------

COMPUTED = {
    "one operand": lambda: x.exp(),
    "two operands": lambda: x * 2,
    "a list": lambda: autograd.sum([x, x, x]),
    "a constant on the left": lambda: 1 / x,
    "an operation of the program": lambda: twice(x),
    "a model": lambda: nn.MLP(1, [2, 1], seed=0)([x]),
    "a derivative": lambda: gradient(recorded, x),
    "softmax": lambda: autograd.softmax([x, x])[0],
}
recorded = x * x * x


@autograd.operation("twice(x)", "2")
def twice(x: Any) -> Any:
    return 2 * x, lambda: (2.0,)


del OPERATIONS["twice"]


@pytest.mark.parametrize("compute", COMPUTED.values(), ids=COMPUTED)
@pytest.mark.parametrize("other", [contextlib.nullcontext, detect_anomaly])
def test_to_go_back_from_what_has_no_past_raises(compute: Callable[[], Value], other: Callable[[], Any]) -> None:
    """Seen to fail with a pass that gives the result its own gradient, and learns nothing."""
    with no_grad(), other():
        y = compute()
    x.zero_grad()
    for action in (y.backward, lambda: y.backward(2.0), lambda: y.backward(0.0), lambda: gradient(y, x)):
        with pytest.raises(RuntimeError, match=r"computed under no_grad\(\).*outside of no_grad\(\).*detach\(\)"):
            action()

    assert (y.has_grad, x.has_grad) == (False, False)


def test_what_has_no_past_is_a_leaf_otherwise() -> None:
    """Also in a pass from what is computed with it later, as with parameters that are made under no_grad."""
    with no_grad():
        y = x * 2
    y.label = "y"
    (y * y).backward()
    copied = copy.copy(y)
    copied.backward()

    assert (y.operation, y.operands, y.numbers, y.parents, y.local_gradients()) == (None, (), (), (), [])
    assert repr(y) == "Value(data=6.0, grad=12.0, label='y')"
    assert topological_order(y) == [y]
    assert [repr(slope) for slope in gradient(y, [y])] == ["Value(data=1.0, grad=0.0)"]
    assert pickle.loads(pickle.dumps(y)).grad == 12.0
    assert copied.grad == 13.0
    assert len(autograd.draw(y).svg) > 0
    y.data = 1.0
    assert y.data == 1.0


def test_leaves_that_were_made_have_a_gradient_of_their_own() -> None:
    with no_grad():
        made, detached = Value(2.0), recorded.detach()
    away = (x * 2).detach()
    with no_grad():
        away_from_leaf = (x * 2).detach()
    for leaf in (made, detached, away, away_from_leaf):
        leaf.backward(3.0)

    assert [leaf.grad for leaf in (made, detached, away, away_from_leaf)] == [3.0] * 4


def test_a_pass_within_no_grad_is_a_pass() -> None:
    leaf = Value(2.0)
    y = leaf * leaf
    with no_grad():
        y.backward()

    assert leaf.grad == 4.0


def test_a_value_that_is_made_again_has_a_gradient_again() -> None:
    with no_grad():
        y = x * 2
    y.__init__(1.0)  # type: ignore[misc]
    y.backward()

    assert y.grad == 1.0


# Where inf and nan are born -----------------------------------------------------------------------

INF, NAN = math.inf, math.nan


@pytest.mark.parametrize("recording", [True, False])
@pytest.mark.parametrize(
    ("compute", "told"),
    [
        (lambda: Value(0.0).log(), "log(0) is -inf"),
        (lambda: Value(0.0, "x").log(), "log(x) is -inf, with x = 0.0"),
        (lambda: Value(-1.0).log(), "log(−1) is nan"),
        (lambda: 1 / Value(0.0), "1/0 is inf"),
        (lambda: Value(2.0) / 0, "2 / 0 is inf"),
        (lambda: Value(1 / 3) / 0, "0.3333 / 0 is inf, with 0.3333 = 0.3333333333333333"),
        (lambda: Value(1e308, "x") * 10, "x × 10 is inf, with x = 1e+308"),
        (lambda: Value(710.0).exp(), "exp(710) is inf"),
        (lambda: Value(-INF, "m") - Value(-INF, "n"), "m − n is nan, with m = -inf, n = -inf"),
        (lambda: Value(INF, "x") * 0, "x × 0 is nan, with x = inf"),
        (lambda: x * NAN, "x × nan is nan, with x = 3.0"),
        (lambda: outside + 1, "outside + 1 is nan, with outside = nan"),
        (lambda: Value(NAN, "x"), "x is nan"),
        (lambda: Value(NAN), "a leaf is nan"),
    ],
)
def test_an_anomaly_is_told_where_it_is_born(compute: Callable[[], Value], told: str, recording: bool) -> None:
    """Seen to fail with "log(0) is -inf, with 0 = 0.0"."""
    with contextlib.nullcontext() if recording else no_grad(), pytest.raises(FloatingPointError) as caught:
        detect_anomaly()(compute)()

    message, _, place = str(caught.value).partition("; made at ")
    assert message == told
    assert place.startswith(__file__)


outside, infinite = Value(NAN, "outside"), Value(INF)

MASKED: dict[str, Callable[[], Value]] = {
    "a mask": lambda: x + Value(-INF),
    "a constant": lambda: x + -INF,
    "a softmax with a mask": lambda: autograd.softmax([x, x + Value(-INF)])[1],
    "what a mask leads to": lambda: (x + Value(-INF)).exp() * 2,
    "a quotient by inf": lambda: x / Value(INF),
    "the larger one": lambda: autograd.maximum(x, Value(-INF)),
    "a branch that is not chosen": lambda: autograd.where(False, Value(INF), x),
    "an inf in both branches": lambda: autograd.where(False, infinite, infinite),
    "an inf that is chosen": lambda: autograd.where(True, Value(INF), x),
    "one that stays inf": lambda: Value(INF) * x + 1e308,
}


@pytest.mark.parametrize("compute", MASKED.values(), ids=MASKED)
@pytest.mark.parametrize("recording", [True, False])
def test_an_inf_that_was_put_in_is_no_anomaly(compute: Callable[[], Value], recording: bool) -> None:
    """Seen to fail with every inf told."""
    with contextlib.nullcontext() if recording else no_grad():
        expected = compute().data
        with detect_anomaly():
            y = compute()

    assert y.data == expected
    assert (y.operation is not None) == recording


def test_masked_attention_is_differentiated_under_detect_anomaly() -> None:
    scores = [Value(1.0), Value(2.0), Value(5.0)]
    with detect_anomaly():
        masked = [score + mask for score, mask in zip(scores, [0.0, Value(0.0), Value(-INF, "mask")], strict=True)]
        autograd.softmax(masked)[0].backward()
    share = 1 / (1 + math.e)

    assert [score.grad for score in scores] == pytest.approx(
        [share * (1 - share), -share * (1 - share), 0.0], abs=1e-15
    )


REACHES_NOTHING: dict[str, Callable[[Value], Value]] = {
    "a dead branch": lambda zero: autograd.where(zero > 0, zero.log(), zero + 1),
    "a dead branch of many": lambda zero: autograd.where(False, (1 / zero) * 2 - (1 / zero), zero),
    "a finite result through inf": lambda zero: zero + 1 / (1 / zero).detach(),
    "the larger one": lambda zero: autograd.maximum(zero + 1, zero.log()),
    "something that is not used": lambda zero: [zero.log(), zero * 2][1],
}


@pytest.mark.parametrize("compute", REACHES_NOTHING.values(), ids=REACHES_NOTHING)
def test_only_what_reaches_the_root_and_the_leaves_is_told_on_request(compute: Callable[[Value], Value]) -> None:
    zero, other = Value(0.0), Value(0.0)
    with detect_anomaly(), pytest.raises(FloatingPointError):
        compute(zero)
    compute(other).backward()
    with detect_anomaly(forward=False):
        compute(zero).backward()
        slope = gradient(compute(zero), zero)

    assert math.isfinite(zero.grad)
    assert zero.grad == other.grad == slope.data


@pytest.mark.parametrize(
    ("compute", "told"),
    [
        (lambda x: x.log() * 2, "log(x) × 2 is -inf, because log(x) is -inf, with x = 0.0"),
        (lambda x: x.log(), "log(x) is -inf, with x = 0.0"),
        (lambda x: -(x.log() * 2), "−(log(x) × 2) is inf, because log(x) is -inf, with x = 0.0"),
        (lambda x: (x - 1).log() + 1, "log(x − 1) + 1 is nan, because log(x − 1) is nan, with x − 1 = -1.0"),
        (lambda x: x + Value(INF, "far"), "x + far is inf, with far = inf, x = 0.0"),
        (lambda x: Value(INF, "far") * 2 + x, "far × 2 + x is inf, because far × 2 is inf, with far = inf"),
        (lambda x: x + INF, "x + inf is inf, with x = 0.0"),
        (lambda x: (1 / x) - (1 / x), "1/x − 1/x is nan, with 1/x = inf, 1/x = inf"),
        (
            lambda x: x.sqrt(),
            "the gradient that √x passes to x is inf: 1.0 arrived, the local gradient is inf, with x = 0.0",
        ),
        (
            lambda x: 1 / (1 / x),
            "the gradient that 1/x passes to x is nan: -0.0 arrived, the local gradient is -inf, with x = 0.0",
        ),
    ],
)
def test_what_reaches_the_root_or_a_leaf_is_told_with_where_it_began(
    compute: Callable[[Value], Value], told: str
) -> None:
    zero = Value(0.0, "x")
    with pytest.raises(FloatingPointError) as caught, detect_anomaly(forward=False):
        compute(zero).backward()

    message, _, place = str(caught.value).partition("; made at ")
    assert message == told
    assert place.startswith(__file__)
    assert not zero.has_grad


def test_a_flow_that_reaches_no_leaf_is_not_the_one_that_is_told() -> None:
    dead, alive = Value(0.0, "dead"), Value(0.0, "alive")
    with detect_anomaly(forward=False):
        y = (dead - 1).relu().sqrt() + alive.sqrt()
        with pytest.raises(FloatingPointError, match=r"^the gradient that √alive passes to alive is inf"):
            y.backward()
        (dead - 1).relu().sqrt().backward()

    assert dead.grad == 0.0


def test_derivatives_that_are_asked_for_are_looked_at() -> None:
    zero = Value(0.0, "x")
    with detect_anomaly(forward=False), pytest.raises(FloatingPointError, match="is inf"):
        gradient(zero.sqrt(), zero)


def test_the_inner_block_decides_what_is_looked_at() -> None:
    with detect_anomaly(forward=False):
        Value(0.0).log()
        with detect_anomaly(), pytest.raises(FloatingPointError):
            Value(0.0).log()
    with detect_anomaly():
        with detect_anomaly(forward=False):
            Value(0.0).log()
        assert raises()


def test_what_a_leaf_was_is_told_where_it_has_changed() -> None:
    leaf = Value(0.0)
    y = leaf.sqrt()
    leaf.data = 5.0
    with detect_anomaly(), pytest.raises(FloatingPointError, match=r"local gradient is inf, with 0\.0 in place of 5"):
        y.backward()


def test_a_step_to_inf_changes_nothing_under_detect_anomaly() -> None:
    leaf = Value(1e308, "w")
    leaf.grad = -1e308
    optimizer = optim.SGD([leaf], lr=1.0)
    with detect_anomaly(), pytest.raises(FloatingPointError, match="w is inf after this step"):
        optimizer.step()

    assert leaf.data == 1e308


# What scopes keep ---------------------------------------------------------------------------------


class Lazy(nn.Module):
    """Makes its parameters where it first needs them."""

    def __init__(self) -> None:
        self.weights: list[Value] = []

    def forward(self, inputs: list[float]) -> Value:
        self.weights = self.weights or [Value(0.5) for _ in inputs]
        return autograd.dot(self.weights, inputs)


class Recurrent(nn.Module):
    """Keeps its state, and the module that it is part of."""

    def __init__(self) -> None:
        self.cell = nn.Neuron(2, "tanh", seed=0)
        self.state = Value(0.0)

    def forward(self, inputs: list[float]) -> Value:
        for number in inputs:
            self.state = self.cell([number, self.state])
        return self.state


class Block(nn.Module):
    """Opens a scope of its own, which asks for members."""

    def __init__(self) -> None:
        self.line, self.output = nn.Neuron(1, seed=0), Value(0.0)

    def forward(self, inputs: list[float]) -> Value:
        line = self.line
        with scope("block", lambda: line.parameters()):
            self.output = line(inputs[:1]) * 2
        return self.output


@pytest.mark.parametrize("kind", [Lazy, Recurrent, Block])
def test_a_model_that_is_dropped_is_freed_at_once(kind: type[nn.Module]) -> None:
    """Seen to fail with a scope that keeps its module, in the compiled engine for ever: 0.1 MB a model."""
    freed: list[int] = []
    gc.collect()
    gc.disable()
    try:
        for turn in range(110):
            if turn == 10:
                before = len(gc.get_objects())
            model = kind()
            model([1.0] * 20)
            output = model([1.0] * 20)
            weakref.finalize(model, freed.append, 1)
            leaf = weakref.ref(model.parameters()[0])
            del model

            assert leaf() is not None  # as long as the graph is there
            del output
            assert leaf() is None
        after = len(gc.get_objects())
    finally:
        gc.enable()

    assert len(freed) == 110
    assert after - before < 20


def frames(root: Value) -> list[tuple[str, ...]]:
    order = topological_order(root)
    return [group.path if group else () for group in groups_of(order).of_node]


@pytest.mark.parametrize(
    "make", [lambda: nn.MLP(2, [2, 1], seed=0), lambda: nn.Sequential(nn.Layer(2, 1, seed=0), lambda ys: ys[0] * 2)]
)
@pytest.mark.parametrize("collected", [False, True])
def test_a_graph_of_a_dropped_model_has_the_frames_that_it_had(make: Callable[[], nn.Module], collected: bool) -> None:
    """Seen to fail with members that are lost: then the parameters stand outside of all frames."""
    model = make()
    output = model([1.0, Value(2.0, "x")])
    before, parameters = frames(output), len(model.parameters())
    if collected:
        model.itself = model  # so that only the collector frees it
    del model
    gc.collect()

    assert frames(output) == before
    assert len(groups_of(topological_order(output)).parameters) == parameters
    assert before.count(()) == 1  # the input


def test_the_members_of_a_model_are_those_that_it_has_now() -> None:
    model = Lazy()
    with nn.expanded():
        output = model([1.0, 2.0])
    model.weights = [Value(1.0), Value(2.0), Value(3.0)]
    again = model([1.0, 2.0, 3.0]) + output

    assert groups_of(topological_order(again)).parameters == set(model.weights)


def test_members_may_be_any_function() -> None:
    class Holder:
        def __init__(self) -> None:
            self.leaf = Value(1.0, "held")

        def members(self) -> list[Value]:
            return [self.leaf]

    holder, other = Holder(), Value(2.0, "other")
    with scope("method", holder.members):
        y = holder.leaf * 2
    with scope("function", lambda: [other]):
        y = y * other
    del holder
    gc.collect()

    assert [(group or "") and group.path for group in groups_of(topological_order(y)).of_node] == [
        ("method",),
        ("function",),
        ("method",),
        ("function",),
    ]


def test_a_model_dies_quietly_at_the_end_of_the_program() -> None:
    program = "from autograd import nn; model = nn.MLP(2, [2, 1]); output = model([1, 2]); model.output = output"
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert finished.stderr == ""


@ways
def test_blocks_are_freed_without_the_collector(name: str) -> None:
    """Seen to fail with a block and its mode that know each other."""
    way, observe, _, _ = WAYS[name]

    def generator() -> Iterator[Any]:
        kept = Kept()
        alive.append(weakref.ref(kept))
        with way():
            yield kept

    class Kept:
        pass

    alive: list[weakref.ref[Kept]] = []
    gc.collect()
    gc.disable()
    try:
        before = sum(isinstance(thing, (autograd.modes.Block, autograd.modes.Mode)) for thing in gc.get_objects())
        for _ in range(100):
            with way(), way():
                observe()
            next(generator())
            observe()
        with way():
            pass
        after = sum(isinstance(thing, (autograd.modes.Block, autograd.modes.Mode)) for thing in gc.get_objects())
    finally:
        gc.enable()

    assert after - before <= 6
    assert [ref() for ref in alive] == [None] * 100


def in_thread(action: Callable[[], Any]) -> None:
    thread = threading.Thread(target=action)
    thread.start()
    thread.join()
