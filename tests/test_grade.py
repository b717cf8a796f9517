"""The kit that grades somebody's own Value class: what it finds, what it names, and that nothing stops it."""

import gc
import inspect
import itertools
import math
import multiprocessing
import os
import subprocess
import sys
import textwrap
from dataclasses import replace

import pytest

import autograd
from autograd.__main__ import main
from autograd.grade import FAILED, MISSING, NOT_RUN, PASSED, GradeError, checks, conformance, grade, trial
from autograd.grade.checks import CHECKS


def engine(fault=""):
    """A Value class after microgpt, with local gradients in numbers; correct, but for the fault."""

    class Value:
        __slots__ = ("__weakref__", "children", "data", "grad", "local_grads", "myself")

        def __init__(self, data, children=(), local_grads=()):
            self.data = data
            self.grad = 0
            self.children = children
            self.local_grads = local_grads
            self.myself = self if fault == "node cycle" else None

        def __add__(self, other):
            other = other if isinstance(other, Value) else Value(other)
            return Value(self.data + other.data, (self, other), (1, 1))

        def __mul__(self, other):
            other = other if isinstance(other, Value) else Value(other)
            if fault == "own factor":
                return Value(self.data * other.data, (self, other), (self.data, other.data))
            if fault == "late capture":
                return Value(self.data * other.data, (self, other), (lambda: other.data, lambda: self.data))
            return Value(self.data * other.data, (self, other), (other.data, self.data))

        def __sub__(self, other):
            other = other if isinstance(other, Value) else Value(other)
            return Value(self.data - other.data, (self, other), (1, 1 if fault == "sign of subtraction" else -1))

        def __truediv__(self, other):
            other = other if isinstance(other, Value) else Value(other)
            x, y = self.data, other.data
            by_y = {
                "quotient sign": lambda: x / y**2,
                "quotient square": lambda: -x / y,
                "quotient numerator": lambda: -1 / y**2,
            }
            return Value(x / y, (self, other), (1 / y, by_y.get(fault, lambda: -x / y**2)()))

        def __pow__(self, other):
            if isinstance(other, Value):
                x, y = self.data, other.data
                by_y = 0.0 if fault == "constant exponent" else x**y * math.log(x)
                return Value(x**y, (self, other), (y * x ** (y - 1), by_y))
            x, n = self.data, other
            slope = {"power factor": lambda: x ** (n - 1), "power exponent": lambda: n * x**n}
            return Value(x**n, (self,), (slope.get(fault, lambda: n * x ** (n - 1))(),))

        def __neg__(self):
            return Value(-self.data, (self,), (-1,))

        def __radd__(self, other):
            return self + other

        def __rmul__(self, other):
            return self * other

        def __rsub__(self, other):
            return self - other if fault == "swapped subtraction" else Value(other) - self

        def __rtruediv__(self, other):
            return self / other if fault == "swapped division" else Value(other) / self

        def __rpow__(self, other):
            y = other**self.data
            return Value(y, (self,), (y if fault == "logarithm" else y * math.log(other),))

        def relu(self):
            slope = {
                "relu'(0) = 1": float(self.data >= 0),
                "relu'(0) = 1/2": (self.data > 0) / 2 + (self.data >= 0) / 2,
            }
            return Value(max(0, self.data), (self,), (slope.get(fault, float(self.data > 0)),))

        def exp(self):
            y = math.exp(self.data)
            return Value(y, (self,), (self.data if fault == "exp" else y,))

        def log(self):
            return Value(math.log(self.data), (self,), (1 / (math.log(self.data) if fault == "log" else self.data),))

        def tanh(self):
            t = math.tanh(self.data)
            return Value(t, (self,), (1 - t if fault == "tanh" else 1 - t * t,))

        def sigmoid(self):
            s = 1 / (1 + math.exp(-self.data))
            return Value(s, (self,), (s * (1 + s) if fault == "sigmoid" else s * (1 - s),))

        def sqrt(self):
            root = math.sqrt(self.data)
            return Value(root, (self,), (0.5 / root,))

        def sin(self):
            return Value(math.sin(self.data), (self,), (math.cos(self.data),))

        def cos(self):
            return Value(math.cos(self.data), (self,), (-math.sin(self.data),))

        def maximum(self, other):
            other = other if isinstance(other, Value) else Value(other)
            first = self.data > other.data
            slopes = (1, 1) if fault == "maximum to both" else (float(first), float(not first))
            return Value(max(self.data, other.data), (self, other), slopes)

        if fault == "equal by number":

            def __eq__(self, other):
                return self.data == other.data

            def __hash__(self):
                return hash(self.data)

        def edges(self):
            """The children with their local gradients, as numbers."""
            pairs = zip(self.children, self.local_grads, strict=True)
            pairs = [(child, local() if callable(local) else local) for child, local in pairs]
            if fault == "operand set":
                return list(dict(pairs).items())
            return [(child, 1) for child, _ in pairs] if fault == "no local gradient" else pairs

        def backward(self):
            passes.get(fault, each_node_once)(self)

    def order(root):
        """Each node after its children, without recursion."""
        found, seen, stack = [], set(), [(root, False)]
        while stack:
            node, done = stack.pop()
            if done:
                found.append(node)
            elif node not in seen:
                seen.add(node)
                stack.append((node, True))
                stack += [(child, False) for child in reversed(node.children)]
        return found

    def order_by_list(root):
        found, seen, stack = [], [], [(root, False)]
        while stack:
            node, done = stack.pop()
            if done:
                found.append(node)
            elif node not in seen:
                seen.append(node)
                stack.append((node, True))
                stack += [(child, False) for child in reversed(node.children)]
        return found

    def recursive_order(root):
        found, seen = [], set()

        def visit(node):
            if node not in seen:
                seen.add(node)
                for child in node.children:
                    visit(child)
                found.append(node)

        visit(root)
        if fault == "recursion":
            visit = None  # else the function refers to itself, which is the fault "helper cycle"
        return found

    def start(root):
        """Gradients as they are before the first step of a pass, and all nodes in order."""
        orders = {"list": order_by_list, "recursion": recursive_order, "helper cycle": recursive_order}
        nodes = orders.get(fault, order)(root)
        for node in nodes:
            if (node.children and fault not in ("stale", "stale with root")) or fault == "forgets":
                node.grad = 0
        root.grad = 1 if fault in ("root", "stale") else root.grad + 1
        return nodes

    def each_node_once(root):
        nodes = start(root)
        for node in nodes if fault == "wrong end" else reversed(nodes):
            for child, local in node.edges():
                flow = local if fault == "arriving" else local * node.grad
                assigned = fault == "assigned" or (fault == "assigned in sums" and node.local_grads == (1, 1))
                child.grad = flow if assigned else child.grad + flow

    def depth_first(root):
        """Each node once, but as soon as it is met."""
        start(root)
        seen = set()

        def visit(node):
            seen.add(node)
            for child, local in node.edges():
                child.grad += local * node.grad
                if child not in seen:
                    visit(child)

        visit(root)

    def breadth_first(root):
        """Each node once, those near the root first."""
        start(root)
        queue, seen = [root], {root}
        for node in queue:
            for child, local in node.edges():
                child.grad += local * node.grad
                if child not in seen:
                    seen.add(child)
                    queue.append(child)

    def branch_by_branch(root):
        """All that a node has is passed on, whenever a branch arrives."""
        start(root)

        def visit(node):
            for child, local in node.edges():
                child.grad += local * node.grad
                visit(child)

        visit(root)

    def branches_later(root):
        """The same with a stack."""
        start(root)
        stack = [root]
        while stack:
            node = stack.pop()
            for child, local in node.edges():
                child.grad += local * node.grad
                stack.append(child)

    def path_by_path(root):
        """Right numbers from a walk of every path."""
        start(root)
        stack = [(root, 1)]
        while stack:
            node, flow = stack.pop()
            for child, local in node.edges():
                child.grad += local * flow
                stack.append((child, local * flow))

    passes = {
        "depth first": depth_first,
        "breadth first": breadth_first,
        "branch by branch": branch_by_branch,
        "branches later": branches_later,
        "path by path": path_by_path,
    }
    return Value


