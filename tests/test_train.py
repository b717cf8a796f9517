"""The command `train`: what it learns, tells, writes and refuses, and the pictures that it draws."""

import inspect
import json
import math
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from importlib.util import find_spec
from pathlib import Path

import pytest

from autograd import Value, datasets, draw, files, nn, plot
from autograd.__main__ import main
from autograd.commands.train import TASKS
from autograd.plot import draw_losses, draw_regions, picture, points_right

REMEDY = 'no picture without matplotlib: pip install "scalar-autograd[plot]"'
SHORT = ["--points", "8", "--epochs", "2"]
SQUARE = datasets.xor(n=4, noise=0.0)

drawn = pytest.mark.skipif(not find_spec("matplotlib"), reason='needs matplotlib: pip install "scalar-autograd[plot]"')


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def without_matplotlib(monkeypatch):
    for name in ("matplotlib", "matplotlib.style", "matplotlib.figure"):
        monkeypatch.setitem(sys.modules, name, None)


def written():
    return sorted(path.name for path in Path().iterdir())


def undecided(point):
    return Value(0.0)


def right_of_a_quarter(point):
    """The logit of a sharp boundary at x = ¼."""
    return Value(1000.0 * (point[0] - 0.25))


def axes_of(draw, *arguments, **options):
    from matplotlib.figure import Figure

    figure = Figure()
    axes = figure.subplots()
    draw(axes, *arguments, **options)
    figure.draw_without_rendering()
    return axes


# What it learns -----------------------------------------------------------------------------------


@drawn
def test_moons_are_learned_to_the_last_point_as_the_guide_shows(capsys):
    """The digits of the loss are the machine's."""
    guide = (Path(__file__).parent.parent / ".github" / "GUIDE.md").read_text(encoding="utf-8")
    _, shown, _ = re.split(r"\$ autograd train moons\n(.*?)```", guide, flags=re.DOTALL)

    assert main(["train", "moons"]) == 0

    told = capsys.readouterr().out
    assert "MLP(2, [16, 16, 1]" in told
    assert "100 of 100 points right\n" in told
    assert re.sub(r"loss .*", "loss", shown) == re.sub(r"loss .*", "loss", told)


def test_xor_is_learned_to_the_last_point(capsys):
    main(["train", "xor"])

    assert "100 of 100 points right\n" in capsys.readouterr().out


def test_training_ends_when_no_point_can_be_wrong(capsys):
    """A wrong point alone costs ln 2, so that 4 points are right below a mean of ln 2 / 4 = 0.17."""
    main(["train", "xor", "--points", "4", "--noise", "0"])

    loss, epochs = re.search(r"loss (\S+) after (\d+) epochs\n4 of 4 points right\n", capsys.readouterr().out).groups()
    assert float(loss) < math.log(2.0) / 4
    assert int(epochs) < 300


def test_the_model_can_be_loaded_as_it_was_told(capsys):
    """Seen to fail with the model saved before it is trained."""
    main(["train", "xor", "--epochs", "30"])

    told = capsys.readouterr().out
    model = nn.MLP(2, [4, 1], "tanh")
    model.load("xor.json")

    assert 'MLP(2, [4, 1], "tanh"): 17 parameters\n' in told
    assert f"\n{points_right(model, datasets.xor())} of 100 points right\n" in told
    assert model.state_dict() != nn.MLP(2, [4, 1], "tanh", seed=0).state_dict()


@pytest.mark.parametrize("name", TASKS)
def test_every_data_set_can_be_trained_and_has_its_own_default_of_noise(name, capsys):
    assert main(["train", name, *SHORT]) == 0

    noise = inspect.signature(getattr(datasets, name)).parameters["noise"].default
    assert capsys.readouterr().out.startswith(f"{name}: 8 points, noise {noise:g}, seed 0\n")


def test_the_seed_decides_the_points_and_the_weights():
    for name, seed in (("first", "1"), ("again", "1"), ("other", "2")):
        main(["train", "xor", *SHORT, "--seed", seed, "-o", name])

    first, again, other = (json.loads(Path(f"{name}.json").read_text()) for name in ("first", "again", "other"))
    assert first == again
    assert first != other


def test_a_half_is_class_0():
    assert points_right(undecided, [([0.0, 0.0], 0), ([0.0, 0.0], 0), ([0.0, 0.0], 1)]) == 2


# What it tells and writes -------------------------------------------------------------------------


def test_the_bar_is_on_stderr_and_the_result_on_stdout(capsys):
    main(["train", "xor", *SHORT])

    told = capsys.readouterr()
    assert "2/2" in told.err
    assert "epoch/s" not in told.out
    assert re.search(r"^loss 0\.\d+ after 2 epochs$", told.out, flags=re.MULTILINE)


