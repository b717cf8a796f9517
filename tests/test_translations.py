"""Explanations, pictures and pages in Portuguese and Spanish: whole, in the lectures' words, with a decimal comma.

What may stand in them is found from the catalogue of the language and from the rule book, so that a word of English in
the code is found as well as one in the catalogue.
"""

import ast
import functools
import html
import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

import autograd
from autograd import OPERATIONS, Value, draw, exp, explain, floor, maximum, nn, relu, scope, topological_order
from autograd.commands import main
from autograd.languages import LANGUAGES, words

TRANSLATED = LANGUAGES[1:]
ROOT = Path(autograd.__file__).parent
# What explain, draw and the pages say; other sections are those of others.
SECTIONS = (
    *("numbers", "counts", "operations", "explain", "explain tables", "explain advice", "explain paths", "drawing"),
    *(
        "legend",
        "page",
        "network",
        "network description",
        "network legend",
        "network page",
        "model",
        "commands",
        "program",
    ),
)

# Graphs ---------------------------------------------------------------------------------------------


def leaves(**numbers: float) -> list[Value]:
    return [Value(number, name) for name, number in numbers.items()]


def circuit() -> Value:
    """E3: 1/(1 + exp(−(w0·x0 + w1·x1 + w2)))."""
    w0, x0, w1, x1, w2 = leaves(w0=2, x0=-1, w1=-3, x1=-2, w2=-3)
    return 1 / (1 + exp(-(w0 * x0 + w1 * x1 + w2)))


def neuron() -> Value:
    """E4: the loss (y − ŷ)² of a neuron with the identity."""
    h, k, w1, w2, b = leaves(h=1, k=-3, w1=5, w2=-1, b=3)
    return (10.0 - (h * w1 + k * w2 + b)) ** 2


def article() -> nn.MLP:
    """E1: 3 inputs, 4 neurons with ReLU, one with a sigmoid, without biases."""
    model = nn.MLP(3, [4, 1], "relu", "sigmoid", bias=False)
    hidden, last = model.layers
    columns = zip([0.1, 0.2, 0.4, 0.3], [0.5, 0.4, 0.7, 0.9], [0.2, 0.6, 0.3, 0.8], strict=True)
    for unit, numbers in zip([*hidden.neurons, *last.neurons], [*columns, [0.2, 0.3, 0.6, 0.1]], strict=True):
        for weight, number in zip(unit.weights, numbers, strict=True):
            weight.data = number
    return model


def loss() -> Value:
    return -article()([0.1, 0.4, 0.5]).log()


def classifier() -> Value:
    """E2: half of the squared errors of a sigmoid of three weights."""
    weights = [Value(x, f"w{i}") for i, x in enumerate((-0.16595599, 0.44064899, -0.99977125))]
    rows = zip(((0, 0, 1), (0, 1, 1), (1, 0, 1), (1, 1, 1)), (0, 0, 1, 1), strict=True)
    errors = [y - autograd.dot(weights, [*map(float, row)]).sigmoid() for row, y in rows]
    return 0.5 * autograd.sum([error * error for error in errors])


def kinks() -> Value:
    x, y = Value(0.5, "x"), Value(0.5, "y")
    with scope("part"):
        tied = maximum(x, y) + relu(x - 0.5)
        half = x * 0.5
    return half * tied * floor(Value(4.0, "z")) + abs(x - 0.5) + relu(-y) + x


def ladder() -> Value:
    z = Value(0.5, "z")
    for _ in range(400):
        z = z + z
    return z


GRAPHS = {build.__name__: build for build in (circuit, neuron, loss, classifier, kinks, ladder)}


# What readers see -------------------------------------------------------------------------------------


def explanations(root: Value, language: str) -> Iterator[tuple[str, str]]:
    """What explain says of a graph, by the format."""
    leaf = topological_order(root)[0]
    for wanted in (None, [leaf, Value(0.5, "other")]):
        for most in (3, 100):
            told = explain(root, wrt=wanted, most=most, language=language)
            yield "text", told.to_text()
            yield "steps", "\n".join(map(repr, told.steps))
            yield "markdown", html.unescape(told.to_markdown())
            yield "html", html.unescape(re.sub("<style>.*?</style>|<[^>]*>", " ", told.to_html()))
            yield "latex", told.to_latex()


@functools.cache
def pictures(language: str) -> list[autograd.Drawing]:
    """Drawings of all kinds."""
    return [*_pictures(language)]


