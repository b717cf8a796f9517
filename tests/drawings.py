"""A corpus of 300 drawings of all kinds, the same in every run.

>>> len(corpus()), corpus()[0].name
(300, 'tree-0')
"""

import builtins
import functools
import inspect
import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from autograd import (
    OPERATIONS,
    Value,
    dot,
    exp,
    gradient,
    hypot,
    identity,
    log,
    logsumexp,
    maximum,
    mean,
    nn,
    norm,
    prod,
    relu,
    scope,
    sigmoid,
    softmax,
    sqrt,
    std,
    sum,
    tanh,
    topological_order,
    where,
)
from autograd.draw import draw

SIZE = 300

Made = tuple[Value, dict[str, Any], Sequence[Sequence[Value]]]


@dataclass(frozen=True)
class Example:
    """A graph to draw, the options, and rows of nodes, of which each should stand before the next one."""

    name: str
    make: Callable[[], Made]

    @functools.cached_property
    def made(self) -> Made:
        return self.make()

    @property
    def rows(self) -> Sequence[Sequence[Value]]:
        return self.made[2]

    def drawing(self):
        """Its drawing; options that this version of `draw` does not have are left out."""
        root, options, _ = self.made
        known = inspect.signature(draw).parameters
        return draw(root, **{name: value for name, value in options.items() if name in known})


@functools.cache
def corpus(turn: int = 0) -> list[Example]:
    """All examples; with another turn, others of the same families, or the same with other options."""
    families = {"tree": (random_tree, 30), "chain": (chain, 8), "wide": (wide, 12), "pairs": (pairs, 8)}
    families |= {"twice": (twice, 5), "neuron": (neuron, 20), "layer": (layer, 14), "network": (network, 26)}
    families |= {"label": (labelled, 8), "part": (part, 10), "scope": (scoped, 16), "operation": (one_operation, 0)}
    families["operation"] = one_operation, len(OPERATIONS)
    fixed = {**{f"known-{name}": make for name, make in KNOWN.items()}, **{f"worked-{n}": m for n, m in WORKED.items()}}
    families["shared"] = random_graph, SIZE - len(fixed) - builtins.sum(count for _, count in families.values())
    return [
        *(
            Example(f"{name}-{i}", functools.partial(make, i))
            for name, (make, count) in families.items()
            for i in range(turn * count, (turn + 1) * count)
        ),
        *(Example(name, functools.partial(turned, make, turn)) for name, make in fixed.items()),
    ]


def turned(make: Callable[[], Made], turn: int) -> Made:
    root, options, rows = make()
    return root, options | look(turn) if turn else options, rows


def look(i: int, **more: Any) -> dict[str, Any]:
    """Options that change from one drawing to the next: all combinations of direction and flows, and some more."""
    options: dict[str, Any] = {"direction": "LR" if i % 2 == 0 else "TB", "flows": i % 4 in (2, 3)}
    if i % 5 == 3:
        options["decimals"] = 2
    if i % 7 == 2:
        options["digits"] = 2
    if i % 11 == 4:
        options["theme"] = "dark"
    if i % 13 == 6:
        options["legend"] = True
    return options | more


def done(root: Value, options: dict[str, Any], *rows: Sequence[Value]) -> Made:
    """A graph after its backward pass."""
    root.backward()
    return root, options, rows


# Random expressions ---------------------------------------------------------------------------------

ONE = ("exp", "tanh", "sigmoid", "relu", "sin", "negate", "abs", "softplus")
TWO = ("add", "subtract", "multiply", "divide", "maximum", "power", "hypot")
SOME = ("sum", "mean", "max", "prod", "logsumexp")


def leaf(chance: random.Random, label: str) -> Value:
    return Value(round(chance.uniform(0.1, 3.0), chance.choice((0, 1, 3))) or 0.5, label)


def applied(chance: random.Random, operands: list[Value]) -> Value:
    """An operation on these, with a plain number among them now and then."""
    if len(operands) == 1 and chance.random() < 0.3:
        number = float(chance.randint(2, 9))
        operands = chance.sample([operands[0], number], 2)
    if len(operands) == 1:
        return OPERATIONS[chance.choice(ONE)](operands[0])
    if len(operands) == 2:
        return OPERATIONS[chance.choice(TWO)](*operands)
    return OPERATIONS[chance.choice(SOME)](operands)


