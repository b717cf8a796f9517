"""What type checkers have to refuse of models, losses and optimisers."""

from autograd import Value, nn, optim

v: Value = Value(1.0)
number: float


class Line(nn.Module):
    """A model of one's own."""

    def __init__(self) -> None:
        self.slope = Value(2.0)

    def forward(self, x: Value | float) -> Value:
        """A line through 0."""
        return self.slope * x


line: Line = Line()
line("3")  # refused: arg-type
line()  # refused: call-arg
line(v, v)  # refused: call-arg
line(y=v)  # refused: call-arg
line(v).exq()  # refused: attr-defined
line.slop  # refused: attr-defined
line.parameter()  # refused: attr-defined
Line(2.0)  # refused: call-arg
number = line(v)  # refused: assignment
nn.Linear(2, 3)  # refused: attr-defined
nn.MLP("2", [1])  # refused: arg-type
nn.MLP(2, 1)  # refused: arg-type
nn.MLP(2, [1], activation=1)  # refused: arg-type
nn.MLP(2, [1], activate="relu")  # refused: call-arg
nn.Layer(2, 3)(1.0)  # refused: arg-type
nn.Layer(2, 3)(["1"])  # refused: list-item
nn.Neuron(2)([1.0, 2.0]).exq()  # refused: attr-defined

nn.squared_error(v, "1")  # refused: call-overload
nn.squared_error(v)  # refused: call-overload
nn.squared_error([v], [v])  # refused: call-overload
nn.squared_error(v, 1.0).backwards()  # refused: attr-defined
nn.mean_squared_error(v, v)  # refused: call-overload
nn.cross_entropy(v, 1)  # refused: call-overload
nn.cross_entropy([v, v], 0.5)  # refused: call-overload
number = nn.hinge(v, 1)  # refused: assignment

optim.SGD()  # refused: call-arg
optim.SGD([1.0], lr=0.1)  # refused: list-item
optim.SGD(line.parameters(), lr="0.1")  # refused: arg-type
optim.Adam(line.parameters(), beta=0.9)  # refused: call-arg
optim.LBFGS(line.parameters())  # refused: attr-defined
optim.SGD(line.parameters(), lr=0.1).stop()  # refused: attr-defined