FAULTS = {
    # how gradients meet
    "assigned": "`grad = ...` where `grad += ...` belongs",
    "assigned in sums": "`grad = ...` in the rule of x + y",
    "operand set": "operands kept in a set",
    "equal by number": "nodes compared by their numbers",
    "depth first": "no topological order",
    "breadth first": "no topological order",
    "wrong end": "a walk in the wrong direction",
    "branch by branch": "nodes that pass their gradient on more than once",
    "branches later": "nodes that pass their gradient on more than once",
    "path by path": "a walk over every path",
    "arriving": "a local gradient passed on alone",
    # what stays from pass to pass
    "stale": "gradients of interior nodes left over",
    "stale with root": "gradients of interior nodes left over",
    "forgets": "leaves set to 0 when a pass starts",
    "root": "a root whose gradient is overwritten with 1",
    "late capture": "local gradients that read `.data` during backward",
    # size
    "recursion": "a backward that calls itself",
    "list": "a list searched for the nodes already visited",
    "node cycle": "nodes that refer to themselves",
    "helper cycle": "a function inside backward that calls itself",
    # rules
    "own factor": "each factor given its own value",
    "sign of subtraction": "+1 where -1 belongs",
    "swapped subtraction": "the operands swapped: `__rsub__`",
    "quotient sign": "a lost minus sign: d(x / y)/dy",
    "quotient square": "y where y**2 belongs",
    "quotient numerator": "a lost numerator",
    "swapped division": "the operands swapped: `__rtruediv__`",
    "power factor": "a lost factor n",
    "power exponent": "an exponent that is not lowered",
    "constant exponent": "an exponent taken for a constant",
    "logarithm": "a lost logarithm",
    "relu'(0) = 1": "relu'(0) = 1",
    "relu'(0) = 1/2": "relu'(0) = 1/2",
    "exp": "x where exp(x) belongs",
    "log": "1 / log(x) where 1 / x belongs",
    "tanh": "1 - tanh(x) where 1 - tanh(x)**2 belongs",
    "sigmoid": "s * (1 + s) where s * (1 - s) belongs",
    "maximum to both": "a gradient that maximum(x, y) passes to both",
}