def tree_of(chance: random.Random, leaves: list[Value]) -> Value:
    """A random expression in which each leaf stands once, in this order."""
    if len(leaves) == 1:
        return applied(chance, leaves) if chance.random() < 0.25 else leaves[0]
    count = chance.choice((2, 2, 2, 2, 3, 4))
    cuts = sorted(chance.sample(range(1, len(leaves)), min(count, len(leaves)) - 1))
    parts = [leaves[a:b] for a, b in zip([0, *cuts], [*cuts, len(leaves)], strict=True)]
    value = applied(chance, [tree_of(chance, part) for part in parts])
    return applied(chance, [value]) if chance.random() < 0.2 else value


def random_tree(seed: int) -> Made:
    chance = random.Random(seed)
    leaves = [leaf(chance, label) for label in "abcdefghijkl"[: 2 + seed % 11]]
    root = tree_of(chance, leaves)
    if seed % 3 == 1:
        with scope("outside"):
            root = tree_of(chance, [root, leaf(chance, "p"), leaf(chance, "q")])
    if seed % 3 == 2:
        root.label = "y"
    return done(root, look(seed))


def random_graph(seed: int) -> Made:
    """An expression in which leaves and what is computed from them are used several times."""
    chance = random.Random(1000 + seed)
    values = [leaf(chance, label) for label in "abcdefgh"[: 2 + seed % 5]]
    unused = list(values)
    for step in range(2 + seed % 9):
        operands = chance.sample(values, min(len(values), chance.choice((1, 2, 2, 2, 3))))
        with scope(f"step {step // 3}") if seed % 4 == 3 else nothing():
            values.append(applied(chance, operands))
        unused = [value for value in unused if not any(value is operand for operand in operands)] + [values[-1]]
    return done(sum(unused) if len(unused) > 1 else unused[0], look(seed))


class nothing:  # noqa: N801  # a block without a scope
    def __enter__(self) -> None: ...
    def __exit__(self, *_: object) -> None: ...


def one_operation(i: int) -> Made:
    """An operation of the rule book, of labelled operands."""
    operation = OPERATIONS[sorted(OPERATIONS)[i % len(OPERATIONS)]]
    chance, labels = random.Random(i), iter("xyzuvwabcdefgh")
    arguments: list[Any] = []
    for domain in operation.domain:
        count = 3 if isinstance(domain, list) else 1
        kind = domain[0] if isinstance(domain, list) else domain
        low, high = max(kind.low, -4.0), min(kind.high, 4.0)
        values = [Value(round(chance.uniform(low, high), 2), next(labels)) for _ in range(count)]
        arguments.append(values if isinstance(domain, list) else values[0])
    return done(operation(*arguments), look(i))


# Long, wide, and twice the same ---------------------------------------------------------------------


def chain(i: int) -> Made:
    x = y = Value(0.5, "x")
    for step in range((4, 8, 12, 20, 6, 30, 10, 16)[i % 8]):
        y = (tanh, exp, sigmoid, identity)[step % 4](y) if i % 2 else y * Value(1.1, f"a{step}") + 1
    return done(y, look(i), [x])


def wide(i: int) -> Made:
    count = (3, 5, 8, 12, 20, 30, 4, 6, 10, 7, 9, 16)[i % 12]
    values = [Value(0.3 + place / 7, f"x{place + 1}") for place in range(count)]
    function = (sum, mean, prod, norm, logsumexp, sum, std, OPERATIONS["max"], sum, OPERATIONS["min"], mean, norm)[
        i % 12
    ]
    return done(function(values), look(i), values)


def pairs(i: int) -> Made:
    """Lists of numbers multiplied pair by pair, and what many lists have in common."""
    count = (2, 3, 4, 6, 8, 3, 4, 5)[i % 8]
    xs = [Value(place - 1.5, f"x{place}") for place in range(count)]
    ws = [Value(0.5 * place + 0.1, f"w{place}") for place in range(count)]
    if i % 8 == 5:
        return done(dot(xs, xs), look(i), xs)
    if i % 8 == 6:
        total = dot([*ws, Value(1.0, "b")], [*xs, 1.0])
        return done(relu(total), look(i), xs, ws)
    if i % 8 == 7:
        return done(-log(softmax(xs)[2]), look(i), xs)
    return done(dot(ws, xs), look(i), xs, ws)


