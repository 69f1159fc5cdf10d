// All cores of the machine are one processor.
#include "device/processor.h"

namespace torsor {

int current_processor() { return 0; }

OnProcessor::OnProcessor(int) : before_(0) {}
OnProcessor::~OnProcessor() { before_ = 0; }

}  // namespace torsor