# Faults that bring another one along: who calls a function by its name also recurses.
COMPANIONS = {
    "depth first": {"a backward that calls itself", "a function inside backward that calls itself"},
    "branch by branch": {
        "a backward that calls itself",
        "a function inside backward that calls itself",
        "a walk over every path",
    },
    "branches later": {"a walk over every path"},
    "helper cycle": {"a backward that calls itself"},
    "stale": {"a root whose gradient is overwritten with 1"},
}


ENDLESS = {"path by path", "branch by branch", "branches later", "list"}


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr("autograd.grade.CHECKS", [replace(check, seconds=min(check.seconds, 3.0)) for check in CHECKS])


def shown(report):
    """The verdict in one line, for texts that it wraps."""
    return " ".join(str(report).split())


def names(report, status):
    return [result.check.name for result in report.results if result.status == status]


def result_of(report, name):
    (result,) = [result for result in report.results if result.check.name == name]
    return result


def write(folder, text, name="mine.py"):
    (folder / name).write_text(textwrap.dedent(text))


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty folder that is the current one, whose modules nobody else sees."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        del sys.modules[name]


# What is found ------------------------------------------------------------------------------------


def test_a_correct_engine_passes_everything():
    report = grade(engine())

    assert names(report, FAILED) == names(report, MISSING) == []
    assert report.ok
    assert str(report).endswith(
        f"{len(CHECKS)} of {len(CHECKS)} points (100%): {len(CHECKS)} passed, 0 failed, 0 missing"
    )


def test_our_own_engine_passes_everything():
    report = grade(autograd.Value, "autograd")

    assert names(report, PASSED) == [check.name for check in CHECKS]


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault not in ENDLESS])
def test_a_fault_is_named_and_no_other(fault):
    report = grade(engine(fault))
    named = report.mistakes

    assert not report.ok
    assert f"This is what you get with {FAULTS[fault]}" in shown(report)
    assert [m for m in named if not m.startswith((FAULTS[fault], *COMPANIONS.get(fault, ())))] == []


@pytest.mark.parametrize("fault", sorted(ENDLESS))
def test_an_engine_that_never_ends_is_stopped_and_its_fault_named(fault, impatient):
    report = grade(engine(fault))
    named = report.mistakes

    assert f"This is what you get with {FAULTS[fault]}" in shown(report)
    assert any(result.error.startswith("no end: stopped after") for result in report.failures)
    assert [m for m in named if not m.startswith((FAULTS[fault], *COMPANIONS.get(fault, ())))] == []


def test_every_failure_of_a_single_fault_is_explained():
    assert all(result.mistake or result.follows for result in grade(engine("assigned")).failures)
    assert all(result.mistake or result.follows for result in grade(engine("own factor")).failures)
    assert all(result.mistake or result.follows for result in grade(engine("operand set")).failures)


