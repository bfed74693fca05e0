// The thread team: every lane runs, barriers hold, nesting is serial, the caller's floating-point mode is
// restored.
#include <atomic>
#include <chrono>
#include <cmath>
#include <limits>
#include <vector>

#include "check.h"
#include "cpu/team.h"

using namespace axone;
using axone::testing::fail;

#define EXPECT(condition, ...) \
  if (!(condition)) fail(__FILE__, __LINE__, text(__VA_ARGS__))

TEST(every_lane_runs_once) {
  for (int threads = 1; threads <= 5; ++threads) {
    std::vector<std::atomic<int>> seen(8);
    std::atomic<int> size{0};
    run_team(threads, [&](const Lane& lane) {
      ++seen[size_t(lane.index)];
      size = lane.count;
    });
    for (int i = 0; i < 8; ++i)
      EXPECT(seen[size_t(i)] == (i < size ? 1 : 0), "lane ", i, " of ", size.load(), " ran ",
             seen[size_t(i)].load());
  }
}

TEST(barriers_separate_phases) {
  std::atomic<int> arrived{0}, wrong{0};
  run_team(4, [&](const Lane& lane) {
    for (int round = 1; round <= 2000; ++round) {
      ++arrived;
      lane.barrier();
      if (arrived != round * lane.count) ++wrong;
      lane.barrier();
    }
  });
  EXPECT(wrong == 0, wrong.load(), " lanes passed a barrier early");
}

TEST(shares_cover_all_tasks) {
  for (int count = 1; count < 7; ++count)
    for (int64_t n : {0, 1, 5, 6, 7, 1000003}) {
      int64_t next = 0;
      for (int i = 0; i < count; ++i) {
        int64_t begin, end;
        Lane{i, count, nullptr}.share(n, &begin, &end);
        EXPECT(begin == next && end >= begin, "gap or overlap at lane ", i);
        next = end;
      }
      EXPECT(next == n, "tasks are missing");
    }
}

// Work follows work without a barrier, with tasks of uneven length.
TEST(tasks_run_once) {
  constexpr int kWorks = 3000, kMost = 97;
  for (int threads : {1, 2, 5}) {
    std::vector<std::atomic<int>> seen(size_t(kWorks) * kMost);
    run_team(threads, [&](const Lane& lane) {
      for (int work = 0; work < kWorks; ++work)
        lane.for_tasks(work % (kMost + 1), [&](int64_t task) {
          ++seen[size_t(work) * kMost + size_t(task)];
          volatile int64_t spin = (task * 7 + work) % 13 * (lane.index == 0 ? 100 : 10);
          while (spin > 0) spin = spin - 1;
        });
    });
    for (int work = 0; work < kWorks; ++work)
      for (int task = 0; task < kMost; ++task) {
        const int runs = seen[size_t(work) * kMost + size_t(task)];
        EXPECT(runs == (task < work % (kMost + 1)), "task ", task, " of work ", work, " ran ", runs,
               " times");
      }
  }
}

// The first task ends when all others are done, which do not begin before it.
TEST(lanes_take_the_tasks_of_a_slow_one) {
  std::atomic<int> done{0}, size{0};
  std::atomic<bool> begun{false}, late{false};
  run_team(2, [&](const Lane& lane) {
    size = lane.count;
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    const auto wait_until = [&](const auto& condition) {
      for (Patience patience; lane.count == 2 && !condition() && !late; patience.wait())
        late = std::chrono::steady_clock::now() > end;
    };
    lane.for_tasks(10, [&](int64_t task) {
      if (task == 0) begun = true;
      wait_until([&] { return task == 0 ? done == 9 : begun.load(); });
      ++done;
    });
  });
  EXPECT(done == 10 && !late, "of 10 tasks on ", size.load(), " lanes ", done.load(), " were done in time");
}

TEST(nested_teams_run_serially) {
  std::atomic<int> inner{0};
  run_team(2,
           [&](const Lane&) { run_team(2, [&](const Lane& lane) { inner += lane.count == 1 ? 1 : 100; }); });
  EXPECT(inner >= 1 && inner <= 2, "inner teams had more than one lane");
}

TEST(the_callers_floating_point_mode_is_restored) {
  volatile float small = std::numeric_limits<float>::min();
  run_team(2, [](const Lane&) {});
  run_team(1, [](const Lane&) {});
  EXPECT(float(small / 4) != 0, "subnormals are still flushed to zero");
}

TEST(set_num_threads_refuses_nonsense) {
  for (int n : {0, -1, 1 << 20}) {
    try {
      set_num_threads(n);
      fail(__FILE__, __LINE__, text(n, " threads were accepted"));
    } catch (const ValueError&) {
    }
  }
}

int main(int argc, char** argv) {
  return axone::testing::run_all(argc, argv);
}
