// SPDX-License-Identifier: Apache-2.0
#include <tenon/host/cli/command.hpp>

int main(int argc, char** argv) { return tenon::host::run_command(argc, argv); }
