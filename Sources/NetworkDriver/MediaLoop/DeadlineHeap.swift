internal import SansIO

/// The deadlines of a loop's endpoints: a binary heap in which an endpoint has one place, so that re-arming moves it.
struct DeadlineHeap {
    private struct Entry {
        let deadline: MonotonicTime
        let index: Int
    }

    private var heap: [Entry] = []
    /// The place in the heap by endpoint index; -1 without a deadline.
    private var places: [Int] = []

    var earliest: MonotonicTime? { heap.first?.deadline }
    var count: Int { heap.count }

    /// Moves, sets or, with `nil`, removes the deadline of an endpoint.
    mutating func set(_ index: Int, to deadline: MonotonicTime?) {
        while places.count <= index { places.append(-1) }
        let place = places[index]
        switch (place, deadline) {
        case (-1, nil): return
        case (-1, let deadline?):
            heap.append(Entry(deadline: deadline, index: index))
            places[index] = heap.count - 1
            siftUp(heap.count - 1)
        case (_, let deadline?):
            guard heap[place].deadline != deadline else { return }
            heap[place] = Entry(deadline: deadline, index: index)
            restore(place)
        case (_, nil): remove(place)
        }
    }

    /// Removes the earliest deadline that is not after `now`, and gives its endpoint's index.
    mutating func popDue(at now: MonotonicTime) -> Int? {
        guard let first = heap.first, first.deadline <= now else { return nil }
        remove(0)
        return first.index
    }

    private mutating func remove(_ place: Int) {
        places[heap[place].index] = -1
        let last = heap.removeLast()
        guard place < heap.count else { return }
        put(last, at: place)
        restore(place)
    }

    private mutating func restore(_ place: Int) {
        siftUp(place)
        siftDown(place)
    }

    private mutating func siftUp(_ start: Int) {
        var place = start
        let entry = heap[place]
        while place > 0, case let parent = (place - 1) / 2, entry.deadline < heap[parent].deadline {
            put(heap[parent], at: place)
            place = parent
        }
        put(entry, at: place)
    }

    private mutating func siftDown(_ start: Int) {
        var place = start
        let entry = heap[place]
        while case var child = 2 * place + 1, child < heap.count {
            if child + 1 < heap.count, heap[child + 1].deadline < heap[child].deadline { child += 1 }
            guard heap[child].deadline < entry.deadline else { break }
            put(heap[child], at: place)
            place = child
        }
        put(entry, at: place)
    }

    private mutating func put(_ entry: Entry, at place: Int) {
        heap[place] = entry
        places[entry.index] = place
    }
}
