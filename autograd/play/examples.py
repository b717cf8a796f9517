"""The programs in the menu of the playground: the worked examples of the lectures, gates, and an engine to be graded.

>>> list(EXAMPLES)[:4], EXAMPLES["multiply"].splitlines()[0]
(['E3', 'E4', 'E1', 'E2'], 'x * y')

Their titles are in the catalogue of texts, as "example E3".
"""

E3 = """\
1 / (1 + exp(-(w0*x0 + w1*x1 + w2)))
w0 = 2, x0 = -1
w1 = -3, x1 = -2
w2 = -3
"""

E4 = """\
(y - ŷ)**2
ŷ = h*w1 + k*w2 + b
h = 1, k = -3, y = 10
w1 = 5, w2 = -1, b = 3
"""

E1 = """\
from autograd import Value, log, relu, sigmoid

def values(name, numbers):
    return [Value(number, f"{name}{i}")
            for i, number in enumerate(numbers, 1)]

x = values("x", [0.1, 0.4, 0.5])
W1 = values("W1", [0.1, 0.2, 0.4, 0.3])
W2 = values("W2", [0.5, 0.4, 0.7, 0.9])
W3 = values("W3", [0.2, 0.6, 0.3, 0.8])
w = values("w", [0.2, 0.3, 0.6, 0.1])

hidden = [relu(x[0]*a + x[1]*b + x[2]*c)
          for a, b, c in zip(W1, W2, W3)]
p = sigmoid(sum(h*v for h, v in zip(hidden, w)))
loss = -log(p)
loss.backward()

for v in W1 + W2 + W3 + w:
    print(v.label, f"{v.data - v.grad:.8f}")
"""

E2 = """\
from autograd import Value, sigmoid

inputs = [[0, 0, 1], [0, 1, 1],
          [1, 0, 1], [1, 1, 1]]
targets = [0, 0, 1, 1]
w = [Value(-0.16595599, "w1"),
     Value(0.44064899, "w2"),
     Value(-0.99977125, "w3")]
steps = 20

for step in range(steps + 1):
    outputs = [sigmoid(a*w[0] + b*w[1] + c*w[2])
               for a, b, c in inputs]
    loss = sum((y - p)**2
               for y, p in zip(targets, outputs)) / 2
    for v in w:
        v.grad = 0.0
    loss.backward()
    if step < steps:
        for v in w:
            v.data -= v.grad

print("outputs", *[f"{p.data:.4f}" for p in outputs])
print("slopes ", *[f"{p.data * (1 - p.data):.4f}" for p in outputs])
"""

OWN = """\
class Value:
    def __init__(self, data, parents=()):
        self.data = data
        self.grad = 0.0
        self.parents = parents
        self.step = lambda: None

    def __add__(self, other):
        out = Value(self.data + other.data, (self, other))

        def step():
            self.grad = out.grad
            other.grad = out.grad

        out.step = step
        return out

    def __mul__(self, other):
        out = Value(self.data * other.data, (self, other))

        def step():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad

        out.step = step
        return out

    def backward(self):
        order, seen = [], set()

        def visit(value):
            if value not in seen:
                seen.add(value)
                for parent in value.parents:
                    visit(parent)
                order.append(value)

        visit(self)
        self.grad = 1.0
        for value in reversed(order):
            value.step()
"""

GATES = {
    "add": "x + y\nx = 3, y = -4\n",
    "multiply": "x * y\nx = 3, y = -4\n",
    "max": "max(x, y)\nx = 3, y = -4\n",
    "branch": "x * y + x\nx = 3, y = -4\n",
    "power": "x**2\nx = 3\n",
    "exp": "exp(x)\nx = 1\n",
    "reciprocal": "1 / x\nx = 2\n",
    "relu": "relu(x)\nx = -2\n",
    "sigmoid": "sigmoid(x)\nx = 1\n",
    "tanh": "tanh(x)\nx = 0.5\n",
}

EXAMPLES = {"E3": E3, "E4": E4, "E1": E1, "E2": E2, **GATES, "own": OWN}
