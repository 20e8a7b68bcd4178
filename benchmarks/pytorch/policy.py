"""A diagonal Gaussian policy as functions of explicit parameters, with or without an axis for tasks in front.

A parameter list is W [in, out] and b [out] of each layer, then log sigma [actions]. With an axis for tasks every part has it,
[T, in, out] and so on, and observations are [T, N, obsDim]; the same lines serve both.
"""

import math

import torch

HALF_LOG_TWO_PI = 0.5 * math.log(2 * math.pi)


def part_shapes(layer_sizes):
    shapes = []
    for rows, columns in zip(layer_sizes[:-1], layer_sizes[1:]):
        shapes += [(rows, columns), (columns,)]
    return shapes + [(layer_sizes[-1],)]


def split(vector, layer_sizes):
    """The parts of a flat vector [..., size]."""
    parts, offset = [], 0
    for shape in part_shapes(layer_sizes):
        size = math.prod(shape)
        parts.append(vector[..., offset : offset + size].reshape(*vector.shape[:-1], *shape))
        offset += size
    return parts


def flatten(parts, layer_sizes):
    """The flat vector of parts without an axis for tasks."""
    return torch.cat([part.reshape(-1) for part in parts])


def distribution(parts, observations, min_log_std):
    """The means [..., N, actions] and log sigma [..., actions]."""
    x = observations
    layers = (len(parts) - 1) // 2
    for layer in range(layers):
        weights, bias = parts[2 * layer], parts[2 * layer + 1]
        # One kernel for the product and the bias, in both cases.
        x = torch.addmm(bias, x, weights) if weights.dim() == 2 else torch.baddbmm(bias.unsqueeze(-2), x, weights)
        if layer < layers - 1:
            x = torch.tanh(x)
    return x, parts[-1].clamp(min=min_log_std)


def log_probability(mean, log_std, actions):
    """[..., N]."""
    z = (actions - mean) * torch.exp(-log_std).unsqueeze(-2)
    constant = log_std.sum(-1) + log_std.shape[-1] * HALF_LOG_TWO_PI
    return -0.5 * (z * z).sum(-1) - constant.unsqueeze(-1)


def kl(mean_p, log_std_p, mean_q, log_std_q):
    """KL(p || q) in closed form, [..., N]."""
    r = log_std_p - log_std_q
    spread = (0.5 * (torch.exp(2 * r) - 1) - r).sum(-1)
    z = (mean_p - mean_q) * torch.exp(-log_std_q).unsqueeze(-2)
    return 0.5 * (z * z).sum(-1) + spread.unsqueeze(-1)
