"""Ways of computing: each is in force while its block runs, and nowhere else."""

import asyncio
import contextlib
import contextvars
import gc
import inspect
import itertools
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

import autograd
from autograd import Value, detect_anomaly, nn, no_grad, scope

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
    with pytest.raises(RuntimeError, match="not entered"):
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


def in_thread(action: Callable[[], Any]) -> None:
    thread = threading.Thread(target=action)
    thread.start()
    thread.join()
