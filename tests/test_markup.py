"""What notebooks and documentation show as HTML: explanations as tables, models as trees, and what `grade` found."""

import itertools
import re
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import pytest

from autograd import Value, exp, explain, markup, maximum
from autograd.cells import readable
from autograd.grade import grade
from autograd.nn import MLP, Module, Sequential
from autograd.nn.outline import LINES

HOSTILE = {
    "script": "<script>alert(1)</script>",
    "end of an attribute": '"><img src=x onerror=alert(1)>',
    "end of the style": "</style><b>",
    "entity": "&lt;&#x41;",
    "mathematics": r"$x$ \(y\) \[z\]",
    "control characters": "a\nb\x00\x1b[31m\u202e",
    "XML": "]]><!-- --><?pi?>",
}

TAGS = {"div", "style", "table", "caption", "thead", "tbody", "tr", "th", "td", "p", "strong", "pre", "ul", "li"}
TAGS |= {"details", "summary"}


def parsed(shown: Any) -> ElementTree.Element:
    """The HTML, which is well-formed XML too; nothing in it acts, or is fetched from anywhere."""
    tree = ElementTree.fromstring(shown._repr_html_())
    styles = [element.text or "" for element in tree.iter("style")]

    assert {element.tag for element in tree.iter()} <= TAGS
    assert {name for element in tree.iter() for name in element.attrib} <= {"class", "scope", "open"}
    assert len(styles) == 1
    assert not re.search(r"url|import|expression|color: *#|background: *#", styles[0])
    assert {"tex2jax_ignore", "mathjax_ignore"} <= set(tree.attrib["class"].split())  # $x$ in a label is no formula
    return tree


def text_of(element: ElementTree.Element) -> str:
    return "".join(element.itertext())


def rows_of(table: ElementTree.Element) -> list[list[str]]:
    return [[text_of(cell) for cell in row] for row in table.iter("tr")]


def circuit() -> tuple[Value, Value]:
    w0, x0, w1, x1, w2 = map(Value, (2.0, -1.0, -3.0, -2.0, -3.0), ("w0", "x0", "w1", "x1", "w2"))
    return w0, 1 / (1 + exp(-(w0 * x0 + w1 * x1 + w2)))


# Explanations -------------------------------------------------------------------------------------


def markdown_rows(table: str) -> list[list[str]]:
    """The cells of a table in Markdown, with characters written by their numbers read again."""
    lines = [line.strip("|").split("|") for line in table.splitlines()]
    cells = [[re.sub(r"&#(\d+);", lambda found: chr(int(found[1])), cell[1:-1]) for cell in line] for line in lines]
    return [cells[0], *cells[2:]]


@pytest.mark.parametrize("wrt", [False, True])
def test_an_explanation_in_html_has_the_tables_that_it_has_in_markdown(wrt: bool) -> None:
    """Seen to fail with the last column left out."""
    w0, root = circuit()
    told = explain(root, wrt=w0 if wrt else None)
    in_markdown = [part for part in told.to_markdown().split("\n\n") if part.startswith("|")]

    assert [rows_of(table) for table in parsed(told).iter("table")] == list(map(markdown_rows, in_markdown))


def test_tables_can_be_read_by_ear() -> None:
    """A caption, heads of columns, and of rows where these do not go on with the one above."""
    _, root = circuit()
    for table in parsed(explain(root)).iter("table"):
        heads, *rows = table.iter("tr")

        assert text_of(table[0])
        assert table[0].tag == "caption"
        assert {head.get("scope") for head in heads if head.tag == "th"} == {"col"}
        assert [head.tag for head in heads if not head.text] == ["td"] * sum(not head.text for head in heads)
        for row in rows:
            assert (row[0].tag, row[0].get("scope")) == (("th", "row") if row[0].text else ("td", None))
            assert {cell.tag for cell in row[1:]} <= {"td"}


def test_sentences_of_an_explanation_are_paragraphs() -> None:
    x, y = Value(1.0, "x"), Value(1.0, "y")
    told = explain(maximum(x, y) * 2)
    paragraphs = [text_of(element) for element in parsed(told).iter("p")]

    assert paragraphs[:2] == ["Given", "x = 1, y = 1"]
    assert paragraphs[2:] == [line.strip() for line in told.to_text().splitlines()[-1:]]


