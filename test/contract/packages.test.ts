import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const ROOT = join(import.meta.dirname, '../..')

/** As a user who may not install anything. */
function need(...wanted: readonly string[]) {
  const script = '. scripts/lib/packages.sh; id() { echo 1000; }; sudo() { return 1; }; need_packages "$@"'
  return spawnSync('bash', ['-c', script, 'bash', ...wanted], { cwd: ROOT, encoding: 'utf8' })
}

describe('the set-up without the right to install', () => {
  it('names exactly what is missing and the command that installs it', () => {
    const { status, stderr } = need('bash:bash', '/no/such/header.h:libfirst-dev', 'no-such-command:second')
    expect(status).toBe(69)
    expect(stderr).toBe(
      'missing system packages: libfirst-dev second\n' +
        '  install them with: sudo apt-get install --no-install-recommends libfirst-dev second\n',
    )
  })

  it('says nothing when nothing is missing', () => {
    expect(need('bash:bash', '/bin/sh:dash')).toMatchObject({ status: 0, stderr: '' })
  })
})
