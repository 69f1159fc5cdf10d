// See model.h.
#include "napi/model.h"

#include "napi/step.h"
#include "napi/trainer.h"

namespace torsor {

static Trace to_trace(const Napi::Value& value) {
  const Napi::Object program = object(value, "program");
  Trace trace;
  trace.widths = int_list(program.Get("widths"), "program.widths");
  const Napi::Array instructions = array(program.Get("instructions"), "program.instructions");
  for (uint32_t k = 0; k < instructions.Length(); k++) {
    const Napi::Object o = object(instructions.Get(k), "program.instructions");
    Operation operation;
    operation.op = text(o.Get("op"), "op");
    operation.inputs = int_list(o.Get("inputs"), "inputs");
    operation.parameters = int_list(o.Get("parameters"), "parameters");
    operation.output = int(integer(o.Get("output"), "output", 0, INT32_MAX));
    if (!absent(o.Get("variant"))) operation.variant = text(o.Get("variant"), "variant");
    if (!absent(o.Get("constants"))) {
      const Napi::Array constants = array(o.Get("constants"), "constants");
      for (uint32_t c = 0; c < constants.Length(); c++)
        operation.constants.push_back(number(constants.Get(c), "constants"));
    }
    trace.operations.push_back(std::move(operation));
  }
  const Napi::Object head = object(program.Get("head"), "program.head");
  trace.head = text(head.Get("kind"), "program.head.kind");
  trace.head_inputs = int_list(head.Get("inputs"), "program.head.inputs");
  if (!absent(head.Get("scale"))) {
    const std::string scale = text(head.Get("scale"), "program.head.scale");
    if (scale != "std" && scale != "log_std")
      throw Error("INVALID_ARGUMENT", "program.head.scale: expected std or log_std, got '" + scale + "'");
    trace.scale_is_std = scale == "std";
  }
  if (!absent(head.Get("bijectors"))) {
    const Napi::Array bijectors = array(head.Get("bijectors"), "program.head.bijectors");
    for (uint32_t k = 0; k < bijectors.Length(); k++) trace.bijectors.push_back(to_bijector(bijectors.Get(k)));
  }
  if (!absent(head.Get("sizes"))) trace.sizes = int_list(head.Get("sizes"), "program.head.sizes");
  trace.mean_entropy = head.Get("meanEntropy").ToBoolean();
  if (!absent(program.Get("states"))) {
    const Napi::Array states = array(program.Get("states"), "program.states");
    for (uint32_t k = 0; k < states.Length(); k++) {
      const Napi::Object state = object(states.Get(k), "program.states");
      trace.states.push_back({int(integer(state.Get("value"), "program.states.value", 0, INT32_MAX)),
                              int(integer(state.Get("next"), "program.states.next", 0, INT32_MAX))});
    }
  }
  trace.value = int(integer(program.Get("value"), "program.value", 0, INT32_MAX));
  if (!absent(program.Get("bootstrapValue")))
    trace.bootstrap_value = int(integer(program.Get("bootstrapValue"), "program.bootstrapValue", 0, INT32_MAX));
  trace.parameter_count = int(integer(program.Get("parameterCount"), "program.parameterCount", 0, 1 << 30));
  if (!absent(program.Get("statisticsCount")))
    trace.statistics_count = int(integer(program.Get("statisticsCount"), "program.statisticsCount", 0, 1 << 30));
  return trace;
}

static Precision to_precision(const Napi::Value& value) {
  const std::string name = text(value, "precision");
  if (name == "float32") return Precision::float32;
  if (name == "tf32") return Precision::tf32;
  if (name == "bf16") return Precision::bf16;
  throw Error("UNKNOWN_NAME", "precision: expected float32, tf32 or bf16, got '" + name + "'");
}

static By to_by(const Napi::Value& value, const char* what) {
  const std::string name = text(value, what);
  if (name == "kernels") return By::kernels;
  if (name == "faster") return By::faster;
  if (name == "library") return By::library;
  throw Error("UNKNOWN_NAME", std::string(what) + ": expected kernels, faster or library, got '" + name + "'");
}

void ModelWrap::init(Napi::Env env, Napi::Object exports, int processor) {
  exports.Set("Model",
              define(env, "Model", processor,
                     {InstanceAccessor("parameterCount", &ModelWrap::parameter_count, nullptr),
                      InstanceAccessor("carryWidth", &ModelWrap::carry_width, nullptr),
                      InstanceAccessor("choices", &ModelWrap::choices, nullptr),
                      InstanceMethod("readParameters", &ModelWrap::read_parameters),
                      InstanceMethod("writeParameters", &ModelWrap::write_parameters),
                      InstanceMethod("forward", &ModelWrap::forward), InstanceMethod("act", &ModelWrap::act),
                      InstanceMethod("bind", &ModelWrap::bind), InstanceMethod("evaluate", &ModelWrap::evaluate),
                      InstanceMethod("gradient", &ModelWrap::gradient), InstanceMethod("ppo", &ModelWrap::ppo),
                      InstanceMethod("dispose", &ModelWrap::dispose)}));
}

ModelWrap::ModelWrap(const Napi::CallbackInfo& info) : Wrap(info) {
  guarded(info.Env(), [&] {
    Trace trace = to_trace(info[0]);
    if (!absent(info[1])) trace.precision = to_precision(info[1]);
    if (!absent(info[2])) trace.lstm_by = to_by(info[2], "lstm");
    if (!absent(info[3])) trace.products_by = to_by(info[3], "products");
    model_ = std::make_shared<Model>(trace);
    info.This().As<Napi::Object>().TypeTag(&ClassTags::model);
  });
}

Model& ModelWrap::model(const char* name) const {
  if (!model_) throw Error("DISPOSED", std::string(name) + ": the model was disposed");
  return *model_;
}

ActionMemory action_memory(const Model& model, const Napi::Value& value, int64_t rows) {
  if (model.discrete()) return {nullptr, ints(value, "action", rows * model.head().latent_width)};
  return {floats(value, "action", rows * model.head().n), nullptr};
}

static int rows_of(const Napi::Value& value) { return int(integer(value, "rows", 0, INT32_MAX)); }

static uint8_t* mask_of(const Model& model, const Napi::Value& value, int64_t rows) {
  return absent(value) || !model.discrete() ? nullptr : bytes(value, "mask", rows * model.head().n);
}

Napi::Value ModelWrap::parameter_count(const Napi::CallbackInfo& info) {
  return guarded(info.Env(),
                 [&]() -> Napi::Value { return Napi::Number::New(info.Env(), model("model").parameter_count()); });
}

Napi::Value ModelWrap::carry_width(const Napi::CallbackInfo& info) {
  return guarded(info.Env(),
                 [&]() -> Napi::Value { return Napi::Number::New(info.Env(), model("model").carry_width()); });
}

// What a call is told of its steps; `rows` are those of one step, arrays hold steps x rows.
static Sequence to_sequence(const Model& m, const Napi::Value& value, int rows) {
  Sequence s;
  s.stride = rows;
  if (absent(value)) return s;
  const Napi::Object o = object(value, "sequence");
  s.steps = int(integer(o.Get("steps"), "steps", 1, INT32_MAX));
  const int64_t carry = int64_t(rows) * m.carry_width();
  if (!absent(o.Get("done"))) s.done = bytes(o.Get("done"), "done", int64_t(rows) * s.steps);
  if (!absent(o.Get("carry"))) s.carry = floats(o.Get("carry"), "carry", carry);
  if (!absent(o.Get("finalCarry"))) s.final_carry = floats(o.Get("finalCarry"), "finalCarry", carry);
  if (!absent(o.Get("dCarry"))) s.d_carry = floats(o.Get("dCarry"), "dCarry", carry);
  if (!absent(o.Get("checkpointSteps")))
    s.segment = int(integer(o.Get("checkpointSteps"), "checkpointSteps", 0, INT32_MAX));
  return s;
}

// A Float32Array and the place of its first element in the arena.
static std::pair<float*, int64_t> arena_range(const Model& model, const Napi::CallbackInfo& info, int64_t& offset) {
  if (!info[0].IsTypedArray()) throw Error("INVALID_ARGUMENT", "parameters: expected a Float32Array");
  const int64_t count = int64_t(info[0].As<Napi::TypedArray>().ElementLength());
  offset = integer(info[1], "offset", 0, model.arena_size());
  if (offset + count > model.arena_size())
    throw Error("INVALID_SHAPE", "parameters: " + std::to_string(count) + " values from " + std::to_string(offset) +
                                     " on, but the model has " + std::to_string(model.arena_size()));
  return {floats(info[0], "parameters", count), count};
}

void ModelWrap::read_parameters(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] {
    int64_t offset;
    const auto [target, count] = arena_range(model("readParameters"), info, offset);
    model_->read_parameters(target, offset, count);
  });
}

