// Where things lie among the numbers of a row whose equation ops/cde_solver.h solves.
#pragma once
#include "math/step_control.h"
#include "ops/field.h"
#include "program/instruction.h"

namespace torsor::TORSOR_ISA {

// Backward alone needs what lies from `d_z` on.
struct CdeLayout {
  int history, intervals, latent, channels, step_floats;
  Field field;
  int z, knots, inverse, slopes, stages, kept, stage_size, d_z, d_slopes, d_dx, sums, steps, inference, training;

  HD CdeLayout(const Instruction& q, int stage_count) {
    const Solve& s = q.solve;
    history = s.history;
    intervals = history > 1 ? history - 1 : 1;
    latent = q.out.width;
    channels = (q.in2.width - 2 - history) / history;
    field = {latent, channels, s.width, s.depth};
    int end = 0;
    const auto place = [&](int& at, int size) {
      at = end;
      end += size;
    };
    place(z, latent);
    place(knots, history);
    place(inverse, intervals);
    place(slopes, intervals * channels);
    place(stages, stage_count * latent);
    // What a stage keeps: y, the weights of the slopes, X', the field.
    stage_size = latent + intervals + channels + field.kept();
    place(kept, stage_size);
    inference = end;
    end += (stage_count - 1) * stage_size;
    place(d_z, latent);
    place(d_slopes, intervals * channels);
    place(d_dx, channels);
    place(sums, field.parameters());
    // The accepted steps: time and z at their start.
    step_floats = latent + 1;
    place(steps, (s.substeps > 0 ? intervals * s.substeps : max_steps) * step_floats);
    training = end;
  }
};

}  // namespace torsor::TORSOR_ISA
