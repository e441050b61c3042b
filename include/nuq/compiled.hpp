#ifndef NUQ_COMPILED_HPP
#define NUQ_COMPILED_HPP

// Where the functions that are no templates stand: in every translation unit that includes them (header-only, the
// default), or once in the library nuq::compiled, which is built from these same headers in the consumer's build tree
// and whose interface defines NUQ_COMPILED. Each header declares its functions above, with few includes, and defines
// them below:
//
//     NUQ_FUNCTION [[nodiscard]] int size_of(const Thing& thing);
//     …
//     #if NUQ_DEFINES(IO)
//     … includes that only the definitions need …
//     NUQ_DEFINITION int size_of(const Thing& thing) { … }
//     #endif
//
// Header-only, all of them are templates of one parameter that nobody gives: a translation unit reads their bodies, but
// compiles only those it uses, and what those use. That is most of what including the library would cost. Whoever hands
// such a function to an algorithm wraps it in a lambda: the name of a template stands for no one function.
//
// One program uses one of the two ways in all its files.

#if defined(NUQ_COMPILED)
/// Stands before the first declaration of a function, a constructor or a member function that nuq::compiled may hold,
/// and before a definition that no declaration precedes: `inline` where all files of nuq::compiled see it.
#define NUQ_FUNCTION
/// Stands before every later declaration of such a function, its definition above all.
#define NUQ_DEFINITION
/// Stands before the definition of what cannot be a template: destructors, assignments, virtual functions.
#define NUQ_SPECIAL_MEMBER
/// The name of a class that NUQ_FUNCTION stands before: it has virtual functions, so it is a template as a whole.
#define NUQ_CLASS(Name) Name
/// True where the functions of a room (its folder's name in capitals) are defined: everywhere header-only, else in the
/// source of nuq::compiled that holds the room, which sets NUQ_DEFINES_<ROOM> to 1.
#define NUQ_DEFINES(ROOM) NUQ_DEFINES_##ROOM
#else
#define NUQ_FUNCTION template <class NuqLazy = void>
#define NUQ_DEFINITION template <class NuqLazy>
#define NUQ_SPECIAL_MEMBER inline
#define NUQ_CLASS(Name) Name<>
#if !defined(NUQ_DEFINES)  // may be given on the command line, to look at the definitions of some rooms alone
#define NUQ_DEFINES(ROOM) 1
#endif
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
