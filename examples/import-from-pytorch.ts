// Weights of PyTorch in a model of torsor. `npm run example -- import-from-pytorch`
//
// examples/data/pytorch-policy.safetensors was written by
//
//     import torch
//     from safetensors.torch import save_file
//
//     torch.manual_seed(1)
//     policy = torch.nn.Sequential(torch.nn.Linear(4, 16), torch.nn.Tanh(), torch.nn.Linear(16, 2))
//     optimizer = torch.optim.Adam(policy.parameters(), lr=1e-2)
//     for _ in range(500):
//         state = torch.rand(512, 4) * torch.tensor([4.8, 4.0, 0.42, 4.0]) - torch.tensor([2.4, 2.0, 0.21, 2.0])
//         right = state @ torch.tensor([0.1, 0.3, 3.0, 1.0]) > 0  # a controller by hand, which the policy imitates
//         loss = torch.nn.functional.cross_entropy(policy(state), right.long())
//         optimizer.zero_grad(); loss.backward(); optimizer.step()
//     save_file(policy.state_dict(), 'pytorch-policy.safetensors')
//
// Of flax, `safetensors.flax.save_file(flatten_dict(parameters, sep='.'), …)` writes such a file; then `from: 'flax'`.
import { evaluatePolicy, Model, NativeVectorEnvironment } from 'torsor';

const model = Model.create('SharedActorCritic', {
  ...{ observationSpaceSize: 4, actionSpaceSize: 2, discrete: true },
  ...{ architecture: [16], activation: 'tanh', key: 1 },
});
console.log(`to be set: ${model.parameters.names.join(', ')}`);

async function evaluation(): Promise<string> {
  const environment = new NativeVectorEnvironment({ name: 'CartPole-v1', count: 50, key: 2 });
  return (await evaluatePolicy(model, environment)).meanReturn.toFixed(1);
}
console.log(`before: ${await evaluation()}`);

// Kernels of PyTorch are [out, in], here they are [in, out]; a shape that does not fit is an error that names both arrays.
const unused = await model.importParameters(`${import.meta.dirname}/data/pytorch-policy.safetensors`, {
  from: 'torch',
  names: {
    'network.layers.0.kernel': '0.weight',
    'network.layers.0.bias': '0.bias',
    'actor_mu.kernel': '2.weight',
    'actor_mu.bias': '2.bias',
    'critic.kernel': null, // PyTorch's policy has no value estimate: the one here stays as it is
    'critic.bias': null,
  },
});
console.log(`after: ${await evaluation()} (perfect 500), ${unused.length} arrays left over`);
