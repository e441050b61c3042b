#ifndef NUQ_TESTS_UNIT_CAFFE_MESSAGE_TEXT_HPP
#define NUQ_TESTS_UNIT_CAFFE_MESSAGE_TEXT_HPP

#include <doctest/doctest.h>
#include <google/protobuf/text_format.h>

#include <string>

/// A message from its text.
template <class Message>
Message parsed(const std::string& text) {
  Message message;
  REQUIRE(google::protobuf::TextFormat::ParseFromString(text, &message));
  return message;
}

template <class Message>
std::string printed(const Message& message) {
  std::string text;
  google::protobuf::TextFormat::PrintToString(message, &text);
  return text;
}

#endif  // NUQ_TESTS_UNIT_CAFFE_MESSAGE_TEXT_HPP