def test_what_shows_html_gets_it_unless_formulas_are_to_be_typeset() -> None:
    _, root = circuit()
    told = explain(root)

    assert told._repr_html_() == explain(root, format="markdown")._repr_html_() == told.to_html()
    assert explain(root, format="latex")._repr_html_() is None
    assert told._repr_markdown_() == told.to_markdown()


@pytest.mark.parametrize("label", HOSTILE.values(), ids=HOSTILE)
def test_labels_do_not_act_in_an_explanation(label: str) -> None:
    """Seen to fail with cells left unescaped."""
    x = Value(1.0, label)
    tree = parsed(explain(x * x))

    assert readable(label)[:8] in text_of(tree)


# Models -------------------------------------------------------------------------------------------


def outline_of(element: ElementTree.Element) -> list[Any]:
    """The summaries of what unfolds, each with those inside, and lines that do not unfold."""
    found: list[Any] = []
    for part in element:
        if part.tag == "details":
            found.append([text_of(part[0]), *outline_of(part)])
        elif part.tag == "p":
            found.append([text_of(part)])
    return found


def test_a_model_unfolds_into_its_modules_and_parameters() -> None:
    """Seen to fail with parameters shown under each module around them."""
    model = MLP(2, [2, 1], activation="tanh", seed=0)
    model([1.0, -2.0]).backward()
    tree = parsed(model)
    tables = [rows_of(table) for table in tree.iter("table")]
    expected = [
        [["parameter", "value", "gradient"]]
        + [
            [name, f"{value.data:.4g}".replace("-", "−"), f"{value.grad:.4g}".replace("-", "−")]
            for name, value in neuron.named_parameters()
        ]
        for layer in model.layers
        for neuron in layer.neurons
    ]

    assert outline_of(tree) == [
        [
            "MLP(2 → 2 → 1), 9 parameters",
            [
                "layers.0: Layer(2 → 2, tanh), 6 parameters",
                ["neurons.0: Neuron(2, tanh), 3 parameters"],
                ["neurons.1: Neuron(2, tanh), 3 parameters"],
            ],
            ["layers.1: Layer(2 → 1, identity), 3 parameters", ["neurons.0: Neuron(2, identity), 3 parameters"]],
        ]
    ]
    assert tables == expected
    assert [element.get("open") for element in tree.iter("details")][:2] == ["", None]


def test_a_large_model_stays_small() -> None:
    """Seen to fail with all 25,450 parameters listed: more than a megabyte."""
    model = MLP(784, [32, 10], seed=0)
    tree = parsed(model)
    lines = outline_of(tree)
    first = next(tree.iter("table"))

    assert len(model._repr_html_() or "") < 20_000
    assert lines[0][1][1][0] == "neurons.0 … neurons.31: 32 × Neuron(784, relu), 785 parameters"
    assert [line[0].partition(":")[0] for line in lines[0][1][1][1:]] == [
        *[f"neurons.{i}" for i in range(6)],
        "… 25 more",
        "neurons.31",
    ]
    assert [row[0] for row in rows_of(first)][1:] == [
        *[f"weights.{i}" for i in range(6)],
        "… 777 more",
        "weights.783",
        "bias",
    ]


class Collection(Module):
    def __init__(self, **attributes: Any) -> None:
        for name, thing in attributes.items():
            setattr(self, name, thing)


def test_a_model_of_many_different_parts_is_cut_short() -> None:
    """Seen to fail with limits only for what is alike in a row."""
    wide = Collection(parts=[Collection(x=list(map(Value, range(1 + i % 2)))) for i in range(2000)])
    deep: Module = Collection(x=Value(1.0))
    for level in range(12):
        deep = Collection(left=deep, right=MLP(1, [1 + level]), more=[MLP(1, [1 + place]) for place in range(6)])

    for model in (wide, deep):
        tree = parsed(model)
        assert len(list(tree.iter("details"))) + len(list(tree.iter("tr"))) < 2 * LINES + 50
        assert re.search(r"… and [\d,]+ modules? more", text_of(tree))


