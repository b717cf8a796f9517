"""One model on several devices or in several processes: run by test_to_jax.py, as python spread.py 0 1 no-port.

Its arguments are the number of this process, how many there are, and the port where they meet. Each process has its
share of the examples; the first one prints the gradients of their mean loss.
"""

import json
import sys

import jax
import numpy as np

import autograd
from autograd import datasets, nn

process, processes, port = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
jax.config.update("jax_enable_x64", True)
if processes > 1:
    jax.config.update("jax_cpu_collectives_implementation", "gloo")
    jax.distributed.initialize(f"127.0.0.1:{port}", processes, process)

model = nn.MLP(2, [8, 8, 1], seed=1)


@autograd.compile
def loss(point, target):
    """How far the model is from being right."""
    return (1.0 - target * model(point)).relu()


points, kinds = zip(*datasets.moons(n=64, seed=1), strict=True)
points, targets = np.array(points), np.array([2.0 * kind - 1.0 for kind in kinds])
loss(points[0].tolist(), targets[0])
on_jax = loss.to_jax()

mesh = jax.sharding.Mesh(np.array(jax.devices()), ("examples",))
everywhere, by_example = [jax.NamedSharding(mesh, jax.P(*axes)) for axes in ((), ("examples",))]
mine = slice(process * 64 // processes, (process + 1) * 64 // processes)
columns = [jax.make_array_from_process_local_data(by_example, column[mine]) for column in (points, targets)]
parameters = jax.make_array_from_process_local_data(everywhere, np.asarray(on_jax.parameters()))


def of_shard(parameters, *columns):
    """The mean loss of all examples, of which each device has some."""
    return jax.lax.pmean(on_jax.mean(parameters, *columns), "examples")


ways = {
    "mean": on_jax.mean,
    "vmap": lambda parameters, *columns: jax.vmap(on_jax, (None, 0, 0))(parameters, *columns).mean(),
    "shard_map": jax.shard_map(of_shard, mesh=mesh, in_specs=(jax.P(), *[jax.P("examples")] * 2), out_specs=jax.P()),
}
found = {}
for name, way in ways.items():
    gradients = jax.jit(jax.grad(way), out_shardings=everywhere)(parameters, *columns)
    found[name] = np.asarray(gradients).tolist()
if jax.process_index() == 0:
    print(json.dumps({"devices": len(columns[0].sharding.device_set), "gradients": found}))
