// SPDX-License-Identifier: Apache-2.0
#pragma once

// The block kernels of every architecture that this compiler can build for.
#include <tenon/kernel/cortex_m/add_block.hpp>
#include <tenon/kernel/cortex_m/conv2d_block.hpp>
#include <tenon/kernel/cortex_m/dense_block.hpp>
#include <tenon/kernel/cortex_m/depthwise_conv2d_block.hpp>
#include <tenon/kernel/cortex_m/global_average_pool_block.hpp>
#include <tenon/kernel/cortex_m/mve/add_block.hpp>
#include <tenon/kernel/cortex_m/mve/conv2d_block.hpp>
#include <tenon/kernel/cortex_m/mve/dense_block.hpp>
#include <tenon/kernel/cortex_m/mve/depthwise_conv2d_block.hpp>
#include <tenon/kernel/cortex_m/mve/global_average_pool_block.hpp>
#include <tenon/kernel/reference/add_block.hpp>
#include <tenon/kernel/reference/add_rows.hpp>
#include <tenon/kernel/reference/conv2d_block.hpp>
#include <tenon/kernel/reference/dense_block.hpp>
#include <tenon/kernel/reference/depthwise_conv2d_block.hpp>
#include <tenon/kernel/reference/global_average_pool_block.hpp>
#if defined(__aarch64__)
#include <tenon/kernel/neon/add_block.hpp>
#include <tenon/kernel/neon/add_rows.hpp>
#include <tenon/kernel/neon/conv2d_block.hpp>
#include <tenon/kernel/neon/dense_block.hpp>
#include <tenon/kernel/neon/depthwise_conv2d_block.hpp>
#include <tenon/kernel/neon/global_average_pool_block.hpp>
#endif
#if defined(__x86_64__)
#include <tenon/kernel/x86/add_block.hpp>
#include <tenon/kernel/x86/add_rows.hpp>
#include <tenon/kernel/x86/amx_blocks.hpp>
#include <tenon/kernel/x86/conv2d_block.hpp>
#include <tenon/kernel/x86/dense_block.hpp>
#include <tenon/kernel/x86/depthwise_conv2d_block.hpp>
#include <tenon/kernel/x86/global_average_pool_block.hpp>
#endif
