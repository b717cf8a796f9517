"""Engines with one mistake each, as learners make them: each is called by its name, and by no other."""

# ruff: noqa: E501  # a mistake stands on one line, so that the eye compares

import inspect

import pytest

from autograd.grade import grade
from autograd.grade.levels import LEVELS

# A small engine without a mistake. Each mistake below is one change of its text.
ENGINE = """
import math

class Value:
    def __init__(self, data, parents=(), rule=None):
        self.data = data
        self.grad = 0.0
        self.parents = parents
        self.rule = rule

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        def rule(grad):
            self.grad += grad
            other.grad += grad
        return Value(self.data + other.data, (self, other), rule)

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        x, y = self.data, other.data
        def rule(grad):
            self.grad += y * grad
            other.grad += x * grad
        return Value(x * y, (self, other), rule)

    def __pow__(self, n):
        assert isinstance(n, (int, float))
        x = self.data
        def rule(grad):
            self.grad += n * x ** (n - 1) * grad
        return Value(x ** n, (self,), rule)

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return self + -other

    def __truediv__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return self * other ** -1

    def __radd__(self, other):
        return self + other

    def __rmul__(self, other):
        return self * other

    def __rsub__(self, other):
        return Value(other) - self

    def __rtruediv__(self, other):
        return Value(other) / self

    def relu(self):
        x = self.data
        y = x if x > 0 else 0.0
        def rule(grad):
            self.grad += (x > 0) * grad
        return Value(y, (self,), rule)

    def exp(self):
        x = self.data
        y = math.exp(x)
        def rule(grad):
            self.grad += y * grad
        return Value(y, (self,), rule)

    def log(self):
        x = self.data
        y = math.log(x)
        def rule(grad):
            self.grad += 1 / x * grad
        return Value(y, (self,), rule)

    def tanh(self):
        x = self.data
        y = math.tanh(x)
        def rule(grad):
            self.grad += (1 - y ** 2) * grad
        return Value(y, (self,), rule)

    def sigmoid(self):
        x = self.data
        y = 1 / (1 + math.exp(-x))
        def rule(grad):
            self.grad += y * (1 - y) * grad
        return Value(y, (self,), rule)

    def backward(self):
        nodes, visited, stack = [], set(), [(self, False)]
        while stack:
            node, done = stack.pop()
            if done:
                nodes.append(node)
            elif node not in visited:
                visited.add(node)
                stack.append((node, True))
                for parent in node.parents:
                    stack.append((parent, False))
        for node in nodes:
            if node.parents:
                node.grad = 0.0
        self.grad += 1.0
        for node in reversed(nodes):
            if node.rule:
                node.rule(node.grad)
"""

OVERWRITES = "`grad = ...` in the rule of {}, where `grad += ...` belongs"
ALONE = "a local gradient passed on alone in the rule of {}: multiply it by the gradient that arrived"
ADDED = "a sum in the rule of {} where a product belongs"
FORGETS = "a result of {} that passes nothing back to its operands"
ONE_SIDED = "a rule of {} that passes its gradient to one operand only"
CHANGES = "an operand that {} changes"
IN_PLACE = "`{}` that changes the node itself"
TURNED = "the operands of {} swapped"

