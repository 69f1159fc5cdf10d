"""JAX, everything under one jit: `jax_peer.py THREADS cpu|cuda`."""
import math
import os
import sys

threads, device = int(sys.argv[1]), sys.argv[2]
os.environ["JAX_PLATFORMS"] = device  # and an error where it is not there
os.environ["XLA_PYTHON_CLIENT_PREALLOCATE"] = "false"  # of the GPU's memory the others want some too
if threads == 1:  # read when the backend starts; JAX has no setting for another number of threads
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false " + os.environ.get("XLA_FLAGS", "")

import functools  # noqa: E402

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
import optax  # noqa: E402

import jax_lstm  # noqa: E402
import jax_ncde  # noqa: E402
from contender import ACTION, layers, minibatch, observations, serve  # noqa: E402

jax.config.update("jax_default_matmul_precision", "highest")  # float32 on a GPU too, as everybody else
jax.devices()
HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)
optimizer = optax.chain(optax.clip_by_global_norm(0.5), optax.adam(3e-4, eps=1e-5))


def parameters(hidden):
    torso, mean, value = layers(hidden)
    with_bias = lambda w: (jnp.asarray(w), jnp.zeros(w.shape[1]))  # noqa: E731
    return {"torso": [with_bias(w) for w in torso], "mean": with_bias(mean), "value": with_bias(value), "log_std": jnp.zeros(ACTION)}


def forward(p, x):
    for w, b in p["torso"]:
        x = jax.nn.gelu(x @ w + b, approximate=True)
    return x @ p["mean"][0] + p["mean"][1], (x @ p["value"][0] + p["value"][1])[..., 0]


@jax.jit
def policy_step(p, x, key):
    key, own = jax.random.split(key)
    mean, value = forward(p, x)
    noise = jax.random.normal(own, mean.shape)
    latent = mean + noise * jnp.exp(p["log_std"])
    log_det = 2 * (math.log(2) - latent - jax.nn.softplus(-2 * latent))
    log_prob = (-0.5 * noise * noise - p["log_std"] - HALF_LOG_2PI - log_det).sum(-1)
    return jnp.tanh(latent), log_prob, value, key


def ppo_loss(p, observation, latent, old_log_prob, advantage, target, old_value):
    mean, value = forward(p, observation)
    noise = (latent - mean) * jnp.exp(-p["log_std"])
    ratio = jnp.exp((-0.5 * noise * noise - p["log_std"] - HALF_LOG_2PI).sum(-1) - old_log_prob)
    advantage = (advantage - advantage.mean()) / (advantage.std() + 1e-8)
    policy_loss = jnp.maximum(-advantage * ratio, -advantage * jnp.clip(ratio, 0.8, 1.2)).mean()
    clipped = old_value + jnp.clip(value - old_value, -0.2, 0.2)
    value_loss = 0.5 * jnp.maximum((value - target) ** 2, (clipped - target) ** 2).mean()
    return policy_loss + 0.5 * value_loss


@functools.partial(jax.jit, donate_argnums=(0, 1))
def ppo_update(p, state, *batch):
    updates, state = optimizer.update(jax.grad(ppo_loss)(p, *batch), state, p)
    return optax.apply_updates(p, updates), state


others = {
    "lstm-step": jax_lstm.prepare_step,
    "lstm-sequence": jax_lstm.prepare_sequence,
    "ncde-step": jax_ncde.prepare_step,
    "ncde-update": jax_ncde.prepare_update,
}


def prepare(case):
    if case["bench"] in others:
        return others[case["bench"]](case)
    p = parameters(case["hidden"])
    if case["bench"] == "policy-step":
        x, keys = jnp.asarray(observations(case["rows"])), [jax.random.key(0)]

        def run():
            *results, keys[0] = policy_step(p, x, keys[0])
            return jax.block_until_ready(results)

        value = run()[2]
        return run, [value[0], value[-1]]

    batch = [jnp.asarray(a) for a in minibatch(case["rows"])]
    state = [p, optimizer.init(p)]

    def update():
        state[:] = ppo_update(*state, *batch)
        jax.block_until_ready(state[0])

    return update, []


serve(f"jax {jax.__version__}", prepare)
