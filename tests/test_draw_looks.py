"""How pictures look, by their options; what they are in notebooks and in files."""

import base64
import html.parser
import importlib
import inspect
import itertools
import math
import operator
import random
import re
import sys
from dataclasses import replace

import pytest
from test_draw import HOSTILE, SVG, cards, neuron, parsed, run, texts
from test_draw_groups import box, meets, trained

from autograd import Value, dot, maximum, mean, nn, operation, relu, scope, sqrt, sum, topological_order, where
from autograd import cells as widths
from autograd.__main__ import main
from autograd.draw import draw, labels, layout, svg
from autograd.draw.diagram import blocks
from autograd.draw.notebook import AS_THE_PAGE
from autograd.operations import OPERATIONS

WORDS = ("value", "gradient", "operation", "label")


def edges_to(drawing, label):
    """The edges to a card, by the label of their tail."""
    shown = drawing.diagram
    return {shown.cards[e.tail].label: e for e in shown.edges if label in (shown.cards[e.head].label, "")}


def flows_of(drawing):
    """What is drawn of each flow: its line, its arrow head and its number."""
    return [group for group in parsed(drawing.svg).iter(f"{SVG}g") if group.get("id", "").endswith("-flow")]


def points(path):
    """All points of a path, also those that curves only bend towards."""
    return [(float(x), float(y)) for x, y in re.findall(r"(-?[\d.]+),(-?[\d.]+)", path.get("d"))]


def text_box(text):
    """The box of a text, whose characters are 0.6 of the font size wide."""
    width = 0.6 * 13 * widths.cells("".join(text.itertext()))
    left = float(text.get("x")) - width * {"middle": 0.5, "end": 1.0}.get(text.get("text-anchor"), 0.0)
    return left, float(text.get("y")) - 10, left + width, float(text.get("y")) + 3


def overlapping(boxes):
    return [(a, b) for a, b in itertools.combinations(boxes, 2) if meets(a, b)]


# Theme, and what stands on a card -------------------------------------------------------------------


@pytest.mark.parametrize(("theme", "page"), [("light", "#ffffff"), ("dark", "#15181e"), ("auto", "#ffffff")])
def test_a_theme_is_in_attributes_and_only_auto_has_a_style_sheet(theme, page):
    svg = parsed(draw(neuron(), theme=theme).svg)

    assert svg.find(f"{SVG}rect").get("fill") == page
    assert (svg.find(f"{SVG}style") is not None) == (theme == "auto")


@pytest.mark.parametrize("words", [c for n in range(1, 5) for c in itertools.combinations(WORDS, n)])
def test_a_card_shows_what_show_says(words):
    """Seen to fail with the gradient shown always."""
    x = Value(3.0, "x")
    y = x * 2
    y.label = "y"
    y.backward()
    leaf, root = (texts(card) for card in cards(draw(y, show=" ".join(words)).svg))
    numbers = ["▸", "6"] * ("value" in words) + ["◂", "1"] * ("gradient" in words)

    assert root == ["y"] * ("label" in words) + ["× 2"] * ("operation" in words) + numbers
    if words != ("operation",):
        assert leaf[0] == ("x" if "label" in words else "▸" if "value" in words else "◂")


def test_a_card_that_would_be_empty_has_its_name():
    x, number = Value(3.0, "x"), Value(4.0)

    assert [texts(card)[0] for card in cards(draw(x * number, show="operation").svg)] == ["x", "4", "×"]
    assert [texts(card)[0] for card in cards(draw(x * number, show="label").svg)] == ["x", "4", "x × 4"]


@pytest.mark.parametrize("show", ["", " ", "values", "value,gradient", "value value2"])
def test_wrong_words_are_an_error_that_names_the_right_ones(show):
    with pytest.raises(ValueError, match="show must be one or more of the words value gradient operation label, not '"):
        draw(Value(1.0), show=show)


def test_show_is_a_string():
    with pytest.raises(TypeError, match="show is a string"):
        draw(Value(1.0), show=["value"])


def test_an_unknown_theme_is_an_error():
    with pytest.raises(ValueError, match="theme must be 'light' or 'dark' or 'auto', not 'blue'"):
        draw(Value(1.0), theme="blue")


def test_a_zero_has_no_sign_but_its_tooltip_has():
    """Seen to fail with the number as it is."""
    x = Value(-0.0, "x")
    y = -x * 1.0
    x.grad = -0.0
    leaf = cards(draw(y).svg)[0]

    assert texts(leaf) == ["x", "▸", "0", "◂", "0"]
    assert leaf.findtext(f"{SVG}title") == "x\nvalue −0.0\ngradient −0.0"


# Leaves that lie flat -------------------------------------------------------------------------------


def flattened(root, **options):
    """The SVG with all leaves lying flat."""
    drawing = draw(root, **options)
    flat = replace(drawing.diagram, cards=[card.flat() for card in drawing.diagram.cards])
    return flat, svg.svg_of(flat, layout.layout_of(flat, drawing.look.direction), drawing.look)


def kinds(shown):
    """The classes of some texts, without the prefix of their figure."""
    return [[name.partition("-")[2] for name in text.get("class").split()] for text in shown]


