"""Nodes of classes that compare and hash by number: told and drawn as the nodes that they are."""

import pytest

from autograd import Value, draw, explain, scope


class ByNumber(Value):
    def __eq__(self, other):
        return self.data == getattr(other, "data", other)

    def __hash__(self):
        return hash(self.data)


class Unhashable(Value):
    def __eq__(self, other):
        return self.data == getattr(other, "data", other)


@pytest.fixture(params=[ByNumber, Unhashable])
def graph(request):
    """y = a·a·b, with a and b of the same number."""
    with scope("inputs"):
        a, b = request.param(3.0, "a"), request.param(3.0, "b")
    with scope("products"):
        return a, b, a * a * b


def test_nodes_are_explained_by_themselves(graph):
    """Seen to fail with a dict of nodes: a and b had one name and 27 for a gradient."""
    a, b, y = graph
    told = explain(y)

    assert [(step.name.text, step.flow) for step in told.gradients] == [("a", 18.0), ("b", 9.0)]
    assert [step.name.text for step in told.forward] == ["a", "b", "v1", "v2"]
    assert [path.flow for path in explain(y, wrt=a).paths[0].paths] == [9.0, 9.0]
    assert [(found.gradient, found.count) for found in explain(y, wrt=[b, a, b]).paths] == [(9.0, 1), (18.0, 2)]
    assert [step.flow for step in explain(y, wrt=b).gradients] == [9.0]


def test_nodes_are_drawn_by_themselves(graph, tmp_path):
    """Seen to fail with a dict of nodes: the cards of a and b were one."""
    _, b, y = graph
    whole = draw(y).diagram
    near = draw(y, around=b, radius=1).diagram
    folded = draw(y, depth=1).diagram
    bright = draw(y, highlight=[b]).diagram

    assert [card.label or card.symbol for card in whole.cards] == ["a", "b", "×", "×"]
    assert [(edge.tail, edge.head) for edge in whole.edges] == [(0, 2), (0, 2), (2, 3), (1, 3)]
    assert [card.label or card.symbol for card in near.cards if card.kind != "stub"] == ["b", "×"]
    assert [[row.text for row in card.rows][1] for card in folded.cards] == ["2 outputs", "2 inputs, 1 output"]
    assert [card.label for card in bright.cards if card.is_highlighted] == ["b"]
    draw(y).save(tmp_path / "page.html")