# What changes, what it becomes, and how the name of the mistake begins. One change may belong to several lines.
MISTAKES = {
    # the bottom
    "gradient starts at 1": ("self.grad = 0.0", "self.grad = 1.0", "a gradient that starts at 1"),
    "root without its 1": ("        self.grad += 1.0\n", "", "a root that never gets its 1"),
    "root starts with its number": ("self.grad += 1.0", "self.grad += self.data", "a root that starts with its own number"),
    # gradients that overwrite
    "sum assigns": ("self.grad += grad\n            other.grad += grad", "self.grad = other.grad = grad", OVERWRITES, "x + y"),
    "sum assigns left": ("self.grad += grad\n            other", "self.grad = grad\n            other", OVERWRITES, "x + y"),
    "sum assigns right": ("other.grad += grad", "other.grad = grad", OVERWRITES, "x + y"),
    "product assigns left": ("self.grad += y * grad\n            o", "self.grad = y * grad\n            o", OVERWRITES, "x * y"),
    "product assigns right": ("other.grad += x * grad", "other.grad = x * grad", OVERWRITES, "x * y"),
    "power assigns": ("self.grad += n *", "self.grad = n *", OVERWRITES, "x ** 2"),
    "relu assigns": ("self.grad += (x > 0)", "self.grad = (x > 0)", OVERWRITES, "relu(x)"),
    "exp assigns": ("self.grad += y * grad\n        return Value(y", "self.grad = y * grad\n        return Value(y", OVERWRITES, "exp(x)"),
    "log assigns": ("self.grad += 1 / x", "self.grad = 1 / x", OVERWRITES, "log(x)"),
    "tanh assigns": ("self.grad += (1 - y ** 2)", "self.grad = (1 - y ** 2)", OVERWRITES, "tanh(x)"),
    "sigmoid assigns": ("self.grad += y * (1", "self.grad = y * (1", OVERWRITES, "sigmoid(x)"),
    "all assign": ("grad += y * grad|grad += x * grad|grad += grad|grad += n|grad += (|grad += 1 /|grad += y * (1", "grad =", "`grad = ...` where `grad += ...` belongs"),
    # the gradient that arrives
    "sum without what arrives": ("self.grad += grad\n            other.grad += grad", "self.grad += 1.0\n            other.grad += 1.0", ALONE, "x + y"),
    "product without what arrives": ("+= y * grad\n            other.grad += x * grad", "+= y\n            other.grad += x", ALONE, "x * y"),
    "power without what arrives": ("x ** (n - 1) * grad", "x ** (n - 1)", ALONE, "x ** 2"),
    "relu without what arrives": ("(x > 0) * grad", "float(x > 0)", ALONE, "relu(x)"),
    "exp without what arrives": ("self.grad += y * grad\n        return Value(y", "self.grad += y\n        return Value(y", ALONE, "exp(x)"),
    "log without what arrives": ("1 / x * grad", "1 / x", ALONE, "log(x)"),
    "tanh without what arrives": ("(1 - y ** 2) * grad", "(1 - y ** 2)", ALONE, "tanh(x)"),
    "sigmoid without what arrives": ("y * (1 - y) * grad", "y * (1 - y)", ALONE, "sigmoid(x)"),
    "product adds what arrives": ("y * grad\n            other.grad += x * grad", "y + grad\n            other.grad += x + grad", ADDED, "x * y"),
    "tanh adds what arrives": ("(1 - y ** 2) * grad", "(1 - y ** 2) + grad", ADDED, "tanh(x)"),
    # the rules
    "own factor": ("y * grad\n            other.grad += x * grad", "x * grad\n            other.grad += y * grad", "each factor given its own value"),
    "gradient of the other factor": ("y * grad\n            other.grad += x * grad", "other.grad * grad\n            other.grad += self.grad * grad", "the gradient of the other factor where its number belongs"),
    "product as a factor": ("y * grad\n            other.grad += x * grad", "x * y * grad\n            other.grad += x * y * grad", "the result of x * y as a factor"),
    "product like a sum": ("y * grad\n            other.grad += x * grad", "grad\n            other.grad += grad", "the local gradients of x + y in the rule of x * y"),
    "sum to the left only": ("            other.grad += grad\n", "", ONE_SIDED, "x + y"),
    "sum to the right only": ("            self.grad += grad\n            other", "            other", ONE_SIDED, "x + y"),
    "product to the left only": ("            other.grad += x * grad\n", "", ONE_SIDED, "x * y"),
    "product to the left twice": ("other.grad += x * grad", "self.grad += 0 * grad", ONE_SIDED, "x * y"),
    "sum without operands": ("self.data + other.data, (self, other), rule", "self.data + other.data", FORGETS, "x + y"),
    "product without operands": ("x * y, (self, other), rule", "x * y", FORGETS, "x * y"),
    "exp without operand": ("y = math.exp(x)\n", "return Value(math.exp(x))\n", FORGETS, "exp(x)"),
    "tanh without rule": ("(1 - y ** 2) * grad\n        return Value(y, (self,), rule)", "0\n        return Value(y, (self,))", FORGETS, "tanh(x)"),
    "power n - 1": ("n * x ** (n - 1)", "(n - 1) * x ** (n - 1)", "n - 1 where n belongs"),
    "power without n": ("n * x ** (n - 1)", "x ** (n - 1)", "a lost factor n"),
    "power not lowered": ("n * x ** (n - 1)", "n * x ** n", "an exponent that is not lowered"),
    "power as for squares": ("n * x ** (n - 1)", "n * x", "n * x, which is right for x ** 2 only"),
    "power raised": ("n * x ** (n - 1)", "n * x ** (n + 1)", "n + 1 where n - 1 belongs"),
    "relu times its output": ("(x > 0) * grad", "y * grad", "a gradient multiplied by relu(x) itself"),
    "relu everywhere": ("(x > 0) * grad", "grad", "a gradient that passes where relu is flat"),
    "relu of what arrives": ("(x > 0) * grad", "(grad > 0) * grad", "a gradient that passes where relu is flat"),
    "relu at 0": ("(x > 0) * grad", "(x >= 0) * grad", "relu'(0) = 1"),
    "exp of x": ("self.grad += y * grad\n        return Value(y", "self.grad += x * grad\n        return Value(y", "x where exp(x) belongs"),
    "exp like a power": ("self.grad += y * grad\n        return Value(y", "self.grad += x * math.exp(x - 1) * grad\n        return Value(y", "the rule of x ** n, x * exp(x - 1)"),
    "log of its output": ("1 / x * grad", "1 / y * grad", "1 / log(x) where 1 / x belongs"),
    "log turned over": ("1 / x * grad", "x * grad", "x where 1 / x belongs"),
    "tanh not squared": ("1 - y ** 2", "1 - y", "1 - tanh(x) where"),
    "tanh of x": ("1 - y ** 2", "1 - x ** 2", "1 - x**2 where 1 - tanh(x)**2 belongs"),
    "tanh plus": ("1 - y ** 2", "1 + y ** 2", "1 + tanh(x)**2 where"),
    "tanh like sigmoid": ("(1 - y ** 2)", "y * (1 - y)", "the derivative of sigmoid"),
    "sigmoid without s": ("y * (1 - y)", "(1 - y)", "1 - s where s * (1 - s) belongs"),
    "sigmoid of x": ("y * (1 - y)", "x * (1 - x)", "x * (1 - x) where"),
    "sigmoid like tanh": ("y * (1 - y)", "(1 - y * y)", "the derivative of tanh"),
    # operators
    "minus to plus": ("return self + -other", "return self + other", "a sum in place of x - y"),
    "minus turned": ("return self + -other", "return -self + other", TURNED, "x - y"),
    "division turned": ("return self * other ** -1", "return other * self ** -1", TURNED, "x / y"),
    "rsub turned": ("return Value(other) - self", "return self - other", "the operands swapped: `__rsub__`"),
    "rtruediv turned": ("return Value(other) / self", "return self / other", "the operands swapped: `__rtruediv__`"),
    "radd drops the past": ("return self + other\n\n    def __rmul__", "return Value(self.data + other)\n\n    def __rmul__", FORGETS, "2 + x"),
    "rmul drops the past": ("return self * other\n\n    def __rsub__", "return Value(self.data * other)\n\n    def __rsub__", FORGETS, "2 * x"),
    "rsub drops the past": ("return Value(other) - self", "return Value(other - self.data)", FORGETS, "2 - x"),
    "negation drops the past": ("return self * -1\n", "return Value(-self.data)\n", FORGETS, "-x"),
    "radd calls itself": ("return self + other\n\n    def __rmul__", "return other + self\n\n    def __rmul__", "`__radd__` that calls itself"),
    "rmul calls itself": ("return self * other\n\n    def __rsub__", "return other * self\n\n    def __rsub__", "`__rmul__` that calls itself"),
    "sum in place": ("        def rule(grad):\n            self.grad += grad\n", "        self.data += other.data\n        return self\n        def rule(grad):\n            self.grad += grad\n", CHANGES, "x + y"),
    "product in place": ("        return Value(x * y,", "        self.data = x * y\n        return Value(x * y,", CHANGES, "x * y"),
    "+= in place": ("    def __neg__", "    def __iadd__(self, other):\n        self.data += other\n        return self\n\n    def __neg__", IN_PLACE, "y += 2"),
    "-= in place": ("    def __neg__", "    def __isub__(self, other):\n        self.data -= other\n        return self\n\n    def __neg__", IN_PLACE, "y -= 2"),
    "*= in place": ("    def __neg__", "    def __imul__(self, other):\n        self.data *= other\n        return self\n\n    def __neg__", IN_PLACE, "y *= 2"),
    # the walk
    "from the leaves": ("in reversed(nodes)", "in nodes", "a walk in the wrong direction"),
    "one step": ("in reversed(nodes)", "in [self]", "a walk in the wrong direction"),
    "as met": ("nodes.append(node)\n            elif node not in visited:\n                visited.add(node)", "pass\n            elif node not in visited:\n                nodes.insert(0, node)\n                visited.add(node)", "no topological order"),
    "no visited set": ("elif node not in visited:", "else:", "nodes that pass their gradient on more than once"),
    "equal by number": ("    def __neg__", "    def __eq__(self, other):\n        return self.data == other.data\n\n    def __hash__(self):\n        return hash(self.data)\n\n    def __neg__", "nodes compared by their numbers"),
    "visited in a list": ("visited.add(node)", "visited.add(node)\n                sum(1 for _ in visited)", "a list searched"),
    # the passes
    "stale": ("if node.parents:\n                node.grad", "if False:\n                node.grad", "gradients of interior nodes left over"),
    "forgets": ("if node.parents:\n                node.grad", "if True:\n                node.grad", "leaves set to 0 when a pass starts"),
    "root overwritten": ("self.grad += 1.0", "self.grad = 1.0", "a root whose gradient is overwritten with 1"),
    "marks that stay": ("if done:\n", "if hasattr(node, 'seen') and not done:\n                continue\n            node.seen = True\n            if done:\n", "marks of visited nodes that stay"),
    "late numbers": ("self.grad += y * grad\n            other.grad += x * grad", "self.grad += other.data * grad\n            other.grad += self.data * grad", "local gradients that read `.data` during backward"),
    # size
    "node cycle": ("self.rule = rule", "self.rule, self.me = rule, self", "nodes that refer to themselves"),
}  # fmt: skip


