"""Where the cards of a diagram stand and how its edges run: the answer of Graphviz's `dot` algorithm.

Graphviz is told opaque ids and fixed sizes only. No text of the user reaches it, so no label can break it, and
wherever Graphviz runs the picture is the same.
"""

import json
from dataclasses import dataclass
from itertools import pairwise
from math import dist
from typing import Any

import graphviz  # type: ignore[import-untyped]  # it has no annotations

from ..cells import cells
from .diagram import Diagram, Frame
from .engine import run_graphviz
from .geometry import Box, Point, Route
from .limits import each, left
from .marks import mark_size, with_marks
from .plan import Plan, plan_of

TITLE_FONT = 11.0


@dataclass(frozen=True)
class Layout:
    """Coordinates in pixels: the centres of the cards, the routes of the edges, the frames, the branches of lines."""

    centres: list[Point]
    routes: list[Route]
    frames: list[Box]
    branches: list[Point]


def layout_of(diagram: Diagram, direction: str = "LR", engine: str = "auto") -> Layout:
    """Ask Graphviz for the places of all cards and edges; RuntimeError if there is no Graphviz."""
    plan = plan_of(diagram)
    answer = json.loads(run_graphviz(digraph(diagram, direction, plan).source, engine, left()))
    boxes = {thing["name"]: _box(_points(thing["_draw_"], "pP")) for thing in each(answer["objects"])}
    centres = {name: box.middle for name, box in boxes.items()}
    curves = {edge["id"]: _points(edge["_draw_"], "bB") for edge in each(answer.get("edges", [])) if "_draw_" in edge}
    heads = {edge["id"]: _points(edge["_hdraw_"], "P") for edge in each(answer.get("edges", [])) if "_hdraw_" in edge}
    routes = [
        Route(pieces if flow else _smooth(pieces, direction), heads[legs[-1]], flow)
        for i, legs in enumerate(each(plan.legs_of))
        for pieces, flow in [([[*curves[leg]] for leg in legs], centres.get(f"flow{i}"))]
    ]
    return Layout(
        [centres[f"n{i}"] for i in range(len(diagram.cards))],
        with_marks(routes, diagram),
        [boxes[f"cluster{i}"] for i in range(len(diagram.frames))],
        [centres[stop.name] for stop in plan.stops if stop.name.startswith("branch")],
    )


def digraph(diagram: Diagram, direction: str = "LR", plan: Plan | None = None) -> graphviz.Digraph:
    """The diagram as a text for Graphviz."""
    plan = plan or plan_of(diagram)
    graph = graphviz.Digraph(
        # nslimit ends the search for ever better places, whose time explodes with the size of the graph.
        graph_attr={
            "rankdir": direction,
            "nslimit": "1",
            "nslimit1": "1",
            "nodesep": "0.22",
            "ranksep": f"{_distance(diagram, direction):g}",
        },
        node_attr={"shape": "box", "fixedsize": "true", "label": ""},
        # An edge begins in the middle of its card, under it: so it also leaves a round end without a gap.
        edge_attr={"tailclip": "false", "arrowsize": "0.7"},
    )
    if diagram.frames:
        graph.graph_attr["newrank"] = "true"  # else an edge between two frames is a mere wish
    clusters = [_cluster(i, frame) for i, frame in enumerate(diagram.frames)]

    def inside(frame: int | None) -> graphviz.Digraph:
        return graph if frame is None else clusters[frame]

    for i, card in enumerate(each(diagram.cards)):
        inside(card.frame).node(f"n{i}", width=f"{card.width / 72:.4f}", height=f"{card.height / 72:.4f}")
    for stop in plan.stops:
        inside(stop.frame).node(stop.name, width=f"{stop.width / 72:.4f}", height=f"{stop.height / 72:.4f}")
    for frame, cluster in reversed([*zip(diagram.frames, clusters, strict=True)]):
        inside(frame.around).subgraph(cluster)
    for leg in each(plan.legs):
        graph.edge(leg.tail, leg.head, id=leg.id, **leg.style)
    return graph


