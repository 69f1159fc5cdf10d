// Whether two functions are called alike, for declarations of ours against those of a library's own headers.
#pragma once
#include <type_traits>

// What a call passes alike: pointers of any type, and integers and enumerations of one size.
template <class A, class B> constexpr bool passes_alike() {
  if constexpr (std::is_pointer_v<A> || std::is_pointer_v<B> || std::is_void_v<A> || std::is_void_v<B>)
    return (std::is_pointer_v<A> && std::is_pointer_v<B>) || (std::is_void_v<A> && std::is_void_v<B>);
  else
    return sizeof(A) == sizeof(B) && std::is_floating_point_v<A> == std::is_floating_point_v<B> &&
           std::is_enum_v<A> == std::is_enum_v<B>;
}

template <class A, class B> struct CalledAlike : std::false_type {};
template <class R, class... P, class S, class... Q> struct CalledAlike<R (*)(P...), S (*)(Q...)> {
  static constexpr bool of_parameters() {
    if constexpr (sizeof...(P) == sizeof...(Q))
      return (passes_alike<P, Q>() && ...);
    else
      return false;
  }
  static constexpr bool value = passes_alike<R, S>() && of_parameters();
};
