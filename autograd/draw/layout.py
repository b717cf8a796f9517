"""Where the cards of a diagram stand and how its edges run: the answer of Graphviz's `dot` algorithm.

Graphviz is told opaque ids and fixed sizes only. No text of the user reaches it, so no label can break it, and
wherever Graphviz runs the picture is the same.
"""

import json
from dataclasses import dataclass
from typing import Any

import graphviz  # type: ignore[import-untyped]  # it has no annotations

from .diagram import Diagram
from .engine import run_graphviz

Point = tuple[float, float]


@dataclass(frozen=True)
class Route:
    """One edge: the control points of its Bézier curve, and the corners of its arrow head."""

    curve: list[Point]
    head: list[Point]


@dataclass(frozen=True)
class Layout:
    """Coordinates in pixels, y downwards: the centre of each card and the route of each edge."""

    centres: list[Point]
    routes: list[Route]


def layout_of(diagram: Diagram, direction: str = "LR", engine: str = "auto", timeout: float = 30.0) -> Layout:
    """Ask Graphviz for the places of all cards and edges; RuntimeError if there is none, TimeoutError if it is slow."""
    dot = digraph(diagram, direction).source
    try:
        answer = json.loads(run_graphviz(dot, engine, timeout))
    except TimeoutError:
        raise TimeoutError(
            f"laying out {len(diagram.cards)} nodes and {len(diagram.edges)} edges took more than {timeout:g} s: "
            f"draw a smaller part of the graph, or allow more with timeout={2 * timeout:g}"
        ) from None
    centres = {thing["name"]: _centre(_points(thing["_draw_"], "pP")) for thing in answer["objects"]}
    routes = {
        thing["id"]: Route(_points(thing["_draw_"], "bB"), _points(thing["_hdraw_"], "P"))
        for thing in answer.get("edges", [])
    }
    return Layout(
        [centres[f"n{i}"] for i in range(len(diagram.cards))],
        [routes[f"e{i}"] for i in range(len(diagram.edges))],
    )


def digraph(diagram: Diagram, direction: str = "LR") -> graphviz.Digraph:
    """The diagram as Graphviz is told it."""
    graph = graphviz.Digraph(
        # nslimit ends the search for ever better places, whose time explodes with the size of the graph.
        graph_attr={"rankdir": direction, "nslimit": "1", "nslimit1": "1", "nodesep": "0.22", "ranksep": "0.5"},
        node_attr={"shape": "box", "fixedsize": "true", "label": ""},
        # An edge begins in the middle of its card, under it: so it also leaves a round end without a gap.
        edge_attr={"tailclip": "false", "arrowsize": "0.7"},
    )
    for i, card in enumerate(diagram.cards):
        graph.node(f"n{i}", width=f"{card.width / 72:.4f}", height=f"{card.height / 72:.4f}")
    for i, edge in enumerate(diagram.edges):
        graph.edge(f"n{edge.tail}", f"n{edge.head}", id=f"e{i}")
    return graph


def readable_digraph(diagram: Diagram, direction: str = "LR") -> graphviz.Digraph:
    """The diagram for people who go on in DOT: the same ids, with the texts of the cards as labels."""
    graph = graphviz.Digraph(
        graph_attr={"rankdir": direction},
        node_attr={"shape": "box", "fontname": "monospace"},
        edge_attr={"fontsize": "10"},
    )
    for i, card in enumerate(diagram.cards):
        header = "  ".join(text for text in (card.label, card.symbol) if text)
        lines = [header, f"▸ {card.value}", f"◂ {card.gradient}"]
        # graphviz.escape takes care of backslashes and quotes; entities, as in &#x41;, would still be decoded.
        label = "\\n".join(str(graphviz.escape(line.replace("&", "&amp;"))) for line in lines if line)
        graph.node(
            f"n{i}",
            graphviz.nohtml(label),
            style="solid" if card.symbol else "rounded",
            peripheries="2" if card.is_root else "1",
        )
    for edge in diagram.edges:
        graph.edge(f"n{edge.tail}", f"n{edge.head}", headlabel=edge.mark or None)
    return graph


def _points(drawn: list[dict[str, Any]], kinds: str) -> list[Point]:
    """The points of the one operation of these kinds; Graphviz's y points upwards."""
    return next([(x, -y) for x, y in operation["points"]] for operation in drawn if operation["op"] in kinds)


def _centre(corners: list[Point]) -> Point:
    xs, ys = zip(*corners, strict=True)
    return (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2
