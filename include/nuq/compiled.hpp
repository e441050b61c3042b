#ifndef NUQ_COMPILED_HPP
#define NUQ_COMPILED_HPP

// Where the functions that are no templates stand: in every translation unit that includes them (header-only, the
// default), or once in the library nuq::compiled, which is built from these same headers in the consumer's build tree
// and whose interface defines NUQ_COMPILED. Each header declares its functions above, with few includes, and defines
// them below:
//
//     [[nodiscard]] NUQ_FUNCTION int size_of(const Thing& thing);
//     …
//     #if NUQ_DEFINES(IO)
//     … includes that only the definitions need …
//     NUQ_FUNCTION int size_of(const Thing& thing) { … }
//     #endif
//
// One program uses one of the two ways in all its files.

#if defined(NUQ_COMPILED)
/// Stands before a function that nuq::compiled may hold.
#define NUQ_FUNCTION
/// True where the functions of a room (its folder's name in capitals) are defined: everywhere header-only, else in the
/// source of nuq::compiled that holds the room, which sets NUQ_DEFINES_<ROOM> to 1.
#define NUQ_DEFINES(ROOM) NUQ_DEFINES_##ROOM
#else
#define NUQ_FUNCTION inline
#define NUQ_DEFINES(ROOM) 1
#endif

/// Stands before `template class X<…>;` or `template R f<…>(…);` under `#if defined(NUQ_COMPILED)`: an instantiation
/// that the source of the room holds, and that all other files rely on.
#define NUQ_INSTANTIATION(ROOM) NUQ_DETAIL_INSTANTIATION(NUQ_DEFINES_##ROOM)
#define NUQ_DETAIL_INSTANTIATION(defines) NUQ_DETAIL_EXTERN_UNLESS(defines)
#define NUQ_DETAIL_EXTERN_UNLESS(defines) NUQ_DETAIL_SECOND(NUQ_DETAIL_IS_##defines, extern, )
#define NUQ_DETAIL_IS_1 unused,
#define NUQ_DETAIL_SECOND(...) NUQ_DETAIL_SECOND_OF(__VA_ARGS__)
#define NUQ_DETAIL_SECOND_OF(first, second, ...) second

#endif  // NUQ_COMPILED_HPP