# What micrograd itself is told, which has none of the mistakes above.
KNOWN = [mistake.told("en") for mistake in LEVELS["micrograd"].noted]

PRODUCT = "other.data * out.grad\n            other.grad += self.data * out.grad"
MICROGRAD = {
    "gradient starts at 1": ("self.grad = 0\n", "self.grad = 1\n", "a gradient that starts at 1"),
    "root without its 1": ("        self.grad = 1\n", "", "a root that never gets its 1"),
    "each node set to 1": ("            v._backward()", "            v.grad = 1; v._backward()", "the gradient of each node set to 1"),
    "sum without out.grad": ("self.grad += out.grad\n            other.grad += out.grad", "self.grad += 1\n            other.grad += 1", ALONE, "x + y"),
    "product without out.grad": (PRODUCT, "other.data\n            other.grad += self.data", ALONE, "x * y"),
    "power without out.grad": ("(other * self.data**(other-1)) * out.grad", "other * self.data**(other-1)", ALONE, "x ** 2"),
    "product assigns": (f"+= {PRODUCT}", f"= {PRODUCT}".replace("+=", "="), OVERWRITES, "x * y"),
    "radd drops the past": ("        return self + other\n", "        return Value(self.data + other)\n", FORGETS, "2 + x"),
    "n - 1": ("(other * self.data**(other-1))", "((other-1) * self.data**(other-1))", "n - 1 where n belongs"),
    "relu times its output": ("(out.data > 0) * out.grad", "out.data * out.grad", "a gradient multiplied by relu(x) itself"),
    "+= in place": ("    def __neg__", "    def __iadd__(self, o):\n        self.data += o\n        return self\n\n    def __neg__", IN_PLACE, "y += 2"),
    "from the leaves": ("reversed(topo)", "topo", "a walk in the wrong direction"),
    "one step": ("reversed(topo)", "[self]", "a walk in the wrong direction"),
    "no walk": ("            v._backward()", "            pass", "a backward that passes nothing on"),
    "never visited": ("                visited.add(v)\n", "", "nodes that pass their gradient on more than once"),
    "own factor": (PRODUCT, "self.data * out.grad\n            other.grad += other.data * out.grad", "each factor given its own value"),
    "other.grad": (PRODUCT, "other.grad * out.grad\n            other.grad += self.grad * out.grad", "the gradient of the other factor"),
    "both to self": (PRODUCT, "other.data * out.grad\n            self.grad += self.data * out.grad", "a rule of x * y that passes both"),
    "sum without children": ("self.data + other.data, (self, other), '+'", "self.data + other.data", "an operand of x + y that the walk does not find"),
    "product without children": ("self.data * other.data, (self, other), '*'", "self.data * other.data", "an operand of x * y that the walk does not find"),
    "relu without children": ("self.data, (self,), 'ReLU'", "self.data", "an operand of relu(x) that the walk does not find"),
    "sign of the power": ("self.grad += (other", "self.grad -= (other", "the wrong sign in the rule of x ** 2"),
    "minus to plus": ("self + (-other)", "self + other", "a sum in place of x - y"),
    "nothing": ("self.grad = 0\n", "self.grad = 0\n", ""),
}  # fmt: skip


