#ifndef NUQ_ONNX_NODE_READER_HPP
#define NUQ_ONNX_NODE_READER_HPP

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/operation.hpp"
#include "nuq/onnx/extent.hpp"
#include "nuq/onnx/fold_constants.hpp"
#include "nuq/onnx_schema.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// What is known of a graph's values before it runs.
struct OnnxKnowledge {
  std::map<std::string, std::vector<OnnxExtent>> shapes;
  std::map<std::string, OnnxNumbers> numbers;  ///< of values that shapes are made of
  std::map<std::string, int> types{};          ///< of values, as far as they are known
  std::size_t symbols = 0;

  /// An extent that only the inputs tell, other than all before.
  [[nodiscard]] OnnxExtent new_symbol() { return {0, ++symbols}; }
};

/// What a node of an .onnx file is in the graph's terms.
struct OnnxOperation {
  Operation operation{};
  std::vector<std::size_t> inputs{};  ///< the node's inputs that the operation reads when it runs, by position
  std::vector<Tensor> blobs{};
  std::size_t outputs = 1;
  OnnxShape shape{};                        ///< of the first output
  std::vector<OnnxShape> further_shapes{};  ///< of the others, as far as they are known
  std::vector<int> types{};  ///< of the outputs' values; that of the first input for those that are not named
  std::string obstacle{};
  std::string weights_obstacle{};
  std::optional<std::size_t> weights{};  ///< the input that is a weight matrix or filter
};

/// A node as its readers see it: inputs by position, attributes by name. What nobody has asked for is not understood.
class OnnxNodeReader {
 public:
  /// All live as long.
  NUQ_FUNCTION OnnxNodeReader(const onnx_schema::NodeProto& node, std::int64_t opset, OnnxConstants& constants,
                              OnnxKnowledge& knowledge);

  [[nodiscard]] const onnx_schema::NodeProto& node() const noexcept { return node_; }
  [[nodiscard]] const std::string& type() const noexcept { return node_.op_type(); }
  /// The version of ONNX's operations that the model asks for.
  [[nodiscard]] std::int64_t opset() const noexcept { return opset_; }

  NUQ_FUNCTION [[nodiscard]] bool has_input(std::size_t index) const;
  NUQ_FUNCTION [[nodiscard]] const std::string& input(std::size_t index) const;
  NUQ_FUNCTION [[nodiscard]] std::size_t inputs() const;
  NUQ_FUNCTION [[nodiscard]] bool is_constant(std::size_t index) const;
  NUQ_FUNCTION [[nodiscard]] std::optional<OnnxConstant> constant(std::size_t index) const;
  NUQ_FUNCTION [[nodiscard]] OnnxShape shape(std::size_t index) const;
  /// The type of an input's values; UNDEFINED where it is not known.
  NUQ_FUNCTION [[nodiscard]] int type_of(std::size_t index) const;
  /// Whole numbers that are known, or come from shapes.
  NUQ_FUNCTION [[nodiscard]] std::optional<OnnxNumbers> numbers(std::size_t index) const;
  /// Whole numbers that are all known.
  NUQ_FUNCTION [[nodiscard]] std::optional<std::vector<std::int64_t>> integers(std::size_t index) const;
  NUQ_FUNCTION [[nodiscard]] std::optional<float> number(std::size_t index) const;

  NUQ_FUNCTION [[nodiscard]] bool has(const std::string& name);
  NUQ_FUNCTION [[nodiscard]] std::int64_t integer(const std::string& name, std::int64_t otherwise);
  NUQ_FUNCTION [[nodiscard]] float real(const std::string& name, float otherwise);
  NUQ_FUNCTION [[nodiscard]] std::string text(const std::string& name, const std::string& otherwise);
  NUQ_FUNCTION [[nodiscard]] std::vector<std::int64_t> integer_list(const std::string& name);
  NUQ_FUNCTION [[nodiscard]] std::vector<float> real_list(const std::string& name);
  /// The numbers of an attribute that later versions have as an input; nothing where an input is not known.
  NUQ_FUNCTION [[nodiscard]] std::optional<std::vector<std::int64_t>> list_or_input(const std::string& name,
                                                                                    std::size_t index);
  /// Attributes that mean nothing in inference.
  NUQ_FUNCTION void ignore(const std::string& name);
  /// The first attribute that nobody has asked for; empty where there is none.
  NUQ_FUNCTION [[nodiscard]] std::string unread() const;

  NUQ_FUNCTION [[nodiscard]] OnnxExtent new_symbol() const { return knowledge_.new_symbol(); }

 private:
  NUQ_FUNCTION [[nodiscard]] const onnx_schema::AttributeProto* attribute(const std::string& name);

  const onnx_schema::NodeProto& node_;
  std::int64_t opset_;
  OnnxConstants& constants_;
  OnnxKnowledge& knowledge_;
  std::set<std::string> read_;
};

NUQ_NAMESPACE_END

#if NUQ_DEFINES(ONNX)

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION OnnxNodeReader::OnnxNodeReader(const onnx_schema::NodeProto& node, std::int64_t opset,
                                              OnnxConstants& constants, OnnxKnowledge& knowledge)
    : node_(node), opset_(opset), constants_(constants), knowledge_(knowledge) {}

