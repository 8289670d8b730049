// A client in a process of its own: calls `ping` every few milliseconds, and for each line on stdin prints the 95th percentile of the
// milliseconds that the calls since the last line took.   node pinger.mjs URL TOKEN
import { createInterface } from 'node:readline'
import { WebSocket } from 'ws'

const [url, token] = process.argv.slice(2)
const PAUSE_MS = 5
const socket = new WebSocket(url, { perMessageDeflate: false })
let times = []
let sentAt = 0

const send = (id, method, params) => socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }))
socket.on('open', () => send(0, 'authenticate', { auth_token: token }))
socket.on('message', (data) => {
  const { id } = JSON.parse(data)
  if (id === 0) process.stdout.write('ready\n')
  else times.push(performance.now() - sentAt)
  setTimeout(() => {
    sentAt = performance.now()
    send(1, 'ping')
  }, PAUSE_MS)
})
socket.on('close', () => process.exit(1))
createInterface({ input: process.stdin })
  .on('line', () => {
    const sorted = times.sort((a, b) => a - b)
    process.stdout.write(`${sorted[Math.floor(sorted.length * 0.95)]}\n`)
    times = []
  })
  .on('close', () => process.exit(0))
