// See paths.h.
#include "device/cuda/paths.h"

#include "device/cuda/product.h"
#include "device/cuda/runtime.h"

namespace torsor {

// Multiply-adds of a call below which nothing is measured: tiles are done with them before a few kernels have started.
constexpr int64_t worth_measuring = 1 << 22;

// What can be, the first where nothing is measured.
static std::vector<Path> paths_of(const Program& p, int64_t rows) {
  if (!p.by_layers) return {Path::tiles};
  if (p.products_by == By::library) return {Path::cublas};
  const bool fits = int64_t(p.columns) * small_rows * int64_t(sizeof(float)) <= gpu().shared_bytes;
  if (p.products_by == By::kernels) return {fits ? Path::tiles : Path::layers};
  if (!fits) return {Cublas::found() ? Path::cublas : Path::layers, Path::tiles};
  if (rows * p.work < worth_measuring || !Cublas::found()) return {Path::tiles};
  return {Path::tiles, Path::cublas};
}

static std::vector<Way> ways_of(const Program& p, int64_t rows, const std::function<void(Call&, Path)>& run,
                                const char* const (&names)[3]) {
  std::vector<Way> ways;
  for (Path path : paths_of(p, rows)) ways.push_back({names[int(path)], [&run, path](Call& own) { run(own, path); }});
  return ways;
}

void run_rows(Call& call, const Program& p, const CallShape& shape, const std::function<void(Call&, Path)>& run) {
  run_fastest(call, p.choices, shape, ways_of(p, shape.rows, run, {"torsor", "layers", "cublas"}));
}

void run_sequences(Call& call, const Program& p, const CallShape& shape,
                   const std::function<void(Call&, Path)>& by_cudnn, const std::function<void(Call&)>& tiles) {
  std::vector<Way> ways =
      ways_of(p, int64_t(shape.rows) * shape.steps, by_cudnn, {"cudnn", "cudnn, layers", "cudnn, cublas"});
  if (p.lstm_by == By::faster) ways.push_back({"torsor", tiles});
  run_fastest(call, p.choices, shape, ways);
}

}  // namespace torsor