void ModelWrap::write_parameters(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] {
    int64_t offset;
    const auto [source, count] = arena_range(model("writeParameters"), info, offset);
    model_->write_parameters(source, offset, count);
  });
}

void ModelWrap::forward(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] {
    Model& m = model("forward");
    const int rows = rows_of(info[0]);
    ForwardIO io{};
    io.sequence = to_sequence(m, info[4], rows);
    const int64_t all = int64_t(rows) * io.sequence.steps;
    io.observation = floats(info[1], "observation", all * m.observation_size());
    const Napi::Array outputs = array(info[2], "outputs");
    for (uint32_t k = 0; k < outputs.Length() && k < 2; k++)
      io.output[k] = floats(outputs.Get(k), "outputs", all * m.head().parameter[k].width);
    io.value = floats(info[3], "value", all);
    if (!absent(info[5])) io.bootstrap_value = floats(info[5], "bootstrapValue", all);
    m.forward(io, rows);
  });
}

StepIO step_arrays(const Model& m, const Napi::Object& arrays, int& rows) {
  rows = rows_of(arrays.Get("rows"));
  StepIO io{};
  io.observation = floats(arrays.Get("observation"), "observation", int64_t(rows) * m.observation_size());
  const ActionMemory action = action_memory(m, arrays.Get("action"), rows);
  io.action = action.action;
  io.choice = action.choice;
  if (!absent(arrays.Get("latent")))
    io.latent = floats(arrays.Get("latent"), "latent", int64_t(rows) * m.head().latent_width);
  io.log_prob = floats(arrays.Get("logProb"), "logProb", rows);
  io.value = floats(arrays.Get("value"), "value", rows);
  io.mask = mask_of(m, arrays.Get("mask"), rows);
  if (m.carry_width()) io.carry = floats(arrays.Get("carry"), "carry", int64_t(rows) * m.carry_width());
  return io;
}