def _pictures(language: str) -> Iterator[autograd.Drawing]:
    for name, build in GRAPHS.items():
        if name != "ladder":
            root = build()
            yield draw(root, language=language)
            root.backward()
            yield draw(root, flows=True, legend=True, language=language)
            yield draw(root, depth=1, language=language)
            yield draw(root, around=topological_order(root)[-2], radius=1, language=language)
    y = article()([0.1, 0.4, 0.5])
    yield draw(article(), [0.1, 0.4, 0.5], legend=True, language=language)
    yield draw(article(), legend=True, language=language)
    model = nn.MLP(2, [12, 2], "tanh", seed=0)
    yield draw(model, legend=True, language=language)
    y = autograd.sum(model([0.5, 0.25]))
    y.backward()
    yield draw(model, legend=True, language=language)
    weight = Value(3.0, "w")
    function = autograd.compile(lambda x: weight * x + 1.5)
    function(2.0)
    yield draw(function.program, legend=True, language=language)
    yield draw(Around(), legend=True, language=language)
    yield draw(nn.Neuron(2, seed=0), [0.5, 0.25], language=language)


class Around(nn.Module):
    """A model that is not layers in a row."""

    def __init__(self) -> None:
        self.weight = Value(2.0)

    def forward(self, x: Value) -> Value:
        return self.weight * x + x


SAID = ("alt", "aria-label", "title", "data-place", "data-play", "data-pause", "data-said", "data-formula")


def seen(page: str) -> str:
    """The texts of a page or a picture, and those of its attributes that are read out or shown."""
    body = re.sub("<(style|script)>.*?</(style|script)>", " ", page, flags=re.DOTALL)
    attributes = " ".join(re.findall(rf'\s(?:{"|".join(SAID)})="([^"]*)"', body))
    return html.unescape(f"{re.sub('<[^>]*>', ' ', re.sub('</?tspan[^>]*>', '', body))} {attributes}")


def shown(drawing: autograd.Drawing) -> str:
    """All that a reader meets of a drawing."""
    return " ".join([repr(drawing), drawing.title, drawing.description, seen(drawing.svg), seen(drawing.to_html())])


# Words ------------------------------------------------------------------------------------------------


def vocabulary(text: str) -> set[str]:
    """The words of a text of two letters or more, but for one that is cut short."""
    found = re.findall(r"[^\W\d_]{2,}(?![^\W\d_]|…)", re.sub(r"{\w*}", " ", text))
    return {word.casefold() for word in found if word.isalpha()}  # and no digits that are set high


def known(language: str) -> set[str]:
    """The words that a reader of the language may meet: those of its catalogue, and those of code."""
    said = [text for section in SECTIONS for text in words(section, language).values()]
    code = ["layers neurons part other MLP Neuron function Around inf nan True False most draw model inputs"]
    return vocabulary(" ".join([*said, *code]))


def without_functions(text: str) -> str:
    """A text without the names of functions in its formulas, of which some are English words, as in max(x, y)."""
    return re.sub(r"[^\W\d]+(?=[(′²])", " ", text)


# What cards show of operations.
SYMBOLS = vocabulary(" ".join(["dot", *[x.symbol for x in OPERATIONS.values()]]))


@pytest.mark.parametrize("name", GRAPHS)
@pytest.mark.parametrize("language", TRANSLATED)
def test_an_explanation_has_no_word_of_another_language(language, name):
    """Seen to fail with a head of a table, and with "and" between two names, written in the code."""
    found = {
        (format, word)
        for format, told in explanations(GRAPHS[name](), language)
        for word in vocabulary(
            without_functions(" ".join(re.findall(r"\\text{([^}]*)}", told)) if format == "latex" else told)
        )
    }

    assert {(format, word) for format, word in found if word not in known(language)} == set()


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_picture_and_its_page_have_no_word_of_another_language(language):
    """Seen to fail with "neuron" in a tooltip of a network, and with the English name of a legend's sign."""
    found = {word for drawing in pictures(language) for word in vocabulary(without_functions(shown(drawing)))}

    assert found - known(language) - SYMBOLS == set()


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_english_word_is_taken_for_one_of_the_language(language):
    """What both have is alike on purpose, and known here: the test above could not tell it from English."""
    english = {word for section in SECTIONS for text in words(section, "en").values() for word in vocabulary(text)}

    assert english & {
        word for section in SECTIONS for text in words(section, language).values() for word in vocabulary(text)
    } == set(ALIKE[language].split())