def test_micrograd_has_the_known_weaknesses():
    micrograd = pytest.importorskip("micrograd.engine")
    report = grade(micrograd.Value)
    found = shown(report)

    assert "gradients of interior nodes left over from the previous pass" in found
    assert "a backward that calls itself" in found
    assert "nodes that refer to themselves" in found
    assert "local gradients that read `.data` during backward" in found
    assert "a root whose gradient is overwritten with 1" in found
    assert len(report.mistakes) == 5
    assert "Missing, which is not a failure: x ** y, 2 ** x, exp(x)" in found
    assert result_of(report, "two passes give twice the gradient").outcome.answers == (72.0,)


def test_micrograd_with_assignments_for_additions_is_told_so():
    source = inspect.getsource(pytest.importorskip("micrograd.engine").Value)
    namespace = {"__name__": "micrograd_with_a_fault"}
    exec(source.replace("grad += ", "grad = "), namespace)
    report = grade(namespace["Value"])

    assert result_of(report, "the gradients of two branches add up").cause == checks.ASSIGNED


def test_a_class_with_sums_only_is_graded_on_sums_only(impatient):
    class Sum:
        def __init__(self, data, parents=()):
            self.data, self.grad, self.parents = data, None, parents

        def __add__(self, other):
            return Sum(self.data + other.data, (self, other))

        def backward(self, flow=1):
            self.grad = (self.grad or 0) + flow
            for parent in self.parents:
                parent.backward(flow)

    report = grade(Sum)

    assert "value and gradients of x + y" in names(report, MISSING)  # for they are multiplied by 10
    assert "branches are summed before the local gradients are applied" in names(report, PASSED)
    assert result_of(report, "1,000 additions in a row").cause == checks.RECURSION
    assert result_of(report, "40 doublings take no longer than 40 additions").cause == checks.PATHS
    assert {"x * y", "x - y", "x + 2", "relu(x)"} <= {result.outcome.missing for result in report.results}


def test_functions_of_the_module_count_but_not_those_of_math(here):
    write(
        here,
        """
        import autograd
        from math import sin

        class Number:
            def __init__(self, data, inner=None):
                self.inner = autograd.Value(data) if inner is None else inner

            data = property(lambda self: self.inner.data)
            grad = property(lambda self: self.inner.grad)

            def __mul__(self, other):
                return Number(0, self.inner * other.inner)

            def backward(self):
                self.inner.backward()

        def exp(x):
            return Number(0, x.inner.exp())

        def tanh(x):
            return Number(0, x.inner.tanh() * 1.5)
        """,
    )
    sys.path.insert(0, str(here))
    import mine

    report = grade(mine.Number)

    assert "value and gradients of exp(x)" in names(report, PASSED)
    assert "value and gradients of tanh(x)" in names(report, FAILED)
    assert "value and gradients of sin(x)" in names(report, MISSING)
    assert "from mine import Number as Value, exp, tanh" in str(report)


def test_what_is_printed_can_be_pasted(here):
    pytest.importorskip("micrograd.engine")
    from micrograd.engine import Value

    report = grade(Value)
    result = report.failures[0]
    namespace = {}
    exec(f"{report.preamble}\n{result.check.program}", namespace)

    assert [eval(question, namespace) for question in result.check.right] == list(result.outcome.answers)


# What is missing, and what is wrong ---------------------------------------------------------------


def test_an_operator_that_refuses_is_missing():
    def refuse(self, other):
        raise NotImplementedError("one day")

    refusing = type("Refusing", (engine(),), {"__sub__": refuse, "__rpow__": None})
    report = grade(refusing)

    assert report.ok
    assert {result.outcome.missing for result in report.results} == {"", "x - y", "x - 2", "2 ** x"}


def test_a_slip_of_the_pen_is_no_missing_operator():
    class Slip(autograd.Value):
        __slots__ = ()

        def __sub__(self, other):
            return self + -other.daat

        def exp(self):
            return autograd.Value(eggs)  # noqa: F821

    report = grade(Slip)

    assert "value and gradients of exp(x)" in names(report, FAILED)
    assert "NameError: name 'eggs' is not defined" in str(report)


def test_an_exception_fails_one_check_and_stops_none():
    class Wrong(autograd.Value):
        __slots__ = ()

        def tanh(self):
            raise ZeroDivisionError("first line\nsecond line")

    report = grade(Wrong)

    assert names(report, FAILED) == ["value and gradients of tanh(x)"]
    assert "came out  ZeroDivisionError: first line\n" in str(report)


