// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdio>
#define printk std::printf