CODE = "atan clamp draw elu inputs leaky model relu where"
ALIKE = {"pt": f"{CODE} as divide end enter home local no", "es": f"{CODE} enter local no"}


# Numbers ----------------------------------------------------------------------------------------------

NUMBER = r"\d+(?:[.,]\d+)?(?:e[+−-]?\d+)?"


def numbers(text: str) -> list[str]:
    """The numbers of a text as Python writes them, sorted, for languages have an order of their own."""
    return sorted(number.replace(",", ".") for number in re.findall(NUMBER, text))


@pytest.mark.parametrize("name", [name for name in GRAPHS if name != "ladder"])
@pytest.mark.parametrize("language", TRANSLATED)
def test_an_explanation_has_the_same_numbers_with_a_decimal_comma(language, name):
    """Seen to fail with the numbers of the rule book's formulas, and with constants, left as they are."""
    translated, english = explanations(GRAPHS[name](), language), explanations(GRAPHS[name](), "en")

    for (format, told), (_, said) in zip(translated, english, strict=True):
        if format == "latex":
            assert re.findall(r"\d[.,]\d", told) == []
            told = told.replace("{,}", ",")
        assert re.findall(r"\d\.\d", told) == []
        assert numbers(told) == numbers(said)


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_list_of_numbers_has_semicolons(language):
    """Those of one formula are separated alike. Seen to fail with what separates names, one more decimal comma."""
    xs = [Value(0.5, "x"), Value(2.0, "y")]
    told = explain(autograd.dot(xs, [0.25, 4.0]) + maximum(*xs), language=language)

    assert "= dot([0,5; 2]; [0,25; 4])" in told.to_text()
    assert "v1 = dot([x; y]; [0,25; 4])" in told.to_text()
    assert "v2 = max(x, y) = max(0,5; 2) = 2" in map(repr, told.forward)
    assert "x = 0,5; y = 2" in told.to_text()
    assert r"\operatorname{dot}([0{,}5; 2]; [0{,}25; 4])" in told.to_latex()
    assert not re.search(r"\d, \d", told.to_text() + told.to_latex())


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_picture_has_a_decimal_comma_in_its_texts_and_a_point_in_its_geometry(language):
    """Seen to fail with the tooltips, and the constants on cards, left as they are."""
    for drawing, english in zip(pictures(language), pictures("en"), strict=True):
        svg = ElementTree.fromstring(drawing.svg)

        texts = shown(drawing)
        assert re.findall(r"\d\.\d|\d, \d", re.sub(r"layers\.\d\.neurons\.\d|layers\.\d", "", texts)) == []
        assert numbers(seen(drawing.svg)) == numbers(seen(english.svg))
        assert [float(svg.attrib[name]) > 0 for name in ("width", "height", "font-size")] == [True] * 3
        assert not re.search(r"\d; \d|\d,\d+,\d", " ".join(x.get("d", "") for x in svg.iter()))


@pytest.mark.parametrize(("language", "few", "many"), [("pt", "2.001", "12.990"), ("es", "2001", "12\u00a0990")])
def test_a_large_count_is_written_as_the_language_does(language, few, many):
    """Brazil has a point between thousands; Spanish a blank, and nothing in four digits."""
    z = autograd.sum([Value(0.5) for _ in range(2000)])
    assert few in repr(draw(z, max_nodes=3000, language=language))

    z = autograd.sum([Value(0.5) for _ in range(13_000)])
    assert f" {many} " in explain(z, most=10, language=language).to_text().replace(":", " ")


# The worked examples ------------------------------------------------------------------------------------

# Figures of the lectures and of the article as they print them: a computation and what its explanation must say.
FIGURES = {
    circuit: ["0,36787944", "1,36787944", "0,73105858", "0,19661193", "−0,53444665", "−0,5898358", "0,39322387"],
    loss: ["0,567", "0,63807065", "0,44930626", "−1,56722456", "0,23093649", "−0,1121981", "−0,02171576"],
    neuron: ["−6", "−2", "10"],
}


@pytest.mark.parametrize("build", FIGURES)
@pytest.mark.parametrize("language", TRANSLATED)
def test_an_explanation_has_the_figures_of_the_lecture(language, build):
    told = repr(explain(build(), digits=9, language=language))
    rounded = {f"{float(x.replace(',', '.').replace('−', '-')):.8g}" for x in re.findall(f"−?{NUMBER}", told)}

    wanted = {f"{float(x.replace(',', '.').replace('−', '-')):.8g}" for x in FIGURES[build]}
    assert {x for x in wanted if not any(abs(float(x) - float(y)) < 1e-8 for y in rounded)} == set()


