"""The page that steps through both passes: what is in the file, and what a browser does with it."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from autograd import Value, dot, draw, exp, maximum, scope, topological_order
from autograd.draw import page as page_module
from autograd.explain import explain

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")

# Each of these sets a flag or opens a dialog if anything in the page lets it act.
HOSTILE = {
    "script": "<script>window.broken = 1</script>",
    "end of the script": "</script><script>window.broken = 1</script>",
    "end of the style": "</style><img src=x onerror='window.broken = 1'>",
    "end of the item": "</li></ol><svg onload='window.broken = 1'>",
    "end of the attribute": "\"'><b onmouseover=alert(1)>",
    "comment": "<!--<script>",
    "end of CDATA": "]]><!-- -->",
    "entity": "&#x41;&amp;&lt;",
    "place of the template": "$script ${title} $$",
    "control characters": "".join(map(chr, range(32))) + "\x7f\x85",
    "lone surrogates": "\ud800 \udfff",
    "bidi": "\u202eabc\u2066\u05d0",
    "blanks": "  two  blanks  ",
    "pieces": "one; two; three",
    "long": "x" * 70_000,
}


def neuron() -> Value:
    """The circuit of the first lecture, 1/(1 + exp(−(w0·x0 + w1·x1 + w2))): 13 nodes."""
    w0, x0 = Value(2.0, "w0"), Value(-1.0, "x0")
    w1, x1 = Value(-3.0, "w1"), Value(-2.0, "x1")
    w2 = Value(-3.0, "w2")
    return 1 / (1 + exp(-(w0 * x0 + w1 * x1 + w2)))


def lines(root: Value) -> list[str]:
    """What `explain` says, step by step."""
    told = explain(root, most=10_000)
    return [step.line for step in (*told.forward, *told.backward)]


class Parsed(HTMLParser):
    """All elements of a page with their attributes, and the text of each list item, script and style."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self.inside: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in ("meta", "input"):
            self.inside.append(tag)
            self.texts.setdefault(tag, []).append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.inside.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.texts[self.inside[-1]][-1] += data

    def all(self, attribute: str) -> list[str]:
        return [value for _, attributes in self.elements if (value := attributes.get(attribute)) is not None]


def page_of(root: Value, **options: Any) -> Parsed:
    return Parsed(page_module.page_of(draw(root, **options)))


# The file -------------------------------------------------------------------------------------------


def test_the_items_of_the_list_are_the_lines_of_explain():
    root = neuron()

    assert page_of(root).texts["li"] == lines(root)
    assert len(lines(root)) == 26


def test_the_page_asks_for_nothing_outside():
    parsed = page_of(neuron())
    everything = page_module.page_of(draw(neuron())).replace("http://www.w3.org/2000/svg", "")

    assert not {"src", "href", "xlink:href", "srcset", "action"} & {name for _, a in parsed.elements for name in a}
    assert not {"link", "img", "iframe", "base", "object"} & {tag for tag, _ in parsed.elements}
    assert re.findall("https?:|//[a-z]|url\\(|@import|fetch|import ", everything) == []


def test_all_ids_are_unique_and_all_that_are_named_exist():
    x = Value(3.0, "x")
    for drawing in (draw(neuron(), flows=True), draw(maximum(x, 1.0) * x), draw(dot([x, x], [x, 2.0]), flows=True)):
        parsed = Parsed(page_module.page_of(drawing))
        ids = parsed.all("id")
        named = " ".join([*parsed.all("data-lights"), *parsed.all("data-shows")]).split()

        assert len(set(ids)) == len(ids)
        assert {name for name in named if not name.startswith(".")} <= set(ids)


