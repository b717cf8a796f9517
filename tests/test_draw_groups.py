"""Pictures by scope: frames, groups folded up, and the neighbourhood of a node."""

import contextlib
import itertools
import re

import pytest
from helpers import read_by_graphviz
from test_draw import HOSTILE, SVG, cards, parsed, texts

from autograd import Value, dot, mean, nn, scope, topological_order
from autograd import cells as widths
from autograd import sum as total
from autograd.draw import diagram, draw
from autograd.groups import groups_of


def trained():
    """The loss of a 2-3-1 network on one point whose inputs are Values: 2 + 20 + 2 nodes."""
    model = nn.MLP(2, [3, 1], "tanh", seed=0)
    loss = nn.squared_error(model([Value(1.0, "x_1"), Value(-1.0, "x_2")]), 0.5)
    loss.backward()
    return loss, model


def box(element):
    rect = element.find(f"{SVG}rect")
    x, y, width, height = (float(rect.get(name)) for name in ("x", "y", "width", "height"))
    if transform := element.get("transform"):
        dx, dy = map(float, re.findall(r"-?[\d.]+", transform))
        x, y = x + dx, y + dy
    return x, y, x + width, y + height


def frames(svg):
    """The box of each frame, by its full name."""
    groups = [group for group in parsed(svg).findall(f"{SVG}g") if not group.get("id")]
    return {group.findtext(f"{SVG}title"): box(group) for group in groups}


def contains(outer, inner):
    return outer[0] <= inner[0] and outer[1] <= inner[1] and inner[2] <= outer[2] and inner[3] <= outer[3]


def meets(one, other):
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def by_label(drawing):
    """The texts of each card by its first text."""
    return {(shown := texts(card))[0]: shown[1:] for card in cards(drawing.svg)}


def labels_of_edges(drawing):
    """(label of the tail, label of the head, mark) of each edge."""
    shown = drawing.diagram
    return [(shown.cards[e.tail].label, shown.cards[e.head].label, e.mark) for e in shown.edges]


# Frames ---------------------------------------------------------------------------------------------


def test_each_scope_has_a_frame_with_its_name():
    loss, _ = trained()

    assert list(frames(draw(loss).svg)) == [
        "MLP",
        "MLP › layers.0",
        "MLP › layers.0 › neurons.0",
        "MLP › layers.0 › neurons.1",
        "MLP › layers.0 › neurons.2",
        "MLP › layers.1 › neurons.0",
        "squared_error",
    ]


def test_a_group_that_holds_one_group_only_shares_its_frame():
    with scope("a"), scope("b"):
        x = Value(1.0, "x")
        with scope("c"):
            y = x * 2
    shown = draw(y).diagram.frames

    assert [(frame.label, frame.around) for frame in shown] == [("a › b", None), ("c", 0)]


def test_without_scopes_there_is_no_frame():
    assert draw(Value(1.0) * 2).diagram.frames == []


@pytest.mark.parametrize("direction", ["LR", "TB"])
@pytest.mark.parametrize("flows", [False, True])
def test_a_frame_is_around_the_cards_of_its_group_and_no_others(direction, flows):
    """Seen to fail with all cards declared outside the clusters."""
    loss, _ = trained()
    drawing = draw(loss, direction=direction, flows=flows)
    boxes = {card.get("id"): box(card) for card in cards(drawing.svg)}
    order = topological_order(loss)
    paths = [group.path if group else () for group in groups_of(order).of_node]
    shown = frames(drawing.svg)

    for name, frame in shown.items():
        path = tuple(name.split(" › "))
        for place, card in drawing.node_ids.items():
            belongs = paths[place][: len(path)] == path
            assert contains(frame, boxes[card]) == belongs, (name, order[place])
            assert meets(frame, boxes[card]) == belongs, (name, order[place])
    for one, other in itertools.combinations(shown, 2):
        assert meets(shown[one], shown[other]) == other.startswith(f"{one} › "), (one, other)


