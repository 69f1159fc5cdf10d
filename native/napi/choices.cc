// What a model has measured, as JavaScript reads it: [{ purpose, rows, steps, microseconds: { way: number }, taken: way }].
#include "napi/model.h"

namespace torsor {

Napi::Value ModelWrap::choices(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return guarded(env, [&]() -> Napi::Value {
    const Napi::Array all = Napi::Array::New(env);
    for (const Choice& choice : model("choices").choices()) {
      const Napi::Object o = Napi::Object::New(env), microseconds = Napi::Object::New(env);
      for (const Choice::Way& way : choice.ways) microseconds.Set(way.name, way.microseconds);
      o.Set("purpose", choice.purpose);
      o.Set("rows", choice.rows);
      o.Set("steps", choice.steps);
      o.Set("microseconds", microseconds);
      o.Set("taken", choice.ways[size_t(choice.taken)].name);
      all.Set(all.Length(), o);
    }
    return all;
  });
}

}  // namespace torsor
