internal import AnomalyContract
public import Classification
internal import RPC
internal import SeriesContract

/// Who says something to the classifier and has a name only, as the command line.
public enum NamedActor {
  /// The identity that stands for a name.
  public static func id(of name: String) -> ActorID {
    ActorID(.derived(from: "tidemark/actor/\(name)"))
  }
}
