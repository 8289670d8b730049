// Peer of http-health: Node's own server with one body, made once, and our headers. `http-server.mjs HEADERS BODY`, JSON and text.
import { createServer } from 'node:http'

const headers = JSON.parse(process.argv[2])
const body = Buffer.from(process.argv[3])

const server = createServer((_request, response) => {
  response.writeHead(200, { ...headers, 'Content-Length': body.length })
  response.end(body)
}).listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: server.address().port })))
process.on('SIGTERM', () => process.exit(0))