NUQ_DEFINITION bool OnnxNodeReader::has_input(std::size_t index) const {
  return index < inputs() && !input(index).empty();
}

NUQ_DEFINITION const std::string& OnnxNodeReader::input(std::size_t index) const {
  return node_.input(static_cast<int>(index));
}

NUQ_DEFINITION std::size_t OnnxNodeReader::inputs() const {
  return static_cast<std::size_t>(node_.input_size());
}

NUQ_DEFINITION bool OnnxNodeReader::is_constant(std::size_t index) const {
  return constant(index).has_value();
}

NUQ_DEFINITION std::optional<OnnxConstant> OnnxNodeReader::constant(std::size_t index) const {
  return has_input(index) ? constants_.find(input(index)) : std::nullopt;
}

NUQ_DEFINITION OnnxShape OnnxNodeReader::shape(std::size_t index) const {
  if (!has_input(index)) return std::nullopt;
  const auto known = knowledge_.shapes.find(input(index));
  if (known != knowledge_.shapes.end()) return known->second;
  const std::optional<OnnxConstant> fixed = constant(index);
  if (!fixed) return std::nullopt;
  std::vector<OnnxExtent> extents;
  for (const std::int64_t extent : fixed->shape) extents.push_back({extent});
  return extents;
}

NUQ_DEFINITION int OnnxNodeReader::type_of(std::size_t index) const {
  if (!has_input(index)) return onnx_schema::TensorProto::UNDEFINED;
  const auto known = knowledge_.types.find(input(index));
  return known != knowledge_.types.end() ? known->second : constants_.type_of(input(index));
}

NUQ_DEFINITION std::optional<OnnxNumbers> OnnxNodeReader::numbers(std::size_t index) const {
  if (!has_input(index)) return std::nullopt;
  const auto known = knowledge_.numbers.find(input(index));
  if (known != knowledge_.numbers.end()) return known->second;
  const std::optional<OnnxConstant> fixed = constant(index);
  if (!fixed || !fixed->is_integer() || fixed->shape.size() > 1) return std::nullopt;
  OnnxNumbers numbers;
  numbers.is_scalar = fixed->shape.empty();
  for (const std::int64_t value : fixed->integers) numbers.values.push_back({value});
  return numbers;
}

NUQ_DEFINITION std::optional<std::vector<std::int64_t>> OnnxNodeReader::integers(std::size_t index) const {
  const std::optional<OnnxNumbers> given = numbers(index);
  if (!given) return std::nullopt;
  std::vector<std::int64_t> values;
  for (const OnnxExtent& extent : given->values) {
    if (!extent.is_known()) return std::nullopt;
    values.push_back(extent.value);
  }
  return values;
}

NUQ_DEFINITION std::optional<float> OnnxNodeReader::number(std::size_t index) const {
  const std::optional<OnnxConstant> fixed = constant(index);
  if (!fixed) return std::nullopt;
  const std::vector<float> values = fixed->values();
  return values.size() == 1 ? std::optional<float>(values.front()) : std::nullopt;
}

NUQ_DEFINITION const onnx_schema::AttributeProto* OnnxNodeReader::attribute(const std::string& name) {
  read_.insert(name);
  return onnx_attribute(node_, name);
}

NUQ_DEFINITION bool OnnxNodeReader::has(const std::string& name) {
  return attribute(name) != nullptr;
}

NUQ_DEFINITION std::int64_t OnnxNodeReader::integer(const std::string& name, std::int64_t otherwise) {
  const onnx_schema::AttributeProto* const found = attribute(name);
  return found == nullptr ? otherwise : found->i();
}

NUQ_DEFINITION float OnnxNodeReader::real(const std::string& name, float otherwise) {
  const onnx_schema::AttributeProto* const found = attribute(name);
  return found == nullptr ? otherwise : found->f();
}

NUQ_DEFINITION std::string OnnxNodeReader::text(const std::string& name, const std::string& otherwise) {
  const onnx_schema::AttributeProto* const found = attribute(name);
  return found == nullptr ? otherwise : found->s();
}

NUQ_DEFINITION std::vector<std::int64_t> OnnxNodeReader::integer_list(const std::string& name) {
  const onnx_schema::AttributeProto* const found = attribute(name);
  if (found == nullptr) return {};
  return {found->ints().begin(), found->ints().end()};
}

NUQ_DEFINITION std::vector<float> OnnxNodeReader::real_list(const std::string& name) {
  const onnx_schema::AttributeProto* const found = attribute(name);
  if (found == nullptr) return {};
  return {found->floats().begin(), found->floats().end()};
}

NUQ_DEFINITION std::optional<std::vector<std::int64_t>> OnnxNodeReader::list_or_input(const std::string& name,
                                                                                      std::size_t index) {
  if (has_input(index)) return integers(index);
  return integer_list(name);
}

NUQ_DEFINITION void OnnxNodeReader::ignore(const std::string& name) {
  read_.insert(name);
}

NUQ_DEFINITION std::string OnnxNodeReader::unread() const {
  for (const onnx_schema::AttributeProto& given : node_.attribute()) {
    if (read_.count(given.name()) == 0) return given.name();
  }
  return {};
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(ONNX)

#endif  // NUQ_ONNX_NODE_READER_HPP
