/// Ten times the decimal logarithm of a power ratio.
///
/// Written out because the cores import no C library: frexp's mantissa and a series give more than 12 digits.
package func decibels(_ ratio: Double) -> Double {
    guard ratio > 0 else { return -.infinity }
    return 10 * naturalLogarithm(ratio) / 2.302_585_092_994_045_7
}

/// ln x = e·ln 2 + 2·artanh((m − 1) / (m + 1)), with the significand moved to about 0.7 to 1.4 for quick convergence.
func naturalLogarithm(_ value: Double) -> Double {
    var exponent = Double(value.exponent)
    var significand = value.significand
    if significand > 1.414 {
        significand /= 2
        exponent += 1
    }
    let z = (significand - 1) / (significand + 1)
    var term = z
    var sum = 0.0
    for odd in stride(from: 1.0, through: 21, by: 2) {
        sum += term / odd
        term *= z * z
    }
    return exponent * 0.693_147_180_559_945_3 + 2 * sum
}