def test_one_epoch_is_singular(capsys):
    main(["train", "xor", "--points", "4", "--epochs", "1"])

    assert "after 1 epoch\n" in capsys.readouterr().out


@drawn
@pytest.mark.parametrize(
    ("output", "base"),
    [
        ([], "xor"),
        (["-o", "mine"], "mine"),
        (["-o", "mine.svg"], "mine"),
        (["-o", "mine.json"], "mine"),
        (["--output=lr0.05"], "lr0.05"),
        (["-o", "folder"], "folder/xor"),
        (["-o", "folder/"], "folder/xor"),
        (["-o", "folder/mine"], "folder/mine"),
    ],
)
def test_the_files_go_where_they_are_wanted(output, base, capsys):
    Path("folder").mkdir()

    assert main(["train", "xor", *SHORT, *output]) == 0

    files = [str(Path(f"{base}.json")), str(Path(f"{base}.svg"))]
    assert [line.removeprefix("written to ") for line in capsys.readouterr().out.splitlines()[-2:]] == files
    assert all(Path(file).is_file() for file in files)


@pytest.mark.usefixtures("without_matplotlib")
def test_the_trained_network_is_drawn_where_it_is_asked_for(capsys):
    """Seen to fail with the network drawn before it is trained."""
    assert main(["train", "xor", *SHORT, "--network", "net.svg"]) == 0

    model = nn.MLP(2, [4, 1], "tanh")
    model.load("xor.json")
    assert capsys.readouterr().out.endswith("written to xor.json\nwritten to net.svg\n")
    assert Path("net.svg").read_text(encoding="utf-8") == draw(model, show="weight bias label", legend=True).svg
    assert written() == ["net.svg", "xor.json"]


@drawn
def test_existing_files_are_replaced():
    for name in ("xor.json", "xor.svg"):
        Path(name).write_text("old")

    assert main(["train", "xor", *SHORT]) == 0

    assert Path("xor.json").read_text().startswith("{")
    assert Path("xor.svg").read_text(encoding="utf-8").startswith("<?xml")
    assert written() == ["xor.json", "xor.svg"]


@drawn
def test_ctrl_c_keeps_and_draws_what_was_learned(monkeypatch, capsys):
    """Seen to fail with an exit status of 0. The third epoch of 8 points is interrupted."""
    calls, real_loss = iter(range(8 * 2 + 3)), nn.binary_cross_entropy_with_logits

    def loss(logit, target):
        if next(calls, None) is None:
            raise KeyboardInterrupt
        return real_loss(logit, target)

    monkeypatch.setattr(nn, "binary_cross_entropy_with_logits", loss)
    assert main(["train", "xor", "--points", "8"]) == 130

    told = capsys.readouterr().out
    assert re.search(r"^loss 0\.\d+ after 2 epochs, interrupted$", told, flags=re.MULTILINE)
    assert told.endswith("written to xor.json\nwritten to xor.svg\n")
    assert written() == ["xor.json", "xor.svg"]


@drawn
def test_ctrl_c_in_the_first_epoch_writes_the_untrained_model_and_its_regions(monkeypatch, capsys):
    """Seen to fail with a look at the last loss where there is none."""

    def loss(logit, target):
        raise KeyboardInterrupt

    monkeypatch.setattr(nn, "binary_cross_entropy_with_logits", loss)
    assert main(["train", "xor", "--points", "8"]) == 130

    assert "\ninterrupted in the first epoch\n" in capsys.readouterr().out
    assert json.loads(Path("xor.json").read_text())["content"] == nn.MLP(2, [4, 1], "tanh", seed=0).state_dict()
    assert "mean loss" not in Path("xor.svg").read_text(encoding="utf-8")


@pytest.mark.usefixtures("without_matplotlib")
def test_without_matplotlib_the_model_is_written_and_the_remedy_told(capsys):
    assert main(["train", "xor", *SHORT]) == 0

    told = capsys.readouterr()
    assert told.err.splitlines()[0] == f"autograd: {REMEDY}"
    assert told.out.endswith("points right\nwritten to xor.json\n")
    assert written() == ["xor.json"]


@pytest.mark.usefixtures("without_matplotlib")
def test_without_matplotlib_a_picture_raises_with_the_remedy():
    with pytest.raises(ImportError, match=re.escape(REMEDY)):
        picture(undecided, SQUARE)


def test_nothing_is_imported_before_it_is_used():
    program = "import sys, autograd, autograd.__main__; print({'matplotlib', 'tqdm', 'numpy'} & set(sys.modules))"

    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert told.stdout == "set()\n"


