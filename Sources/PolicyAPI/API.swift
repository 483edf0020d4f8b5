/// Where the daemon's HTTP interface is found, and its paths.
///
/// The interface is HTTP/1.1 over a Unix socket with JSON bodies; `docs/api.md` describes it for users of `curl --unix-socket`.
/// Every path starts with the version, which changes only when a message changes in a way an older client cannot read.
public enum API {
    /// The socket that daemon and client use unless told otherwise.
    public static let defaultSocket = "/run/policyd/policyd.sock"

    /// The environment variable that names another socket to the client.
    public static let socketVariable = "POLICYD_SOCKET"

    /// The largest request body the daemon reads, in bytes. Address lists travel in requests, so it is large.
    public static let requestLimit = 256 * 1024 * 1024

    /// The version all paths start with.
    public static let version = "v1"

    /// Health, interfaces, revision, map use. `GET`.
    public static let status = "/v1/status"
    /// The policies in force with counters. `GET`.
    public static let policies = "/v1/policies"
    /// The rules in force, in the order they are tried, with counters. `GET`.
    public static let rules = "/v1/rules"
    /// The address sets in force. `GET`; below it `/{name}` one set with its entries, `/{name}/add` and `/{name}/remove` with `POST`.
    public static let sets = "/v1/sets"
    /// Put documents in force. `POST`.
    public static let apply = "/v1/apply"
    /// Put in force what the daemon's policy folder holds. `POST`.
    public static let applyFolder = "/v1/apply-folder"
    /// Keep a revision that would be withdrawn otherwise. `POST`.
    public static let confirm = "/v1/confirm"
    /// The documents in force with their texts. `GET`; take documents out: `POST`; `DELETE` with `/{kind}/{name}` takes out one.
    public static let documents = "/v1/documents"
    /// The verdict for packets. `POST`.
    public static let why = "/v1/why"
    /// Events as lines of JSON. `GET`.
    public static let events = "/v1/events"
    /// The probes that are loaded. `GET`; load one: `POST`; below it `/{name}` one, `DELETE` unloads it, `/{name}/events` its events, and `/{name}/maps/{map}` what a map holds.
    public static let probes = "/v1/probes"
    /// The connections the kernel knows. `GET`.
    public static let flows = "/v1/flows"
    /// Take enforcement out of the kernel. `POST`.
    public static let down = "/v1/down"
}
