"""What type checkers have to refuse of derivatives."""

from autograd import Value, grad, gradient, hessian, hessian_vector, jacobian, value_and_grad

x: Value = Value(2.0)
z: Value = x * x
one: Value
several: list[Value]

gradient(z)  # refused: call-overload
gradient(z, 2.0)  # refused: call-overload
gradient(2.0, x)  # refused: call-overload
gradient(z, [2.0])  # refused: list-item
jacobian(z, "x")  # refused: arg-type
jacobian(["z"], x)  # refused: list-item
hessian([z], x)  # refused: call-overload
hessian_vector(z, x)  # refused: call-overload
hessian_vector(z, [x], 1.0)  # refused: call-overload
hessian_vector(z, [x], ["1"])  # refused: list-item
grad(z)  # refused: arg-type
grad(abs, argnums="0")  # refused: arg-type
value_and_grad()  # refused: call-arg

several = gradient(z, x)  # refused: assignment
one = gradient(z, [x])  # refused: assignment
one = jacobian([z], [x])  # refused: assignment
one = hessian(z, [x])  # refused: assignment
several = hessian_vector(z, x, 1.0)  # refused: assignment
