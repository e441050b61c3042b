#include "nuq/caffe/prototxt_text.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace caffe_prototxt_text_test {

std::string value_of(std::string_view text, const nuq::TextField& field) {
  return std::string(text.substr(field.value_begin, field.value_end - field.value_begin));
}
std::string whole(std::string_view text, const nuq::TextField& field) {
  return std::string(text.substr(field.begin, field.end - field.begin));
}

/// "name=value" of every field.
std::vector<std::string> fields_of(std::string_view text) {
  std::vector<std::string> found;
  for (const nuq::TextField& field : nuq::text_fields(text))
    found.push_back(std::string(field.name) + "=" + value_of(text, field));
  return found;
}

using Fields = std::vector<std::string>;

TEST_CASE("scalars of every kind are found with their exact extent") {
  CHECK(fields_of("a: 1 b:-2.5e-3f\nc : true,d: 'x y' ; e: ENUM_1 f:-inf") ==
        Fields{"a=1", "b=-2.5e-3f", "c=true", "d='x y'", "e=ENUM_1", "f=-inf"});
  CHECK(fields_of("a: - 5 b: # why\n 7 c: -\n# n\ninf") == Fields{"a=- 5", "b=7", "c=-\n# n\ninf"});
}

TEST_CASE("messages may have a colon and either kind of bracket") {
  CHECK(fields_of("a { b: 1 } c:{d<e:2>}f : < g { } > h{}") == Fields{"a= b: 1 ", "c=d<e:2>", "f= g { } ", "h="});
}

TEST_CASE("brackets, quotes and hashes inside strings and comments do not count") {
  const std::string text = R"(a { s: "}\"{#'" t: '\'}"' # } " '
} b: "#{" # c: 3
d: 4)";
  CHECK(fields_of(text) == Fields{"a= s: \"}\\\"{#'\" t: '\\'}\"' # } \" '\n", "b=\"#{\"", "d=4"});
}

TEST_CASE("adjacent strings are one value") {
  CHECK(fields_of("a: 'x' \"y\"\n# comment\n'z' b: 'w'") == Fields{"a='x' \"y\"\n# comment\n'z'", "b='w'"});
}

TEST_CASE("the values of a list are found one by one") {
  const std::string text = "bottom: ['a', \"b\" ,'c''d'] n: [] m [ { x: 1 }, <y: 2> ], dim: [-1, 2]; z: 0";
  CHECK(fields_of(text) ==
        Fields{"bottom='a'", "bottom=\"b\"", "bottom='c''d'", "m= x: 1 ", "m=y: 2", "dim=-1", "dim=2", "z=0"});
  const std::vector<nuq::TextField> fields = nuq::text_fields(text);
  CHECK(fields.front().in_list);
  CHECK(fields[3].is_message);
  CHECK(fields[3].in_list);
  CHECK_FALSE(fields.back().in_list);
}

TEST_CASE("names may be numbers, extensions and types in brackets") {
  CHECK(fields_of("[a.b.c]: 1 [type.x/y.Z] { v: 2 } 17: 3 18 { w: 4 }") ==
        Fields{"[a.b.c]=1", "[type.x/y.Z]= v: 2 ", "17=3", "18= w: 4 "});
}

TEST_CASE("a field ends past its separator, however far away that is") {
  const std::string text = "a { x: 1 } ; b: 2 # c\n , c: 3";
  const std::vector<nuq::TextField> fields = nuq::text_fields(text);
  REQUIRE(fields.size() == 3);
  CHECK(whole(text, fields[0]) == "a { x: 1 } ;");
  CHECK(whole(text, fields[1]) == "b: 2 # c\n ,");
  CHECK(whole(text, fields[2]) == "c: 3");
}

TEST_CASE("a range restricts the scan to one message") {
  const std::string text = "outer { a: 1 b { c: 2 } } d: 3";
  const nuq::TextField outer = nuq::text_fields(text).front();
  const std::vector<nuq::TextField> inner = nuq::text_fields(text, outer.value_begin, outer.value_end);
  REQUIRE(inner.size() == 2);
  CHECK(whole(text, inner[0]) == "a: 1");
  CHECK(whole(text, inner[1]) == "b { c: 2 }");
}

TEST_CASE("a byte order mark, blanks of all kinds and an empty text are no fields") {
  CHECK(fields_of("\xEF\xBB\xBF\r\n\t\v\f a: 1\r\n") == Fields{"a=1"});
  CHECK(fields_of("").empty());
  CHECK(fields_of(" # only a comment").empty());
}

