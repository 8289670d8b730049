// A client in a process of its own: calls `ping` every few milliseconds, and for an empty line on stdin prints the 95th percentile of the
// milliseconds that the calls since the last answer took. A line with a word is what calls are counted under from then on, and `?` asks for
// the percentiles by those words, as JSON. With the PID of the service, what the machine kept both from
// their processors is nobody's delay.   node pinger.mjs URL TOKEN [PID]
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { WebSocket } from 'ws'

const [url, token, pid] = process.argv.slice(2)
const PAUSE_MS = 5
const socket = new WebSocket(url, { perMessageDeflate: false })
let times = {}
let name = ''
let sentAt = 0
let keptAt = 0
let sentAs = name

const send = (id, method, params) => socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }))
socket.on('open', () => send(0, 'authenticate', { auth_token: token }))
socket.on('message', (data) => {
  const { id } = JSON.parse(data)
  if (id === 0) process.stdout.write('ready\n')
  else {
    times[sentAs] ??= []
    times[sentAs].push(Math.max(0, performance.now() - sentAt - (keptMs() - keptAt)))
  }
  setTimeout(() => {
    sentAt = performance.now()
    keptAt = keptMs()
    sentAs = name
    send(1, 'ping')
  }, PAUSE_MS)
})
socket.on('close', () => process.exit(1))

/** For how long the main threads of both have been ready to run while others did, ever; 0 where the kernel does not count it. */
function keptMs() {
  if (pid === undefined) return 0
  try {
    const waits = [process.pid, pid].map((each) => Number(readFileSync(`/proc/${each}/schedstat`, 'utf8').split(' ')[1]) / 1e6)
    return waits[0] + waits[1]
  } catch {
    return 0
  }
}

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