def test_a_step_lights_up_its_card_and_the_edges_of_its_operands():
    x, y = Value(3.0, "x"), Value(2.0, "y")
    drawing = draw(maximum(x, y))
    lights = Parsed(page_module.page_of(drawing)).all("data-lights")

    # Forward both operands flow in; backward nothing leaves to the smaller one.
    assert [re.sub("g[0-9a-f]{8}-", "", ids) for ids in lights] == [
        "node-0",
        "node-1",
        "node-2 edge-0 edge-1",
        "node-2 edge-0",
        "node-1",
        "node-0",
    ]


def test_cards_bear_the_names_that_the_lines_use():
    x = Value(3.0, "x")
    texts = page_of((x * x) + Value(1.0, "x")).texts["text"]

    assert {"x", "x₂", "v1", "v2"} <= set(texts)


def test_no_number_depends_on_passes_and_changes_before():
    """Seen to fail with the numbers that were on the cards when they were drawn."""
    pages = []
    for change in ("nothing", "two passes", "a step of training"):
        x = Value(3.0, "x")
        y = x * x
        if change != "nothing":
            y.backward()
            y.backward()
        if change == "a step of training":
            x.data -= x.grad
        pages.append(page_module.page_of(draw(y, flows=True)))

    assert [Parsed(page).texts["li"] for page in pages] == [lines(y)] * 3
    numbers = [[text for text in Parsed(page).texts["text"] if re.fullmatch(r"(◂ )?[-\d.—]+", text)] for page in pages]
    assert numbers == [["◂ 3", "◂ 3", "3", "6", "9", "1"]] * 3


def test_tooltips_and_descriptions_tell_no_number_before_its_step():
    root = neuron()
    root.backward()
    page = page_of(root)

    assert not re.search("gradient -?[0-9]", " ".join([*page.texts["title"], *page.texts["desc"]]))


def test_a_step_inside_a_folded_group_lights_up_the_card_of_the_group():
    """Seen to fail where each step of the group showed its numbers."""
    x = Value(3.0, "x")
    with scope("cube"):
        y = x * x * x
    root = y + 1
    drawing = draw(root, depth=1)
    text = page_module.page_of(drawing)
    items = [re.sub("g[0-9a-f]{8}-", "", item) for item in re.findall("<li .*?>", text)]

    assert Parsed(text).texts["li"] == lines(root)
    assert items == [
        '<li data-lights="node-0" data-shows="node-0">',
        '<li data-lights="group-1" data-shows="">',
        '<li data-lights="group-1" data-shows="group-1">',
        '<li data-lights="node-3" data-shows="node-3">',
        '<li data-lights="node-3" data-shows="node-3">',
        '<li data-lights="group-1" data-shows="group-1">',
        '<li data-lights="group-1" data-shows="">',
        '<li data-lights="node-0" data-shows="node-0">',
    ]
    assert {"27", "1"} <= set(Parsed(text).texts["text"])


def test_of_very_many_nodes_a_folded_group_gets_one_step(monkeypatch):
    monkeypatch.setattr(page_module, "MOST", 3)
    x = Value(3.0, "x")
    with scope("cube"):
        y = x * x * x
    page = page_of(y + 1, depth=1)

    assert [line for line in page.texts["li"] if line in lines(y + 1)] == page.texts["li"]
    assert len(page.texts["li"]) == 6
    assert page.texts["p"][0].endswith("There are steps at 3 of 4 nodes.")


def test_a_neighbourhood_steps_over_what_is_drawn_and_says_so():
    root = neuron()
    order = topological_order(root)
    page = page_of(root, around=order[7], radius=1)
    around = [order[i] for i in (5, 6, 7, 8)]
    told = explain(root)

    assert page.texts["li"] == [
        step.line for step in (*told.forward, *told.backward) if any(step.node is node for node in around)
    ]
    assert page.texts["p"][0].endswith("There are steps at 4 of 13 nodes.")


def test_a_single_leaf_has_two_steps():
    page = page_of(Value(3.0, "x"))

    assert page.texts["li"] == ["x = 3", "x: 1 arrives, as at every root"]


