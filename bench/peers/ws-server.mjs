// Peer of the RPC benches: what most Node services use. `ws` with JSON.parse and JSON.stringify, answering `ping` and `authenticate`
// and nothing else: no validation, no rate limit, no sessions, no metrics. Prints its port. Answers have the bytes of ours.
import { WebSocketServer } from 'ws'

/** Same members as the service's reply, so that both write the same number of bytes. */
const withMetadata = process.argv[2] === 'metadata'

function answer(request) {
  const reply = { jsonrpc: '2.0', id: request.id, result: request.method === 'ping' ? 'pong' : { authenticated: true } }
  if (withMetadata) {
    reply.metadata = { processing_time_ms: 0, server_timestamp: new Date().toISOString(), request_id: request.id }
  }
  return reply
}

const server = new WebSocketServer({ host: '127.0.0.1', port: 0, path: '/ws', perMessageDeflate: false })
server.on('connection', (socket) => {
  socket.on('message', (data) => socket.send(JSON.stringify(answer(JSON.parse(data.toString())))))
})
server.on('listening', () => console.log(JSON.stringify({ port: server.address().port })))
process.on('SIGTERM', () => process.exit(0))
