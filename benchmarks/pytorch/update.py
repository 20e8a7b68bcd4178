"""The MAML-TRPO update by automatic differentiation: double backprop through the inner steps.

Two ways of going through the tasks, with the same numbers up to rounding:

  loop     one task after the other, as implementations of MAML-TRPO in PyTorch usually do
  batched  all tasks in one batched matrix product; batches of different lengths are padded with steps of weight 0
"""

import math
import time

import torch

from policy import distribution, flatten, kl, log_probability, split

PHASES = ("adapt", "gradient", "curvature", "lineSearch")


class Clock:
    def __init__(self):
        self.seconds = {phase: 0.0 for phase in PHASES}

    def span(self, phase):
        return _Span(self, phase)


class _Span:
    def __init__(self, clock, phase):
        self.clock, self.phase = clock, phase

    def __enter__(self):
        self.started = time.perf_counter()

    def __exit__(self, *_):
        self.clock.seconds[self.phase] += time.perf_counter() - self.started


def cut(phi, last):
    """Parameters that do not remember where they came from; the last ones are not differentiated either."""
    return [part.detach().requires_grad_(not last) for part in phi]


class Objective:
    """Surrogate, KL and their derivatives as means over tasks, at frozen data."""

    def __init__(self, update):
        self.settings = update.settings
        self.sizes = update.settings["layerSizes"]
        self.min_log_std = math.log(update.settings["minStd"])
        self.parameters = update.parameters

    def rate(self, step):
        rates = self.settings["learningRates"]
        return rates[min(step, len(rates) - 1)]

    def freeze(self):
        """pi_phi(theta_k) at D', which everything is compared with."""
        with torch.enable_grad():
            theta = self.parameters.clone().requires_grad_(True)
            self.old = [[part.detach() for part in old] for old in self.distributions(theta, create_graph=False)]

    def gradient(self):
        theta = self.parameters.clone().requires_grad_(True)
        surrogate, _ = self.evaluate(theta, create_graph=True)
        return torch.autograd.grad(surrogate, theta)[0], surrogate.item()

    def values(self, parameters):
        """Surrogate and KL at any theta."""
        theta = parameters.clone().requires_grad_(True)
        surrogate, divergence = self.evaluate(theta, create_graph=False)
        return surrogate.item(), divergence.item()

    def curvature_product(self):
        """v -> (Hessian of kl at theta_k) v; the graph of the KL's gradient is kept from one product to the next."""
        theta = self.parameters.clone().requires_grad_(True)
        _, divergence = self.evaluate(theta, create_graph=True)
        slope = torch.autograd.grad(divergence, theta, create_graph=True)[0]
        return lambda v: torch.autograd.grad(slope @ v, theta, retain_graph=True)[0]


class LoopObjective(Objective):
    def __init__(self, update):
        super().__init__(update)
        self.inner, self.outer = update.inner, update.outer

    def adapt(self, theta, batches, create_graph):
        phi = split(theta, self.sizes)
        for step, batch in enumerate(batches):
            mean, log_std = distribution(phi, batch.observations, self.min_log_std)
            loss = -(log_probability(mean, log_std, batch.actions) * batch.advantages).mean()
            gradients = torch.autograd.grad(loss, phi, create_graph=create_graph)
            phi = [part - self.rate(step) * gradient for part, gradient in zip(phi, gradients)]
            if not create_graph:
                phi = cut(phi, last=step == len(batches) - 1)
        return phi

    def distributions(self, theta, create_graph):
        return [
            distribution(self.adapt(theta, batches, create_graph), outer.observations, self.min_log_std)
            for batches, outer in zip(self.inner, self.outer)
        ]

    def evaluate(self, theta, create_graph):
        surrogates, divergences = [], []
        for new, old, outer in zip(self.distributions(theta, create_graph), self.old, self.outer):
            ratio = torch.exp(log_probability(*new, outer.actions) - log_probability(*old, outer.actions))
            surrogates.append(-(ratio * outer.advantages).mean())
            divergences.append(kl(*old, *new).mean())
        return torch.stack(surrogates).mean(), torch.stack(divergences).mean()


