// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace tenon {

inline constexpr const char* version = "0.1.0";
/// The release of QuantizeML whose integers and files these are.
inline constexpr const char* quantizeml_version = "0.17.1";

}  // namespace tenon
