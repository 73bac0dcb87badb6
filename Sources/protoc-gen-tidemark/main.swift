// protoc's plugin that makes the Swift of a contract from its description on standard input.
internal import CProtobufC
internal import CProtocPlugin
internal import Glibc

var input: [UInt8] = []
var chunk = [UInt8](repeating: 0, count: 65_536)
while case let count = read(0, &chunk, chunk.count), count > 0 {
  input += chunk[..<count]
}
guard let request = tidemark__plugin__generator_request__unpack(nil, input.count, input) else {
  writeAll(Array("protoc-gen-tidemark: standard input is not a request of protoc\n".utf8), to: 2)
  exit(1)
}

let output: [UInt8]
do throws(Refusal) {
  output = packedResponse(files: try generate(request.pointee), error: nil)
} catch {
  output = packedResponse(files: [], error: error.message)
}
guard writeAll(output, to: 1) else {
  exit(1)
}