def changed(source, old, new):
    """The class of a source in which something is changed; `|` stands between several pieces."""
    for piece in old.split("|"):
        assert piece in source
        source = source.replace(piece, piece.replace("+=", "=") if "|" in old else new)
    namespace = {"__name__": "engine"}
    exec(source, namespace)
    return namespace["Value"]


@pytest.mark.parametrize("kind", MISTAKES)
def test_each_mistake_is_called_by_its_name_and_by_no_other(kind):
    old, new, name, *rule = MISTAKES[kind]
    (mistake,) = grade(changed(ENGINE, old, new)).mistakes

    assert mistake.startswith(name.format(*rule))


@pytest.mark.parametrize("kind", MICROGRAD)
def test_each_mistake_in_micrograd_is_called_by_its_name_and_by_no_other(kind):
    source = inspect.getsource(pytest.importorskip("micrograd.engine").Value)
    old, new, name, *rule = MICROGRAD[kind]
    mistakes = [mistake for mistake in grade(changed(source, old, new)).mistakes if mistake not in KNOWN]

    assert [mistake[: len(name.format(*rule))] for mistake in mistakes] == [name.format(*rule)] * bool(name)


def test_an_engine_without_a_mistake_is_called_nothing():
    assert grade(changed(ENGINE, "import math", "import math")).mistakes == []
