// The camera face: from exec to the first 200 of /health, with 64 cameras.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { freePort } from '../../test/vm/guest/support/service.mjs'
import { answer } from '../support/http.mjs'
import { duration, publish } from '../support/report.mjs'
import { median } from '../support/stats.mjs'
import { failures, judge, judgeTwice, ratioText } from '../support/verdict.mjs'

const MAIN = resolve(import.meta.dirname, '../../dist/main.js')
const CAMERAS = 64
const LIMIT_MS = 150
const DEADLINE_MS = 20_000

export async function run({ quick }) {
  const stateDir = await mkdtemp(join(tmpdir(), 'camera-service-health-'))
  try {
    // The first start also makes the state folder; the later ones are what a restart costs.
    await firstAnswer(stateDir)
    const result = await judgeTwice((rounds) => measure(stateDir, rounds), quick ? 3 : 11)
    const time = duration(median(result.times) * 1e6)
    publish(
      'face-health',
      [`${time} after exec with ${CAMERAS} virtual cameras`, `against ${LIMIT_MS} ms: ${ratioText(result.verdict)}`],
      result,
    )
    return failures('face-health', result)
  } finally {
    await rm(stateDir, { recursive: true, force: true })
  }
}

async function measure(stateDir, rounds) {
  const times = []
  for (let i = 0; i < rounds; i++) times.push(await firstAnswer(stateDir))
  return {
    times,
    verdict: judge(
      times.map((ms) => ms / LIMIT_MS),
      { atMost: 1 },
    ),
  }
}

async function firstAnswer(stateDir) {
  const port = await freePort()
  const env = {
    PATH: process.env.PATH,
    CAMERA_SERVICE_STATE_DIR: stateDir,
    CAMERA_SERVICE_SERVER_HOST: '127.0.0.1',
    CAMERA_SERVICE_SERVER_PORT: String(await freePort()),
    CAMERA_SERVICE_MEDIAMTX_MODE: 'off',
    CAMERA_SERVICE_CAMERA_SERVER_CONFIG_FILE: join(stateDir, `config-${port}.json`),
    CAMERA_SERVICE_CAMERA_SERVER_SERVER_HOST: '127.0.0.1',
    CAMERA_SERVICE_CAMERA_SERVER_SERVER_PORT: String(port),
  }
  const beganMs = performance.now()
  const child = spawn(process.execPath, [MAIN, 'run', '--virtual-cameras', String(CAMERAS)], { env, stdio: 'ignore' })
  const gone = once(child, 'exit')
  try {
    while ((await answer(port, '/health').catch(() => undefined)) !== 200) {
      if (child.exitCode !== null || performance.now() - beganMs > DEADLINE_MS) throw new Error('the service does not start')
      // The processor is free for others meanwhile.
      await pause(2)
    }
    return performance.now() - beganMs
  } finally {
    child.kill('SIGKILL')
    await gone
  }
}
