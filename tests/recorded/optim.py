"""What PyTorch's optimisers, schedules and clipping do on a small problem, recorded as figures for tests/test_optim.py.

python tests/recorded/optim.py

This writes optim.json beside itself and needs torch==2.13.0; the tests need only the figures. All numbers are doubles,
and the gradients are written by hand, so that nothing but the optimisers is compared.
"""

import json
from pathlib import Path
from typing import Any

FIGURES = Path(__file__).with_suffix(".json")

START = [-1.2, 1.0, 1.0, -2.0, 3.0]
RECORDED_STEPS = [1, 2, 3, 4, *range(10, 101, 10)]

CONFIGURATIONS: list[tuple[str, dict[str, Any]]] = [
    ("SGD", {"lr": 1e-3}),
    ("SGD", {"lr": 5e-4, "momentum": 0.9}),
    ("SGD", {"lr": 1e-3, "weight_decay": 0.1}),
    ("SGD", {"lr": 5e-4, "momentum": 0.9, "nesterov": True}),
    ("SGD", {"lr": 5e-4, "momentum": 0.8, "weight_decay": 0.05, "nesterov": True}),
    ("Adam", {}),
    ("Adam", {"lr": 0.02, "betas": [0.8, 0.99], "eps": 1e-3}),
    ("Adam", {"lr": 0.02, "betas": [0.0, 0.0]}),
    ("Adam", {"lr": 0.05, "weight_decay": 0.1}),
    ("AdamW", {}),
    ("AdamW", {"lr": 0.05, "betas": [0.7, 0.95], "eps": 1e-6, "weight_decay": 0.3}),
    ("RMSprop", {}),
    ("RMSprop", {"lr": 0.005, "alpha": 0.9, "eps": 1e-3}),
    ("RMSprop", {"lr": 0.005, "momentum": 0.9}),
    ("RMSprop", {"lr": 0.01, "weight_decay": 0.1}),
    ("RMSprop", {"lr": 0.002, "centered": True, "eps": 1e-4}),
    ("RMSprop", {"lr": 5e-4, "alpha": 0.95, "eps": 0.01, "weight_decay": 0.05, "momentum": 0.5, "centered": True}),
    ("RMSprop", {"lr": 0.01, "alpha": 0.0}),
]

# The same problem with its parameters in groups: the places of the parameters of each, and its hyperparameters.
GROUPED: list[tuple[str, dict[str, Any], list[tuple[list[int], dict[str, Any]]]]] = [
    ("SGD", {"lr": 5e-4, "momentum": 0.9}, [([0, 1], {}), ([2, 3, 4], {"lr": 1e-3, "momentum": 0.0})]),
    ("SGD", {"lr": 5e-4}, [([0], {"nesterov": True, "momentum": 0.8}), ([4, 3], {"weight_decay": 0.2}), ([2, 1], {})]),
    ("Adam", {"lr": 0.02}, [([3], {"betas": [0.5, 0.9]}), ([0, 1, 2, 4], {"lr": 0.05, "weight_decay": 0.1})]),
    ("AdamW", {"weight_decay": 0.3}, [([0, 2, 4], {"weight_decay": 0.0}), ([1, 3], {"lr": 0.03, "eps": 1e-4})]),
    ("RMSprop", {"momentum": 0.5, "eps": 1e-4}, [([4, 2], {"momentum": 0.0, "centered": True}), ([0, 1, 3], {})]),
]

SCHEDULES: list[tuple[str, dict[str, Any]]] = [
    ("step_decay", {"lr": 0.1, "every": 7}),
    ("step_decay", {"lr": 0.1, "every": 4, "factor": 0.7}),
    ("exponential_decay", {"lr": 0.1, "factor": 0.9}),
    ("linear", {"lr": 0.1, "steps": 20}),
    ("linear", {"lr": 0.1, "steps": 30, "final": 0.01}),
    ("cosine", {"lr": 0.1, "steps": 30}),
    ("cosine", {"lr": 0.1, "steps": 30, "final": 0.02}),
    ("warmup", {"schedule": ("cosine", {"lr": 0.1, "steps": 25}), "steps": 5}),
    ("warmup", {"schedule": ("exponential_decay", {"lr": 0.1, "factor": 0.9}), "steps": 10}),
]

# Gradients, None for a parameter without, and the norm that they shall have at most; then the norm's type.
CLIPPED: list[tuple[list[float | None], float] | tuple[list[float | None], float, float]] = [
    ([3.0, 4.0], 1.0),
    ([3.0, 4.0], 5.0),
    ([3.0, 4.0], 5.1),
    ([1e-9, None, -2e-9], 1e-12),
    ([None, 1e5, -7.0, 0.3], 2.5),
    ([-0.1, 0.2], 0.0),
    ([0.0, 0.0], 1.0),
    ([1.0, 2.0], float("inf")),
    ([float("inf"), 2.0], 1.0),
    ([float("nan"), 2.0], 1.0),
    ([3.0, -4.0], 1.0, 1.0),
    ([3.0, None, -4.0], 2.0, 3.0),
    ([0.3, -0.04, 1e-3], 0.1, 0.5),
    ([3.0, -4.0], 1.0, float("inf")),
    ([3.0, -4.0], 5.0, float("inf")),
    ([float("inf"), 2.0], 1.0, float("inf")),
    ([0.0, None], 1.0, 1.5),
]

