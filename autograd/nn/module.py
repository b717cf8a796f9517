"""What a model is: something with parameters, which it finds in its attributes by itself.

>>> class Line(Module):
...     def __init__(self):
...         self.slope, self.offset = Value(2.0), Value(1.0)
...
...     def forward(self, x):
...         return self.slope * x + self.offset
>>> line = Line()
>>> line(3.0).data, line.state_dict()
(7.0, {'slope': 2.0, 'offset': 1.0})
"""

import gc
import inspect
import weakref
from abc import ABCMeta
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import fields, is_dataclass
from itertools import groupby
from operator import itemgetter
from types import (
    CodeType,
    FrameType,
    FunctionType,
    GeneratorType,
    MethodType,
    ModuleType,
    NoneType,
    SimpleNamespace,
    TracebackType,
)
from typing import TYPE_CHECKING, Any, NoReturn, ParamSpec, Protocol, TypeVar

from .. import saving
from ..book import Operation
from ..checks import shown
from ..engines import Scope, Value, ancestors, is_computed, scope
from ..files import AnyPath
from ..ieee import real
from ..modes import mode
from ..terminal import printable
from .activations import told_name

if TYPE_CHECKING:
    from .outline import Branch

_Inputs = ParamSpec("_Inputs")
_Outputs = TypeVar("_Outputs", covariant=True)


class _Forward(Protocol[_Inputs, _Outputs]):
    """What has a forward: to a type checker, a module is called with its arguments and answers what it answers."""

    def forward(self, *inputs: _Inputs.args, **options: _Inputs.kwargs) -> _Outputs: ...


class _Construction(ABCMeta):
    """Inspects a module at the end of its `__init__`, when it can contain only what is to be trained."""

    if not TYPE_CHECKING:  # for then pyright would take every module for Any

        def __call__(cls, *arguments: Any, **options: Any) -> Any:
            _refuse_foreign_options(cls, options)
            module = super().__call__(*arguments, **options)
            if isinstance(module, Module):
                _check_made(module)
            return module

    @property
    def __signature__(cls) -> inspect.Signature:
        """What `help` and notebooks show: the arguments of `__init__` rather than those of the method above."""
        if cls.__init__ is object.__init__:  # type: ignore[misc]
            return inspect.Signature()
        whole = inspect.signature(cls.__init__)  # type: ignore[misc]
        return whole.replace(parameters=[*whole.parameters.values()][1:], return_annotation=inspect.Signature.empty)


