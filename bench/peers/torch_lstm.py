"""What PyTorch does in the benchmarks of recurrent policies."""
import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from contender import ACTION, lstm_weights, measure, observations, sequence

HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)


class Policy(nn.Module):
    """`cell` is nn.LSTMCell or nn.LSTM: their gates have our order, i, f, g, o."""

    def __init__(self, case, cell):
        super().__init__()
        encoder, inputs, recurrent, head = (nn.Parameter(torch.from_numpy(w.T.copy())) for w in lstm_weights(case))
        self.encoder, self.head = nn.Linear(*encoder.T.shape), nn.Linear(*head.T.shape)
        self.encoder.weight, self.head.weight = encoder, head
        self.cell = cell(case["encoder"], case["units"])
        names = ("weight_ih", "weight_hh") if cell is nn.LSTMCell else ("weight_ih_l0", "weight_hh_l0")
        for name, weight in zip(names, (inputs, recurrent)):
            getattr(self.cell, name).data.copy_(weight.data)
        for name, parameter in self.named_parameters():
            if "bias" in name:
                nn.init.zeros_(parameter)
        self.log_std = nn.Parameter(torch.zeros(ACTION))
        self.kernels = [self.encoder.weight, *(getattr(self.cell, name) for name in names), self.head.weight]

    def encode(self, x):
        return F.gelu(self.encoder(x), approximate="tanh")

    def outputs(self, h):
        mean, value = self.head(h).split([ACTION, 1], -1)
        return mean, value.squeeze(-1)


def step(policy, x, carry):
    carry = policy.cell(policy.encode(x), carry)
    mean, value = policy.outputs(carry[0])
    noise = torch.randn_like(mean)
    latent = mean + noise * torch.exp(policy.log_std)
    log_det = 2 * (math.log(2) - latent - F.softplus(-2 * latent))
    log_prob = (-0.5 * noise * noise - policy.log_std - HALF_LOG_2PI - log_det).sum(-1)
    return torch.tanh(latent), log_prob, value, carry


def prepare_step(case, compiled, no_gradient, call, device, captured):
    policy, step_ = Policy(case, nn.LSTMCell).to(device), compiled(step)
    x = torch.from_numpy(observations(case["rows"])).to(device)
    carry = [[torch.zeros(case["rows"], case["units"], device=device) for _ in range(2)]]

    def advance():
        with no_gradient():
            *results, after = step_(policy, x, carry[0])
            if captured:  # it knows the carry by its address
                for kept, part in zip(carry[0], after):
                    kept.copy_(part)
            else:
                carry[0] = after
            return results

    run = call(advance)
    value = run()[2]
    return run, [value[0], value[-1]]


def without_resets(policy, x):
    """The whole sequence is one call of the library, which is oneDNN's on a CPU."""
    return policy.cell(policy.encode(x))[0]


def step_by_step(policy, x, keep):
    """The product of the input for all steps at once, then the cell of every step, whose carry is multiplied by 0 or 1."""
    cell = policy.cell
    gates = F.linear(policy.encode(x), cell.weight_ih_l0, cell.bias_ih_l0 + cell.bias_hh_l0).unbind(0)
    recurrent = cell.weight_hh_l0.T
    h = c = torch.zeros(x.shape[1], cell.hidden_size, device=x.device)
    all_h = []
    for t, factor in enumerate(keep):
        i, f, g, o = torch.addmm(gates[t], h * factor, recurrent).chunk(4, -1)
        c = torch.sigmoid(f) * (c * factor) + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(c)
        all_h.append(h)
    return torch.stack(all_h)


def padded(policy, x, groups, back):
    """Every episode becomes a row of a call, filled up to the longest of its group."""
    encoded = policy.encode(x).flatten(0, 1)
    h = torch.cat([policy.cell(encoded[at])[0].flatten(0, 1) for at in groups])
    return h[back].unflatten(0, x.shape[:2])


def episodes(done, count, device):
    """`count` groups of episodes of similar length, for each step * rows + row of their steps, [longest, episodes], and the inverse."""
    steps, rows = done.shape
    columns = []
    for row in range(rows):
        ends = np.flatnonzero(done[:-1, row]) + 1
        columns += [part * rows + row for part in np.split(np.arange(steps), ends)]
    columns.sort(key=len)
    back, groups, first = np.zeros(steps * rows, np.int64), [], 0
    for group in np.array_split(np.arange(len(columns)), count):
        members = [columns[k] for k in group]
        at = np.zeros((len(members[-1]), len(members)), np.int64)
        for k, column in enumerate(members):
            at[: len(column), k] = column
            back[column] = first + np.arange(len(column)) * len(members) + k
        first += at.size
        groups.append(torch.from_numpy(at).to(device))
    return groups, torch.from_numpy(back).to(device)


def prepare_sequence(case, call, device):
    """With resets, which the library's call cannot do, whichever of the two ways around that is faster on this machine."""
    policy = Policy(case, nn.LSTM).to(device)
    (x, latent, *weights), done = sequence(case)
    there = lambda array: torch.from_numpy(array).to(device)  # noqa: E731
    x, latent, weights = there(x), there(latent), [there(w) for w in weights]
    keep = np.ones((*done.shape, 1), np.float32)
    keep[1:, :, 0] = ~done[:-1]
    # Four groups were the fastest. What they need to know of the episodes' ends is not counted in their time.
    resets = [(step_by_step, there(keep).unbind(0)), (padded, *episodes(done, 4, device))]

    def way(forward, *arguments):
        def run():
            policy.zero_grad(set_to_none=True)
            mean, value = policy.outputs(forward(policy, x, *arguments))
            noise = (latent - mean) * torch.exp(-policy.log_std)
            log_prob = (-0.5 * noise * noise - policy.log_std - HALF_LOG_2PI).sum(-1)
            entropy = (policy.log_std + 0.5 + HALF_LOG_2PI).sum()
            ((weights[0] * log_prob).sum() + weights[1].sum() * entropy + (weights[2] * value).sum()).backward()

        return call(run)

    ways = [way(*each) for each in (resets if case["resets"] else [(without_resets,)])]
    run = min(ways, key=lambda run: np.median(measure(run, 0.5)["cpu" if device == "cpu" else "wall"]))
    run()
    return run, [kernel.grad.norm() for kernel in policy.kernels]
