"""The loss of a training, recorded once and replayed over each batch, where that teaches a model the same.

>>> from autograd.nn import Neuron, squared_error
>>> data = [([x], 2.0 * x) for x in (1.0, 2.0, 3.0)]
>>> replayed = ReplayedLoss(True, Neuron(1, "identity", seed=0), squared_error, data)
>>> replayed.mean([0, 2], seen=0).operation, replayed.told()
(<operation model_and_loss.mean>, (True, ''))
"""

from collections.abc import Callable, Sequence
from typing import Any

from ..checks import shown
from ..compiler import Compiled
from ..compiler.arguments import batches
from ..compiler.program import TAKE, Program
from ..engines import Value
from ..ieee import is_real
from ..modes import mode
from .watching import Watch

# Recording takes as long as some ten examples. So a short training is not recorded. What is counted are all examples
# of a training, also before it was gone on with: in parts it must learn the same as at once, to the last bit.
WARM_UP = 100

# Steps of fewer nodes than this are as fast as a replay.
LEAST_NODES = 20

# With more recordings than this, most of the time would go into them.
MOST_RECORDINGS = 32


class ReplayedLoss:
    """The mean loss of batches, by replays; None where it has to be computed as it is written.

    That is the case for what cannot be compiled, and for what changes something in Python, as a counter: what such a
    call has changed is put back, and from then on everything is computed as it is written.
    """

    def __init__(
        self,
        wanted: Any,
        model: Any,
        loss: Any,
        data: Sequence[tuple[Any, Any]],
        batch_size: int | None = None,
        others: Sequence[Any] = (),
    ) -> None:
        self._wanted, self._model, self._loss, self._data = wanted, model, loss, data
        self._batch_size = min(batch_size or len(data), len(data))
        # What changes in a training: if the model or the loss know one of these, they are looked at in each step.
        self._others = others
        self._error: Exception | None = None
        self._is_used = False
        self._forms = 0  # of the data
        self._recordings = 0
        self._function: Compiled | None = None
        self._watch: Watch | None = None

    def mean(self, batch: Sequence[int], seen: int) -> Any:
        """The mean loss of some of the data as one Value, after so many examples; or None."""
        if not self._is_ready(seen):
            return None
        if self._watch is not None and any(map(self._watch.knows, self._others)):
            self.look_again()
        pairs = [self._data[place] for place in batch]
        answer = self._tried(lambda function: function.mean(*_columns(pairs)))
        self._is_used = answer is not None
        return answer

    def losses(self, pairs: Sequence[tuple[Any, Any]]) -> list[float] | None:
        """The losses of other pairs, once those of the data are replayed; or None."""
        if not self._is_used or self._error is not None:
            return None
        return self._tried(lambda function: function.map(*_columns(pairs)))  # type: ignore[no-any-return]

    def look_again(self) -> None:
        """Record again if something has changed on which the model or the loss may depend."""
        if self._watch is not None and self._watch.changed():
            self._function = self._watch = None

    def check(self) -> None:
        """Raise the reason if it was to be compiled and cannot be."""
        if self._wanted is True and self._error is not None:
            raise self._error

    def told(self) -> tuple[bool, str]:
        """Whether it is replayed, and why it is not."""
        if self._error is not None:
            return False, str(self._error)
        if self._is_used:
            return True, ""
        return False, "" if self._wanted is False else "so far it would have taken longer"

    def _is_ready(self, seen: int) -> bool:
        way = mode()
        if self._wanted is False or self._error is not None or way.anomaly or not way.recording or way.recorder:
            return False
        least = 0 if self._wanted is True else WARM_UP
        if seen < least:
            return False
        self._forms = self._forms or self._counted_forms()
        return seen >= least * self._forms and self._error is None

    def _counted_forms(self) -> int:
        """How many forms the data have: texts, lengths of lists and the like, each of which needs a recording."""
        try:
            for pair in self._data:
                _check_data(pair)
            count = len(
                batches("fit", [*zip(("inputs", "target"), _columns(self._data), strict=True)], (), lambda _: ())[0]
            )
            if count > MOST_RECORDINGS:
                raise ValueError(f"the data have {count} different forms, each of which would have to be recorded")
        except Exception as error:
            self._error = error
            return 1
        return count

    def _tried(self, call: Callable[[Compiled], Any]) -> Any:
        """What a call of the compiled function answers; None if that is not to be trusted."""
        if self._function is None or self._watch is None:
            self._recordings = 0
            self._watch = Watch(self._model, self._loss)
            self._function = Compiled(self._recorded(), (), 1)
        before, answer = self._recordings, None
        try:
            if self._watch.effect:
                raise TypeError(f"{self._watch.effect}, which would happen at the first step alone")
            answer = call(self._function)
        except Exception as error:  # where it is one of the data, it is raised again by what is written
            self._error = error
        if self._recordings > before and self._error is None and self._wanted is not True:
            self._error = _reason_not_to(self._function.program, self._batch_size)
        if self._recordings > before or self._error is not None:
            changed = self._watch.changed()
            if changed:
                self._watch.undo()
                told = f"{changed} changes when the model and the loss are called, which a replay would not do"
                self._error = self._error or TypeError(told)
        return answer if self._error is None else None

    def _recorded(self) -> Callable[[Any, Any], Any]:
        model, loss, count = self._model, self._loss, self._count

        def model_and_loss(inputs: Any, target: Any) -> Any:
            count()
            return loss(model(inputs), target)

        return model_and_loss

    def _count(self) -> None:
        self._recordings += 1
        if self._recordings > MOST_RECORDINGS:
            raise ValueError(
                f"comparisons come out in more than {MOST_RECORDINGS} ways, each of which would have to be recorded"
            )


def _reason_not_to(program: Program, batch_size: int) -> Exception | None:
    """Why a program would take longer than what is written, or would teach a model something else; None if neither."""
    if batch_size * program.counts["recorded"] < LEAST_NODES:
        return ValueError("its steps are so small that replays would not be faster")
    first = len(program.input_names)
    parameters = set(range(first, first + len(program.parameter_names)))
    computed_with = set(program.outputs)
    for _, operation, operands in program.instructions():
        taken = set(operands[1:]) if operation is TAKE else set()
        computed_with.update(set(operands) - taken)
    if parameters <= computed_with:
        return None
    return TypeError(
        "a parameter is only compared, or one that take() may leave: replayed it gets the gradient 0 instead of none, "
        "and some optimisers move it all the same"
    )


def _columns(pairs: Sequence[tuple[Any, Any]]) -> tuple[list[Any], list[Any]]:
    return [inputs for inputs, _ in pairs], [target for _, target in pairs]


def _check_data(thing: Any) -> None:
    """Raise TypeError for data that are more than texts and numbers, for those may change from step to step."""
    if isinstance(thing, str | bytes | Value | None) or is_real(thing):
        return
    if isinstance(thing, dict):
        thing = list(thing.values())
    elif hasattr(thing, "tolist"):  # an array
        thing = thing.tolist()
    if not isinstance(thing, list | tuple):
        raise TypeError(f"the data hold {shown(thing)}, which may change from step to step")
    if not set(map(type, thing)) <= _NUMBERS:
        for part in thing:
            _check_data(part)


_NUMBERS = {float, int, bool}
