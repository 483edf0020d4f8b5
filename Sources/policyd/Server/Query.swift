import Hummingbird
import PolicyAPI

extension Request {
    /// Reads the parameters of the query, all of which have to be known.
    ///
    /// - Parameters:
    ///   - what: Whose parameters they are, for messages: `events`.
    ///   - take: Is given the name and value of each; false if it does not know the name.
    /// - Throws: ``Refusal`` for one that is not known or has no sound value.
    func readQuery(of what: String, _ take: (_ name: String, _ value: String) throws -> Bool) throws {
        for (name, value) in uri.queryParameters {
            do {
                guard try take(String(name), String(value)) else { throw Refusal(.badRequest, "'\(name)' is no parameter of \(what)") }
            } catch let error as EventFilter.Invalid {
                throw Refusal(.badRequest, "\(error)")
            }
        }
    }
}
