// Cases; see case.h.
#include "case.h"

#include <algorithm>
#include "ops/memory.h"

namespace torsor::test {

static Places some_places(int count, int of, Random& random) {
  Places places(of);
  for (int k = 0; k < of; k++) places[k] = k;
  for (int k = 0; k < count; k++) std::swap(places[k], places[k + random.below(of - k)]);
  places.resize(count);
  return places;
}

Case::Case(const Sample& s, int rows_, int steps_, Random& random)
    : name(s.name + ", " + std::to_string(rows_) + " rows" +
           (steps_ > 1 ? ", " + std::to_string(steps_) + " steps" : "")),
      rows(rows_),
      steps(steps_),
      first(random.chance(0.5) ? random.below(20) : 0),
      places(first + rows_ + random.below(5)),
      share_of_blocks(random.chance(0.5) ? 1 : random.between(0, 1)),
      columns_in_global_memory(random.chance(0.25)),
      discrete(s.trace.head != "gaussian"),
      inputs_gradient(random.chance(0.7)),
      parameters(s.parameters),
      arena(s.parameters.size() + arena_padding),
      packed(s.parameters.size() + arena_padding),
      transposed(s.parameters.size() + arena_padding),
      noise{0x123456789abcdefull, 42, 3} {
  constants = head_constants(s.trace, chain);
  inference = build(s.trace, Purpose::inference, chain, constants.data());
  training = build(s.trace, inputs_gradient ? Purpose::training_inputs : Purpose::training, chain, constants.data());
  width = inference.observation.width;
  n = inference.head.n;
  latent_width = inference.head.latent_width;
  std::copy(parameters.begin(), parameters.end(), arena.data());
  cpu.pack(inference, arena.data(), packed.data(), nullptr);  // training drops what only a bootstrap value reads
  cpu.pack(training, arena.data(), packed.data(), transposed.data());

  observation = random.normals(all() * width);
  carry = random.normals(places * inference.carry_width, 0.5f);
  // At most one logit of a row is forbidden, so that every head has a choice left, whatever it makes of its logits.
  mask.assign(all() * n, 1);
  for (int k = 0; k < all(); k++) mask[k * n + k % n] = k % 3 == 0 || n == 1;
  for (int k = 0; k < all(); k++) done.push_back(random.chance(0.1));
  index = some_places(first + rows, places, random);
  carry_index = some_places(first + rows, places, random);
  sample();
}

// Every step of the arrays as a row of one batch.
void Case::sample() {
  latent.resize(all() * latent_width);
  action.resize(all() * n);
  log_prob.resize(all());
  Floats value(all()), carries(all() * inference.carry_width);
  StepIO io{};
  io.parameters = arena.data();
  io.packed = packed.data();
  io.observation = observation.data();
  io.mask = discrete ? mask.data() : nullptr;
  io.action = discrete ? nullptr : action.data();
  io.latent = latent.data();
  io.log_prob = log_prob.data();
  io.value = value.data();
  io.noise = {1, 2, 3};
  io.carry = carries.data();
  Aligned workspace(cpu.workspace(inference, Sequence{}));
  cpu.act(inference, io, 0, all(), workspace.data());
}

}  // namespace torsor::test
