"""A contender of a benchmark written in Python: a child process that answers JSON lines with JSON lines (see bench/contenders.mjs)."""
import json
import sys
import time

import numpy as np

OBSERVATION, ACTION = 17, 6


def weights(k, inputs, outputs):
    """As in bench/workloads.mjs."""
    return (np.sin(1000 * k + np.arange(inputs * outputs) + 1.0) / np.sqrt(inputs)).reshape(inputs, outputs).astype(np.float32)


def layers(hidden):
    """Weights of the hidden layers, of the mean and of the value."""
    widths = [OBSERVATION, *hidden]
    torso = [weights(k, a, b) for k, (a, b) in enumerate(zip(widths, widths[1:]))]
    return torso, weights(len(hidden), widths[-1], ACTION), weights(len(hidden) + 1, widths[-1], 1)


def observations(rows):
    return np.sin(0.5 + np.arange(rows * OBSERVATION)).reshape(rows, OBSERVATION).astype(np.float32)


def minibatch(rows):
    """Observation, latent action, old log-probability, advantage, return, old value."""
    noise = np.random.default_rng(0).standard_normal
    arrays = [observations(rows), noise((rows, ACTION)), noise(rows) * 0.1 - 8, noise(rows), noise(rows), noise(rows)]
    return [a.astype(np.float32) for a in arrays]


def lstm_weights(case):
    """As in bench/workloads.mjs, with the columns of the gates in the order i, f, g, o."""
    encoder, units = case["encoder"], case["units"]
    shapes = [(OBSERVATION, encoder), (encoder, 4 * units), (units, 4 * units), (units, ACTION + 1)]
    return [weights(k, *shape) for k, shape in enumerate(shapes)]


def sequence(case):
    """Observations, latent actions, weights of log-probability, entropy and value, and ends of episodes, [steps][rows]…; as in bench/workloads.mjs."""
    steps, rows = case["steps"], case["rows"]
    count = np.arange(steps * rows)
    latent = np.sin(0.7 * np.arange(steps * rows * ACTION)).reshape(steps, rows, ACTION)
    loss = [(np.sin(k + 0.3 * count) / np.sqrt(count.size)).reshape(steps, rows) for k in range(3)]
    done = (count * 7919 % 50 == 0).reshape(steps, rows) & case["resets"]
    floats = [observations(steps * rows).reshape(steps, rows, OBSERVATION), latent, *loss]
    return [a.astype(np.float32) for a in floats], done


def ncde_weights(case):
    """By part, the weights and the biases, which are zero, of its layers; as in bench/workloads.mjs."""
    inputs, latent, actions = case["observation"], case["latent"], case["actions"]
    widths = {
        "initial": [inputs, case["initial"], latent],
        "field": [latent, case["field"], latent * inputs],
        "value": [latent, case["value"], 1],
        "actor": [latent, latent],
        "mapping": [latent, actions],
    }
    numbers = iter(range(100))
    layer = lambda a, b: (weights(next(numbers), a, b), np.zeros(b, np.float32))  # noqa: E731
    return {name: [layer(a, b) for a, b in zip(part, part[1:])] for name, part in widths.items()}


def ncde_windows(case):
    """Times and observations of full windows, and the observation that comes next; as in bench/workloads.mjs."""
    rows, history, inputs = case["rows"], case["history"], case["observation"]
    points = np.sin(0.5 + 0.37 * np.arange(rows * (history + 1) * inputs)).reshape(rows, history + 1, inputs)
    times = np.tile(np.arange(1.0, history + 1), (rows, 1))
    return [a.astype(np.float32) for a in (times, points[:, :-1], points[:, -1])]


def ncde_loss(case):
    """Actions, and weights of log-probability, entropy and value; as in bench/workloads.mjs."""
    rows, actions = case["rows"], case["actions"]
    action = np.sin(0.7 * np.arange(rows * actions)).reshape(rows, actions)
    loss = [np.sin(k + 0.3 * np.arange(rows)) / np.sqrt(rows) for k in range(3)]
    return [a.astype(np.float32) for a in (action, *loss)]


def measure(run, seconds):
    """Microseconds per call, of the clock and of the processor (all threads), in groups of calls long enough to be timed."""
    start = time.perf_counter()
    run()
    group = max(1, int(2e-3 / max(time.perf_counter() - start, 1e-7)))
    wall, cpu, end = [], [], time.perf_counter() + seconds
    while not wall or time.perf_counter() < end:
        used, start = time.process_time(), time.perf_counter()
        for _ in range(group):
            run()
        wall.append((time.perf_counter() - start) / group * 1e6)
        cpu.append((time.process_time() - used) / group * 1e6)
    return {"wall": wall, "cpu": cpu}


def serve(version, prepare):
    """`prepare(case)` gives the call to time, and numbers that all contenders must agree on."""
    answers = sys.stdout
    sys.stdout = sys.stderr  # what a library prints must not come between the answers

    def say(answer):
        print(json.dumps(answer), file=answers, flush=True)

    say({"version": version})
    run = None
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if "prepare" in request:
                run, check = prepare(request["prepare"])
                for _ in range(3):
                    run()
                say({"check": [float(x) for x in check]})
            else:
                say(measure(run, request["measure"]))
        except Exception as error:  # whatever it is, the benchmark goes on without this contender
            say({"error": f"{type(error).__name__}: {error}"[:300]})