def test_a_flat_leaf_has_the_same_texts_on_one_line():
    """Seen to fail with the rows below each other."""
    f = neuron()
    diagram, drawn = flattened(f)
    for before, card, element in zip(cards(draw(f).svg), diagram.cards, cards(drawn), strict=True):
        shown = element.findall(f"{SVG}text")
        rect = element.find(f"{SVG}rect")

        assert texts(element) == texts(before)
        assert kinds(shown) == kinds(before.findall(f"{SVG}text"))
        if card.kind == "leaf":
            assert len({text.get("y") for text in shown}) == 1
            assert float(rect.get("height")) == 22.0 == 2 * float(rect.get("rx"))
            assert float(rect.get("width")) == card.width
        else:
            assert card == card.flat()


@pytest.mark.parametrize("label", ["w0", "w_{12}^2", "", "漢字", "a label of the longest that is shown"])
@pytest.mark.parametrize("show", ["value gradient operation label", "value label", "label"])
def test_the_texts_of_a_leaf_stand_inside_it_and_apart(label, show):
    """Both forms, also where the leaf is the root. Widths are those of a monospace font: 0.6 of its size a cell."""
    x = Value(-12345.6789, label)
    x.grad = -1e-9
    for drawn in (draw(x, show=show).svg, flattened(x, show=show)[1]):
        (card,) = cards(drawn)
        width = float(card.find(f"{SVG}rect").get("width"))
        spans = []
        for text in card.findall(f"{SVG}text"):
            length = 7.8 * labels.set_cells("".join(text.itertext()) if label != "w_{12}^2" else text.text or label)
            start = float(text.get("x")) - (length / 2 if text.get("text-anchor") else 0)
            spans.append((start, float(text.get("y")), start + length, float(text.get("y")) + 1))

        assert all(start >= 9 and end <= width - 9 for start, _, end, _ in spans)
        assert overlapping(spans) == []


def test_all_texts_of_cards_have_one_size():
    """But for indices. Seen to fail with a smaller count."""
    loss, _ = trained()
    for drawn in (draw(loss).svg, draw(loss, depth=2).svg, flattened(loss)[1]):
        svg = parsed(drawn)

        assert svg.get("font-size") == "13"
        assert {text.get("font-size") for card in cards(drawn) for text in card.findall(f"{SVG}text")} == {None}


# Indices --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("label", "pieces"),
    [
        ("w_0", ["w", ("0", -1)]),
        ("w_10", ["w", ("10", -1)]),
        ("w_ij", ["w", ("ij", -1)]),
        ("w_{i, j}", ["w", ("i, j", -1)]),
        ("h_relu", ["h", ("relu", -1)]),
        ("ŷ_max", ["ŷ", ("max", -1)]),
        ("x\u0302_max", ["x\u0302", ("max", -1)]),
        ("y\u0302_1", ["y\u0302", ("1", -1)]),
        ("layer_1", ["layer", ("1", -1)]),
        ("x^2", ["x", ("2", 1)]),
        ("x^T", ["x", ("T", 1)]),
        ("10^{-3}", ["10", ("-3", 1)]),
        ("w_{ij}^2", ["w", ("ij", -1), ("2", 1)]),
        ("w_0 · x_1", ["w", ("0", -1), " · x", ("1", -1)]),
        ("learning_rate", ["learning_rate"]),
        ("__init__", ["__init__"]),
        ("my_w", ["my_w"]),
        ("with_l…", ["with_l…"]),
        ("w_l…", ["w_l…"]),
        ("x_i_j", ["x_i_j"]),
        ("_x", ["_x"]),
        ("w_", ["w_"]),
        ("w_{}", ["w_{}"]),
        ("a_very_long_name", ["a_very_long_name"]),
        ("x ^ 2", ["x ^ 2"]),
        ("w0", ["w0"]),
        ("", []),
    ],
)
def test_labels_have_indices_and_powers_as_in_latex(label, pieces):
    expected = [piece if isinstance(piece, tuple) else (piece, 0) for piece in pieces]

    assert [tuple(run) for run in labels.runs(label)] == expected


@pytest.mark.parametrize("depth", [None, 1])
@pytest.mark.parametrize("name", ["x_0", "binary_cross_entropy_with_logits_and_more", "block_a", "h_{1}^2"])
def test_scopes_keep_their_own_underscores(name, depth):
    """Seen to fail with an index in with_l…, where the name was cut."""
    with scope(name):
        y = Value(1.0) * 2
    texts = [x for x in parsed(draw(y, depth=depth).svg).iter(f"{SVG}text") if (x.text or "").startswith(name[:3])]

    assert [text.text.removesuffix("…") for text in texts] == [name[: len(texts[0].text.removesuffix("…"))]]


def test_an_index_stands_lower_and_smaller_and_what_follows_on_the_line():
    card = cards(draw(Value(1.0, "w_0^2 b")).svg)[0]
    spans = list(card.find(f"{SVG}text"))

    assert [span.text for span in spans] == ["w", "0", "2", " b"]
    low, high, back = (float(span.get("dy")) for span in spans[1:])
    assert low > 0 > high
    assert low + high + back == pytest.approx(0)
    assert [span.get("font-size") for span in spans] == [None, "11.5", "11.5", None]
    assert card.findtext(f"{SVG}title").startswith("w_0^2 b\n")


# Flows ----------------------------------------------------------------------------------------------


