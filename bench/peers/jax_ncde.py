"""What JAX does in the benchmarks of the neural CDE policy: one row as a function, `vmap` over the batch, one `jit` around it.

The solver is diffrax's default as the policy uses it: Tsitouras' 5(4) pair, an integral controller, 0.01 as first step. Backward replays the
accepted steps, which are kept, so that no attempt is computed twice.
"""
import functools
import math

import jax
import jax.numpy as jnp
import numpy as np

from contender import ncde_weights, ncde_windows, ncde_loss

HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)
# Tsitouras 2011: nodes, stages (the last of which is the solution), and the weights of the error estimate.
C = (0.0, 0.161, 0.327, 0.9, 0.9800255409045097, 1.0, 1.0)
A = (
    (),
    (0.161,),
    (-0.008480655492356989, 0.335480655492357),
    (2.8971530571054935, -6.359448489975075, 4.3622954328695815),
    (5.325864828439257, -11.748883564062828, 7.4955393428898365, -0.09249506636175525),
    (5.86145544294642, -12.92096931784711, 8.159367898576159, -0.071584973281401, -0.028269050394068383),
    (0.09646076681806523, 0.01, 0.4798896504144996, 1.379008574103742, -3.290069515436081, 2.324710524099774),
)
ERROR = (0.001780011052226, 0.000816434459657, -0.007880878010262, 0.144711007173263, -0.582357165452555, 0.458082105929187, -1 / 66)
ORDER, RTOL, ATOL, FIRST = 5, 1e-3, 1e-6, 0.01
KEPT = 64  # accepted steps that backward can replay; the windows of these benchmarks take fewer


def affine(layer, x):
    return x @ layer[0] + layer[1]


def network(layers, x, activation):
    for layer in layers[:-1]:
        x = activation(affine(layer, x))
    return affine(layers[-1], x)


def slope(times, points, t):
    """dX/dt of the Hermite spline with backward differences."""
    widths = jnp.diff(times)
    slopes = jnp.diff(points, axis=0) / widths[:, None]
    before = jnp.concatenate([slopes[:1], slopes[:-1]])
    k = jnp.clip(jnp.searchsorted(times, t, side="left") - 1, 0, widths.size - 1)
    s = (t - times[k]) / widths[k]
    return before[k] + (slopes[k] - before[k]) * s * (4 - 3 * s)


def field(p, times, points, t, z):
    matrix = jnp.tanh(network(p, z, jax.nn.softplus)).reshape(z.size, -1)
    return matrix @ slope(times, points, t)


def attempt(p, times, points, t, end, z):
    """One Runge-Kutta step from t to end: the solution and the error estimate."""
    h, stages = end - t, []
    for c, row in zip(C, A):
        y = z + h * sum(a * k for a, k in zip(row, stages)) if row else z
        stages.append(field(p, times, points, end if c == 1.0 else t + c * h, y))
    return y, h * sum(e * k for e, k in zip(ERROR, stages))


def solve_keeping(p, times, points, z0):
    t1 = times[-1]
    tolerance = 1e-6 if times.dtype == jnp.float32 else 1e-10

    def body(state):
        t, end, z, count, steps, starts = state
        y, error = attempt(p, times, points, t, end, z)
        q = jnp.sqrt(jnp.mean((error / (ATOL + RTOL * jnp.maximum(jnp.abs(z), jnp.abs(y)))) ** 2))
        keep = q < 1
        factor = jnp.clip(0.9 * jnp.where(q > 0, q, 1e-30) ** (-1 / ORDER), jnp.where(keep, 1, 0.2), jnp.where(keep, 10, 0.9))
        following = jnp.where(keep, jnp.minimum(end, t1), t)
        after = following + (end - t) * factor
        after = jnp.where(after > t1 - tolerance, jnp.where(keep, t1, following + (t1 - following) / 2), after)
        steps = jnp.where(keep, steps.at[count].set(jnp.stack([t, end])), steps)
        starts = jnp.where(keep, starts.at[count].set(z), starts)
        return following, after, jnp.where(keep, y, z), count + keep, steps, starts

    start = times[0], jnp.minimum(times[0] + FIRST, t1), z0, 0
    state = (*start, jnp.zeros((KEPT, 2), times.dtype), jnp.zeros((KEPT, z0.size), z0.dtype))
    _, _, z, *kept = jax.lax.while_loop(lambda state: state[0] < t1, body, state)
    return z, kept