def twice(i: int) -> Made:
    x = Value(3.0, "x")
    u = x * x
    return done((u, u + x, u * u, where(x, x + 1, x), sum([x, x, u]))[i % 5], look(i))


# Networks -------------------------------------------------------------------------------------------


def inputs_of(count: int, are_values: bool) -> list[Any]:
    numbers = [round(math.sin(2.0 * place + 1), 2) for place in range(count)]
    return [Value(number, f"x{place + 1}") for place, number in enumerate(numbers)] if are_values else numbers


def rows_of(model: nn.Module, inputs: Sequence[Any]) -> list[list[Value]]:
    """The inputs among themselves, neurons from the first to the last, the parameters of each."""
    rows = [[x for x in inputs if isinstance(x, Value)]]
    layers = model.layers if isinstance(model, nn.MLP) else [model]
    for each in layers:
        neurons = each.neurons if isinstance(each, nn.Layer) else [each]
        rows.append([neuron.weights[0] for neuron in neurons])
        rows += [[*neuron.weights, *([neuron.bias] if neuron.bias is not None else [])] for neuron in neurons]
    return [row for row in rows if len(row) > 1]


def neuron(i: int) -> Made:
    width, activation = 1 + i % 6, ("relu", "tanh", "sigmoid", "identity")[i % 4]
    model = nn.Neuron(width, activation, bias=i % 5 != 4, seed=i)
    inputs = inputs_of(width, i % 3 != 2)
    with nn.expanded() if i % 2 else nothing():
        y = model(inputs)
    return done(y, look(i // 2), *rows_of(model, inputs))


def layer(i: int) -> Made:
    nin, nout = 1 + i % 4, 2 + i % 3
    model = nn.Layer(nin, nout, ("tanh", "relu", "sigmoid")[i % 3], seed=i)
    inputs = inputs_of(nin, i % 3 != 1)
    with nn.expanded() if i % 4 == 3 else nothing():
        y = sum(model(inputs))
    return done(y, look(i, depth=(None, None, 1, 2)[i % 4]), *rows_of(model, inputs))


NETWORKS = ((2, [2, 1]), (3, [4, 1]), (2, [3, 3, 1]), (1, [4, 1]), (4, [3, 2]), (2, [2, 2, 2, 1]), (3, [2]))


def network(i: int) -> Made:
    nin, widths = NETWORKS[i % 7]
    model = nn.MLP(nin, widths, ("tanh", "relu")[i % 2], bias=i % 5 != 1, seed=i)
    inputs = inputs_of(nin, i % 3 == 0)
    with nn.expanded() if i % 8 == 7 else nothing():
        outputs = model(inputs)
    if isinstance(outputs, list):
        y = nn.cross_entropy(outputs, 0) if i % 2 else sum(outputs)
    else:
        y = nn.squared_error(outputs, 1.0) if i % 4 < 3 else outputs
    return done(y, look(i // 2, depth=(None, 1, 2, 3, None)[i % 5]), *rows_of(model, inputs))


# Labels, parts --------------------------------------------------------------------------------------


def labelled(i: int) -> Made:
    labels = (
        ("the weight of the first input of the network", "x"),
        ("漢字の重み", "入力"),
        ("w_{ij}^2", "x_{long index}"),
        ("e\u0301\u0302", "👩\u200d🔬 the scientist"),
        ("<b>&amp;</b>", "two  blanks "),
        ("あ" * 30, "b" * 60),
        ("μ_batch", "σ^2"),
        ("", "שלום"),
    )[i % 8]
    a, b = Value(-1.23456789e-7, labels[0]), Value(123456789.123, labels[1])
    with scope(labels[0] or "scope") if i % 2 else nothing():
        y = maximum(a * b, -a) - b
        y.label = " ".join(labels)
    return done(y, look(i, digits=(4, 8, 2, 17)[i % 4]))


def part(i: int) -> Made:
    """The neighbourhood of a node."""
    root, *_ = network((0, 1, 2, 7, 5)[i % 5]) if i % 2 else random_graph(i + 20)
    order = topological_order(root)
    node = order[len(order) * (i % 10 + 1) // 12]
    return root, {**look(i), "around": node, "radius": 1 + i % 3, "highlight": [node]}, []


# Scopes ---------------------------------------------------------------------------------------------


def scoped(i: int) -> Made:
    """Groups of all kinds, open and folded."""
    make = (nested, crossing, reentered, between, sharing, recurrent, deep, loss_beside)[i % 8]
    root, rows = make()
    depth = 1 if i // 8 % 2 else None
    bright = {"highlight": [root, root.parents[0]]} if i % 4 == 3 and depth is None else {}
    return done(root, look(i + i // 8, depth=depth, **bright), *rows)


def nested() -> tuple[Value, list]:
    a, b = Value(1.0, "a"), Value(2.0, "b")
    with scope("outer"):
        c = a * b
        with scope("first"):
            d = c + a
        with scope("second"):
            with scope("inner"):
                e = exp(c) * d
            f = e - b
    return f * d, []


def crossing() -> tuple[Value, list]:
    """Two scopes that use each other's results."""
    x = Value(0.5, "x")
    with scope("left"):
        a = x * 2
    with scope("right"):
        b = a + 1
        c = tanh(x)
    with scope("left"):
        d = b * c
    with scope("right"):
        return d + b, []


def reentered() -> tuple[Value, list]:
    total = Value(0.0, "start")
    for step in range(3):
        with scope("step"):
            total = total * 0.5 + Value(1.0, f"x{step}")
    return total, []


def between() -> tuple[Value, list]:
    """Loose nodes between frames."""
    a, b, c = Value(1.0, "a"), Value(2.0, "b"), Value(3.0, "c")
    with scope("one"):
        p = a * b + c
    q, r = p * 2, p + a
    with scope("two"):
        s = q * r
    t = s - c
    with scope("three"):
        return exp(t / 100) + s, []


def sharing() -> tuple[Value, list]:
    """One neuron that is applied to two inputs."""
    model = nn.Neuron(2, "tanh", seed=0)
    x, y = inputs_of(4, True)[:2], inputs_of(4, True)[2:]
    return model(x) - model(y), [model.weights]


def recurrent() -> tuple[Value, list]:
    u, w, b = Value(0.5, "u"), Value(-0.8, "w"), Value(0.1, "b")
    h = Value(0.0, "h0")
    for step in range(1, 4):
        with scope(f"step {step}"):
            h = tanh(w * h + u * Value(float(step), f"x{step}") + b)
            h.label = f"h{step}"
    return h, []


def deep() -> tuple[Value, list]:
    y = Value(1.0, "x")
    with scope("a"), scope("b"):
        y = y * 2
        with scope("c"):
            y = y + Value(1.0, "k")
            with scope("d"):
                y = exp(-y)
    return y, []


def loss_beside() -> tuple[Value, list]:
    model = nn.MLP(2, [2, 1], "tanh", seed=3)
    x = inputs_of(2, True)
    loss = nn.squared_error(model(x), Value(0.5, "target"))
    penalty = 0.01 * sum(w * w for w in model.parameters())
    return loss + penalty, rows_of(model, x)


# Known graphs ---------------------------------------------------------------------------------------


def attention() -> Made:
    q = [Value(0.1, "q0"), Value(0.7, "q1")]
    keys = [[Value(0.2 * i + 0.3 * j, f"k{i}{j}") for j in range(2)] for i in range(3)]
    values = [Value(float(i), f"v{i}") for i in range(3)]
    scores = [dot(q, key) / sqrt(Value(2.0, "d")) for key in keys]
    return done(dot(softmax(scores), values), look(0), q, values)


def gru() -> Made:
    x, h = Value(0.5, "x"), Value(-0.2, "h")
    names = ("w_z", "u_z", "w_r", "u_r", "w_h", "u_h")
    p = {name: Value(0.3 * place - 0.7, name) for place, name in enumerate(names)}
    with scope("update"):
        z = sigmoid(p["w_z"] * x + p["u_z"] * h)
    with scope("reset"):
        r = sigmoid(p["w_r"] * x + p["u_r"] * h)
    with scope("candidate"):
        c = tanh(p["w_h"] * x + p["u_h"] * (r * h))
    return done((1 - z) * h + z * c, look(0))


def lstm() -> Made:
    x, h, c = Value(0.5, "x"), Value(-0.2, "h"), Value(0.9, "c")
    gates = {}
    for place, name in enumerate("ifog"):
        with scope(f"gate {name}"):
            total = Value(0.1 * place, f"w_{name}") * x + Value(0.4 - 0.1 * place, f"u_{name}") * h
            gates[name] = (tanh if name == "g" else sigmoid)(total)
    return done(gates["o"] * tanh(gates["f"] * c + gates["i"] * gates["g"]), look(1))


def horner() -> Made:
    x, y = Value(0.5, "x"), Value(2.0, "a4")
    for power in (3, 2, 1, 0):
        y = y * x + Value(power - 1.5, f"a{power}")
    return done(y, look(0))


def batch() -> Made:
    """One neuron and its loss over three points."""
    w, b = Value(0.4, "w"), Value(-0.1, "b")
    losses = [(sigmoid(w * x + b) - t) ** 2 for x, t in ((0.0, 0.0), (1.0, 1.0), (2.0, 1.0))]
    return done(mean(losses), look(2))


def second_derivative() -> Made:
    x = Value(2.0, "x")
    return done(gradient(gradient(x**3 * exp(x), x), x), look(0))


def distance() -> Made:
    a, b, c, d = (Value(float(number), label) for number, label in zip((1, 2, 4, 6), "abcd", strict=True))
    return done(hypot(a - c, b - d), look(1))


def leaf_alone() -> Made:
    return Value(2.5, "x"), look(0), []


def unlabelled() -> Made:
    return done(Value(1.0) * Value(2.0) + Value(3.0), look(0))


def before_a_pass() -> Made:
    a, b = Value(1.0, "a"), Value(2.0, "b")
    return a * b + a, look(2), []


def dead_relu() -> Made:
    w, x, b = Value(-2.0, "w"), Value(1.5, "x"), Value(0.5, "b")
    return done(3 * relu(w * x + b), look(2))


def sigmoid_and_its_slope() -> Made:
    x = Value(0.5, "x")
    s = sigmoid(x)
    s.label = "σ"
    return done(s * (1 - s), look(0))


def logistic_regression() -> Made:
    ws, xs, b = [Value(0.3, "w1"), Value(-0.2, "w2"), Value(0.7, "w3")], inputs_of(3, True), Value(0.1, "b")
    with scope("model"):
        p = sigmoid(dot(ws, xs) + b)
    with scope("loss"):
        return done(-log(p), look(0), xs, ws)


KNOWN = {
    "attention": attention,
    "gru": gru,
    "lstm": lstm,
    "horner": horner,
    "batch": batch,
    "second": second_derivative,
    "distance": distance,
    "leaf": leaf_alone,
    "unlabelled": unlabelled,
    "fresh": before_a_pass,
    "dead": dead_relu,
    "slope": sigmoid_and_its_slope,
    "logistic": logistic_regression,
}


# Worked examples, and the gallery of notebook 7 -----------------------------------------------------

E1_FIRST = ([0.1, 0.2, 0.4, 0.3], [0.5, 0.4, 0.7, 0.9], [0.2, 0.6, 0.3, 0.8])
E1_SECOND = (0.2, 0.3, 0.6, 0.1)
E1_INPUTS = (0.1, 0.4, 0.5)


def e1(with_loss: bool = True, are_values: bool = False, **options: Any) -> Made:
    """The 3-4-1 network of the first worked example, as a module."""
    model = nn.MLP(3, [4, 1], activation="relu", output="sigmoid", bias=False)
    for j, each in enumerate(model.layers[0].neurons):
        for i, weight in enumerate(each.weights):
            weight.data = E1_FIRST[i][j]
    for weight, number in zip(model.layers[1].neurons[0].weights, E1_SECOND, strict=True):
        weight.data = number
    inputs = [Value(x, f"x{i}") for i, x in enumerate(E1_INPUTS)] if are_values else [*E1_INPUTS]
    with nn.expanded() if options.pop("expanded", False) else nothing():
        p = model(inputs)
    return done(nn.binary_cross_entropy(p, 1) if with_loss else p, options, *rows_of(model, inputs))


def e1_spelled_out(**options: Any) -> Made:
    """The same as notebook 2 writes it, with + and ×."""
    first = [[Value(E1_FIRST[i][j], f"W{i}{j}") for j in range(4)] for i in range(3)]
    second = [Value(number, f"w{j}") for j, number in enumerate(E1_SECOND)]
    x = E1_INPUTS
    h = [relu(x[0] * first[0][j] + x[1] * first[1][j] + x[2] * first[2][j]) for j in range(4)]
    for j in range(4):
        h[j].label = f"h{j}"
    z = h[0] * second[0] + h[1] * second[1] + h[2] * second[2] + h[3] * second[3]
    p = sigmoid(z)
    loss = -log(p)
    z.label, p.label, loss.label = "z", "p", "L"
    return done(loss, options, h, second)


def e3(**options: Any) -> Made:
    w0, x0, w1, x1 = Value(2, "w_0"), Value(-1, "x_0"), Value(-3, "w_1"), Value(-2, "x_1")
    w2 = Value(-3, "w_2")
    return done(1 / (1 + exp(-(w0 * x0 + w1 * x1 + w2))), options)


def e3_folded(**options: Any) -> Made:
    w0, x0, w1, x1 = Value(2, "w_0"), Value(-1, "x_0"), Value(-3, "w_1"), Value(-2, "x_1")
    w2 = Value(-3, "w_2")
    return done(sigmoid(w0 * x0 + w1 * x1 + w2), options)


def e3_with_dot(**options: Any) -> Made:
    ws, xs = [Value(2, "w_0"), Value(-3, "w_1"), Value(-3, "w_2")], [Value(-1, "x_0"), Value(-2, "x_1")]
    return done(sigmoid(dot(ws, [*xs, 1.0])), options, ws, xs)


def e4(with_dot: bool = False, in_scope: bool = True, **options: Any) -> Made:
    h, k, y = Value(1, "h"), Value(-3, "k"), Value(10, "y")
    w1, w2, b = Value(5, "w_1"), Value(-1, "w_2"), Value(3, "b")
    with scope("neuron") if in_scope else nothing():
        p = identity(dot([h, k], [w1, w2]) + b if with_dot else h * w1 + k * w2 + b)
        p.label = "ŷ"
    loss = (y - p) ** 2
    loss.label = "L"
    return done(loss, options)


def first_graph(which: int) -> Made:
    a, x, b = Value(2, "a"), Value(4, "x"), Value(3, "b")
    y = (a + b, a * x - b, b**2, exp(a))[which]
    y.label = "y"
    return done(y, {})


def pattern(which: int) -> Made:
    a, b = Value(3, "a"), Value(-4, "b")
    return done(2 * (a + b, maximum(a, b), a * b)[which], {"flows": True})


def branch() -> Made:
    x = Value(3, "x")
    u = x * x
    u.label = "u"
    return done(3 * u + 5 * u, {"flows": True})


def gallery_network(**options: Any) -> Made:
    model = nn.MLP(2, [2, 1], activation="tanh", seed=1)
    return done(nn.squared_error(model([1.0, -1.0]), 1.0), options, *rows_of(model, []))


GALLERY = {
    **{f"gallery-{i}": functools.partial(first_graph, i) for i in range(4)},
    **{f"gallery-{4 + i}": functools.partial(pattern, i) for i in range(3)},
    "gallery-7": branch,
    "gallery-8": functools.partial(e3, digits=2),
    "gallery-9": functools.partial(e3_folded, digits=2),
    "gallery-10": e4,
    "gallery-11": gallery_network,
    "gallery-12": functools.partial(gallery_network, depth=2),
}

WORKED = {
    **GALLERY,
    "e1": e1,
    "e1-output": functools.partial(e1, with_loss=False),
    "e1-values": functools.partial(e1, are_values=True),
    "e1-flows": functools.partial(e1, flows=True),
    "e1-down": functools.partial(e1, direction="TB"),
    "e1-expanded": functools.partial(e1, expanded=True),
    "e1-spelled": e1_spelled_out,
    "e1-layers": functools.partial(e1, depth=2, are_values=True),
    "e1-neurons": functools.partial(e1, depth=3, are_values=True),
    "e3-decimals": functools.partial(e3, decimals=2),
    "e3-flows": functools.partial(e3, decimals=2, flows=True),
    "e3-down": functools.partial(e3, direction="TB", flows=True),
    "e3-dot": e3_with_dot,
    "e4-flows": functools.partial(e4, flows=True),
    "e4-dot": functools.partial(e4, with_dot=True),
    "e4-loose": functools.partial(e4, in_scope=False),
    "e4-down": functools.partial(e4, direction="TB"),
}