def test_layers_stand_one_behind_the_other():
    """Seen to fail without the leaves that wait."""
    loss, _ = trained()
    for flows, (direction, near, far) in itertools.product((False, True), (("LR", 0, 2), ("TB", 1, 3))):
        shown = frames(draw(loss, direction=direction, flows=flows).svg)

        assert shown["MLP › layers.0"][far] <= shown["MLP › layers.1 › neurons.0"][near]
        assert shown["MLP"][far] <= shown["squared_error"][near]


def test_parameters_belong_to_their_module_though_they_were_made_outside():
    loss, model = trained()
    order = topological_order(loss)
    groups = groups_of(order)
    found = {node: group.path for node, group in zip(order, groups.of_node, strict=True) if group}

    for name, parameter in model.named_parameters():
        layers, neurons = re.match(r"(layers\.\d+)\.(neurons\.\d+)\.", name).groups()
        assert found[parameter] == ("MLP", layers, neurons)
    assert groups.parameters == set(model.parameters())
    assert [node.label for node, group in zip(order, groups.of_node, strict=True) if not group] == ["x_1", "x_2"]


def test_a_leaf_of_another_scope_stays_there_also_where_it_is_a_member():
    with scope("there"):
        far = Value(1.0, "far")
    with scope("here"):
        near = Value(2.0, "near")
    with scope("here"), scope("inside", lambda: [far, near]):
        y = far * near

    assert [group.path for group in groups_of([far, near, y]).of_node] == [
        ("there",),
        ("here", "inside"),
        ("here", "inside"),
    ]


def test_members_are_asked_once_and_not_in_each_call():
    """Seen to fail with the members of each scope asked: 8 × 20 times."""
    asked = []

    class Counted(nn.MLP):
        def parameters(self):
            asked.append(self)
            return super().parameters()

    model = Counted(2, [1], seed=0)
    loss = mean([model([1.0, i]) for i in range(20)])
    draw(loss, depth=1)

    assert len(asked) == 1


def test_two_models_of_one_name_keep_their_parameters():
    one, other = nn.Neuron(1, seed=0), nn.Neuron(1, seed=1)

    assert groups_of(topological_order(one([1.0]) + other([1.0]))).parameters == {
        *one.parameters(),
        *other.parameters(),
    }


def test_deep_nesting_is_no_limit():
    with contextlib.ExitStack() as scopes:
        for i in range(3_000):
            scopes.enter_context(scope(f"s{i}"))
        y = Value(1.0, "x") * 2

    assert len(draw(y).diagram.frames) == 1
    assert [card.label for card in draw(y, depth=1_500).diagram.cards] == ["s1499"]


# Folded up ------------------------------------------------------------------------------------------


def test_at_depth_1_each_outermost_group_is_a_card():
    """The numbers by hand: 3 · (2 + 1 + 2) + (3 + 1 + 1) nodes, 3 · 3 + 4 parameters."""
    loss, _ = trained()
    shown = by_label(draw(loss, depth=1))

    assert list(shown) == ["MLP", "x1", "x2", "squared_error"]
    assert shown["MLP"][:3] == ["20 nodes", "13 parameters", "2 inputs, 1 output"]
    assert shown["squared_error"][:2] == ["2 nodes", "1 input, 1 output"]
    assert frames(draw(loss, depth=1).svg) == {}


def test_at_depth_2_the_outermost_groups_are_open_unless_they_hold_no_groups():
    """Seen to fail with each group above the depth opened: the nodes of the loss then stand by themselves."""
    loss, _ = trained()
    drawing = draw(loss, depth=2)
    shown = by_label(drawing)

    assert list(shown) == ["layers.0", "layers.1", "x1", "x2", "squared_error"]
    assert shown["layers.0"] == ["2 → 3, tanh", "9 parameters"]
    assert shown["layers.1"][0] == "w·x + b"
    assert list(frames(drawing.svg)) == ["MLP"]


