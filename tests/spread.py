"""One model on several devices or in several processes: run by test_to_jax.py, as python spread.py 0 1 0."""

import json
import sys

import numpy as np

import autograd
from autograd import datasets, nn


def main(process: int, processes: int, port: str) -> None:
    """Print the gradients of the mean loss, of which each device has some examples; only the first process prints."""
    import jax  # here, for this file is read where there is none

    jax.config.update("jax_enable_x64", True)
    if processes > 1:
        jax.config.update("jax_cpu_collectives_implementation", "gloo")
        jax.distributed.initialize(f"127.0.0.1:{port}", processes, process)
    model = nn.MLP(2, [8, 8, 1], seed=1)
    loss = autograd.compile(lambda point, target: (1.0 - target * model(point)).relu())
    points, kinds = zip(*datasets.moons(n=64, seed=1), strict=True)
    loss(points[0], 1.0)
    on_jax = loss.to_jax()

    mesh = jax.sharding.Mesh(np.array(jax.devices()), ("examples",))
    everywhere, by_example = [jax.NamedSharding(mesh, jax.P(*axes)) for axes in ((), ("examples",))]
    mine = slice(process * 64 // processes, (process + 1) * 64 // processes)
    columns = [
        jax.make_array_from_process_local_data(by_example, column[mine])
        for column in (np.array(points), 2.0 * np.array(kinds) - 1.0)
    ]
    parameters = jax.make_array_from_process_local_data(everywhere, np.asarray(on_jax.parameters()))

    def of_shard(parameters, *columns):
        return jax.lax.pmean(on_jax.mean(parameters, *columns), "examples")

    ways = {
        "mean": on_jax.mean,
        "vmap": lambda parameters, *columns: jax.vmap(on_jax, (None, 0, 0))(parameters, *columns).mean(),
        "shard_map": jax.shard_map(
            of_shard, mesh=mesh, in_specs=(jax.P(), *[jax.P("examples")] * 2), out_specs=jax.P()
        ),
    }
    found = {}
    for name, way in ways.items():
        gradients = jax.jit(jax.grad(way), out_shardings=everywhere)(parameters, *columns)
        found[name] = np.asarray(gradients).tolist()
    if process == 0:
        print(json.dumps({"devices": len(columns[0].sharding.device_set), "gradients": found}))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