class Module(metaclass=_Construction):
    """A model or a part of one; subclasses set attributes and define `forward`.

    Parameters are the leaf Values among the attributes, including those inside other modules and inside anything that
    has an order: lists, tuples, deques, dicts, NumPy arrays of objects, dataclasses. Their names are paths, such as
    "layers.0.neurons.3.bias". A Value without a past is a leaf, even if it was computed under `no_grad`: keep what is
    not a parameter elsewhere, as a plain number, or with `register_buffer`, which saves it too.

    No parameter is left out silently. A Value that cannot be found or named (in a set, a generator, an object that
    is not a module, or on a class) is a TypeError; a computed Value that is there when `__init__` ends, or that takes
    the place of a parameter outside of `forward`, is a ValueError. What `forward` computes is not trained; in the
    place of a Value from `__init__` it is a state, like that of a recurrent cell, and is saved and loaded.
    """

    # Its name in the scopes of drawings: the attribute that holds it.
    _place = ""

    # The attributes that held parameters when it was made, those of `register_buffer`, those that `forward` has made
    # states of, and whether it was ever called.
    _trained: tuple[str, ...] = ()
    _buffers: tuple[str, ...] = ()
    _states: tuple[str, ...] = ()
    _called = False

    def __setattr__(self, name: str, thing: Any) -> None:
        if name in self._buffers:
            thing = _state(name, thing)
        for place, member in _members(thing, name, {}):
            if isinstance(member, Value) and name in self._trained and is_computed(member):
                if not _is_in_forward(self):
                    raise _overwritten(self, name, place, member)
                object.__setattr__(self, "_states", (*self._states, name))
                object.__setattr__(self, "_trained", tuple(other for other in self._trained if other != name))
            if isinstance(member, Module):
                object.__setattr__(member, "_place", place)
        object.__setattr__(self, name, thing)

    if TYPE_CHECKING:

        def __call__(self: _Forward[_Inputs, _Outputs], *inputs: _Inputs.args, **options: _Inputs.kwargs) -> _Outputs:
            """The same for type checkers: the arguments and the outputs of `forward`."""
    else:

        def __call__(self, *inputs: Any, **options: Any) -> Any:
            """The outputs for the given inputs, computed in a scope of their own."""
            members = _Members.of(self)
            with scope(self._place or type(self).__name__, members) as own:
                outputs = self.forward(*inputs, **options)
            if own.parent is None or not isinstance(own.parent.members, _Members):  # nobody draws a part of a pass
                members.keep(outputs)
            if not self._called:
                object.__setattr__(self, "_called", True)
                _check_first_call(self, own)
            return outputs

    def __del__(self) -> None:
        _Members.remember(self)

    def forward(self, *inputs: Any, **options: Any) -> Any:
        """What the module computes; subclasses define it."""
        raise NotImplementedError(f"{type(self).__name__} does not define forward(self, inputs)")

    def register_buffer(self, name: str, state: Any) -> None:
        """Keep a number, or a list of numbers, that is not trained but saved, copied and loaded with the model.

        >>> class Centred(Module):
        ...     def __init__(self):
        ...         self.register_buffer("mean", 0.0)
        ...
        ...     def forward(self, x):
        ...         self.mean = 0.5 * self.mean + 0.5 * x
        ...         return x - self.mean
        >>> model = Centred()
        >>> model(Value(8.0)).data, model.state_dict()
        (4.0, {'mean': 4.0})

        If a Value is assigned to it, only its number is kept. Raises TypeError for anything but numbers, and KeyError
        for the name of another attribute.
        """
        if not isinstance(name, str) or not name.isidentifier():
            raise KeyError(f"the name of a buffer must be that of an attribute, not {shown(name)}")
        if name not in self._buffers and (hasattr(type(self), name) or name in vars(self)):
            raise KeyError(f"this {type(self).__name__} has an attribute {name!r}: choose another name for the buffer")
        object.__setattr__(self, name, _state(name, state))
        object.__setattr__(self, "_buffers", tuple(dict.fromkeys([*self._buffers, name])))

    def named_parameters(self) -> list[tuple[str, Value]]:
        """All parameters with their names; one that is in two places is listed once, under the first.

        Raises ValueError if two have the same name, as those of {1: …, "1": …} would, and an error for parameters that
        cannot be found, as the class says.
        """
        found = _checked_parameters(self)
        for name, count in Counter(name for name, _ in found).items():
            if count > 1:
                raise ValueError(f"{count} parameters of this {type(self).__name__} have the name {name}")
        return found

    def parameters(self) -> list[Value]:
        """All parameters, each once, in a list that knows their names, which optimisers use."""
        return Parameters(self.named_parameters(), self._place)

    def named_buffers(self) -> list[tuple[str, Any]]:
        """The numbers and lists of numbers kept by `register_buffer`, with their names."""
        return [(name, getattr(module, buffer)) for name, module, buffer in _places_of_buffers(self)]

    def zero_grad(self) -> None:
        """Forget the gradients of all parameters."""
        for parameter in self.parameters():
            parameter.zero_grad()

    def state_dict(self) -> dict[str, Any]:
        """All numbers by name: parameters, buffers, and states of `forward`."""
        state = {name: parameter.data for name, parameter in self.named_parameters()}
        state |= {name: _state(name, buffer) for name, buffer in self.named_buffers()}
        return state | {name: value.data for _, _, members in _places_of_states(self) for name, value in members}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over the numbers of a `state_dict`.

        Raises ValueError, and changes nothing, if a name is missing or unknown or something is not a number.
        """
        parameters = dict(self.named_parameters())
        buffers = {name: (module, buffer) for name, module, buffer in _places_of_buffers(self)}
        states = _places_of_states(self)
        known = [*parameters, *buffers, *(name for _, _, members in states for name, _ in members)]
        if not isinstance(state, Mapping):
            raise ValueError(f"a state must be a dict of numbers by name, not {type(state).__name__}")
        for problem, names in (
            ("lacks", [name for name in known if name not in state]),
            ("has, but the model does not,", [str(name) for name in state if name not in known]),
        ):
            if names:
                some = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
                raise ValueError(f"the state does not fit this {type(self).__name__}: it {problem} {some}")
        # Separate leaves first, because under detect_anomaly an inf or nan raises.
        leaves = {name: Value(_number(name, state[name]), name) for name in known if name not in buffers}
        kept = {name: _like(name, getattr(*place), state[name]) for name, place in buffers.items()}
        for name, parameter in parameters.items():
            parameter.data = leaves[name].data
        for name, (module, buffer) in buffers.items():
            object.__setattr__(module, buffer, kept[name])
        for module, attribute, members in states:
            object.__setattr__(module, attribute, _with_leaves(getattr(module, attribute), members, leaves))

    def save(self, path: AnyPath) -> None:
        """Write all parameters to a JSON file, bit for bit; an existing file is replaced completely or not at all.

        The file also says what the model is: the class of each module and its `extra_repr`.
        """
        saving.write(path, "model", self.state_dict(), _kinds(self))

    def load(self, path: AnyPath) -> None:
        """Take over the parameters from a file that `save` wrote.

        Raises ValueError, and leaves the model as it was, if the file is damaged, is far larger than a file of this
        model, or belongs to a model of another shape or with other activations: that is, if two modules in the same
        place differ in their `extra_repr` or in the operations among their attributes. A class may be renamed.
        """
        saving.load(path, "model", self, _kinds(self))

    def extra_repr(self) -> str:
        """What to show in parentheses after the name of the class; subclasses define it.

        It is written to files too, and `load` refuses a file in which it differs.
        """
        return ""

    def __repr__(self) -> str:
        return printable("\n".join(_tree(self, set())))

    def _repr_html_(self) -> str | None:
        from .outline import outline  # imported when used, for most programs only train

        try:
            return outline(_branch(self, set()))
        except Exception:  # the text, which a notebook shows then, tells what is wrong
            return None

    if not TYPE_CHECKING:  # because then a name that does not exist would pass

        def __getattr__(self, name: str) -> NoReturn:
            """Names that micrograd and PyTorch have for what has another name here."""
            ours, remedy = FOREIGN_NAMES.get(name, ("", ""))
            hint = f": {remedy}" if remedy and (not ours or ours in vars(self)) else ""
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}{hint}", name=name, obj=self)


class _Members:
    """The parameters of a module, for the scopes of its calls, which must not keep it alive.

    Nodes keep their scopes, so a module that keeps some of its outputs, such as a recurrent state, would keep itself
    alive. When it is gone, its graphs still know which of their leaves were its parameters.
    """

    __slots__ = ("__weakref__", "_left", "_module", "_outputs")

    def __init__(self, module: Module) -> None:
        self._module = weakref.ref(module)
        self._left: list[weakref.ref[Value]] = []
        self._outputs: list[weakref.ref[Value]] = []

    def __call__(self) -> list[Value]:
        module = self._module()
        if module is not None:
            return module.parameters()
        return [parameter for left in self._left if (parameter := left()) is not None]

    def keep(self, outputs: Any) -> None:
        """Remember the outputs of a recorded pass for as long as somebody else keeps them."""
        listed = outputs if isinstance(outputs, list | tuple) else [outputs]
        if listed and all(isinstance(output, Value) and output.operation is not None for output in listed):
            self.put_back(listed)

    def put_back(self, outputs: Iterable[Value]) -> None:
        """Make these the outputs of the last recorded pass, or make that none."""
        self._outputs = list(map(weakref.ref, outputs))

    def kept(self) -> list[Value]:
        """The outputs of the last recorded pass; none if one of them is gone."""
        outputs = [output for reference in self._outputs if (output := reference()) is not None]
        return outputs if len(outputs) == len(self._outputs) else []

    def is_of(self, module: Module) -> bool:
        """Whether these are the members of that module."""
        return self._module() is module

    @classmethod
    def of(cls, module: Module) -> "_Members":
        """The one that all scopes of this module share."""
        members = _members_by_id.get(id(module))
        if members is None or members._module() is not module:
            members = _members_by_id[id(module)] = cls(module)
        return members

    @classmethod
    def remember(cls, module: Module) -> None:
        """Keep what the graphs of a dying module may still ask for."""
        members = _members_by_id.pop(id(module), None)
        if members is not None:
            with suppress(Exception):  # which no one could catch
                members._left = list(map(weakref.ref, module.parameters()))


_members_by_id: dict[int, _Members] = {}  # of the modules that are alive


def last_outputs(module: Module) -> list[Value]:
    """What a module answered when it was last called by itself, if the graph of that pass still exists.

    >>> class Double(Module):
    ...     def forward(self, x):
    ...         return 2 * x
    >>> double = Double()
    >>> y = double(Value(3.0))
    >>> last_outputs(double)[0] is y
    True
    """
    return _Members.of(module).kept()


def remember_outputs(module: Module, outputs: list[Value]) -> None:
    """Make these the last outputs again, after a pass that nobody should notice; there may be none."""
    _Members.of(module).put_back(outputs)


def named_modules(module: Module) -> list[tuple[str, Module]]:
    """A module and all those in it, each with its path; its own is empty.

    >>> named_modules(Module())[0][0]
    ''
    """
    return [(name, member) for name, member in _walk(module) if isinstance(member, Module)]


class Parameters(list[Value]):
    """A list of the parameters of a module that knows their names and the place of the module in another one.

    >>> Parameters([("bias", Value(0.0, "b"))]).named_parameters()
    [('bias', Value(data=0.0, grad=0.0, label='b'))]
    """

    def __init__(self, named: Iterable[tuple[str, Value]], place: str = "") -> None:
        self._named, self.place = list(named), place
        super().__init__(parameter for _, parameter in self._named)

    def named_parameters(self) -> list[tuple[str, Value]]:
        """The Values that are in the list now, with their names; "" for one that was added."""
        names = {id(parameter): name for name, parameter in self._named}
        return [(names.get(id(parameter), ""), parameter) for parameter in self]


# What is in a module ------------------------------------------------------------------------------


# What is listed by name.
_LISTED = (Value, Module)

# What contains no Values, or only some that are not part of a model.
_OPAQUE = (
    *(int, float, str, bytes, bytearray, memoryview, range, NoneType, Operation),
    *(type, ModuleType, CodeType, FrameType, TracebackType),
)


def _walk(module: Module, way: str = "", seen: dict[int, Any] | None = None) -> Iterator[tuple[str, Any]]:
    """All modules of a model, itself first, and their members, each with its path."""
    seen = {} if seen is None else seen  # a module may know the one that it is part of
    seen[id(module)] = module
    yield way, module
    for attribute, thing in _attributes(module):
        for name, member in _members(thing, f"{way}.{attribute}" if way else attribute, seen):
            if isinstance(member, Value):
                if is_computed(member) and attribute in module._trained:
                    raise _overwritten(module, attribute, name, member)
                if member.operation is not None or not is_computed(member):  # else kept from a pass without gradients
                    yield name, member
            elif not isinstance(member, Module):
                yield name, member
            elif id(member) not in seen:
                yield from _walk(member, name, seen)


def _attributes(module: Module) -> list[tuple[str, Any]]:
    """Its attributes except for its buffers and what it remembers about itself."""
    without = (*module._buffers, *module._states, "_place", "_trained", "_buffers", "_states", "_called")
    slots = [name for kind in type(module).__mro__ for name in vars(kind).get("__slots__", ()) if hasattr(module, name)]
    return [
        *[(name, getattr(module, name)) for name in slots],
        *[(name, thing) for name, thing in vars(module).items() if name not in without],
    ]


def _members(thing: Any, way: str, seen: dict[int, Any]) -> Iterator[tuple[str, Any]]:
    """The Values and modules that an attribute holds, in order, and what cannot be looked into, each with its path."""
    if isinstance(thing, _LISTED):
        yield way, thing
    elif not isinstance(thing, _OPAQUE) and id(thing) not in seen:
        seen[id(thing)] = thing  # the thing itself, because what is freed leaves its id to others
        if getattr(getattr(thing, "dtype", None), "hasobject", False):
            yield from _members(thing.tolist(), way, seen)  # NumPy's arrays of objects
            return
        if not _is_plain(thing):
            yield way, thing  # because there may be more in it than its parts
        for key, part in _parts(thing):
            if isinstance(part, Value):  # as below, but in a model of many parameters this is where the time goes
                yield f"{way}.{key}", part
            elif not isinstance(part, _OPAQUE):
                yield from _members(part, f"{way}.{key}", seen)


def _is_plain(thing: Any) -> bool:
    """Whether it contains nothing but its parts: no attributes, and no keys that are more than names."""
    kind = type(thing)
    return kind is list or kind is tuple or (kind is dict and all(isinstance(key, str | int) for key in thing))


def _parts(thing: Any) -> Iterable[tuple[Any, Any]]:
    """The parts of something that has an order, each with its key or its place."""
    if isinstance(thing, Sequence):
        return enumerate(thing)
    if isinstance(thing, Mapping):
        return thing.items()
    if is_dataclass(thing):
        return [(field.name, getattr(thing, field.name, None)) for field in fields(thing)]
    return vars(thing).items() if isinstance(thing, SimpleNamespace) else ()


def _checked_parameters(root: Module) -> list[tuple[str, Value]]:
    """All parameters, once it is certain that there are none that cannot be found."""
    found: dict[int, tuple[str, Value]] = {}  # by identity, whatever a subclass of Value makes of ==
    modules: list[Module] = []
    others: list[tuple[str, Any]] = []
    for name, member in _walk(root):
        if isinstance(member, Value):
            if member.operation is None:
                found.setdefault(id(member), (name, member))
        elif isinstance(member, Module):
            modules.append(member)
        else:
            others.append((name, member))
    known = {*found, *map(id, modules)}
    _check_hidden(root, others, known)
    _check_classes(modules, known)
    return list(found.values())


def _places_of_buffers(root: Module) -> list[tuple[str, Module, str]]:
    """The name of each buffer, the module that has it, and the attribute."""
    modules = [(way, module) for way, module in _walk(root) if isinstance(module, Module)]
    return [
        (f"{way}.{buffer}" if way else buffer, module, buffer) for way, module in modules for buffer in module._buffers
    ]


def _places_of_states(root: Module) -> list[tuple[Module, str, list[tuple[str, Value]]]]:
    """The modules and attributes in which `forward` has put states, and the names of the Values in them."""
    return [
        (
            module,
            attribute,
            [pair for pair in _members(getattr(module, attribute), name, {}) if isinstance(pair[1], Value)],
        )
        for way, module in _walk(root)
        if isinstance(module, Module)
        for attribute in module._states
        for name in [f"{way}.{attribute}" if way else attribute]
    ]


def _with_leaves(thing: Any, members: list[tuple[str, Value]], leaves: Mapping[str, Value]) -> Any:
    """A state with leaves in place of the Values that it is made of."""
    if isinstance(thing, Value):
        return next(leaves[name] for name, value in members if value is thing)
    if isinstance(thing, list | tuple):
        return type(thing)([_with_leaves(part, members, leaves) for part in thing])
    if isinstance(thing, dict):
        return {key: _with_leaves(part, members, leaves) for key, part in thing.items()}
    return thing


def _is_in_forward(module: Module) -> bool:
    """Whether the module is being called, judging by the scope that a call opens."""
    scope = mode().scope
    while scope is not None and not (isinstance(scope.members, _Members) and scope.members.is_of(module)):
        scope = scope.parent
    return scope is not None


def _kinds(root: Module) -> dict[str, str]:
    """What each module of a model is, by its path: its class, and the operations that it mentions or has."""
    return {way: _kind(module) for way, module in _walk(root) if isinstance(module, Module)}


def _kind(module: Module) -> str:
    title = _title(module)
    told = [f"{name}={told_name(thing)}" for name, thing in _attributes(module) if told_name(thing)]
    return f"{title}({', '.join(told)})" if told and not module.extra_repr() else title


def _title(module: Module) -> str:
    return type(module).__name__ + (f"({module.extra_repr()})" if module.extra_repr() else "")


# That nothing is left out -------------------------------------------------------------------------


def _check_made(module: Module) -> None:
    """Refuse what cannot be right at the end of an `__init__`; the modules inside have already finished theirs."""
    object.__setattr__(module, "_trained", ())
    if type(module).parameters is not Module.parameters:  # as in micrograd: whoever lists them knows where they are
        return
    trained, others = [], []
    for attribute, thing in _attributes(module):
        for name, member in _members(thing, attribute, {}):
            if not isinstance(member, _LISTED):
                others.append(name)
            elif isinstance(member, Value):
                trained.append(attribute)
            for held in _listed_in(member):
                if isinstance(held, Value) and held.operation is not None:
                    raise _computed(name, held)
    object.__setattr__(module, "_trained", tuple(dict.fromkeys(trained)))
    if others or any(_on_classes(type(module))):
        _checked_parameters(module)


def _check_first_call(module: Module, own: Scope) -> None:
    """Refuse what `forward` made in place of parameters: Values computed from nothing that exists without them."""
    members = [member for attribute, thing in _attributes(module) for member in _members(thing, attribute, {})]
    computed = [(name, value) for name, value in members if isinstance(value, Value) and value.operation is not None]
    known = set(map(id, module.parameters() if computed else ()))
    for name, value in computed:
        leaves = [node for node in ancestors(value) if node.operation is None]
        if all(id(leaf) not in known and _is_within(leaf.scope, own) for leaf in leaves):
            raise _computed(name, value)


def _is_within(inner: Scope | None, outer: Scope) -> bool:
    while inner is not None and inner is not outer:
        inner = inner.parent
    return inner is outer


def _computed(name: str, value: Value) -> ValueError:
    """The error for a computed Value where only a parameter makes sense."""
    assert value.operation is not None
    return ValueError(
        f"{name} is a computed Value ({value.operation.name}) and would not be trained: write a leaf, such as "
        "Value(2.0 * 0.1) for Value(2.0) * 0.1, or end in .detach(); what depends on parameters belongs in forward"
    )


def _overwritten(module: Module, attribute: str, name: str, value: Value) -> ValueError:
    """The error for a computed Value in the place of a parameter."""
    return ValueError(
        f"{name} of this {type(module).__name__} is a parameter and cannot become a computed Value outside of forward: "
        f"set its .data to change it, or keep a number that is carried on with register_buffer({attribute!r}, 0.0) in "
        "__init__"
    )


def _check_hidden(root: Module, others: Iterable[tuple[str, Any]], known: set[int]) -> None:
    """Refuse Values and modules inside things that cannot be listed, unless they are known from elsewhere."""
    for name, other in others:
        if isinstance(other, GeneratorType | map | filter):
            raise TypeError(
                f"{name} is a {type(other).__name__}, which can be read only once, so parameters in it would be "
                "left out: write a list, [… for …] or list(…)"
            )
        for member in _held(other):
            is_left_out = not _is_around(member, root) if isinstance(member, Module) else member.operation is None
            if is_left_out and id(member) not in known:
                what = "Value" if isinstance(member, Value) else type(member).__name__
                raise TypeError(
                    f"{name} holds a {what} in a {type(other).__name__}, where it would not be found: {_remedy(other)}"
                )


def _is_around(module: Module, part: Module) -> bool:
    """Whether one contains the other; a module that is still in its `__init__` is assumed to."""
    return "_trained" not in vars(module) or any(member is part for _, member in _walk(module))


def _remedy(other: Any) -> str:
    if isinstance(other, set | frozenset):
        return "a set has no order that could give its parameters names, so write a list"
    if isinstance(other, FunctionType | MethodType):
        return "make it an attribute of the module"
    if type(other).__module__ == "builtins" or isinstance(other, Iterable):
        return "write a list or a dict"
    return (
        f"make the class a module, class {type(other).__name__}(nn.Module), or keep the Value in an attribute, a list "
        "or a dict; what should not be trained can be a plain number"
    )


def _check_classes(modules: list[Module], known: set[int]) -> None:
    """Refuse Values that are attributes of a class, unless they are known from elsewhere."""
    for module in {type(module): module for module in modules}.values():
        for kind, name, held in _on_classes(type(module)):
            if id(held) not in known and name not in vars(module):
                raise TypeError(
                    f"{name} is on the class {kind.__name__}, where it would not be found: set it in __init__, as "
                    f"self.{name} = …; what should not be trained can be a plain number"
                )


def _on_classes(kind: type) -> Iterator[tuple[type, str, Value | Module]]:
    """The Values and modules among the attributes of a class and of its bases, except for methods."""
    for base in kind.__mro__:
        for name, thing in [] if base in (Module, object) else vars(base).items():
            if not (name.startswith(("__", "_abc_")) or isinstance(thing, _OPAQUE) or hasattr(type(thing), "__get__")):
                for _, member in _members(thing, name, {}):
                    yield from ((base, name, held) for held in _listed_in(member))


def _listed_in(member: Any) -> Iterable[Value | Module]:
    return [member] if isinstance(member, _LISTED) else _held(member)


def _held(thing: Any) -> Iterator[Value | Module]:
    """The Values and modules that a thing refers to in any way, according to Python's garbage collector."""
    found, seen = [thing], {id(thing)}
    for one in found:  # grows as it goes, but only as far as can be looked through in each step of training
        for part in _referents(one):
            if id(part) in seen or isinstance(part, _OPAQUE):
                continue
            seen.add(id(part))
            if isinstance(part, _LISTED):
                yield part
            elif len(found) < 1000:
                found.append(part)


