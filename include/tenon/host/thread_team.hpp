// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

namespace tenon::host {

/// Threads that wait for pieces of work a few microseconds long: they look for it for a while before they sleep.
class ThreadTeam {
 public:
  /// The caller of `run` is one of `size` workers.
  explicit ThreadTeam(std::size_t size) {
    for (std::size_t i = 1; i < size; ++i) {
      threads_.emplace_back([this, i] { serve(i); });
    }
  }
  ThreadTeam(const ThreadTeam&) = delete;
  ThreadTeam& operator=(const ThreadTeam&) = delete;
  ~ThreadTeam() {
    stop_ = true;
    begin();
    for (std::thread& t : threads_) t.join();
  }

  /// Calls work(i) for all i below `count`, at most the size of the team, each on a thread of its own. Nothing may be thrown.
  template <class Work>
  void run(std::size_t count, const Work& work) {
    if (count > 1) {
      work_ = &work;
      call_ = [](const void* called, std::size_t i) { (*static_cast<const Work*>(called))(i); };
      count_ = count;
      left_ = threads_.size();
      begin();
    }
    work(0);
    if (count > 1) wait(left_, [](std::size_t left) { return left == 0; });
  }

 private:
  void begin() {
    ++turn_;
    turn_.notify_all();
  }

  void serve(std::size_t i) {
    for (std::size_t turn = 0;;) {
      wait(turn_, [&](std::size_t now) { return now != turn; });
      turn = turn_;
      if (stop_) return;
      if (i < count_) call_(work_, i);
      if (--left_ == 0) left_.notify_all();
    }
  }

  template <class Done>
  static void wait(std::atomic<std::size_t>& value, const Done& done) {
    constexpr int looks = 20'000;
    for (int i = 0; i < looks; ++i) {
      if (done(value)) return;
    }
    for (std::size_t seen = value; !done(seen); seen = value) value.wait(seen);
  }

  std::atomic<std::size_t> turn_{0};
  std::atomic<std::size_t> left_{0};
  std::atomic<bool> stop_{false};
  const void* work_ = nullptr;
  void (*call_)(const void*, std::size_t) = nullptr;
  std::size_t count_ = 0;
  std::vector<std::thread> threads_;
};

}  // namespace tenon::host