# Gradients, and the largest value that they shall have.
CLIPPED_BY_VALUE: list[tuple[list[float | None], float]] = [
    ([3.0, -4.0, 0.5], 1.0),
    ([None, -0.25, 0.25], 0.25),
    ([1e-9, -2e-9], 1.5e-9),
    ([3.0, -4.0], 0.0),
    ([float("inf"), float("-inf"), 2.0], 1.0),
    ([float("nan"), 2.0], 1.0),
    ([float("inf"), -5.0], float("inf")),
]


def gradients(x: list[float], step: int) -> list[float | None]:
    """Of Rosenbrock's function in x₀ and x₁, and of an ill-conditioned bowl in x₂, x₃ and x₄.

    In every third step x₃ has no gradient.
    """
    valley = x[1] - x[0] ** 2
    return [
        -2.0 * (1.0 - x[0]) - 400.0 * x[0] * valley,
        200.0 * valley,
        100.0 * x[2] + x[3],
        None if step % 3 == 2 else x[3] + x[2],
        0.01 * x[4],
    ]


def main() -> None:
    import torch  # here, for the tests use what stands above

    def leaf(number: float) -> Any:
        return torch.tensor(number, dtype=torch.float64, requires_grad=True)

    def set_gradients(parameters: list[Any], numbers: list[float | None]) -> None:
        for parameter, number in zip(parameters, numbers, strict=True):
            parameter.grad = None if number is None else torch.tensor(number, dtype=torch.float64)

    def trajectory(
        kind: str, arguments: dict[str, Any], groups: list[tuple[list[int], dict[str, Any]]] | None = None
    ) -> dict[int, list[float]]:
        parameters = [leaf(number) for number in START]
        params: list[Any] = parameters
        if groups:
            params = [{"params": [parameters[place] for place in places], **options} for places, options in groups]
        fused = {} if kind == "RMSprop" else {"fused": False}  # which has no other way
        optimizer = getattr(torch.optim, kind)(params, **arguments, foreach=False, **fused)
        numbers = [START]
        for step in range(max(RECORDED_STEPS)):
            set_gradients(parameters, gradients(numbers[-1], step))
            optimizer.step()
            numbers.append([parameter.item() for parameter in parameters])
        return {step: numbers[step] for step in RECORDED_STEPS}

    def scheduler(optimizer: Any, name: str, arguments: dict[str, Any]) -> Any:
        schedulers, steps, final = torch.optim.lr_scheduler, arguments.get("steps"), arguments.get("final", 0.0)
        if name == "step_decay":
            return schedulers.StepLR(optimizer, arguments["every"], arguments.get("factor", 0.1))
        if name == "exponential_decay":
            return schedulers.ExponentialLR(optimizer, arguments["factor"])
        if name == "linear":
            return schedulers.LinearLR(optimizer, 1.0, final / arguments["lr"], steps)
        if name == "cosine":
            return schedulers.CosineAnnealingLR(optimizer, steps, final)
        rise = schedulers.LinearLR(optimizer, 1 / (steps + 1), 1.0, steps)
        return schedulers.SequentialLR(optimizer, [rise, scheduler(optimizer, *arguments["schedule"])], [steps])

    def rates(name: str, arguments: dict[str, Any]) -> list[float]:
        lr = arguments["lr"] if "lr" in arguments else arguments["schedule"][1]["lr"]
        optimizer = torch.optim.SGD([leaf(0.0)], lr=lr)
        schedule = scheduler(optimizer, name, arguments)
        recorded = []
        for _ in range(31):
            recorded.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            schedule.step()
        return recorded

    def clipped(numbers: list[float | None], clip: Any) -> tuple[Any, list[float | None]]:
        parameters = [leaf(0.0) for _ in numbers]
        set_gradients(parameters, numbers)
        answer = clip(parameters)
        return answer, [None if parameter.grad is None else parameter.grad.item() for parameter in parameters]

    def clipped_by_norm(numbers: list[float | None], max_norm: float, norm_type: float = 2.0) -> dict[str, Any]:
        norm, after = clipped(
            numbers, lambda parameters: torch.nn.utils.clip_grad_norm_(parameters, max_norm, norm_type, foreach=False)
        )
        return {
            "gradients": numbers,
            "max_norm": max_norm,
            **({} if norm_type == 2.0 else {"norm_type": norm_type}),
            "norm": norm.item(),
            "clipped": after,
        }

    def clipped_by_value(numbers: list[float | None], clip_value: float) -> dict[str, Any]:
        _, after = clipped(
            numbers, lambda parameters: torch.nn.utils.clip_grad_value_(parameters, clip_value, foreach=False)
        )
        return {"gradients": numbers, "clip_value": clip_value, "clipped": after}

    figures: dict[str, list[Any]] = {
        "optimizers": [
            {"kind": kind, "arguments": arguments, "trajectory": trajectory(kind, arguments)}
            for kind, arguments in CONFIGURATIONS
        ],
        "groups": [
            {"kind": kind, "arguments": arguments, "groups": groups, "trajectory": trajectory(kind, arguments, groups)}
            for kind, arguments, groups in GROUPED
        ],
        "schedules": [
            {"name": name, "arguments": arguments, "rates": rates(name, arguments)} for name, arguments in SCHEDULES
        ],
        "clip_grad_norm": [clipped_by_norm(*case) for case in CLIPPED],
        "clip_grad_value": [clipped_by_value(*case) for case in CLIPPED_BY_VALUE],
    }
    # One figure a line. Python writes a double with as many digits as give the same one again.
    sections = [f'"{name}": [\n' + ",\n".join(map(json.dumps, rows)) + "\n]" for name, rows in figures.items()]
    FIGURES.write_text(",\n".join([f'{{"torch": {json.dumps(torch.__version__)}', *sections]) + "}\n")


if __name__ == "__main__":
    main()