def _distance(diagram: Diagram, direction: str) -> float:
    """Inches between two ranks: with room for marks, and less where the numbers of flows stand between."""
    widest = max((mark_size(edge.mark)[0] for edge in diagram.edges if edge.mark), default=0.0)
    wide = max(0.0, widest - mark_size("1")[0]) / 72 if direction == "LR" else 0.0
    return wide + (0.5 if widest or not any(edge.flow for edge in diagram.edges) else 0.3)


def _cluster(place: int, frame: Frame) -> graphviz.Digraph:
    # Its label is a row of x, which keeps room for the title that is drawn there.
    title = {"label": "x" * cells(frame.label), "labeljust": "l", "fontname": "Courier"}
    return graphviz.Digraph(f"cluster{place}", graph_attr={**title, "fontsize": f"{TITLE_FONT:g}", "margin": "9"})


def _smooth(curves: list[list[Point]], direction: str) -> list[list[Point]]:
    """The pieces of an edge, each entering and leaving the stops between in the direction of the drawing."""
    along, across = (1.0, 0.0) if direction == "LR" else (0.0, 1.0)

    def turned(stop: Point, control: Point, sign: float) -> Point:
        length = sign * max(12.0, dist(stop, control))
        return stop[0] + length * along, stop[1] + length * across

    for before, after in pairwise(curves):
        before[-2] = turned(before[-1], before[-2], -1.0)
        after[1] = turned(after[0], after[1], 1.0)
    return curves


# For people -----------------------------------------------------------------------------------------


def readable_digraph(diagram: Diagram, direction: str = "LR") -> graphviz.Digraph:
    """The diagram for people who continue in DOT: the same ids, with the texts of the cards as labels."""
    graph = graphviz.Digraph(
        graph_attr={"rankdir": direction},
        node_attr={"shape": "box", "fontname": "monospace"},
        edge_attr={"fontsize": "10"},
    )
    clusters = [
        graphviz.Digraph(f"cluster{i}", graph_attr={"label": _escaped([frame.label]), "labeljust": "l"})
        for i, frame in enumerate(diagram.frames)
    ]
    for i, card in enumerate(each(diagram.cards)):
        header = "  ".join(text for text in (card.label, card.symbol) if text)
        lines = [header, *(f"{row.sign} {row.text}".strip() for row in card.rows)]
        (graph if card.frame is None else clusters[card.frame]).node(
            f"n{i}",
            _escaped([line for line in lines if line]),
            style="rounded" if card.kind == "leaf" else "solid",
            peripheries="2" if card.is_root else "1",
            penwidth="3" if card.is_highlighted else None,
        )
    for frame, cluster in reversed([*zip(diagram.frames, clusters, strict=True)]):
        (graph if frame.around is None else clusters[frame.around]).subgraph(cluster)
    for edge in each(diagram.edges):
        graph.edge(
            f"n{edge.tail}",
            f"n{edge.head}",
            label=_escaped([edge.flow]) if edge.flow else None,
            headlabel=_escaped([edge.mark]) if edge.mark else None,
            style="dashed" if edge.is_blocked else None,
            penwidth="3" if edge.is_highlighted else None,
        )
    return graph


def _escaped(lines: list[str]) -> str:
    # graphviz.escape takes care of backslashes and quotes; entities, as in &#x41;, would still be decoded.
    label: str = graphviz.nohtml("\\n".join(str(graphviz.escape(line.replace("&", "&amp;"))) for line in lines))
    return label


def _points(drawn: list[dict[str, Any]], kinds: str) -> list[Point]:
    """The points of the one operation of these kinds; Graphviz's y points upwards."""
    return next([(x, -y) for x, y in operation["points"]] for operation in drawn if operation["op"] in kinds)


def _box(corners: list[Point]) -> Box:
    xs, ys = zip(*corners, strict=True)
    return Box(min(xs), min(ys), max(xs), max(ys))