def test_a_crash_fails_one_check_and_stops_none():
    class Crashing(autograd.Value):
        __slots__ = ()

        def cos(self):
            os.kill(os.getpid(), 11)

        def sin(self):
            os._exit(3)

    report = grade(Crashing)

    assert names(report, FAILED) == [
        *[f"value and gradients of {function}(x)" for function in ("sin", "cos")],
        *[f"the gradients of two results of {function}(x) add up" for function in ("sin", "cos")],
    ]
    assert "crash: the process ended with SIGSEGV" in str(report)
    assert "crash: the process ended with status 3" in str(report)
    assert len(names(report, PASSED)) == len(CHECKS) - 4


def test_gradients_that_are_no_numbers_are_failures():
    class Texts(autograd.Value):
        __slots__ = ()
        grad = property(lambda self: "one", lambda self, grad: None)

    class Nans(autograd.Value):
        __slots__ = ()
        grad = property(lambda self: math.nan, lambda self, grad: None)

    assert "x.grad is 'one', which is not a number" in shown(grade(Texts)) or "ValueError" in shown(grade(Texts))
    assert {name for name in names(grade(Nans), PASSED) if "grad" in name} == set()


def test_gradients_may_be_values_or_none():
    class Wrapped(autograd.Value):
        __slots__ = ()
        grad = property(lambda self: None if self._grad is None else autograd.Value(self._grad))

    assert grade(Wrapped).ok


def test_a_class_that_prints_does_not_spoil_the_verdict(capfd):
    class Chatty(autograd.Value):
        __slots__ = ()

        def backward(self):
            print("backward!")
            super().backward()

    assert grade(Chatty).ok
    assert capfd.readouterr().out == ""


def test_the_grader_leaves_the_collector_and_the_recursion_limit_as_they_were():
    before = gc.isenabled(), sys.getrecursionlimit()
    grade(engine())

    assert (gc.isenabled(), sys.getrecursionlimit()) == before


HOSTILE = {
    "loops": ("while True: pass", "no end: stopped after"),
    "sleeps": ("time.sleep(1e6)", "no end: stopped after"),
    "exits": ("sys.exit(0)", "SystemExit: 0"),
    "ends the process": ("os._exit(0)", "crash: the process ended with status 0"),
    "crashes": ("os.abort()", "crash: the process ended with SIGABRT"),
    "recurses": ("(f := lambda: f())()", "RecursionError: maximum recursion depth exceeded"),
    "eats memory": ("held = b'x' * 10**10", "MemoryError"),
    "eats memory of all": ("m = mmap.mmap(-1, 10**9)\nwhile True: m.write(b'x' * 10**6)", "because it took more than"),
    "forks": ("while True: os.fork()", "must not start processes"),
    "prints": ("print('x' * 10**8); sys.stdout.flush(); os.write(2, b'x' * 10**6); sys.exit(1)", "SystemExit: 1"),
    "says 100 MB": ("raise ValueError('x' * 10**8)", "ValueError: xxx"),
    "says escape sequences": ("raise ValueError('\\x1b[2J\\u202e')", r"ValueError: \x1b[2J\u202e"),
    "says nothing": (
        "raise type('E', (Exception,), {'__str__': lambda self: sys.exit(0)})",
        "an error that cannot be sh",
    ),
    "closes all files": ("os.closerange(0, 99)", "crash: the process"),
    "handles signals": ("signal.signal(15, signal.SIG_IGN)\nwhile True: pass", "no end: stopped after"),
    "kills its group": ("os.killpg(0, 9)", "crash: the process ended with SIGKILL"),
}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="signals and limits of POSIX")
@pytest.mark.parametrize("place", ["module", "class", "check"])
@pytest.mark.parametrize("kind", HOSTILE)
def test_whatever_a_class_does_there_is_a_verdict(kind, place, here, capfd, monkeypatch):
    seconds = 10.0 if "memory" in kind else 1.0  # what takes memory has to get to the limit
    monkeypatch.setattr(trial, "IMPORT_SECONDS", seconds)
    monkeypatch.setattr(trial, "MAKE_SECONDS", seconds)
    monkeypatch.setattr("autograd.grade.CHECKS", [replace(c, seconds=seconds) for c in CHECKS if "relu" in c.program])
    harm, told = HOSTILE[kind]
    harm = f"def harm():\n{textwrap.indent(harm, '    ')}\n"
    spots = {spot: "harm()" if spot == place else "pass" for spot in ("module", "class", "check")}
    write(
        here,
        f"import mmap, os, signal, sys, time, autograd\n{harm}{spots['module']}\n"
        "class Value(autograd.Value):\n"
        f"    def __init__(self, data):\n        {spots['class']}\n        super().__init__(data)\n"
        f"    def relu(self):\n        {spots['check']}\n        return super().relu()\n",
    )
    status = main(["grade", "mine:Value"])
    shown = capfd.readouterr()
    said = shown.out + shown.err

    assert status == (1 if place == "check" else 2)
    assert told in " ".join(said.split())
    assert len(said) < 200_000
    assert all(character.isprintable() for character in said.replace("\n", ""))


