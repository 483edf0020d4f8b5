// Constructs about values, each as a program.
import EBPF
import SwiftConstructs

let license = License.gpl

// Optionals.swift

@section("xdp") @used
func optionalBinding(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.optionalBinding) }

@section("xdp") @used
func guardBinding(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.guardBinding) }

@section("xdp") @used
func optionalChaining(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.optionalChaining) }

@section("xdp") @used
func nilCoalescing(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.nilCoalescing) }

@section("xdp") @used
func optionalMap(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.optionalMap) }

@section("xdp") @used
func optionalPattern(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.optionalPattern) }

@section("xdp") @used
func optionalComparison(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.optionalComparison) }

@section("xdp") @used
func nestedOptional(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.nestedOptional) }

@section("xdp") @used
func optionalAssignment(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.optionalAssignment) }

// Enums.swift

@section("xdp") @used
func plainEnum(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.plainEnum) }

@section("xdp") @used
func payloadEnum(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.payloadEnum) }

@section("xdp") @used
func enumPatterns(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.enumPatterns) }

@section("xdp") @used
func stateMachine(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.stateMachine) }

@section("xdp") @used
func resultValue(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.resultValue) }

@section("xdp") @used
func enumEquality(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.enumEquality) }

// Structs.swift

@section("xdp") @used
func nestedStruct(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.nestedStruct) }

@section("xdp") @used
func computedProperty(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.computedProperty) }

@section("xdp") @used
func operators(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.operators) }

@section("xdp") @used
func ownOperator(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.ownOperator) }

@section("xdp") @used
func subscripts(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.subscripts) }

@section("xdp") @used
func propertyObserver(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.propertyObserver) }

@section("xdp") @used
func propertyWrapper(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.propertyWrapper) }

@section("xdp") @used
func callAsFunction(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.callAsFunction) }

@section("xdp") @used
func extensions(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.extensions) }

@section("xdp") @used
func mutatingMethod(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.mutatingMethod) }

@section("xdp") @used
func comparableStruct(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.comparableStruct) }

@section("xdp") @used
func layout(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.layout) }

// Sets.swift

@section("xdp") @used
func optionSet(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.optionSet) }

@section("xdp") @used
func rawRepresentable(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.rawRepresentable) }

@section("xdp") @used
func bigEndian(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.bigEndian) }

@section("xdp") @used
func littleEndian(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.littleEndian) }

@section("xdp") @used
func bitSet(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.bitSet) }

// Generics.swift

@section("xdp") @used
func genericFunction(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.genericFunction) }

@section("xdp") @used
func genericStruct(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.genericStruct) }

@section("xdp") @used
func constrainedGeneric(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.constrainedGeneric) }

@section("xdp") @used
func associatedType(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.associatedType) }

@section("xdp") @used
func opaqueResult(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.opaqueResult) }

@section("xdp") @used
func integerGeneric(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.integerGeneric) }

@section("xdp") @used
func conditionalConformance(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.conditionalConformance) }

@section("xdp") @used
func metatypeArgument(_ frame: XDPContext) -> XDPAction { answer(frame, SwiftConstructs.metatypeArgument) }
