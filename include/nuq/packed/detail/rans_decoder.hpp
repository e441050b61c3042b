#ifndef NUQ_PACKED_DETAIL_RANS_DECODER_HPP
#define NUQ_PACKED_DETAIL_RANS_DECODER_HPP

#include <array>
#include <cstddef>
#include <cstdint>

#include "nuq/compiled.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/packed/byte_access.hpp"
#include "nuq/packed/detail/rans_table.hpp"
#include "nuq/packed/instruction_set.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// A state is at least this, and the encoder begins, the decoder ends with it.
inline constexpr std::uint32_t rans_lower_bound = 1U << 16U;

/// The states and the words that they have not taken yet.
struct RansStates {
  static constexpr std::size_t max_lanes = 32;

  /// `states` holds 4 bytes for each lane, at most max_lanes.
  NUQ_FUNCTION RansStates(Bytes states, Bytes words) noexcept
      : lanes(states.size() / 4), next(words.data()), bytes_left(words.size()) {
    for (std::size_t lane = 0; lane < lanes; ++lane) state[lane] = load_u32(states.data() + 4 * lane);
  }

  NUQ_FUNCTION [[nodiscard]] bool at_end() const noexcept {
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      if (state[lane] != rans_lower_bound) return false;
    }
    return bytes_left == 0;
  }

  NUQ_FUNCTION void consume(const std::uint8_t* end) noexcept {
    bytes_left -= static_cast<std::size_t>(end - next);
    next = end;
  }

  alignas(32) std::array<std::uint32_t, max_lanes> state{};
  std::size_t lanes;
  const std::uint8_t* next;
  std::size_t bytes_left;
};

/// The state behind a symbol of slot entry `slot`, before it takes a word.
NUQ_FUNCTION [[nodiscard]] inline std::uint32_t leave_slot(std::uint32_t state, std::uint32_t slot) noexcept {
  return ((slot >> 20U) + 1) * (state / rans_scale) + ((slot >> 8U) & 0xFFFU);
}

/// Decodes `out` symbol by symbol, beginning with lane 0; false where the words end early.
NUQ_FUNCTION [[nodiscard]] inline bool decode_run_checked(const RansTable& table, RansStates& states,
                                                          ArrayView<std::int8_t> out) noexcept {
  for (std::size_t index = 0; index < out.size(); ++index) {
    std::uint32_t& state = states.state[index % states.lanes];
    const std::uint32_t slot = table.slots[state % rans_scale];
    out[index] = static_cast<std::int8_t>(slot & 0xFFU);
    state = leave_slot(state, slot);
    if (state >= rans_lower_bound) continue;
    if (states.bytes_left < 2) return false;
    state = (state << 16U) | load_u16(states.next);
    states.consume(states.next + 2);
  }
  return true;
}

/// The state with a word from `next` where it needs one. A branch would be mispredicted too often: a mask chooses.
NUQ_FUNCTION [[nodiscard]] inline std::uint32_t refill(std::uint32_t state, const std::uint8_t*& next) noexcept {
  const std::uint64_t is_low = std::uint64_t{0} - (state < rans_lower_bound ? 1U : 0U);
  const std::uint32_t refilled = (state << 16U) | load_u16(next);
  next += is_low & 2U;
  return state ^ ((state ^ refilled) & static_cast<std::uint32_t>(is_low));
}

