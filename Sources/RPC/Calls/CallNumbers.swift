internal import Synchronization

/// Numbers that no two calls share: request ids, trace ids, span ids, jitter.
///
/// Unguessable they need not be (nothing is granted for knowing one), so one draw of real
/// randomness a process seeds a counter that SplitMix64 scatters.
enum CallNumbers {
  private static let counter = Atomic<UInt64>(UInt64.random(in: .min ... .max))

  /// The next number.
  static func next() -> UInt64 {
    var value = counter.wrappingAdd(0x9E37_79B9_7F4A_7C15, ordering: .relaxed).newValue
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }

  /// A number of 0 up to 1.
  static func chance() -> Double { Double(next() >> 11) * 0x1p-53 }
}
