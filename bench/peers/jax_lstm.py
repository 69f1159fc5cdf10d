"""What JAX does in the benchmarks of recurrent policies."""
import functools
import math

import jax
import jax.numpy as jnp

from contender import ACTION, lstm_weights, observations, sequence

HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)


def parameters(case):
    encoder, inputs, recurrent, head = map(jnp.asarray, lstm_weights(case))
    zeros = lambda w: jnp.zeros(w.shape[1])  # noqa: E731
    biases = {"encoder_bias": zeros(encoder), "gates_bias": zeros(inputs), "head_bias": zeros(head)}
    return {"encoder": encoder, "inputs": inputs, "recurrent": recurrent, "head": head, **biases, "log_std": jnp.zeros(ACTION)}


def gates_of_input(p, x):
    return jax.nn.gelu(x @ p["encoder"] + p["encoder_bias"], approximate=True) @ p["inputs"] + p["gates_bias"]


def cell(p, gates, h, c):
    i, f, g, o = jnp.split(gates + h @ p["recurrent"], 4, -1)
    c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
    return jax.nn.sigmoid(o) * jnp.tanh(c), c


def outputs(p, h):
    both = h @ p["head"] + p["head_bias"]
    return both[..., :ACTION], both[..., ACTION]


@jax.jit
def step(p, x, h, c, key):
    key, own = jax.random.split(key)
    h, c = cell(p, gates_of_input(p, x), h, c)
    mean, value = outputs(p, h)
    noise = jax.random.normal(own, mean.shape)
    latent = mean + noise * jnp.exp(p["log_std"])
    log_det = 2 * (math.log(2) - latent - jax.nn.softplus(-2 * latent))
    log_prob = (-0.5 * noise * noise - p["log_std"] - HALF_LOG_2PI - log_det).sum(-1)
    return jnp.tanh(latent), log_prob, value, h, c, key


def prepare_step(case):
    p, x = parameters(case), jnp.asarray(observations(case["rows"]))
    zeros = jnp.zeros((case["rows"], case["units"]))
    state = [zeros, zeros, jax.random.key(0)]

    def run():
        *results, state[0], state[1], state[2] = step(p, x, *state)
        jax.block_until_ready(state)
        return jax.block_until_ready(results)

    value = run()[2]
    return run, [value[0], value[-1]]


def loss(resets, p, x, latent, weights, keep):
    def body(carry, of_step):
        gates, factor = of_step
        h, c = (part * factor for part in carry) if resets else carry
        carry = cell(p, gates, h, c)
        return carry, carry[0]

    zeros = jnp.zeros((x.shape[1], p["recurrent"].shape[0]))
    h = jax.lax.scan(body, (zeros, zeros), (gates_of_input(p, x), keep))[1]
    mean, value = outputs(p, h)
    noise = (latent - mean) * jnp.exp(-p["log_std"])
    log_prob = (-0.5 * noise * noise - p["log_std"] - HALF_LOG_2PI).sum(-1)
    entropy = (p["log_std"] + 0.5 + HALF_LOG_2PI).sum()
    return (weights[0] * log_prob + weights[1] * entropy + weights[2] * value).sum()


def prepare_sequence(case):
    p = parameters(case)
    (x, latent, *weights), done = sequence(case)
    keep = jnp.ones((*done.shape, 1)).at[1:, :, 0].set(~done[:-1])
    arrays = [p, jnp.asarray(x), jnp.asarray(latent), [jnp.asarray(w) for w in weights], keep]
    gradient = jax.jit(jax.grad(functools.partial(loss, case["resets"])))

    def run():
        return jax.block_until_ready(gradient(*arrays))

    gradients = run()
    return run, [jnp.linalg.norm(gradients[name]) for name in ("encoder", "inputs", "recurrent", "head")]
