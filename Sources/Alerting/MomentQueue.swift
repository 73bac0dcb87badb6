/// Who is to be looked at when: at most one moment each, in microseconds since 1970.
struct MomentQueue: Sendable {
  private struct Entry: Sendable {
    var moment: Int64
    var number: Int
  }

  private var moments: [Int: Int64] = [:]
  /// A binary heap, the first moment on top; it may hold entries that no longer count below it.
  private var heap: [Entry] = []

  /// The first moment of all; nil when nothing waits.
  var first: Int64? { heap.first?.moment }

  /// When a number is to be looked at; nil is not at all.
  subscript(number: Int) -> Int64? {
    get { moments[number] }
    set {
      guard moments[number] != newValue else { return }
      moments[number] = newValue
      if let newValue { push(Entry(moment: newValue, number: number)) }
      dropStale()
    }
  }

  /// Takes out all whose moment has come, in no order.
  mutating func takeDue(at now: Int64) -> [Int] {
    var due: [Int] = []
    while let top = heap.first, top.moment <= now {
      due.append(top.number)
      moments[top.number] = nil
      dropStale()
    }
    return due
  }

  private mutating func dropStale() {
    while let top = heap.first, moments[top.number] != top.moment { pop() }
  }

  private mutating func push(_ entry: Entry) {
    heap.append(entry)
    var place = heap.count - 1
    while place > 0, heap[place].moment < heap[(place - 1) / 2].moment {
      heap.swapAt(place, (place - 1) / 2)
      place = (place - 1) / 2
    }
  }

  private mutating func pop() {
    heap.swapAt(0, heap.count - 1)
    heap.removeLast()
    var place = 0
    while true {
      let below = [2 * place + 1, 2 * place + 2].filter { $0 < heap.count }
      guard let least = below.min(by: { heap[$0].moment < heap[$1].moment }),
        heap[least].moment < heap[place].moment
      else { return }
      heap.swapAt(place, least)
      place = least
    }
  }
}