def test_each_edge_carries_the_gradient_times_the_local_derivative():
    """The figures of the lecture, to two digits."""
    drawing = draw(neuron(), flows=True, digits=2)
    flows = {edge_label: edge.flow for edge_label, edge in edges_to(drawing, "").items() if edge_label}
    shown = [text for group in flows_of(drawing) for text in texts(group)]

    assert flows == {"w0": "−0.2", "x0": "0.39", "w1": "−0.39", "x1": "−0.59", "w2": "0.2"}
    assert sorted(shown) == sorted(edge.flow for edge in drawing.diagram.edges)


def test_the_flows_of_all_branches_sum_to_the_gradient():
    x = Value(3.0, "x")
    y = x * x + x
    y.backward()
    flows = [float(edge.flow) for edge in draw(y, flows=True).diagram.edges if edge.tail == 0]

    assert flows == [3.0, 3.0, 1.0]
    assert x.grad == 7.0


def test_before_a_pass_a_dash_stands_for_each_flow():
    assert [edge.flow for edge in draw(Value(1.0) * 2, flows=True).diagram.edges] == ["—"]


def test_without_flows_no_edge_has_a_number():
    assert {(edge.flow, edge.width) for edge in draw(neuron()).diagram.edges} == {("", 1.2)}


def test_the_width_grows_with_the_flow_by_orders_of_magnitude():
    x = Value(1.0, "x")
    factors = [1e-9, 1e-3, 0.1, -1.0, 10.0, 0.0]
    y = sum([x * factor for factor in factors])
    y.backward()
    edges = [edge for edge in draw(y, flows=True).diagram.edges if edge.tail == 0]
    widths = [edge.width for edge in edges]

    assert widths[:2] == [1.0, 1.0]
    assert widths[4:] == [3.5, 1.0]
    assert widths[2:4] == pytest.approx([1.0, 2.25])  # a hundredth of the largest, and a tenth


@pytest.mark.parametrize(("number", "shown", "width"), [(math.inf, "inf", 3.5), (math.nan, "nan", 1.0)])
def test_flows_without_end_are_shown(number, shown, width):
    x = Value(1.0, "x")
    y = x * number + x
    y.backward()
    edge = draw(y, flows=True).diagram.edges[0]

    assert (edge.flow, edge.width) == (shown, width)
    assert "nan" not in "".join(path.get("d") for path in parsed(draw(y, flows=True).svg).findall(f"{SVG}path"))


@pytest.mark.parametrize("direction", ["LR", "TB"])
def test_numbers_on_edges_meet_no_card_and_no_other_number(direction):
    """Seen to fail with no column for the texts of edges, and with all numbers at the middle of their edges."""
    loss, _ = trained()
    drawing = draw(loss, flows=True, direction=direction)
    boxes = [box(card) for card in cards(drawing.svg)]
    numbers = [text for group in flows_of(drawing) for text in group.iter(f"{SVG}text")]

    assert len(numbers) == len(drawing.diagram.edges) == 28
    assert overlapping(boxes + [text_box(number) for number in numbers]) == []


@pytest.mark.parametrize("direction", ["LR", "TB"])
def test_a_flow_is_a_line_back_beside_its_edge(direction):
    """Seen to fail with the flow drawn along its edge, and with its arrow head at the other end."""
    along = direction == "TB"  # which coordinate
    f = neuron()
    drawing = draw(f, flows=True, direction=direction)
    edges = {path.get("id"): path for path in parsed(drawing.svg).findall(f"{SVG}path")}

    for group in flows_of(drawing):
        edge, flow = edges[group.get("id").removesuffix("-flow")], group.find(f"{SVG}path")
        (start, *_, end), (back, *_, home) = points(edge), points(flow)
        tip = [float(n) for n in group.find(f"{SVG}polygon").get("points").split()[0].split(",")]

        assert start[along] < end[along]
        assert home[along] < back[along]
        assert tip[along] < home[along]
        assert abs(home[not along] - start[not along]) >= 4
        assert abs(back[not along] - end[not along]) >= 4


# What blocks ----------------------------------------------------------------------------------------


def dashed(drawing):
    paths = parsed(drawing.svg).findall(f"{SVG}path")
    return [path.get("stroke-dasharray") is not None for path in paths if "-edge-" in path.get("id", "")]


def test_what_nothing_flows_through_is_dashed():
    """Seen to fail with only the unchosen operands dashed, and with only zero derivatives dashed."""
    a, b = Value(2.0, "a"), Value(-1.0, "b")

    assert dashed(draw(maximum(a, b))) == [False, True]
    assert dashed(draw(relu(b))) == [True]
    assert dashed(draw(relu(a))) == [False]
    assert dashed(draw(where(a, a, b))) == [True, False, True]
    assert dashed(draw(a * b)) == [False, False]
    assert dashed(draw(a * Value(0.0))) == [True, False]
    assert dashed(draw(maximum(a, a))) == [False, False]


def test_all_that_leads_only_to_what_is_blocked_is_dashed():
    """Seen to fail with the blocked edges alone dashed. b has another way to the root."""
    a, b = Value(2.0, "a"), Value(3.0, "b")
    y = relu(-(a * b)) + b

    #                      a × b  a × b  −    ReLU  ReLU +  b +
    assert dashed(draw(y)) == [True, True, True, True, False, False]
    y.backward()
    assert dashed(draw(y)) == [True, True, True, True, False, False]
    assert [edge.flow for edge in draw(y, flows=True).diagram.edges][:4] == ["0"] * 4


