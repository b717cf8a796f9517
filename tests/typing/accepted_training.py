"""Models, losses, optimisers and the training loop, as README uses them."""

from collections.abc import Iterable
from typing import Any, assert_type

import autograd
from autograd import Value, datasets, nn, no_grad, optim, relu, softmax

xor = [([0, 0], 0), ([0, 1], 1), ([1, 0], 1), ([1, 1], 0)]

# A network, trained by `fit` and by hand.
model = nn.MLP(2, [8, 1], activation="tanh", seed=0)
optimizer = optim.Adam(model.parameters(), lr=0.05, betas=(0.9, 0.99), eps=1e-8, weight_decay=0.01)
history = nn.fit(model, xor, nn.squared_error, optimizer, epochs=100, batch_size=2, seed=0, progress=False)
assert_type(model, nn.MLP)
assert_type(optimizer, optim.Adam)
assert_type(history, nn.History)
assert_type(history.losses, list[float])
assert_type([round(model(inputs).data) for inputs, _ in xor], list[Any])


def error(inputs: list[int], target: int) -> Value:
    """Of one output. What an MLP answers, its number of outputs decides: so its answer may be used as either."""
    output: Value = model(inputs)
    return nn.squared_error(output, target)


several: list[Value] = nn.MLP(2, [3])([0.0, 1.0])

for _ in range(100):
    loss = autograd.sum(error(inputs, target) for inputs, target in xor)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    assert_type(loss, Value)

# Layers and neurons say what they answer.
layer, neuron = nn.Layer(2, 3, "relu", bias=False, seed=1), nn.Neuron(3, relu)
assert_type(layer([1.0, 2]), list[Value])
assert_type(neuron(layer([Value(1.0), 2.0])), Value)
assert_type(neuron.weights, list[Value])
assert_type(neuron.bias, Value | None)


class Line(nn.Module):
    """A model of one's own."""

    def __init__(self, slope: float = 2.0) -> None:
        self.slope, self.offset = Value(slope), Value(1.0)
        self.hidden = nn.Layer(1, 4, "gelu")
        self.parts = [nn.Neuron(4), nn.Neuron(4)]
        self.register_buffer("mean", 0.0)

    def forward(self, x: Value | float, *, scaled: bool = False) -> Value:
        """A line."""
        return self.slope * x + self.offset if scaled else self.offset + x


line = Line(slope=3.0)
assert_type(line, Line)
assert_type(line(3.0), Value)
assert_type(line(Value(3.0), scaled=True), Value)
assert_type(line.hidden([line(1.0)]), list[Value])
assert_type(line.slope, Value)
assert_type(line.named_parameters(), list[tuple[str, Value]])
assert_type(line.state_dict(), dict[str, Any])
line.load_state_dict(line.state_dict())
line.save("line.json")
line.load("line.json")
line.zero_grad()
modules: list[nn.Module] = [line, model, nn.Sequential(layer, softmax)]


class Centred(nn.Module):
    """Several inputs, several outputs."""

    def forward(self, xs: Iterable[float], shift: Value) -> tuple[list[Value], Value]:
        """Shifted numbers, and by what."""
        return [shift + x for x in xs], shift


assert_type(Centred()([1.0], Value(2.0)), tuple[list[Value], Value])

# Losses: of Values they are Values, of plain numbers floats.
v, w = Value(0.5), Value(0.25)
assert_type(nn.squared_error(v, 1.0), Value)
assert_type(nn.squared_error(1, w), Value)
assert_type(nn.squared_error(1.0, 2), float)
assert_type(nn.squared_error(prediction=v, target=w), Value)
assert_type(nn.mean_squared_error([v, w], [1.0, 2]), Value)
assert_type(nn.mean_squared_error([1.0, 2.0], [1.0, 2]), float)
assert_type(nn.binary_cross_entropy(v, 1), Value)
assert_type(nn.binary_cross_entropy_with_logits(v, 1), Value)
assert_type(nn.binary_cross_entropy_with_logits(0.5, 0.0), float)
assert_type(nn.cross_entropy([v, w], 0), Value)
assert_type(nn.cross_entropy([1.0, 2.0], target=1), float)
assert_type(nn.hinge(v, -1), Value)
assert_type(nn.leaky_relu(v), Value)
assert_type(nn.elu(-1.0), float)

# Optimisers, their rates and groups.
schedules = [optim.cosine(0.1, steps=1000), optim.step_decay(0.1, every=10), optim.warmup(0.1, steps=5)]
sgd = optim.SGD(line.parameters(), lr=0.1, momentum=0.9, nesterov=True)
optimizers: list[optim.Optimizer] = [
    sgd,
    optim.SGD([{"params": layer.parameters(), "lr": 0.01}, {"params": [v]}], lr=optim.linear(0.1, 100)),
    optim.AdamW(line.parameters(), lr=lambda step: 0.1 / (step + 1)),
    optim.RMSprop([v, w], lr=schedules[0]),
]
sgd.param_groups[0]["lr"] = 0.01
sgd.lr = 0.1
assert_type(sgd.table(), str)
assert_type(optim.clip_grad_norm(line.parameters(), 1.0), float)
optim.clip_grad_value(line.parameters(), 0.5)
sgd.save("sgd.json")
sgd.load("sgd.json")
history.save("history.json")

# Data.
points = datasets.moons(n=50, noise=0.1, seed=1)
nn.fit(model, points, nn.binary_cross_entropy_with_logits, optimizer, epochs=1, validation=points, progress=False)
with no_grad(), nn.expanded():
    assert_type(nn.hinge(line(1.0), 1).data, float)
