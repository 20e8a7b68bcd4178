"""Records trajectories of Gymnasium's classic-control environments, for packages/envs/test/classic-control.reference.test.ts.

    python3.11 -m venv .venv && .venv/bin/pip install -r packages/envs/reference/requirements.txt
    .venv/bin/python packages/envs/reference/record.py

Writes one JSON file for each environment beside this script: Gymnasium's spaces and time limit, and trajectories from given start
states under given actions. States are float64 as the environment holds them, observations and rewards as it returns them. Actions of
continuous environments are float32, as Gymnasium's action spaces are. Running it again writes the same files.
"""

import json
import platform
from pathlib import Path

import gymnasium
import numpy as np

STEPS = 200


def random_actions(seed, low, high):
    """Uniform integers low..high - 1, or uniform reals if the bounds are floats."""
    random = np.random.default_rng(seed)
    if isinstance(low, float):
        return lambda t, state: [np.float32(random.uniform(low, high))]
    return lambda t, state: int(random.integers(low, high))


def constant(action):
    return lambda t, state: action


def sine(amplitude, period):
    return lambda t, state: [np.float32(amplitude * np.sin(2 * np.pi * t / period))]


def balance(t, state):
    """Keeps CartPole's pole up."""
    x, x_dot, theta, theta_dot = state
    return int(0.1 * x + 0.2 * x_dot + 2.0 * theta + 0.5 * theta_dot > 0)


def swing(t, state):
    """Acrobot: pushes the lower link the way it turns."""
    return 2 if state[3] > 0 else 0


def along(t, state):
    """MountainCar: pushes the way the car moves."""
    return 2 if state[1] >= 0 else 0


def along_continuous(force):
    return lambda t, state: [np.float32(force if state[1] >= 0 else -force)]


HEAVY = {"cartMass": 1.9, "poleMass": 0.17, "halfLength": 0.9}
LIGHT = {"cartMass": 0.6, "poleMass": 0.07, "halfLength": 0.3}


def change_physics(inner, physics):
    """Sets masses and lengths, and what Gymnasium's constructor derives from them."""
    if "cartMass" in physics:
        inner.masscart, inner.masspole, inner.length = physics["cartMass"], physics["poleMass"], physics["halfLength"]
        inner.total_mass = inner.masspole + inner.masscart
        inner.polemass_length = inner.masspole * inner.length
    else:
        inner.m, inner.l = physics["mass"], physics["length"]


# name, start state, actions, longest number of steps, and masses and lengths if not the standard ones
PLANS = {
    "CartPole-v1": [
        ("balanced until the time limit", [0.02, -0.03, 0.04, 0.01], balance, 500),
        ("random actions", [0.0123, -0.0456, 0.0311, -0.0027], random_actions(1, 0, 2), STEPS),
        ("always right, until the pole falls", [0.0, 0.0, 0.0, 0.0], constant(1), STEPS),
        ("always left, until the pole falls", [-0.05, 0.05, -0.05, 0.05], constant(0), STEPS),
        ("fast, off the right end of the track", [1.9, 2.5, 0.02, 0.1], balance, STEPS),
        ("fast, off the left end of the track", [-2.3, -1.5, -0.01, 0.05], balance, STEPS),
        ("heavy, long pole, balanced", [0.01, 0.02, -0.03, 0.04], balance, STEPS, HEAVY),
        ("light, short pole, random actions", [0.01, 0.02, -0.03, 0.04], random_actions(9, 0, 2), STEPS, LIGHT),
    ],
    "Pendulum-v1": [
        ("random torques", [np.pi, 0.0], random_actions(2, -2.0, 2.0), STEPS),
        ("torques beyond the limits, which are clipped", [-1.3, 0.7], random_actions(3, -6.0, 6.0), STEPS),
        ("swinging, until the speed is clipped", [3.0, 1.0], sine(2.0, 45), STEPS),
        ("full torque, round and round", [0.5, -1.0], constant([np.float32(2.0)]), STEPS),
        ("no torque, from the upright", [1e-3, 0.0], constant([np.float32(0.0)]), STEPS),
        ("heavy and long, random torques", [2.0, 0.5], random_actions(10, -3.0, 3.0), STEPS, {"mass": 1.7, "length": 1.4}),
        ("light and short, random torques", [2.0, 0.5], random_actions(11, -3.0, 3.0), STEPS, {"mass": 0.6, "length": 0.8}),
    ],
    "Acrobot-v1": [
        ("no torque until the time limit", [0.0625, -0.03125, 0.09375, 0.046875], constant(1), 500),
        ("random torques", [-0.0625, 0.078125, 0.015625, -0.09375], random_actions(4, 0, 3), STEPS),
        ("pushed the way the lower link turns, until the goal", [0.03125, 0.0, 0.0, 0.015625], swing, STEPS),
        ("random torques, from higher up", [1.25, -0.25, 0.5, -1.0], random_actions(5, 0, 3), STEPS),
        ("fast, until the speeds are clipped and the angles wrap", [1.0, -2.5, 12.0, -28.0], constant(0), STEPS),
    ],
    "MountainCar-v0": [
        ("random actions until the time limit", [-0.5, 0.0], random_actions(6, 0, 3), STEPS),
        ("pushed the way it moves, until the goal", [-0.45, 0.0], along, STEPS),
        ("no push", [-0.6, 0.0], constant(1), STEPS),
        ("into the left wall", [-0.9, -0.06], constant(0), STEPS),
        ("always right, which is too weak", [-0.42, 0.0], constant(2), STEPS),
    ],
    "MountainCarContinuous-v0": [
        ("random forces until the time limit", [-0.5, 0.0], random_actions(7, -1.0, 1.0), 999),
        ("forces beyond the limits, which are clipped", [-0.45, 0.0], random_actions(8, -3.0, 3.0), STEPS),
        ("pushed the way it moves, until the goal", [-0.55, 0.0], along_continuous(1.0), STEPS),
        ("gently pushed the way it moves", [-0.5678, 0.0], along_continuous(0.3), STEPS),
        ("twice the limit, until the goal", [-0.5123, 0.0], along_continuous(2.0), STEPS),
        ("into the left wall", [-0.9, -0.06], constant([np.float32(-1.0)]), STEPS),
        ("no force", [-0.41, 0.0], constant([np.float32(0.0)]), STEPS),
    ],
}