def test_a_depth_beyond_the_deepest_group_folds_the_innermost_ones():
    loss, _ = trained()

    assert sorted(card.label for card in draw(loss, depth=9).diagram.cards) == [
        *("neurons.0", "neurons.0", "neurons.1", "neurons.2"),
        *("squared_error", "x_1", "x_2"),
    ]


def test_edges_between_cards_are_one_with_their_number():
    loss, _ = trained()

    assert labels_of_edges(draw(loss, depth=2)) == [
        ("x_1", "layers.0", "3 edges"),
        ("x_2", "layers.0", "3 edges"),
        ("layers.0", "layers.1", "3 edges"),
        ("layers.1", "squared_error", ""),
    ]


def test_a_group_with_one_output_shows_its_numbers():
    with scope("square"):
        x = Value(3.0, "x")
        y = x * x
    z = 2 * y
    z.backward()

    assert by_label(draw(z, depth=1))["square"] == ["2 nodes", "1 output", "▸", "9", "◂", "2"]
    assert by_label(draw(z, depth=1, show="value label"))["square"] == ["2 nodes", "1 output", "▸", "9"]


def test_all_calls_of_a_module_are_one_card():
    model = nn.MLP(2, [3, 1], seed=0)
    loss = mean([nn.hinge(model([float(i), 1.0]), 1) for i in range(10)])
    drawing = draw(loss, depth=1)

    assert [card.label or card.symbol for card in drawing.diagram.cards] == ["MLP", "hinge", "mean"]
    assert by_label(drawing)["MLP"] == ["83 nodes", "13 parameters", "10 outputs"]  # 13 + 10 · (3 · 2 + 1)
    assert [edge.mark for edge in drawing.diagram.edges] == ["10 edges", "10 edges"]
    assert repr(drawing).endswith("114 nodes on 3 cards>")


def test_groups_that_feed_each_other_are_drawn():
    y = Value(1.0, "x")
    for i in range(6):
        with scope("ab"[i % 2]):
            y = y * 2
    drawing = draw(y, depth=1)

    assert labels_of_edges(drawing) == [("x", "a", ""), ("a", "b", "3 edges"), ("b", "a", "2 edges")]
    assert len(parsed(drawing.svg).findall(f"{SVG}path")) == 3


def test_the_root_in_a_group_is_an_output_and_its_card_has_the_double_outline():
    with scope("all"):
        y = Value(1.0) * 2
    (card,) = draw(y, depth=1).diagram.cards

    assert [row.text for row in card.rows] == ["2 nodes", "1 output", "2", "—"]
    assert card.is_root


def test_many_edges_between_groups_have_no_counts():
    layers = []
    for name in "ab":
        with scope(name):
            layer = []
            for i in range(11):
                with scope(f"{i}"):
                    layer.append(dot(layers[-1] + layers[-1], [1.0] * 22) if layers else Value(1.0))
            layers.append(layer)
    drawing = draw(mean(layers[1]), depth=2)

    assert len(drawing.diagram.edges) == 11 * 11 + 11
    assert {edge.mark for edge in drawing.diagram.edges} == {""}


def test_a_count_of_edges_never_looks_like_a_factor():
    """Seen to fail with ×2 for both."""
    with scope("many"):
        x = Value(3.0, "x")
        many = [x * 2, x + 1]
    a, b = Value(1.0, "a"), Value(2.0, "b")
    with scope("one"):
        y = dot([*many, a], [0.5, 2.0, b])
    counts = {edge.mark for edge in draw(y, depth=1).diagram.edges} - {""}
    factors = {edge.mark for edge in draw(y).diagram.edges} - {""}

    assert counts == {"2 edges"}
    assert factors == {"×0.5", "×2"}


# Folded neurons -------------------------------------------------------------------------------------


def folded(y, depth=1):
    """The texts of the first folded group, from its second one on."""
    return next(texts(card)[1:] for card in cards(draw(y, depth=depth).svg) if "-group-" in card.get("id"))


