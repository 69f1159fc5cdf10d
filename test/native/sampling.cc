// The kernels of rewards and of what minibatches are made of, against those of the CPU.
#include "checks.h"
#include "kernels.h"

namespace torsor::baseline {
extern const TrainingKernels training_table;
}

namespace torsor::test {

static const TrainingKernels& cpu_training = baseline::training_table;

static void check_shuffle(uint32_t segments, int environments, int first, int count) {
  const auto call = [&](bool device) {
    Arrays arrays(device);
    const Shuffle order{segments,
                        uint64_t(7) << 40 | 5,
                        3,
                        2,
                        5,
                        environments,
                        arrays.output_places("segment", segments),
                        arrays.output_places("index", segments)};
    device ? launch(launch_each("shuffle", count), device::shuffle, order, first, count)
           : cpu_training.shuffle(order, first, count);
    return arrays.results();
  };
  check("places " + std::to_string(first) + " ... of " + std::to_string(segments), "shuffle", call);
}

static Floats positives(int count, Random& random) {
  Floats x = random.normals(count);
  for (float& v : x) v = std::abs(v) + 0.01f;
  return x;
}

static void check_drip(int steps, int environments, Random& random) {
  const int all = steps * environments, first = environments / 3;
  Flags terminated(all), truncated(all);
  for (int k = 0; k < all; k++) {
    terminated[k] = random.chance(0.1);
    truncated[k] = random.chance(0.1);
  }
  const Floats reward = random.normals(all);
  check("DRIP of " + std::to_string(steps) + " x " + std::to_string(environments), "drip", [&](bool device) {
    Arrays arrays(device);
    const Drip d{arrays.in_place("reward", reward),
                 arrays.input("terminated", terminated),
                 arrays.input("truncated", truncated),
                 steps,
                 environments,
                 0.6f};
    device ? launch(launch_each("drip", environments - first), device::drip, d, first, environments - first)
           : cpu_training.drip(d, first, environments - first);
    return arrays.results();
  });
}

static void check_priorities(int steps, int length, int environments, float alpha, Random& random) {
  const int segments = steps / length * environments, first = segments / 3, count = segments - first;
  const Floats advantage = random.normals(steps * environments);
  check("priorities of " + std::to_string(segments), "priorities", [&](bool device) {
    Arrays arrays(device);
    Priorities p{};
    p.advantage = arrays.input("advantage", advantage);
    p.segments = segments;
    p.length = length;
    p.environments = environments;
    p.config = {alpha, 0.4f};
    p.priority = arrays.output_doubles("priority", segments);
    device ? launch(launch_each("priorities", count), device::priorities, p, first, count)
           : cpu_training.priorities(p, first, count);
    return arrays.results();
  });
}

static void check_weights(int segments, float beta, Random& random) {
  std::vector<double> priority(segments);
  for (double& p : priority) p = random.between(0, 3);
  const std::vector<double> total{1.5 * segments};
  check("weights of " + std::to_string(segments), "weights", [&](bool device) {
    Arrays arrays(device);
    Priorities p{};
    p.priority = const_cast<double*>(arrays.input("priority", priority));
    p.total = const_cast<double*>(arrays.input("total", total));
    p.segments = segments;
    p.config = {0.8f, beta};
    p.probability = arrays.output("probability", segments);
    p.weight = arrays.output("weight", segments);
    device ? launch(launch_each("weights", segments), device::weights, p, 0, segments)
           : cpu_training.weights(p, 0, segments);
    return arrays.results();
  });
}

static void check_draw(int segments, int count, Random& random) {
  std::vector<double> priority(segments);
  for (double& p : priority) p = random.chance(0.2) ? 0 : random.between(0, 3);
  check("a draw of " + std::to_string(count) + " of " + std::to_string(segments), "waits, arrivals, take_first",
        [&](bool device) {
          Arrays arrays(device);
          Draw d{};
          d.priority = arrays.input("priority", priority);
          d.wait = arrays.output("wait", segments);
          d.keys = arrays.scratch<uint64_t>("keys", segments);
          d.segments = segments;
          d.count = count;
          d.seed = uint64_t(3) << 33 | 9;
          d.stream = 5;
          d.domain = 6;
          d.number = 7;
          d.segment = arrays.output_places("segment", count);
          if (device) {
            uint64_t* const sorted = arrays.scratch<uint64_t>("sorted", segments);
            launch(launch_each("waits", segments), device::waits, d, 0, segments);
            launch(launch_each("arrivals", segments), device::arrivals, d);
            launch(launch_each("sort_parts", segments), device::sort_parts, d.keys, segments, sorted);
            launch(launch_each("take_first", segments), device::take_first, sorted, segments, count, d.segment);
          } else {
            cpu_training.waits(d, 0, segments);
            cpu_training.draw(d);
          }
          return arrays.results();
        });
}

static void check_drawn(int steps, int length, int environments, int burn_in, bool step_by_step, Random& random) {
  const int segments = steps / length * environments, count = (segments + 1) / 2;
  const int rows = (burn_in + steps) * environments;
  std::vector<int32_t> segment(count);
  for (int k = 0; k < count; k++) segment[k] = 2 * k;
  const Floats advantage = random.normals(rows), target = random.normals(rows), value = random.normals(rows),
               weight = positives(segments, random);
  const std::vector<UpdateGate> gates{UpdateGate{}};
  const std::vector<AdvantageMoments> moments{{0.3f, 1.7f}};
  check("places of " + std::to_string(count) + " segments", "places, correct", [&](bool device) {
    Arrays arrays(device);
    const int places = count * (step_by_step ? length : 1);
    Drawn d{arrays.input("segment", segment),
            count,
            length,
            environments,
            burn_in,
            step_by_step,
            arrays.output_places("index", places),
            arrays.input("advantage", advantage),
            arrays.input("weight", weight),
            arrays.input("moments", moments),
            arrays.output("corrected", rows)};
    d.gate = arrays.input("gate", gates);
    d.target = arrays.input("target", target);
    d.value = arrays.input("value", value);
    const int steps_drawn = count * length;
    d.kept = {arrays.output_places("kept segment", count), arrays.output("kept weight", count),
              arrays.output("kept advantage", steps_drawn), arrays.output("kept target", steps_drawn),
              arrays.output("kept value", steps_drawn)};
    if (device) {
      launch(launch_each("fill", rows), device::fill, d.corrected, int64_t(rows), 0.5f);
      launch(launch_each("places", places), device::places, d);
      launch(launch_each("correct", int64_t(count) * length), device::correct, d);
    } else {
      cpu_training.fill(d.corrected, rows, 0.5f);
      cpu_training.places(d);
      cpu_training.correct(d);
    }
    return arrays.results();
  });
}

void check_sampling(Random& random) {
  check_shuffle(1, 1, 0, 1);
  check_shuffle(1000, 10, 0, 1000);
  check_shuffle(4097, 17, 4000, 97);
  for (int environments : {1, 17, 150}) {
    check_drip(1 + environments % 7, environments, random);
    check_priorities(12, 4, environments, environments % 2 * 0.8f, random);
    check_weights(environments, environments % 3 * 0.5f, random);
  }
  check_draw(1, 1, random);
  check_draw(100, 100, random);
  check_draw(2500, 900, random);
  check_drawn(12, 4, 7, 0, true, random);
  check_drawn(12, 12, 5, 3, false, random);
}

}  // namespace torsor::test
