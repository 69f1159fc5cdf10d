// Places of names in the lists of ops, heads, activations and bijectors.
#pragma once
#include <string>
#include <vector>

namespace torsor {

// -1: not among them.
template <class List> int index_of(const std::string& name) {
  for (int k = 0; k < List::size; k++)
    if (name == List::names[k]) return k;
  return -1;
}

template <class List> std::vector<std::string> names_of() { return {std::begin(List::names), std::end(List::names)}; }

}  // namespace torsor
