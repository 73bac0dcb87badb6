/// A fixed number of elements of which the oldest makes way for the newest.
struct Ring<Element: Sendable>: Sendable {
  private var storage: [Element]
  private var newest: Int

  /// A ring that holds these elements, oldest first.
  init(oldestFirst elements: [Element]) {
    precondition(!elements.isEmpty, "a ring without places")
    storage = elements
    newest = elements.count - 1
  }

  /// A ring filled with one element.
  init(repeating element: Element, count: Int) {
    self.init(oldestFirst: Array(repeating: element, count: count))
  }

  var count: Int { storage.count }

  /// The element that came so many pushes before the newest, which is 0.
  @inline(__always)
  subscript(back back: Int) -> Element {
    get { storage[place(back)] }
    set { storage[place(back)] = newValue }
  }

  @inline(__always)
  private func place(_ back: Int) -> Int {
    let index = newest - back
    return index < 0 ? index + storage.count : index
  }

  @inline(__always)
  mutating func push(_ element: Element) {
    newest = newest + 1 == storage.count ? 0 : newest + 1
    storage[newest] = element
  }

  /// Calls the body with every element, oldest first.
  @inline(__always)
  func forEachOldestFirst(_ body: (Element) -> Void) {
    for index in (newest + 1)..<storage.count { body(storage[index]) }
    for index in 0...newest { body(storage[index]) }
  }

  /// Calls the body with the newest elements, newest first, and how many pushes each lies back,
  /// until it says that it has seen enough.
  ///
  /// For the walks that every bucket of every series makes: no index is checked.
  @inline(__always)
  func walkBack(_ length: Int, _ body: (Int, Element) -> Bool) {
    storage.withUnsafeBufferPointer { storage in
      var index = newest
      for back in 0..<min(length, storage.count) {
        guard body(back, storage[index]) else { return }
        index = index == 0 ? storage.count - 1 : index - 1
      }
    }
  }

  /// The newest elements, newest first.
  func newestFirst(_ length: Int) -> [Element] {
    var elements: [Element] = []
    elements.reserveCapacity(length)
    walkBack(length) { _, element in
      elements.append(element)
      return true
    }
    return elements
  }

  /// All elements, oldest first.
  var oldestFirst: [Element] {
    var elements: [Element] = []
    elements.reserveCapacity(count)
    forEachOldestFirst { elements.append($0) }
    return elements
  }
}
