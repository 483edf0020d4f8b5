import BPF
import SwiftConstructs
import SwiftObjects
import Testing

/// A function that is compiled for the kernel and for the host.
struct Construct: Sendable {
    var name: String
    var native: @Sendable (Numbers) -> UInt64

    init(_ name: String, _ native: @escaping @Sendable (Numbers) -> UInt64) { (self.name, self.native) = (name, native) }
}

/// The constructs of one object, each a program of its own.
struct ConstructGroup: Sendable, CustomTestStringConvertible {
    var name: String
    var object: EmbeddedObject
    var constructs: [Construct]

    var testDescription: String { name }

    static let all = [values, flow, numbers]

    static let values = ConstructGroup(
        name: "values", object: .values,
        constructs: [
            Construct("optionalBinding", optionalBinding),
            Construct("guardBinding", guardBinding),
            Construct("optionalChaining", optionalChaining),
            Construct("nilCoalescing", nilCoalescing),
            Construct("optionalMap", optionalMap),
            Construct("optionalPattern", optionalPattern),
            Construct("optionalComparison", optionalComparison),
            Construct("nestedOptional", nestedOptional),
            Construct("optionalAssignment", optionalAssignment),
            Construct("plainEnum", plainEnum),
            Construct("payloadEnum", payloadEnum),
            Construct("enumPatterns", enumPatterns),
            Construct("stateMachine", stateMachine),
            Construct("resultValue", resultValue),
            Construct("enumEquality", enumEquality),
            Construct("nestedStruct", nestedStruct),
            Construct("computedProperty", computedProperty),
            Construct("operators", operators),
            Construct("ownOperator", ownOperator),
            Construct("subscripts", subscripts),
            Construct("propertyObserver", propertyObserver),
            Construct("propertyWrapper", propertyWrapper),
            Construct("callAsFunction", callAsFunction),
            Construct("extensions", extensions),
            Construct("mutatingMethod", mutatingMethod),
            Construct("comparableStruct", comparableStruct),
            Construct("layout", layout),
            Construct("optionSet", optionSet),
            Construct("rawRepresentable", rawRepresentable),
            Construct("bigEndian", bigEndian),
            Construct("littleEndian", littleEndian),
            Construct("bitSet", bitSet),
            Construct("genericFunction", genericFunction),
            Construct("genericStruct", genericStruct),
            Construct("constrainedGeneric", constrainedGeneric),
            Construct("associatedType", associatedType),
            Construct("opaqueResult", opaqueResult),
            Construct("integerGeneric", integerGeneric),
            Construct("conditionalConformance", conditionalConformance),
            Construct("metatypeArgument", metatypeArgument),
        ])

    static let flow = ConstructGroup(
        name: "flow", object: .flow,
        constructs: [
            Construct("closureArgument", closureArgument),
            Construct("capturingClosure", capturingClosure),
            Construct("mutatingCapture", mutatingCapture),
            Construct("mapReduce", mapReduce),
            Construct("functionValue", functionValue),
            Construct("autoclosure", autoclosure),
            Construct("localFunction", localFunction),
            Construct("forRange", forRange),
            Construct("variableCount", variableCount),
            Construct("closedRange", closedRange),
            Construct("whileLoop", whileLoop),
            Construct("repeatLoop", repeatLoop),
            Construct("strideLoop", strideLoop),
            Construct("labelledLoops", labelledLoops),
            Construct("reversedRange", reversedRange),
            Construct("ownSequence", ownSequence),
            Construct("enumeratedLoop", enumeratedLoop),
            Construct("rangeSwitch", rangeSwitch),
            Construct("tupleSwitch", tupleSwitch),
            Construct("whereSwitch", whereSwitch),
            Construct("fallthroughSwitch", fallthroughSwitch),
            Construct("denseSwitch", denseSwitch),
            Construct("ifExpression", ifExpression),
            Construct("ownPattern", ownPattern),
            Construct("boolLogic", boolLogic),
            Construct("typedThrows", typedThrows),
            Construct("optionalTry", optionalTry),
            Construct("genericThrows", genericThrows),
            Construct("resultOfThrowing", resultOfThrowing),
            Construct("noncopyableDeinit", noncopyableDeinit),
            Construct("borrowAndConsume", borrowAndConsume),
            Construct("inoutArguments", inoutArguments),
            Construct("deferred", deferred),
            Construct("optionalNoncopyable", optionalNoncopyable),
            Construct("exclusiveAccess", exclusiveAccess),
            Construct("subprogram", subprogram),
            Construct("nestedSubprograms", nestedSubprograms),
            Construct("smallArguments", smallArguments),
            Construct("fiveArguments", fiveArguments),
            Construct("defaultArguments", defaultArguments),
        ])

    static let numbers = ConstructGroup(
        name: "numbers", object: .numbers,
        constructs: [
            Construct("bitwise", bitwise),
            Construct("shifts", shifts),
            Construct("smartShifts", smartShifts),
            Construct("signedShift", signedShift),
            Construct("bitCounts", bitCounts),
            Construct("smallBitCounts", smallBitCounts),
            Construct("byteSwaps", byteSwaps),
            Construct("unsignedDivision", unsignedDivision),
            Construct("constantDivision", constantDivision),
            Construct("quotientAndRemainder", quotientAndRemainder),
            Construct("smallArithmetic", smallArithmetic),
            Construct("provenArithmetic", provenArithmetic),
            Construct("conversions", conversions),
            Construct("signedArithmetic", signedArithmetic),
            Construct("magnitudes", magnitudes),
            Construct("minMax", minMax),
            Construct("reportedOverflow", reportedOverflow),
            Construct("saturatingSum", saturatingSum),
            Construct("signedOverflow", signedOverflow),
            Construct("fullWidth", fullWidth),
            Construct("multiples", multiples),
            Construct("wideNumbers", wideNumbers),
            Construct("booleans", booleans),
            Construct("squareRoot", squareRoot),
            Construct("fnvHash", fnvHash),
            Construct("crc", crc),
            Construct("internetChecksum", internetChecksum),
            Construct("sipRound", sipRound),
            Construct("histogramSlot", histogramSlot),
            Construct("tokenBucket", tokenBucket),
            Construct("inlineArraySum", inlineArraySum),
            Construct("inlineArrayWrite", inlineArrayWrite),
            Construct("variableIndex", variableIndex),
            Construct("testedIndex", testedIndex),
            Construct("nestedInlineArray", nestedInlineArray),
            Construct("arrayInitialiser", arrayInitialiser),
            Construct("bubbleSort", bubbleSort),
            Construct("constantTable", constantTable),
            Construct("spanOfArray", spanOfArray),
            Construct("tupleAsArray", tupleAsArray),
            Construct("namedTuple", namedTuple),
            Construct("arrayLiteralLoop", arrayLiteralLoop),
            Construct("genericStorage", genericStorage),
        ])
}