def _referents(thing: Any) -> list[Any]:
    if isinstance(thing, FunctionType):  # but not everything in its file
        cells = [cell.cell_contents for cell in thing.__closure__ or () if gc.get_referents(cell)]
        return [*cells, *(thing.__defaults__ or ()), *(thing.__kwdefaults__ or {}).values()]
    return gc.get_referents(thing)


# Buffers ------------------------------------------------------------------------------------------


def _state(name: str, thing: Any) -> Any:
    """A number, or a list of numbers, as a buffer keeps it."""
    if isinstance(thing, Value):
        return thing.data
    if isinstance(thing, bool | int | float):
        return thing
    if hasattr(thing, "tolist"):  # NumPy's
        return _state(name, thing.tolist())
    if isinstance(thing, list | tuple):
        return [_state(f"{name}.{place}", part) for place, part in enumerate(thing)]
    try:
        return real(thing)
    except TypeError:
        raise TypeError(f"the buffer {name} must be a number or a list of numbers, not {shown(thing)}") from None


def _like(name: str, old: Any, given: Any) -> Any:
    """A buffer's next content: a number if it is one now, a list of the same length if it is a list."""
    if not isinstance(old, list | tuple):
        return given if type(given) in (bool, int) else _number(name, given)
    if not isinstance(given, list | tuple) or len(given) != len(old):
        raise ValueError(f"{name} must be a list of {len(old)}, not {shown(given)}")
    return [_like(f"{name}.{place}", *pair) for place, pair in enumerate(zip(old, given, strict=True))]