def test_what_was_found_before_a_class_hangs_is_kept_and_patience_ends(monkeypatch):
    def forever(self):
        while True:
            pass

    tired = engine()
    tired.backward = forever
    monkeypatch.setattr("autograd.grade.CHECKS", [replace(check, seconds=0.2) for check in CHECKS])
    report = grade(tired)

    assert "a new node has the gradient 0" in names(report, PASSED)
    assert "x + y leaves its operands as they are" in names(report, PASSED)
    assert names(report, FAILED)[0] == "the gradient of a leaf with respect to itself is 1"
    assert names(report, NOT_RUN) != []
    assert not report.ok
    assert "checks in a row did not end" in shown(report)


def test_the_time_of_all_checks_together_is_bounded(monkeypatch):
    monkeypatch.setattr(trial, "SECONDS", 0.0)
    try:
        told = str(grade(autograd.Value))
    except GradeError as error:  # the usual end; a process may be so quick as to answer before anyone looks
        told = str(error)

    assert "no end: stopped after 0 seconds" in told or "the 0 seconds for all checks were used up" in told


def test_conformance_asks_a_class_that_cannot_be_made_only_once(monkeypatch):
    asked = []

    def refused(checks, target):
        asked.append(target)
        raise trial.RefusedError("cannot make", "Mine", "TypeError")

    monkeypatch.setattr("autograd.grade.outcomes", refused)
    test = conformance(engine())
    for check in CHECKS[:2]:
        with pytest.raises(pytest.fail.Exception, match=r"Mine\(3.0\) fails: TypeError"):
            test(check.name)

    assert len(asked) == 1


def test_without_fork_a_class_that_can_be_imported_is_graded_and_another_is_refused(monkeypatch):
    monkeypatch.setattr(multiprocessing, "get_all_start_methods", lambda: ["spawn"])

    assert grade(autograd.Value).ok
    with pytest.raises(GradeError, match="only a class that can be imported"):
        grade(engine())


# The verdict --------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["stale", "own factor", "tanh", "recursion"])
def test_the_verdict_fits_a_page_of_80_columns(fault):
    lines = str(grade(engine(fault))).splitlines()

    assert max(map(len, lines)) <= 80
    assert len(lines) <= 80


def test_the_verdict_is_this():
    class Value(autograd.Value):
        __slots__ = ()
        __rsub__ = autograd.Value.__sub__
        __rpow__ = None

    printed = str(grade(Value))

    assert (
        printed.partition("\n\n")[2]
        == """\
Before each program:

        Value = test_the_verdict_is_this.<locals>.Value

FAILED: value and gradients of 2 - x.

        x = Value(5.0)
        z = (2 - x) * Value(10.0)
        z.backward()

    came out  z.data = 30, x.grad = 10
    right     z.data = -30, x.grad = -10

    This is what you get with the operands swapped: `__rsub__` computes x - 2.

Missing, which is not a failure: 2 ** x.

91 of 93 points (97%): 91 passed, 1 failed, 1 missing"""
    )


# The table ----------------------------------------------------------------------------------------


def test_checks_have_names_of_their_own():
    assert len({check.name for check in CHECKS}) == len(CHECKS)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_different_mistakes_give_different_answers(check):
    answers = [answer for answer in check.wrong if not isinstance(answer, str)]
    pairs = list(itertools.combinations([*answers, tuple(check.right.values())], 2))
    alike = [(a, b) for a, b in pairs if all(math.isclose(x, y, rel_tol=1e-9) for x, y in zip(a, b, strict=True))]

    # Where the right gradient is 0, to forget a factor makes no difference.
    assert alike == [] or 0.0 in check.right.values()
    assert all(len(answer) == len(check.right) for answer in answers)