def test_an_edge_behind_a_derivative_of_0_is_dashed_unless_0_meets_an_infinite_one():
    """0 · inf is nan, which is not nothing; but what is blocked passes on nothing at all. Checked with the pass."""
    a, b = Value(2.0, "a"), Value(0.0, "b")
    flat, steep, unchosen = (-a) * 0.0, sqrt(b) * 0.0, where(0.0, sqrt(b), a)
    for y in (flat, steep, unchosen):
        y.backward()

    assert dashed(draw(flat)) == [True, True]
    assert dashed(draw(steep)) == [False, True]
    assert [edge.flow for edge in draw(steep, flows=True).diagram.edges] == ["nan", "0"]
    assert dashed(draw(unchosen)) == [True, True, False]
    assert [edge.flow for edge in draw(unchosen, flows=True).diagram.edges] == ["0", "0", "1"]


def test_flows_that_cancel_are_not_dashed():
    """Seen to fail with what is dashed asked of the gradients."""
    a, x = Value(2.0, "a"), Value(3.0, "x")
    y = a * x
    z = y - y
    z.backward()

    assert (y.grad, a.grad) == (0.0, 0.0)
    assert dashed(draw(z)) == [False] * 4


def grown(chance):
    """A random graph of kinks and products, none of whose flows cancel, under random scopes."""
    values = [Value(chance.uniform(-1.0, 1.0), f"x{i}") for i in range(5)]
    for i in range(25):
        make = chance.choice([relu, maximum, operator.mul, lambda x, y, z: where(z < 0, x, y)])
        operands = chance.choices(values[-8:], k=len(inspect.signature(make).parameters))
        with scope(f"{i % 4}"):
            values.append(make(*operands) + chance.uniform(0.0, 0.01))
    return sum([relu(value - 0.2) for value in values[-4:]])


def carried(root):
    """What each edge has carried in the pass, by the place of the upper node and the operand: the slow way."""
    order = topological_order(root)
    flows = {}
    for place, node in enumerate(order):
        partials = iter(node.local_gradients())
        for position, operand in enumerate(node.operands):
            if isinstance(operand, Value):
                partial = next(partials)[1]
                flows[place, position] = 0.0 if partial is None or not node.grad else node.grad * partial
    return flows


@pytest.mark.parametrize("seed", range(20))
def test_dashed_are_the_edges_that_carry_nothing_and_no_others(seed):
    """Seen to fail with the first of several edges deciding for a folded group."""
    root = grown(random.Random(seed))
    before = [draw(root), draw(root, depth=1), draw(root, around=topological_order(root)[7], radius=1)]
    root.backward()
    flows, order = carried(root), topological_order(root)
    place_of = {node: place for place, node in enumerate(order)}
    for drawing in before:
        cards, ids = drawing.diagram.cards, drawing.diagram.node_ids
        ends = {}
        for (place, position), flow in flows.items():
            tail, head = ids.get(place_of[order[place].operands[position]]), ids.get(place)
            if tail != head:
                ends.setdefault((tail, head), []).append(flow)
        for edge in drawing.diagram.edges:
            tail, head = (None if (card := cards[end]).kind == "stub" else card.id for end in (edge.tail, edge.head))
            operand = next((key for key, name in drawing.diagram.edge_ids.items() if name == edge.id), None)
            carries = [flows[operand]] if operand else ends[tail, head]

            assert edge.is_blocked == (not any(carries)), edge


def test_a_deep_dead_branch_is_dashed_to_its_leaf_and_each_node_is_asked_once(monkeypatch):
    """Seen to fail with a search from each edge."""
    asked = []
    partials = blocks._partials
    monkeypatch.setattr(blocks, "_partials", lambda node: asked.append(node) or partials(node))
    y = Value(1.0, "x")
    for _ in range(2_999):
        y = y + 1
    drawing = draw(relu(-y) + y, max_nodes=4_000)

    assert [edge.is_blocked for edge in drawing.diagram.edges[-4:]] == [True, True, False, False]
    assert len(asked) == len({id(node) for node in asked}) == 3_002
    assert all(edge.is_blocked for edge in draw(relu(-y), max_nodes=4_000).diagram.edges)


def test_a_rule_under_construction_is_drawn():
    """Seen to fail with the error of its closure let through."""
    try:

        @operation("halfdone(x)", "?")
        def halfdone(x):
            return x + 1.0, lambda: 1 / 0

        y = halfdone(Value(1.0, "x"))

        assert dashed(draw(y, flows=True)) == [False]
    finally:
        OPERATIONS.pop("halfdone", None)


# Highlights -----------------------------------------------------------------------------------------


def test_a_path_is_highlighted_with_its_edges():
    """Seen to fail with the edges between all highlighted nodes."""
    x = Value(2.0, "x")
    y = x * x
    z = y + x
    shown = draw(z, highlight=[x, y, z]).diagram

    assert [card.is_highlighted for card in shown.cards] == [True, True, True]
    assert [(edge.tail, edge.head, edge.is_highlighted) for edge in shown.edges] == [
        (0, 1, True),
        (0, 1, True),
        (1, 2, True),
        (0, 2, False),
    ]
    assert draw(z, highlight=[z, y, x]).diagram.edges == shown.edges


