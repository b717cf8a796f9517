"""Derivatives that can be differentiated again: one answer for one input, a list for a list."""

from typing import Any, assert_type

from autograd import Value, grad, gradient, hessian, hessian_vector, jacobian, value_and_grad

x, y = Value(2.0, "x"), Value(3.0, "y")
z = x**2 * y
both: tuple[Value, Value] = (x, y)

assert_type(gradient(z, x), Value)
assert_type(gradient(z, [x, y]), list[Value])
assert_type(gradient(z, both), list[Value])
assert_type(gradient(output=z, inputs=(value for value in both)), list[Value])
assert_type(gradient(gradient(z, x), x).data, float)

assert_type(jacobian(z, x), Value)
assert_type(jacobian(z, [x, y]), list[Value])
assert_type(jacobian([z, z * x], x), list[Value])
assert_type(jacobian([z, z * x], [x, y]), list[list[Value]])

assert_type(hessian(z, x), Value)
assert_type(hessian(z, [x, y]), list[list[Value]])
assert_type(hessian_vector(z, x, 1.0), Value)
assert_type(hessian_vector(z, [x, y], [1.0, Value(2.0)]), list[Value])


# Of functions: what these take is what the derivative takes, numbers or Values.
def cube(number: Any) -> Any:
    """A function of anything that has operators."""
    return number**3


def volume(a: Value, b: Value) -> Value:
    """A function that says what it gets."""
    return a * a * b


slope: float = grad(cube)(2.0)
slope = grad(grad(cube))(2.0)
slopes: tuple[float, float] = grad(volume, argnums=(0, 1))(2.0, 3.0)
number: float
number, slope = value_and_grad(volume, 1)(2.0, 3.0)
assert_type(value_and_grad(volume)(x, y), tuple[Any, Any])