TEST_CASE("what does not match is an error with its line") {
  const auto check = [](const std::string& text, const std::string& message) {
    CAPTURE(text);
    CHECK_THROWS_WITH_AS(static_cast<void>(nuq::text_fields(text)), ("nuq: prototxt " + message).c_str(),
                         nuq::ModelError);
  };
  check("a: 1\nb { c: 2", "line 2: unclosed bracket");
  check("a: 1\n\nb: 'x\n'", "line 3: unterminated string");
  check("a: 'x\\", "line 1: unterminated string");
  check("}", "line 1: unexpected character or end");
  check("a:", "line 1: unexpected character or end");
  check("a: [1,", "line 1: unexpected character or end");
  check("a: [1, ,", "line 1: unexpected character or end");
  check("a: -", "line 1: unexpected character or end");
  check("[a", "line 1: unclosed bracket");
  check(std::string("a: \0", 4), "line 1: unexpected character or end");
}

TEST_CASE("very deep nesting is scanned without recursion") {
  std::string text;
  for (int depth = 0; depth < 1000000; ++depth) text += "a{";
  text += std::string(1000000, '}');
  CHECK(nuq::text_fields(text).size() == 1);
}

TEST_CASE("edits are applied together, in the order of the text; the rest stays verbatim") {
  const std::string text = "one two three four";
  nuq::TextEdits edits;
  edits.replace(8, 13, "3");
  edits.replace(0, 3, "1");
  edits.replace(4, 4, "a ");
  edits.replace(4, 4, "b ");
  edits.replace(18, 18, " five");
  CHECK(edits.apply(text) == "1 a b two 3 four five");
  CHECK(nuq::TextEdits().apply(text) == text);
}

TEST_CASE("removing lines takes their indentation and line break, but nothing of a neighbour on the same line") {
  const auto without_layer = [](const std::string& text) {
    const std::size_t begin = text.find("layer");
    nuq::TextEdits edits;
    edits.remove_lines(text, begin, text.find('}') + 1);
    return edits.apply(text);
  };
  CHECK(without_layer("a: 1\n  layer {\n }\nb: 2\n") == "a: 1\nb: 2\n");
  CHECK(without_layer("a: 1\r\n\tlayer {\r\n } \r\nb: 2\r\n") == "a: 1\r\nb: 2\r\n");
  CHECK(without_layer("layer { }") == "");
  CHECK(without_layer("  layer { }\nb: 2") == "b: 2");
  CHECK(without_layer("a: 1\nlayer { }") == "a: 1\n");
  CHECK(without_layer("a: 1 layer { }\nb: 2") == "a: 1 \nb: 2");
  CHECK(without_layer("  layer { } # why\nb: 2") == "   # why\nb: 2");
  CHECK(without_layer("layer { } b: 2\n") == " b: 2\n");
}

TEST_CASE("a line is inserted behind a comment that ends the line") {
  const auto with_line = [](const std::string& text) {
    nuq::TextEdits edits;
    edits.insert_line_after(text, text.find('}') + 1, "NEW");
    return edits.apply(text);
  };
  CHECK(with_line("a { }\nb: 1") == "a { }\nNEW\nb: 1");
  CHECK(with_line("a { } # why\nb: 1") == "a { } # why\nNEW\nb: 1");
  CHECK(with_line("a { } # why\r\nb: 1") == "a { } # why\nNEW\r\nb: 1");
  CHECK(with_line("a { } # a\rb") == "a { } # a\rb\nNEW");
  CHECK(with_line("a { } b: 1") == "a { }\nNEW b: 1");
  CHECK(with_line("a { }") == "a { }\nNEW");
}

TEST_CASE("a value is found under a path of names") {
  const std::string text = "name: 'm' celu_param { threshold: 20 inner { deep: 'a # b' } } other: 1 # threshold: 7\n";
  CHECK(nuq::text_value(text, {"name"}) == "'m'");
  CHECK(nuq::text_value(text, {"celu_param", "threshold"}) == "20");
  CHECK(nuq::text_value(text, {"celu_param", "inner", "deep"}) == "'a # b'");
  CHECK(nuq::text_value(text, {"celu_param"})->find("threshold: 20") != std::string::npos);
  CHECK(nuq::text_value(text, {}) == text);
}

TEST_CASE("a value that is not there is nothing, one that is there twice is the last") {
  const std::string text = "a { b: 1 b: 2 } a { c: [3, 4] }";
  CHECK(nuq::text_value(text, {"a", "c"}) == "4");
  CHECK_FALSE(nuq::text_value(text, {"a", "b"}).has_value());
  CHECK_FALSE(nuq::text_value(text, {"threshold"}).has_value());
  CHECK_FALSE(nuq::text_value("", {"a"}).has_value());
}

}  // namespace caffe_prototxt_text_test
