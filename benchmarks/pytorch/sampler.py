"""Collecting the batches of a meta-iteration on 2D navigation, batched over tasks and episodes: positions are [T, E, 2].

The environment of packages/envs/src/point-navigation, with actions scaled: an action of 1 is a move of 0.1. The point starts
at the origin; the reward is minus the distance to the goal after the move; an episode ends within 0.01 of the goal along both
axes, or after the horizon. Then a linear-feature baseline for each task, and normalised advantages with lambda 1. Streams of random numbers are
PyTorch's own, so the episodes are others than Innerloop's, of the same distribution.
"""

import torch

from policy import distribution, log_probability, split

GOAL_BOX = 0.5
MOVE = 0.1
GOAL_RADIUS = 0.01
DISCOUNT = 0.99
RIDGE = 1e-5


def sample_goals(tasks, generator):
    return (2 * torch.rand(tasks, 1, 2, generator=generator) - 1) * GOAL_BOX


@torch.no_grad()
def collect(parts, goals, episodes, horizon, min_log_std, generator):
    """Observations and actions [T, H, E, 2], rewards and masks [T, H, E]; steps after an episode's end have mask 0."""
    tasks = len(goals)
    observations = torch.empty(tasks, horizon, episodes, 2)
    actions = torch.empty(tasks, horizon, episodes, 2)
    rewards = torch.empty(tasks, horizon, episodes)
    masks = torch.empty(tasks, horizon, episodes)
    noise = torch.randn(horizon, tasks, episodes, 2, generator=generator)
    position = torch.zeros(tasks, episodes, 2)
    running = torch.ones(tasks, episodes)
    for t in range(horizon):
        mean, log_std = distribution(parts, position, min_log_std)
        action = mean + torch.exp(log_std).unsqueeze(-2) * noise[t]
        observations[:, t], actions[:, t], masks[:, t] = position, action, running
        position = position + (MOVE * action).clamp(-MOVE, MOVE)
        offset = position - goals
        rewards[:, t] = -offset.norm(dim=-1)
        running = running * (offset.abs() >= GOAL_RADIUS).any(-1)
    return observations, actions, rewards * masks, masks


@torch.no_grad()
def advantages_of(observations, rewards, masks):
    """[T, H, E]: rewards-to-go minus a baseline fitted to each task's batch, with mean 0 and standard deviation 1 in each task."""
    tasks, horizon, episodes = rewards.shape
    returns = torch.empty_like(rewards)
    running = torch.zeros(tasks, episodes)
    for t in reversed(range(horizon)):
        running = rewards[:, t] + DISCOUNT * running
        returns[:, t] = running
    time = (torch.arange(horizon) / 100).view(1, horizon, 1, 1).expand(tasks, horizon, episodes, 1)
    o = observations.clamp(-10, 10)
    features = torch.cat([o, o * o, time, time**2, time**3, torch.ones_like(time)], -1).reshape(tasks, -1, 8).double()
    weights = masks.reshape(tasks, -1, 1)
    weighted = features * weights
    gram = weighted.transpose(1, 2) @ features + RIDGE * torch.eye(8, dtype=torch.float64)
    moments = weighted.transpose(1, 2) @ returns.reshape(tasks, -1, 1).double()
    values = (features @ torch.linalg.solve(gram, moments)).float()
    raw = (returns.reshape(tasks, -1, 1) - values) * weights
    count = weights.sum(1, keepdim=True)
    mean = raw.sum(1, keepdim=True) / count
    variance = ((raw - mean) ** 2 * weights).sum(1, keepdim=True) / count
    return ((raw - mean) / (variance.sqrt() + 1e-8) * weights).reshape(tasks, horizon, episodes)


def sample_iteration(objective, clock_sample, clock_adapt, seed):
    """D from pi_theta, phi for each task, D' from pi_phi: everything before the update."""
    settings = objective.settings
    generator = torch.Generator().manual_seed(seed)
    tasks, episodes, horizon = settings["tasks"], settings["episodesPerBatch"], settings["horizon"]
    with clock_sample():
        goals = sample_goals(tasks, generator)
    phi = [part.detach() for part in split(objective.parameters.expand(tasks, -1), objective.sizes)]
    steps, returns = 0, []
    for step in range(settings["innerSteps"] + 1):
        with clock_sample():
            observations, actions, rewards, masks = collect(
                phi, goals, episodes, horizon, objective.min_log_std, generator
            )
            advantages = advantages_of(observations, rewards, masks)
        steps += int(masks.sum())
        returns.append((rewards.sum() / (tasks * episodes)).item())
        if step == settings["innerSteps"]:
            break
        with clock_adapt():
            phi = [part.requires_grad_(True) for part in phi]
            flat = (tasks, horizon * episodes)
            mean, log_std = distribution(phi, observations.reshape(*flat, 2), objective.min_log_std)
            log_probabilities = log_probability(mean, log_std, actions.reshape(*flat, 2))
            mask = masks.reshape(flat)
            loss = -(log_probabilities * advantages.reshape(flat) / mask.sum(1, keepdim=True)).sum()
            gradients = torch.autograd.grad(loss, phi)
            phi = [(part - objective.rate(step) * g).detach() for part, g in zip(phi, gradients)]
    return steps, returns
