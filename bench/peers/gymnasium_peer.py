"""Gymnasium's vectors of CartPole-v1 with a policy in PyTorch: `gymnasium_peer.py THREADS`."""
import sys

import gymnasium
import numpy as np
import torch

from contender import serve

threads = int(sys.argv[1])
torch.set_num_threads(threads)
# A process per environment: more of them than this is no use on any machine.
MOST_PROCESSES = 64


def environments(kind, rows):
    make = [lambda: gymnasium.make("CartPole-v1")] * rows
    if kind == "sync":
        return gymnasium.vector.SyncVectorEnv(make)
    if kind == "workers" and rows <= MOST_PROCESSES:
        return gymnasium.vector.AsyncVectorEnv(make)
    raise ValueError(f"has no {kind} environments of {rows} rows")


def policy():
    """Two layers of 64 for actor and critic both, as in torsor-rollout.mjs."""
    torch.manual_seed(0)
    layer, relu = torch.nn.Linear, torch.nn.ReLU
    torso = torch.nn.Sequential(layer(4, 64), relu(), layer(64, 64), relu())
    actor, critic = layer(64, 2), layer(64, 1)

    def act(observation):
        with torch.inference_mode():
            features = torso(torch.from_numpy(observation))
            distribution = torch.distributions.Categorical(logits=actor(features))
            action = distribution.sample()
            distribution.log_prob(action), critic(features)
            return action.numpy()

    return act


open_environments = None


def prepare(case):
    global open_environments
    if open_environments is not None:
        open_environments.close()
        open_environments = None
    if case["bench"] != "rollout" or "microseconds" in case:
        raise ValueError("has CartPole-v1 only")
    open_environments = environments(case["kind"], case["rows"])
    observation, _ = open_environments.reset(seed=0)
    act = policy() if case["what"] == "collect" else None
    actions = np.arange(case["rows"]) % 2

    def run():
        nonlocal observation
        observation = open_environments.step(act(observation) if act else actions)[0]

    return run, []


if __name__ == "__main__":
    serve(f"gymnasium {gymnasium.__version__}, torch {torch.__version__.split('+')[0]}, {threads} thread(s)", prepare)