# What it refuses ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["xor", "moons"], "train takes one data set, not also 'moons'"),
        (["xor", "-o", "missing/mine"], "there is no folder 'missing' for mine.json"),
        (["xor", "-o", "missing/"], "there is no folder 'missing' for xor.json"),
        (["xor", "-o", "taken"], "cannot write taken.svg: it is a folder"),
        (["xor", "--network", "taken.svg"], "cannot write taken.svg: it is a folder"),
        (["xor", "--network", "missing/net.svg"], "there is no folder 'missing' for net.svg"),
        (["xor", "--network", "net.dot"], "the network is saved as .svg, .html, .png or .pdf, not as 'net.dot'"),
        (["xor", "--network", "net"], "the network is saved as .svg, .html, .png or .pdf, not as 'net'"),
        (
            ["xor", "--network", "./xor.svg"],
            "xor.svg is the file for what the network has learned: choose another name for --network",
        ),
        (["xor", "-o", "x" * 300], f"cannot write {'x' * 300}.json: File name too long"),
    ],
)
def test_what_cannot_be_done_is_told_before_anything_is_computed(words, message, monkeypatch, capsys):
    Path("taken.svg").mkdir()
    monkeypatch.setattr(nn, "fit", None)

    assert main(["train", *words]) == 2

    assert capsys.readouterr() == ("", f"autograd: {message}\n")


def test_a_folder_that_cannot_be_written_is_told_before_anything_is_computed(monkeypatch, capsys):
    def refused(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(files, "require_writable", refused)
    monkeypatch.setattr(nn, "fit", None)
    assert main(["train", "xor"]) == 2

    assert capsys.readouterr() == ("", "autograd: cannot write xor.json: Permission denied\n")


@drawn
def test_a_picture_that_cannot_be_written_leaves_the_model(monkeypatch, capsys):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(plot.Picture, "save", full)
    assert main(["train", "xor", *SHORT]) == 2

    assert capsys.readouterr().err.endswith("autograd: cannot write xor.svg: No space left on device\n")
    assert written() == ["xor.json"]


@pytest.mark.usefixtures("without_matplotlib")
def test_a_network_that_cannot_be_typeset_leaves_the_model_and_tells_the_remedy(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "typst", None)
    assert main(["train", "xor", *SHORT, "--network", "net.png"]) == 2

    assert "autograd: cannot write net.png: PNG and PDF are made by the package typst" in capsys.readouterr().err
    assert written() == ["xor.json"]


def test_numbers_that_overflow_are_told_with_their_place(capsys):
    assert main(["train", "spiral", *SHORT, "--noise", "1e308"]) == 2

    assert re.search(r"^autograd: the training stopped: .* is (inf|nan|-inf)", capsys.readouterr().err, re.MULTILINE)
    assert written() == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "required: DATASET"),
        (["moon"], "invalid choice: 'moon' (choose from"),
        (["xor", "--points", "1"], "--points: '1' is not a whole number of 2 or more"),
        (["xor", "--epochs", "0"], "--epochs: '0' is not a whole number of 1 or more"),
        (["xor", "--epochs", "many"], "--epochs: 'many' is not a whole number of 1 or more"),
        (["xor", "--seed", "-1"], "--seed: '-1' is not a whole number of 0 or more"),
        (["xor", "--noise", "-0.1"], "--noise: '-0.1' is not a number of 0 or more"),
        (["xor", "--noise", "nan"], "--noise: 'nan' is not a number of 0 or more"),
        (["xor", "--noise", "inf"], "--noise: 'inf' is not a number of 0 or more"),
    ],
)
def test_a_wrong_option_is_a_usage_error(words, told, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["train", *words])

    assert stopped.value.code == 2
    assert told in capsys.readouterr().err.splitlines()[-1]


# The picture --------------------------------------------------------------------------------------


@drawn
def test_the_picture_shows_every_point_and_says_how_many_are_right():
    main(["train", "moons", "--points", "31", "--epochs", "1"])

    text = Path("moons.svg").read_text(encoding="utf-8")
    space = "{http://www.w3.org/2000/svg}"
    groups = {group.get("id"): group for group in ElementTree.fromstring(text).iter(f"{space}g")}
    markers = [len(list(groups[f"PathCollection_{place}"].iter(f"{space}use"))) for place in (1, 2)]

    assert markers == [15, 16]
    assert re.search(r"moons: \d+ of 31 points right", text)
    assert "mean loss" in text


