// A client in a process of its own: calls `ping` every few milliseconds, and for an empty line on stdin prints the 95th percentile of the
// milliseconds that the calls since the last answer took. A line with a word is what calls are counted under from then on, and `?` asks for
// the percentiles by those words, as JSON.   node pinger.mjs URL TOKEN
import { createInterface } from 'node:readline'
import { WebSocket } from 'ws'

const [url, token] = process.argv.slice(2)
const PAUSE_MS = 5
const socket = new WebSocket(url, { perMessageDeflate: false })
let times = {}
let name = ''
let sentAt = 0
let sentAs = name

const send = (id, method, params) => socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }))
socket.on('open', () => send(0, 'authenticate', { auth_token: token }))
socket.on('message', (data) => {
  const { id } = JSON.parse(data)
  if (id === 0) process.stdout.write('ready\n')
  else {
    times[sentAs] ??= []
    times[sentAs].push(performance.now() - sentAt)
  }
  setTimeout(() => {
    sentAt = performance.now()
    sentAs = name
    send(1, 'ping')
  }, PAUSE_MS)
})
socket.on('close', () => process.exit(1))

function p95(list) {
  const sorted = list.sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length * 0.95)]
}

function answer(text) {
  process.stdout.write(`${text}\n`)
  times = {}
}

createInterface({ input: process.stdin })
  .on('line', (line) => {
    if (line === '') answer(p95(Object.values(times).flat()))
    else if (line === '?')
      answer(JSON.stringify(Object.fromEntries(Object.entries(times).map(([word, list]) => [word, p95(list)]))))
    else name = line
  })
  .on('close', () => process.exit(0))
