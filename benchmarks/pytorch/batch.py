"""Reads the batch file that `innerloop bench --export-batch` writes.

The format is safetensors: eight bytes with the length of the header, a JSON header, and the tensors' bytes. What the tensors
are called is told in packages/cli/src/bench/batch-file.ts.
"""

import json
from dataclasses import dataclass

import numpy as np
import torch

TYPES = {"F64": np.float64, "F32": np.float32}


@dataclass
class Batch:
    """One batch of one task as tensors of the chosen type: [N, obsDim], [N, actionSize], [N], [N]."""

    observations: torch.Tensor
    actions: torch.Tensor
    advantages: torch.Tensor
    log_probabilities: torch.Tensor


@dataclass
class Update:
    """One meta-iteration's frozen data, settings, and what Innerloop made of them."""

    settings: dict
    parameters: torch.Tensor
    inner: list  # [task][step] -> Batch
    outer: list  # [task] -> Batch
    expected: dict  # vectors, in float64


def read_safetensors(path):
    with open(path, "rb") as file:
        content = file.read()
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    metadata = header.pop("__metadata__", {})
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        values = np.frombuffer(content[8 + length + begin : 8 + length + end], dtype=TYPES[entry["dtype"]])
        tensors[name] = values.reshape(entry["shape"])
    return tensors, metadata


def read_update(path, dtype=torch.float32):
    tensors, metadata = read_safetensors(path)
    settings = json.loads(metadata["update"])
    if settings["policy"] != "gaussian-mlp":
        raise SystemExit(f"expected a batch of the policy 'gaussian-mlp', found '{settings['policy']}'")

    def tensor(name):
        return torch.tensor(tensors[name].copy(), dtype=dtype)

    def batch(name):
        keys = ("observations", "actions", "advantages", "logProbabilities")
        return Batch(*(tensor(f"{name}/{key}") for key in keys))

    steps = settings["innerSteps"]
    return Update(
        settings=settings,
        parameters=tensor("parameters"),
        inner=[[batch(f"{task}/{step}") for step in range(steps)] for task in range(settings["tasks"])],
        outer=[batch(f"{task}/{steps}") for task in range(settings["tasks"])],
        expected={
            name: torch.tensor(tensors[f"expected/{name}"].copy())
            for name in ("gradient", "direction", "product", "parameters")
        },
    )