/// Decodes whole groups of one symbol a lane while no group can run out of words. Returns how many symbols.
template <std::size_t lanes>
[[nodiscard]] std::size_t decode_groups(const RansTable& table, RansStates& states,
                                        ArrayView<std::int8_t> out) noexcept {
  const std::uint32_t* const slots = table.slots.data();
  std::uint32_t state[lanes];
  for (std::size_t lane = 0; lane < lanes; ++lane) state[lane] = states.state[lane];
  const std::uint8_t* next = states.next;
  const std::uint8_t* const end = states.next + states.bytes_left;
  std::size_t done = 0;
  for (; out.size() - done >= lanes && static_cast<std::size_t>(end - next) >= 2 * lanes; done += lanes) {
#pragma GCC unroll 8
    for (std::size_t lane = 0; lane < lanes;
         lane += 4) {  // four at a time, in variables of their own: all in registers
      const std::uint32_t slot0 = slots[state[lane] % rans_scale];
      const std::uint32_t slot1 = slots[state[lane + 1] % rans_scale];
      const std::uint32_t slot2 = slots[state[lane + 2] % rans_scale];
      const std::uint32_t slot3 = slots[state[lane + 3] % rans_scale];
      std::int8_t* const group = out.data() + done + lane;
      group[0] = static_cast<std::int8_t>(slot0 & 0xFFU);
      group[1] = static_cast<std::int8_t>(slot1 & 0xFFU);
      group[2] = static_cast<std::int8_t>(slot2 & 0xFFU);
      group[3] = static_cast<std::int8_t>(slot3 & 0xFFU);
      const std::uint32_t left0 = leave_slot(state[lane], slot0);
      const std::uint32_t left1 = leave_slot(state[lane + 1], slot1);
      const std::uint32_t left2 = leave_slot(state[lane + 2], slot2);
      const std::uint32_t left3 = leave_slot(state[lane + 3], slot3);
      state[lane] = refill(left0, next);
      state[lane + 1] = refill(left1, next);
      state[lane + 2] = refill(left2, next);
      state[lane + 3] = refill(left3, next);
    }
  }
  for (std::size_t lane = 0; lane < lanes; ++lane) states.state[lane] = state[lane];
  states.consume(next);
  return done;
}

#if NUQ_HAS_AVX2_DECODERS

/// For each set of lanes of eight (a mask) that take a word: which of the next eight words a lane takes, 4 bits a lane.
[[nodiscard]] constexpr std::array<std::uint32_t, 256> make_word_places() noexcept {
  std::array<std::uint32_t, 256> places{};
  for (std::uint32_t mask = 0; mask < 256; ++mask) {
    std::uint32_t word = 0;
    for (std::uint32_t lane = 0; lane < 8; ++lane) {
      places[mask] |= word << (4 * lane);
      word += (mask >> lane) & 1U;
    }
  }
  return places;
}
template <class = void>
inline constexpr std::array<std::uint32_t, 256> rans_word_places = make_word_places();

/// The slot entries of eight states. Eight loads: processors for which a gather is faster are few.
NUQ_FUNCTION __attribute__((target("avx2"), always_inline)) inline __m256i look_up_slots(const std::uint32_t* slots,
                                                                                         __m256i state) noexcept {
  const __m256i index = _mm256_and_si256(state, _mm256_set1_epi32(rans_scale - 1));
  const __m128i low = _mm256_castsi256_si128(index);
  const __m128i high = _mm256_extracti128_si256(index, 1);
  const auto pair = [slots](long long indices) __attribute__((target("avx2"), always_inline)) {
    const auto two = static_cast<std::uint64_t>(indices);
    const __m128i first = _mm_cvtsi32_si128(static_cast<int>(slots[two & 0xFFFFFFFFU]));
    return _mm_insert_epi32(first, static_cast<int>(slots[two >> 32U]), 1);
  };
  const __m128i entries0 = _mm_unpacklo_epi64(pair(_mm_cvtsi128_si64(low)), pair(_mm_extract_epi64(low, 1)));
  const __m128i entries1 = _mm_unpacklo_epi64(pair(_mm_cvtsi128_si64(high)), pair(_mm_extract_epi64(high, 1)));
  return _mm256_set_m128i(entries1, entries0);
}