@pytest.mark.parametrize("label", HOSTILE.values(), ids=HOSTILE)
def test_hostile_labels_add_no_element_and_end_none(label):
    """Seen to fail with the lines not escaped."""
    root = Value(3.0, label) * Value(2.0, label)
    harmless = page_of(Value(3.0, "x") * Value(2.0, "y"))
    page = page_of(root)

    assert page.texts["li"] == lines(root)
    assert page.texts["script"] == harmless.texts["script"]
    # Labels with an index, and the lengths of lines, are no matter of the page.
    tags = [[tag for tag, _ in parsed.elements if tag != "tspan"] for parsed in (page, harmless)]
    assert tags[0] == tags[1]


def test_the_same_program_writes_the_same_bytes(tmp_path):
    program = (
        "from autograd import Value, draw, exp\n"
        "x, y = Value(2.0, 'x'), Value(-1.0, 'y')\n"
        "draw(exp(x * y) / (x + y), flows=True).save('page.html')\n"
    )
    written = []
    for seed in ("0", "1"):
        folder = tmp_path / seed
        folder.mkdir()
        environment = os.environ | {"PYTHONHASHSEED": seed}
        subprocess.run([sys.executable, "-c", program], check=True, cwd=folder, env=environment)
        written.append((folder / "page.html").read_bytes())

    assert written[0] == written[1]
    assert written[0].startswith(b"<!doctype html>")
    assert b"\r" not in written[0]


def test_a_page_of_a_small_graph_is_small():
    assert len(page_module.page_of(draw(neuron())).encode()) < 50_000


# In a browser ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip(
        "playwright.sync_api", reason='no playwright to drive a browser: pip install "scalar-autograd[browser]"'
    )
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip(f"no browser was found, none of {', '.join(BROWSERS)}")
    with playwright.sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=found)
        yield running
        running.close()