def test_one_node_is_highlighted_by_a_broad_line():
    x, y = Value(2.0, "x"), Value(3.0, "y")
    svg = draw(x + y, highlight=y).svg
    (broad,) = [rect for rect in parsed(svg).findall(f"{SVG}rect") if rect.get("fill") == "none"]
    left, top, width, height = (float(broad.get(name)) for name in ("x", "y", "width", "height"))
    (card,) = [box(card) for card in cards(svg) if texts(card)[0] == "y"]

    assert (left, top, left + width, top + height) == pytest.approx(card, abs=0.02)
    assert float(broad.get("stroke-width")) >= 6
    assert len(parsed(svg).findall(f"{SVG}path")) == 2


def test_a_node_in_a_folded_group_highlights_the_group():
    loss, model = trained()
    path = [model.layers[0].neurons[0].weights[0], model.layers[1].neurons[0].weights[0]]
    shown = draw(loss, depth=2, highlight=path).diagram

    assert [card.label for card in shown.cards if card.is_highlighted] == ["layers.0", "layers.1"]
    assert [shown.cards[edge.tail].label for edge in shown.edges if edge.is_highlighted] == ["layers.0"]


def test_only_nodes_of_the_graph_can_be_highlighted():
    y = Value(2.0) * 3

    with pytest.raises(ValueError, match=r"highlight: .* is not in the graph"):
        draw(y, highlight=Value(2.0))
    with pytest.raises(TypeError, match="highlight takes Values of the graph, not float"):
        draw(y, highlight=3.0)
    with pytest.raises(TypeError, match="highlight takes Values of the graph, not str"):
        draw(y, highlight="y")


# Operations over lists ------------------------------------------------------------------------------


def test_a_dot_looks_the_same_with_numbers_and_with_values():
    """Its numbers stand at the edges of what they multiply; a factor of 1 says nothing."""
    a, b = Value(2.0, "a"), Value(3.0, "b")
    numbers, values, one = dot([a, b], [0.1, 1.0]), dot([a, b], [b, a]), dot([a], [0.5])

    assert [draw(y).diagram.cards[-1].symbol for y in (numbers, values, one)] == ["dot"] * 3
    assert [edge.mark for edge in draw(numbers).diagram.edges] == ["×0.1", ""]
    assert [edge.mark for edge in draw(values).diagram.edges] == [""] * 4
    assert [edge.mark for edge in draw(one).diagram.edges] == ["×0.5"]
    assert [edge.mark for edge in draw(dot([a], [b])).diagram.edges] == ["", ""]
    assert [edge.mark for edge in draw(dot([2.0, 4.0], [a, -0.0])).diagram.edges] == ["×2"]


def counts(y, **options):
    """The lines without a sign on the card of the root."""
    return [row.text for row in draw(y, **options).diagram.cards[-1].rows if not row.sign]


def test_a_dot_counts_its_terms_and_names_its_bias():
    """A bias is what is multiplied by 1 at the end. Seen to fail with the bias counted as a term."""
    a, b, c = Value(2.0, "a"), Value(3.0, "b"), Value(-0.25)

    assert counts(dot([a, b], [b, a])) == ["2 terms"]
    assert counts(dot([a], [b])) == ["1 term"]
    assert counts(dot([a, a, b], [b, 0.5, 1.0])) == counts(dot([b, 0.5, 1.0], [a, a, b])) == ["2 terms + b"]
    assert counts(dot([a, b], [1.0, 1.0])) == ["1 term + b"]
    assert counts(dot([a, c], [b, 1.0])) == ["1 term − 0.25"]
    assert counts(dot([b], [1.0])) == ["1 term"]
    assert counts(dot([a, 2.0], [b, 0.25])) == ["1 term + 0.5"]
    assert counts(dot([a, b, -2.0], [b, 1.0, 0.25])) == ["1 term + b − 0.5"]
    assert counts(dot([a, a + b], [b, 1.0])) == ["2 terms"]
    assert counts(dot([a, Value(1.0, "the bias of the first neuron")], [b, 1.0])) == ["1 term + the bias of…"]
    assert counts(nn.Neuron(3, "identity", seed=0)([a, b, 0.5])) == ["3 terms + b"]
    assert counts(dot([a], [b]), show="value label") == []


def test_no_operand_is_compared():
    """Seen to fail with a class whose == has another meaning."""

    class Exact(Value):
        __hash__ = Value.__hash__

        def __eq__(self, other):
            raise TypeError("two numbers are never equal")

    a, b = Exact(2.0, "a"), Exact(1.0, "b")
    with scope("neuron"):
        y = dot([a, a, b], [b, 0.5, a]).relu()

    assert counts(dot([a, b, a], [b, 1.0, a])) == ["3 terms"]
    assert draw(y, depth=1).diagram.cards[-1].kind == "group"


def test_other_lists_are_counted_where_they_are_long():
    xs = [Value(float(i)) for i in range(9)]

    assert counts(sum(xs)) == counts(mean(xs)) == ["9 operands"]
    assert counts(sum(xs[:8])) == counts(xs[0] + xs[1]) == []


def test_a_sum_keeps_its_symbol_beside_a_number():
    a, b = Value(2.0, "a"), Value(3.0, "b")

    assert [draw(sum(items)).diagram.cards[-1].symbol for items in ([a, b], [a, 1.0, b])] == ["Σ", "Σ(·, 1, ·)"]
    assert draw(mean([a, 1.0])).diagram.cards[-1].symbol == "mean(·, 1)"


