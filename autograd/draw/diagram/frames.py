"""The frames of a diagram: a line around all cards of a group that is drawn open, with its name.

>>> from autograd import Value, draw, scope
>>> with scope("layer"):
...     y = Value(2.0) * 3
>>> [frame.label for frame in draw(y).diagram.frames]
['layer']
"""

from dataclasses import dataclass

from ...cells import readable, shortened
from ...groups import Group
from .view import View

TITLE_CELLS = 40


@dataclass(frozen=True)
class Frame:
    """A line around all cards of a group; `around` is the frame that it stands in, which comes before it."""

    label: str
    title: str
    around: int | None
    level: int


def frames_of(view: View) -> tuple[list[Frame], dict[Group | None, int]]:
    """A frame for each group that is drawn open, and the frame of each group.

    A group that holds nothing but one other group shares its frame: "layers.1 › neurons.0".
    """
    innermost = dict.fromkeys(part.group for part in view.parts if part.group)
    groups = dict.fromkeys(outer for group in innermost for outer in reversed([group, *group.all_around()]))
    children: dict[Group | None, int] = {}
    for group in groups:
        children[group.around] = children.get(group.around, 0) + 1
    for part in view.parts:
        children[part.group] = children.get(part.group, 0) + 2  # a group that holds a card has a frame of its own
    frames: list[Frame] = []
    frame_of: dict[Group | None, int] = {}
    names: dict[Group, str] = {}
    for group in groups:
        around = group.around
        name = readable(group.name)
        if around in names:
            name = f"{names[around]} › {name}"
        if children[group] == 1:
            names[group] = name
            if around in frame_of:
                frame_of[group] = frame_of[around]
            continue
        parent = frame_of.get(around)
        frames.append(
            Frame(
                shortened(name, TITLE_CELLS),
                " › ".join(map(readable, group.path)),
                parent,
                0 if parent is None else frames[parent].level + 1,
            )
        )
        frame_of[group] = len(frames) - 1
    return frames, frame_of