@pytest.mark.parametrize("build", [contextlib.nullcontext, nn.expanded])
@pytest.mark.parametrize(
    ("activation", "formula"),
    [
        ("identity", "w·x + b"),
        ("relu", "ReLU(w·x + b)"),
        ("sigmoid", "σ(w·x + b)"),
        ("tanh", "tanh(w·x + b)"),
        ("leaky_relu", "leaky_relu(w·x + b, 0.01)"),
        (lambda x: (2.0 * x).sin() ** 2, "sin(2 × (w·x + b)) ^ 2"),
        (abs, "|w·x + b|"),
        (lambda x: x + 1.0, "w·x + b + 1"),
    ],
)
def test_a_folded_neuron_is_a_card_with_its_formula_its_value_and_its_gradient(build, activation, formula):
    """Seen to fail with counts for each group, and with a neuron made of one dot only."""
    neuron = nn.Neuron(2, activation, seed=0)
    with build():
        y = neuron([Value(1.0, "x1"), Value(-1.0, "x2")])
    y.backward()
    number, gradient = draw(y, digits=4).diagram.cards[-1].rows[-2:]

    assert folded(y) == [formula, "▸", number.text, "◂", gradient.text]


@pytest.mark.parametrize("build", [contextlib.nullcontext, nn.expanded])
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("inputs", [[Value(1.0), Value(2.0)], [0.5, 2.0], [Value(1.0), 2.0]])
def test_a_neuron_is_known_by_any_inputs(build, bias, inputs):
    with build():
        y = nn.Neuron(2, "tanh", bias=bias, seed=0)(inputs)

    assert folded(y)[0] == ("tanh(w·x + b)" if bias else "tanh(w·x)")


@pytest.mark.parametrize("build", [contextlib.nullcontext, nn.expanded])
@pytest.mark.parametrize(
    ("activation", "shape"), [("relu", "3 → 4, ReLU"), ("identity", "3 → 4"), ("leaky_relu", "3 → 4, leaky ReLU")]
)
def test_a_folded_layer_is_a_card_with_its_shape(build, activation, shape):
    """Seen to fail with the formula of one of its neurons."""
    with build():
        y = mean(nn.Layer(3, 4, activation, seed=0)([0.1, 0.4, 0.5]))

    assert folded(y) == [shape, "16 parameters"]


def test_what_a_folded_neuron_leaves_out_stands_in_its_title_and_is_told_to_screen_readers():
    y = nn.Neuron(2, seed=0)([Value(1.0), Value(2.0)])
    card = next(card for card in draw(y, depth=1).diagram.cards if card.kind == "group")

    assert card.title.splitlines() == ["Neuron", "ReLU(w·x + b)", "5 nodes", "3 parameters", "2 inputs, 1 output"]
    assert card.sentence == "Neuron, ReLU(w·x + b), is a group of 5 nodes, 3 parameters, 2 inputs, 1 output."


def test_a_dot_of_inputs_and_weights_is_one_of_weights_and_inputs():
    """Seen to fail with the weights sought in the first list alone."""
    y = Odd(lambda p, x, y: dot([x, 0.5, y, 1.0], p).tanh())(Value(1.0), Value(2.0))

    assert folded(y)[0] == "tanh(w·x + b)"


def test_a_neuron_that_is_called_more_than_once_has_one_formula_and_so_many_outputs():
    neuron, layer = nn.Neuron(2, seed=0), nn.Layer(2, 3, "tanh", seed=0)
    points = [[0.5, float(i)] for i in range(5)]

    assert folded(mean([neuron(point) for point in points])) == ["ReLU(w·x + b)", "3 parameters", "5 outputs"]
    assert folded(mean([y for point in points for y in layer(point)])) == ["2 → 3, tanh", "9 parameters", "15 outputs"]


