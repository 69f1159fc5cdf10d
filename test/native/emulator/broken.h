// Kernels that prove the emulator: each does one thing wrong, or something hard right. One block works on `n` floats at a time.
#pragma once

namespace broken {

extern float scratch[];  // their shared memory

void reverse(const float* x, float* y, int n);
void reverse_without_barrier(const float* x, float* y, int n);
void sum_of_neighbours(const float* x, float* y, int n);
void read_behind_the_end(const float* x, float* y, int n);
void write_before_the_start(const float* x, float* y, int n);
void beyond_shared_memory(const float* x, float* y, int n);
void half_a_vector(const float* x, float* y, int n);
void read_unwritten_shared(const float* x, float* y, int n);
void read_unwritten_array(const float* x, float* y, int n);
void barrier_for_some(const float* x, float* y, int n);
void barriers_on_two_lines(const float* x, float* y, int n);
void everybody_adds(const float* x, float* y, int n);
void everybody_adds_atomically(const float* x, float* y, int n);
void atomic_then_plain(const float* x, float* y, int n);
void blocks_share_a_sum(const float* x, float* y, int n);
void blocks_read_each_other(const float* x, float* y, int n);
void read_only_cache_of_output(const float* x, float* y, int n);
void stack_of_another(const float* x, float* y, int n);
void warp_sum(const float* x, float* y, int n);
void warp_votes(const float* x, float* y, int n);
void warp_rotation(const float* x, float* y, int n);
void warp_rotation_without_syncwarp(const float* x, float* y, int n);
void shuffle_without_some(const float* x, float* y, int n);
void shuffle_from_outside_the_mask(const float* x, float* y, int n);
void barrier_against_shuffle(const float* x, float* y, int n);

}  // namespace broken
