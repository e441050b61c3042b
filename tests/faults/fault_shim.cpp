// Preloaded into a program (LD_PRELOAD): makes its k-th call of one kind fail, or ends the program there.
//
//     FAULT_KIND   io (opening to write, writing, flushing, renaming, removing) or memory (an allocation)
//     FAULT_AT     k, from 1 on; 0 counts only
//     FAULT_MODE   the error of a call: enospc, eio; or kill: SIGKILL before the call. Of no use for memory
//     FAULT_COUNT  file that gets the number of calls in the end, unless the program is killed
//
// Calls count from the program's first pipe2 on, which `nuq` makes before it does anything else: what the dynamic
// linker and constructors do is nobody's business here. Allocations count from the first call on a file after that: the
// library that reads its arguments ends the program where memory lacks.

#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>

extern "C" void* __libc_malloc(std::size_t size);

namespace {

std::atomic<bool> is_armed{false};
std::atomic<bool> has_used_file{false};
std::atomic<long> calls{0};

bool is_kind(const char* kind) {
  const char* const wanted = std::getenv("FAULT_KIND");
  return wanted != nullptr && std::strcmp(wanted, kind) == 0;
}

long fault_at() {
  static const long at = [] {
    const char* const text = std::getenv("FAULT_AT");
    return text == nullptr ? 0L : std::atol(text);
  }();
  return at;
}

/// Whether this call is the one that fails; sets errno.
bool fails(bool counts) {
  has_used_file = has_used_file || is_armed;
  static const bool is_io = is_kind("io");
  if (!is_armed || !is_io || !counts || ++calls != fault_at()) return false;
  const char* const mode = std::getenv("FAULT_MODE");
  if (mode != nullptr && std::strcmp(mode, "kill") == 0) ::kill(::getpid(), SIGKILL);
  errno = mode != nullptr && std::strcmp(mode, "eio") == 0 ? EIO : ENOSPC;
  return true;
}

bool fails_allocation() {
  static std::atomic<int> is_memory{-1};
  if (!has_used_file) return false;
  if (is_memory < 0) is_memory = is_kind("memory") ? 1 : 0;
  return is_memory == 1 && ++calls == fault_at();
}

template <class Function>
Function next(const char* name) {
  return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

__attribute__((destructor)) void write_count() {
  const char* const file = std::getenv("FAULT_COUNT");
  is_armed = false;
  if (file == nullptr) return;
  if (std::FILE* const out = std::fopen(file, "w")) {
    std::fprintf(out, "%ld\n", calls.load());
    std::fclose(out);
  }
}

bool opens_to_write(int flags) {
  return (flags & (O_WRONLY | O_RDWR)) != 0;
}

bool is_own_file(int file) {
  return file > STDERR_FILENO;
}

}  // namespace

extern "C" {

int pipe2(int ends[2], int flags) {
  static const auto real = next<int (*)(int*, int)>("pipe2");
  const int result = real(ends, flags);
  is_armed = true;
  return result;
}

int open(const char* path, int flags, ...) {
  static const auto real = next<int (*)(const char*, int, ...)>("open");
  std::va_list arguments;
  va_start(arguments, flags);
  const unsigned mode = (flags & O_CREAT) != 0 ? va_arg(arguments, unsigned) : 0U;
  va_end(arguments);
  return fails(opens_to_write(flags)) ? -1 : real(path, flags, mode);
}

int open64(const char* path, int flags, ...) {
  std::va_list arguments;
  va_start(arguments, flags);
  const unsigned mode = (flags & O_CREAT) != 0 ? va_arg(arguments, unsigned) : 0U;
  va_end(arguments);
  return open(path, flags, mode);
}

std::FILE* fopen(const char* path, const char* mode) {
  static const auto real = next<std::FILE* (*)(const char*, const char*)>("fopen");
  return fails(*mode != 'r') ? nullptr : real(path, mode);
}

std::FILE* fopen64(const char* path, const char* mode) {
  return fopen(path, mode);
}

::ssize_t write(int file, const void* bytes, std::size_t size) {
  static const auto real = next< ::ssize_t (*)(int, const void*, std::size_t)>("write");
  return fails(is_own_file(file)) ? -1 : real(file, bytes, size);
}

::ssize_t pwrite(int file, const void* bytes, std::size_t size, ::off_t at) {
  static const auto real = next< ::ssize_t (*)(int, const void*, std::size_t, ::off_t)>("pwrite");
  return fails(true) ? -1 : real(file, bytes, size, at);
}

std::size_t fwrite(const void* bytes, std::size_t size, std::size_t count, std::FILE* file) {
  static const auto real = next<std::size_t (*)(const void*, std::size_t, std::size_t, std::FILE*)>("fwrite");
  return fails(file != stdout && file != stderr) ? 0 : real(bytes, size, count, file);
}

int fsync(int file) {
  static const auto real = next<int (*)(int)>("fsync");
  return fails(true) ? -1 : real(file);
}

int ftruncate(int file, ::off_t size) {
  static const auto real = next<int (*)(int, ::off_t)>("ftruncate");
  return fails(true) ? -1 : real(file, size);
}

int rename(const char* from, const char* to) {
  static const auto real = next<int (*)(const char*, const char*)>("rename");
  return fails(true) ? -1 : real(from, to);
}

int unlink(const char* path) {
  static const auto real = next<int (*)(const char*)>("unlink");
  return fails(true) ? -1 : real(path);
}

int remove(const char* path) {
  static const auto real = next<int (*)(const char*)>("remove");
  return fails(true) ? -1 : real(path);
}

void* malloc(std::size_t size) {
  if (fails_allocation()) {
    errno = ENOMEM;
    return nullptr;
  }
  return __libc_malloc(size);
}

}  // extern "C"
