// A program through the kernels of native/device/cuda, against the CPU kernels: policy steps, forward passes, evaluations, gradients.
#include <algorithm>
#include "checks.h"
#include "gradients.h"
#include "kernels.h"

namespace torsor::test {

// As the __launch_bounds__ of all these kernels have it.
constexpr int most_threads = 128;

static emulator::Order next_order() {
  constexpr emulator::Order orders[] = {emulator::Order::shuffled, emulator::Order::backward, emulator::Order::forward};
  static int launches = 0;
  return orders[launches++ % 3];
}
static int next_size(int most) {
  constexpr int sizes[] = {128, 32, 96, 256};
  static int launches = 0;
  const int size = sizes[launches++ % 4];
  return size <= most ? size : 64;
}

emulator::Launch launch_each(const char* kernel, int64_t elements) {
  const int size = next_size(256), full = int((elements + size - 1) / size);
  return {kernel, std::max(1, size == 96 ? full / 2 : full), size, 0, next_order()};
}

namespace {

emulator::Launch launch_of(const char* kernel, const Place& at) {
  return {kernel, at.blocks, next_size(most_threads), size_t(at.shared_bytes), next_order()};
}

int tiles_of(const Case& c, int rows_of_tile) { return (c.rows + rows_of_tile - 1) / rows_of_tile; }

// The case says how many blocks share the tiles, and where columns are; `floats`: of a block.
Place place_of(const Case& c, Side& side, const Program& p, int rows_of_tile, int64_t floats) {
  const int tiles = tiles_of(c, rows_of_tile);
  Place at{std::clamp(int(c.share_of_blocks * tiles), 1, tiles),
           0,
           nullptr,
           floats,
           nullptr,
           device::floats_of_scratch(p, rows_of_tile)};
  const int64_t bytes = floats * int64_t(sizeof(float));
  if (c.columns_in_global_memory || bytes > int64_t(emulator::max_shared_bytes))
    at.columns = side.scratch("columns", at.blocks * floats);
  else
    at.shared_bytes = bytes;
  if (at.scratch_floats) at.scratch = side.scratch("scratch", at.blocks * at.scratch_floats);
  return at;
}

// Which parts of a sequence a call makes use of.
struct Kind {
  bool done, carry, carry_index;
  int burn_in, segment;
  Kind(const Case& c, Random& random)
      : done(random.chance(0.7)),
        carry(random.chance(0.7)),
        carry_index(random.chance(0.5)),
        burn_in(random.chance(0.5) ? random.below(c.steps) : 0),
        segment(random.chance(0.5) ? 1 + random.below(c.steps) : 0) {}
};

Sequence sequence_of(Case& c, const Kind& kind, Side& side) {
  Sequence s;
  s.steps = c.steps;
  s.stride = c.places;
  if (kind.done) s.done = side.input("done", c.done);
  if (kind.carry && !c.carry.empty()) {
    s.carry = side.input("carry", c.carry);
    if (kind.carry_index) s.carry_index = side.input("carry_index", c.carry_index);
  }
  return s;
}

size_t carries(const Case& c) { return size_t(c.places) * c.inference.carry_width; }

// The last argument of these makes the call: run(side, program, io).
template <class Run> Results act(Case& c, bool device, bool deterministic, Run run) {
  Side side(c, device);
  StepIO io{};
  io.parameters = side.parameters();
  io.packed = side.packed();
  io.observation = side.input("observation", c.observation);
  if (c.discrete) {
    io.mask = side.input("mask", c.mask);
    io.choice = side.output_places("choice", c.places * c.latent_width);
  } else {
    io.action = side.output("action", c.places * c.n);
  }
  io.latent = side.output("latent", c.places * c.latent_width);
  io.log_prob = side.output("log_prob", c.places);
  io.value = side.output("value", c.places);
  if (!c.carry.empty()) io.carry = side.in_place("carry", c.carry);
  io.noise = c.noise;
  io.deterministic = deterministic;
  run(side, side.program(c.inference), io);
  return side.results();
}

template <int Rows> Results act_on_cuda(Case& c, bool deterministic) {
  return act(c, true, deterministic, [&](Side& side, const Program& p, const StepIO& io) {
    Sequence one;
    one.carry = one.final_carry = io.carry;
    const Place at = place_of(c, side, p, Rows, int64_t(p.columns) * Rows);
    launch(launch_of(Rows == tile_rows ? "policy_step<64>" : "policy_step<16>", at), device::policy_step<Rows>, p, io,
           one, at, c.first, c.rows);
  });
}

template <class Run> Results forward(Case& c, const Kind& kind, bool device, Run run) {
  Side side(c, device);
  ForwardIO io{};
  io.parameters = side.parameters();
  io.packed = side.packed();
  io.observation = side.input("observation", c.observation);
  io.output[0] = side.output("first output", c.all() * c.inference.head.parameter[0].width);
  if (!c.discrete) io.output[1] = side.output("second output", c.all() * c.inference.head.parameter[1].width);
  io.value = side.output("value", c.all());
  io.bootstrap_value = side.output("bootstrap_value", c.all());
  io.sequence = sequence_of(c, kind, side);
  if (!c.carry.empty()) io.sequence.final_carry = side.output("final_carry", carries(c));
  run(side, side.program(c.inference), io);
  return side.results();
}

template <class Run>
Results evaluate(Case& c, const Kind& kind, bool device, const Floats& latent, bool is_action, Run run) {
  Side side(c, device);
  EvaluateIO io{};
  io.parameters = side.parameters();
  io.packed = side.packed();
  io.observation = side.input("observation", c.observation);
  io.latent = side.input("latent", latent);
  io.mask = c.discrete ? side.input("mask", c.mask) : nullptr;
  io.is_action = is_action;
  io.log_prob = side.output("log_prob", c.all());
  io.entropy = side.output("entropy", c.all());
  io.value = side.output("value", c.all());
  io.sequence = sequence_of(c, kind, side);
  run(side, side.program(c.inference), io);
  return side.results();
}

void check_evaluation(Case& c, const Kind& kind, const char* what, const Floats& latent, bool is_action,
                      float* workspace) {
  check(c.name, what, [&](bool device) {
    return evaluate(c, kind, device, latent, is_action, [&](Side& side, const Program& p, const EvaluateIO& io) {
      if (!device) return cpu.evaluate(p, io, c.first, c.rows, workspace);
      const Place at = place_of(c, side, p, small_rows, int64_t(p.columns) * small_rows);
      launch(launch_of("evaluate", at), device::evaluate, p, io, at, c.first, c.rows);
    });
  });
}

void check_gradient(Case& c, const Kind& kind, const Loss& loss, float* workspace) {
  Aligned cpu_sums(c.training.accumulators);
  check(c.name, loss.ppo ? "gradient of the PPO loss" : "gradient", [&](bool device) -> Results {
    return gradient(c, loss, device, [&](Side& side, const Program& p, GradientIO io) -> float* {
      io.sequence = sequence_of(c, kind, side);
      io.sequence.burn_in = kind.burn_in;
      io.sequence.segment = kind.segment;
      if (c.inputs_gradient && !c.carry.empty()) io.sequence.d_carry = side.output("d_carry", carries(c));
      if (!device) {
        cpu.gradient(p, io, c.first, c.rows, workspace, cpu_sums.data());
        return cpu_sums.data();
      }
      // The last tile may hold more steps than the full ones.
      const int tiles = tiles_of(c, small_rows), last = c.rows - (tiles - 1) * small_rows;
      const int64_t floats = std::max(tiles > 1 ? device::floats_of_gradient(p, io.sequence, small_rows) : 0,
                                      device::floats_of_gradient(p, io.sequence, last));
      const Place at = place_of(c, side, p, small_rows, floats);
      float *sets = side.scratch("sets", int64_t(at.blocks) * p.accumulators),
            *sums = side.scratch("sums", p.accumulators);
      launch(launch_of("gradient", at), device::gradient, p, io, at, sets, c.first, c.rows);
      launch(launch_each("add_sets", p.accumulators), device::add_sets, sets, at.blocks, p.accumulators, sums);
      return sums;
    });
  });
}

}  // namespace

void check_calls(Case& c, Random& random) {
  const Kind kind(c, random);
  Sequence longest;
  longest.steps = c.steps;
  // Training leaves out what only a bootstrap value reads, which may be what needs most.
  Aligned workspace(std::max(cpu.workspace(c.training, longest), cpu.workspace(c.inference, longest)));
  for (bool deterministic : {true, false}) {
    const Results actions = act(c, false, deterministic, [&](Side&, const Program& p, const StepIO& io) {
      cpu.act(p, io, c.first, c.rows, workspace.data());
    });
    const Results large = act_on_cuda<tile_rows>(c, deterministic);
    compare(c.name, deterministic ? "policy_step without noise" : "policy_step", actions, large);
    // A row does not see its neighbours, so the size of the tile is as good as that of the block.
    same(c.name, "policy_step", large, act_on_cuda<small_rows>(c, deterministic));
  }
  check(c.name, "outputs", [&](bool device) {
    return forward(c, kind, device, [&](Side& side, const Program& p, const ForwardIO& io) {
      if (!device) return cpu.forward(p, io, c.first, c.rows, workspace.data());
      const Place at = place_of(c, side, p, small_rows, int64_t(p.columns) * small_rows);
      launch(launch_of("outputs", at), device::outputs, p, io, at, c.first, c.rows);
    });
  });
  check_evaluation(c, kind, "evaluate", c.latent, false, workspace.data());
  if (!c.discrete) check_evaluation(c, kind, "evaluate an action", c.action, true, workspace.data());
  for (bool ppo : {true, false}) check_gradient(c, kind, Loss(c, ppo, random), workspace.data());
}

}  // namespace torsor::test
