// A program that compiles, and that the verifier refuses.
import EBPF

let license = License.gpl

@inline(never)
func answer(_ number: UInt64) -> Int32 {
    Int32(truncatingIfNeeded: number &* 3)
}

@section("cgroup/skb") @used
func unbounded(_ packet: SocketBufferContext) -> Int32 {
    let number = Clock.monotonic
    return answer(number)
}
