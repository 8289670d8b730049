// Peer of the RPC benches: what most Node services use. `ws` with JSON.parse and JSON.stringify, answering one method and `authenticate`
// and nothing else: no validation, no rate limit, no sessions, no metrics. `ws-server.mjs RESULT`: JSON of what the method answers, so
// that replies have the bytes of ours. Prints its port.
import { WebSocketServer } from 'ws'

const result = JSON.parse(process.argv[2])
const login = { authenticated: true }

const answer = ({ id, method }) => ({ jsonrpc: '2.0', id, result: method === 'authenticate' ? login : result })

const server = new WebSocketServer({ host: '127.0.0.1', port: 0, path: '/ws', perMessageDeflate: false })
server.on('connection', (socket) => {
  socket.on('message', (data) => socket.send(JSON.stringify(answer(JSON.parse(data.toString())))))
})
server.on('listening', () => console.log(JSON.stringify({ port: server.address().port })))
process.on('SIGTERM', () => process.exit(0))
