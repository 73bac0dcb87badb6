/// Where a model stands that seldom is, so that what holds it is small and can be copied.
///
/// `@unchecked Sendable`: whoever changes the model holds the only reference to its box, and makes a
/// box of its own first where that is not so.
final class ModelBox<Model: Sendable>: @unchecked Sendable {
  var model: Model

  init(_ model: Model) { self.model = model }
}