/// One symbol of eight lanes: the slot entries are returned, the states brought forward, the words taken from `next`,
/// of which eight must be readable.
NUQ_FUNCTION __attribute__((target("avx2,popcnt"), always_inline)) inline __m256i decode_eight_avx2(
    const std::uint32_t* slots, __m256i& state, const std::uint8_t*& next) noexcept {
  const __m256i slot = look_up_slots(slots, state);
  const __m256i quotient = _mm256_srli_epi32(state, static_cast<int>(rans_probability_bits));
  const __m256i distance = _mm256_and_si256(_mm256_srli_epi32(slot, 8), _mm256_set1_epi32(0xFFF));
  const __m256i product = _mm256_mullo_epi32(_mm256_srli_epi32(slot, 20), quotient);
  const __m256i kept = _mm256_add_epi32(product, _mm256_add_epi32(quotient, distance));
  const __m256i is_low = _mm256_cmpeq_epi32(_mm256_srli_epi32(kept, 16), _mm256_setzero_si256());
  const auto mask = static_cast<unsigned>(_mm256_movemask_ps(_mm256_castsi256_ps(is_low)));
  const __m256i places = _mm256_srlv_epi32(_mm256_set1_epi32(static_cast<int>(rans_word_places<>[mask])),
                                           _mm256_setr_epi32(0, 4, 8, 12, 16, 20, 24, 28));
  const __m256i words = _mm256_cvtepu16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(next)));
  const __m256i refilled = _mm256_or_si256(_mm256_slli_epi32(kept, 16), _mm256_permutevar8x32_epi32(words, places));
  state = _mm256_blendv_epi8(kept, refilled, is_low);
  next += 2 * __builtin_popcount(mask);
  return slot;
}

/// decode_groups<32> with AVX2.
NUQ_FUNCTION __attribute__((target("avx2,popcnt"))) inline std::size_t decode_groups_avx2(
    const RansTable& table, RansStates& states, ArrayView<std::int8_t> out) noexcept {
  const std::uint32_t* const slots = table.slots.data();
  auto* const lanes = reinterpret_cast<__m256i*>(states.state.data());
  __m256i state0 = _mm256_load_si256(lanes);
  __m256i state1 = _mm256_load_si256(lanes + 1);
  __m256i state2 = _mm256_load_si256(lanes + 2);
  __m256i state3 = _mm256_load_si256(lanes + 3);
  const __m256i level_mask = _mm256_set1_epi32(0xFF);
  const __m256i in_order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);  // the packs below work within halves
  const std::uint8_t* next = states.next;
  const std::uint8_t* const end = states.next + states.bytes_left;
  std::size_t done = 0;
  for (; out.size() - done >= 32 && end - next >= 64; done += 32) {
    const __m256i levels0 = _mm256_and_si256(decode_eight_avx2(slots, state0, next), level_mask);
    const __m256i levels1 = _mm256_and_si256(decode_eight_avx2(slots, state1, next), level_mask);
    const __m256i levels2 = _mm256_and_si256(decode_eight_avx2(slots, state2, next), level_mask);
    const __m256i levels3 = _mm256_and_si256(decode_eight_avx2(slots, state3, next), level_mask);
    const __m256i bytes =
        _mm256_packus_epi16(_mm256_packus_epi32(levels0, levels1), _mm256_packus_epi32(levels2, levels3));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out.data() + done), _mm256_permutevar8x32_epi32(bytes, in_order));
  }
  _mm256_store_si256(lanes, state0);
  _mm256_store_si256(lanes + 1, state1);
  _mm256_store_si256(lanes + 2, state2);
  _mm256_store_si256(lanes + 3, state3);
  states.consume(next);
  return done;
}

#endif

/// Decodes all of `out`, beginning with lane 0; false where the words end early.
NUQ_FUNCTION [[nodiscard]] inline bool decode_run(const RansTable& table, RansStates& states,
                                                  ArrayView<std::int8_t> out,
                                                  [[maybe_unused]] InstructionSet instructions) noexcept {
  std::size_t done = 0;
  if (states.lanes == 32) {
#if NUQ_HAS_AVX2_DECODERS
    done = instructions == InstructionSet::avx2 ? decode_groups_avx2(table, states, out)
                                                : decode_groups<32>(table, states, out);
#else
    done = decode_groups<32>(table, states, out);
#endif
  } else if (states.lanes == 4) {
    done = decode_groups<4>(table, states, out);
  }
  return decode_run_checked(table, states, {out.data() + done, out.size() - done});
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_PACKED_DETAIL_RANS_DECODER_HPP