class BatchedObjective(Objective):
    def __init__(self, update):
        super().__init__(update)
        steps = update.settings["innerSteps"]
        self.inner = [self.stack([batches[step] for batches in update.inner]) for step in range(steps)]
        self.outer = self.stack(update.outer)

    @staticmethod
    def stack(batches):
        """Observations and actions [T, N, .], advantages and weights [T, N]; a task's weights add up to 1."""
        longest = max(len(batch.advantages) for batch in batches)

        def pad(tensor):
            return torch.cat([tensor, tensor.new_zeros(longest - len(tensor), *tensor.shape[1:])])

        return (
            torch.stack([pad(batch.observations) for batch in batches]),
            torch.stack([pad(batch.actions) for batch in batches]),
            torch.stack([pad(batch.advantages) for batch in batches]),
            torch.stack([pad(torch.full_like(batch.advantages, 1 / len(batch.advantages))) for batch in batches]),
        )

    def adapt(self, theta, create_graph):
        tasks = len(self.outer[0])
        phi = split(theta.expand(tasks, -1), self.sizes)
        for step, (observations, actions, advantages, weights) in enumerate(self.inner):
            mean, log_std = distribution(phi, observations, self.min_log_std)
            # A sum over tasks: each task's loss depends on its own parameters alone.
            loss = -(log_probability(mean, log_std, actions) * advantages * weights).sum()
            gradients = torch.autograd.grad(loss, phi, create_graph=create_graph)
            phi = [part - self.rate(step) * gradient for part, gradient in zip(phi, gradients)]
            if not create_graph:
                phi = cut(phi, last=step == len(self.inner) - 1)
        return phi

    def distributions(self, theta, create_graph):
        return [distribution(self.adapt(theta, create_graph), self.outer[0], self.min_log_std)]

    def evaluate(self, theta, create_graph):
        _, actions, advantages, weights = self.outer
        (new,), (old,) = self.distributions(theta, create_graph), self.old
        ratio = torch.exp(log_probability(*new, actions) - log_probability(*old, actions))
        surrogate = -(ratio * advantages * weights).sum(-1).mean()
        return surrogate, (kl(*old, *new) * weights).sum(-1).mean()


def conjugate_gradient(product, b, iterations, tolerance):
    x, r, p = torch.zeros_like(b), b.clone(), b.clone()
    rr = r @ r
    for _ in range(iterations):
        if rr < tolerance:
            break
        q = product(p)
        alpha = rr / (p @ q)
        x = x + alpha * p
        r = r - alpha * q
        rr, before = r @ r, rr
        p = r + (rr / before) * p
    return x


def trpo_update(objective, clock):
    """One update from theta_k. Returns what it came to."""
    trpo = objective.settings["trpo"]
    with clock.span("adapt"):
        objective.freeze()
    with clock.span("gradient"):
        gradient, before = objective.gradient()
    with clock.span("curvature"):
        product = objective.curvature_product()

        def damped(v):
            return product(v.to(gradient.dtype)).double() + trpo["cgDamping"] * v

        # Vectors in float64, as in Innerloop: in float32 they lose their conjugacy after a few iterations.
        x = conjugate_gradient(damped, gradient.double(), trpo["cgIterations"], trpo["cgTolerance"])
        step = -x * torch.sqrt(2 * trpo["maxKl"] / (x @ damped(x)))
    with clock.span("lineSearch"):
        for backtracks in range(trpo["maxBacktracks"] + 1):
            parameters = (objective.parameters.double() + trpo["backtrackCoefficient"] ** backtracks * step).to(
                gradient.dtype
            )
            surrogate, divergence = objective.values(parameters)
            accepted = surrogate < before and divergence <= trpo["maxKl"]
            if accepted:
                break
    return {
        "gradient": gradient,
        "surrogateBefore": before,
        "surrogateAfter": surrogate,
        "kl": divergence,
        "accepted": accepted,
        "backtracks": backtracks,
        "parameters": parameters,
    }