@pytest.mark.parametrize("direction", ["LR", "TB"])
@pytest.mark.parametrize("count", [4, 17])
def test_marks_do_not_overlap_and_stand_at_their_edges(count, direction):
    """Seen to fail with all marks in one place, and with no column for them."""
    y = nn.Neuron(count, bias=False, seed=0)([0.5 + i for i in range(count)])
    drawing = draw(y, direction=direction)
    svg = parsed(drawing.svg)
    marks = [text for text in svg.findall(f"{SVG}text") if (text.text or "").startswith("×")]
    boxes = {text.text: text_box(text) for text in marks}
    edges = {path.get("id"): points(path) for path in svg.findall(f"{SVG}path")}

    assert len(boxes) == len(marks) == count
    assert overlapping([*boxes.values(), *(box(card) for card in cards(drawing.svg))]) == []
    for edge in drawing.diagram.edges:
        if edge.mark:
            left, top, right, bottom = boxes[edge.mark]
            line = edges[f"{drawing.prefix}-{edge.id}"]
            if direction == "LR":  # above it, where it runs straight
                beside = [
                    y - bottom for (x0, y), (x1, y1) in itertools.pairwise(line) if y == y1 and x0 <= left < right <= x1
                ]
            else:  # to the left of it
                beside = [
                    x - right for (x, y0), (x1, y1) in itertools.pairwise(line) if x == x1 and y0 <= top < bottom <= y1
                ]
            assert [distance for distance in beside if 0 < distance < 10], edge.mark


def test_a_leaf_that_is_used_all_along_a_chain_feeds_it_by_one_line():
    """A dot for each of the 20 uses but the first and the last. Seen to fail with one line for each use."""
    x = y = Value(0.5, "x")
    for _ in range(10):
        y = y * x + x
    drawing = draw(y)
    svg = parsed(drawing.svg)
    paths = {path.get("id"): points(path) for path in svg.findall(f"{SVG}path")}
    starts = {paths[edge_id][0] for (_, operand), edge_id in drawing.edge_ids.items() if operand == 1}

    assert len(svg.findall(f"{SVG}circle")) == 18
    assert len(starts) == 1
    assert float(svg.get("height")) < 200


@pytest.mark.filterwarnings("ignore:the picture is")
def test_the_picture_of_a_chain_grows_in_step_with_it():
    """Seen to fail with all of the common line in the path of each edge."""

    def size(length):
        x = y = Value(0.5, "x")
        for _ in range(length):
            y = y * x + x
        return len(draw(y).svg)

    assert size(400) - size(200) == pytest.approx(2 * (size(200) - size(100)), rel=0.1)


# Ids ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, {"flows": True}, {"theme": "dark", "digits": 9, "direction": "TB"}])
def test_each_node_and_each_edge_has_an_id(options):
    loss, _ = trained()
    drawing = draw(loss, **options)
    order = topological_order(loss)
    elements = {element.get("id"): element for element in parsed(drawing.svg).iter() if element.get("id")}

    assert elements.keys() >= {*drawing.node_ids.values(), *drawing.edge_ids.values()}
    assert len(elements) == drawing.svg.count(' id="')
    assert all(name.startswith(drawing.prefix) for name in elements)
    assert list(drawing.node_ids) == list(range(len(order)))
    assert drawing.node_ids[3] == f"{drawing.prefix}-node-3"
    for place, name in drawing.node_ids.items():
        title = elements[name].findtext(f"{SVG}title")
        assert f"\nvalue {order[place].data!r}\n".replace("-", "−") in title
        assert {c.rpartition("-")[0] for c in elements[name].find(f"{SVG}text").get("class").split()} == {
            drawing.prefix
        }
    assert set(drawing.edge_ids) == {
        (place, operand)
        for place, node in enumerate(order)
        for operand, thing in enumerate(node.operands)
        if isinstance(thing, Value)
    }
    assert {elements[name].tag for name in drawing.edge_ids.values()} == {f"{SVG}path"}


def test_the_nodes_of_a_folded_group_have_the_id_of_its_card():
    with scope("a"):
        x = Value(1.0)
        y = x * 2
    drawing = draw(y + 1, depth=1)

    assert drawing.node_ids == {0: f"{drawing.prefix}-group-0", 1: f"{drawing.prefix}-group-0", 2: drawing.node_ids[2]}
    assert drawing.node_ids[2] == f"{drawing.prefix}-node-2"
    assert drawing.edge_ids == {}


def test_the_number_texts_have_a_class_of_their_own():
    x = Value(1.0)
    drawing = draw(x)
    named = {
        t.get("class").replace(drawing.prefix, "p"): t.text
        for t in cards(drawing.svg)[0].findall(f"{SVG}text")
        if t.text not in "▸◂"
    }

    assert named == {"p-value p-number": "1", "p-gradient p-number": "—"}


def test_pictures_that_differ_in_an_option_do_not_share_ids():
    """Seen to fail with a prefix of the texts alone."""
    f = neuron()
    looks = [{}, {"theme": "dark"}, {"direction": "TB"}, {"flows": True}, {"show": "value"}, {"highlight": f}]
    prefixes = {draw(f, **look).prefix for look in looks}

    assert len(prefixes) == len(looks)
    assert draw(f, timeout=10.0).svg == draw(f).svg


# Every time the same --------------------------------------------------------------------------------