PATTERNS = {
    "pt": [
        "Passagem para a frente",
        "Passagem para trás, pela regra da cadeia",
        "soma: distribuidor de gradiente",
        "multiplicação: comutador de gradiente",
        "máximo: direcionador de gradiente, para b",
        "ramificação: soma de todos os fluxos",
    ],
    "es": [
        "Pasada hacia adelante",
        "Pasada hacia atrás, por la regla de la cadena",
        "suma: distribuidor de gradiente",
        "multiplicación: conmutador de gradiente",
        "máximo: enrutador de gradiente, hacia b",
        "ramificación: suma de todos los flujos",
    ],
}


@pytest.mark.parametrize("language", TRANSLATED)
def test_the_patterns_of_the_backward_pass_have_the_names_of_the_lectures(language):
    a, b = Value(1.0, "a"), Value(2.0, "b")
    told = explain(maximum(a, b) * a + a, language=language).to_text()

    assert [name for name in PATTERNS[language] if name not in told] == []


class Twice(nn.Module):
    """A model of one part that it has twice, and of parameters and parts enough to be left out."""

    def __init__(self) -> None:
        self.scale = [Value(x / 4, "s") for x in range(12)]
        self.first = self.second = nn.Layer(2, 9, seed=0)
        self.third = nn.MLP(1, [1] * 400, seed=0)


@pytest.mark.parametrize("language", TRANSLATED)
def test_the_tree_of_a_model_has_no_word_of_another_language(language, monkeypatch):
    monkeypatch.setenv("AUTOGRAD_LANGUAGE", language)
    told = html.unescape(re.sub("<style>.*?</style>|<[^>]*>", " ", Twice()._repr_html_()))

    code = vocabulary("Twice Layer Neuron identity scale first second third weights bias")
    assert vocabulary(told) - known(language) - code == set()
    assert words("model", language)["same"] in told
    assert "0,25" in told
    assert not re.search(r"\s0\.\d", told)


# What is said where ----------------------------------------------------------------------------------------


def test_the_language_is_that_of_the_surroundings(monkeypatch):
    root = circuit()
    monkeypatch.setenv("AUTOGRAD_LANGUAGE", "pt_BR.UTF-8")

    assert repr(explain(root)) == repr(explain(root, language="pt"))
    assert draw(root, legend=True).svg == draw(root, legend=True, language="pt").svg
    assert draw(root).to_html() == draw(root, language="pt").to_html()
    assert root._repr_mimebundle_()["text/html"] == draw(root, language="pt")._repr_html_()
    assert repr(explain(root, language="en")) == repr(explain(root, language="en_US"))


def test_english_is_the_same_wherever_it_is_asked_for(monkeypatch):
    """Seen to fail with a number that took its sign from the surroundings."""
    there = [[drawing.svg, drawing.description, repr(drawing)] for drawing in pictures("en")]
    told = [*explanations(kinks(), "en")]
    monkeypatch.setenv("AUTOGRAD_LANGUAGE", "pt")

    assert [[drawing.svg, drawing.description, repr(drawing)] for drawing in _pictures("en")] == there
    assert [*explanations(kinks(), "en")] == told
    assert not re.search(r"\d,\d", " ".join(seen(drawing.svg) for drawing in pictures("en")))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_picture_says_in_which_language_it_is_where_that_is_not_english(language):
    """For screen readers; the English pictures are those of before."""
    drawing = draw(circuit(), language=language)
    found = ElementTree.fromstring(drawing.svg).get("{http://www.w3.org/XML/1998/namespace}lang")

    assert found == (None if language == "en" else language)
    assert f'<html lang="{language}">' in drawing.to_html()
    assert explain(circuit(), language=language).language == language
    assert (f' lang="{language}">' in explain(circuit(), language=language).to_html()) == (language != "en")


def test_what_is_opened_is_told_in_the_language(capsys, monkeypatch):
    for name in ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    draw(circuit(), language="pt").show()

    assert capsys.readouterr().out.startswith("não aberto, porque não há tela aqui: o desenho está em ")


