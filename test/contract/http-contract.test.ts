/** Every route of the contract is there, on each of its ports, with the members that the contract names. */

import { afterAll, beforeAll, expect, it } from 'vitest'
import { CONTRACT } from '../support/contract.js'
import { ask } from '../support/raw-http.js'
import { type RunningService, startService } from '../support/service.js'

let service: RunningService

beforeAll(async () => {
  service = await startService({ args: ['--virtual-cameras', '1'], camera: true })
})
afterAll(() => service.stop())

it('names the routes of both ports', () => {
  expect(CONTRACT.http.map(({ path }) => path)).toEqual(expect.arrayContaining(['/health', '/api/cameras']))
})

it('counts who asks for health pages', async () => {
  await ask(service.healthPort, 'GET', '/api/cameras')
  const { body } = await ask(service.port, 'GET', '/metrics')
  expect(body).toMatch(/^mtxmon_health_requests_total\{path="\/api\/cameras",code="200"\} [1-9]\d*$/m)
  expect(body).toMatch(/^mtxmon_retention_deleted_files_total 0$/m)
  expect(body).toMatch(/^mtxmon_discovery_streams\{state="online"\} 0$/m)
})

it.each(CONTRACT.http)('$method $path', async ({ method, path, ports, members }) => {
  for (const name of ports) {
    const port = name === 'server.port' ? service.port : service.healthPort
    const isFile = path.startsWith('/files/')
    const { status, body } = await ask(port, method, path.replace('{filename}', 'none'))
    // A path that is none of ours is 404 to everybody.
    expect([name, status]).toEqual([name, isFile ? 401 : 200])
    if (!isFile) expect(Object.keys(JSON.parse(body))).toEqual(expect.arrayContaining([...members]))
  }
})