@drawn
def test_the_same_arguments_give_the_same_bytes_whatever_matplotlib_is_set_to():
    """Seen to fail without svg.hashsalt, without a date of None, and without the default style."""
    import matplotlib

    expected = picture(right_of_a_quarter, SQUARE, [0.7, 0.5], "title")
    with matplotlib.rc_context({"axes.grid": True, "svg.hashsalt": "another"}):
        actual = picture(right_of_a_quarter, SQUARE, [0.7, 0.5], "title")
        kept = matplotlib.rcParams["axes.grid"]

    assert expected == actual
    assert "<dc:date>" not in expected.svg
    assert kept is True


@drawn
def test_a_notebook_shows_the_picture_and_a_file_keeps_it():
    shown = picture(right_of_a_quarter, SQUARE)
    shown.save("square.svg")

    assert shown._repr_svg_() == Path("square.svg").read_text(encoding="utf-8")
    assert repr(shown) == "<picture of what a classifier has learned>"


@drawn
def test_the_line_is_where_the_probability_is_a_half():
    """Seen to fail with a level of 0.5, the probability."""
    axes = axes_of(draw_regions, right_of_a_quarter, SQUARE)
    bands, line, *_ = axes.collections
    vertices = line.get_paths()[0].vertices

    assert list(line.levels) == [0.0]
    assert [x for x, _ in vertices] == pytest.approx([0.25] * len(vertices))
    assert bands.get_paths()[0].contains_point((-0.05, 0.5))  # left of it, what is surely of class 0
    assert bands.get_paths()[-1].contains_point((0.9, 0.5))


@drawn
def test_bands_end_at_tenths_of_the_probability():
    bands = axes_of(draw_regions, right_of_a_quarter, SQUARE).collections[0]

    tenths = [1.0 / (1.0 + math.exp(-level)) for level in bands.levels[1:-1]]

    assert tenths == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9])


@drawn
def test_the_colours_become_ever_darker():
    """For prints in grey; the weights of ITU-R BT.709."""
    colours = [*plot.WARM, *plot.COLD]
    lightness = [
        sum(weight * int(colour[at : at + 2], 16) for weight, at in ((0.2126, 1), (0.7152, 3), (0.0722, 5)))
        for colour in colours
    ]

    assert lightness == sorted(lightness, reverse=True)
    assert lightness[0] - lightness[-1] > 60.0


@drawn
@pytest.mark.parametrize("logit", [0.0, 5.0, -math.inf, math.inf])
def test_a_model_that_sees_one_class_everywhere_is_drawn_without_a_line(logit):
    """Seen to fail, by a warning of matplotlib's, with the line always drawn."""
    axes = axes_of(draw_regions, lambda point: Value(logit), SQUARE)

    assert [0.0] not in [list(getattr(thing, "levels", ())) for thing in axes.collections]


@drawn
def test_the_grid_is_square_covers_all_points_and_is_as_fine_as_asked():
    asked = []

    def model(point):
        asked.append(tuple(point))
        return Value(0.0)

    axes = axes_of(draw_regions, model, [([0.0, 0.0], 0), ([2.0, 1.0], 1)], cells=20)
    xs, ys = (sorted({point[place] for point in asked}) for place in (0, 1))

    assert len(xs) == 20 + 1
    assert len(asked) == len(xs) * len(ys) <= 21 * 21
    assert xs[1] - xs[0] == pytest.approx(ys[1] - ys[0])
    assert xs[0] < 0.0 < 2.0 < xs[-1]
    assert ys[0] < 0.0 < 1.0 < ys[-1]
    assert axes.get_aspect() == 1.0


@drawn
def test_one_point_alone_can_be_drawn_and_none_cannot():
    axes_of(draw_regions, undecided, [([3.0, 3.0], 0)], cells=4)

    with pytest.raises(ValueError, match="there are no points to draw"):
        axes_of(draw_regions, undecided, [])


@drawn
def test_small_panels_have_no_legend():
    with_legend, without = (
        axes_of(draw_regions, right_of_a_quarter, SQUARE, 4, legend=legend) for legend in (True, False)
    )

    assert [text.get_text() for text in with_legend.get_legend().get_texts()] == ["class 0", "class 1"]
    assert without.get_legend() is None
    assert without.child_axes == []


@drawn
@pytest.mark.parametrize(
    ("losses", "scale"),
    [
        ([1.0, 0.3, 0.01], "log"),
        ([0.7, 0.3, 0.1], "linear"),
        ([1.0, 0.0], "linear"),
        ([0.5], "linear"),
        ([0.0], "linear"),
    ],
)
def test_the_scale_of_the_losses_is_logarithmic_where_they_fall_far(losses, scale):
    axes = axes_of(draw_losses, losses)
    [curve] = axes.lines

    assert axes.get_yscale() == scale
    assert curve.get_xydata().tolist() == [[epoch, loss] for epoch, loss in enumerate(losses, 1)]
    assert axes.get_xlabel() == "epoch"