@pytest.mark.parametrize("tell", [explain, draw])
def test_an_unknown_language_is_told(tell, monkeypatch):
    with pytest.raises(ValueError, match="language must be 'en' or 'pt' or 'es', not 'de'"):
        tell(circuit(), language="de")
    monkeypatch.setenv("AUTOGRAD_LANGUAGE", "de")
    with pytest.raises(ValueError, match="AUTOGRAD_LANGUAGE must be 'en' or 'pt' or 'es', not 'de'"):
        tell(circuit())


def test_the_command_explain_speaks_the_language(capsys, monkeypatch):
    assert main(["explain", "max(x, 0.5) * x", "x=2.25", "--language", "pt-BR"]) == 0
    told = capsys.readouterr().out
    assert "= max(2,25; 0,5)" in told
    assert "multiplicação: comutador de gradiente" in told

    monkeypatch.setenv("AUTOGRAD_LANGUAGE", "es")
    assert main(["explain", "x * 0.5", "x=2.25", "--format", "latex"]) == 0
    assert r"2{,}25 \cdot 0{,}5" in capsys.readouterr().out


def test_the_command_draw_speaks_the_language(capsys, tmp_path):
    path = tmp_path / "g.svg"

    assert main(["draw", "x * 0.5", "x=-2.25", "--language", "pt", "-o", str(path)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "expressão   valor  gradiente",
        "x           -2,25        0,5",
        "x × 0,5    -1,125          1",
        f"gravado em {path}",
    ]
    assert "−2,25" in path.read_text("utf-8")


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", "y has no value (at column 3); add y=NUMBER"),
        ("pt", "y não tem valor (na coluna 3); acrescente y=NÚMERO"),
        ("es", "y no tiene valor (en la columna 3); agregue y=NÚMERO"),
    ],
)
def test_mistakes_in_an_expression_are_told_in_the_language(capsys, language, told):
    """Seen to fail with the errors as Python raises them, in English."""
    assert main(["explain", "x*y", "x=2", "--language", language]) == 2
    assert capsys.readouterr().err.splitlines()[0] == f"autograd: {told}"


@pytest.mark.parametrize("command", ["explain", "draw"])
@pytest.mark.parametrize("language", ["fr", "portuguese", "?"])
def test_a_command_tells_an_unknown_language(command, language, capsys, monkeypatch):
    with pytest.raises(SystemExit) as ended:
        main([command, "x", "x=1", "--language", language])
    assert ended.value.code == 2
    assert f"language must be 'en' or 'pt' or 'es', not {language!r}" in capsys.readouterr().err

    monkeypatch.setenv("AUTOGRAD_LANGUAGE", language)
    assert main([command, "x", "x=1"]) == 2
    told = f"autograd: AUTOGRAD_LANGUAGE must be 'en' or 'pt' or 'es', not {language!r}\n"
    assert capsys.readouterr().err == told


@pytest.mark.parametrize(
    ("typed", "language", "told"),
    [
        (["x", "x=0,5"], "pt", "'0,5' não é um número, em 'x=0,5': escreva 0.5, com ponto"),
        (["x", "x=-1,25"], "es", "'-1,25' no es un número, en 'x=-1,25': escriba -1.25, con punto"),
        (["x", "x=1,234,5"], "en", "'1,234,5' is not a number, in 'x=1,234,5'"),
        (["x", "x=a"], "es", "'a' no es un número, en 'x=a'"),
        (["x", "y"], "pt", "'y' não é nome=valor"),
        (["x", "x=1", "x=2"], "es", "x tiene dos valores, el segundo en 'x=2'"),
        (["x", "2=3"], "pt", "'2' não pode ser um nome, em '2=3'"),
        (["x", "x=1", "--wrt", "q"], "es", "'q' no tiene valor: los nombres son x"),
        (["1 + 2", "--wrt", "q"], "pt", "'q' não tem valor: não há nomes"),
        (["max(x; 2)", "x=1"], "en", "arguments have commas between, and numbers a point, as in max(x, 0.5)"),
    ],
)
def test_the_command_tells_what_is_wrong_in_the_language(typed, language, told, capsys):
    """What explain shows has a comma, what is typed has a point: who types the one is told of the other."""
    assert main(["explain", *typed, "--language", language]) == 2
    assert told in capsys.readouterr().err


def test_the_command_tells_of_its_own_option(capsys):
    typed = ["explain", "x + 1 + 2 + 3 + 4", "x=1", "--most", "2", "--language"]

    for language, said in (("en", "more lines with --most 20."), ("pt", "mais linhas com --most 20.")):
        assert main([*typed, language]) == 0
        assert said in capsys.readouterr().out