def test_a_module_of_the_user_is_a_neuron_if_it_computes_one():
    """Seen to fail with the modules of nn asked for."""

    class Unit(nn.Module):
        def __init__(self):
            self.weights, self.bias = [Value(2.0), Value(3.0)], Value(0.5)

        def forward(self, inputs):
            products = [x * weight for x, weight in zip(inputs, self.weights, strict=True)]
            return total([*products, self.bias]).sigmoid()

    assert folded(Unit()([1.0, Value(2.0)]))[0] == "σ(w·x + b)"


def test_the_formula_goes_where_show_does_not_ask_for_operations():
    y = nn.Neuron(1, seed=0)([Value(1.0)])
    card = draw(y, depth=1, show="label").diagram.cards[0]

    assert (card.symbol, [row.text for row in card.rows]) == ("", ["4 nodes", "2 parameters", "1 input, 1 output"])


def by_hand(function):
    w0, x0, w1, x1, w2 = (Value(float(i), name) for i, name in enumerate(["w0", "x0", "w1", "x1", "w2"]))
    with scope("neuron"):
        return function(w0, x0, w1, x1, w2)


@pytest.mark.parametrize(
    ("function", "formula"),
    [
        (lambda w0, x0, w1, x1, w2: w0 * x0 + w1 * x1 + w2, "w0 × x0 + w1 × x1 + w2"),
        (lambda w0, x0, w1, x1, w2: (w0 * x0 + w1 * x1 + w2).sigmoid(), "σ(w0 × x0 + w1 × x1 + w2)"),
        (lambda w0, x0, w1, x1, w2: dot([w0, w1], [x0, x1]), "dot([w0, w1], [x0, x1])"),
        (lambda w0, x0, w1, x1, w2: (0.5 * x0 + 1.0).relu(), "ReLU(0.5 × x0 + 1)"),
    ],
)
def test_a_neuron_without_a_module_has_its_formula_in_labels(function, formula):
    assert folded(by_hand(function))[0] == formula


@pytest.mark.parametrize(
    "function",
    [
        lambda w0, x0, w1, x1, w2: w0 * x0,
        lambda w0, x0, w1, x1, w2: w0 + x0,
        lambda w0, x0, w1, x1, w2: (w0 - x0) ** 2,
        lambda w0, x0, w1, x1, w2: w0 * x0 + (w1 + x1) * w2,
        lambda w0, x0, w1, x1, w2: w0 * x0 + Value(3.0) * x1,
        lambda w0, x0, w1, x1, w2: w0 * x0 + w1 * x1 + w2 * x0 + x1,
        lambda w0, x0, w1, x1, w2: w0 * x0 + w1.tanh(),
    ],
)
def test_all_other_groups_keep_their_counts(function):
    assert re.fullmatch(r"\d nodes?", folded(by_hand(function))[0])


def test_the_function_of_a_sum_outside_is_no_neuron():
    """Seen to fail with the sum taken into the formula."""
    w, x, b = Value(1.0, "w"), Value(2.0, "x"), Value(3.0, "b")
    z = (w * x + b).exp()
    with scope("activation"):
        y = z.relu().tanh()

    assert folded(y)[0] == "2 nodes"


def test_a_neuron_stays_one_where_a_penalty_makes_its_weights_outputs_too():
    """Seen to fail with each output of the group asked for a weighted sum."""
    neuron = nn.Neuron(2, seed=0)
    y = neuron([1.0, 2.0])
    loss = y + total([weight**2 for weight in neuron.weights])
    loss.backward()

    assert folded(loss)[:2] == ["ReLU(w·x + b)", "▸"]
    assert len(folded(loss)) == 5


class Odd(nn.Module):
    """What `make` makes of four parameters and two inputs."""

    def __init__(self, make):
        self.make, self.p = make, [Value(2.0), Value(3.0), Value(5.0), Value(7.0)]

    def forward(self, x, y):
        return self.make(self.p, x, y)


