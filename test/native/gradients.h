// The call of a gradient on either side, and what becomes of its sums.
#pragma once
#include <cmath>
#include "checks.h"
#include "kernels.h"

namespace torsor::test {

// The PPO loss, or gradients given at the heads; rows where they lie, or the places of a minibatch.
struct Loss {
  Loss(const Case& c, bool ppo_, Random& random)
      : ppo(ppo_),
        indexed(random.chance(0.5)),
        exact_entropy(random.chance(0.5)),
        exact_divergence(c.rows % 2 == 0),
        clip_value(random.chance(0.5) ? 0.2f : HUGE_VALF),
        old_log_prob(c.log_prob),
        advantage(random.normals(c.all())),
        target(random.normals(c.all())),
        old_value(random.normals(c.all())),
        old_mean(c.all() * c.n),
        old_scale(c.all() * c.n) {
    for (size_t k = 0; k < old_mean.size(); k++) {  // the scale may be a logarithm or not
      old_mean[k] = std::sin(float(k));
      old_scale[k] = 0.5f + 0.3f * std::cos(float(3 * k));
    }
    if (!ppo)  // a mean over the rows, as a loss is one
      for (Floats* given : {&advantage, &target, &old_value})
        for (float& g : *given) g /= float(c.rows * c.steps);
    for (float& l : old_log_prob) l += float(random.between(-0.3, 0.3));  // so that some ratios are clipped
  }

  bool ppo, indexed, exact_entropy, exact_divergence;
  float clip_value;
  Floats old_log_prob, advantage, target, old_value, old_mean, old_scale;
};

// run(side, program, io) makes the call, of whose sequence it knows, and returns the sums of its rows.
template <class Run> Results gradient(Case& c, const Loss& loss, bool device, Run run) {
  Side side(c, device);
  GradientIO io{};
  io.parameters = side.parameters();
  io.packed = side.packed();
  io.packed_transposed = side.packed_transposed();
  io.index = loss.indexed ? side.input("index", c.index) : nullptr;
  io.observation = side.input("observation", c.observation);
  io.latent = side.input("latent", c.latent);
  io.mask = c.discrete ? side.input("mask", c.mask) : nullptr;
  io.exact_entropy = loss.exact_entropy;
  if (c.inputs_gradient) io.d_observation = side.output("d_observation", c.all() * c.width);
  const float *advantage = side.input("advantage", loss.advantage), *target = side.input("target", loss.target),
              *old_value = side.input("old_value", loss.old_value);
  if (loss.ppo) {
    io.old_log_prob = side.input("old_log_prob", loss.old_log_prob);
    io.advantage = advantage;
    io.target = target;
    io.old_value = old_value;
    static const std::vector<AdvantageMoments> moments{AdvantageMoments{0, 1}};
    io.moments = side.input("moments", moments);
    io.ppo.value_coefficient = 0.5f;
    io.ppo.clip_ratio = 0.2f;
    io.ppo.clip_value = loss.clip_value;
    io.ppo.entropy_coefficient = 0.01f;
    io.loss_rows = c.rows * c.steps;
    if (!c.discrete && loss.exact_divergence) {
      io.old_head[0] = side.input("old_mean", loss.old_mean);
      io.old_head[1] = side.input("old_scale", loss.old_scale);
    }
    io.new_value = side.output("new_value", c.all());
    io.ratio = side.output("ratio", c.all());
  } else {
    io.d_log_prob = advantage;
    io.d_entropy = target;
    io.d_value = old_value;
  }
  const Program program = side.program(c.training);
  float* const sums = run(side, program, io);
  // Twice, as if they came from two parts of a batch.
  float* const gradient = side.output("gradient", program.parameter_count);
  double metrics[metric_count];
  if (device) {
    emulator::Array<double> both("metrics", metric_count, 0.0);
    for (bool add : {false, true})
      launch(launch_each("collect", std::max(program.parameter_count, int(metric_count))), device::collect, program,
             sums, add, gradient, both.data());
    std::copy_n(both.data(), metric_count, metrics);
  } else {
    float* const parts[] = {sums, sums};
    cpu.collect(program, parts, 2, false, gradient, metrics);
  }
  Results results = side.results();
  results.push_back({"metrics", Floats(metrics, metrics + metric_count)});
  return results;
}

}  // namespace torsor::test
