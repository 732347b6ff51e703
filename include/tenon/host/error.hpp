// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>
#include <utility>

// What the host side throws: a number of the documented list, and one sentence that names the file,
// layer or option, the values that disagree, and the cure. The command prints it as "tenon: TN5001:
// …".
namespace tenon::host {

/// "TN5001: cannot open model.h5".
[[nodiscard]] inline std::string numbered(int number, std::string_view message) {
  char digits[16];
  std::snprintf(digits, sizeof digits, "TN%04d: ", number);
  return std::string(digits).append(message);
}

struct Error : std::exception {
  int number;
  std::string message;

  Error(int error_number, std::string error_message)
      : number(error_number), message(std::move(error_message)), text_(numbered(number, message)) {}

  [[nodiscard]] const char* what() const noexcept override { return text_.c_str(); }

 private:
  std::string text_;
};

struct ErrorMeaning {
  int number;
  std::string_view meaning;
};

// Every number that the library or the command can show, in order; those of the hardware, TN4xxx,
// are the categories of akida/category.hpp. A test compares this table with the sources and with
// docs/errors.
inline constexpr ErrorMeaning error_meanings[] = {
    {1001, "the inputs of a layer do not fit it"},
    {1002, "the weights have another number of elements than the layers need"},
    {1003, "an input of the model declares no shape and none is given"},
    {1004, "the samples or --input_shape do not fit the shape of the model's input"},
    {1005, "a dimension of the model's input is unknown and none is given"},
    {1006, "an array has too many dimensions, or one that is not positive"},
    {1007, "arrays of samples that belong together have different shapes"},
    {1008, "--input_shape is not a list of positive sizes"},
    {1009, "the inputs do not have the shape that the model takes"},
    {1010, "a layer needs an input (height, width, channels)"},
    {1011, "the groups do not divide the input channels or the filters of a layer"},
    {1012, "the window of a layer is larger than its input"},
    {1013, "an input of a layer names no layer in front of it"},
    {1014, "the inputs of a layer have different shapes"},
    {1015, "the inputs of a layer differ on more than its axis"},
    {1016, "a target shape has another number of elements than the input"},
    {1017, "the axes of a layer are not each axis of its input once"},
    {1018, "a size, number or stride of a layer is less than 1"},
    {1019, "two layers have the same name"},
    {1020, "a layer takes another number of inputs"},
    {1021, "the input has another number of elements than the model takes"},
    {1022, "the samples are no whole number of inputs"},
    {1023, "the elements of the input have another type than the model takes"},
    {1024, "the float weights of a typed model have another type than float"},
    {1025, "a layer needs an input (tokens or steps, channels)"},
    {1026, "the heads of an attention do not divide its channels"},
    {1027, "a layer extracts a token, or from an axis, that its input does not have"},
    {1028, "the steps of a layer are no multiple of its subsample"},
    {1031, "the labels or targets do not fit the inputs or the outputs"},
    {1032, "the inputs do not fit a model with a stream of frames"},
    {1033, "the samples are not frames of the shape that the model takes"},
    {1034, "the samples are no multiple of the batch size"},
    {2001, "a fixed-point number cannot have these bits"},
    {2002, "promote or expand would reduce the value bits"},
    {2003, "expand would reduce the fractional bits"},
    {2004, "the operands of a sum have different fractional bits"},
    {2005, "two numbers are too far apart to compare in 64 bits"},
    {2006, "a bit width of the quantization parameters is out of range"},
    {2007, "a layer cannot be quantized with these bits"},
    {2010, "the fractional bits of the input channels differ by more than the buffer holds"},
    {2011, "the input has more value bits than the buffer"},
    {2012, "an output quantizer is not narrower than what it quantizes"},
    {2013, "a bias, maximum or padding value is too large for the scales of its layer"},
    {2014, "an output quantizer would shift left beyond its own width"},
    {2015, "the weight bits are out of range"},
    {2016, "the bits of an output quantizer are out of range"},
    {2017, "A_real and A_imag have different fractional bits"},
    {2018, "a bit width given on the command line is out of range"},
    {2019, "the type given for the input is not an integer type"},
    {2020, "a layer needs an input with one scale and one number of fractional bits"},
    {2021, "the inputs of a layer have different fractional bits on an axis that needs equal ones"},
    {2022, "the last axis of a per-axis tensor is not kept"},
    {2023, "flattening would lose values, as the fractional bits of the channels differ too much"},
    {2024, "a layer computes with buffers of at most 32 bits"},
    {2025, "the bits of an exponent are out of range"},
    {2026, "the table of an activation would be too large"},
    {3001, "the model has more than one input or output where one is needed"},
    {3002, "the input of a quantized model has no integer type"},
    {3003, "a quantized layer has an input that is not quantized"},
    {3004, "a layer has another number of inputs than it can be run with"},
    {3005, "a layer cannot be run"},
    {3006, "a layer cannot be computed, so the output of the model is unknown"},
    {3007, "the tokens of a layer are too many runs of consecutive ones"},
    {3008, "a part of the model cannot be exported"},
    {3010, "a layer needs an input with scales"},
    {3011, "a layer needs an output quantizer on the layer before it"},
    {3012, "the padding values of a layer are not one, or one for each channel"},
    {3013, "a layer cannot take the input of the model"},
    {3014, "a layer takes the input of the model only"},
    {3015, "a quantized Rescaling has an offset"},
    {3016, "an attention with softmax has no integer form"},
    {3020, "a layer keeps its channels first"},
    {3021, "an activation is a function that a file cannot hold"},
    {3031, "a grouped convolution follows a per-axis output quantizer"},
    {3032, "the model to be quantized is quantized already"},
    {3033, "--quantize_until names no layer of the model"},
    {3034, "the last layer cannot carry an output quantizer"},
    {3035, "no layer of the model can be quantized"},
    {3036, "a transform would change the function of the model"},
    {3037, "a command needs a quantized model and is given a float one"},
    {3038, "a model has no layer that could be measured"},
    {3039, "the float and the quantized model have different layers"},
    {3040, "strides and a dilation are combined"},
    {3041, "a model does not begin with its one Input layer"},
    {3042, "no layer uses the output of a layer that is not the last"},
    {3043, "a layer of a Sequential does not take the one before it"},
    {5001, "a file cannot be opened or read"},
    {5002, "an .npz archive is damaged, encrypted or packed in an unknown way"},
    {5003, "an .npy array is damaged: its header or its size is wrong"},
    {5004, "an array has an element type that is not a number"},
    {5005, "an array is larger than its file can hold or than memory should"},
    {5006, "an archive lacks an array, or its values do not fit the type that is needed"},
    {5007, "an array holds NaN or infinity"},
    {5008, "calibration met NaN or infinity behind a layer"},
    {5009, "there are no calibration samples"},
    {5010, "a file cannot be written"},
    {5011, "the labels are all of one kind"},
    {5012, "there is not enough memory"},
    {5013, "an error that Tenon does not know; please report it"},
    {5020, "a file is not HDF5, or is damaged"},
    {5021, "an HDF5 file lacks a group or dataset"},
    {5022, "an HDF5 attribute is missing, damaged or not a string"},
    {5023, "an HDF5 dataset has a type, a size or a storage that is refused"},
    {5024, "a link in an HDF5 file is not a plain one and is not followed"},
    {5030, "a model configuration is not valid JSON, or not that of a Keras model"},
    {5031, "a field of a layer's configuration is missing or of a wrong kind"},
    {5032, "the weights of a layer are missing, too many or of wrong shapes"},
    {5033, "the connections between the layers of a model are broken"},
    {5040, "the quantizers of a layer in a quantization configuration are wrong"},
    {5041, "a quantization configuration names a layer that has no quantizers"},
    {5042, "a quantization configuration is not a JSON object"},
    {5043, "a model file has another extension than those that are read or written"},
    {5044, "an option of a command holds a value that it cannot take, or is missing"},
    {5045, "the command line has an unknown option or value, or lacks one"},
    {5050, "an .onnx file is damaged"},
    {5051, "an .onnx file is no model, or its nodes and tensors do not fit together"},
    {5052, "a constant of an .onnx file has a type, a size or a storage that is refused"},
    {5053, "an attribute of a node of an .onnx file is missing or wrong"},
    {5060, "a sketch is not JSON, or not a description of layers"},
    {5061, "a layer of a sketch lacks a field"},
    {5062, "a field of a sketch holds a wrong value"},
    {5063, "a version, device or tool chain of the hardware is not known"},
    {5064, "a float model is to compute the hardware's integers"},
    {5065, "a float model is to be exported"},
    {5066, "an architecture is not known"},
    {5067, "a namespace is not a C++ name"},
};

/// The one-line meaning of a number, or an empty text.
[[nodiscard]] constexpr std::string_view error_meaning(int number) {
  for (const ErrorMeaning& entry : error_meanings) {
    if (entry.number == number) return entry.meaning;
  }
  return {};
}

}  // namespace tenon::host
