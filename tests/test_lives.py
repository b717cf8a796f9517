"""How nodes die: at any depth, in any thread, greenlet or forked child, whatever holds them."""

import os
import subprocess
import sys
import textwrap

import pytest

import autograd

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")


def run(program: str, *arguments: str, timeout: float = 120.0) -> str:
    """What a program prints in a process of its own, with the engine that runs here; it has to end well."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), *arguments],
        capture_output=True,
        text=True,
        timeout=timeout,
        env=os.environ | {"AUTOGRAD_ENGINE": autograd.engine},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


# Depth ------------------------------------------------------------------------------------------------

CHAIN = """
    import gc, sys, threading
    from autograd import Value, operation, scope

    class Heir(Value):
        pass

    class Slotted(Value):
        __slots__ = ("past",)

    @operation("held(x)", "1")
    def held(x):
        past = pasts.pop()
        return x * 1.0, lambda: (1.0 if past else 1.0,)

    def through_operands(x, past):
        return x + 1.0 if past is None else past + 1.0

    def through_a_closure(x, past):
        pasts.append(past)
        return held(x)

    def through_a_scope(x, past):
        with scope("part", members=lambda: [past]):
            return x * 2.0

    def through_an_attribute(x, past, kind=lambda number: Value(number) * 2.0):
        node = kind(1.0)
        node.past = past
        return node

    def through_an_attribute_of_a_subclass(x, past):
        return through_an_attribute(x, past, Heir)

    def through_a_slot_of_a_subclass(x, past):
        return through_an_attribute(x, past, Slotted)

    def through_a_list(x, past):
        node = Value(1.0)
        node.pasts = [[past]]
        return node

    def chain():
        gc.disable()
        x, node = Value(1.0), None
        for _ in range(100_000):
            node = link(x, node)
        del node
        print("freed")

    pasts = []
    link = globals()[sys.argv[1]]
    threading.stack_size(256 << 10)
    thread = threading.Thread(target=chain)
    thread.start()
    thread.join()
"""


@pytest.mark.parametrize(
    "way",
    [
        "through_operands",
        "through_a_closure",
        "through_a_scope",
        "through_an_attribute",
        "through_an_attribute_of_a_subclass",
        "through_a_slot_of_a_subclass",
        "through_a_list",
    ],
)
def test_a_chain_is_freed_at_any_depth_whatever_holds_its_nodes(way: str) -> None:
    """Seen to fail under Python 3.13 with a loop that lets go operands only."""
    assert run(CHAIN, way) == "freed\n"


# Greenlets ----------------------------------------------------------------------------------------------

GREENLETS = """
    import gc, random, sys, weakref
    import greenlet
    from autograd import Value

    gc.disable()
    random = random.Random(int(sys.argv[1]))
    made = freed = 0
    idle = []  # greenlets that can be switched to
    watched = {}

    def on_death(reference):
        global freed
        freed += 1
        del watched[id(reference)]
        if idle and random.random() < 0.5:
            other = idle.pop(random.randrange(len(idle)))
            idle.append(greenlet.getcurrent())
            other.switch()

    def watch(node):
        global made
        made += 1
        reference = weakref.ref(node, on_death)
        watched[id(reference)] = reference

    def work(*_):
        for _ in range(40):
            nodes = [Value(1.0)]
            for _ in range(random.randrange(5, 200)):
                node = random.choice(nodes[-3:]) * random.choice(nodes) + 1.0
                watch(node)
                nodes.append(node)
            if random.random() < 0.3:
                nodes[-1].backward()
            del nodes, node

    for _ in range(12):
        idle.append(greenlet.greenlet(work))
    while idle:
        idle.pop(0).switch()
    print(made - freed, made > 10_000)
"""


@pytest.mark.parametrize("seed", range(8))
def test_a_callback_may_switch_to_another_greenlet(seed: int) -> None:
    """Seen to fail with a list of what is to be dropped on the stack of C, and with one for each thread."""
    pytest.importorskip("greenlet")

    assert run(GREENLETS, str(seed)) == "0 True\n"


# Forks ----------------------------------------------------------------------------------------------------

FORKS = """
    import os, signal, sys, threading, time, warnings
    from autograd import Value, draw
    from autograd import nn, optim

    warnings.simplefilter("ignore", DeprecationWarning)  # of Python 3.12, for forks beside threads

    def differentiate():
        x = Value(2.0)
        y = x
        for _ in range(300):
            y = y + x
        y.backward()
        return x.grad == 301.0

    def show():
        x = Value(2.0)
        return "<svg" in draw(x * x + x).svg

    def train():
        model = nn.MLP(1, [1], seed=0)
        data = [([1.0], 2.0)]
        nn.fit(model, data, nn.squared_error, optim.SGD(model.parameters(), 0.1), epochs=3, progress=False)
        return True

    work, children, threads = globals()[sys.argv[1]], int(sys.argv[2]), int(sys.argv[3])

    def again_and_again():
        while not done.is_set():
            work()

    done = threading.Event()
    work()
    workers = [threading.Thread(target=again_and_again, daemon=True) for _ in range(threads)]
    for worker in workers:
        worker.start()
    ends = []
    for _ in range(children):
        time.sleep(0.003)
        child = os.fork()
        if child == 0:
            signal.alarm(20)  # who hangs is killed
            os._exit(0 if work() else 1)
        ends.append(os.waitpid(child, 0)[1])
    done.set()
    print(sum(end != 0 for end in ends))
"""


@needs_fork
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize(("work", "children"), [("differentiate", 60), ("show", 3), ("train", 10)])
def test_a_forked_child_does_not_wait_for_threads_of_its_parent(work: str, children: int, threads: int) -> None:
    """Seen to fail with locks of `threading` as they are."""
    assert run(FORKS, work, str(children), str(threads), timeout=300) == "0\n"
