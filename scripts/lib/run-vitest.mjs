// Runs vitest and ends with the count line that scripts/test.sh sums. A file that could not be loaded counts as failed.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const folder = mkdtempSync(join(tmpdir(), 'vitest-'))
const report = join(folder, 'report.json')
const run = spawnSync(
  'node_modules/.bin/vitest',
  ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...process.argv.slice(2)],
  { stdio: 'inherit' },
)

let counts = { numPassedTests: 0, numFailedTests: 1, numPendingTests: 0, numTodoTests: 0, testResults: [] }
try {
  counts = JSON.parse(readFileSync(report, 'utf8'))
} catch (error) {
  console.error(`no report from vitest: ${error.message}`)
}
rmSync(folder, { recursive: true, force: true })

const unloaded = counts.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0).length
const failed = counts.numFailedTests + unloaded
console.log(`${counts.numPassedTests} passed, ${failed} failed, ${counts.numPendingTests + counts.numTodoTests} skipped`)
process.exitCode = run.status === 0 && failed === 0 ? 0 : 1