# pytest -------------------------------------------------------------------------------------------


def test_conformance_is_a_test_for_each_check(here):
    write(
        here,
        """
        from autograd import Value
        from autograd.grade import conformance

        class Mine(Value):
            __rsub__ = Value.__sub__
            __rpow__ = None

        test_mine = conformance(Mine)
        """,
        "test_mine.py",
    )
    finished = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rfs", "-p", "no:cacheprovider"], capture_output=True, text=True
    )

    assert finished.returncode == 1
    assert f"1 failed, {len(CHECKS) - 2} passed, 1 skipped" in finished.stdout
    assert "FAILED test_mine.py::test_mine[value and gradients of 2 - x]" in finished.stdout
    assert "This is what you get with the operands swapped: `__rsub__` computes x - 2." in finished.stdout
    assert "missing: 2 ** x" in finished.stdout
    assert "Traceback" not in finished.stdout


def test_conformance_of_a_correct_class_passes():
    test = conformance(engine())
    for check in CHECKS:
        test(check.name)


# The command line ---------------------------------------------------------------------------------

SUMS = """
    from autograd import Value

    class Mine(Value):
        __rsub__ = Value.__sub__

    class Outer:
        Value = Value

    def make():
        return Value(1.0)

    class Stubborn(Value):
        def __init__(self):
            super().__init__(0.0)

    class Empty:
        def __init__(self, data):
            self.data = self.grad = 0.0
"""


def test_the_command_says_success_by_its_status(here, capsys):
    write(here, SUMS)

    assert main(["grade", "mine:Value"]) == 0
    assert capsys.readouterr().out == (
        f"mine:Value\n\n{len(CHECKS)} of {len(CHECKS)} points (100%): {len(CHECKS)} passed, 0 failed, 0 missing\n"
    )


def test_the_command_says_failure_by_its_status(here, capsys):
    write(here, SUMS)

    assert main(["grade", "mine:Mine"]) == 1
    assert "from mine import Mine as Value" in capsys.readouterr().out


def test_a_class_inside_a_class_can_be_named(here):
    write(here, SUMS)

    assert main(["grade", "mine:Outer.Value"]) == 0


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["nowhere:Value"], "no module named 'nowhere', neither here nor installed"),
        (["autograd.nowhere:Value"], "no module named 'autograd.nowhere', neither here nor installed"),
        (["mine:Nobody"], "mine has no class 'Nobody': there is Mine, Outer, Stubborn, Empty"),
        (["mine:Min"], "mine has no class 'Min': did you mean 'Mine'?"),
        (["mine:make"], "make is not a class but of type function"),
        (["mine"], "'mine' is not MODULE:CLASS, such as micrograd.engine:Value"),
        (["mine:"], "'mine:' is not MODULE:CLASS"),
        ([":Value"], "':Value' is not MODULE:CLASS"),
        (["mine:Stubborn"], "Stubborn(3.0) fails: TypeError: "),
        (["mine:Empty"], "Empty(3.0) has no backward, which every check needs"),
        (["needy:Value"], "cannot import needy: ModuleNotFoundError: No module named 'nowhere'"),
        (["unfinished:Value"], "cannot import unfinished: SyntaxError: "),
        (["script:Value"], "cannot import script: SystemExit: 3"),
        (["mine:Value", "mine:Mine"], "grade takes one TARGET, not also 'mine:Mine'"),
    ],
)
def test_what_cannot_be_graded_is_told_in_one_line(arguments, error, here, capsys):
    write(here, SUMS)
    write(here, "import nowhere", "needy.py")
    write(here, "class Value", "unfinished.py")
    write(here, "raise SystemExit(3)", "script.py")
    status = main(["grade", *arguments])
    told = capsys.readouterr()

    assert status == 2
    assert error in told.err
    assert told.err.count("\n") == 1
    assert told.out == ""


def test_the_installed_command_finds_modules_in_the_current_directory(here):
    write(here, SUMS)
    program = "import sys; sys.path.remove(''); from autograd.__main__ import main; sys.exit(main())"
    finished = subprocess.run(
        [sys.executable, "-c", program, "grade", "mine:Mine"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )

    assert (finished.returncode, finished.stderr) == (1, "")
    assert "`__rsub__` computes x - 2" in finished.stdout
