// Kernels that know no program, against those of the CPU.
#include <cmath>
#include "checks.h"
#include "kernels.h"
#include "math/running_moments.h"

namespace torsor::baseline {
extern const TrainingKernels training_table;
}

namespace torsor::test {

using Gates = std::vector<UpdateGate>;

static const TrainingKernels& cpu_training = baseline::training_table;

// One that changes nothing, scales gradients or stops them.
static Gates gates(int kind) { return {{kind == 1 ? 0.25f : 1.0f, kind == 2, kind == 1 ? 0.5f : 1.0f}}; }

// What a step has left, and whether it left out elements.
static Results results_of_step(const Arrays& arrays, const UpdateGate& gate) {
  Results results = arrays.results();
  results.push_back({"overflowed", {gate.overflowed > 0 ? 1.0f : 0.0f}});
  return results;
}

static void check_adam(int count, bool nesterov, int gate, Random& random) {
  const AdamConfig config{1e-3f, 0.9f, 0.999f, 1e-8f, 0.01f, nesterov ? 2.5f : 4.0f, nesterov ? 0.3f : 0.0f, 90};
  Floats second = random.normals(count);
  for (float& v : second) v *= v;
  const Floats parameters = random.normals(count), gradients = random.normals(count), first = random.normals(count);
  const Gates gates_ = gates(gate);
  const auto call = [&](bool device) {
    Arrays arrays(device);
    float *p = arrays.in_place("parameters", parameters), *m = arrays.in_place("first moment", first),
          *v = arrays.in_place("second moment", second);
    const float* g = arrays.input("gradients", gradients);
    UpdateGate* gate_ = arrays.changed("gate", gates_);
    device ? launch(launch_each("adam", count), device::adam, p, g, m, v, count, config, gate_)
           : cpu_training.adam(p, g, m, v, count, config, gate_);
    return results_of_step(arrays, *gate_);
  };
  check("adam of " + std::to_string(count), "adam", call);
}

static void check_end_of_step(int environments, int carry_width, Random& random) {
  Flags terminated(environments), truncated(environments);
  for (int k = 0; k < environments; k++) {
    terminated[k] = random.chance(0.3);
    truncated[k] = random.chance(0.3);
  }
  const Floats carry = random.normals(environments * carry_width);
  const int first = environments / 3, count = environments - first;
  check("end of a step of " + std::to_string(environments), "end_step", [&](bool device) {
    Arrays arrays(device);
    const StepEnd s{arrays.input("terminated", terminated), arrays.input("truncated", truncated),
                    arrays.output_flags("done", environments), arrays.in_place("carry", carry), carry_width};
    if (device) {
      launch(launch_each("end_step", count), device::end_step, s, first, count);
      launch(launch_each("clear_carry", int64_t(count) * carry_width), device::clear_carry, s, first, count);
    } else {
      cpu_training.end_step(s, first, count);
    }
    return arrays.results();
  });
}

static void check_advantage(int steps, int environments, bool ratio, Random& random) {
  const AdvantageConfig config{0.97f, 0.9f, ratio ? 1.1f : 1.0f, 1.0f, 0.5f};
  const int all = steps * environments, first = environments / 3;
  Floats ratios(all);
  for (float& r : ratios) r = float(random.between(0.5, 1.5));
  Flags terminated(all), truncated(all);
  for (int k = 0; k < all; k++) {
    terminated[k] = random.chance(0.1);
    truncated[k] = random.chance(0.1);
  }
  const Floats reward = random.normals(all), value = random.normals(all), final_value = random.normals(all),
               last_value = random.normals(environments);
  const auto call = [&](bool device) {
    Arrays arrays(device);
    AdvantageIO io{};
    io.reward = arrays.input("reward", reward);
    io.value = arrays.input("value", value);
    io.ratio = ratio ? arrays.input("ratio", ratios) : nullptr;
    io.terminated = arrays.input("terminated", terminated);
    io.truncated = arrays.input("truncated", truncated);
    io.final_value = arrays.input("final_value", final_value);
    io.last_value = arrays.input("last_value", last_value);
    io.advantage = arrays.output("advantage", all);
    io.target = arrays.output("target", all);
    io.steps = steps;
    io.environments = environments;
    device ? launch(launch_each("advantage", environments - first), device::advantage, io, config, first,
                    environments - first)
           : cpu_training.advantage(io, config, first, environments - first);
    return arrays.results();
  };
  check("advantages of " + std::to_string(steps) + " x " + std::to_string(environments), "advantage", call);
}

static void check_product(int rows, int inner, int columns, float beta, Random& random) {
  const Floats left = random.normals(rows * inner), right = random.normals(inner * columns),
               more = random.normals(rows * columns);
  check("product of " + std::to_string(rows) + " x " + std::to_string(inner) + " x " + std::to_string(columns),
        "multiply", [&](bool device) {
          Arrays arrays(device);
          const float *a = arrays.input("a", left), *b = arrays.input("b", right),
                      *d = beta == 0 ? nullptr : arrays.input("d", more);
          float* c = arrays.output("c", rows * columns);
          device ? launch(launch_each("multiply", rows * columns), device::multiply, a, b, d, c, rows, inner, columns,
                          -0.7f, beta)
                 : cpu_training.multiply(a, b, d, c, rows, inner, columns, -0.7f, beta);
          return arrays.results();
        });
}

// The parts of a step of Muon that are not products.
static void check_muon(int rows, int columns, int gate, Random& random) {
  const MuonMatrix m{rows, columns, 1e-2f, 0.1f, 0.6f, 0.4f};
  const int count = rows * columns;
  const Floats gradients = random.normals(count), first = random.normals(count), parameters = random.normals(count);
  const Gates gates_ = gates(gate);
  check("Muon of " + std::to_string(rows) + " x " + std::to_string(columns), "momentum, transpose, follow",
        [&](bool device) {
          Arrays arrays(device);
          const float* g = arrays.input("gradients", gradients);
          float *momentum = arrays.in_place("momentum", first), *p = arrays.in_place("parameters", parameters),
                *transposed = arrays.output("transposed", count);
          float* direction = arrays.in_place("direction", gradients);
          UpdateGate* gate_ = arrays.changed("gate", gates_);
          if (device) {
            launch(launch_each("momentum", count), device::momentum, g, momentum, direction, m, gate_);
            launch(launch_each("transpose", count), device::transpose, direction, transposed, rows, columns);
            launch(launch_each("follow", count), device::follow, p, direction, m, gate_);
          } else {
            cpu_training.momentum(g, momentum, direction, m, gate_);
            cpu_training.transpose(direction, transposed, rows, columns);
            cpu_training.follow(p, direction, m, gate_);
          }
          return results_of_step(arrays, *gate_);
        });
}

static void check_statistics(int rows, int width, Random& random) {
  const StatisticsPlace place{5, width / 3, width - width / 3};
  const scalar::StatisticsLayout at{place.n};
  Floats arena = random.normals(place.offset + at.size()), observation = random.normals(rows * width, 3);
  for (int k = 0; k < place.n; k++) scalar::to_two_floats(1 + k, &arena[place.offset + at.variance(k)], place.n);
  scalar::to_two_floats(1000, &arena[place.offset + at.count()], 1);
  const std::vector<PpoUpdate> updates(1);
  check("statistics of " + std::to_string(rows) + " x " + std::to_string(width), "sums and merges", [&](bool device) {
    Arrays arrays(device);
    const ObservationRows o{arrays.input("observation", observation), rows, width};
    const PpoUpdate* update = arrays.input("update", updates);
    float* statistics = arrays.in_place("arena", arena);
    if (device) {
      const int parts = 1 + rows / 7;
      double *of_parts = arrays.scratch<double>("of_parts", int64_t(parts) * 2 * width),
             *sums = arrays.scratch<double>("sums", 2 * width);
      launch(launch_each("distances_of_parts", int64_t(parts) * width), device::distances_of_parts, o, 0, rows, parts,
             of_parts);
      launch(launch_each("add_distances", 2 * width), device::add_distances, of_parts, parts, width, sums);
      launch(launch_each("merge_columns", place.n), device::merge_columns, o, sums, 1, place, statistics, update);
      launch(launch_each("merge_counts", 1), device::merge_counts, rows, place, statistics, update);
    } else {
      std::vector<double> sums(4 * width);
      const int half = rows / 2;
      cpu_training.sum_distances(o, 0, half, sums.data());
      cpu_training.sum_distances(o, half, rows - half, sums.data() + 2 * width);
      cpu_training.merge_statistics(o, sums.data(), 2, place, statistics, update);
    }
    return arrays.results();
  });
}

static void check_discount(int steps, int environments, Random& random) {
  const int all = steps * environments, first = environments / 3, count = environments - first;
  const Floats reward = random.normals(all);
  Flags done(all);
  for (uint8_t& flag : done) flag = random.chance(0.2);
  std::vector<double> returns(environments);
  for (double& value : returns) value = random.between(-3, 3);
  const std::vector<RewardScaling> scaling{{{100, 0.7, 2}, 0.5f}};
  check("returns of " + std::to_string(steps) + " x " + std::to_string(environments), "discount", [&](bool device) {
    Arrays arrays(device);
    const DiscountedReturns d{arrays.input("reward", reward),
                              arrays.input("done", done),
                              arrays.in_place("returns", returns),
                              steps,
                              environments,
                              0.9f};
    const RewardScaling* s = arrays.input("scaling", scaling);
    double* sums = arrays.output_doubles("sums", 2 * environments);
    device ? launch(launch_each("discount", count), device::discount, d, s, first, count, sums)
           : cpu_training.discount(d, s, first, count, sums);
    return arrays.results();
  });
}

void check_elements(Random& random) {
  for (int count : {1, 31, 33, 1000}) check_adam(count, count % 3 == 1, count % 4 % 3, random);
  for (int environments : {1, 17, 64, 150}) {
    check_advantage(1 + environments % 7, environments, environments > 20, random);
    check_end_of_step(environments, environments % 4 * 5, random);
  }
  for (int environments : {1, 17, 150}) check_discount(1 + environments % 7, environments, random);
  check_statistics(1, 1, random);
  check_statistics(700, 5, random);
  check_product(1, 1, 1, 0, random);
  check_product(7, 33, 19, 0, random);
  check_product(33, 5, 20, 1.5f, random);
  check_muon(7, 12, 0, random);
  check_muon(20, 9, 1, random);
  check_muon(5, 5, 2, random);
}

}  // namespace torsor::test