def floats(values):
    return [float(value) for value in values]


def short(values):
    """Float32 numbers by the shortest decimals that give them back."""
    return [float(str(np.float32(value))) for value in values]


def record(identifier, name, start, choose, steps, physics=None):
    environment = gymnasium.make(identifier)
    environment.reset(seed=0)
    inner = environment.unwrapped
    if physics:
        change_physics(inner, physics)
    inner.state = np.array(start, dtype=np.float64)
    rows = []
    for t in range(steps):
        action = choose(t, inner.state)
        discrete = isinstance(action, int)
        step = environment.step(action if discrete else np.array(action, dtype=np.float32))
        observation, reward, terminated, truncated, _ = step
        rows.append(
            {
                "action": action if discrete else short(action)[0],
                "state": floats(inner.state),
                "observation": short(observation),
                "reward": float(reward),
            }
        )
        if terminated or truncated:
            break
    ends = {"terminated": bool(terminated), "truncated": bool(truncated)}
    return {"name": name, "physics": physics, "start": floats(start), **ends, "steps": rows}


def describe(space):
    if isinstance(space, gymnasium.spaces.Discrete):
        return {"count": int(space.n)}
    limit = lambda values: [float(value) if np.isfinite(value) else None for value in values]
    return {"low": limit(space.low), "high": limit(space.high)}


def text(result):
    """JSON with a line for each step."""
    trajectories = []
    for trajectory in result["trajectories"]:
        steps = ",\n".join(json.dumps(step, allow_nan=False) for step in trajectory["steps"])
        head = json.dumps({**trajectory, "steps": []})[: -len("]}")]
        trajectories.append(f"{head}\n{steps}\n]}}")
    head = json.dumps({**result, "trajectories": []})[: -len("]}")]
    return head + "\n" + ",\n".join(trajectories) + "\n]}\n"


def main():
    folder = Path(__file__).parent
    for identifier, plans in PLANS.items():
        environment = gymnasium.make(identifier)
        result = {
            "environment": identifier,
            "gymnasium": gymnasium.__version__,
            "numpy": np.__version__,
            "python": platform.python_version(),
            "timeLimit": environment.spec.max_episode_steps,
            "observationSpace": describe(environment.observation_space),
            "actionSpace": describe(environment.action_space),
            "trajectories": [record(identifier, *plan) for plan in plans],
        }
        (folder / f"{identifier}.json").write_text(text(result))
        for trajectory in result["trajectories"]:
            ends = [flag for flag in ("terminated", "truncated") if trajectory[flag]]
            print(f"{identifier}: {trajectory['name']}: {len(trajectory['steps'])} steps, {' and '.join(ends) or 'goes on'}")


if __name__ == "__main__":
    main()
