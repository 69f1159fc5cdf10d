// See choices.h.
#include "napi/choices.h"

namespace torsor {

Napi::Value to_javascript(Napi::Env env, const std::vector<Choice>& choices) {
  const Napi::Array all = Napi::Array::New(env);
  for (const Choice& choice : choices) {
    const Napi::Object o = Napi::Object::New(env);
    o.Set("purpose", choice.purpose);
    o.Set("rows", choice.rows);
    o.Set("steps", choice.steps);
    const Napi::Object microseconds = Napi::Object::New(env);
    for (const Choice::Way& way : choice.ways) microseconds.Set(way.name, way.microseconds);
    o.Set("microseconds", microseconds);
    o.Set("taken", choice.ways[size_t(choice.taken)].name);
    all.Set(all.Length(), o);
  }
  return all;
}

}  // namespace torsor