class Tab:
    """A page in the browser, with all that goes wrong in it."""

    def __init__(self, browser: Any, path: Path, plays: bool = False, scripts: bool = True, **options: Any) -> None:
        options = {"reduced_motion": "no-preference" if plays else "reduce", **options}
        self.context = browser.new_context(java_script_enabled=scripts, **options)
        self.page = self.context.new_page()
        self.page.set_default_timeout(5000)
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("dialog", lambda dialog: (self.complaints.append(dialog.message), dialog.dismiss()))
        self.page.on("request", lambda request: self.requests.append(request.url))
        if plays:
            self.page.clock.install(time=0)  # time goes on only where a test says so
            self.page.clock.pause_at(1000)
        self.page.goto(path.as_uri())

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def click(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    @property
    def line(self) -> str:
        return self.page.locator("#line").text_content()

    @property
    def place(self) -> str:
        return self.page.locator("#place").text_content()

    def seen(self, kind: str) -> list[str]:
        """The numbers of this kind that can be seen, in the order of the cards."""
        return self.page.evaluate(
            """kind => [...document.querySelectorAll(`#picture text[class*="-${kind} "]`)]
                .filter(it => getComputedStyle(it).visibility === "visible").map(it => it.textContent)""",
            kind,
        )

    def lit(self) -> list[str]:
        ids = self.page.evaluate("[...document.querySelectorAll('.lit')].map(it => it.id)")
        return [re.sub("g[0-9a-f]{8}-", "", found) for found in ids]


@pytest.fixture
def opened(browser, tmp_path) -> Iterator[Any]:
    tabs = []

    def open_page(root: Value, plays: bool = False, scripts: bool = True, draws: Any = None, **options: Any) -> Tab:
        path = tmp_path / "page.html"
        draw(root, **(draws or {})).save(path)
        tabs.append(Tab(browser, path, plays, scripts, **options))
        return tabs[-1]

    yield open_page
    for tab in tabs:
        tab.context.close()
        assert tab.complaints == []
        assert len(tab.requests) == 1  # the page itself


def test_the_buttons_step_to_the_end_and_back(opened):
    """Seen to fail where a step back took two."""
    root = neuron()
    tab = opened(root)
    start = tab.line
    forth, back = [], []
    for _ in range(26):
        tab.click("Forward")
        forth.append(tab.line)
    tab.page.get_by_role("button", name="Forward").click(force=True)  # at the end it is dim and does nothing
    at_the_end = tab.place
    for _ in range(26):
        back.append(tab.line)
        tab.click("Back")

    assert forth == lines(root)
    assert at_the_end == "step 26 of 26 · backward"
    assert back == lines(root)[::-1]
    assert (tab.line, tab.place) == (start, "step 0 of 26")
    assert start.startswith("Nothing is computed yet.")


def test_the_keys_step_to_the_end_and_back(opened):
    root = neuron()
    tab = opened(root)
    forth, back = [], []
    for _ in range(26):
        tab.press("ArrowRight")
        forth.append(tab.line)
    for _ in range(26):
        back.append(tab.line)
        tab.press("ArrowLeft")
    tab.press("ArrowLeft", "End")
    last = tab.place
    tab.press("Home")

    assert forth == lines(root)
    assert back == lines(root)[::-1]
    assert (last, tab.place) == ("step 26 of 26 · backward", "step 0 of 26")


def test_values_and_then_gradients_appear_one_at_a_time(opened):
    """The figures are those of the first lecture. Seen to fail with all gradients there from the beginning."""
    values = ["2", "−1", "−3", "−2", "−3", "−2", "6", "4", "1", "−1", "0.3679", "1.368", "0.7311"]
    gradients = ["−0.1966", "0.3932", "−0.3932", "−0.5898", "0.1966", "0.1966", "0.1966", "0.1966", "0.1966"]
    gradients += ["−0.1966", "−0.5344", "−0.5344", "1"]
    tab = opened(neuron())
    seen = [(tab.seen("value"), tab.seen("gradient"))]
    for _ in range(26):
        tab.press("ArrowRight")
        seen.append((tab.seen("value"), tab.seen("gradient")))
    for step in range(25, -1, -1):
        tab.press("ArrowLeft")
        assert (tab.seen("value"), tab.seen("gradient")) == seen[step]

    assert seen[:14] == [(values[:step], []) for step in range(14)]
    assert seen[14:] == [(values, gradients[-step:]) for step in range(1, 14)]


def test_the_card_and_the_edges_of_a_step_light_up(opened):
    x, y = Value(3.0, "x"), Value(2.0, "y")
    tab = opened(maximum(x, y))
    lit = [tab.lit()]
    for _ in range(6):
        tab.press("ArrowRight")
        lit.append(sorted(tab.lit()))

    assert lit == [
        [],
        ["node-0"],
        ["node-1"],
        ["edge-0", "edge-1", "node-2"],
        ["edge-0", "node-2"],
        ["node-1"],
        ["node-0"],
    ]


def test_numbers_on_edges_appear_when_they_flow(opened):
    """Seen to fail without ids at these numbers."""
    x, y = Value(3.0, "x"), Value(2.0, "y")
    tab = opened(x * y + 1, draws={"flows": True})
    seen = []
    for _ in range(8):
        tab.press("ArrowRight")
        seen.append([number for number in tab.seen("gradient") if number.startswith("◂ ")])

    assert seen == [[]] * 4 + [["◂ 1"]] + [["◂ 2", "◂ 3", "◂ 1"]] * 3


def test_the_slider_goes_to_any_step(opened):
    root = neuron()
    tab = opened(root)
    slider = tab.page.get_by_role("slider", name="Step")
    slider.fill("14")
    filled = tab.line
    slider.press("ArrowRight")
    right = tab.line
    slider.press("End")

    assert [filled, right, tab.line] == [lines(root)[i] for i in (13, 14, 25)]
    assert slider.get_attribute("aria-valuetext") == "step 26 of 26 · backward"


def test_the_page_plays_by_itself_to_the_end(opened):
    """Seen to fail without the first call of play."""
    root = neuron()
    tab = opened(root, plays=True)
    told = []
    for _ in range(26):
        before = tab.line
        tab.page.clock.run_for(1000 + 25 * len(before) - 1)
        assert tab.line == before  # long enough to be read
        tab.page.clock.run_for(1)
        told.append(tab.line)
    tab.page.clock.run_for(60_000)

    assert told == lines(root)
    assert tab.place == "step 26 of 26 · backward"
    assert tab.page.get_by_role("button", name="Play", exact=True).is_visible()

    tab.click("Play")  # from the beginning
    assert tab.place == "step 0 of 26"
    tab.page.clock.run_for(20_000)
    assert tab.place != "step 0 of 26"


@pytest.mark.parametrize("act", ["key", "arrow", "pointer", "pause", "space", "slider"])
def test_whatever_one_does_ends_the_playing(opened, act):
    """Seen to fail where a click on Pause ended the playing and began it again."""
    tab = opened(neuron(), plays=True)
    tab.page.clock.run_for(10_000)
    acts = {
        "key": lambda: tab.press("a"),
        "arrow": lambda: tab.press("ArrowLeft"),
        "pointer": lambda: tab.page.locator("#line").click(),
        "pause": lambda: tab.click("Pause"),
        "space": lambda: tab.press(" "),
        "slider": lambda: tab.page.get_by_role("slider").fill("3"),
    }
    acts[act]()
    place = tab.place
    tab.page.clock.run_for(60_000)

    assert tab.place == place != "step 0 of 26"
    assert tab.page.get_by_role("button", name="Play", exact=True).is_visible()


def test_with_reduced_motion_nothing_moves_before_one_asks(opened):
    """Seen to fail without the question for reduced motion."""
    tab = opened(neuron(), plays=True, reduced_motion="reduce")
    tab.page.clock.run_for(60_000)
    place = tab.place
    durations = tab.page.evaluate(
        "[...document.querySelectorAll('*')].map(it => getComputedStyle(it).transitionDuration)"
    )
    tab.click("Play")
    tab.page.clock.run_for(10_000)

    assert place == "step 0 of 26"
    assert set(durations) == {"0s"}
    assert tab.place != "step 0 of 26"


def test_controls_have_names_and_work_by_keyboard_alone(opened):
    tab = opened(neuron())
    names = ["To the start", "Back", "Play", "Forward", "To the end"]
    buttons = [tab.page.get_by_role("button", name=name, exact=True) for name in names]
    focused = []
    for _ in range(7):
        tab.press("Tab")
        focused.append(
            tab.page.evaluate("document.activeElement.getAttribute('aria-label')"),
        )
    outline = tab.page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    buttons[3].focus()
    tab.press(" ", "Enter", "ArrowRight")
    three = tab.place
    buttons[2].focus()
    tab.press(" ")
    playing = buttons[2].count(), tab.page.get_by_role("button", name="Pause", exact=True).count()
    tab.press(" ")

    assert focused == ["Graph", *names, "Step"]
    assert outline == "solid"
    assert three == "step 3 of 26 · forward"
    assert playing == (0, 1)
    assert buttons[2].count() == 1
    assert tab.page.get_by_role("group", name="Steps").count() == 1
    assert tab.page.get_by_role("status").text_content() == tab.line
    assert tab.page.get_by_role("img", name="1/(1 + exp(−(w0 × x0 + w1 × x1 + w2))): 13 nodes").count() == 1
    assert tab.page.locator("#line").get_attribute("aria-live") == "polite"


def test_hostile_labels_are_shown_and_do_nothing(opened):
    """Seen to fail with innerHTML in place of textContent."""
    root = dot([Value(3.0, label) for label in HOSTILE.values()], [1.0] * len(HOSTILE))
    root.label = HOSTILE["script"]
    tab = opened(root)
    told = []
    for _ in lines(root):
        tab.press("ArrowRight")
        told.append(tab.line)

    assert told == lines(root)
    assert tab.page.evaluate("window.broken") is None


def test_the_policy_lets_no_other_script_run(opened):
    """Seen to fail without the policy."""
    tab = opened(neuron())
    tab.page.evaluate(
        """() => {
            const script = document.createElement("script");
            script.textContent = "window.broken = 1";
            document.body.append(script);
            document.body.insertAdjacentHTML("beforeend", "<i onclick='window.broken = 2'></i>");
            document.body.lastChild.click();
        }"""
    )
    blocked = [complaint for complaint in tab.complaints if "Content Security Policy" in complaint]
    tab.complaints.clear()

    assert tab.page.evaluate("window.broken") is None
    assert len(blocked) >= 2


def test_without_scripts_there_is_the_picture_and_the_list(opened):
    root = neuron()
    tab = opened(root, scripts=False)
    items = tab.page.locator("li")

    assert items.all_text_contents() == lines(root)
    assert all(items.nth(i).is_visible() for i in range(26))
    assert all(it.is_visible() for it in tab.page.locator("#picture text").all())
    assert not tab.page.locator("#controls").is_visible()


def test_paper_gets_the_whole_picture_and_the_list(opened):
    tab = opened(neuron())
    tab.press("ArrowRight", "ArrowRight")
    tab.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    tab.page.emulate_media(media="print")
    printed = len(tab.seen("value")), len(tab.seen("gradient")), tab.page.locator("li").last.is_visible(), tab.lit()
    controls = tab.page.locator("#controls").is_visible()
    tab.page.emulate_media(media="screen")
    tab.page.evaluate("dispatchEvent(new Event('afterprint'))")

    assert (printed, controls) == ((13, 13, True, []), False)
    assert tab.place == "step 2 of 26 · forward"


@pytest.mark.parametrize("width", [400, 1280])
def test_a_wide_graph_scrolls_in_its_box_to_the_step(opened, width):
    """Seen to fail without the call of center."""
    x = Value(0.5, "x")
    for _ in range(30):
        x = x * 1.01
    tab = opened(x, viewport={"width": width, "height": 700})
    inside = []
    for _ in range(62):
        tab.press("ArrowRight")
        inside.append(
            tab.page.evaluate(
                """() => {
                    const [box, it] = ["#picture", "g.lit"].map(x => document.querySelector(x).getBoundingClientRect());
                    return box.left <= it.left && it.right <= box.right;
                }"""
            )
        )

    assert all(inside)
    assert tab.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert tab.page.evaluate("scrollY") == 0


@pytest.mark.parametrize("theme", ["auto", "light", "dark"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_has_contrast_in_both_themes(opened, theme, scheme):
    tab = opened(neuron(), draws={"theme": theme}, color_scheme=scheme)
    tab.press("ArrowRight")
    tab.page.get_by_text("All steps").click()
    pairs = tab.page.evaluate(
        """() => ["h1", "h2", "#place", "#line", "summary", "li", "li[aria-current]"].map(selector => {
            const element = document.querySelector(selector);
            let around = element;
            const back = it => getComputedStyle(it).backgroundColor;
            while (back(around) === "rgba(0, 0, 0, 0)") around = around.parentElement;
            return [getComputedStyle(element).color, back(around)];
        })"""
    )
    page = tab.page.evaluate("getComputedStyle(document.body).backgroundColor")

    assert min(contrast(*pair) for pair in pairs) >= 4.5
    assert (page == "rgb(255, 255, 255)") == ((scheme if theme == "auto" else theme) == "light")


def contrast(one: str, other: str) -> float:
    """By WCAG 2.2, of two colours as browsers write them."""

    def luminance(colour: str) -> float:
        parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
        red, green, blue = [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in parts]
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    light, dark = sorted([luminance(one), luminance(other)], reverse=True)
    return (light + 0.05) / (dark + 0.05)
