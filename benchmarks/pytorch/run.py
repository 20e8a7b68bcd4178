"""The same MAML-TRPO update as Innerloop's, in PyTorch, on the batch of `innerloop bench --export-batch`.

    python run.py batch.safetensors --repeat 5

Prints seconds by phase, what the update came to, and how far that is from Innerloop's numbers. Exit code 1 if it is further than
rounding explains.
"""

import argparse
import json
import platform
import re
import resource
import statistics
import sys
import time
from contextlib import contextmanager

import torch

from batch import read_update
from sampler import sample_iteration
from update import PHASES, BatchedObjective, Clock, LoopObjective, trpo_update

OBJECTIVES = {"loop": LoopObjective, "batched": BatchedObjective}

# Two programs in float32 that add in different orders. Vectors: norm of the difference over the norm. Conjugate gradient
# amplifies rounding along directions of little curvature, so the step itself is compared by what it does.
TOLERANCES = {
    "gradient": 1e-4,
    "gradientNorm": 1e-4,
    "product": 1e-4,
    "surrogateBefore": 1e-5,
    "surrogateAtStep": 1e-5,
    "klAtStep": 2e-3,
    "ownKl": 0.15,
    "ownSurrogateChange": 0.05,
}


def relative(found, expected):
    return ((found.double() - expected).norm() / expected.norm()).item()


def apart(found, expected):
    return abs(found - expected) / abs(expected)


def agreement(objective, update, result):
    """Errors against Innerloop's numbers, by the names of TOLERANCES."""
    expected, told = update.expected, update.settings["expected"]
    surrogate, divergence = objective.values(expected["parameters"].to(objective.parameters.dtype))
    direction = expected["direction"].to(objective.parameters.dtype)
    before, after = told["surrogateBefore"], told["surrogateAfter"]
    errors = {
        "gradient": relative(result["gradient"], expected["gradient"]),
        "gradientNorm": apart(result["gradient"].norm().item(), told["gradientNorm"]),
        "product": relative(objective.curvature_product()(direction), expected["product"]),
        "surrogateBefore": abs(result["surrogateBefore"] - before),
        "surrogateAtStep": abs(surrogate - after),
    }
    # A refused step leaves theta where it was: a KL of 0 has no relative error.
    if told["accepted"]:
        errors["klAtStep"] = apart(divergence, told["kl"])
        errors["ownKl"] = apart(result["kl"], told["kl"])
        errors["ownSurrogateChange"] = apart(result["surrogateAfter"] - result["surrogateBefore"], after - before)
    return errors


def measure(name, update, repeat, warmups):
    objective = OBJECTIVES[name](update)
    runs = []
    for repetition in range(warmups + repeat):
        clock = Clock()
        started = time.perf_counter()
        result = trpo_update(objective, clock)
        total = time.perf_counter() - started
        if repetition >= warmups:
            # As Innerloop counts it: freezing the data at theta_k belongs to collecting.
            update_seconds = sum(clock.seconds[phase] for phase in PHASES if phase != "adapt")
            other = total - sum(clock.seconds.values())
            runs.append({"total": total, "update": update_seconds, "other": other, **clock.seconds})
    errors = agreement(objective, update, result)
    return {
        "runs": runs,
        "seconds": spreads(runs),
        "numbers": {
            "gradientNorm": result["gradient"].norm().item(),
            **{key: result[key] for key in ("surrogateBefore", "surrogateAfter", "kl", "accepted", "backtracks")},
        },
        "errors": errors,
        "agrees": all(error <= TOLERANCES[key] for key, error in errors.items()),
    }


def measure_sampler(update, repeat, warmups):
    objective = BatchedObjective(update)
    runs = []
    for repetition in range(warmups + repeat):
        seconds = {"sample": 0.0, "adapt": 0.0}

        def clock(phase):
            @contextmanager
            def span():
                started = time.perf_counter()
                yield
                seconds[phase] += time.perf_counter() - started

            return span

        started = time.perf_counter()
        steps, returns = sample_iteration(objective, clock("sample"), clock("adapt"), seed=repetition)
        if repetition >= warmups:
            runs.append({"total": time.perf_counter() - started, **seconds})
    return {"runs": runs, "seconds": spreads(runs), "steps": steps, "returns": returns}


def spreads(runs):
    def of(key):
        values = [run[key] for run in runs]
        return {"best": min(values), "median": statistics.median(values)}

    return {key: of(key) for key in runs[0]}


def blas():
    """The library of matrix products that the build names."""
    info = torch.__config__.show()
    if "Math Kernel Library" in info:
        return "MKL"
    named = re.search(r"BLAS_INFO=(\w+)", info)
    return named.group(1) if named else "unknown"


def print_report(report):
    print(f"PyTorch {report['torch']}, Python {report['python']}, {report['threads']} threads, {report['blas']}, {report['type']}")
    for name, mode in report["modes"].items():
        parts = ", ".join(f"{phase} {mode['seconds'][phase]['best']:.3f}" for phase in (*PHASES, "other"))
        print(f"update, {name}: {mode['seconds']['update']['best']:.3f} s at least ({parts})")
        numbers = ", ".join(f"{key} {value:.6g}" for key, value in mode["numbers"].items())
        print(f"  {numbers}")
        for key, error in mode["errors"].items():
            verdict = "" if error <= TOLERANCES[key] else "  DISAGREES"
            print(f"  {key:20s} error {error:.2e}  tolerance {TOLERANCES[key]:.0e}{verdict}")
    sampler = report["sampler"]
    if sampler:
        seconds = sampler["seconds"]
        print(
            f"collecting {sampler['steps']} steps: {seconds['total']['best']:.3f} s at least "
            f"(sample {seconds['sample']['best']:.3f}, adapt {seconds['adapt']['best']:.3f})"
        )
    print(f"peak memory (RSS) {report['peakRss'] / 2**20:.0f} MiB")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("batch", help="a file of `innerloop bench --export-batch`")
    parser.add_argument("--repeat", type=int, default=5, help="how many times to measure")
    parser.add_argument("--warmups", type=int, default=1, help="how many times to run before that")
    parser.add_argument("--threads", type=int, default=0, help="default: as many as PyTorch chooses")
    parser.add_argument("--float64", action="store_true", help="compute in float64, to tell whose rounding a difference is")
    parser.add_argument("--mode", choices=[*OBJECTIVES, "both"], default="both")
    parser.add_argument("--no-sampler", action="store_true", help="leave out collecting")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    options = parser.parse_args()
    if options.threads > 0:
        torch.set_num_threads(options.threads)
    update = read_update(options.batch, torch.float64 if options.float64 else torch.float32)
    modes = list(OBJECTIVES) if options.mode == "both" else [options.mode]
    report = {
        "torch": torch.__version__,
        "type": "float64" if options.float64 else "float32",
        "python": platform.python_version(),
        "threads": torch.get_num_threads(),
        "blas": blas(),
        "tolerances": TOLERANCES,
        "modes": {name: measure(name, update, options.repeat, options.warmups) for name in modes},
        "sampler": None if options.no_sampler else measure_sampler(update, options.repeat, options.warmups),
        "peakRss": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }
    if options.json:
        print(json.dumps(report))
    else:
        print_report(report)
    sys.exit(0 if all(mode["agrees"] for mode in report["modes"].values()) else 1)


if __name__ == "__main__":
    main()