def _number(name: str, thing: Any) -> float:
    try:
        if not isinstance(thing, bool):
            return real(thing)
    except TypeError:
        pass
    raise ValueError(f"{name} is not a number but {thing!r:.40}")


# What users of micrograd and PyTorch look for -----------------------------------------------------

# Each name with the attribute that has to be there for the advice to fit, and the advice.
FOREIGN_NAMES = {
    "w": ("weights", "here it is called weights"),
    "weight": ("weights", "here it is called weights"),
    "b": ("bias", "here it is called bias"),
    "nonlin": ("activation", "here it is activation, the name of a function: 'relu', 'tanh', 'identity' …"),
    "in_features": ("", "here it is the number of weights: len(neuron.weights)"),
    "out_features": ("", "here it is the number of neurons: len(layer.neurons)"),
    "train": ("", "modules have no modes here: keep a flag of your own; no_grad() computes without gradients"),
    "eval": ("", "modules have no modes here: keep a flag of your own; no_grad() computes without gradients"),
    "register_parameter": ("", "set an attribute: self.name = Value(number)"),
    "add_module": ("", "set an attribute: self.name = module"),
    "to": ("", "scalars have no device and are float64"),
    "requires_grad_": ("", "give the optimizer only the parameters that it should train"),
}

FOREIGN_OPTIONS = {
    "nonlin": "write activation='relu' for nonlin=True, activation='identity' for nonlin=False",
    "in_features": "write nin=",
    "out_features": "write nout=",
}