@jax.custom_vjp
def solve(p, times, points, z0):
    return solve_keeping(p, times, points, z0)[0]


def solve_forward(p, times, points, z0):
    z, kept = solve_keeping(p, times, points, z0)
    return z, (p, times, points, kept)


def solve_backward(residuals, dz):
    p, times, points, (count, steps, starts) = residuals

    def body(state):
        k, dz, dp = state
        step = lambda p, z: attempt(p, times, points, *steps[k], z)[0]  # noqa: E731
        own, dz = jax.vjp(step, p, starts[k])[1](dz)
        return k - 1, dz, jax.tree.map(jnp.add, dp, own)

    _, dz, dp = jax.lax.while_loop(lambda state: state[0] >= 0, body, (count - 1, dz, jax.tree.map(jnp.zeros_like, p)))
    return dp, jnp.zeros_like(times), jnp.zeros_like(points), dz


solve.defvjp(solve_forward, solve_backward)


def outputs(p, times, points):
    """Mean and value of one row, from a full window."""
    z = solve(p["field"], times, points, network(p["initial"], points[0], jax.nn.relu))
    features = jnp.tanh(z)
    return affine(p["mapping"], affine(p["actor"], features)), network(p["value"], features, jax.nn.relu)[0]


def parameters(case, dtype):
    cast = lambda w: jnp.asarray(w, dtype)  # noqa: E731
    layers = {name: [(cast(w), cast(b)) for w, b in layer] for name, layer in ncde_weights(case).items()}
    return {**layers, "actor": layers["actor"][0], "mapping": layers["mapping"][0], "log_std": jnp.zeros(case["actions"], dtype)}


def windows(case, dtype):
    return [jnp.asarray(a, dtype) for a in ncde_windows(case)]


@jax.jit
def step(p, times, points, x, key):
    """The window before and a new observation, to the window after, an action, its log-probability and the value."""
    key, own = jax.random.split(key)
    times = jnp.concatenate([times[:, 1:], times[:, -1:] + 1], axis=1)
    points = jnp.concatenate([points[:, 1:], x[:, None]], axis=1)
    mean, value = jax.vmap(functools.partial(outputs, p))(times, points)
    noise = jax.random.normal(own, mean.shape, mean.dtype)
    action = mean + noise * jnp.exp(p["log_std"])
    log_prob = (-0.5 * noise * noise - p["log_std"] - HALF_LOG_2PI).sum(-1)
    return times, points, action, log_prob, value, key


def prepare(case, arrays, call, check):
    """`call(arrays(dtype))` in the precision of the case. What the contenders must agree on is the solution in float64: the grid of a float32
    solve is decided by rounding errors."""
    with jax.enable_x64(True):
        checked = check(call(*arrays(jnp.float64)))
    wide = case["float64"]
    with jax.enable_x64(wide):
        given = arrays(jnp.float64 if wide else jnp.float32)

    def run():
        with jax.enable_x64(wide):
            return jax.block_until_ready(call(*given))

    return run, checked


def prepare_step(case):
    arrays = lambda dtype: (parameters(case, dtype), *windows(case, dtype), jax.random.key(0))  # noqa: E731
    return prepare(case, arrays, step, lambda results: [results[4][0], results[4][-1]])


def loss(p, times, points, action, weights):
    mean, value = jax.vmap(functools.partial(outputs, p))(times, points)
    noise = (action - mean) * jnp.exp(-p["log_std"])
    log_prob = (-0.5 * noise * noise - p["log_std"] - HALF_LOG_2PI).sum(-1)
    entropy = (p["log_std"] + 0.5 + HALF_LOG_2PI).sum()
    return (weights[0] * log_prob + weights[1] * entropy + weights[2] * value).sum()


def prepare_update(case):
    def arrays(dtype):
        times, points, x = windows(case, dtype)
        after = jnp.concatenate([times[:, 1:], times[:, -1:] + 1], axis=1), jnp.concatenate([points[:, 1:], x[:, None]], axis=1)
        action, *weights = [jnp.asarray(a, dtype) for a in ncde_loss(case)]
        return parameters(case, dtype), *after, action, weights

    norm = lambda layers: math.sqrt(sum(float((w**2).sum()) for w, _ in layers))  # noqa: E731
    check = lambda g: [norm(g["initial"]), norm(g["field"]), norm(g["value"]), norm([g["mapping"]])]  # noqa: E731
    return prepare(case, arrays, jax.jit(jax.grad(loss)), check)
