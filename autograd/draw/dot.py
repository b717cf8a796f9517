"""A diagram in DOT, for people who continue with Graphviz.

>>> from autograd import Value
>>> from autograd.draw.diagram import diagram_of
>>> dot_of(diagram_of(Value(2.0, "a") * 3)).body[-1]
'\\tn0 -> n1\\n'
"""

import graphviz  # type: ignore[import-untyped]  # it has no annotations

from .diagram import Diagram
from .limits import each


def dot_of(diagram: Diagram, direction: str = "LR") -> graphviz.Digraph:
    """The diagram with the texts of the cards as labels."""
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
