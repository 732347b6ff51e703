// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "targets.hpp"

// Without a fuzzer: each target reads its corpus, then its smallest good file cut off at every
// length and with every byte changed in five ways. `replay CORPUS_FOLDER`. What is no numbered
// error ends the program.

namespace {

using tenon::fuzz::Outcome;
using tenon::fuzz::Target;
using Bytes = std::vector<std::byte>;

Bytes read(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  const auto* begin = reinterpret_cast<const std::byte*>(text.data());
  return {begin, begin + text.size()};
}

std::vector<Bytes> corpus_of(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  std::vector<Bytes> files;
  for (const auto& path : paths) files.push_back(read(path));
  return files;
}

/// How many of the damaged files are refused.
std::size_t damage(const Target& target, const Bytes& good) {
  std::size_t refused = 0;
  const auto count = [&](std::span<const std::byte> bytes) {
    refused += run_target(target, bytes) == Outcome::refused ? 1U : 0U;
  };
  for (std::size_t size = 0; size < good.size(); ++size) {
    // Its own memory, so that a sanitizer sees a read behind the end.
    count(Bytes(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size)));
  }
  Bytes bytes = good;
  for (std::byte& place : bytes) {
    const std::byte before = place;
    for (const unsigned flip : {0x01U, 0x10U, 0x7FU, 0x80U, 0xFFU}) {
      place = before ^ std::byte(flip);
      count(bytes);
    }
    place = before;
  }
  return refused;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "replay CORPUS_FOLDER\n");
    return 2;
  }
  int failures = 0;
  for (const Target& target : tenon::fuzz::targets()) {
    const std::string name(target.name);
    Bytes smallest;
    std::size_t accepted = 0;
    const std::vector<Bytes> corpus = corpus_of(std::filesystem::path(argv[1]) / name);
    for (const Bytes& file : corpus) {
      if (run_target(target, file) != Outcome::accepted) continue;
      ++accepted;
      if (smallest.empty() || file.size() < smallest.size()) smallest = file;
    }
    const std::size_t refused = damage(target, smallest);
    std::printf("%s: %zu of %zu files are good; %zu of %zu damaged ones are refused\n",
                name.c_str(), accepted, corpus.size(), refused, 6 * smallest.size());
    // A target whose corpus is all refused, or that refuses nothing, tests nothing.
    if (accepted == 0 || refused == 0) failures = 1;
  }
  return failures;
}
