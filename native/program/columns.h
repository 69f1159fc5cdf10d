// Which columns of a tile hold which value, gradient and derivative.
#pragma once
#include <vector>
#include "program/build.h"

namespace torsor {

// A range of the columns of a value.
struct Part {
  int value = -1, start = 0, width = 0;
};

// An instruction before columns are known.
struct Step {
  int op = 0, variant = 0;
  Part in, in2, out;
  int weight = -1, bias = -1, statistics = -1;
  float constant[2] = {0, 0};
  Solve solve;
  int kept = 0;                  // columns that training keeps for backward
  bool scratch = false;          // inference needs them too
  bool derivative_kept = false;  // they are activation'(z), one per output
  bool is_linear = false;
  int derivative = -1, derivative_of_in = -1, derivative_of_out = -1;
  bool add_to_in = false, add_to_in2 = false;
};

class Layout {
 public:
  explicit Layout(const std::vector<int>& widths) : widths_(widths) {}
  int add_value(int width) {
    widths_.push_back(width);
    return int(widths_.size()) - 1;
  }
  int add_columns(int count) {
    columns_ += count;
    return columns_ - count;
  }
  int columns() const { return columns_; }

  // Gives every value its columns. `sources` are there before the first step: the observation and `states`, which `next` replace after the last.
  // `results` and `next` are read, and in training first written in backward, from outside. Training may append `clear` steps.
  void assign(std::vector<Step>& steps, const std::vector<int>& states, const std::vector<int>& next,
              const std::vector<int>& results, Purpose, int clear);

  Operand operand(int value) const { return operand(Part{value, 0, widths_[value]}); }
  Instruction instruction(const Step&) const;

 private:
  Operand operand(const Part&) const;
  void assign_inference(std::vector<Step>&, const std::vector<int>& sources, const std::vector<int>& results);
  void assign_training(std::vector<Step>&, const std::vector<bool>& needed, const std::vector<int>& results, int clear);

  std::vector<int> widths_, column_, gradient_;
  int columns_ = 0;
};

}  // namespace torsor
