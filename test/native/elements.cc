// Kernels that know no program, against those of the CPU.
#include <cmath>
#include "checks.h"
#include "kernels.h"

namespace torsor::test {

static void check_adam(int count, bool nesterov, Random& random) {
  const AdamConfig config{1e-3f, 0.9f, 0.999f, 1e-8f, 0.01f, nesterov ? 2.5f : 4.0f, nesterov ? 0.3f : 0.0f, 90};
  Floats second = random.normals(count);
  for (float& v : second) v *= v;
  const Floats parameters = random.normals(count), gradients = random.normals(count), first = random.normals(count);
  const auto call = [&](bool device) {
    Arrays arrays(device);
    float *p = arrays.in_place("parameters", parameters), *m = arrays.in_place("first moment", first),
          *v = arrays.in_place("second moment", second);
    const float* g = arrays.input("gradients", gradients);
    device ? launch(launch_each("adam", count), device::adam, p, g, m, v, count, config)
           : cpu.adam(p, g, m, v, count, config);
    return arrays.results();
  };
  check("adam of " + std::to_string(count), "adam", call);
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
           : cpu.advantage(io, config, first, environments - first);
    return arrays.results();
  };
  check("advantages of " + std::to_string(steps) + " x " + std::to_string(environments), "advantage", call);
}

static void check_permutation(uint32_t n, uint32_t first, int count) {
  const auto call = [&](bool device) {
    Arrays arrays(device);
    int32_t* index = arrays.output_places("index", count);
    device
        ? launch(launch_each("permute", count), device::permute, n, uint64_t(7) << 40 | 5, 3u, 2u, first, count, index)
        : cpu.permute(n, uint64_t(7) << 40 | 5, 3, 2, first, count, index);
    return arrays.results();
  };
  check("places " + std::to_string(first) + " ... of " + std::to_string(n), "permute", call);
}

static void check_squares(int count, int parts, Random& random) {
  const Floats x = random.normals(count, 1e-2f);
  check("squares of " + std::to_string(count), "squares", [&](bool device) {
    Arrays arrays(device);
    const float* values = arrays.input("x", x);
    if (!device) return Results{{"sum", {float(cpu.sum_of_squares(values, count))}}};
    emulator::Array<double> sums("sums", parts, 0.0);
    launch(launch_each("squares", parts), device::squares, values, count, parts, sums.data());
    double total = 0;
    for (double sum : sums.values()) total += sum;
    return Results{{"sum", {float(total)}}};
  });
}

static void check_scale(int count, Random& random) {
  const Floats values = random.normals(count);
  check("scaling of " + std::to_string(count), "scale", [&](bool device) {
    Arrays arrays(device);
    float* x = arrays.in_place("x", values);
    device ? launch(launch_each("scale", count), device::scale, x, count, 0.3f) : cpu.scale(x, count, 0.3f);
    return arrays.results();
  });
}

static void check_product(int rows, int inner, int columns, float beta, Random& random) {
  const Floats left = random.normals(rows * inner), right = random.normals(inner * columns),
               before = random.normals(rows * columns);
  check("product of " + std::to_string(rows) + " x " + std::to_string(inner) + " x " + std::to_string(columns),
        "multiply", [&](bool device) {
          Arrays arrays(device);
          const float *a = arrays.input("a", left), *b = arrays.input("b", right);
          float* c = beta == 0 ? arrays.output("c", rows * columns) : arrays.in_place("c", before);
          device ? launch(launch_each("multiply", rows * columns), device::multiply, a, b, c, rows, inner, columns,
                          -0.7f, beta)
                 : cpu.multiply(a, b, c, rows, inner, columns, -0.7f, beta);
          return arrays.results();
        });
}

void check_elements(Random& random) {
  for (int count : {1, 31, 33, 1000}) check_adam(count, count % 3 == 1, random);
  for (int environments : {1, 17, 64, 150})
    check_advantage(1 + environments % 7, environments, environments > 20, random);
  check_permutation(1, 0, 1);
  check_permutation(1000, 0, 1000);
  check_permutation(4097, 4000, 97);
  for (int count : {1, 65, 3000}) check_squares(count, 128, random);
  for (int count : {1, 300}) check_scale(count, random);
  check_product(1, 1, 1, 0, random);
  check_product(7, 33, 19, 0, random);
  check_product(33, 5, 20, 1.5f, random);
}

}  // namespace torsor::test
