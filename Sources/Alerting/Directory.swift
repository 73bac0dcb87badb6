/// The people who may be told, found by whatever an owner is named by.
public struct Directory: Sendable, Hashable {
  /// In the order given.
  public let people: [Person]

  private let byName: [String: Int]
  private let byEmail: [String: Int]
  private let byRole: [String: [Int]]

  /// Checks that each name and each mail address, in whatever case, belongs to one person, and that
  /// no name is a role as well.
  ///
  /// - Throws: ``AlertingError`` `badPerson`.
  public init(_ people: [Person]) throws(AlertingError) {
    var byName: [String: Int] = [:]
    var byEmail: [String: Int] = [:]
    var byRole: [String: [Int]] = [:]
    for (number, person) in people.enumerated() {
      guard byName.updateValue(number, forKey: person.name) == nil else {
        throw AlertingError(.badPerson, "two people have the name '\(person.name)'")
      }
      if let email = person.email?.lowercased(),
        let other = byEmail.updateValue(number, forKey: email)
      {
        throw AlertingError(
          .badPerson,
          "'\(people[other].name)' and '\(person.name)' have one mail address, '\(email)'")
      }
      for role in Set(person.roles) { byRole[role, default: []].append(number) }
    }
    for person in people where byRole[person.name] != nil {
      throw AlertingError(
        .badPerson, "'\(person.name)' is a person and a role: an owner would not be clear")
    }
    self.people = people
    self.byName = byName
    self.byEmail = byEmail
    self.byRole = byRole
  }

  /// The person of that name.
  public func person(named name: String) -> Person? { byName[name].map { people[$0] } }

  /// The person with that mail address, in whatever case it is written.
  public func person(email: String) -> Person? { byEmail[email.lowercased()].map { people[$0] } }

  /// All who have a role, in the order given.
  public func people(role: String) -> [Person] { (byRole[role] ?? []).map { people[$0] } }

  /// Whom an anomaly's owner stands for: one person by name or mail address, else all who have that
  /// role; empty where nobody is known by it.
  public func people(owner: String) -> [Person] {
    if let person = person(named: owner) ?? person(email: owner) { return [person] }
    return people(role: owner)
  }
}
