import Glibc
import Probes

/// Breaks object files in every way and sees that each is opened or refused in words.
@main
enum FuzzObjects {
    static func main() {
        let arguments = CommandLine.arguments
        // What this program starts to look at an object in a process of its own.
        if arguments.count == 3, arguments[1] == "inspect-object" { exit(Inspection.serve(name: arguments[2])) }
        exit(2)
    }
}