void ModelWrap::act(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] {
    Model& m = model("act");
    int rows;
    StepIO io = step_arrays(m, object(info[0], "arrays"), rows);
    io.noise = to_noise(info[1]);
    io.deterministic = info[2].ToBoolean();
    m.act(io, 0, rows);
  });
}

Napi::Value ModelWrap::bind(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    return StepWrap::create(info.Env(), info.This().As<Napi::Object>(), info[0], info[1], info[2].ToBoolean());
  });
}

void ModelWrap::evaluate(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] {
    Model& m = model("evaluate");
    const int rows = rows_of(info[0]);
    EvaluateIO io{};
    io.sequence = to_sequence(m, info[8], rows);
    const int64_t all = int64_t(rows) * io.sequence.steps;
    io.observation = floats(info[1], "observation", all * m.observation_size());
    io.is_action = !info[3].ToBoolean();
    std::vector<float> indices;
    if (m.discrete() && io.is_action) {
      const int64_t count = all * m.head().latent_width;
      const int32_t* choice = ints(info[2], "action", count);
      indices.assign(choice, choice + count);
      io.latent = indices.data();
    } else {
      io.latent = floats(info[2], "action", all * m.head().latent_width);
    }
    io.mask = mask_of(m, info[4], all);
    io.log_prob = floats(info[5], "logProb", all);
    io.entropy = floats(info[6], "entropy", all);
    io.value = floats(info[7], "value", all);
    m.evaluate(io, rows);
  });
}

void ModelWrap::gradient(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] {
    Model& m = model("gradient");
    const int rows = rows_of(info[0]);
    GradientIO io{};
    io.sequence = to_sequence(m, info[9], rows);
    const int64_t all = int64_t(rows) * io.sequence.steps;
    io.observation = floats(info[1], "observation", all * m.observation_size());
    io.latent = floats(info[2], "latent", all * m.head().latent_width);
    io.mask = mask_of(m, info[3], all);
    io.exact_entropy = true;
    io.d_log_prob = floats(info[4], "dLogProb", all);
    io.d_entropy = floats(info[5], "dEntropy", all);
    io.d_value = floats(info[6], "dValue", all);
    float* gradients = floats(info[7], "gradients", m.parameter_count());
    if (!absent(info[8])) io.d_observation = floats(info[8], "dObservation", all * m.observation_size());
    m.training(io.of_inputs());
    const auto held = m.hold();
    double metrics[metric_count];
    m.gradient(io, rows, gradients, metrics);
  });
}

Napi::Value ModelWrap::ppo(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    Model& m = model("ppo");
    const Napi::Object batch = object(info[0], "minibatch");
    const int rows = int(integer(batch.Get("rows"), "rows", 1, INT32_MAX));
    GradientIO io{};
    io.sequence = to_sequence(m, batch.Get("sequence"), rows);
    const int64_t all = int64_t(rows) * io.sequence.steps;
    io.observation = floats(batch.Get("observation"), "observation", all * m.observation_size());
    io.latent = floats(batch.Get("latent"), "latent", all * m.head().latent_width);
    io.mask = mask_of(m, batch.Get("mask"), all);
    io.old_log_prob = floats(batch.Get("logProb"), "logProb", all);
    io.advantage = floats(batch.Get("advantage"), "advantage", all);
    io.target = floats(batch.Get("target"), "target", all);
    io.old_value = floats(batch.Get("value"), "value", all);
    io.exact_entropy = true;
    const PpoUpdateConfig config = to_ppo_config(info[1]);
    io.ppo = config.loss;
    float* gradients = floats(info[2], "gradients", m.parameter_count());
    m.training(io.of_inputs());
    const auto held = m.hold();
    return to_javascript(info.Env(), ppo_minibatch(m, io, rows, config, gradients));
  });
}

}  // namespace torsor