def test_all_kinds_of_pictures_are_the_same_in_every_process():
    """Seen to fail with the cards in the order of a set of groups."""
    program = """
        import sys
        from autograd import mean, nn, topological_order
        from autograd.draw import draw
        model = nn.MLP(2, [4, 3, 1], seed=0)
        loss = mean([nn.hinge(model([float(i), 1.0]), 1) for i in range(3)])
        loss.backward()
        node = topological_order(loss)[30]
        folded = {"depth": 1}, {"depth": 2}, {"depth": 3}, {"depth": 3, "wrap": 3}
        whole = {"flows": True}, {"direction": "TB"}, {"size": (1280, 720)}, {"around": node, "highlight": node}
        for options in (*folded, *whole):
            drawing = draw(loss, **options)
            for text in (drawing.svg, drawing.to_dot().source, str(drawing.node_ids)):
                sys.stdout.buffer.write(text.encode())
    """
    drawn = {run(program, PYTHONHASHSEED=str(seed)).stdout for seed in range(3)}

    assert len(drawn) == 1
    assert drawn.pop().count(b"<svg") == 8


# Notebooks ------------------------------------------------------------------------------------------


class Tags(html.parser.HTMLParser):
    def __init__(self, source):
        super().__init__()
        self.found = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.found.append(("", data))


@pytest.mark.parametrize("label", HOSTILE.values(), ids=HOSTILE)
def test_html_is_one_image_with_the_description_as_its_alternative(label):
    """Seen to fail with the alternative left unescaped."""
    x = Value(1.0, label)
    drawing = draw(x + x)
    (tag, attributes), *style = Tags(drawing._repr_mimebundle_()["text/html"]).found
    kind, _, data = attributes["src"].partition(",")

    assert (tag, set(attributes), kind) == ("img", {"class", "alt", "src"}, "data:image/svg+xml;base64")
    assert style == [("style", {}), ("", AS_THE_PAGE)]
    assert base64.b64decode(data).decode() == drawing.notebook_svg
    assert attributes["alt"] == f"{drawing.diagram.title}. {drawing.diagram.description}"
    assert widths.shortened(widths.readable(label), 56) in attributes["alt"]


def test_a_value_is_shown_as_text_html_and_svg():
    assert list(neuron()._repr_mimebundle_()) == ["text/plain", "text/html", "image/svg+xml"]


def test_a_drawing_that_cannot_be_laid_out_is_shown_as_text(monkeypatch):
    """Seen to fail with the error let through."""
    drawing = draw(Value(1.0))
    monkeypatch.setattr(importlib.import_module("autograd.draw.layout"), "layout_of", lambda *_: 1 / 0)

    assert drawing._repr_mimebundle_() == {"text/plain": "<drawing of 1: 1 node>, not drawn: division by zero"}


def test_the_line_of_a_large_graph_names_the_depth():
    y = Value(0.0)
    for _ in range(150):
        y = y + 1

    assert "draw(value, depth=1)" in y._repr_mimebundle_()["text/plain"]


# Files ----------------------------------------------------------------------------------------------


def test_dot_is_written_without_a_layout(monkeypatch, tmp_path):
    """Seen to fail with the picture made when it is drawn."""
    monkeypatch.setattr(importlib.import_module("autograd.draw.layout"), "layout_of", lambda *_: 1 / 0)
    draw(neuron()).save(tmp_path / "neuron.dot")

    assert (tmp_path / "neuron.dot").read_text(encoding="utf-8").count("->") == 12


def test_importing_the_package_does_not_import_what_draws_and_explains():
    program = """
        import sys, autograd
        heavy = {"graphviz", "wasmtime", "subprocess", "xml.etree.ElementTree", "typst"}
        rooms = ("autograd.draw.", "autograd.explain.")
        print(*sorted(heavy & set(sys.modules)), *(name for name in sys.modules if name.startswith(rooms)))
    """

    assert run(program).stdout.decode().split() == [
        "autograd.draw.look",
        "autograd.draw.picture",
        "autograd.draw.drawing",
    ]


def test_what_draws_is_imported_only_when_it_is_used_and_graphviz_for_dot_alone():
    """Seen to fail with graphviz imported for the annotation of `to_dot`."""
    program = """
        import sys, autograd
        late = ["autograd.draw.layout", "xml.etree.ElementTree", "graphviz"]
        drawing = autograd.draw(autograd.Value(2.0) * 3)
        for step in (str, lambda drawing: drawing.svg, lambda drawing: drawing.to_dot()):
            step(drawing)
            print(*(name in sys.modules for name in late))
    """

    assert run(program).stdout.decode().splitlines() == ["False False False", "True True False", "True True True"]


def png_size(content):
    return tuple(int.from_bytes(content[start : start + 4], "big") for start in (16, 20))


def test_a_png_has_two_pixels_for_each_of_the_drawing(tmp_path):
    pytest.importorskip("typst", reason="the extra scalar-autograd[pictures] is not installed")
    drawing = draw(neuron())
    drawing.save(tmp_path / "neuron.png")
    content = (tmp_path / "neuron.png").read_bytes()
    svg = parsed(drawing.svg)

    assert content.startswith(b"\x89PNG\r\n")
    assert png_size(content) == pytest.approx([2 * float(svg.get("width")), 2 * float(svg.get("height"))], abs=2)


