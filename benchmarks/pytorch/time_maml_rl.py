"""Times training iterations of tristandeleu/pytorch-maml-rl, the widely used implementation in PyTorch, on 2D navigation.

    python time_maml_rl.py <checkout> --iterations 6

<checkout> is a clone of https://github.com/tristandeleu/pytorch-maml-rl. Its code runs as it is, with its own config
configs/maml/2d-navigation.yaml; only what newer versions of its libraries removed is put back. Needs torch, gym 0.17.3, NumPy < 1.24,
tqdm and pyyaml. Prints one JSON object; the first iteration includes starting its processes.
"""

import argparse
import json
import multiprocessing
import os
import pathlib
import sys
import tempfile
import time
from types import SimpleNamespace

import torch

CONFIG = "configs/maml/2d-navigation.yaml"


def restore_removed():
    """torch.lstsq(B, A) was replaced by torch.linalg.lstsq(A, B)."""
    torch.lstsq = lambda right, left: (torch.linalg.lstsq(left, right).solution, None)


def shortened(checkout, iterations):
    """Its config with another number of iterations, in a file of its own."""
    text = (checkout / CONFIG).read_text().replace("num-batches: 500", f"num-batches: {iterations}")
    file = pathlib.Path(tempfile.mkdtemp()) / "2d-navigation.yaml"
    file.write_text(text)
    return str(file)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("checkout", type=pathlib.Path)
    parser.add_argument("--iterations", type=int, default=6)
    parser.add_argument("--workers", type=int, default=multiprocessing.cpu_count() - 1, help="its own default: cores - 1")
    options = parser.parse_args()
    restore_removed()
    sys.path.insert(0, str(options.checkout))
    import train

    seconds = []

    def timed(count):
        for index in range(count):
            started = time.perf_counter()
            yield index
            seconds.append(time.perf_counter() - started)

    train.trange = timed
    config = shortened(options.checkout, options.iterations)
    train.main(SimpleNamespace(config=config, output_folder=None, seed=1, num_workers=options.workers, device="cpu", use_cuda=False))
    report = {"torch": torch.__version__, "threads": torch.get_num_threads(), "workers": options.workers, "seconds": seconds}
    print(json.dumps({**report, "environment": {key: os.environ[key] for key in os.environ if key.endswith("_NUM_THREADS")}}), flush=True)
    os._exit(0)  # its worker processes do not end by themselves


if __name__ == "__main__":
    main()
