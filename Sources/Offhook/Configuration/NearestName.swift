/// Finds the known name that a mistyped one probably meant.
package enum NearestName {
    /// The known name with the smallest edit distance, when that is at most a third of the name's length (and 1 for
    /// short ones); the first on a tie.
    package static func of(_ name: String, among known: [String]) -> String? {
        let limit = max(1, name.count / 3)
        let candidate = known.map { (name: $0, distance: distance(Array(name.utf8), Array($0.utf8))) }
            .min { $0.distance < $1.distance }
        guard let candidate, candidate.distance <= limit else { return nil }
        return candidate.name
    }

    /// Edits of one octet, and swaps of two neighbours, that lead from one name to the other (Damerau, restricted).
    private static func distance(_ first: [UInt8], _ second: [UInt8]) -> Int {
        guard !first.isEmpty, !second.isEmpty else { return max(first.count, second.count) }
        var beforeLast = [Int](repeating: 0, count: second.count + 1)
        var last = Array(0...second.count)
        for i in 1...first.count {
            var row = [i]
            for j in 1...second.count {
                let substitution = last[j - 1] + (first[i - 1] == second[j - 1] ? 0 : 1)
                var best = min(substitution, last[j] + 1, row[j - 1] + 1)
                if i > 1, j > 1, first[i - 1] == second[j - 2], first[i - 2] == second[j - 1] {
                    best = min(best, beforeLast[j - 2] + 1)
                }
                row.append(best)
            }
            (beforeLast, last) = (last, row)
        }
        return last[second.count]
    }
}