@pytest.mark.parametrize(
    "make",
    [
        lambda p, x, y: [dot(p[:2], [x, y]), dot(p[2:], [x, y]).tanh()],
        lambda p, x, y: [dot(p[:2], [x, y]), dot(p[1:], [x, y, 0.5])],
        lambda p, x, y: [dot(p, [x, y, x, 0.5]) * dot(p, [x, y, x, 0.25])],
        lambda p, x, y: [p[0] * x, p[0] * x + p[1] * y],
        lambda p, x, y: [(z := p[0] * x + p[1] * y), z + p[2] * y + p[3]],
        lambda p, x, y: [p[0] * x + p[1] + p[2]],
        lambda p, x, y: [p[0] * p[1] + p[2]],
        lambda p, x, y: [p[0] * x + y],
        lambda p, x, y: [dot(p[:2], [x, y]).tanh().tanh().tanh().tanh()],
        lambda p, x, y: [dot(p[:2], [x.tanh(), y])],
        lambda p, x, y: [(z := dot(p, [x, y, x, 0.5])).relu(), z.relu()],
        lambda p, x, y: [dot(p[:3], [x, y, 0.5]), p[3]],
        lambda p, x, y: [dot(p, p)],
        lambda p, x, y: [total([weight * weight for weight in p])],
    ],
)
def test_a_group_that_is_not_all_neurons_of_one_kind_keeps_its_counts(make):
    """Seen to fail with the nodes and parameters of the group not counted against those of its neurons."""
    y = mean([y * i for i, y in enumerate(Odd(make)(Value(1.0, "x"), Value(2.0, "y")))])

    assert folded(y)[0].endswith("nodes")


# Too much for a picture -----------------------------------------------------------------------------


def chain(count, names=("",)):
    y = Value(1.0, "x")
    for i in range(count):
        with scope(names[i % len(names)]) if names[0] else contextlib.nullcontext():
            y = y + 1
    return y


@pytest.mark.parametrize(
    ("make", "options", "message"),
    [
        (lambda: chain(20), {}, r"21 nodes.*scope\(\"loss\"\).*depth=1, .*around=node, .*max_nodes=21"),
        (lambda: chain(20, ["a"]), {}, r"21 nodes, .*: fold its groups up with depth=1, .*around=node"),
        (lambda: chain(20), {"depth": 1}, r"depth=1 there are 21 cards, .* 21 nodes are in no scope, .*scope\("),
        (
            lambda: chain(60, "abcdefghijklmno"),
            {"depth": 1},
            r"depth=1 there are 16 cards, .*open a scope around several",
        ),
    ],
)
def test_too_many_cards_are_an_error_that_names_a_remedy(make, options, message):
    with pytest.raises(ValueError, match=message):
        draw(make(), max_nodes=10, **options)


def test_too_many_neighbours_are_an_error_that_names_the_radius():
    x = Value(1.0)
    y = mean([x * i for i in range(20)])

    with pytest.raises(ValueError, match=r"within radius=1 are 21 nodes, .*smaller radius"):
        draw(y, around=x, radius=1, max_nodes=20)


def test_too_many_cards_of_nested_groups_suggest_a_smaller_depth():
    with scope("model"):
        y = chain(40, [f"layer {i}" for i in range(20)])

    with pytest.raises(ValueError, match=r"21 cards, more than max_nodes=10: fold more of them up with depth=1"):
        draw(y, depth=2, max_nodes=10)
    assert draw(y, depth=1, max_nodes=10).svg


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"depth": 0}, "depth must be 1 or more, not 0"),
        ({"radius": -1}, "radius must be 0 or more, not -1"),
        ({"around": Value(7.0)}, r"around: Value\(data=7.0, grad=0.0\) is not in the graph"),
    ],
)
def test_a_wrong_choice_of_nodes_is_an_error(options, message):
    with pytest.raises(ValueError, match=message):
        draw(Value(1.0) * 2, **options)


