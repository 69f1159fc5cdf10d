"""PyTorch: `torch_peer.py eager|compile|graphs THREADS cpu|cuda`.

`graphs`, on a GPU: what was compiled is captured as one CUDA graph, and a call replays it.
"""
import math
import sys

import torch
import torch.nn.functional as F
from torch import nn

import torch_lstm
from contender import ACTION, layers, minibatch, observations, serve

mode, threads, device = sys.argv[1], int(sys.argv[2]), sys.argv[3]
torch.set_num_threads(threads)
if device == "cuda":
    torch.zeros(1, device=device)  # says at once where there is no GPU
    torch.backends.cudnn.allow_tf32 = False  # float32 as everybody else; products of matrices are so by default
torch.manual_seed(0)
HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)


def linear(weight):
    module = nn.Linear(*weight.shape)
    module.weight = nn.Parameter(torch.from_numpy(weight.T.copy()))
    nn.init.zeros_(module.bias)
    return module


class ActorCritic(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        torso, mean, value = layers(hidden)
        self.torso = nn.ModuleList(map(linear, torso))
        self.mean, self.value = linear(mean), linear(value)
        self.log_std = nn.Parameter(torch.zeros(ACTION))

    def forward(self, x):
        for layer in self.torso:
            x = F.gelu(layer(x), approximate="tanh")
        return self.mean(x), self.value(x).squeeze(-1)


def policy_step(model, x):
    mean, value = model(x)
    noise = torch.randn_like(mean)
    latent = mean + noise * torch.exp(model.log_std)
    log_det = 2 * (math.log(2) - latent - F.softplus(-2 * latent))
    log_prob = (-0.5 * noise * noise - model.log_std - HALF_LOG_2PI - log_det).sum(-1)
    return torch.tanh(latent), log_prob, value


def ppo_loss(model, observation, latent, old_log_prob, advantage, target, old_value):
    mean, value = model(observation)
    noise = (latent - mean) * torch.exp(-model.log_std)
    ratio = torch.exp((-0.5 * noise * noise - model.log_std - HALF_LOG_2PI).sum(-1) - old_log_prob)
    advantage = (advantage - advantage.mean()) / (advantage.std() + 1e-8)
    policy_loss = torch.max(-advantage * ratio, -advantage * torch.clamp(ratio, 0.8, 1.2)).mean()
    clipped = old_value + torch.clamp(value - old_value, -0.2, 0.2)
    value_loss = 0.5 * torch.max((value - target) ** 2, (clipped - target) ** 2).mean()
    return policy_loss + 0.5 * value_loss


def compiled(function):
    return function if mode == "eager" else torch.compile(function, fullgraph=True, dynamic=False)


def on_device(array):
    return torch.from_numpy(array).to(device)


def call(run):
    """`run`, so that it has ended when it returns, as one CUDA graph where those are asked for."""
    if device == "cpu":
        return run
    replay = captured(run) if mode == "graphs" else run

    def complete():
        results = replay()
        torch.cuda.synchronize()
        return results

    return complete


def captured(run):
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):  # compiles, and allocates what optimisers keep, before the capture
        for _ in range(3):
            run()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        results = run()

    def replay():
        graph.replay()
        return results

    return replay


def prepare(case):
    torch._dynamo.reset()
    no_gradient = torch.inference_mode if mode == "eager" else torch.no_grad
    if case["bench"] == "lstm-step":
        return torch_lstm.prepare_step(case, compiled, no_gradient, call, device, mode == "graphs")
    if case["bench"] == "lstm-sequence":
        if mode != "eager":
            raise ValueError("the whole sequence is one call of a library, or more steps than are worth compiling")
        return torch_lstm.prepare_sequence(case, call, device)
    model = ActorCritic(case["hidden"]).to(device)
    if case["bench"] == "policy-step":
        step, x = compiled(policy_step), on_device(observations(case["rows"]))

        def act():
            with no_gradient():
                return step(model, x)

        run = call(act)
        value = run()[2]
        return run, [value[0], value[-1]]

    loss, batch = compiled(ppo_loss), [on_device(a) for a in minibatch(case["rows"])]
    parameters = list(model.parameters())
    optimizer = torch.optim.Adam(parameters, lr=3e-4, eps=1e-5, fused=True, capturable=mode == "graphs")

    def update():
        optimizer.zero_grad(set_to_none=True)
        loss(model, *batch).backward()
        nn.utils.clip_grad_norm_(parameters, 0.5)
        optimizer.step()

    return call(update), []


serve(f"torch {torch.__version__}", prepare)
