// A small test harness: named tests, a filter on the command line, a failing exit code.
//   TEST(name) { CHECK(condition, "what ", value); }
//   int main(int argc, char** argv) { return axone::testing::run_all(argc, argv); }
#pragma once

#include <cstdio>
#include <cstring>
#include <exception>
#include <functional>
#include <string>
#include <vector>

#include "base/error.h"
#include "cpu/dispatch.h"

namespace axone::testing {

struct Test {
  const char* name;
  void (*body)();
};

inline std::vector<Test>& tests() {
  static std::vector<Test> all;
  return all;
}

struct Register {
  Register(const char* name, void (*body)()) { tests().push_back({name, body}); }
};

// Failures of the running test; only the first few are printed.
inline int& failures() {
  static int count = 0;
  return count;
}

inline void fail(const char* file, int line, const std::string& what) {
  if (++failures() <= 10) std::printf("  %s:%d: %s\n", file, line, what.c_str());
}

// Runs body once on every instruction set that this machine supports; the best set is active afterwards.
inline void on_every_target(const std::function<void()>& body) {
  for (const std::string& name : supported_targets()) {
    set_target(name);
    const int before = failures();
    body();
    if (failures() != before) std::printf("  ... on %s\n", name.c_str());
  }
  set_target(supported_targets().front());
}

// Runs the tests whose name contains one of the arguments (all without arguments); 1 where one failed or none
// ran.
inline int run_all(int argc, char** argv) {
  int passed = 0, failed = 0;
  for (const Test& test : tests()) {
    bool wanted = argc < 2;
    for (int i = 1; i < argc; ++i) wanted |= std::strstr(test.name, argv[i]) != nullptr;
    if (!wanted) continue;
    failures() = 0;
    try {
      test.body();
    } catch (const std::exception& e) {
      fail(test.name, 0, text("threw ", e.what()));
    }
    const bool ok = failures() == 0;
    ++(ok ? passed : failed);
    std::printf("%s %s\n", ok ? "ok  " : "FAIL", test.name);
    std::fflush(stdout);
  }
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed > 0 || passed == 0;
}

}  // namespace axone::testing

#define TEST(name)                                                            \
  static void test_##name();                                                  \
  static const axone::testing::Register register_##name(#name, &test_##name); \
  static void test_##name()

#define CHECK(condition, ...)                                                                               \
  do {                                                                                                      \
    if (!(condition)) axone::testing::fail(__FILE__, __LINE__, axone::text(#condition, ": ", __VA_ARGS__)); \
  } while (0)