def test_depth_and_around_exclude_each_other():
    y = Value(1.0) * 2

    with pytest.raises(ValueError, match="either folds groups up"):
        draw(y, depth=1, around=y)
    with pytest.raises(TypeError, match="around takes Values of the graph, not str"):
        draw(y, around="x")


# A neighbourhood ------------------------------------------------------------------------------------


def distances(root, start):
    """From one node to all others of a graph, edges taken in both directions; the slow way."""
    order = topological_order(root)
    found = {start: 0}
    for distance in range(len(order)):
        for node in order:
            for parent in node.parents:
                if found.get(node) == distance:
                    found.setdefault(parent, distance + 1)
                if found.get(parent) == distance:
                    found.setdefault(node, distance + 1)
    return found


@pytest.mark.parametrize("radius", [0, 1, 2, 5])
def test_a_neighbourhood_has_the_nodes_within_the_radius(radius):
    """Seen to fail with the operands left out, and with the users left out."""
    loss, model = trained()
    start = model.layers[0].neurons[1].weights[0]
    order = topological_order(loss)
    drawing = draw(loss, around=start, radius=radius)
    near = {node for node, distance in distances(loss, start).items() if distance <= radius}

    assert {order[place] for place in drawing.node_ids} == near


def test_what_a_neighbourhood_leaves_out_is_a_stub_with_the_number_of_edges():
    a, b = Value(1.0, "a"), Value(2.0, "b")
    c = a * b
    c.label = "c"
    y = mean([c, c + 1, a, c - 1])
    drawing = draw(y, around=c, radius=0)
    stubs = [card for card in drawing.diagram.cards if card.kind == "stub"]

    assert labels_of_edges(drawing) == [("…", "c", "2 edges"), ("c", "…", "3 edges")]
    assert [stub.title for stub in stubs] == [
        "computed from 2 operands not drawn here",
        "used 3 times more, not drawn here",
    ]
    assert repr(drawing).endswith("6 nodes, 1 of them drawn>")


def test_a_neighbourhood_lies_in_the_graph_of_the_root():
    x = Value(1.0, "x")
    y = x * 2
    _ = x * 3

    assert len(draw(y, around=x).node_ids) == 2


def test_a_neighbourhood_has_frames():
    loss, model = trained()

    assert list(frames(draw(loss, around=model.layers[0].neurons[1].weights[0], radius=1).svg)) == [
        "MLP › layers.0 › neurons.1"
    ]


# Hostile names --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
def test_any_name_of_a_scope_is_shown_literally(name):
    """Seen to fail with `readable` left out."""
    with scope(name):
        x = Value(1.0)
        with scope("inner"):
            y = x * 2
    shown = widths.readable(name)
    framed, folded = draw(y), draw(y, depth=1)
    labels = [t for t in texts(parsed(framed.svg)) if t == widths.shortened(shown, diagram.TITLE_CELLS)]

    assert labels == [widths.shortened(shown, diagram.TITLE_CELLS)]
    assert next(iter(frames(framed.svg))) == shown
    assert texts(cards(folded.svg)[0])[0] == widths.shortened(shown)
    assert cards(folded.svg)[0].findtext(f"{SVG}title").startswith(shown + "\n")


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
def test_no_name_of_a_scope_breaks_to_dot(name):
    """Seen to fail with the label of the cluster left unescaped."""
    with scope(name):
        y = Value(1.0) * 2
    shown = widths.shortened(widths.readable(name), diagram.TITLE_CELLS)
    rendered = read_by_graphviz(draw(y).to_dot().source)
    cluster = next(thing for thing in rendered["objects"] if thing["name"].startswith("cluster"))
    # Of a label with two backslashes the JSON of this Graphviz has no text, only the label itself.
    drawn = next((op["text"] for op in cluster["_ldraw_"] if op["op"] == "T"), cluster["label"])

    assert drawn.replace("\\\\", "\\").strip() == shown.strip()  # the JSON doubles backslashes once more