# The catalogue and the code ---------------------------------------------------------------------------------


def strings() -> set[str]:
    """All texts in the code that asks for them, and the places in the page."""
    found = set(re.findall(r"\$(\w+)", (ROOT / "draw/page/page.html").read_text("utf-8")))
    for path in (
        *ROOT.glob("explain/*.py"),
        *ROOT.glob("draw/**/*.py"),
        *ROOT.glob("commands/*.py"),
        *ROOT.glob("practice/*.py"),
        *(ROOT / "languages/__init__.py", ROOT / "nn/outline.py"),
    ):
        tree = ast.parse(path.read_text("utf-8"))
        found |= {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and type(node.value) is str}
    return found


def test_every_text_of_the_catalogue_is_used():
    """Seen to fail with a text that nothing asked for any more."""
    patterns = {x.pattern for x in OPERATIONS.values()}
    used = strings() | patterns
    things = {name.removesuffix("s") for name in words("counts", "en")}

    others = [section for section in SECTIONS if section not in ("counts", "operations")]
    unused = [(section, name) for section in others for name in words(section, "en") if name not in used]
    assert [(section, name) for section, name in unused if name.removesuffix("s") not in used] == []
    assert {name for thing in things for name in (thing, f"{thing}s")} == set(words("counts", "en"))
    assert things <= used


def asked(path: Path) -> Iterator[str]:
    """The names that the code of a file asks the catalogue for: said["node"], look.said("drawing")["value"]."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        match node:
            case ast.Subscript(ast.Name("said" | "words" | "heads"), ast.Constant(str(name))):
                yield name
            case ast.Subscript(ast.Attribute(_, "said" | "words"), ast.Constant(str(name))):
                yield name
            case ast.Subscript(
                ast.Call(ast.Name("words") | ast.Attribute(_, "said"), [*_, ast.Constant()] | [_, _]),
                ast.Constant(str(name)),
            ):
                yield name


def test_every_text_that_is_asked_for_is_in_the_catalogue():
    """Seen to fail with a name that the catalogue spells in another way."""
    there = {name for section in SECTIONS for name in words(section, "en")}
    wanted = {
        name: path.name for path in (*ROOT.glob("explain/*.py"), *ROOT.glob("draw/**/*.py")) for name in asked(path)
    }

    assert {name: path for name, path in wanted.items() if name not in there} == {}
    assert len(wanted) > 60


def test_the_operations_that_explanations_name_have_names():
    """Those with a pattern, a kink or a jump; in English, they are called as in the code."""
    from autograd.explain.kinks import JUMPS, KINKS

    named = [x.name for x in OPERATIONS.values() if x.is_of_book and (x.pattern or x in KINKS or x in JUMPS)]

    assert sorted(named) == sorted(words("operations", "en"))
    assert {name: text for name, text in words("operations", "en").items() if name != text} == {}


@pytest.mark.parametrize(
    ("names", "told"),
    [
        ("x y", {"en": "x and y", "pt": "x e y", "es": "x e y"}),
        ("y x", {"en": "y and x", "pt": "y e x", "es": "y y x"}),
        ("a b c", {"en": "a and b and c", "pt": "a, b e c", "es": "a, b y c"}),
        ("a b i1", {"en": "a and b and i1", "pt": "a, b e i1", "es": "a, b e i1"}),
        ("a yes", {"en": "a and yes", "pt": "a e yes", "es": "a y yes"}),
    ],
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_names_are_told_as_the_language_does(language, names, told):
    """Spanish says e before the sound i. Seen to fail with one conjunction for all."""
    leaves = [Value(1.0, name) for name in names.split()]

    assert f"{told[language]} " in explain(autograd.max(leaves) * 2, language=language).to_text().splitlines()[-1]


def test_a_condition_has_no_word_of_english():
    x, y = Value(1.0, "x"), Value(2.0, "y")
    told = explain(autograd.where(x > y, x, y), language="pt")

    assert "[¬False] = 1" in told.to_text()
    assert r"\neg" in told.to_latex()
    assert "[not False] = 1" in explain(autograd.where(x > y, x, y), language="en").to_text()


def test_an_operation_of_a_user_has_its_own_name():
    @autograd.operation("blend(x, y)", "1", "1", pattern="distributes")
    def blend(x, y):
        return x + y, lambda: (1.0, 1.0)

    assert "blend: distribuidor de gradiente" in explain(blend(Value(1.0), Value(2.0)), language="pt").to_text()
