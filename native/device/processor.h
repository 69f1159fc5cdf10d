// Which of a device's processors (the GPUs of a machine; the cpu counts as one) the calls of a thread are for. Memory, recordings and whatever
// else a call makes belong to it.
#pragma once

namespace torsor {

// Its number, in the order of device_status().processors. Error NATIVE on a thread that is within no OnProcessor.
int current_processor();

// Chooses one for the calling thread, as long as this lives. Throws Error; DEVICE_LOST once it has failed for good.
class OnProcessor {
 public:
  explicit OnProcessor(int number);
  ~OnProcessor();
  OnProcessor(const OnProcessor&) = delete;
  OnProcessor& operator=(const OnProcessor&) = delete;

 private:
  int before_;
};

}  // namespace torsor