def test_a_shared_module_unfolds_once() -> None:
    line = Collection(x=Value(2.0))
    model = Sequential(line, MLP(1, [1], seed=0), line)
    line.owner = model

    assert [part[0] for part in outline_of(parsed(model))[0][1:]] == [
        "parts.0: Collection, 3 parameters",
        "parts.1: MLP(1 → 1), 2 parameters",
        "parts.2: Collection, the same as above",
    ]


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
def test_names_do_not_act_in_a_model(name: str) -> None:
    """Seen to fail with summaries left unescaped."""
    model = Collection(parts={name: Collection(weights={name: Value(1.0)})})
    tree = parsed(model)

    assert f"weights.{readable(name)}" in [row[0] for row in rows_of(next(tree.iter("table")))]
    assert outline_of(tree)[0][1][0] == f"parts.{readable(name)}: Collection, 1 parameter"


def test_a_model_with_a_mistake_is_left_to_its_text() -> None:
    model = Collection(x=Value(1.0))
    object.__setattr__(model, "hidden", {Value(2.0)})

    with pytest.raises(TypeError, match="hidden"):
        repr(model)
    assert model._repr_html_() is None


# What `grade` found -------------------------------------------------------------------------------


class Overwriting(Value):
    """A Value that knows no difference: x - 2 is 2 - x."""

    __rsub__ = Value.__sub__


def test_a_report_is_a_table_of_what_failed_and_why() -> None:
    report = grade(Overwriting)
    tree = parsed(report)
    (table,) = tree.iter("table")
    heads, *rows = rows_of(table)

    assert heads == ["check", "result", "what is wrong", "came out", "right"]
    assert len(rows) == len(report.failures) > 0
    assert {row[1] for row in rows} == {"failed"}
    assert [row[2] for row in rows if row[2] in report.mistakes] == report.mistakes
    assert text_of(table[0]).endswith(str(report).splitlines()[-1])
    for row, result in zip(rows, report.failures, strict=True):
        assert row[0].startswith(result.check.name + "program" + report.preamble)
        assert tuple(row[3:]) == result.difference()
    assert repr(report) == str(report)


def test_failures_that_are_alike_stand_together() -> None:
    """Seen to fail with the mistake given in each row of those that are alike."""
    report = grade(Overwriting)
    (found,) = report.failures
    later = replace(found, check=replace(found.check, title=("{} makes a new node", "later")), cause=None, follows=True)
    unknown = replace(found, check=replace(found.check, title=("{} makes a new node", "unknown")), cause=None)
    alike = replace(found, check=replace(found.check, title=("{} makes a new node", "alike")))
    (table,) = parsed(replace(report, results=(later, unknown, found, alike))).iter("table")

    assert [(row[0].partition("program")[0], row[2]) for row in rows_of(table)[1:]] == [
        (found.check.name, found.mistake),
        ("alike makes a new node", "the same mistake"),
        ("unknown makes a new node", "a mistake that is not known"),
        ("later makes a new node", "perhaps one of those above"),
    ]


def test_a_report_without_failures_lists_what_passed() -> None:
    report = grade(Value)
    tree = parsed(report)

    assert list(tree.iter("table")) == []
    assert [text_of(element) for element in tree.iter("li")] == [result.check.name for result in report.results]
    assert [text_of(element) for element in tree.iter("summary")] == [f"{len(report.results)} passed"]


# The parts ----------------------------------------------------------------------------------------


def test_text_is_escaped_once() -> None:
    for build in (markup.paragraph, markup.heading, markup.program, lambda text: markup.bulleted([text])):
        shown = build("a < b & c")

        assert shown.count("a &lt; b &amp; c") == 1
        assert markup.joined([shown]) == shown


@pytest.mark.parametrize("align", ["".join(pair) for pair in itertools.product("lrw", repeat=2)])
def test_the_side_of_a_column_is_that_of_its_head(align: str) -> None:
    tree = ElementTree.fromstring(markup.table("of two", ["a", "b"], [["c", "d"]], align))
    sides = [[cell.get("class", "l") for cell in row] for row in tree.iter("tr")]

    assert sides == [list(align), list(align)]
