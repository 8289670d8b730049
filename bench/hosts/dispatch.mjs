// rpc-dispatch: what one call costs from the bytes of the request to those of the reply, and what JSON.parse of that request and
// JSON.stringify of that reply cost alone.
import { registryOf } from '../support/cameras.mjs'
import { bytesOf, inProcessRpc } from '../support/in-process-rpc.mjs'
import { bytesPerCall, timeTasks } from '../support/tasks.mjs'

const CALLS = {
  ping: { cameras: 4, method: 'ping' },
  get_camera_status: { cameras: 4, method: 'get_camera_status', params: { device: 'camera2' } },
  'get_camera_list of 4': { cameras: 4, method: 'get_camera_list' },
  'get_camera_list of 16': { cameras: 16, method: 'get_camera_list' },
  get_camera_capabilities: { cameras: 4, method: 'get_camera_capabilities', params: { device: 'camera2' } },
  get_subscription_stats: { cameras: 4, method: 'get_subscription_stats' },
}

const tasks = {}
const sizes = {}
const allocations = {}
for (const [name, { cameras, method, params }] of Object.entries(CALLS)) {
  let sent = ''
  const session = inProcessRpc(registryOf(cameras)).open({ send: (payload) => (sent = payload) })
  const request = { id: 1_234_567, method, params }
  const bytes = bytesOf(request)
  session.receive(bytes, false)
  const reply = Buffer.from(sent).toString()
  const { result } = JSON.parse(reply)
  if (result === undefined) throw new Error(`${method} answers ${reply}`)
  const text = JSON.stringify({ jsonrpc: '2.0', ...request })
  const answer = { jsonrpc: '2.0', id: request.id, result }
  sizes[name] = [text.length, reply.length]
  let kept = ''
  tasks[name] = () => session.receive(bytes, false)
  tasks[`JSON ${name}`] = () => {
    if (JSON.parse(text).id === request.id) kept = JSON.stringify(answer)
  }
  allocations[name] = bytesPerCall(tasks[name])
  if (kept.length > reply.length) throw new Error('the peer answers more')
}
const values = await timeTasks(tasks, { rounds: Number(process.argv[2]), timeMs: 60 })
console.log(JSON.stringify({ values, sizes, allocations }))
