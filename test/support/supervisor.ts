/** A supervisor's socket for what services tell of themselves. Node has none of its kind, so Python listens. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

export interface Told {
  /** Monotonic milliseconds of the receiver. */
  readonly atMs: number
  /** Such as `['READY=1', 'STATUS=...']`. */
  readonly lines: readonly string[]
}

export interface SupervisorSocket {
  readonly told: Told[]
  close(): Promise<void>
}

const RECEIVER = `
import json, socket, sys, time
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
a = sys.argv[1]
s.bind('\\0' + a[1:] if a[0] == '@' else a)
print('listening', flush=True)
while True:
    m = s.recv(4096).decode()
    print(json.dumps({'atMs': time.monotonic() * 1000, 'lines': m.split('\\n')}), flush=True)
`

/** `address`: a path, or an abstract name behind `@`. */
export async function supervisorSocket(address: string): Promise<SupervisorSocket> {
  const child = spawn('python3', ['-c', RECEIVER, address], { stdio: ['ignore', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })
  const told: Told[] = []
  await once(lines, 'line')
  lines.on('line', (line) => told.push(JSON.parse(line) as Told))
  return {
    told,
    async close() {
      child.kill()
      await once(child, 'exit')
    },
  }
}
