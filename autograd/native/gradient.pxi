def gradient(output, inputs):
    wanted = [inputs] if isinstance(inputs, Value) else reference._inputs(inputs)
    for value in (output, *wanted):
        if not isinstance(value, Value):
            raise TypeError(f"gradient(output, inputs) takes Values, not {type(value).__name__}")
    if all([value is not output for value in wanted]):
        reference._check_past(output)
    order = reference.topological_order(output)
    # The births of the inputs and of all that depends on them: the flows elsewhere are not asked for.
    between = {value._birth for value in wanted}
    for node in order:
        if any([parent._birth in between for parent in node.parents]):
            between.add(node._birth)
    flows = {output._birth: 1.0}
    for node in reversed(order):
        arrived = flows.get(node._birth)
        if arrived is not None:
            for parent, partial in local_gradients_as_values(node, between):
                birth, flow = parent._birth, product(arrived, partial)
                flows[birth] = flows[birth] + flow if birth in flows else flow
    answers = [flows.get(value._birth, 0.0) for value in wanted]
    answers = [answer if isinstance(answer, Value) else Value(answer) for answer in answers]
    anomaly.check_derivatives(answers)
    return answers[0] if isinstance(inputs, Value) else answers


cdef object product(flow, partial):
    if type(partial) is float and partial == 1.0:
        return flow
    return partial if type(flow) is float and flow == 1.0 else flow * partial


cdef list local_gradients_as_values(Value node, set wanted):
    """The local gradients towards the parents of these births, without blocked ones, as Values."""
    cdef list found = []
    if node.code == LEAF:
        return found
    operation, parents = node.operation, node.operands
    operands = [as_it_was(parent, number) for parent, number in zip(parents, node.numbers)]
    with reference.on_values(operation):
        _, local_gradient = operation.rule(*operation.arguments(operands))
        partials = reference._checked(operation, local_gradient(), len(operands))
        for parent, partial in zip(parents, partials):
            if isinstance(parent, Value) and parent._birth in wanted:
                partial = partial() if callable(partial) else partial
                if partial is not BLOCKED:
                    found.append((parent, partial))
    return found


cdef object as_it_was(object operand, double then):
    """The operand with the number that it had when the node was computed, still depending on it."""
    cdef double now
    if not isinstance(operand, Value):
        return operand
    now = (<Value>operand).number
    if (now == then and copysign(1.0, now) == copysign(1.0, then)) or (isnan(now) and isnan(then)):
        return operand
    return unary_of(IDENTITY, <PyObject*>operand, then)
