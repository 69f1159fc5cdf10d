// What a model learns of its observations besides parameters: the running moments that its `normalize` instructions read.
#pragma once
#include <vector>
#include "device/buffer.h"
#include "device/training.h"
#include "program/model.h"

namespace torsor {

class ObservationStatistics {
 public:
  explicit ObservationStatistics(const Model&);

  // Takes the memory that `update` needs for so many rows.
  void reserve(int rows);
  // Merges the moments of observations [rows][width] into those in `arena`, unless `state` says that the update met numbers that are not finite.
  // Sums are formed in one order, whatever the threads.
  void update(const float* observation, int rows, float* arena, const PpoUpdate* state);

  bool empty() const { return places_.empty(); }

 private:
  int width_;
  std::vector<StatisticsPlace> places_;  // of every such instruction
  Array<double> sums_;
};

}  // namespace torsor