@pytest.mark.parametrize("label", [*HOSTILE.values(), "#eval(1)", "*bold* $x$ @ref"], ids=[*HOSTILE, "typst", "markup"])
def test_any_label_is_safe_in_png_and_pdf(label, tmp_path):
    pytest.importorskip("typst", reason="the extra scalar-autograd[pictures] is not installed")
    x = Value(1.0, label)
    for ending, start in ((".png", b"\x89PNG"), (".pdf", b"%PDF")):
        draw(x + x).save(tmp_path / f"hostile{ending}")

        assert (tmp_path / f"hostile{ending}").read_bytes().startswith(start)


def test_png_and_pdf_are_the_same_in_every_process(tmp_path):
    pytest.importorskip("typst", reason="the extra scalar-autograd[pictures] is not installed")
    program = """
        import sys
        from autograd import Value, draw
        draw(Value(1.0, "x_1") * 2).save(sys.argv[1] if len(sys.argv) > 1 else "PATH")
    """
    for ending in ("png", "pdf"):
        contents = set()
        for seed in range(2):
            path = tmp_path / f"{seed}.{ending}"
            run(
                program.replace('sys.argv[1] if len(sys.argv) > 1 else "PATH"', repr(str(path))),
                PYTHONHASHSEED=str(seed),
            )
            contents.add(path.read_bytes())

        assert len(contents) == 1


def chain(length):
    y = Value(1.0, "x")
    for _ in range(length - 1):
        y = y + 1
    return y


@pytest.mark.parametrize("direction", ["LR", "TB"])
def test_a_png_that_viewers_do_not_open_is_refused_with_what_helps(direction, tmp_path):
    """Seen to fail with a picture 350,004 pixels wide. A side of 32,767 pixels is the most that 15 bits count."""
    pytest.importorskip("typst", reason="the extra scalar-autograd[pictures] is not installed")
    drawing = draw(chain(3), direction=direction, scale=80)
    path = tmp_path / "chain.png"
    path.write_text("old")
    with pytest.raises(
        ValueError, match=r"would be [\d,]+ pixels wide and [\d,]+ high.*save it as \.svg or \.pdf.*depth="
    ):
        drawing.save(path)

    assert path.read_text() == "old"


def test_a_png_of_too_many_pixels_is_refused(monkeypatch, tmp_path):
    """Seen to fail with each side looked at for itself: 30,000 × 30,000 pixels take 12 GB."""
    pytest.importorskip("typst", reason="the extra scalar-autograd[pictures] is not installed")
    drawing = draw(Value(1.0))
    vars(drawing)["svg"] = '<svg xmlns="http://www.w3.org/2000/svg" width="15000" height="15000.5"/>'

    with pytest.raises(ValueError, match="would be 30,000 pixels wide and 30,001 high"):
        drawing.save(tmp_path / "square.png")


@pytest.mark.parametrize(("scale", "width"), [(1, None), (12, 14_400.0)])
def test_a_page_of_pdf_is_as_large_as_the_drawing_or_as_pages_can_be(scale, width, tmp_path):
    """Seen to fail with a page of 26,000 points, where viewers show an empty one. A pixel of SVG is 3/4 of a point."""
    pytest.importorskip("typst", reason="the extra scalar-autograd[pictures] is not installed")
    drawing = draw(chain(20), scale=scale)
    drawing.save(tmp_path / "chain.pdf")
    svg = parsed(drawing.svg)
    [page] = re.findall(rb"/MediaBox ?\[0 0 ([\d.]+) ([\d.]+)\]", (tmp_path / "chain.pdf").read_bytes())
    shown = [float(side) for side in page]

    assert shown[0] == pytest.approx(width or 0.75 * float(svg.get("width")), abs=0.01)
    assert shown[0] / shown[1] == pytest.approx(float(svg.get("width")) / float(svg.get("height")), rel=1e-3)


@pytest.mark.parametrize("ending", [".png", ".pdf"])
def test_without_the_extra_the_error_names_it(monkeypatch, tmp_path, ending):
    monkeypatch.setitem(sys.modules, "typst", None)

    with pytest.raises(RuntimeError, match=r'pip install "scalar-autograd\[pictures\]"'):
        draw(Value(1.0)).save(tmp_path / f"x{ending}")
    assert list(tmp_path.iterdir()) == []


# The command ----------------------------------------------------------------------------------------


def test_the_command_takes_theme_show_and_flows(monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)

    assert main(["draw", "x*y", "x=2", "y=3", "--theme", "dark", "--show", "label value", "--flows"]) == 0
    svg = parsed((tmp_path / "graph.svg").read_text(encoding="utf-8"))
    assert svg.find(f"{SVG}rect").get("fill") == "#15181e"
    assert sorted(texts(svg)) == sorted(["x", "▸", "2", "y", "▸", "3", "▸", "6", "3", "2"])
    assert main(["draw", "x", "x=2", "--show", "all"]) == 2
    assert "one or more of the words value gradient operation label, not 'all'" in capsys.readouterr().err


def test_the_command_writes_png(monkeypatch, tmp_path, capsys):
    pytest.importorskip("typst", reason="the extra scalar-autograd[pictures] is not installed")
    monkeypatch.chdir(tmp_path)

    assert main(["draw", "x*y", "x=2", "y=3", "-o", "graph.png"]) == 0
    assert capsys.readouterr().out.endswith("written to graph.png\n")
    assert re.match(rb"\x89PNG", (tmp_path / "graph.png").read_bytes())