def _refuse_foreign_options(kind: type, options: Mapping[str, Any]) -> None:
    for name in FOREIGN_OPTIONS.keys() & options.keys():
        parameters = inspect.signature(kind).parameters
        if name not in parameters and all(p.kind is not p.VAR_KEYWORD for p in parameters.values()):
            raise TypeError(f"{kind.__name__}() has no argument {name}=: {FOREIGN_OPTIONS[name]}")


# How a model is shown -----------------------------------------------------------------------------


def _branch(module: Module, drawn: set[int]) -> "Branch":
    """The module and its parts, to be shown as a tree that unfolds."""
    from .outline import Branch

    if id(module) in drawn:
        return Branch(_title(module), None, [], [])
    drawn.add(id(module))
    members = [
        (attribute, name, member)
        for attribute, thing in _attributes(module)
        for name, member in _members(thing, attribute, {})
    ]
    return Branch(
        _title(module),
        len(module.parameters()),
        [(name, member) for _, name, member in members if isinstance(member, Value) and not is_computed(member)],
        [
            (attribute, name, _branch(member, drawn))
            for attribute, name, member in members
            if isinstance(member, Module)
        ],
    )


def _tree(module: Module, drawn: set[int]) -> list[str]:
    """A line for the module and indented ones for its parts; parts in a row that look alike share their lines."""
    title = _title(module)
    if id(module) in drawn:  # a part of two modules, or the one that all this is a part of
        return [f"{title}, the same as above"]
    drawn.add(id(module))
    parts = [
        (attribute, name, "\n".join(_tree(member, drawn)))
        for attribute, thing in _attributes(module)
        for name, member in _members(thing, attribute, {})
        if isinstance(member, Module)
    ]
    rows = []
    for (_, text), alike in groupby(parts, key=itemgetter(0, 2)):
        names = [name for _, name, _ in alike]
        many = f"{names[0]} … {names[-1]}: {len(names)} × " if len(names) > 1 else f"{names[0]}: "
        rows.append((many + text).split("\n"))
    count = len(module.parameters())
    lines = [f"{title}, {count} parameter{'s' * (count != 1)}"]
    for row in rows:
        last = row is rows[-1]
        lines.append(("└─ " if last else "├─ ") + row[0])
        lines += [("   " if last else "│  ") + line for line in row[1:]]
    return lines
